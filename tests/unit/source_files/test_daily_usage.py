"""Daily usage: the fast path and the exact, slower one give the same sums, and every bad value is named."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.errors import SourceFileError
from shared.domain.issues import IssueCode, Severity
from shared.domain.periods import BillingPeriod
from shared.domain.source_files import DocumentKey, DocumentSum, FileRead
from shared.domain.source_lines import Family, SourceLine
from shared.partner_center.source_files.containers import BLOCK_BYTES
from shared.partner_center.source_files.daily_usage import SCHEMA_CHECK_STRIDE
from shared.partner_center.source_files.row_sink import Reading

Make = Callable[..., Any]
Read = Callable[..., FileRead]


def _sums(read: FileRead) -> list[tuple[str, ...]]:
    return sorted(
        (line.meter_id, line.benefit_type, str(line.quantity), str(line.cost), str(line.list_amount), str(line.charge))
        for line in read.folds.lines()
    )


def test_rows_are_added_up_exactly_in_every_format(daily: Make, as_csv: Make, as_json: Make, read: Read) -> None:
    """CSV and JSON lines, quoted, bare and exponent numbers: no digit is lost, and the file's sums are known."""
    rows = [daily(UsageDate=f"2026-10-{day:02d}", Quantity="0.1999968000511991808131") for day in (3, 1, 2)]
    bare = as_json(rows).replace(b'"0.1999968000511991808131"', b"1.999968000511991808131E-1").replace(b'"0.1"', b"0.1")

    for content in (as_csv(rows), as_json(rows), bare):
        result = read(content)

        assert [("meter-1", "", "0.5999904001535975424393", "0.51 EUR")] == [row[:4] for row in _sums(result)]
        assert {DocumentKey(Family.DAILY_USAGE, "G001", "EUR"): DocumentSum(3, Decimal("0.51"))} == result.documents
        assert (3, BillingPeriod(2026, 10), []) == (result.row_count, result.period, result.issues)
        assert result.lines == []


def test_the_line_of_a_fold_describes_its_rows(daily: Make, as_json: Make, read: Read) -> None:
    """Where the first row stands, how many there are, and the columns that only describe."""
    (line,) = read(as_json([daily(), daily(UsageDate="2026-10-09")])).folds.lines()

    assert "file:1 and 1 more rows" == str(line.origin)
    assert ("Contoso", "Storage", "LRS Data Stored", "1 GB/Month") == (
        line.customer_name,
        line.meter_category,
        line.meter_name,
        line.unit,
    )
    assert (Decimal("0.1"), Decimal("0.085"), Decimal("0.4")) == (
        line.unit_price,
        line.effective_unit_price,
        line.list_amount,
    )


def test_camel_case_and_renamed_columns_are_the_same(daily: Make, as_json: Make, read: Read) -> None:
    """UnitOfMeasure for Unit, and lower first letters."""
    camel = {key[0].lower() + key[1:]: value for key, value in daily().items()}
    camel["unitOfMeasure"] = camel.pop("unit")
    (line,) = read(as_json([camel])).folds.lines()

    assert ("1 GB/Month", "azure-1") == (line.unit, line.entitlement_id)
    assert _sums(read(as_json([daily()]))) == _sums(read(as_json([camel])))


def test_null_texts_are_empty_and_a_missing_rate_is_one(daily: Make, as_csv: Make, as_json: Make, read: Read) -> None:
    """In both paths and both formats."""
    row = daily(BenefitType=None, PCToBCExchangeRate=None, EffectiveUnitPrice=None)
    empty = {key: value or "" for key, value in row.items()}

    assert _sums(read(as_json([daily()]))) == _sums(read(as_json([row])))
    assert _sums(read(as_json([daily()]))) == _sums(read(as_csv([empty])))


def test_days_on_which_a_price_changes_are_kept_apart(daily: Make, as_json: Make, read: Read) -> None:
    """The reader is told which days; a second file may use the first one's folds."""

    def boundaries(line: SourceLine) -> tuple[date, ...]:
        return (date(2026, 10, 10),) if line.meter_id == "meter-1" else ()

    rows = [daily(UsageDate=f"2026-10-{day:02d}", MeterId=f"meter-{meter}") for day in (9, 10, 11) for meter in (1, 2)]
    first = read(as_json(rows), terms=Reading(boundaries))
    again = read(as_json(rows), terms=Reading(boundaries, first.folds))

    assert [("meter-1", "2"), ("meter-1", "4"), ("meter-2", "6")] == [(row[0], row[2]) for row in _sums(first)]
    assert _sums(first) == _sums(again)


@pytest.mark.parametrize(
    "bad",
    [
        ("UsageDate", "31.10.2026", "'31.10.2026' is not a date."),
        ("UsageDate", "", "is empty; the day of the usage is needed."),
        ("Quantity", "x", "'x' is not a number."),
        ("Quantity", "", "is empty; a number is needed."),
        ("BillingPreTaxTotal", "NaN", "'NaN' is no finite number"),
        ("BillingPreTaxTotal", "sNaN", "'sNaN' is no finite number"),
        ("UnitPrice", "-Infinity", "'-Infinity' is no finite number"),
        ("UnitPrice", "1E+999999", "'1E+999999' is no finite number"),
        ("PCToBCExchangeRate", "1,1", "'1,1' is not a number."),
        ("BillingCurrency", "EURO", "'EURO' is no currency"),
        ("PCToBCExchangeRateDate", "x", "'x' is not a date."),
    ],
)
@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_bad_value_blocks_its_customer_and_spoils_no_sum(
    daily: Make, as_csv: Make, as_json: Make, read: Read, bad: tuple[str, str, str], position: int
) -> None:
    """Wherever the row stands, and in every format: the other rows are added up as if it were not there."""
    column, value, reason = bad
    good = [daily(PCToBCExchangeRateDate=""), daily(PCToBCExchangeRateDate="", UsageDate="2026-10-09")]
    customer = "c-2" if column in {"BillingCurrency", "PCToBCExchangeRateDate"} else "c-1"
    spoilt = {**good[0], column: value, "CustomerId": customer}
    rows = [*good[:position], spoilt, *good[position:]]
    expected = _sums(read(as_json(good)))

    for content, line in ((as_json(rows), position + 1), (as_csv(rows), position + 2)):
        result = read(content, "usage")
        (issue,) = result.issues

        assert expected == _sums(result)
        assert 2 == result.row_count
        assert (IssueCode.VALUE_INVALID, True, customer) == (issue.code, issue.is_blocking, issue.customer_id)
        assert str(issue).startswith(f"usage:{line}:{column}: {reason}")


