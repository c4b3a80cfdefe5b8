"""Worked examples of other engines and of resellers, as own services. Each test names its record."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.expected.own_services.shares import fixed_days_share, thirty_360_days
from shared.domain.expected.rounding import Rounding
from shared.domain.expected.tax import TaxRule, taxed
from shared.domain.periods import Period
from shared.domain.subscriptions.kinds import Plan
from shared.domain.subscriptions.own_billing import (
    Alignment,
    Correction,
    PlanChange,
    Share,
    Timing,
)

NOT_TUNED_TO = {
    "WE-052": "the printed 7.33 divides a July by 30; actual days give 7.10, fixed days 7.33 (both tested)",
    "WE-053": "the printed 5 is prose; the exact 5.33 is tested",
    "WE-070": "the printed formula credits the days used, not those left: no such policy",
    "WE-071": "as WE-070",
    "WE-082": "the printed 11.357 takes February 2020 for 28 days; actual days give 11.345, fixed days 11.333 (tested)",
}
"""Records whose printed figure is a slip, and what is tested instead."""

CALENDAR_ARREARS = {"timing": Timing.ARREARS, "alignment": Alignment.CALENDAR}
CALENDAR = {"alignment": Alignment.CALENDAR}
TWENTY_PERCENT = TaxRule(percent=Decimal(20))
SECONDS = {"share": Share.SECONDS}
RESTARTS = {"plan_change": PlanChange.RESTARTS}


def test_quantities_are_charged_for_their_days_of_the_calendar_month(own: Any) -> None:
    """WE-036: in arrears, a share of nine decimals, the last day included."""
    lines = own.lines(
        own.event("created", "2022-04-03", quantity=10),
        own.event("quantity-changed", "2022-04-16", quantity=15),
        price="12.00",
        policy={**CALENDAR_ARREARS, "rounding": "ratio_9dp"},
        through="2022-05-01",
    )

    assert [("2022-04-03", "2022-04-15", "52.00"), ("2022-04-16", "2022-04-30", "90.00")] == lines


def test_parts_of_an_average_month_have_one_decimal(own: Any) -> None:
    """WE-047: from 11 October to 1 December is 1.7 months; cancelled on 11 October is 0.7 back."""
    policy = {
        **CALENDAR,
        "share": Share.FIXED_DAYS,
        "days_in_month": Decimal("30.4"),
        "rounding": "ratio_1dp",
        "last_day_is_charged": False,
    }
    bought = own.lines(own.event("created", "2022-10-11"), price="1", policy=policy, through="2022-11-01")
    ended = own.lines(
        own.event("created", "2022-10-01"), own.event("cancelled", "2022-10-11"), price="1", policy=policy
    )

    assert [("2022-10-11", "2022-10-31", "0.70"), ("2022-11-01", "2022-11-30", "1.00")] == bought
    assert ("2022-10-11", "2022-10-31", "-0.70") == ended[-1]


def test_only_additions_make_a_line(own: Any) -> None:
    """WE-048: two more on 17 March are charged to the end of March; April has all twelve."""
    expected = own.billed(
        own.service(
            own.event("created", "2024-03-01", quantity=10),
            own.event("quantity-changed", "2024-03-17", quantity=12),
            price="31",
            policy={"correction": Correction.ADDITIONS},
        ),
        "2024-04-01",
    )
    made = [(str(line.start), str(line.last_day), line.quantity) for line in expected.lines]

    assert [
        ("2024-03-01", "2024-03-31", 10),
        ("2024-03-17", "2024-03-31", 2),
        ("2024-04-01", "2024-04-30", 12),
    ] == made


def test_quarters_of_a_contract_are_invoiced_on_their_second_day(own: Any) -> None:
    """WE-049: cycles of the contract's year, although the service began later."""
    expected = own.billed(
        own.service(
            own.event("created", "2018-01-15", quantity=10),
            price="36",
            policy={"every": 3, "alignment": Alignment.DAY, "invoice_days_after": 1},
            aligned_to=date(2018, 1, 1),
            ends_on=date(2019, 1, 1),
        ),
        "2019-01-31",
    )

    assert [
        "2018-01-01 to 2018-03-31",
        "2018-04-01 to 2018-06-30",
        "2018-07-01 to 2018-09-30",
        "2018-10-01 to 2018-12-31",
    ] == [str(line.cycle) for line in expected.lines]
    assert ["2018-04-02", "2018-07-02", "2018-10-02"] == [str(line.invoice) for line in expected.lines[1:]]


