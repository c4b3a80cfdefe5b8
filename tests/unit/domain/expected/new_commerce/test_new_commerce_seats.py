"""Seats added and given back inside a term."""

from decimal import Decimal
from typing import Any

import pytest

from shared.domain.expected.conventions import CancelWindow, EarlyCancelWindow, LineFamily, SameDay
from shared.domain.expected.rounding import MODES
from shared.domain.subscriptions.events import EventKind
from shared.domain.subscriptions.kinds import Plan, ServiceKind


def test_seats_added_in_a_leap_year_are_charged_for_the_rest_of_366_days(shop: Any) -> None:
    """An annual plan is prorated to the end of the year, by the year's own days."""
    sold = shop.sold("366", shop.bought("2024-02-01", 1), shop.seats("2024-12-03", 2), plan=Plan.ANNUAL)

    expected = shop.bill(sold)

    assert [
        ("new", "2024-02-01", "2025-01-31", 1, "366.00"),
        ("addQuantity", "2024-12-03", "2025-01-31", 1, "-60.00"),
        ("addQuantity", "2024-12-03", "2025-01-31", 2, "120.00"),
    ] == shop.rows(expected)
    assert [(60, 366), (60, 366)] == [(line.part, line.whole) for line in expected.lines[1:]]
    assert [(1, 2), (1, 2)] == [(line.quantity_before, line.quantity_after) for line in expected.lines[1:]]


def test_a_part_of_a_cycle_over_a_months_end_is_divided_by_its_real_length(shop: Any) -> None:
    """A cycle from 31 January to 27 February has 28 days, whatever January has."""
    sold = shop.sold("28", shop.bought("2023-01-31", 1), shop.seats("2023-02-26", 2))

    expected = shop.bill(sold)

    assert ("addQuantity", "2023-02-26", "2023-02-27", 2, "4.00") == shop.rows(expected)[2]


def test_seats_added_on_the_day_of_a_new_cycle_come_after_its_charge(shop: Any) -> None:
    """The cycle is charged with the old seats, then refunded and charged in full."""
    sold = shop.sold("12", shop.bought("2024-01-10", 5), shop.seats("2024-02-10T08:00", 7))

    expected = shop.bill(sold)

    assert [
        ("cycleCharge", "2024-02-10", "2024-03-09", 5, "60.00"),
        ("addQuantity", "2024-02-10", "2024-03-09", 5, "-60.00"),
        ("addQuantity", "2024-02-10", "2024-03-09", 7, "84.00"),
    ] == shop.rows(expected)[1:]


def test_seats_added_on_the_last_day_pay_for_one_day(shop: Any) -> None:
    """The last day of the cycle is one day of thirty-one."""
    sold = shop.sold("31", shop.bought("2024-01-10", 5), shop.seats("2024-02-09T23:59", 6))

    expected = shop.bill(sold)

    assert ["155.00", "-5.00", "6.00"] == [str(line.amount) for line in expected.lines]


def test_changes_of_one_day_are_one_change_or_one_each(shop: Any) -> None:
    """By default from the first quantity to the last; the other convention is named on the lines."""
    sold = shop.sold(
        "30", shop.bought("2024-06-01", 5), shop.seats("2024-06-16T08:00", 9), shop.seats("2024-06-16T09:00", 7)
    )

    merged, each = shop.bill(sold), shop.bill(sold, same_day=SameDay.EACH)

    assert [("addQuantity", 5), ("addQuantity", 7)] == [(row[0], row[3]) for row in shop.rows(merged)[1:]]
    assert [("addQuantity", 5), ("addQuantity", 9), ("removeQuantity", 9), ("removeQuantity", 7)] == [
        (row[0], row[3]) for row in shop.rows(each)[1:]
    ]
    assert (SameDay.MERGED.value,) == merged.variants
    assert (SameDay.EACH.value,) == each.variants
    assert merged.total("EUR") == each.total("EUR")


def test_a_change_undone_on_the_same_day_leaves_nothing(shop: Any) -> None:
    """Merged, there is no line; with a pair for each change, they add up to nothing."""
    sold = shop.sold(
        "30", shop.bought("2024-06-01", 5), shop.seats("2024-06-16T08:00", 9), shop.seats("2024-06-16T09:00", 5)
    )

    assert ["new"] == [row[0] for row in shop.rows(shop.bill(sold))]
    assert Decimal("150.00") == shop.bill(sold, same_day=SameDay.EACH).total("EUR").amount


