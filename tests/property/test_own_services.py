"""Own services against a slow oracle: every day by itself, in Fractions."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.expected.lines import Expected
from shared.domain.periods import Period, add_months, cycle_containing
from shared.domain.subscriptions.events import Event, EventKind, ordered
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.own_billing import (
    Alignment,
    ChangeDay,
    Correction,
    OwnBilling,
    PlanChange,
    QuantityBasis,
    Share,
    Timing,
)
from shared.domain.subscriptions.subscription import Subscription

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
    timing = draw(st.sampled_from(Timing))
    return OwnBilling(
        every=draw(st.sampled_from([1, 3, 6, 12])),
        timing=timing,
        charged_ahead=draw(st.sampled_from([0, 1, 2])) if timing is Timing.ADVANCE else 0,
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
        return _cycle_of_billing_day(billing, start, day)
    return cycle_containing(day, start, billing.every)


def _cycle_of_billing_day(billing: OwnBilling, start: date, day: date) -> Period:
    """Count months from the first billing day that is not before the start."""
    first = start
    while not _is_billing_day(first, billing.billing_day):
        first += timedelta(days=1)
    month = first.replace(day=1)
    index = -billing.every
    while _billing_day(add_months(month, index + billing.every), billing) <= day:
        index += billing.every
    return Period(
        _billing_day(add_months(month, index), billing), _billing_day(add_months(month, index + billing.every), billing)
    )


def _billing_day(month: date, billing: OwnBilling) -> date:
    last = add_months(month, 1) - timedelta(days=1)
    return min(last, month + timedelta(days=billing.billing_day - 1))


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
    told = {**{name: getattr(billing, name) for name in OwnBilling.__dataclass_fields__}, **fields}
    if told["timing"] is Timing.ARREARS:
        told["charged_ahead"] = 0
    return OwnBilling(**told)


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
    assume(events[-2].on < events[-1].on or len(events) == 2)  # what is added on the last day ends with it
    policy = {
        "correction": Correction.ADDITIONS,
        "timing": Timing.ADVANCE,
        "change_day": ChangeDay.NEW,
        "charged_ahead": 0,
    }
    billing = _replaced(billing, **policy)  # an addition that counts from tomorrow is charged, and kept, today

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


@settings(max_examples=100, deadline=None)
@given(
    histories(),
    st.sampled_from([1, 3, 12]),
    st.sampled_from(Timing),
    st.sampled_from([Correction.PAIR, Correction.NET]),
)
def test_seconds_add_up_between_any_two_instants(
    events: tuple[Event, ...], every: int, timing: Timing, correction: Correction
) -> None:
    """The cycle begins at the second of the order; every span between two events is its seconds of its cycle."""
    billing = OwnBilling(every=every, timing=timing, correction=correction, share=Share.SECONDS)

    assert _by_seconds(billing, events) == unrounded(billed(billing, events))


def _by_seconds(billing: OwnBilling, events: tuple[Event, ...]) -> Fraction:
    created, end = events[0].at, events[-1].at
    marks = [created, *(event.at for event in events[1:])]
    month = 0
    while (boundary := _months_later(created, month)) < end:
        marks.append(boundary)
        month += billing.every
    marks = sorted(set(marks))
    total = Fraction(0)
    for start, stop in pairwise(marks):
        quantity, price, is_active = 0, Decimal(0), True
        for event in events:
            if event.at <= start:
                quantity = event.quantity if event.quantity is not None else quantity
                price = event.unit_price if event.unit_price is not None else price
                is_active = event.kind is not EventKind.SUSPENDED and (is_active or event.kind is EventKind.REACTIVATED)
        index = max(index for index in range(0, month + 1, billing.every) if _months_later(created, index) <= start)
        cycle = _months_later(created, index + billing.every) - _months_later(created, index)
        share = Fraction((stop - start) // timedelta(seconds=1), cycle // timedelta(seconds=1))
        total += Fraction(quantity) * Fraction(price) * is_active * share
    return total


def _months_later(instant: datetime, months: int) -> datetime:
    day = add_months(instant.date(), months)
    return instant.replace(year=day.year, month=day.month, day=day.day)


@settings(max_examples=100, deadline=None)
@given(policies([Share.ACTUAL_DAYS, Share.THIRTY_360]), histories())
def test_restarted_cycles_add_up_to_every_day_by_itself(billing: OwnBilling, events: tuple[Event, ...]) -> None:
    """Each day is a part of the cycle that ran on it: after a change of plan, of the one that began then."""
    billing = _replaced(billing, plan_change=PlanChange.RESTARTS, change_day=ChangeDay.NEW, alignment=Alignment.START)
    start, costs = cost_of_days(billing, events)
    restarts = [start]
    told: tuple[str, Decimal | None] = ("", events[0].unit_price)
    for event in events[1:-1]:
        if event.kind is EventKind.PRICE_CHANGED:
            told = (told[0], event.unit_price)
        if event.kind is EventKind.PLAN_CHANGED:
            restarts += [event.on] if (told[0], told[1]) != (event.product, event.unit_price) else []
            told = (event.product, event.unit_price)
    expected = Fraction(0)
    for day, cost in costs.items():
        anchor = max(each for each in restarts if each <= day)
        expected += cost * weight(billing, cycle_containing(day, anchor, billing.every), day)

    if _one_price_a_day(events):
        assert expected == unrounded(billed(billing, events))


def _one_price_a_day(events: tuple[Event, ...]) -> bool:
    """Whether no day has two events about the price, so that what they came to needs no second thought."""
    priced = [event.on for event in events if event.unit_price is not None]
    return len(priced) == len(set(priced))


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
