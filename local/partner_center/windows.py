"""The windows in which seats can be given back and a purchase can be cancelled.

Invariants: every batch of seats has a window of its own, which begins when it is bought, renewed or added; seats whose
window closes first are given back first.

Not here: what else forbids a change (``changing``).
"""

from datetime import datetime, timedelta

from local.partner_center.entities import Subscription

WINDOW = timedelta(days=7)
FULL_REFUND = timedelta(hours=24)
_PERPETUAL = timedelta(days=30)
_WINDOWS = {"SaaS": FULL_REFUND, "OnlineServicesNCE": WINDOW, "Software": WINDOW}


def open_windows(subscription: Subscription, quantity: int, at: datetime) -> None:
    """Let *quantity* seats be given back, and the whole be cancelled, from *at* on."""
    is_perpetual = subscription.product_type == "Software" and not subscription.term
    window = _PERPETUAL if is_perpetual else _WINDOWS.get(subscription.product_type)
    if window is None or subscription.is_trial:
        return
    subscription.cancellable_until = at + window
    subscription.extra["fully_refundable_until"] = at + (_PERPETUAL if is_perpetual else FULL_REFUND)
    if subscription.product_type == "OnlineServicesNCE":
        subscription.refundable = [(quantity, at + window)]


def open_batches(subscription: Subscription, at: datetime) -> list[tuple[int, datetime]]:
    """Return the batches of seats that can still be given back, (quantity, until), the first to close first."""
    batches = [(quantity, until) for quantity, until in subscription.refundable if quantity > 0 and until >= at]
    return sorted(batches, key=lambda batch: batch[1])


def take_from_batches(subscription: Subscription, quantity: int, at: datetime) -> bool:
    """Give back *quantity* seats; False, and nothing changes, where fewer can be given back."""
    batches = open_batches(subscription, at)
    if sum(batch for batch, _ in batches) < quantity:
        return False
    left: list[tuple[int, datetime]] = []
    for batch, until in batches:
        taken = min(batch, quantity)
        quantity -= taken
        if batch > taken:
            left.append((batch - taken, until))
    subscription.refundable = left
    return True


def capped(batches: list[tuple[int, datetime]], quantity: int) -> list[tuple[int, datetime]]:
    """Return what of the batches fits into *quantity* seats, the last to close first."""
    left: list[tuple[int, datetime]] = []
    for batch, until in sorted(batches, key=lambda each: each[1], reverse=True):
        kept = min(batch, quantity)
        quantity -= kept
        if kept:
            left.append((kept, until))
    return left[::-1]


def is_cancellable(subscription: Subscription, at: datetime) -> bool:
    """Whether it can be cancelled for a refund at that moment."""
    return subscription.cancellable_until is not None and at <= subscription.cancellable_until


def is_fully_refundable(subscription: Subscription, at: datetime) -> bool:
    """Whether cancelling at that moment gives everything back, the days used among it."""
    until = subscription.extra.get("fully_refundable_until")
    return until is not None and at <= until
