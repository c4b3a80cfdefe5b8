"""Workbooks: an invoice for its customer, and a whole run for the reseller.

Each is written in one pass over the invoices. The same input gives the same bytes. A customer's workbook is made from
``CustomerLine`` only: there is no cost in any of its parts.

Not here: cells (``sheet_rows``), looks (``styles``), and the name of the file (``names``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import BinaryIO

from shared.documents.book import CHANGES, DETAIL, EXCEPTIONS, READ_ME, SUMMARY, Book, Properties
from shared.documents.checks import in_reading_order
from shared.documents.columns import CUSTOMER_COLUMNS, RESELLER_COLUMNS, ResellerRow, customer_rows, reseller_rows
from shared.documents.customer_summary import write_customer_summary
from shared.documents.detail_sheet import DetailSheet
from shared.documents.names import customer_hash, run_hash
from shared.documents.reseller_summary import CustomerTotals, write_reseller_summary
from shared.documents.shares import Split
from shared.documents.side_sheets import (
    changes_frame,
    exceptions_frame,
    read_me_frame,
    write_changes,
    write_exceptions,
    write_read_me,
)
from shared.domain.invoices import Invoice
from shared.domain.issues import Issue
from shared.domain.redaction import CustomerLine


def customer_workbook(invoice: Invoice, *, reseller_name: str, run_id: str, stream: BinaryIO) -> None:
    """Write the workbook of one invoice as its customer may see it.

    Raises:
        LimitError: the invoice has more lines than a worksheet holds; nothing is written, export CSV.
    """
    with Book() as book:
        detail = DetailSheet(book, CUSTOMER_COLUMNS)
        lines: list[CustomerLine] = []
        for row in customer_rows(invoice, run_id):
            detail.add(row)
            lines.append(row.line)
        frames = {
            SUMMARY: write_customer_summary(book, invoice, lines, reseller_name=reseller_name, run_id=run_id),
            DETAIL: detail.frame(),
            READ_ME: read_me_frame(),
        }
        write_changes(book, invoice, is_for_customer=True)
        if book.has(CHANGES):
            frames[CHANGES] = changes_frame(book.rows(CHANGES).row_count)
        write_read_me(book, CUSTOMER_COLUMNS)
        properties = Properties(
            title=f"Charges of {invoice.customer_name} for {invoice.key.period}",
            scope="customer",
            reseller_name=reseller_name,
            run_id=run_id,
            content_hash=customer_hash(invoice),
        )
        book.finish(frames, properties, stream)


def reseller_workbook(
    invoices: Iterable[Invoice], *, reseller_name: str, run_id: str, issues: Iterable[Issue] = (), stream: BinaryIO
) -> None:
    """Write the workbook of a whole run; *invoices* are read once, *issues* are the run's besides the invoices' own.

    Raises:
        LimitError: the run has more lines than a worksheet holds; nothing is written, export CSV.
    """
    with Book() as book:
        detail = DetailSheet(book, RESELLER_COLUMNS)
        totals = []
        for invoice in invoices:
            totals.append(_add_invoice(detail, invoice, run_id))
            write_changes(book, invoice, is_for_customer=False)
        problems = in_reading_order([*issues, *(issue for total in totals for issue in total.invoice.issues)])
        content_hash = run_hash(total.invoice.content_hash for total in totals)
        facts = _run_facts(totals, reseller_name, run_id, content_hash)
        frames = {
            SUMMARY: write_reseller_summary(book, totals, problems, facts),
            DETAIL: detail.frame(),
            EXCEPTIONS: exceptions_frame(),
            READ_ME: read_me_frame(),
        }
        if book.has(CHANGES):
            frames[CHANGES] = changes_frame(book.rows(CHANGES).row_count)
        write_exceptions(book, problems)
        write_read_me(book, RESELLER_COLUMNS)
        properties = Properties(
            title="Billing run: sale, cost and margin",
            scope="reseller",
            reseller_name=reseller_name,
            run_id=run_id,
            content_hash=content_hash,
        )
        book.finish(frames, properties, stream)


def _add_invoice(detail: DetailSheet[ResellerRow], invoice: Invoice, run_id: str) -> CustomerTotals:
    split = Split(invoice.total.currency)
    for row in reseller_rows(invoice, run_id):
        detail.add(row)
        split.add(row.line)
    return CustomerTotals(
        invoice=replace(invoice, lines=(), changes=()),
        split=split,
        costs=invoice.costs,
        margin=invoice.margin,
        line_count=len(invoice.lines),
    )


def _run_facts(
    totals: Sequence[CustomerTotals], reseller_name: str, run_id: str, content_hash: str
) -> list[tuple[str, str]]:
    periods = sorted({total.invoice.key.period for total in totals})
    customers = {total.invoice.customer_id.casefold() for total in totals}
    return [
        ("Reseller", reseller_name),
        ("Billing period", ", ".join(f"{period} ({period.period})" for period in periods) or "no invoices"),
        ("Customers", str(len(customers))),
        ("Invoices", str(len(totals))),
        ("Lines", str(sum(total.line_count for total in totals))),
        ("Run", run_id),
        ("Content hash", content_hash),
    ]
