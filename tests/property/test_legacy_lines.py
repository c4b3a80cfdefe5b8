"""Legacy licences under any history: nothing is lost, nothing is given back twice, and nothing unexpected is raised."""

from calendar import monthrange
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.expected.conventions import Conventions, LegacyAlignment
from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.expected.lines import Expected
from shared.domain.subscriptions.events import Event, EventKind, ordered
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.subscription import DatedPrice, Subscription

PRICE = Decimal("7.31")
DAY = timedelta(days=1)
WINDOW_DAYS = 30
REACTIVATION_DAYS = 90
BEGIN = datetime.combine(date(2017, 6, 1), time())

Happening = tuple[int, EventKind, int]


def _event(on: date, kind: EventKind, **fields: Any) -> Event:
    return Event(kind=kind, at=datetime(on.year, on.month, on.day, 9, tzinfo=UTC), **fields)


def _bill(events: tuple[Event, ...], plan: Plan = Plan.MONTHLY, **fields: Any) -> Expected:
    conventions = fields.pop("conventions", Conventions())
    named = {"prices": (DatedPrice(amount=PRICE),), **fields}
    subscription = Subscription(
        id="sub-1", kind=ServiceKind.LEGACY_LICENCE, currency="EUR", events=events, plan=plan, **named
    )
    return expected_lines(History(subscriptions=(subscription,), conventions=conventions))


def _clipped(anchor: date, months: int) -> date:
    index = anchor.year * 12 + anchor.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(anchor.day, monthrange(year, month)[1]))


def _oracle(bought: date, quantity: int, happenings: list[Happening], months: int) -> Fraction:
    """What every day costs, added up day by day; an ending within the window wipes out what came before it."""
    by_day = {bought + offset * DAY: (kind, new) for offset, kind, new in happenings}
    total, status, stopped_on, cycle = Fraction(0), "active", bought, 0
    day, last = bought, max(by_day, default=bought)
    end = _clipped(bought, months)
    while day <= last or day < end:
        if day == end:
            cycle += months
            end = _clipped(bought, cycle + months)
        kind, new = by_day.get(day, (None, 0))
        if kind is EventKind.QUANTITY_CHANGED and status != "cancelled":
            quantity = new
        elif kind in {EventKind.SUSPENDED, EventKind.CANCELLED} and status != "cancelled":
            if status == "active":
                stopped_on = day
                total = Fraction(0) if (day - bought).days <= WINDOW_DAYS else total
            status = "suspended" if kind is EventKind.SUSPENDED else "cancelled"
        elif kind is EventKind.REACTIVATED and status == "suspended":
            is_in_time = (day - stopped_on).days <= REACTIVATION_DAYS
            status, quantity = ("active", new) if is_in_time else (status, quantity)
        if status == "active":
            total += Fraction(PRICE) * quantity / (end - _clipped(bought, cycle)).days
        day += DAY
    return total


days = st.dates(date(2018, 3, 1), date(2021, 12, 31))
happenings = st.lists(
    st.tuples(
        st.integers(1, 500),
        st.sampled_from(
            [
                *[EventKind.QUANTITY_CHANGED] * 3,
                EventKind.SUSPENDED,
                EventKind.REACTIVATED,
                EventKind.REACTIVATED,
                EventKind.CANCELLED,
            ]
        ),
        st.integers(0, 9),
    ),
    max_size=7,
    unique_by=lambda happening: happening[0],
).map(sorted)


@given(
    days, st.integers(0, 9), happenings, st.sampled_from([Plan.MONTHLY, Plan.ANNUAL]), st.none() | st.integers(1, 31)
)
def test_the_lines_add_up_to_what_every_day_costs(
    bought: date, quantity: int, happened: list[Happening], plan: Plan, billing_day: int | None
) -> None:
    """Unrounded, the charges less the credits are the price of each active day, exactly."""
    events = [_event(bought, EventKind.CREATED, quantity=quantity)]
    events += [_event(bought + offset * DAY, kind, quantity=new) for offset, kind, new in happened]
    made = _bill(ordered(events), plan, partner_billing_day=billing_day)

    assert _oracle(bought, quantity, happened, 1 if plan is Plan.MONTHLY else 12) == sum(
        (line.unrounded for line in made.lines), Fraction(0)
    )


