"""The package: puts a workbook's shell and its rows together, the same bytes for the same input.

openpyxl writes the shell (styles, sheets without rows, tables, properties); the rows are spliced into the sheets while
the parts are copied, in a fixed order and with fixed times. No clock, user name or machine is in the file.

Not here: what the shell and the rows contain.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from io import BytesIO
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.xml.constants import ARC_CONTENT_TYPES, ARC_CORE
from openpyxl.xml.functions import tostring

from shared.documents.sheet_rows import SheetRows
from shared.domain.errors import IntegrityError

FILE_DATED = datetime(1980, 1, 1)  # noqa: DTZ001 - the first date a zip file can hold; document properties have no zone
_EMPTY_SHEETS = (b"<sheetData />", b"<sheetData/>", b"<sheetData></sheetData>")
_ZIP64_FROM_BYTES = 1 << 31


def pack(shell: Workbook, rows: Mapping[str, SheetRows], stream: BinaryIO) -> None:
    """Write the workbook to *stream*; *rows* are by sheet title. The shell cannot be used again.

    Raises:
        IntegrityError: the shell has rows of its own.
    """
    parts = {f"xl/worksheets/sheet{number}.xml": rows[sheet.title] for number, sheet in enumerate(shell.worksheets, 1)}
    _copy(shell, parts, stream)


def write_same_bytes(workbook: Workbook, stream: BinaryIO) -> None:
    """Write a workbook with rows of its own to *stream*, with fixed times and order of parts."""
    _copy(workbook, {}, stream)


def _copy(workbook: Workbook, rows: Mapping[str, SheetRows], stream: BinaryIO) -> None:
    workbook.properties.created = FILE_DATED
    plain = BytesIO()
    workbook.save(plain)
    workbook.properties.modified = FILE_DATED  # saving sets it to now
    with ZipFile(plain) as source, ZipFile(stream, "w", ZIP_DEFLATED) as target:
        for name in sorted(source.namelist(), key=lambda part: (part != ARC_CONTENT_TYPES, part)):
            content = tostring(workbook.properties.to_tree()) if name == ARC_CORE else source.read(name)
            _write_part(target, name, content, rows.get(name))


def _write_part(target: ZipFile, name: str, content: bytes, rows: SheetRows | None) -> None:
    info = ZipInfo(name, FILE_DATED.timetuple()[:6])
    info.compress_type = ZIP_DEFLATED
    info.create_system = 0  # the same bytes on every system
    is_big = rows is not None and rows.bytes_count >= _ZIP64_FROM_BYTES
    with target.open(info, "w", force_zip64=is_big) as part:
        for chunk in _spliced(content, rows) if rows else (content,):
            part.write(chunk)


def _spliced(content: bytes, rows: SheetRows) -> Iterator[bytes]:
    for empty in _EMPTY_SHEETS:
        top, found, tail = content.partition(empty)
        if found:
            yield top + b"<sheetData>"
            yield from rows.chunks()
            yield b"</sheetData>" + tail
            return
    raise IntegrityError(f"sheet {rows.title} already has rows; they would be lost")
