"""Invoices: drafts replaced by revision, finals never touched, numbers given once and without gaps.

An invoice exists when its row does; its lines are one blob named by content hash, written before. The row carries
what a list shows; everything else is in the blob.

Life of a number: the counter's row names the invoice that holds its latest number, and the next taker first sees to it
that this invoice carries it. So a crash between any two writes neither loses a number nor gives one twice.

Not here: when an invoice may become final (``shared/application/approve``).
"""

from contextlib import suppress
from dataclasses import replace
from hashlib import blake2b

from shared.domain.errors import AlreadyExistsError, ChangedError, IntegrityError, NotFoundError
from shared.domain.invoices import Invoice, InvoiceState, revise
from shared.domain.periods import BillingPeriod
from shared.storage.names import CHARGE_LINES_CONTAINER
from shared.storage.ports import Blobs, Entity, Tables
from shared.storage.repositories.codec import packed, read_whole, table_key, unpacked

TABLE, COUNTERS = "invoices", "counters"
_COUNTER_PARTITION = "invoice-number"
COUNTER_ATTEMPTS_MAX = 50


class Invoices:
    """The invoices of all customers."""

    def __init__(self, tables: Tables, blobs: Blobs) -> None:
        self._tables, self._blobs = tables, blobs

    def preview(self, draft: Invoice) -> Invoice:
        """Return what ``keep`` would make of *draft*, without writing anything."""
        row = self._latest_row(draft.customer_id, draft.key.period, draft.key.currency)
        return draft if row is None else revise(self._read(row), draft)

    def keep(self, draft: Invoice) -> tuple[Invoice, bool]:
        """Write *draft* as what it is after all revisions before it; return it and whether anything changed.

        Raises:
            ChangedError: somebody else wrote the same revision with other content meanwhile. Run again.
        """
        row = self._latest_row(draft.customer_id, draft.key.period, draft.key.currency)
        if row is None:
            return draft, self._insert(draft)
        previous = self._read(row)
        revised = revise(previous, draft)
        if revised == previous:
            return previous, False
        if revised.key == previous.key:
            self._replace(revised, row)
            return revised, True
        if previous.state is InvoiceState.DRAFT:
            self._replace(replace(previous, state=InvoiceState.SUPERSEDED, number=""), row)
        self._insert(revised)
        return revised, True

    def latest(self, customer_id: str, period: BillingPeriod, currency: str) -> Invoice | None:
        """Return the newest revision, or None where nothing was billed."""
        row = self._latest_row(customer_id, period, currency)
        return self._read(row) if row is not None else None

    def of_period(self, customer_id: str, period: BillingPeriod) -> list[Invoice]:
        """Return the newest revision in each currency."""
        newest: dict[str, Entity] = {}
        for row in self._rows(customer_id, str(period)):
            newest[str(row.values["currency"])] = row
        return [self._read(row) for _, row in sorted(newest.items())]

    def finalise(self, invoice: Invoice, series: str) -> Invoice:
        """Give the draft its number and make it final; a final one is returned as it is.

        Raises:
            ChangedError: the invoice changed since it was read. Read it again.
            NotFoundError: there is no such invoice.
        """
        if invoice.state is InvoiceState.FINAL:
            return invoice
        row = self._guarded_row(invoice)
        numbered = invoice if invoice.number else replace(invoice, number=self._take_number(invoice, series))
        row = row if invoice.number else self._guarded_row(invoice)  # another worker may have settled the number
        final = replace(numbered, state=InvoiceState.FINAL)
        self._tables.replace(TABLE, *self._key(final), self._values(final, str(row.values["blob"])), row.etag)
        return final

    def _guarded_row(self, invoice: Invoice) -> Entity:
        row = self._tables.get(TABLE, *self._key(invoice))
        if row is None:
            raise NotFoundError(f"invoice {invoice.key.render()} of {invoice.customer_id} does not exist: run first")
        if row.values["content_hash"] != invoice.content_hash:
            raise ChangedError(f"invoice {invoice.key.render()} of {invoice.customer_id} changed: read it again")
        return row

    def _take_number(self, invoice: Invoice, series: str) -> str:
        """Return the number that *invoice* holds from now on: ``2026-10-00001`` and so on, without gaps."""
        partition, row_key = self._key(invoice)
        for _ in range(COUNTER_ATTEMPTS_MAX):
            counter = self._tables.get(COUNTERS, _COUNTER_PARTITION, table_key(series))
            value = 0
            if counter is not None:
                value = int(str(counter.values["value"]))
                if (counter.values["partition"], counter.values["row"]) == (partition, row_key):
                    return f"{series}-{value:05d}"
                self._settle(counter, f"{series}-{value:05d}")
            held = {"value": str(value + 1), "partition": partition, "row": row_key}
            with suppress(AlreadyExistsError, ChangedError):  # somebody was faster: look again
                if counter is None:
                    self._tables.insert(COUNTERS, _COUNTER_PARTITION, table_key(series), held)
                else:
                    self._tables.replace(COUNTERS, _COUNTER_PARTITION, counter.row, held, counter.etag)
                return f"{series}-{value + 1:05d}"
        raise ChangedError(f"no invoice number of series {series} could be taken: too many at once. Try again.")

    def _settle(self, counter: Entity, number: str) -> None:
        """Write the counter's latest number on the invoice that holds it, if a crash kept that from happening."""
        holder = self._tables.get(TABLE, str(counter.values["partition"]), str(counter.values["row"]))
        if holder is not None and not holder.values["number"]:
            values = {**holder.values, "number": number}
            with suppress(ChangedError):  # its own worker is writing it right now
                self._tables.replace(TABLE, holder.partition, holder.row, values, holder.etag)

    def _insert(self, invoice: Invoice) -> bool:
        blob = self._put_lines(invoice)
        try:
            self._tables.insert(TABLE, *self._key(invoice), self._values(invoice, blob))
        except AlreadyExistsError:
            there = self._tables.get(TABLE, *self._key(invoice))
            if there is None or there.values["content_hash"] != invoice.content_hash:
                raise ChangedError(
                    f"invoice {invoice.key.render()} was made differently meanwhile: run again"
                ) from None
            return False
        return True

    def _replace(self, invoice: Invoice, row: Entity) -> str:
        blob = self._put_lines(invoice)
        return self._tables.replace(TABLE, row.partition, row.row, self._values(invoice, blob), row.etag)

    def _put_lines(self, invoice: Invoice) -> str:
        content = packed(replace(invoice, state=InvoiceState.DRAFT, number=""))
        content_hash = blake2b(content, digest_size=8).hexdigest()
        name = f"{table_key(invoice.customer_id.casefold())}/{invoice.key.render()}_{content_hash}.json.gz"
        self._blobs.put(CHARGE_LINES_CONTAINER, name, content, content_type="application/gzip")
        return name

    def _read(self, row: Entity) -> Invoice:
        with_lines = unpacked(read_whole(self._blobs.open(CHARGE_LINES_CONTAINER, str(row.values["blob"]))), Invoice)
        if with_lines.content_hash != row.values["content_hash"]:
            raise IntegrityError(f"the lines of invoice {row.row} are not those its row speaks of")
        return replace(with_lines, state=InvoiceState(str(row.values["state"])), number=str(row.values["number"]))

    def _latest_row(self, customer_id: str, period: BillingPeriod, currency: str) -> Entity | None:
        rows = list(self._rows(customer_id, f"{period}_{currency}"))
        return rows[-1] if rows else None

    def _rows(self, customer_id: str, prefix: str) -> list[Entity]:
        partition = table_key(customer_id.casefold())
        return list(self._tables.query(TABLE, partition, row_from=f"{prefix}_", row_before=f"{prefix}`"))

    @staticmethod
    def _key(invoice: Invoice) -> tuple[str, str]:
        return table_key(invoice.customer_id.casefold()), invoice.key.render()

    def _values(self, invoice: Invoice, blob: str) -> dict[str, str | int | bool]:
        return {
            "state": invoice.state.value,
            "number": invoice.number,
            "currency": invoice.key.currency,
            "period": str(invoice.key.period),
            "total": str(invoice.total.amount),
            "lines": len(invoice.lines),
            "is_parked": invoice.is_parked,
            "content_hash": invoice.content_hash,
            "customer_name": invoice.customer_name[:200],
            "blob": blob,
        }
