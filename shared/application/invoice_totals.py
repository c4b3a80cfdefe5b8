"""Invoice totals: what Microsoft's invoices of a month come to, as the proof that no line of theirs is missing.

The lines of a modern invoice carry its number; those of a legacy one do not, so its files are told by their delivery.

Not here: the comparison (``shared/domain/source_files``).
"""

from collections.abc import Iterable
from dataclasses import replace

from shared.application.services import Services
from shared.domain.periods import BillingPeriod
from shared.domain.snapshots.values import MicrosoftInvoice
from shared.domain.source_files import ControlTotal, DocumentKey, DocumentSum, FileRead
from shared.domain.source_lines import Family
from shared.storage.repositories.deliveries import LEGACY
from shared.storage.repositories.source_files import SourceFileRecord


def invoices_of(services: Services, period: BillingPeriod) -> tuple[tuple[str, str, str], ...]:
    """Return number, currency and total of each of Microsoft's invoices of the month, as a run is made from them."""
    invoices = services.microsoft_invoices.all(period)
    return tuple((each.id, each.currency, f"{each.total.normalize():f}") for each in invoices)


def invoice_totals(services: Services, period: BillingPeriod) -> list[ControlTotal]:
    """Return what each of Microsoft's invoices of the month must add up to, tax included."""
    return [_control(each) for each in services.microsoft_invoices.all(period)]


def reads_by_invoice(services: Services, period: BillingPeriod, records: Iterable[SourceFileRecord]) -> list[FileRead]:
    """Return the files as read, those of a delivered legacy invoice under its number."""
    legacy = {each.row: each.invoice_id for each in services.deliveries.of_period(period) if each.kind == LEGACY}
    return [_under(legacy.get(record.delivery, ""), record.as_read()) for record in records]


def _control(invoice: MicrosoftInvoice) -> ControlTotal:
    return ControlTotal(invoice_number=invoice.id, currency=invoice.currency, total=invoice.total)


def _under(invoice_id: str, read: FileRead) -> FileRead:
    if not invoice_id:
        return read
    documents: dict[DocumentKey, DocumentSum] = {}
    for key, found in read.documents.items():
        whole = documents.setdefault(DocumentKey(Family.LEGACY_LICENCE, invoice_id, key.currency), DocumentSum())
        whole.add(found.rows, found.cost, found.total)
    return replace(read, documents=documents)
