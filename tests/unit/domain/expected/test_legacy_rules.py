"""Legacy licences: the rules that no documented invoice shows whole."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.expected.conventions import Conventions, LegacyAlignment, LineFamily
from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.expected.legacy import as_one_correction
from shared.domain.expected.lines import Expected, ExpectedLine
from shared.domain.expected.rounding import MODES
from shared.domain.issues import IssueCode
from shared.domain.subscriptions.events import Event, EventKind, ordered
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.subscription import DatedPrice, Subscription

Row = tuple[str, str, str, int, str]


def _event(kind: EventKind, on: str, **fields: Any) -> Event:
    return Event(kind=kind, at=datetime.fromisoformat(on).replace(tzinfo=UTC), **fields)


CREATED = _event(EventKind.CREATED, "2020-01-10", quantity=10)


def _subscription(*events: Event, **fields: Any) -> Subscription:
    named: dict[str, Any] = {"id": "sub-1", "prices": (DatedPrice(amount=Decimal(31)),), **fields}
    return Subscription(kind=ServiceKind.LEGACY_LICENCE, currency="EUR", events=ordered(events), **named)


def _bill(*subscriptions: Subscription, through: str | None = None, conventions: Conventions | None = None) -> Expected:
    last_day = date.fromisoformat(through) if through else None
    return expected_lines(
        History(subscriptions=subscriptions, through=last_day, conventions=conventions or Conventions())
    )


def _made(*events: Event, through: str | None = None, **fields: Any) -> Expected:
    return _bill(_subscription(*events, **fields), through=through)


def _rows(lines: Iterable[ExpectedLine]) -> list[Row]:
    return [
        (line.charge_type, str(line.start), str(line.last_day), int(line.quantity), str(line.amount)) for line in lines
    ]


def _codes(made: Expected) -> list[IssueCode]:
    return [issue.code for issue in made.issues]


def test_an_add_on_is_charged_to_the_end_of_its_parents_cycle_and_follows_it() -> None:
    """AppXite: bought on 14 April, the parent's cycle begins on the 25th."""
    parent = _subscription(_event(EventKind.CREATED, "2020-11-25", quantity=1), id="parent")
    add_on = _subscription(_event(EventKind.CREATED, "2021-04-14", quantity=1), parent_id="parent")
    made = _bill(parent, add_on, through="2021-04-25")

    assert [
        ("Prorate fees when purchase", "2021-04-14", "2021-04-24", 1, "11.00"),
        ("Cycle fee", "2021-04-25", "2021-05-24", 1, "31.00"),
    ] == _rows(made.lines[-2:])
    assert "legacy.add_on" == made.lines[-2].rule.key


def test_an_add_on_shares_its_parents_change_of_billing_frequency() -> None:
    """Microsoft: the frequency changes for the whole order and its add-ons; one with its own change keeps it."""
    prices = (DatedPrice(amount=Decimal(31), plan=Plan.MONTHLY), DatedPrice(amount=Decimal(366), plan=Plan.ANNUAL))
    change = _event(EventKind.PLAN_CHANGED, "2020-01-20", plan=Plan.ANNUAL)
    parent = _subscription(CREATED, change, id="parent", prices=prices)
    add_on = _subscription(CREATED, parent_id="parent", prices=prices)
    own = _subscription(CREATED, change, parent_id="parent", prices=prices)
    made = [_bill(each, parent, through="2020-01-20").lines[:3] for each in (add_on, own)]

    assert [
        ("Prorate fees when purchase", "2020-01-10", "2020-02-09", 10, "310.00"),
        ("Prorate fees when convert to a new offering", "2020-01-20", "2020-02-09", 10, "-210.00"),
        ("Prorate fees when convert away from current offering", "2020-01-20", "2021-01-19", 10, "3660.00"),
    ] == _rows(made[0])
    assert _rows(made[0]) == _rows(made[1])


@pytest.mark.parametrize(
    ("aligned_to", "parent_aligned_to"),
    [(date(2020, 1, 20), None), (None, date(2020, 1, 20)), (date(2019, 12, 20), None)],
)
def test_cycles_follow_the_day_they_are_aligned_to(aligned_to: date | None, parent_aligned_to: date | None) -> None:
    """The first cycle is cut short by a given anchor, the subscription's own or its parent's."""
    parent = _subscription(CREATED, id="parent", aligned_to=parent_aligned_to)
    made = _bill(
        _subscription(CREATED, parent_id="parent" if parent_aligned_to else "", aligned_to=aligned_to),
        parent,
        through="2020-01-10",
    )

    assert [("Prorate fees when purchase", "2020-01-10", "2020-01-19", 10, "100.00")] == _rows(made.lines[:1])


