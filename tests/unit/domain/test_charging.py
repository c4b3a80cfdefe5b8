"""Charging: a sale is the sales price under Microsoft's proration; without a price there is an issue, never zero."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.charging import GIVEN, ChargeLine, charge
from shared.domain.issues import IssueCode, Severity
from shared.domain.keys import line_key
from shared.domain.money import Money
from shared.domain.periods import Period
from shared.domain.prices import PriceBook, PriceEntry, PriceMethod, PriceSheet, SheetPrice
from shared.domain.source_lines import SourceLine

MakeLine = Callable[..., SourceLine]
MakeEntry = Callable[..., PriceEntry]
MakeBook = Callable[..., PriceBook]
MARKUP, ERP = PriceMethod.MARKUP_ON_COST, PriceMethod.PERCENT_OF_ERP
OF_SEATS = [method for method in PriceMethod if method is not PriceMethod.RETAIL and not method.is_tiered]
LATER = Period.inclusive(date(2026, 10, 16), date(2026, 10, 31))
SHEET = PriceSheet(
    [
        SheetPrice(
            product_id="CFQ7TTC0LCHC",
            sku_id="0002",
            term="P1Y",
            billing_plan="Monthly",
            currency="EUR",
            cost=Decimal("8.41"),
            erp=Decimal("10.51"),
        )
    ],
    name="sheet.csv",
)


def _made(line: SourceLine, prices: PriceBook, sheet: PriceSheet = SHEET) -> ChargeLine:
    outcome = charge(line, prices, sheet)
    assert outcome.line is not None, outcome.issues
    return outcome.line


@pytest.mark.parametrize(
    ("changed", "amount"),
    [
        ({}, "100.00"),
        ({"charge": LATER}, "51.61"),  # 10 x 10 x 16 / 31 = 51.6129
        ({"charge": LATER, "quantity": Decimal(-10), "cost": Money(Decimal("-43.40"), "EUR")}, "-51.61"),
        ({"charge": LATER, "cost": Money(Decimal("-43.40"), "EUR")}, "-51.61"),
        ({"quantity": Decimal("0.125"), "charge": LATER}, "0.65"),  # 0.645... rounds up
    ],
)
def test_a_fixed_price_is_prorated_and_signed_like_microsofts_line(
    licence: MakeLine, book: MakeBook, changed: dict[str, Any], amount: str
) -> None:
    """Price x units x days / cycle days, rounded once; a credit is negative whichever way Microsoft writes it."""
    line = licence(**changed)
    made = _made(line, book("10"))

    assert Money(Decimal(amount), "EUR") == made.amount
    assert made.amount.is_negative is made.quantity.is_signed()
    assert line.cost == made.cost
    assert made.amount == Money(made.explanation.dividend, "EUR").scaled(1, made.explanation.divisor)


def test_a_markup_is_on_microsofts_own_amount(licence: MakeLine, book: MakeBook, entry: MakeEntry) -> None:
    """Cost x (100 + percent) / 100, whatever the days: the cost is prorated already."""
    made = _made(licence(charge=LATER, cost=Money(Decimal("43.40"), "EUR")), book(entry("12.5", method=MARKUP)))

    assert Money(Decimal("48.83"), "EUR") == made.amount  # 48.825
    assert Decimal("9.45984375") == made.unit_price  # what a unit comes to for a full cycle
    assert ("cost", Decimal("43.40")) == (made.explanation.price.base_name, made.explanation.price.base)


def test_a_percent_of_erp_takes_the_price_sheet(licence: MakeLine, book: MakeBook, entry: MakeEntry) -> None:
    """ERP x rate x percent x units x days / cycle days."""
    made = _made(licence(charge=LATER, fx_rate=Decimal("1.1")), book(entry("95", method=ERP)))

    assert Money(Decimal("56.69"), "EUR") == made.amount  # 10.51 x 1.1 x 0.95 x 10 x 16 / 31 = 56.6861...
    assert Decimal("10.98295") == made.unit_price
    assert Decimal("10.51") == made.list_price


def test_a_percent_of_erp_for_usage_is_of_the_retail_amount(usage: MakeLine, book: MakeBook, entry: MakeEntry) -> None:
    """Retail, not cost: a lost partner earned credit must not raise the customer's bill."""
    retail = book(entry("90", method=ERP))
    credit = usage(cost=Money(Decimal("-1.0625"), "EUR"), quantity=Decimal("-12.5"), list_amount=Decimal("-1.25"))

    assert Money(Decimal("1.13"), "EUR") == _made(usage(), retail).amount  # 1.125
    assert Money(Decimal("-1.13"), "EUR") == _made(credit, retail).amount
    assert _made(usage(), retail).list_price == Decimal("0.1")


