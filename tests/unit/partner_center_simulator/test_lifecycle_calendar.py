"""What the calendar brings: charge cycles, renewals, the extended service term, trials, ends."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from commerce_desk import CUSTOMER, Desk, at, make_world

from local.partner_center import lifecycle, terms
from local.partner_center.commerce import PriceChange, commerce
from local.partner_center.lifecycle import Purchase

BASIC: dict[str, Any] = {"product_id": "CFQ7TTC0LH18", "sku_id": "0001"}


@pytest.mark.parametrize(
    ("anchor", "starts"),
    [
        (date(2022, 10, 31), ["2022-10-31", "2022-11-30", "2022-12-31", "2023-01-31", "2023-02-28", "2023-03-31"]),
        (date(2024, 1, 30), ["2024-01-30", "2024-02-29", "2024-03-30", "2024-04-30", "2024-05-30", "2024-06-30"]),
        (date(2026, 1, 14), ["2026-01-14", "2026-02-14", "2026-03-14", "2026-04-14", "2026-05-14", "2026-06-14"]),
    ],
)
def test_monthly_cycles_keep_their_anchor(anchor: date, starts: list[str]) -> None:
    """A cycle begins on the anchor's day, or on the last day of a shorter month, and the anchor is kept."""
    last, day, found = terms.last_day_of_term(anchor, "P1Y"), anchor, []
    for _ in starts:
        first, end = terms.charge_cycle(anchor, "monthly", last, day)
        found.append(first.isoformat())
        day = terms.next_day(end)

    assert starts == found


def test_a_month_at_a_time_is_anchored_on_its_own_start() -> None:
    """A monthly term from 31 October renews on 30 November and then on 30 December."""
    world = make_world(at("2025-10-31T09:00:00"))
    bought = lifecycle.buy(world, world.customers[CUSTOMER], Purchase(**BASIC, term="P1M"))
    world.clock.advance_to(at("2026-01-05"))
    days = [(each.charge_type, each.term_first.isoformat()) for each in bought.log]

    assert days == [("new", "2025-10-31"), ("renew", "2025-11-30"), ("renew", "2025-12-30")]


def test_a_year_paid_by_the_month_is_charged_twelve_times_and_renews_at_midnight(desk: Desk) -> None:
    """Eleven further cycles, and the renewal at 00:00 of the day after the last day of the term, not before."""
    bought = desk.order(5)
    desk.world.clock.advance_to(at("2027-01-13T23:59:59"))
    before = desk.log(bought["id"])
    desk.world.clock.advance(seconds=1)
    renewed = desk.read(bought["id"])

    assert [each[1] for each in before] == ["new", *["cycleCharge"] * 11]
    assert desk.log(bought["id"])[-1] == ("2027-01-14", "renew", 5, 5)
    assert renewed["commitmentEndDate"] == "2028-01-13T00:00:00Z"
    assert renewed["refundableQuantity"]["details"] == [{"quantity": 5, "allowedUntilDateTime": "2027-01-21T00:00:00Z"}]
    assert renewed["effectiveStartDate"] == bought["effectiveStartDate"]


def test_a_renewal_may_take_hours(desk: Desk) -> None:
    """Switched so, the old dates are read until the renewal is done, and its window begins then."""
    commerce(desk.world).renewal_delay_h = 5
    bought = desk.order(5)
    desk.world.clock.advance_to(at("2027-01-14T04:00:00"))
    early = desk.read(bought["id"])
    desk.world.clock.advance(hours=2)
    late = desk.read(bought["id"])

    assert early["commitmentEndDate"] == "2027-01-13T00:00:00Z"
    assert late["commitmentEndDate"] == "2028-01-13T00:00:00Z"
    assert late["cancellationAllowedUntilDate"] == "2027-01-21T05:00:00Z"


