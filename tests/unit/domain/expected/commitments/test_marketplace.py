"""Marketplace: charged in full or given back in full, windows of their day, trials, private offers."""

from decimal import Decimal
from typing import Any

import pytest

from shared.domain.expected.conventions import CancelWindow, SameDay
from shared.domain.issues import IssueCode
from shared.domain.subscriptions.kinds import Plan

TRIAL = ("2019-06-10", "2019-07-09")
PAID = ("2019-07-10", "2019-08-09")
DAY = ("2019-06-10", "2019-06-10")


def _bought(told: Any, on: str, *events: Any, **fields: Any) -> Any:
    created = told.event("created", on, quantity=fields.pop("quantity", 1))
    price = {} if "prices" in fields else {"price": "2"}
    return told.subscription("marketplace", created, *events, **{"term": "P1M", **price, **fields})


def _codes(made: Any) -> list[IssueCode]:
    return [issue.code for issue in made.issues]


def _types(made: Any) -> list[tuple[str, str]]:
    return [(line.charge_type, str(line.amount)) for line in made.lines]


@pytest.mark.parametrize(
    ("kind", "through"), [("converted", ""), ("renewed", ""), ("auto-renew-changed", "2019-07-10")]
)
def test_a_trial_renews_as_paid(told: Any, kind: str, through: str) -> None:
    """Documented: nothing for the first month, 2.00 from 10 July, whether or not an event says so."""
    on = "2019-06-11" if through else "2019-07-10"
    trial = _bought(told, "2019-06-10", told.event(kind, on, is_on=True), is_trial=True)
    made = told.billed(trial, through=through)

    assert [("new", *TRIAL, "1", "0.00"), ("renew", *PAID, "1", "2.00")] == told.shown(made)


def test_a_trial_cancelled_at_once_gives_nothing_back(told: Any) -> None:
    """Documented: a line of nothing and its reversal, eleven seats each."""
    trial = _bought(told, "2019-06-10", told.event("cancelled", "2019-06-10T09:00"), is_trial=True, quantity=11)
    made = told.billed(trial, through="2019-12-31")

    assert [("new", *TRIAL, "11", "0.00"), ("cancel", *TRIAL, "11", "0.00")] == told.shown(made)


def test_a_product_converted_on_its_first_day_is_charged_anew(told: Any) -> None:
    """Documented: Silver 20.00, its credit, Bronze 10.00; prices stay positive."""
    prices = (told.price("20", product="silver"), told.price("10", product="bronze"))
    event = told.event("upgraded", "2019-06-10T12:00", product="bronze")
    made = told.billed(_bought(told, "2019-06-10", event, product="silver", prices=prices, term=""))

    assert [
        ("new", *DAY, "1", "20.00"),
        ("convert", *DAY, "1", "-20.00"),
        ("convert", *DAY, "1", "10.00"),
    ] == told.shown(made)
    assert Decimal(20) == made.lines[1].price.amount


def test_a_product_cancelled_on_its_first_day_is_given_back(told: Any) -> None:
    """Documented: 10.00 and its credit."""
    made = told.billed(_bought(told, "2019-06-10", told.event("cancelled", "2019-06-10"), price="10", term=""))

    assert [("new", *DAY, "1", "10.00"), ("cancelImmediate", *DAY, "1", "-10.00")] == told.shown(made)


@pytest.mark.parametrize(
    ("bought", "cancelled", "term", "is_refunded"),
    [
        ("2023-06-10", "2023-06-10T23:59", "P1M", True),
        ("2023-06-10", "2023-06-11", "P1M", False),
        ("2023-06-10", "2023-06-24T23:59", "P1Y", True),
        ("2023-06-10", "2023-06-25", "P1Y", False),
        ("2024-06-10", "2024-06-12T23:59", "P1M", True),
        ("2024-06-10", "2024-06-13", "P1M", False),
        ("2024-06-10", "2024-06-12T23:59", "P1Y", True),
        ("2024-06-10", "2024-06-13", "P1Y", False),
    ],
)
def test_the_window_is_that_of_the_day_of_purchase(
    told: Any,
    bought: str,
    cancelled: str,
    term: str,
    is_refunded: bool,  # noqa: FBT001 - an outcome
) -> None:
    """24 hours and 14 days first, 72 hours for all later; after it nothing is given back and nothing renews."""
    subscription = _bought(told, bought, told.event("cancelled", cancelled), term=term, plan=Plan.ONE_TIME)
    made = told.billed(subscription, through="2026-01-01")

    assert [("new", "2.00"), ("cancelImmediate", "-2.00")][: 1 + is_refunded] == _types(made)
    assert ([] if is_refunded else [IssueCode.EVENT_IGNORED]) == _codes(made)


