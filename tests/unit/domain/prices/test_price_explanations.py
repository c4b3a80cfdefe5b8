"""Tiers, free units and uplifts explained: whoever redoes the printed calculation arrives at the amount."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.charging import ChargeLine, charge
from shared.domain.explanations import arithmetic, arithmetic_for_reseller, price_source, sentence
from shared.domain.invoices import Invoice, make_invoices
from shared.domain.money import Money, minor_digits, quotient_half_up
from shared.domain.month_units import units_of_month
from shared.domain.periods import BillingPeriod, Period
from shared.domain.prices import PriceBook, PriceEntry, PriceMethod, Tier
from shared.domain.source_lines import SourceLine
from shared.storage.repositories.codec import packed, unpacked

MakeLine = Callable[..., SourceLine]
MakeEntry = Callable[..., PriceEntry]
M = PriceMethod
TIERS = (Tier(Decimal(1), Decimal("1.00")), Tier(Decimal(101), Decimal("0.80")), Tier(Decimal(100001), Decimal("0.5")))
LATE = Period.inclusive(date(2026, 10, 16), date(2026, 10, 31))


def _sold(line: SourceLine, *entries: PriceEntry) -> ChargeLine:
    made = charge(line, PriceBook(entries, name="prices.xlsx"))
    assert made.line is not None, made.issues
    return made.line


def _tiered(entry: MakeEntry, **changed: Any) -> PriceEntry:
    return entry("0", **{"method": M.GRADUATED, "tiers": TIERS, "currency": "EUR", **changed})


def redone(printed: str, currency: str) -> str:
    """Do the printed calculation as a person would: brackets, then points from left to right, then sums; round once."""
    left, right = printed.split(" = ")
    whole = re.fullmatch(r"\((.*)\) x (\d+) / (\d+)", left)
    text, share = (whole[1], (Decimal(whole[2]), Decimal(whole[3]))) if whole else (left, (Decimal(1), Decimal(1)))
    text = re.sub(r"\(100 ([+-]) ([\d.]+)\)", lambda m: str(100 + Decimal(m[1] + m[2])), text)
    above, below = Decimal(0), Decimal(1)
    for product in text.split(" + "):
        over, under = Decimal(1), Decimal(1)
        operators = [" x ", *re.findall(r" [x/] ", product)]
        for operator, number in zip(operators, re.split(r" [x/] ", product), strict=True):
            over, under = (over * Decimal(number), under) if operator == " x " else (over, under * Decimal(number))
        above, below = above * under + over * below, below * under
    result = str(Money(quotient_half_up(above * share[0], below * share[1], minor_digits(currency)), currency))
    assert result == right, printed
    return result


def test_units_over_two_tiers_are_written_one_after_the_other(usage: MakeLine, entry: MakeEntry) -> None:
    """As the customer would type it."""
    made = _sold(usage(quantity=Decimal(101), unit="GB"), _tiered(entry))

    assert "100 x 1.00 + 1 x 0.80 = 100.80 EUR" == arithmetic(made) == arithmetic_for_reseller(made)
    assert "101 GB for 2026-10-01 to 2026-10-31: 100 at 1.00 EUR, 1 at 0.80 EUR." == sentence(made)
    assert "prices.xlsx row 0 (global: everything): graduated" == price_source(made)


def test_a_later_line_says_how_many_units_were_before_it(usage: MakeLine, entry: MakeEntry) -> None:
    """So that the customer can place it on the scale of the month."""
    prices = PriceBook([_tiered(entry, free_units=Decimal(20))], name="prices.xlsx")
    rows = [
        usage(quantity=Decimal(90), charge=Period.inclusive(date(2026, 10, 1), date(2026, 10, 1))),
        usage(quantity=Decimal(60), unit="", charge=None),
    ]
    taken = units_of_month(rows, prices)
    undated, dated = (charge(row, prices, taken=taken[index]).line for index, row in reversed([*enumerate(rows)]))

    assert undated is not None
    assert dated is not None
    assert "60 units for one time: 20 free, 40 at 1.00 EUR." == sentence(undated)
    assert "20 x 0.00 + 40 x 1.00 = 40.00 EUR" == arithmetic(undated)
    assert sentence(dated).endswith("60 at 1.00 EUR, 30 at 0.80 EUR, counted after 60 of the month.")


def test_a_prorated_credit_has_its_sign_at_the_price(licence: MakeLine, entry: MakeEntry) -> None:
    """No text begins with a sign, which a spreadsheet would run."""
    made = _sold(licence(quantity=Decimal(-101), charge=LATE, cost=Money(Decimal(-1), "EUR")), _tiered(entry))

    assert "(100 x -1.00 + 1 x -0.80) x 16 / 31 = -52.03 EUR" == arithmetic(made)
    assert sentence(made) == (
        "Credit: 101 Licenses for 2026-10-16 to 2026-10-31, 16 of the 31 days of the cycle 2026-10-01 to 2026-10-31: "
        "100 at 1.00 EUR, 1 at 0.80 EUR."
    )


def test_a_price_is_written_with_all_its_digits_and_at_least_a_coins(usage: MakeLine, entry: MakeEntry) -> None:
    """Two for euro, none for yen, and more where there are more."""
    tiers = (Tier(Decimal(1), Decimal("0.1250")), Tier(Decimal(11), Decimal(3)))
    euro = _sold(usage(quantity=Decimal(12)), _tiered(entry, tiers=tiers))
    yen = _sold(usage(quantity=Decimal(12)), _tiered(entry, tiers=tiers, currency="JPY"))

    assert "10 x 0.125 + 2 x 3.00 = 7.25 EUR" == arithmetic(euro)
    assert "10 x 0.125 + 2 x 3 = 7 JPY" == arithmetic(yen)


def test_units_that_are_all_free_cost_nothing(usage: MakeLine, entry: MakeEntry) -> None:
    """The ordinary sentence, at a price of nothing."""
    made = _sold(usage(), entry("5", free_units=Decimal(100)))

    assert "0 x 12.5 = 0.00 EUR" == arithmetic(made)
    assert "prices.xlsx row 0 (global: everything): fixed 5 EUR, 12.5 units free" == price_source(made)


UPLIFT = {"uplift_percent": Decimal("2.5"), "uplift_amount": Decimal("0.375"), "currency": "EUR"}
CASES: list[tuple[str, str, dict[str, Any]]] = [
    (M.MARKUP_ON_COST, "12.5", {}),
    (M.MARKUP_ON_COST, "12.5", UPLIFT),
    (M.MARKUP_ON_COST, "12.5", {"free_units": Decimal("2.5"), **UPLIFT}),
    (M.MARGIN_ON_PRICE, "12.5", {}),
    (M.MARGIN_ON_PRICE, "30", {"free_units": Decimal(3)}),
    (M.PERCENT_OF_ERP, "90", UPLIFT),
    (M.DISCOUNT_OFF_ERP, "7.5", UPLIFT),
    (M.RETAIL, "100", {"free_units": Decimal("0.75"), **UPLIFT}),
    (M.GRADUATED, "0", UPLIFT),
    (M.FIXED, "3.333", {"free_units": Decimal("0.75"), **UPLIFT}),
]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("method", "value", "changed"), CASES)
def test_every_method_can_be_redone_by_both(
    usage: MakeLine, entry: MakeEntry, method: PriceMethod, value: str, changed: dict[str, Any], sign: int
) -> None:
    """The customer's calculation and the reseller's, for charges and credits."""
    line = usage(cost=Money(Decimal("80.05") * sign, "EUR"), list_amount=Decimal("101.7") * sign)
    tiers = TIERS if method.is_tiered else ()
    own = {"currency": "EUR"} if method.has_own_currency else {}
    made = _sold(line, entry(value, method=method, tiers=tiers, **{**own, **changed}))

    assert str(made.amount) == redone(arithmetic_for_reseller(made), "EUR")
    assert str(made.amount) == redone(arithmetic(made), "EUR")


def test_the_resellers_calculation_names_every_step(usage: MakeLine, entry: MakeEntry) -> None:
    """Base, method, uplift, free units."""
    line = usage(cost=Money(Decimal(80), "EUR"), quantity=Decimal(10), list_amount=None, adjustments=PEC)
    margin = _sold(line, entry("20", method=M.MARGIN_ON_PRICE, free_units=Decimal(4), **UPLIFT))
    retail = _sold(replace(line, cost=Money(Decimal("8.5"), "EUR")), entry("100", method=M.RETAIL))

    assert "80 x 100 / (100 - 20) x (100 + 2.5) / 100 x 6 / 10 + 0.375 x 6 = 63.75 EUR" == arithmetic_for_reseller(
        margin
    )
    assert "8.5 x 100 / (100 - 15) = 10.00 EUR" == arithmetic_for_reseller(retail)
    assert price_source(margin).endswith("margin_on_price 20%, uplift 2.5%, uplift 0.375 EUR, 4 units free")


PEC = "15% Partner earned credit for services managed"


def test_what_is_stored_is_what_is_read_back(usage: MakeLine, entry: MakeEntry) -> None:
    """Tiers, free units and uplift too, digit for digit; equal values give equal bytes."""
    line = _sold(usage(quantity=Decimal(151)), _tiered(entry, free_units=Decimal("0.50"), **UPLIFT))
    (invoice,) = make_invoices(line.customer_id, "Contoso", BillingPeriod(2026, 10), [line])
    read = unpacked(packed(invoice), Invoice)

    assert invoice == read
    assert packed(invoice) == packed(read)
    assert line.explanation.price.pieces == read.lines[0].explanation.price.pieces
    assert arithmetic(line) == arithmetic(read.lines[0])
