"""Adjustments: everything that changes a price applies in one documented order, and every step is told."""

import itertools
import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from shared.domain.errors import IntegrityError, PriceListError
from shared.domain.prices import PriceBook, PriceEntry, PriceKeys
from shared.domain.prices.adjustment_rules import NO_ADJUSTMENTS, AdjustmentRules, SaleAt
from shared.domain.prices.adjustments import Adjusted, Applicable, Step, StepKind, Uplift, adjusted, shown, unconverted
from shared.domain.prices.discounts import RelationshipDiscount, SeveralServicesDiscount, Threshold
from shared.domain.prices.exchange import Conversion, ExchangeRate, ExchangeRates
from shared.domain.prices.guards import Bases, Guard, GuardAction, GuardBase, GuardKind
from shared.domain.prices.offers import Offer
from shared.domain.prices.promotions import Promotion, PromotionPolicy, PromotionSwitch
from shared.domain.prices.reach import Reach
from shared.domain.prices.subjects import PriceSubject
from shared.domain.source_lines import SourceLine

BASES = Bases(currency="EUR", cost=Fraction(8), erp=Fraction(12))
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
EVERYBODY = Reach()
SEVERAL = SeveralServicesDiscount(
    name="suite", reach=EVERYBODY, vendor="Microsoft", thresholds=(Threshold(2, Decimal(10)),), row=6
)
RELATIONSHIP = RelationshipDiscount(name="partner", reach=EVERYBODY, percent_off=Decimal(10), row=5)
OFFER = Offer(name="autumn", reach=EVERYBODY, percent_off=Decimal(10), row=4)
PROMOTION = Promotion(promotion_id="promo", percent=Decimal(10), policy=PromotionPolicy.PASSED_ON, row=3)
UPLIFT = Uplift(price=Fraction(120), percent=Decimal(10), amount=Decimal(10), row=2)


def _guard(kind: GuardKind, value: str, action: GuardAction = GuardAction.CLAMP, **changed: Any) -> Guard:
    base = changed.pop("base", GuardBase.AMOUNT)
    currency = "EUR" if base is GuardBase.AMOUNT else ""
    return Guard(
        name=kind.value, kind=kind, base=base, value=Decimal(value), action=action, currency=currency, reach=EVERYBODY
    )


FLOOR, CAP = _guard(GuardKind.FLOOR, "70"), _guard(GuardKind.CAP, "65")
ALL = Applicable(
    bases=BASES,
    uplift=UPLIFT,
    promotion=PROMOTION,
    offers=(OFFER,),
    relationships=(RELATIONSHIP,),
    several_services=(SEVERAL,),
    vendor="microsoft",
    product_count=2,
    guards=(FLOOR, CAP),
)


def test_everything_applies_in_the_order_of_the_table() -> None:
    """100, plus 10 percent, plus 10, four times less 10 percent, to the cap, to the floor: 70."""
    made = adjusted(Decimal(100), ALL)

    assert [
        (StepKind.UPLIFT, "price list", "100", "120", "10", "10"),
        (StepKind.PROMOTION, "promo", "120", "108", "10", None),
        (StepKind.OFFER, "autumn", "108", "97.2", "10", None),
        (StepKind.RELATIONSHIP, "partner", "97.2", "87.48", "10", None),
        (StepKind.SEVERAL_SERVICES, "suite (2 products)", "87.48", "78.732", "10", None),
        (StepKind.CAP, "cap", "78.732", "65", None, "65"),
        (StepKind.FLOOR, "floor", "65", "70", None, "70"),
    ] == [
        (
            step.kind,
            step.name,
            str(step.before),
            str(step.after),
            step.percent and str(step.percent),
            step.amount and str(step.amount),
        )
        for step in made.steps
    ]
    assert [2, 3, 4, 5, 6, 0, 0] == [step.row for step in made.steps]
    assert (Fraction(70), ()) == (made.price, made.breaches)
    assert list(StepKind) == sorted({step.kind for step in made.steps}, key=list(StepKind).index)


