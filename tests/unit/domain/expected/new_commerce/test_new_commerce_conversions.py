"""Trials, upgrades, moves, longer terms and other plans."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.expected.history import History
from shared.domain.expected.new_commerce import new_commerce_lines
from shared.domain.subscriptions.events import EventKind
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.subscription import DatedPrice

K = EventKind
A_AND_B = (DatedPrice(amount=Decimal("23.50"), product="A"), DatedPrice(amount=Decimal("38.90"), product="B"))


def test_a_trial_converted_later_begins_a_full_cycle_that_day(shop: Any) -> None:
    """Five days of the trial are used; promotions do not apply to a conversion."""
    sold = shop.sold(
        "30", shop.bought("2024-06-01", 25), shop.event(K.PROMOTION_BEGAN, "2024-06-01", percent=Decimal(10)),
        shop.event(K.CONVERTED, "2024-06-06", quantity=10), is_trial=True,
    )  # fmt: skip

    expected = shop.bill(sold, through="2024-07-06")

    assert [
        ("new", "2024-06-01", "2024-06-30", 25, "0.00"),
        ("convert", "2024-06-06", "2024-06-30", 25, "0.00"),
        ("convert", "2024-06-06", "2024-07-05", 10, "300.00"),
        ("cycleCharge", "2024-07-06", "2024-08-05", 10, "300.00"),
    ] == shop.rows(expected)


@pytest.mark.parametrize("kind", [K.CONVERTED, K.UPGRADED])
def test_a_trial_becomes_another_product_too(shop: Any, kind: EventKind) -> None:
    """Term, plan and product of the event count."""
    event = shop.event(kind, "2024-06-06", product="B", term="P1M")
    sold = shop.sold("0", shop.bought("2024-06-01", 25), event, is_trial=True, term="P1M", prices=A_AND_B)

    expected = shop.bill(sold, through="2024-07-06")

    assert [("convert", "972.50"), ("renew", "972.50")] == [(row[0], row[4]) for row in shop.rows(expected)[2:]]


@pytest.mark.parametrize(("term", "kind"), [("", "cycleCharge"), ("P1M", "cycleCharge"), ("P3Y", "cycleCharge")])
def test_a_trial_renews_into_a_year_if_nothing_longer_is_known(shop: Any, term: str, kind: str) -> None:
    """Automatic renewal is on by default, for trials too."""
    sold = shop.sold("30", shop.bought("2024-06-01", 25), is_trial=True, term=term)

    expected = shop.bill(sold, through="2024-08-01")

    assert ["new", "renew", kind] == [row[0] for row in shop.rows(expected)]
    assert "750.00" == shop.rows(expected)[1][4]


def test_a_trial_that_does_not_renew_ends(shop: Any) -> None:
    """The extended service term is not for trials."""
    sold = shop.sold("30", shop.bought("2026-06-01", 25), is_trial=True, auto_renews=False)

    assert 1 == len(shop.bill(sold, through="2026-12-31").lines)


def test_a_trial_runs_longer_for_nothing(shop: Any) -> None:
    """The longer time is a line of its own, and a conversion inside the first month is still free."""
    longer = shop.event(K.TERM_EXTENDED, "2024-06-20", ends_on=date(2024, 7, 31))
    sold = shop.sold("30", shop.bought("2024-06-01", 25), longer, shop.event(K.CONVERTED, "2024-06-25"), is_trial=True)

    expected = shop.bill(sold)

    assert [
        ("extendTerm", "2024-07-01", "2024-07-30", 25, "0.00"),
        ("convert", "2024-06-25", "2024-07-30", 25, "0.00"),
        ("convert", "2024-06-25", "2024-07-24", 25, "750.00"),
    ] == shop.rows(expected)[1:]
    assert "2024-06" == str(expected.lines[1].invoice)


def test_a_trial_keeps_to_a_chosen_end(shop: Any) -> None:
    """A trial is not aligned to anything, but may be given an end."""
    sold = shop.sold(
        "30", shop.bought("2024-06-01", 25), is_trial=True, ends_on=date(2024, 6, 15), aligned_to=date(2024, 6, 9)
    )
    usual = shop.sold("30", shop.bought("2024-06-01", 25), is_trial=True, aligned_to=date(2024, 6, 9))

    assert ("new", "2024-06-01", "2024-06-14", 25, "0.00") == shop.rows(shop.bill(sold))[0]
    assert ("new", "2024-06-01", "2024-06-30", 25, "0.00") == shop.rows(shop.bill(usual))[0]


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        (K.QUANTITY_CHANGED, {"quantity": 30}),
        (K.CONVERTED, {"quantity": 0}),
        (K.PLAN_CHANGED, {"term": "P1Y"}),
        (K.SEATS_UPGRADED, {"quantity": 3, "product": "B"}),
        (K.TERM_EXTENDED, {}),
        (K.TERM_EXTENDED, {"ends_on": date(2024, 6, 20)}),
    ],
)
def test_what_a_trial_cannot_do_is_an_issue(shop: Any, kind: EventKind, facts: dict[str, Any]) -> None:
    """It has no effect."""
    sold = shop.sold("30", shop.bought("2024-06-01", 25), shop.event(kind, "2024-06-10", **facts), is_trial=True)

    expected = shop.bill(sold)

    assert (1, ["EVENT_IGNORED"]) == (len(expected.lines), shop.codes(expected))


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        (K.CONVERTED, {}),
        (K.UPGRADED, {}),
        (K.UPGRADED, {"product": "B", "quantity": 9}),
        (K.PLAN_CHANGED, {}),
        (K.PLAN_CHANGED, {"plan": Plan.MONTHLY, "term": "P1Y"}),
        (K.SEATS_UPGRADED, {"quantity": 3}),
        (K.SEATS_UPGRADED, {"quantity": 11, "product": "B"}),
        (K.SEATS_UPGRADED, {"quantity": 0, "product": "B"}),
        (K.SEATS_MOVED, {"quantity": 3, "target": "X"}),
        (K.SEATS_MOVED, {"quantity": 3, "target": "S"}),
        (K.TERM_EXTENDED, {"ends_on": date(2026, 6, 20)}),
        (K.END_DATE_CHANGED, {}),
        (K.AUTO_RENEW_CHANGED, {}),
        (K.REACTIVATED, {}),
        (K.CREDITED, {}),
        (K.CREDITED, {"amount": Decimal(-1)}),
        (K.CREDITED, {"amount": Decimal("300.01")}),
        (K.CREATED, {"quantity": 4}),
        (K.CYCLE_MOVED, {}),
    ],
)
def test_what_a_paid_subscription_cannot_do_is_an_issue(shop: Any, kind: EventKind, facts: dict[str, Any]) -> None:
    """It has no effect; the message names the event and its day."""
    sold = shop.sold("30", shop.bought("2024-06-01", 10), shop.event(kind, "2024-06-10", **facts))

    expected = shop.bill(sold)

    assert (1, ["EVENT_IGNORED"]) == (len(expected.lines), shop.codes(expected))
    assert f"subscription S, {kind.value} on 2024-06-10: " in expected.issues[0].message


def test_an_upgrade_keeps_cycle_and_term(shop: Any) -> None:
    """The next cycles are those of the new product, which may come with more seats."""
    upgrade = shop.event(K.UPGRADED, "2024-06-16", product="B", quantity=12)
    sold = shop.sold("0", shop.bought("2024-06-01", 10), upgrade, shop.seats("2024-06-18", 10), prices=A_AND_B)

    expected = shop.bill(sold, through="2024-07-01")

    assert [
        ("convert", "2024-06-16", "2024-06-30", 10, "-117.50"),
        ("convert", "2024-06-16", "2024-06-30", 12, "233.40"),
        ("removeQuantity", "2024-06-18", "2024-06-30", 12, "-202.28"),
        ("removeQuantity", "2024-06-18", "2024-06-30", 10, "168.56"),
        ("cycleCharge", "2024-07-01", "2024-07-31", 10, "389.00"),
    ] == shop.rows(expected)[1:]


def test_an_upgrade_without_a_price_refunds_and_says_so(shop: Any) -> None:
    """The old product ends; the new one cannot be charged."""
    sold = shop.sold(
        "0", shop.bought("2024-06-01", 10), shop.event(K.UPGRADED, "2024-06-16", product="C"), prices=A_AND_B
    )

    expected = shop.bill(sold, through="2024-07-01")

    assert ["new", "convert"] == [row[0] for row in shop.rows(expected)]
    assert ["PRICE_MISSING"] == shop.codes(expected)


def test_an_upgrade_may_bring_its_own_promotion(shop: Any) -> None:
    """The old product's promotion does not apply to the new one; its own does."""
    began = shop.event(K.PROMOTION_BEGAN, "2024-06-01", percent=Decimal(10))
    plain = shop.event(K.UPGRADED, "2024-06-01T08:00", product="B")
    own = shop.event(K.UPGRADED, "2024-06-01T08:00", product="B", percent=Decimal(20))

    for upgrade, amount in ((plain, "38.90"), (own, "31.12")):
        sold = shop.sold("0", shop.bought("2024-06-01", 1), began, upgrade, prices=A_AND_B)

        assert amount == str(shop.bill(sold).lines[-1].amount)


