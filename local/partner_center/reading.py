"""Reads what callers send: whole numbers, days and objects, or a refusal that names the field.

Not here: what the values mean.
"""

from datetime import date
from typing import Any

from local.partner_center.answers import RefusedError
from local.partner_center.entities import Json

_LARGEST = 1_000_000_000


def whole(value: Any, name: str, default: int = 0) -> int:
    """Return a whole number; *default* where none (or an empty text) was sent.

    Raises:
        RefusedError: it is none (400 800002).
    """
    if value is None or value == "":
        return default
    try:
        number = int(value)
    except (TypeError, ValueError) as error:
        raise RefusedError(400, 800002, f"{name} is not a whole number.") from error
    if number != value and str(number) != str(value).strip():
        raise RefusedError(400, 800002, f"{name} is not a whole number.")
    if abs(number) > _LARGEST:
        raise RefusedError(400, 800002, f"{name} is too large.")
    return number


def day(value: Any, name: str) -> date | None:
    """Return the day of an instant or a date; None where nothing was sent.

    Raises:
        RefusedError: it is none (400 800002).
    """
    if not value:
        return None
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise RefusedError(400, 800002, f"{name} is not a date.") from error


def things(value: Any, name: str, *, at_least: int = 0) -> list[Json]:
    """Return a list of objects; nothing sent is an empty list.

    Raises:
        RefusedError: it is something else, or has fewer than *at_least* (400 800002).
    """
    found = [] if value is None else value
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise RefusedError(400, 800002, f"{name} is not a list of objects.")
    if len(found) < at_least:
        raise RefusedError(400, 800002, f"{name} is missing.")
    return found


def texts(value: Any, name: str) -> list[str]:
    """Return a list of texts; nothing sent is an empty list.

    Raises:
        RefusedError: it is something else (400 800002).
    """
    found = [] if value is None else value
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise RefusedError(400, 800002, f"{name} is not a list of texts.")
    return found


def thing(value: Any, name: str) -> Json:
    """Return an object; nothing sent is an empty one.

    Raises:
        RefusedError: it is something else (400 800002).
    """
    found = {} if value is None else value
    if not isinstance(found, dict):
        raise RefusedError(400, 800002, f"{name} is not an object.")
    return found
