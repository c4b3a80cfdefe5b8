"""What each kind of event means for an own service, and which make no sense: those are said, the rest is billed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.issues import IssueCode
from shared.domain.subscriptions.kinds import Plan
from shared.domain.subscriptions.own_billing import (
    Correction,
    PriceChange,
    Span,
    Timing,
)
from shared.domain.subscriptions.subscription import DatedPrice

ARREARS = {"timing": Timing.ARREARS}
TERM = {"span": Span.TERM}


def amounts(lines: list[tuple[str, str, str]]) -> list[str]:
    """Return the amounts alone."""
    return [amount for *_, amount in lines]


def test_a_service_that_was_never_created_is_not_billed(own: Any) -> None:
    """There is nothing to begin with."""
    made = own.billed(own.service(own.event("cancelled", "2024-04-01"), price="1"))

    assert [IssueCode.CYCLE_UNKNOWN] == [issue.code for issue in made.issues]
    assert () == made.lines


@pytest.mark.parametrize(
    ("kind", "fields", "why"),
    [
        ("quantity-changed", {}, "quantity"),
        ("quantity-changed", {"quantity": -1}, "quantity"),
        ("price-changed", {}, "price"),
        ("price-changed", {"unit_price": "-1"}, "price"),
        ("promotion-began", {}, "percentage"),
        ("promotion-began", {"percent": "101"}, "percentage"),
        ("plan-changed", {"unit_price": "-1"}, "negative"),
        ("plan-changed", {"every": 0}, "no length"),
        ("reactivated", {}, "not suspended"),
        ("credited", {}, "no amount"),
        ("credited", {"amount": "-1"}, "no amount"),
        ("credited", {"amount": "31"}, "only 30.00 of 31"),
        ("end-date-changed", {"ends_on": "2024-04-05"}, "past"),
        ("cycle-moved", {}, "no cycle"),
        ("cycle-moved", {"ends_on": "2024-04-05"}, "no cycle"),
        ("term-extended", {}, "no trial"),
        ("converted", {}, "no trial"),
        ("seats-moved", {"target": "other"}, "do not know"),
        ("created", {}, "once"),
    ],
)
def test_an_event_that_makes_no_sense_is_said(own: Any, kind: str, fields: dict[str, Any], why: str) -> None:
    """The cycle is billed all the same."""
    made = own.billed(
        own.service(own.event("created", "2024-04-01"), own.event(kind, "2024-04-11", **fields), price="30")
    )

    assert [IssueCode.EVENT_IGNORED] == [issue.code for issue in made.issues]
    assert why in made.issues[0].message
    assert Decimal("30.00") == made.lines[0].amount


def test_a_setting_of_renewal_means_nothing_here(own: Any) -> None:
    """Nothing is said and nothing is billed for it."""
    lines = own.lines(
        own.event("created", "2024-04-01"), own.event("auto-renew-changed", "2024-04-11", is_on=False), price="30"
    )

    assert ["30.00"] == amounts(lines)


@pytest.mark.parametrize(
    ("fields", "count"), [({"quantity": -1}, 1), ({"unit_price": "-1"}, 1), ({"ends_on": "2024-03-01"}, 1)]
)
def test_an_order_that_makes_no_sense_is_said(own: Any, fields: dict[str, Any], count: int) -> None:
    """A negative quantity or price, an end before the beginning."""
    made = own.billed(own.service(own.event("created", "2024-04-01", **fields), price="30"))

    assert count == len(made.issues)


def test_events_before_the_order_are_said(own: Any) -> None:
    """A service is created before everything else."""
    made = own.billed(
        own.service(
            own.event("quantity-changed", "2024-03-01", quantity=3), own.event("created", "2024-04-01"), price="30"
        )
    )

    assert ["30.00"] == [str(line.amount) for line in made.lines]
    assert 1 == len(made.issues)


def test_a_missing_price_is_said_once(own: Any) -> None:
    """For each product, not for each cycle."""
    made = own.billed(own.service(own.event("created", "2024-01-01"), product_name="Support"), "2024-12-31")

    assert [IssueCode.PRICE_MISSING] == [issue.code for issue in made.issues]
    assert "Support" in made.issues[0].message
    assert () == made.lines


def test_the_day_of_a_cancellation_may_be_charged_or_not(own: Any) -> None:
    """Ten days are left after the 20th, eleven from it."""
    for is_charged, credit in ((True, "-10.00"), (False, "-11.00")):
        lines = own.lines(
            own.event("created", "2024-04-01"),
            own.event("cancelled", "2024-04-20"),
            price="30",
            policy={"last_day_is_charged": is_charged},
        )

        assert ["30.00", credit] == amounts(lines)


@pytest.mark.parametrize("correction", Correction)
def test_a_cancellation_may_give_nothing_back(own: Any, correction: Correction) -> None:
    """Paid in advance is paid; nothing follows."""
    lines = own.lines(
        own.event("created", "2024-04-01"),
        own.event("cancelled", "2024-04-20"),
        price="30",
        policy={"cancellation_is_credited": False, "correction": correction},
        through="2024-12-31",
    )

    assert ["30.00"] == amounts(lines)


def test_what_is_used_in_arrears_is_charged_whatever_a_cancellation_gives_back(own: Any) -> None:
    """Only advance payments are given back or kept."""
    lines = own.lines(
        own.event("created", "2024-04-01"),
        own.event("cancelled", "2024-04-20"),
        price="30",
        policy={"cancellation_is_credited": False, **ARREARS},
        through="2024-12-31",
    )

    assert ["20.00"] == amounts(lines)


def test_a_cancellation_for_a_later_day(own: Any) -> None:
    """The service goes on until then, and changes still count."""
    lines = own.lines(
        own.event("created", "2024-04-01"),
        own.event("cancelled", "2024-04-10", ends_on="2024-05-01"),
        own.event("quantity-changed", "2024-04-21", quantity=2),
        price="30",
        policy={"correction": Correction.NET},
        through="2024-12-31",
    )

    assert ["30.00", "10.00"] == amounts(lines)


def test_after_a_cancellation_nothing_counts(own: Any) -> None:
    """Not even on the same day."""
    made = own.billed(
        own.service(
            own.event("created", "2024-04-01"),
            own.event("cancelled", "2024-04-20"),
            own.event("quantity-changed", "2024-04-20T08:00:00", quantity=2),
            own.event("reactivated", "2024-04-25"),
            price="30",
        )
    )

    assert 2 == len(made.issues)
    assert 2 == len(made.lines)


def test_created_and_cancelled_on_one_day(own: Any) -> None:
    """The day stays charged, or nothing happened."""
    events = own.event("created", "2024-02-01"), own.event("cancelled", "2024-02-01T12:00:00")

    assert ["29.00", "-28.00"] == amounts(own.lines(*events, price="29"))
    assert [] == own.lines(*events, price="29", policy={"last_day_is_charged": False})


def test_a_term_that_ends_is_not_renewed_by_itself(own: Any) -> None:
    """Expiry is where the end was; without a known end it is the day of the event."""
    known = own.lines(
        own.event("created", "2024-04-01"),
        own.event("expired", "2024-04-21"),
        price="30",
        ends_on=date(2024, 4, 21),
        through="2024-12-31",
    )
    unknown = own.lines(
        own.event("created", "2024-04-01"), own.event("expired", "2024-04-21"), price="30", through="2024-12-31"
    )

    assert ["20.00"] == amounts(known)
    assert ["30.00", "-10.00"] == amounts(unknown)


def test_after_its_end_only_a_renewal_counts(own: Any) -> None:
    """A quantity after the end is said; a renewal on the day of the end goes on."""
    made = own.billed(
        own.service(
            own.event("created", "2024-04-01"),
            own.event("quantity-changed", "2024-05-02", quantity=2),
            price="30",
            ends_on=date(2024, 5, 1),
        ),
        "2024-12-31",
    )
    renewed = own.lines(
        own.event("created", "2024-04-01"),
        own.event("renewed", "2024-05-01", ends_on="2024-06-01", quantity=2),
        price="30",
        ends_on=date(2024, 5, 1),
        through="2024-12-31",
    )

    assert 1 == len(made.issues)
    assert 1 == len(made.lines)
    assert ["30.00", "60.00"] == amounts(renewed)


@pytest.mark.parametrize(
    ("ends_on", "expected"),
    [
        ("2024-06-01", ["20.00", "10.00", "30.00"]),
        (None, ["20.00", "10.00", "30.00", "30.00"]),
        ("2024-04-16", ["20.00", "-5.00"]),
    ],
)
def test_the_end_is_moved(own: Any, ends_on: str | None, expected: list[str]) -> None:
    """Later, away, or nearer: the running cycle is corrected, the next ones follow."""
    lines = own.lines(
        own.event("created", "2024-04-01"),
        own.event("end-date-changed", "2024-04-10", ends_on=ends_on),
        price="30",
        ends_on=date(2024, 4, 21),
        through="2024-06-15",
    )

    assert expected == amounts(lines)


def test_a_suspended_service_is_not_charged_unless_agreed(own: Any) -> None:
    """Ten days of April are given back, and charged again from the day it is active."""
    events = (
        own.event("created", "2024-04-01"),
        own.event("suspended", "2024-04-11"),
        own.event("reactivated", "2024-04-21"),
    )

    assert ["30.00", "-20.00", "10.00"] == amounts(own.lines(*events, price="30"))
    assert ["30.00"] == amounts(own.lines(*events, price="30", policy={"suspension_is_charged": True}))


def test_a_service_is_suspended_once(own: Any) -> None:
    """The second time is said."""
    made = own.billed(
        own.service(
            own.event("created", "2024-04-01"),
            own.event("suspended", "2024-04-11"),
            own.event("suspended", "2024-04-12"),
            price="30",
        )
    )

    assert 1 == len(made.issues)


def test_a_trial_is_extended_or_converted(own: Any) -> None:
    """Charges begin on the day after the trial, whenever that is."""
    policy = {"trial_days": 14}
    longer = own.lines(
        own.event("created", "2024-04-01"),
        own.event("term-extended", "2024-04-05", ends_on="2024-05-01"),
        price="30",
        policy=policy,
        through="2024-05-31",
    )
    converted = own.lines(
        own.event("created", "2024-04-01"), own.event("converted", "2024-04-05"), price="30", policy=policy
    )

    assert [("2024-05-01", "2024-05-31", "30.00")] == longer
    assert [("2024-04-05", "2024-05-04", "30.00")] == converted


def test_an_open_trial_is_free_until_it_is_converted(own: Any) -> None:
    """Plans may change meanwhile; the first charge is for the last one."""
    events = own.event("created", "2024-04-01"), own.event("plan-changed", "2024-04-03", unit_price="40")

    assert [] == own.lines(*events, price="30", is_trial=True, through="2024-12-31")
    assert ["40.00"] == amounts(own.lines(*events, own.event("converted", "2024-04-05"), price="30", is_trial=True))


def test_a_plan_of_another_length_in_the_trial(own: Any) -> None:
    """The first cycle is already the new one."""
    lines = own.lines(
        own.event("created", "2024-04-01"),
        own.event("plan-changed", "2024-04-03", plan=Plan.ANNUAL),
        own.event("price-changed", "2024-04-04", unit_price="366"),
        price="30",
        policy={"trial_days": 14, "price_change": PriceChange.NEXT_CYCLE},
        through="2024-12-31",
    )

    assert [("2024-04-15", "2025-04-14", "366.00")] == lines


def test_a_reactivation_may_bring_another_quantity_and_price(own: Any) -> None:
    """Two seats at 60 for the last ten days of April, where one at 30 was suspended."""
    lines = own.lines(
        own.event("created", "2024-04-01", quantity=1),
        own.event("suspended", "2024-04-11"),
        own.event("reactivated", "2024-04-21", quantity=2, unit_price="60"),
        price="30",
        through="2024-04-30",
    )

    assert ["30.00", "-20.00", "40.00"] == [amount for *_, amount in lines]


def test_a_reactivation_does_not_look_up_prices_again(own: Any) -> None:
    """A list price that begins in the cycle counts for the next one."""
    rows = (
        DatedPrice(amount=Decimal(30)),
        DatedPrice(amount=Decimal(99), valid_from=date(2024, 4, 15)),
    )
    lines = own.lines(
        own.event("created", "2024-04-01", quantity=1),
        own.event("suspended", "2024-04-11"),
        own.event("reactivated", "2024-04-21", quantity=1),
        prices=rows,
        through="2024-05-01",
    )

    assert ["30.00", "-20.00", "10.00", "99.00"] == [amount for *_, amount in lines]


def test_a_trial_may_be_converted_to_more(own: Any) -> None:
    """The first charge is for what was ordered with the conversion; a negative price is passed over."""
    created = own.event("created", "2024-01-01", quantity=1)
    converted = own.event("converted", "2024-01-10", quantity=3, unit_price="20")
    refused = own.event("converted", "2024-01-10", unit_price="-20")
    trial = {"price": "31", "through": "2024-01-31", "policy": {"trial_days": 30}}
    through = trial.pop("through")

    assert [("2024-01-10", "2024-02-09", "60.00")] == own.lines(created, converted, through=through, **trial)
    expected = own.billed(own.service(created, refused, **trial), through)
    assert ["31.00"] == [str(line.amount) for line in expected.lines]
    assert [IssueCode.EVENT_IGNORED] == [issue.code for issue in expected.issues]
