"""Where the host remembers when each timer ran last and is due next: JSON documents by name.

Azure keeps these as blobs beside its lease; here anything with ``get`` and ``set`` will do.

Not here: what the documents mean (see ``timers``).
"""

import json
import os
import re
from pathlib import Path
from typing import Any, Protocol

from shared.domain.errors import StorageUnavailableError


class Statuses(Protocol):
    """Small JSON documents by name; the last writer wins and a reader sees a whole document."""

    def get(self, name: str) -> dict[str, Any] | None:
        """Return the document, or None where there is none or it cannot be understood.

        Raises:
            StorageUnavailableError: it could not be read.
        """
        ...

    def set(self, name: str, document: dict[str, Any]) -> None:
        """Write the document.

        Raises:
            StorageUnavailableError: it could not be written.
        """
        ...


class FileStatuses:
    """Status documents as files of one folder, replaced whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> dict[str, Any] | None:
        """Return the document, or None where there is none or it is damaged (the timer then starts afresh)."""
        try:
            document = json.loads(self._path(name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return document if isinstance(document, dict) else None

    def set(self, name: str, document: dict[str, Any]) -> None:
        """Write the document beside its place, then move it there.

        Raises:
            StorageUnavailableError: the folder cannot be written to.
        """
        path = self._path(name)
        part = path.with_suffix(f".{os.getpid()}.part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(document), encoding="utf-8")
            part.replace(path)
        except OSError as error:
            raise StorageUnavailableError(f"timer status {name!r} cannot be written; check the state folder") from error

    def _path(self, name: str) -> Path:
        return self._folder / (re.sub(r"[^A-Za-z0-9_-]", "_", name) + ".json")
