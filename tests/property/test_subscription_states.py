"""States of subscriptions: no sequence of events raises anything undocumented, and the order of arrival is nothing."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import PeriodError
from shared.domain.expected.charge_cycles import cycle_at
from shared.domain.expected.conventions import MonthEnd
from shared.domain.subscriptions.events import Event, EventKind, ordered
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.seat_batches import returnable
from shared.domain.subscriptions.states import state_at, timeline
from shared.domain.subscriptions.subscription import Subscription

_START = datetime(2024, 1, 29, tzinfo=UTC)
_INSTANTS = st.integers(-5, 900).map(lambda days: _START + timedelta(days=days)) | st.integers(-99, 50_000).map(
    lambda hours: _START + timedelta(hours=hours)
)
_QUANTITIES = st.none() | st.integers(-2, 30) | st.decimals(min_value=-1, max_value=9, places=2)
_EVENTS = st.builds(
    Event,
    kind=st.sampled_from(EventKind),
    at=_INSTANTS,
    quantity=_QUANTITIES,
    unit_price=st.none() | st.decimals(min_value=0, max_value=99, places=2),
    plan=st.none() | st.sampled_from(Plan),
    term=st.sampled_from(["", "P1M", "P1Y", "P3Y"]),
    product=st.sampled_from(["", "p", "q"]),
    ends_on=st.none() | st.dates(date(2023, 1, 1), date(2029, 1, 1)),
    percent=st.none() | st.decimals(min_value=-5, max_value=120, places=1),
    is_on=st.none() | st.booleans(),
)
_SUBSCRIPTIONS = st.builds(
    Subscription,
    id=st.just("s"),
    kind=st.sampled_from(ServiceKind),
    currency=st.just("EUR"),
    events=st.lists(_EVENTS, max_size=8).map(ordered),
    term=st.sampled_from(["", "P1M", "P1Y", "P3Y"]),
    is_trial=st.booleans(),
    auto_renews=st.booleans(),
    ends_on=st.none() | st.dates(date(2023, 1, 1), date(2029, 1, 1)),
)


@given(subscription=_SUBSCRIPTIONS, instant=_INSTANTS)
def test_every_history_has_a_state_that_holds_together(subscription: Subscription, instant: datetime) -> None:
    """Batches add up to the quantity, nothing is negative, and the term is that of the instant."""
    state = state_at(subscription, instant)

    assert state.quantity >= 0
    assert not state.is_running or state.quantity == sum((batch.quantity for batch in state.batches), Decimal(0))
    assert 0 <= returnable(state.batches, instant) <= sum((batch.quantity for batch in state.batches), Decimal(0))
    assert state.term_period is None or not state.is_running or instant.date() < state.term_period.end
    assert 0 <= state.promotion_percent <= 100


@given(subscription=_SUBSCRIPTIONS, instant=_INSTANTS, data=st.data())
def test_the_order_of_arrival_does_not_matter(
    subscription: Subscription, instant: datetime, data: st.DataObject
) -> None:
    """Neither does hearing of everything twice."""
    arrived = data.draw(st.permutations(subscription.events))

    assert state_at(subscription, instant) == state_at(
        replace(subscription, events=(*arrived, *subscription.events)), instant
    )


@given(subscription=_SUBSCRIPTIONS)
def test_each_step_of_a_timeline_begins_where_the_last_one_ended(subscription: Subscription) -> None:
    """Between two events only terms end and begin; a refused event changes nothing."""
    steps = timeline(subscription)

    assert subscription.events == tuple(step.event for step in steps)
    assert all(step.before == step.after for step in steps if step.refusal)
    assert all(earlier.after.quantity == later.before.quantity for earlier, later in pairwise(steps))


@given(
    day=st.dates(),
    anchor=st.dates(),
    months=st.integers(1, 36),
    month_end=st.sampled_from(MonthEnd),
)
def test_a_day_lies_in_its_cycle_and_cycles_touch(day: date, anchor: date, months: int, month_end: MonthEnd) -> None:
    """In the whole calendar; at its ends only the documented error is raised."""
    try:
        cycle = cycle_at(day, anchor, months, month_end)
        following = cycle_at(cycle.end, anchor, months, month_end)
    except PeriodError:
        assert min(day, anchor).year < 40 or max(day, anchor).year > 9960
        return

    assert day in cycle
    assert cycle.end == following.start
    assert cycle == cycle_at(cycle.last_day, anchor, months, month_end)
