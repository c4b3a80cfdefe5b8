"""Own services against a slow oracle: every day by itself, in Fractions; and what no sequence of events may break."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.errors import ProrataError
from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.expected.lines import Expected
from shared.domain.periods import Period, cycle_containing
from shared.domain.subscriptions.events import Event, EventKind, ordered
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.own_billing import (
    Aggregation,
    Alignment,
    ChangeDay,
    Correction,
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
DIVISIBLE = lcm(*range(1, 32), 89, 90, 91, 92, 181, 182, 183, 184, 365, 366) * 86_400
"""Prices are multiples of every length of a cycle, so that every amount is exact and nothing is capped by a cent."""

days = st.integers(0, 500)
quantities = st.integers(0, 12)
prices = st.integers(0, 9)


def at(day: int, hour: int = 0) -> datetime:
    """Return an instant some days after the first."""
    return datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(days=day, hours=hour)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Event, ...]:
    """A service that is created, changes, is suspended and active again, and ends."""
    start = draw(days)
    made = [Event(kind=EventKind.CREATED, at=at(start), quantity=draw(quantities), unit_price=_price(draw(prices)))]
    is_active = True
    day = start
    for _ in range(draw(st.integers(0, 5))):
        day += draw(st.integers(0, 45))
        kind = draw(st.sampled_from(["quantity", "price", "plan", "active"]))
        if kind == "quantity":
            made.append(Event(kind=EventKind.QUANTITY_CHANGED, at=at(day), quantity=draw(quantities)))
        elif kind == "price":
            made.append(Event(kind=EventKind.PRICE_CHANGED, at=at(day, 1), unit_price=_price(draw(prices))))
        elif kind == "plan":
            made.append(Event(kind=EventKind.PLAN_CHANGED, at=at(day, 2), unit_price=_price(draw(prices)), product="p"))
        else:
            day += 1
            event = EventKind.SUSPENDED if is_active else EventKind.REACTIVATED
            made.append(Event(kind=event, at=at(day, 3)))
            is_active = not is_active
            day += 1
    made.append(Event(kind=EventKind.CANCELLED, at=at(day + draw(st.integers(0, 60)), 5)))
    return ordered(made)


def _price(times: int) -> Decimal:
    return Decimal(times * DIVISIBLE)


@st.composite
def policies(draw: st.DrawFn, shares: list[Share]) -> OwnBilling:
    """A policy that has an exact oracle."""
    return OwnBilling(
        every=draw(st.sampled_from([1, 3, 6, 12])),
        timing=draw(st.sampled_from(Timing)),
        alignment=draw(st.sampled_from(Alignment)),
        billing_day=draw(st.sampled_from([0, 1, 15, 31])),
        share=draw(st.sampled_from(shares)),
        change_day=draw(st.sampled_from(ChangeDay)),
        correction=draw(st.sampled_from([Correction.PAIR, Correction.NET, Correction.SEGMENTS])),
        last_day_is_charged=draw(st.booleans()),
    )


def billed(billing: OwnBilling, events: tuple[Event, ...], **fields: Any) -> Expected:
    """Return the lines up to long after the end."""
    usual: dict[str, Any] = {"id": "own", "kind": ServiceKind.OWN_RECURRING, "currency": "EUR"}
    subscription = Subscription(events=events, billing=billing, **{**usual, **fields})
    return expected_lines(History(subscriptions=(subscription,), through=date(2027, 12, 31)))


def unrounded(expected: Expected) -> Fraction:
    """Return the exact sum of all lines."""
    return sum((line.unrounded for line in expected.lines), Fraction(0))


# the oracle


def cost_of_days(billing: OwnBilling, events: tuple[Event, ...]) -> tuple[date, dict[date, Fraction]]:
    """Return the first day, and what each day of the service would cost for a whole cycle."""
    is_new = billing.change_day is ChangeDay.NEW
    created, cancelled = events[0], events[-1]
    last = cancelled.on if billing.last_day_is_charged else cancelled.on - timedelta(days=1)
    costs: dict[date, Fraction] = {}
    day = created.on
    while day <= last:
        quantity, price, is_active = created.quantity or 0, created.unit_price or Decimal(0), True
        for event in events[1:-1]:
            if not (event.on <= day if is_new else event.on < day):
                continue
            quantity = event.quantity if event.quantity is not None else quantity
            price = event.unit_price if event.unit_price is not None else price
            is_active = event.kind is not EventKind.SUSPENDED and (is_active or event.kind is EventKind.REACTIVATED)
        costs[day] = Fraction(quantity) * Fraction(price) * is_active
        day += timedelta(days=1)
    return created.on, costs


def cycle_of(billing: OwnBilling, start: date, day: date) -> Period:
    """Return the cycle of a day, found without the engine's grid."""
    if billing.alignment is Alignment.CALENDAR:
        return cycle_containing(day, date(start.year, 1, 1), billing.every)
    if billing.alignment is Alignment.DAY and billing.billing_day:
        return cycle_containing(day, _billing_anchor(start, billing), billing.every)
    return cycle_containing(day, start, billing.every)