@pytest.mark.parametrize(("kind", "product"), [(K.PLAN_CHANGED, ""), (K.UPGRADED, "B")])
def test_a_longer_term_begins_at_once(shop: Any, kind: EventKind, product: str) -> None:
    """The rest of the cycle is refunded, and a full cycle of the longer term begins that day."""
    longer = shop.event(kind, "2024-06-16", term="P1Y", plan=Plan.ANNUAL, product=product, unit_price=Decimal(240))
    sold = shop.sold("30", shop.bought("2024-06-01", 2), longer, term="P1M")

    expected = shop.bill(sold, through="2025-06-16")

    assert [
        ("convert", "2024-06-16", "2024-06-30", 2, "-30.00"),
        ("convert", "2024-06-16", "2025-06-15", 2, "480.00"),
        ("renew", "2025-06-16", "2026-06-15", 2, "480.00"),
    ] == shop.rows(expected)[1:]


def test_a_shorter_term_waits_for_the_renewal(shop: Any) -> None:
    """A year cannot become a month before it ends."""
    shorter = shop.event(K.PLAN_CHANGED, "2024-08-16", term="P1M")
    sold = shop.sold("30", shop.bought("2024-06-01", 2), shorter)

    expected = shop.bill(sold, through="2025-07-01")

    assert ["cycleCharge", "renew", "renew"] == [row[0] for row in shop.rows(expected)[-3:]]


