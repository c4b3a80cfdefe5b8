"""Cancellation: in full, by days, or too late."""

from typing import Any

import pytest

from shared.domain.expected.conventions import CancelWindow, EarlyCancelWindow, LineFamily, SoftwareRefund
from shared.domain.expected.rounding import MODES
from shared.domain.subscriptions.events import EventKind
from shared.domain.subscriptions.kinds import Plan, ServiceKind

K = EventKind


@pytest.mark.parametrize(
    ("at", "amount", "first_day"),
    [
        ("2024-07-01T23:00", "-310.00", "2024-07-01"),
        ("2024-07-02T09:59", "-310.00", "2024-07-01"),
        ("2024-07-02T10:00", "-300.00", "2024-07-02"),
        ("2024-07-03", "-290.00", "2024-07-03"),
        ("2024-07-07T18:00", "-250.00", "2024-07-07"),
    ],
)
def test_inside_the_window_the_refund_shrinks_by_the_day(shop: Any, at: str, amount: str, first_day: str) -> None:
    """Everything within 24 hours, then the days from the cancellation on."""
    sold = shop.sold("31", shop.bought("2024-07-01T10:00", 10), shop.event(K.CANCELLED, at))

    expected = shop.bill(sold, through="2024-12-31")

    assert [
        ("new", "2024-07-01", "2024-07-31", 10, "310.00"),
        ("cancelImmediate", first_day, "2024-07-31", 10, amount),
    ] == shop.rows(expected)
    assert expected.lines[0] is expected.lines[1].corrects
    assert (10, 0) == (expected.lines[1].quantity_before, expected.lines[1].quantity_after)


def test_after_the_window_the_term_is_billed_to_its_end(shop: Any) -> None:
    """Nothing is refunded, and it does not renew, not even by the month."""
    sold = shop.sold("31", shop.bought("2025-07-01", 10), shop.event(K.CANCELLED, "2025-07-09"))

    expected = shop.bill(sold, through="2027-01-01")

    assert ["new", *["cycleCharge"] * 11] == [row[0] for row in shop.rows(expected)]
    assert ["CHANGE_REFUSED"] == shop.codes(expected)
    assert "the window was open until 2025-07-09 00:00" in expected.issues[0].message


def test_renewal_can_be_switched_on_again_after_a_late_cancellation(shop: Any) -> None:
    """The setting that was made last counts."""
    late = shop.event(K.CANCELLED, "2024-07-20")
    sold = shop.sold(
        "31", shop.bought("2024-07-01", 1), late, shop.event(K.AUTO_RENEW_CHANGED, "2024-08-01", is_on=True)
    )

    assert "renew" == shop.rows(shop.bill(sold, through="2025-07-01"))[-1][0]


def test_a_renewal_opens_a_window_of_its_own(shop: Any) -> None:
    """A monthly term can be given back for seven days after each renewal."""
    sold = shop.sold("31", shop.bought("2024-06-01", 1), shop.event(K.CANCELLED, "2024-07-03"), term="P1M")

    assert ("cancelImmediate", "2024-07-03", "2024-07-31", 1, "-29.00") == shop.rows(shop.bill(sold))[-1]


@pytest.mark.parametrize(("at", "first_day"), [("2024-07-03T09:59", "2024-07-02"), ("2024-07-03T10:00", "2024-07-03")])
def test_unused_blocks_of_24_hours_are_another_way_to_count(shop: Any, at: str, first_day: str) -> None:
    """A block that has begun is used."""
    sold = shop.sold("31", shop.bought("2024-07-01T10:00", 10), shop.event(K.CANCELLED, at))

    expected = shop.bill(sold, cancel_window=CancelWindow.BLOCKS_OF_24_HOURS)

    assert first_day == shop.rows(expected)[1][1]
    assert (CancelWindow.BLOCKS_OF_24_HOURS.value,) == expected.variants


def test_a_full_refund_takes_back_every_charge_of_the_term(shop: Any) -> None:
    """Seats added on the second day are refunded from that day, the others from the first."""
    sold = shop.sold(
        "31", shop.bought("2024-07-01T10:00", 10), shop.seats("2024-07-02T08:00", 12),
        shop.event(K.CANCELLED, "2024-07-02T09:00"),
    )  # fmt: skip

    expected = shop.bill(sold)

    assert [
        ("cancelImmediate", "2024-07-01", "2024-07-01", 10, "-10.00"),
        ("cancelImmediate", "2024-07-02", "2024-07-31", 12, "-360.00"),
    ] == shop.rows(expected)[3:]
    assert "0.00" == str(expected.total("EUR").amount)


