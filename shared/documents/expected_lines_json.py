"""The way out for programs: an answer as JSON values, every amount as text, every last day included.

Invariants: nothing is computed here that the answer does not hold; amounts are text with all their digits; whole
quantities are numbers, parts are text; a name is always there, and ``null`` where it means nothing.

Not here: the shape of the question (``histories_model``), the table for people (``expected_lines_table``).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from shared.domain.expected.asked_sales import SaleAnswer
from shared.domain.expected.lines import ExpectedLine, UnitPrice
from shared.domain.expected.questions import Answer, InvoiceTotal, invoice_name
from shared.domain.expected.rounding import Rounding, rounded, trimmed
from shared.domain.expected.vendor_lines import PrintedLineAnswer
from shared.domain.expected.wording import arithmetic, sentence
from shared.domain.issues import Issue
from shared.domain.periods import Period
from shared.domain.subscriptions.events import Event, Quantity

UNROUNDED_DIGITS = 30
_DAY = timedelta(days=1)


def answer_json(answer: Answer) -> str:
    """Return the answer as indented JSON text."""
    return json.dumps(answer_values(answer), indent=2, ensure_ascii=False)


def answer_values(answer: Answer) -> dict[str, Any]:
    """Return the answer as plain JSON values."""
    lines = answer.expected.lines
    return {
        "title": answer.question.title,
        "through": _day(answer.question.history.through),
        "language": answer.question.language,
        "lines": line_values(lines, answer.question.language),
        "totals": {total.currency: number_text(total.amount) for total in answer.totals},
        "invoices": [_invoice(each) for each in answer.invoices],
        "tax": _tax(answer),
        "vendor_lines": [_printed(each) for each in answer.printed],
        "sales": [_sale(each) for each in answer.sales],
        "variants": list(answer.expected.variants),
        "issues": [issue_values(issue) for issue in answer.expected.issues],
    }


def line_values(lines: Sequence[ExpectedLine], language: str) -> list[dict[str, Any]]:
    """Return the lines as plain JSON values, numbered from 0; *corrects* is null where the line is not among them."""
    said = _Said(language, {id(line): number for number, line in enumerate(lines)}, lines)
    return [said.line(line) for line in lines]


@dataclass(frozen=True, slots=True)
class _Said:
    """What lines are said in: a language, and the numbers of the lines of this answer."""

    language: str
    numbers: Mapping[int, int]
    lines: Sequence[ExpectedLine]

    def line(self, line: ExpectedLine) -> dict[str, Any]:
        return {
            "index": self.numbers[id(line)],
            "subscription": line.subscription.id,
            "product": line.subscription.product or None,
            "charge_type": line.charge_type,
            "start": _day(line.start),
            "end": _day(line.last_day),
            "days": quantity_value(line.share[0]),
            "cycle_days": quantity_value(line.share[1]),
            "counted": line.counted,
            "cycle": _period(line.cycle),
            "quantity": quantity_value(line.quantity),
            "quantity_before": quantity_value(line.quantity_before),
            "quantity_after": quantity_value(line.quantity_after),
            "unit_price": number_text(line.price.listed),
            "effective_unit_price": number_text(line.effective_unit_price),
            "amount": number_text(line.amount),
            "currency": line.currency,
            "unrounded": _unrounded(line.unrounded),
            "rounding": line.mode.name,
            "invoice": invoice_name(line) or None,
            "sentence": sentence(line, self.language),
            "arithmetic": arithmetic(line, self.language),
            "rule": {"key": line.rule.key, "says": line.rule.says, "source": line.rule.source},
            "price": _price(line.price),
            "event": _event(line.event),
            "corrects": self._number_of(line.corrects),
            "exchange": _exchange(line),
            "pieces": [
                {"quantity": quantity_value(piece.quantity), "unit_price": number_text(piece.unit_price)}
                for piece in line.pieces
            ],
            "inputs": dict(line.inputs),
            "variants": list(line.variants),
        }

    def _number_of(self, corrected: ExpectedLine | None) -> int | None:
        if corrected is None:
            return None
        number = self.numbers.get(id(corrected))
        if number is not None:
            return number
        return next((number for number, line in enumerate(self.lines) if line == corrected), None)


def number_text(number: Decimal) -> str:
    """Return the number in ordinary digits, never with an exponent, never as minus zero."""
    return f"{number or number.copy_abs():f}"


def quantity_value(quantity: Quantity | None) -> int | str | None:
    """Return a whole quantity as a number, a part as text."""
    if quantity is None or isinstance(quantity, int):
        return quantity
    return int(quantity) if quantity == quantity.to_integral_value() else number_text(quantity)


def _number(number: Decimal | None) -> str | None:
    return None if number is None else number_text(number)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _period(period: Period | None) -> dict[str, str] | None:
    return None if period is None else {"start": period.start.isoformat(), "end": period.last_day.isoformat()}


def _unrounded(exact: Fraction) -> dict[str, str]:
    decimal = trimmed(rounded(exact.numerator, exact.denominator, UNROUNDED_DIGITS, Rounding.DOWN))
    return {"fraction": f"{exact.numerator}/{exact.denominator}", "decimal": number_text(decimal)}


def _price(price: UnitPrice) -> dict[str, str | None]:
    return {
        "amount": number_text(price.amount),
        "listed": number_text(price.listed),
        "percent_off": number_text(price.percent_off),
        "origin": price.origin or None,
    }


def _event(event: Event | None) -> dict[str, Any] | None:
    """Return the event with the fields that say something."""
    if event is None:
        return None
    told = {
        "kind": event.kind.value,
        "at": _instant(event.at),
        "quantity": quantity_value(event.quantity),
        "unit_price": _number(event.unit_price),
        "plan": event.plan and event.plan.value,
        "term": event.term,
        "product": event.product,
        "target": event.target,
        "last_day": event.ends_on and _day(event.ends_on - _DAY),
        "percent": _number(event.percent),
        "amount": _number(event.amount),
        "auto_renews": event.is_on,
        "note": event.note,
        "source": event.source,
        "id": event.id,
    }
    return {name: value for name, value in told.items() if value not in (None, "")}


def _instant(at: datetime) -> str:
    return at.isoformat().removesuffix("+00:00") + "Z"


def _exchange(line: ExpectedLine) -> dict[str, str | None] | None:
    rate = line.exchange
    if rate is None:
        return None
    return {
        "rate": number_text(rate.rate),
        "on": rate.on.isoformat(),
        "source": rate.source or None,
        "from_currency": rate.from_currency,
        "to_currency": rate.to_currency,
    }


def _invoice(each: InvoiceTotal) -> dict[str, Any]:
    taxed = each.taxed
    return {
        "invoice": each.invoice or None,
        "currency": each.total.currency,
        "lines": list(each.indexes),
        "total": number_text(each.total.amount),
        "tax": None if taxed is None else number_text(taxed.tax.amount),
        "gross": None if taxed is None else number_text(taxed.gross.amount),
        "line_taxes": [] if taxed is None else [number_text(tax.amount) for tax in taxed.line_taxes],
    }


def _tax(answer: Answer) -> dict[str, dict[str, str]] | None:
    """Return net, tax and gross over all invoices of each currency, where tax was asked for."""
    if answer.question.tax is None:
        return None
    return {
        net.currency: {
            "net": number_text(net.amount),
            "tax": number_text(tax.amount),
            "gross": number_text((net + tax).amount),
        }
        for net in answer.totals
        for tax in [answer.tax_in(net.currency)]
    }


def _printed(answer: PrintedLineAnswer) -> dict[str, Any]:
    line = answer.line
    return {
        "name": line.name or None,
        "amount": number_text(line.amount),
        "currency": line.printed.currency,
        "days": line.printed.part,
        "cycle_days": line.printed.whole,
        "reproduced_by": [mode.name for mode in answer.modes],
        "amounts": {mode.name: number_text(amount) for mode, amount in answer.amounts},
        "expected_line": answer.index,
        "difference": _number(answer.difference),
    }


def _sale(answer: SaleAnswer) -> dict[str, Any]:
    amount, margin = answer.amount, answer.margin
    return {
        "name": answer.asked.name or None,
        "method": answer.asked.entry.method.value,
        "amount": None if amount is None else number_text(amount.amount),
        "currency": None if amount is None else amount.currency,
        "unrounded": None if answer.unrounded is None else _unrounded(answer.unrounded),
        "unit_price": _number(answer.unit_price),
        "margin": None if margin is None else number_text(margin.amount),
        "refusal": answer.refusal or None,
    }


def issue_values(issue: Issue) -> dict[str, Any]:
    """Return what the issue says; fields that say nothing are left out."""
    fields = {
        "code": issue.code.value,
        "severity": issue.severity.value,
        "subscription": issue.subject,
        "message": issue.message,
        "cure": issue.cure,
        "value": issue.value,
    }
    return {name: value for name, value in fields.items() if value}
