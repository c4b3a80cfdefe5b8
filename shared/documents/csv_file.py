"""CSV files: every line of an invoice or a run, one row each, in the dialect its reader expects.

The machine profile is for programs: UTF-8 without a mark, comma, dot, ISO dates, data exactly as it is. The Excel
profiles are for double-clicking: a byte order mark, the separator and decimal mark of the reader's Excel, and text that
a spreadsheet would run as a formula made harmless by a leading apostrophe. Numbers are never touched: ``-3.87`` stays a
number.

Invariants: RFC 4180 (a header row, CRLF, quotes on demand and doubled); rows are written as they come, nothing is kept;
no digit of an amount is dropped; dates are ISO in every profile, which every Excel reads as a date.

Not here: which columns there are (``columns``) and how the file is called (``names``).
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import TextIOWrapper
from typing import BinaryIO, TypeVar

from shared.documents.columns import (
    CUSTOMER_COLUMNS,
    RESELLER_COLUMNS,
    Column,
    Kind,
    Value,
    customer_rows,
    reseller_rows,
)
from shared.domain.errors import InvalidError
from shared.domain.invoices import Invoice
from shared.domain.money import Money, minor_digits

_BOM = "\ufeff"
_PERCENT_DIGITS = 2
_FORMULA_STARTS = frozenset("=+-@\t\r\n\0＝＋－＠")  # noqa: RUF001 - full-width signs are what is meant
_BLANKS = " \u00a0\u1680\u180e\u200b\u2060\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
_COMMA_LOCALES = ("cs", "da", "de", "es", "fi", "fr", "hu", "it", "nb", "nl", "no", "pl", "pt", "sv")
_DOT_LOCALES = ("en", "ja", "ko", "zh")

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Profile:
    """How a CSV file is written. *is_guarded* tells whether text is kept from being run as a formula."""

    name: str
    separator: str
    decimal_mark: str
    has_mark: bool
    is_guarded: bool


MACHINE = Profile("machine", ",", ".", has_mark=False, is_guarded=False)


def excel_profile(locale: str) -> Profile:
    """Return the profile for an Excel of that language, such as ``de`` or ``en-GB``.

    Raises:
        InvalidError: the language is not in the table.
    """
    language = locale.replace("_", "-").split("-", maxsplit=1)[0].casefold()
    if language in _COMMA_LOCALES:
        return Profile("excel", ";", ",", has_mark=True, is_guarded=True)
    if language in _DOT_LOCALES:
        return Profile("excel", ",", ".", has_mark=True, is_guarded=True)
    known = ", ".join(sorted((*_COMMA_LOCALES, *_DOT_LOCALES)))
    raise InvalidError(f"locale {locale!r} is not known: use one of {known}, or the machine profile")


def customer_csv(invoice: Invoice, *, run_id: str, stream: BinaryIO, profile: Profile = MACHINE) -> None:
    """Write the lines of *invoice* as their customer may see them."""
    write_csv(customer_rows(invoice, run_id), CUSTOMER_COLUMNS, stream=stream, profile=profile)


def reseller_csv(invoices: Iterable[Invoice], *, run_id: str, stream: BinaryIO, profile: Profile = MACHINE) -> None:
    """Write the lines of all *invoices*, with cost and margin, as they come."""
    rows = (row for invoice in invoices for row in reseller_rows(invoice, run_id))
    write_csv(rows, RESELLER_COLUMNS, stream=stream, profile=profile)


def write_csv(rows: Iterable[Row], columns: tuple[Column[Row], ...], *, stream: BinaryIO, profile: Profile) -> None:
    """Write a header and *rows* to *stream*, which stays open.

    Half a surrogate pair, which no UTF-8 file can hold, is written as ``?``.
    """
    text = TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="", write_through=False)
    try:
        if profile.has_mark:
            text.write(_BOM)
        writer = csv.writer(text, delimiter=profile.separator, lineterminator="\r\n")
        writer.writerow([column.name for column in columns])
        for row in rows:
            writer.writerow([field(column.value(row), column.kind, profile) for column in columns])
    finally:
        text.detach()


def field(value: Value, kind: Kind, profile: Profile) -> str:
    """Return *value* as it stands in the file, before quoting."""
    if value is None:
        return ""
    if isinstance(value, str):
        return guarded(value) if profile.is_guarded else value
    if isinstance(value, Money):
        return decimal_text(value.amount, minor_digits(value.currency), profile.decimal_mark)
    if isinstance(value, Decimal):
        if kind is Kind.PERCENT:
            return decimal_text(value.scaleb(2), _PERCENT_DIGITS, profile.decimal_mark)
        return decimal_text(value, None, profile.decimal_mark)
    return value.isoformat() if isinstance(value, date) else str(value)


def decimal_text(number: Decimal, digits_min: int | None, mark: str = ".") -> str:
    """Return all digits of *number* without exponent: at least *digits_min* decimals, or as stored where that is None.

    Zero has no sign. An amount with more decimals than the currency's smallest coin (Microsoft's cost) keeps them.
    """
    whole, _, fraction = f"{number.copy_abs():f}".partition(".")
    fraction = fraction if digits_min is None else fraction.rstrip("0").ljust(digits_min, "0")
    sign = "-" if number < 0 else ""
    return f"{sign}{whole}{mark}{fraction}" if fraction else f"{sign}{whole}"


def guarded(text: str) -> str:
    """Return *text* so that no spreadsheet takes it for a formula: a leading apostrophe where it would."""
    return f"'{text}" if text.lstrip(_BLANKS)[:1] in _FORMULA_STARTS else text
