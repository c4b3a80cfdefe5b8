"""Blobs of the embedded store: immutable content files, a row that makes one of them the blob, and plain names.

Content goes to ``ROOT/content/XX/TOKEN`` under a new random name and is synced before the row that points to it
commits; the row is the blob. So a reader sees the old content or the new one, and a crash leaves at most a content
file nobody points to, which is harmless. A hard link at ``ROOT/blobs/CONTAINER/NAME`` lets a person open the blob; it
follows the row, and a crash in between is made up for by the next process (``stale_views``).

Invariants: a content file never changes once its row is there; the plain names are never read by Prorata.

Not here: what a blob holds, and the HTTP route that serves links (it calls :meth:`EmbeddedBlobs.verify_link`).
"""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import BinaryIO, Final

from shared.domain.errors import AlreadyExistsError, NotFoundError, StorageUnavailableError
from shared.storage import limits
from shared.storage.clock import system_clock
from shared.storage.embedded import links
from shared.storage.embedded.content import ContentFiles
from shared.storage.embedded.database import Database
from shared.storage.embedded.ranges import ranged
from shared.storage.embedded.views import PlainNames
from shared.storage.ports import BlobInfo

PAGE_ROWS: Final = 1000
_OPEN_ATTEMPTS: Final = 10

_COLUMNS: Final = "name, size, token, content_type, metadata"
_KEY: Final = "WHERE container = ? AND name = ?"


