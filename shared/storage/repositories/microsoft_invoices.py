"""Microsoft's invoices to the partner as its list shows them, by the month that each is for.

The month is that of the last day of the invoice's billing period. Only a changed invoice is written.

Not here: their lines (``deliveries``), the comparison with them (``shared/domain/source_files``).
"""

from dataclasses import dataclass

from shared.domain.periods import BillingPeriod
from shared.domain.snapshots.values import MicrosoftInvoice
from shared.storage.ports import Tables
from shared.storage.repositories.codec import packed, table_key, unpacked

TABLE = "microsoftinvoices"
_PARTITION = "invoice"


def month_of(invoice: MicrosoftInvoice) -> BillingPeriod:
    """Return the month that an invoice is billed in; a legacy one runs from one anniversary to the next."""
    return BillingPeriod.of(invoice.ends_on)


@dataclass(frozen=True, slots=True)
class MicrosoftInvoices:
    """All invoices of Microsoft's that were ever listed."""

    tables: Tables

    def keep(self, invoice: MicrosoftInvoice) -> bool:
        """Keep the invoice as listed; return whether that is news."""
        key, content = _key(invoice), packed(invoice)
        known = self.tables.get(TABLE, _PARTITION, key)
        if known is not None and known.values["content"] == content:
            return False
        self.tables.upsert(TABLE, _PARTITION, key, {"content": content})
        return True

    def keep_all(self, invoices: list[MicrosoftInvoice]) -> int:
        """Keep the invoices as listed; return how many of them are news."""
        known = {row.row: row.values["content"] for row in self.tables.query(TABLE, _PARTITION)}
        fresh = [invoice for invoice in invoices if known.get(_key(invoice)) != packed(invoice)]
        return sum(self.keep(invoice) for invoice in fresh)

    def all(self, period: BillingPeriod | None = None) -> list[MicrosoftInvoice]:
        """Return all invoices, or those of one month, by month and number."""
        bounds = {} if period is None else {"row_from": f"{period}_", "row_before": f"{period}`"}
        contents = [row.values["content"] for row in self.tables.query(TABLE, _PARTITION, **bounds)]
        return [unpacked(content, MicrosoftInvoice) for content in contents if isinstance(content, bytes)]


def _key(invoice: MicrosoftInvoice) -> str:
    return table_key(str(month_of(invoice)), invoice.id)
