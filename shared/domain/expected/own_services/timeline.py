"""Timelines: what a charge cycle is billed for, piece by piece, and what differs between two versions of it.

A timeline is the cycle as it was known at a moment: pieces of time, each with a quantity and a rate. The first version
is charged; each later moment makes a new version, and the differences are the corrections. Coarse ways of counting
(whole months, any part is the whole) let one piece, the dearest, stand for each month or for the cycle.

Invariants: pieces are in order, do not overlap, have a length and a quantity above zero; neighbours differ.

Not here: amounts, lines (``advance``, ``arrears``).
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from shared.domain.expected.own_services.cycles import Cycle
from shared.domain.expected.own_services.rates import Rate
from shared.domain.expected.own_services.shares import month_marks
from shared.domain.subscriptions.events import Event, Quantity
from shared.domain.subscriptions.own_billing import OwnBilling, QuantityBasis, Share


class Piece(NamedTuple):
    """From tick *start* up to *end*, *quantity* units at *rate*. *event* made it so (None: it was so before)."""

    start: int
    end: int
    quantity: Quantity
    rate: Rate
    event: Event | None = None

    @property
    def cost(self) -> Fraction:
        """What the piece would cost for a whole cycle."""
        return Fraction(self.quantity) * self.rate.exact


class Difference(NamedTuple):
    """From tick *start* up to *end*, *old* was billed and *new* should be; None is nothing."""

    start: int
    end: int
    old: Piece | None
    new: Piece | None


def shaped(billing: OwnBilling, cycle: Cycle, pieces: Sequence[Piece]) -> list[Piece]:
    """Return *pieces* as the policy's way of counting sees them."""
    if billing.share is Share.NONE:
        return _dearest_of_each(pieces, [cycle.start, cycle.end])
    if billing.share is Share.WHOLE_MONTHS:
        return _dearest_of_each(pieces, month_marks(cycle))
    return joined(pieces)


def counted(billing: OwnBilling, pieces: Sequence[Piece], end: int) -> list[Piece]:
    """Return *pieces* with the quantity that is charged in arrears, for the time up to *end*."""
    if not pieces or billing.quantity_basis is QuantityBasis.SEGMENTS:
        return list(pieces)
    if billing.quantity_basis is QuantityBasis.LAST:
        chosen = pieces[-1]
        return [chosen._replace(start=pieces[0].start, event=None)] if chosen.end == end else []
    chosen = max(pieces, key=lambda piece: piece.cost)
    return [chosen._replace(start=pieces[0].start, end=pieces[-1].end, event=None)]


def dearer_of(old: Sequence[Piece], new: Sequence[Piece]) -> list[Piece]:
    """Return at every moment the dearer of two versions: additions count, reductions do not."""
    made = []
    for start, end, before, after in _side_by_side(old, new):
        chosen = after if before is None or (after is not None and after.cost > before.cost) else before
        if chosen is not None:
            made.append(chosen._replace(start=start, end=end))
    return joined(made)


def clipped(pieces: Sequence[Piece], end: int | None) -> list[Piece]:
    """Return *pieces* up to *end* (None: all of them)."""
    if end is None:
        return list(pieces)
    return [piece._replace(end=min(piece.end, end)) for piece in pieces if piece.start < end]


def extended(pieces: Sequence[Piece], end: int, new_end: int) -> list[Piece]:
    """Return *pieces* where the one that reaches *end* reaches *new_end* instead."""
    return [piece._replace(end=new_end) if piece.end == end < new_end else piece for piece in pieces]


def differences(old: Sequence[Piece], new: Sequence[Piece]) -> list[Difference]:
    """Return where two versions differ, in order."""
    return [Difference(*found) for found in _side_by_side(old, new) if not same(found[2], found[3])]


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Return *pieces* with equal neighbours made one."""
    made: list[Piece] = []
    for piece in pieces:
        if made and made[-1].end == piece.start and same(made[-1], piece):
            made[-1] = made[-1]._replace(end=piece.end)
        else:
            made.append(piece)
    return made


def same(one: Piece | None, other: Piece | None) -> bool:
    """Return whether both bill the same quantity at the same rate (None: nothing)."""
    if one is None or other is None:
        return one is other
    return one.quantity == other.quantity and one.rate == other.rate


def _side_by_side(old: Sequence[Piece], new: Sequence[Piece]) -> Iterator[tuple[int, int, Piece | None, Piece | None]]:
    marks = sorted({mark for piece in (*old, *new) for mark in (piece.start, piece.end)})
    for start, end in pairwise(marks):
        yield start, end, _covering(old, start), _covering(new, start)


def _covering(pieces: Sequence[Piece], tick: int) -> Piece | None:
    return next((piece for piece in pieces if piece.start <= tick < piece.end), None)


def _dearest_of_each(pieces: Sequence[Piece], marks: Sequence[int]) -> list[Piece]:
    """Let the dearest piece of each span between two marks stand for all of the span."""
    spans: dict[int, list[Piece]] = {}
    for piece in pieces:
        first, last = bisect_right(marks, piece.start) - 1, bisect_right(marks, piece.end - 1) - 1
        for index in range(first, last + 1):
            spans.setdefault(index, []).append(piece)
    made = []
    for index, found in spans.items():
        dearest = max(found, key=lambda piece: piece.cost)
        start = max(found[0].start, marks[index])
        end = marks[index + 1] if index + 1 < len(marks) else found[-1].end
        made.append(dearest._replace(start=start, end=end))
    return joined(made)
