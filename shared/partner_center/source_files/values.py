"""Delivered text becomes exact values: numbers without a float, dates in every form that Microsoft prints.

Invariants: a number keeps each of its digits; what cannot be read raises ``ValueError`` with the cure, and the caller
names file, line and column. Excel's leading apostrophe and stray blanks are tolerated; thousands separators are not, as
``1,234`` means two things in two countries.

Not here: which column holds what (``columns``).
"""

from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache

DIGITS_MAX = 40
"""No price, quantity or amount of Microsoft's has more digits before or after the point; a longer one is an attack."""

_EMPTY_DATES = {"", "0001-01-01", "1/1/0001", "01/01/0001", "9999-12-31", "12/31/9999"}
"""Microsoft's ways of writing no date: nothing, the first day of the calendar, or (an end that is open) the last."""
_NUMBER_CURE = "Give a plain number such as 1234.56, without thousands separators."
_DATE_CURE = (
    "Microsoft writes 10/31/2026 or 2026-10-31; a file re-saved in another country's format must be downloaded again."
)


def number(value: str | Decimal) -> Decimal:
    """Return the exact number.

    Raises:
        ValueError: not a finite number in plain or exponent form, or over 40 digits on a side of the point.
    """
    if isinstance(value, str):
        try:
            value = Decimal(value.strip().lstrip("'").lstrip("$"))
        except InvalidOperation:
            raise ValueError(f"is not a number. {_NUMBER_CURE}") from None
    if not is_sane(value):
        raise ValueError(f"is no finite number of at most {DIGITS_MAX} digits. {_NUMBER_CURE}")
    return value


def is_sane(value: Decimal) -> bool:
    """Whether a number is finite and of a length that money arithmetic holds exactly."""
    if not value.is_finite():
        return False
    written = str(value)
    if len(written) <= DIGITS_MAX and "E" not in written:
        return True  # as many digits at most, on either side: taking the number apart would take longer
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -DIGITS_MAX and value.adjusted() <= DIGITS_MAX


@lru_cache(maxsize=4096)
def day(text: str) -> date | None:
    """Return the calendar date of a date or date-time, or None for an empty one; the time of day is not looked at.

    Raises:
        ValueError: neither ISO 8601 nor Microsoft's month/day/year.
    """
    first = text.strip().lstrip("'").replace("T", " ").split(" ")[0]
    if first in _EMPTY_DATES:
        return None
    try:
        if "/" in first:
            month, of_month, year = first.split("/")
            return date(int(year), int(month), int(of_month))
        return date.fromisoformat(first)
    except ValueError:
        raise ValueError(f"is not a date. {_DATE_CURE}") from None