@pytest.mark.parametrize("method", OF_SEATS)
def test_a_credit_of_the_same_units_and_days_cancels_its_charge(
    licence: MakeLine, book: MakeBook, entry: MakeEntry, method: PriceMethod
) -> None:
    """Rounding is symmetric, so refund and charge of one thing add up to nothing."""
    prices = book(entry("7.77", method=method))
    cost = Money(Decimal("43.405"), "EUR")
    paid, refund = _made(licence(charge=LATER, cost=cost), prices), _made(licence(charge=LATER, cost=-cost), prices)

    assert (paid.amount + refund.amount).is_zero
    assert paid.quantity == -refund.quantity


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"qualifiers": '["Trial"]', "unit_price": Decimal(0)}, "trial"),
        ({"benefit_type": "SavingsPlan"}, "covered by a benefit"),
        ({"unit_price": Decimal(0)}, "free at the vendor"),
    ],
)
def test_what_microsoft_gives_away_is_given_away(
    licence: MakeLine, book: MakeBook, changed: dict[str, Any], reason: str
) -> None:
    """With or without a price, and without any issue."""
    line = licence(cost=Money(Decimal(0), "EUR"), **changed)

    for prices in (book("10"), book()):
        outcome = charge(line, prices)

        assert outcome.line is not None
        assert "0.00 EUR" == str(outcome.line.amount)
        assert (GIVEN, reason) == (outcome.line.explanation.price.method, outcome.line.explanation.price.matched)
        assert () == outcome.issues


def test_a_line_without_a_price_is_an_issue_and_never_zero(licence: MakeLine, book: MakeBook) -> None:
    """The issue blocks the customer and says what to add, for which product, term and day."""
    outcome = charge(licence(), book())

    assert outcome.line is None
    (issue,) = outcome.issues
    assert (IssueCode.PRICE_MISSING, Severity.BLOCKING) == (issue.code, issue.severity)
    assert "No price for Microsoft 365 Business Premium (CFQ7TTC0LCHC/0002, P1Y Monthly) of Contoso on 2026-10-01." == (
        issue.message
    )
    assert ("sub-1", "recon.csv", 2) == (issue.subject, issue.file, issue.line)
    assert "Add a row to the price list" in issue.cure


def test_an_undated_line_without_a_name_is_still_named_in_its_issue(usage: MakeLine, book: MakeBook) -> None:
    """By meter and category, and without a day."""
    bare = {"sku_name": "", "product_name": "", "subscription_name": "", "product_id": "", "sku_id": ""}
    (issue,) = charge(usage(**bare, meter_name="", charge=None, subscription_id=""), book()).issues

    assert "No price for a line (meter-1, Storage) of Contoso." == issue.message
    assert "meter-1" == issue.subject


@pytest.mark.parametrize("charge_type", ["customerCredit", "Offset a line item", "Cycle discount"])
def test_a_credit_needs_a_rule_of_its_own(
    licence: MakeLine, book: MakeBook, entry: MakeEntry, charge_type: str
) -> None:
    """A fixed price cannot say what an adjustment is worth; a markup on its amount can."""
    line = licence(charge_type=charge_type, quantity=Decimal(1), cost=Money(Decimal("-5.00"), "EUR"))
    refused = charge(line, book("10"))
    passed = charge(line, book("10", entry("0", method=MARKUP, charge_type=charge_type)))

    assert refused.line is None
    assert IssueCode.CREDIT_NEEDS_RULE is refused.issues[0].code
    assert refused.issues[0].is_blocking
    assert passed.line is not None
    assert Money(Decimal("-5.00"), "EUR") == passed.line.amount


def test_a_percent_of_a_missing_erp_is_an_issue(
    licence: MakeLine, usage: MakeLine, book: MakeBook, entry: MakeEntry
) -> None:
    """No price sheet, or a usage line without a retail amount."""
    prices = book(entry("100", method=ERP))

    for line in (licence(), usage(list_amount=None)):
        outcome = charge(line, prices)

        assert outcome.line is None
        assert IssueCode.PRICE_BASE_MISSING is outcome.issues[0].code
        assert "price sheet has no ERP for it" in outcome.issues[0].message


def test_a_line_whose_cycle_is_unknown_is_an_issue(licence: MakeLine, book: MakeBook) -> None:
    """A month that lasts ten weeks is not guessed at."""
    outcome = charge(licence(charge=Period.inclusive(date(2026, 10, 1), date(2026, 12, 15))), book("10"))

    assert outcome.line is None
    assert (IssueCode.CYCLE_UNKNOWN, True) == (outcome.issues[0].code, outcome.issues[0].is_blocking)
    assert "'Monthly'" in outcome.issues[0].message


def test_an_unknown_charge_type_is_priced_and_reported(licence: MakeLine, book: MakeBook) -> None:
    """A warning, and the ordinary amount."""
    outcome = charge(licence(charge_type="superCharge"), book("10"))

    assert outcome.line is not None
    assert Money(Decimal(100), "EUR").rounded() == outcome.line.amount
    assert [(IssueCode.CHARGE_TYPE_UNKNOWN, Severity.WARNING)] == [(i.code, i.severity) for i in outcome.issues]
    assert "'superCharge'" in outcome.issues[0].message


