"""Billing terms as versions: what a month is billed by beside Microsoft's files, each kind by itself.

A version is immutable and named by its content. Each stays in force until a later period brings its own; only control
totals speak of one period.

Not here: what the files say (``shared/documents``), checking them (``application/terms``).
"""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import BinaryIO

from shared.domain.errors import ConflictError
from shared.domain.periods import BillingPeriod
from shared.storage.names import SOURCE_FILES_CONTAINER
from shared.storage.ports import Blobs, Tables
from shared.storage.repositories.codec import table_key
from shared.storage.repositories.source_files import StoredFile

TABLE = "terms"


class TermsKind(StrEnum):
    """What a month is billed by, beside Microsoft's files."""

    PRICE_LIST = "price-list"
    PRICE_SHEET = "price-sheet"
    SUBSCRIPTION_DETAILS = "subscription-details"
    CONTROL_TOTALS = "control-totals"
    CUSTOMER_GROUPS = "customer-groups"
    OFFERS_AND_DISCOUNTS = "offers-and-discounts"
    EXCHANGE_RATES = "exchange-rates"


@dataclass(frozen=True, slots=True)
class TermsVersion:
    """One version: its content hash, and its content under the name it was uploaded with."""

    kind: TermsKind
    content_hash: str
    file: StoredFile


class TermsStore:
    """All versions of all kinds."""

    def __init__(self, tables: Tables, blobs: Blobs) -> None:
        self._tables, self._blobs = tables, blobs

    def put(self, kind: TermsKind, period: BillingPeriod, name: str, content: bytes | BinaryIO) -> bool:
        """Make *content* the version in force from *period* on; return False where it is that already.

        A stream must be seekable; it is read in blocks.
        """
        content_hash = _content_hash(content)
        row = self._tables.get(TABLE, kind, str(period))
        if row is not None and row.values["content_hash"] == content_hash:
            return False
        self._blobs.put(SOURCE_FILES_CONTAINER, _blob(kind, content_hash), content)
        values = {"content_hash": content_hash, "name": table_key(name)}
        self._tables.upsert(TABLE, kind, str(period), values)
        return True

    def fill(self, kind: TermsKind, period: BillingPeriod, name: str, content: bytes | BinaryIO, ours: str) -> bool:
        """Make *content* the version of a period that has none of its own, or one whose name begins with *ours*.

        Return False where it is that already, where the period's own is another's, or where somebody was faster.
        """
        content_hash = _content_hash(content)
        row = self._tables.get(TABLE, kind, str(period))
        values = {"content_hash": content_hash, "name": table_key(name)}
        if row is not None and (row.values == values or not str(row.values["name"]).startswith(table_key(ours))):
            return False
        self._blobs.put(SOURCE_FILES_CONTAINER, _blob(kind, content_hash), content)
        try:
            if row is None:
                self._tables.insert(TABLE, kind, str(period), values)
            else:
                self._tables.replace(TABLE, kind, str(period), values, row.etag)
        except ConflictError:
            return False
        return True

    def own_name(self, kind: TermsKind, period: BillingPeriod) -> str:
        """Return the name of the version that came for just that period, "" where none did."""
        row = self._tables.get(TABLE, kind, str(period))
        return "" if row is None else str(row.values["name"])

    def in_force(self, kind: TermsKind, period: BillingPeriod) -> TermsVersion | None:
        """Return the version that the period is billed by, or None where there is none yet."""
        first = str(period) if kind is TermsKind.CONTROL_TOTALS else ""
        rows = list(self._tables.query(TABLE, kind, row_from=first, row_before=f"{period}~"))
        if not rows:
            return None
        row = rows[-1]
        return self.version(kind, str(row.values["content_hash"]), str(row.values["name"]))

    def version(self, kind: TermsKind, content_hash: str, name: str) -> TermsVersion:
        """Return the version with that content, whatever is in force now."""
        file = StoredFile(self._blobs, SOURCE_FILES_CONTAINER, _blob(kind, content_hash), name)
        return TermsVersion(kind, content_hash, file)


def _content_hash(content: bytes | BinaryIO) -> str:
    if isinstance(content, bytes):
        return sha256(content).hexdigest()
    digest = sha256()
    while block := content.read(1 << 20):
        digest.update(block)
    content.seek(0)
    return digest.hexdigest()


def _blob(kind: TermsKind, content_hash: str) -> str:
    return f"terms/{kind}/{content_hash}"
