"""Promotions are never given twice; guards tell or clamp, and never keep a line from being priced."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from shared.domain.errors import PriceListError
from shared.domain.prices import PriceKeys
from shared.domain.prices.guards import Bases, Breach, Guard, GuardAction, GuardBase, GuardKind, breach
from shared.domain.prices.promotions import (
    Promotion,
    PromotionPolicy,
    PromotionSwitch,
    checked_switches,
    promotion_percent,
    switch_for,
)
from shared.domain.prices.reach import Reach, sold
from shared.domain.prices.subjects import PriceSubject
from shared.domain.proration import WHOLE, Proration
from shared.domain.source_lines import SourceLine

MakeLine = Callable[..., SourceLine]
GIVEN, KEPT = PromotionPolicy.PASSED_ON, PromotionPolicy.KEPT
WHAT = sold(PriceSubject(customer_id="c-1", product_id="P"), ["a", "b"])
FLOOR, CAP, TELL, CLAMP = GuardKind.FLOOR, GuardKind.CAP, GuardAction.TELL, GuardAction.CLAMP


@pytest.mark.parametrize(
    ("policy", "rests_on_cost", "off", "on_list"),
    [
        (GIVEN, False, Decimal(10), False),  # ERP and fixed prices are without it: taken off
        (GIVEN, True, None, False),  # the cost has it inside: nothing twice
        (KEPT, False, None, False),
        (KEPT, True, None, True),  # the list price is without it
    ],
)
def test_a_promotion_is_given_once_or_not_at_all(
    policy: PromotionPolicy,
    rests_on_cost: bool,  # noqa: FBT001 - a column of the table
    off: Decimal | None,
    on_list: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """By what the price rests on."""
    promotion = Promotion(promotion_id="promo", percent=Decimal(10), policy=policy)

    assert off == promotion.percent_off_price(rests_on_cost=rests_on_cost)
    assert on_list is promotion.rests_on_list(rests_on_cost=rests_on_cost)


@pytest.mark.parametrize(
    ("listed", "effective", "proration", "percent"),
    [
        ("16", "14.4", WHOLE, "10"),
        ("3", "2.7", WHOLE, "10"),
        ("16", "14.00", WHOLE, "12.5"),
        ("8.41", "3.907", Proration(16, 31), "10"),  # 8.41 x 16 / 31 x 0.9 = 3.90658...
        ("10", "8.99", WHOLE, "10"),  # one in the last digit may be cut off
        ("10", "8.98", WHOLE, "10.2"),  # two may not
        ("8.41", "8.41", WHOLE, "0"),
        ("8.41", "0", WHOLE, "100"),
        ("8", "5.33328", WHOLE, "33.334"),
        ("8", "5.333331", WHOLE, "33.3334"),  # no rounder number is near: four decimals are the limit
        ("8.41", "8.66", WHOLE, None),  # dearer than its list price: a surcharge, no promotion
        ("0", "0", WHOLE, None),
        (None, "1", WHOLE, None),
        ("1", None, WHOLE, None),
    ],
)
def test_the_percentage_is_worked_out_from_microsofts_prices(
    licence: MakeLine, listed: str | None, effective: str | None, proration: Proration, percent: str | None
) -> None:
    """The roundest number that leads to the printed effective price; None where it cannot be told."""
    line = licence(
        unit_price=None if listed is None else Decimal(listed),
        effective_unit_price=None if effective is None else Decimal(effective),
    )

    assert (None if percent is None else Decimal(percent)) == promotion_percent(line, proration)


def test_a_refund_has_the_percentage_of_its_charge(licence: MakeLine) -> None:
    """Whichever price carries the sign."""
    line = licence(unit_price=Decimal(16), effective_unit_price=Decimal("-14.4"))

    assert Decimal(10) == promotion_percent(line, WHOLE)


def _switch(policy: PromotionPolicy, promotion_id: str = "", row: int = 0, **changed: Any) -> PromotionSwitch:
    return PromotionSwitch(policy=policy, reach=Reach(**changed), promotion_id=promotion_id, row=row)


def test_the_switch_that_says_most_decides() -> None:
    """Scope, keys, then the promotion's own name; of two groups the one that keeps; nobody, and nothing is done."""
    everybody, named = _switch(KEPT, row=1), _switch(GIVEN, "Promo", row=2)
    own, other = _switch(GIVEN, customer_id="c-1", row=3), _switch(KEPT, customer_id="c-2", row=4)
    product = _switch(KEPT, keys=PriceKeys(product_id="p"), row=5)
    groups = [_switch(GIVEN, customer_group="a", row=6), _switch(KEPT, customer_group="b", row=7)]

    assert named == switch_for([everybody, named], WHAT, "PROMO")
    assert everybody == switch_for([everybody, named], WHAT, "else")
    assert product == switch_for([everybody, named, product, other], WHAT, "promo")
    assert groups[1] == switch_for([*groups, everybody], WHAT, "promo")
    assert own == switch_for([everybody, named, own, other, product, *groups], WHAT, "promo")
    assert switch_for([other], WHAT, "promo") is None


