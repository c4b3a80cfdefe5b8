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

from shared.domain.expected.charge_cycles import cycle_at
from shared.domain.expected.legacy import rules
from shared.domain.expected.legacy.charges import charge, give_back, invoice_from
from shared.domain.expected.legacy.running import Cause, Change, Kind, Running, Span, Standing
from shared.domain.expected.rules import Rule
from shared.domain.subscriptions.events import Quantity

_Piece = tuple[date, "Change | None", Rule]


def note_change(run: Running, change: Change) -> None:
    """Remember a change until its lines are made."""
    if run.free_since:
        run.free_since.append(change)
        return
    if not run.changes:
        run.changes_due_on = cycle_at(change.on, run.term.anchor, 1).end
    run.changes.append(change)


def settle_changes(run: Running, on: date, charge_type: str = rules.INSTANCE_PRORATE) -> None:
    """Reverse what stood when the first change came, and charge it again piece by piece; *on* decides the invoice."""
    changes, run.changes = run.changes, []
    if not changes:
        return
    run.changed_until = run.changes_due_on
    cut_on = _cut_on(run, changes) if on == run.changes_due_on else None
    standing, run.standing = run.standing, []
    touched: list[tuple[Standing, list[_Piece]]] = []
    for each in standing:
        pieces = _pieces(each.span, changes, cut_on)
        if any(_quantity(piece, each.span) != each.span.quantity for piece in pieces):
            touched.append((each, pieces))
            give_back(run, each, each.span.start, Kind(rules.REVERSAL, charge_type), _cause(changes[0], on))
        else:
            run.standing.append(each)
    for each, pieces in touched:
        _charge_pieces(run, each.span, pieces, charge_type, on)


def _cut_on(run: Running, changes: list[Change]) -> date | None:
    """The day on which pieces are cut: the anniversary, if an invoice passed between some change and it."""
    for change in changes:
        invoice = invoice_from(run, change.on)
        if invoice is not None and invoice < run.changes_due_on:
            return run.changes_due_on
    return None


def _pieces(span: Span, changes: list[Change], cut_on: date | None) -> list[_Piece]:
    """The pieces of a span: where each begins, the change that began it, and the rule. A span that is over is whole."""
    starts: dict[date, tuple[Change | None, Rule]] = {span.start: (None, rules.SEGMENT)}
    for change in changes:
        if change.on < span.end:
            starts[max(change.on, span.start)] = (change, rules.SEGMENT)
    if cut_on is not None and span.start < cut_on < span.end:  # every change came before the cut
        starts[cut_on] = (changes[-1], rules.CUT_SEGMENT)
    return [(start, change, rule) for start, (change, rule) in starts.items()]


def _quantity(piece: _Piece, span: Span) -> Quantity:
    return span.quantity if piece[1] is None else piece[1].after


def _charge_pieces(run: Running, span: Span, pieces: list[_Piece], charge_type: str, on: date) -> None:
    ends = [start for start, _, _ in pieces[1:]] + [span.end]
    first = next(change for _, change, _ in pieces if change is not None)
    for piece, end in zip(pieces, ends, strict=True):
        start, change, rule = piece
        part = span._replace(start=start, end=end, quantity=_quantity(piece, span))
        charge(run, part, Kind(rule, charge_type), _cause(change or first, on))


def _cause(change: Change, on: date) -> Cause:
    return Cause(change.event, on, change.before, change.after)
