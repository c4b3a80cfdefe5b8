"""The customer's summary: who, what month, how much, why, and whether it adds up.

Made from the customer's view of the lines; nothing here has seen a cost.

Not here: the reseller's summary over all customers.
"""

from collections.abc import Sequence

from shared.documents.book import SUMMARY, Book, Frame
from shared.documents.checks import customer_checks, word
from shared.documents.detail_sheet import TABLE
from shared.documents.names import customer_hash
from shared.documents.shares import Share, Split, by_subscription, total_split
from shared.documents.sheet_rows import Formula
from shared.documents.styles import Style, money_style, not_zero, total_style
from shared.domain.invoices import Invoice
from shared.domain.money import Money, exact_sum, minor_digits
from shared.domain.redaction import CustomerLine

_WIDTHS = (36, 38, 38, 14, 14, 14, 14, 22, 16)


def write_customer_summary(
    book: Book, invoice: Invoice, lines: Sequence[CustomerLine], *, reseller_name: str, run_id: str
) -> Frame:
    """Write the summary sheet and return its frame."""
    rows = book.rows(SUMMARY)
    rows.append([book.text(f"Charges for {invoice.key.period}", Style.TITLE)])
    rows.skip()
    for name, value in _facts(invoice, reseller_name, run_id):
        rows.append([book.text(name, Style.LABEL), book.text(value)])
    rows.skip()
    difference_row = _write_totals(book, invoice, lines)
    rows.skip()
    _write_checks(book, invoice, lines)
    rows.skip()
    _write_subscriptions(book, invoice, lines)
    return Frame(widths=_WIDTHS, rules=[(f"B{difference_row}", not_zero())])


def _facts(invoice: Invoice, reseller_name: str, run_id: str) -> list[tuple[str, str]]:
    key = invoice.key
    return [
        ("Reseller", reseller_name),
        ("Customer", invoice.customer_name),
        ("Customer id", invoice.customer_id),
        ("Billing period", f"{key.period} ({key.period.period})"),
        ("Currency", key.currency),
        ("Invoice", invoice.number or "not numbered yet"),
        ("Revision", str(key.revision)),
        ("State", invoice.state.value),
        *_correction(invoice),
        ("Run", run_id),
        ("Content hash", customer_hash(invoice)),
    ]


def _correction(invoice: Invoice) -> list[tuple[str, str]]:
    if invoice.already_invoiced is None:
        return []
    return [
        ("Replaces invoice", invoice.replaces),
        ("Already invoiced", str(invoice.already_invoiced)),
        ("Difference to settle", str(invoice.to_settle)),
    ]


def _write_totals(book: Book, invoice: Invoice, lines: Sequence[CustomerLine]) -> int:
    rows = book.rows(SUMMARY)
    digits = minor_digits(invoice.total.currency)
    money, total = book.styles[money_style(digits)], book.styles[total_style(digits)]
    rows.append([book.text("Totals", Style.SECTION)])
    for share, amount in zip(Share, total_split(lines, invoice.total.currency), strict=True):
        rows.append([book.text(share.value), (amount, money)])
    rows.append([book.text("Total before tax", Style.LABEL), (invoice.total, total)])
    total_row = rows.row_count
    summed = exact_sum(line.amount.amount for line in lines)
    column = f"{TABLE}[SalesAmount]"
    rows.append([book.text("Sum of Detail"), (Formula(f"SUM({column})", summed), money)])
    difference = Formula(f"ROUND(B{total_row}-B{total_row + 1},{digits})", invoice.total.amount - summed)
    rows.append([book.text("Difference"), (difference, money)])
    rows.append(
        [book.text("Shown in Detail (follows its filters)"), (Formula(f"SUBTOTAL(109,{column})", summed), money)]
    )
    return total_row + 2


def _write_checks(book: Book, invoice: Invoice, lines: Sequence[CustomerLine]) -> None:
    rows = book.rows(SUMMARY)
    rows.append([book.text("Checks", Style.SECTION)])
    for check in customer_checks(invoice, lines):
        rows.append([book.text(check.name), book.text(f"{word(check.light)}: {check.finding}", check.light)])


def _write_subscriptions(book: Book, invoice: Invoice, lines: Sequence[CustomerLine]) -> None:
    rows = book.rows(SUMMARY)
    currency = invoice.total.currency
    rows.append([book.text(f"By subscription ({currency})", Style.SECTION)])
    rows.append(book.header(["Subscription", "Friendly name", "Subscription id", *Share, "Total"], {*Share, "Total"}))
    money, total = (book.styles[style(minor_digits(currency))] for style in (money_style, total_style))
    for part in by_subscription(lines, currency):
        names = [book.text(text) for text in (part.name, part.friendly_name, part.subscription_id)]
        rows.append([*names, *((amount, money) for amount in _amounts(part.split))])
    whole = total_split(lines, currency)
    rows.append(
        [
            book.text("Total", Style.LABEL),
            book.text(""),
            book.text(""),
            *((amount, total) for amount in _amounts(whole)),
        ]
    )


def _amounts(split: Split) -> list[Money]:
    return [*split, split.total]