def test_a_plan_that_changes_with_the_renewal_is_the_renewals(shop: Any) -> None:
    """There is no line of its own for the change."""
    change = shop.event(K.PLAN_CHANGED, "2025-06-01", plan=Plan.ANNUAL, unit_price=Decimal(330))
    sold = shop.sold("30", shop.bought("2024-06-01", 2), change)

    expected = shop.bill(sold)

    assert ("renew", "2025-06-01", "2026-05-31", 2, "660.00") == shop.rows(expected)[-1]
    assert change is expected.lines[-1].event


def test_a_plan_changes_price_is_that_of_the_terms_first_day(shop: Any) -> None:
    """It was locked for the term, with the promotion of that day."""
    prices = (
        DatedPrice(amount=Decimal(100), plan=Plan.ANNUAL),
        DatedPrice(amount=Decimal(120), plan=Plan.ANNUAL, valid_from=date(2024, 7, 1)),
        DatedPrice(amount=Decimal(10), plan=Plan.MONTHLY),
    )
    change = shop.event(K.PLAN_CHANGED, "2024-07-10", plan=Plan.MONTHLY)
    back = shop.event(K.PLAN_CHANGED, "2025-07-10", plan=Plan.ANNUAL)
    sold = shop.sold(
        "0",
        shop.bought("2024-06-01", 1, percent=Decimal(10)),
        change,
        back,
        term="P3Y",
        plan=Plan.ANNUAL,
        prices=prices,
    )

    expected = shop.bill(sold, through="2026-06-01")

    assert [
        ("new", "90.00"),
        ("changeBillingPlan", "9.00"),
        ("cycleCharge", "9.00"),
        ("changeBillingPlan", "75.00"),
    ] == [(row[0], row[4]) for row in (*shop.rows(expected)[:3], shop.rows(expected)[3])]
    assert ("cycleCharge", "2026-06-01", "2027-05-31", 1, "90.00") == shop.rows(expected)[-1]


def test_seats_changed_after_a_plan_change_share_what_was_charged(shop: Any) -> None:
    """Ten of twelve months were charged for 304 days; half of the days are half of that."""
    change = shop.event(K.PLAN_CHANGED, "2024-08-01", plan=Plan.ANNUAL, unit_price=Decimal(120))
    sold = shop.sold("10", shop.bought("2024-06-01", 1), change, shop.seats("2024-12-31", 2))

    expected = shop.bill(sold)

    assert (10 * 152, 12 * 304) == (expected.lines[-1].part, expected.lines[-1].whole)
    assert [("changeBillingPlan", "100.00"), ("addQuantity", "-50.00"), ("addQuantity", "100.00")] == [
        (row[0], row[4]) for row in shop.rows(expected)[-3:]
    ]


def _pair(shop: Any, move: Any, *, target_term: str = "P1Y", target_on: str = "2024-01-10") -> tuple[Any, Any]:
    base = shop.sold("0", shop.bought("2024-01-01", 10), move, prices=A_AND_B)
    target = shop.sold("0", shop.bought(target_on, 5), id="T", product="B", prices=A_AND_B, term=target_term)
    return base, target


