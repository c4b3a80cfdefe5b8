"""Source files and their extracts: Microsoft's bytes as delivered, and each customer's part of them.

A file belongs to a billing period and has a name. Uploading other content under the same name replaces it: extracts
of both versions may lie side by side, and the file's row says which one counts. The row is written last, so a crash
leaves the version before in force, and guarded, so that a slow reader never puts an older version back. A withdrawn
file keeps its row, so that a message that comes late does not bring it back.

Not here: reading and splitting (``shared/partner_center/source_files``), when a file is refused
(``application/ingest``).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from shared.domain.issues import Issue
from shared.domain.periods import BillingPeriod
from shared.domain.source_files import DocumentKey, DocumentSum, FileRead
from shared.domain.source_lines import Family
from shared.storage.names import SOURCE_FILES_CONTAINER, SOURCE_LINES_CONTAINER
from shared.storage.ports import Blobs, Scalar, Tables
from shared.storage.repositories.codec import packed, read_whole, table_key, unpacked

FILES, EXTRACTS, CUSTOMERS = "sourcefiles", "sourcelines", "periodcustomers"
HASH_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRecord:
    """What a file holds of one Microsoft document."""

    key: DocumentKey
    sum: DocumentSum


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFileRecord:
    """One uploaded file. *refused_for* is the issue that keeps it from counting, or None."""

    name: str
    content_hash: str
    family: Family
    row_count: int
    customer_count: int
    documents: tuple[DocumentRecord, ...] = ()
    issues: tuple[Issue, ...] = ()
    fingerprints: tuple[int, ...] = ()
    refused_for: Issue | None = None

    def as_read(self) -> FileRead:
        """Return what a later file is compared with."""
        return FileRead(
            name=self.name,
            content_hash=self.content_hash,
            family=self.family,
            row_count=self.row_count,
            documents={document.key: document.sum for document in self.documents},
            fingerprints=frozenset(self.fingerprints),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """What stands in force for a name: which content, and whether it was withdrawn. *etag* guards the next version."""

    content_hash: str
    is_withdrawn: bool
    etag: str


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the store, to be opened as often as needed; *name* is the one it was delivered under."""

    blobs: Blobs
    container: str
    blob: str
    name: str = field(default="")

    def open(self) -> BinaryIO:
        """Return the content from its start."""
        return self.blobs.open(self.container, self.blob)


class SourceFileStore:
    """All source files and extracts."""

    def __init__(self, tables: Tables, blobs: Blobs) -> None:
        self._tables, self._blobs = tables, blobs

    def put(self, period: BillingPeriod, name: str, content: bytes | BinaryIO) -> None:
        """Keep the file as delivered; it counts for nothing until it is recorded."""
        self._blobs.put(SOURCE_FILES_CONTAINER, _blob(period, name), content)

    def file(self, period: BillingPeriod, name: str) -> StoredFile | None:
        """Return the file as delivered, or None where there is none."""
        blob = _blob(period, name)
        if self._blobs.info(SOURCE_FILES_CONTAINER, blob) is None:
            return None
        return StoredFile(self._blobs, SOURCE_FILES_CONTAINER, blob, name)

    def version(self, period: BillingPeriod, name: str) -> str:
        """Return what changes whenever the file is put again, or "" where there is none."""
        info = self._blobs.info(SOURCE_FILES_CONTAINER, _blob(period, name))
        return info.etag if info is not None else ""

    def put_extract(self, period: BillingPeriod, customer_id: str, file: tuple[str, str], content: BinaryIO) -> None:
        """Keep a customer's part of a *file* (name and content hash): blob first, then its row."""
        name, content_hash = file
        version = f"{table_key(name)}_{content_hash[:HASH_DIGITS]}"
        blob = f"{period}/{table_key(customer_id)}/{version}.gz"
        self._blobs.put(SOURCE_LINES_CONTAINER, blob, content, content_type="application/gzip")
        self._tables.upsert(
            EXTRACTS,
            table_key(customer_id),
            f"{period}_{version}",
            {"name": name, "content_hash": content_hash, "blob": blob},
        )
        self._tables.upsert(CUSTOMERS, str(period), table_key(customer_id), {"customer_id": customer_id})

    def row(self, period: BillingPeriod, name: str) -> FileRow | None:
        """Return what is in force for the name, or None where nothing was ever recorded."""
        row = self._tables.get(FILES, str(period), table_key(name))
        if row is None:
            return None
        return FileRow(
            content_hash=str(row.values["content_hash"]), is_withdrawn=_is_withdrawn(row.values), etag=row.etag
        )

    def record(self, period: BillingPeriod, record: SourceFileRecord, instead_of: FileRow | None) -> None:
        """Make the file count (or be seen as refused) where *instead_of* is still in force.

        Raises:
            ChangedError, AlreadyExistsError: another version was recorded, or the file was withdrawn, meanwhile.
        """
        blob = f"{period}/.records/{table_key(record.name)}_{record.content_hash[:HASH_DIGITS]}.json.gz"
        self._blobs.put(SOURCE_FILES_CONTAINER, blob, packed(record), content_type="application/gzip")
        values = {"name": record.name, "content_hash": record.content_hash, "blob": blob}
        if instead_of is None:
            self._tables.insert(FILES, str(period), table_key(record.name), values)
        else:
            self._tables.replace(FILES, str(period), table_key(record.name), values, instead_of.etag)

    def withdraw(self, period: BillingPeriod, name: str) -> bool:
        """Let the file count no longer; return False where none of that name counted or was refused.

        Raises:
            ChangedError: another version was recorded at the same moment. Look again.
        """
        row = self._tables.get(FILES, str(period), table_key(name))
        if row is None or _is_withdrawn(row.values):
            return False
        self._tables.replace(FILES, str(period), row.row, {**row.values, "is_withdrawn": True}, row.etag)
        return True

    def readmit(self, period: BillingPeriod, name: str) -> None:
        """Let a withdrawn file be ingested again; any other stays as it is."""
        row = self._tables.get(FILES, str(period), table_key(name))
        if row is not None and _is_withdrawn(row.values):
            self._tables.delete(FILES, str(period), table_key(name))

    def records(self, period: BillingPeriod) -> list[SourceFileRecord]:
        """Return all files of the period in name order, refused ones too, withdrawn ones not."""
        return [
            unpacked(read_whole(self._blobs.open(SOURCE_FILES_CONTAINER, str(row.values["blob"]))), SourceFileRecord)
            for row in self._tables.query(FILES, str(period))
            if not _is_withdrawn(row.values)
        ]

    def customers(self, period: BillingPeriod) -> list[str]:
        """Return the customers (ids in lower case) that any file of the period ever named, in key order."""
        return [str(row.values["customer_id"]) for row in self._tables.query(CUSTOMERS, str(period))]

    def extracts(
        self, period: BillingPeriod, customer_id: str, counting: Collection[tuple[str, str]]
    ) -> Iterator[StoredFile]:
        """Yield a customer's extracts of the files (name and content hash) that are *counting*."""
        rows = self._tables.query(EXTRACTS, table_key(customer_id), row_from=f"{period}_", row_before=f"{period}`")
        for row in rows:
            blob, name = str(row.values["blob"]), str(row.values["name"])
            if (name, str(row.values["content_hash"])) in counting:
                yield StoredFile(self._blobs, SOURCE_LINES_CONTAINER, blob, name)


def _is_withdrawn(values: Mapping[str, Scalar]) -> bool:
    return bool(values.get("is_withdrawn", False))


def _blob(period: BillingPeriod, name: str) -> str:
    return f"{period}/{table_key(name)}"