def test_each_step_starts_where_the_one_before_ended() -> None:
    """So the steps can be redone one by one."""
    steps = adjusted(Fraction(100, 3), ALL).steps

    assert all(before.after == after.before for before, after in itertools.pairwise(steps))
    assert Decimal("33.333333333333") == steps[0].before


def test_without_an_adjustment_the_price_is_unchanged() -> None:
    """And what changes nothing is no step."""
    nothing = Applicable(
        bases=BASES,
        uplift=Uplift(price=Fraction(10, 3), percent=Decimal(0), amount=Decimal(0)),
        relationships=(RelationshipDiscount(name="none", reach=EVERYBODY, percent_off=Decimal(0)),),
        several_services=(SEVERAL,),
        vendor="microsoft",
        product_count=1,
        guards=(_guard(GuardKind.FLOOR, "1"),),
    )

    for things in (Applicable(bases=BASES), nothing):
        assert Adjusted(Fraction(10, 3)) == adjusted(Fraction(10, 3), things)


def test_a_promotion_inside_the_cost_is_not_given_again() -> None:
    """Passing it on changes nothing where the price rests on cost; keeping it changes nothing anywhere else."""
    inside = Applicable(bases=BASES, promotion=PROMOTION, rests_on_cost=True)
    kept = Promotion(promotion_id="promo", percent=Decimal(10), policy=PromotionPolicy.KEPT)

    assert () == adjusted(Decimal(100), inside).steps
    assert () == adjusted(Decimal(100), Applicable(bases=BASES, promotion=kept)).steps


def test_a_guard_that_tells_leaves_the_price() -> None:
    """The breach says which limit was passed, and at which price."""
    tells = (_guard(GuardKind.CAP, "5", GuardAction.TELL), _guard(GuardKind.FLOOR, "20", GuardAction.TELL))
    made = adjusted(Decimal(10), Applicable(bases=BASES, guards=tells))

    assert (Fraction(10), ()) == (made.price, made.steps)
    assert [(GuardKind.CAP, Fraction(5)), (GuardKind.FLOOR, Fraction(20))] == [
        (found.guard.kind, found.limit) for found in made.breaches
    ]


def test_a_relative_guard_clamps_with_its_percentage() -> None:
    """Never below cost plus five percent."""
    floor = _guard(GuardKind.FLOOR, "105", base=GuardBase.PERCENT_OF_COST)
    (step,) = adjusted(Decimal(1), Applicable(bases=BASES, guards=(floor,))).steps

    assert (Decimal("8.4"), Decimal(105), None) == (step.after, step.percent, step.amount)


def test_an_offer_in_another_currency_is_converted_and_the_rate_frozen() -> None:
    """Without a rate it is left out and told."""
    offer = Offer(name="dollars", reach=EVERYBODY, fixed_price=Decimal(6), currency="USD", row=4)
    rate = ExchangeRate(
        source_currency="USD", target_currency="EUR", rate=Decimal("0.9"), rate_on=OCTOBER, source="bank"
    )
    things = Applicable(bases=BASES, offers=(offer,), conversions={"USD": Conversion(rate)})
    (step,) = adjusted(Decimal(10), things).steps

    assert (Decimal("5.4"), Decimal(6), "USD", Decimal("0.9")) == (step.after, step.amount, step.currency, step.rate)
    assert "1 USD = 0.9 EUR (bank, 2026-10-01)" == step.rate_source
    assert () == unconverted(things)
    assert (offer,) == unconverted(Applicable(bases=BASES, offers=(offer, OFFER)))
    assert () == adjusted(Decimal(10), Applicable(bases=BASES, offers=(offer,))).steps


