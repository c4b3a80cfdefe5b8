"""Windows: how long a purchase, a renewal or added seats can be given back, and how much of it.

Not here: the lengths (``vendor_tables``), how days are counted (``cancellation_windows``), lines.
"""

from datetime import datetime

from shared.domain.expected.cancellation_windows import (
    full_refund_ends_at,
    is_early,
    window_ends_at,
    window_in_force,
    window_kind,
)
from shared.domain.expected.new_commerce.state import Walk
from shared.domain.expected.vendor_tables import Row, Window, WindowKind
from shared.domain.subscriptions.events import Quantity


def window_of(walk: Walk, since: datetime) -> tuple[Row[Window], tuple[str, ...]]:
    """Return the window of what began at *since*, and the conventions it rests on."""
    convention = walk.conventions.cancel_window.value
    if walk.is_extended:
        return window_in_force(WindowKind.EXTENDED_SERVICE_TERM, since.date()), ()
    name = walk.subscription.product_name or walk.product
    kind = window_kind(walk.subscription.kind, months=walk.term.months, name=name) or WindowKind.LICENCE
    early, bought_on = walk.conventions.early_cancel_window, since.date()
    row = window_in_force(kind, bought_on, early)
    return row, (convention, early.value) if is_early(kind, bought_on) else (convention,)


def ends_at(walk: Walk, since: datetime) -> datetime | None:
    """Return the first instant at which what began at *since* cannot be given back any more; None: at any time."""
    row, _ = window_of(walk, since)
    return window_ends_at(row.value, since, walk.conventions.cancel_window)


def is_open(walk: Walk, since: datetime, at: datetime) -> bool:
    """Whether what began at *since* can still be given back at *at*."""
    end = ends_at(walk, since)
    return end is None or at < end


def is_full(walk: Walk, since: datetime, at: datetime) -> bool:
    """Whether everything is refunded of what began at *since*."""
    row, _ = window_of(walk, since)
    return at < full_refund_ends_at(row.value, since, walk.conventions.cancel_window)


def returnable(walk: Walk, at: datetime) -> Quantity:
    """Return how many seats can be given back at that instant."""
    seats: Quantity = 0
    for quantity, since in walk.batches:
        if is_open(walk, since, at):
            seats += quantity
    return seats


def take(walk: Walk, quantity: Quantity) -> None:
    """Take seats from the batches, the youngest first."""
    batches = walk.batches
    while quantity > 0 and batches:
        youngest, since = batches.pop()
        if youngest > quantity:
            batches.append((youngest - quantity, since))
        quantity -= youngest
