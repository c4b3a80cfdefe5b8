"""Own services whose cycles are charged before they begin, and corrections that wait for the next invoice."""

from typing import Any

import pytest

from shared.domain.errors import InvalidError
from shared.domain.issues import IssueCode
from shared.domain.subscriptions.own_billing import (
    Alignment,
    Correction,
    CorrectionDue,
    OwnBilling,
    PlanChange,
    Share,
    Timing,
)

CALENDAR = {"alignment": Alignment.CALENDAR, "charged_ahead": 1}
APRIL, MAY, JUNE = ("2024-04-01", "2024-04-30"), ("2024-05-01", "2024-05-31"), ("2024-06-01", "2024-06-30")


def test_an_addition_runs_to_the_end_of_what_was_charged(own: Any) -> None:
    """Two more seats on 17 March, when April is charged already: the rest of March, and April."""
    lines = own.lines(
        own.event("created", "2024-02-01", quantity=10),
        own.event("quantity-changed", "2024-03-17", quantity=12),
        price="31",
        through="2024-04-01",
        policy={**CALENDAR, "correction": Correction.ADDITIONS},
    )

    assert [
        ("2024-02-01", "2024-02-29", "310.00"),
        ("2024-03-01", "2024-03-31", "310.00"),
        ("2024-04-01", "2024-04-30", "310.00"),
        ("2024-03-17", "2024-03-31", "30.00"),
        ("2024-04-01", "2024-04-30", "62.00"),
        ("2024-05-01", "2024-05-31", "372.00"),
    ] == lines


def test_a_reduction_waits_for_the_first_cycle_that_is_not_charged(own: Any) -> None:
    """Additions only: April was charged for ten, May is the first one for eight."""
    lines = own.lines(
        own.event("created", "2024-03-01", quantity=10),
        own.event("quantity-changed", "2024-03-17", quantity=8),
        price="31",
        through="2024-04-01",
        policy={**CALENDAR, "correction": Correction.ADDITIONS},
    )

    assert ["310.00", "310.00", "248.00"] == [amount for *_, amount in lines]


def test_a_cancellation_gives_back_every_cycle_that_was_charged(own: Any) -> None:
    """The rest of April, and all of May; nothing is charged any more."""
    lines = own.lines(
        own.event("created", "2024-04-01"),
        own.event("cancelled", "2024-04-15"),
        price="30",
        through="2024-09-01",
        policy=CALENDAR,
    )

    assert [(*APRIL, "30.00"), (*MAY, "30.00"), ("2024-04-16", "2024-04-30", "-15.00"), (*MAY, "-30.00")] == lines


def test_the_first_day_charges_the_first_cycles(own: Any) -> None:
    """A stub and the two cycles after it, then one at a time."""
    lines = own.lines(
        own.event("created", "2024-04-16"), price="30", through="2024-05-01", policy={**CALENDAR, "charged_ahead": 2}
    )

    assert ["15.00", "30.00", "30.00", "30.00"] == [amount for *_, amount in lines]
    assert ("2024-07-01", "2024-07-31", "30.00") == lines[-1]


def test_an_end_that_is_known_is_not_charged_beyond(own: Any) -> None:
    """One learned later gives back."""
    created = own.event("created", "2024-04-01")
    policy = {"charged_ahead": 1}
    known = own.lines(created, price="31", through="2024-12-01", policy=policy, ends_on=own.day("2024-06-01"))
    learned = own.lines(
        created,
        own.event("end-date-changed", "2024-04-20", ends_on="2024-05-11"),
        price="31",
        through="2024-12-01",
        policy=policy,
    )

    assert [(*APRIL, "31.00"), (*MAY, "31.00")] == known
    assert [*known, ("2024-05-11", "2024-05-31", "-21.00")] == learned


def test_a_new_cycle_takes_over_from_those_charged_ahead(own: Any) -> None:
    """What was charged of the old plan comes back; the new plan's cycle and the next one are charged."""
    lines = own.lines(
        own.event("created", "2024-04-01"),
        own.event("plan-changed", "2024-04-16", unit_price="60"),
        price="30",
        through="2024-04-30",
        policy={"charged_ahead": 1, "plan_change": PlanChange.RESTARTS},
    )

    assert [
        (*APRIL, "30.00"),
        (*MAY, "30.00"),
        ("2024-04-16", "2024-04-30", "-15.00"),
        (*MAY, "-30.00"),
        ("2024-04-16", "2024-05-15", "60.00"),
        ("2024-05-16", "2024-06-15", "60.00"),
    ] == lines


