"""Reservations: paid at once or monthly, returned by days within a limit, exchanged for at least as much."""

from decimal import Decimal
from typing import Any

import pytest

from shared.domain.expected.conventions import EarlyReturnFee
from shared.domain.issues import IssueCode
from shared.domain.subscriptions.kinds import Plan

YEAR = ("2026-01-01", "2026-12-31")


def _reserved(told: Any, *events: Any, amount: str = "1000", per: str = "term", **fields: Any) -> Any:
    usual = {"term": "P1Y", "plan": Plan.ONE_TIME, "prices": (told.price(amount, per),), "auto_renews": False}
    created = told.event("created", fields.pop("on", "2026-01-01"), quantity=fields.pop("quantity", 2))
    return told.subscription("reservation", created, *events, **{**usual, **fields})


def _codes(made: Any) -> list[IssueCode]:
    return [issue.code for issue in made.issues]


def test_a_term_paid_at_once_is_one_line(told: Any) -> None:
    """Three years at the price of the term."""
    made = told.billed(_reserved(told, term="P3Y"))

    assert [("new", "2026-01-01", "2028-12-31", "2", "2000.00")] == told.shown(made)


def test_a_full_cycle_shows_its_days_and_a_return_those_that_are_left(told: Any) -> None:
    """365 of 365 days are charged, 355 of 365 given back."""
    (charge, credit) = told.billed(_reserved(told, told.event("cancelled", "2026-01-11"))).lines

    assert (365, 365, "days") == (charge.part, charge.whole, charge.counted)
    assert (355, 365, "days") == (credit.part, credit.whole, credit.counted)


@pytest.mark.parametrize(
    ("amount", "per", "instalment"),
    [("1000", "term", "83.33"), ("1000", "year", "83.33"), ("90", "month", "90.00"), ("90", "cycle", "90.00")],
)
def test_instalments_are_shares_of_the_price(told: Any, amount: str, per: str, instalment: str) -> None:
    """A price for a longer span is divided exactly and cut once."""
    plan = _reserved(told, amount=amount, per=per, plan=Plan.MONTHLY, quantity=1)
    made = told.billed(plan, through="2027-06-30")

    assert ["new", *["cycleCharge"] * 11] == [line.charge_type for line in made.lines]
    assert {instalment} == {str(line.amount) for line in made.lines}


def test_a_price_for_a_shorter_span_is_multiplied(told: Any) -> None:
    """A year at the price of a month costs twelve of them."""
    assert ["1080.00"] == [str(line.amount) for line in told.billed(_reserved(told, amount="45", per="month")).lines]


def test_a_plan_that_does_not_divide_the_term_is_paid_at_once(told: Any) -> None:
    """A year cannot be paid every three years."""
    made = told.billed(_reserved(told, plan=Plan.TRIENNIAL), through="2026-12-31")

    assert [("new", *YEAR, "2", "2000.00")] == told.shown(made)


def test_a_return_in_the_first_days_gives_everything_back(told: Any) -> None:
    """Under five days after the order."""
    made = told.billed(_reserved(told, told.event("cancelled", "2026-01-05T23:59")))

    assert [("new", *YEAR, "2", "2000.00"), ("cancelImmediate", *YEAR, "2", "-2000.00")] == told.shown(made)
    assert made.lines[0] == made.lines[1].corrects
    assert () == made.variants


def test_a_later_return_gives_back_the_days_left(told: Any) -> None:
    """The day of the return counts as unused: 360 of 365 days."""
    made = told.billed(_reserved(told, told.event("cancelled", "2026-01-06")))

    assert ("cancelImmediate", "2026-01-06", "2026-12-31", "2", "-1972.60") == told.shown(made)[1]
    assert (360, 365, "days") == (made.lines[1].part, made.lines[1].whole, made.lines[1].counted)
    assert (EarlyReturnFee.NONE.value,) == made.variants


def test_twelve_percent_may_be_kept(told: Any) -> None:
    """By convention a late return costs a fee; an early one does not."""
    late, early = (
        told.billed(_reserved(told, told.event("cancelled", day)), early_return_fee=EarlyReturnFee.TWELVE_PERCENT)
        for day in ("2026-04-01", "2026-01-02")
    )

    assert ["-1326.02", "-2000.00"] == [str(made.lines[1].amount) for made in (late, early)]
    assert Decimal(12) == late.lines[1].price.percent_off


