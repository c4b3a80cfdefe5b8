"""Sales sync: price sheets and rates come into force when they change, each piece by itself."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest

from shared.application.messages import DeliveryMessage
from shared.application.past_sales import past_months
from shared.application.sales_sync import work_off_sales
from shared.application.terms import keep_terms, terms_in_force
from shared.documents.exchange_rates import read_exchange_rates
from shared.domain.errors import InvalidError, MicrosoftRefusedError
from shared.domain.periods import BillingPeriod
from shared.domain.snapshots.values import MicrosoftInvoice
from shared.storage.repositories.codec import read_whole
from shared.storage.repositories.terms import TermsKind

Desk = Any  # what the conftest's fixture gives
OCTOBER, SEPTEMBER = BillingPeriod(2026, 10), BillingPeriod(2026, 9)
LICENCES = "updatedlicensebased"
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


def own(desk: Desk, month: BillingPeriod) -> list[tuple[str, Decimal]]:
    """Return market and cost of every row of the price sheet that came for just that month."""
    if not desk.services.terms.own_name(TermsKind.PRICE_SHEET, month):
        return []
    version = desk.services.terms.in_force(TermsKind.PRICE_SHEET, month)
    with version.file.open() as stream:
        return [(row.market, row.cost) for row in desk.services.formats.read_price_sheet(stream, "sheet")]


def asked_for(desk: Desk, *words: str) -> int:
    """Return how often Microsoft was asked for something."""
    return int(desk.microsoft.asked.count(" ".join(words)))


def test_past_months_get_the_price_sheet_and_rates_they_had(desk: Desk) -> None:
    """The last three, each its own; asked for once, and a second night writes nothing."""
    for number, cost in ((7, "7.00"), (8, "8.00"), (9, "9.00")):
        desk.microsoft.past_sheets["DE", LICENCES, f"20260{number}"] = sheet("DE", cost)
        desk.microsoft.rates[f"20260{number}"] = RATES.replace(b"202610", f"20260{number}".encode())
    desk.microsoft.past_sheets["NL", LICENCES, "202609"] = sheet("NL", "9.50")
    desk.microsoft.sheets["DE", LICENCES] = sheet("DE", "10.00")
    desk.night()
    before = desk.rows()
    desk.night()

    assert before == desk.rows()
    assert [("DE", Decimal("9.00")), ("NL", Decimal("9.50"))] == own(desk, SEPTEMBER)
    assert [("DE", Decimal("8.00"))] == own(desk, SEPTEMBER.previous)
    assert [("DE", Decimal("7.00"))] == own(desk, SEPTEMBER.previous.previous)
    assert [] == own(desk, SEPTEMBER.previous.previous.previous)
    assert [("DE", Decimal("10.00"))] == prices(desk)
    assert 1 == asked_for(desk, "price_sheet", "DE", LICENCES, "202609")
    assert 1 == asked_for(desk, "exchange_rates", "202609")
    assert desk.services.terms.own_name(TermsKind.EXCHANGE_RATES, SEPTEMBER)


def test_what_microsoft_does_not_have_is_asked_for_again_on_the_next_day(desk: Desk) -> None:
    """Once that day however often the sync runs, and nothing is written anew; what comes late counts."""
    desk.night()
    before = desk.rows()
    desk.night()
    assert 1 == asked_for(desk, "price_sheet", "DE", LICENCES, "202609")
    assert 1 == asked_for(desk, "exchange_rates", "202609")
    desk.at(2026, 10, 21)
    desk.night()
    assert before == desk.rows()
    assert 2 == asked_for(desk, "price_sheet", "DE", LICENCES, "202609")
    desk.microsoft.past_sheets["DE", LICENCES, "202609"] = sheet("DE", "9.00")
    desk.at(2026, 10, 22)
    desk.night()

    assert [("DE", Decimal("9.00"))] == own(desk, SEPTEMBER)


def test_a_past_month_that_a_person_priced_stays_as_it_is(desk: Desk) -> None:
    """Whether before the first night or after it; the months beside get Microsoft's."""
    for month in ("202608", "202609"):
        desk.microsoft.past_sheets["DE", LICENCES, month] = sheet("DE", "9.00")
    keep_terms(desk.services, TermsKind.PRICE_SHEET, SEPTEMBER, "own.csv", sheet("DE", "5.00"))
    desk.night()
    assert [("DE", Decimal("5.00"))] == own(desk, SEPTEMBER)
    assert [("DE", Decimal("9.00"))] == own(desk, SEPTEMBER.previous)
    assert 0 == asked_for(desk, "price_sheet", "DE", LICENCES, "202609")
    keep_terms(desk.services, TermsKind.PRICE_SHEET, SEPTEMBER.previous, "own.csv", sheet("DE", "4.00"))
    desk.night()

    assert [("DE", Decimal("4.00"))] == own(desk, SEPTEMBER.previous)


