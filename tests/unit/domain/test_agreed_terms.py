"""Agreed terms: a list of offers and discounts made ready, with what would contradict itself refused."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from shared.domain.agreed_terms import agreed_terms, price_boundaries
from shared.domain.errors import PriceListError
from shared.domain.prices import PriceBook, PriceEntry
from shared.domain.prices.offers import Offer
from shared.domain.prices.price_locks import AgreedLock, PriceLockPolicy
from shared.domain.prices.reach import Reach
from shared.domain.source_lines import SourceLine

MakeEntry = Callable[..., PriceEntry]
MakeLine = Callable[..., SourceLine]
AT_ONCE, AT_RENEWAL = PriceLockPolicy.AT_ONCE, PriceLockPolicy.FROM_NEXT_RENEWAL
ENDS_ON = date(2026, 10, 11)


def _offer(customer_group: str = "") -> Offer:
    reach = Reach(customer_group=customer_group, valid_until=ENDS_ON)
    return Offer(name="Autumn", reach=reach, percent_off=Decimal(10), row=4)


def test_a_list_without_rows_agrees_on_nothing() -> None:
    """So that nothing is asked of each line; a policy beside the list is something."""
    locked = agreed_terms([], name="", groups={}, lock=AT_RENEWAL)

    assert agreed_terms([], name="offers.csv", groups={}) is None
    assert locked is not None
    assert (AT_RENEWAL, False) == (locked.locks.policy("c-1"), bool(locked.rules))


def test_locks_stand_beside_the_rules() -> None:
    """The customer's own row goes before that for everybody, whatever the case of his id; twice the same is once."""
    rows = [
        _offer(),
        AgreedLock(policy=AT_ONCE, customer_id="C-1", row=5),
        AgreedLock(policy=AT_ONCE, customer_id="c-1", row=6),
        AgreedLock(policy=AT_RENEWAL, row=7),
    ]
    terms = agreed_terms(rows, name="offers.csv", groups={})

    assert terms is not None
    assert ((_offer(),), "offers.csv") == (terms.rules.rules, terms.rules.name)
    assert (AT_ONCE, AT_RENEWAL) == (terms.locks.policy("c-1"), terms.locks.policy("c-2"))


def test_without_a_row_for_everybody_the_given_policy_holds() -> None:
    """And without that one, a change reaches the next charge cycle."""
    rows = [AgreedLock(policy=AT_ONCE, customer_id="c-1")]
    given = agreed_terms(rows, name="", groups={}, lock=AT_RENEWAL)
    usual = agreed_terms([_offer()], name="", groups={})

    assert given is not None
    assert usual is not None
    assert (AT_ONCE, AT_RENEWAL) == (given.locks.policy("c-1"), given.locks.policy("c-2"))
    assert AT_ONCE is usual.locks.policy("c-1")


def test_two_policies_for_one_customer_are_refused() -> None:
    """Both rows are named; as is a row that says something else than what was given beside the list."""
    rows = [
        AgreedLock(policy=AT_ONCE, customer_id="c-1", row=2),
        AgreedLock(policy=AT_RENEWAL, customer_id="C-1", row=3),
    ]

    with pytest.raises(PriceListError, match=r"^rows 2 and 3: two price locks for customer C-1: keep one of them$"):
        agreed_terms(rows, name="", groups={})
    said = "^row 9: the price lock for all customers is at_once, but from_next_renewal was given"
    with pytest.raises(PriceListError, match=said):
        agreed_terms([AgreedLock(policy=AT_ONCE, row=9)], name="", groups={}, lock=AT_RENEWAL)


def test_a_rule_for_a_group_of_nobody_is_refused() -> None:
    """It would be passed over in silence; a known group is found whatever its case."""
    terms = agreed_terms([_offer("schools")], name="offers.csv", groups={"Schools": ["c-1"]})

    assert terms is not None
    with pytest.raises(PriceListError, match=r"^offers\.csv, row 4: nobody is in the customer group 'schools'\. Add"):
        agreed_terms([_offer("schools")], name="offers.csv", groups={"Shops": ["c-1"]})


def test_a_price_can_change_on_the_days_of_list_and_rules(licence: MakeLine, entry: MakeEntry) -> None:
    """Without rules only on those of the list, asked as before."""
    raised_on = date(2026, 11, 1)
    prices = PriceBook([entry("10", valid_until=raised_on), entry("12", valid_from=raised_on)])
    locked = agreed_terms([], name="", groups={}, lock=AT_ONCE)
    offers = agreed_terms([_offer()], name="", groups={})

    assert (ENDS_ON, raised_on) == price_boundaries(prices, offers)(licence())
    assert prices.boundaries == price_boundaries(prices, None) == price_boundaries(prices, locked)
