"""Price lists: what is written is what is read, and nothing but our own errors comes out of any file."""

import csv
from decimal import Decimal
from io import BytesIO, StringIO

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.documents.price_lists import COLUMNS, read_price_list
from shared.domain.errors import InvalidError
from shared.domain.prices import PriceEntry

prices = st.decimals(0, 10**6, places=4)


def _read(content: bytes) -> list[PriceEntry]:
    return read_price_list(BytesIO(content), "prices.csv")


@given(value=prices, separator=st.sampled_from(",;"), has_mark=st.booleans())
def test_a_price_in_csv_is_read_exactly(value: Decimal, separator: str, has_mark: bool) -> None:  # noqa: FBT001 - drawn
    """Separator, decimal comma and mark change nothing."""
    text = f"{value:f}".replace(".", "," if separator == ";" else ".")
    lines = (("Method", "Value", "Currency"), ("fixed", text, "EUR"))
    content = "\r\n".join(separator.join(line) for line in lines)
    entries = _read(content.encode("utf-8-sig" if has_mark else "utf-8"))

    assert [value] == [entry.value for entry in entries]


@settings(max_examples=50, deadline=None)
@given(value=prices)
def test_a_price_in_a_spreadsheet_is_read_exactly(value: Decimal) -> None:
    """A cell is a binary number; the price is the decimal that was typed."""
    workbook = openpyxl.Workbook()
    workbook.worksheets[0].append(["Method", "Value", "Currency"])
    workbook.worksheets[0].append(["fixed", float(value), "EUR"])
    stream = BytesIO()
    workbook.save(stream)

    assert [value] == [entry.value for entry in _read(stream.getvalue())]


@given(rows=st.lists(st.lists(st.text(max_size=20), min_size=1, max_size=len(COLUMNS)), max_size=5))
def test_any_table_is_read_or_refused(rows: list[list[str]]) -> None:
    """A wrong cell is told, never raised as something else."""
    text = StringIO(newline="")
    csv.writer(text).writerows([list(COLUMNS), *rows])
    try:
        entries = _read(text.getvalue().encode("utf-8", "replace"))
    except InvalidError as error:
        assert "prices.csv" in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert entries


@given(content=st.binary(max_size=300), is_zip=st.booleans())
def test_any_bytes_are_read_or_refused(content: bytes, is_zip: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever is uploaded, the answer is an error of ours."""
    try:
        _read(b"PK\x03\x04" + content if is_zip else content)
    except InvalidError as error:
        assert "prices.csv" in str(error)  # noqa: PT017 - either outcome is right
