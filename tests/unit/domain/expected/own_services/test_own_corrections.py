"""Corrections, prices and minimums of own services, by amounts that can be checked by eye."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.errors import InvalidError
from shared.domain.subscriptions.kinds import Plan
from shared.domain.subscriptions.own_billing import (
    Alignment,
    ChangeDay,
    Correction,
    PriceChange,
    Span,
    Timing,
)
from shared.domain.subscriptions.subscription import DatedPrice

CALENDAR = {"alignment": Alignment.CALENDAR}
ARREARS = {"timing": Timing.ARREARS}


def amounts(lines: list[tuple[str, str, str]]) -> list[str]:
    """Return the amounts alone."""
    return [amount for *_, amount in lines]


@pytest.mark.parametrize(
    ("correction", "expected"),
    [
        (Correction.PAIR, ["30.00", "-20.00", "40.00", "-20.00", "10.00"]),
        (Correction.NET, ["30.00", "20.00", "-10.00"]),
        (Correction.SEGMENTS, ["30.00", "-30.00", "10.00", "40.00", "-10.00", "-40.00", "10.00", "20.00", "10.00"]),
        (Correction.ADDITIONS, ["30.00", "20.00"]),
    ],
)
def test_what_a_change_makes(own: Any, correction: Correction, expected: list[str]) -> None:
    """One seat at 30 for April, two from the 11th, one from the 21st."""
    lines = own.lines(
        own.event("created", "2024-04-01", quantity=1),
        own.event("quantity-changed", "2024-04-11", quantity=2),
        own.event("quantity-changed", "2024-04-21", quantity=1),
        price="30",
        policy={"correction": correction},
    )

    assert expected == amounts(lines)


def test_corrections_know_what_they_correct(own: Any) -> None:
    """A credit names the charge it takes back; rules and quantities tell why."""
    made = own.billed(
        own.service(
            own.event("created", "2024-04-01", quantity=1),
            own.event("quantity-changed", "2024-04-11", quantity=2),
            price="30",
        )
    ).lines

    assert ["own.cycle", "own.change_credit", "own.change_charge"] == [line.rule.key for line in made]
    assert made[0] is made[1].corrects
    assert (1, 2) == (made[1].quantity_before, made[1].quantity_after)


def test_a_difference_over_units_and_price_is_one_unit(own: Any) -> None:
    """From 2 x 30 to 3 x 10 is 30 less, for two thirds of the month."""
    lines = own.lines(
        own.event("created", "2024-04-01", quantity=2, unit_price="30"),
        own.event("plan-changed", "2024-04-11", quantity=3, unit_price="10"),
        policy={"correction": Correction.NET},
    )

    assert ["60.00", "-20.00"] == amounts(lines)


def test_a_difference_of_nothing_makes_no_line(own: Any) -> None:
    """Two at 30 cost what three at 20 do."""
    lines = own.lines(
        own.event("created", "2024-04-01", quantity=2, unit_price="30"),
        own.event("plan-changed", "2024-04-11", quantity=3, unit_price="20"),
        policy={"correction": Correction.NET},
    )

    assert ["60.00"] == amounts(lines)


def test_the_day_of_a_change_may_belong_to_the_old(own: Any) -> None:
    """The change of the 10th counts from the 11th; one of a cycle's last day from the next cycle."""
    lines = own.lines(
        own.event("created", "2024-04-01", quantity=1),
        own.event("quantity-changed", "2024-04-10", quantity=2),
        own.event("quantity-changed", "2024-04-30", quantity=3),
        price="30",
        policy={"change_day": ChangeDay.OLD, "correction": Correction.NET},
        through="2024-05-01",
    )

    assert [("2024-04-11", "2024-04-30", "20.00"), ("2024-05-01", "2024-05-31", "90.00")] == lines[1:]


def test_additions_after_a_pause_count_from_then(own: Any) -> None:
    """Suspended from the first day; active again, two thirds of the month are charged."""
    lines = own.lines(
        own.event("created", "2024-03-01"),
        own.event("suspended", "2024-04-01"),
        own.event("reactivated", "2024-04-11"),
        own.event("suspended", "2024-04-15"),
        own.event("reactivated", "2024-04-20"),
        price="30",
        policy={"correction": Correction.ADDITIONS},
    )

    assert [("2024-04-11", "2024-04-30", "20.00")] == lines[1:]


def test_additions_to_a_longer_cycle_after_a_pause(own: Any) -> None:
    """The days added while it was suspended are charged from the day it is active again."""
    lines = own.lines(
        own.event("created", "2024-04-01"),
        own.event("suspended", "2024-04-10"),
        own.event("cycle-moved", "2024-04-11", ends_on="2024-05-20"),
        own.event("reactivated", "2024-05-05"),
        price="31",
        policy={"correction": Correction.ADDITIONS},
    )

    assert [("2024-04-01", "2024-04-30", "31.00"), ("2024-05-05", "2024-05-19", "15.00")] == lines


def test_a_price_of_a_list_counts_from_the_next_cycle(own: Any) -> None:
    """A running cycle keeps the price it began with, for its corrections too."""
    prices = (
        DatedPrice(amount=Decimal(30)),
        DatedPrice(amount=Decimal(60), valid_from=date(2024, 4, 10)),
    )
    lines = own.lines(
        own.event("created", "2024-04-01", quantity=1),
        own.event("quantity-changed", "2024-04-21", quantity=2),
        prices=prices,
        policy={"correction": Correction.NET},
        through="2024-05-01",
    )

    assert ["30.00", "10.00", "120.00"] == amounts(lines)


