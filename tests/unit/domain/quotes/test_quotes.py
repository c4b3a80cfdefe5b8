"""Quotes: what an order or a change will cost, before anything happens, for every kind of change."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.documents.histories import read_history
from shared.documents.quotes_json import customer_quote_values
from shared.domain.adjusted_sales import SpecialTerms
from shared.domain.errors import InvalidError
from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.expected_sales import SaleTerms
from shared.domain.issues import IssueCode
from shared.domain.money import Money
from shared.domain.prices import PriceBook, PriceEntry, PriceKeys, PriceMethod
from shared.domain.prices.adjustment_rules import AdjustmentRules
from shared.domain.prices.discounts import SeveralServicesDiscount, Threshold
from shared.domain.prices.price_locks import PriceLockPolicy, PriceLocks
from shared.domain.prices.reach import Reach
from shared.domain.quotes import Proposal, Quote, quote
from shared.domain.subscriptions.events import Event, EventKind, Quantity, ordered
from shared.domain.subscriptions.kinds import Plan

LICENCE: dict[str, Any] = {
    "id": "s1", "customer": "c-1", "kind": "licence", "term": "P1Y", "plan": "monthly", "product": "CFQ7:0001",
    "purchased": "2026-06-18", "quantity": 10, "unit_price": "10.08",
}  # fmt: skip
OWN: dict[str, Any] = {
    "id": "s1",
    "kind": "own-recurring",
    "purchased": "2026-06-18",
    "quantity": 10,
    "unit_price": "3",
}


def _history(*subscriptions: dict[str, Any]) -> History:
    return read_history(json.dumps({"currency": "EUR", "subscriptions": subscriptions}).encode(), "test").history


def _terms(price: str = "12") -> SaleTerms:
    entry = PriceEntry(scope="", keys=PriceKeys(), method=PriceMethod.FIXED, value=Decimal(price), currency="EUR")
    return SaleTerms(prices=PriceBook([entry]))


def _event(kind: str, on: str, **facts: Any) -> Event:
    return Event(kind=EventKind(kind), at=datetime.fromisoformat(on).replace(tzinfo=UTC), **facts)


def _quoted(history: History, kind: str, on: str, **facts: Any) -> Quote:
    return quote(history, Proposal.change("s1", _event(kind, on, **facts)), _terms())


def _ordered(part: dict[str, Any], *others: dict[str, Any]) -> Quote:
    *known, bought = _history(*others, part).subscriptions
    history = replace(_history(LICENCE), subscriptions=tuple(known))
    return quote(history, Proposal.new(bought), _terms())


def _told(amounts: Iterable[Money]) -> list[str]:
    return [str(money) for money in amounts]


def test_an_order_says_what_it_costs_now_and_by_the_month() -> None:
    """With the term that it binds for, the price lock, and the window in which it can be undone."""
    made = _ordered(LICENCE)
    assert made.commitment is not None
    assert made.undo is not None

    assert [("new", "120.00 EUR")] == [(sale.line.charge_type, str(sale.amount)) for sale in made.sales]
    assert (["120.00 EUR"], ["100.80 EUR"]) == (_told(made.total_now), _told(made.cost_now))
    assert ([], ["120.00 EUR"]) == (_told(made.per_month_before), _told(made.per_month_after))
    assert "12.00 EUR" == str(made.after[0].unit_per_month)
    assert (date(2027, 6, 18), date(2027, 6, 18)) == (made.commitment.price_locked_until, made.commitment.renews_on)
    assert ["1320.00 EUR"] == _told(made.commitment.remaining)
    assert ("cancelled", datetime(2026, 6, 26, tzinfo=UTC)) == (made.undo.by, made.undo.until)
    assert datetime(2026, 6, 19, tzinfo=UTC) == made.undo.full_until
    assert (["120.00 EUR"], ["92.00 EUR"]) == (_told(made.undo.back_at_once), _told(made.undo.back_at_last))
    assert (
        "Until the term ends on 2027-06-17, 1320.00 EUR more will be charged.",
        "It can be undone until 2026-06-26 00:00 UTC.",
    ) == made.notes
    assert not made.is_refused


def test_more_seats_cost_the_difference_for_the_rest_of_the_cycle() -> None:
    """And can be given back in a window of their own, by days."""
    made = _quoted(_history(LICENCE), "quantity-changed", "2026-06-20", quantity=12)
    assert made.undo is not None

    assert ["-112.00 EUR", "134.40 EUR"] == [str(sale.amount) for sale in made.sales]
    assert ["22.40 EUR"] == _told(made.total_now)
    assert (["120.00 EUR"], ["144.00 EUR"]) == (_told(made.per_month_before), _told(made.per_month_after))
    assert ("quantity-changed", None) == (made.undo.by, made.undo.full_until)
    assert (["22.40 EUR"], ["16.80 EUR"]) == (_told(made.undo.back_at_once), _told(made.undo.back_at_last))


def test_a_second_change_of_the_day_takes_the_place_of_the_first() -> None:
    """What it replaces is told, and counts against what is due."""
    history = _history(LICENCE | {"events": [{"at": "2026-06-20T08:00:00Z", "quantity": 12}]})
    made = _quoted(history, "quantity-changed", "2026-06-20T09:00", quantity=15)

    assert ["168.00 EUR"] == [str(sale.amount) for sale in made.sales if sale.line.sign > 0]
    assert "134.40 EUR" in [str(sale.amount) for sale in made.withdrawn]
    assert ["33.60 EUR"] == _told(made.total_now)


def test_fewer_seats_after_their_window_are_refused_with_what_is_possible() -> None:
    """Five of the fifteen were added lately, and can go for what they are worth."""
    history = _history(LICENCE | {"events": [{"on": "2026-06-20", "quantity": 15}]})
    some, none = (
        _quoted(history, "quantity-changed", "2026-06-27", quantity=8),
        _quoted(history, "quantity-changed", "2026-09-27", quantity=8),
    )
    assert some.possible is not None

    assert (True, True) == (some.is_refused, none.is_refused)
    assert ((), (), None) == (some.sales, some.total_now, some.undo)
    assert (10, ["42.00 EUR"]) == (some.possible.quantity, _told(some.possible.back))
    assert "A quantity of 10 is possible; that gives back 42.00 EUR." in some.notes
    assert "5 until 2026-06-28" in some.issues[0].message
    assert (None, "2027-06-18") == (none.possible, none.issues[0].cure[-11:-1])


def test_a_suspension_says_that_billing_goes_on() -> None:
    """A licence of new commerce costs the same, and does not renew."""
    made = _quoted(_history(LICENCE), "suspended", "2026-09-20")

    assert ((), ["120.00 EUR"]) == (made.sales, _told(made.per_month_after))
    assert (
        "Billing goes on while it is suspended.",
        "Nothing is charged now; the next charge cycle begins on 2026-10-18.",
        "Until the term ends on 2027-06-17, 960.00 EUR more will be charged.",
        "It does not renew by itself on 2027-06-18.",
    ) == made.notes


def test_a_suspended_own_service_does_what_its_policy_says() -> None:
    """Billing goes on only where it says so."""
    goes_on, stops = (
        _quoted(_history(OWN | {"billing": {"suspension_is_charged": is_charged}}), "suspended", "2026-07-20")
        for is_charged in (True, False)
    )

    assert ["Billing goes on while it is suspended."] == [note for note in goes_on.notes if "goes on" in note]
    assert ["30.00 EUR"] == _told(goes_on.per_month_after)
    assert ([], []) == ([note for note in stops.notes if "goes on" in note], _told(stops.per_month_after))


def test_a_cancellation_in_the_window_gives_back_the_rest() -> None:
    """Nothing recurs afterwards, and nothing binds."""
    made = _quoted(_history(LICENCE), "cancelled", "2026-06-20")

    assert (["-112.00 EUR"], [], None) == (_told(made.total_now), _told(made.per_month_after), made.commitment)
    assert ((), None) == (made.notes, made.undo)


def test_a_cancellation_after_the_window_says_what_remains() -> None:
    """The term is billed to its end."""
    made = _quoted(_history(LICENCE), "cancelled", "2026-09-20")
    assert made.commitment is not None

    assert (True, (), ["960.00 EUR"]) == (made.is_refused, made.total_now, _told(made.commitment.remaining))
    assert "the window was open until 2026-06-26" in made.issues[0].message
    assert ("Until the term ends on 2027-06-17, 960.00 EUR more will be charged.",) == made.notes


def test_a_longer_term_begins_at_once_and_another_plan_waits() -> None:
    """What is charged later is told with its day."""
    longer = _quoted(_history(LICENCE), "plan-changed", "2026-09-20", term="P3Y")
    yearly = _quoted(_history(LICENCE | {"term": "P3Y"}), "plan-changed", "2026-09-20", plan=Plan.ANNUAL)
    assert longer.commitment is not None

    assert (["8.00 EUR"], date(2029, 9, 20)) == (_told(longer.total_now), longer.commitment.renews_on)
    assert ((), ["10.00 EUR"]) == (yearly.sales, _told(yearly.per_month_after))
    assert 12 == yearly.after[0].months


def test_an_upgrade_of_some_seats_shows_both_subscriptions() -> None:
    """The new one has a line, and recurs from now on."""
    made = _quoted(_history(LICENCE), "seats-upgraded", "2026-09-20", product="E5", quantity=3, target="s2")

    assert [("s1", "84.00 EUR"), ("s2", "36.00 EUR")] == [
        (one.subscription_id, str(one.per_month)) for one in made.after
    ]
    assert ["120.00 EUR"] == _told(made.per_month_after)


def test_subscriptions_that_hang_together_are_looked_at_together() -> None:
    """Seats that move leave one and arrive at the other."""
    other = LICENCE | {"id": "s2", "purchased": "2026-06-18"}
    made = _quoted(_history(LICENCE, other), "seats-moved", "2026-09-20", quantity=3, target="s2")

    assert [("s1", "84.00 EUR"), ("s2", "156.00 EUR")] == [
        (one.subscription_id, str(one.per_month)) for one in made.after
    ]


def test_an_own_service_can_be_undone_at_any_time() -> None:
    """There is no window, and nothing binds."""
    made = _ordered(OWN | {"billing": {"every": "quarter", "aligned_to": "calendar"}})
    assert made.undo is not None

    assert (["4.29 EUR"], ["10.00 EUR"], None) == (_told(made.total_now), _told(made.per_month_after), made.commitment)
    assert (3, "30.00 EUR") == (made.after[0].months, str(made.after[0].per_cycle))
    assert (None, None, ()) == (made.undo.until, made.undo.full_until, made.undo.back_at_last)
    assert () == made.notes


def test_a_cycle_of_days_is_made_a_month_long_exactly() -> None:
    """30.00 for 30 days are 30 x 365 / 360 by the month; days that are no months are told as days."""
    days = _ordered(OWN | {"billing": {"every": "30 days"}})
    odd = _ordered(LICENCE | {"kind": "own-recurring", "term": None, "plan": None, "billing": {"every": "2 weeks"}})

    assert (None, "30.42 EUR") == (days.after[0].months, str(days.after[0].per_month))
    assert None is odd.after[0].months


def test_a_one_off_charge_and_usage_do_not_recur() -> None:
    """Only what comes again by itself is a monthly cost."""
    once = _ordered(OWN | {"kind": "own-one-off"})
    usage = _ordered({"id": "s1", "kind": "azure-usage", "purchased": "2026-06-18"})

    assert (["30.00 EUR"], ()) == (_told(once.total_now), once.after)
    assert ((), ("Nothing is charged now, and nothing recurs.",)) == (usage.sales, usage.notes)


def test_a_product_that_cannot_be_given_back_has_no_undo_with_everything() -> None:
    """A software subscription gives back the unused share only, from the first day on."""
    made = _ordered(LICENCE | {"kind": "software-subscription"})
    assert made.undo is not None

    assert None is made.undo.full_until
    assert made.undo.until is not None


def test_a_trial_costs_nothing_now() -> None:
    """And can be cancelled at any time."""
    trial = {name: value for name, value in LICENCE.items() if name != "term"} | {"trial": True, "quantity": 25}
    made = _ordered(trial)
    assert made.undo is not None

    assert (["0.00 EUR"], None) == (_told(made.total_now), made.undo.until)


def test_what_cannot_happen_is_an_issue_and_costs_nothing() -> None:
    """A change before the purchase, and one without a quantity."""
    early = _quoted(_history(LICENCE), "quantity-changed", "2026-06-01", quantity=8)
    empty = _quoted(_history(LICENCE), "quantity-changed", "2026-06-20")

    assert [IssueCode.EVENT_IGNORED] == [issue.code for issue in early.refusals]
    assert (True, (), None, None) == (early.is_refused, early.sales, early.commitment, early.possible)
    assert (True, None) == (empty.is_refused, empty.possible)


def test_a_quantity_that_stays_is_no_addition() -> None:
    """There is nothing to undo."""
    made = _quoted(_history(LICENCE), "quantity-changed", "2026-06-20", quantity=10)

    assert ((), None) == (made.sales, made.undo)


def test_a_smaller_quantity_in_the_window_has_nothing_to_undo() -> None:
    """It gives back, and is bought anew if it is wanted again."""
    made = _quoted(_history(LICENCE), "quantity-changed", "2026-06-20", quantity=8)

    assert (["-22.40 EUR"], None) == (_told(made.total_now), made.undo)


def test_a_missing_price_is_an_issue_of_the_quote_but_no_refusal() -> None:
    """The lines are told with their cost."""
    made = quote(
        _history(LICENCE), Proposal.change("s1", _event("cancelled", "2026-06-18")), SaleTerms(prices=PriceBook(()))
    )

    assert ([IssueCode.PRICE_MISSING], False) == ([issue.code for issue in made.issues], made.is_refused)
    assert ((), ["-100.80 EUR"], ()) == (made.total_now, _told(made.cost_now), made.after)


def test_nobody_attests_what_has_not_happened() -> None:
    """The source of a proposed event does not lift a limit."""
    made = _quoted(_history(LICENCE), "quantity-changed", "2026-09-20", quantity=8, source="Partner Center")

    assert made.is_refused


def test_nothing_is_changed() -> None:
    """The history is the same afterwards, and so is the next answer."""
    history = _history(LICENCE)
    before = expected_lines(history)
    first, second = (_quoted(history, "quantity-changed", "2026-06-20", quantity=12) for _ in range(2))

    assert before == expected_lines(history)
    assert first == second


def test_a_proposal_names_something_that_is_there() -> None:
    """A change of nobody, an order that exists, and one that was never created are refused."""
    history = _history(LICENCE)
    (known,) = history.subscriptions

    with pytest.raises(InvalidError, match="there is no subscription s9"):
        quote(history, Proposal.change("s9", _event("cancelled", "2026-06-20")), _terms())
    with pytest.raises(InvalidError, match="is there already"):
        quote(history, Proposal.new(known), _terms())
    with pytest.raises(InvalidError, match="no event created"):
        Proposal.new(replace(known, events=()))


@pytest.mark.parametrize("quantity", [3, 12, Decimal("12.5")])
def test_the_lines_are_those_that_are_billed_once_it_happened(quantity: Quantity) -> None:
    """The quote and the engine agree to the digit."""
    history = _history(OWN)
    (known,) = history.subscriptions
    event = _event("quantity-changed", "2026-07-20", quantity=quantity)
    made = quote(history, Proposal.change("s1", event), _terms())
    happened = replace(known, events=ordered((*known.events, event)))
    lines = expected_lines(replace(history, subscriptions=(happened,), through=date(2026, 7, 20))).lines

    assert lines[2:] == tuple(sale.line for sale in made.sales)


def test_what_recurs_has_the_discount_for_several_services() -> None:
    """What the customer has besides counts in the months to come as it counts today."""
    discount = SeveralServicesDiscount(
        name="Multi", reach=Reach(), vendor="Microsoft", thresholds=(Threshold(2, Decimal(10)),)
    )
    terms = replace(_terms(), special=SpecialTerms(AdjustmentRules([discount])))
    held, bought = _history(
        LICENCE, LICENCE | {"id": "s2", "product": "CFQ8:0001", "purchased": "2026-07-18"}
    ).subscriptions
    made = quote(replace(_history(LICENCE), subscriptions=(held,)), Proposal.new(bought), terms)

    assert (["108.00 EUR"], ["108.00 EUR"]) == (_told(made.total_now), _told(made.per_month_after))
    assert "Other lines of the month change their price by -12.00 EUR in all." in made.notes


def test_what_recurs_without_a_price_is_an_issue() -> None:
    """Nothing is charged on the day itself, but it would be wrong to say that nothing recurs."""
    suspended = Proposal.change("s1", _event("suspended", "2026-08-20"))
    made = quote(_history(LICENCE), suspended, SaleTerms(prices=PriceBook(())))

    assert ((), [IssueCode.PRICE_MISSING]) == (made.after, [issue.code for issue in made.issues])
    assert "Nothing is charged now; what recurs has no price: see the issues." in made.notes


@pytest.mark.parametrize(
    ("policy", "until"),
    [(PriceLockPolicy.FROM_NEXT_RENEWAL, date(2027, 6, 18)), (PriceLockPolicy.AT_ONCE, None)],
)
def test_the_price_of_the_customer_is_locked_only_if_that_was_agreed(
    policy: PriceLockPolicy, until: date | None
) -> None:
    """The vendor's price is locked for the term whatever the reseller promised."""
    terms = replace(_terms(), special=SpecialTerms(locks=PriceLocks(policy)))
    made = quote(_history(LICENCE), Proposal.change("s1", _event("suspended", "2026-08-20")), terms)
    assert made.commitment is not None

    assert (date(2027, 6, 18), until) == (made.commitment.price_locked_until, made.commitment.sale_locked_until)
    seen = customer_quote_values(made, "en")["commitment"]
    assert (until and until.isoformat()) == seen["price_locked_until"]
    assert "sale_locked_until" not in seen