def test_an_add_on_whose_parent_is_not_told_has_cycles_of_its_own() -> None:
    """Nothing is known of the parent, or it began later: the purchase anchors the cycles."""
    later = _subscription(_event(EventKind.CREATED, "2020-03-01", quantity=1), id="parent")

    for others in ((), (later,)):
        made = _bill(_subscription(CREATED, parent_id="parent"), *others, through="2020-01-10")
        assert [("Prorate fees when purchase", "2020-01-10", "2020-02-09", 10, "310.00")] == _rows(made.lines[:1])


def test_a_second_change_in_a_later_month_of_the_year_reverses_the_piece_it_falls_into() -> None:
    """The first change stays as it was billed; the piece that still runs is reversed whole and billed again."""
    made = _made(
        CREATED,
        _event(EventKind.QUANTITY_CHANGED, "2020-02-01", quantity=20),
        _event(EventKind.QUANTITY_CHANGED, "2020-06-01", quantity=5),
        plan=Plan.ANNUAL,
        prices=(DatedPrice(amount=Decimal(366)),),
        partner_billing_day=15,
    )

    assert [
        ("Cycle Instance Prorate", "2020-01-10", "2021-01-09", 10, "-3660.00"),
        ("Cycle Instance Prorate", "2020-01-10", "2020-01-31", 10, "220.00"),
        ("Cycle Instance Prorate", "2020-02-01", "2021-01-09", 20, "6880.00"),
        ("Cycle Instance Prorate", "2020-02-01", "2021-01-09", 20, "-6880.00"),
        ("Cycle Instance Prorate", "2020-02-01", "2020-05-31", 20, "2420.00"),
        ("Cycle Instance Prorate", "2020-06-01", "2021-01-09", 5, "1115.00"),
    ] == _rows(made.lines[1:])
    assert ["2020-02-15"] * 3 + ["2020-06-15"] * 3 == [str(line.invoice) for line in made.lines[1:]]


def test_changes_undone_before_a_later_piece_leave_that_piece_alone() -> None:
    """The piece after the cut keeps its quantity, so only the piece before it is billed again."""
    made = _made(
        _event(EventKind.CREATED, "2020-01-11", quantity=1),
        _event(EventKind.QUANTITY_CHANGED, "2020-01-12", quantity=2),
        _event(EventKind.SUSPENDED, "2020-03-01"),
        _event(EventKind.REACTIVATED, "2020-03-02"),
        _event(EventKind.QUANTITY_CHANGED, "2020-03-03", quantity=3),
        _event(EventKind.QUANTITY_CHANGED, "2020-03-04", quantity=2),
        plan=Plan.ANNUAL,
        prices=(DatedPrice(amount=Decimal(366)),),
        partner_billing_day=5,
    )

    assert [
        ("Prorate fees when purchase", "2020-03-02", "2021-01-10", 2, "630.00"),
        ("Cycle Instance Prorate", "2020-03-02", "2021-01-10", 2, "-630.00"),
        ("Cycle Instance Prorate", "2020-03-02", "2020-03-02", 2, "2.00"),
        ("Cycle Instance Prorate", "2020-03-03", "2020-03-03", 3, "3.00"),
        ("Cycle Instance Prorate", "2020-03-04", "2020-03-10", 2, "14.00"),
        ("Cycle Instance Prorate", "2020-03-11", "2021-01-10", 2, "612.00"),
    ] == _rows(made.lines[-6:])


def test_a_change_that_only_touches_the_days_before_a_cut_leaves_the_rest_of_the_year_standing() -> None:
    """Seats up and down again before the anniversary: the piece from the cut on is not reversed."""
    made = _made(
        _event(EventKind.CREATED, "2020-01-11", quantity=1),
        _event(EventKind.QUANTITY_CHANGED, "2020-01-12", quantity=2),
        _event(EventKind.QUANTITY_CHANGED, "2020-02-12", quantity=3),
        _event(EventKind.QUANTITY_CHANGED, "2020-02-13", quantity=2),
        plan=Plan.ANNUAL,
        prices=(DatedPrice(amount=Decimal(366)),),
        partner_billing_day=15,
    )

    assert ["2020-02-11", "2020-02-11", "2020-02-12", "2020-02-13", "2020-03-11"] == [
        str(line.start) for line in made.lines[-5:]
    ]