@pytest.mark.parametrize(
    ("how", "expected"),
    [(PriceChange.AT_ONCE, ["30.00", "20.00", "60.00"]), (PriceChange.NEXT_CYCLE, ["30.00", "60.00"])],
)
def test_an_announced_price(own: Any, how: PriceChange, expected: list[str]) -> None:
    """At once, or from the next cycle on."""
    lines = own.lines(
        own.event("created", "2024-04-01", unit_price="30"),
        own.event("price-changed", "2024-04-11", unit_price="60"),
        policy={"price_change": how, "correction": Correction.NET},
        through="2024-05-01",
    )

    assert expected == amounts(lines)


def test_a_price_for_a_year_is_shown_monthly(own: Any) -> None:
    """100 a year are 8.33 a month, and 4.17 for half of June."""
    lines = own.lines(
        own.event("created", "2024-05-01"),
        prices=(DatedPrice(amount=Decimal(100), per="year"),),
        ends_on=date(2024, 6, 16),
        through="2024-06-30",
    )

    assert ["8.33", "4.17"] == amounts(lines)


def test_prices_for_other_spans_are_taken_over_exactly(own: Any) -> None:
    """12 a month are 36 a quarter; 120 a year are 10 a month; a cycle of days knows no months."""
    month = (DatedPrice(amount=Decimal("12.10"), per="month"),)
    year = (DatedPrice(amount=Decimal(120), per="year"),)

    assert ["36.30"] == amounts(own.lines(own.event("created", "2024-05-01"), prices=month, policy={"every": 3}))
    assert ["10.00"] == amounts(own.lines(own.event("created", "2024-05-01"), prices=year))
    assert ["12.10"] == amounts(
        own.lines(own.event("created", "2024-05-01"), prices=month, policy={"span": Span.DAYS, "every": 30})
    )


def test_a_difference_between_prices_of_two_spans(own: Any) -> None:
    """From 100 a year to 200 a year, in the middle of a month: a twelfth of 100, for half of it."""
    prices = tuple(
        DatedPrice(amount=Decimal(amount), per="year", product=product) for product, amount in (("a", 100), ("b", 200))
    )
    lines = own.lines(
        own.event("created", "2024-04-01"),
        own.event("plan-changed", "2024-04-16", product="b"),
        prices=prices,
        product="a",
        policy={"correction": Correction.NET},
    )

    assert ["8.33", "4.17"] == amounts(lines)


def test_a_price_for_another_span_is_refused(own: Any) -> None:
    """A fortnight is none of the spans a price may be for."""
    service = own.service(own.event("created", "2024-05-01"), prices=(DatedPrice(amount=Decimal(1), per="fortnight"),))

    with pytest.raises(InvalidError, match="fortnight"):
        own.billed(service)


def test_the_row_that_names_more_goes_first(own: Any) -> None:
    """Product, then plan, then the later one."""
    prices = (
        DatedPrice(amount=Decimal(1)),
        DatedPrice(amount=Decimal(2), plan=Plan.MONTHLY),
        DatedPrice(amount=Decimal(3), product="a"),
        DatedPrice(amount=Decimal(4), product="b"),
    )

    assert ["3.00"] == amounts(own.lines(own.event("created", "2024-05-01"), prices=prices, product="a"))
    assert ["2.00"] == amounts(own.lines(own.event("created", "2024-05-01"), prices=prices))


def test_a_promotion_is_taken_off_and_ends(own: Any) -> None:
    """Half the price until it ends; the price before stays known."""
    made = own.billed(
        own.service(
            own.event("created", "2024-04-01"),
            own.event("promotion-began", "2024-04-01", percent="50"),
            own.event("promotion-ended", "2024-05-01"),
            price="29.00",
        ),
        "2024-05-01",
    ).lines

    assert [Decimal("14.50"), Decimal("29.00")] == [line.amount for line in made]
    assert Decimal("29.00") == made[0].price.listed


@pytest.mark.parametrize("timing", Timing)
def test_a_minimum_is_topped_up_after_the_cycle(own: Any, timing: Timing) -> None:
    """10 of at least 50 were charged; the last cycle owes half of the minimum."""
    lines = own.lines(
        own.event("created", "2024-04-01"),
        price="10",
        ends_on=date(2024, 5, 1),
        policy={"minimum": Decimal(50), "timing": timing},
        through="2024-05-01",
    )
    half = own.lines(
        own.event("created", "2024-04-16"),
        price="10",
        ends_on=date(2024, 5, 1),
        policy={**CALENDAR, "minimum": Decimal(50), "timing": timing},
        through="2024-05-01",
    )

    assert ["10.00", "40.00"] == amounts(lines)
    assert ["5.00", "20.00"] == amounts(half)


def test_a_minimum_may_be_owed_in_full_and_may_be_met(own: Any) -> None:
    """Half a month owes the whole minimum; a cycle above it owes nothing more."""
    policy = {**CALENDAR, **ARREARS, "minimum": Decimal(50), "minimum_shrinks": False}
    short = own.lines(own.event("created", "2024-04-16"), price="10", policy=policy, through="2024-05-01")
    full = own.lines(own.event("created", "2024-04-01"), price="60", policy=policy, through="2024-05-01")

    assert ["5.00", "45.00"] == amounts(short)
    assert ["60.00"] == amounts(full)
