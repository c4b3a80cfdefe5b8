r"""The ports through which Prorata keeps anything: tables, blobs and queues, and secrets.

They are the common ground of Azure Storage and one machine: whatever holds here holds in both adapters, and
``tests/contract`` runs the same tests on both. The limits are Azure's and are enforced *before* a call leaves
the process, so that code tried on one machine cannot surprise in the cloud.

Invariants: keys never contain ``/ \\ # ?`` or control characters; an ETag changes with every write of a row or blob;
a transaction is all or nothing; a queue delivers at least once and in no promised order.

Not here: what is stored under which key (see ``repositories``), and any SDK type.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Literal, Protocol

TRANSACTION_ENTITIES_MAX = 100
TRANSACTION_BYTES_MAX = 4 * 1024 * 1024
ENTITY_BYTES_MAX = 1024 * 1024
ENTITY_PROPERTIES_MAX = 252
PROPERTY_BYTES_MAX = 64 * 1024  # a string is UTF-16 in Azure: 32 Ki characters
KEY_CHARACTERS_MAX = 512  # 1 KiB of UTF-16
MESSAGE_BYTES_MAX = 48 * 1024  # 64 KiB after base64
FORBIDDEN_KEY_CHARACTERS = frozenset("/\\#?")

Scalar = str | int | bool | datetime | bytes
"""What a table property may be. Amounts are strings: no store has a decimal type, and float is refused."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One table row as it was read; *etag* is the guard for the next write."""

    partition: str
    row: str
    values: Mapping[str, Scalar]
    etag: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of a transaction. *etag* guards ``replace`` and ``delete``; None means whatever is there."""

    kind: Literal["insert", "replace", "upsert", "delete"]
    row: str
    values: Mapping[str, Scalar] = field(default_factory=dict)
    etag: str | None = None


class Tables(Protocol):
    """Rows looked up by partition and row key. A table comes into being with its first write."""

    def insert(self, table: str, partition: str, row: str, values: Mapping[str, Scalar]) -> str:
        """Write a new row and return its ETag.

        Raises:
            AlreadyExistsError: the key is taken.
            LimitError: a key or value crosses a limit; nothing was written.
        """
        ...

    def replace(self, table: str, partition: str, row: str, values: Mapping[str, Scalar], etag: str) -> str:
        """Overwrite the row that still carries *etag* and return the new ETag.

        Raises:
            ChangedError: the row changed or is gone.
        """
        ...

    def upsert(self, table: str, partition: str, row: str, values: Mapping[str, Scalar]) -> str:
        """Write the row whether or not it is there (last writer wins) and return its ETag."""
        ...

    def get(self, table: str, partition: str, row: str) -> Entity | None:
        """Return the row, or None where there is none (also when the table does not exist yet)."""
        ...

    def delete(self, table: str, partition: str, row: str, etag: str | None = None) -> None:
        """Remove the row; a missing one is no error.

        Raises:
            ChangedError: *etag* was given and the row carries another.
        """
        ...

    def query(
        self, table: str, partition: str, *, row_from: str = "", row_before: str | None = None
    ) -> Iterator[Entity]:
        """Yield the rows of one partition with ``row_from <= row < row_before``, in row key order, page by page."""
        ...

    def transact(self, table: str, partition: str, operations: Sequence[Operation]) -> None:
        """Apply all operations or none.

        Raises:
            AlreadyExistsError, ChangedError: the first operation that failed says which.
            LimitError: over 100 operations, 4 MiB, or two operations on one row.
        """
        ...


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """What is known of a blob without reading it; *size* in bytes."""

    name: str
    size: int
    etag: str
    content_type: str
    metadata: Mapping[str, str]


class Blobs(Protocol):
    """Bulk content by container and name. A name may contain ``/``; a container comes into being when used."""

    def put(
        self,
        container: str,
        name: str,
        content: bytes | BinaryIO,
        *,
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
        if_absent: bool = False,
    ) -> BlobInfo:
        """Write the blob whole (readers see the old or the new one, never a part) and describe it.

        *content* that is a stream is read in blocks and never held in memory.

        Raises:
            AlreadyExistsError: *if_absent* was asked for and the blob is there.
        """
        ...

    def open(self, container: str, name: str, *, offset: int = 0, length: int | None = None) -> BinaryIO:
        """Return a stream over the content that reads it block by block; the caller closes it.

        It begins *offset* bytes in and gives at most *length* (at least 1) bytes, or all that follow.

        Raises:
            NotFoundError: no such blob.
        """
        ...

    def info(self, container: str, name: str) -> BlobInfo | None:
        """Describe the blob, or return None where there is none."""
        ...

    def list(self, container: str, prefix: str = "") -> Iterator[BlobInfo]:
        """Yield the blobs whose name starts with *prefix*, in name order."""
        ...

    def delete(self, container: str, name: str) -> None:
        """Remove the blob; a missing one is no error."""
        ...

    def link(self, container: str, name: str, *, expires_at: datetime, filename: str) -> str:
        """Return a URL that downloads this one blob as *filename*, read-only, until *expires_at* (aware, UTC).

        The URL is a secret of its own: it is handed to a person and never logged.
        """
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """A queue message that this receiver holds until its lock ends; *receipt* proves the hold.

    Where *is_decoded* is False, somebody else put text on the queue that is not base64; *body* is that text.
    """

    queue: str
    id: str
    receipt: str
    body: bytes
    dequeue_count: int
    inserted_at: datetime
    is_decoded: bool = True


class Queues(Protocol):
    """Work to be looked at, at least once. A queue comes into being when used."""

    def send(self, queue: str, body: str | bytes, *, delay_s: int = 0) -> None:
        """Add a message that becomes visible after *delay_s* seconds.

        Raises:
            LimitError: over 48 KiB (64 KiB once encoded).
        """
        ...

    def receive(self, queue: str, *, limit: int = 1, lock_s: int = 600) -> Sequence[Message]:
        """Take up to *limit* (at most 32) visible messages; each is hidden from others for *lock_s* seconds."""
        ...

    def complete(self, message: Message) -> None:
        """Remove a message that was worked off. A lock lost meanwhile is no error: it will come again."""
        ...

    def release(self, message: Message, *, delay_s: int = 0) -> None:
        """Give a message back; it becomes visible again after *delay_s* seconds."""
        ...

    def depth(self, queue: str) -> int:
        """Return about how many messages wait or are held."""
        ...


class Secrets(Protocol):
    """A few small secrets by name (the refresh token). A name is 1 to 127 letters, digits and hyphens.

    Nothing of a value ever stands in a log, an error or a ``repr``.
    """

    def get(self, name: str) -> str | None:
        """Return the newest value, or None where there is none."""
        ...

    def put(self, name: str, value: str) -> None:
        """Keep *value* as the newest; readers see the old or the new one, never a part.

        Raises:
            LimitError: over 25,000 bytes, or the name is not allowed.
        """
        ...

    def delete(self, name: str) -> None:
        """Forget the secret; a missing one is no error."""
        ...
