"""What Azure Storage would refuse, refused before a call leaves the process, in the same words by each adapter.

Every check is pure and raises :class:`~shared.domain.errors.LimitError` with the name, the value and the cure;
a refused call has written nothing. Where a file system is narrower than Azure (length of a file name) the
narrower rule holds for both, so that a store can be moved in either direction.

Not here: rules about what a key or a value means (see ``repositories``), and the limits on throughput.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from shared.domain.errors import LimitError
from shared.storage.ports import (
    ENTITY_BYTES_MAX,
    ENTITY_PROPERTIES_MAX,
    FORBIDDEN_KEY_CHARACTERS,
    KEY_CHARACTERS_MAX,
    MESSAGE_BYTES_MAX,
    PROPERTY_BYTES_MAX,
    TRANSACTION_BYTES_MAX,
    TRANSACTION_ENTITIES_MAX,
    Operation,
    Scalar,
)

BLOB_NAME_BYTES_MAX = 1024
BLOB_SEGMENT_BYTES_MAX = 200  # file systems stop at 255, and a temporary name needs room
METADATA_BYTES_MAX = 8 * 1024
FILENAME_CHARACTERS_MAX = 200
MESSAGES_PER_RECEIVE_MAX = 32
QUEUE_TIME_S_MAX = 7 * 24 * 60 * 60
OPERATION_ENVELOPE_BYTES = 1024  # headers and address of one step inside a batch, rounded up
LINK_DAYS_MAX = 6
SECRET_BYTES_MAX = 25_000
YEAR_MIN = 1601  # the first year of Edm.DateTime

_TABLE = re.compile(r"[A-Za-z][A-Za-z0-9]{2,62}")
_BUCKET = re.compile(r"(?=.{3,63}\Z)[a-z0-9]+(-[a-z0-9]+)*")
_SECRET = re.compile(r"[A-Za-z0-9-]{1,127}")
_METADATA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,127}")
_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_RESERVED_PROPERTIES = frozenset({"partitionkey", "rowkey", "timestamp"})
_SHOWN_CHARACTERS_MAX = 80


def check_table(table: str) -> None:
    """Refuse a table name that Azure does not know: 3 to 63 letters and digits, a letter first."""
    if not _TABLE.fullmatch(table) or table.lower() == "tables":
        raise LimitError(f"table name {_shown(table)}: use 3 to 63 ASCII letters and digits, a letter first")


def check_container(container: str) -> None:
    """Refuse a container name that is not 3 to 63 lower-case letters, digits and single inner hyphens."""
    _check_bucket("container", container)


def check_queue(queue: str) -> None:
    """Refuse a queue name that is not 3 to 63 lower-case letters, digits and single inner hyphens."""
    _check_bucket("queue", queue)


def check_secret(name: str, value: str = "") -> None:
    """Refuse the name of a secret that Key Vault does not know, or a value over 25,000 bytes; no value is shown."""
    if not _SECRET.fullmatch(name):
        raise LimitError(f"secret name {_shown(name)}: use 1 to 127 ASCII letters, digits and hyphens")
    if (size := len(value.encode("utf-8", "surrogatepass"))) > SECRET_BYTES_MAX:
        raise LimitError(f"secret {name}: {size} bytes, at most {SECRET_BYTES_MAX}; keep less in it")


def check_key(name: str, key: str) -> None:
    r"""Refuse a partition or row key with ``/ \ # ?``, control characters or over 512 UTF-16 units."""
    _check_text(name, key)
    found = _CONTROL.search(key)
    bad = sorted(FORBIDDEN_KEY_CHARACTERS.intersection(key)) or ([found[0]] if found else [])
    if bad:
        raise LimitError(f"{name} {_shown(key)}: {bad[0]!r} is not allowed in a key; encode or replace it")
    if (units := _utf16_units(key)) > KEY_CHARACTERS_MAX:
        raise LimitError(f"{name} {_shown(key)}: {units} characters, at most {KEY_CHARACTERS_MAX}; shorten it")


def check_bound(name: str, bound: str | None) -> None:
    """Refuse the bound of a row range that no store can compare; a bound need not be a legal key."""
    if bound is not None:
        _check_text(name, bound)


