"""Charges: the lines of a span, and the lines that give them back.

A product in parts has one line for each part. A discounted line's amount is what is to pay: Microsoft's file keeps the
list amount in ``Amount`` and the discount in ``TotalOtherDiscount``, and cuts what is left after the cents
(``Subtotal``); both stand in the line's inputs.

Sources: Microsoft Partner Center documentation, "Common billing scenarios"; AppXite, "Promotions charges".

Not here: when something is charged or given back.
"""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from shared.domain.expected.legacy.running import Cause, Kind, Piece, Running, Span
from shared.domain.expected.legacy_dates import invoice_day
from shared.domain.expected.lines import ExpectedLine
from shared.domain.money import exact_sum

_PART = "part"

_invoice_day = lru_cache(maxsize=1 << 16)(invoice_day)

_made = tuple.__new__
"""Makes a line of a tuple that has all its fields: much faster than naming them."""


def charge(run: Running, span: Span, kind: Kind, cause: Cause, invoice: date | None) -> None:
    """Charge a whole span."""
    charge_pieces(run, span, ((span.start, span.end, span.quantity, cause, kind),), invoice)


def charge_pieces(run: Running, span: Span, pieces: Iterable[Piece], invoice: date | None) -> None:
    """Add the lines of each piece of *span*, one for each part of the product, and let the pieces stand."""
    subscription, cycle, prices, free = run.subscription, span.cycle, span.prices, span.free
    currency, whole = subscription.currency, cycle.days
    for start, end, quantity, (event, _, before, after), kind in pieces:
        charged = quantity - free if free else quantity
        lines: tuple[ExpectedLine, ...] = ()
        if charged > 0 and start < end:
            days = (end - start).days
            for part, price, mode, amount in prices:
                line = _made(ExpectedLine, (
                    kind.rule, kind.charge_type, subscription, event, start, end, cycle, days, whole, charged, 1,
                    price, amount(charged, days, whole), currency, mode, invoice, before, after, None, "days",
                    kind.variants, None, (), (),
                ))  # fmt: skip
                lines += (line._replace(inputs=_inputs(run, line, part)) if part or price.percent_off else line,)
            run.lines += lines
        run.standing.append(_made(Span, (start, end, cycle, quantity, prices, free, lines)))


def give_back(run: Running, span: Span, since: date, kind: Kind, cause: Cause, invoice: date | None) -> None:
    """Add the credits for the days of a charge from *since* on; all of it where *since* is not after its start."""
    if since < span.end:
        run.lines += [_credit(run, line, since, kind, cause, invoice) for line in span.lines]


def invoice_from(run: Running, day: date) -> date | None:
    """Return the partner's billing date on whose invoice a line of that day stands; None where it is not known."""
    billing_day = run.subscription.partner_billing_day
    return None if billing_day is None else _invoice_day(day, billing_day)


def _credit(
    run: Running, line: ExpectedLine, since: date, kind: Kind, cause: Cause, invoice: date | None
) -> ExpectedLine:
    event, _, before, after = cause
    start, end, days = line.start or since, line.end or since, line.part  # a charge of this module has both days
    amount, quantity, whole, price, mode = line.amount, line.quantity, line.whole, line.price, line.mode
    if since > start:
        start, days = since, (end - since).days
        amount = mode.amount(price.amount, quantity, days, whole, currency=line.currency)
    credit = _made(ExpectedLine, (
        kind.rule, kind.charge_type, line.subscription, event, start, end, line.cycle, days, whole, quantity, -1, price,
        amount.copy_negate() if amount else amount, line.currency, mode, invoice, before, after, line, "days",
        kind.variants, None, (), (),
    ))  # fmt: skip
    return credit._replace(inputs=_inputs(run, credit, dict(line.inputs).get(_PART, ""))) if line.inputs else credit


def _inputs(run: Running, line: ExpectedLine, part: str) -> tuple[tuple[str, str], ...]:
    named = ((_PART, part),) if part else ()
    if not line.price.percent_off:
        return named
    mode = run.arithmetic.listed
    listed = mode.amount(line.price.listed, line.quantity, line.part, line.whole, currency=line.currency)
    listed = listed.copy_negate() if line.sign < 0 else listed
    discount = exact_sum((listed, line.amount.copy_negate()))
    return (*named, ("Amount", f"{listed:f}"), ("TotalOtherDiscount", f"{discount:f}"))