def test_unused_time_is_counted_to_the_second(own: Any) -> None:
    """WE-051: 10.00 a month, changed in the evening of 3 March; the new plan starts a full period."""
    lines = own.lines(
        own.event("created", "2017-02-14"),
        own.event("plan-changed", "2017-03-03T19:14:48", unit_price="100.00"),
        price="10.00",
        policy={**SECONDS, **RESTARTS},
    )

    assert ["10.00", "-3.64", "100.00"] == [amount for *_, amount in lines]


@pytest.mark.parametrize(("share", "amount"), [(Share.ACTUAL_DAYS, "7.10"), (Share.FIXED_DAYS, "7.33")])
def test_a_seat_of_22_days_of_july(own: Any, share: Share, amount: str) -> None:
    """WE-052: 22/31 by actual days, 22/30 by fixed ones."""
    lines = own.lines(
        own.event("created", "2024-07-10"),
        price="10",
        policy={**CALENDAR_ARREARS, "share": share},
        through="2024-08-01",
    )

    assert [("2024-07-10", "2024-07-31", amount)] == lines


def test_half_of_april(own: Any) -> None:
    """WE-053: 16 of 30 days of 10."""
    lines = own.lines(own.event("created", "2022-04-15"), price="10", policy=CALENDAR)

    assert [("2022-04-15", "2022-04-30", "5.33")] == lines


def test_in_arrears_each_plan_is_charged_for_its_days(own: Any) -> None:
    """WE-055: the day of the change belongs to the new plan."""
    lines = own.lines(
        own.event("created", "2024-01-01"),
        own.event("plan-changed", "2024-01-15", unit_price="200"),
        price="100",
        policy=CALENDAR_ARREARS,
        through="2024-02-01",
    )

    assert [("2024-01-01", "2024-01-14", "45.16"), ("2024-01-15", "2024-01-31", "109.68")] == lines


def units_of_either_plan(own: Any) -> list[str]:
    """Return what a unit of 5.00 costs in arrears: of the old plan until the 11th, of the new one from the 12th."""
    policy = {**CALENDAR_ARREARS, "last_day_is_charged": False}
    old = own.event("created", "2024-02-01"), own.event("cancelled", "2024-02-12")
    new = (own.event("created", "2024-02-12"),)
    return [
        amount
        for events in (old, new)
        for *_, amount in own.lines(*events, price="5.00", policy=policy, through="2024-03-01")
    ]


def test_in_advance_the_rest_is_given_back_and_charged_anew(own: Any) -> None:
    """WE-056: 29.00 to 290.00 on 12 February; a unit of 5.00 is charged in arrears for its days of either plan."""
    plan = own.lines(
        own.event("created", "2024-02-01", unit_price="29.00"),
        own.event("plan-changed", "2024-02-12", unit_price="290.00"),
        policy=CALENDAR,
        through="2024-03-01",
    )

    assert ["29.00", "-18.00", "180.00", "290.00"] == [amount for *_, amount in plan]
    assert ["1.90", "3.10"] == units_of_either_plan(own)
    assert Decimal("163.90") == Decimal("180.00") - Decimal("18.00") + Decimal("1.90")
    assert Decimal("293.10") == Decimal("290.00") + Decimal("3.10")


