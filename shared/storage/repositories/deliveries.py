"""Deliveries: one of Microsoft's exports for a month, how far it has come in, and which version of it counts.

A delivery is one row: a kind of export of an invoice (billed, legacy) or of a currency (unbilled), in the month that it
is for. Each answer of Microsoft's with another ETag is a version; its files are taken in one by one beside the files of
the version before, and count together from the one guarded write of this row that names their version. An unbilled
delivery gives way as soon as a billed one of the same family and currency counts.

Invariants: the row holds no secret (what opens a part is asked for anew when a part is fetched); an unchanged answer
writes nothing.

Not here: asking Microsoft (``shared/application/deliveries``), the files themselves (``source_files``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from shared.domain.keys import digest
from shared.domain.periods import BillingPeriod
from shared.domain.snapshots.deliveries import ExportKind, ExportRequest
from shared.storage.ports import Entity, Scalar, Tables
from shared.storage.repositories.codec import packed, table_key, unpacked

TABLE = "deliveries"
LEGACY = "legacy/billed"
"""The kind of a delivery whose lines come from the old API, page by page, without an export."""
FILE_PREFIX = "microsoft_"
"""Names of files that Microsoft delivered begin so; nobody can upload one under such a name."""


class DeliveryState(StrEnum):
    """Where a delivery is: requested -> ready -> complete, or it ends as empty or failed until it is asked for anew."""

    REQUESTED = "requested"  # Microsoft prepares it
    READY = "ready"  # its parts are being taken in
    COMPLETE = "complete"  # all parts are in, and count
    EMPTY = "empty"  # Microsoft has no data for it (yet)
    FAILED = "failed"  # see the note

    @property
    def is_resting(self) -> bool:
        """Whether nothing happens by itself before it is asked for again."""
        return self not in {DeliveryState.REQUESTED, DeliveryState.READY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One export for one month. *version* is the one on its way or in force, *counting* the one in force, "" for none.

    *operation* is the address to ask after it, *span* the month as Microsoft was asked ("current", "last", "").
    *attempts* counts how often this version was asked for anew; *row_etag* guards the next write.
    """

    period: BillingPeriod
    kind: str
    currency: str
    invoice_id: str = ""
    state: DeliveryState = DeliveryState.REQUESTED
    operation: str = ""
    span: str = ""
    manifest_id: str = ""
    etag: str = ""
    version: str = ""
    parts: tuple[str, ...] = ()
    counting: str = ""
    counting_etag: str = ""
    counting_parts: int = 0
    row_count: int = 0
    attempts: int = 0
    note: str = ""
    asked_at: datetime | None = None
    row_etag: str = field(default="", compare=False)

    @property
    def row(self) -> str:
        """The row key: the kind, and the invoice or currency."""
        key = table_key(self.kind.replace("/", "-"), self.invoice_id or self.currency)
        return key.replace("~", "-")  # it is part of names, which no other rule may change

    @property
    def is_billed(self) -> bool:
        """Whether it belongs to an invoice."""
        return self.kind.endswith("/billed")

    @property
    def family(self) -> str:
        """What of a month it holds: reconciliation, usage or legacy lines."""
        return self.kind.partition("/")[0]

    def request(self, span: str) -> ExportRequest:
        """Return what Microsoft is asked for."""
        if self.is_billed:
            return ExportRequest(kind=ExportKind(self.kind), invoice_id=self.invoice_id)
        return ExportRequest(kind=ExportKind(self.kind), currency=self.currency, span=span)

    def file_name(self, index: int) -> str:
        """Return the name that a part (counted from 0) is kept under; it tells the delivery and its version."""
        return f"{self.file_prefix}{index + 1:05d}.json.gz"

    @property
    def file_prefix(self) -> str:
        """What the names of all files of the version on its way begin with."""
        return f"{FILE_PREFIX}{self.row}_{self.version}_"

    def answered(self, *, manifest_id: str, etag: str, parts: tuple[str, ...]) -> "Delivery":
        """Return the delivery with the version that Microsoft offers, ready for its parts to be taken in."""
        version = digest(etag, *parts)
        return replace(
            self, state=DeliveryState.READY, manifest_id=manifest_id, etag=etag, version=version, parts=parts, note=""
        )

    def completed(self, row_count: int) -> "Delivery":
        """Return the delivery with the version on its way in force; what only led to it is forgotten."""
        return replace(
            self,
            state=DeliveryState.COMPLETE,
            counting=self.version,
            counting_etag=self.etag,
            counting_parts=len(self.parts),
            row_count=row_count,
            operation="",
            span="",
            manifest_id="",
            attempts=0,
            note="",
            asked_at=None,
        )

    def resting(self, state: DeliveryState, note: str) -> "Delivery":
        """Return the delivery come to rest without a new version; what counted before still counts."""
        kept = DeliveryState.COMPLETE if self.counting else state
        shown = note[:1000]
        return replace(self, state=kept, operation="", span="", manifest_id="", attempts=0, note=shown, asked_at=None)


