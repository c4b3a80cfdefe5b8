"""Source files and their extracts: Microsoft's bytes as delivered, and each customer's part of them.

A file belongs to a billing period and has a name. Uploading other content under the same name replaces it: extracts
of both versions may lie side by side, and the file's row says which one counts. The row is written last, so a crash
leaves the version before in force, and guarded, so that a slow reader never puts an older version back. A withdrawn
file keeps its row, so that a message that comes late does not bring it back. A file that came with a delivery counts
while the delivery says so (see ``deliveries``).

The extracts of a file lie in one blob, customer after customer, and an index beside it says where each begins: a file
of five thousand customers is two writes, and a customer's part is read by its range.

Not here: reading and splitting (``shared/partner_center/source_files``), when a file is refused
(``application/ingest``).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from shared.domain.errors import StateError
from shared.domain.issues import Issue
from shared.domain.periods import BillingPeriod
from shared.domain.source_files import DocumentKey, DocumentSum, FileRead
from shared.domain.source_lines import Family
from shared.storage.names import SOURCE_FILES_CONTAINER, SOURCE_LINES_CONTAINER
from shared.storage.ports import TRANSACTION_ENTITIES_MAX, Blobs, Operation, Scalar, Tables
from shared.storage.repositories.codec import packed, read_whole, table_key, unpacked
from shared.storage.repositories.deliveries import counting_versions

FILES, CUSTOMERS = "sourcefiles", "periodcustomers"
HASH_DIGITS = 16
INDEXES_KEPT_MAX = 64
"""Indexes are some 300 KB each, and a chunk of customers asks each file's for every one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRecord:
    """What a file holds of one Microsoft document."""

    key: DocumentKey
    sum: DocumentSum


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFileRecord:
    """One file. *refused_for* is the issue that keeps it from counting, or None; *delivery* is the row it came with."""

    name: str
    content_hash: str
    family: Family
    row_count: int
    customer_count: int
    documents: tuple[DocumentRecord, ...] = ()
    issues: tuple[Issue, ...] = ()
    fingerprints: tuple[int, ...] = ()
    refused_for: Issue | None = None
    delivery: str = ""

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
    """A file in the store, to be opened as often as needed; *name* is the one it was delivered under.

    With *length* it is that many bytes from *offset* on: one customer's part.
    """

    blobs: Blobs
    container: str
    blob: str
    name: str = field(default="")
    offset: int = 0
    length: int | None = None

    def open(self) -> BinaryIO:
        """Return the content from its start."""
        return self.blobs.open(self.container, self.blob, offset=self.offset, length=self.length)


@dataclass(frozen=True, slots=True)
class Bundle:
    """The extracts of a file, one behind the other, and where each customer's (by id in lower case) lies."""

    content: BinaryIO
    ranges: Mapping[str, tuple[int, int]]


