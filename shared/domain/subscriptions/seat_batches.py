"""Seat batches: seats that were added together, and until when they can be given back.

Every purchase, renewal and addition makes a batch with a window of its own. Seats that go are taken from the youngest
batch first; a batch whose window is over gives nothing back.

Not here: the lengths of the windows (``expected/vendor_tables``), what a removal costs (``expected``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.subscriptions.events import Quantity


@dataclass(frozen=True, slots=True)
class SeatBatch:
    """Seats added together at *added_at*. They can be given back before *until*; None: at any time."""

    quantity: Quantity
    added_at: datetime
    until: datetime | None

    def is_open_at(self, instant: datetime) -> bool:
        """Whether its seats can still be given back at *instant*."""
        return self.until is None or instant < self.until


Batches = tuple[SeatBatch, ...]
"""The oldest first."""


def returnable(batches: Sequence[SeatBatch], at: datetime) -> Quantity:
    """Return how many seats can be given back at that instant: those of the youngest batches that are open."""
    seats: Quantity = 0
    for batch in reversed(batches):
        if not batch.is_open_at(at):
            break
        seats += batch.quantity
    return seats


def without(batches: Batches, quantity: Quantity) -> Batches:
    """Return the batches after *quantity* seats went, the youngest first; never fewer than none."""
    left = list(batches)
    while quantity > 0 and left:
        youngest = left.pop()
        if youngest.quantity > quantity:
            left.append(SeatBatch(youngest.quantity - quantity, youngest.added_at, youngest.until))
        quantity -= youngest.quantity
    return tuple(left)
