"""A price list that is written is read back as it was."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest

from shared.documents.price_list_writing import write_price_list
from shared.documents.price_lists import read_price_list
from shared.domain.prices import PriceEntry, PriceKeys, PriceMethod, ScopeKind, Tier

ENTRIES = [
    PriceEntry(
        scope="c-1",
        keys=PriceKeys(product_id="CFQ7", sku_id="0001", term="P1Y", billing_plan="Monthly"),
        method=PriceMethod.FIXED,
        value=Decimal("12.10"),
        currency="EUR",
        valid_from=date(2026, 1, 1),
        valid_until=date(2027, 1, 1),
        note='=HYPERLINK("http://x") "quoted", and a comma',
        row=2,
        uplift_percent=Decimal("2.5"),
        uplift_amount=Decimal(1),
    ),
    PriceEntry(
        scope="Schools",
        scope_kind=ScopeKind.GROUP,
        keys=PriceKeys(meter_category="Storage"),
        method=PriceMethod.GRADUATED,
        currency="EUR",
        tiers=(Tier(Decimal(1), Decimal("1.00")), Tier(Decimal(101), Decimal("0.80"))),
        free_units=Decimal(10),
        row=3,
    ),
    PriceEntry(
        scope="sub-1",
        scope_kind=ScopeKind.SUBSCRIPTION,
        keys=PriceKeys(charge_type="customerCredit"),
        method=PriceMethod.MARKUP_ON_COST,
        value=Decimal(0),
        row=4,
    ),
    PriceEntry(scope="", keys=PriceKeys(vendor="Adobe"), method=PriceMethod.RETAIL, value=Decimal(100), row=5),
]


@pytest.mark.parametrize("as_xlsx", [True, False])
def test_what_is_written_is_read_back(as_xlsx: bool) -> None:  # noqa: FBT001 - the two formats
    """Every field of every kind of entry, digit for digit; equal lists make equal bytes."""
    files = []
    for _ in range(2):
        stream = BytesIO()
        write_price_list(stream, ENTRIES, as_xlsx=as_xlsx)
        files.append(stream.getvalue())

    assert ENTRIES == read_price_list(BytesIO(files[0]), "new")
    assert files[0] == files[1]


def test_a_workbook_runs_no_text_and_keeps_no_control_character() -> None:
    """A note that looks like a formula is a text."""
    stream = BytesIO()
    write_price_list(stream, [ENTRIES[0], replace(ENTRIES[3], note="a\x07b")], as_xlsx=True)
    sheet = openpyxl.load_workbook(BytesIO(stream.getvalue())).active
    assert sheet is not None
    notes = next(column for column in sheet.iter_cols() if column[0].value == "Note")

    assert ["s", "ab"] == [notes[1].data_type, notes[2].value]
