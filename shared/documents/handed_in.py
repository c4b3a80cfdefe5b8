"""Files that people hand in: CSV or XLSX turned into numbered rows of cells, within limits.

What a file is, its first bytes decide, not its name. Text stays text; a number of a spreadsheet stays what the file
says until somebody asks for an exact Decimal.

Invariants: a file is refused before it can fill memory (size, unpacked size, rows, columns, characters); formulas are
never calculated, their stored value is read; nothing of the file's own code or links is used.

Not here: what the columns mean (``price_lists``, ``subscription_details``).
"""

import csv
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO, StringIO
from typing import BinaryIO
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from shared.domain.errors import InvalidError, LimitError

FILE_BYTES_MAX = 20 * 1024 * 1024
UNPACKED_BYTES_MAX = 200 * 1024 * 1024
ZIP_PARTS_MAX = 1_000
ROWS_MAX = 100_000
COLUMNS_MAX = 100
CELL_CHARACTERS_MAX = 500
SHEET_ROWS_MAX = 1_048_576
ZIP_START = b"PK\x03\x04"
_UTF16_STARTS = (b"\xff\xfe", b"\xfe\xff")
_DAMAGES = (
    BadZipFile,
    ParseError,
    zlib.error,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
    EOFError,
    RuntimeError,
    NotImplementedError,
)
"""Everything openpyxl is known to raise, beside its own error, for a file that is damaged, encrypted or no workbook."""

Raw = str | int | float | bool | date | datetime | time | timedelta


@dataclass(frozen=True, slots=True)
class InCell:
    """A cell that is not empty. *is_percent* tells that a spreadsheet shows the number as a percentage."""

    value: Raw
    is_percent: bool = False

    def __str__(self) -> str:
        return str(self.value)


@dataclass(frozen=True, slots=True)
class InRow:
    """One row: *number* is its line in the file (header = 1 at the top); an empty cell is None."""

    number: int
    cells: Sequence[InCell | None]

    @property
    def is_blank(self) -> bool:
        """Whether the row says nothing: all cells empty, or a remark that begins with ``#``."""
        first = self.cells[0] if self.cells else None
        return not any(self.cells) or (first is not None and str(first).startswith("#"))


@dataclass(frozen=True, slots=True)
class InTable:
    """The rows of a file that say something, with the header first. *separator* is "" for a workbook."""

    rows: Sequence[InRow]
    separator: str


def read_table(stream: BinaryIO, name: str, sheet: str = "") -> InTable:
    """Read the file to its end; of a workbook the sheet of that name, else the first.

    Raises:
        LimitError: the file is larger than a limit allows.
        InvalidError: the file cannot be read as CSV in UTF-8 or as XLSX.
    """
    content = stream.read(FILE_BYTES_MAX + 1)
    if len(content) > FILE_BYTES_MAX:
        raise LimitError(f"{name}: larger than {FILE_BYTES_MAX // 1024**2} MiB; split the file")
    if content.startswith(ZIP_START):
        return InTable(_checked(_xlsx_rows(content, name, sheet), name), "")
    text = _text(content, name)
    separator = _separator(text)
    return InTable(_checked(_csv_rows(text, separator, name), name), separator)


def check_zip(archive: ZipFile, name: str, unpacked_bytes_max: int = UNPACKED_BYTES_MAX) -> None:
    """Refuse an archive that would unpack to too much; the sizes it states are all that can be read of it.

    Raises:
        LimitError: it has too many parts, or they are too large together.
    """
    parts = archive.infolist()
    if len(parts) > ZIP_PARTS_MAX:
        raise LimitError(f"{name}: {len(parts)} parts in one archive, at most {ZIP_PARTS_MAX}")
    if (size := sum(part.file_size for part in parts)) > unpacked_bytes_max:
        raise LimitError(f"{name}: unpacks to {size:,} bytes, at most {unpacked_bytes_max:,}")


def _checked(rows: Iterator[InRow], name: str) -> list[InRow]:
    kept: list[InRow] = []
    for row in rows:
        if row.number > SHEET_ROWS_MAX:
            raise LimitError(f"{name}: rows below {SHEET_ROWS_MAX:,} are not read; remove the empty rows")
        if row.is_blank:
            continue
        if len(kept) > ROWS_MAX:
            raise LimitError(f"{name}: more than {ROWS_MAX:,} rows; split the file")
        if len(row.cells) > COLUMNS_MAX:
            raise LimitError(f"{name}, row {row.number}: {len(row.cells)} columns, at most {COLUMNS_MAX}")
        for cell in row.cells:
            if cell is not None and isinstance(cell.value, str) and len(cell.value) > CELL_CHARACTERS_MAX:
                raise LimitError(
                    f"{name}, row {row.number}: a cell of {len(cell.value)} characters, at most {CELL_CHARACTERS_MAX}"
                )
        kept.append(row)
    return kept


def _text(content: bytes, name: str) -> str:
    try:
        if content.startswith(_UTF16_STARTS):
            raise InvalidError(f"{name}: the file is UTF-16; save it as 'CSV UTF-8'")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidError(f"{name}: byte {error.start} is no UTF-8; save the file as 'CSV UTF-8' or XLSX") from error


def _separator(text: str) -> str:
    header = next((line for line in text.splitlines() if line.strip() and not line.startswith(("#", '"#'))), "")
    return ";" if header.count(";") > header.count(",") else ","


def _csv_rows(text: str, separator: str, name: str) -> Iterator[InRow]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    ended = 0
    try:
        for fields in reader:
            cells = [InCell(field.strip()) if field.strip() else None for field in fields]
            yield InRow(ended + 1, cells)
            ended = reader.line_num
    except csv.Error as error:
        raise InvalidError(f"{name}, line {ended + 1}: {error}; check the quotes of this row") from error


def _xlsx_rows(content: bytes, name: str, sheet: str) -> Iterator[InRow]:
    from openpyxl import load_workbook  # noqa: PLC0415 - an app that starts up reads no workbook yet
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415 - as above

    try:
        with ZipFile(BytesIO(content)) as archive:
            check_zip(archive, name)
        workbook = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            chosen = workbook[sheet] if sheet in workbook.sheetnames else workbook.worksheets[0]
            chosen.reset_dimensions()  # what the file says of its size may be wrong
            for number, row in enumerate(chosen.iter_rows(), 1):
                yield InRow(number, [_in_cell(cell.value, cell.number_format) for cell in row])
        finally:
            workbook.close()
    except (*_DAMAGES, InvalidFileException) as error:
        raise InvalidError(f"{name}: the workbook cannot be read; save it again as XLSX without a password") from error


def _in_cell(value: object, number_format: str | None) -> InCell | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool | int | float | date | time | timedelta):
        return InCell(value, "%" in (number_format or ""))
    return InCell(str(value).strip())
