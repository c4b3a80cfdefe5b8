"""How Microsoft's files look on disk: CSV with and without a byte-order mark, gzip JSON lines, zip.

Every writer is deterministic: no clock, no file name and no platform gets into the bytes.

Not here: which rows and columns there are.
"""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

Value = str | int | Decimal | date | None
Row = dict[str, Value]

_BOM = "\ufeff"
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def us_date(day: date) -> str:
    """Return for example ``10/3/2026``, as Microsoft's CSV files print dates."""
    return f"{day.month}/{day.day}/{day.year}"


def iso_instant(day: date) -> str:
    """Return for example ``2026-10-03T00:00:00Z``, as Microsoft's JSON files print dates."""
    return f"{day.isoformat()}T00:00:00Z"


def plain(number: Decimal) -> str:
    """Return the number without exponent and without needless zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def csv_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, Value]], *, bom: bool = False) -> bytes:
    """Return a UTF-8 CSV with CRLF line ends, quoted only where needed, dates as month/day/year."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return ((_BOM if bom else "") + text.getvalue()).encode()


def json_line(row: Mapping[str, Value]) -> str:
    """Return one JSON object; a Decimal is a bare number with all its digits, exponent included where it has one."""
    return "{" + ",".join(f'"{name}":{_json(value)}' for name, value in row.items()) + "}"


def json_lines(rows: Iterable[Mapping[str, Value]]) -> bytes:
    """Return the rows as JSON lines in UTF-8."""
    return "".join(json_line(row) + "\n" for row in rows).encode()


def write_gzip(path: Path, content: bytes, *, members: int = 1) -> None:
    """Write *content* as that many gzip members; they are cut by size, so a line may lie in two of them."""
    size = -(-len(content) // members)
    with path.open("wb") as file:
        for start in range(0, len(content), size):
            with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as member:
                member.write(content[start : start + size])


def write_zip(path: Path, name: str, content: bytes) -> None:
    """Write a zip with one file."""
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo(name, _ZIP_EPOCH)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.create_system = 3
        archive.writestr(entry, content)


def _cell(value: Value) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return us_date(value)
    return "" if value is None else str(value)


def _json(value: Value) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return f'"{iso_instant(value)}"'
    return json.dumps(value, ensure_ascii=False)
