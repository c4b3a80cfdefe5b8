"""The reseller's catalogue and the texts of Microsoft's price sheet."""

from decimal import Decimal
from io import BytesIO

import pytest

from shared.documents.catalogue_files import read_catalogue
from shared.documents.price_sheets import read_price_sheet, read_sheet_items
from shared.domain.catalogue import CatalogueEntry, SheetItem
from shared.domain.errors import InvalidError, SourceFileError

SHEET = (
    "ProductTitle,ProductId,SkuId,SkuTitle,Publisher,SkuDescription,UnitOfMeasure,TermDuration,BillingPlan,Market,"
    "Currency,UnitPrice,PricingTierRangeMin,PricingTierRangeMax,EffectiveStartDate,EffectiveEndDate,Tags,"
    "ERP Price,Segment"
)


def _row(least: str = "", most: str = "") -> str:
    return (
        'Microsoft 365,CFQ7,0001,Business Premium,Microsoft Corporation,"Office, mail",Licenses,P1Y,Monthly,SE,EUR,'
        f"8.41,{least},{most},2/1/2026 12:00:00 AM,12/31/9999 11:59:59 PM,License,10,Commercial"
    )


def _entries(text: str) -> list[CatalogueEntry]:
    return read_catalogue(BytesIO(text.encode()), "catalogue.csv")


def _items(*rows: str) -> list[SheetItem]:
    return list(read_sheet_items(BytesIO("\r\n".join([SHEET, *rows]).encode()), "sheet.csv"))


def test_a_row_says_what_a_product_is() -> None:
    """Columns in any order; all but the product may be left out."""
    text = "Category,ProductId,SKU Id,Minimum,Maximum,AddOnOf\nTools,CFQ7,0001,1,300,CFQ8:0001; CFQ9\n,CFQ8,,,,\n"
    tools = CatalogueEntry(
        product_id="CFQ7", sku_id="0001", category="Tools", minimum=1, maximum=300, add_on_of=("CFQ8:0001", "CFQ9")
    )

    assert [tools, CatalogueEntry(product_id="CFQ8")] == _entries(text)


def test_all_problems_are_told_at_once() -> None:
    """With row, value and cure."""
    text = (
        "ProductId,SkuId,Minimum,Maximum\n,0001,,\nCFQ7,0001,5,4\nCFQ8,0001,1.5,\nCFQ8,0001,x,\nCFQ9,,,\n"
        "cfq9,,,\nCFQ1,0001,-1,\nCFQ2,0001,,,surplus\n"
    )

    with pytest.raises(InvalidError) as caught:
        _entries(text)

    told = str(caught.value)
    assert "7 problems" in told
    for part in (
        "row 2: ProductId is empty", "row 3: Maximum 4 is less than Minimum 5", "row 4: Minimum 1.5: write a whole",
        "row 5: Minimum 'x'", "row 7: cfq9 stands twice", "row 8: Minimum -1", "row 9: more cells than column names",
    ):  # fmt: skip
        assert part in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file is empty"),
        ("SkuId\n1\n", "ProductId at least"),
        ("ProductId,Colour\n1,2\n", "columns ProductId, Colour"),
    ],
)
def test_a_file_that_is_none_is_refused(text: str, told: str) -> None:
    """With the columns that are known."""
    with pytest.raises(InvalidError, match=told):
        _entries(text)


def test_the_sheet_gives_its_texts_and_the_limits_of_its_tiers() -> None:
    """Higher tiers are in the catalogue, and no prices of lines."""
    low, high = _items(_row("0", "100"), _row("101", "300.0"))
    prices = list(read_price_sheet(BytesIO("\r\n".join([SHEET, _row("0"), _row("101")]).encode()), "sheet.csv"))

    assert ("Microsoft 365", "Office, mail", "Licenses") == (low.product_title, low.description, low.unit)
    assert ("Microsoft Corporation", "License", Decimal(10)) == (low.publisher, low.tags, low.price.erp)
    assert [(None, 100, True), (101, 300, False)] == [
        (item.quantity_min, item.quantity_max, item.is_first_tier) for item in (low, high)
    ]
    assert [low.price] == prices


def test_a_limit_that_is_no_number_is_refused() -> None:
    """With line and column."""
    with pytest.raises(SourceFileError, match="line 2, PricingTierRangeMax 'many'"):
        _items(_row("", "many"))