def test_switches_that_contradict_each_other_are_refused() -> None:
    """And a switch has no dates: the promotion has Microsoft's."""
    assert 2 == len(checked_switches([_switch(KEPT), _switch(KEPT)]))
    assert 2 == len(checked_switches([_switch(KEPT), _switch(GIVEN, customer_id="c-1")]))
    with pytest.raises(PriceListError, match="both passed on and kept"):
        checked_switches([_switch(KEPT), _switch(GIVEN)])
    with pytest.raises(PriceListError, match="its switch has none"):
        checked_switches([_switch(KEPT, valid_from=date(2026, 1, 1))])


def _guard(
    kind: GuardKind, value: str, base: GuardBase = GuardBase.AMOUNT, action: GuardAction = TELL, **changed: Any
) -> Guard:
    currency = changed.pop("currency", "EUR" if base is GuardBase.AMOUNT else "")
    name = changed.pop("name", "guard")
    reach = Reach(**changed)
    return Guard(name=name, kind=kind, base=base, value=Decimal(value), action=action, currency=currency, reach=reach)


BASES = Bases(currency="EUR", cost=Fraction(8), erp=Fraction(12))


@pytest.mark.parametrize(
    ("guard", "price", "limit"),
    [
        (_guard(FLOOR, "10"), "9.99", "10"),
        (_guard(FLOOR, "10"), "10", None),
        (_guard(CAP, "10"), "10.01", "10"),
        (_guard(CAP, "10"), "10", None),
        (_guard(FLOOR, "105", GuardBase.PERCENT_OF_COST), "8.39", "8.4"),
        (_guard(CAP, "110", GuardBase.PERCENT_OF_ERP), "13.21", "13.2"),
        (_guard(FLOOR, "10", currency="USD"), "1", None),
    ],
)
def test_a_price_beyond_the_limit_is_noticed(guard: Guard, price: str, limit: str | None) -> None:
    """A limit is inclusive; one in another currency holds nothing."""
    found = breach([guard], guard.kind, Fraction(price), BASES)

    assert (Breach(guard, Fraction(price), Fraction(limit)) if limit else None) == found


def test_a_limit_without_its_base_holds_nothing() -> None:
    """No price sheet, or a cost that is unknown."""
    guards = [_guard(FLOOR, "1000", GuardBase.PERCENT_OF_COST), _guard(FLOOR, "1000", GuardBase.PERCENT_OF_ERP)]

    assert breach(guards, FLOOR, Fraction(1), Bases(currency="EUR")) is None
    assert breach([], FLOOR, Fraction(1), BASES) is None
    assert breach([_guard(CAP, "1")], FLOOR, Fraction(9), BASES) is None


def test_the_most_specific_guard_holds() -> None:
    """Of equally specific ones the highest floor and the lowest cap; one whose base is unknown gives way."""
    own = _guard(FLOOR, "5", customer_id="c-1")
    floors, caps = [_guard(FLOOR, "7"), _guard(FLOOR, "6")], [_guard(CAP, "7"), _guard(CAP, "6")]
    foreign = _guard(FLOOR, "5", customer_id="c-1", currency="USD")

    assert Breach(own, Fraction(4), Fraction(5)) == breach([*floors, own], FLOOR, Fraction(4), BASES)
    assert breach([*floors, own], FLOOR, Fraction("5.5"), BASES) is None
    assert Breach(floors[0], Fraction(4), Fraction(7)) == breach([foreign, *floors], FLOOR, Fraction(4), BASES)
    assert Breach(caps[1], Fraction(9), Fraction(6)) == breach(caps, CAP, Fraction(9), BASES)


@pytest.mark.parametrize(
    ("value", "base", "currency"),
    [
        ("-1", GuardBase.AMOUNT, "EUR"),
        ("NaN", GuardBase.AMOUNT, "EUR"),
        ("1", GuardBase.AMOUNT, ""),
        ("1", GuardBase.PERCENT_OF_COST, "EUR"),
    ],
)
def test_a_guard_that_cannot_be_is_refused(value: str, base: GuardBase, currency: str) -> None:
    """Negative, no number, an amount without currency or a percentage with one."""
    said = "is negative or no number" if base is GuardBase.AMOUNT and currency else "an amount needs a currency, a perc"
    with pytest.raises(PriceListError, match=f"^floor guard: .*{said}"):
        _guard(FLOOR, value, base, currency=currency)