def _billing_anchor(start: date, billing: OwnBilling) -> date:
    day = start
    while not _is_billing_day(day, billing.billing_day):
        day += timedelta(days=1)
    while day.day != billing.billing_day:  # clipped: the same cycles, anchored where the month is long enough
        day = cycle_containing(day - timedelta(days=1), day.replace(day=1), billing.every).start
        day = _long_enough(day, billing)
    return day


def _long_enough(first: date, billing: OwnBilling) -> date:
    return (
        first.replace(day=billing.billing_day)
        if Period(first, _next_month(first)).days >= billing.billing_day
        else first
    )


def _next_month(first: date) -> date:
    return (first.replace(day=1) + timedelta(days=32)).replace(day=1)


def _is_billing_day(day: date, billing_day: int) -> bool:
    is_last = (day + timedelta(days=1)).day == 1
    return day.day == billing_day or (is_last and day.day < billing_day)


def weight(billing: OwnBilling, cycle: Period, day: date) -> Fraction:
    """Return which part of its cycle a day is."""
    if billing.share is Share.THIRTY_360:
        return Fraction(
            _position(day + timedelta(days=1)) - _position(day), _position(cycle.end) - _position(cycle.start)
        )
    return Fraction(1, cycle.days)


def _position(day: date) -> int:
    return (day.year * 12 + day.month) * 30 + min(day.day - 1, 30)


def oracle(billing: OwnBilling, events: tuple[Event, ...]) -> Fraction:
    """Return the sum over all days."""
    start, costs = cost_of_days(billing, events)
    return sum((cost * weight(billing, cycle_of(billing, start, day), day) for day, cost in costs.items()), Fraction(0))


def oracle_by_cycle(
    billing: OwnBilling,
    events: tuple[Event, ...],
    amount: Callable[[list[tuple[date, Fraction]], Period], Fraction],
) -> Fraction:
    """Return the sum over all cycles of what *amount* makes of the days of each."""
    start, costs = cost_of_days(billing, events)
    cycles: dict[Period, list[tuple[date, Fraction]]] = {}
    for day, cost in costs.items():
        cycles.setdefault(cycle_of(billing, start, day), []).append((day, cost))
    return sum((amount(found, cycle) for cycle, found in cycles.items()), Fraction(0))


@settings(max_examples=250, deadline=None)
@given(policies([Share.ACTUAL_DAYS, Share.SECONDS, Share.THIRTY_360]), histories())
def test_lines_add_up_to_every_day_by_itself(billing: OwnBilling, events: tuple[Event, ...]) -> None:
    """In advance or arrears, however corrections are shown: the lines are the days."""
    if billing.share is Share.SECONDS:
        events = tuple(_at_midnight(event) for event in events)
        billing = _replaced(billing, change_day=ChangeDay.NEW, last_day_is_charged=False)

    assert oracle(billing, events) == unrounded(billed(billing, events))


def _at_midnight(event: Event) -> Event:
    return Event(
        kind=event.kind,
        at=event.at.replace(hour=0),
        quantity=event.quantity,
        unit_price=event.unit_price,
        product=event.product,
    )


def _replaced(billing: OwnBilling, **fields: Any) -> OwnBilling:
    names = OwnBilling.__dataclass_fields__
    return OwnBilling(**{**{name: getattr(billing, name) for name in names}, **fields})


@settings(max_examples=100, deadline=None)
@given(policies([Share.NONE]), histories())
def test_any_part_costs_the_dearest_day_of_the_cycle(billing: OwnBilling, events: tuple[Event, ...]) -> None:
    """Without proration a cycle costs what its dearest day costs."""
    expected = oracle_by_cycle(billing, events, lambda found, _: max(cost for _, cost in found))

    assert expected == unrounded(billed(billing, events))


