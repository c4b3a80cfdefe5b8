"""Content files: bytes under a random name that are written once, synced, and never changed.

Invariants: a token is given out only after its file is whole and synced; a failed write leaves no file (a killed
one may: a file that no row points to is harmless). The token is the blob's ETag.

Not here: which token is which blob (see ``blobs``).
"""

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from shared.storage.embedded.files import translated_files

BLOCK_BYTES: Final = 1024 * 1024
_READ_ONLY: Final = 0o444  # a plain name is the same file: an editor must not change a blob in place


class ContentFiles:
    """The files ``ROOT/content/XX/TOKEN``."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "content"

    def path(self, token: str) -> Path:
        """Return where the content of *token* is."""
        return self._folder / token[:2] / token

    def write(self, content: bytes | BinaryIO) -> tuple[str, int]:
        """Store *content* and return its token and size in bytes; what the stream raises passes through.

        Raises:
            StorageUnavailableError: the disk is full or read-only; nothing is left behind.
        """
        token = uuid.uuid4().hex
        path = self.path(token)
        try:
            with translated_files(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                file = path.open("xb", buffering=0)
            with file:
                size = _copy(content, file, path)
            with translated_files(path):
                _sync_folder(path.parent)
        except BaseException:
            self.remove(token)
            raise
        return token, size

    def open(self, token: str) -> BinaryIO | None:
        """Return a stream over the content, or None when it was removed meanwhile."""
        path = self.path(token)
        with translated_files(path):
            try:
                return path.open("rb")
            except FileNotFoundError:
                return None

    def remove(self, token: str) -> None:
        """Remove the content as far as possible; what stays is an orphan and does no harm."""
        with contextlib.suppress(OSError):
            self.path(token).unlink(missing_ok=True)


def _copy(content: bytes | BinaryIO, file: BinaryIO, path: Path) -> int:
    size = 0
    for block in _blocks(content):
        with translated_files(path):
            _write_all(file, block)
        size += len(block)
    with translated_files(path):
        os.fsync(file.fileno())
        path.chmod(_READ_ONLY)
    return size


def _blocks(content: bytes | BinaryIO) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    while block := content.read(BLOCK_BYTES):
        yield block


def _write_all(file: BinaryIO, block: bytes) -> None:
    """Write every byte: a raw write may take only the part that the disk still had room for."""
    rest = memoryview(block)
    while rest:
        rest = rest[file.write(rest) :]


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut, where the system lets a folder be opened."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