def test_days_of_the_window_may_be_blocks_of_24_hours(told: Any) -> None:
    """By convention 14 days end to the hour."""
    subscription = _bought(told, "2023-06-10T12:00", told.event("cancelled", "2023-06-24T13:00"), term="P1Y")
    made = [told.billed(subscription, cancel_window=window) for window in CancelWindow]

    assert [2, 1] == [len(each.lines) for each in made]


def test_business_central_has_seven_days_from_purchase_and_renewal(told: Any) -> None:
    """A renewal opens its window again."""
    event = told.event("cancelled", "2025-07-15")
    subscription = _bought(told, "2025-06-10", event, product_name="Dynamics 365 Business Central", term="P1M")

    assert [("new", "2.00"), ("renew", "2.00"), ("cancelImmediate", "-2.00")] == _types(told.billed(subscription))


@pytest.mark.parametrize(("bought", "count"), [("2023-06-10", 3), ("2025-06-10", 2)])
def test_72_hours_count_from_the_purchase_only(told: Any, bought: str, count: int) -> None:
    """The older windows opened again with a renewal; the later one does not."""
    subscription = _bought(told, bought, told.event("cancelled", bought.replace("-06-", "-07-")))

    assert count == len(told.billed(subscription).lines)


def test_seats_added_cost_the_whole_cycle(told: Any) -> None:
    """The charge is given back and made again for all seats, whatever the day."""
    event = told.event("quantity-changed", "2025-06-28", quantity=5)
    made = told.billed(_bought(told, "2025-06-10", event, quantity=3))

    assert [("new", "6.00"), ("addQuantity", "-6.00"), ("addQuantity", "10.00")] == _types(made)
    assert (3, 5) == (made.lines[2].quantity_before, made.lines[2].quantity_after)
    assert ("2025-06-10", made.lines[0]) == (str(made.lines[1].start), made.lines[1].corrects)


def test_only_the_running_cycle_is_charged_anew(told: Any) -> None:
    """Cycles that are over keep their seats; the next ones have the new ones."""
    event = told.event("quantity-changed", "2025-07-20", quantity=2)
    subscription = _bought(told, "2025-06-10", event, term="P1Y")
    made = told.billed(subscription, through="2025-08-10")

    assert [
        ("new", "2.00"),
        ("cycleCharge", "2.00"),
        ("addQuantity", "-2.00"),
        ("addQuantity", "4.00"),
        ("cycleCharge", "4.00"),
    ] == _types(made)


def test_seats_are_given_back_in_the_window_of_their_own_batch(told: Any) -> None:
    """Two seats added yesterday can go again; the older three cannot before the renewal."""
    events = (
        told.event("quantity-changed", "2025-06-20", quantity=5),
        told.event("quantity-changed", "2025-06-21", quantity=3),
        told.event("quantity-changed", "2025-06-22", quantity=2),
    )
    made = told.billed(_bought(told, "2025-06-10", *events, quantity=3), through="2025-07-10")

    assert [("removeQuantity", "-10.00"), ("removeQuantity", "6.00"), ("renew", "4.00")] == _types(made)[3:]
    assert [IssueCode.EVENT_IGNORED] == _codes(made)


