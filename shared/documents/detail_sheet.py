"""The detail sheet: one table, ``tblCharges``, with one line of an invoice in each row and nothing else.

No total, blank or merged row stands in it, so it can be filtered, pivoted and read by programs; sums of it stand on the
summary as formulas over its columns.

Not here: which columns there are (``columns``).
"""

from typing import Generic, TypeVar

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.filters import AutoFilter
from openpyxl.worksheet.table import Table, TableColumn, TableStyleInfo

from shared.documents.book import DETAIL, Book, Frame
from shared.documents.columns import IDENTIFYING_COLUMN_COUNT, Column, Kind
from shared.documents.sheet_rows import CellValue
from shared.documents.styles import Style, below_zero, money_style
from shared.domain.money import Money, minor_digits

TABLE = "tblCharges"
_STYLES = {
    Kind.TEXT: Style.TEXT,
    Kind.MONEY: Style.MONEY_2,
    Kind.PRICE: Style.PRICE,
    Kind.QUANTITY: Style.QUANTITY,
    Kind.DATE: Style.DATE,
    Kind.PERCENT: Style.PERCENT,
    Kind.INTEGER: Style.INTEGER,
}
_MARKED_BELOW_ZERO = frozenset({"MarginAmount", "MarginPercent"})

Row = TypeVar("Row")


class DetailSheet(Generic[Row]):
    """Writes rows under a header; ask for the frame when all rows are written."""

    def __init__(self, book: Book, columns: tuple[Column[Row], ...]) -> None:
        self._book = book
        self._columns = columns
        self._rows = book.rows(DETAIL)
        self._readers = [(column.value, book.styles[_STYLES[column.kind]]) for column in columns]
        self._rows.append(book.header([column.name for column in columns]))
        self.line_count = 0

    def add(self, row: Row) -> None:
        """Write one line.

        Raises:
            LimitError: there are more lines than a worksheet holds.
        """
        self._rows.append([self._cell(read(row), style) for read, style in self._readers])
        self.line_count += 1

    def frame(self) -> Frame:
        """Return the frame around the rows written so far."""
        last_row = max(self.line_count, 1) + 1  # a table without a row under its header is damaged to Excel
        return Frame(
            widths=[column.width for column in self._columns],
            freeze=f"{get_column_letter(IDENTIFYING_COLUMN_COUNT + 1)}2",
            repeated_rows="1:1",
            table=self._table(last_row),
            rules=[
                (f"{letter}2:{letter}{last_row}", below_zero())
                for letter, column in zip(self._letters(), self._columns, strict=True)
                if column.name in _MARKED_BELOW_ZERO
            ],
        )

    def _cell(self, value: CellValue, style: int) -> tuple[CellValue, int]:
        if isinstance(value, Money):
            style = self._book.styles[money_style(minor_digits(value.currency))]
        return value, style

    def _letters(self) -> list[str]:
        return [get_column_letter(index) for index in range(1, len(self._columns) + 1)]

    def _table(self, last_row: int) -> Table:
        ref = f"A1:{self._letters()[-1]}{last_row}"
        table = Table(displayName=TABLE, name=TABLE, ref=ref)
        table.tableColumns = [TableColumn(id=index, name=column.name) for index, column in enumerate(self._columns, 1)]
        table.autoFilter = AutoFilter(ref=ref)
        table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=True)
        return table
