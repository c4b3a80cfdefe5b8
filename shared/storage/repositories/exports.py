"""Exports: finished files behind links. The blob is written first, the row that makes it exist last.

An export is identified by its period, its scope (a customer, or the reseller's own) and its format; the file's name
carries a hash of the content, so other content is another file.

Not here: what is in a file (``shared/documents``).
"""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.periods import BillingPeriod
from shared.storage.names import EXPORTS_CONTAINER
from shared.storage.ports import Blobs, Entity, Scalar, Tables
from shared.storage.repositories.codec import table_key

TABLE = "exports"
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One finished file. *scope* is a customer id or ``reseller``; *content_hash* tells versions apart.

    *final_revision* is 0 for what may still change; the files of a final invoice have a place of their own, by its
    revision, and stay there whatever comes later.
    """

    period: BillingPeriod
    scope: str
    label: str
    currency: str
    format: str
    file_name: str
    content_hash: str
    final_revision: int = 0

    @property
    def place(self) -> tuple[str, str]:
        """Where the file is shown in its scope: the currency, and the format with a final invoice's revision."""
        return self.currency, f"{self.format}.r{self.final_revision}" if self.final_revision else self.format

    @property
    def blob(self) -> str:
        """The blob's name."""
        return f"{self.period}/{table_key(self.scope)}/{self.file_name}"


@dataclass(frozen=True, slots=True)
class ExportRow:
    """What is shown now: its content, the row that shows it, and the guard for the next."""

    content_hash: str
    row: str
    etag: str


class ExportStore:
    """All exports."""

    def __init__(self, tables: Tables, blobs: Blobs) -> None:
        self._tables, self._blobs = tables, blobs

    def of_scope(self, period: BillingPeriod, scope: str) -> dict[tuple[str, str], ExportRow]:
        """Return what the scope shows now, by place.

        Read this before what the files are made from, so that a slow writer cannot put older files back.
        """
        first = f"{table_key(scope)}_"
        rows = self._tables.query(TABLE, str(period), row_from=first, row_before=first[:-1] + "`")
        return {
            _export(period, row).place: ExportRow(str(row.values["content_hash"]), row.row, row.etag)
            for row in rows
            if row.values["scope"] == scope
        }

    def put(self, export: Export, content: bytes, instead_of: ExportRow | None) -> None:
        """Write the file and make it the one that its scope, currency and format show.

        Raises:
            ChangedError, AlreadyExistsError: *instead_of* is no longer what is shown. Look again.
        """
        content_type = CONTENT_TYPES[export.format]
        self._blobs.put(EXPORTS_CONTAINER, export.blob, content, content_type=content_type)
        values: dict[str, Scalar] = {
            "scope": export.scope,
            "label": export.label[:200],
            "currency": export.currency,
            "format": export.format,
            "file_name": export.file_name,
            "content_hash": export.content_hash,
            "final_revision": export.final_revision,
        }
        if instead_of is None:
            row = f"{table_key(export.scope)}_{table_key(*export.place)}"
            self._tables.insert(TABLE, str(export.period), row, values)
        else:
            self._tables.replace(TABLE, str(export.period), instead_of.row, values, instead_of.etag)

    def withdraw(self, period: BillingPeriod, shown: ExportRow) -> None:
        """Show the file no more; one behind a link that was given out stays until that expires.

        Raises:
            ChangedError: another file is shown meanwhile. Look again.
        """
        self._tables.delete(TABLE, str(period), shown.row, shown.etag)

    def of_period(self, period: BillingPeriod) -> list[Export]:
        """Return the newest exports of the period, by scope, currency and format."""
        return [_export(period, row) for row in self._tables.query(TABLE, str(period))]

    def link(self, export: Export, expires_at: datetime) -> str:
        """Return a URL that downloads the file until *expires_at*; a secret of its own."""
        return self._blobs.link(EXPORTS_CONTAINER, export.blob, expires_at=expires_at, filename=export.file_name)


def _export(period: BillingPeriod, row: Entity) -> Export:
    return Export(
        period=period,
        scope=str(row.values["scope"]),
        label=str(row.values["label"]),
        currency=str(row.values["currency"]),
        format=str(row.values["format"]),
        file_name=str(row.values["file_name"]),
        content_hash=str(row.values["content_hash"]),
        final_revision=int(str(row.values.get("final_revision", 0))),
    )
