"""Telling the story: what each event means for an own service, and which events make no sense.

Not here: the story itself (``story``), what a change of plan does to the cycle (``plan_changes``), amounts.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from shared.domain.expected.own_services import complaints
from shared.domain.expected.own_services.cycles import Cycle, day_of, grid_from, tick_at, ticks_in_day
from shared.domain.expected.own_services.plan_changes import changed_cycles, is_dearer, other_plan, same_plan
from shared.domain.expected.own_services.rates import State
from shared.domain.expected.own_services.story import Change, End, Grant, Move, Run, Story
from shared.domain.expected.own_services.terms import renewed_run, renewed_until, run_from
from shared.domain.money import exact_product
from shared.domain.subscriptions.events import Event, EventKind, Quantity
from shared.domain.subscriptions.own_billing import ChangeDay, PriceChange, Share, Span
from shared.domain.subscriptions.subscription import Subscription

_ONE = Decimal(1)
_NOTHING = Decimal(0)
_HUNDREDTH = Decimal("0.01")
_CREATED = EventKind.CREATED


class _Waiting(NamedTuple):
    """What counts from tick *at* on: *patch* gives the state, *renews* begins a new run."""

    at: int
    event: Event
    patch: Callable[[State], State]
    run: Callable[[], Run | None]


def story_of(subscription: Subscription) -> Story | None:
    """Return the story; None where the subscription was never created."""
    created = next((event for event in subscription.events if event.kind is _CREATED), None)
    return None if created is None else Teller(subscription, created).told()


class Teller:
    """Goes through the events once, moment by moment."""

    def __init__(self, subscription: Subscription, created: Event) -> None:
        self._subscription = subscription
        self._billing = subscription.billing
        self._created = created
        per_day = ticks_in_day(self._billing)
        self._start = tick_at(created.at, per_day)
        self._story = Story(self._start, per_day)
        self._waiting: list[_Waiting] = []
        self._is_cancelled = False
        self._moment = self._at = self._start
        self._plan_event: Event | None = None
        self._last_event = created
        self._state = self._first_state()

    def told(self) -> Story:
        """Return the whole story."""
        story = self._story
        self._begin()
        moments: dict[int, list[Event]] = {}
        for event in self._subscription.events:
            moments.setdefault(tick_at(event.at, story.per_day), []).append(event)
        for moment, events in moments.items():
            self._tell(moment, events)
        self._flush(None)
        return story

    def _first_state(self) -> State:
        subscription, created = self._subscription, self._created
        told = created.unit_price if created.unit_price is None or created.unit_price >= 0 else None
        if told != created.unit_price:
            self._ignore(created, "its price is negative")
        quantity: Quantity = 1 if created.quantity is None else created.quantity
        if quantity < 0:
            self._ignore(created, "its quantity is negative")
            quantity = 0
        plan, product = created.plan or subscription.plan, created.product or subscription.product
        every = created.every if created.every is not None and created.every > 0 else self._billing.every
        return State(quantity, True, product, plan, every, told, _NOTHING, _ONE, self._start)

    def _begin(self) -> None:
        """Set the first end, the first state and the first cycles."""
        ends_on = self._created.ends_on or self._subscription.ends_on
        if ends_on is not None:
            at = self._tick_of(ends_on)
            if at <= self._start:
                self._ignore(self._created, f"it ends on {ends_on}, before it begins")
            else:
                self._story.ends.append(End(self._start, at))
        self._story.changes.append(Change(self._start, self._start, self._created, self._state))
        is_open_trial = self._subscription.is_trial and not self._billing.trial_days
        if not is_open_trial:
            self._begin_charges(self._start + self._billing.trial_days * self._story.per_day, self._created)

    def _begin_charges(self, start: int, event: Event) -> None:
        run = run_from(self._subscription, self._story, start, self._state.every, event)
        self._story.runs[:] = [] if run is None else [run]

    def _tell(self, moment: int, events: list[Event]) -> None:
        billing, day = self._billing, self._story.per_day
        is_old = billing.change_day is ChangeDay.OLD and day == 1
        self._moment, self._at = moment, moment + 1 if is_old else moment
        if self._waiting:
            self._flush(self._at)
        before, self._plan_event = self._state, None
        for event in events:
            self._hear(event)
        self._settle_plan(before)
        if self._state != before:
            self._story.add_change(Change(max(self._at, self._start), moment, self._last_event, self._state))

    def _hear(self, event: Event) -> None:
        if event is self._created:
            return
        if event.kind is _CREATED or self._moment < self._start:
            self._ignore(event, "the service is created once, before everything else")
        elif self._is_over(event):
            self._ignore(event, "the service had ended")
        else:
            self._last_event = event
            _MEANINGS.get(event.kind, Teller.not_ours)(self, event)

    def _is_over(self, event: Event) -> bool:
        if self._is_cancelled:
            return True
        at = self._story.ends_at
        if at is None or self._moment < at:
            return False
        continues = event.kind in {EventKind.RENEWED, EventKind.END_DATE_CHANGED}
        return not (event.kind is EventKind.EXPIRED or (continues and self._moment == at))

    # what each kind of event means

    def quantity(self, event: Event) -> None:
        """Another quantity."""
        if event.quantity is None or event.quantity < 0:
            self._ignore(event, "it has no quantity of 0 or more")
        else:
            self._state = State(event.quantity, *self._state[1:])

    def price(self, event: Event) -> None:
        """Another price of one unit."""
        if event.unit_price is None or event.unit_price < 0:
            self._ignore(event, "it has no price of 0 or more")
            return
        told = event.unit_price

        def patch(state: State) -> State:
            return state._replace(told=told, uplift=_ONE)

        cycle = self._story.cycle_at(self._at)
        if self._billing.price_change is PriceChange.AT_ONCE or cycle is None:
            self._state = patch(self._state)
        else:
            self._wait(_Waiting(cycle.end, event, patch, _no_run))

    def promotion(self, event: Event) -> None:
        """A promotion began or ended."""
        percent = event.percent if event.kind is EventKind.PROMOTION_BEGAN else Decimal(0)
        if percent is None or not 0 <= percent <= 100:
            self._ignore(event, "it has no percentage from 0 to 100")
        else:
            self._state = self._state._replace(percent_off=percent)

    def plan(self, event: Event) -> None:
        """Another plan."""
        if event.unit_price is not None and event.unit_price < 0:
            self._ignore(event, "its price is negative")
            return
        if event.every is not None and event.every < 1:
            self._ignore(event, "its charge cycle has no length")
            return
        if event.quantity is not None:
            self.quantity(event)
        self._state = other_plan(self._state, event, self._billing.span, self._at)
        self._plan_event = event

    def active(self, event: Event) -> None:
        """Suspended, or active again."""
        is_active = event.kind is EventKind.REACTIVATED
        if self._state.is_active is is_active and not self._billing.suspension_is_charged:
            self._ignore(event, "the service was " + ("not suspended" if is_active else "suspended already"))
            return
        if not self._billing.suspension_is_charged:
            self._state = self._state._replace(is_active=is_active)
        if is_active:
            self._take(event)

    def _take(self, event: Event) -> None:
        """Take the plan, the price and the quantity that an event of another kind brings along."""
        if event.quantity is not None:
            self.quantity(event)
        if event.unit_price is not None and event.unit_price < 0:
            self._ignore(event, "its price is negative")
        elif event.unit_price is not None or event.product or event.plan is not None or event.every is not None:
            self._state = other_plan(self._state, event, self._billing.span, self._at)

    def granted(self, event: Event) -> None:
        """An amount given back."""
        if event.amount is None or event.amount <= 0:
            self._ignore(event, "it has no amount above 0")
        else:
            self._story.grants.append(Grant(self._moment, event))

    def cancelled(self, event: Event) -> None:
        """Cancelled, now or on a day to come."""
        at = self._moment
        if event.ends_on is not None:
            at = max(at, self._tick_of(event.ends_on))
        elif self._billing.last_day_is_charged and self._story.per_day == 1:
            at += 1
        known = self._story.ends_at
        self._story.ends.append(End(self._moment, at if known is None else min(at, known), event, is_cancellation=True))
        self._is_cancelled = event.ends_on is None

    def expired(self, event: Event) -> None:
        """The term ended."""
        known = self._story.ends_at
        if known is None or known > self._moment:
            self._story.ends.append(End(self._moment, self._moment, event))
        self._is_cancelled = True

    def end_date(self, event: Event) -> None:
        """Another end of the service."""
        at = None if event.ends_on is None else self._tick_of(event.ends_on)
        if at is not None and at <= max(self._moment, self._start):
            self._ignore(event, "the new end lies in the past")
            return
        self._story.ends.append(End(self._moment, at, event))
        run = self._story.run_at(self._moment)
        if at is not None and run is not None and run.cycle is not None and self._billing.span is Span.TERM:
            self._story.moves.append(Move(self._moment, at, event))

    def renewed(self, event: Event) -> None:
        """A new term, from the end of the running one or from now."""
        begins = self._renewed_from()
        until = renewed_until(self._subscription, self._story, begins, event.ends_on)
        self._story.ends.append(End(self._moment, until, event))
        told, quantity = event.unit_price, event.quantity
        uplift = exact_product(100 + self._billing.uplift_percent, _HUNDREDTH)

        def patch(state: State) -> State:
            if quantity is not None and quantity >= 0:
                state = state._replace(quantity=quantity)
            if told is not None and told >= 0:
                return state._replace(told=told, uplift=_ONE)
            return state if uplift == 1 else state._replace(uplift=exact_product(state.uplift, uplift))

        def run() -> Run | None:
            return renewed_run(self._subscription, self._story, begins, self._state.every, event)

        self._wait(_Waiting(begins, event, patch, run))

    def _renewed_from(self) -> int:
        """Return the end of the running term; where services run on without one, now."""
        if self._story.ends_at is not None:
            return self._story.ends_at
        cycle = self._story.cycle_at(self._at) if self._billing.span is Span.TERM else None
        return self._at if cycle is None or cycle.start == self._at else cycle.end

    def cycle_moved(self, event: Event) -> None:
        """Another end of the running charge cycle."""
        cycle, end = self._story.cycle_at(self._at), self._tick_of(event.ends_on or date.min)
        if cycle is None or end <= self._at or self._billing.span is Span.TERM:
            self._ignore(event, "no cycle of the service runs then that could end on that day")
            return
        if self._billing.charged_ahead:
            self._ignore(event, "cycles that are charged ahead cannot be moved")
            return
        run = self._story.run_at(self._at)
        grid = (run and run.grid) or grid_from(self._billing, end, None, self._state.every)
        day = day_of(end, self._story.per_day)
        moved = grid._replace(anchor=day, anchor_day=day.day, past_midnight_s=0)
        self._story.moves.append(Move(self._moment, end, event))
        self._story.runs[:] = [run for run in self._story.runs if run.start <= self._at]
        self._story.replace_runs(Run(end, self._moment, event, moved))
        self._waiting = [each._replace(at=end) if each.at == cycle.end else each for each in self._waiting]

    def trial(self, event: Event) -> None:
        """Nothing but the first charge changes while a trial runs: it ends now, or later."""
        runs, at = self._story.runs, self._moment
        if event.kind is EventKind.TERM_EXTENDED:
            at = self._moment if event.ends_on is None else self._tick_of(event.ends_on)
        if (runs and runs[0].start <= self._moment) or (event.kind is EventKind.TERM_EXTENDED and at <= self._moment):
            self._ignore(event, "no trial of the service runs then")
            return
        if event.kind is EventKind.CONVERTED:
            self._take(event)
        self._begin_charges(at, event)

    def not_ours(self, event: Event) -> None:
        """What own services do not have."""
        if event.kind is not EventKind.AUTO_RENEW_CHANGED:
            self._ignore(event, "own services do not know it; change the quantities of both services instead")

    # plans

    def _settle_plan(self, before: State) -> None:
        if self._plan_event is not None:
            self._change_plan(before, self._plan_event)

    def _change_plan(self, before: State, event: Event) -> None:
        state, billing, story = self._state, self._billing, self._story
        if same_plan(before, state):
            self._state = state._replace(since=before.since)
            return
        cycle = story.cycle_at(self._at)
        if cycle is None or story.runs[0].start >= self._at:
            if story.runs:
                self._begin_charges(story.runs[0].start, event)
            return
        waits = billing.downgrades_wait and not is_dearer(self._subscription, before, state, cycle)
        if waits or billing.share is Share.NEXT_PERIOD:
            self._wait_for_plan(before, event, cycle)
            return
        self._waiting = [each for each in self._waiting if each.event.kind not in _PLAN_KINDS]
        runs = changed_cycles(self._subscription, story, Change(self._at, self._moment, event, state), before)
        if runs:
            story.replace_runs(*runs)

    def _wait_for_plan(self, before: State, event: Event, cycle: Cycle) -> None:
        self._state = self._state._replace(
            product=before.product, plan=before.plan, every=before.every, told=before.told, since=before.since
        )

        def patch(state: State) -> State:
            return other_plan(state, event, self._billing.span, cycle.end)

        def run() -> Run | None:
            return self._plan_renewed(cycle.end, event)

        self._waiting = [each for each in self._waiting if each.event.kind not in _PLAN_KINDS]
        self._wait(_Waiting(cycle.end, event, patch, run))

    def _plan_renewed(self, at: int, event: Event) -> Run | None:
        """Return the cycles of a plan that waited for *at*, aligned as those of a new service; None: the old go on."""
        run, every = self._story.run_at(at), self._state.every
        if self._billing.span is Span.TERM or run is None or run.grid is None or run.grid.every == every:
            return None
        return run_from(self._subscription, self._story, at, every, event)

    # waiting

    def _wait(self, waiting: _Waiting) -> None:
        self._waiting.append(waiting)
        self._flush(self._at)

    def _flush(self, until: int | None) -> None:
        """Let what waited for a tick up to *until* (None: whatever waits) come true, in order."""
        due = sorted((each for each in self._waiting if until is None or each.at <= until), key=lambda each: each.at)
        for each in due:
            self._waiting.remove(each)
            self._state = each.patch(self._state)
            run = each.run()
            if run is not None:
                self._story.replace_runs(run)
            self._story.add_change(Change(each.at, each.at, each.event, self._state))

    def _tick_of(self, day: date) -> int:
        return day.toordinal() * self._story.per_day

    def _ignore(self, event: Event, why: str) -> None:
        self._story.issues.append(complaints.event_ignored(self._subscription, event, why))


_PLAN_KINDS = {EventKind.PLAN_CHANGED, EventKind.UPGRADED}

_MEANINGS: dict[EventKind, Callable[[Teller, Event], None]] = {
    EventKind.QUANTITY_CHANGED: Teller.quantity,
    EventKind.PRICE_CHANGED: Teller.price,
    EventKind.PROMOTION_BEGAN: Teller.promotion,
    EventKind.PROMOTION_ENDED: Teller.promotion,
    EventKind.PLAN_CHANGED: Teller.plan,
    EventKind.UPGRADED: Teller.plan,
    EventKind.SUSPENDED: Teller.active,
    EventKind.REACTIVATED: Teller.active,
    EventKind.CREDITED: Teller.granted,
    EventKind.CANCELLED: Teller.cancelled,
    EventKind.EXPIRED: Teller.expired,
    EventKind.END_DATE_CHANGED: Teller.end_date,
    EventKind.RENEWED: Teller.renewed,
    EventKind.CYCLE_MOVED: Teller.cycle_moved,
    EventKind.TERM_EXTENDED: Teller.trial,
    EventKind.CONVERTED: Teller.trial,
}


def _no_run() -> Run | None:
    return None
