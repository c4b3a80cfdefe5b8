"""Price locks: when a change of the price list reaches a running term."""

from datetime import date

import pytest

from shared.domain.periods import Period
from shared.domain.prices.price_locks import AgreedLock, PriceLock, PriceLockPolicy, PriceLocks, price_lock

AT_ONCE, AT_RENEWAL = PriceLockPolicy.AT_ONCE, PriceLockPolicy.FROM_NEXT_RENEWAL
TERM = Period(date(2026, 3, 15), date(2027, 3, 15))
CYCLE = Period(date(2026, 10, 15), date(2026, 11, 15))
RENEWAL = date(2027, 3, 15)


def test_at_once_a_change_reaches_the_next_cycle() -> None:
    """The price date is the first day of the cycle, and the price stays until its end."""
    assert PriceLock(AT_ONCE, CYCLE.start, CYCLE.end, RENEWAL) == price_lock(AT_ONCE, term=TERM, cycle=CYCLE)


def test_from_the_next_renewal_the_price_of_the_term_stays() -> None:
    """The price date is the first day of the term, and the lock ends when it renews."""
    lock = price_lock(AT_RENEWAL, term=TERM, cycle=CYCLE)

    assert PriceLock(AT_RENEWAL, TERM.start, RENEWAL, RENEWAL) == lock


@pytest.mark.parametrize("policy", list(PriceLockPolicy))
def test_a_cycle_that_began_before_its_term_takes_the_price_of_the_terms_first_day(policy: PriceLockPolicy) -> None:
    """A term cut short to end with another one begins in the middle of its first cycle."""
    cycle = Period(date(2026, 3, 1), date(2026, 4, 1))

    assert TERM.start == price_lock(policy, term=TERM, cycle=cycle).price_on


@pytest.mark.parametrize("policy", list(PriceLockPolicy))
def test_what_has_no_term_cannot_be_locked(policy: PriceLockPolicy) -> None:
    """Usage takes the price of its own day, a line without any date none; a term elsewhere does not count."""
    day = date(2026, 10, 7)
    later = Period(date(2028, 1, 1), date(2028, 2, 1))

    assert PriceLock(policy, day, None, None) == price_lock(policy, term=None, cycle=None, charge_from=day)
    assert PriceLock(policy, None, None, None) == price_lock(policy, term=TERM, cycle=None)
    assert PriceLock(policy, later.start, later.end, None) == price_lock(policy, term=TERM, cycle=later)
    assert price_lock(policy, term=later, cycle=CYCLE).renews_on is None


def test_a_term_without_cycles_is_found_by_the_day() -> None:
    """A charge on a day of the term is locked as a cycle is."""
    lock = price_lock(AT_RENEWAL, term=TERM, cycle=None, charge_from=date(2026, 10, 7))

    assert (TERM.start, RENEWAL) == (lock.price_on, lock.locked_until)


def test_several_terms_under_the_same_dates_are_told_apart() -> None:
    """Three years of a yearly commitment renew every year, counted from the start."""
    dates = Period(date(2024, 3, 15), date(2027, 3, 15))
    lock = price_lock(AT_RENEWAL, term=dates, cycle=CYCLE, term_months=12)

    assert (date(2026, 3, 15), RENEWAL) == (lock.price_on, lock.locked_until)
    assert dates.start == price_lock(AT_RENEWAL, term=dates, cycle=CYCLE, term_months=36).price_on


def test_the_last_of_several_terms_ends_with_their_dates() -> None:
    """Dates that hold one and a half terms end the second one early."""
    dates = Period(date(2025, 9, 1), date(2027, 3, 1))
    lock = price_lock(AT_RENEWAL, term=dates, cycle=CYCLE, term_months=12)

    assert (date(2026, 9, 1), date(2027, 3, 1)) == (lock.price_on, lock.locked_until)


def test_dates_that_make_no_whole_months_are_one_term() -> None:
    """A term cut short keeps its own dates."""
    odd = Period(date(2026, 3, 15), date(2027, 3, 1))

    assert odd.end == price_lock(AT_RENEWAL, term=odd, cycle=CYCLE, term_months=1).locked_until


def test_the_customers_policy_goes_before_that_of_the_list() -> None:
    """Whatever the case of his id."""
    locks = PriceLocks(AT_ONCE, {"C-1": AT_RENEWAL})

    assert (AT_RENEWAL, AT_ONCE) == (locks.policy("c-1"), locks.policy("c-2"))
    assert AT_ONCE is PriceLocks().policy("c-1")


def test_an_agreed_lock_says_whom_it_is_for() -> None:
    """One customer, or all where none is named."""
    one, every = AgreedLock(policy=AT_RENEWAL, customer_id="C-1"), AgreedLock(policy=AT_ONCE)

    assert ("customer C-1", "all customers") == (one.whom, every.whom)
    assert ("", "", 0) == (every.customer_id, every.name, every.row)
