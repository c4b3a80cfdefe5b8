"""Reading: the whole row as a source line, problems named by file, line, column, value and cure, nothing dropped."""

import hashlib
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.errors import SourceFileError
from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.money import Money
from shared.domain.periods import BillingPeriod, Period
from shared.domain.source_files import DocumentKey, DocumentSum, FileRead
from shared.domain.source_lines import Family, Origin
from shared.partner_center.source_files.mapping import Texts, ValueProblem, source_line
from shared.partner_center.source_files.reading import read_file

Make = Callable[..., Any]
Read = Callable[..., FileRead]
LEGACY: dict[str, str] = {
    "CustomerId": "c-1",
    "CustomerName": "Contoso",
    "SyndicationPartnerSubscriptionNumber": "sub-1",
    "DurableOfferId": "offer-1",
    "OfferName": "Exchange Online",
    "SubscriptionStartDate": "1/13/2018",
    "SubscriptionEndDate": "1/13/2019",
    "ChargeStartDate": "1/13/2018",
    "ChargeEndDate": "1/12/2019",
    "ChargeType": "Cycle fee",
    "UnitPrice": "48.00",
    "Quantity": "1",
    "Amount": "48.00",
    "TotalOtherDiscount": "8.00",
    "Subtotal": "40.00",
    "Tax": "4.00",
    "TotalForCustomer": "44.00",
    "Currency": "EUR",
    "BillingCycleType": "Annually",
}


def _codes(read: FileRead) -> list[tuple[IssueCode, Severity]]:
    return [(issue.code, issue.severity) for issue in read.issues]


def test_a_row_is_kept_as_delivered(recon: Make, as_csv: Make, read: Read) -> None:
    """Ends become half-open, numbers exact, empty lists nothing; every other text stays."""
    (line,) = read(as_csv([recon()])).lines

    assert ("Contoso, Ltd.", "c-1", "DE", "G001") == (
        line.customer_name,
        line.customer_id,
        line.customer_country,
        line.invoice_number,
    )
    assert Period.inclusive(date(2026, 10, 1), date(2026, 10, 31)) == line.charge
    assert Period.inclusive(date(2026, 10, 1), date(2027, 9, 30)) == line.term
    assert (Money(Decimal("84.10"), "EUR"), Decimal(10), Decimal("8.41")) == (line.cost, line.quantity, line.unit_price)
    assert (Decimal("84.10"), "", "file:2") == (line.list_amount, line.adjustments, str(line.origin))


def test_both_header_generations_and_both_formats_give_the_same_lines(
    recon: Make, as_csv: Make, as_json: Make, read: Read
) -> None:
    """Pascal and camel case, comma, semicolon and tab, CRLF and LF, CSV and JSON lines with quoted or bare numbers."""
    row = recon()
    camel = {key[0].lower() + key[1:]: value for key, value in row.items()}
    camel["totalForCustomer"] = camel.pop("total")
    numbers = {"UnitPrice", "Subtotal", "BillableQuantity", "Total", "TaxTotal", "PCToBCExchangeRate"}
    bare = as_json([row])
    for name in numbers:
        bare = bare.replace(f'"{name}": "{row[name]}"'.encode(), f'"{name}": {row[name]}'.encode())
    (expected,) = read(as_csv([row])).lines

    for content in (
        as_csv([camel]),
        as_csv([row], ";"),
        as_csv([row], "\t"),
        as_csv([row], end="\n"),
        as_csv([dict(reversed(row.items()))]),
    ):
        assert [expected] == read(content).lines
    for content in (as_json([row]), as_json([camel]), bare):
        (line,) = read(content).lines

        assert line.origin.line == 1
        assert {expected} == {type(line)(**{**_values(line), "origin": expected.origin})}


def _values(line: object) -> dict[str, Any]:
    return {name: getattr(line, name) for name in type(line).__dataclass_fields__}  # type: ignore[attr-defined]  # one


