"""Amounts: what each method makes of a line, with uplift and free units, exact until the one rounding."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from shared.domain.charging import ChargeLine, charge
from shared.domain.issues import IssueCode, Severity
from shared.domain.money import Money, quotient_half_up
from shared.domain.periods import Period
from shared.domain.prices import (
    Measure,
    PriceBook,
    PriceEntry,
    PriceMethod,
    PriceSheet,
    SheetPrice,
    Tier,
    measure_of,
    sale_of,
)
from shared.domain.prices.amounts import earned_credit
from shared.domain.proration import WHOLE
from shared.domain.source_lines import SourceLine

MakeLine = Callable[..., SourceLine]
MakeEntry = Callable[..., PriceEntry]
M = PriceMethod
SEPTEMBER = Period.inclusive(date(2026, 9, 1), date(2026, 9, 30))
LATE = Period.inclusive(date(2026, 9, 16), date(2026, 9, 30))
TIERS = (Tier(Decimal(1), Decimal(1)), Tier(Decimal(101), Decimal("0.80")), Tier(Decimal(100001), Decimal("0.50")))
SHEET = PriceSheet(
    [
        SheetPrice(
            product_id="CFQ7TTC0LCHC",
            sku_id="0002",
            term="P1Y",
            billing_plan="Monthly",
            currency="EUR",
            cost=Decimal("115.2"),
            erp=Decimal(144),
        )
    ],
    name="sheet.csv",
)


def _sold(line: SourceLine, *entries: PriceEntry) -> ChargeLine:
    made = charge(line, PriceBook(entries, name="prices.xlsx"), SHEET)
    assert made.line is not None, made.issues
    return made.line


def _tiered(entry: MakeEntry, method: PriceMethod = M.GRADUATED, **changed: Any) -> PriceEntry:
    return entry("0", method=method, tiers=TIERS, currency="EUR", **changed)


def _exact(entry: PriceEntry, **measured: Any) -> Fraction | None:
    values: dict[str, Any] = {"units": Decimal(10), "currency": "EUR", **measured}
    sale = sale_of(entry, Measure(**values))
    return None if sale is None else Fraction(sale.dividend) / sale.divisor


@pytest.mark.parametrize(
    ("method", "value", "amount"),
    [
        (M.MARKUP_ON_COST, "20", "120.00"),
        (M.MARKUP_ON_COST, "15", "115.00"),
        (M.MARGIN_ON_PRICE, "20", "125.00"),
        (M.MARGIN_ON_PRICE, "0", "100.00"),
        (M.MARGIN_ON_PRICE, "33.3", "149.93"),  # 100 / 0.667 = 149.925...
        (M.MARGIN_ON_PRICE, "99.99", "1000000.00"),
        (M.PERCENT_OF_ERP, "95", "1368.00"),
        (M.DISCOUNT_OFF_ERP, "5", "1368.00"),
        (M.DISCOUNT_OFF_ERP, "100", "0.00"),
        (M.FIXED, "13", "130.00"),
    ],
)
def test_each_method_makes_its_amount_of_ten_seats(
    licence: MakeLine, entry: MakeEntry, method: PriceMethod, value: str, amount: str
) -> None:
    """Cost 100 before tax, ERP 144 a seat; a markup is on the cost before tax, whatever the tax is."""
    line = licence(cost=Money(Decimal(100), "EUR"), tax=Decimal(19), total=Decimal(119))

    assert amount == str(_sold(line, entry(value, method=method)).amount.amount)


def test_a_twenty_percent_margin_leads_from_the_lists_cost_to_its_erp(licence: MakeLine, entry: MakeEntry) -> None:
    """A price list sample: 115.20 and 144, 48 and 60; a discount of 20 percent leads back."""
    for cost, erp in (("115.2", "144"), ("48", "60")):
        margin, discount = entry("20", method=M.MARGIN_ON_PRICE), entry("20", method=M.DISCOUNT_OFF_ERP)

        assert Fraction(erp) == _exact(margin, units=Decimal(1), cost=Decimal(cost))
        assert Fraction(cost) == _exact(discount, units=Decimal(1), erp=Decimal(erp))


def test_a_premium_for_monthly_payments_is_an_uplift(entry: MakeEntry) -> None:
    """100 a year and 5 percent is 105, 8.75 a month; 150 is 13.13 a month, since 13.125 rounds up."""
    yearly = entry("100", uplift_percent=Decimal(5))
    standard = entry("150", uplift_percent=Decimal(5))

    assert Fraction(105) == _exact(yearly, units=Decimal(1))
    assert Fraction("8.75") == _exact(yearly, units=Decimal(1), days=1, cycle_days=12)
    assert Fraction("13.125") == _exact(standard, units=Decimal(1), days=1, cycle_days=12)
    assert Decimal("13.13") == quotient_half_up(Decimal("157.50"), 12, 2)
    assert Decimal("282.83") == quotient_half_up(Decimal("3393.9"), 12, 2)


def test_a_hundred_units_included_and_fifty_more(licence: MakeLine, usage: MakeLine, entry: MakeEntry) -> None:
    """Ten for the subscription, 0.10 for each of the fifty: fifteen."""
    seat = licence(quantity=Decimal(1))
    overage = _sold(
        usage(quantity=Decimal(150)),
        entry("0.10", meter_id="meter-1", free_units=Decimal(100)),
        entry("10", product_id=seat.product_id),
    )
    whole = _sold(seat, entry("10", product_id=seat.product_id))

    assert Money(Decimal("15.00"), "EUR") == whole.amount + overage.amount
    source = overage.explanation.price
    assert (Decimal(0), Decimal(100)) == (source.units_before, source.free_units)
    assert [(Decimal(50), Decimal("0.10"))] == [tuple(piece) for piece in source.pieces]


def test_a_hundred_and_one_units_over_two_tiers(usage: MakeLine, entry: MakeEntry) -> None:
    """Microsoft's own example: a hundred at 1, one at 0.80, 100.80 together; volume prices all of them at 0.80."""
    line = usage(quantity=Decimal(101))

    assert "100.80" == str(_sold(line, _tiered(entry)).amount.amount)
    assert "80.80" == str(_sold(line, _tiered(entry, M.VOLUME)).amount.amount)
    assert "50000.50" == str(_sold(usage(quantity=Decimal(100001)), _tiered(entry, M.VOLUME)).amount.amount)


