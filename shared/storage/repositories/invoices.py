"""Invoices: drafts replaced by revision, finals never touched, numbers given once and without gaps.

An invoice exists when its row does; its lines are one blob named by content hash, written before. The row carries
what a list shows; everything else is in the blob.

Life of a number: the counter's row names the invoice that holds its latest number, and the next taker first sees to it
that this invoice carries it. So a crash between any two writes neither loses a number nor gives one twice. A draft is
superseded before its successor is written, and keeps a number it held: the successor takes it over, whenever it comes.

Not here: when an invoice may become final (``shared/application/runs``).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b

from shared.domain.errors import AlreadyExistsError, ChangedError, IntegrityError, NotFoundError, StateError
from shared.domain.invoices import Invoice, InvoiceState, line_changes, revise
from shared.domain.periods import BillingPeriod
from shared.storage.names import CHARGE_LINES_CONTAINER
from shared.storage.ports import Blobs, Entity, Scalar, Tables
from shared.storage.repositories.codec import packed, read_whole, table_key, unpacked

TABLE, COUNTERS = "invoices", "counters"
_COUNTER_PARTITION = "invoice-number"
COUNTER_ATTEMPTS_MAX = 50
ATTEMPTS_MAX = 5


class Invoices:
    """The invoices of all customers."""

    def __init__(self, tables: Tables, blobs: Blobs) -> None:
        self._tables, self._blobs = tables, blobs

    def preview(self, draft: Invoice) -> Invoice:
        """Return what ``keep`` would make of *draft*, without writing anything."""
        return self._plan(draft, self._revisions(draft)).stands

    def keep(self, draft: Invoice, *, start_number: int = 0) -> tuple[Invoice, bool]:
        """Write *draft* as what it is after all revisions before it; return what stands and whether anything changed.

        Content that is final already stands as it is: a draft revision after it is superseded. *start_number* tells
        which start of the run speaks; one that was overtaken writes nothing over a later one.

        Raises:
            StateError: a later start of the run wrote this invoice.
            ChangedError: others wrote the same invoice all the time. Run again.
        """
        for _ in range(ATTEMPTS_MAX):
            with suppress(ChangedError):  # somebody was faster: look again
                return self._keep_once(draft, start_number)
        raise ChangedError(f"invoice {draft.key.render()} of {draft.customer_id} is being made by others: run again")

    def _keep_once(self, draft: Invoice, start_number: int) -> tuple[Invoice, bool]:
        rows = self._revisions(draft)
        plan = self._plan(draft, rows)
        if not rows:
            return draft, self._insert(draft, start_number)
        last = rows[-1]
        if _start_number(last) > start_number:
            raise StateError(f"invoice {last.row} of {draft.customer_id} was made by a later start of the run")
        if plan.replaces_last:
            self._replace(plan.stands, last, start_number)
        elif plan.supersedes is not None:
            self._replace(replace(plan.supersedes, state=InvoiceState.SUPERSEDED), last, start_number)
        if plan.is_new:
            self._insert(plan.stands, start_number)
        elif not plan.changes_anything and _start_number(last) < start_number:
            self._tables.replace(TABLE, last.partition, last.row, _started(last.values, start_number), last.etag)
        return plan.stands, plan.changes_anything

    def _plan(self, draft: Invoice, rows: Sequence[Entity]) -> "_Plan":
        """Return what to do about *draft* where *rows* are all revisions before it."""
        if not rows:
            return _Plan(draft, is_new=True)
        previous = self._read(rows[-1])
        final = next((self._read(row) for row in reversed(rows) if _state(row) is InvoiceState.FINAL), None)
        superseded = previous if previous.state is InvoiceState.DRAFT else None
        if final is not None and final.content_hash == draft.content_hash:
            return _Plan(final, supersedes=superseded)
        revised = revise(previous, draft)
        if revised.key == previous.key:
            return _Plan(revised, replaces_last=revised != previous)
        if final is not None:  # the customer has seen the final one, not the drafts after it
            changes = line_changes(final.lines, draft.lines)
            revised = replace(revised, changes=changes, replaces=final.number, already_invoiced=final.total)
        return _Plan(revised, supersedes=superseded, is_new=True)

    def latest(self, customer_id: str, period: BillingPeriod, currency: str) -> Invoice | None:
        """Return the invoice that stands, or None where nothing was billed."""
        row = _standing(self._rows(customer_id, f"{period}_{currency}"))
        return self._read(row) if row is not None else None

    def of_period(self, customer_id: str, period: BillingPeriod) -> list[Invoice]:
        """Return the invoice that stands in each currency: the newest revision that is not superseded."""
        by_currency: dict[str, list[Entity]] = defaultdict(list)
        for row in self._rows(customer_id, str(period)):
            by_currency[str(row.values["currency"])].append(row)
        standing = [_standing(by_currency[currency]) for currency in sorted(by_currency)]
        return [self._read(row) for row in standing if row is not None]

    def is_void(self, invoice: Invoice) -> bool:
        """Whether the invoice asks for nothing and takes nothing back: no lines, and no final one before it."""
        return not invoice.lines and not any(_state(row) is InvoiceState.FINAL for row in self._revisions(invoice))

    def finalise(self, invoice: Invoice, series: str) -> Invoice:
        """Give the draft its number and make it final; one that is final already is returned as it is.

        Raises:
            ChangedError: the invoice changed since it was read. Read it again.
            NotFoundError: there is no such invoice.
        """
        for _ in range(ATTEMPTS_MAX):
            row = self._guarded_row(invoice)
            if _state(row) is InvoiceState.FINAL:
                return self._read(row)
            number = str(row.values["number"]) or self._take_number(row, series)
            values = {**row.values, "state": InvoiceState.FINAL.value, "number": number}
            with suppress(ChangedError):  # another worker settled the number, or finalised it: look again
                self._tables.replace(TABLE, row.partition, row.row, values, row.etag)
                return replace(invoice, state=InvoiceState.FINAL, number=number)
        raise ChangedError(f"invoice {invoice.key.render()} of {invoice.customer_id} is being changed: try again")

    def _guarded_row(self, invoice: Invoice) -> Entity:
        row = self._tables.get(TABLE, *self._key(invoice))
        if row is None:
            raise NotFoundError(f"invoice {invoice.key.render()} of {invoice.customer_id} does not exist: run first")
        if row.values["content_hash"] != invoice.content_hash or _state(row) is InvoiceState.SUPERSEDED:
            raise ChangedError(f"invoice {invoice.key.render()} of {invoice.customer_id} changed: read it again")
        return row

    def _take_number(self, row: Entity, series: str) -> str:
        """Return the number that the invoice of *row* holds from now on: ``2026-10-00001`` and so on, without gaps."""
        for _ in range(COUNTER_ATTEMPTS_MAX):
            counter = self._tables.get(COUNTERS, _COUNTER_PARTITION, table_key(series))
            value = 0
            if counter is not None:
                value = int(str(counter.values["value"]))
                if (counter.values["partition"], counter.values["row"]) == (row.partition, row.row):
                    return f"{series}-{value:05d}"
                self._settle(counter, f"{series}-{value:05d}")
            # Read after the counter: whoever numbered this invoice before the counter moved on is seen here.
            fresh = self._tables.get(TABLE, row.partition, row.row)
            if fresh is not None and fresh.values["number"]:
                return str(fresh.values["number"])
            held = {"value": str(value + 1), "partition": row.partition, "row": row.row}
            with suppress(AlreadyExistsError, ChangedError):  # somebody was faster: look again
                if counter is None:
                    self._tables.insert(COUNTERS, _COUNTER_PARTITION, table_key(series), held)
                else:
                    self._tables.replace(COUNTERS, _COUNTER_PARTITION, counter.row, held, counter.etag)
                return f"{series}-{value + 1:05d}"
        raise ChangedError(f"no invoice number of series {series} could be taken: too many at once. Try again.")

    def _settle(self, counter: Entity, number: str) -> None:
        """See to it that the invoice holding the counter's latest number carries it, whatever crashed before."""
        for _ in range(ATTEMPTS_MAX):
            holder = self._tables.get(TABLE, str(counter.values["partition"]), str(counter.values["row"]))
            if holder is None or holder.values["number"]:
                return
            with suppress(ChangedError):  # its own worker is writing it right now: look again
                values = {**holder.values, "number": number}
                self._tables.replace(TABLE, holder.partition, holder.row, values, holder.etag)
                return
        raise ChangedError(f"the invoice that holds number {number} is being changed. Try again.")

    def _insert(self, invoice: Invoice, start_number: int) -> bool:
        blob = self._put_lines(invoice)
        try:
            self._tables.insert(TABLE, *self._key(invoice), _values(invoice, blob, start_number))
        except AlreadyExistsError:
            there = self._tables.get(TABLE, *self._key(invoice))
            if there is None or there.values["content_hash"] != invoice.content_hash:
                raise ChangedError(
                    f"invoice {invoice.key.render()} was made differently meanwhile: run again"
                ) from None
            return False
        return True

    def _replace(self, invoice: Invoice, row: Entity, start_number: int) -> None:
        values = _values(invoice, self._put_lines(invoice), start_number)
        self._tables.replace(TABLE, row.partition, row.row, values, row.etag)

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

    def _revisions(self, invoice: Invoice) -> list[Entity]:
        return self._rows(invoice.customer_id, f"{invoice.key.period}_{invoice.key.currency}")

    def _rows(self, customer_id: str, prefix: str) -> list[Entity]:
        partition = table_key(customer_id.casefold())
        return list(self._tables.query(TABLE, partition, row_from=f"{prefix}_", row_before=f"{prefix}`"))

    @staticmethod
    def _key(invoice: Invoice) -> tuple[str, str]:
        return table_key(invoice.customer_id.casefold()), invoice.key.render()


@dataclass(frozen=True, slots=True)
class _Plan:
    """What becomes of a draft: the invoice that stands afterwards, and the writes that lead there."""

    stands: Invoice
    supersedes: Invoice | None = None
    replaces_last: bool = False
    is_new: bool = False

    @property
    def changes_anything(self) -> bool:
        return self.is_new or self.replaces_last or self.supersedes is not None


def _values(invoice: Invoice, blob: str, start_number: int) -> dict[str, Scalar]:
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
        "start_number": start_number,
    }


def _started(values: Mapping[str, Scalar], start_number: int) -> dict[str, Scalar]:
    return {**values, "start_number": start_number}


def _start_number(row: Entity) -> int:
    return int(str(row.values.get("start_number", 0)))


def _state(row: Entity) -> InvoiceState:
    return InvoiceState(str(row.values["state"]))


def _standing(rows: Sequence[Entity]) -> Entity | None:
    """Return the row that stands: the newest, unless it was superseded; then the final one before it, if any."""
    if rows and _state(rows[-1]) is not InvoiceState.SUPERSEDED:
        return rows[-1]
    return next((row for row in reversed(rows) if _state(row) is InvoiceState.FINAL), None)