def checked_values(partition: str, row: str, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Return *values* as plain built-in types (instants in UTC), or refuse them.

    Raises:
        LimitError: a key, name, type, size or the sum of them crosses a limit.
    """
    check_key("partition key", partition)
    check_key("row key", row)
    plain = {name: _checked_value(name, value) for name, value in values.items()}
    if len(plain) > ENTITY_PROPERTIES_MAX:
        raise LimitError(f"row {_shown(row)}: {len(plain)} properties, at most {ENTITY_PROPERTIES_MAX}; use a blob")
    if (size := _entity_bytes(partition, row, plain)) > ENTITY_BYTES_MAX:
        raise LimitError(f"row {_shown(row)}: {size} bytes, at most {ENTITY_BYTES_MAX}; put bulk in a blob")
    return plain


def checked_operations(partition: str, operations: Sequence[Operation]) -> list[dict[str, Scalar]]:
    """Return the values of each operation as plain built-in types, or refuse the transaction whole.

    Raises:
        LimitError: over 100 operations, over 4 MiB, a row named twice, or a row that is refused by itself.
    """
    if len(operations) > TRANSACTION_ENTITIES_MAX:
        raise LimitError(f"transaction: {len(operations)} operations, at most {TRANSACTION_ENTITIES_MAX}; split it")
    rows: set[str] = set()
    for operation in operations:
        if operation.row in rows:
            raise LimitError(f"transaction: row {_shown(operation.row)} is named twice; merge the two steps")
        rows.add(operation.row)
    values = [checked_values(partition, operation.row, operation.values) for operation in operations]
    size = sum(map(_payload_bytes, values)) + OPERATION_ENVELOPE_BYTES * len(values)
    if size > TRANSACTION_BYTES_MAX:
        raise LimitError(f"transaction: about {size} bytes, at most {TRANSACTION_BYTES_MAX}; split it")
    return values


def check_blob(name: str) -> None:
    r"""Refuse a blob name that could not also be a path below a folder.

    Allowed are up to 1,024 bytes of UTF-8 in segments of up to 200 bytes joined by ``/``. A segment is not
    empty, does not end with a dot or a space (so neither ``.`` nor ``..``), and has no ``\`` and no control
    character.
    """
    _check_text("blob name", name)
    if _CONTROL.search(name) or "\\" in name:
        raise LimitError(f"blob name {_shown(name)}: no backslash or control character is allowed; replace it")
    segments = name.split("/")
    if any(not segment or segment[-1] in ". " for segment in segments):
        raise LimitError(f"blob name {_shown(name)}: an empty part, or one ending with a dot or space; rename it")
    if len(name.encode()) > BLOB_NAME_BYTES_MAX:
        raise LimitError(f"blob name {_shown(name)}: over {BLOB_NAME_BYTES_MAX} bytes; shorten it")
    if any(len(segment.encode()) > BLOB_SEGMENT_BYTES_MAX for segment in segments):
        raise LimitError(f"blob name {_shown(name)}: a part is over {BLOB_SEGMENT_BYTES_MAX} bytes; shorten it")


def check_blob_prefix(prefix: str) -> None:
    """Refuse the prefix of a listing that no store can compare."""
    _check_text("blob prefix", prefix)


def checked_metadata(content_type: str, metadata: Mapping[str, str] | None) -> dict[str, str]:
    """Return a copy of *metadata*, or refuse what cannot travel as HTTP headers."""
    if not content_type or not _PRINTABLE.fullmatch(content_type):
        raise LimitError(f"content type {_shown(content_type)}: use printable ASCII, such as text/csv")
    copy = dict(metadata or {})
    for name, value in copy.items():
        if not _METADATA_NAME.fullmatch(name):
            raise LimitError(f"metadata name {_shown(name)}: use lower-case ASCII letters, digits and _")
        if not value or value != value.strip() or not _PRINTABLE.fullmatch(value):
            raise LimitError(f"metadata {name} = {_shown(value)}: use printable ASCII without blanks at the ends")
    if (size := sum(len(name) + len(value) for name, value in copy.items())) > METADATA_BYTES_MAX:
        raise LimitError(f"metadata: {size} bytes, at most {METADATA_BYTES_MAX}; keep it in a row")
    return copy


def check_filename(filename: str) -> None:
    r"""Refuse a download name that is empty, too long, or has ``/ \ "`` or control characters."""
    _check_text("filename", filename)
    if not 0 < len(filename) <= FILENAME_CHARACTERS_MAX:
        raise LimitError(
            f"filename {_shown(filename)}: use 1 to {FILENAME_CHARACTERS_MAX} characters, not {len(filename)}"
        )
    if _CONTROL.search(filename) or set('/\\"').intersection(filename):
        raise LimitError(f"filename {_shown(filename)}: no slash, quote or control character; replace it")


def checked_body(body: str | bytes) -> bytes:
    """Return the message body as bytes (text as UTF-8), or refuse one that is empty or over 48 KiB."""
    if isinstance(body, str):
        _check_text("message body", body)
    content = body.encode() if isinstance(body, str) else bytes(body)
    if not 0 < len(content) <= MESSAGE_BYTES_MAX:
        raise LimitError(
            f"message body: {len(content)} bytes, use 1 to {MESSAGE_BYTES_MAX}; send a key to look up instead"
        )
    return content


def check_delay(delay_s: int) -> None:
    """Refuse a delay that is not 0 seconds to 7 days."""
    if not 0 <= delay_s <= QUEUE_TIME_S_MAX:
        raise LimitError(f"delay_s {delay_s}: use 0 to {QUEUE_TIME_S_MAX} seconds")


def check_receive(limit: int, lock_s: int) -> None:
    """Refuse to take other than 1 to 32 messages, or to lock them for other than 1 second to 7 days."""
    if not 1 <= limit <= MESSAGES_PER_RECEIVE_MAX:
        raise LimitError(f"limit {limit}: take 1 to {MESSAGES_PER_RECEIVE_MAX} messages at a time")
    if not 1 <= lock_s <= QUEUE_TIME_S_MAX:
        raise LimitError(f"lock_s {lock_s}: use 1 to {QUEUE_TIME_S_MAX} seconds")


def check_expiry(expires_at: datetime, now: datetime) -> None:
    """Refuse the end of a link that has no time zone, is past, or is over 6 days away.

    Azure signs with a key that lives for 7 days at most; the rest is room for clocks that differ.
    """
    if expires_at.tzinfo is None:
        raise LimitError(f"expires_at {expires_at.isoformat()}: no time zone; use an aware instant in UTC")
    if not now < expires_at <= now + timedelta(days=LINK_DAYS_MAX):
        raise LimitError(f"expires_at {expires_at.isoformat()}: use an instant within the next {LINK_DAYS_MAX} days")


def _check_bucket(kind: str, name: str) -> None:
    if not _BUCKET.fullmatch(name):
        raise LimitError(f"{kind} name {_shown(name)}: use 3 to 63 lower-case letters, digits and single inner hyphens")


def _check_text(name: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise LimitError(f"{name} {_shown(text)}: half of a surrogate pair is no text; repair it") from error


def _checked_value(name: str, value: object) -> Scalar:
    _check_property_name(name)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return _checked_int(name, value)
    if isinstance(value, str):
        return _checked_str(name, value)
    if isinstance(value, datetime):
        return _checked_datetime(name, value)
    if isinstance(value, bytes):
        return _checked_bytes(name, value)
    raise LimitError(
        f"property {name}: {type(value).__name__} is not storable; use str (also for amounts), int, bool, "
        "datetime or bytes, and leave out what is not there"
    )


def _check_property_name(name: str) -> None:
    if not name.isidentifier() or name.lower() in _RESERVED_PROPERTIES or _utf16_units(name) > 255:
        raise LimitError(
            f"property name {_shown(name)}: use an identifier that is not PartitionKey, RowKey or Timestamp"
        )


def _checked_int(name: str, value: int) -> int:
    if not -(2**63) <= value < 2**63:
        raise LimitError(f"property {name}: {value} is over 64 bits; store it as str")
    return int(value)


def _checked_str(name: str, value: str) -> str:
    _check_text(f"property {name}", value)
    if (size := 2 * _utf16_units(value)) > PROPERTY_BYTES_MAX:
        raise LimitError(f"property {name}: {size // 2} characters, at most {PROPERTY_BYTES_MAX // 2}; use a blob")
    return str.__str__(value)


def _checked_datetime(name: str, value: datetime) -> datetime:
    if value.tzinfo is None:
        raise LimitError(f"property {name}: {value.isoformat()} has no time zone; use an aware instant in UTC")
    try:
        instant = value.astimezone(UTC)
    except OverflowError as error:
        raise LimitError(f"property {name}: {value.isoformat()} lies outside the calendar in UTC") from error
    if instant.year < YEAR_MIN:
        raise LimitError(f"property {name}: {value.isoformat()} is before the year {YEAR_MIN}; store it as str")
    return instant


def _checked_bytes(name: str, value: bytes) -> bytes:
    if len(value) > PROPERTY_BYTES_MAX:
        raise LimitError(f"property {name}: {len(value)} bytes, at most {PROPERTY_BYTES_MAX}; use a blob")
    return bytes(value)


def _entity_bytes(partition: str, row: str, values: Mapping[str, Scalar]) -> int:
    """Return the size by Azure's formula: 4, the keys, then 8 and name and value for each property."""
    properties = sum(8 + 2 * _utf16_units(name) + _value_bytes(value) for name, value in values.items())
    return 4 + 2 * (_utf16_units(partition) + _utf16_units(row)) + properties


def _value_bytes(value: Scalar) -> int:
    if isinstance(value, str):
        return 2 * _utf16_units(value) + 4
    return len(value) + 4 if isinstance(value, bytes) else 8


def _payload_bytes(values: Mapping[str, Scalar]) -> int:
    """Return about the size on the wire: JSON, every property with its type beside it."""
    return sum(2 * len(name.encode()) + 40 + _json_bytes(value) for name, value in values.items())


def _json_bytes(value: Scalar) -> int:
    if isinstance(value, str):
        return len(json.dumps(value))
    return -(-len(value) // 3) * 4 if isinstance(value, bytes) else 30


def _utf16_units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN_CHARACTERS_MAX else f"{text[:_SHOWN_CHARACTERS_MAX]}...")