def test_what_was_scheduled_happens_at_renewal(desk: Desk) -> None:
    """Another product, quantity, term and payment begin with the next term, at its price."""
    bought = desk.order(5)
    product = {"productId": "CFQ7TTC0LDPB", "skuId": "0001", "billingCycle": "Annual", "termDuration": "P3Y"}
    desk.change(bought, scheduledNextTermInstructions={"product": product, "quantity": 3})
    desk.world.clock.advance_to(at("2027-01-14T01:00:00"))
    renewed = desk.read(bought["id"])
    happened = desk.customer.subscriptions[bought["id"]].log[-1]

    assert renewed["offerId"].startswith("CFQ7TTC0LDPB:0001:")
    assert (renewed["quantity"], renewed["termDuration"], renewed["billingCycle"]) == (3, "P3Y", "annual")
    assert renewed["commitmentEndDate"] == "2030-01-13T00:00:00Z"
    assert "scheduledNextTermInstructions" not in renewed
    assert (happened.charge_type, happened.before, happened.after) == ("renew", 5, 3)
    assert happened.unit_price == Decimal("112.32")


def test_prices_are_kept_for_the_term_and_change_at_renewal(desk: Desk) -> None:
    """A price change in mid-term shows in nothing but the next term, and in what is bought from then on."""
    bought = desk.order(5)
    change = PriceChange(from_on=date(2026, 7, 1), factor=Decimal("1.10"), product="CFQ7TTC0LH18:0001")
    commerce(desk.world).price_changes.append(change)
    desk.world.clock.advance_to(at("2026-08-01"))
    desk.change(desk.read(bought["id"]), quantity=7)
    desk.world.clock.advance_to(at("2027-02-01"))
    prices = [(each.charge_type, each.unit_price) for each in desk.customer.subscriptions[bought["id"]].log]

    assert ("addQuantity", Decimal("4.70")) in prices
    assert {price for kind, price in prices if kind != "renew"} == {Decimal("4.70")}
    assert prices[-1] == ("renew", Decimal("5.17"))


def test_without_a_decision_the_term_is_extended_month_by_month(desk: Desk) -> None:
    """Renewal off, nothing cancelled: since May 2026 it goes on by the month, three percent above the monthly price."""
    bought = desk.order(5)
    desk.change(bought, autoRenewEnabled=False)
    desk.world.clock.advance_to(at("2027-03-01"))
    extended = desk.read(bought["id"])
    happened = desk.customer.subscriptions[bought["id"]].log[-2:]

    assert (extended["status"], extended["id"], extended["termDuration"]) == ("active", bought["id"], "P1M")
    assert extended["commitmentEndDate"] == "2027-03-13T00:00:00Z"
    assert [(each.charge_type, each.unit_price) for each in happened] == [("renew", Decimal("5.54"))] * 2
    assert desk.change(extended, autoRenewEnabled=False, status="deleted")["status"] == "deleted"
    assert desk.log(bought["id"])[-1][1] == "cancelImmediate"


def test_renewal_switched_on_again_ends_the_extension(desk: Desk) -> None:
    """At the end of the extended month the old term and payment begin anew."""
    bought = desk.order(5)
    desk.change(bought, autoRenewEnabled=False)
    desk.world.clock.advance_to(at("2027-01-20"))
    desk.change(desk.read(bought["id"]), autoRenewEnabled=True)
    desk.world.clock.advance_to(at("2027-02-15"))
    renewed = desk.read(bought["id"])

    assert (renewed["termDuration"], renewed["billingCycle"]) == ("P1Y", "monthly")
    assert renewed["commitmentEndDate"] == "2028-02-13T00:00:00Z"


def test_an_explicit_cancel_ends_it_with_the_term(desk: Desk) -> None:
    """With the scheduled action Cancel nothing is extended: disabled at once, deleted after 90 days."""
    bought = desk.order(5)
    actions = [{"scheduleType": "TermEnd", "actionType": "Cancel"}]
    kept = desk.change(bought, autoRenewEnabled=False, scheduledActions=actions)
    desk.world.clock.advance_to(at("2027-01-14"))

    assert kept["scheduledActions"] == actions
    assert desk.read(bought["id"])["status"] == "disabled"
    desk.world.clock.advance(days=90)
    assert desk.read(bought["id"])["status"] == "deleted"