@pytest.mark.parametrize("same_day", list(SameDay))
def test_a_refused_change_of_a_day_leaves_the_others(shop: Any, same_day: SameDay) -> None:
    """Only what the vendor allows is billed."""
    sold = shop.sold(
        "30", shop.bought("2024-06-01", 5), shop.seats("2024-06-16T08:00", 3), shop.seats("2024-06-16T09:00", 8)
    )

    expected = shop.bill(sold, same_day=same_day)

    assert [5, 8] == [row[3] for row in shop.rows(expected)[1:]]
    assert ["CHANGE_REFUSED"] == shop.codes(expected)


def test_every_batch_has_its_own_window(shop: Any) -> None:
    """Seats added on the 20th can go on the 25th, those of the 1st cannot; the issue says what could."""
    sold = shop.sold("30", shop.bought("2024-06-01", 5), shop.seats("2024-06-20T12:00", 8), shop.seats("2024-06-25", 4))

    expected = shop.bill(sold)

    assert 3 == len(expected.lines)
    assert ["CHANGE_REFUSED"] == shop.codes(expected)
    assert (
        "subscription S, quantity-changed on 2024-06-25: 4 seats cannot be given back, 3 can "
        "(3 until 2024-06-28 00:00 for 18.00 EUR)."
    ) == expected.issues[0].message
    assert "Schedule the smaller quantity for the renewal on 2025-06-01." == expected.issues[0].cure


def test_the_youngest_seats_go_first(shop: Any) -> None:
    """Three seats were added; two go, then one; a fourth is too old."""
    sold = shop.sold(
        "30", shop.bought("2024-06-01", 5), shop.seats("2024-06-20", 8), shop.seats("2024-06-21", 6),
        shop.seats("2024-06-22", 5), shop.seats("2024-06-23", 4),
    )  # fmt: skip

    expected = shop.bill(sold)

    assert [5, 5, 8, 8, 6, 6, 5] == [row[3] for row in shop.rows(expected)]
    assert "1 seats cannot be given back, 0 can." in expected.issues[0].message


def test_a_removal_that_somebody_attests_is_billed_and_noticed(shop: Any) -> None:
    """What the vendor reported happened, whatever its rules say; a request is refused."""
    sold = shop.sold("30", shop.bought("2024-06-01", 5), shop.seats("2024-06-25", 4, source="Partner Center"))
    asked = shop.sold("30", shop.bought("2024-06-01", 5), shop.seats("2024-06-25", 4, source="request"))

    assert ["150.00", "-30.00", "24.00"] == [str(line.amount) for line in shop.bill(sold).lines]
    assert ["CHANGE_UNUSUAL"] == shop.codes(shop.bill(sold))
    assert ["CHANGE_REFUSED"] == shop.codes(shop.bill(asked))


def test_all_seats_can_go_inside_the_window_and_come_back(shop: Any) -> None:
    """No seats, no line; later seats are charged without a refund."""
    sold = shop.sold("30", shop.bought("2024-06-01", 5), shop.seats("2024-06-04", 0), shop.seats("2024-06-16", 2))

    expected = shop.bill(sold, through="2024-07-01")

    assert [("new", 5), ("removeQuantity", 5), ("addQuantity", 2), ("cycleCharge", 2)] == [
        (row[0], row[3]) for row in shop.rows(expected)
    ]
    assert "30.00" == shop.rows(expected)[2][4]


def test_the_window_before_march_2022_is_a_named_choice(shop: Any) -> None:
    """Seven days by Microsoft's own example, 72 hours by what resellers wrote."""
    sold = shop.sold("30", shop.bought("2021-06-01", 5), shop.seats("2021-06-05", 4))

    assert 3 == len(shop.bill(sold).lines)
    assert 1 == len(shop.bill(sold, early_cancel_window=EarlyCancelWindow.SEVENTY_TWO_HOURS).lines)