@pytest.mark.parametrize(
    ("bought", "left", "waits"), [("2025-06-10", 4, False), ("2025-06-10", 3, True), ("2025-06-20", 1, False)]
)
def test_seats_of_several_batches_need_all_windows_open(told: Any, bought: str, left: int, waits: bool) -> None:  # noqa: FBT001 - an outcome
    """A reduction that reaches into seats whose window is closed waits as a whole."""
    grown = [told.event("quantity-changed", f"2025-06-{day}", quantity=day - 15) for day in (20, 21)]
    fewer = told.event("quantity-changed", "2025-06-22", quantity=left)
    made = told.billed(_bought(told, bought, *grown, fewer, quantity=4))

    assert waits == bool(_codes(made))


def test_a_change_undone_on_the_same_day_leaves_nothing(told: Any) -> None:
    """The changes of a day are one; each of them makes its lines where the convention says so, and they cancel out."""
    events = (
        told.event("quantity-changed", "2025-06-20T08:00", quantity=5),
        told.event("quantity-changed", "2025-06-20T09:00", quantity=3),
    )
    merged, each = (
        told.billed(_bought(told, "2025-06-10", *events, quantity=3), same_day=same_day) for same_day in SameDay
    )

    assert [("new", "6.00")] == _types(merged)
    assert (5, Decimal("6.00")) == (len(each.lines), each.total("USD").amount)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("quantity-changed", {"quantity": 0}),
        ("quantity-changed", {}),
        ("converted", {"quantity": 0}),
        ("converted", {"term": "PXY"}),
        ("end-date-changed", {"ends_on": "2025-07-01"}),
        ("term-extended", {"ends_on": "2025-09-01"}),
        ("seats-moved", {"quantity": 1}),
        ("created", {"quantity": 1}),
        ("renewed", {}),
        ("credited", {}),
        ("credited", {"amount": "-1"}),
        ("credited", {"amount": "2.01"}),
    ],
)
def test_what_makes_no_sense_is_left_out(told: Any, kind: str, fields: dict[str, Any]) -> None:
    """The rest is still billed."""
    made = told.billed(_bought(told, "2025-06-10", told.event(kind, "2025-06-11", **fields)))

    assert ([("new", "2.00")], [IssueCode.EVENT_IGNORED]) == (_types(made), _codes(made))


def test_the_seats_of_a_trial_cannot_be_changed(told: Any) -> None:
    """A trial has the seats it began with."""
    event = told.event("quantity-changed", "2025-06-11", quantity=9)

    assert [IssueCode.EVENT_IGNORED] == _codes(told.billed(_bought(told, "2025-06-10", event, is_trial=True)))


def test_a_trial_may_be_paid_before_it_ends(told: Any) -> None:
    """The paid term begins on that day, with a window of its own."""
    events = told.event("converted", "2025-06-20", quantity=4), told.event("cancelled", "2025-06-21")
    made = told.billed(_bought(told, "2025-06-10", *events, is_trial=True, quantity=25))

    assert [
        ("new", "2025-06-10", "2025-07-09", "25", "0.00"),
        ("convert", "2025-06-10", "2025-07-09", "25", "0.00"),
        ("convert", "2025-06-20", "2025-07-19", "4", "8.00"),
        ("cancelImmediate", "2025-06-20", "2025-07-19", "4", "-8.00"),
    ] == told.shown(made)


def test_a_trial_may_run_longer(told: Any) -> None:
    """The added days cost nothing; the paid term begins after them. An end that is no later changes nothing."""
    events = (
        told.event("term-extended", "2025-06-20", ends_on="2025-08-01"),
        told.event("term-extended", "2025-06-21", ends_on="2025-07-01"),
        told.event("term-extended", "2025-06-22"),
    )
    made = told.billed(_bought(told, "2025-06-10", *events, is_trial=True), through="2025-08-01")

    assert [
        ("new", "2025-06-10", "2025-07-09", "1", "0.00"),
        ("extendTerm", "2025-07-10", "2025-07-31", "1", "0.00"),
        ("renew", "2025-08-01", "2025-08-31", "1", "2.00"),
    ] == told.shown(made)
    assert 2 == len(made.issues)