def test_in_arrears_the_old_plan_is_charged_for_its_days(own: Any) -> None:
    """WE-057: 29.00 for 11 of 29 days, 290.00 for 18; each with its part of a unit of 5.00."""
    plan = own.lines(
        own.event("created", "2024-02-01", unit_price="29.00"),
        own.event("plan-changed", "2024-02-12", unit_price="290.00"),
        policy=CALENDAR_ARREARS,
        through="2024-03-01",
    )

    assert ["11.00", "180.00"] == [amount for *_, amount in plan]
    assert ["1.90", "3.10"] == units_of_either_plan(own)
    assert [Decimal("12.90"), Decimal("183.10")] == [Decimal("11.00") + Decimal("1.90"), Decimal(180) + Decimal("3.10")]


def test_a_quarter_is_divided_by_its_own_days(own: Any) -> None:
    """WE-059: 32 of 91 days of 910.00, the day of the end charged."""
    lines = own.lines(
        own.event("created", "2024-05-20"),
        own.event("cancelled", "2024-06-20"),
        price="910.00",
        policy={**CALENDAR_ARREARS, "every": 3},
        through="2024-07-01",
    )

    assert [("2024-05-20", "2024-06-20", "320.00")] == lines


def test_another_frequency_keeps_the_anchor(own: Any) -> None:
    """WE-060: one day of a month of 10.00 back, 275 of the 366 days of the year of 120.00."""
    lines = own.lines(
        own.event("created", "2023-06-29", unit_price="10.00"),
        own.event("plan-changed", "2023-09-28", plan=Plan.ANNUAL, unit_price="120.00"),
    )

    assert [("2023-09-28", "2023-09-28", "-0.32"), ("2023-09-28", "2024-06-28", "90.16")] == lines[-2:]


def test_a_plan_with_tax(own: Any) -> None:
    """WE-058: 17 of 31 days of 10.00, and 20 percent of the rounded 5.48."""
    made = own.billed(own.service(own.event("created", "2022-12-15"), price="10.00", policy=CALENDAR))
    tax = taxed([line.money for line in made.lines], TWENTY_PERCENT, "EUR")

    assert ["5.48 EUR", "1.10 EUR", "6.58 EUR"] == [str(tax.net), str(tax.tax), str(tax.gross)]


@pytest.mark.parametrize(
    ("start", "end", "charge", "credit"),
    [
        ("2022-02-08", "2022-02-21", ("75.00", "15.00", "90.00"), ("-25.00", "-5.00", "-30.00")),
        ("2022-02-08", "2022-02-08", ("75.00", "15.00", "90.00"), ("-71.43", "-14.29", "-85.72")),
    ],
)
def test_an_ended_service_with_tax(
    own: Any, start: str, end: str, charge: tuple[str, ...], credit: tuple[str, ...]
) -> None:
    """WE-061 and WE-062: tax is worked out of the rounded amounts; the day of the end stays charged."""
    made = own.billed(
        own.service(
            own.event("created", start), own.event("cancelled", f"{end}T12:00:00"), price="100", policy=CALENDAR
        )
    )
    taxes = [taxed([line.money], TWENTY_PERCENT, "EUR") for line in made.lines]

    assert [charge, credit] == [(str(tax.net.amount), str(tax.tax.amount), str(tax.gross.amount)) for tax in taxes]


@pytest.mark.parametrize("rounding", [Rounding.DOWN, Rounding.HALF_EVEN])
def test_discounts_come_before_tax(own: Any, rounding: Rounding) -> None:
    """WE-085: half of 29.00, and 5 percent of that: 0.725 is cut, or rounded to the even cent."""
    made = own.billed(
        own.service(
            own.event("created", "2024-04-01"), own.event("promotion-began", "2024-04-01", percent="50"), price="29.00"
        )
    )
    tax = taxed([line.money for line in made.lines], TaxRule(percent=Decimal(5), rounding=rounding), "EUR")

    assert ["14.50", "0.72", "15.22"] == [str(tax.net.amount), str(tax.tax.amount), str(tax.gross.amount)]


