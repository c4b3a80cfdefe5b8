"""Secrets on one machine: a file for each below a folder, encrypted with AES-256-GCM.

The key is given (32 bytes as base64) or made once beside the folder, in ``ROOT.key``, readable by its owner only. A key
on the same disk keeps a secret out of backups and screens, not from who may read that key: give it where that matters.

Invariants: a file holds the name it was written under inside its seal, so that two files cannot trade places; a reader
sees the old or the new value; no value stands in a log, an error or a ``repr``.

Not here: which secrets there are (see ``repositories/connection``).
"""

import base64
import binascii
import contextlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.domain.errors import IntegrityError, InvalidError
from shared.storage.embedded.files import translated_files
from shared.storage.limits import check_secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_FORMAT: Final = b"PRORATA1"


class EncryptedSecrets:
    """Secrets in files below *root*; *key* is 32 bytes as base64, or "" for a key file, made at the first use."""

    def __init__(self, root: Path, *, key: str = "") -> None:
        self._root = root.absolute()
        self._given = key

    def get(self, name: str) -> str | None:
        """Return the value, or None where there is none.

        Raises:
            IntegrityError: the file is damaged, or was encrypted with another key.
            StorageUnavailableError: the folder cannot be read.
        """
        check_secret(name)
        path = self._path(name)
        with translated_files(path):
            try:
                sealed = path.read_bytes()
            except FileNotFoundError:
                return None
        return self._opened(path, name, sealed)

    def put(self, name: str, value: str) -> None:
        """Keep *value*; it is on the disk when this returns.

        Raises:
            LimitError: over 25,000 bytes, or the name is not allowed.
            StorageUnavailableError: the disk is full or read-only; the old value is still there.
        """
        check_secret(name, value)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = _FORMAT + nonce + _cipher(self._key()).encrypt(nonce, value.encode(), _bound(name))
        path = self._path(name)
        with translated_files(path):
            _replace(path, sealed)

    def delete(self, name: str) -> None:
        """Forget the secret; a missing one is no error."""
        check_secret(name)
        path = self._path(name)
        with translated_files(path):
            path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._root / f"{name.lower()}.secret"  # a name has no case, as in Key Vault

    def _opened(self, path: Path, name: str, sealed: bytes) -> str:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - only who keeps secrets pays for it

        body = sealed.removeprefix(_FORMAT)
        if len(body) == len(sealed) or len(body) <= _NONCE_BYTES:
            raise IntegrityError(f"{path}: is damaged; remove it and connect anew")
        try:
            return _cipher(self._key()).decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], _bound(name)).decode()
        except InvalidTag as error:
            raise IntegrityError(
                f"{path}: is damaged, or was encrypted with another key; give back the key it was written with "
                "(PRORATA_SECRETS_KEY, or the key file beside the folder), or remove the file and connect anew"
            ) from error

    def _key(self) -> bytes:
        return _decoded(self._given) if self._given else self._kept_key()

    def _kept_key(self) -> bytes:
        path = self._root.with_name(f"{self._root.name}.key")
        with translated_files(path):
            if not path.exists():
                _create(path, base64.b64encode(secrets.token_bytes(_KEY_BYTES)))
            text = path.read_bytes()
        try:
            return _decoded(text.decode("ascii", "replace").strip())
        except InvalidError as error:
            raise IntegrityError(f"{path}: holds no key; put back the one that was there, or connect anew") from error


def _cipher(key: bytes) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - as above

    return AESGCM(key)


def _decoded(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise InvalidError("PRORATA_SECRETS_KEY: is not 32 bytes as base64; make one with: openssl rand -base64 32")
    return key


def _bound(name: str) -> bytes:
    return name.lower().encode()


def _draft(path: Path, content: bytes) -> Path:
    """Write *content* under another name, on the disk and readable by the owner only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - pathlib cannot open a descriptor
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft


def _replace(path: Path, content: bytes) -> None:
    draft = _draft(path, content)
    try:
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _create(path: Path, content: bytes) -> None:
    """Put the file in place unless one is there: processes that race get the same one."""
    draft = _draft(path, content)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