@pytest.mark.parametrize(("ends_on", "last_day"), [("2025-06-25", "2025-06-24"), ("2025-06-01", "2025-07-09")])
def test_a_trial_may_have_an_end_of_its_own(told: Any, ends_on: str, last_day: str) -> None:
    """An end before the beginning is none."""
    end = told.event("term-extended", "2025-06-10", ends_on=ends_on).ends_on
    made = told.billed(_bought(told, "2025-06-10", is_trial=True, ends_on=end))

    assert last_day == str(made.lines[0].last_day)


def test_a_conversion_after_the_window_waits_for_the_renewal(told: Any) -> None:
    """Nothing is given back before; the new product, price and seats count from the renewal."""
    prices = (told.price("20", product="silver"), told.price("10", product="bronze"))
    event = told.event("converted", "2025-06-20", product="bronze", quantity=2)
    made = told.billed(_bought(told, "2025-06-10", event, product="silver", prices=prices), through="2025-07-10")

    assert ([("new", "20.00"), ("renew", "20.00")], [IssueCode.EVENT_IGNORED]) == (_types(made), _codes(made))
    assert Decimal(10) == made.lines[1].price.amount


def test_a_changed_price_counts_from_the_renewal(told: Any) -> None:
    """The price is locked for the term; a dated price that begins later goes before one that was told earlier."""
    event = told.event("price-changed", "2025-06-20", unit_price="5")
    prices = (told.price("2"), told.price("7", since="2025-08-01"))
    made = told.billed(_bought(told, "2025-06-10", event, prices=prices), through="2025-08-10")

    assert [("new", "2.00"), ("renew", "5.00"), ("renew", "7.00")] == _types(made)


def test_a_renewal_may_change_seats_and_term(told: Any) -> None:
    """The event says what is renewed; seats that go are the youngest."""
    events = (
        told.event("quantity-changed", "2025-06-11", quantity=5),
        told.event("renewed", "2025-07-10T15:00", quantity=1, term="P1Y", plan=Plan.ANNUAL),
    )
    prices = (told.price("2", term="P1M"), told.price("20", term="P1Y"))
    made = told.billed(_bought(told, "2025-06-10", *events, quantity=3, prices=prices))

    assert ("renew", "2025-07-10", "2026-07-09", "1", "20.00") == told.shown(made)[-1]


@pytest.mark.parametrize("fields", [{"quantity": 0}, {"term": "P"}])
def test_a_renewal_that_makes_no_sense_is_left_out(told: Any, fields: dict[str, Any]) -> None:
    """The subscription renews by itself."""
    made = told.billed(_bought(told, "2025-06-10", told.event("renewed", "2025-07-10", **fields)))

    assert ([("new", "2.00"), ("renew", "2.00")], [IssueCode.EVENT_IGNORED]) == (_types(made), _codes(made))


@pytest.mark.parametrize(("kind", "fields"), [("expired", {}), ("auto-renew-changed", {"is_on": False})])
def test_a_subscription_that_does_not_renew_ends_with_its_term(told: Any, kind: str, fields: dict[str, Any]) -> None:
    """A late renewal begins on its own day; other events find nothing running."""
    events = (
        told.event(kind, "2025-06-20", **fields),
        told.event("quantity-changed", "2025-07-20", quantity=2),
        told.event("renewed", "2025-08-05"),
    )
    made = told.billed(_bought(told, "2025-06-10", *events))

    assert [("new", "2025-06-10"), ("renew", "2025-08-05")] == [(line[0], line[1]) for line in told.shown(made)]
    assert [IssueCode.EVENT_IGNORED] == _codes(made)


def test_an_expiry_on_the_last_day_of_the_term_ends_it(told: Any) -> None:
    """The term is not renewed on the day on which it expired."""
    made = told.billed(_bought(told, "2025-06-10", told.event("expired", "2025-07-10")), through="2025-12-31")

    assert [("new", "2.00")] == _types(made)