@pytest.mark.parametrize(
    "text", ["0.1999968000511991808131", "'0.1999968000511991808131", "1.999968000511991808131E-1"]
)
def test_no_digit_of_a_number_is_lost(recon: Make, as_csv: Make, as_json: Make, read: Read, text: str) -> None:
    """Quoted, with an apostrophe, in exponent form, and bare in JSON."""
    exact = Decimal("0.1999968000511991808131")
    bare = as_json([recon()]).replace(b'"Subtotal": "84.10"', b'"Subtotal": 0.1999968000511991808131')

    for content in (as_csv([recon(Subtotal=text)]), as_json([recon(Subtotal=text)]), bare):
        assert [exact] == [line.cost.amount for line in read(content).lines]


def test_rows_that_look_equal_are_all_kept(recon: Make, as_csv: Make, read: Read) -> None:
    """Summed up by document, and dated by their events."""
    result = read(as_csv([recon(), recon(), recon(Currency="usd"), recon(InvoiceNumber="", OrderDate="")]))

    assert 4 == result.row_count
    assert {
        DocumentKey(Family.NEW_COMMERCE, "G001", "EUR"): DocumentSum(2, Decimal("168.20"), Decimal("168.20")),
        DocumentKey(Family.NEW_COMMERCE, "G001", "USD"): DocumentSum(1, Decimal("84.10"), Decimal("84.10")),
        DocumentKey(Family.NEW_COMMERCE, "", "EUR"): DocumentSum(1, Decimal("84.10"), Decimal("84.10")),
    } == result.documents
    assert Counter({date(2026, 10, 1): 4}) == result.days
    assert BillingPeriod(2026, 10) == result.period


def test_a_credit_does_not_date_a_file(recon: Make, as_csv: Make, read: Read) -> None:
    """Credits may belong to another month; neither do rows without any date."""
    result = read(as_csv([recon(ChargeType="customerCredit"), recon(OrderDate="", ChargeStartDate="")]))

    assert Counter() == result.days
    assert result.period is None


def test_a_legacy_licence_row_ends_its_term_exclusively(as_csv: Make, read: Read) -> None:
    """The Partner Center id is the subscription; the subtotal is the cost; a term that is no term is none."""
    (line,) = read(as_csv([LEGACY])).lines
    (endless,) = read(as_csv([LEGACY | {"SubscriptionEndDate": "1/13/2018"}])).lines

    assert Period(date(2018, 1, 13), date(2019, 1, 13)) == line.term
    assert ("sub-1", "offer-1", Money(Decimal("40.00"), "EUR")) == (line.subscription_id, line.product_id, line.cost)
    assert Family.LEGACY_LICENCE is line.family
    assert endless.term is None


@pytest.mark.parametrize(
    ("start", "end", "term"),
    [
        ("2026-10-01", "2027-09-30", "2026-10-01 to 2027-09-30"),
        ("2026-10-01", "2027-10-01", "2026-10-01 to 2027-09-30"),  # printed exclusively: told by the natural term
        ("2026-10-01", "2027-01-15", "2026-10-01 to 2027-01-15"),
        ("2026-10-01", "9999-12-31", "None"),
        ("", "2027-09-30", "None"),
    ],
)
def test_a_term_is_read_whichever_way_its_end_is_printed(
    recon: Make, as_csv: Make, read: Read, start: str, end: str, term: str
) -> None:
    """An end that makes whole months decides; an open end is none."""
    (line,) = read(as_csv([recon(SubscriptionStartDate=start, SubscriptionEndDate=end)])).lines

    assert term == str(line.term)