class SourceFileStore:
    """All source files and extracts."""

    def __init__(self, tables: Tables, blobs: Blobs) -> None:
        self._tables, self._blobs = tables, blobs
        self._indexes: dict[str, bytes] = {}

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

    def put_extracts(self, period: BillingPeriod, file: tuple[str, str], bundle: Bundle) -> None:
        """Keep the customers' parts of a *file* (name and content hash), where each lies, and who they are."""
        content, index = _extract_blobs(period, file)
        if bundle.ranges:
            self._blobs.put(SOURCE_LINES_CONTAINER, content, bundle.content, content_type="application/gzip")
        self._blobs.put(SOURCE_LINES_CONTAINER, index, _index_of(bundle.ranges), content_type="text/plain")
        known = {row.row for row in self._tables.query(CUSTOMERS, str(period))}
        fresh = {table_key(each): each for each in bundle.ranges if table_key(each) not in known}
        writes = [Operation("upsert", key, {"customer_id": fresh[key]}) for key in sorted(fresh)]
        for at in range(0, len(writes), TRANSACTION_ENTITIES_MAX):
            self._tables.transact(CUSTOMERS, str(period), writes[at : at + TRANSACTION_ENTITIES_MAX])

    def row(self, period: BillingPeriod, name: str) -> FileRow | None:
        """Return what is in force for the name, or None where nothing was ever recorded."""
        row = self._tables.get(FILES, str(period), table_key(name))
        if row is None:
            return None
        return FileRow(
            content_hash=str(row.values["content_hash"]), is_withdrawn=_is_withdrawn(row.values), etag=row.etag
        )

    def record(
        self, period: BillingPeriod, record: SourceFileRecord, instead_of: FileRow | None, *, version: str = ""
    ) -> None:
        """Make the file count (or be seen as refused) where *instead_of* is still in force.

        *version* is that of the delivery it came with; it counts when the delivery says so.

        Raises:
            ChangedError, AlreadyExistsError: another version was recorded, or the file was withdrawn, meanwhile.
        """
        blob = f"{period}/.records/{table_key(record.name)}_{record.content_hash[:HASH_DIGITS]}.json.gz"
        self._blobs.put(SOURCE_FILES_CONTAINER, blob, packed(record), content_type="application/gzip")
        values = {"name": record.name, "content_hash": record.content_hash, "blob": blob}
        if record.delivery:
            values |= {"delivery": record.delivery, "version": version}
        if instead_of is None:
            self._tables.insert(FILES, str(period), table_key(record.name), values)
        else:
            self._tables.replace(FILES, str(period), table_key(record.name), values, instead_of.etag)

    def withdraw(self, period: BillingPeriod, name: str) -> bool:
        """Let the file count no longer; return False where none of that name counted or was refused.

        Raises:
            ChangedError: another version was recorded at the same moment. Look again.
            StateError: the file came with a delivery, which counts whole.
        """
        row = self._tables.get(FILES, str(period), table_key(name))
        if row is None or _is_withdrawn(row.values):
            return False
        if row.values.get("delivery"):
            raise StateError(f"{name} came from Microsoft as a part of {row.values['delivery']!s}, which counts whole")
        self._tables.replace(FILES, str(period), row.row, {**row.values, "is_withdrawn": True}, row.etag)
        return True

    def readmit(self, period: BillingPeriod, name: str) -> None:
        """Let a withdrawn file be ingested again; any other stays as it is."""
        row = self._tables.get(FILES, str(period), table_key(name))
        if row is not None and _is_withdrawn(row.values):
            self._tables.delete(FILES, str(period), table_key(name))

    def records(self, period: BillingPeriod) -> list[SourceFileRecord]:
        """Return all files of the period in name order, refused ones too, withdrawn ones and overtaken ones not."""
        counting = counting_versions(self._tables, period)
        return [
            self._record(row.values)
            for row in self._tables.query(FILES, str(period))
            if not _is_withdrawn(row.values) and _is_in_force(row.values, counting)
        ]

    def uploads(self, period: BillingPeriod) -> list[SourceFileRecord]:
        """Return the files that people gave, in name order; what Microsoft delivered is not looked into."""
        rows = self._tables.query(FILES, str(period))
        return [
            self._record(row.values) for row in rows if not row.values.get("delivery") and not _is_withdrawn(row.values)
        ]

    def delivered(self, period: BillingPeriod, prefix: str) -> dict[str, str]:
        """Return name and content hash of the delivered files whose names begin with *prefix*, counting or not."""
        rows = self._tables.query(FILES, str(period), row_from=prefix, row_before=f"{prefix}~")
        return {str(row.values["name"]): str(row.values["content_hash"]) for row in rows}

    def delivered_records(self, period: BillingPeriod, prefix: str) -> Iterator[SourceFileRecord]:
        """Yield what is recorded of the delivered files whose names begin with *prefix*, counting or not."""
        for row in self._tables.query(FILES, str(period), row_from=prefix, row_before=f"{prefix}~"):
            yield self._record(row.values)

    def discard(self, period: BillingPeriod, name: str) -> None:
        """Forget the bytes of a file that is of no use; a record of it stays."""
        self._blobs.delete(SOURCE_FILES_CONTAINER, _blob(period, name))

    def customers(self, period: BillingPeriod) -> list[str]:
        """Return the customers (ids in lower case) that any file of the period ever named, in key order."""
        return [str(row.values["customer_id"]) for row in self._tables.query(CUSTOMERS, str(period))]

    def extracts(
        self, period: BillingPeriod, customer_id: str, counting: Collection[tuple[str, str]]
    ) -> Iterator[StoredFile]:
        """Yield a customer's extracts of the files (name and content hash) that are *counting*."""
        for file in sorted(counting):
            content, index = _extract_blobs(period, file)
            found = _range_in(self._index(index), customer_id)
            if found is not None:
                yield StoredFile(self._blobs, SOURCE_LINES_CONTAINER, content, file[0], *found)

    def _index(self, blob: str) -> bytes:
        """Return an index, from memory where it was read before: what it says of a content never changes."""
        index = self._indexes.get(blob)
        if index is None:
            index = read_whole(self._blobs.open(SOURCE_LINES_CONTAINER, blob))
            if len(self._indexes) >= INDEXES_KEPT_MAX:
                self._indexes.clear()
            self._indexes[blob] = index
        return index

    def _record(self, values: Mapping[str, Scalar]) -> SourceFileRecord:
        content = read_whole(self._blobs.open(SOURCE_FILES_CONTAINER, str(values["blob"])))
        return unpacked(content, SourceFileRecord)


def _is_in_force(values: Mapping[str, Scalar], counting: Collection[tuple[str, str]]) -> bool:
    delivery = values.get("delivery")
    return not delivery or (delivery, values["version"]) in counting


def _extract_blobs(period: BillingPeriod, file: tuple[str, str]) -> tuple[str, str]:
    name, content_hash = file
    version = f"{period}/{table_key(name)}_{content_hash[:HASH_DIGITS]}"
    return f"{version}.gz", f"{version}.index"


def _index_of(ranges: Mapping[str, tuple[int, int]]) -> bytes:
    rows = [f"{table_key(customer_id)}\t{offset}\t{length}\n" for customer_id, (offset, length) in ranges.items()]
    return ("\n" + "".join(sorted(rows))).encode()


def _range_in(index: bytes, customer_id: str) -> tuple[int, int] | None:
    key = f"\n{table_key(customer_id)}\t".encode()
    at = index.find(key)
    if at < 0:
        return None
    offset, length = index[at + len(key) : index.index(b"\n", at + 1)].split(b"\t")
    return int(offset), int(length)


def _is_withdrawn(values: Mapping[str, Scalar]) -> bool:
    return bool(values.get("is_withdrawn", False))


def _blob(period: BillingPeriod, name: str) -> str:
    return f"{period}/{table_key(name)}"
