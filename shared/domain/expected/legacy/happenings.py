"""What each event means for a legacy subscription's day; an event that makes no sense is noted and changes nothing.

Not here: the lines (``day`` and what it calls).
"""

from collections.abc import Callable
from decimal import Decimal

from shared.domain.expected.legacy.day import Day
from shared.domain.expected.legacy.running import Running
from shared.domain.money import exact_sum
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.subscription_state import Status

_CHECK = "Check the history; the rest of it is billed."
_CREATED = EventKind.CREATED
_NOT_STARTED, _ACTIVE = Status.NOT_STARTED, Status.ACTIVE
_OPEN = frozenset({Status.ACTIVE, Status.SUSPENDED})


def settle_setting(run: Running, event: Event) -> None:
    """Let *event* change how the next charges are made, if it is one that does: prices, promotions, renewal."""
    handler = _SETTINGS.get(event.kind)
    if handler is not None:
        handler(run, event)


def is_sound(event: Event) -> bool:
    """Whether neither its quantity nor its price is below zero."""
    return (event.quantity is None or event.quantity >= 0) and (event.unit_price is None or event.unit_price >= 0)


def happen(run: Running, day: Day, event: Event) -> None:
    """Let *event* change *day*, or note why it does not. Settings have been settled before."""
    if event.kind in _SETTINGS:
        return
    if event.kind not in _BEGINNINGS and day.status not in _OPEN:
        run.ignore(event, "the subscription does not run", _CHECK)
        return
    if not is_sound(event):
        run.ignore(event, f"a quantity or price is below zero ({event.quantity}, {event.unit_price})", _CHECK)
        return
    handler = _HANDLERS.get(event.kind)
    if handler is None:
        run.ignore(event, "it means nothing for a legacy licence", _CHECK)
        return
    handler(run, day, event)


def _created(run: Running, day: Day, event: Event) -> None:
    if day.status is not _NOT_STARTED:
        run.ignore(event, "the subscription exists already", _CHECK)
        return
    quantity = run.trial_quantity if event.quantity is None else event.quantity
    if quantity is None:
        run.ignore(event, "it has no quantity", "Say how many units were bought.")
        return
    if run.subscription.is_trial and event.kind is _CREATED:
        run.trial_quantity = quantity
        return
    day.quantity = quantity
    _take_terms(day, event)
    day.bought, day.status = event, _ACTIVE


def _renewed(run: Running, day: Day, event: Event) -> None:
    if day.status is Status.NOT_STARTED:
        _created(run, day, event)
    elif day.status is Status.EXPIRED:
        day.quantity = run.quantity if event.quantity is None else event.quantity
        _take_terms(day, event)
        day.bought, day.status = event, _ACTIVE
    elif run.term.start != day.on:
        run.ignore(event, f"the term runs until {run.term.end}", "Give the day on which the term ends.")


def _quantity_changed(run: Running, day: Day, event: Event) -> None:
    if event.quantity is None:
        run.ignore(event, "it has no quantity", "Give the quantity from then on, 0 or more.")
        return
    day.quantity, day.changed = event.quantity, event


def _seats_left(run: Running, day: Day, event: Event) -> None:
    if event.quantity is None or not 0 < event.quantity <= day.quantity:
        run.ignore(event, f"{event.quantity} of {day.quantity} units cannot go", "Give how many units go.")
    elif event.quantity < day.quantity:
        day.quantity, day.changed = day.quantity - event.quantity, event
    else:
        _cancelled(run, day, event)


def _suspended(run: Running, day: Day, event: Event) -> None:
    if day.status is Status.SUSPENDED:
        run.ignore(event, "the subscription is suspended already", _CHECK)
        return
    day.status, day.status_event = Status.SUSPENDED, event


def _reactivated(run: Running, day: Day, event: Event) -> None:
    if day.status is Status.ACTIVE:
        run.ignore(event, "the subscription is not suspended", _CHECK)
        return
    day.status, day.status_event = Status.ACTIVE, event
    if event.quantity is not None:
        day.quantity, day.changed = event.quantity, event


def _cancelled(_: Running, day: Day, event: Event) -> None:
    day.status, day.status_event = Status.CANCELLED, event


def _expired(_: Running, day: Day, event: Event) -> None:
    day.status, day.status_event = Status.EXPIRED, event


def _plan_changed(run: Running, day: Day, event: Event) -> None:
    if event.quantity is not None:
        _quantity_changed(run, day, event)
    _take_terms(day, event)
    day.converted = event


def _price_changed(run: Running, event: Event) -> None:
    if event.unit_price is None or not is_sound(event):
        run.ignore(event, f"{event.unit_price} is no price", "Give the price of one unit.")


def _promotion_began(run: Running, event: Event) -> None:
    if event.percent is None or not 0 <= event.percent <= 100:
        run.ignore(event, f"{event.percent} is no percentage off", "Give a percentage from 0 to 100.")
        return
    run.percent_off = event.percent


def _promotion_ended(run: Running, _: Event) -> None:
    run.percent_off = Decimal(0)


def _auto_renew_changed(run: Running, event: Event) -> None:
    run.auto_renews = event.is_on is not False


def _credited(run: Running, day: Day, event: Event) -> None:
    given = [-(each.amount or 0) for each in day.credits]
    charged = exact_sum((*(line.amount for line in run.lines), *map(Decimal, given)))
    if event.amount is None or not 0 < event.amount <= charged:
        run.ignore(
            event, f"{event.amount} cannot be given back of {charged}", "Give a positive amount that was charged."
        )
        return
    day.credits.append(event)


def _take_terms(day: Day, event: Event) -> None:
    day.plan = event.plan or day.plan
    day.term_name = event.term or day.term_name
    day.product = event.product or day.product


_BEGINNINGS = frozenset({EventKind.CREATED, EventKind.RENEWED, EventKind.CONVERTED})

_SETTINGS: dict[EventKind, Callable[[Running, Event], None]] = {
    EventKind.PRICE_CHANGED: _price_changed,
    EventKind.PROMOTION_BEGAN: _promotion_began,
    EventKind.PROMOTION_ENDED: _promotion_ended,
    EventKind.AUTO_RENEW_CHANGED: _auto_renew_changed,
}

_HANDLERS: dict[EventKind, Callable[[Running, Day, Event], None]] = {
    EventKind.CREATED: _created,
    EventKind.CONVERTED: _created,
    EventKind.RENEWED: _renewed,
    EventKind.QUANTITY_CHANGED: _quantity_changed,
    EventKind.SEATS_UPGRADED: _seats_left,
    EventKind.SEATS_MOVED: _seats_left,
    EventKind.SUSPENDED: _suspended,
    EventKind.REACTIVATED: _reactivated,
    EventKind.CANCELLED: _cancelled,
    EventKind.EXPIRED: _expired,
    EventKind.PLAN_CHANGED: _plan_changed,
    EventKind.UPGRADED: _plan_changed,
    EventKind.CREDITED: _credited,
}
