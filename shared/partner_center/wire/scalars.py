"""Single values as Microsoft writes them: in any type, with or without a zone, in any case.

Invariants: nothing here raises for a value that is merely odd; what cannot be read is as good as missing. Amounts are
the exception: an amount that cannot be read is an error, for a missing one would pass for zero.

Not here: which field holds what (the other modules of ``wire``).
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

Scalar = str | int | float | bool | None
"""A field whose type Microsoft does not keep to."""
DIGITS_MAX = 40
COUNT_DIGITS_MAX = 18
LINE_CHARACTERS_MAX = 500
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_INSTANT = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?)?(Z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_NO_YEARS = range(2, 9999)


def text(value: Scalar) -> str:
    """Return a value as text without blanks around it; "" for nothing."""
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else str(value)


def line(value: Scalar) -> str:
    """Return what somebody wrote, such as a name, as one line of at most ``LINE_CHARACTERS_MAX`` characters.

    Customers choose their names: a name may not fill a row of the store, nor begin another line of a log.
    """
    return " ".join(_BREAKS.sub(" ", text(value)[: 2 * LINE_CHARACTERS_MAX]).split())[:LINE_CHARACTERS_MAX]


def word(value: Scalar) -> str:
    """Return one of Microsoft's enumerated texts in lower case, known or not."""
    return text(value).lower()


def ident(value: Scalar) -> str:
    """Return an id in lower case: Microsoft writes the same GUID in either case."""
    return text(value).lower()


def whole(value: Scalar) -> int:
    """Return a count; 0 for what is none."""
    if isinstance(value, bool) or value is None:
        return 0
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return 0
    return int(number) if number.is_finite() and number.adjusted() < COUNT_DIGITS_MAX else 0


def flag(value: Scalar) -> bool | None:
    """Return a claim, None where nothing (readable) is said."""
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "false": False, "0": False}.get(word(value))


def instant(value: Scalar) -> datetime | None:
    """Return an instant in UTC, None for none: year 1 and year 9999 stand for nothing, a missing zone for UTC."""
    found = _INSTANT.fullmatch(re.sub(r"(?<=:)\s+", "", text(value)))
    if found is None or int(found[1]) not in _NO_YEARS:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        at = datetime(
            int(year),
            int(month),
            int(day),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int(f"{fraction or ''}000000"[:6]),
            tzinfo=UTC,
        )
        return at - _offset(zone)
    except (ValueError, OverflowError):
        return None


def day(value: Scalar) -> date | None:
    """Return the UTC day of an instant, None for none."""
    at = instant(value)
    return at.date() if at else None


def amount(raw: msgspec.Raw) -> Decimal:
    """Return an exact amount, written as a number or as text; 0 where none is given.

    Raises:
        ValueError: it is no finite number of a length that money has.
    """
    written = bytes(raw).decode().strip().strip('"').strip()
    if written in {"", "null"}:
        return Decimal(0)
    try:
        number = Decimal(written)
    except InvalidOperation:
        raise ValueError(f"{written[:DIGITS_MAX]!r} is no amount") from None
    digits, exponent = number.as_tuple().digits, number.as_tuple().exponent
    if not isinstance(exponent, int) or max(len(digits), number.adjusted(), -exponent) > DIGITS_MAX:
        raise ValueError(f"{written[:DIGITS_MAX]!r} is no amount")
    return number


def as_text(raw: msgspec.Raw) -> str:
    """Return a value that is JSON text already, or JSON inside a string, as JSON text; "" for nothing."""
    value = bytes(raw)
    if value in {b"", b"null"}:
        return ""
    if not value.startswith(b'"'):
        return value.decode()
    return str(msgspec.json.decode(value))


def canonical(value: Any) -> str:
    """Return JSON text that is the same for the same content: keys in order, nothing empty, no links."""
    kept = _kept(value)
    return "" if kept in ({}, [], None) else json.dumps(kept, sort_keys=True, separators=(",", ":"), default=str)


def lower_keys(value: Any) -> Any:
    """Return *value* with the keys of all objects in lower case, for APIs that write them in any."""
    if isinstance(value, Mapping):
        return {str(key).lower(): lower_keys(each) for key, each in value.items()}
    return [lower_keys(each) for each in value] if isinstance(value, list) else value


def _kept(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {key: _kept(each) for key, each in value.items() if str(key).lower() not in {"links", "attributes"}}
        return {key: each for key, each in kept.items() if each not in (None, "", {}, [])}
    return [_kept(each) for each in value] if isinstance(value, list) else value


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone in "Zz":
        return timedelta()
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    return timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