def test_before_the_extension_a_term_expired_with_a_grace() -> None:
    """A term that ended before May 2026 is expired for 30 days, disabled for 90, then deleted."""
    world = make_world(at("2025-03-10T12:00:00"))
    bought = lifecycle.buy(world, world.customers[CUSTOMER], Purchase(**BASIC, auto_renews=False))
    found = []
    for day in ("2026-03-09", "2026-03-10", "2026-04-09", "2026-07-08"):
        world.clock.advance_to(at(day))
        found.append(bought.status)

    assert found == ["active", "expired", "disabled", "deleted"]


def test_a_trial_becomes_paid_after_a_month(desk: Desk) -> None:
    """The trial costs nothing, says what it becomes, and is a paid year from the day after."""
    trial = desk.order(25, offerId=desk.offer("CFQ7TTC0LCHC", "000F"), termDuration="P1M", billingCycle="none")
    desk.world.clock.advance_to(at("2026-02-14"))
    paid = desk.read(trial["id"])
    log = desk.customer.subscriptions[trial["id"]].log

    assert trial["scheduledNextTermInstructions"]["product"]["skuId"] == "0002"
    assert trial["commitmentEndDate"] == "2026-02-13T00:00:00Z"
    assert (paid["isTrial"], paid["termDuration"], paid["offerId"][:17]) == (False, "P1Y", "CFQ7TTC0LCHC:0002")
    assert [(each.charge_type, each.after, each.unit_price) for each in log] == [
        ("new", 25, Decimal(0)),
        ("renew", 25, Decimal("17.30")),
    ]


def test_a_promotion_holds_for_its_term(desk: Desk) -> None:
    """It is taken off in each cycle of the term, and checked again at renewal."""
    promotion = "39NFJQT1PJQB:0001:39NFJQT1Q5KN"
    bought = desk.order(5, offerId=desk.offer("CFQ7TTC0LCHC", "0002"), promotionId=promotion)
    commerce(desk.world).promotions.clear()
    desk.world.clock.advance_to(at("2027-01-15"))
    discounts = [each.discount for each in desk.customer.subscriptions[bought["id"]].log]

    assert bought["promotionId"] == promotion
    assert discounts == [Decimal("0.10")] * 12 + [Decimal(0)]


def test_looking_often_or_once_gives_the_same_log() -> None:
    """What the calendar brings does not depend on how the clock is moved."""
    logs = []
    for step_d in (1, 37, 900):
        world = make_world(at("2025-10-31T23:30:00"))
        customer = world.customers[CUSTOMER]
        bought = [
            lifecycle.buy(world, customer, Purchase(**BASIC, term=term, auto_renews=renews, cycle=cycle))
            for term, cycle, renews in (("P1M", "monthly", True), ("P1Y", "monthly", False), ("P1Y", "annual", True))
        ]
        while world.clock.now() < at("2028-04-01"):
            world.clock.advance_to(
                min(at("2028-04-01"), world.clock.now() + (at("2025-01-02") - at("2025-01-01")) * step_d)
            )
        logs.append([(each.status, each.log) for each in bought])

    assert logs[0] == logs[1] == logs[2]


def test_a_purchase_in_the_past_is_brought_up_to_now() -> None:
    """A generator may buy on an earlier day: everything due since then has happened when it returns."""
    world = make_world(at("2026-10-01T08:00:00"))
    customer = world.customers[CUSTOMER]
    bought = lifecycle.buy(world, customer, Purchase(**BASIC), at=at("2025-08-15T10:00:00"))
    world.clock.advance_to(at("2026-10-15"))

    assert [each.charge_type for each in bought.log] == ["new", *["cycleCharge"] * 11, "renew", *["cycleCharge"] * 2]
    assert bought.term_last == date(2027, 8, 14)