def test_offers_are_compared_in_the_currency_of_the_sale() -> None:
    """Six dollars at 1.5 are nine euro: the offer of eight euro leaves less."""
    rate = ExchangeRate(source_currency="USD", target_currency="EUR", rate=Decimal("1.5"), rate_on=OCTOBER, source="b")
    dollars = Offer(name="dollars", reach=Reach(customer_group="a"), fixed_price=Decimal(6), currency="USD")
    euro = Offer(name="euro", reach=Reach(customer_group="b"), fixed_price=Decimal(8), currency="EUR")
    things = Applicable(bases=BASES, offers=(dollars, euro), conversions={"USD": Conversion(rate)})
    made = adjusted(Decimal(10), things)

    assert (Fraction(8), ["euro"], [""]) == (
        made.price,
        [step.name for step in made.steps],
        [step.rate_source for step in made.steps],
    )


def test_a_clamp_says_its_currency_and_row() -> None:
    """The limit as it stands in the list."""
    (step,) = adjusted(Decimal(60), Applicable(bases=BASES, guards=(replace(FLOOR, row=8),))).steps

    assert ("EUR", 8, Decimal(70)) == (step.currency, step.row, step.amount)


def test_steps_are_taken_without_a_sign() -> None:
    """A refund goes through the same steps as its charge; a negative price has to be turned first."""
    with pytest.raises(IntegrityError, match="without its sign"):
        adjusted(Decimal(-1), ALL)


@pytest.mark.parametrize(
    ("price", "text"),
    [
        ("12", "12"),
        ("12.5", "12.5"),
        ("1/3", "0.333333333333"),
        ("1/4096", "0.000244140625"),
        ("2/3", "0.666666666667"),
    ],
)
def test_a_price_is_shown_exactly_where_it_ends(price: str, text: str) -> None:
    """Else to twelve decimals."""
    assert text == str(shown(Fraction(price)))


SUBJECT = PriceSubject(customer_id="C-1", subscription_id="sub-1", vendor="Microsoft Ireland", product_id="P")


def test_a_line_gets_the_rules_that_are_for_it_on_its_day() -> None:
    """By scope, keys and dates, groups included; the count is that of its vendor."""
    own = Offer(
        name="own", reach=Reach(customer_id="c-1", valid_from=OCTOBER, valid_until=NOVEMBER), percent_off=Decimal(1)
    )
    group = RelationshipDiscount(name="group", reach=Reach(customer_group="Schools"), percent_off=Decimal(2))
    other = Offer(
        name="other", reach=Reach(keys=PriceKeys(product_id="X"), valid_from=NOVEMBER), percent_off=Decimal(3)
    )
    rules = AdjustmentRules([own, group, other, SEVERAL, FLOOR], groups={"schools": ["C-1", "c-9"]})
    found = rules.applicable(SUBJECT, SaleAt(on=OCTOBER, bases=BASES), {"microsoft": 4, "adobe": 9})
    later = rules.applicable(SUBJECT, SaleAt(on=NOVEMBER, bases=BASES, rests_on_cost=True))

    assert ((own,), (group,), (SEVERAL,), (FLOOR,)) == (
        found.offers,
        found.relationships,
        found.several_services,
        found.guards,
    )
    assert ("microsoft", 4, BASES) == (found.vendor, found.product_count, found.bases)
    assert ((), 0, True) == (later.offers, later.product_count, later.rests_on_cost)
    assert (OCTOBER, NOVEMBER) == rules.boundaries(SUBJECT)
    assert () == rules.boundaries(PriceSubject(customer_id="c-2", product_id="Y"))
    assert rules
    assert not NO_ADJUSTMENTS


def test_discounts_and_guards_end_on_their_days_too() -> None:
    """From their last day on they are not there."""
    until = Reach(valid_until=NOVEMBER)
    rules = AdjustmentRules(
        [replace(RELATIONSHIP, reach=until), replace(SEVERAL, reach=until), replace(CAP, reach=until)]
    )
    before, after = (rules.applicable(SUBJECT, SaleAt(on=day, bases=BASES)) for day in (OCTOBER, NOVEMBER))

    assert (1, 1, 1) == (len(before.relationships), len(before.several_services), len(before.guards))
    assert ((), (), ()) == (after.relationships, after.several_services, after.guards)


def test_a_list_of_rules_has_a_name_for_messages() -> None:
    """Its file's, or what it is."""
    assert ["offers and discounts", "o.csv"] == [AdjustmentRules().name, AdjustmentRules(name="o.csv").name]