@pytest.mark.parametrize(
    ("start", "billing_day", "last", "amount"),
    [
        ("2021-09-16", 25, "2021-09-24", "7.24"),
        ("2021-09-25", 17, "2021-10-16", "18.30"),
        ("2021-09-17", 25, "2021-09-24", "6.44"),
        ("2021-09-30", 25, "2021-10-24", "20.79"),
    ],
)
def test_a_leading_part_is_divided_by_the_cycle_that_ends_on_the_billing_day(
    own: Any, start: str, billing_day: int, last: str, amount: str
) -> None:
    """WE-063 to WE-066: 24.95 a month."""
    lines = own.lines(
        own.event("created", start),
        price="24.95",
        policy={"alignment": Alignment.DAY, "billing_day": billing_day, "rounding": "ratio_9dp"},
    )

    assert [(start, last, amount)] == lines


def test_a_credit_is_capped_by_what_an_adjustment_left(own: Any) -> None:
    """WE-067: 10.00 were given back before, so at most 239.95 of 249.95 are left."""
    lines = own.lines(
        own.event("created", "2012-05-01", unit_price="249.95"),
        own.event("credited", "2012-05-01T12:00:00", amount="10.00"),
        own.event("plan-changed", "2012-05-02", unit_price="9.95"),
        policy=CALENDAR,
    )

    assert [
        ("2012-05-01", "2012-05-31", "249.95"),
        ("2012-05-01", "2012-05-31", "-10.00"),
        ("2012-05-02", "2012-05-31", "-239.95"),
        ("2012-05-02", "2012-05-31", "9.63"),
    ] == lines
    assert Decimal("-230.32") == Decimal("-239.95") + Decimal("9.63")


def test_cycles_with_a_leading_part(own: Any) -> None:
    """WE-068: 12/31 and three whole months; parts that end early have the days of their cycle."""
    expected = own.billed(
        own.service(
            own.event("created", "2011-02-01"), price="31", policy={"alignment": Alignment.DAY, "billing_day": 13}
        ),
        "2011-04-13",
    )

    assert [(12, 31), (28, 28), (31, 31), (30, 30)] == [(line.part, line.whole) for line in expected.lines]


@pytest.mark.parametrize(
    ("start", "end", "share"),
    [
        ("2011-02-01", "2011-02-14", (13, 28)),
        ("2012-02-01", "2012-02-15", (14, 29)),
        ("2011-02-07", "2011-02-15", (8, 28)),
    ],
)
def test_a_part_that_ends_early(own: Any, start: str, end: str, share: tuple[int, int]) -> None:
    """WE-068: the end is not counted."""
    lines = own.billed(
        own.service(
            own.event("created", start),
            own.event("cancelled", end),
            price="10",
            policy={"timing": Timing.ARREARS, "last_day_is_charged": False},
        )
    ).lines

    assert [share] == [(line.part, line.whole) for line in lines]


@pytest.mark.parametrize(
    ("first", "last", "actual", "over_30", "strict"),
    [
        ("2021-01-27", "2021-01-31", (5, 31), (5, 30), 4),
        ("2021-02-27", "2021-02-28", (2, 28), (2, 30), 4),
        ("2020-02-01", "2020-02-29", (29, 29), (29, 30), 30),
        ("2021-04-21", "2021-04-29", (9, 30), (9, 30), 9),
    ],
)
def test_three_ways_to_count_days(
    first: str, last: str, actual: tuple[int, int], over_30: tuple[int, int], strict: int
) -> None:
    """WE-069: actual days, actual days over 30, and months of 30 days."""
    service = Period.inclusive(date.fromisoformat(first), date.fromisoformat(last))
    over = fixed_days_share(service.days, Decimal(30), 1)

    assert actual[0] == service.days
    assert over_30 == (over.part, over.whole)
    assert strict == thirty_360_days(service)


def test_a_cut_amount(own: Any) -> None:
    """WE-072: 20 of 30 days of 10, truncated."""
    lines = own.lines(
        own.event("created", "2024-04-01", quantity=1),
        own.event("quantity-changed", "2024-04-11", quantity=2),
        price="10",
        policy={"correction": Correction.NET, "share": Share.FIXED_DAYS, "rounding": "truncated"},
    )

    assert ("2024-04-11", "2024-04-30", "6.66") == lines[-1]
