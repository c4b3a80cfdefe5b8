"""Charge lines in detail: what is given away, what stands on the line for the reseller, and which remarks are made."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from shared.domain.charging import GIVEN, ChargeLine, PriceSource, charge
from shared.domain.issues import IssueCode
from shared.domain.money import Money
from shared.domain.periods import Period
from shared.domain.prices import PriceBook, PriceEntry, PriceMethod, PriceSheet, SheetPrice, Tier
from shared.domain.prices.tiers import UnitsTaken, units_taken
from shared.domain.proration import Proration
from shared.domain.source_lines import SourceLine

MakeLine = Callable[..., SourceLine]
MakeEntry = Callable[..., PriceEntry]
MakeBook = Callable[..., PriceBook]
TIERS = (Tier(Decimal(1), Decimal("1.00")), Tier(Decimal(101), Decimal("0.50")))
ROW = SheetPrice(
    product_id="CFQ7TTC0LCHC",
    sku_id="0002",
    term="P1Y",
    billing_plan="Monthly",
    currency="EUR",
    cost=Decimal("8.41"),
    erp=Decimal("10.51"),
)


def _made(line: SourceLine, prices: PriceBook, **options: object) -> ChargeLine:
    made = charge(line, prices, **options).line  # type: ignore[arg-type]  # the options of charge
    assert made is not None
    return made


def test_an_included_part_costs_nothing_in_the_currency_of_its_price(licence: MakeLine, entry: MakeEntry) -> None:
    """No list, row or value stands on it: only why it is free."""
    prices = PriceBook([entry("10", currency="SEK", row=5)])
    made = _made(licence(), prices, is_part=True)
    why = "included in the main line of this product"

    assert (Money(Decimal(0), "SEK"), Decimal(0)) == (made.amount, made.unit_price)
    assert "0" == str(made.unit_price)
    assert (Decimal(0), 1) == (made.explanation.dividend, made.explanation.divisor)
    assert (
        PriceSource(list_name="", row=0, scope="", matched=why, method=GIVEN, value=Decimal(0), base_name=why)
        == made.explanation.price
    )


def test_a_credit_of_a_part_is_included_too(licence: MakeLine, book: MakeBook) -> None:
    """A fixed price covers the whole product, so a credit for a part of it needs no rule of its own."""
    line = licence(charge_type="customerCredit", cost=Money(Decimal(-5), "EUR"))

    assert (IssueCode.CREDIT_NEEDS_RULE,) == tuple(issue.code for issue in charge(line, book("10")).issues)
    assert _made(line, book("10"), is_part=True).amount.is_zero


def test_a_line_carries_what_its_source_says(licence: MakeLine, book: MakeBook, entry: MakeEntry) -> None:
    """The reseller's block, the customer's country and domain, the renewal, and the days of the price row."""
    line = licence(
        fx_on=date(2026, 10, 2),
        customer_domain="contoso.example",
        customer_country="DE",
        effective_unit_price=Decimal(8),
    )
    made = _made(line, book(entry("10", valid_until=date(2027, 1, 1))), key="k")

    assert ("k", "contoso.example", "DE") == (made.key, made.customer_domain, made.customer_country)
    assert (Decimal("8.41"), Decimal(8)) == (made.cost_unit_price, made.cost_effective_unit_price)
    assert (date(2026, 10, 2), date(2027, 10, 1)) == (made.fx_on, made.renews_on)
    assert date(2027, 1, 1) == made.explanation.price.valid_until
    assert _made(licence(term=None), book("10")).renews_on is None


def test_the_list_price_is_that_of_the_day_or_none(licence: MakeLine, book: MakeBook) -> None:
    """A row of the price sheet that ended says nothing; a licence without a row has no list price."""
    over = PriceSheet([replace(ROW, valid_until=date(2026, 9, 1))])

    assert Decimal("10.51") == _made(licence(), book("10"), sheet=PriceSheet([ROW])).list_price
    assert _made(licence(), book("10"), sheet=over).list_price is None


def test_a_share_that_is_given_is_not_doubted(licence: MakeLine, book: MakeBook) -> None:
    """It is counted as it says, and Microsoft's own price is not held against it."""
    outcome = charge(
        licence(cost=Money(Decimal(40), "EUR")), book("10"), proration=Proration(1, 2, None, "half a month", "parts")
    )

    assert outcome.line is not None
    assert Money(Decimal(50), "EUR") == outcome.line.amount
    assert ("half a month", "parts") == (outcome.line.explanation.basis, outcome.line.explanation.counted)
    assert () == outcome.issues


