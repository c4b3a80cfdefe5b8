"""Adjusted sales: offers, discounts, promotions, guards and price locks on lines of Microsoft's files."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.adjusted_sales import LIST_PRICE, SpecialTerms
from shared.domain.charging import Charged, ChargeLine, charge
from shared.domain.customer_bills import CustomerLines, Terms, bill_customer
from shared.domain.explanations import arithmetic, arithmetic_for_reseller, price_source, sentence
from shared.domain.issues import IssueCode
from shared.domain.money import Money
from shared.domain.periods import BillingPeriod, Period
from shared.domain.prices import PriceBook, PriceEntry, PriceKeys, PriceMethod, PriceSheet, ScopeKind, SheetPrice, Tier
from shared.domain.prices.adjustment_rules import AdjustmentRules, Rule
from shared.domain.prices.adjustments import StepKind
from shared.domain.prices.discounts import RelationshipDiscount, SeveralServicesDiscount, Threshold
from shared.domain.prices.exchange import ExchangeRate, ExchangeRates
from shared.domain.prices.guards import Guard, GuardAction, GuardBase, GuardKind
from shared.domain.prices.offers import Offer
from shared.domain.prices.price_locks import PriceLockPolicy, PriceLocks
from shared.domain.prices.promotions import PromotionPolicy, PromotionSwitch
from shared.domain.prices.reach import Reach
from shared.domain.source_lines import SourceLine
from shared.storage.repositories.codec import packed, unpacked

MakeLine = Callable[..., SourceLine]
MakeEntry = Callable[..., PriceEntry]
MakeBook = Callable[..., PriceBook]
MARKUP, ERP = PriceMethod.MARKUP_ON_COST, PriceMethod.PERCENT_OF_ERP
LATER = Period.inclusive(date(2026, 10, 16), date(2026, 10, 31))
TEN_OFF = Offer(name="Autumn", reach=Reach(), percent_off=Decimal(10), row=4)
PROMOTED = {
    "promotion_id": "promo:0002",
    "unit_price": Decimal(10),
    "effective_unit_price": Decimal(9),
    "cost": Money(Decimal(90), "EUR"),
}
PASSED_ON = PromotionSwitch(policy=PromotionPolicy.PASSED_ON, reach=Reach(), row=6)
KEPT = PromotionSwitch(policy=PromotionPolicy.KEPT, reach=Reach(), row=6)


def _charged(line: SourceLine, prices: PriceBook, *rules: Rule, **options: Any) -> Charged:
    sheet = options.pop("sheet", PriceSheet(()))
    rates = ExchangeRates(options.pop("rates", ()))
    counts = options.pop("counts", {})
    special = SpecialTerms(AdjustmentRules(rules, rates=rates), product_counts=counts, **options)
    return charge(line, prices, sheet, special=special)


def _made(line: SourceLine, prices: PriceBook, *rules: Rule, **options: Any) -> ChargeLine:
    made = _charged(line, prices, *rules, **options).line
    assert made is not None
    return made


def _floor(value: str, action: GuardAction, base: GuardBase = GuardBase.AMOUNT) -> Guard:
    currency = "EUR" if base is GuardBase.AMOUNT else ""
    return Guard(
        name="least",
        kind=GuardKind.FLOOR,
        base=base,
        value=Decimal(value),
        action=action,
        reach=Reach(),
        currency=currency,
    )


def _sheet() -> PriceSheet:
    row = SheetPrice(
        product_id="CFQ7TTC0LCHC",
        sku_id="0002",
        term="P1Y",
        billing_plan="Monthly",
        currency="EUR",
        cost=Decimal(10),
        erp=Decimal(12),
    )
    return PriceSheet([row], name="sheet.csv")


def test_an_offer_and_a_discount_come_off_the_price_of_the_list(licence: MakeLine, book: MakeBook) -> None:
    """10 less 10 percent, less 5 percent: 8.55, for ten seats and 16 of 31 days; the steps stand on the line."""
    partner = RelationshipDiscount(name="Partner", reach=Reach(), percent_off=Decimal(5), row=5)
    made = _made(licence(charge=LATER), book("10"), TEN_OFF, partner)

    assert Money(Decimal("44.13"), "EUR") == made.amount  # 8.55 x 10 x 16 / 31 = 44.129...
    assert Decimal("8.55") == made.unit_price
    assert [("10", "9"), ("9", "8.55")] == [(str(each.before), str(each.after)) for each in made.explanation.steps]
    assert made.amount == Money(made.explanation.dividend, "EUR").scaled(1, made.explanation.divisor)


def test_the_steps_are_told(licence: MakeLine, book: MakeBook) -> None:
    """To the customer his offers and discounts, to the reseller every step; the arithmetic leads to the amount.

    Where a floor took them back, the customer is not told of a price that he does not get.
    """
    price = Offer(name="Winter", reach=Reach(), fixed_price=Decimal("9.5"), currency="EUR", row=4)
    floor = _floor("9.8", GuardAction.CLAMP)
    made = _made(licence(), book("10"), price, floor)

    assert "Included: offer Winter (9.5 EUR)." in sentence(_made(licence(), book("10"), price))
    assert "Included: offer Autumn (10% off)." in sentence(_made(licence(), book("10"), TEN_OFF))
    assert "10 x 9.8 EUR for 2026-10-01 to 2026-10-31." == sentence(made)
    assert "10 x 9.8 EUR for 2026-10-01 to 2026-10-31." == sentence(_made(licence(), book("10"), TEN_OFF, floor))
    assert "9.8 x 10 = 98.00 EUR" == arithmetic(made) == arithmetic_for_reseller(made)
    assert (
        "prices.xlsx row 0 (global: everything): fixed 10 EUR; offer Winter: 10 -> 9.5; price floor least: 9.5 -> 9.8"
    ) == price_source(made)
    assert "offer Autumn -10%: 10 -> 9;" in price_source(_made(licence(), book("10"), TEN_OFF, floor))


def test_lines_with_steps_are_kept_and_read_back(licence: MakeLine, book: MakeBook) -> None:
    """Digit for digit; a line of an earlier release, without steps, is read as well."""
    made = _made(licence(), book("9.99"), TEN_OFF)

    assert made == unpacked(packed(made), ChargeLine)
    plain = charge(licence(), book("9.99")).line
    assert plain is not None
    assert plain == unpacked(packed(plain), ChargeLine)


def test_a_refund_takes_the_steps_of_its_charge(licence: MakeLine, book: MakeBook, entry: MakeEntry) -> None:
    """Whatever the method; the two add up to nothing."""
    cost = Money(Decimal("43.41"), "EUR")
    for prices in (book("7.77"), book(entry("12", method=MARKUP))):
        paid, refund = (
            _made(licence(charge=LATER, cost=each), prices, TEN_OFF, _floor("4", GuardAction.CLAMP))
            for each in (cost, -cost)
        )

        assert (paid.amount + refund.amount).is_zero
        assert paid.explanation.steps == refund.explanation.steps


def test_nothing_that_applies_leaves_the_sale_as_it_was(licence: MakeLine, book: MakeBook, entry: MakeEntry) -> None:
    """An offer for somebody else, an uplift alone, or no rule at all."""
    other = Offer(name="other", reach=Reach(customer_id="c-2"), percent_off=Decimal(50))
    prices = book(entry("10", uplift_percent=Decimal(10), uplift_amount=Decimal(1)))
    expected = charge(licence(charge=LATER), prices).line
    assert expected is not None

    for rules in ((), (other,)):
        made = _made(licence(charge=LATER), prices, *rules)

        assert (expected.amount, ()) == (made.amount, made.explanation.steps)
        assert expected.unit_price == made.unit_price


def test_the_uplift_of_a_bundle_is_the_first_step(licence: MakeLine, book: MakeBook, entry: MakeEntry) -> None:
    """10 plus 10 percent plus 1 is 12, less 10 percent 10.80; of a part of the cycle the same."""
    prices = book(entry("10", uplift_percent=Decimal(10), uplift_amount=Decimal(1), row=3))
    made = _made(licence(charge=LATER), prices, TEN_OFF)
    first = made.explanation.steps[0]

    assert (StepKind.UPLIFT, "10", "12", 3) == (first.kind, str(first.before), str(first.after), first.row)
    assert Decimal("10.8") == made.unit_price
    assert "bundle uplift price list +10%: 10 -> 12" in price_source(made)


def test_what_microsoft_gives_as_an_amount_is_not_adjusted(licence: MakeLine, book: MakeBook, entry: MakeEntry) -> None:
    """A credit is passed on as agreed, a gift stays one, and without units there is no price of a unit."""
    markup = book(entry("10", method=MARKUP))
    credit = licence(charge_type="customerCredit", quantity=Decimal(1), cost=Money(Decimal(-5), "EUR"))
    nothing = licence(quantity=Decimal(0))
    gift = licence(cost=Money(Decimal(0), "EUR"), unit_price=Decimal(0))

    for line, amount in ((credit, "-5.50"), (nothing, "92.51"), (gift, "0.00")):
        made = _made(line, markup, TEN_OFF)

        assert (Money(Decimal(amount), "EUR"), ()) == (made.amount, made.explanation.steps)


@pytest.mark.parametrize(
    ("method", "value", "switch", "amount"),
    [
        (PriceMethod.FIXED, "20", PASSED_ON, "180.00"),  # 10 percent off the sales price
        (PriceMethod.FIXED, "20", KEPT, "200.00"),
        (ERP, "100", PASSED_ON, "108.00"),  # ERP 12 is without the promotion
        (ERP, "100", KEPT, "120.00"),
        (MARKUP, "20", PASSED_ON, "108.00"),  # cost 90 has it inside already
        (MARKUP, "20", KEPT, "120.00"),  # list price 10 for ten seats
        (PriceMethod.MARGIN_ON_PRICE, "20", KEPT, "125.00"),
        (PriceMethod.MARGIN_ON_PRICE, "20", PASSED_ON, "112.50"),
    ],
)
def test_a_promotion_is_given_once_or_kept(
    licence: MakeLine, entry: MakeEntry, method: PriceMethod, value: str, switch: PromotionSwitch, amount: str
) -> None:
    """By the switch, and never twice, whatever the price rests on."""
    made = _made(licence(**PROMOTED), PriceBook([entry(value, method=method)]), switch, sheet=_sheet())

    assert Money(Decimal(amount), "EUR") == made.amount


def test_a_kept_promotion_rests_on_the_list_price_for_the_days_and_the_rate(
    licence: MakeLine, book: MakeBook, entry: MakeEntry
) -> None:
    """List 10 x rate 1.1 x ten seats x 16 / 31 days, plus 20 percent and 1 for each seat; a refund likewise."""
    cost = Money(Decimal("51.10"), "EUR")
    promoted = PROMOTED | {"cost": cost, "charge": LATER, "fx_rate": Decimal("1.1")}
    promoted["effective_unit_price"] = Decimal("4.6451612903")
    prices = book(entry("20", method=MARKUP, uplift_amount=Decimal(1), currency="EUR", scope=""))
    paid = _made(licence(**promoted), prices, KEPT)
    refund = _made(licence(**promoted | {"cost": -cost}), prices, KEPT)

    assert Money(Decimal("73.29"), "EUR") == paid.amount  # (13.2 + 1) x 10 x 16 / 31 = 73.2903...
    assert paid.amount == -refund.amount
    assert LIST_PRICE == paid.explanation.price.base_name
    assert Decimal("14.2") * Decimal("0.9") == _made(licence(**promoted), prices, KEPT, TEN_OFF).unit_price


def test_a_promotion_without_a_percentage_is_told(licence: MakeLine, book: MakeBook) -> None:
    """Nothing is guessed, and nothing taken off; without a switch nobody asks."""
    line = licence(**PROMOTED | {"effective_unit_price": None, "sku_name": ""}, product_name="Suite")
    outcome = _charged(line, book("20"), PASSED_ON)
    (issue,) = outcome.issues

    assert outcome.line is not None
    assert (IssueCode.PROMOTION_UNKNOWN, "recon.csv", 2, "sub-1") == (
        issue.code,
        issue.file,
        issue.line,
        issue.subject,
    )
    assert "on Suite of Contoso has no percentage: its unit price is 10, its effective one None." in issue.message
    assert Money(Decimal(200), "EUR") == outcome.line.amount
    assert () == _charged(line, book("20"), TEN_OFF).issues


def test_a_guard_that_tells_makes_an_issue_on_charges_only(licence: MakeLine, book: MakeBook) -> None:
    """A refund repeats what its charge said."""
    floor = _floor("130", GuardAction.TELL, GuardBase.PERCENT_OF_COST)
    (issue,) = _charged(licence(), book("10"), floor).issues
    cap = Guard(
        name="most",
        kind=GuardKind.CAP,
        base=GuardBase.PERCENT_OF_ERP,
        value=Decimal(50),
        action=GuardAction.TELL,
        reach=Reach(),
    )
    (above,) = _charged(licence(), book("10"), cap, sheet=_sheet()).issues

    assert IssueCode.SALE_BELOW_FLOOR is issue.code
    assert "is sold to Contoso at 10 EUR a unit, below the floor least of 10.933." in issue.message
    assert IssueCode.SALE_ABOVE_CAP is above.code
    assert "above the cap most of 6." in above.message
    assert () == _charged(licence(cost=Money(Decimal(-84), "EUR")), book("10"), floor).issues


def test_usage_is_guarded_by_its_retail_price(usage: MakeLine, book: MakeBook, entry: MakeEntry) -> None:
    """Retail of a unit is 0.10; a line without a retail amount, or in another currency, is not guarded."""
    cap = Guard(
        name="most",
        kind=GuardKind.CAP,
        base=GuardBase.PERCENT_OF_ERP,
        value=Decimal(100),
        action=GuardAction.CLAMP,
        reach=Reach(),
    )
    made = _made(usage(), book("0.5"), cap)

    assert (Money(Decimal("1.25"), "EUR"), Decimal("0.1")) == (made.amount, made.unit_price)
    assert Money(Decimal("6.25"), "EUR") == _made(usage(list_amount=None), book("0.5"), cap).amount
    assert Money(Decimal("6.25"), "SEK") == _made(usage(), book(entry("0.5", currency="SEK")), cap).amount


def test_an_average_price_is_adjusted_without_losing_a_digit(usage: MakeLine, book: MakeBook, entry: MakeEntry) -> None:
    """Tiers and amounts have no one price: the average goes through the steps, the amount stays exact."""
    tiers = (Tier(Decimal(1), Decimal("1.00")), Tier(Decimal(8), Decimal("0.50")))
    tiered = book(entry("0", method=PriceMethod.GRADUATED, currency="EUR", scope="", tiers=tiers))
    made = _made(usage(), tiered, TEN_OFF)  # 7 x 1.00 + 5.5 x 0.50 = 9.75
    markup = _made(usage(quantity=Decimal(7)), book(entry("10", method=MARKUP)), TEN_OFF)

    assert Money(Decimal("8.78"), "EUR") == made.amount  # 8.775
    assert () == made.explanation.price.pieces
    assert "0.702 x 12.5 = 8.78 EUR" == arithmetic(made)
    assert Money(Decimal("1.05"), "EUR") == markup.amount  # 1.0625 x 1.1 x 0.9 = 1.051875
    assert Decimal("0.1502679") == markup.unit_price


def test_an_offer_in_another_currency_needs_a_rate(licence: MakeLine, book: MakeBook) -> None:
    """Missing, it blocks and the offer is left out; old, it warns; the rate stands on the step."""
    offer = Offer(name="Dollars", reach=Reach(), fixed_price=Decimal(6), currency="USD", row=4)
    rate = ExchangeRate(
        source_currency="USD", target_currency="EUR", rate=Decimal("1.5"), rate_on=date(2026, 8, 1), source="bank"
    )
    without = _charged(licence(), book("10"), offer)
    converted = _charged(licence(), book("10"), offer, rates=[rate])

    assert without.line is not None
    assert converted.line is not None
    assert ([IssueCode.RATE_MISSING], "100.00 EUR") == (
        [issue.code for issue in without.issues],
        str(without.line.amount),
    )
    assert ([IssueCode.RATE_STALE], "90.00 EUR") == (
        [issue.code for issue in converted.issues],
        str(converted.line.amount),
    )
    assert Decimal("1.5") == converted.line.explanation.steps[0].rate
    assert () == _charged(licence(), book("10"), TEN_OFF, rates=[rate]).issues


def test_a_price_lock_takes_the_price_of_the_terms_first_day(
    licence: MakeLine, book: MakeBook, entry: MakeEntry
) -> None:
    """From the next renewal a new price applies; without a lock from the next cycle."""
    raised_on = date(2026, 11, 1)
    prices = book(entry("10", valid_until=raised_on), entry("12", valid_from=raised_on))
    november = licence(charge=Period.inclusive(date(2026, 11, 1), date(2026, 11, 30)))
    locked = SpecialTerms(locks=PriceLocks(PriceLockPolicy.FROM_NEXT_RENEWAL))
    outcomes = [charge(november, prices, special=special).line for special in (locked, SpecialTerms(), None)]
    made = [outcome for outcome in outcomes if outcome is not None]

    assert ["100.00 EUR", "120.00 EUR", "120.00 EUR"] == [str(each.amount) for each in made]
    assert [date(2027, 10, 1), date(2026, 12, 1), None] == [each.explanation.locked_until for each in made]
    assert [date(2026, 10, 1), raised_on, raised_on] == [each.explanation.price_on for each in made]


def test_several_services_are_counted_for_each_customers_month(licence: MakeLine, book: MakeBook) -> None:
    """Two products of one vendor reach the threshold, for all of the vendor's lines."""
    suite = SeveralServicesDiscount(
        name="Suite", reach=Reach(), vendor="Microsoft", thresholds=(Threshold(2, Decimal(10)),), row=7
    )
    terms = Terms(BillingPeriod(2026, 10), book("10"), special=SpecialTerms(AdjustmentRules([suite])))
    one = CustomerLines(licence().customer_id, lines=[licence()])
    two = CustomerLines(licence().customer_id, lines=[licence(), licence(product_id="P2", subscription_id="sub-2")])

    assert ["100.00 EUR"] == [str(invoice.total) for invoice in bill_customer(one, terms).invoices]
    assert ["180.00 EUR"] == [str(invoice.total) for invoice in bill_customer(two, terms).invoices]


def test_an_offer_for_a_group_is_found_by_its_customers(licence: MakeLine, entry: MakeEntry) -> None:
    """The same groups as the price list's."""
    groups = {"Schools": ["0F3A21BC-1111-4222-8333-444455556666"]}
    prices = PriceBook([entry("10", scope="schools", scope_kind=ScopeKind.GROUP)], groups=groups)
    offer = Offer(
        name="School",
        reach=Reach(customer_group="schools", keys=PriceKeys(vendor="Microsoft")),
        percent_off=Decimal(50),
    )
    special = SpecialTerms(AdjustmentRules([offer], groups=groups))
    made = charge(licence(), prices, special=special).line

    assert made is not None
    assert "50.00 EUR" == str(made.amount)