def test_a_prorated_refund_leaves_the_days_before(shop: Any) -> None:
    """Only the last charge reaches the day of the cancellation."""
    sold = shop.sold(
        "31", shop.bought("2024-07-01", 10), shop.seats("2024-07-03", 12), shop.event(K.CANCELLED, "2024-07-05")
    )

    expected = shop.bill(sold)

    assert [("cancelImmediate", "2024-07-05", "2024-07-31", 12, "-324.00")] == shop.rows(expected)[3:]


def test_seats_added_and_cancelled_on_the_first_day_are_refunded_once(shop: Any) -> None:
    """The first charge was wiped already; only the second is left to give back."""
    added = shop.seats("2024-07-01T11:00", 12)
    sold = shop.sold("31", shop.bought("2024-07-01", 10), added, shop.event(K.CANCELLED, "2024-07-01T12:00"))

    expected = shop.bill(sold)

    assert [("cancelImmediate", "2024-07-01", "2024-07-31", 12, "-372.00")] == shop.rows(expected)[3:]


def test_what_an_upgrade_took_is_not_refunded_again(shop: Any) -> None:
    """Of ten seats four went to another subscription; six are left to give back."""
    sold = shop.sold(
        "31", shop.bought("2024-07-01T10:00", 10),
        shop.event(K.SEATS_UPGRADED, "2024-07-02T08:00", quantity=4, product="B", target="T"),
        shop.event(K.CANCELLED, "2024-07-02T09:00"),
    )  # fmt: skip

    expected = shop.bill(sold)

    assert [
        ("cancelImmediate", "2024-07-01", "2024-07-01", 10, "-10.00"),
        ("cancelImmediate", "2024-07-02", "2024-07-31", 6, "-180.00"),
    ] == shop.rows(expected)[2:4]


def test_the_72_hours_of_2021_are_a_named_choice(shop: Any) -> None:
    """Everything within 72 hours, nothing after."""
    sold = shop.sold("31", shop.bought("2021-07-01", 1), shop.event(K.CANCELLED, "2021-07-03"))

    chosen = shop.bill(sold, early_cancel_window=EarlyCancelWindow.SEVENTY_TWO_HOURS)

    assert "-31.00" == str(chosen.lines[1].amount)
    assert "-29.00" == str(shop.bill(sold).lines[1].amount)
    assert EarlyCancelWindow.SEVENTY_TWO_HOURS.value in chosen.variants


@pytest.mark.parametrize(
    ("choice", "amount"), [(SoftwareRefund.PRORATED, "-1089.00"), (SoftwareRefund.FULL, "-1098.00")]
)
def test_software_is_refunded_by_days_or_in_full(shop: Any, choice: SoftwareRefund, amount: str) -> None:
    """Two sentences of Microsoft's differ; both are named."""
    sold = shop.sold(
        "1098", shop.bought("2023-07-01", 1), shop.event(K.CANCELLED, "2023-07-04"),
        kind=ServiceKind.SOFTWARE_SUBSCRIPTION, plan=Plan.ANNUAL,
    )  # fmt: skip

    expected = shop.bill(sold, software_refund=choice)

    assert amount == str(expected.lines[1].amount)
    assert choice.value in expected.variants


def test_a_trial_is_cancelled_at_no_cost(shop: Any) -> None:
    """Any day; the line says that nothing is owed."""
    sold = shop.sold("31", shop.bought("2024-07-01", 25), shop.event(K.CANCELLED, "2024-07-20"), is_trial=True)

    expected = shop.bill(sold, through="2024-12-31")

    assert [
        ("new", "2024-07-01", "2024-07-31", 25, "0.00"),
        ("cancelImmediate", "2024-07-20", "2024-07-31", 25, "0.00"),
    ] == shop.rows(expected)


def test_after_the_end_events_have_no_effect(shop: Any) -> None:
    """Each is an issue; nothing is billed."""
    sold = shop.sold(
        "31", shop.bought("2024-07-01", 1), shop.event(K.CANCELLED, "2024-07-02T12:00"),
        shop.seats("2024-07-05T08:00", 4),
        shop.seats("2024-07-05T09:00", 5), shop.event(K.CANCELLED, "2024-07-06"),
    )  # fmt: skip

    expected = shop.bill(sold)

    assert 2 == len(expected.lines)
    assert ["EVENT_IGNORED"] * 3 == shop.codes(expected)


def test_a_refund_follows_a_charge_that_was_cut_more(shop: Any) -> None:
    """With other arithmetic chosen, a cancellation still never gives back more than was paid."""
    changed = shop.seats("2024-06-20", 12)
    sold = shop.sold("10.08", shop.bought("2024-06-18", 10), changed, shop.event(K.CANCELLED, "2024-06-20T08:00"))
    modes = {
        LineFamily.SEATS: MODES["nce.documented_licence"],
        LineFamily.CANCELLATION: MODES["nce.product_rounddown"],
    }

    expected = shop.bill(sold, modes=modes)

    assert ["100.80", "-94.00", "112.80", "-112.80"] == [str(line.amount) for line in expected.lines]
