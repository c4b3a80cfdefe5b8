"""Domain values as compressed JSON, and keys as table keys.

Amounts travel as text, dates as ISO, so a value read back equals the value written, digit for digit; equal values make
equal bytes. A row or blob written by an older version is read by field name: a new field needs a default.

Not here: which blob holds what (see the repositories).
"""

import gzip
import io
import re
import zlib
from collections.abc import Hashable
from datetime import datetime
from functools import cache
from hashlib import blake2b
from typing import Any, BinaryIO, TypeVar, cast

import msgspec

from shared.domain.errors import IntegrityError
from shared.storage.ports import Entity

T = TypeVar("T")
_encoder = msgspec.json.Encoder(decimal_format="string", order="deterministic")
_SAFE = re.compile(r"[^A-Za-z0-9._-]+")
KEY_CHARACTERS = 170


def packed(value: object) -> bytes:
    """Return *value* (dataclasses, lists, dicts of domain values) as gzipped JSON; equal values give equal bytes."""
    target = io.BytesIO()
    with gzip.GzipFile(fileobj=target, mode="wb", compresslevel=6, mtime=0) as stream:
        stream.write(_encoder.encode(value))
    return target.getvalue()


def unpacked(content: bytes, kind: type[T]) -> T:
    """Return the value of that type that ``packed`` wrote.

    Raises:
        IntegrityError: the content is damaged or of another type.
    """
    try:
        return cast("T", _decoder(cast("Hashable", kind)).decode(gzip.decompress(content)))
    except (OSError, EOFError, zlib.error, msgspec.DecodeError) as error:
        raise IntegrityError(f"stored {kind} cannot be read back: {error}") from error


def bytes_of(row: Entity, name: str = "content") -> bytes:
    """Return a property that holds bytes; b"" where there is none."""
    value = row.values.get(name)
    return value if isinstance(value, bytes) else b""


def instant_of(row: Entity, name: str) -> datetime:
    """Return a property that holds an instant.

    Raises:
        IntegrityError: it holds none.
    """
    value = row.values.get(name)
    if not isinstance(value, datetime):
        raise IntegrityError(f"stored row {row.row}: {name} is no instant")
    return value


def read_whole(stream: BinaryIO) -> bytes:
    """Return what is in the stream and close it."""
    with stream:
        return stream.read()


def table_key(*parts: str) -> str:
    """Return *parts* as one key that any store takes; odd characters are replaced and the original told by a hash."""
    text = "_".join(parts)
    safe = _SAFE.sub("-", text)[:KEY_CHARACTERS]
    if safe == text:
        return safe
    return f"{safe}~{blake2b(text.encode(), digest_size=6).hexdigest()}"


@cache
def _decoder(kind: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)
