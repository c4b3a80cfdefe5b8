"""CSV files: dialects, digits and harmless text."""

import csv
from dataclasses import replace
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import pytest

from shared.documents.columns import Kind
from shared.documents.csv_file import (
    MACHINE,
    Profile,
    customer_csv,
    decimal_text,
    excel_profile,
    field,
    guarded,
    reseller_csv,
)
from shared.domain.errors import InvalidError
from shared.domain.money import Money


def _rows(content: bytes, separator: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"), newline=""), delimiter=separator))


def _customer(invoice: Any, profile: Profile = MACHINE) -> bytes:
    stream = BytesIO()
    customer_csv(invoice, run_id="run-1", stream=stream, profile=profile)
    return stream.getvalue()


def test_the_machine_profile_has_no_mark_and_ends_lines_with_crlf(make: Any) -> None:
    """RFC 4180, for programs."""
    content = _customer(make.invoice())

    assert content.startswith(b"BillingPeriod,CustomerName,")
    assert content.count(b"\r\n") == 5
    assert content.count(b"\n") == 5


def test_the_sum_of_the_rows_is_the_invoice(make: Any) -> None:
    """Reading the file back gives the total."""
    invoice = make.invoice()

    assert invoice.total.amount == sum(Decimal(row["SalesAmount"]) for row in _rows(_customer(invoice)))


def test_the_reseller_file_has_every_digit_of_the_cost(make: Any) -> None:
    """Microsoft's unrounded amounts are not cut, so that they add up to Microsoft's invoice."""
    invoice = make.invoice()
    stream = BytesIO()
    reseller_csv(iter([invoice]), run_id="run-1", stream=stream)

    assert invoice.costs[0].amount == sum(Decimal(row["CostAmount"]) for row in _rows(stream.getvalue()))


def test_the_excel_profile_speaks_the_readers_language(make: Any) -> None:
    """A German Excel needs the mark, semicolons and decimal commas; dates stay ISO."""
    content = _customer(make.invoice(make.source_line()), excel_profile("de-DE"))
    row = _rows(content, ";")[0]

    assert content.startswith(b"\xef\xbb\xbf")
    assert row["SalesAmount"] == "121,00"
    assert row["ChargeEndDate"] == "2026-10-31"


@pytest.mark.parametrize("locale", ["de", "sv", "fr", "nl", "es", "it", "fr_FR"])
def test_most_of_europe_uses_semicolons(locale: str) -> None:
    """Where the comma is the decimal mark it cannot separate."""
    assert (excel_profile(locale).separator, excel_profile(locale).decimal_mark) == (";", ",")


def test_an_unknown_locale_is_refused() -> None:
    """A guess would show on the first number."""
    with pytest.raises(InvalidError, match="'tlh' is not known"):
        excel_profile("tlh")


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\tx",
        "\rx",
        "\nx",
        "\0x",
        "\uff1d1+1",
        "\uff0b1",
        "\uff0d1",
        "\uff20x",
        "  =1",
        "\u00a0=1",
        "\ufeff=1",
    ],
)
def test_text_that_would_be_a_formula_is_guarded(text: str) -> None:
    """A spreadsheet runs what begins like this."""
    assert f"'{text}" == guarded(text)


@pytest.mark.parametrize("text", ["", " ", "Contoso", "a=b", "'=1", "1-2", "Ärzte"])
def test_other_text_is_left_alone(text: str) -> None:
    """Only what is dangerous changes."""
    assert text == guarded(text)


def test_a_negative_number_is_not_guarded() -> None:
    """An apostrophe would turn a credit into text and break every total."""
    profile = excel_profile("en")

    assert field(Money(Decimal("-3.87"), "EUR"), Kind.MONEY, profile) == "-3.87"
    assert field(Decimal(-3), Kind.QUANTITY, profile) == "-3"
    assert field(-3, Kind.INTEGER, profile) == "-3"


def test_the_machine_profile_leaves_text_verbatim() -> None:
    """Programs get the data as it is."""
    assert field("=1+1", Kind.TEXT, MACHINE) == "=1+1"


@pytest.mark.parametrize(
    ("number", "digits_min", "expected"),
    [
        ("12.1", 2, "12.10"),
        ("12", 0, "12"),
        ("1E+3", 2, "1000.00"),
        ("1E-7", None, "0.0000001"),
        ("-0.00", 2, "0.00"),
        ("-5", 2, "-5.00"),
        ("7.123456789012345678", 2, "7.123456789012345678"),
        ("100.00", 0, "100"),
        ("0.50", None, "0.50"),
        ("1.5", 3, "1.500"),
    ],
)
def test_no_digit_is_dropped_and_no_exponent_shown(number: str, digits_min: int | None, expected: str) -> None:
    """Money is padded to the smallest coin; other numbers stay as stored."""
    assert expected == decimal_text(Decimal(number), digits_min)


def test_a_percentage_is_in_points() -> None:
    """0.1534 of the sale is 15.34 percent."""
    assert field(Decimal("0.1534"), Kind.PERCENT, MACHINE) == "15.34"


def test_quotes_separators_and_line_ends_survive(make: Any) -> None:
    """What is in a name comes back as it was."""
    name = 'A "B"; C, D\r\nE'
    invoice = make.invoice(make.source_line(subscription_name=name))

    assert name == _rows(_customer(invoice))[0]["SubscriptionName"]
    assert name == _rows(_customer(invoice, excel_profile("de")), ";")[0]["SubscriptionName"]


def test_half_a_surrogate_pair_does_not_stop_the_file(make: Any) -> None:
    """One broken character in a name must not cost the month."""
    invoice = make.invoice(make.source_line())
    broken = replace(invoice.lines[0], subscription_name="a\ud800b")
    invoice = replace(invoice, lines=(broken,))

    assert _rows(_customer(invoice))[0]["SubscriptionName"] == "a?b"
