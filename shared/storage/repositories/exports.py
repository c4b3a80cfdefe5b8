"""Exports: finished files behind links. The blob is written first, the row that makes it exist last.

An export is identified by its run, its scope (a customer, or the reseller's own) and its format; the file's name
carries a hash of the content, so other content is another file.

Not here: what is in a file (``shared/documents``).
"""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.periods import BillingPeriod
from shared.storage.names import EXPORTS_CONTAINER
from shared.storage.ports import Blobs, Tables
from shared.storage.repositories.codec import table_key

TABLE = "exports"
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One finished file. *scope* is a customer id or ``reseller``; *content_hash* tells versions apart."""

    period: BillingPeriod
    scope: str
    label: str
    currency: str
    format: str
    file_name: str
    content_hash: str

    @property
    def blob(self) -> str:
        """The blob's name."""
        return f"{self.period}/{table_key(self.scope)}/{self.file_name}"


class ExportStore:
    """All exports."""

    def __init__(self, tables: Tables, blobs: Blobs) -> None:
        self._tables, self._blobs = tables, blobs

    def exists(self, export: Export) -> bool:
        """Whether this very content is there already."""
        row = self._tables.get(TABLE, str(export.period), self._row(export))
        return row is not None and row.values["content_hash"] == export.content_hash

    def put(self, export: Export, content: bytes) -> None:
        """Write the file and make it the one that its scope, currency and format show."""
        content_type = CONTENT_TYPES[export.format]
        self._blobs.put(EXPORTS_CONTAINER, export.blob, content, content_type=content_type)
        values = {
            "scope": export.scope,
            "label": export.label[:200],
            "currency": export.currency,
            "format": export.format,
            "file_name": export.file_name,
            "content_hash": export.content_hash,
        }
        self._tables.upsert(TABLE, str(export.period), self._row(export), values)

    def withdraw(self, period: BillingPeriod, scope: str) -> None:
        """Show none of the scope's files any more; those behind links that were given out stay until they expire."""
        first = f"{table_key(scope)}_"
        for row in list(self._tables.query(TABLE, str(period), row_from=first, row_before=first[:-1] + "`")):
            self._tables.delete(TABLE, str(period), row.row)

    def of_period(self, period: BillingPeriod) -> list[Export]:
        """Return the newest exports of the period, by scope, currency and format."""
        return [
            Export(
                period=period,
                scope=str(row.values["scope"]),
                label=str(row.values["label"]),
                currency=str(row.values["currency"]),
                format=str(row.values["format"]),
                file_name=str(row.values["file_name"]),
                content_hash=str(row.values["content_hash"]),
            )
            for row in self._tables.query(TABLE, str(period))
        ]

    def link(self, export: Export, expires_at: datetime) -> str:
        """Return a URL that downloads the file until *expires_at*; a secret of its own."""
        return self._blobs.link(EXPORTS_CONTAINER, export.blob, expires_at=expires_at, filename=export.file_name)

    @staticmethod
    def _row(export: Export) -> str:
        return f"{table_key(export.scope)}_{table_key(export.currency, export.format)}"
