"""Price sheets: Microsoft's new-commerce licence prices, read row by row from CSV, plain or in a ZIP.

Columns are found by name, in any order; further columns are ignored. Days: a price is in force from the day of its
start. Its end, an instant, becomes an exclusive day: an end in the last minute of a day (11:59 PM) includes that day;
any earlier time, midnight above all, leaves the day to the price that follows. Without a follower the day has no price,
which shows, while two prices for one day would not.

Of prices, rows of volume tiers above the first are left out, for a line knows no tier; the catalogue has their limits.

Not here: which row applies to a line (``PriceSheet``), prices of Azure.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from decimal import Decimal
from io import TextIOWrapper
from typing import IO, BinaryIO
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812 - an exception class spelled like a module

from shared.documents.handed_in import ZIP_START, check_zip
from shared.domain.catalogue import SheetItem
from shared.domain.errors import LimitError, SourceFileError
from shared.domain.prices import SheetPrice

UNPACKED_BYTES_MAX = 1024 * 1024 * 1024
ROWS_MAX = 5_000_000
_COLUMNS = {
    "product_id": "ProductId",
    "sku_id": "SkuId",
    "term": "TermDuration",
    "billing_plan": "BillingPlan",
    "currency": "Currency",
    "cost": "UnitPrice",
    "erp": "ERP Price",
}
_OPTIONAL = {
    "market": "Market",
    "segment": "Segment",
    "title": "SkuTitle",
    "starts": "EffectiveStartDate",
    "ends": "EffectiveEndDate",
    "tier": "PricingTierRangeMin",
}
_DESCRIBING = {
    "product_title": "ProductTitle",
    "description": "SkuDescription",
    "publisher": "Publisher",
    "unit": "UnitOfMeasure",
    "tags": "Tags",
    "tier_end": "PricingTierRangeMax",
}
_NO_COMMITMENT = frozenset({"", "none", "noterm", "onetime"})
_FIRST_TIER = frozenset({"", "0", "1"})
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,15})?")
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: (\d{1,2}):(\d{2})(?::\d{2})? ([AP])M)?", re.IGNORECASE)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::\d{2}(?:\.\d+)?)?(?:Z|\+00:00)?)?")
_LAST_MINUTE = (23, 59)


def read_price_sheet(stream: BinaryIO, name: str) -> Iterator[SheetPrice]:
    """Yield the prices in *stream*, which must be seekable and stay open until the last one is taken.

    Raises:
        SourceFileError: the file is damaged, lacks a column, or has a value that is no price or date.
        LimitError: the file unpacks to more than 1 GiB, or has over five million rows.
    """
    for values, where in _rows_of(stream, name, _OPTIONAL):
        if _is_first_tier(values):
            yield _price(values, where)


def read_sheet_items(stream: BinaryIO, name: str) -> Iterator[SheetItem]:
    """Yield every row in *stream* with its texts, those of higher tiers too; *stream* as for the prices.

    Raises:
        SourceFileError: the file is damaged, lacks a column, or has a value that is no price, date or number of units.
        LimitError: the file unpacks to more than 1 GiB, or has over five million rows.
    """
    for values, where in _rows_of(stream, name, {**_OPTIONAL, **_DESCRIBING}):
        yield SheetItem(
            price=_price(values, where),
            product_title=values.get("product_title", ""),
            description=values.get("description", ""),
            publisher=values.get("publisher", ""),
            unit=values.get("unit", ""),
            tags=values.get("tags", ""),
            quantity_min=_units(values.get("tier", ""), "PricingTierRangeMin", where),
            quantity_max=_units(values.get("tier_end", ""), "PricingTierRangeMax", where),
            is_first_tier=_is_first_tier(values),
        )


def _rows_of(stream: BinaryIO, name: str, optional: Mapping[str, str]) -> Iterator[tuple[dict[str, str], str]]:
    is_zip = stream.read(len(ZIP_START)) == ZIP_START
    stream.seek(0)
    try:
        with ExitStack() as stack:
            content = stack.enter_context(_only_part(stack.enter_context(ZipFile(stream)), name)) if is_zip else stream
            text = TextIOWrapper(_as_binary(content), encoding="utf-8-sig", newline="")
            stack.callback(text.detach)
            yield from _rows(text, name, optional)
    except (BadZipFile, ZlibError, EOFError, NotImplementedError, RuntimeError) as error:
        raise SourceFileError(f"{name}: the archive is damaged or encrypted; download the price sheet again") from error
    except UnicodeDecodeError as error:
        raise SourceFileError(f"{name}: not UTF-8; download the price sheet again, do not save it in Excel") from error
    except csv.Error as error:
        raise SourceFileError(f"{name}: {error}; download the price sheet again") from error


def _as_binary(content: IO[bytes]) -> BinaryIO:
    return content  # type: ignore[return-value]  # a zip member is a binary stream in all but its declared type


def _only_part(archive: ZipFile, name: str) -> IO[bytes]:
    check_zip(archive, name, UNPACKED_BYTES_MAX)
    parts = [part for part in archive.infolist() if not part.is_dir()]
    if len(parts) != 1:
        raise SourceFileError(f"{name}: {len(parts)} files in the archive; a price sheet has one")
    return archive.open(parts[0])


def _rows(text: TextIOWrapper, name: str, optional: Mapping[str, str]) -> Iterator[tuple[dict[str, str], str]]:
    """Yield the values of each row by field, and where it stands."""
    reader = csv.reader(text, strict=True)
    places = _places(next(reader, []), name, optional)
    for count, fields in enumerate(reader, 1):
        if count > ROWS_MAX:
            raise LimitError(f"{name}: more than {ROWS_MAX:,} rows; split the file by market")
        if not any(fields):
            continue
        if len(fields) <= max(places.values()):
            raise SourceFileError(f"{name}, line {reader.line_num}: the row ends early; download the price sheet again")
        values = {field: fields[place].strip() for field, place in places.items()}
        yield values, f"{name}, line {reader.line_num}"


def _is_first_tier(values: Mapping[str, str]) -> bool:
    return values.get("tier", "").split(".")[0] in _FIRST_TIER


def _places(header: Sequence[str], name: str, optional: Mapping[str, str]) -> dict[str, int]:
    spelled = {_folded(title): place for place, title in enumerate(header)}
    missing = [title for title in _COLUMNS.values() if _folded(title) not in spelled]
    if missing:
        raise SourceFileError(
            f"{name}: no column {', '.join(missing)}; this is not Microsoft's new-commerce licence price sheet"
        )
    wanted = {**_COLUMNS, **optional}
    return {field: spelled[_folded(title)] for field, title in wanted.items() if _folded(title) in spelled}


def _price(values: dict[str, str], where: str) -> SheetPrice:
    starts, ends = values.get("starts", ""), values.get("ends", "")
    return SheetPrice(
        product_id=values["product_id"],
        sku_id=values["sku_id"],
        term=_commitment(values["term"]),
        billing_plan=_commitment(values["billing_plan"]),
        currency=values["currency"],
        cost=_number(values["cost"], "UnitPrice", where),
        erp=_number(values["erp"], "ERP Price", where),
        market=values.get("market", ""),
        segment=values.get("segment", ""),
        title=values.get("title", ""),
        valid_from=_instant(starts, "EffectiveStartDate", where)[0] if starts else None,
        valid_until=_day_after_last(_instant(ends, "EffectiveEndDate", where)) if ends else None,
    )


def _commitment(text: str) -> str:
    return "" if text.casefold() in _NO_COMMITMENT else text


def _number(text: str, column: str, where: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise SourceFileError(f"{where}, {column} {text!r}: no price such as 115.2; download the price sheet again")
    return Decimal(text)


def _units(text: str, column: str, where: str) -> int | None:
    """Return a limit of units; None where there is none (empty, or 0 for the first tier)."""
    if text and not _NUMBER.fullmatch(text):
        raise SourceFileError(f"{where}, {column} {text!r}: no number of units; download the price sheet again")
    return int(Decimal(text)) or None if text else None


def _day_after_last(end: tuple[date, tuple[int, int]]) -> date | None:
    day, time_of_day = end
    if time_of_day < _LAST_MINUTE:
        return day
    return None if day == date.max else day + timedelta(days=1)


def _instant(text: str, column: str, where: str) -> tuple[date, tuple[int, int]]:
    """Return the day, and the hour and minute of the day, of an American or ISO date."""
    found = _american(text) or _iso(text)
    if found is None:
        raise SourceFileError(
            f"{where}, {column} {text!r}: no date such as 2/1/2019 12:00:00 AM; do not save the price sheet in Excel"
        )
    return found


def _american(text: str) -> tuple[date, tuple[int, int]] | None:
    match = _AMERICAN.fullmatch(text)
    if match is None:
        return None
    month, number, year, hour, minute, half = match.groups()
    hours = int(hour) % 12 + (12 if half.upper() == "P" else 0) if half else 0
    return _moment(year, month, number, (hours, int(minute or 0)))


def _iso(text: str) -> tuple[date, tuple[int, int]] | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    year, month, number, hour, minute = match.groups()
    return _moment(year, month, number, (int(hour or 0), int(minute or 0)))


def _moment(year: str, month: str, number: str, time_of_day: tuple[int, int]) -> tuple[date, tuple[int, int]] | None:
    try:
        return date(int(year), int(month), int(number)), time_of_day
    except ValueError:
        return None


def _folded(title: str) -> str:
    return "".join(title.split()).casefold()
