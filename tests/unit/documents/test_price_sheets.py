"""Price sheets: Microsoft's columns, dates and archives."""

from datetime import date
from decimal import Decimal
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from shared.documents.price_sheets import read_price_sheet
from shared.domain.errors import LimitError, SourceFileError
from shared.domain.prices import SheetPrice

HEADER = (
    "ProductTitle,ProductId,SkuId,SkuTitle,Publisher,SkuDescription,UnitOfMeasure,TermDuration,BillingPlan,Market,"
    "Currency,UnitPrice,PricingTierRangeMin,PricingTierRangeMax,EffectiveStartDate,EffectiveEndDate,Tags,"
    "ERP Price,Segment"
)
START, END = "2/1/2019 12:00:00 AM", "2/4/2021 8:35:31 PM"


def _row(start: str = START, end: str = END, price: str = "115.2", tier: str = "", plan: str = "Annual") -> str:
    return (
        f'Advanced Communications,CFQ7TTC0HDK0,0001,Advanced Communications,Microsoft Corporation,"Meetings, calls.",,'
        f"P1Y,{plan},US,USD,{price},{tier},,{start},{end},License,144,Commercial"
    )


def _read(content: str | bytes) -> list[SheetPrice]:
    data = content.encode() if isinstance(content, str) else content
    return list(read_price_sheet(BytesIO(data), "sheet.csv"))


def _zip(*files: bytes) -> bytes:
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        for number, file in enumerate(files):
            archive.writestr(f"sheet{number}.csv", file)
    return stream.getvalue()


def test_a_row_becomes_a_price() -> None:
    """Cost is Microsoft's unit price, ERP its recommended price."""
    assert _read(f"{HEADER}\r\n{_row()}\r\n") == [
        SheetPrice(
            product_id="CFQ7TTC0HDK0",
            sku_id="0001",
            term="P1Y",
            billing_plan="Annual",
            currency="USD",
            cost=Decimal("115.2"),
            erp=Decimal(144),
            market="US",
            segment="Commercial",
            title="Advanced Communications",
            valid_from=date(2019, 2, 1),
            valid_until=date(2021, 2, 4),
        )
    ]


@pytest.mark.parametrize(
    ("end", "until"),
    [
        ("10/31/2026 11:59:59 PM", date(2026, 11, 1)),
        ("11/1/2026 12:00:00 AM", date(2026, 11, 1)),
        ("10/31/2026 8:35:31 PM", date(2026, 10, 31)),
        ("10/31/2026 12:59:00 AM", date(2026, 10, 31)),
        ("2026-10-31T23:59:59.9999999Z", date(2026, 11, 1)),
        ("2026-11-01T00:00:00Z", date(2026, 11, 1)),
        ("2026-11-01", date(2026, 11, 1)),
        ("12/31/9999 11:59:59 PM", None),
        ("", None),
    ],
)
def test_an_end_in_the_last_minute_includes_its_day(end: str, until: date | None) -> None:
    """Midnight and any earlier time leave the day to the next price."""
    assert until == _read(f"{HEADER}\n{_row(end=end)}\n")[0].valid_until


def test_columns_are_found_by_name_and_others_ignored() -> None:
    """Microsoft adds and moves columns."""
    header = "New,ERP Price,UnitPrice,Currency,BillingPlan,TermDuration,SkuId,ProductId"
    price = _read(f"\ufeff{header}\nx,144,115.2,USD,None,NoTerm,0001,CFQ7TTC0HDK0\n")[0]

    assert (price.product_id, price.erp, price.term, price.billing_plan) == ("CFQ7TTC0HDK0", Decimal(144), "", "")
    assert price.valid_until is None


def test_the_sheet_may_come_in_a_zip() -> None:
    """Microsoft delivers large sheets compressed."""
    content = f"\ufeff{HEADER}\r\n{_row()}\r\n".encode()

    assert _read(content) == _read(_zip(content))


def test_higher_volume_tiers_are_left_out() -> None:
    """A line does not say which tier it is in."""
    content = f"{HEADER}\n{_row(tier='1')}\n{_row(tier='100')}\n"

    assert len(_read(content)) == 1


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("ProductId,SkuId\n", "no column TermDuration, BillingPlan, Currency, UnitPrice, ERP Price"),
        ("", "no column ProductId"),
        (f"{HEADER}\n{_row(price='115,2').replace('115,2', 'x')}\n", "line 2, UnitPrice 'x'"),
        (f"{HEADER}\n{_row(start='31.10.2026')}\n", "line 2, EffectiveStartDate '31.10.2026'"),
        (f"{HEADER}\n{_row(start='13/13/2026')}\n", "line 2, EffectiveStartDate '13/13/2026'"),
        (f"{HEADER}\nA,B\n", "line 2: the row ends early"),
        (f"{HEADER}\n".encode() + b"\xe4", "not UTF-8"),
        (f'{HEADER}\n"x"y\n', "download the price sheet again"),
        (b"PK\x03\x04 nothing", "the archive is damaged"),
        (_zip(b"a", b"b"), "2 files in the archive"),
    ],
)
def test_a_file_that_is_no_price_sheet_is_refused(content: str | bytes, found: str) -> None:
    """The message names the line, the column and the cure."""
    with pytest.raises(SourceFileError) as caught:
        _read(content)

    assert found in str(caught.value)


def test_an_archive_that_unpacks_to_too_much_is_refused() -> None:
    """The stated size is checked before a byte is unpacked."""
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        archive.writestr("sheet.csv", b"x")
    content = bytearray(stream.getvalue())
    directory = content.index(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = (2**31).to_bytes(4, "little")

    with pytest.raises(LimitError, match="unpacks to 2,147,483,648 bytes"):
        _read(bytes(content))
