"""Cycles of own services and how their parts are counted, by amounts that can be checked by eye."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.errors import InvalidError
from shared.domain.expected.wording import arithmetic, sentence
from shared.domain.subscriptions.own_billing import (
    AddedDays,
    Alignment,
    Correction,
    FirstCycle,
    MonthsFrom,
    OwnBilling,
    QuantityBasis,
    Share,
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
    "wrong",
    [
        {"every": 0},
        {"billing_day": 32},
        {"trial_days": -1},
        {"instalments": 0},
        {"minimum": Decimal(-1)},
        {"days_in_month": Decimal(0)},
        {"part_digits": 19},
        {"uplift_percent": Decimal(-101)},
    ],
)
def test_a_policy_out_of_range_is_refused(wrong: dict[str, Any]) -> None:
    """Numbers that mean nothing are refused where they are given."""
    with pytest.raises(InvalidError, match=next(iter(wrong))):
        OwnBilling(**wrong)


@pytest.mark.parametrize(
    ("every", "cycle"),
    [(1, "2024-05-01 to 2024-05-31"), (3, "2024-04-01 to 2024-06-30"), (6, "2024-01-01 to 2024-06-30")],
)
def test_calendar_cycles(own: Any, every: int, cycle: str) -> None:
    """Months, quarters and half-years begin on their first of the month."""
    made = own.billed(own.service(own.event("created", "2024-05-20"), price="91", policy={**CALENDAR, "every": every}))

    assert [cycle] == [str(line.cycle) for line in made.lines]


@pytest.mark.parametrize(
    ("every", "alignment", "cycle"),
    [
        (7, Alignment.CALENDAR, "2024-05-13 to 2024-05-19"),
        (10, Alignment.CALENDAR, "2024-05-16 to 2024-05-25"),
        (10, Alignment.START, "2024-05-16 to 2024-05-25"),
    ],
)
def test_cycles_of_days(own: Any, every: int, alignment: Alignment, cycle: str) -> None:
    """Weeks begin on a Monday, other numbers of days with the service."""
    policy = {"span": Span.DAYS, "every": every, "alignment": alignment}
    made = own.billed(own.service(own.event("created", "2024-05-16"), price="70", policy=policy))

    assert [cycle] == [str(line.cycle) for line in made.lines]


def test_cycles_of_days_follow_each_other(own: Any) -> None:
    """Thirty days, and thirty more; the end is prorated."""
    lines = own.lines(
        own.event("created", "2024-01-01"),
        price="30",
        ends_on=date(2024, 2, 10),
        policy={"span": Span.DAYS, "every": 30},
        through="2024-12-31",
    )

    assert [("2024-01-01", "2024-01-30", "30.00"), ("2024-01-31", "2024-02-09", "10.00")] == lines


def test_an_anchor_on_the_31st_comes_back(own: Any) -> None:
    """Short months clip the day and do not keep it."""
    lines = own.lines(own.event("created", "2023-12-31"), price="1", through="2024-03-31")

    assert ["2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31"] == [first for first, *_ in lines]


def test_a_billing_day_that_a_month_lacks(own: Any) -> None:
    """The 31st is the 30th of April, and the 31st of May again."""
    policy = {"alignment": Alignment.DAY, "billing_day": 31}
    lines = own.lines(own.event("created", "2024-04-10"), price="30", policy=policy, through="2024-05-31")

    assert [
        ("2024-04-10", "2024-04-29", "20.00"),
        ("2024-04-30", "2024-05-30", "30.00"),
        ("2024-05-31", "2024-06-29", "30.00"),
    ] == lines


def test_an_annual_cycle_is_led_by_days_to_the_next_billing_day(own: Any) -> None:
    """Nine days over the year that ends on the 25th."""
    policy = {"alignment": Alignment.DAY, "billing_day": 25, "every": 12}
    lines = own.lines(own.event("created", "2021-09-16"), price="365", policy=policy, through="2021-09-25")

    assert [("2021-09-16", "2021-09-24", "9.00"), ("2021-09-25", "2022-09-24", "365.00")] == lines


@pytest.mark.parametrize(
    ("first", "lines"),
    [
        (FirstCycle.PRORATED, ["20.00", "30.00"]),
        (FirstCycle.FULL, ["30.00", "30.00"]),
        (FirstCycle.FREE, ["30.00"]),
        (FirstCycle.BILLING_DAY_ONLY, ["30.00"]),
    ],
)
@pytest.mark.parametrize("timing", Timing)
def test_first_cycles_that_begin_inside(own: Any, first: FirstCycle, timing: Timing, lines: list[str]) -> None:
    """Prorated, whole, free, or billed only on billing days."""
    policy = {**CALENDAR, "first_cycle": first, "timing": timing}
    through = "2024-05-01" if timing is Timing.ADVANCE else "2024-06-01"
    price = DatedPrice(amount=Decimal(30))
    made = own.lines(own.event("created", "2024-04-11"), prices=(price,), policy=policy, through=through)

    assert lines == amounts(made)


def test_a_first_cycle_that_begins_on_the_billing_day_is_billed(own: Any) -> None:
    """Free is only what begins between billing days."""
    policy = {**CALENDAR, "first_cycle": FirstCycle.BILLING_DAY_ONLY}

    assert ["30.00"] == amounts(own.lines(own.event("created", "2024-04-01"), price="30", policy=policy))


def test_a_whole_price_for_a_short_first_cycle_is_prorated_by_its_own_days(own: Any) -> None:
    """Twenty days were paid with the whole price; ten of them are half of it."""
    lines = own.lines(
        own.event("created", "2024-04-11"),
        own.event("quantity-changed", "2024-04-21", quantity=2),
        prices=(DatedPrice(amount=Decimal(30), per="month"),),
        policy={**CALENDAR, "first_cycle": FirstCycle.FULL, "correction": Correction.NET},
    )

    assert ["30.00", "15.00"] == amounts(lines)


def test_days_of_a_fixed_month_are_at_most_the_month(own: Any) -> None:
    """30 of the 31 days of July are a month of 30 days."""
    policy = {**CALENDAR, "share": Share.FIXED_DAYS}

    assert ["30.00"] == amounts(own.lines(own.event("created", "2024-07-02"), price="30", policy=policy))


def test_months_of_thirty_days(own: Any) -> None:
    """From 16 January to the end are 15 of 30 days."""
    policy = {**CALENDAR, "share": Share.THIRTY_360}

    assert ["15.00"] == amounts(own.lines(own.event("created", "2024-01-16"), price="30", policy=policy))


def test_a_31st_alone_costs_nothing_in_months_of_thirty_days(own: Any) -> None:
    """No line is made for a part of no length."""
    policy = {**CALENDAR, "share": Share.THIRTY_360}

    assert [] == own.lines(own.event("created", "2024-01-31"), price="30", policy=policy)
    assert [] == own.lines(
        own.event("created", "2024-01-31"), price="30", policy={**policy, **ARREARS}, through="2024-02-01"
    )


def test_a_month_begun_is_a_month(own: Any) -> None:
    """A seat added in the second month of a quarter costs two months; one removed then comes back for the third."""
    lines = own.lines(
        own.event("created", "2024-01-01", quantity=1),
        own.event("quantity-changed", "2024-02-20", quantity=3),
        own.event("quantity-changed", "2024-02-25", quantity=2),
        price="30",
        policy={"every": 3, "share": Share.WHOLE_MONTHS, "correction": Correction.NET},
    )

    assert [
        ("2024-01-01", "2024-03-31", "30.00"),
        ("2024-02-01", "2024-03-31", "40.00"),
        ("2024-03-01", "2024-03-31", "-10.00"),
    ] == lines


@pytest.mark.parametrize(
    ("months_from", "fixed", "amount"),
    [
        (MonthsFrom.CYCLE_START, False, "251.61"),
        (MonthsFrom.SERVICE_START, False, "251.61"),
        (MonthsFrom.CALENDAR_START, False, "251.61"),
        (MonthsFrom.CYCLE_START, True, "253.33"),
    ],
)
def test_a_quarter_in_months_then_days(own: Any, months_from: MonthsFrom, fixed: bool, amount: str) -> None:  # noqa: FBT001 - a column
    """From 16 January to the end of March: two months and 16 of the 31 days of a month (or of 30)."""
    policy = {
        **CALENDAR,
        "every": 3,
        "share": Share.MONTHS_THEN_DAYS,
        "months_from": months_from,
        "days_are_fixed": fixed,
    }

    assert [amount] == amounts(own.lines(own.event("created", "2024-01-16"), price="300", policy=policy))


def test_the_last_days_of_a_quarter_are_days_of_their_month(own: Any) -> None:
    """Half of June is half of a third."""
    lines = own.lines(
        own.event("created", "2024-04-01", quantity=1),
        own.event("quantity-changed", "2024-06-16", quantity=2),
        price="300",
        policy={"every": 3, "share": Share.MONTHS_THEN_DAYS, "correction": Correction.NET},
    )

    assert ("2024-06-16", "2024-06-30", "50.00") == lines[-1]


def test_the_count_of_months_is_rounded_first(own: Any) -> None:
    """A term of 2.871 months at 100 a month."""
    lines = own.lines(
        own.event("created", "2019-01-15"),
        prices=(DatedPrice(amount=Decimal(100), per="month"),),
        ends_on=date(2019, 4, 11),
        policy={"span": Span.TERM, "part_digits": 3},
    )

    assert [("2019-01-15", "2019-04-10", "287.10")] == lines


@pytest.mark.parametrize(
    ("per", "digits", "amount"), [("week", 2, "1229.00"), ("week", None, "1228.57"), ("day", None, "8600.00")]
)
def test_the_count_of_weeks_may_be_rounded_first(own: Any, per: str, digits: int | None, amount: str) -> None:
    """86 days are 12.29 weeks at 100 each."""
    lines = own.lines(
        own.event("created", "2019-01-15"),
        prices=(DatedPrice(amount=Decimal(100), per=per),),
        ends_on=date(2019, 4, 11),
        policy={"span": Span.TERM, "part_digits": digits},
    )

    assert [amount] == amounts(lines)


def test_changes_count_from_the_next_period(own: Any) -> None:
    """No correction; quantity, plan and end wait for the next cycle."""
    lines = own.lines(
        own.event("created", "2024-01-01", quantity=1, unit_price="10"),
        own.event("quantity-changed", "2024-01-15", quantity=2),
        own.event("plan-changed", "2024-02-10", unit_price="20"),
        own.event("cancelled", "2024-03-10"),
        policy={"share": Share.NEXT_PERIOD},
        through="2024-12-31",
    )

    assert ["10.00", "20.00", "40.00"] == amounts(lines)


def test_the_highest_quantity_of_a_month_at_the_full_price(own: Any) -> None:
    """In arrears, without proration."""
    lines = own.lines(
        own.event("created", "2024-04-03", quantity=10),
        own.event("quantity-changed", "2024-04-10", quantity=14),
        own.event("quantity-changed", "2024-04-20", quantity=5),
        price="2",
        policy={**CALENDAR, **ARREARS, "share": Share.NONE},
        through="2024-05-01",
    )

    assert ["28.00"] == amounts(lines)


@pytest.mark.parametrize(
    ("basis", "expected"),
    [
        (QuantityBasis.SEGMENTS, ["10.00", "10.00"]),
        (QuantityBasis.MAXIMUM, ["30.00"]),
        (QuantityBasis.LAST, ["15.00"]),
    ],
)
def test_which_quantity_counts_in_arrears(own: Any, basis: QuantityBasis, expected: list[str]) -> None:
    """Each for its days, the highest, or the last."""
    lines = own.lines(
        own.event("created", "2024-04-01", quantity=2),
        own.event("quantity-changed", "2024-04-11", quantity=1),
        price="15",
        policy={**ARREARS, "quantity_basis": basis},
        through="2024-05-01",
    )

    assert expected == amounts(lines)


def test_the_last_quantity_is_none_where_the_service_is_suspended(own: Any) -> None:
    """Nobody uses it on the last day."""
    policy = {**ARREARS, "quantity_basis": QuantityBasis.LAST}
    suspended = own.event("suspended", "2024-04-11")

    assert [] == own.lines(
        own.event("created", "2024-04-01"), suspended, price="15", policy=policy, through="2024-05-01"
    )


def test_a_cycle_may_be_moved_twice(own: Any) -> None:
    """Five days more, then five more again: nothing is charged for the cycle that the first move would have begun."""
    lines = own.lines(
        own.event("created", "2024-07-10"),
        own.event("cycle-moved", "2024-07-20", ends_on="2024-08-15"),
        own.event("cycle-moved", "2024-08-01", ends_on="2024-08-20"),
        price="31",
        through="2024-08-20",
    )

    assert [
        ("2024-07-10", "2024-08-09", "31.00"),
        ("2024-08-10", "2024-08-14", "5.00"),
        ("2024-08-15", "2024-08-19", "5.00"),
        ("2024-08-20", "2024-09-19", "31.00"),
    ] == lines


@pytest.mark.parametrize(
    ("policy", "arithmetics"),
    [
        ({}, ["12.50 x 10 = 125.00 EUR", "12.50 x 3 x 21 / 30.4 = 25.904605..., rounded to 25.90 EUR"]),
        (
            {"rounding": "ratio_1dp"},
            [
                "12.50 x 10 = 125.00 EUR",
                "21 / 30.4 = 0.690789..., rounded to 0.7; 12.50 x 3 x 0.7 = 26.25 EUR",
            ],
        ),
        (
            {"rounding": "day_rate_2dp"},
            [
                "12.50 x 10 = 125.00 EUR",
                "12.50 / 30.4 = 0.411184..., rounded to 0.41; 0.41 x 3 x 21 = 25.83 EUR",
            ],
        ),
    ],
)
def test_a_month_of_part_days_is_told_in_days(own: Any, policy: dict[str, Any], arithmetics: list[str]) -> None:
    """21 of 30.4 days, not 105 of 152 fifths of a day: on a calculator, and in the sentence of every language."""
    fixed = {"alignment": Alignment.CALENDAR, "share": Share.FIXED_DAYS, "days_in_month": Decimal("30.4")}
    lines = own.billed(
        own.service(
            own.event("created", "2024-10-01", quantity=10),
            own.event("quantity-changed", "2024-10-11", quantity=13),
            price="12.50",
            policy={**fixed, "correction": Correction.NET, **policy},
        )
    ).lines

    assert arithmetics == [arithmetic(line) for line in lines]
    assert (21, Decimal("30.4")) == lines[1].share
    assert "21 von 30,4 Tagen" in sentence(lines[1], "de")


@pytest.mark.parametrize(("added", "amount"), [(AddedDays.NEXT_CYCLE, "155.00"), (AddedDays.FROM_CHANGE, "145.00")])
def test_added_days_are_parts_of_a_fresh_cycle(own: Any, added: AddedDays, amount: str) -> None:
    """Five days at 899: of the 29 from 20 February on, or of the 31 from the day of the change on."""
    lines = own.lines(
        own.event("created", "2024-01-20"),
        own.event("cycle-moved", "2024-01-25", ends_on="2024-02-25"),
        price="899",
        through="2024-02-01",
        policy={"added_days": added},
    )

    assert [("2024-01-20", "2024-02-19", "899.00"), ("2024-02-20", "2024-02-24", amount)] == lines
