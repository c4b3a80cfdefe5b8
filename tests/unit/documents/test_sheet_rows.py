"""Sheet rows: exact cells, and limits that are refused instead of crossed."""

import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook

from shared.documents.book import Book
from shared.documents.package import pack
from shared.documents.sheet_rows import SHEET_ROWS_MAX, Formula, SheetRows
from shared.domain.errors import IntegrityError, LimitError


@pytest.fixture
def rows() -> Iterator[SheetRows]:
    """Empty rows, closed after the test."""
    with SheetRows("Detail") as made:
        yield made


def _xml(rows: SheetRows) -> str:
    return b"".join(rows.chunks()).decode()


def test_one_row_too_many_is_refused(rows: SheetRows) -> None:
    """The cure is the CSV file, not a second half of the table."""
    rows.row_count = SHEET_ROWS_MAX

    with pytest.raises(LimitError, match="more than 1,048,575 lines do not fit a worksheet; export CSV instead"):
        rows.append([("x", 0)])


def test_a_formula_carries_its_value(rows: SheetRows) -> None:
    """Viewers that do not calculate show the value."""
    rows.append([(Formula('SUMIFS(a,b,"<1&2")', Decimal("1.50")), 3)])

    assert '<c r="A1" s="3"><f>SUMIFS(a,b,"&lt;1&amp;2")</f><v>1.50</v></c>' in _xml(rows)


def test_text_that_looks_like_an_escape_stays_text(rows: SheetRows) -> None:
    """Excel reads _x0041_ as A unless its underscore is escaped."""
    rows.append([("_x0041_ _x00", 0)])

    assert ">_x005F_x0041_ _x00<" in _xml(rows)


def test_zero_and_small_numbers_have_no_sign_or_exponent(rows: SheetRows) -> None:
    """A cell shows plain digits."""
    rows.append([(Decimal("-0.00"), 0), (Decimal("1E-7"), 0), (7, 0), (None, 2)])

    assert (
        '<c r="A1" s="0"><v>0</v></c><c r="B1" s="0"><v>0.0000001</v></c><c r="C1" s="0"><v>7</v></c><c r="D1" s="2"/>'
        in _xml(rows)
    )


def _fill_beyond_the_limit() -> None:
    with Book() as book:
        rows = book.rows("Detail")
        rows.row_count = SHEET_ROWS_MAX
        rows.append([("x", 0)])


def test_no_temporary_file_is_left_by_a_failure(tmp_path: Path) -> None:
    """A refused export must not fill the disk of the host."""
    before = tempfile.tempdir
    tempfile.tempdir = str(tmp_path)
    try:
        with pytest.raises(LimitError):
            _fill_beyond_the_limit()
    finally:
        tempfile.tempdir = before

    assert list(tmp_path.iterdir()) == []


def test_rows_of_the_shell_are_not_lost_silently(rows: SheetRows, tmp_path: Path) -> None:
    """Rows are either ours or openpyxl's."""
    shell = Workbook()
    shell.worksheets[0].title = "Detail"
    shell.worksheets[0].append(["x"])

    with (tmp_path / "book.xlsx").open("wb") as stream, pytest.raises(IntegrityError, match="already has rows"):
        pack(shell, {"Detail": rows}, stream)
