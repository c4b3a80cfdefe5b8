"""Savings plans: the hourly commitment, what it covers hour by hour, and what is left to pay as you go."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from shared.domain.expected.commitments.savings_plans import plan_hour, plan_rate, printed
from shared.domain.expected.conventions import SavingsPlanInstalment, UsageDetail
from shared.domain.issues import IssueCode
from shared.domain.periods import Period
from shared.domain.subscriptions.kinds import Plan


def _plan(told: Any, commitment: str, *events: Any, rates: dict[str, str] | None = None, **fields: Any) -> Any:
    rows = tuple(told.price(rate, "hour", product=meter) for meter, rate in (rates or {}).items())
    usual = {"id": "plan", "term": "P1Y", "plan": Plan.ONE_TIME, "prices": (told.price(commitment, "hour"), *rows)}
    created = told.event("created", fields.pop("on", "2026-10-01"))
    return told.subscription("savings-plan", created, *events, **{**usual, **fields})


def _azure(told: Any, price: str, **fields: Any) -> Any:
    return told.subscription("azure-usage", told.event("created", "2026-09-01"), price=price, **fields)


def _days(told: Any, *subscriptions: Any, **fields: Any) -> list[tuple[str, str]]:
    made = told.billed(*subscriptions, usage_detail=UsageDetail.DAILY, **fields)
    return [(f"{line.quantity}", f"{line.amount}") for line in made.lines if line.charge_type == "usage"]


def test_a_year_bought_at_once_costs_the_commitment_for_every_hour(told: Any) -> None:
    """0.05 x 24 x 365 is 438.00."""
    made = told.billed(_plan(told, "0.05"))

    assert [("new", "2026-10-01", "2027-09-30", "1", "438.00")] == told.shown(made)
    assert "commitment: 0.05 x 8760 hours" == made.lines[0].price.origin


def test_a_leap_year_has_more_hours(told: Any) -> None:
    """The days of the term are counted."""
    assert ["439.20"] == [str(line.amount) for line in told.billed(_plan(told, "0.05", on="2027-10-01")).lines]


def test_a_plan_paid_monthly_costs_the_hours_of_each_month(told: Any) -> None:
    """Twelve instalments are the price of the year."""
    plan = _plan(told, "0.05", plan=Plan.MONTHLY, auto_renews=False)
    made = told.billed(plan, through="2027-12-31")

    assert [
        ("new", "2026-10-01", "2026-10-31", "1", "37.20"),
        ("cycleCharge", "2026-11-01", "2026-11-30", "1", "36.00"),
    ] == told.shown(made)[:2]
    assert (12, Decimal("438.00")) == (len(made.lines), made.total("USD").amount)
    assert (SavingsPlanInstalment.HOURS.value,) == made.variants


def test_instalments_may_be_equal_parts(told: Any) -> None:
    """By convention a month is a twelfth of the year."""
    plan = _plan(told, "0.05", plan=Plan.MONTHLY)
    made = told.billed(plan, through="2026-11-30", savings_plan_instalment=SavingsPlanInstalment.EQUAL)

    assert ["36.50", "36.50"] == [str(line.amount) for line in made.lines]
    assert (SavingsPlanInstalment.EQUAL.value,) == made.variants
    assert (1, 12, "months") == (made.lines[0].part, made.lines[0].whole, made.lines[0].counted)


def test_a_plan_renews_unless_it_was_told_not_to(told: Any) -> None:
    """A renewed term is charged like a new one."""
    made = [
        told.shown(told.billed(_plan(told, "0.05", auto_renews=renews), through="2027-10-01"))
        for renews in (True, False)
    ]

    assert [["new", "renew"], ["new"]] == [[line[0] for line in lines] for lines in made]


@pytest.mark.parametrize("kind", ["cancelled", "quantity-changed", "upgraded"])
def test_a_plan_can_be_neither_cancelled_nor_changed(told: Any, kind: str) -> None:
    """It runs to the end of its term."""
    made = told.billed(_plan(told, "0.05", told.event(kind, "2026-10-02", quantity=2)))

    assert [IssueCode.EVENT_IGNORED] == [issue.code for issue in made.issues]
    assert ["438.00"] == [str(line.amount) for line in made.lines]


def test_a_plan_without_a_price_is_an_issue(told: Any) -> None:
    """Neither its charge nor its cover is guessed."""
    plan = _plan(told, "1", prices=(), plan=Plan.MONTHLY)
    made = told.billed(plan, _azure(told, "1"), usage=(told.usage("2026-10-05", "24", meter="vm"),))

    assert [IssueCode.PRICE_MISSING] == [issue.code for issue in made.issues]
    assert ["24.00"] == [str(line.amount) for line in made.lines]


def test_a_documented_hour_is_half_covered() -> None:
    """1 an hour at 2 instead of 4 covers half an hour; the hour costs 3, the day 72 of 96."""
    hour = plan_hour(Decimal(1), Decimal(4), plan_rate(Decimal(4), Decimal(50)))

    assert (Fraction(1, 2), Fraction(1, 2), 3) == (hour.covered, hour.pay_as_you_go, hour.cost)
    assert (72, 48) == (hour.cost * 24, hour.usage_cost * 24)
    assert Fraction(25, 100) == 1 - hour.cost / 4


def test_a_documented_day_agrees_to_its_last_printed_digit() -> None:
    """0.01 an hour at 31.43 % off 0.3264, printed as Microsoft prints it."""
    rate = plan_rate(Decimal("0.3264"), Decimal("31.43"))
    hour = plan_hour(Decimal("0.01"), Decimal("0.3264"), rate)

    assert Fraction("0.22381248") == rate
    assert ["0.04468026", "1.07232626", "7.72359270"] == [
        f"{printed(value)}" for value in (hour.covered, hour.covered * 24, hour.cost * 24)
    ]
    assert Decimal("22.9276737383009") == printed(hour.pay_as_you_go * 24, 13)
    assert Decimal("7.48359270818142") == printed(hour.usage_cost * 24, 14)


def test_usage_that_is_covered_costs_nothing_and_the_rest_is_paid(told: Any) -> None:
    """The documented day as lines: covered hours at no charge with the plan's name, the rest at the usual price."""
    plan = _plan(told, "0.01", rates={"vm": "0.22381248"})
    usage = (told.usage("2026-10-05", "24", meter="vm"),)
    made = told.billed(plan, _azure(told, "0.3264"), usage=usage, usage_detail=UsageDetail.DAILY)
    covered, rest = made.lines[1:]

    assert ("1.072326261699079515", 0, "plan") == (
        f"{covered.quantity}",
        covered.amount,
        dict(covered.inputs)["benefit"],
    )
    assert ("22.927673738300920485", "7.483592708181420446") == (f"{rest.quantity}", f"{rest.amount}")
    assert usage[0].quantity == covered.quantity + rest.quantity