@pytest.mark.parametrize(
    ("delivered", "named"),
    [
        (b'"Quantity": null', "Quantity: is empty"),
        (b'"Quantity": [2]', "Quantity: '[\"2\"]' is not a number"),
        (b'"Quantity": 1E+999999', "Quantity: '1E+999999' is no finite number"),
        (b'"Quantity": NaN', "Quantity: 'NaN' is no finite number"),
    ],
)
def test_json_that_is_no_number_is_named_too(
    daily: Make, as_json: Make, read: Read, delivered: bytes, named: str
) -> None:
    """The rest of the chunk is read row by row."""
    content = as_json([daily(), daily(UsageDate="2026-10-02")])
    broken = content.replace(b'"Quantity": "2"', delivered, 1)
    result = read(broken)

    assert 1 == result.row_count
    assert [named] == [str(issue)[len("file:1:") : len("file:1:") + len(named)] for issue in result.issues]


def test_unusual_types_of_describing_columns_are_read_exactly(daily: Make, as_json: Make, read: Read) -> None:
    """A bare number for a text, and an apostrophe before a number."""
    (line,) = read(as_json([daily(SkuName=7, EffectiveUnitPrice="'0.085")])).folds.lines()

    assert ("7", Decimal("0.085")) == (line.sku_name, line.effective_unit_price)


def test_a_row_that_is_no_json_is_left_out_and_the_rest_counts(daily: Make, as_json: Make, read: Read) -> None:
    """Named by its line; blank lines are none."""
    result = read(as_json([daily()]) + b"\n{oops\n" + as_json([daily()]) + b"  \n")

    assert (2, [(IssueCode.ROW_UNREADABLE, Severity.BLOCKING, 3)]) == (
        result.row_count,
        [(issue.code, issue.severity, issue.line) for issue in result.issues],
    )


def test_a_known_column_that_the_first_row_lacks_is_used(daily: Make, as_json: Make, read: Read) -> None:
    """JSON lines may leave out what is null: the benefit and the rate of the second row still count."""
    first = daily()
    del first["BenefitType"], first["PCToBCExchangeRate"]
    second = daily(BenefitType="SavingsPlan", PCToBCExchangeRate="0.9")

    assert [("", "0.2"), ("SavingsPlan", "0.18")] == [(row[1], row[4]) for row in _sums(read(as_json([first, second])))]


def test_an_unknown_column_is_reported_once_wherever_it_appears(daily: Make, as_json: Make, read: Read) -> None:
    """In the first chunk or in the last; the rows count as they are."""
    padding = "x" * (BLOCK_BYTES // 4)
    rows = [daily(Tags=padding) for _ in range(4 * SCHEMA_CHECK_STRIDE // 3)]
    result = read(as_json([*rows, daily(NewColumn="1"), daily(NewColumn="2")]))

    assert len(rows) + 2 == result.row_count
    assert [(IssueCode.COLUMN_UNKNOWN, "NewColumn")] == [(issue.code, issue.column) for issue in result.issues]
    assert [(IssueCode.COLUMN_UNKNOWN, "NewColumn")] == [
        (issue.code, issue.column) for issue in read(as_json([daily(), daily(NewColumn="1")]) + b"{oops\n").issues[:1]
    ]


def test_a_required_column_that_is_missing_is_named(daily: Make, as_json: Make, read: Read) -> None:
    """As the documentation names it."""
    row = daily()
    del row["MeterId"]

    with pytest.raises(SourceFileError, match="daily-usage file without the column MeterId"):
        read(as_json([row]))


def test_the_longest_numbers_add_up(daily: Make, as_json: Make, read: Read) -> None:
    """Forty digits on each side of the point, in price and quantity both."""
    longest = "9" * 40 + "." + "9" * 40
    (line,) = read(as_json([daily(UnitPrice=longest, Quantity=longest, BillingPreTaxTotal="1")])).folds.lines()

    assert Decimal(longest) == line.quantity
    assert 1 == line.origin.row_count


@pytest.mark.parametrize("between", [b"", b"\n"])
def test_line_numbers_are_right_in_every_chunk(daily: Make, as_json: Make, read: Read, between: bytes) -> None:
    """Over several megabytes, with and without blank lines: where a fold began, and where a bad value stands."""
    padding = "x" * 5000
    rows = [as_json([daily(Tags=padding)]) for _ in range(700)]
    rows[500] = as_json([daily(MeterId="meter-2", Tags=padding)])
    rows[650] = as_json([daily(Quantity="x", Tags=padding)])
    result = read(between.join(rows))
    step = 1 + len(between)

    assert {"meter-1": 1, "meter-2": 1 + 500 * step} == {
        line.meter_id: line.origin.line for line in result.folds.lines()
    }
    assert [1 + 650 * step] == [issue.line for issue in result.issues]
