"""Changes of quantity: at the next monthly anniversary the fee is reversed and billed again, piece by piece.

What stands from the first change on is reversed whole, and each quantity is charged for its own days; the day of a
change belongs to the new quantity, and of several changes on one day only the last counts. A later change in the same
year reverses the piece it falls into, in the same way.

When is a piece cut at the monthly anniversary as well? Microsoft's two yearly examples look contradictory: a licence
added on 1 February (cycle day 13, billing day 15) is not cut, one added on 12 February (cycle day 11, billing day 14)
is cut on 11 March. One rule gives both, and is the heading of the second: a change made after the anniversary but
before the billing date misses that invoice, because its lines are only made at the next anniversary; what was used
until then and what follows are charged apart. So a piece is cut at the anniversary exactly if a billing date lies
between the change and the anniversary, the day of the change included.

Sources: Microsoft Partner Center documentation, "Common billing scenarios" (monthly, annual; edition of 2016).

Not here: suspensions and cancellations (``ending``).
"""

from datetime import date
from typing import NamedTuple

from shared.domain.expected.charge_cycles import cycle_at
from shared.domain.expected.legacy import rules
from shared.domain.expected.legacy.charges import charge_pieces, give_back, invoice_from
from shared.domain.expected.legacy.running import Cause, Kind, Piece, Running, Span
from shared.domain.subscriptions.events import Event, Quantity


class _Kinds(NamedTuple):
    """What the lines of one settlement are."""

    reversal: Kind
    segment: Kind
    cut: Kind


_KINDS = {
    charge_type: _Kinds(
        Kind(rules.REVERSAL, charge_type), Kind(rules.SEGMENT, charge_type), Kind(rules.CUT_SEGMENT, charge_type)
    )
    for charge_type in (rules.INSTANCE_PRORATE, rules.CONVERT_INSTANCE_PRORATE)
}


def change_quantity(run: Running, event: Event, on: date, quantity: Quantity) -> None:
    """Let *quantity* hold from that day on; its lines are made later."""
    before = run.quantity
    if quantity == before:
        return
    run.quantity = quantity
    waiting = run.free_since or run.changes
    if not waiting:
        run.changes_due_on = cycle_at(on, run.term.anchor, 1).end
    waiting.append((event, on, before, quantity))


def settle_changes(run: Running, on: date, charge_type: str = rules.INSTANCE_PRORATE) -> None:
    """Reverse what stood when the first change came, and charge it again piece by piece; *on* decides the invoice."""
    changes = run.changes
    if not changes:
        return
    cut_on = run.changes_due_on if on == run.changes_due_on else None
    run.changed_until, run.changes_due_on, run.changes = run.changes_due_on, date.max, []
    kinds, invoice = _KINDS[charge_type], invoice_from(run, on)
    standing, run.standing = run.standing, []
    touched: list[tuple[Span, list[Piece]]] = []
    for span in standing:
        pieces = _pieces(run, span, changes, cut_on, kinds)
        if {piece[2] for piece in pieces} <= {span.quantity}:
            run.standing.append(span)
        else:
            touched.append((span, pieces))
            give_back(run, span, span.start, kinds.reversal, changes[0], invoice)
    for span, pieces in touched:
        charge_pieces(run, span, pieces, invoice)


def _pieces(run: Running, span: Span, changes: list[Cause], cut_on: date | None, kinds: _Kinds) -> list[Piece]:
    """The pieces of a span from the first change on; none of a span that was over before it."""
    start, last, quantity, cause, kind = span.start, span.end, span.quantity, None, kinds.segment
    pieces: list[Piece] = []
    for change in changes:
        _, on, _, after = change
        if on >= last:
            continue
        if on > start:
            pieces.append((start, on, quantity, cause or change, kind))
            start = on
        quantity, cause = after, change
    if cause is None:
        return pieces
    if cut_on is not None and start < cut_on < last and _misses_invoice(run, changes, cut_on):
        pieces.append((start, cut_on, quantity, cause, kind))  # every change came before the cut
        start, kind = cut_on, kinds.cut
    pieces.append((start, last, quantity, cause, kind))
    return pieces


def _misses_invoice(run: Running, changes: list[Cause], cut_on: date) -> bool:
    """Whether an invoice passed between some change and the anniversary."""
    invoices = (invoice_from(run, on) for _, on, _, _ in changes)
    return any(invoice is not None and invoice < cut_on for invoice in invoices)
