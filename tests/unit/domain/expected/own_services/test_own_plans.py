"""Changes of plan and moved cycles of own services, by amounts that can be checked by eye."""

from typing import Any

import pytest

from shared.domain.subscriptions.own_billing import (
    Alignment,
    Correction,
    Denominator,
    FirstCycle,
    MovedCycle,
    PlanChange,
    Share,
    Timing,
)

CALENDAR = {"alignment": Alignment.CALENDAR}
ARREARS = {"timing": Timing.ARREARS}


def amounts(lines: list[tuple[str, str, str]]) -> list[str]:
    """Return the amounts alone."""
    return [amount for *_, amount in lines]


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