def test_a_prorated_line_counts_its_seats_and_then_takes_its_share(licence: MakeLine, entry: MakeEntry) -> None:
    """The tiers see all seats of the line, whatever the days; the share is taken of the result."""
    line = licence(quantity=Decimal(101), charge=SEPTEMBER, term=None)
    part = licence(quantity=Decimal(101), charge=LATE, term=None)

    assert "100.80" == str(_sold(line, _tiered(entry)).amount.amount)
    assert "50.40" == str(_sold(part, _tiered(entry)).amount.amount)
    assert "90.90" == str(_sold(line, entry("1", free_units=Decimal("10.1"))).amount.amount)


@pytest.mark.parametrize(
    ("method", "value", "measured", "exact"),
    [
        (M.FIXED, "10", {}, "230"),  # (10 x 1.1 + 12) x 10
        (M.PERCENT_OF_ERP, "50", {"erp": Decimal(20)}, "230"),
        (M.DISCOUNT_OFF_ERP, "50", {"erp": Decimal(10), "fx_rate": Decimal(2)}, "230"),
        (M.MARKUP_ON_COST, "25", {"cost": Decimal(80)}, "230"),  # 80 x 1.25 x 1.1 + 12 x 10
        (M.MARGIN_ON_PRICE, "20", {"cost": Decimal(80)}, "230"),
        (M.RETAIL, "100", {"retail": Decimal(100), "is_usage": True}, "230"),
        (M.PERCENT_OF_ERP, "100", {"retail": Decimal(100), "is_usage": True}, "230"),
        (M.GRADUATED, "0", {}, "131"),  # (1 x 1.1 + 12) x 10
    ],
)
def test_an_uplift_is_folded_into_every_method(
    entry: MakeEntry, method: PriceMethod, value: str, measured: dict[str, Any], exact: str
) -> None:
    """First percent of the price, then the amount a unit, both for the share of the cycle; a credit gives it back."""
    tiers = TIERS if method.is_tiered else ()
    uplift = {"uplift_percent": Decimal(10), "uplift_amount": Decimal(12), "currency": "EUR"}
    made = entry(value, method=method, tiers=tiers, **uplift)
    share = {"days": 1, "cycle_days": 3} if "cost" not in measured and "retail" not in measured else {}
    back = {**measured, "is_credit": True}
    if "cost" in back:
        back["cost"] = -back["cost"]

    assert Fraction(exact) == _exact(made, **measured)
    assert Fraction(exact) / (3 if share else 1) == _exact(made, **measured, **share)
    assert -Fraction(exact) == _exact(made, **back)