def test_a_change_before_a_conversion_is_billed_under_a_name_of_its_own() -> None:
    """Microsoft: the quantity correction of a conversion is a convert from instance prorate."""
    prices = (DatedPrice(amount=Decimal(31), plan=Plan.MONTHLY), DatedPrice(amount=Decimal(366), plan=Plan.ANNUAL))
    made = _made(
        CREATED,
        _event(EventKind.QUANTITY_CHANGED, "2020-01-15", quantity=20),
        _event(EventKind.PLAN_CHANGED, "2020-01-20", plan=Plan.ANNUAL),
        prices=prices,
    )

    assert [
        ("Convert from instance prorate", "2020-01-10", "2020-02-09", 10, "-310.00"),
        ("Convert from instance prorate", "2020-01-10", "2020-01-14", 10, "50.00"),
        ("Convert from instance prorate", "2020-01-15", "2020-02-09", 20, "520.00"),
        ("Prorate fees when convert to a new offering", "2020-01-20", "2020-02-09", 20, "-420.00"),
        ("Prorate fees when convert away from current offering", "2020-01-20", "2021-01-19", 20, "7320.00"),
    ] == _rows(made.lines[1:])


def test_a_conversion_ends_the_promotion_and_an_upgrade_brings_product_and_quantity() -> None:
    """The current list price of the other product counts, without the promotion that ran before."""
    prices = (DatedPrice(amount=Decimal(31), product="E1"), DatedPrice(amount=Decimal(62), product="E3"))
    promotion = _event(EventKind.PROMOTION_BEGAN, "2020-01-10", percent=Decimal(50))
    upgraded = _event(EventKind.UPGRADED, "2020-01-20", product="E3", quantity=12)
    made = _made(CREATED, promotion, upgraded, product="E1", prices=prices)

    assert [
        ("Prorate fees when purchase", "2020-01-10", "2020-02-09", 10, "155.00"),
        ("Prorate fees when convert to a new offering", "2020-01-20", "2020-02-09", 10, "-105.00"),
        ("Prorate fees when convert away from current offering", "2020-01-20", "2020-02-19", 12, "744.00"),
    ] == _rows(made.lines)


def test_a_conversion_while_suspended_is_charged_from_the_reactivation_only() -> None:
    """The term restarts silently; an upgrade needs no quantity."""
    made = _made(
        CREATED,
        _event(EventKind.SUSPENDED, "2020-03-01"),
        _event(EventKind.UPGRADED, "2020-03-05", product="E3"),
        _event(EventKind.QUANTITY_CHANGED, "2020-03-06", quantity=2),
        _event(EventKind.REACTIVATED, "2020-03-10"),
    )

    assert [
        ("Cancel Fee", "2020-03-01", "2020-03-09", 10, "-96.21"),
        ("Prorate fees when purchase", "2020-03-10", "2020-04-04", 2, "52.00"),
    ] == _rows(made.lines[-2:])


def test_nothing_is_charged_while_suspended_and_the_term_renews_in_silence() -> None:
    """Suspended over the end of the term: the reactivation is charged to the end of the cycle it falls into."""
    made = _made(CREATED, _event(EventKind.SUSPENDED, "2020-12-20"), _event(EventKind.REACTIVATED, "2021-02-20"))

    assert [
        ("Cycle fee", "2020-12-10", "2021-01-09", 10, "310.00"),
        ("Cancel Fee", "2020-12-20", "2021-01-09", 10, "-210.00"),
        ("Prorate fees when purchase", "2021-02-20", "2021-03-09", 10, "199.29"),
    ] == _rows(made.lines[-3:])


def test_a_reactivation_may_bring_another_quantity() -> None:
    """The seats that it names are charged for the rest of the cycle and in the next one."""
    reactivated = _event(EventKind.REACTIVATED, "2020-03-05", quantity=4)
    made = _made(CREATED, _event(EventKind.SUSPENDED, "2020-03-01"), reactivated, through="2020-03-10")

    assert [
        ("Prorate fees when purchase", "2020-03-05", "2020-03-09", 4, "21.38"),
        ("Cycle fee", "2020-03-10", "2020-04-09", 4, "124.00"),
    ] == _rows(made.lines[-2:])


