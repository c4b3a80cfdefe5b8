"""What Microsoft publishes for sellers (price sheets, catalogue): each document's newest version, and those before.

A version is named by its content, so that the same content again writes nothing and an older one can be read later.

Not here: what of it a month is billed by (``terms``).
"""

import tempfile
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO, cast

from shared.storage.names import SYNCED_CONTAINER
from shared.storage.ports import Blobs, Tables
from shared.storage.repositories.codec import table_key
from shared.storage.repositories.source_files import HASH_DIGITS, StoredFile

TABLE = "salesdocuments"
IN_FORCE, MONTHS = "in-force", "months"
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class SalesDocument:
    """The newest version of a document."""

    content_hash: str
    file: StoredFile


@dataclass(frozen=True, slots=True)
class SalesDocuments:
    """All documents, by kind (``price-sheet``, ``catalogue``), country and view."""

    tables: Tables
    blobs: Blobs

    def put(self, kind: str, country: str, view: str, content: BinaryIO) -> bool:
        """Keep *content*, read block by block, as the newest version; return False where it is that already."""
        digest = sha256()
        with tempfile.TemporaryFile() as kept:
            while block := content.read(BLOCK_BYTES):
                digest.update(block)
                kept.write(block)
            content_hash = digest.hexdigest()
            known = self.newest(kind, country, view)
            if known is not None and known.content_hash == content_hash:
                return False
            kept.seek(0)
            blob = f"{kind}/{table_key(country, view)}_{content_hash[:HASH_DIGITS]}"
            self.blobs.put(SYNCED_CONTAINER, blob, cast("BinaryIO", kept))
        self.tables.upsert(TABLE, kind, table_key(country, view), {"content_hash": content_hash, "blob": blob})
        return True

    def put_in_force(self, kind: str) -> str:
        """Return what of a kind the sync put in force last, "" where it never did."""
        row = self.tables.get(TABLE, IN_FORCE, kind)
        return "" if row is None else str(row.values["what"])

    def keep_put_in_force(self, kind: str, what: str) -> None:
        """Keep what of a kind the sync put in force."""
        self.tables.upsert(TABLE, IN_FORCE, kind, {"what": what})

    def month_note(self, kind: str, month: str, country: str = "") -> str:
        """Return what the sync noted of a month's documents of a kind, "" for nothing."""
        row = self.tables.get(TABLE, MONTHS, table_key(kind, month, country))
        return "" if row is None else str(row.values["what"])

    def note_month(self, kind: str, month: str, what: str, country: str = "") -> None:
        """Note something of a month's documents of a kind, unless something is noted."""
        if not self.month_note(kind, month, country):
            self.tables.upsert(TABLE, MONTHS, table_key(kind, month, country), {"what": what})

    def newest(self, kind: str, country: str, view: str) -> SalesDocument | None:
        """Return the newest version, or None where there was never one."""
        row = self.tables.get(TABLE, kind, table_key(country, view))
        if row is None:
            return None
        file = StoredFile(self.blobs, SYNCED_CONTAINER, str(row.values["blob"]), f"{country}-{view}")
        return SalesDocument(str(row.values["content_hash"]), file)
