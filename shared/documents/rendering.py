"""From invoices to finished files in memory: CSV and workbook for each customer, and for the reseller over a run.

Customers get the CSV that Excel opens well (text cannot act as a formula); the reseller gets the machine's CSV too.

Not here: columns and layout (``columns``, ``workbook``), where files are kept.
"""

import io
from collections.abc import Callable, Iterable, Sequence

from shared.application.services import Document
from shared.documents.csv_file import customer_csv, excel_profile, reseller_csv
from shared.documents.names import customer_file_name, reseller_file_name, run_hash
from shared.domain.invoices import Invoice
from shared.domain.issues import Issue
from shared.domain.periods import BillingPeriod

ALL_CURRENCIES = "ALL"
_DETAIL = "detail"


def customer_documents(invoice: Invoice, *, reseller_name: str, run_id: str) -> list[Document]:
    """Return the customer's CSV and workbook of one invoice; neither shows cost.

    Raises:
        LimitError: the invoice has more lines than a worksheet holds.
    """
    from shared.documents.workbook import customer_workbook  # noqa: PLC0415 - an app that starts up renders nothing yet

    text, book = io.BytesIO(), io.BytesIO()
    customer_csv(invoice, run_id=run_id, stream=text, profile=excel_profile("en"))
    customer_workbook(invoice, reseller_name=reseller_name, run_id=run_id, stream=book)
    currency = invoice.key.currency
    return [
        Document(
            file_name=customer_file_name(invoice, profile=_DETAIL, extension=extension),
            format=extension,
            currency=currency,
            content=content,
        )
        for extension, content in (("csv", text.getvalue()), ("xlsx", book.getvalue()))
    ]


def reseller_documents(
    invoices: Callable[[], Iterable[Invoice]], *, reseller_name: str, run_id: str, issues: Sequence[Issue]
) -> list[Document]:
    """Return the reseller's CSV and workbook over all *invoices*, which are read anew for each.

    Raises:
        LimitError: the run has more lines than a worksheet holds.
    """
    from shared.documents.workbook import reseller_workbook  # noqa: PLC0415 - as above

    text, book = io.BytesIO(), io.BytesIO()
    reseller_csv(invoices(), run_id=run_id, stream=text)
    reseller_workbook(invoices(), reseller_name=reseller_name, run_id=run_id, issues=issues, stream=book)
    period = BillingPeriod.parse(run_id[:7])
    content_hash = run_hash(f"{each.content_hash}{each.state}{each.number}" for each in invoices())
    return [
        Document(
            file_name=reseller_file_name(
                period,
                profile=_DETAIL,
                currency=ALL_CURRENCIES,
                revision=1,
                content_hash=content_hash,
                extension=extension,
            ),
            format=extension,
            currency=ALL_CURRENCIES,
            content=content,
        )
        for extension, content in (("csv", text.getvalue()), ("xlsx", book.getvalue()))
    ]
