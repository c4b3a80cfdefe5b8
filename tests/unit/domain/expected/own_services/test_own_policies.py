"""Each choice of a billing policy, by amounts that can be checked by eye."""

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
    Denominator,
    FirstCycle,
    MonthsFrom,
    MovedCycle,
    OwnBilling,
    PlanChange,
    PriceChange,
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


# cycles


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


# shares


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


# corrections


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


# prices


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


# plans


def test_a_downgrade_waits_for_the_next_cycle(own: Any) -> None:
    """A dearer plan begins at once, a cheaper one when the cycle is over."""
    policy = {"downgrades_wait": True, "correction": Correction.NET}
    down = own.lines(
        own.event("created", "2024-04-01", unit_price="60"),
        own.event("plan-changed", "2024-04-11", unit_price="30"),
        policy=policy,
        through="2024-05-01",
    )
    up = own.lines(
        own.event("created", "2024-04-01", unit_price="30"),
        own.event("plan-changed", "2024-04-11", unit_price="60"),
        policy=policy,
    )

    assert ["60.00", "30.00"] == amounts(down)
    assert ["30.00", "20.00"] == amounts(up)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({}, ["30.00", "90.00", "90.00"]),
        ({"plan_change": PlanChange.RESTARTS}, ["30.00", "90.00", "90.00"]),
        ({"alignment": Alignment.DAY, "billing_day": 10}, ["8.71", "30.00", "90.00", "90.00"]),
    ],
)
def test_a_waiting_plan_of_another_length_begins_new_cycles(
    own: Any, policy: dict[str, Any], expected: list[str]
) -> None:
    """They begin with the next cycle, aligned as those of a new service."""
    lines = own.lines(
        own.event("created", "2024-04-01", unit_price="30"),
        own.event("plan-changed", "2024-04-11", unit_price="90", every=3),
        policy={"share": Share.NEXT_PERIOD, **policy},
        through="2024-08-10",
    )

    assert expected == amounts(lines)


def test_the_last_waiting_plan_counts(own: Any) -> None:
    """A second thought takes the place of the first."""
    lines = own.lines(
        own.event("created", "2024-04-01", unit_price="60"),
        own.event("plan-changed", "2024-04-11", unit_price="30"),
        own.event("plan-changed", "2024-04-12", unit_price="40"),
        policy={"downgrades_wait": True},
        through="2024-05-01",
    )

    assert ["60.00", "40.00"] == amounts(lines)


def test_an_event_may_restart_the_cycle_itself(own: Any) -> None:
    """Where the policy keeps the cycle, one change may still begin a new one."""
    lines = own.lines(
        own.event("created", "2024-04-01", unit_price="30"),
        own.event("plan-changed", "2024-04-11", unit_price="60", keeps_cycle=False),
    )

    assert [("2024-04-11", "2024-04-30", "-20.00"), ("2024-04-11", "2024-05-10", "60.00")] == lines[1:]


def test_a_restart_in_arrears_charges_what_was_used(own: Any) -> None:
    """The old cycle ends on the day of the change."""
    lines = own.lines(
        own.event("created", "2024-04-01", unit_price="30"),
        own.event("plan-changed", "2024-04-11", unit_price="60"),
        policy={**ARREARS, "plan_change": PlanChange.RESTARTS},
        through="2024-05-11",
    )

    assert [("2024-04-01", "2024-04-10", "10.00"), ("2024-04-11", "2024-05-10", "60.00")] == lines


def test_only_additions_still_credit_a_restart(own: Any) -> None:
    """A plan that restarts the cycle is no reduction."""
    lines = own.lines(
        own.event("created", "2024-04-01", unit_price="30"),
        own.event("plan-changed", "2024-04-11", unit_price="60"),
        policy={"correction": Correction.ADDITIONS, "plan_change": PlanChange.RESTARTS},
    )

    assert ["30.00", "-20.00", "60.00"] == amounts(lines)


@pytest.mark.parametrize(
    "policy",
    [
        ARREARS,
        {"share": Share.NONE},
        {"first_cycle": FirstCycle.FREE},
        {**CALENDAR, "first_cycle": FirstCycle.BILLING_DAY_ONLY},
    ],
)
def test_where_nothing_was_paid_nothing_buys_days(own: Any, policy: dict[str, Any]) -> None:
    """A full new cycle begins."""
    made = own.billed(
        own.service(
            own.event("created", "2024-04-05", unit_price="30"),
            own.event("plan-changed", "2024-04-11", unit_price="60"),
            policy={"plan_change": PlanChange.EXTENDS, **policy},
        ),
        "2024-05-11",
    ).lines

    assert "2024-04-11 to 2024-05-10" in {str(line.cycle) for line in made}


@pytest.mark.parametrize(("share", "last"), [(Share.FIXED_DAYS, "2024-01-23"), (Share.THIRTY_360, "2024-01-23")])
def test_bought_days_are_counted_as_the_policy_counts(own: Any, share: Share, last: str) -> None:
    """15 of 30 left buy a quarter of a month of 30 days: 7.5, so 8."""
    lines = own.lines(
        own.event("created", "2024-01-01", unit_price="30"),
        own.event("plan-changed", "2024-01-16", unit_price="60"),
        policy={"plan_change": PlanChange.EXTENDS, "share": share},
    )

    assert last in {day for _, day, _ in lines}


def test_the_units_left_may_buy_fewer_days(own: Any) -> None:
    """Half of the time, a fifth of the units: 1.5 of 30 buy 0.75 days, so one."""
    lines = own.lines(
        own.event("created", "2024-04-01", unit_price="30"),
        own.event("plan-changed", "2024-04-16", unit_price="60", share_left="0.1"),
        policy={"plan_change": PlanChange.EXTENDS},
        through="2024-04-16",
    )

    assert [("2024-04-16", "2024-04-30", "-3.00"), ("2024-04-16", "2024-04-16", "3.00")] == lines[1:]


