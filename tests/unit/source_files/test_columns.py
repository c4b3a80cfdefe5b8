"""Columns: the family is told by its columns, in both header generations; missing ones are named."""

import pytest

from shared.domain.errors import SourceFileError
from shared.domain.source_lines import Family
from shared.partner_center.source_files.columns import COLUMNS, folded_header, recognise

NEW_COMMERCE = ["CustomerId", "ChargeType", "Subtotal", "Currency", "BillableQuantity", "UnitPrice"]
DAILY = ["CustomerId", "UsageDate", "MeterId", "UnitPrice", "Quantity", "BillingPreTaxTotal", "BillingCurrency"]
LEGACY = ["CustomerId", "ChargeType", "Subtotal", "Currency", "Quantity", "ChargeStartDate", "DurableOfferId"]
LEGACY_USAGE = ["CustomerId", "ChargeType", "PretaxCharges", "Currency", "OverageQuantity"]


@pytest.mark.parametrize(
    ("family", "count"),
    [
        (Family.NEW_COMMERCE, 46),
        (Family.DAILY_USAGE, 55),
        (Family.LEGACY_LICENCE, 28),
        (Family.LEGACY_USAGE, 42),
    ],
)
def test_each_family_has_as_many_columns_as_microsoft_documents(family: Family, count: int) -> None:
    """46, 55, 28 and 42."""
    assert count == COLUMNS[family].count


@pytest.mark.parametrize(
    ("headers", "family"),
    [
        (NEW_COMMERCE, Family.NEW_COMMERCE),
        (DAILY, Family.DAILY_USAGE),
        (LEGACY, Family.LEGACY_LICENCE),
        (LEGACY_USAGE, Family.LEGACY_USAGE),
    ],
)
def test_the_columns_tell_the_family_in_any_case_and_spelling(headers: list[str], family: Family) -> None:
    """PascalCase, camelCase, with blanks or underscores; order does not matter."""
    camel = [header[0].lower() + header[1:] for header in reversed(headers)]

    assert family is recognise(headers, "f").family
    assert family is recognise(camel, "f").family
    assert family is recognise([f" {header}_" for header in headers], "f").family


@pytest.mark.parametrize("headers", [NEW_COMMERCE, DAILY, LEGACY, LEGACY_USAGE])
def test_each_required_column_is_missed_by_its_documented_name(headers: list[str]) -> None:
    """Without a column that tells the family, it is no file of Microsoft's at all."""
    for absent in headers:
        with pytest.raises(SourceFileError, match=rf"without the column {absent}\b|none of Microsoft's billing files"):
            recognise([header for header in headers if header != absent], "f")


def test_several_missing_columns_are_named_together() -> None:
    """With the cure."""
    with pytest.raises(
        SourceFileError, match=r"f: this is a new-commerce file without the columns CustomerId, UnitPrice"
    ):
        recognise(["ChargeType", "Subtotal", "Currency", "BillableQuantity"], "f")


def test_a_file_of_somebody_else_is_refused_with_its_first_columns() -> None:
    """So that a person sees what was given."""
    with pytest.raises(
        SourceFileError, match=r"the columns \(Name, Age, \.\.\.\) are none of Microsoft's billing files"
    ):
        recognise(["Name", "Age"], "f")


def test_renamed_columns_feed_the_same_field() -> None:
    """Unit became unitOfMeasure, Total totalForCustomer; of two names in one file the first wins."""
    daily, recon = COLUMNS[Family.DAILY_USAGE], COLUMNS[Family.NEW_COMMERCE]

    assert {"unit": "unitOfMeasure"} == daily.fields(["unitOfMeasure"])
    assert {"unit": "Unit"} == daily.fields(["Unit", "unitOfMeasure"])
    assert {"total": "totalForCustomer"} == recon.fields(["totalForCustomer"])
    assert [] == daily.unknown(["resellerMpnId", "rateOfPartnerEarnedCredit", "rateOfCredit", "etag"])


def test_only_columns_that_nobody_documents_are_unknown() -> None:
    """Known columns that feed nothing are not reported."""
    assert ["NewThing"] == COLUMNS[Family.NEW_COMMERCE].unknown(["MpnId", "NewThing", "alternateid", "DiscountDetails"])
    assert "pctobcexchangerate" == folded_header("PCToBCExchangeRate")
    assert "customer_id" in COLUMNS[Family.DAILY_USAGE].required
