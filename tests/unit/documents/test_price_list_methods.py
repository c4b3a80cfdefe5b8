"""Price lists: whose a price is, tiers, free units, uplifts, and every method; a row that cannot be is refused."""

from collections.abc import Sequence
from datetime import time
from decimal import Decimal
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from shared.documents.price_lists import read_price_list
from shared.domain.errors import PriceListError
from shared.domain.prices import PriceBook, PriceEntry, PriceMethod, ScopeKind, Tier

TIERS = (
    Tier(Decimal(1), Decimal("1.00")),
    Tier(Decimal(101), Decimal("0.80")),
    Tier(Decimal(100001), Decimal("0.50")),
)


def _read(text: str | bytes) -> list[PriceEntry]:
    content = text.encode() if isinstance(text, str) else text
    return read_price_list(BytesIO(content), "prices.csv")


def _problem(text: str | bytes) -> str:
    with pytest.raises(PriceListError) as caught:
        _read(text)
    return str(caught.value)


def _xlsx(rows: Sequence[Sequence[Any]]) -> bytes:
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.worksheets[0].append(list(row))
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("CustomerId", ScopeKind.CUSTOMER),
        ("CustomerGroup", ScopeKind.GROUP),
        ("Subscription Id", ScopeKind.SUBSCRIPTION),
    ],
)
def test_a_price_is_whose_column_is_filled(column: str, kind: ScopeKind) -> None:
    """Or everybody's."""
    own, everybody = _read(f"{column},Method,Value\nSchools,markup_on_cost,5\n,markup_on_cost,6\n")

    assert ("Schools", kind) == (own.scope, own.scope_kind)
    assert ("", ScopeKind.GLOBAL) == (everybody.scope, everybody.scope_kind)


def test_a_price_for_two_is_refused() -> None:
    """Which of them would come first, nobody says."""
    problem = _problem("CustomerId,SubscriptionId,Method,Value\nc-1,s-1,markup_on_cost,5\n")

    assert "row 2, SubscriptionId 's-1': a price is for one of CustomerId, SubscriptionId: empty the other" in problem


@pytest.mark.parametrize("method", ["graduated", "Volume"])
def test_tiers_are_first_unit_and_price(method: str) -> None:
    """The value stays empty; a semicolon file takes decimal commas, in quotes."""
    comma = _read(f"Method,Value,Currency,Tiers,Vendor\n{method},,EUR,1:1.00; 101:0.80;100001 : 0.50;,Acronis\n")
    semicolon = _read(f'Method;Value;Currency;Tiers\n{method};;EUR;"1:1,00; 101:0,80; 100001:0,50"\n')

    for (entry,) in (comma, semicolon):
        assert TIERS == entry.tiers
        assert (method.lower(), Decimal(0), "EUR") == (entry.method.value, entry.value, entry.currency)
    assert "Acronis" == comma[0].keys.vendor
    assert PriceBook(comma).counts_units


@pytest.mark.parametrize(
    ("method", "value", "read"),
    [
        ("discount_off_erp", "5", "5"),
        ("Discount off ERP", "100", "100"),
        ("margin_on_price", "99.99", "99.99"),
        ("retail", "", "100"),
        ("retail", "95", "95"),
    ],
)
def test_every_method_has_its_value(method: str, value: str, read: str) -> None:
    """Retail without a value is retail."""
    assert read == str(_read(f"Method,Value\n{method},{value}\n")[0].value)


def test_free_units_and_uplifts_are_read_exactly() -> None:
    """And may stand beside any method."""
    (entry,) = _read(
        "Method,Value,Currency,FreeUnits,UpliftPercent,UpliftAmount\nmarkup_on_cost,5,chf,100.5,2.5,0.375\n"
    )

    assert (PriceMethod.MARKUP_ON_COST, "CHF") == (entry.method, entry.currency)
    assert (Decimal("100.5"), Decimal("2.5"), Decimal("0.375")) == (
        entry.free_units,
        entry.uplift_percent,
        entry.uplift_amount,
    )


