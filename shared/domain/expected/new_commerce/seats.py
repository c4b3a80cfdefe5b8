"""Seats added and given back inside a term: the old quantity is refunded, the new one charged, both to the cycle's end.

Seats are added at any time. They are given back inside the window of their own batch, the youngest first; every
purchase, renewal and addition is a batch. Several changes of one day are one change, or a pair of lines each, by
convention.

Not here: seats that go to another product or subscription (``conversions``, ``moves``), cancellation.
"""

from decimal import Decimal

from shared.domain.expected.conventions import LineFamily, SameDay
from shared.domain.expected.new_commerce import rules
from shared.domain.expected.new_commerce.charging import Entry, recreate
from shared.domain.expected.new_commerce.state import Walk
from shared.domain.expected.new_commerce.windows import ends_at, is_open, returnable, take
from shared.domain.subscriptions.events import Event, Quantity
from shared.domain.subscriptions.kinds import ServiceKind

_FAMILY = LineFamily.SEATS
_REFUNDED, _CHARGED = rules.SEATS_REFUNDED, rules.SEATS_CHARGED
_entry = tuple.__new__
"""Makes an entry of a tuple that has all its fields: most entries of a month are made here."""
_MERGED = (SameDay.MERGED.value,)
_EACH = (SameDay.EACH.value,)
_ONE = Decimal(1)


def quantity_changed(walk: Walk, event: Event) -> None:
    """Apply one change of the quantity."""
    before = walk.quantity
    if _accept(walk, event):
        _bill(walk, event, before, ())


def quantities_changed(walk: Walk, events: list[Event]) -> None:
    """Apply several changes of one day, as the convention says."""
    if walk.conventions.same_day is SameDay.EACH:
        for event in events:
            before = walk.quantity
            if _accept(walk, event):
                _bill(walk, event, before, _EACH)
        return
    before = walk.quantity
    accepted = [event for event in events if _accept(walk, event)]
    if accepted and walk.quantity != before:
        _bill(walk, accepted[-1], before, _MERGED if len(accepted) > 1 else ())


def _bill(walk: Walk, event: Event, before: Quantity, variants: tuple[str, ...]) -> None:
    after, on = walk.quantity, event.at.date()
    charge_type = rules.ADD_QUANTITY if after > before else rules.REMOVE_QUANTITY
    entry = _entry(Entry, (_REFUNDED, charge_type, event, _FAMILY, (before, after), variants, ()))
    recreate(walk, on, before, entry, _CHARGED)


def _accept(walk: Walk, event: Event) -> bool:
    """Take over the new quantity and its batches; False if there is nothing to bill."""
    after, before = event.quantity, walk.quantity
    if after is None or after < 0:
        walk.ignore(event, "the new quantity is missing or below zero", "Give the number of seats from then on.")
        return False
    if walk.is_trial:
        walk.ignore(event, "a trial's quantity cannot change", "Convert the trial first.")
        return False
    if after > before:
        walk.batches.append((after - before, event.at))
    elif after < before:
        if not _may_remove(walk, event, before - after):
            return False
        take(walk, before - after)
    else:
        return False
    walk.quantity = after
    if walk.pending is not None or walk.next_end is not None:
        walk.drop_scheduled(event)
    return True


def _may_remove(walk: Walk, event: Event, count: Quantity) -> bool:
    if walk.subscription.kind is ServiceKind.SOFTWARE_SUBSCRIPTION:
        why = "the seats of a software subscription cannot be reduced"
        return not walk.refuses(event, why, "Cancel it inside its window and buy it again.")
    possible = returnable(walk, event.at)
    if count <= possible:
        return True
    why = f"{count} seats cannot be given back, {possible} can{_open_batches(walk, event)}"
    return not walk.refuses(event, why, f"Schedule the smaller quantity for the renewal on {walk.term.end}.")


def _open_batches(walk: Walk, event: Event) -> str:
    """What can still be given back, until when, and what that would refund."""
    parts = []
    for quantity, since in walk.batches:
        if is_open(walk, since, event.at):
            until = ends_at(walk, since)
            when = f"until {until:%Y-%m-%d %H:%M}" if until else "at any time"
            parts.append(f"{quantity} {when}{_worth(walk, event, quantity)}")
    return f" ({'; '.join(parts)})" if parts else ""


def _worth(walk: Walk, event: Event, quantity: Quantity) -> str:
    charged, cycle = walk.charged, walk.cycle
    if charged is None:
        return ""
    part = (cycle.end - event.on).days * cycle.scale
    rate = charged.exchange.rate if charged.exchange else _ONE
    amount = charged.mode.amount(charged.price.amount, quantity, part, cycle.whole, rate, currency=charged.currency)
    return f" for {amount} {charged.currency}"