def test_a_month_that_was_synced_while_it_ran_is_not_asked_for_afterwards(desk: Desk) -> None:
    """Although its sheet was the same as the month's before, so that it has none of its own."""
    desk.microsoft.sheets["DE", LICENCES] = sheet("DE", "8.00")
    desk.night()
    desk.at(2026, 11, 5)
    desk.night()
    keep_terms(desk.services, TermsKind.PRICE_SHEET, OCTOBER, "own.csv", sheet("DE", "7.00"))
    desk.microsoft.past_sheets["DE", LICENCES, "202611"] = sheet("DE", "8.00")
    desk.at(2026, 12, 5)
    desk.night()

    assert 0 == asked_for(desk, "price_sheet", "DE", LICENCES, "202611")
    assert [] == own(desk, BillingPeriod(2026, 11))


def test_a_past_sheet_that_cannot_be_read_is_not_put_in_force(desk: Desk) -> None:
    """It is asked for again by the next night, and the one that can be read counts."""
    desk.microsoft.past_sheets["DE", LICENCES, "202609"] = sheet("DE", "much")
    desk.night()
    assert [] == own(desk, SEPTEMBER)
    desk.microsoft.past_sheets["DE", LICENCES, "202609"] = sheet("DE", "9.00")
    desk.night()

    assert [("DE", Decimal("9.00"))] == own(desk, SEPTEMBER)


def test_a_month_of_an_older_invoice_is_had_as_well(desk: Desk) -> None:
    """Of the last twelve months those that Microsoft invoiced; nothing before."""
    for number, (year, month) in enumerate(((2026, 2), (2025, 9))):
        begins = date(year, month, 1)
        invoice = MicrosoftInvoice(
            id=f"G00000000{number}",
            invoice_on=date(year, month + 1, 8),
            starts_on=begins,
            ends_on=BillingPeriod.of(begins).period.last_day,
            total=Decimal(1),
            currency="EUR",
        )
        desk.services.microsoft_invoices.keep(invoice)
    months = [str(month) for month in past_months(desk.services)]

    assert ["2026-09", "2026-08", "2026-07", "2026-02"] == months


def test_a_person_who_was_faster_is_not_overwritten(desk: Desk) -> None:
    """The month is filled only where it is empty, or holds what the sync put there."""
    terms = desk.services.terms

    assert terms.fill(TermsKind.PRICE_SHEET, SEPTEMBER, "microsoft_x_1", b"1", "microsoft_x_")
    assert not terms.fill(TermsKind.PRICE_SHEET, SEPTEMBER, "microsoft_x_1", b"1", "microsoft_x_")
    assert terms.fill(TermsKind.PRICE_SHEET, SEPTEMBER, "microsoft_x_2", b"2", "microsoft_x_")
    terms.put(TermsKind.PRICE_SHEET, SEPTEMBER, "own.csv", b"3")
    assert not terms.fill(TermsKind.PRICE_SHEET, SEPTEMBER, "microsoft_x_4", b"4", "microsoft_x_")
    assert "own.csv" == terms.own_name(TermsKind.PRICE_SHEET, SEPTEMBER)


@pytest.mark.parametrize("month", ["", "2026-09"], ids=["the running month", "a past month"])
def test_workers_at_two_countries_at_once_lose_neither(desk: Desk, month: str) -> None:
    """One puts both in force while the other, which saw only its own, is about to."""
    for country in ("DE", "NL"):
        desk.microsoft.sheets[country, LICENCES] = sheet(country, "8.00")
        desk.microsoft.past_sheets[country, LICENCES, "202609"] = sheet(country, "8.00")
    messages = [DeliveryMessage(step="sheet", row=each, kind=LICENCES, period=month) for each in ("DE", "NL")]
    calm = desk.services

    def read(stream: Any, name: str) -> Any:
        if messages:
            work_off_sales(calm, messages.pop())
        return calm.formats.read_price_sheet(stream, name)

    disturbed = replace(calm, formats=replace(calm.formats, read_price_sheet=read))
    work_off_sales(disturbed, messages.pop(0))

    expected = [("DE", Decimal("8.00")), ("NL", Decimal("8.00"))]
    assert expected == own(desk, BillingPeriod.parse(month) if month else OCTOBER)


def test_terms_named_as_microsofts_are_refused(desk: Desk) -> None:
    """By its name the sync tells what it put in force itself, and may replace."""
    with pytest.raises(InvalidError, match="rename it"):
        keep_terms(desk.services, TermsKind.PRICE_SHEET, SEPTEMBER, "microsoft_own.csv", sheet("DE", "5.00"))

    assert [] == own(desk, SEPTEMBER)
