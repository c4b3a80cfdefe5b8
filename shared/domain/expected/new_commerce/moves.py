"""Seats that go to another subscription: a new one of another product, or one that runs already.

From the subscription that they leave, only the seats that go are refunded; the others are not billed again. A new
subscription takes over term, plan, cycle and window, so that both end together. Where the seats arrive in a running
subscription, its old quantity is refunded and the new one charged for the rest of its own cycle.

Not here: upgrades of all seats that keep the subscription (``conversions``).
"""

from dataclasses import replace
from decimal import Decimal

from shared.domain.expected.conventions import LineFamily
from shared.domain.expected.new_commerce import rules
from shared.domain.expected.new_commerce.charging import Entry, charge, recreate, refund
from shared.domain.expected.new_commerce.pricing import lock_price
from shared.domain.expected.new_commerce.state import Walk
from shared.domain.expected.new_commerce.windows import is_open, take
from shared.domain.expected.rules import Rule
from shared.domain.subscriptions.events import Event, EventKind, Quantity

_CONVERSION = LineFamily.CONVERSION
_NO_PROMOTION = Decimal(0)


def seats_upgraded(walk: Walk, event: Event) -> None:
    """Take some seats to a new subscription of another product, or to the one that is named and runs already."""
    target = walk.group.get(event.target)
    if target is not None and target.is_begun:
        seats_moved(walk, event)
        return
    count = _leaving(walk, event)
    if count is None:
        return
    if target is None:
        if not event.product:
            walk.ignore(
                event, f"subscription {event.target!r} is not known and no product is named", "Name one of them."
            )
            return
        target = _grown(walk, event, count)
    _leave(walk, event, count, rules.UPGRADE_REFUNDED, rules.CONVERT)
    _arrive_new(walk, target, event, count)
    _close_if_empty(walk)


def seats_moved(walk: Walk, event: Event) -> None:
    """Move seats into a subscription that runs already."""
    target = walk.group.get(event.target)
    if target is None or target is walk or not target.is_running or target.is_trial:
        walk.ignore(
            event, f"no running subscription {event.target!r} can take the seats", "Name the one that takes them."
        )
        return
    count = _leaving(walk, event)
    if count is None or not _may_take(walk, target, event):
        return
    _leave(walk, event, count, rules.MOVE_REFUNDED, rules.MOVE_QUANTITY)
    _arrive(target, event, count)
    _close_if_empty(walk)


def _leaving(walk: Walk, event: Event) -> Quantity | None:
    """How many seats go; None if they cannot."""
    count = walk.quantity if event.quantity is None else event.quantity
    if walk.is_trial or walk.is_extended or not 0 < count <= walk.quantity:
        walk.ignore(event, f"{count} of {walk.quantity} seats cannot go", "Give a number of paid seats that there are.")
        return None
    return count


def _may_take(walk: Walk, target: Walk, event: Event) -> bool:
    why = ""
    if target.term.months != walk.term.months:
        why = "the terms differ"
    elif target.term.end < walk.term.end:
        why = f"{target.subscription.id} ends earlier, on {target.term.end}"
    elif is_open(target, target.since, event.at):
        why = f"{target.subscription.id} is inside its own cancellation window"
    cure = "Move the seats after its window, or to a subscription of the same term that does not end earlier."
    return not why or not walk.refuses(event, f"seats cannot move there: {why}", cure)


def _leave(walk: Walk, event: Event, count: Quantity, rule: Rule, charge_type: str) -> None:
    change = (walk.quantity, walk.quantity - count)
    refund(walk, event.on, count, Entry(rule, charge_type, event, _CONVERSION, change))
    take(walk, count)
    walk.quantity -= count


def _close_if_empty(walk: Walk) -> None:
    walk.is_ended = not walk.quantity


def _arrive(target: Walk, event: Event, count: Quantity) -> None:
    before = target.quantity
    target.quantity = before + count
    change, on = (before, target.quantity), event.on
    kind = rules.MOVE_QUANTITY
    recreate(target, on, before, Entry(rules.MOVE_WIPED, kind, event, _CONVERSION, change), rules.MOVE_CHARGED)


def _arrive_new(walk: Walk, target: Walk, event: Event, count: Quantity) -> None:
    target.is_begun = True
    target.quantity = count
    target.product = event.product or target.product
    target.term_name, target.plan = walk.term_name, walk.plan
    target.term, target.cycle, target.since = walk.term, walk.cycle, walk.since
    target.batches = [(count, walk.since)]
    lock_price(target, event, event.on, percent=_NO_PROMOTION if event.percent is None else None)
    change = (0, count)
    charge(target, event.on, Entry(rules.UPGRADE_CHARGED, rules.CONVERT, event, _CONVERSION, change))


def _grown(walk: Walk, event: Event, count: Quantity) -> Walk:
    """A subscription that no history tells of: it is known from the upgrade that made it."""
    source = walk.subscription
    begun = Event(
        kind=EventKind.CREATED,
        at=event.at,
        quantity=count,
        product=event.product,
        unit_price=event.unit_price,
        source=event.source,
    )
    grown = replace(
        source,
        id=event.target or f"{source.id}/{event.product}",
        product=event.product,
        product_name="",
        sku="",
        term=walk.term_name,
        plan=walk.plan,
        ends_on=None,
        aligned_to=None,
        events=(begun,),
        auto_renews=True,
    )
    other = Walk(grown, walk.history, walk.last_day)
    other.group = walk.group
    walk.derived.append(other)
    walk.group[grown.id] = other
    return other
