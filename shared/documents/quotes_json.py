"""Quotes for programs, as JSON values: every amount as text, every last day included.

Not here: the question (``quote_questions``), the table for people (``quotes_table``).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shared.documents.expected_lines_json import issue_values, line_values, number_text, quantity_value
from shared.documents.expected_sales_json import money_values, sale_values
from shared.domain.expected_sales import ExpectedSale
from shared.domain.quotes import Commitment, Possible, Quote, Recurring, Undo

_OF_LINE = ("subscription", "product", "charge_type", "start", "end", "days", "cycle_days", "counted", "quantity")
_OF_SALE = ("unit_price", "amount", "currency", "locked_until", "sentence", "arithmetic")
"""What a customer sees of a line and of its sale."""


def quote_values(quote: Quote, language: str) -> dict[str, Any]:
    """Return the quote as plain JSON values, for the reseller: with cost, margin and the source of each price."""
    return _values(quote, for_customer=False) | {
        "lines": _lines(quote.sales, language),
        "withdrawn": _lines(quote.withdrawn, language),
        "cost_now": money_values(quote.cost_now),
        "issues": [issue_values(issue) for issue in quote.issues],
    }


def customer_quote_values(quote: Quote, language: str) -> dict[str, Any]:
    """Return the quote as its customer sees it: no cost, no margin, no row of a price list, and no vendor's amount.

    The price that is locked is his own, if that was agreed. Of what is refused there is the cure only, for the reasons
    of the vendor's limits are told in the vendor's amounts.
    """
    return _values(quote, for_customer=True) | {
        "lines": [_customer_line(sale, language) for sale in quote.sales],
        "withdrawn": [_customer_line(sale, language) for sale in quote.withdrawn],
        "issues": [{"code": issue.code.value, "cure": issue.cure} for issue in quote.refusals],
    }


def _customer_line(sale: ExpectedSale, language: str) -> dict[str, Any]:
    (line,), told = line_values([sale.line], language), sale_values(sale, language)
    return {name: line[name] for name in _OF_LINE} | {name: told[name] for name in _OF_SALE}


def _values(quote: Quote, *, for_customer: bool) -> dict[str, Any]:
    proposal = quote.proposal
    return {
        "subscription": proposal.subscription_id,
        "proposed": "order" if proposal.order else proposal.event.kind.value,
        "on": proposal.on.isoformat(),
        "refused": quote.is_refused,
        "total_now": money_values(quote.total_now),
        "per_month_before": money_values(quote.per_month_before),
        "per_month_after": money_values(quote.per_month_after),
        "recurring_before": [_recurring(each) for each in quote.before],
        "recurring_after": [_recurring(each) for each in quote.after],
        "commitment": None if quote.commitment is None else _commitment(quote.commitment, for_customer=for_customer),
        "undo": None if quote.undo is None else _undo(quote.undo),
        "possible": None if quote.possible is None else _possible(quote.possible),
        "notes": list(quote.notes),
    }


def _lines(sales: Sequence[ExpectedSale], language: str) -> list[dict[str, Any]]:
    lines = line_values([sale.line for sale in sales], language)
    return [line | {"sale": sale_values(sale, language)} for line, sale in zip(lines, sales, strict=True)]


def _recurring(each: Recurring) -> dict[str, Any]:
    return {
        "subscription": each.subscription_id,
        "cycle": {"start": each.cycle.start.isoformat(), "end": each.cycle.last_day.isoformat()},
        "months": each.months,
        "days": each.cycle.days,
        "quantity": quantity_value(each.quantity),
        "currency": each.per_cycle.currency,
        "per_cycle": number_text(each.per_cycle.amount),
        "per_month": number_text(each.per_month.amount),
        "unit_per_month": number_text(each.unit_per_month.amount),
    }


def _commitment(commitment: Commitment, *, for_customer: bool) -> dict[str, Any]:
    own = commitment.sale_locked_until and commitment.sale_locked_until.isoformat()
    locks = {"price_locked_until": commitment.price_locked_until.isoformat(), "sale_locked_until": own}
    return {
        "term": {"start": commitment.term.start.isoformat(), "end": commitment.term.last_day.isoformat()},
        **({"price_locked_until": own} if for_customer else locks),
        "renews_on": commitment.renews_on and commitment.renews_on.isoformat(),
        "remaining": money_values(commitment.remaining),
    }


def _undo(undo: Undo) -> dict[str, Any]:
    return {
        "by": undo.by,
        "until": _instant(undo.until),
        "full_until": _instant(undo.full_until),
        "back_at_once": money_values(undo.back_at_once),
        "back_at_last": money_values(undo.back_at_last),
    }


def _possible(possible: Possible) -> dict[str, Any]:
    return {"quantity": quantity_value(possible.quantity), "back": money_values(possible.back)}


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().removesuffix("+00:00") + "Z"