def test_usage_that_is_wholly_covered_leaves_nothing_to_pay(told: Any) -> None:
    """What is left of the commitment is lost."""
    plan = _plan(told, "2", rates={"vm": "1"})

    assert [("24", "0.00")] == _days(told, plan, _azure(told, "4"), usage=(told.usage("2026-10-05", "24", meter="vm"),))


def test_an_hour_cannot_use_the_commitment_of_another(told: Any) -> None:
    """Four units in one hour under a commitment for one: three are paid as you go."""
    plan = _plan(told, "1", rates={"vm": "1"})
    usage = (told.usage("2026-10-05", "4", meter="vm", attributes={"hour": "7"}),)

    assert [("1", "0.00"), ("3", "6.00")] == _days(told, plan, _azure(told, "2"), usage=usage)


@pytest.mark.parametrize("hour", ["24", "x", "007"])
def test_an_hour_that_does_not_exist_is_taken_as_the_whole_day(told: Any, hour: str) -> None:
    """Without an hour the usage is spread evenly."""
    plan = _plan(told, "1", rates={"vm": "1"})
    usage = (told.usage("2026-10-05", "24", meter="vm", attributes={"hour": hour}),)

    assert [("24", "0.00")] == _days(told, plan, _azure(told, "2"), usage=usage)