def test_a_reactivation_after_90_days_is_refused() -> None:
    """90 days are in time, 91 are not."""
    suspended = _event(EventKind.SUSPENDED, "2020-03-01")
    in_time = _made(CREATED, suspended, _event(EventKind.REACTIVATED, "2020-05-30"))
    too_late = _made(CREATED, suspended, _event(EventKind.REACTIVATED, "2020-05-31"))

    assert [] == _codes(in_time)
    assert "Prorate fees when purchase" == in_time.lines[-1].charge_type
    assert [IssueCode.EVENT_IGNORED] == _codes(too_late)
    assert "Cancel Fee" == too_late.lines[-1].charge_type


def test_a_reactivation_in_the_unpaid_last_month_of_a_multi_year_offer_costs_nothing() -> None:
    """The last paid day is one month before the end of the term, so there is nothing to charge until the renewal."""
    made = _made(
        CREATED,
        _event(EventKind.SUSPENDED, "2022-12-15"),
        _event(EventKind.REACTIVATED, "2022-12-20"),
        plan=Plan.ANNUAL,
        term="P3Y",
        through="2023-01-10",
    )

    assert ["2020-01-10", "2020-12-10", "2021-12-10", "2023-01-10"] == [str(line.start) for line in made.lines]


@pytest.mark.parametrize(("on", "rows"), [("2020-02-09", 1), ("2020-02-10", 0)])
def test_the_thirtieth_day_after_the_purchase_still_gives_everything_back(on: str, rows: int) -> None:
    """30 calendar days after 10 January is 9 February; one day later nothing has been charged for."""
    made = _made(CREATED, _event(EventKind.CANCELLED, on))

    assert [("Cancel Fee", "2020-01-10", "2020-02-09", 10, "-310.00")] * rows == _rows(made.lines[1:])


def test_an_ending_within_30_days_gives_the_first_cycle_back_though_a_second_has_begun() -> None:
    """A cycle of 28 days ends before the window does: both fees are given back whole."""
    created, cancelled = _event(EventKind.CREATED, "2021-02-01", quantity=1), _event(EventKind.CANCELLED, "2021-03-02")
    made = _made(created, cancelled)

    assert [
        ("Cancel Fee", "2021-02-01", "2021-02-28", 1, "-31.00"),
        ("Cancel Fee", "2021-03-01", "2021-03-31", 1, "-31.00"),
    ] == _rows(made.lines[2:])


def test_an_ending_on_the_first_day_of_a_cycle_leaves_no_fee_to_give_back() -> None:
    """Cancelled, suspended or expired on the day a cycle begins: the cycle is not charged."""
    for kind in (EventKind.CANCELLED, EventKind.SUSPENDED, EventKind.EXPIRED):
        made = _made(CREATED, _event(kind, "2020-05-10"), through="2020-08-01")
        assert "2020-04-10" == str(made.lines[-1].start)


def test_suspended_and_reactivated_on_the_first_day_of_a_cycle_is_a_plain_cycle() -> None:
    """What is undone on the same day leaves nothing."""
    made = _made(
        CREATED, _event(EventKind.SUSPENDED, "2020-02-10T08:00"), _event(EventKind.REACTIVATED, "2020-02-10T09:00")
    )

    assert [("Cycle fee", "2020-02-10", "2020-03-09", 10, "310.00")] == _rows(made.lines[1:])


def test_bought_and_cancelled_on_one_day_is_charged_and_given_back() -> None:
    """The purchase stands in the file, and so does its reversal."""
    made = _made(CREATED, _event(EventKind.CANCELLED, "2020-01-10"))

    assert ["310.00", "-310.00"] == [str(line.amount) for line in made.lines]


def test_seats_that_leave_reduce_the_quantity_and_the_last_ones_end_the_subscription() -> None:
    """Three of ten go, then seven; with a target in new commerce the day of the move is still paid."""
    moved = _event(EventKind.SEATS_MOVED, "2020-03-15", quantity=3)
    rest = _event(EventKind.SEATS_UPGRADED, "2020-04-15", quantity=7, target="sub-2")
    made = _made(CREATED, moved, rest)

    assert [
        ("Cycle Instance Prorate", "2020-03-15", "2020-04-09", 7, "182.00"),
        ("Cycle Instance Prorate", "2020-04-10", "2020-05-09", 7, "217.00"),
        ("Cancel Fee", "2020-04-16", "2020-05-09", 7, "-173.60"),
    ] == _rows(made.lines[-3:])


def test_a_move_in_the_last_cycle_of_a_term_has_no_next_cycle_to_give_back() -> None:
    """The next cycle would belong to a new term, which never began."""
    made = _made(CREATED, _event(EventKind.CANCELLED, "2020-12-20", target="sub-2"), through="2021-03-01")

    assert [("Cancel Fee", "2020-12-21", "2021-01-09", 10, "-200.00")] == _rows(made.lines[12:])