def test_a_share_that_differs_from_microsofts_is_noticed(licence: MakeLine, book: MakeBook) -> None:
    """The sale follows the dates."""
    outcome = charge(licence(charge=LATER, effective_unit_price=Decimal("8.00")), book("20"))

    assert outcome.line is not None
    assert Money(Decimal("103.23"), "EUR") == outcome.line.amount
    assert [(IssueCode.PRORATION_DIFFERS, Severity.NOTICE)] == [(i.code, i.severity) for i in outcome.issues]
    assert "16 of 31 days" in outcome.issues[0].message


def test_a_sale_below_cost_is_reported(licence: MakeLine, book: MakeBook, entry: MakeEntry) -> None:
    """A warning for charges; credits, a cost in another currency and less than half a cent are not meant."""
    below = charge(licence(), book("8.40"))
    credit = charge(licence(cost=Money(Decimal("-84.10"), "EUR")), book("20"))
    own = entry("0.01", scope=licence().customer_id)
    abroad = charge(licence(cost=Money(Decimal("84.10"), "USD")), book(own))

    assert [(IssueCode.SALE_BELOW_COST, Severity.WARNING)] == [(i.code, i.severity) for i in below.issues]
    assert "sold to Contoso at 84.00 EUR, below its cost of 84.10 EUR" in below.issues[0].message
    assert () == credit.issues
    assert () == abroad.issues
    assert () == charge(licence(cost=Money(Decimal("84.004999"), "EUR")), book("8.40")).issues
    assert 1 == len(charge(licence(cost=Money(Decimal("84.005"), "EUR")), book("8.40")).issues)
    assert abroad.line is not None
    assert abroad.line.margin is None
    assert below.line is not None
    assert Money(Decimal("-0.10"), "EUR") == below.line.margin


def test_a_price_for_the_whole_product_is_charged_on_its_main_part(
    licence: MakeLine, book: MakeBook, entry: MakeEntry
) -> None:
    """The smaller part of a split product is included; a markup is on each part's own cost."""
    telephony = licence(unit_price=Decimal(2), effective_unit_price=Decimal(2), cost=Money(Decimal("20.00"), "EUR"))
    fixed = charge(telephony, book("10"), is_part=True)
    markup = charge(telephony, book(entry("10", method=MARKUP)), is_part=True)

    assert fixed.line is not None
    assert "0.00 EUR" == str(fixed.line.amount)
    assert "included in the main line of this product" == fixed.line.explanation.price.matched
    assert () == fixed.issues
    assert markup.line is not None
    assert Money(Decimal("22.00"), "EUR") == markup.line.amount


def test_an_amount_has_the_minor_unit_of_the_sales_currency(
    licence: MakeLine, book: MakeBook, entry: MakeEntry
) -> None:
    """Yen have no decimals, dinars three."""
    assert "516 JPY" == str(_made(licence(charge=LATER), book(entry("100", currency="JPY"))).amount)
    assert "51.613 KWD" == str(_made(licence(charge=LATER), book(entry("10", currency="KWD"))).amount)


def test_a_charge_line_says_where_its_price_came_from(licence: MakeLine, book: MakeBook, entry: MakeEntry) -> None:
    """List, row, scope, what matched, method, value and validity; and the key of its source line."""
    line = licence()
    own = entry("10", scope=line.customer_id, row=5, term="P1Y", valid_from=date(2026, 1, 1))
    source = _made(line, book(own)).explanation.price

    assert ("prices.xlsx", 5, "customer", "Term P1Y") == (source.list_name, source.row, source.scope, source.matched)
    assert ("fixed", Decimal(10), date(2026, 1, 1)) == (source.method, source.value, source.valid_from)
    assert "global" == _made(line, book("10")).explanation.price.scope
    assert line_key(line, 1) == _made(line, book("10")).key


def test_a_quantity_of_many_digits_is_charged_exactly(usage: MakeLine, book: MakeBook) -> None:
    """Folded sums can be longer than ordinary decimal arithmetic; no digit of them is lost."""
    quantity = Decimal("123456789.1999968000511991808131")
    credit = usage(quantity=-quantity.copy_abs(), cost=Money(Decimal(-1), "EUR"))
    exact = usage(quantity=quantity.copy_negate(), cost=Money(Decimal(-1), "EUR"))

    assert quantity == _made(usage(quantity=quantity), book("1")).quantity
    assert quantity.copy_negate() == _made(exact, book("1")).quantity
    assert credit.quantity != exact.quantity  # ordinary negation rounds: the test would notice it


def test_a_line_of_no_units_has_no_average_price_and_no_signed_zero(
    usage: MakeLine, book: MakeBook, entry: MakeEntry
) -> None:
    """A credit for nothing: its amount is priced, its quantity is a plain zero."""
    made = _made(usage(quantity=Decimal("-0"), cost=Money(Decimal(-1), "EUR")), book(entry("0", method=MARKUP)))

    assert made.unit_price is None
    assert "0" == str(made.quantity)
    assert Money(Decimal("-1.00"), "EUR") == made.amount
