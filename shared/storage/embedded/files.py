"""What the file system says when it refuses, told in Prorata's words.

Not here: what SQLite says (see ``database``).
"""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from shared.domain.errors import StorageUnavailableError

_CURES: Final = {
    errno.ENOSPC: "the disk is full; free space and try again",
    errno.EDQUOT: "the disk quota is used up; free space and try again",
    errno.EFBIG: "the file is over the size limit of the process or file system; raise it and try again",
    errno.EROFS: "the file system is read-only; make it writable and try again",
    errno.EACCES: "permission was denied; make the folder writable and try again",
}


@contextlib.contextmanager
def translated_files(path: Path) -> Iterator[None]:
    """Turn what the file system raises into StorageUnavailableError with *path* and the cure."""
    try:
        yield
    except OSError as error:
        cure = _CURES.get(error.errno or 0, f"{error.strerror}; check the disk and try again")
        raise StorageUnavailableError(f"{path}: {cure}") from error
