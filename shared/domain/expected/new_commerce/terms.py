"""The walk over one subscription's events and charge cycles; subscriptions that exchange seats walk together.

Every event finds the state of its day: cycles that began until then are charged first. An event on the day on which a
cycle or a term ends stands after the new cycle's charge, unless it says how it ends (``renewed``, ``expired``, another
plan); a renewal may be told a day late. Nothing that arises after the last day is made.

Not here: what an event does (the other modules of this package), products with several priced lines (``parts``).
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta

from shared.domain.expected.history import History
from shared.domain.expected.lines import Expected
from shared.domain.expected.new_commerce.cancellation import cancelled
from shared.domain.expected.new_commerce.conversions import converted, plan_changed, upgraded
from shared.domain.expected.new_commerce.moves import seats_moved, seats_upgraded
from shared.domain.expected.new_commerce.parts import histories_of_parts, merged_parts
from shared.domain.expected.new_commerce.purchase import created
from shared.domain.expected.new_commerce.renewals import next_cycle
from shared.domain.expected.new_commerce.seats import quantities_changed, quantity_changed
from shared.domain.expected.new_commerce.settings import (
    auto_renew_changed,
    credited,
    end_date_changed,
    reactivated,
    suspended,
    term_extended,
)
from shared.domain.expected.new_commerce.state import Walk
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.subscription import Subscription

_DAY = timedelta(days=1)
_KINDS = frozenset({ServiceKind.LICENCE, ServiceKind.SOFTWARE_SUBSCRIPTION})
_CREATED, _QUANTITY, _CREDITED = EventKind.CREATED, EventKind.QUANTITY_CHANGED, EventKind.CREDITED
_TELL_LATE = frozenset({EventKind.RENEWED, EventKind.CONVERTED, EventKind.EXPIRED})
_TELL_THE_END = _TELL_LATE | {EventKind.PLAN_CHANGED, EventKind.END_DATE_CHANGED}
_PROMOTIONS = frozenset({EventKind.PROMOTION_BEGAN, EventKind.PROMOTION_ENDED})
_READ_WITH_PRICES = _PROMOTIONS | {EventKind.PRICE_CHANGED}
_RANK = {kind: rank for rank, kind in enumerate(EventKind)}


def new_commerce_lines(subscription: Subscription, history: History) -> Expected:
    """Return the lines of a new-commerce licence or software subscription, in the order in which they arise.

    Raises:
        InvalidError: a term or the span of a price is not understood.
        PeriodError: a term or cycle would leave the calendar.
    """
    for row in subscription.prices:
        if row.part:
            return merged_parts(subscription, [_lines(*each) for each in histories_of_parts(subscription, history)])
    return _lines(subscription, history)


def _lines(subscription: Subscription, history: History) -> Expected:
    linked = history.linked.get(subscription.id) if len(history.subscriptions) > 1 else None
    last_day = history.last_day(subscription)
    if linked is not None:
        return _walked_together(subscription, linked, history, last_day)
    walk = Walk(subscription, history, last_day)
    for events in _steps(walk):
        _apply(walk, events)
    _advance(walk, last_day)
    return walk.expected()


def _walked_together(
    subscription: Subscription, linked: Iterable[Subscription], history: History, last_day: date
) -> Expected:
    """Walk all subscriptions that exchange seats, event by event, and return the lines of one."""
    received = [event for other in linked for event in other.events if event.target == subscription.id]
    if history.through is None:
        last_day = max(last_day, *(event.on for event in received), date.min)
    walk = Walk(subscription, history, last_day)
    walks = [walk]
    for other in linked:
        if other.id != subscription.id and other.kind in _KINDS:
            walks.append(Walk(other, history, last_day))
            walks[-1].group = walk.group
    walk.group.update((each.subscription.id, each) for each in walks)
    steps = [(each, events) for each in walks for events in _steps(each)]
    _find_inherited(steps)
    for each, events in sorted(steps, key=_order):
        _apply(each, events)
    _advance(walk, last_day)
    return walk.expected()


def _order(step: tuple[Walk, list[Event]]) -> tuple[datetime, int, str]:
    return step[1][0].at, _RANK[step[1][0].kind], step[0].subscription.id


def _find_inherited(steps: Iterable[tuple[Walk, list[Event]]]) -> None:
    """Mark the subscriptions that a partial upgrade made: what created them is the upgrade of that day."""
    made = {(events[0].target, events[0].on) for _, events in steps if events[0].kind is EventKind.SEATS_UPGRADED}
    for walk, events in steps:
        if events[0].kind is _CREATED and (walk.subscription.id, events[0].on) in made:
            walk.is_inherited = True


def _steps(walk: Walk) -> list[list[Event]]:
    """Return the events in order, the quantity changes of one day together, and note what has to be known ahead."""
    steps: list[list[Event]] = []
    changed_on = None
    for event in walk.subscription.events:
        kind = event.kind
        if kind is _QUANTITY:
            on = event.at.date()
            if on == changed_on:
                steps[-1].append(event)
                continue
            changed_on = on
        else:
            changed_on = None
            if kind in _TELL_THE_END:
                _schedule(walk, event)
            elif kind in _PROMOTIONS:
                walk.has_promotions = True
        steps.append([event])
    return steps


def _schedule(walk: Walk, event: Event) -> None:
    on = event.on
    walk.scheduled.setdefault(on, []).append(event)
    if event.kind in _TELL_LATE and on > date.min:
        walk.scheduled.setdefault(on - _DAY, []).append(event)


def _advance(walk: Walk, day: date) -> None:
    """Charge every cycle that begins until *day*."""
    while walk.is_begun and not walk.is_ended and walk.cycle.end <= day:
        next_cycle(walk)
    for grown in walk.derived:
        _advance(grown, day)


def _apply(walk: Walk, events: list[Event]) -> None:
    """Apply what happened at once, or the quantity changes of one day."""
    event = events[0]
    kind, day = event.kind, event.at.date()
    if day > walk.last_day:
        return
    if walk.is_begun and walk.cycle.end <= day:
        _advance(walk, day)
    if walk.group:
        for other in walk.group.values():
            _advance(other, day)
    if kind is _QUANTITY and walk.is_begun and not walk.is_ended:
        if len(events) == 1:
            quantity_changed(walk, event)
        else:
            quantities_changed(walk, events)
    elif kind is _CREATED:
        created(walk, event)
    elif kind in _READ_WITH_PRICES or event in walk.consumed:
        return
    elif not walk.is_begun or (walk.is_ended and kind is not _CREDITED):
        _ignore(walk, events)
    else:
        _HANDLERS.get(kind, _not_ours)(walk, event)


def _ignore(walk: Walk, events: list[Event]) -> None:
    for event in events:
        if not walk.is_begun:
            walk.ignore(event, "nothing was created before it", "Record the purchase first.")
        elif event.kind is not EventKind.EXPIRED:
            walk.ignore(event, "the subscription had ended", "Drop it, or correct what ended the subscription.")


def _out_of_place(walk: Walk, event: Event) -> None:
    walk.ignore(event, f"no term ends on that day; the running one ends on {walk.term.end}", "Correct the day.")


def _not_ours(walk: Walk, event: Event) -> None:
    walk.ignore(event, "Microsoft's subscriptions know no such event", "Drop it.")


_HANDLERS: Mapping[EventKind, Callable[[Walk, Event], None]] = {
    EventKind.RENEWED: _out_of_place,
    EventKind.EXPIRED: _out_of_place,
    EventKind.REACTIVATED: reactivated,
    EventKind.CONVERTED: converted,
    EventKind.PLAN_CHANGED: plan_changed,
    EventKind.END_DATE_CHANGED: end_date_changed,
    EventKind.TERM_EXTENDED: term_extended,
    EventKind.AUTO_RENEW_CHANGED: auto_renew_changed,
    EventKind.UPGRADED: upgraded,
    EventKind.SEATS_UPGRADED: seats_upgraded,
    EventKind.SEATS_MOVED: seats_moved,
    EventKind.SUSPENDED: suspended,
    EventKind.CREDITED: credited,
    EventKind.CANCELLED: cancelled,
}
