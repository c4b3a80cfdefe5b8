"""Price lists: what is read, and how everything else is told."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest

from shared.documents import handed_in
from shared.documents.price_list_template import write_template
from shared.documents.price_lists import COLUMNS, read_price_list
from shared.domain.errors import LimitError, PriceListError
from shared.domain.prices import PriceBook, PriceEntry, PriceKeys, PriceMethod

FIXED = "ProductId,Method,Value,Currency\n"


def _read(text: str | bytes, name: str = "prices.csv") -> list[PriceEntry]:
    content = text.encode() if isinstance(text, str) else text
    return read_price_list(BytesIO(content), name)


def _xlsx(rows: Sequence[Sequence[Any]], percent_at: str = "") -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    for row in rows:
        sheet.append(list(row))
    if percent_at:
        sheet[percent_at].number_format = "0%"
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def _problem(text: str | bytes) -> str:
    with pytest.raises(PriceListError) as caught:
        _read(text)
    return str(caught.value)


def test_a_row_becomes_an_entry() -> None:
    """ValidTo is the last day in the file and an exclusive end inside."""
    header = ",".join(COLUMNS)
    row = "cust-1,CFQ7TTC0LH18,0001,p1y,monthly,,,cycleCharge,Fixed,12.10,eur,2026-01-01,2026-12-31,hello"

    assert _read(f"{header}\n{row}\n") == [
        PriceEntry(
            scope="cust-1",
            keys=PriceKeys(
                product_id="CFQ7TTC0LH18",
                sku_id="0001",
                term="P1Y",
                billing_plan="Monthly",
                charge_type="cycleCharge",
            ),
            method=PriceMethod.FIXED,
            value=Decimal("12.10"),
            currency="EUR",
            valid_from=date(2026, 1, 1),
            valid_until=date(2027, 1, 1),
            note="hello",
            row=2,
        )
    ]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("header", ["productid,METHOD,value,currency", "Product Id,method,Value,Currency"])
def test_headers_are_matched_without_case_blanks_and_mark(mark: str, header: str) -> None:
    """People and programs spell a column differently."""
    assert _read(f"{mark}{header}\nP1,fixed,5,EUR\n")[0].keys.product_id == "P1"


def test_a_semicolon_file_takes_a_decimal_comma() -> None:
    """Where Excel separates by semicolons, its numbers have commas."""
    entries = _read("ProductId;Method;Value;Currency\nA;fixed;12,10;EUR\nB;fixed;1.5;EUR\n")

    assert [Decimal("12.10"), Decimal("1.5")] == [entry.value for entry in entries]


@pytest.mark.parametrize(
    ("value", "cure"),
    [
        ('"12,10"', "write a number such as 12.50"),
        ("EUR 5", "without currency sign"),
        ("1 000", "thousands separator"),
        ("85%", "without the sign and its format: 85"),
        ("-5", "cannot be negative"),
        ("", "write a number such as 12.50"),
        ("1e3", "write a number such as 12.50"),
        ("NaN", "write a number such as 12.50"),
    ],
)
def test_a_value_that_is_no_number_is_refused(value: str, cure: str) -> None:
    """Nothing is guessed; the message shows the value and the cure."""
    message = _problem(f"{FIXED}A,fixed,{value},EUR\n")

    assert "row 2, Value" in message
    assert cure in message


def test_a_number_that_can_be_read_in_two_ways_is_refused() -> None:
    """1.234 is a thousand to some and one and a bit to others."""
    assert "write 1234 or 1,234" in _problem("Method;Value;Currency\nfixed;1.234;EUR\n")


@pytest.mark.parametrize(
    ("header", "row", "cure"),
    [
        ("Method,Value", "fixed,5", "a fixed price needs its currency"),
        ("Method,Value,Currency", "fixed,5,EURO", "write an ISO code such as EUR"),
        ("Method,Value,Currency", "markup_on_cost,5,EUR", "leave the cell empty"),
        ("Method,Value", "percent_of_erp,1000.01", "a percentage is 0 to 1000"),
        ("Method,Value", "discount,5", "write one of fixed, percent_of_erp, discount_off_erp"),
        ("Method,Value,Term", "markup_on_cost,5,P2Y", "write one of P1M, P1Y, P3Y, P5Y"),
        ("Method,Value,BillingPlan", "markup_on_cost,5,Weekly", "write one of Monthly, Annual, Triennial"),
        ("Method,Value,ValidFrom", "markup_on_cost,5,1/2/2026", "write a day as 2026-10-31"),
        ("Method,Value,ValidFrom", "markup_on_cost,5,2026-02-30", "there is no such day"),
        ("Method,Value,ValidFrom", "markup_on_cost,5,0001-01-01", "write a day as 2026-10-31"),
        ("Method,Value,ValidFrom,ValidTo", "markup_on_cost,5,2026-02-01,2026-01-31", "before ValidFrom"),
        ("Method,Value,SkuId", "markup_on_cost,5,1", "leading zeros were lost: write 0001"),
        ("Method,Value", "markup_on_cost,5,more", "the column has no name"),
    ],
)
def test_a_row_that_contradicts_the_rules_is_refused(header: str, row: str, cure: str) -> None:
    """Each message ends with what to do."""
    assert cure in _problem(f"{header}\n{row}\n")


def test_a_dotted_day_is_a_day() -> None:
    """31.12.2026 cannot be mistaken."""
    entry = _read("Method;Value;ValidTo\nmarkup_on_cost;5;31.12.2026\n")[0]

    assert date(2027, 1, 1) == entry.valid_until


def test_an_unknown_column_is_named_with_the_likely_one() -> None:
    """A misspelt column must not be a price without that key."""
    assert "unknown column 'ProdutcId' (did you mean ProductId?)" in _problem("ProdutcId,Method,Value\nA,fixed,5\n")


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("Method", "column Value is missing"),
        ("Method,Value,value", "column Value stands twice"),
        ("Method,Value,Colour", "unknown column 'Colour'. Known"),
    ],
)
def test_a_wrong_header_is_refused(header: str, found: str) -> None:
    """Columns are known, unique and complete."""
    assert found in _problem(f"{header}\nfixed,5,5\n")


def test_all_problems_are_told_at_once_but_no_more_than_fifty() -> None:
    """A person corrects a file once."""
    two = _problem(f"{FIXED}A,fixed,x,EUR\nB,fixed,5,EUR\nC,nothing,5,\n")
    many = _problem(FIXED + "A,fixed,x,EUR\n" * 80)

    assert two.splitlines()[0] == "prices.csv: 2 problems, nothing was read from it."
    assert [line[:7] for line in two.splitlines()[1:]] == ["- row 2", "- row 4"]
    assert many.count("\n- row ") == 50
    assert "stopped after 50" in many


def test_blank_rows_and_remarks_are_skipped_and_rows_keep_their_numbers() -> None:
    """The number in a message is the line in the file."""
    entry = _read(f"# our prices\n{FIXED}\n,,,\n# old\nA,fixed,5,EUR\n")[0]

    assert entry.row == 6


def test_a_row_after_a_value_with_a_line_break_keeps_its_number() -> None:
    """A quoted line break makes a row longer than a line."""
    entries = _read('Method,Value,Note\nmarkup_on_cost,5,"a\nb"\nmarkup_on_cost,6,\n')

    assert [entry.row for entry in entries] == [2, 4]


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"Method,Value\n", b"# nothing\n"])
def test_a_file_without_prices_is_refused(content: bytes) -> None:
    """An empty price list would leave every line without a price."""
    with pytest.raises(PriceListError, match=r"prices\.csv: "):
        _read(content)


@pytest.mark.parametrize(
    "content",
    ["Method,Value,Note\nfixed,5,ä\n".encode("latin-1"), "Method,Value\n".encode("utf-16"), b'Method,Value\n"x"y,5\n'],
)
def test_a_file_in_another_encoding_or_with_bad_quotes_is_refused(content: bytes) -> None:
    """The cure is in the message."""
    with pytest.raises(PriceListError, match=r"CSV UTF-8|check the quotes"):
        _read(content)


def test_a_spreadsheet_number_is_what_was_typed() -> None:
    """12.1 is 12.1 exactly, not the nearest binary fraction."""
    content = _xlsx(
        [["ProductId", "Method", "Value", "Currency"], ["A", "fixed", 12.1, "EUR"], ["B", "fixed", 7, "EUR"]]
    )

    assert [Decimal("12.1"), Decimal(7)] == [entry.value for entry in _read(content)]


def test_a_spreadsheet_is_known_by_its_content_and_dates_are_dates() -> None:
    """The name of a file says nothing."""
    rows = [["Method", "Value", "ValidFrom"], ["markup_on_cost", "5", datetime(2026, 10, 1)]]  # noqa: DTZ001 - a cell has no zone
    entry = read_price_list(BytesIO(_xlsx(rows)), "prices.csv")[0]

    assert date(2026, 10, 1) == entry.valid_from


@pytest.mark.parametrize(
    ("header", "cell", "cure"),
    [
        ("SkuId", 1, "format the column as text"),
        ("ProductId", 4711, "format the column as text"),
        ("ValidFrom", 46000.5, "write a day as 2026-10-31"),
    ],
)
def test_an_id_that_a_spreadsheet_made_a_number_is_refused(header: str, cell: float, cure: str) -> None:
    """0001 would be 1, and match nothing or the wrong thing."""
    assert cure in _problem(_xlsx([["Method", "Value", header], ["markup_on_cost", 5, cell]]))


@pytest.mark.parametrize(("value", "cure"), [(1 / 3, "round the cell"), (True, "write a number"), (1e300, "below")])
def test_a_spreadsheet_value_that_is_no_price_is_refused(value: float, cure: str) -> None:
    """Noise of a calculation in the last digits is not a price."""
    assert cure in _problem(_xlsx([["Method", "Value"], ["markup_on_cost", value]]))


def test_a_percentage_format_is_refused() -> None:
    """A cell that shows 85% holds 0.85, which would be read as less than one percent."""
    content = _xlsx([["Method", "Value"], ["percent_of_erp", 0.85]], percent_at="B2")

    assert "85 for 85 percent" in _problem(content)


def test_the_rows_of_a_spreadsheet_keep_their_numbers() -> None:
    """Empty rows count."""
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    sheet["A1"], sheet["B1"], sheet["A7"], sheet["B7"] = "Method", "Value", "markup_on_cost", "5"
    stream = BytesIO()
    workbook.save(stream)

    assert _read(stream.getvalue())[0].row == 7


def test_a_damaged_spreadsheet_is_refused() -> None:
    """A cut-off upload says so."""
    content = _xlsx([["Method", "Value"], ["markup_on_cost", 5]])

    assert "the workbook cannot be read" in _problem(content[:2000])
    assert "the workbook cannot be read" in _problem(b"PK\x03\x04 nothing")


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    """The sizes that an archive states are checked first."""
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive, archive.open("xl/workbook.xml", "w") as part:
        for _ in range(handed_in.UNPACKED_BYTES_MAX // 2**20 + 1):
            part.write(bytes(2**20))

    with pytest.raises(LimitError, match=r"prices\.csv: unpacks to [0-9,]+ bytes"):
        _read(stream.getvalue())


@pytest.mark.parametrize(
    ("content", "limit"),
    [
        (b"x" * (handed_in.FILE_BYTES_MAX + 1), "larger than 20 MiB"),
        (b"Method,Value,Note\nmarkup_on_cost,5," + b"x" * 501, "a cell of 501 characters, at most 500"),
        (b"Method" + b"," * 100 + b"Value\n", "101 columns, at most 100"),
    ],
)
def test_a_file_beyond_a_limit_is_refused(content: bytes, limit: str) -> None:
    """Limits have names and are told."""
    with pytest.raises(LimitError, match=limit):
        _read(content)


@pytest.mark.parametrize("as_xlsx", [True, False])
def test_the_template_is_a_price_list(as_xlsx: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Its examples price nothing as they stand; without their mark they can be read. It is the same file each time."""
    first, second = BytesIO(), BytesIO()
    write_template(first, as_xlsx=as_xlsx)
    write_template(second, as_xlsx=as_xlsx)
    with pytest.raises(PriceListError, match="no row with a price"):
        _read(first.getvalue())
    entries = [] if as_xlsx else _read(first.getvalue().replace(b"# example,", b","))

    if as_xlsx:
        return
    assert ["fixed", "percent_of_erp", "graduated", "markup_on_cost"] == [entry.method.value for entry in entries]
    assert entries[0].keys.sku_id == "0001"
    assert PriceBook(entries).entry_count == 4
    assert first.getvalue() == second.getvalue()
