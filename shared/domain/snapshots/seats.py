"""Seats: when they came, told by the windows in which they may be given back.

Microsoft lets seats go for seven days after they came, so each batch's end says when it came, to the second.

Not here: windows as the engine knows them (``expected/cancellation_windows``).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.domain.snapshots.values import Refundable

WINDOW = timedelta(days=7)


class Arrival(NamedTuple):
    """Seats that came at an instant."""

    at: datetime
    quantity: int


def arrivals(batches: Iterable[Refundable], before: Iterable[Refundable] = ()) -> list[Arrival]:
    """Return what came by *batches* that were not among those of *before*, first things first."""
    known = {batch.until for batch in before}
    return sorted(Arrival(batch.until - WINDOW, batch.quantity) for batch in batches if batch.until not in known)


def additions(total: int, least: int, came: Sequence[Arrival]) -> list[Arrival]:
    """Return the last of *came* that can have been added to at least *least* seats to make *total*, in order."""
    left, added = total, list[Arrival]()
    for arrival in reversed(came):
        if arrival.quantity <= 0 or left - arrival.quantity < least:
            break
        left -= arrival.quantity
        added.append(arrival)
    return added[::-1]