@pytest.mark.parametrize(
    ("changed", "differs"),
    [
        ({}, None),
        ({"Total": "84.11"}, "the amount 84.10 plus tax 0 is not the total 84.11"),
        ({"Total": ""}, None),
        ({"TaxTotal": "15.979000000000000000001", "Total": "100.079000000000000000001"}, None),
    ],
)
def test_a_row_whose_sums_differ_is_reported_and_kept(
    recon: Make, as_csv: Make, read: Read, changed: dict[str, str], differs: str | None
) -> None:
    """A warning at the customer's row; the amount before tax is the cost."""
    result = read(as_csv([recon(**changed)]))

    assert 1 == len(result.lines)
    assert ([] if differs is None else [f"In this row {differs}."]) == [issue.message for issue in result.issues]
    for issue in result.issues:
        assert (IssueCode.ROW_TOTAL_DIFFERS, Severity.WARNING, 2, "c-1") == (
            issue.code,
            issue.severity,
            issue.line,
            issue.customer_id,
        )


def test_a_discount_that_does_not_lead_to_the_subtotal_is_reported(as_csv: Make, read: Read) -> None:
    """Amount less discount is the subtotal, in legacy licence files."""
    result = read(as_csv([LEGACY | {"Amount": "48.01"}]))

    assert ["In this row Amount 48.01 less TotalOtherDiscount 8.00 is not Subtotal 40.00."] == [
        issue.message for issue in result.issues
    ]


@pytest.mark.parametrize(
    "bad",
    [
        ("Subtotal", "84,10", "'84,10' is not a number. Give a plain number"),
        ("Subtotal", "", "is empty; a number is needed."),
        ("BillableQuantity", "NaN", "'NaN' is no finite number"),
        ("UnitPrice", "Infinity", "'Infinity' is no finite number"),
        ("EffectiveUnitPrice", "1E+999999", "'1E+999999' is no finite number"),
        ("ChargeStartDate", "31.10.2026", "'31.10.2026' is not a date. Microsoft writes"),
        ("ChargeEndDate", "2026-09-30", "'2026-09-30' is before the charge start 2026-10-01."),
        ("Currency", "EURO", "'EURO' is no currency; an ISO 4217 code such as EUR is needed."),
        ("Currency", "", "is no currency"),
    ],
)
def test_a_value_that_cannot_be_read_is_named_by_place_value_and_cure(
    recon: Make, as_csv: Make, as_json: Make, read: Read, bad: tuple[str, str, str]
) -> None:
    """The row is left out and blocks its customer only; every other row is read."""
    column, value, reason = bad
    rows = [recon(), recon(**{column: value}), recon(CustomerId="c-2")]

    for content, line in ((as_csv(rows), 3), (as_json(rows), 2)):
        result = read(content, "october.csv")
        (issue,) = result.issues

        assert 2 == len(result.lines)
        assert (IssueCode.VALUE_INVALID, True, "c-1") == (issue.code, issue.is_blocking, issue.customer_id)
        assert str(issue).startswith(f"october.csv:{line}:{column}: {reason}")
        assert value == issue.value
        assert "Correct it at the source" in issue.cure


def test_values_of_no_use_as_numbers_or_texts_are_named(recon: Make, as_json: Make, read: Read) -> None:
    """A list where a number belongs, an absurd number where a text belongs, and nobody to bill."""
    tags = as_json([recon(Subtotal={"a": 1})])
    nobody = as_json([recon(CustomerId=" ")])
    absurd = as_json([recon()]).replace(b'"CustomerName": "Contoso, Ltd."', b'"CustomerName": 1E+999999999')

    assert "is not a number." in read(tags).issues[0].message
    assert ["is empty, so nobody can be billed."] == [issue.message for issue in read(nobody).issues]
    assert ["1E+999999999"] == [line.customer_name for line in read(absurd).lines]
    assert "is not a number." in read(as_json([recon(Subtotal=True)])).issues[0].message


def test_texts_that_are_delivered_as_numbers_keep_their_digits(recon: Make, as_json: Make, read: Read) -> None:
    """An id that arrives bare is read as it stands; null is nothing."""
    (line,) = read(as_json([recon(SkuId=2, OrderId=None, PriceAdjustmentDescription=["a", 1])])).lines

    assert ("2", "", '["a", "1"]') == (line.sku_id, line.order_id, line.adjustments)


