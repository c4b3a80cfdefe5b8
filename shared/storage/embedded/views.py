"""Plain names: ``ROOT/blobs/CONTAINER/NAME`` is a hard link to the content, for people who want to look.

Invariants: a plain name is made under the write lock from the row as committed, so that it never runs ahead of the
store; a name that could not be made is noted in ``stale_views`` and made up for by the next process. Nothing reads
plain names, so that a name the file system cannot hold (a blob ``a`` beside ``a/b``) costs only a warning.

Not here: content and rows (see ``content`` and ``blobs``).
"""

import contextlib
import errno
import logging
import os
from pathlib import Path

from shared.domain.errors import StorageUnavailableError
from shared.storage.embedded.content import ContentFiles
from shared.storage.embedded.database import Database

_log = logging.getLogger(__name__)


class PlainNames:
    """The tree below ``ROOT/blobs``."""

    def __init__(self, database: Database, files: ContentFiles) -> None:
        self._database = database
        self._files = files
        self._folder = database.root / "blobs"
        self._is_caught_up = False

    def refresh(self, container: str, name: str) -> None:
        """Make the plain name follow the row. Failing is a warning: the blob itself is written already."""
        try:
            with self._database.write() as connection:
                key = (container, name)
                found = connection.execute("SELECT token FROM blobs WHERE container = ? AND name = ?", key).fetchone()
                self._follow(container, name, found[0] if found else None)
                connection.execute("DELETE FROM stale_views WHERE container = ? AND name = ?", key)
        except StorageUnavailableError as error:
            _log.warning("plain name of blob %s in %s waits for the next start: %s", name, container, error)

    def catch_up(self) -> None:
        """Make, once in the life of this object, the plain names that a crash left behind."""
        if self._is_caught_up:
            return
        self._is_caught_up = True
        with self._database.read() as connection:
            stale = connection.execute("SELECT container, name FROM stale_views").fetchall()
        for container, name in stale:
            self.refresh(container, name)

    def _follow(self, container: str, name: str, token: str | None) -> None:
        target = self._folder.joinpath(container, *name.split("/"))
        try:
            self._check_inside(target)
            if token is None:
                self._hide(container, target)
            else:
                _show(target, self._files.path(token))
        except OSError as error:
            _log.warning("blob %s in %s has no plain name: %s", name, container, error.strerror)

    def _check_inside(self, target: Path) -> None:
        """Refuse to follow a symbolic link that somebody put into the tree."""
        if not target.parent.resolve().is_relative_to(self._folder.resolve()):
            raise OSError(errno.EINVAL, "the name leads out of the folder")

    def _hide(self, container: str, target: Path) -> None:
        """Remove the plain name, and the folders that are empty without it."""
        if not target.is_dir():
            target.unlink(missing_ok=True)
        top = self._folder / container
        with contextlib.suppress(OSError):
            for folder in target.parents:
                if not folder.is_relative_to(top):
                    return
                folder.rmdir()


def _show(target: Path, content: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    link = content.with_suffix(".view")
    link.unlink(missing_ok=True)
    os.link(content, link)
    try:
        link.replace(target)
    finally:
        link.unlink(missing_ok=True)  # replacing a link by a link to the same file leaves it behind