quantities = st.none() | st.integers(-2, 20) | st.decimals(0, 20, places=2)
anything = st.builds(
    Event,
    kind=st.sampled_from(EventKind),
    at=st.datetimes(BEGIN, datetime.combine(date(2022, 12, 31), time()), timezones=st.just(UTC)),
    quantity=quantities,
    unit_price=st.none() | st.decimals(-1, 50, places=2),
    plan=st.none() | st.sampled_from(Plan),
    term=st.sampled_from(["", "P1M", "P1Y", "P18M", "P3Y"]),
    product=st.sampled_from(["", "E3", "E5"]),
    target=st.sampled_from(["", "sub-2"]),
    percent=st.none() | st.decimals(-5, 110, places=1),
    amount=st.none() | st.decimals(-5, 50, places=2),
    is_on=st.none() | st.booleans(),
)
histories = st.lists(anything, max_size=9)
first = st.builds(
    Event,
    kind=st.sampled_from([EventKind.CREATED, EventKind.RENEWED]),
    at=st.datetimes(BEGIN, datetime.combine(date(2018, 12, 31), time()), timezones=st.just(UTC)),
    quantity=st.integers(1, 20),
)
orders = st.fixed_dictionaries(
    {
        "plan": st.sampled_from(Plan),
        "term": st.sampled_from(["", "P1Y", "P3Y"]),
        "partner_billing_day": st.none() | st.integers(1, 31),
        "aligned_to": st.none() | st.dates(date(2017, 1, 1), date(2019, 1, 1)),
        "is_trial": st.booleans(),
        "auto_renews": st.booleans(),
        "conventions": st.sampled_from(LegacyAlignment).map(lambda each: Conventions(legacy_alignment=each)),
    }
)


@given(first, histories, orders)
def test_no_history_gives_back_more_than_it_charged(begun: Event, happened: list[Event], order: dict[str, Any]) -> None:
    """Whatever happens: every credit corrects a charge, and all credits of a charge are at most that charge."""
    made = _bill(ordered([begun, *happened]), **order)

    given_back: dict[int, Decimal] = defaultdict(Decimal)
    for line in made.lines:
        if line.corrects is not None:
            given_back[id(line.corrects)] -= line.amount
            assert given_back[id(line.corrects)] <= line.corrects.amount
    assert all((line.amount < 0) <= (line.sign < 0) for line in made.lines)
    assert all(line.quantity >= 0 and line.price.amount >= 0 for line in made.lines)
    assert all(line.corrects is not None for line in made.lines if line.sign < 0 and line.counted == "days")


@given(first, histories, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(begun: Event, happened: list[Event], random: Any) -> None:
    """The same events make the same lines, whichever was heard of first, and however often."""
    events = [begun, *happened, *happened]
    random.shuffle(events)

    assert _bill(ordered([begun, *happened])) == _bill(ordered(events))


@given(days, st.integers(1, 9), st.integers(1, 400), st.integers(0, 9))
def test_a_change_undone_on_the_same_day_leaves_nothing(bought: date, quantity: int, offset: int, other: int) -> None:
    """Another quantity and back, suspended and reactivated, in one day: the lines are those without."""
    at = datetime(bought.year, bought.month, bought.day, tzinfo=UTC) + timedelta(days=offset)
    events = [_event(bought, EventKind.CREATED, quantity=quantity)]
    steps = [
        Event(kind=EventKind.QUANTITY_CHANGED, at=at, quantity=other),
        Event(kind=EventKind.SUSPENDED, at=at + timedelta(hours=1)),
        Event(kind=EventKind.REACTIVATED, at=at + timedelta(hours=2)),
        Event(kind=EventKind.QUANTITY_CHANGED, at=at + timedelta(hours=3), quantity=quantity),
    ]
    anchor = [Event(kind=EventKind.QUANTITY_CHANGED, at=at, quantity=quantity)]

    assert [line[4:13] for line in _bill(ordered(events + anchor)).lines] == [
        line[4:13] for line in _bill(ordered(events + steps)).lines
    ]


@given(days, st.integers(0, 9), happenings, orders)
def test_an_event_without_effect_beside_a_change_makes_no_difference(
    bought: date, quantity: int, happened: list[Happening], order: dict[str, Any]
) -> None:
    """A day with one change of quantity takes a short way; beside the end of no promotion it takes the long one."""
    events = [_event(bought, EventKind.CREATED, quantity=quantity)]
    events += [_event(bought + offset * DAY, kind, quantity=new) for offset, kind, new in happened]
    beside = [_event(event.on, EventKind.PROMOTION_ENDED) for event in events[1:]]
    short, long = _bill(ordered(events), **order), _bill(ordered([*events, *beside]), **order)

    assert [(line.rule, line.charge_type, *line[3:18], line.variants) for line in long.lines] == [
        (line.rule, line.charge_type, *line[3:18], line.variants) for line in short.lines
    ]
    assert long.issues == short.issues


@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind not in {EventKind.CREATED, EventKind.RENEWED}])
def test_an_event_without_a_beginning_bills_nothing(kind: EventKind) -> None:
    """A history that does not begin has no line."""
    made = _bill((_event(date(2020, 1, 1), kind),))

    assert () == made.lines
