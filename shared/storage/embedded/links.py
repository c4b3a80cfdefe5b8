"""Signed links of the embedded store: who holds the URL may download one blob until an instant, and nothing else.

The signature is HMAC-SHA256 over container, name, expiry and file name, with a random key that is made once in
``ROOT/link.key`` (readable by its owner only). Removing that file ends every link given out.

Invariants: a signature is compared in constant time; the expiry counts only after the signature was found right.

Not here: the HTTP route that serves the download.
"""

import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

from shared.domain.errors import InvalidError, StorageUnavailableError
from shared.storage.embedded.files import translated_files

KEY_NAME: Final = "link.key"
_KEY_BYTES: Final = 32


def signing_key(root: Path) -> bytes:
    """Return the key of this store, made at the first call; processes that race get the same one.

    Raises:
        StorageUnavailableError: the key can neither be read nor made, or was cut off.
    """
    path = root / KEY_NAME
    with translated_files(path):
        if not path.exists():
            _make_key(path)
        key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise StorageUnavailableError(f"{path}: not {_KEY_BYTES} bytes; remove it (links given out will end)")
    return key


def signed(key: bytes, container: str, name: str, expires_at: datetime, filename: str) -> str:
    """Return ``container/name?expires&filename&signature``, quoted for a URL; *expires_at* is rounded down to 1 s.

    The caller has checked the parts.
    """
    expires = str(int(expires_at.timestamp()))
    query = {
        "expires": expires,
        "filename": filename,
        "signature": _signature(key, container, name, expires, filename),
    }
    return f"{container}/{quote(name)}?{urlencode(query, quote_via=quote)}"


def verified(key: bytes, container: str, name: str, query: Mapping[str, str], now: datetime) -> str:
    """Return the file name of a link that is whole and in time.

    Raises:
        InvalidError: the link is incomplete, was changed, or has expired.
    """
    expires, filename = query.get("expires", ""), query.get("filename", "")
    expected = _signature(key, container, name, expires, filename)
    if not hmac.compare_digest(expected.encode(), query.get("signature", "").encode("utf-8", "replace")):
        raise InvalidError("this link is incomplete or was changed; ask for a new one")
    if now.timestamp() >= int(expires):
        raise InvalidError("this link has expired; ask for a new one")
    return filename


def _signature(key: bytes, container: str, name: str, expires: str, filename: str) -> str:
    """Sign the parts with their lengths, so that no part can pretend to be the end of another."""
    parts = [part.encode("utf-8", "replace") for part in (container, name, expires, filename)]
    text = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hmac.new(key, text, hashlib.sha256).hexdigest()


def _make_key(path: Path) -> None:
    """Write the key under another name first: a link into place is whole or fails because one is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{KEY_NAME}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - pathlib cannot open a descriptor
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
