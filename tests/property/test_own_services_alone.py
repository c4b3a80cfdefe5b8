"""Own services: cycles in which changes stand alone are billed as if all versions of the cycle had been compared."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.expected.lines import Expected
from shared.domain.expected.own_services.billing import bill_cycles
from shared.domain.expected.own_services.making import Maker
from shared.domain.expected.own_services.recurring import Known, Window
from shared.domain.expected.own_services.story import Change
from shared.domain.expected.own_services.telling import story_of
from shared.domain.expected.rounding import MODES
from shared.domain.subscriptions.events import Event, EventKind, ordered
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.own_billing import (
    Alignment,
    ChangeDay,
    Correction,
    OwnBilling,
    PlanChange,
    PriceChange,
    Share,
    Span,
)
from shared.domain.subscriptions.subscription import DatedPrice, Subscription

FIRST = date(2024, 1, 1)
LAST = date(2024, 12, 31)
_OFTEN = [EventKind.QUANTITY_CHANGED] * 6
_SELDOM = [
    EventKind.PRICE_CHANGED,
    EventKind.PROMOTION_BEGAN,
    EventKind.PROMOTION_ENDED,
    EventKind.SUSPENDED,
    EventKind.REACTIVATED,
    EventKind.PLAN_CHANGED,
    EventKind.CYCLE_MOVED,
    EventKind.CREDITED,
    EventKind.CANCELLED,
    EventKind.END_DATE_CHANGED,
]


class Comparing(Known):
    """Compares the versions of every cycle."""

    def changes_alone(self, window: Window) -> Sequence[Change]:
        """No cycle is looked at change by change."""
        return ()


def at(day: int, hour: int = 0) -> datetime:
    """Return an instant some days after the first."""
    return datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(days=day, hours=hour)


changes = st.builds(
    Event,
    kind=st.sampled_from(_OFTEN + _SELDOM),
    at=st.builds(at, st.integers(0, 70), st.integers(0, 23)),
    quantity=st.integers(0, 9) | st.decimals(0, 5, places=1),
    unit_price=st.sampled_from([Decimal("9.99"), Decimal(12), Decimal("12.00")]),
    percent=st.sampled_from([Decimal(10), Decimal("33.3")]),
    amount=st.sampled_from([Decimal(1), Decimal("3.00")]),
    ends_on=st.none() | st.dates(FIRST, LAST),
    share_left=st.none() | st.sampled_from([Decimal(0), Decimal("0.25")]),
)
policies = st.builds(
    OwnBilling,
    span=st.sampled_from([Span.MONTHS, Span.MONTHS, Span.DAYS]),
    every=st.sampled_from([1, 1, 3, 30]),
    alignment=st.sampled_from([Alignment.START, Alignment.CALENDAR]),
    share=st.sampled_from([Share.ACTUAL_DAYS, Share.ACTUAL_DAYS, *Share]),
    change_day=st.sampled_from(ChangeDay),
    correction=st.sampled_from([Correction.PAIR, Correction.PAIR, Correction.NET]),
    plan_change=st.sampled_from(PlanChange),
    price_change=st.sampled_from(PriceChange),
    minimum=st.sampled_from([Decimal(0), Decimal(30)]),
)


@st.composite
def services(draw: st.DrawFn, kinds: st.SearchStrategy[Event] = changes) -> Subscription:
    """A service paid in advance that changes often, mostly its quantity."""
    created = Event(kind=EventKind.CREATED, at=at(draw(st.integers(0, 20))), quantity=draw(st.integers(0, 9)))
    return Subscription(
        id="own",
        kind=ServiceKind.OWN_RECURRING,
        currency=draw(st.sampled_from(["EUR", "JPY"])),
        events=ordered([created, *draw(st.lists(kinds, max_size=6))]),
        prices=draw(
            st.sampled_from([(), (DatedPrice(amount=Decimal("10.05")),), (DatedPrice(amount=Decimal(7), per="year"),)])
        ),
        ends_on=draw(st.none() | st.dates(date(2024, 2, 1), date(2024, 6, 1))),
        billing=draw(policies),
    )


def billed(subscription: Subscription, kind: type[Known]) -> Expected:
    """Return the lines and issues of all cycles."""
    story = story_of(subscription)
    assert story is not None
    maker = Maker(subscription, MODES["half_up"], LAST, story.per_day)
    bill_cycles(kind(subscription, story), maker)
    return Expected(maker.lines(), tuple(story.issues))


@settings(max_examples=500, deadline=None)
@given(services())
def test_changes_that_stand_alone_are_billed_as_versions_are(subscription: Subscription) -> None:
    """The same lines to the last digit and fact, and the same issues."""
    quick, thorough = billed(subscription, Known), billed(subscription, Comparing)

    assert repr(thorough) == repr(quick)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=4, unique=True))
def test_plain_changes_of_quantity_stand_alone(days: list[int]) -> None:
    """Changes of quantity on different days of the first cycle are looked at one by one."""
    created = Event(kind=EventKind.CREATED, at=at(0), quantity=50)
    later = [Event(kind=EventKind.QUANTITY_CHANGED, at=at(day), quantity=day) for day in days]
    subscription = Subscription(
        id="own",
        kind=ServiceKind.OWN_RECURRING,
        currency="EUR",
        events=ordered([created, *later]),
        prices=(DatedPrice(amount=Decimal(10)),),
    )
    story = story_of(subscription)
    assert story is not None
    known = Known(subscription, story)

    found = known.changes_alone(next(known.windows(story.start)))

    assert sorted(days) == [change.state.quantity for change in found]
