"""Charges: the lines of a span, and the lines that give them back.

A product in parts has one line for each part. A discounted line's amount is what is to pay: Microsoft's file keeps the
list amount in ``Amount`` and the discount in ``TotalOtherDiscount``, and cuts what is left after the cents
(``Subtotal``); both stand in the line's inputs.

Sources: Microsoft Partner Center documentation, "Common billing scenarios"; AppXite, "Promotions charges".

Not here: when something is charged or given back.
"""

from datetime import date
from functools import lru_cache

from shared.domain.expected.legacy.running import Cause, Kind, Running, Span, Standing
from shared.domain.expected.legacy_dates import invoice_day
from shared.domain.expected.lines import ExpectedLine, UnitPrice
from shared.domain.money import exact_sum

_PART = "part"

_invoice_day = lru_cache(maxsize=1 << 16)(invoice_day)


def charge(run: Running, span: Span, kind: Kind, cause: Cause) -> Standing:
    """Add the lines of *span*, one for each part of the product, and return what now stands."""
    lines: tuple[ExpectedLine, ...] = ()
    if span.charged and span.start < span.end:
        lines = tuple(_charge_line(run, span, price, kind, cause) for price in span.prices)
        run.lines.extend(lines)
    standing = Standing(span, lines)
    run.standing.append(standing)
    return standing


def give_back(run: Running, standing: Standing, since: date, kind: Kind, cause: Cause) -> None:
    """Add the credits for the days of a charge from *since* on; all of it where *since* is not after its start."""
    start = max(since, standing.span.start)
    if start < standing.span.end:
        run.lines.extend(_credit_line(run, line, start, kind, cause) for line in standing.lines)


def invoice_from(run: Running, day: date) -> date | None:
    """Return the partner's billing date on whose invoice a line of that day stands; None where it is not known."""
    billing_day = run.subscription.partner_billing_day
    return None if billing_day is None else _invoice_day(day, billing_day)


def _charge_line(run: Running, span: Span, part: tuple[str, UnitPrice], kind: Kind, cause: Cause) -> ExpectedLine:
    name, price = part
    days = (span.end - span.start).days
    mode = run.discounted_mode if price.percent_off else run.mode
    currency = run.subscription.currency
    amount = mode.amount(price.amount, span.charged, days, span.cycle.days, currency=currency)
    line = ExpectedLine(
        kind.rule,
        kind.charge_type,
        run.subscription,
        cause.event,
        span.start,
        span.end,
        span.cycle,
        days,
        span.cycle.days,
        span.charged,
        1,
        price,
        amount,
        currency,
        mode,
        invoice_from(run, cause.on),
        cause.before,
        cause.after,
        None,
        "days",
        kind.variants,
    )
    return line._replace(inputs=_inputs(run, line, name)) if name or price.percent_off else line


def _credit_line(run: Running, line: ExpectedLine, start: date, kind: Kind, cause: Cause) -> ExpectedLine:
    end = line.end or start  # a charge of this module always has an end
    amount, days = line.amount, line.part
    if start != line.start:
        days = (end - start).days
        amount = line.mode.amount(line.price.amount, line.quantity, days, line.whole, currency=line.currency)
    credit = ExpectedLine(
        kind.rule,
        kind.charge_type,
        line.subscription,
        cause.event,
        start,
        end,
        line.cycle,
        days,
        line.whole,
        line.quantity,
        -1,
        line.price,
        -amount if amount else amount,
        line.currency,
        line.mode,
        invoice_from(run, cause.on),
        cause.before,
        cause.after,
        line,
        "days",
        kind.variants,
    )
    return credit._replace(inputs=_inputs(run, credit, dict(line.inputs).get(_PART, ""))) if line.inputs else credit


def _inputs(run: Running, line: ExpectedLine, part: str) -> tuple[tuple[str, str], ...]:
    named = ((_PART, part),) if part else ()
    if not line.price.percent_off:
        return named
    listed = run.mode.amount(line.price.listed, line.quantity, line.part, line.whole, currency=line.currency)
    listed = listed.copy_negate() if line.sign < 0 else listed
    discount = exact_sum((listed, line.amount.copy_negate()))
    return (*named, ("Amount", f"{listed:f}"), ("TotalOtherDiscount", f"{discount:f}"))
