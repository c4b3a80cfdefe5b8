"""Sales of expected lines and quotes for people: plain text, numbers under each other, a sentence under each line.

Not here: JSON (``expected_sales_json``, ``quotes_json``), the table of expected lines (``expected_lines_table``).
"""

from collections.abc import Iterable, Iterator, Sequence

from shared.documents.expected_lines_json import number_text, quantity_value
from shared.documents.expected_sales_json import sale_values
from shared.domain.expected_sales import ExpectedSale
from shared.domain.issues import Issue
from shared.domain.money import Money
from shared.domain.quotes import Commitment, Quote, Recurring, Undo

_HEADINGS = ("", "Charge type", "First day", "Last day", "Share", "Quantity", "Cost", "Sale", "Margin", "")
_RIGHT = {0, 4, 5, 6, 7, 8}
_RESELLERS = {6, 8}
"""The columns that a customer does not see: cost and margin."""
_INDENT = "    "


def sales_table(sales: Sequence[ExpectedSale], language: str) -> str:
    """Return the sales as text, ending with a line break; "" where there are none."""
    return _joined([*_table(sales, language), *_issues(issue for sale in sales for issue in sale.issues)])


def quote_table(quote: Quote, language: str, title: str = "", *, for_customer: bool = False) -> str:
    """Return the quote as text, ending with a line break; for a customer without cost and margin."""
    issues = (issue.cure for issue in quote.refusals) if for_customer else _issues(quote.issues)
    return _joined([*_quote_rows(quote, language, title, for_customer=for_customer), *issues])


def _quote_rows(quote: Quote, language: str, title: str, *, for_customer: bool) -> Iterator[str]:
    if title:
        yield title
        yield ""
    if quote.is_refused:
        yield "Refused."
    yield from _table(quote.sales, language, for_customer=for_customer)
    for sale in quote.withdrawn:
        yield f"In place of {sale.line.charge_type}: {_number(sale.amount) or 'no price'}"
    yield f"Now {_amounts(quote.total_now)}"
    yield f"By the month before {_amounts(quote.per_month_before)}, after {_amounts(quote.per_month_after)}"
    for each in quote.after:
        yield f"{_INDENT}{_recurring(each)}"
    if quote.commitment is not None:
        yield _committed(quote.commitment, for_customer=for_customer)
    if quote.undo is not None:
        yield _undone(quote.undo)
    yield from quote.notes


def _committed(commitment: Commitment, *, for_customer: bool) -> str:
    own = "" if commitment.sale_locked_until is None else f"; the price is locked until {commitment.sale_locked_until}"
    vendors = "" if for_customer else f"; the vendor's price is locked until {commitment.price_locked_until}"
    return f"Committed {commitment.term}{vendors}{own}"


def _undone(undo: Undo) -> str:
    full = "" if undo.full_until is None else f", everything until {undo.full_until:%Y-%m-%d %H:%M} UTC"
    last = "" if undo.until is None else f"; in the last second of the window {_amounts(undo.back_at_last)}"
    return f"Undone at once, {_amounts(undo.back_at_once)} comes back{full}{last}"


def _recurring(each: Recurring) -> str:
    quantity = quantity_value(each.quantity)
    what = f"{each.subscription_id}: {quantity} x {each.unit_per_month} = {each.per_month} by the month"
    length = f"{each.cycle.days} days" if each.months is None else f"{each.months} month{'s' * (each.months > 1)}"
    return f"{what}, from {each.per_cycle} for {each.cycle} ({length})"


def _table(sales: Sequence[ExpectedSale], language: str, *, for_customer: bool = False) -> Iterator[str]:
    if not sales:
        return
    hidden = _RESELLERS if for_customer else set()
    told_of = ("sentence", "arithmetic") if for_customer else ("sentence", "arithmetic", "price_source")
    cells = [_HEADINGS, *(_cells(number, sale) for number, sale in enumerate(sales, 1))]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEADINGS))]
    for number, row in enumerate(cells):
        yield "  ".join(
            text.rjust(width) if column in _RIGHT else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
            if column not in hidden
        )
        if number:
            told = sale_values(sales[number - 1], language)
            yield from (f"{_INDENT}{told[name]}" for name in told_of if told[name])
    yield ""


def _cells(number: int, sale: ExpectedSale) -> tuple[str, ...]:
    line = sale.line
    return (
        str(number),
        line.charge_type,
        "" if line.start is None else line.start.isoformat(),
        "" if line.last_day is None else line.last_day.isoformat(),
        "" if line.part == line.whole else f"{line.part}/{line.whole}",
        str(quantity_value(line.quantity)),
        _number(sale.cost),
        _number(sale.amount) or "no price",
        _number(sale.margin),
        line.currency if sale.amount is None else sale.amount.currency,
    )


def _number(money: Money | None) -> str:
    return "" if money is None else number_text(money.amount)


def _amounts(amounts: Sequence[Money]) -> str:
    return " and ".join(map(str, amounts)) or "nothing"


def _issues(issues: Iterable[Issue]) -> Iterator[str]:
    for issue in issues:
        yield f"{issue.severity.value.capitalize()} {issue.code.value}: {issue.message} {issue.cure}"


def _joined(rows: Iterable[str]) -> str:
    return "".join(f"{row.rstrip()}\n" for row in rows)