@settings(max_examples=100, deadline=None)
@given(policies([Share.ACTUAL_DAYS]), histories())
def test_additions_only_never_give_back(billing: OwnBilling, events: tuple[Event, ...]) -> None:
    """Each day costs the dearest day of the cycle so far, up to the end of the cycle."""
    billing = _replaced(billing, correction=Correction.ADDITIONS, timing=Timing.ADVANCE)

    def so_far(found: list[tuple[date, Fraction]], cycle: Period) -> Fraction:
        total, most, costs = Fraction(0), Fraction(0), dict(found)
        for number in range((cycle.end - found[0][0]).days):
            most = max(most, costs.get(found[0][0] + timedelta(days=number), Fraction(0)))
            total += most
        return total / cycle.days

    assert oracle_by_cycle(billing, events, so_far) == unrounded(billed(billing, events))


@settings(max_examples=60, deadline=None)
@given(policies([Share.ACTUAL_DAYS]), histories(), st.sampled_from([QuantityBasis.MAXIMUM, QuantityBasis.LAST]))
def test_one_quantity_stands_for_the_whole_cycle(
    billing: OwnBilling, events: tuple[Event, ...], basis: QuantityBasis
) -> None:
    """In arrears the highest or the last quantity counts for all days between the first and last paid one."""
    billing = _replaced(billing, timing=Timing.ARREARS, quantity_basis=basis)
    events = tuple(event for event in events if event.kind not in {EventKind.SUSPENDED, EventKind.REACTIVATED})
    events = tuple(_with_some(event) for event in events)

    def chosen(found: list[tuple[date, Fraction]], cycle: Period) -> Fraction:
        costs = [cost for _, cost in found]
        return (max(costs) if basis is QuantityBasis.MAXIMUM else costs[-1]) * len(costs) / cycle.days

    assert oracle_by_cycle(billing, events, chosen) == unrounded(billed(billing, events))


def _with_some(event: Event) -> Event:
    if event.quantity is None:
        return event
    return Event(kind=event.kind, at=event.at, quantity=event.quantity + 1, unit_price=event.unit_price)


# what no sequence may break

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
any_policy = st.builds(
    OwnBilling,
    every=st.sampled_from([1, 2, 3, 7, 12]),
    span=st.sampled_from(Span),
    timing=st.sampled_from(Timing),
    alignment=st.sampled_from(Alignment),
    billing_day=st.sampled_from([0, 1, 29, 31]),
    share=st.sampled_from(Share),
    days_in_month=st.sampled_from([Decimal(30), Decimal(28), Decimal("30.4")]),
    days_are_fixed=st.booleans(),
    months_from=st.sampled_from(MonthsFrom),
    part_digits=st.sampled_from([None, 2, 6]),
    change_day=st.sampled_from(ChangeDay),
    correction=st.sampled_from(Correction),
    quantity_basis=st.sampled_from(QuantityBasis),
    plan_change=st.sampled_from(PlanChange),
    downgrades_wait=st.booleans(),
    price_change=st.sampled_from(PriceChange),
    moved_cycle=st.sampled_from(MovedCycle),
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
        tiers=draw(
            st.sampled_from([(), (Tier(first=1, unit_price=Decimal(2)), Tier(first=11, unit_price=Decimal(1)))])
        ),
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


@settings(max_examples=150, deadline=None)
@given(policies([share for share in Share if share is not Share.SECONDS]), histories(), st.integers(1, 40), quantities)
def test_a_change_undone_on_the_same_day_leaves_nothing(
    billing: OwnBilling, events: tuple[Event, ...], after: int, quantity: int
) -> None:
    """There and back on one day is as if nothing had happened."""
    day = events[0].at + timedelta(days=after)
    if any(event.on == day.date() for event in events) or day >= events[-1].at:
        return
    _, costs = cost_of_days(_replaced(billing, change_day=ChangeDay.NEW), events)
    before = next(event.quantity for event in reversed(events) if event.on < day.date() and event.quantity is not None)
    there = Event(kind=EventKind.QUANTITY_CHANGED, at=day.replace(hour=10), quantity=quantity)
    back = Event(kind=EventKind.QUANTITY_CHANGED, at=day.replace(hour=11), quantity=before)

    plain, undone = billed(billing, events), billed(billing, ordered([*events, there, back]))

    assert costs
    assert [(line.start, line.amount) for line in plain.lines] == [(line.start, line.amount) for line in undone.lines]