def test_an_unknown_column_is_kept_in_the_file_and_reported(
    recon: Make, as_csv: Make, as_json: Make, read: Read
) -> None:
    """Once, as a notice; also where only a later row of JSON lines has it."""
    row, wider = recon(), recon(NewColumn="x")

    for content in (as_csv([wider, wider]), as_json([wider, wider]), as_json([row, wider, wider])):
        (issue,) = read(content).issues

        assert (IssueCode.COLUMN_UNKNOWN, Severity.NOTICE, "NewColumn") == (issue.code, issue.severity, issue.column)
    assert [] == read(as_csv([recon(**{"": "", "DiscountDetails": ""})])).issues


def test_a_known_column_that_only_a_later_row_has_is_used(recon: Make, as_json: Make, read: Read) -> None:
    """JSON lines may leave out what is null."""
    first = recon()
    del first["PublisherName"]
    result = read(as_json([first, recon(PublisherName="Contoso Apps")]))

    assert ["", "Contoso Apps"] == [line.publisher for line in result.lines]


def test_a_doubled_column_is_refused(recon: Make, as_csv: Make, read: Read) -> None:
    """Which of the two counts cannot be known."""
    content = as_csv([recon()]).replace(b"PublisherName", b"Subtotal")

    with pytest.raises(SourceFileError, match="the column Subtotal stands twice in the header"):
        read(content)


def test_a_header_alone_is_a_file_without_rows(recon: Make, as_csv: Make, read: Read) -> None:
    """Nothing is owed, nothing is wrong."""
    result = read(as_csv([recon()]).split(b"\r\n")[0] + b"\r\n")

    assert (0, [], [], None) == (result.row_count, result.lines, result.issues, result.period)


