"""Sales sync: price sheets and rates come into force when they change, each piece by itself."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest

from shared.application.terms import keep_terms, terms_in_force
from shared.documents.exchange_rates import read_exchange_rates
from shared.domain.errors import InvalidError, MicrosoftRefusedError
from shared.domain.periods import BillingPeriod
from shared.storage.repositories.codec import read_whole
from shared.storage.repositories.terms import TermsKind

Desk = Any  # what the conftest's fixture gives
OCTOBER = BillingPeriod(2026, 10)
COLUMNS = ("ProductTitle", "ProductId", "SkuId", "TermDuration", "BillingPlan", "Market", "Currency", "UnitPrice")
DAYS = ("EffectiveStartDate", "EffectiveEndDate")
RATES = b"\xef\xbb\xbfCurrencyCode,USDPerUnit,Month\r\nEUR,1.0842,202610\r\nUSD,1,202610\r\n"


def sheet(
    market: str, cost: str, columns: tuple[str, ...] = (*COLUMNS, *DAYS, "ERP Price"), mark: bytes = b""
) -> bytes:
    """Return a price sheet of one row."""
    values = dict.fromkeys(columns, "Plan") | {
        "TermDuration": "P1Y",
        "BillingPlan": "Monthly",
        "Market": market,
        "Currency": "EUR",
        "UnitPrice": cost,
        "ERP Price": "10.00",
        "EffectiveStartDate": "10/1/2026 12:00:00 AM",
        "EffectiveEndDate": "12/31/9999 11:59:59 PM",
    }
    return mark + (",".join(columns) + "\r\n" + ",".join(values[each] for each in columns)).encode()


def prices(desk: Desk) -> list[tuple[str, Decimal]]:
    """Return market and cost of every row of the price sheet in force."""
    version = desk.services.terms.in_force(TermsKind.PRICE_SHEET, OCTOBER)
    with version.file.open() as stream:
        return [(row.market, row.cost) for row in desk.services.formats.read_price_sheet(stream, "sheet")]


def test_the_sheets_of_all_countries_become_the_price_sheet_in_force(desk: Desk) -> None:
    """With a byte order mark, columns in another order, and no last line break; again the same is nothing new."""
    other = ("ERP Price", *reversed(COLUMNS), *DAYS, "Tags")
    desk.microsoft.sheets["DE", "updatedlicensebased"] = sheet("DE", "8.00", mark=b"\xef\xbb\xbf")
    desk.microsoft.sheets["NL", "updatedlicensebased"] = sheet("NL", "9.00", other)
    desk.microsoft.sheets["NL", "azure_consumption"] = b"ProductTitle\r\n"
    desk.night()
    before = desk.rows()
    desk.night()

    assert [("DE", Decimal("8.00")), ("NL", Decimal("9.00"))] == prices(desk)
    assert before == desk.rows()
    assert desk.services.terms.in_force(TermsKind.PRICE_SHEET, OCTOBER.previous) is None
    kept = desk.services.sales.newest("price-sheet", "NL", "azure_consumption")
    assert kept is not None
    assert read_whole(kept.file.open()) == b"ProductTitle\r\n"
    desk.microsoft.sheets["NL", "updatedlicensebased"] = sheet("NL", "9.50")
    desk.night()
    assert [("DE", Decimal("8.00")), ("NL", Decimal("9.50"))] == prices(desk)


def test_what_a_person_uploaded_stays_until_microsoft_has_news(desk: Desk) -> None:
    """A night that finds the same sheet and rates again puts neither back."""
    desk.microsoft.sheets["DE", "updatedlicensebased"] = sheet("DE", "8.00")
    desk.microsoft.rates["202610"] = RATES
    desk.night()
    keep_terms(desk.services, TermsKind.PRICE_SHEET, OCTOBER, "own.csv", sheet("DE", "7.00"))
    keep_terms(desk.services, TermsKind.EXCHANGE_RATES, OCTOBER, "own.csv", RATES.replace(b"1.0842", b"1.2"))
    desk.night()
    kept = desk.services.terms.in_force(TermsKind.EXCHANGE_RATES, OCTOBER)

    assert [("DE", Decimal("7.00"))] == prices(desk)
    assert b"1.2," in read_whole(kept.file.open())
    desk.microsoft.sheets["DE", "updatedlicensebased"] = sheet("DE", "8.50")
    desk.microsoft.rates["202610"] = RATES.replace(b"1.0842", b"1.3")
    desk.night()
    kept = desk.services.terms.in_force(TermsKind.EXCHANGE_RATES, OCTOBER)
    assert [("DE", Decimal("8.50"))] == prices(desk)
    assert b"1.3," in read_whole(kept.file.open())


def test_a_sheet_that_cannot_be_read_leaves_the_one_before_in_force(desk: Desk) -> None:
    """And the rates and the other countries alone."""
    desk.microsoft.sheets["DE", "updatedlicensebased"] = sheet("DE", "8.00")
    desk.night()
    desk.microsoft.sheets["NL", "updatedlicensebased"] = sheet("NL", "much")
    desk.microsoft.rates["202610"] = RATES
    desk.microsoft.raises["products"] = [MicrosoftRefusedError("no such view", status=400)] * 2
    desk.night()

    assert [("DE", Decimal("8.00"))] == prices(desk)
    assert TermsKind.EXCHANGE_RATES in {version.kind for version in terms_in_force(desk.services, OCTOBER)}


def test_a_sheet_without_a_price_leaves_the_one_before_in_force(desk: Desk) -> None:
    """A header alone is readable, and would leave a month without prices."""
    desk.microsoft.sheets["DE", "updatedlicensebased"] = sheet("DE", "8.00")
    desk.night()
    desk.microsoft.sheets["DE", "updatedlicensebased"] = sheet("DE", "8.00").partition(b"\r\n")[0] + b"\r\n,,\r\n"
    desk.night()

    assert [("DE", Decimal("8.00"))] == prices(desk)


def test_the_catalogue_is_kept_by_country(desk: Desk) -> None:
    """For later look-ups; nobody is billed by it."""
    desk.microsoft.catalogue = [{"id": "CFQ7TTC0LH18", "skus": [{"id": "0001"}]}]
    desk.services = replace(desk.services, countries=("DE",))
    desk.night()

    assert desk.services.sales.newest("catalogue", "DE", "OnlineServices") is not None
    assert desk.services.sales.newest("catalogue", "NL", "OnlineServices") is None


def test_exchange_rates_are_read_as_units_of_dollars() -> None:
    """In force from the first of their month; the dollar itself needs none."""
    [rate] = read_exchange_rates(BytesIO(RATES), "rates.csv")

    assert (rate.source_currency, rate.target_currency, rate.rate) == ("EUR", "USD", Decimal("1.0842"))
    assert rate.rate_on == date(2026, 10, 1)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"CurrencyCode,Month\r\n", "column USDPerUnit is missing"),
        (b"CurrencyCode,USDPerUnit,Month\r\nEuro,1,202610\r\n", "line 2: CurrencyCode 'Euro'"),
        (b"CurrencyCode,USDPerUnit,Month\r\nEUR,-1,202610\r\n", "line 2: USDPerUnit '-1'"),
        (b"CurrencyCode,USDPerUnit,Month\r\nEUR,1,202613\r\n", "line 2: Month '202613'"),
        (b"CurrencyCode,USDPerUnit,Month\r\nEUR,1,soon\r\n", "line 2: Month 'soon'"),
        (b"\xff\xfe\x00", "no CSV in UTF-8"),
    ],
)
def test_rates_that_cannot_be_used_are_refused(content: bytes, told: str) -> None:
    """With the line and the value."""
    with pytest.raises(InvalidError, match=told):
        read_exchange_rates(BytesIO(content), "rates.csv")
