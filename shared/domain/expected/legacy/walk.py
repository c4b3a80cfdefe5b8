"""The walk through a legacy subscription's history: day by day, each day's events as one.

Of a day only what is different at its end counts: a change undone on the same day leaves nothing, of several quantities
the last one stays. Before the events of a day come the cycle that begins on it and the changes whose anniversary it is,
and before those only what decides how charges are made (prices, promotions, automatic renewal).
A day with nothing but one change of quantity takes a short way to the same lines.
After the last event the cycles run on to the last day that is looked at, and what waits for its anniversary is made.

Not here: the lines of each event (``advance``, ``changes``, ``ending``, ``conversion``, ``free_period``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache

from shared.domain.expected.conventions import DEFAULT_MODES, Conventions, LineFamily
from shared.domain.expected.history import History
from shared.domain.expected.legacy import free_period
from shared.domain.expected.legacy.advance import advance_to
from shared.domain.expected.legacy.changes import change_quantity, settle_changes
from shared.domain.expected.legacy.day import TERM_EVENTS, close_day, open_day
from shared.domain.expected.legacy.happenings import happen, is_sound, settle_setting
from shared.domain.expected.legacy.part_prices import Arithmetic
from shared.domain.expected.legacy.running import Running
from shared.domain.expected.legacy.terms import LegacyTerm
from shared.domain.expected.lines import Expected
from shared.domain.expected.rounding import MODES, RoundingMode
from shared.domain.subscriptions.events import Event, EventKind, ordered
from shared.domain.subscriptions.subscription import Subscription
from shared.domain.subscriptions.subscription_state import Status

_ACTIVE, _QUANTITY_CHANGED, _RENEWED = Status.ACTIVE, EventKind.QUANTITY_CHANGED, EventKind.RENEWED
_REACTIVATED = EventKind.REACTIVATED
_STOP = frozenset({EventKind.SUSPENDED, EventKind.CANCELLED})
_WAIT = TERM_EVENTS | {EventKind.EXPIRED}
_FAMILY = LineFamily.LEGACY_LICENCE
_NO_TERM = LegacyTerm(date.min, 0, 1, 1)


def legacy_lines(subscription: Subscription, history: History) -> Expected:
    """Return what a legacy licence subscription should have been billed, in the order in which the lines arise.

    Raises:
        PeriodError: a cycle would leave the calendar, or the partner's billing day does not exist.
        InvalidError: a term is not understood.
    """
    if not subscription.events:
        return Expected(())
    last_day = history.last_day(subscription)
    parent = _parent(subscription, history) if subscription.parent_id else None
    run = _start(subscription, history.conventions, last_day, _anchor(subscription, parent))
    for on, events in _days(_with_conversions_of(parent, subscription), last_day):
        _live(run, on, events)
    advance_to(run, last_day)
    settle_changes(run, run.changes_due_on)
    if run.free_since:
        free_period.end(run, run.term.start)
    return Expected(tuple(run.lines), tuple(run.issues))


def _days(events: Iterable[Event], last_day: date) -> list[tuple[date, list[Event]]]:
    """Return the events of each day up to the last."""
    days: list[tuple[date, list[Event]]] = []
    last = None
    for event in events:
        on = event.at.date()
        if on == last:
            days[-1][1].append(event)
        elif on <= last_day:
            days.append((on, [event]))
            last = on
    return days


def _live(run: Running, on: date, events: Sequence[Event]) -> None:
    event = events[0]
    if len(events) == 1 and event.kind is _QUANTITY_CHANGED and is_sound(event):
        if run.next_on <= on or run.changes_due_on <= on:
            advance_to(run, on)
        if run.status is _ACTIVE and event.quantity is not None:  # the ordinary day, which has no other side
            change_quantity(run, event, on, event.quantity)
            return
    renewal = None
    for event in events:
        settle_setting(run, event)
        if event.kind is _RENEWED and renewal is None and is_sound(event):
            renewal = event
    advance_to(run, on, is_charged=not _ends_or_converts(events), renewal=renewal)
    day = open_day(run, on)
    for event in events:
        happen(run, day, event)
    close_day(run, day)
    advance_to(run, on)


def _ends_or_converts(events: Iterable[Event]) -> bool:
    """Whether the cycle that begins on this day waits until the day's events have happened."""
    ends = False
    for event in events:
        kind = event.kind
        if kind in _WAIT:
            return True
        if kind is _REACTIVATED:
            ends = False
        elif kind in _STOP and not event.target:
            ends = True
    return ends


def _start(subscription: Subscription, conventions: Conventions, last_day: date, anchor: date | None) -> Running:
    return Running(
        subscription,
        conventions,
        _arithmetic(conventions.modes.get(_FAMILY), subscription.currency),
        _priced(subscription),
        last_day,
        _NO_TERM,
        anchor,
        product=subscription.product,
        term_name=subscription.term,
        plan=subscription.plan,
        auto_renews=subscription.auto_renews,
    )


@lru_cache(maxsize=1 << 10)
def _arithmetic(chosen: RoundingMode | None, currency: str) -> Arithmetic:
    if chosen is not None:
        return Arithmetic(chosen, chosen, currency)
    return Arithmetic(DEFAULT_MODES[_FAMILY], MODES["legacy.unrounded_truncated"], currency)


def _priced(subscription: Subscription) -> Subscription:
    """The subscription without the events that are refused, so that none of them tells a price."""
    for event in subscription.events:
        if event.unit_price is not None:
            return replace(subscription, events=tuple(filter(is_sound, subscription.events)))
    return subscription


def _parent(subscription: Subscription, history: History) -> Subscription | None:
    return next((each for each in history.subscriptions if each.id == subscription.parent_id), None)


def _anchor(subscription: Subscription, parent: Subscription | None) -> date | None:
    """The day that anchors the cycles, where it is not the day of purchase: a given one, or an add-on's parent's."""
    if subscription.aligned_to is not None or parent is None:
        return subscription.aligned_to
    if parent.aligned_to is not None:
        return parent.aligned_to
    bought_on = subscription.events[0].on
    return max((event.on for event in parent.events if event.on <= bought_on and _anchors(event)), default=None)


def _anchors(event: Event) -> bool:
    return event.kind in {EventKind.CREATED, *TERM_EVENTS}


def _with_conversions_of(parent: Subscription | None, subscription: Subscription) -> tuple[Event, ...]:
    """The subscription's events, with the changes of billing frequency that it shares with its parent."""
    events = subscription.events
    if parent is None:
        return events
    own = {event.on for event in events if event.kind is EventKind.PLAN_CHANGED}
    shared = [
        _as_add_on(event)
        for event in parent.events
        if event.kind is EventKind.PLAN_CHANGED and event.on > events[0].on and event.on not in own
    ]
    return ordered((*events, *shared)) if shared else events


def _as_add_on(event: Event) -> Event:
    return Event(kind=event.kind, at=event.at, plan=event.plan, term=event.term, source=event.source, id=event.id)