def test_a_return_of_instalments_gives_back_the_rest_of_the_month(told: Any) -> None:
    """Instalments that are still to come are not charged; those before are kept."""
    plan = _reserved(told, told.event("cancelled", "2026-03-10"), plan=Plan.MONTHLY, amount="1200")
    made = told.billed(plan, through="2026-12-31")

    assert [
        ("new", "2026-01-01", "2026-01-31", "2", "200.00"),
        ("cycleCharge", "2026-02-01", "2026-02-28", "2", "200.00"),
        ("cycleCharge", "2026-03-01", "2026-03-31", "2", "200.00"),
        ("cancelImmediate", "2026-03-10", "2026-03-31", "2", "-141.93"),
    ] == told.shown(made)
    assert "times" == made.lines[3].counted


def test_a_return_on_the_first_day_of_a_month_gives_the_whole_month_back(told: Any) -> None:
    """The instalment of that day is charged and given back."""
    plan = _reserved(told, told.event("cancelled", "2026-02-01"), plan=Plan.MONTHLY)
    made = told.billed(plan)

    assert ["166.66", "166.66", "-166.66"] == [str(line.amount) for line in made.lines]


def test_units_may_be_returned_one_by_one(told: Any) -> None:
    """The credits together are never higher than the charge."""
    events = told.event("quantity-changed", "2026-03-01", quantity=1), told.event("cancelled", "2026-07-01")
    made = told.billed(_reserved(told, *events))

    assert [("1", "-838.35"), ("1", "-504.10")] == [(f"{line.quantity}", str(line.amount)) for line in made.lines[1:]]
    assert [2, 1] == [line.quantity_before for line in made.lines[1:]]


@pytest.mark.parametrize("quantity", [3, -1])
def test_a_reservation_neither_grows_nor_becomes_negative(told: Any, quantity: int) -> None:
    """Further units are another reservation."""
    made = told.billed(_reserved(told, told.event("quantity-changed", "2026-03-01", quantity=quantity)))

    assert (1, [IssueCode.EVENT_IGNORED]) == (len(made.lines), _codes(made))


def test_a_change_to_the_same_quantity_is_none(told: Any) -> None:
    """Nothing is returned and nothing said."""
    made = told.billed(_reserved(told, told.event("quantity-changed", "2026-03-01", quantity=2)))

    assert (1, []) == (len(made.lines), _codes(made))


def test_returns_over_the_limit_are_left_out(told: Any) -> None:
    """With 48,821.92 returned, another 40,110 would cross 50,000 USD within twelve months."""
    events = told.event("quantity-changed", "2026-03-10", quantity=1), told.event("cancelled", "2026-05-01")
    made = told.billed(_reserved(told, *events, amount="60000"))

    assert ["120000.00", "-48821.91"] == [str(line.amount) for line in made.lines]
    assert [IssueCode.RETURN_LIMIT_EXCEEDED] == _codes(made)
    assert "50000 USD within 12 months" in made.issues[0].message


def test_the_limit_counts_all_reservations_of_a_customer(told: Any) -> None:
    """The later return is refused, whichever reservation stands first; another customer has a limit of his own."""
    late = _reserved(told, told.event("cancelled", "2026-06-01"), amount="40000", id="late", quantity=1)
    early = _reserved(told, told.event("cancelled", "2026-03-01"), amount="40000", id="early", quantity=1)
    other = _reserved(
        told, told.event("cancelled", "2026-04-01"), amount="40000", id="other", quantity=1, customer_id="c2"
    )
    made = told.billed(late, early, other)

    assert ["late", "early", "early", "other", "other"] == [line.subscription.id for line in made.lines]
    assert [("late", IssueCode.RETURN_LIMIT_EXCEEDED)] == [(issue.subject, issue.code) for issue in made.issues]


@pytest.mark.parametrize(("day", "is_refused"), [("2027-01-31", True), ("2027-02-01", False)])
def test_returns_are_forgotten_after_twelve_months(told: Any, day: str, is_refused: bool) -> None:  # noqa: FBT001 - an outcome
    """The window rolls: a return of 1 February counts until 31 January of the next year."""
    first = _reserved(told, told.event("cancelled", "2026-02-01"), amount="45000", id="first", quantity=1)
    second = _reserved(told, told.event("cancelled", day), amount="60000", id="second", quantity=1, term="P3Y")

    assert is_refused == bool(_codes(told.billed(first, second)))


