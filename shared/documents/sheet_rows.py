"""Sheet rows: the cells of one worksheet, written as they come, exact, and never guessed at.

A cell is what the caller says it is. Text is an inline string whatever it begins with: no text becomes a formula, an
error value or a link. A number is written with the digits of its Decimal, never through a float. A formula exists only
as ``Formula``, and carries the value that viewers show without calculating.

Rows are kept compressed in a temporary file, so that a sheet of a million rows needs no memory; ``pack`` puts them into
the workbook. Characters that XML cannot hold are shown by their picture (NUL as ␀), and text over Excel's limit for a
cell is cut with a mark that says so.

Not here: the styles' looks (``styles``) and everything around the rows (``sheets``).
"""

import gzip
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from tempfile import TemporaryFile
from types import TracebackType
from typing import Self

from openpyxl.utils import get_column_letter

from shared.domain.errors import LimitError
from shared.domain.money import Money

CELL_UNITS_MAX = 32_767  # UTF-16 code units, as Excel counts
CUT_MARK = " … [cut: longer than a cell can be; the CSV file has the whole text]"
SHEET_ROWS_MAX = 1_048_576
_CHUNK_BYTES = 1 << 20
_DAY_ZERO = date(1899, 12, 30).toordinal()
_UNWRITABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_XSTRING_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_SPECIAL = re.compile("[&<>\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]|_x")


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula without its equals sign, and its value now."""

    text: str
    value: Decimal


CellValue = str | Money | Decimal | date | int | Formula | None
Cell = tuple[CellValue, int]
"""A value and the number of its style."""


class SheetRows:
    """The rows of one sheet. Append from the top; close it (or use ``with``) to give back the temporary file."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.row_count = 0
        self.bytes_count = 0
        self._file = TemporaryFile()  # noqa: SIM115 - it lives as long as the rows, see close()
        self._writer = gzip.GzipFile(fileobj=self._file, mode="wb", compresslevel=1, mtime=0)
        self._letters: list[str] = []

    def append(self, cells: Iterable[Cell]) -> None:
        """Add one row; a cell of None is left out but for its style.

        Raises:
            LimitError: the sheet would have more rows than Excel can open.
        """
        if self.row_count == SHEET_ROWS_MAX:
            raise LimitError(
                f"sheet {self.title}: more than {SHEET_ROWS_MAX - 1:,} lines do not fit a worksheet; export CSV instead"
            )
        self.row_count += 1
        row = str(self.row_count)
        parts = [f'<row r="{row}">']
        for index, (value, style) in enumerate(cells):
            parts.append(_cell_xml(f"{self._letter(index)}{row}", value, style))
        parts.append("</row>")
        data = "".join(parts).encode()
        self.bytes_count += len(data)
        self._writer.write(data)

    def skip(self) -> None:
        """Leave one row empty."""
        self.append(())

    def chunks(self) -> Iterator[bytes]:
        """Yield the rows as XML; nothing can be appended any more."""
        self._writer.close()
        self._file.seek(0)
        with gzip.GzipFile(fileobj=self._file, mode="rb") as reader:
            while chunk := reader.read(_CHUNK_BYTES):
                yield chunk

    def close(self) -> None:
        """Delete the temporary file."""
        self._writer.close()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _letter(self, index: int) -> str:
        while index >= len(self._letters):
            self._letters.append(get_column_letter(len(self._letters) + 1))
        return self._letters[index]


def writable(text: str) -> str:
    """Return *text* as a cell or a property can hold it: no control characters, no broken characters, not too long."""
    shown = _UNWRITABLE.sub(_picture, text)
    encoded = shown.encode("utf-16-le")
    if len(encoded) <= 2 * CELL_UNITS_MAX:
        return shown
    kept = encoded[: 2 * (CELL_UNITS_MAX - len(CUT_MARK))].decode("utf-16-le", "ignore")
    return kept + CUT_MARK


def number_text(number: Decimal) -> str:
    """Return the digits of *number* without exponent; zero has no sign."""
    return f"{number:f}" if number else "0"


def _cell_xml(where: str, value: CellValue, style: int) -> str:
    if isinstance(value, str):
        return _text_xml(where, value, style)
    if value is None:
        return f'<c r="{where}" s="{style}"/>'
    if isinstance(value, Formula):
        return f'<c r="{where}" s="{style}"><f>{_escaped(value.text)}</f><v>{number_text(value.value)}</v></c>'
    return f'<c r="{where}" s="{style}"><v>{_digits(value)}</v></c>'


def _digits(value: Money | Decimal | date | int) -> str:
    if isinstance(value, Money):
        return number_text(value.amount)
    if isinstance(value, Decimal):
        return number_text(value)
    if isinstance(value, date):
        return str(value.toordinal() - _DAY_ZERO)
    return str(value)


def _text_xml(where: str, text: str, style: int) -> str:
    if not text:
        return f'<c r="{where}" s="{style}"/>'
    if len(text) > CELL_UNITS_MAX // 2 or _SPECIAL.search(text):
        text = _escaped(_XSTRING_ESCAPE.sub("_x005F_", writable(text)))
    return f'<c r="{where}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else "\ufffd"


__all__ = ["CELL_UNITS_MAX", "CUT_MARK", "SHEET_ROWS_MAX", "Cell", "CellValue", "Formula", "SheetRows", "writable"]