def test_a_term_without_renewal_ends_and_a_late_renewal_begins_a_new_one() -> None:
    """Automatic renewal off: nothing after the term, until it is renewed by hand on another day."""
    off = _event(EventKind.AUTO_RENEW_CHANGED, "2020-05-01", is_on=False)
    renewed = _event(EventKind.RENEWED, "2021-02-01", quantity=4)
    made = _made(CREATED, off, renewed)

    assert 13 == len(made.lines)
    assert [("Prorate fee when renew", "2021-02-01", "2021-02-28", 4, "124.00")] == _rows(made.lines[12:])


def test_a_renewal_on_time_brings_its_own_plan_term_product_and_quantity() -> None:
    """The advance fee of the new term is for what was renewed."""
    prices = (DatedPrice(amount=Decimal(31), product="E1"), DatedPrice(amount=Decimal(366), plan=Plan.ANNUAL))
    renewed = _event(EventKind.RENEWED, "2021-01-10", plan=Plan.ANNUAL, term="P1Y", product="E3", quantity=2)
    made = _made(CREATED, renewed, product="E1", prices=prices, auto_renews=False)

    assert [("Prorate fee when renew", "2021-01-10", "2022-01-09", 2, "732.00")] == _rows(made.lines[12:])
    assert [] == _codes(made)


def test_a_late_renewal_keeps_the_quantity_where_it_names_none() -> None:
    """The seats that the subscription had."""
    made = _made(CREATED, _event(EventKind.RENEWED, "2021-03-01"), auto_renews=False)

    assert 10 == made.lines[-1].quantity


def test_a_price_is_locked_for_the_term_and_changes_at_the_renewal() -> None:
    """Microsoft's FAQ: a price change inside the term changes nothing; the renewal takes the list of its day."""
    changed = _event(EventKind.PRICE_CHANGED, "2020-06-01", unit_price=Decimal(40))
    later = _event(EventKind.QUANTITY_CHANGED, "2021-01-09", quantity=1)
    made = _made(CREATED, changed, later, through="2021-01-10")

    assert ["310.00"] * 12 == [str(line.amount) for line in made.lines[:12]]
    assert Decimal(40) == made.lines[-1].amount


def test_a_list_that_ends_keeps_the_price_of_the_term_before() -> None:
    """Where the list has no price for the renewal, the locked one stays."""
    prices = (DatedPrice(amount=Decimal(31), term="P1Y"),)
    renewed = _event(EventKind.RENEWED, "2021-01-10", term="P3Y")
    made = _made(CREATED, renewed, term="P1Y", prices=prices)

    assert Decimal(310) == made.lines[-1].amount
    assert [] == _codes(made)


def test_a_promotion_counts_from_the_cycle_that_begins_with_it_until_it_ends() -> None:
    """Half price for one cycle; the cycle before and after are in full. A chosen rounding mode stays chosen."""
    began = _event(EventKind.PROMOTION_BEGAN, "2020-02-10", percent=Decimal(50))
    ended = _event(EventKind.PROMOTION_ENDED, "2020-03-10")
    modes = {LineFamily.LEGACY_LICENCE: MODES["legacy.day_rate_2dp"]}
    made = _bill(_subscription(CREATED, began, ended), conventions=Conventions(modes=modes))

    assert ["310.00", "155.00", "310.00"] == [str(line.amount) for line in made.lines]
    assert "legacy.day_rate_2dp" == made.lines[1].mode.name


def test_a_discounted_part_names_the_part_and_the_discount_in_charge_and_credit() -> None:
    """The facts beside the amount stay together, and are negative on the credit."""
    prices = (DatedPrice(amount=Decimal("30.99"), part="telco"),)
    promotion = _event(EventKind.PROMOTION_BEGAN, "2020-01-10", percent=Decimal(10))
    made = _made(CREATED, promotion, _event(EventKind.SUSPENDED, "2020-03-01"), prices=prices)

    assert (("part", "telco"), ("Amount", "309.90"), ("TotalOtherDiscount", "30.99")) == made.lines[0].inputs
    assert (("part", "telco"), ("Amount", "-96.18"), ("TotalOtherDiscount", "-9.63")) == made.lines[-1].inputs