def test_reservations_in_another_currency_are_not_measured(told: Any) -> None:
    """The limit is an amount of US dollars."""
    made = told.billed(_reserved(told, told.event("cancelled", "2026-03-01"), amount="90000", currency="EUR"))

    assert (2, []) == (len(made.lines), _codes(made))


def test_the_window_of_the_limit_may_begin_before_the_calendar(told: Any) -> None:
    """The first year of the calendar is a year like any other."""
    made = told.billed(_reserved(told, told.event("cancelled", "0001-02-01"), on="0001-01-01"))

    assert 2 == len(made.lines)


def test_an_exchange_gives_back_the_days_left_and_begins_a_new_term(told: Any) -> None:
    """The new term begins on the day of the exchange."""
    event = told.event("upgraded", "2026-03-10", product="big", unit_price="2000", quantity=3)
    made = told.billed(_reserved(told, event))

    assert [
        ("new", *YEAR, "2", "2000.00"),
        ("convert", "2026-03-10", "2026-12-31", "2", "-1627.39"),
        ("convert", "2026-03-10", "2027-03-09", "3", "6000.00"),
    ] == told.shown(made)


def test_an_exchanged_reservation_can_be_returned_in_its_first_days(told: Any) -> None:
    """The exchange is an order of its own; the old charge is not given back twice."""
    events = (
        told.event("upgraded", "2026-03-10", product="big", unit_price="2000"),
        told.event("cancelled", "2026-03-11"),
    )
    made = told.billed(_reserved(told, *events))

    assert ["2000.00", "-1627.39", "4000.00", "-4000.00"] == [str(line.amount) for line in made.lines]


@pytest.mark.parametrize(
    "fields",
    [
        {"product": "small", "unit_price": "10"},
        {"product": "other", "quantity": 0},
        {"product": "other", "term": "soon"},
        {"product": "other", "term": "P1M"},
    ],
)
def test_an_exchange_for_less_is_left_out(told: Any, fields: dict[str, Any]) -> None:
    """The new commitment must reach what is left of the old one, and be one."""
    made = told.billed(_reserved(told, told.event("plan-changed", "2026-03-10", **fields), amount="100", per="month"))

    assert (1, [IssueCode.EVENT_IGNORED]) == (len(made.lines), _codes(made))


def test_an_exchange_for_something_without_a_price_is_an_issue(told: Any) -> None:
    """The old reservation runs on."""
    prices = (told.price("1000", "term", product="small"),)
    event = told.event("converted", "2026-03-10", product="big")
    made = told.billed(_reserved(told, event, prices=prices, product="small"))

    assert (1, [IssueCode.PRICE_MISSING]) == (len(made.lines), _codes(made))


def test_a_reservation_without_a_price_returns_nothing(told: Any) -> None:
    """What was not charged is not given back."""
    events = told.event("quantity-changed", "2026-03-01", quantity=1), told.event("cancelled", "2026-03-10")
    made = told.billed(_reserved(told, *events, prices=()))

    assert ((), [IssueCode.PRICE_MISSING]) == (made.lines, _codes(made))


def test_a_reservation_without_a_term_is_an_issue(told: Any) -> None:
    """Neither a missing nor an unknown term is guessed, and nothing else happens to it."""
    made = [told.billed(_reserved(told, told.event("cancelled", "2026-03-01"), term=term)) for term in ("", "P0Y")]

    assert [((), [IssueCode.EVENT_IGNORED] * 2)] * 2 == [(each.lines, _codes(each)) for each in made]


def test_a_change_that_reservations_do_not_know_is_an_issue(told: Any) -> None:
    """Seats cannot be moved out of a reservation; a suspension changes nothing and is no problem."""
    events = told.event("seats-moved", "2026-03-01", quantity=1, target="x"), told.event("suspended", "2026-03-02")
    made = told.billed(_reserved(told, *events))

    assert (1, [IssueCode.EVENT_IGNORED]) == (len(made.lines), _codes(made))


def test_instalments_are_converted_with_the_rate_of_their_month(told: Any) -> None:
    """A month without a rate is an issue and no line; what is given back keeps the rate of its charge."""
    rates = (told.rate("0.9", "2025-12-29"), told.rate("0.8", "2026-02-26"))
    plan = _reserved(told, told.event("cancelled", "2026-03-01"), plan=Plan.MONTHLY, amount="1200", quantity=1)
    made = told.billed(plan, currency="EUR", exchanges=rates)

    assert ["90.00", "80.00", "-80.00"] == [str(line.amount) for line in made.lines]
    assert [IssueCode.RATE_MISSING] == _codes(made)
