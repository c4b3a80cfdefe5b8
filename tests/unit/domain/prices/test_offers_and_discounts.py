"""Offers and discounts: which one wins, and what it leaves of the price."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest

from shared.domain.errors import PriceListError
from shared.domain.money import Money
from shared.domain.prices import PriceKeys
from shared.domain.prices.discounts import (
    RelationshipDiscount,
    SeveralServicesDiscount,
    Threshold,
    checked_relationships,
    checked_several_services,
    product_counts,
    relationship,
    several_services,
)
from shared.domain.prices.offers import Offer, checked_offers, in_own_currency, winners
from shared.domain.prices.reach import Reach
from shared.domain.source_lines import SourceLine

MakeLine = Callable[..., SourceLine]
TEN = Fraction(10)


def _offer(name: str, off: str | None = "10", fixed: str | None = None, **changed: Any) -> Offer:
    numbers = {
        "percent_off": None if off is None or fixed else Decimal(off),
        "fixed_price": None if fixed is None else Decimal(fixed),
        "currency": changed.pop("currency", "EUR" if fixed else ""),
    }
    is_combinable = changed.pop("is_combinable", False)
    return Offer(name=name, reach=Reach(**changed), is_combinable=is_combinable, **numbers)


def _won(*offers: Offer) -> list[str]:
    orders = [[offer.name for offer in winners(order, TEN)] for order in permutations(offers)]
    assert all(order == orders[0] for order in orders)
    return orders[0]


def test_one_offer_wins_and_the_others_do_not_apply() -> None:
    """The customer's own before a higher one for everybody."""
    assert ["own"] == _won(_offer("own", "5", customer_id="c"), _offer("all", "50"))
    assert ["sku"] == _won(_offer("sku", "5", keys=PriceKeys(product_id="P", sku_id="1")), _offer("all", "50"))


def test_of_equally_specific_offers_the_lowest_price_wins() -> None:
    """A customer in two groups; of equal prices the first by name."""
    a, b = _offer("a", "20", customer_group="a"), _offer("b", fixed="7.99", customer_group="b")

    assert ["b"] == _won(a, b)
    assert ["a"] == _won(a, _offer("c", fixed="8", customer_group="c"))


def test_combinable_offers_follow_a_combinable_winner() -> None:
    """The most specific first; one that is not combinable stays alone or stays out."""
    own = _offer("own", "5", customer_id="c", is_combinable=True)
    group = _offer("group", "5", customer_group="g", is_combinable=True)
    everybody, alone = _offer("all", "20", is_combinable=True), _offer("alone", "90")

    assert ["own", "group", "all"] == _won(everybody, own, alone, group)
    assert ["alone"] == _won(_offer("alone", "1", customer_id="c"), everybody)


def test_an_offer_never_raises_a_price() -> None:
    """A fixed price above what the customer pays without it is left out, and nothing off is no offer."""
    assert [] == _won(_offer("dear", fixed="10"), _offer("nothing", "0"))
    assert ["all"] == _won(_offer("dear", fixed="12", customer_id="c"), _offer("all", "1"))
    assert TEN == _offer("dear", fixed="12").price(TEN, {})
    assert Fraction(6) == _offer("foreign", fixed="12", currency="USD").price(TEN, {"USD": Fraction(1, 2)})
    assert Fraction("9.25") == _offer("off", "7.5").price(TEN, {})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"off": None}, "give either a percentage off or a fixed price"),
        ({"off": "-1"}, "-1 percent off is not from 0 to 100"),
        ({"off": "100.01"}, "100.01 percent off is not from 0 to 100"),
        ({"off": "NaN"}, "NaN percent off is not from 0 to 100"),
        ({"fixed": "-1"}, "a fixed price is not negative, has a currency, and cannot be combined"),
        ({"fixed": "1", "currency": ""}, "a fixed price is not negative, has a currency, and cannot be combined"),
        ({"fixed": "1", "is_combinable": True}, "a fixed price is not negative, has a currency"),
        ({"off": "1", "currency": "EUR"}, "a percentage has no currency"),
    ],
)
def test_an_offer_that_says_nothing_clear_is_refused(changed: dict[str, Any], said: str) -> None:
    """Either a percentage from 0 to 100, or a price with its currency, which stands alone."""
    with pytest.raises(PriceListError, match=f"^offer bad: {said}"):
        _offer("bad", **changed)


def test_an_offer_with_both_is_refused() -> None:
    """A percentage and a price."""
    with pytest.raises(PriceListError, match="either"):
        Offer(name="bad", reach=Reach(), percent_off=Decimal(1), fixed_price=Decimal(1), currency="EUR")


def test_two_offers_for_one_thing_must_be_combinable() -> None:
    """Else the list would leave the choice to us."""
    assert 2 == len(checked_offers([_offer("a", is_combinable=True), _offer("b", is_combinable=True)]))
    with pytest.raises(PriceListError, match=r"two offers \(a, b\)"):
        checked_offers([_offer("a"), _offer("b")])


def _discount(name: str, off: str, **changed: Any) -> RelationshipDiscount:
    return RelationshipDiscount(name=name, reach=Reach(**changed), percent_off=Decimal(off))