def test_a_trial_costs_nothing_until_it_is_converted() -> None:
    """The trial's seats are bought on the day of the conversion."""
    made = _made(CREATED, _event(EventKind.CONVERTED, "2020-02-05"), is_trial=True)

    assert [("Prorate fees when purchase", "2020-02-05", "2020-03-04", 10, "310.00")] == _rows(made.lines)


def test_an_amount_given_back_is_a_line_of_its_own() -> None:
    """Microsoft's type list: offset a line item; never more than was charged, two on one day included."""
    given = [_event(EventKind.CREDITED, "2020-01-20", amount=Decimal(amount), id=amount) for amount in ("200", "100")]
    too_much = _event(EventKind.CREDITED, "2020-01-20", amount=Decimal(20), id="x")
    made = _made(CREATED, *given, too_much)

    assert [
        ("Offset a line item", "None", "None", 1, "-100.00"),
        ("Offset a line item", "None", "None", 1, "-200.00"),
    ] == (_rows(made.lines[1:]))
    assert [IssueCode.EVENT_IGNORED] == _codes(made)


FREE = Conventions(legacy_alignment=LegacyAlignment.BILLING_DAY)
EARLY = _event(EventKind.CREATED, "2017-05-12", quantity=3)


def test_what_is_cancelled_in_the_free_period_never_appears() -> None:
    """Microsoft's edition of 2016: not in the reconciliation file; reactivated, the free days go on from there."""
    suspended, again = _event(EventKind.SUSPENDED, "2017-05-20"), _event(EventKind.REACTIVATED, "2017-05-25")
    never = _bill(_subscription(EARLY, suspended, partner_billing_day=10), conventions=FREE)
    back = _bill(_subscription(EARLY, suspended, again, partner_billing_day=10), conventions=FREE)

    assert () == never.lines
    assert [("New", "2017-05-25", "2017-06-09", 3, "0.00")] == _rows(back.lines)


@pytest.mark.parametrize(
    "order",
    [
        {"partner_billing_day": 12},
        {"partner_billing_day": None},
        {"partner_billing_day": 10, "plan": Plan.ANNUAL},
        {"partner_billing_day": 10, "aligned_to": date(2017, 5, 12)},
    ],
)
def test_some_purchases_have_no_free_period(order: dict[str, Any]) -> None:
    """Bought on the billing day, without one, paid yearly, or aligned to something else."""
    made = _bill(_subscription(EARLY, **order), conventions=FREE)

    assert ["Prorate fees when purchase"] == [line.charge_type for line in made.lines]


def test_a_conversion_ends_the_free_period_and_so_does_expiry() -> None:
    """The free days before it have their line."""
    converted = _event(EventKind.PLAN_CHANGED, "2017-05-20", plan=Plan.ANNUAL)
    expired = _event(EventKind.EXPIRED, "2017-05-20")

    for event, rows in ((converted, 2), (expired, 1)):
        made = _bill(_subscription(EARLY, event, partner_billing_day=10), conventions=FREE)
        assert [("New", "2017-05-12", "2017-05-19", 3, "0.00")] == _rows(made.lines[:1])
        assert rows == len(made.lines)


def test_a_free_period_needs_no_price() -> None:
    """Nothing is charged, but the missing price is told."""
    made = _bill(_subscription(EARLY, partner_billing_day=10, prices=()), conventions=FREE)

    assert [Decimal(0)] == [line.amount for line in made.lines]
    assert [IssueCode.PRICE_MISSING] == _codes(made)


def test_one_payment_for_the_whole_term() -> None:
    """Paid once, the term is one cycle; a term that the plan does not divide ends with a part of a cycle."""
    once = _made(CREATED, plan=Plan.ONE_TIME, term="P3Y")
    uneven = _made(CREATED, plan=Plan.ANNUAL, term="P18M", through="2021-07-09", auto_renews=False)

    assert [("Prorate fees when purchase", "2020-01-10", "2023-01-09", 10, "310.00")] == _rows(once.lines)
    assert "2021-07-09" >= str(uneven.lines[-1].last_day)


def test_one_correction_of_credits_alone_is_negative_and_of_nothing_is_none() -> None:
    """A sum of zero has no line; a line without dates adds no dates."""
    credited = _made(CREATED, _event(EventKind.CREDITED, "2020-01-20", amount=Decimal(5)))

    corrected = as_one_correction(credited.lines)

    assert ("Correction", Decimal(-5), None) == (corrected[1].charge_type, corrected[1].amount, corrected[1].start)
    assert credited.lines[:1] == as_one_correction(credited.lines[:1])
