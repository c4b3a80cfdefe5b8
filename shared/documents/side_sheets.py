"""The side sheets: what a revision changed, what is wrong, and how to read the file.

Not here: the summary and the detail.
"""

from collections.abc import Sequence
from typing import Any

from shared.documents.book import CHANGES, EXCEPTIONS, READ_ME, Book, Frame
from shared.documents.checks import word
from shared.documents.columns import Column
from shared.documents.sheet_rows import Cell
from shared.documents.styles import Style, below_zero, money_style
from shared.domain.invoices import Invoice, LineChange
from shared.domain.issues import Issue, Severity
from shared.domain.money import Money, minor_digits

_CHANGE_COLUMNS = {
    "CustomerName": 28,
    "InvoiceRevision": 16,
    "Change": 12,
    "Description": 40,
    "AmountBefore": 16,
    "AmountNow": 16,
    "Difference": 16,
    "Currency": 10,
    "LineKey": 26,
}
_ISSUE_COLUMNS = {
    "Light": 8,
    "Severity": 10,
    "Code": 24,
    "CustomerId": 38,
    "Subject": 38,
    "Problem": 70,
    "Cure": 70,
    "File": 30,
    "Line": 8,
    "Column": 18,
    "Value": 24,
    "Count": 8,
}
_LIGHTS = {Severity.BLOCKING: Style.RED, Severity.WARNING: Style.AMBER, Severity.NOTICE: Style.GREEN}
_NOTES = (
    ("Detail", "One row is one charge. Nothing is merged, hidden or left out; the table is called tblCharges."),
    ("Amounts", "Before tax. Positive is charged, negative is given back. Each line is rounded once, half up."),
    ("Totals", "Sums of rounded lines. Formulas on Summary read the table in Detail."),
    ("Dates", "Calendar days in UTC. Every end date is included in its period."),
    ("Proration", "Price x quantity x Days / DaysInCycle. Both counts include the first and the last day."),
    ("Empty cells", "Empty means not known or not applicable; it never means zero."),
    ("Currencies", "Amounts of different currencies are never added."),
    ("Numbers", "A spreadsheet keeps 15 digits of a number; the CSV file has all of them. Ids are text."),
    ("Text", "Text is never a formula or a link. Control characters are shown as symbols, such as ␀ for NUL."),
    ("Long text", "Text that is longer than a cell can be is cut with a mark; the CSV file has the whole text."),
    ("File dates", "The file carries no time of making, so that the same content is the same file."),
)


def write_changes(book: Book, invoice: Invoice, *, is_for_customer: bool) -> None:
    """Write what *invoice* changed against its revision before; no sheet comes into being for nothing.

    A customer is shown the changes of amounts only: a line may also count as changed because its cost did.
    """
    for change in invoice.changes:
        if is_for_customer and change.before == change.after:
            continue
        rows = book.rows(CHANGES)
        if not rows.row_count:
            rows.append(book.header(list(_CHANGE_COLUMNS)))
        rows.append(_change_row(book, invoice, change))


def changes_frame(row_count: int) -> Frame:
    """Return the frame of the changes, *row_count* rows with the header."""
    return Frame(
        widths=list(_CHANGE_COLUMNS.values()),
        freeze="A2",
        repeated_rows="1:1",
        rules=[(f"G2:G{row_count}", below_zero())],
    )


def write_exceptions(book: Book, issues: Sequence[Issue]) -> None:
    """Write one row for each issue, in the order given; for the reseller only."""
    rows = book.rows(EXCEPTIONS)
    rows.append(book.header(list(_ISSUE_COLUMNS)))
    number = book.styles[Style.INTEGER]
    for issue in issues:
        light = _LIGHTS[issue.severity]
        rows.append(
            [
                book.text(word(light), light),
                *(book.text(text) for text in (issue.severity.value, issue.code.value)),
                *(book.text(text) for text in (issue.customer_id, issue.subject, issue.message, issue.cure)),
                book.text(issue.file),
                (issue.line or None, number),
                book.text(issue.column),
                book.text(issue.value),
                (issue.count, number),
            ]
        )
    if not issues:
        rows.append([book.text(""), book.text("Nothing is wrong.")])


def exceptions_frame() -> Frame:
    """Return the frame of the exceptions."""
    return Frame(widths=list(_ISSUE_COLUMNS.values()), freeze="A2", repeated_rows="1:1")


def write_read_me(book: Book, columns: tuple[Column[Any], ...]) -> None:
    """Write how to read the file, and what each column of the detail means."""
    rows = book.rows(READ_ME)
    rows.append([book.text("How to read this file", Style.TITLE)])
    rows.skip()
    for name, note in _NOTES:
        rows.append([book.text(name, Style.LABEL), book.text(note, Style.WRAPPED)])
    rows.skip()
    rows.append(book.header(["Column of Detail", "Meaning"]))
    for column in columns:
        rows.append([book.text(column.name), book.text(column.meaning, Style.WRAPPED)])


def read_me_frame() -> Frame:
    """Return the frame of the read-me."""
    return Frame(widths=[26, 110])


def _change_row(book: Book, invoice: Invoice, change: LineChange) -> list[Cell]:
    currency = invoice.total.currency
    nothing = Money.zero(currency)
    style = book.styles[money_style(minor_digits(currency))]
    before = nothing if change.before is None else change.before
    after = nothing if change.after is None else change.after
    return [
        book.text(invoice.customer_name),
        (invoice.key.revision, book.styles[Style.INTEGER]),
        book.text(change.kind.value),
        book.text(change.description),
        (change.before, style),
        (change.after, style),
        (after - before, style),
        book.text(currency),
        book.text(change.key),
    ]