def test_each_correction_of_a_cycle_charged_ahead_takes_back_the_last_one(own: Any) -> None:
    """Two changes before the cycle begins: one seat, three, two."""
    lines = own.lines(
        own.event("created", "2024-04-01", quantity=1),
        own.event("quantity-changed", "2024-04-11", quantity=3),
        own.event("quantity-changed", "2024-04-21", quantity=2),
        price="30",
        through="2024-04-30",
        policy={"charged_ahead": 1, "correction": Correction.NET},
    )

    assert ["30.00", "30.00", "40.00", "60.00", "-10.00", "-30.00"] == [amount for *_, amount in lines]


def test_cycles_charged_ahead_cannot_be_moved(own: Any) -> None:
    """They are charged for their own days already."""
    expected = own.billed(
        own.service(
            own.event("created", "2024-04-01"),
            own.event("cycle-moved", "2024-04-16", ends_on="2024-05-11"),
            price="30",
            policy={"charged_ahead": 1},
        )
    )

    assert [IssueCode.EVENT_IGNORED] == [issue.code for issue in expected.issues]
    assert "charged ahead" in expected.issues[0].message


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"timing": Timing.ARREARS}, "charged in advance"),
        ({"plan_change": PlanChange.EXTENDS}, "does not go with plan_change extends"),
    ],
)
def test_what_cannot_be_charged_ahead_is_refused(fields: dict[str, Any], why: str) -> None:
    """In arrears, and where what is left of a cycle buys days of another."""
    with pytest.raises(InvalidError, match=why):
        OwnBilling(charged_ahead=1, **fields)


@pytest.mark.parametrize(
    ("policy", "event", "invoices"),
    [
        ({}, {"kind": "plan-changed", "unit_price": "60"}, ["04-01", "05-01", "05-01", "05-01"]),
        ({"correction": Correction.NET}, {"kind": "quantity-changed", "quantity": 2}, ["04-01", "05-01", "05-01"]),
        (
            {"correction": Correction.SEGMENTS, "invoice_days_after": 2},
            {"kind": "quantity-changed", "quantity": 2},
            ["04-03", "05-03", "05-03", "05-03", "05-03"],
        ),
        ({"charged_ahead": 1}, {"kind": "quantity-changed", "quantity": 2}, ["04-01", "04-01", *["05-01"] * 5]),
        ({"plan_change": PlanChange.RESTARTS}, {"kind": "plan-changed", "unit_price": "60"}, ["04-01", *["04-16"] * 2]),
        ({}, {"kind": "cancelled"}, ["04-01", "04-16"]),
    ],
)
def test_corrections_may_wait_for_the_next_charge(
    own: Any, policy: dict[str, Any], event: dict[str, Any], invoices: list[str]
) -> None:
    """They arise on their day and are invoiced with the next cycle; at once where one begins, or none comes."""
    told = own.event(event.pop("kind"), "2024-04-16", **event)
    lines = own.billed(
        own.service(
            own.event("created", "2024-04-01", quantity=1),
            told,
            price="30",
            policy={"correction_due": CorrectionDue.NEXT_CYCLE, **policy},
        ),
        through="2024-05-01",
    ).lines

    assert [f"2024-{day}" for day in invoices] == [str(line.invoice) for line in lines]


def test_seconds_are_charged_ahead_too(own: Any) -> None:
    """The cycle begins at the second of the order."""
    lines = own.lines(
        own.event("created", "2024-04-01T12:00:00", quantity=1),
        own.event("quantity-changed", "2024-04-16T12:00:00", quantity=2),
        price="30",
        through="2024-04-30",
        policy={"charged_ahead": 1, "share": Share.SECONDS},
    )

    assert ["30.00", "30.00", "-15.00", "30.00", "-30.00", "60.00"] == [amount for *_, amount in lines]
