"""Microsoft's exchange rates of a month: what a unit of each currency is in US dollars, as CSV.

Columns: CurrencyCode, USDPerUnit, Month (``YYYYMM``, or a date in it). A rate is in force from the first of its month.

Source: Microsoft Partner Center documentation, "Get a price sheet", foreign exchange rates.

Not here: conversion (``shared/domain/prices/exchange``).
"""

import csv
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from io import TextIOWrapper
from typing import BinaryIO

from shared.domain.errors import InvalidError, LimitError
from shared.domain.prices.exchange import ExchangeRate

COLUMNS = ("CurrencyCode", "USDPerUnit", "Month")
ROWS_MAX = 10_000
SOURCE = "Microsoft Partner Center"
_RATE = re.compile(r"\d{1,15}(?:\.\d{1,20})?")
_MONTH = re.compile(r"(\d{4})-?(\d{2})(?:-\d{2}.*)?|(\d{1,2})/\d{1,2}/(\d{4}).*")
_CURRENCY = re.compile(r"[A-Za-z]{3}")


def read_exchange_rates(stream: BinaryIO, name: str) -> list[ExchangeRate]:
    """Read the rates in *stream*; *name* is how errors call it.

    Raises:
        InvalidError: a column is missing or a value cannot be used.
        LimitError: there are over 10,000 rows.
    """
    text = TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        reader = csv.DictReader(text, strict=True)
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise InvalidError(f"{name}: the column {missing[0]} is missing; use {', '.join(COLUMNS)}")
        rates = [_rate(row, f"{name}, line {reader.line_num}") for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidError(f"{name}: is no CSV in UTF-8 ({error}); download the rates again") from error
    finally:
        text.detach()
    if len(rates) > ROWS_MAX:
        raise LimitError(f"{name}: {len(rates)} rows, at most {ROWS_MAX}")
    return [rate for rate in rates if rate.source_currency != rate.target_currency]


def _rate(row: Mapping[str, str | None], where: str) -> ExchangeRate:
    currency, rate = (row["CurrencyCode"] or "").strip(), (row["USDPerUnit"] or "").strip()
    if not _CURRENCY.fullmatch(currency):
        raise InvalidError(f"{where}: CurrencyCode {currency[:20]!r} is no code such as EUR")
    if not _RATE.fullmatch(rate):
        raise InvalidError(f"{where}: USDPerUnit {rate[:20]!r} is no rate such as 1.0842")
    return ExchangeRate(
        source_currency=currency.upper(),
        target_currency="USD",
        rate=Decimal(rate),
        rate_on=_first_of((row["Month"] or "").strip(), where),
        source=SOURCE,
    )


def _first_of(text: str, where: str) -> date:
    found = _MONTH.fullmatch(text)
    if found is None:
        raise InvalidError(f"{where}: Month {text[:20]!r} is no month such as 202610")
    year, month = (found[1], found[2]) if found[1] else (found[4], found[3])
    try:
        return date(int(year), int(month), 1)
    except ValueError as error:
        raise InvalidError(f"{where}: Month {text[:20]!r} is no month such as 202610") from error
