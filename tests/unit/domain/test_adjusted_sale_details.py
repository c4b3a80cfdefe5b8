"""Adjusted sales in detail: what each step says, which units it saw, currencies of limits, small sums."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from shared.domain.adjusted_sales import SpecialTerms
from shared.domain.charging import Charged, ChargeLine, charge
from shared.domain.explanations import arithmetic
from shared.domain.money import Money
from shared.domain.periods import Period
from shared.domain.prices import NO_PRICE_SHEET, PriceBook, PriceEntry, PriceMethod, PriceSheet, SheetPrice, Tier
from shared.domain.prices.adjustment_rules import AdjustmentRules, Rule
from shared.domain.prices.adjustments import StepKind
from shared.domain.prices.exchange import ExchangeRate, ExchangeRates
from shared.domain.prices.guards import Guard, GuardAction, GuardBase, GuardKind
from shared.domain.prices.offers import Offer
from shared.domain.prices.price_locks import PriceLockPolicy, PriceLocks
from shared.domain.prices.promotions import PromotionPolicy, PromotionSwitch
from shared.domain.prices.reach import Reach
from shared.domain.prices.tiers import units_taken
from shared.domain.source_lines import SourceLine

MakeLine = Callable[..., SourceLine]
MakeEntry = Callable[..., PriceEntry]
MakeBook = Callable[..., PriceBook]
MARKUP, GRADUATED = PriceMethod.MARKUP_ON_COST, PriceMethod.GRADUATED
TEN_OFF = Offer(name="Autumn", reach=Reach(), percent_off=Decimal(10), row=4)
TIERS = (Tier(Decimal(1), Decimal("1.00")), Tier(Decimal(101), Decimal("0.50")))
KEPT = PromotionSwitch(policy=PromotionPolicy.KEPT, reach=Reach(), row=6)
PASSED_ON = PromotionSwitch(policy=PromotionPolicy.PASSED_ON, reach=Reach(), row=6)
PROMOTED = {"promotion_id": "promo:0002", "unit_price": Decimal(10), "effective_unit_price": Decimal(9)}


def _outcome(line: SourceLine, prices: PriceBook, *rules: Rule, **options: Any) -> Charged:
    rates = ExchangeRates(options.pop("rates", ()))
    return charge(line, prices, special=SpecialTerms(AdjustmentRules(rules, rates=rates)), **options)


def _made(line: SourceLine, prices: PriceBook, *rules: Rule, **options: Any) -> ChargeLine:
    made = _outcome(line, prices, *rules, **options).line
    assert made is not None
    return made


def _guard(value: str, base: GuardBase, currency: str = "", kind: GuardKind = GuardKind.FLOOR) -> Guard:
    return Guard(
        name="limit",
        kind=kind,
        base=base,
        value=Decimal(value),
        action=GuardAction.CLAMP,
        reach=Reach(),
        currency=currency,
    )


def test_usage_under_a_lock_is_priced_on_its_own_first_day(usage: MakeLine, book: MakeBook) -> None:
    """A line without a cycle cannot be locked, but it has a day."""
    line = usage(charge=Period.inclusive(date(2026, 10, 7), date(2026, 10, 9)))
    locked = SpecialTerms(locks=PriceLocks(PriceLockPolicy.FROM_NEXT_RENEWAL))
    made = charge(line, book("1"), special=locked).line

    assert made is not None
    assert date(2026, 10, 7) == made.explanation.price_on


def test_a_rule_that_changes_nothing_leaves_the_tiers_on_the_line(
    usage: MakeLine, book: MakeBook, entry: MakeEntry
) -> None:
    """The pieces explain the amount as long as no step replaced it."""
    tiered = book(entry("0", method=GRADUATED, currency="EUR", scope="", tiers=TIERS))
    made = _made(usage(), tiered, _guard("0.01", GuardBase.AMOUNT, "EUR"))

    assert () == made.explanation.steps
    assert [(Decimal("12.5"), Decimal("1.00"))] == [*made.explanation.price.pieces]


def test_a_lower_price_without_a_promotion_is_no_promotion(licence: MakeLine, book: MakeBook) -> None:
    """A switch is about promotions that Microsoft names."""
    made = _made(licence(**PROMOTED | {"promotion_id": ""}), book("20"), PASSED_ON)

    assert Money(Decimal(200), "EUR") == made.amount


def test_a_promotion_is_named_with_the_row_of_its_switch(licence: MakeLine, book: MakeBook) -> None:
    """So that a person finds both."""
    (step,) = _made(licence(**PROMOTED), book("20"), PASSED_ON).explanation.steps

    assert (StepKind.PROMOTION, "promo:0002", 6) == (step.kind, step.name, step.row)


def test_the_steps_begin_at_the_price_of_the_units_that_the_line_takes(
    usage: MakeLine, book: MakeBook, entry: MakeEntry
) -> None:
    """A hundred units stood before it, so its own cost 0.50 before uplift, 0.60 with 10 percent and 5 cents."""
    uplift = {"uplift_percent": Decimal(10), "uplift_amount": Decimal("0.05")}
    made = entry("0", method=GRADUATED, currency="EUR", scope="", tiers=TIERS, **uplift)
    taken = units_taken(TIERS, Decimal(0), Decimal(100), Decimal("12.5"))
    uplifted, _ = _made(usage(), book(made), TEN_OFF, taken=taken).explanation.steps

    assert [Decimal("0.50"), Decimal("0.60")] == [uplifted.before, uplifted.after]
    assert (Decimal(10), Decimal("0.05")) == (uplifted.percent, uplifted.amount)


def test_a_kept_promotion_counts_the_units_of_the_month(licence: MakeLine, book: MakeBook, entry: MakeEntry) -> None:
    """Five free units were used before, so all ten of the line are paid at the list price."""
    line = licence(**PROMOTED, cost=Money(Decimal(90), "EUR"))
    taken = units_taken((), Decimal(5), Decimal(5), Decimal(10))
    made = _made(line, book(entry("0", method=MARKUP, free_units=Decimal(5))), KEPT, taken=taken)

    assert Money(Decimal(100), "EUR") == made.amount


def test_a_limit_in_the_currency_of_the_sale_holds_whatever_the_cost_is_in(
    licence: MakeLine, book: MakeBook, entry: MakeEntry
) -> None:
    """A customer who pays in kronor has his floor in kronor; a percentage of a cost in euro holds nothing."""
    kronor = book(entry("100", currency="SEK"))

    assert Money(Decimal(1200), "SEK") == _made(licence(), kronor, _guard("120", GuardBase.AMOUNT, "SEK")).amount
    assert Money(Decimal(1000), "SEK") == _made(licence(), kronor, _guard("9000", GuardBase.PERCENT_OF_COST)).amount


def test_a_limit_on_erp_converts_it_by_the_rate_of_the_line(licence: MakeLine, book: MakeBook) -> None:
    """ERP 12 at 1.1 is 13.20 in the currency of the sale."""
    row = SheetPrice(
        product_id="CFQ7TTC0LCHC",
        sku_id="0002",
        term="P1Y",
        billing_plan="Monthly",
        currency="EUR",
        cost=Decimal(10),
        erp=Decimal(12),
    )
    line = licence(fx_rate=Decimal("1.1"))
    made = _made(line, book("10"), _guard("100", GuardBase.PERCENT_OF_ERP), sheet=PriceSheet([row]))

    assert Decimal("13.2") == made.unit_price
    assert (
        Decimal(10) == _made(line, book("10"), _guard("100", GuardBase.PERCENT_OF_ERP), sheet=NO_PRICE_SHEET).unit_price
    )


def test_small_and_empty_sales_keep_their_sign(licence: MakeLine, book: MakeBook) -> None:
    """Less than a whole unit of money is still a charge, and so is a price of nothing that a floor raises."""
    one = licence(quantity=Decimal(1))

    assert Money(Decimal("0.05"), "EUR") == _made(one, book("0.05"), TEN_OFF).amount
    assert Money(Decimal("1.00"), "EUR") == _made(one, book("0"), _guard("1", GuardBase.AMOUNT, "EUR")).amount


def test_a_price_of_many_digits_is_shown_whole_after_its_steps(licence: MakeLine, book: MakeBook) -> None:
    """0.1234567891 less 10 percent ends after eleven decimals."""
    assert Decimal("0.11111111019") == _made(licence(), book("0.1234567891"), TEN_OFF).unit_price


def test_missing_and_old_rates_are_told_with_offer_currencies_and_day(
    licence: MakeLine, usage: MakeLine, book: MakeBook
) -> None:
    """The sentence names all that a person needs to add the rate."""
    offer = Offer(name="Dollars", reach=Reach(), fixed_price=Decimal(6), currency="USD", row=4)
    rate = ExchangeRate(
        source_currency="USD", target_currency="EUR", rate=Decimal("1.5"), rate_on=date(2026, 8, 1), source="bank"
    )
    (missing,) = _outcome(licence(), book("10"), offer).issues
    (old,) = _outcome(licence(), book("10"), offer, rates=[rate]).issues
    (undated,) = _outcome(usage(charge=None), book("10"), offer).issues

    assert "No exchange rate from USD to EUR by 2026-10-01 for offer Dollars." == missing.message
    assert "(bank, 2026-08-01) for offer Dollars is 61 days old on 2026-10-01." in old.message
    assert "by 0001-01-01 for" in undated.message


def test_free_units_stay_free_whatever_a_floor_or_an_offer_says(
    licence: MakeLine, book: MakeBook, entry: MakeEntry
) -> None:
    """4 of 10 seats are free: a floor of 8 leaves 6 x 10 alone, an offer of 9 makes 6 x 9, not less than nothing."""
    prices = book(entry("10", free_units=Decimal(4)))
    offer = Offer(name="Nine", reach=Reach(), fixed_price=Decimal(9), currency="EUR")
    floored = _made(licence(), prices, _guard("8", GuardBase.AMOUNT, "EUR"))
    offered = _made(licence(), prices, offer)

    assert (Money(Decimal("60.00"), "EUR"), ()) == (floored.amount, floored.explanation.steps)
    assert "4 x 0.00 + 6 x 9.00 = 54.00 EUR" == arithmetic(offered)
    assert Decimal("5.4") == offered.unit_price


def test_nothing_applies_where_all_units_are_free(licence: MakeLine, book: MakeBook, entry: MakeEntry) -> None:
    """A floor does not charge for what was promised for nothing."""
    made = _made(licence(), book(entry("10", free_units=Decimal(10))), _guard("8", GuardBase.AMOUNT, "EUR"))

    assert (Money(Decimal("0.00"), "EUR"), ()) == (made.amount, made.explanation.steps)


def test_what_is_said_of_a_product_in_an_amount_is_not_said_of_its_part(
    licence: MakeLine, book: MakeBook, entry: MakeEntry
) -> None:
    """Telephony for 2 beside E5: a floor of 30 does not lift it, a price of 25 for all has it inside; a share does."""
    line = licence(unit_price=Decimal(2), effective_unit_price=Decimal(2), cost=Money(Decimal(20), "EUR"))
    marked_up = book(entry("10", method=MARKUP))
    offer = Offer(name="All in", reach=Reach(), fixed_price=Decimal(25), currency="EUR")
    amounts = [
        str(_made(line, marked_up, rule, is_part=True).amount)
        for rule in (
            _guard("30", GuardBase.AMOUNT, "EUR"),
            offer,
            TEN_OFF,
            _guard("150", GuardBase.PERCENT_OF_COST),
        )
    ]

    assert ["22.00 EUR", "0.00 EUR", "19.80 EUR", "30.00 EUR"] == amounts