class DeliveryStore:
    """All deliveries."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def get(self, period: BillingPeriod, row: str) -> Delivery | None:
        """Return the delivery, or None where it was never asked for."""
        found = self._tables.get(TABLE, str(period), row)
        return None if found is None else _read(found)

    def of_period(self, period: BillingPeriod) -> list[Delivery]:
        """Return all deliveries of a month, by row key."""
        return [_read(row) for row in self._tables.query(TABLE, str(period))]

    def save(self, delivery: Delivery) -> Delivery:
        """Keep the delivery's next state, if nobody else moved it since it was read; an equal one is not written.

        Raises:
            ChangedError, AlreadyExistsError: somebody did. Read it again.
        """
        values: dict[str, Scalar] = {
            "state": delivery.state.value,
            "kind": delivery.kind,
            "currency": delivery.currency,
            "version": delivery.version,
            "counting": delivery.counting,
            "counting_parts": delivery.counting_parts,
            "content": packed(replace(delivery, row_etag="")),
        }
        key = str(delivery.period), delivery.row
        if delivery.row_etag:
            return replace(delivery, row_etag=self._tables.replace(TABLE, *key, values, delivery.row_etag))
        return replace(delivery, row_etag=self._tables.insert(TABLE, *key, values))


def counting_versions(tables: Tables, period: BillingPeriod) -> frozenset[tuple[str, str]]:
    """Return row and version of each delivery whose files count in the month: never unbilled beside billed ones."""
    rows = [row for row in tables.query(TABLE, str(period)) if row.values["counting"]]
    billed = {_group(row.values) for row in rows if _is_billed(row.values) and row.values["counting_parts"]}
    return frozenset(
        (row.row, str(row.values["counting"]))
        for row in rows
        if _is_billed(row.values) or _group(row.values) not in billed
    )


def gone_way(deliveries: Iterable[Delivery]) -> set[str]:
    """Return the rows of unbilled deliveries that count no longer, because billed ones do."""
    known = list(deliveries)
    billed = {(each.family, each.currency) for each in known if each.is_billed and each.counting_parts}
    return {each.row for each in known if not each.is_billed and (each.family, each.currency) in billed}


def _is_billed(values: Mapping[str, Scalar]) -> bool:
    return str(values["kind"]).endswith("/billed")


def _group(values: Mapping[str, Scalar]) -> tuple[str, str]:
    return str(values["kind"]).partition("/")[0], str(values["currency"])


def _read(row: Entity) -> Delivery:
    content = row.values["content"]
    if not isinstance(content, bytes):
        raise TypeError(f"delivery {row.partition}/{row.row} holds {type(content).__name__}, not bytes")
    return replace(unpacked(content, Delivery), row_etag=row.etag)