def test_the_window_counts_days_or_hours(shop: Any) -> None:
    """Late on the seventh day after, more than 168 hours are over."""
    sold = shop.sold("30", shop.bought("2024-06-01T08:00", 5), shop.seats("2024-06-08T20:00", 4))

    assert 3 == len(shop.bill(sold).lines)
    assert 1 == len(shop.bill(sold, cancel_window=CancelWindow.BLOCKS_OF_24_HOURS).lines)


def test_seats_of_software_cannot_be_reduced(shop: Any) -> None:
    """The whole subscription is cancelled and bought again."""
    sold = shop.sold(
        "30", shop.bought("2024-06-01", 5), shop.seats("2024-06-02", 4), kind=ServiceKind.SOFTWARE_SUBSCRIPTION
    )

    expected = shop.bill(sold)

    assert 1 == len(expected.lines)
    assert "Cancel it inside its window and buy it again." == expected.issues[0].cure


@pytest.mark.parametrize("quantity", [None, -1])
def test_a_quantity_that_makes_no_sense_is_an_issue(shop: Any, quantity: int | None) -> None:
    """The rest of the history is billed."""
    sold = shop.sold(
        "30", shop.bought("2024-06-01", 5), shop.seats("2024-06-02", quantity), shop.seats("2024-06-03", 6)
    )

    expected = shop.bill(sold)

    assert 3 == len(expected.lines)
    assert ["EVENT_IGNORED"] == shop.codes(expected)


def test_a_quantity_that_stays_makes_no_line(shop: Any) -> None:
    """Nothing changed."""
    sold = shop.sold("30", shop.bought("2024-06-01", 5), shop.seats("2024-06-02", 5))

    assert (["new"], []) == ([row[0] for row in shop.rows(shop.bill(sold))], shop.codes(shop.bill(sold)))


def test_half_seats_are_counted_exactly(shop: Any) -> None:
    """A quantity may be a decimal number."""
    sold = shop.sold("10.01", shop.bought("2024-06-01", Decimal("1.5")), shop.seats("2024-06-16", Decimal("2.5")))

    assert ["15.01", "-7.50", "12.51"] == [str(line.amount) for line in shop.bill(sold).lines]


def test_a_refund_never_exceeds_the_charge_that_it_takes_back(shop: Any) -> None:
    """Charged by the cut unit price, refunded by the product: the refund follows the charge."""
    sold = shop.sold(
        "6.43", shop.bought("2021-06-18", 300), shop.event(EventKind.UPGRADED, "2021-06-25T08:00", product="B"),
        shop.seats("2021-06-25T09:00", 301),
    )  # fmt: skip

    expected = shop.bill(sold)

    assert ["1476.00", "-1476.00", "1483.82"] == [str(line.amount) for line in expected.lines[2:]]


def test_the_refund_of_all_seats_follows_the_charge_too(shop: Any) -> None:
    """The seats of the upgrade all go on the same day."""
    sold = shop.sold(
        "6.43", shop.bought("2021-06-18", 300), shop.event(EventKind.UPGRADED, "2021-06-25T08:00", product="B"),
        shop.seats("2021-06-25T09:00", 0, source="Partner Center"),
    )  # fmt: skip

    assert ["1476.00", "-1476.00"] == [str(line.amount) for line in shop.bill(sold).lines[2:]]


def test_other_arithmetic_can_be_chosen(shop: Any) -> None:
    """The documented licence formula cuts the unit price first: WE-017 becomes 112.80."""
    sold = shop.sold("10.08", shop.bought("2021-06-18", 10), shop.seats("2021-06-20", 12), term="P1M")

    expected = shop.bill(sold, modes={LineFamily.SEATS: MODES["nce.documented_licence"]})

    assert ["100.80", "-94.00", "112.80"] == [str(line.amount) for line in expected.lines]


def test_without_a_price_nothing_is_billed_and_it_is_said(shop: Any) -> None:
    """Neither the purchase nor the change makes a line; the missing price blocks."""
    sold = shop.sold(
        "1", shop.bought("2024-06-01", 5), shop.seats("2024-06-10", 6), shop.seats("2024-06-11", 2),
        shop.seats("2024-06-30", 2), prices=(),
    )  # fmt: skip

    expected = shop.bill(sold)

    assert () == expected.lines
    assert ["PRICE_MISSING", "CHANGE_REFUSED", "CHANGE_REFUSED"] == shop.codes(expected)
    assert expected.issues[0].is_blocking
