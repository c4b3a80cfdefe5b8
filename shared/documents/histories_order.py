"""From the events of a file to domain events: short forms written out, differences turned into quantities, in order.

A difference such as ``+2`` counts from the quantity that the subscription has at that instant, after everything that
happened before it in any subscription of the file. Events of one instant and kind keep the order of the file.

Not here: what events mean (``shared/domain/subscriptions``).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from shared.documents.histories_events import EventPart
from shared.documents.histories_subscription import SubscriptionPart
from shared.domain.expected.vendor_tables import TRIAL_SEATS
from shared.domain.subscriptions.events import Event, EventKind, Quantity, ordered
from shared.domain.subscriptions.kinds import ServiceKind

_RANK = {kind: rank for rank, kind in enumerate(EventKind)}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Told:
    """An event of the file, its subscription, and the difference that it may be instead of a quantity."""

    subscription_id: str
    event: Event
    change: Quantity | None = None


def events_of(parts: Sequence[tuple[str, SubscriptionPart]]) -> dict[str, tuple[Event, ...]]:
    """Return the ordered events of each subscription by its id."""
    told = [each for subscription_id, part in parts for each in _told(subscription_id, part)]
    told.sort(key=lambda each: (each.event.at, _RANK[each.event.kind]))
    held: defaultdict[str, Quantity] = defaultdict(int)
    made: dict[str, list[Event]] = {subscription_id: [] for subscription_id, _ in parts}
    for each in told:
        event = _resolved(each, held)
        made[each.subscription_id].append(event)
        _count(each.subscription_id, event, held)
    return {subscription_id: ordered(_in_file_order(events)) for subscription_id, events in made.items()}


def proposed_event(given: EventPart, held: Quantity) -> Event:
    """Return an event that did not happen yet; *held* is the quantity that a difference counts from."""
    return _resolved(_Told("", _event(given, None), given.change), {"": held})


def _told(subscription_id: str, part: SubscriptionPart) -> Iterator[_Told]:
    for event in _short_forms(part):
        yield _Told(subscription_id, event)
    for given in part.events:
        yield _Told(subscription_id, _event(given, part), given.change)


def _short_forms(part: SubscriptionPart) -> Iterator[Event]:
    if part.purchased is not None:
        yield Event(kind=EventKind.CREATED, at=part.purchased, quantity=_bought(part))
    if part.promotion is not None:
        first = _midnight(part.promotion.first_day) if part.promotion.first_day else _beginning(part)
        note = part.promotion.name
        yield Event(kind=EventKind.PROMOTION_BEGAN, at=first, percent=part.promotion.percent, note=note)
        if part.promotion.last_day:
            yield Event(kind=EventKind.PROMOTION_ENDED, at=_midnight(part.promotion.last_day) + _DAY, note=note)
    singles = {
        EventKind.CONVERTED: part.converted,
        EventKind.SUSPENDED: part.suspended,
        EventKind.REACTIVATED: part.reactivated,
        EventKind.CANCELLED: part.cancelled,
        EventKind.EXPIRED: part.expired,
    }
    yield from (Event(kind=kind, at=at) for kind, at in singles.items() if at is not None)
    yield from (Event(kind=EventKind.RENEWED, at=at) for at in part.renewed)


def _bought(part: SubscriptionPart) -> Quantity:
    if part.quantity is not None:
        return part.quantity
    return TRIAL_SEATS if part.trial and part.kind is ServiceKind.LICENCE else 1


def _beginning(part: SubscriptionPart) -> datetime:
    if part.purchased is not None:
        return part.purchased
    created = [event for event in part.events if event.meant is EventKind.CREATED]
    return min(event.instant for event in created or part.events)


def _event(given: EventPart, part: SubscriptionPart | None) -> Event:
    quantity = given.quantity
    if quantity is None and part is not None and given.meant is EventKind.CREATED:
        quantity = _bought(part)
    return Event(
        kind=given.meant,
        at=given.instant,
        quantity=quantity,
        unit_price=given.unit_price,
        plan=given.plan,
        term=given.term or "",
        product=given.product,
        target=given.target,
        ends_on=given.last_day + _DAY if given.last_day else None,
        percent=given.percent,
        amount=given.amount,
        is_on=given.auto_renews,
        keeps_cycle=given.keeps_cycle,
        every=given.every[0] if given.every else None,
        share_left=given.share_left,
        note=given.note,
        source=given.source,
        id=given.id,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _resolved(told: _Told, held: dict[str, Quantity]) -> Event:
    if told.change is None:
        return told.event
    return replace(told.event, quantity=held[told.subscription_id] + told.change)


def _count(subscription_id: str, event: Event, held: dict[str, Quantity]) -> None:
    """Keep the quantity that each subscription has."""
    if event.quantity is None:
        return
    if event.kind in {EventKind.SEATS_UPGRADED, EventKind.SEATS_MOVED}:
        held[subscription_id] -= event.quantity
        if event.kind is EventKind.SEATS_MOVED:
            held[event.target] += event.quantity
    else:
        held[subscription_id] = event.quantity


def _in_file_order(events: Iterable[Event]) -> Iterator[Event]:
    """Number the events of one instant and kind, so that they stay in the order in which they were told."""
    distinct = list(dict.fromkeys(events))
    crowd = Counter((event.at, event.kind) for event in distinct)
    for number, event in enumerate(distinct, 1):
        is_alone = crowd[event.at, event.kind] == 1
        yield event if is_alone or event.id else replace(event, id=f"event {number:05d}")