def test_the_uplift_of_an_amount_has_the_share_of_its_days(entry: MakeEntry) -> None:
    """Microsoft's amount is prorated already; what is added a unit and cycle is not."""
    made = entry("0", method=M.MARKUP_ON_COST, uplift_amount=Decimal(6), currency="EUR")

    assert Fraction(50 + 20) == _exact(made, cost=Decimal(50), days=10, cycle_days=30)


@pytest.mark.parametrize(
    ("method", "value", "measured", "exact"),
    [
        (M.FIXED, "10", {}, "60"),
        (M.PERCENT_OF_ERP, "100", {"erp": Decimal(10)}, "60"),
        (M.MARKUP_ON_COST, "0", {"cost": Decimal(100)}, "60"),
        (M.MARGIN_ON_PRICE, "50", {"cost": Decimal(50)}, "60"),
        (M.RETAIL, "100", {"retail": Decimal(100), "is_usage": True}, "60"),
        (M.VOLUME, "0", {}, "6"),
    ],
)
def test_free_units_come_off_before_any_method(
    entry: MakeEntry, method: PriceMethod, value: str, measured: dict[str, Any], exact: str
) -> None:
    """Four of ten are free; of an amount they take their part, and an uplift is on the others only."""
    currency = "EUR" if method.has_own_currency else ""
    tiers = TIERS if method.is_tiered else ()
    made = entry(value, method=method, tiers=tiers, currency=currency, free_units=Decimal(4))

    assert Fraction(exact) == _exact(made, **measured)
    plain = entry(value, method=method, tiers=tiers, currency="EUR", free_units=Decimal(4), uplift_amount=Decimal(1))
    assert Fraction(exact) + 6 == _exact(plain, **measured)
    assert Fraction(0) == _exact(made, **{**measured, "units": Decimal(0), "cost": Decimal(0), "retail": Decimal(0)})


@pytest.mark.parametrize(
    ("adjustments", "percent"),
    [
        ('["15.0% Partner earned credit for services managed"]', "15.0"),
        ("15 % PARTNER EARNED CREDIT", "15"),
        ("Tier 2 Discount", None),
        ("", None),
    ],
)
def test_the_partner_earned_credit_is_read_from_microsofts_words(adjustments: str, percent: str | None) -> None:
    """Its rate stands in the text of the price adjustments, and nowhere else on an invoice's line."""
    found = earned_credit(adjustments)

    assert percent == (None if found is None else str(found))


def test_retail_is_rebuilt_without_partner_earned_credit(usage: MakeLine, entry: MakeEntry) -> None:
    """The retail amount where the file has one; else net / (1 - 15 percent), and credits the same way round."""
    retail, discounted = entry("100", method=M.RETAIL), entry("90", method=M.RETAIL)
    named = "15% Partner earned credit for services managed"
    net = usage(list_amount=None, adjustments=named, cost=Money(Decimal("85.00"), "EUR"))
    credit = usage(list_amount=None, adjustments=named, cost=Money(Decimal("-85.00"), "EUR"))
    made = _sold(net, retail)

    assert "1.25" == str(_sold(usage(), retail).amount.amount)
    assert "100.00" == str(made.amount.amount)
    assert ("net amount", Decimal("85.00"), Decimal(15)) == (
        made.explanation.price.base_name,
        made.explanation.price.base,
        made.explanation.price.earned_credit,
    )
    assert "90.00" == str(_sold(net, discounted).amount.amount)
    assert "-100.00" == str(_sold(credit, retail).amount.amount)


