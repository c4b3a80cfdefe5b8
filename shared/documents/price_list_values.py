"""Values of a price list: one cell of a file as text, number or day, or the reason and the cure why not.

Numbers are exact: 12.1 typed into a spreadsheet is 12.1. Whatever could be read in two ways is refused, not guessed:
a percentage sign, a thousands separator, ``1/2/2026``, an id that a spreadsheet turned into a number.

Not here: which columns there are (``price_lists``).
"""

import re
from datetime import date, datetime
from decimal import Decimal

from shared.documents.handed_in import InCell

SIGNIFICANT_DIGITS_MAX = 15  # what a spreadsheet keeps; more is noise of a calculation
YEAR_MIN, YEAR_MAX = 2000, 2199
_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,10})?")
_THOUSANDS = re.compile(r"-?\d{1,3}\.\d{3}")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")


class ValueRefusedError(Exception):
    """Raised with the cure for one cell; the reader collects these and raises one error for the file."""


def id_text(cell: InCell | None) -> str:
    """Return an id as written; "" for an empty cell.

    Raises:
        ValueRefusedError: a spreadsheet holds it as a number, so that leading zeros may be lost.
    """
    if cell is None:
        return ""
    if not isinstance(cell.value, str):
        raise ValueRefusedError("this is a number in the sheet: format the column as text and type the id again")
    return cell.value


def sku_text(cell: InCell | None) -> str:
    """Return a SKU id as written, with its leading zeros.

    Raises:
        ValueRefusedError: it is a number, or digits that must have lost zeros.
    """
    text = id_text(cell)
    if text.isdigit() and len(text) < 4:
        raise ValueRefusedError(f"leading zeros were lost: write {text.zfill(4)} (as text, in a spreadsheet)")
    return text


def tier_texts(cell: InCell | None) -> list[tuple[InCell, InCell]]:
    """Return the first unit and the price of each tier in a cell such as ``1:1.00; 101:0.80``; [] for an empty cell.

    Raises:
        ValueRefusedError: it is no such text; a spreadsheet turns ``1:30`` into a time of day.
    """
    if cell is None:
        return []
    if not isinstance(cell.value, str):
        raise ValueRefusedError("this is no text in the sheet: format the column as text and type the tiers again")
    pairs = [part.split(":") for part in cell.value.split(";") if part.strip()]
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise ValueRefusedError("write first unit and price of each tier such as 1:1.00; 101:0.80; 100001:0.50")
    return [(InCell(units.strip()), InCell(price.strip())) for units, price in pairs]


def plain_text(cell: InCell | None) -> str:
    """Return free text; "" for an empty cell."""
    return "" if cell is None else str(cell.value)


def exact_number(cell: InCell, separator: str) -> Decimal:
    """Return the number in *cell*; *separator* is the file's, and a decimal comma needs the semicolon.

    Raises:
        ValueRefusedError: it is no number, can be read in two ways, or has noise in its last digits.
    """
    value = cell.value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueRefusedError("write a number such as 12.50")
    if cell.is_percent or (isinstance(value, str) and "%" in value):
        raise ValueRefusedError("a percentage is written without the sign and its format: 85 for 85 percent")
    return _parsed(value, separator) if isinstance(value, str) else _spreadsheet_number(value)


def day(cell: InCell | None) -> date | None:
    """Return the day in *cell*, or None for an empty cell.

    Raises:
        ValueRefusedError: it is no day from 2000 to 2199, or day and month could be mistaken.
    """
    if cell is None:
        return None
    value = cell.value
    if isinstance(value, datetime):
        value = value.date()
    found = value if isinstance(value, date) else _parsed_day(value) if isinstance(value, str) else None
    if found is None or not YEAR_MIN <= found.year <= YEAR_MAX:
        raise ValueRefusedError("write a day as 2026-10-31")
    return found


def _parsed(text: str, separator: str) -> Decimal:
    if separator == ";":
        if _THOUSANDS.fullmatch(text):
            raise ValueRefusedError(
                f"can be read in two ways: write {text.replace('.', '')} or {text.replace('.', ',')}"
            )
        if text.count(",") == 1 and "." not in text:
            text = text.replace(",", ".")
    if not _NUMBER.fullmatch(text):
        raise ValueRefusedError("write a number such as 12.50, without currency sign or thousands separator")
    return Decimal(text)


def _spreadsheet_number(value: float) -> Decimal:
    number = Decimal(repr(value))
    if not number.is_finite() or abs(number) >= 10**12:
        raise ValueRefusedError("write a number below 1,000,000,000,000")
    if len(number.normalize().as_tuple().digits) > SIGNIFICANT_DIGITS_MAX:
        raise ValueRefusedError(f"{number} has more than {SIGNIFICANT_DIGITS_MAX} digits: round the cell with ROUND()")
    return number


def _parsed_day(text: str) -> date | None:
    if match := _ISO.fullmatch(text):
        year, month, number = (int(part) for part in match.groups())
    elif match := _DOTTED.fullmatch(text):
        number, month, year = (int(part) for part in match.groups())
    else:
        return None
    try:
        return date(year, month, number)
    except ValueError as error:
        raise ValueRefusedError("there is no such day: write it as 2026-10-31") from error
