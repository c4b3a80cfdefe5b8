"""Own services: what no sequence of events, with any policy, may break."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.errors import ProrataError
from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.expected.lines import ExpectedLine
from shared.domain.expected.wording import arithmetic, sentence
from shared.domain.subscriptions.events import Event, EventKind, ordered
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.own_billing import (
    AddedDays,
    Aggregation,
    Alignment,
    ChangeDay,
    Correction,
    CorrectionDue,
    Denominator,
    FirstCycle,
    MonthsFrom,
    MovedCycle,
    OwnBilling,
    PlanChange,
    PriceChange,
    QuantityBasis,
    Share,
    Span,
    Tiering,
    Timing,
)
from shared.domain.subscriptions.subscription import DatedPrice, Subscription, Tier, Usage

FIRST = date(2023, 12, 1)


def at(day: int, hour: int = 0) -> datetime:
    """Return an instant some days after the first."""
    return datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(days=day, hours=hour)


events_of_any_kind = st.builds(
    Event,
    kind=st.sampled_from(EventKind),
    at=st.builds(at, st.integers(0, 120), st.integers(0, 23)),
    quantity=st.none() | st.integers(-2, 9) | st.decimals(0, 5, places=2),
    unit_price=st.none() | st.decimals(-1, 50, places=2),
    plan=st.none() | st.sampled_from(Plan),
    product=st.sampled_from(["", "a", "b"]),
    ends_on=st.none() | st.dates(date(2023, 11, 1), date(2024, 12, 31)),
    percent=st.none() | st.decimals(-5, 120, places=1),
    amount=st.none() | st.decimals(-5, 200, places=2),
    keeps_cycle=st.booleans(),
    every=st.none() | st.integers(0, 4),
    share_left=st.none() | st.decimals(-1, 2, places=2),
)


def _possible(**fields: Any) -> OwnBilling:
    """Return a policy; cycles are charged ahead in advance only, and days are not bought then."""
    if fields["timing"] is Timing.ARREARS or fields["plan_change"] is PlanChange.EXTENDS:
        fields["charged_ahead"] = 0
    return OwnBilling(**fields)


any_policy = st.builds(
    _possible,
    every=st.sampled_from([1, 2, 3, 7, 12]),
    span=st.sampled_from(Span),
    timing=st.sampled_from(Timing),
    charged_ahead=st.sampled_from([0, 0, 1, 2]),
    alignment=st.sampled_from(Alignment),
    billing_day=st.sampled_from([0, 1, 29, 31]),
    share=st.sampled_from(Share),
    days_in_month=st.sampled_from([Decimal(30), Decimal(28), Decimal("30.4")]),
    days_are_fixed=st.booleans(),
    months_from=st.sampled_from(MonthsFrom),
    part_digits=st.sampled_from([None, 2, 6]),
    change_day=st.sampled_from(ChangeDay),
    correction=st.sampled_from(Correction),
    correction_due=st.sampled_from(CorrectionDue),
    quantity_basis=st.sampled_from(QuantityBasis),
    plan_change=st.sampled_from(PlanChange),
    downgrades_wait=st.booleans(),
    price_change=st.sampled_from(PriceChange),
    moved_cycle=st.sampled_from(MovedCycle),
    added_days=st.sampled_from(AddedDays),
    denominator=st.sampled_from(Denominator),
    uplift_percent=st.sampled_from([Decimal(0), Decimal(10), Decimal(-5)]),
    trial_days=st.sampled_from([0, 0, 10, 40]),
    first_cycle=st.sampled_from(FirstCycle),
    last_day_is_charged=st.booleans(),
    cancellation_is_credited=st.booleans(),
    suspension_is_charged=st.booleans(),
    included_units_shrink=st.booleans(),
    aggregation=st.sampled_from(Aggregation),
    tiering=st.sampled_from(Tiering),
    block_units=st.sampled_from([None, None, Decimal(10), Decimal("2.5")]),
    minimum=st.sampled_from([Decimal(0), Decimal(5)]),
    minimum_shrinks=st.booleans(),
    instalments=st.sampled_from([1, 3]),
    rounding=st.sampled_from(["", "ratio_4dp", "day_rate_2dp", "truncated", "half_even"]),
    invoice_days_after=st.sampled_from([0, 1]),
)
readings = st.lists(
    st.builds(
        Usage,
        subscription_id=st.just("own"),
        on=st.dates(date(2023, 12, 1), date(2024, 6, 1)),
        quantity=st.decimals(0, 50, places=3),
        meter=st.sampled_from(["", "m"]),
        unit_price=st.sampled_from([None, Decimal("0.5")]),
    ),
    max_size=4,
)


@st.composite
def any_services(draw: st.DrawFn) -> tuple[Subscription, tuple[Usage, ...]]:
    """Any service with any policy and any events after its creation."""
    created = Event(
        kind=EventKind.CREATED, at=at(draw(st.integers(0, 40))), quantity=draw(st.none() | st.integers(0, 9))
    )
    events = ordered([created, *draw(st.lists(events_of_any_kind, max_size=6))])
    priced = (
        DatedPrice(amount=draw(st.decimals(0, 99, places=2)), per=draw(st.sampled_from(["cycle", "month", "year"]))),
    )
    return Subscription(
        id="own",
        kind=draw(st.sampled_from([ServiceKind.OWN_RECURRING, ServiceKind.OWN_ONE_OFF, ServiceKind.OWN_METERED])),
        currency=draw(st.sampled_from(["EUR", "JPY"])),
        events=events,
        prices=draw(st.sampled_from([priced, ()])),
        term=draw(st.sampled_from(["", "P1Y", "P6M"])),
        ends_on=draw(st.none() | st.dates(date(2024, 1, 1), date(2024, 8, 1))),
        aligned_to=draw(st.none() | st.dates(date(2023, 1, 1), date(2024, 3, 1))),
        is_trial=draw(st.booleans()),
        tiers=draw(st.sampled_from([(), (Tier(first=1, unit_price=Decimal(2)), Tier(first=4, unit_price=Decimal(1)))])),
        included_units=draw(st.sampled_from([0, 7])),
        billing=draw(any_policy),
    ), tuple(draw(readings))


@settings(max_examples=600, deadline=None)
@given(any_services(), st.integers(0, 400))
def test_no_sequence_of_events_raises(made: tuple[Subscription, tuple[Usage, ...]], last: int) -> None:
    """Whatever happens: lines and issues, or a documented error; and charges are never given back twice."""
    subscription, usage = made
    history = History(subscriptions=(subscription,), usage=usage, through=FIRST + timedelta(days=last))
    try:
        expected = expected_lines(history)
    except ProrataError as error:
        pytest.fail(f"a history of these dates can be billed: {error}")

    assert all(line.sign * line.amount >= 0 for line in expected.lines)
    assert expected.total(subscription.currency).amount >= 0
    for line in expected.lines:
        if line.corrects is not None:
            assert line.corrects in expected.lines
        assert sentence(line)
        assert arithmetic(line).endswith(f" {line.currency}")
    assert all(line.quantity >= 0 and line.price.amount >= 0 for line in expected.lines)


@settings(max_examples=150, deadline=None)
@given(any_services(), st.randoms())
def test_the_order_in_which_events_arrive_does_not_matter(
    made: tuple[Subscription, tuple[Usage, ...]], shuffle: Any
) -> None:
    """Shuffled, and given twice: the same lines."""
    subscription, usage = made
    events = [*subscription.events, *subscription.events[:1]]
    shuffle.shuffle(events)
    again = _with_events(subscription, ordered(events))
    last = date(2024, 12, 31)

    first = expected_lines(History(subscriptions=(subscription,), usage=usage, through=last))
    second = expected_lines(History(subscriptions=(again,), usage=usage[::-1], through=last))

    assert [line._replace(subscription=subscription, corrects=None) for line in first.lines] == [
        line._replace(subscription=subscription, corrects=None) for line in second.lines
    ]


def _with_events(subscription: Subscription, events: tuple[Event, ...]) -> Subscription:
    names = Subscription.__dataclass_fields__
    return Subscription(**{**{name: getattr(subscription, name) for name in names}, "events": events})


@settings(max_examples=300, deadline=None)
@given(any_services(), st.integers(0, 200))
def test_what_happens_later_does_not_change_what_was_billed(
    made: tuple[Subscription, tuple[Usage, ...]], last: int
) -> None:
    """The lines up to a day are the same, whether or not the events after it are known."""
    subscription, usage = made
    last_on = max(FIRST + timedelta(days=last), subscription.events[0].on)
    before = _with_events(subscription, tuple(event for event in subscription.events if event.on <= last_on))

    known = expected_lines(History(subscriptions=(subscription,), usage=usage, through=last_on)).lines
    then = expected_lines(History(subscriptions=(before,), usage=usage, through=last_on)).lines

    assert [_without_links(line) for line in then] == [_without_links(line) for line in known]


def _without_links(line: ExpectedLine) -> ExpectedLine:
    return line._replace(subscription=None, corrects=None)  # type: ignore[arg-type]  # only to compare the rest