def test_retail_without_anything_to_rebuild_it_from_is_an_issue(
    licence: MakeLine, usage: MakeLine, entry: MakeEntry
) -> None:
    """Seats have none, and a net amount whose credit nobody knows is no retail; the issue says what to do."""
    prices = PriceBook([entry("100", method=M.RETAIL)])

    for line in (licence(), usage(list_amount=None)):
        outcome = charge(line, prices, SHEET)

        assert outcome.line is None
        assert IssueCode.PRICE_BASE_MISSING is outcome.issues[0].code
        assert "neither a retail amount nor a partner earned credit" in outcome.issues[0].message
        assert "Retail prices Azure usage only" in outcome.issues[0].cure
    off = PriceBook([entry("10", method=M.DISCOUNT_OFF_ERP)])
    assert "is a discount off ERP, but" in charge(usage(list_amount=None), off).issues[0].message


def test_an_adjustment_has_neither_uplift_nor_free_units(usage: MakeLine, entry: MakeEntry) -> None:
    """It is an amount of its own: passed on by a rule on cost, and by nothing else."""
    uplift = {"uplift_percent": Decimal(10), "uplift_amount": Decimal(3), "currency": "EUR"}
    credit = usage(charge_type="customerCredit", cost=Money(Decimal("-80.00"), "EUR"), quantity=Decimal(1))
    made = _sold(credit, entry("20", method=M.MARGIN_ON_PRICE, free_units=Decimal(4), **uplift))

    assert "-100.00" == str(made.amount.amount)
    source = made.explanation.price
    assert (None, Decimal(0), Decimal(0)) == (source.units_before, source.uplift_percent, source.uplift_amount)
    assert sale_of(entry("10"), measure_of(credit, WHOLE, None)) is None
    refused = charge(credit, PriceBook([_tiered(entry)]))
    assert [IssueCode.CREDIT_NEEDS_RULE] == [issue.code for issue in refused.issues]


def test_a_credit_of_seats_that_nothing_was_counted_before_is_told(licence: MakeLine, entry: MakeEntry) -> None:
    """It is priced like a charge of its own; only a person can compare the two."""
    credit = licence(quantity=Decimal(-10), cost=Money(Decimal(-80), "EUR"))
    outcome = charge(credit, PriceBook([_tiered(entry, row=6)]))

    assert outcome.line is not None
    assert "-10.00" == str(outcome.line.amount.amount)
    assert [(IssueCode.CREDIT_NEEDS_RULE, Severity.WARNING)] == [(i.code, i.severity) for i in outcome.issues]
    assert "takes back 10 units of Contoso, more than were counted before it: row 6 credits" in (
        outcome.issues[0].message
    )


def test_a_given_line_of_an_entry_with_tiers_takes_no_units(licence: MakeLine, entry: MakeEntry) -> None:
    """What Microsoft gives away is given away."""
    made = _sold(licence(cost=Money(Decimal(0), "EUR"), qualifiers='["Trial"]'), _tiered(entry))

    assert "0.00 EUR" == str(made.amount)
    assert made.explanation.price.units_before is None


def test_a_sale_names_what_it_was_made_from(entry: MakeEntry) -> None:
    """The price of a unit, and the base by its name: ERP, retail amount, cost or nothing."""
    seats = Measure(units=Decimal(2), currency="EUR", cost=Decimal(20), erp=Decimal(12))
    meter = Measure(units=Decimal(2), currency="EUR", cost=Decimal(20), retail=Decimal(24), is_usage=True)
    ten = Decimal(10)
    made = [
        sale_of(entry("10"), seats),
        sale_of(entry("50", method=M.PERCENT_OF_ERP), seats),
        sale_of(entry("50", method=M.PERCENT_OF_ERP), meter),
        sale_of(entry("10", method=M.MARKUP_ON_COST), seats),
    ]

    assert [
        (ten, None, ""),
        (Decimal(6), Decimal(12), "ERP"),
        (None, Decimal(24), "retail amount"),
        (None, Decimal(20), "cost"),
    ] == [(sale.unit_price, sale.base, sale.base_name) for sale in made if sale is not None]
    assert {"EUR"} == {sale.currency for sale in made if sale is not None}