def test_usage_that_saves_most_is_covered_first(told: Any) -> None:
    """A commitment for one meter of two goes to the one with the larger discount."""
    plan = _plan(told, "1", rates={"cheap": "1", "dear": "1"})
    usage = tuple(told.usage("2026-10-05", "24", meter=meter, unit_price=price) for meter, price in _SAVING)

    assert [("24", "48.00"), ("24", "0.00")] == _days(told, plan, _azure(told, "1"), usage=usage)


_SAVING = (("cheap", "2"), ("dear", "8"))


def test_two_plans_cover_one_row_together(told: Any) -> None:
    """Each is named on a line of its own; a plan without a rate for the meter covers nothing of it."""
    plans = [_plan(told, "0.5", id=name, rates={"vm": "1"}) for name in ("p1", "p2")]
    other = _plan(told, "5", id="p3", rates={"disk": "1"})
    usage = (told.usage("2026-10-05", "24", meter="vm"),)

    assert [("12", "0.00"), ("12", "0.00")] == _days(told, *plans, other, _azure(told, "2"), usage=usage)


def test_what_cannot_be_covered_is_paid(told: Any) -> None:
    """Spot machines, usage of several days, usage taken back, and days outside the term."""
    plan = _plan(told, "9", rates={"vm": "1"})
    first = told.usage("2026-10-05", "1", meter="vm")
    usage = (
        told.usage("2026-10-05", "1", meter="vm", resource="a", attributes={"class": "spot"}),
        told.usage("2026-10-05", "1", meter="vm", resource="b", span=Period(first.on, first.on.replace(day=9))),
        told.usage("2026-10-05", "-1", meter="vm", resource="c"),
        told.usage("2026-09-30", "1", meter="vm", resource="d"),
    )

    assert ["2.00", "2.00", "2.00", "-2.00"] == [
        amount for _, amount in sorted(_days(told, plan, _azure(told, "2"), usage=usage), reverse=True)
    ]


def test_a_plan_covers_tiered_usage_before_the_tiers_begin(told: Any) -> None:
    """Covered units take no place on the scale; what the usual price would be is not asked."""
    plan = _plan(told, "0.5", rates={"vm": "1"})
    azure = _azure(told, "1", tiers=told.tiers((1, "2"), (13, "1")))
    usage = (told.usage("2026-10-05", "24", meter="vm"),)

    assert [("12", "0.00"), ("12", "24.00")] == _days(told, plan, azure, usage=usage)


def test_the_last_rate_before_the_term_counts_and_useless_cover_is_not_shown(told: Any) -> None:
    """A rate that came later is not in the plan; a commitment that pays for less than a digit covers nothing."""
    prices = (
        told.price("0.000000000000000001", "hour"),
        told.price("1", "hour", product="vm", since="2026-09-01"),
        told.price("2", "hour", product="vm", since="2026-11-01"),
        told.price("0", "hour", product="disk"),
    )
    plan = _plan(told, "1", prices=prices)
    usage = (told.usage("2026-10-05", "24", meter="disk"), told.usage("2026-10-05", "0.000000000000000001", meter="vm"))

    assert [("24", "48.00"), ("1E-18", "0.00")] == _days(told, plan, _azure(told, "2"), usage=usage)


def test_a_plan_with_another_price_than_an_hourly_one_covers_nothing(told: Any) -> None:
    """Only the commitment an hour says what can be covered."""
    plan = _plan(told, "1", prices=(told.price("438", "term"), told.price("1", "hour", product="vm")))
    usage = (told.usage("2026-10-05", "24", meter="vm"),)

    assert [("24", "48.00")] == _days(told, plan, _azure(told, "2"), usage=usage)


def test_a_plan_without_events_covers_nothing(told: Any) -> None:
    """It was never bought."""
    plan = told.subscription("savings-plan", id="plan", prices=(told.price("1", "hour"),))
    usage = (told.usage("2026-10-05", "24", meter="vm"),)

    assert [("24", "48.00")] == _days(told, plan, _azure(told, "2"), usage=usage)