@pytest.mark.parametrize("kind", [K.SEATS_MOVED, K.SEATS_UPGRADED])
def test_seats_move_into_a_running_subscription(shop: Any, kind: EventKind) -> None:
    """Only those that go are refunded; where they arrive, the old quantity is wiped, each in its own cycle."""
    move = shop.event(kind, "2024-06-16", quantity=4, target="T", product="B")

    expected = shop.bill(*_pair(shop, move), through="2024-06-20")

    assert [
        ("S", "moveQuantity", "2024-06-30", 4, "-47.00"),
        ("T", "moveQuantity", "2024-07-09", 5, "-155.60"),
        ("T", "moveQuantity", "2024-07-09", 9, "280.08"),
    ] == [
        (line.subscription.id, line.charge_type, str(line.last_day), line.quantity, str(line.amount))
        for line in expected.lines
        if line.charge_type == "moveQuantity"
    ]
    assert [] == shop.codes(expected)


def test_a_subscription_that_gave_all_its_seats_away_ends(shop: Any) -> None:
    """No further cycle is charged; the one that received them runs on."""
    move = shop.event(K.SEATS_MOVED, "2024-06-16", target="T")

    expected = shop.bill(*_pair(shop, move), through="2024-07-31")
    last = {line.subscription.id: line for line in expected.lines}

    assert ("moveQuantity", 10) == (last["S"].charge_type, last["S"].quantity)
    assert ("cycleCharge", 15) == (last["T"].charge_type, last["T"].quantity)


@pytest.mark.parametrize(
    ("on", "facts", "why"),
    [
        ("2024-06-16", {"target_term": "P3Y"}, "the terms differ"),
        ("2024-06-16", {"target_on": "2023-12-20"}, "T ends earlier, on 2024-12-20"),
        ("2024-01-12", {}, "T is inside its own cancellation window"),
    ],
)
def test_a_move_that_is_not_allowed_is_refused(shop: Any, on: str, facts: dict[str, str], why: str) -> None:
    """Unless somebody attests that it happened."""
    refused = shop.bill(*_pair(shop, shop.event(K.SEATS_MOVED, on, quantity=4, target="T"), **facts), through=on)
    fact = shop.event(K.SEATS_MOVED, on, quantity=4, target="T", source="Partner Center")
    billed = shop.bill(*_pair(shop, fact, **facts), through=on)

    assert f"seats cannot move there: {why}" in refused.issues[0].message
    assert [0, 3] == [sum(line.charge_type == "moveQuantity" for line in each.lines) for each in (refused, billed)]


def test_a_move_needs_paid_seats_and_a_running_target(shop: Any) -> None:
    """Too many seats, a target that ended, one that is a trial or of another kind."""
    many = shop.event(K.SEATS_MOVED, "2024-06-16", quantity=11, target="T")
    some = shop.event(K.SEATS_MOVED, "2024-06-16", quantity=4, target="T")
    base, target = _pair(shop, some)
    ended = shop.sold("1", shop.bought("2024-06-10", 5), shop.event(K.CANCELLED, "2024-06-10"), id="T")
    trial = shop.sold("1", shop.bought("2024-06-10", 5), id="T", is_trial=True)

    for subscriptions in (_pair(shop, many), (base, ended), (base, trial)):
        assert ["EVENT_IGNORED"] == shop.codes(shop.bill(*subscriptions, through="2024-06-20"))
    assert [] == shop.codes(shop.bill(base, target, through="2024-06-20"))


def test_a_new_subscription_of_a_partial_upgrade_takes_over_term_and_window(shop: Any) -> None:
    """It ends with the one it came from, and is given back in that one's window."""
    some = shop.event(K.SEATS_UPGRADED, "2024-01-03", quantity=4, target="T", product="B")
    base = shop.sold("0", shop.bought("2024-01-01", 10), some, prices=A_AND_B)
    made = shop.sold(
        "0", shop.bought("2024-01-03", 4), shop.event(K.CANCELLED, "2024-01-09"), id="T", product="B", prices=A_AND_B
    )

    expected = shop.bill(base, made, through="2024-01-31")

    assert ["CHANGE_REFUSED"] == shop.codes(expected)
    assert [("convert", "2024-01-03", "2024-01-31", 4, "145.56")] == shop.rows(expected)[2:]


