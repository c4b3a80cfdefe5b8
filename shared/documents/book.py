"""A book: a workbook being made, its rows first and the frame around them last.

Rows may be appended to several sheets in any order while the invoices stream by; what a frame needs to know (how long
the table got, which hash the content has) is known when the book is finished.

Invariants: nothing is left in the temporary folder, whether the book is finished or not; a finished book has no live
link, macro or connection.

Not here: what stands in the sheets (``detail_sheet``, ``customer_summary``, ``reseller_summary``, ``side_sheets``).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, BinaryIO, Self

from openpyxl import Workbook
from openpyxl.formatting.rule import Rule
from openpyxl.packaging.custom import StringProperty
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.table import Table

from shared.documents.package import pack
from shared.documents.sheet_rows import Cell, SheetRows, writable
from shared.documents.styles import Style, register

SUMMARY, DETAIL, CHANGES, EXCEPTIONS, READ_ME = "Summary", "Detail", "Changes", "Exceptions", "Read me"
_ORDER = (SUMMARY, DETAIL, CHANGES, EXCEPTIONS, READ_ME)
_FOOTERS = {"reseller": "Confidential: contains cost and margin, for the reseller only", "customer": ""}
_PAPER_A4 = 9
_PROPERTY_CHARACTERS_MAX = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What surrounds the rows of a sheet: column widths, what stays in view or is repeated, table and rules."""

    widths: Sequence[int]
    freeze: str | None = None
    repeated_rows: str | None = None
    table: Table | None = None
    rules: Sequence[tuple[str, Rule]] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Properties:
    """What the file says about itself. *scope* is ``reseller`` or ``customer``."""

    title: str
    scope: str
    reseller_name: str
    run_id: str
    content_hash: str


class Book:
    """Rows by sheet, and the style numbers they need. Use with ``with``; nothing is written before ``finish``."""

    def __init__(self) -> None:
        self._shell = Workbook(write_only=True)
        self._shell.create_sheet(SUMMARY)
        self.styles = register(self._shell)
        self._rows: dict[str, SheetRows] = {}

    def rows(self, title: str) -> SheetRows:
        """Return the rows of that sheet, which comes into being by being asked for."""
        if title not in self._rows:
            self._rows[title] = SheetRows(title)
        return self._rows[title]

    def has(self, title: str) -> bool:
        """Whether that sheet has come into being."""
        return title in self._rows

    def text(self, text: str, style: Style = Style.TEXT) -> Cell:
        """Return a cell with text."""
        return text, self.styles[style]

    def header(self, names: Sequence[str], numbers: Collection[str] = ()) -> list[Cell]:
        """Return the cells of a header row; the names in *numbers* stand over numbers."""
        return [self.text(name, Style.NUMBER_HEADER if name in numbers else Style.HEADER) for name in names]

    def finish(self, frames: Mapping[str, Frame], properties: Properties, stream: BinaryIO) -> None:
        """Write the workbook to *stream*; *frames* has one entry for each sheet that has rows."""
        for title in _ORDER:
            if title in self._rows:
                sheet = self._shell[SUMMARY] if title == SUMMARY else self._shell.create_sheet(title)
                _frame(sheet, frames[title], _FOOTERS[properties.scope])
        _describe(self._shell, properties)
        pack(self._shell, self._rows, stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for rows in self._rows.values():
            rows.close()


def _frame(sheet: Any, frame: Frame, confidentiality: str) -> None:
    for index, width in enumerate(frame.widths, 1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.freeze_panes = frame.freeze
    if frame.repeated_rows:
        sheet.print_title_rows = frame.repeated_rows
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = _PAPER_A4
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.HeaderFooter.oddFooter.left.text = confidentiality or None
    sheet.HeaderFooter.oddFooter.right.text = "Page &P of &N"
    if frame.table is not None:
        sheet.tables.add(frame.table)  # its columns are named already; add_table would warn that they must be
    for where, rule in frame.rules:
        sheet.conditional_formatting.add(where, rule)


def _describe(shell: Any, properties: Properties) -> None:
    shell.properties.title = writable(properties.title)[:_PROPERTY_CHARACTERS_MAX]
    shell.properties.creator = writable(properties.reseller_name)[:_PROPERTY_CHARACTERS_MAX]
    shell.properties.subject = f"{properties.scope} copy"
    named = {"RunId": properties.run_id, "ContentHash": properties.content_hash, "Scope": properties.scope}
    for name, value in named.items():
        shell.custom_doc_props.append(StringProperty(name=name, value=writable(value)[:_PROPERTY_CHARACTERS_MAX]))
