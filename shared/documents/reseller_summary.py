"""The reseller's summary: every customer's sale, cost and margin, the totals of each currency, and the checks.

Invoices pass by once; what is kept of each is one row.

Not here: the lines themselves (``detail_sheet``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from openpyxl.formatting.rule import Rule

from shared.documents.book import SUMMARY, Book, Frame
from shared.documents.checks import count_of, run_checks, word
from shared.documents.columns import margin_percent
from shared.documents.detail_sheet import TABLE
from shared.documents.shares import Share, Split
from shared.documents.sheet_rows import Cell, CellValue, Formula
from shared.documents.styles import Style, below_zero, money_style, not_zero, total_style
from shared.domain.invoices import Invoice, sums_by_currency
from shared.domain.issues import Issue, Severity
from shared.domain.money import Money, minor_digits

_CURRENCY_COLUMNS = ("Currency", "Sale", "Sum of Detail", "Difference", "Cost", "Margin", "Margin %", "Shown in Detail")
_CUSTOMER_COLUMNS = (
    *("Customer", "Customer id", "Period", "Currency", "Revision", "State", "Number", "Lines"),
    *Share,
    *("Sale", "Difference", "Cost", "Cost currency", "Margin", "Margin %", "Blocking", "Warnings", "Notices"),
)
_NUMBERS = {*_CUSTOMER_COLUMNS} - {"Customer", "Customer id", "Period", "Currency", "State", "Number", "Cost currency"}
_WIDTHS = (36, 38, *(22 if name == Share.CREDITS else 14 for name in _CUSTOMER_COLUMNS[2:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerTotals:
    """One invoice as the summary shows it. *difference* is the total less the sum of its lines: zero."""

    invoice: Invoice
    split: Split
    costs: tuple[Money, ...]
    margin: Money | None
    line_count: int

    @property
    def difference(self) -> Money:
        """The total less the sum of the lines; anything but zero is an error."""
        return self.invoice.total - self.split.total


def write_reseller_summary(
    book: Book, totals: Sequence[CustomerTotals], issues: Sequence[Issue], facts: Sequence[tuple[str, str]]
) -> Frame:
    """Write the summary sheet and return its frame; customers are shown in name order."""
    rows = book.rows(SUMMARY)
    rows.append([book.text("Billing run: sale, cost and margin", Style.TITLE)])
    rows.skip()
    for name, value in facts:
        rows.append([book.text(name, Style.LABEL), book.text(value)])
    rows.skip()
    rows.append([book.text("Totals by currency, before tax", Style.SECTION)])
    rows.append(book.header(_CURRENCY_COLUMNS, _CURRENCY_COLUMNS[1:]))
    currencies = rows.row_count + 1
    _write_currencies(book, totals)
    currencies_end = rows.row_count
    rows.skip()
    rows.append([book.text("Checks", Style.SECTION)])
    for check in run_checks(issues):
        rows.append([book.text(check.name), book.text(f"{word(check.light)}: {check.finding}", check.light)])
    rows.skip()
    rows.append([book.text("Customers", Style.SECTION)])
    rows.append(book.header(_CUSTOMER_COLUMNS, _NUMBERS))
    customers = rows.row_count + 1
    for total in sorted(totals, key=lambda each: (each.invoice.customer_name.casefold(), each.invoice.key.currency)):
        rows.append(_customer_row(book, total))
    return Frame(widths=_WIDTHS, rules=_rules((currencies, currencies_end), (customers, rows.row_count)))


def _write_currencies(book: Book, totals: Sequence[CustomerTotals]) -> None:
    sales = {money.currency: money for money in sums_by_currency(total.split.total for total in totals)}
    invoiced = {money.currency: money for money in sums_by_currency(total.invoice.total for total in totals)}
    costs = {money.currency: money for money in sums_by_currency(cost for total in totals for cost in total.costs)}
    for currency in sorted(sales.keys() | costs.keys()):
        nothing = Money.zero(currency)
        sale, summed, cost = (sums.get(currency, nothing) for sums in (invoiced, sales, costs))
        margin = _margin(currency, totals)
        where = book.rows(SUMMARY).row_count + 1
        money = book.styles[total_style(minor_digits(currency))]
        book.rows(SUMMARY).append(
            [
                book.text(currency, Style.LABEL),
                (sale, money),
                (_sum_formula("Sales", summed), money),
                (_difference(where, sale - summed), money),
                (_sum_formula("Cost", cost), money),
                (margin, money),
                (margin_percent(margin, sale), book.styles[Style.PERCENT]),
                (Formula(f"SUBTOTAL(109,{TABLE}[SalesAmount])", summed.amount) if len(sales) == 1 else None, money),
            ]
        )


def _sum_formula(side: str, value: Money) -> Formula:
    amounts, currencies = f"{TABLE}[{side}Amount]", f"{TABLE}[{side}Currency]"
    return Formula(f'SUMIFS({amounts},{currencies},"{value.currency}")', value.amount)


def _difference(row: int, value: Money) -> Formula:
    return Formula(f"ROUND(B{row}-C{row},{minor_digits(value.currency)})", value.amount)


def _margin(currency: str, totals: Sequence[CustomerTotals]) -> Money | None:
    margins = [total.margin for total in totals if total.invoice.total.currency == currency]
    known = [margin for margin in margins if margin is not None]
    return Money.total(known, currency) if margins and len(known) == len(margins) else None


def _customer_row(book: Book, total: CustomerTotals) -> list[Cell]:
    invoice, key = total.invoice, total.invoice.key
    money = book.styles[money_style(minor_digits(key.currency))]
    number = book.styles[Style.INTEGER]
    cost = total.costs[0] if len(total.costs) == 1 else None
    amounts: list[CellValue] = [*total.split, invoice.total, total.difference, cost]
    counts = [count_of(invoice.issues, severity) for severity in (Severity.BLOCKING, Severity.WARNING, Severity.NOTICE)]
    return [
        *(book.text(text) for text in (invoice.customer_name, invoice.customer_id, str(key.period), key.currency)),
        (key.revision, number),
        *(book.text(text) for text in (invoice.state.value, invoice.number)),
        (total.line_count, number),
        *((amount, money) for amount in amounts),
        book.text(_cost_currency(total.costs)),
        (total.margin, money),
        (margin_percent(total.margin, invoice.total), book.styles[Style.PERCENT]),
        (counts[0], book.styles[Style.RED] if counts[0] else number),
        (counts[1], book.styles[Style.AMBER] if counts[1] else number),
        (counts[2], number),
    ]


def _cost_currency(costs: tuple[Money, ...]) -> str:
    return ", ".join(cost.currency for cost in costs)


def _rules(currencies: tuple[int, int], customers: tuple[int, int]) -> list[tuple[str, Rule]]:
    marked = [("D", currencies, not_zero), ("F", currencies, below_zero), ("G", currencies, below_zero)]
    marked += [("O", customers, not_zero), ("R", customers, below_zero), ("S", customers, below_zero)]
    return [(f"{letter}{first}:{letter}{last}", rule()) for letter, (first, last), rule in marked if last >= first]