class EmbeddedBlobs:
    """The port ``Blobs`` on files and SQLite. *base_url* is where the local server answers; *clock* is in UTC."""

    def __init__(
        self,
        database: Database,
        *,
        base_url: str = "http://127.0.0.1:7071",
        clock: Callable[[], datetime] = system_clock,
    ) -> None:
        self._database = database
        self._clock = clock
        self._base_url = base_url.rstrip("/")
        self._files = ContentFiles(database.root)
        self._views = PlainNames(database, self._files)

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
        """Write the blob whole and describe it; a stream is read in blocks.

        Raises:
            AlreadyExistsError: *if_absent* was asked for and the blob is there.
            LimitError: a name or header is not allowed; nothing was written.
            StorageUnavailableError: the disk is full, read-only or locked too long; the old blob is untouched.
        """
        _check_names(container, name)
        headers = limits.checked_metadata(content_type, metadata)
        self._views.catch_up()
        token, size = self._files.write(content)
        info = BlobInfo(name, size, token, content_type, headers)
        try:
            replaced = self._point_to(container, info, if_absent=if_absent)
        except (AlreadyExistsError, StorageUnavailableError):
            self._discard(container, info)
            raise
        self._views.refresh(container, name)
        if replaced:
            self._files.remove(replaced)
        return info

    def open(self, container: str, name: str, *, offset: int = 0, length: int | None = None) -> BinaryIO:
        """Return a stream over the content (or *length* bytes of it from *offset* on) as it is now.

        Raises:
            NotFoundError: no such blob.
            StorageUnavailableError: the row is there but its content file is not.
        """
        for _ in range(_OPEN_ATTEMPTS):
            info = self.info(container, name)
            if info is None:
                raise NotFoundError(f"blob {name!r} is not in {container}; check the name")
            stream = self._files.open(info.etag)
            if stream is not None:  # None: replaced between the two steps, so look again
                return stream if not offset and length is None else ranged(stream, offset, length)
        raise StorageUnavailableError(f"content of blob {name!r} in {container} is missing; restore a backup")

    def info(self, container: str, name: str) -> BlobInfo | None:
        """Describe the blob, or return None where there is none.

        Raises:
            LimitError: a name is not allowed.
        """
        _check_names(container, name)
        with self._database.read() as connection:
            found = connection.execute(f"SELECT {_COLUMNS} FROM blobs {_KEY}", (container, name)).fetchone()  # noqa: S608 - constants only
        return _info(found) if found else None

    def list(self, container: str, prefix: str = "") -> Iterator[BlobInfo]:
        """Yield the blobs whose name starts with *prefix*, in name order, page by page.

        Raises:
            LimitError: the container or prefix is not allowed (at the first blob).
        """
        limits.check_container(container)
        limits.check_blob_prefix(prefix)
        page = _page(self._database, container, ">=", prefix)
        while page:
            for info in page:
                if not info.name.startswith(prefix):
                    return
                yield info
            page = _page(self._database, container, ">", page[-1].name)

    def delete(self, container: str, name: str) -> None:
        """Remove the blob; a missing one is no error.

        Raises:
            StorageUnavailableError: the disk is full, read-only or locked too long; the blob is still there.
        """
        _check_names(container, name)
        with self._database.write() as connection:
            token = _token(connection, container, name)
            if token is None:
                return
            connection.execute(f"DELETE FROM blobs {_KEY}", (container, name))  # noqa: S608 - constants only
            connection.execute("REPLACE INTO stale_views VALUES (?, ?)", (container, name))
        self._views.refresh(container, name)
        self._files.remove(token)

    def link(self, container: str, name: str, *, expires_at: datetime, filename: str) -> str:
        """Return a URL that downloads this one blob as *filename* until *expires_at* (aware, UTC).

        Raises:
            LimitError: a name is not allowed, or *expires_at* is past, over 6 days away or without a time zone.
        """
        _check_names(container, name)
        limits.check_filename(filename)
        limits.check_expiry(expires_at, self._clock())
        key = links.signing_key(self._database.root)
        return f"{self._base_url}/blobs/{links.signed(key, container, name, expires_at, filename)}"

    def verify_link(self, container: str, name: str, query: Mapping[str, str], now: datetime) -> str:
        """Return the file name to offer for the download, if *query* was signed for this blob and *now* is in time.

        Raises:
            InvalidError: the link is incomplete, was changed, or has expired.
        """
        return links.verified(links.signing_key(self._database.root), container, name, query, now)

    def _point_to(self, container: str, info: BlobInfo, *, if_absent: bool) -> str | None:
        """Make *info* the blob and return the token it replaced; this commit is the moment of the change."""
        with self._database.write() as connection:
            replaced = _token(connection, container, info.name)
            if if_absent and replaced:
                raise AlreadyExistsError(f"blob {info.name!r} is in {container} already; it was written before")
            connection.execute(
                "REPLACE INTO blobs (container, name, token, size, content_type, metadata) VALUES (?, ?, ?, ?, ?, ?)",
                (container, info.name, info.etag, info.size, info.content_type, json.dumps(info.metadata)),
            )
            connection.execute("REPLACE INTO stale_views VALUES (?, ?)", (container, info.name))
        return replaced

    def _discard(self, container: str, info: BlobInfo) -> None:
        """Remove the content of a write that failed, unless the row made it to the disk after all."""
        with contextlib.suppress(StorageUnavailableError):
            current = self.info(container, info.name)
            if current is None or current.etag != info.etag:
                self._files.remove(info.etag)


def _check_names(container: str, name: str) -> None:
    limits.check_container(container)
    limits.check_blob(name)


def _page(database: Database, container: str, comparison: str, name: str) -> list[BlobInfo]:
    statement = f"SELECT {_COLUMNS} FROM blobs WHERE container = ? AND name {comparison} ? ORDER BY name LIMIT ?"  # noqa: S608 - constants only
    with database.read() as connection:
        found = connection.execute(statement, (container, name, PAGE_ROWS)).fetchall()
    return [_info(row) for row in found]


def _token(connection: sqlite3.Connection, container: str, name: str) -> str | None:
    found = connection.execute(f"SELECT token FROM blobs {_KEY}", (container, name)).fetchone()  # noqa: S608 - constants only
    return str(found[0]) if found else None


def _info(found: tuple[str, int, str, str, str]) -> BlobInfo:
    return BlobInfo(*found[:4], metadata=json.loads(found[4]))
