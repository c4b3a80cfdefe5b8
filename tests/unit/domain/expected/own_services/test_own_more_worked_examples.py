"""Worked examples of other engines, second part: plans, seconds, shares, terms. Each test names its record."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.expected.own_services.shares import month_count
from shared.domain.expected.tax import TaxRule
from shared.domain.periods import Period
from shared.domain.subscriptions.kinds import Plan
from shared.domain.subscriptions.own_billing import (
    Alignment,
    ChangeDay,
    Correction,
    MonthsFrom,
    PlanChange,
    Share,
    Span,
    Timing,
)

CALENDAR_ARREARS = {"timing": Timing.ARREARS, "alignment": Alignment.CALENDAR}
CALENDAR = {"alignment": Alignment.CALENDAR}
TWENTY_PERCENT = TaxRule(percent=Decimal(20))
SECONDS = {"share": Share.SECONDS}
RESTARTS = {"plan_change": PlanChange.RESTARTS}


def test_a_credit_buys_days_rounded_up(own: Any) -> None:
    """WE-073: 15 left of 30 buy 7.5 days of 60 a month, so 8; then 60 are due."""
    lines = own.lines(
        own.event("created", "2024-04-01", unit_price="30"),
        own.event("plan-changed", "2024-04-16", unit_price="60"),
        policy={"plan_change": PlanChange.EXTENDS},
        through="2024-04-24",
    )

    assert [
        ("2024-04-01", "2024-04-30", "30.00"),
        ("2024-04-16", "2024-04-30", "-15.00"),
        ("2024-04-16", "2024-04-23", "15.00"),
        ("2024-04-24", "2024-05-23", "60.00"),
    ] == lines


def test_the_same_change_as_a_difference(own: Any) -> None:
    """WE-073: or 15 more are paid at once."""
    lines = own.lines(
        own.event("created", "2024-04-01", unit_price="30"),
        own.event("plan-changed", "2024-04-16", unit_price="60"),
        policy={"correction": Correction.NET},
    )

    assert ("2024-04-16", "2024-04-30", "15.00") == lines[-1]


@pytest.mark.parametrize(
    ("every", "start", "change", "credit", "charge"),
    [
        (1, "2025-06-01", "2025-06-16", "-50.00", "150.00"),
        (1, "2025-06-01", "2025-06-11", "-66.67", "200.00"),
        (1, "2024-02-18", "2024-02-25", "-75.86", "227.59"),
        (12, "2024-08-01", "2024-10-01", "-832.88", "2498.63"),
        (12, "2024-02-18", "2024-09-05", "-453.55", "1360.66"),
        (12, "2023-02-18", "2023-09-05", "-454.79", "1364.38"),
    ],
)
def test_upgrades_by_seconds(own: Any, every: int, start: str, change: str, credit: str, charge: str) -> None:
    """WE-074: 100 to 300 a month, 1000 to 3000 a year."""
    price = 100 if every == 1 else 1000
    lines = own.lines(
        own.event("created", start, unit_price=Decimal(price)),
        own.event("plan-changed", change, unit_price=Decimal(3 * price)),
        policy={**SECONDS, "every": every},
    )

    assert [credit, charge] == [amount for *_, amount in lines[-2:]]


@pytest.mark.parametrize(
    ("plan", "start", "change", "credit", "charge"),
    [
        (Plan.ANNUAL, "2025-06-01", "2025-06-16", "-50.00", "1000.00"),
        (Plan.ANNUAL, "2025-06-01", "2025-06-11", "-66.67", "1000.00"),
        (Plan.ANNUAL, "2024-02-18", "2024-02-25", "-75.86", "1000.00"),
        (Plan.MONTHLY, "2025-06-01", "2025-08-13", "-800.00", "100.00"),
        (Plan.MONTHLY, "2024-02-18", "2024-04-19", "-833.33", "100.00"),
    ],
)
def test_another_frequency_starts_a_full_cycle(
    own: Any, plan: Plan, start: str, change: str, credit: str, charge: str
) -> None:
    """WE-075: the rest is given back by seconds, the new cycle is charged in full."""
    old = "100" if plan is Plan.ANNUAL else "1000"
    lines = own.lines(
        own.event("created", start, unit_price=old),
        own.event("plan-changed", change, plan=plan, unit_price=charge),
        policy={**SECONDS, **RESTARTS, "every": 1 if plan is Plan.ANNUAL else 12},
    )

    assert [credit, charge] == [amount for *_, amount in lines[-2:]]


def test_three_changes_in_one_month(own: Any) -> None:
    """WE-076: each change credits the plan it found."""
    changes = [
        own.event("plan-changed", day, unit_price=price)
        for day, price in (("2025-06-07", "200"), ("2025-06-13", "300"), ("2025-06-19", "400"))
    ]
    lines = own.lines(own.event("created", "2025-06-01", unit_price="100"), *changes, policy=SECONDS)

    assert ["-80.00", "160.00", "-120.00", "180.00", "-120.00", "160.00"] == [amount for *_, amount in lines[1:]]


def test_a_share_of_four_decimals(own: Any) -> None:
    """WE-077 and WE-079: 14 of 28 days of 200 are 100, 26 of 31 are 167.74."""
    policy = {**CALENDAR, "rounding": "ratio_4dp"}
    february = own.lines(own.event("created", "2015-02-15"), price="200", policy=policy, through="2015-03-01")
    march = own.lines(own.event("created", "2015-03-06"), price="200", policy=policy)

    assert ["100.00", "200.00"] == [amount for *_, amount in february]
    assert ["167.74"] == [amount for *_, amount in march]


def test_a_trial_is_free_and_the_rest_of_the_month_is_charged(own: Any) -> None:
    """WE-078: 24 days from 20 May; 18 of 30 days of June."""
    lines = own.lines(
        own.event("created", "2015-05-20"),
        price="200",
        policy={**CALENDAR, "trial_days": 24, "rounding": "ratio_4dp"},
        through="2015-06-30",
    )

    assert [("2015-06-13", "2015-06-30", "120.00")] == lines


def test_the_smaller_of_time_and_units_left_is_credited(own: Any) -> None:
    """WE-080: half of the time, a tenth of the units: a tenth is given back; then the new plan in full."""
    lines = own.lines(
        own.event("created", "2024-04-01", unit_price="48.75"),
        own.event("plan-changed", "2024-04-16", unit_price="123.75", share_left="0.1"),
        policy=RESTARTS,
    )

    assert ["-4.88", "123.75"] == [amount for *_, amount in lines[1:]]
    assert Decimal("118.87") == Decimal("123.75") - Decimal("4.88")


@pytest.mark.parametrize(
    ("first", "last", "counted", "months"),
    [
        ("2019-01-15", "2019-04-10", {}, "2.871"),
        ("2019-01-15", "2019-04-10", {"months_from": MonthsFrom.CALENDAR_START}, "2.881"),
        ("2019-03-01", "2020-02-10", {}, "11.345"),
        ("2019-03-01", "2020-02-10", {"days_in_month": Decimal(30)}, "11.333"),
    ],
)
def test_months_first_then_days(first: str, last: str, counted: dict[str, Any], months: str) -> None:
    """WE-081 and WE-082: whole months, and a rest of three decimals for each part."""
    service = Period.inclusive(date.fromisoformat(first), date.fromisoformat(last))

    assert Decimal(months) == month_count(service, digits=3, **counted)


def test_the_last_part_of_a_contract(own: Any) -> None:
    """WE-083: ten whole months and 22 of 30 days."""
    lines = own.lines(own.event("created", "2022-01-14"), price="100", ends_on=date(2022, 12, 6), through="2022-12-31")

    assert 10 == [amount for *_, amount in lines].count("100.00")
    assert ("2022-11-14", "2022-12-05", "73.33") == lines[-1]
    assert 11 == len(lines)


def test_a_renewal_to_a_common_end_costs_by_days_and_uplift(own: Any) -> None:
    """WE-084: 6000 for 181 days; 306 days with 10 percent more."""
    lines = own.lines(
        own.event("created", "2004-09-01"),
        own.event("renewed", "2005-03-01", ends_on="2006-01-01"),
        price="6000",
        policy={"span": Span.TERM, "uplift_percent": Decimal(10)},
        ends_on=date(2005, 3, 1),
    )

    assert [("2004-09-01", "2005-02-28", "6000.00"), ("2005-03-01", "2005-12-31", "11158.01")] == lines


def test_a_year_restarted_after_100_days(own: Any) -> None:
    """WE-086: 265 of 365 days of 1920 come back; 4800 less that is due."""
    lines = own.lines(
        own.event("created", "2023-01-01", unit_price="1920"),
        own.event("plan-changed", "2023-04-11", unit_price="4800"),
        policy={**RESTARTS, "every": 12},
    )

    assert ["-1393.97", "4800.00"] == [amount for *_, amount in lines[1:]]
    assert Decimal("3406.03") == Decimal("4800.00") - Decimal("1393.97")


def test_a_net_difference_from_the_day_after(own: Any) -> None:
    """WE-087: 100 more for 16 of 31 days; the day of the change belongs to the old plan."""
    lines = own.lines(
        own.event("created", "2013-01-01", unit_price="99"),
        own.event("plan-changed", "2013-01-15", unit_price="199"),
        policy={"correction": Correction.NET, "change_day": ChangeDay.OLD},
    )

    assert ("2013-01-16", "2013-01-31", "51.61") == lines[-1]


def test_the_whole_cycle_is_the_whole_price_in_every_way_of_counting(own: Any) -> None:
    """A full cycle is never prorated."""
    for share in Share:
        lines = own.lines(own.event("created", "2024-01-01"), price="10", policy={"share": share})

        assert [("2024-01-01", "2024-01-31", "10.00")] == lines