def test_a_bought_cycle_is_given_back_to_what_it_cost(own: Any) -> None:
    """The days bought by 15 are worth 15, however they are corrected."""
    lines = own.lines(
        own.event("created", "2024-04-01", unit_price="30"),
        own.event("plan-changed", "2024-04-16", unit_price="60"),
        own.event("cancelled", "2024-04-16T10:00:00"),
        policy={"plan_change": PlanChange.EXTENDS, "last_day_is_charged": False},
    )

    assert ["30.00", "-15.00"] == amounts(lines)


# moved cycles


@pytest.mark.parametrize(
    ("moved", "end", "expected"),
    [
        (
            MovedCycle.PRORATED,
            "2024-02-15",
            [("2024-02-01", "2024-02-14", "14.00"), ("2024-02-15", "2024-03-14", "29.00")],
        ),
        (
            MovedCycle.PRORATED,
            "2024-01-21",
            [("2024-01-21", "2024-01-31", "-10.29"), ("2024-01-21", "2024-02-20", "29.00")],
        ),
        (MovedCycle.NOT_CHARGED, "2024-02-15", [("2024-02-15", "2024-03-14", "29.00")]),
        (MovedCycle.NOT_CHARGED, "2024-01-21", [("2024-01-21", "2024-02-20", "29.00")]),
    ],
)
def test_the_end_of_a_cycle_is_moved(
    own: Any, moved: MovedCycle, end: str, expected: list[tuple[str, str, str]]
) -> None:
    """More days are parts of a fresh cycle, fewer of the running one; or nothing is charged for the move."""
    lines = own.lines(
        own.event("created", "2024-01-01"),
        own.event("cycle-moved", "2024-01-10", ends_on=end),
        price="29",
        policy={"moved_cycle": moved},
        through=end,
    )

    assert expected == lines[1:]


@pytest.mark.parametrize(("denominator", "amount"), [(Denominator.CYCLE, "10.00"), (Denominator.PLAN_PERIOD, "14.52")])
def test_parts_of_a_longer_cycle(own: Any, denominator: Denominator, amount: str) -> None:
    """15 of 45 days, or 15 over the 31 of the plan's period, of 30."""
    lines = own.lines(
        own.event("created", "2024-01-01", quantity=1),
        own.event("cycle-moved", "2024-01-10", ends_on="2024-02-15"),
        own.event("quantity-changed", "2024-01-31", quantity=2),
        price="30",
        policy={
            "moved_cycle": MovedCycle.NOT_CHARGED,
            "denominator": denominator,
            "correction": Correction.NET,
        },
    )

    assert ("2024-01-31", "2024-02-14", amount) == lines[-1]


def test_a_change_across_the_days_added_to_a_cycle(own: Any) -> None:
    """Two days of January are 2/31, fourteen of February 14/29."""
    lines = own.lines(
        own.event("created", "2024-01-01", quantity=1),
        own.event("cycle-moved", "2024-01-10", ends_on="2024-02-15"),
        own.event("quantity-changed", "2024-01-30", quantity=2),
        price="899",
        policy={"correction": Correction.NET},
    )

    assert ("2024-01-30", "2024-02-14", f"{899 * 2 / 31 + 899 * 14 / 29:.2f}") == lines[-1]


def test_a_moved_cycle_in_arrears(own: Any) -> None:
    """One line over all of it: a month, and 14 of the 29 days of a fresh one."""
    lines = own.lines(
        own.event("created", "2024-01-01"),
        own.event("cycle-moved", "2024-01-10", ends_on="2024-02-15"),
        price="29",
        policy=ARREARS,
        through="2024-02-15",
    )

    assert [("2024-01-01", "2024-02-14", "43.00")] == lines


def test_the_days_that_were_bought_may_be_moved_too(own: Any) -> None:
    """The end of a bought cycle is moved; the next begins there."""
    lines = own.lines(
        own.event("created", "2024-04-01", unit_price="30"),
        own.event("plan-changed", "2024-04-16", unit_price="60"),
        own.event("cycle-moved", "2024-04-17", ends_on="2024-04-30"),
        policy={"plan_change": PlanChange.EXTENDS},
        through="2024-04-30",
    )

    assert ("2024-04-30", "2024-05-29", "60.00") == lines[-1]


def test_a_plan_waits_for_an_end_that_was_moved_before(own: Any) -> None:
    """The cycle ends where it was moved to."""
    lines = own.lines(
        own.event("created", "2024-01-01", unit_price="60"),
        own.event("cycle-moved", "2024-01-10", ends_on="2024-01-20"),
        own.event("plan-changed", "2024-01-15", unit_price="31"),
        policy={"downgrades_wait": True, "moved_cycle": MovedCycle.NOT_CHARGED},
        through="2024-01-20",
    )

    assert [("2024-01-01", "2024-01-31", "60.00"), ("2024-01-20", "2024-02-19", "31.00")] == lines


def test_a_waiting_plan_follows_the_moved_end(own: Any) -> None:
    """It begins with the next cycle, whenever that is."""
    lines = own.lines(
        own.event("created", "2024-01-01", unit_price="60"),
        own.event("plan-changed", "2024-01-05", unit_price="30"),
        own.event("cycle-moved", "2024-01-10", ends_on="2024-02-15"),
        policy={"downgrades_wait": True, "moved_cycle": MovedCycle.NOT_CHARGED},
        through="2024-02-15",
    )

    assert [("2024-01-01", "2024-01-31", "60.00"), ("2024-02-15", "2024-03-14", "30.00")] == lines