@pytest.mark.parametrize(
    ("header", "row", "refused"),
    [
        ("Tiers,Currency", "graduated,,101:0.80; 1:1.00,EUR", "row 2: the first tier begins at unit 101, not at 1"),
        ("Tiers,Currency", "graduated,,1:1; 9:2; 9:3,EUR", "row 2: two tiers begin at unit 9: they overlap"),
        ("Tiers,Currency", "graduated,,1:1; 9:2; 5:3,EUR", "row 2: tier 5 stands behind tier 9: write the tiers in"),
        ("Tiers,Currency", "graduated,,1:-1,EUR", "row 2: a tier's price cannot be negative"),
        ("Tiers,Currency", "graduated,,1:1.00; 101,EUR", "row 2, Tiers '1:1.00; 101': write first unit and price"),
        ("Tiers,Currency", "graduated,,;,EUR", "row 2, Tiers ';': write first unit and price of each tier such as 1:"),
        ("Tiers,Currency", "graduated,,1:1 EUR,EUR", "row 2, Tiers '1:1 EUR': write a number such as 12.50, without"),
        ("Tiers,Currency", "graduated,,,EUR", "row 2: a graduated price needs tiers, such as 1:1.00; 101:0.80"),
        ("Tiers,Currency", "volume,,1:1,", "row 2, Currency '': a volume price needs its currency, such as EUR"),
        ("Tiers,Currency", "volume,5,1:1,EUR", "row 2: a volume price stands in its tiers: leave the value 5 out"),
        ("Tiers,Currency", "fixed,5,1:1,EUR", "row 2: tiers with the method fixed: use graduated or volume, or leave"),
        (
            "Note",
            "margin_on_price,100,x",
            "row 2: a margin of 100 percent of the price: no price leaves that; write le",
        ),
        ("Note", "discount_off_erp,101,x", "row 2: a discount of 101 percent: write 0 to 100"),
        ("Note", "retail,1001,x", "row 2, Value '1001': a percentage is 0 to 1000"),
        ("Note", "margin_on_price,,x", "row 2, Value '': write a number such as 12.50"),
        ("FreeUnits", "markup_on_cost,5,-1", "row 2: -1 free units: write 0 or more"),
        ("FreeUnits", "markup_on_cost,5,ten", "row 2, FreeUnits 'ten': write a number such as 12.50"),
        ("UpliftPercent", "markup_on_cost,5,5%", "row 2, UpliftPercent '5%': a percentage is written without the sign"),
        ("UpliftPercent", "markup_on_cost,5,1001", "row 2: an uplift of 1001 percent: write 0 to 1000"),
        ("UpliftAmount", "markup_on_cost,5,-2", "row 2: an uplift of -2: write 0 or more"),
        (
            "UpliftAmount",
            "markup_on_cost,5,2",
            "row 2, Currency '': an uplift as an amount needs its currency, such as",
        ),
        ("UpliftPercent,Currency", "fixed,0,5,EUR", "row 2: an uplift in percent of a price of 0: write the price, or"),
        ("UpliftAmount,Currency", "fixed,,5,EUR", "row 2, Value '': write a number such as 12.50"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_cure(header: str, row: str, refused: str) -> None:
    """Row, column where one is at fault, value and what to do."""
    assert refused in _problem(f"Method,Value,{header}\n{row}\n")


def test_tiers_that_a_spreadsheet_made_a_time_are_refused() -> None:
    """1:30 typed into a cell is half past one; text is text."""
    header = ["Method", "Value", "Currency", "Tiers"]

    assert "format the column as text" in _problem(_xlsx([header, ["graduated", None, "EUR", time(1, 30)]]))
    assert TIERS[:1] == _read(_xlsx([header, ["graduated", None, "EUR", "1:1.00"]]))[0].tiers