def test_a_cancelled_subscription_does_not_come_back(told: Any) -> None:
    """A renewal after a cancellation is left out."""
    events = told.event("cancelled", "2025-06-11"), told.event("renewed", "2025-07-10")

    assert [IssueCode.EVENT_IGNORED] == _codes(told.billed(_bought(told, "2025-06-10", *events)))


@pytest.mark.parametrize(("plan", "count"), [(Plan.MONTHLY, 2), (Plan.ONE_TIME, 1)])
def test_a_product_without_a_term_recurs_by_its_plan(told: Any, plan: Plan, count: int) -> None:
    """A fee that is paid once does not come again."""
    made = told.billed(_bought(told, "2019-06-10", term="", plan=plan), through="2019-07-10")

    assert [("2019-06-10", "2019-06-10"), ("2019-07-10", "2019-07-10")][:count] == [
        (line[1], line[2]) for line in told.shown(made)
    ]


def test_a_private_offer_stays_with_the_seats_bought_while_it_was_open(told: Any) -> None:
    """Seats bought later cost the list price, also after the renewal; both prices stand on one line."""
    events = (
        told.event("promotion-began", "2025-06-10", percent="50"),
        told.event("promotion-ended", "2025-06-15"),
        told.event("quantity-changed", "2025-06-20", quantity=5),
    )
    made = told.billed(_bought(told, "2025-06-10", *events, quantity=3, price="10"), through="2025-07-10")

    assert [("new", "15.00"), ("addQuantity", "-15.00"), ("addQuantity", "35.00"), ("renew", "35.00")] == _types(made)
    assert [(3, Decimal(5)), (2, Decimal(10))] == [tuple(piece) for piece in made.lines[3].pieces]
    assert (Decimal(7), Decimal(50)) == (made.lines[3].price.amount, made.lines[0].price.percent_off)


def test_metered_charges_are_not_given_back(told: Any) -> None:
    """A cancellation gives the fee back, not what was used."""
    subscription = _bought(told, "2025-06-10", told.event("cancelled", "2025-06-11"))
    made = told.billed(subscription, usage=(told.usage("2025-06-10", "3", unit_price="1", is_credited=True),))

    assert [("new", "2.00"), ("cancelImmediate", "-2.00"), ("usage", "3.00")] == _types(made)


def test_a_credit_is_a_line_up_to_what_was_charged(told: Any) -> None:
    """An amount given back stands on its day."""
    made = told.billed(_bought(told, "2025-06-10", told.event("credited", "2025-06-15", amount="1.50")))

    assert ("customerCredit", "2025-06-15", "2025-06-15", "1", "-1.50") == told.shown(made)[1]


def test_a_subscription_without_a_price_is_an_issue(told: Any) -> None:
    """Every term says so, and nothing is charged or given back."""
    events = told.event("quantity-changed", "2025-06-11", quantity=2), told.event("cancelled", "2025-06-12")
    made = told.billed(_bought(told, "2025-06-10", *events, price=None))

    assert ((), [IssueCode.PRICE_MISSING]) == (made.lines, _codes(made))


def test_nothing_is_bought_with_no_seats(told: Any) -> None:
    """A purchase needs a quantity; without one given it is one seat."""
    created = told.event("created", "2025-06-10")
    none, one = (
        told.billed(told.subscription("marketplace", event, price="2", term="P1M"))
        for event in (told.event("created", "2025-06-10", quantity=0), created)
    )

    assert ([IssueCode.EVENT_IGNORED], [("new", "2.00")]) == (_codes(none), _types(one))


def test_events_after_the_last_day_are_not_seen(told: Any) -> None:
    """What is not known yet changes nothing."""
    subscription = _bought(told, "2025-06-10", told.event("cancelled", "2025-06-12"))

    assert [("new", "2.00")] == _types(told.billed(subscription, through="2025-06-11"))


def test_what_was_never_created_is_not_billed(told: Any) -> None:
    """A history begins with the purchase."""
    made = told.billed(told.subscription("marketplace", told.event("cancelled", "2025-06-12"), price="2"))

    assert ((), [IssueCode.EVENT_IGNORED]) == (made.lines, _codes(made))