@pytest.mark.parametrize("above", [b"", b"\n", b"\r\n\r\n", b" \n\n\n"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_line_numbers_are_those_of_a_text_editor(
    recon: Make, as_csv: Make, as_json: Make, read: Read, above: bytes, end: str
) -> None:
    """With blank lines above and between, and values that span several lines."""
    rows = [recon(), recon(CustomerName=f"Two{end}lines"), recon(), recon(Subtotal="x")]
    lines = as_csv(rows, end=end).split(end.encode())
    spaced = above + end.encode().join([*lines[:2], b"", *lines[2:]])
    skipped = above.count(b"\n")
    result = read(spaced)
    told = read(above + b"\n".join([as_json(rows[:2]), as_json(rows[2:])]))

    assert [2, 4, 6] == [line.origin.line - skipped for line in result.lines]
    assert [7] == [issue.line - skipped for issue in result.issues]
    assert [1, 2, 4] == [line.origin.line - skipped for line in told.lines]
    assert [5] == [issue.line - skipped for issue in told.issues]


def test_a_row_of_another_width_blocks_everybody(recon: Make, as_csv: Make, read: Read) -> None:
    """Whose row it was cannot be told; empty rows of separators are no rows."""
    content = as_csv([recon()]) + b"a,b\r\n" + b"," * 50 + b"\r\n"
    (issue,) = read(content).issues

    assert (IssueCode.ROW_UNREADABLE, True, "", 3) == (issue.code, issue.is_blocking, issue.customer_id, issue.line)
    assert f"The row has 2 values instead of {len(recon())}." == issue.message
    assert "a,b" == issue.value


def test_a_file_cut_off_inside_its_last_row_is_noticed(recon: Make, as_csv: Make, as_json: Make, read: Read) -> None:
    """Inside a quote nothing counts; inside the row the row is missing; inside the last value there is a notice."""
    content = as_csv([recon(), recon()])
    quoted = content[: content.rindex(b"Ltd.")]
    row, value = content[: content.rindex(b"Monthly")], content[:-2]

    with pytest.raises(SourceFileError, match=r"the value after line 2 cannot be read .* cut off or damaged"):
        read(quoted)
    assert [IssueCode.ROW_UNREADABLE, IssueCode.FILE_DAMAGED] == [issue.code for issue in read(row).issues]
    assert [(IssueCode.FILE_DAMAGED, Severity.NOTICE)] == _codes(read(value))
    assert [(IssueCode.ROW_UNREADABLE, Severity.BLOCKING)] == _codes(read(as_json([recon(), recon()])[:-9]))


def test_a_json_line_that_is_no_object_is_left_out(recon: Make, as_json: Make, read: Read) -> None:
    """A number, a list or an endless nesting."""
    deep = b'{"a":' + b"[" * 100_000 + b"\n"
    result = read(as_json([recon()]) + b"1\n[]\n" + deep + as_json([recon()]))

    assert (2, 3) == (len(result.lines), len(result.issues))
    assert {IssueCode.ROW_UNREADABLE} == {issue.code for issue in result.issues}
    assert [2, 3, 4] == [issue.line for issue in result.issues]


def _of(issues: list[Issue], code: IssueCode) -> list[Issue]:
    return [issue for issue in issues if issue.code is code]


def test_a_thousand_bad_rows_are_twenty_issues_and_a_count(recon: Make, as_csv: Make, read: Read) -> None:
    """For each kind; and each customer who is blocked is named at least once."""
    rows = [recon(Subtotal="x", CustomerId=f"c-{number % 3}") for number in range(1000)]
    late = recon(Subtotal="x", CustomerId="c-late")
    issues = read(as_csv([*rows, late, *rows[:9], recon(Total="1")])).issues
    values = _of(issues, IssueCode.VALUE_INVALID)

    assert 21 == len(values)
    assert 1010 == sum(issue.count for issue in values)
    assert [1] * 20 == [issue.count for issue in values[:-1]]
    assert {"c-0", "c-1", "c-2", "c-late"} == {issue.customer_id for issue in values}
    assert [1] == [issue.count for issue in _of(issues, IssueCode.ROW_TOTAL_DIFFERS)]


def test_the_content_hash_is_that_of_the_bytes_as_delivered(recon: Make, as_csv: Make, file: Make) -> None:
    """And progress is told to the last byte."""
    content = as_csv([recon()])
    seen: list[int] = []
    (result,) = read_file(file(content), progress=seen.append)

    assert hashlib.sha256(content).hexdigest() == result.content_hash
    assert len(content) == sum(seen)


def test_the_same_rows_have_the_same_fingerprints_in_any_order_and_file(
    recon: Make, as_csv: Make, as_json: Make, read: Read
) -> None:
    """Two versions of a document are told, even where an amount was restated; another quantity is another line."""
    rows = [recon(SkuId=f"{number:04d}") for number in range(5)]
    prints = read(as_csv(rows)).fingerprints

    assert 5 == len(prints)
    assert prints == read(as_json(rows[::-1])).fingerprints
    assert prints == read(as_csv([*rows[:4], recon(SkuId="0004", Subtotal="1", Total="1")])).fingerprints
    assert 4 == len(prints & read(as_csv([*rows[:4], recon(SkuId="0004", BillableQuantity="3")])).fingerprints)


def test_an_unknown_charge_type_is_read_like_any_other(recon: Make, as_csv: Make, read: Read) -> None:
    """Pricing reports it; reading keeps the text."""
    result = read(as_csv([recon(ChargeType="superCharge")]))

    assert (["superCharge"], []) == ([line.charge_type for line in result.lines], result.issues)


def test_a_float_is_no_number_of_a_file() -> None:
    """Whoever decodes must hand over text or exact numbers."""
    with pytest.raises(ValueProblem) as caught:
        source_line({"customer_id": "c", "quantity": 1, "cost": "1"}, Family.NEW_COMMERCE, Origin(), Texts())

    assert ("quantity", 1, "is not a number.") == (caught.value.field, caught.value.value, caught.value.reason)