def test_without_a_last_day_the_receiver_is_looked_at_until_the_seats_arrive(shop: Any) -> None:
    """Its own last event may be older."""
    some = shop.event(K.SEATS_UPGRADED, "2024-03-16", quantity=4, target="T", product="B")
    base = shop.sold("0", shop.bought("2024-01-01", 10), some, prices=A_AND_B)
    target = shop.sold("0", shop.bought("2024-01-01", 1), id="T", product="B", prices=A_AND_B)

    expected = shop.bill(base, target)

    assert "moveQuantity" == expected.lines[-1].charge_type


def test_seats_of_one_upgrade_can_go_on(shop: Any) -> None:
    """From a subscription that is known from an upgrade only, into another move."""
    some = shop.event(K.SEATS_UPGRADED, "2024-06-16", quantity=4, target="T", product="B")
    more = shop.event(K.SEATS_UPGRADED, "2024-07-16", quantity=2, target="T", product="B")
    sold = shop.sold("0", shop.bought("2024-01-01", 10), some, more, prices=A_AND_B)

    expected = shop.bill(sold, through="2024-08-01")

    assert [("convert", 4), ("cycleCharge", 4), ("moveQuantity", 4), ("moveQuantity", 6), ("cycleCharge", 6)] == [
        (line.charge_type, line.quantity) for line in expected.lines if line.subscription.id == "T"
    ]
    unnamed = shop.sold(
        "0", shop.bought("2024-06-01", 1), shop.event(K.SEATS_UPGRADED, "2024-06-16", product="B"), prices=A_AND_B
    )
    assert "S/B" == shop.bill(unnamed).lines[-1].subscription.id


def test_a_subscription_of_another_kind_takes_no_seats(shop: Any) -> None:
    """Groups are made of licences and software."""
    base, _ = _pair(shop, shop.event(K.SEATS_MOVED, "2024-06-16", quantity=4, target="T"))
    other = shop.sold("1", shop.bought("2024-01-10", 5), id="T", kind=ServiceKind.LEGACY_LICENCE)

    expected = new_commerce_lines(base, History(subscriptions=(base, other), through=date(2024, 6, 20)))

    assert ["EVENT_IGNORED"] == shop.codes(expected)


def test_seats_may_move_twice_between_two_subscriptions(shop: Any) -> None:
    """They are walked together once, however often they exchange seats."""
    base, target = _pair(shop, shop.event(K.SEATS_MOVED, "2024-06-16", quantity=4, target="T"))
    again = shop.event(K.SEATS_MOVED, "2024-07-16", quantity=1, target="T")
    twice = shop.sold("0", *base.events, again, prices=A_AND_B)

    expected = shop.bill(twice, target, through="2024-08-01")

    assert 6 == sum(line.charge_type == "moveQuantity" for line in expected.lines)


def test_a_credit_is_a_line_without_seats(shop: Any) -> None:
    """Also after the end; never more than what was charged."""
    sold = shop.sold(
        "30", shop.bought("2024-06-01", 10), shop.event(K.CREDITED, "2024-06-10", amount=Decimal("250.005")),
        shop.event(K.CREDITED, "2024-06-11", amount=Decimal("50.01")),
    )  # fmt: skip

    expected = shop.bill(sold)

    line = expected.lines[-1]
    assert ("customerCredit", None, None, "-250.00") == (
        line.charge_type,
        line.start,
        line.quantity_after,
        str(line.amount),
    )
    assert ["EVENT_IGNORED"] == shop.codes(expected)


def test_a_suspended_subscription_is_billed_but_does_not_renew(shop: Any) -> None:
    """Resuming does not switch renewal on again."""
    events = (
        shop.event(K.SUSPENDED, "2024-06-10"), shop.event(K.SUSPENDED, "2024-06-11"),
        shop.event(K.REACTIVATED, "2024-06-12"),
    )  # fmt: skip
    sold = shop.sold("30", shop.bought("2024-06-01", 1), *events)

    expected = shop.bill(sold, through="2025-07-01")

    assert 12 == len(expected.lines)
    assert ["EVENT_IGNORED"] == shop.codes(expected)


@pytest.mark.parametrize("quantity", [None, 0])
def test_a_purchase_needs_seats(shop: Any, quantity: int | None) -> None:
    """Nothing was created, so nothing after it counts."""
    sold = shop.sold(
        "30",
        shop.bought("2024-06-01", quantity),
        shop.seats("2024-06-02", 4),
        shop.event(K.PRICE_CHANGED, "2024-06-03"),
    )

    expected = shop.bill(sold)

    assert ((), ["EVENT_IGNORED"] * 2) == (expected.lines, shop.codes(expected))
