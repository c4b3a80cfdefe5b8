"""Reach: whom and what something is for, and what says most."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.errors import PriceListError
from shared.domain.prices import PriceKeys
from shared.domain.prices.offers import Offer
from shared.domain.prices.reach import Reach, Shelf, Sold, applicable, most_specific, refuse_two_for_one, sold
from shared.domain.prices.subjects import PriceSubject

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
SUBJECT = PriceSubject(
    customer_id="C-1",
    subscription_id="SUB-1",
    vendor="Microsoft Corporation",
    charge_type="cycleCharge",
    product_id="P1",
    sku_id="0001",
    term="P1Y",
    billing_plan="Monthly",
)
WHAT = sold(SUBJECT, ["Schools", "North"])


def _reach(**changed: Any) -> Reach:
    names = PriceKeys.__dataclass_fields__
    keys = PriceKeys(**{name: changed.pop(name) for name in list(changed) if name in names})
    return Reach(keys=keys, **changed)


def _offer(name: str = "offer", **changed: Any) -> Offer:
    return Offer(name=name, reach=_reach(**changed), percent_off=Decimal(10))


@pytest.mark.parametrize(
    ("changed", "is_for_it"),
    [
        ({}, True),
        ({"subscription_id": "sub-1"}, True),
        ({"subscription_id": "sub-2"}, False),
        ({"customer_id": "c-1"}, True),
        ({"customer_id": "c-2"}, False),
        ({"customer_group": "SCHOOLS"}, True),
        ({"customer_group": "South"}, False),
        ({"product_id": "p1", "sku_id": "0001"}, True),
        ({"product_id": "p1", "sku_id": "0002"}, False),
        ({"vendor": "Microsoft Ireland Operations"}, True),
        ({"charge_type": "Cycle Charge", "term": "P1Y"}, True),
        ({"meter_id": "m"}, False),
    ],
)
def test_it_is_for_what_it_names(changed: dict[str, Any], is_for_it: bool) -> None:  # noqa: FBT001 - a column
    """An empty field takes anything; case does not matter."""
    assert is_for_it is _reach(**changed).takes(WHAT, OCTOBER)


def test_it_is_for_its_days_only() -> None:
    """The end is exclusive; a line without a day takes only what has no dates."""
    reach = _reach(valid_from=OCTOBER, valid_until=NOVEMBER)

    assert [False, True, False] == [reach.takes(WHAT, day) for day in (date(2026, 9, 30), OCTOBER, NOVEMBER)]
    assert not reach.takes(WHAT, None)
    assert _reach().takes(WHAT, None)
    assert {OCTOBER, NOVEMBER} == reach.days


def test_the_scope_goes_before_the_keys() -> None:
    """Subscription, customer, group, everybody; then SKU, product, vendor, everything."""
    ladder = [
        _offer("a", subscription_id="sub-1"),
        _offer("b", customer_id="c-1", product_id="P1", sku_id="0001"),
        _offer("c", customer_id="c-1"),
        _offer("d", customer_group="North"),
        _offer("e", product_id="P1"),
        _offer("f", vendor="Microsoft"),
        _offer("g"),
    ]

    assert ladder == applicable(reversed(ladder), WHAT, OCTOBER)
    assert ladder[:1] == most_specific(reversed(ladder))
    assert [] == most_specific([])


def test_a_shelf_holds_what_may_be_for_the_buyer() -> None:
    """His subscription, himself, his groups and everybody; nothing of somebody else."""
    own = [_offer("a", subscription_id="sub-1"), _offer("b", customer_id="C-1"), _offer("c", customer_group="schools")]
    everybody, other = _offer("d", product_id="Z"), _offer("e", customer_id="c-2")
    shelf = Shelf([*own, everybody, other])
    nobody = Sold("", "", (), WHAT.values)

    assert {"a", "b", "c", "d"} == {offer.name for offer in shelf.all_for(WHAT)}
    assert ["d"] == [offer.name for offer in shelf.all_for(nobody)]


def test_two_for_the_same_on_the_same_days_are_refused() -> None:
    """After each other, or for others, they may stand beside each other."""
    first = _offer("a", customer_id="c-1", valid_until=NOVEMBER)
    second = _offer("b", customer_id="C-1", valid_from=NOVEMBER)
    refuse_two_for_one([first, second, _offer("c", customer_id="c-2"), _offer("d", customer_id="c-1", term="P1Y")], "x")

    with pytest.raises(
        PriceListError, match=r"two offers \(a, e\) for customer c-1: everything on the same days\. Remove one of"
    ):
        refuse_two_for_one([first, second, _offer("e", customer_id="c-1", valid_until=OCTOBER)], "offer")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"subscription_id": "s", "customer_id": "c"}, "subscription s customer c: everything: name a subscription, a"),
        ({"customer_id": "c", "customer_group": "g"}, "a customer or a group, not two of them$"),
        ({"sku_id": "0001"}, "^all customers: SkuId 0001: the keys SkuId 0001 do not go together$"),
        (
            {"valid_from": NOVEMBER, "valid_until": NOVEMBER},
            "^all customers: everything: its last day 2026-10-31 is before its first, 2026-11-01$",
        ),
    ],
)
def test_what_reaches_nobody_is_refused(changed: dict[str, Any], said: str) -> None:
    """Two scopes, a SKU without its product, an end before the beginning."""
    with pytest.raises(PriceListError, match=said):
        _reach(**changed)


def test_it_says_whom_it_is_for() -> None:
    """For messages."""
    assert "all customers: everything" == str(_reach())
    assert "customer group Schools: ProductId P1" == str(_reach(customer_group="Schools", product_id="P1"))


def test_nothing_given_decides_the_order_of_equals() -> None:
    """Two groups of one customer, alike but for their names: by name, whichever came first."""
    north, schools = _offer(customer_group="North"), _offer(customer_group="Schools")

    assert [north, schools] == applicable([north, schools], WHAT, None) == applicable([schools, north], WHAT, None)


def test_a_subscription_is_compared_without_its_case() -> None:
    """On either side."""
    shelf = Shelf([_offer(subscription_id="Sub-1")])

    assert "sub-1" == sold(SUBJECT).subscription_id
    assert 1 == len(list(shelf.all_for(WHAT)))


def test_an_end_on_the_first_day_of_another_is_no_overlap() -> None:
    """Seen from either of them."""
    first, second = _reach(valid_until=NOVEMBER), _reach(valid_from=NOVEMBER)

    assert not first.overlaps(second)
    assert not second.overlaps(first)
    assert first.overlaps(_reach(valid_from=OCTOBER))
