"""Tables of the embedded store: one SQLite row for each entity, its values as JSON that keeps their types.

Invariants: the ETag is a new random token with every write; a page of a query is one statement, so that no read stays
open while the caller works; table names ignore case, as Azure's do. Rows come in the order of their UTF-8 bytes.

Not here: the limits (see ``limits``) and the connection (see ``database``).
"""

import base64
import json
import sqlite3
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from shared.domain.errors import AlreadyExistsError, ChangedError
from shared.storage import limits
from shared.storage.embedded.database import Database
from shared.storage.ports import Entity, Operation, Scalar

PAGE_ROWS: Final = 1000
PAGE_CHARACTERS: Final = 4 * 1024 * 1024

_KEY: Final = "WHERE name = ? AND partition = ? AND row = ?"
_Key = tuple[str, str, str]


class EmbeddedTables:
    """The port ``Tables`` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, table: str, partition: str, row: str, values: Mapping[str, Scalar]) -> str:
        """Write a new row and return its ETag.

        Raises:
            AlreadyExistsError: the key is taken.
            LimitError: a key or value crosses a limit; nothing was written.
            StorageUnavailableError: the disk is full, read-only or locked too long; nothing was written.
        """
        return self._write_one(table, partition, Operation("insert", row, values))

    def replace(self, table: str, partition: str, row: str, values: Mapping[str, Scalar], etag: str) -> str:
        """Overwrite the row that still carries *etag* and return the new ETag.

        Raises:
            ChangedError: the row changed or is gone.
            LimitError, StorageUnavailableError: as in :meth:`insert`.
        """
        return self._write_one(table, partition, Operation("replace", row, values, etag))

    def upsert(self, table: str, partition: str, row: str, values: Mapping[str, Scalar]) -> str:
        """Write the row whether or not it is there and return its ETag.

        Raises:
            LimitError, StorageUnavailableError: as in :meth:`insert`.
        """
        return self._write_one(table, partition, Operation("upsert", row, values))

    def get(self, table: str, partition: str, row: str) -> Entity | None:
        """Return the row, or None where there is none.

        Raises:
            LimitError: a key is not allowed.
        """
        key = _checked_key(table, partition, row)
        with self._database.read() as connection:
            found = connection.execute(f"SELECT body, etag FROM entities {_KEY}", key).fetchone()  # noqa: S608 - constants only
        return Entity(partition, row, _decoded(found[0]), found[1]) if found else None

    def delete(self, table: str, partition: str, row: str, etag: str | None = None) -> None:
        """Remove the row; a missing one is no error.

        Raises:
            ChangedError: *etag* was given and the row carries another.
        """
        key = _checked_key(table, partition, row)
        with self._database.write() as connection:
            found = _etag(connection, key)
            if found and etag not in (None, found):
                raise ChangedError(f"row {row!r} of {table} changed since it was read; read it again")
            connection.execute(f"DELETE FROM entities {_KEY}", key)  # noqa: S608 - constants only

    def query(
        self, table: str, partition: str, *, row_from: str = "", row_before: str | None = None
    ) -> Iterator[Entity]:
        """Yield the rows with ``row_from <= row < row_before`` in row key order, page by page.

        Raises:
            LimitError: a name, key or bound is not allowed (at the first row).
        """
        _checked_key(table, partition, "")
        limits.check_bound("row_from", row_from)
        limits.check_bound("row_before", row_before)
        page = self._page(table, partition, ">=", row_from, row_before)
        while page:
            yield from page
            page = self._page(table, partition, ">", page[-1].row, row_before)

    def transact(self, table: str, partition: str, operations: Sequence[Operation]) -> None:
        """Apply all operations or none.

        Raises:
            AlreadyExistsError, ChangedError: the first operation that failed says which.
            LimitError: over 100 operations, 4 MiB, or two operations on one row.
            StorageUnavailableError: as in :meth:`insert`.
        """
        limits.check_table(table)
        limits.check_key("partition key", partition)
        bodies = [_encoded(values) for values in limits.checked_operations(partition, operations)]
        if not operations:
            return
        with self._database.write() as connection:
            for operation, body in zip(operations, bodies, strict=True):
                _apply(connection, (table.lower(), partition, operation.row), operation, body)

    def _write_one(self, table: str, partition: str, operation: Operation) -> str:
        limits.check_table(table)
        body = _encoded(limits.checked_values(partition, operation.row, operation.values))
        with self._database.write() as connection:
            return _apply(connection, (table.lower(), partition, operation.row), operation, body)

    def _page(self, table: str, partition: str, comparison: str, row: str, row_before: str | None) -> list[Entity]:
        statement = (
            f"SELECT row, body, etag FROM entities WHERE name = ? AND partition = ? AND row {comparison} ?"  # noqa: S608 - constants only
            " AND (? IS NULL OR row < ?) ORDER BY row LIMIT ?"
        )
        parameters = (table.lower(), partition, row, row_before, row_before, PAGE_ROWS)
        with self._database.read() as connection:
            cursor = connection.execute(statement, parameters)
            try:
                found = _up_to_page_size(cursor)
            finally:
                cursor.close()
        return [Entity(partition, key, _decoded(body), etag) for key, body, etag in found]


def _checked_key(table: str, partition: str, row: str) -> _Key:
    limits.check_table(table)
    limits.check_key("partition key", partition)
    limits.check_key("row key", row)
    return table.lower(), partition, row


def _apply(connection: sqlite3.Connection, key: _Key, operation: Operation, body: str) -> str:
    """Do one step under the write lock and return the new ETag."""
    _check_guard(key, operation, _etag(connection, key))
    etag = uuid.uuid4().hex
    if operation.kind == "delete":
        connection.execute(f"DELETE FROM entities {_KEY}", key)  # noqa: S608 - constants only
    else:
        connection.execute("REPLACE INTO entities VALUES (?, ?, ?, ?, ?)", (*key, body, etag))
    return etag


def _check_guard(key: _Key, operation: Operation, found: str | None) -> None:
    if operation.kind == "insert" and found is not None:
        raise AlreadyExistsError(f"row {key[2]!r} of {key[0]} is there already; it was written before")
    if operation.kind in ("replace", "delete") and (found is None or operation.etag not in (None, found)):
        state = "is gone" if found is None else "changed since it was read"
        raise ChangedError(f"row {key[2]!r} of {key[0]} {state}; read it again")


def _etag(connection: sqlite3.Connection, key: _Key) -> str | None:
    found = connection.execute(f"SELECT etag FROM entities {_KEY}", key).fetchone()  # noqa: S608 - constants only
    return str(found[0]) if found else None


def _up_to_page_size(cursor: sqlite3.Cursor) -> list[tuple[str, str, str]]:
    """Fetch rows until they are worth a page; a row of 1 MiB must not come a thousand times at once."""
    page: list[tuple[str, str, str]] = []
    size = 0
    for found in cursor:
        page.append(found)
        size += len(found[1])
        if size >= PAGE_CHARACTERS:
            break
    return page


def _encoded(values: Mapping[str, Scalar]) -> str:
    return json.dumps(values, default=_tagged, ensure_ascii=False, separators=(",", ":"))


def _tagged(value: datetime | bytes) -> dict[str, str]:
    """Stand in for what JSON lacks; no property is ever an object, so that the tag is unmistakable."""
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode("ascii")}
    return {"instant": value.isoformat()}


def _decoded(body: str) -> dict[str, Scalar]:
    values: dict[str, Any] = json.loads(body)
    return {name: _untagged(value) if isinstance(value, dict) else value for name, value in values.items()}


def _untagged(tagged: Mapping[str, str]) -> datetime | bytes:
    if "bytes" in tagged:
        return base64.b64decode(tagged["bytes"])
    return datetime.fromisoformat(tagged["instant"]).astimezone(UTC)