def test_a_row_that_was_passed_over_is_told_with_list_rows_and_day(licence: MakeLine, entry: MakeEntry) -> None:
    """All that a person needs to correct the dates."""
    future = entry("99", product_id=licence().product_id, valid_from=date(2030, 1, 1), row=7)
    (issue,) = charge(licence(), PriceBook([future, entry("10", row=8)], name="prices.xlsx")).issues

    assert issue.message.startswith("prices.xlsx: row 7 names ")
    assert "is not in force on 2026-10-01 or is in another currency than EUR; row 8 was used." in issue.message


@pytest.mark.parametrize(
    ("before", "units", "is_told"),
    [
        ("10", "-12.5", True),
        ("12", "-12.5", True),
        ("12.5", "-12.5", False),
        ("13", "-12.5", False),
        ("-20", "0.5", False),
        ("-20", "0", False),
    ],
)
def test_a_credit_beyond_the_units_of_the_month_is_told(
    usage: MakeLine, entry: MakeEntry, before: str, units: str, *, is_told: bool
) -> None:
    """Taking back all of them is ordinary, and a charge takes nothing back."""
    quantity = Decimal(units)
    line = usage(quantity=quantity, cost=Money(quantity, "EUR"), list_amount=quantity)
    prices = PriceBook([entry("0", method=PriceMethod.GRADUATED, currency="EUR", scope="", tiers=TIERS)])
    taken: UnitsTaken = units_taken(TIERS, Decimal(0), Decimal(before), quantity)
    codes = {issue.code for issue in charge(line, prices, taken=taken).issues}

    assert is_told is (IssueCode.CREDIT_NEEDS_RULE in codes)


def test_an_average_price_leads_back_to_its_amount(usage: MakeLine, entry: MakeEntry) -> None:
    """Six decimals and one for each digit before the point: enough for fractions of a unit as well."""
    prices = PriceBook([entry("11.111111", method=PriceMethod.MARKUP_ON_COST)])
    half = usage(quantity=Decimal("0.05"), cost=Money(Decimal("0.33333333"), "EUR"))

    assert Decimal("7.407407") == _made(half, prices).unit_price


def test_days_of_a_row_that_ended_do_not_count(licence: MakeLine, entry: MakeEntry) -> None:
    """The row is found by the first day of the cycle."""
    november = licence(charge=Period.inclusive(date(2026, 11, 1), date(2026, 11, 30)))
    prices = PriceBook([entry("10", valid_until=date(2026, 11, 1)), entry("12", valid_from=date(2026, 11, 1))])

    assert Money(Decimal(120), "EUR") == _made(november, prices).amount


@pytest.mark.parametrize(("cost", "sign"), [("130.50", 1), ("-130.50", -1)])
def test_an_average_price_leads_back_to_half_a_cent(
    licence: MakeLine, entry: MakeEntry, book: MakeBook, cost: str, sign: int
) -> None:
    """130.50 and 3 percent are 134.415, so 134.42; the price of 18 units for 13 of 31 days must not make it 134.41."""
    days = Period.inclusive(date(2026, 10, 19), date(2026, 10, 31))
    line = licence(charge=days, quantity=Decimal(18 * sign), cost=Money(Decimal(cost), "EUR"))
    made = _made(line, book(entry("3", method=PriceMethod.MARKUP_ON_COST)))
    assert made.unit_price is not None

    assert Decimal("17.80711539") == made.unit_price
    assert Money(Decimal("134.42") * sign, "EUR") == made.amount
    assert Money(made.unit_price, "EUR").scaled(18 * 13 * sign, 31) == made.amount


def test_an_average_price_in_yen_leads_back_to_whole_yen(licence: MakeLine, entry: MakeEntry, book: MakeBook) -> None:
    """1305 and 3 percent are 1344.15, so 1344; the average need not lead to the hundredths that yen do not have."""
    days = Period.inclusive(date(2026, 10, 19), date(2026, 10, 31))
    line = licence(charge=days, quantity=Decimal(18), cost=Money(Decimal(1305), "JPY"))
    made = _made(line, book(entry("3", method=PriceMethod.MARKUP_ON_COST)))

    assert Decimal("178.07115385") == made.unit_price
    assert Money(Decimal(1344), "JPY") == made.amount