def test_the_most_specific_relationship_applies_alone() -> None:
    """Of two groups the higher percentage; none without any."""
    own, high, low = (
        _discount("own", "1", customer_id="c"),
        _discount("h", "9", customer_group="a"),
        _discount("l", "2"),
    )

    assert own == relationship([low, high, own])
    assert high == relationship([_discount("b", "3", customer_group="b"), high, low])
    assert relationship([]) is None
    with pytest.raises(PriceListError, match="two relationship discounts"):
        checked_relationships([low, _discount("again", "3")])
    assert (own, low) == checked_relationships([own, low])
    with pytest.raises(PriceListError, match=r"^discount [^:]+: .* is not from 0 to 100"):
        _discount("bad", "101")


def _several(vendor: str = "Microsoft", *thresholds: tuple[int, str], **changed: Any) -> SeveralServicesDiscount:
    made = tuple(Threshold(count, Decimal(off)) for count, off in thresholds or ((2, "3"), (5, "7.5")))
    return SeveralServicesDiscount(name="bundle", vendor=vendor, thresholds=made, reach=Reach(**changed))


@pytest.mark.parametrize(("count", "off"), [(1, None), (2, "3"), (4, "3"), (5, "7.5"), (99, "7.5")])
def test_the_highest_threshold_reached_gives_the_percentage(count: int, off: str | None) -> None:
    """Below the first there is none."""
    found = several_services([_several()], "Microsoft Ireland", count)

    assert (None if off is None else Decimal(off)) == (found and found[1])


def test_only_the_vendors_own_discount_applies() -> None:
    """The customer's own before that of everybody; in two groups the higher."""
    own = _several("Microsoft", (1, "2"), customer_id="c")
    groups = [_several("Microsoft", (1, off), customer_group=off) for off in ("1", "4")]

    assert several_services([_several("Adobe", (1, "50"))], "Microsoft", 9) is None
    assert (own, Decimal(2)) == several_services([_several(), own, *groups], "Microsoft", 9)
    assert (groups[1], Decimal(4)) == several_services([_several(), *groups], "Microsoft", 9)


def test_products_are_counted_once_and_only_where_charged(licence: MakeLine, usage: MakeLine) -> None:
    """Two subscriptions of a product are one, and so is all Azure usage; refunds, credits and trials are none."""
    zero = Money(Decimal(0), "EUR")
    lines = [
        licence(),
        licence(subscription_id="sub-2", product_id="cfq7ttc0lchc", sku_id="0009"),
        licence(product_id="REFUNDED", cost=Money(Decimal(-1), "EUR")),
        licence(product_id="CREDIT", charge_type="customerCredit"),
        licence(product_id="TRIAL", cost=zero, unit_price=Decimal(0)),
        licence(product_id="", product_name="By name"),
        licence(product_id="ADOBE", publisher="Adobe", publisher_id="77"),
        usage(),
        usage(meter_id="meter-2", product_id="another meter's"),
    ]

    assert {"microsoft": 3, "adobe": 1} == product_counts(lines)


@pytest.mark.parametrize(
    ("vendor", "thresholds", "changed", "said"),
    [
        ("", ((1, "1"),), {}, "name one vendor, and no product: it is for all products of the vendor"),
        ("Microsoft", ((1, "1"),), {"keys": PriceKeys(product_id="P")}, "name one vendor, and no product"),
        ("Microsoft", ((0, "1"),), {}, "give at least one threshold, of one product or more"),
        ("Microsoft", ((1, "101"),), {}, "101 percent off is not from 0 to 100"),
        ("Microsoft", ((2, "1"), (2, "2")), {}, "thresholds and percentages must rise: "),
        ("Microsoft", ((2, "2"), (3, "1")), {}, "thresholds and percentages must rise: "),
    ],
)
def test_a_several_services_discount_that_cannot_be_is_refused(
    vendor: str, thresholds: tuple[tuple[int, str], ...], changed: dict[str, Any], said: str
) -> None:
    """One vendor, no products, rising thresholds and percentages."""
    with pytest.raises(PriceListError, match=f"^discount [^:]+: {said}"):
        _several(vendor, *thresholds, **changed)


def test_two_thresholds_may_give_the_same_percentage() -> None:
    """It does not fall, which is all that is asked."""
    assert Decimal(2) == _several("Microsoft", (2, "2"), (3, "2")).percent_off(3)


def test_a_several_services_discount_needs_a_threshold() -> None:
    """And one vendor has one discount for the same customers."""
    with pytest.raises(PriceListError, match="at least one threshold"):
        SeveralServicesDiscount(name="bad", vendor="Microsoft", thresholds=(), reach=Reach())
    with pytest.raises(PriceListError, match="two several-services discounts"):
        checked_several_services([_several(), _several("microsoft corporation")])
    assert 2 == len(checked_several_services([_several(), _several("Adobe")]))


def test_a_percentage_stands_beside_a_price_in_the_currency_of_the_sale() -> None:
    """Only prices in other currencies give way to one in the sale's own."""
    percentage = _offer("Percent")
    own = _offer("Own", None, "8", currency="EUR")
    foreign = _offer("Foreign", None, "9", currency="USD")

    assert [percentage, own] == in_own_currency([percentage, own, foreign], "EUR")
    assert [percentage, own, foreign] == in_own_currency([percentage, own, foreign], "SEK")
