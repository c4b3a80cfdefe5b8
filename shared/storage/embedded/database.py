"""One SQLite file below the root folder, shared by any number of threads and processes of one machine.

Invariants: a write holds the write lock from its first statement (``BEGIN IMMEDIATE``), so that what it read cannot
change before it commits; a commit is on the disk when it returns (``synchronous=FULL``); no read stays open
between two calls; a connection belongs to one thread of one process and is never used after a fork.

Not here: what the tables mean (see the three adapters beside this module). The folder must be on a local disk:
the write-ahead log needs shared memory, which network file systems do not give.
"""

import contextlib
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from shared.domain.errors import IntegrityError, StateError, StorageUnavailableError
from shared.storage.embedded.files import translated_files

DATABASE_NAME: Final = "prorata.sqlite"
SCHEMA_VERSION: Final = 1
BUSY_TIMEOUT_S: Final = 30.0

_SCHEMA: Final = (
    """CREATE TABLE entities (
        name TEXT, partition TEXT, row TEXT, body TEXT NOT NULL, etag TEXT NOT NULL,
        PRIMARY KEY (name, partition, row)) WITHOUT ROWID""",
    """CREATE TABLE blobs (
        container TEXT, name TEXT, token TEXT NOT NULL, size INTEGER NOT NULL, content_type TEXT NOT NULL,
        metadata TEXT NOT NULL, PRIMARY KEY (container, name)) WITHOUT ROWID""",
    """CREATE TABLE stale_views (
        container TEXT, name TEXT, PRIMARY KEY (container, name)) WITHOUT ROWID""",
    """CREATE TABLE messages (
        id TEXT PRIMARY KEY, queue TEXT NOT NULL, body BLOB NOT NULL, inserted_at TEXT NOT NULL,
        visible_at_us INTEGER NOT NULL, dequeue_count INTEGER NOT NULL, receipt TEXT NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX messages_by_visibility ON messages (queue, visible_at_us)",
)
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_CURES: Final = {
    sqlite3.SQLITE_BUSY: f"another process held the write lock for over {BUSY_TIMEOUT_S:.0f} s; try again",
    sqlite3.SQLITE_LOCKED: "another process holds the write lock; try again",
    sqlite3.SQLITE_FULL: "the disk is full; free space and try again",
    sqlite3.SQLITE_READONLY: "the folder or file is read-only; make it writable and try again",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened; check that the folder exists and is writable",
}
_inherited: list[sqlite3.Connection] = []  # connections of a parent process: kept, because closing them is unsafe


class Database:
    """The connection of each thread to ``ROOT/prorata.sqlite``; the folder and file appear with the first use."""

    def __init__(self, root: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self.root = root.absolute()
        self._busy_timeout_s = busy_timeout_s
        self._local = threading.local()
        self._opened: weakref.WeakSet[_Opened] = weakref.WeakSet()

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Give a connection for single statements; each sees the last commit before it.

        Raises:
            StorageUnavailableError: SQLite was busy, the disk full or the file unreachable.
            IntegrityError: the file is damaged.
        """
        with _translated(self.root):
            yield self._connection()

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that holds the write lock; commit at the end, roll back on any exception.

        Raises:
            StorageUnavailableError: SQLite was busy, the disk full or the file unreachable; nothing was written.
            IntegrityError: the file is damaged.
        """
        with _translated(self.root):
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connections of all threads; the next call opens a new one. Call it when no thread is inside."""
        for opened in list(self._opened):
            opened.close()
        self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        opened: _Opened | None = getattr(self._local, "opened", None)
        if opened is None or opened.process_id != os.getpid():
            opened = _Opened(_connect(self.root, self._busy_timeout_s))
            self._opened.add(opened)
            self._local.opened = opened
        return opened.connection


class _Opened:
    """A connection with the process that may use it; closed when its thread ends."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.process_id = os.getpid()

    def close(self) -> None:
        if self.process_id == os.getpid():
            self.connection.close()
        else:
            _inherited.append(self.connection)

    def __del__(self) -> None:
        self.close()


def _connect(root: Path, busy_timeout_s: float) -> sqlite3.Connection:
    with translated_files(root):
        root.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(
        root / DATABASE_NAME, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
    )
    try:
        _use_write_ahead_log(connection, busy_timeout_s)
        connection.execute("PRAGMA synchronous=FULL")
        _create_schema(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _use_write_ahead_log(connection: sqlite3.Connection, busy_timeout_s: float) -> None:
    """Switch once for the life of the file; SQLite does not wait here, so two first processes take turns."""
    give_up_at_s = time.monotonic() + busy_timeout_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at_s:
                raise
            time.sleep(0.01)
        else:
            return


def _create_schema(connection: sqlite3.Connection) -> None:
    if _schema_version(connection) == SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    if _schema_version(connection) == 0:
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _schema_version(connection: sqlite3.Connection) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        raise StateError(
            f"{DATABASE_NAME} has layout {version}, this program knows {SCHEMA_VERSION}; use the newer program"
        )
    return version


@contextlib.contextmanager
def _translated(root: Path) -> Iterator[None]:
    """Turn what SQLite raises into Prorata's errors."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _DAMAGED:
            raise IntegrityError(f"{root / DATABASE_NAME} is damaged; restore it from a backup") from error
        cure = _CURES.get(code, f"SQLite says: {error}; check the disk and try again")
        raise StorageUnavailableError(f"{root / DATABASE_NAME}: {cure}") from error