def test_foreign_offers_are_converted_at_the_rate_of_the_day() -> None:
    """Without a day, or without a rate, there is no conversion."""
    rate = ExchangeRate(source_currency="USD", target_currency="EUR", rate=Decimal(2), rate_on=OCTOBER, source="bank")
    offers = [
        Offer(
            name=currency,
            reach=Reach(keys=PriceKeys(product_id=product)),
            fixed_price=Decimal(1),
            currency=currency,
        )
        for currency, product in (("USD", "P"), ("SEK", "P"), ("EUR", "P"))
    ]
    with pytest.raises(PriceListError, match=r"o\.csv, rows 0 and 0: two offers"):
        AdjustmentRules([offers[0], offers[0]], name="o.csv")
    usd, sek = (AdjustmentRules([offer], rates=ExchangeRates([rate])) for offer in offers[:2])
    sale = SaleAt(on=NOVEMBER, bases=BASES)

    assert {"USD": Conversion(rate)} == usd.applicable(SUBJECT, sale).conversions
    assert {} == sek.applicable(SUBJECT, sale).conversions
    assert {} == usd.applicable(SUBJECT, SaleAt(on=None, bases=BASES)).conversions
    assert {} == usd.applicable(SUBJECT, SaleAt(on=NOVEMBER, bases=Bases(currency="USD"))).conversions


def test_a_fixed_price_may_be_given_once_in_each_currency() -> None:
    """That in the currency of the sale counts, and the others neither win at a rate nor miss one; no percentage."""
    euro, krona = (
        Offer(name=currency, reach=Reach(), fixed_price=Decimal(price), currency=currency)
        for currency, price in (("EUR", "9"), ("SEK", "1"))
    )
    own = Offer(name="own", reach=Reach(customer_id="c-1"), fixed_price=Decimal(8), currency="SEK")
    rules = AdjustmentRules([euro, krona, own])
    found = rules.applicable(SUBJECT, SaleAt(on=NOVEMBER, bases=BASES)).offers
    other = rules.applicable(PriceSubject(customer_id="c-2"), SaleAt(on=NOVEMBER, bases=BASES)).offers

    assert ((own, euro), (euro,)) == (found, other)
    with pytest.raises(PriceListError, match="two offers"):
        AdjustmentRules([krona, euro, Offer(name="off", reach=Reach(), percent_off=Decimal(5))])


def test_the_switch_of_a_promotion_is_found_for_the_buyer() -> None:
    """Nothing is decided where nobody decided."""
    switch = PromotionSwitch(policy=PromotionPolicy.KEPT, reach=Reach(customer_id="c-1"))

    assert switch == AdjustmentRules([switch]).switch(SUBJECT, "promo")
    assert AdjustmentRules([switch]).switch(PriceSubject(customer_id="c-2"), "promo") is None


def test_a_step_can_be_kept_as_data() -> None:
    """It has numbers, texts and nothing else."""
    assert {
        "kind",
        "name",
        "before",
        "after",
        "percent",
        "amount",
        "currency",
        "row",
        "rate",
        "rate_source",
    } == set(Step.__dataclass_fields__)


def test_the_days_of_rules_and_prices_are_told_together_in_any_process(
    usage: Callable[..., SourceLine], entry: Callable[..., PriceEntry]
) -> None:
    """Usage is cut on all of them; without rules for a line the price list's own days stay."""
    prices = PriceBook([entry("1", valid_until=OCTOBER), entry("2", valid_from=OCTOBER)])
    offer = Offer(
        name="own", reach=Reach(keys=PriceKeys(meter_id="meter-1"), valid_until=NOVEMBER), percent_off=Decimal(1)
    )
    boundaries = pickle.loads(pickle.dumps(AdjustmentRules([offer]).with_boundaries_of(prices)))  # noqa: S301 - our own

    assert (OCTOBER, NOVEMBER) == boundaries(usage())
    assert (OCTOBER,) == boundaries(usage(meter_id="meter-2"))
