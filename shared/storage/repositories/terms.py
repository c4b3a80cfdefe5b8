"""Billing terms: the price list, Microsoft's price sheet, subscription details and control totals, as versions.

A version is immutable and named by its content. Price lists, sheets and details stay in force until a later
period brings its own; control totals speak of one period only.

Not here: what the files say (``shared/documents``), checking them (``application/keep_terms``).
"""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

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


@dataclass(frozen=True, slots=True)
class TermsVersion:
    """One version in force: its content hash, the name it was uploaded under, and since which period."""

    kind: TermsKind
    content_hash: str
    file: StoredFile
    since: str


class TermsStore:
    """All versions of all kinds."""

    def __init__(self, tables: Tables, blobs: Blobs) -> None:
        self._tables, self._blobs = tables, blobs

    def put(self, kind: TermsKind, period: BillingPeriod, name: str, content: bytes) -> bool:
        """Make *content* the version in force from *period* on; return False where it is that already."""
        content_hash = sha256(content).hexdigest()
        row = self._tables.get(TABLE, kind, str(period))
        if row is not None and row.values["content_hash"] == content_hash:
            return False
        blob = f"terms/{kind}/{content_hash}"
        self._blobs.put(SOURCE_FILES_CONTAINER, blob, content)
        values = {"content_hash": content_hash, "blob": blob, "name": table_key(name)}
        self._tables.upsert(TABLE, kind, str(period), values)
        return True

    def in_force(self, kind: TermsKind, period: BillingPeriod) -> TermsVersion | None:
        """Return the version that the period is billed by, or None where there is none yet."""
        first = str(period) if kind is TermsKind.CONTROL_TOTALS else ""
        rows = list(self._tables.query(TABLE, kind, row_from=first, row_before=f"{period}~"))
        if not rows:
            return None
        row = rows[-1]
        file = StoredFile(self._blobs, SOURCE_FILES_CONTAINER, str(row.values["blob"]), str(row.values["name"]))
        return TermsVersion(kind, str(row.values["content_hash"]), file, row.row)
