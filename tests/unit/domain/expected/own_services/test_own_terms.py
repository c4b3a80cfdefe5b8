"""Renewals, terms and amounts given back of own services, and the edges of what can be billed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.errors import InvalidError, PeriodError
from shared.domain.issues import IssueCode
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.own_billing import (
    Alignment,
    Correction,
    MonthsFrom,
    PlanChange,
    Share,
    Span,
    Timing,
)
from shared.domain.subscriptions.subscription import DatedPrice

ARREARS = {"timing": Timing.ARREARS}
TERM = {"span": Span.TERM}


def amounts(lines: list[tuple[str, str, str]]) -> list[str]:
    """Return the amounts alone."""
    return [amount for *_, amount in lines]


def test_a_renewal_takes_the_uplift(own: Any) -> None:
    """Ten percent more from the renewal on, again at the next; a price told starts anew."""
    lines = own.lines(
        own.event("created", "2024-01-01", unit_price="100"),
        own.event("renewed", "2024-02-01"),
        own.event("renewed", "2024-03-01"),
        own.event("renewed", "2024-04-01", unit_price="50"),
        policy={"uplift_percent": Decimal(10)},
        through="2024-04-01",
    )

    assert ["100.00", "110.00", "121.00", "50.00"] == amounts(lines)


def test_an_uplift_is_taken_on_a_list_price_until_another_is_told(own: Any) -> None:
    """It goes with the price it was added to."""
    lines = own.lines(
        own.event("created", "2024-01-01"),
        own.event("renewed", "2024-02-01"),
        own.event("plan-changed", "2024-03-01", product="other"),
        own.event("plan-changed", "2024-04-01", unit_price="70"),
        price="100",
        policy={"uplift_percent": Decimal(10)},
        through="2024-04-01",
    )

    assert ["100.00", "110.00", "110.00", "70.00"] == amounts(lines)


def test_a_renewal_is_announced_before_the_term_ends(own: Any) -> None:
    """It counts from the end of the term, which is a year later then."""
    lines = own.lines(
        own.event("created", "2024-01-01"),
        own.event("renewed", "2024-12-01"),
        price="100",
        term="P1Y",
        ends_on=date(2025, 1, 1),
        policy={"every": 12, "uplift_percent": Decimal(10)},
        through="2026-12-31",
    )

    assert [("2024-01-01", "2024-12-31", "100.00"), ("2025-01-01", "2025-12-31", "110.00")] == lines


def test_a_term_is_one_cycle(own: Any) -> None:
    """Of its own length where no end is given; the next begins by itself."""
    lines = own.lines(own.event("created", "2024-01-01"), price="100", term="P6M", policy=TERM, through="2024-07-01")

    assert [("2024-01-01", "2024-06-30", "100.00"), ("2024-07-01", "2024-12-31", "100.00")] == lines


def test_a_term_without_an_end_is_not_billed(own: Any) -> None:
    """Somebody has to say how long it is."""
    made = own.billed(own.service(own.event("created", "2024-01-01"), price="100", policy=TERM), "2024-12-31")

    assert [IssueCode.CYCLE_UNKNOWN] == [issue.code for issue in made.issues]


def test_a_term_whose_end_is_moved_costs_by_its_days(own: Any) -> None:
    """A hundred days cost 100; twenty more cost 20, ten fewer give back 10."""
    for ends_on, amount in (("2024-04-30", "20.00"), ("2024-03-31", "-10.00")):
        lines = own.lines(
            own.event("created", "2024-01-01"),
            own.event("end-date-changed", "2024-02-01", ends_on=ends_on),
            price="100",
            ends_on=date(2024, 4, 10),
            policy=TERM,
            through="2024-12-31",
        )

        assert ["100.00", amount] == amounts(lines)


@pytest.mark.parametrize("renewed_on", ["2024-03-01", "2024-07-01"])
def test_a_renewal_of_a_term_that_runs_on(own: Any, renewed_on: str) -> None:
    """Told before or on the day: the uplift counts from the next term on."""
    lines = own.lines(
        own.event("created", "2024-01-01"),
        own.event("renewed", renewed_on),
        price="100",
        term="P6M",
        policy={**TERM, "uplift_percent": Decimal(10)},
        through="2024-12-31",
    )

    assert [("2024-01-01", "2024-06-30", "100.00"), ("2024-07-01", "2024-12-31", "110.00")] == lines


@pytest.mark.parametrize(
    ("fields", "term", "expected"),
    [
        ({"ends_on": "2024-05-10", "unit_price": "70"}, "", [("2024-04-10", "2024-05-09", "70.00")]),
        ({"ends_on": "2024-05-10"}, "", [("2024-04-10", "2024-05-09", "30.00")]),
        ({}, "P1M", [("2024-04-10", "2024-05-09", "100.00")]),
    ],
)
def test_a_renewed_term(own: Any, fields: dict[str, Any], term: str, expected: list[tuple[str, str, str]]) -> None:
    """A price told is for the new term; another end costs by days; the term's own length costs the whole price."""
    lines = own.lines(
        own.event("created", "2024-01-01"),
        own.event("renewed", "2024-04-10", **fields),
        price="100",
        ends_on=date(2024, 4, 10),
        term=term,
        policy=TERM,
        through="2024-05-31",
    )

    assert expected == lines[1:]


def test_a_renewed_term_without_an_end_is_not_billed(own: Any) -> None:
    """Somebody has to say how long it is."""
    made = own.billed(
        own.service(
            own.event("created", "2024-01-01"),
            own.event("renewed", "2024-04-10"),
            price="100",
            ends_on=date(2024, 4, 10),
            policy=TERM,
        ),
        "2024-12-31",
    )

    assert [IssueCode.CYCLE_UNKNOWN] == [issue.code for issue in made.issues]
    assert 1 == len(made.lines)


def test_a_plan_inside_a_term_changes_its_price_only(own: Any) -> None:
    """The term goes on."""
    lines = own.lines(
        own.event("created", "2024-01-01", unit_price="100"),
        own.event("plan-changed", "2024-02-20", unit_price="200", every=3),
        ends_on=date(2024, 4, 10),
        policy={**TERM, "correction": Correction.NET},
    )

    assert ["100.00", "50.00"] == amounts(lines)


def test_a_waiting_plan_inside_a_term_begins_with_the_next(own: Any) -> None:
    """Where changes wait, a plan waits for the end of the term."""
    lines = own.lines(
        own.event("created", "2024-01-01", unit_price="100"),
        own.event("plan-changed", "2024-02-20", unit_price="200"),
        term="P6M",
        policy={**TERM, "share": Share.NEXT_PERIOD},
        through="2024-07-01",
    )

    assert ["100.00", "200.00"] == amounts(lines)


def test_a_one_time_plan_leaves_the_cycle(own: Any) -> None:
    """Only monthly, annual and triennial plans have a length."""
    lines = own.lines(
        own.event("created", "2024-04-01"),
        own.event("plan-changed", "2024-04-11", plan=Plan.ONE_TIME, unit_price="60"),
        price="30",
        policy={"correction": Correction.NET},
    )

    assert ["30.00", "20.00"] == amounts(lines)


def test_a_plan_that_is_told_again_changes_nothing(own: Any) -> None:
    """Neither the cycle nor the price."""
    lines = own.lines(
        own.event("created", "2024-04-01", unit_price="30"),
        own.event("plan-changed", "2024-04-11", unit_price="30"),
        own.event("upgraded", "2024-04-12", product=""),
        policy={"plan_change": PlanChange.RESTARTS},
    )

    assert ["30.00"] == amounts(lines)


def test_a_plan_of_another_length_on_the_first_day(own: Any) -> None:
    """There is no cycle yet to be corrected."""
    lines = own.lines(
        own.event("created", "2024-04-01"),
        own.event("plan-changed", "2024-04-01T10:00:00", every=3),
        price="91",
    )

    assert [("2024-04-01", "2024-06-30", "91.00")] == lines


def test_an_amount_in_arrears_is_given_back_after_the_charge(own: Any) -> None:
    """The credit stands behind the charge it corrects, and is capped by it."""
    lines = own.lines(
        own.event("created", "2024-04-01"),
        own.event("credited", "2024-04-11", amount="5"),
        price="30",
        policy=ARREARS,
        through="2024-05-01",
    )
    capped = own.billed(
        own.service(
            own.event("created", "2024-04-01"),
            own.event("credited", "2024-04-11", amount="50"),
            price="30",
            policy=ARREARS,
        ),
        "2024-05-01",
    )

    assert ["30.00", "-5.00"] == amounts(lines)
    assert Decimal(0) == capped.total("EUR").amount
    assert (("granted", "50"),) == capped.lines[-1].inputs
    assert 1 == len(capped.issues)


def test_a_reversal_takes_back_what_an_adjustment_left(own: Any) -> None:
    """5 were given back: 25 are reversed, and both quantities charged anew."""
    lines = own.lines(
        own.event("created", "2024-04-01", quantity=1),
        own.event("credited", "2024-04-05", amount="5"),
        own.event("quantity-changed", "2024-04-11", quantity=2),
        price="30",
        policy={"correction": Correction.SEGMENTS},
    )

    assert ["30.00", "-5.00", "-25.00", "10.00", "40.00"] == amounts(lines)


def test_a_credit_takes_from_older_charges_last(own: Any) -> None:
    """The newest charge that began by then is corrected first, the rest comes from the one before."""
    made = own.billed(
        own.service(
            own.event("created", "2024-04-01", quantity=1),
            own.event("quantity-changed", "2024-04-11", quantity=2),
            own.event("quantity-changed", "2024-04-21", quantity=0),
            price="30",
            policy={"correction": Correction.NET},
        )
    ).lines

    assert [Decimal("30.00"), Decimal("20.00"), Decimal("-20.00")] == [line.amount for line in made]
    assert made[1] is made[2].corrects


def test_nothing_is_given_back_where_nothing_is_left(own: Any) -> None:
    """All of it was granted before."""
    lines = own.lines(
        own.event("created", "2024-04-01"),
        own.event("credited", "2024-04-05", amount="30"),
        own.event("cancelled", "2024-04-10"),
        price="30",
    )

    assert ["30.00", "-30.00"] == amounts(lines)


def test_an_amount_for_which_nothing_was_charged_is_said(own: Any) -> None:
    """A free cycle has nothing to give back, and no credit of nothing is made."""
    made = own.billed(
        own.service(
            own.event("created", "2024-04-01"),
            own.event("credited", "2024-04-05", amount="5"),
            own.event("cancelled", "2024-04-10"),
            price="0",
        )
    )

    assert [Decimal("0.00")] == [line.amount for line in made.lines]
    assert 1 == len(made.issues)


def test_seconds_have_their_instants(own: Any) -> None:
    """A cycle begins and ends at the second of the order; lines say from when to when."""
    made = own.billed(
        own.service(
            own.event("created", "2024-04-01T12:00:00"),
            own.event("cancelled", "2024-04-01T18:00:00"),
            price="720",
            policy={"share": Share.SECONDS},
        )
    ).lines

    assert [Decimal("720.00"), Decimal("-714.00")] == [line.amount for line in made]
    assert (("from", "2024-04-01T18:00:00Z"), ("to", "2024-05-01T12:00:00Z")) == made[1].inputs
    assert "seconds" == made[1].counted


def test_a_part_within_one_day_has_that_day(own: Any) -> None:
    """In arrears, six hours are a line of one day."""
    lines = own.lines(
        own.event("created", "2024-04-01T12:00:00"),
        own.event("cancelled", "2024-04-01T18:00:00"),
        price="720",
        policy={"share": Share.SECONDS, **ARREARS},
        through="2024-04-02",
    )

    assert [("2024-04-01", "2024-04-01", "6.00")] == lines


@pytest.mark.parametrize(
    "policy",
    [
        {"every": 10_000},
        {"every": 10_000, "span": Span.DAYS},
        {"invoice_days_after": 10_000, "every": 5, "span": Span.DAYS},
        {"trial_days": 10_000},
        {"alignment": Alignment.DAY, "billing_day": 5},
    ],
)
def test_the_end_of_the_calendar_is_a_documented_error(own: Any, policy: dict[str, Any]) -> None:
    """Nothing else is raised."""
    service = own.service(own.event("created", "9999-12-20"), price="1", policy=policy)

    with pytest.raises(PeriodError):
        own.billed(service, "9999-12-31")


def test_an_unknown_rounding_mode_is_refused(own: Any) -> None:
    """The message lists those that exist."""
    with pytest.raises(InvalidError, match="half_up"):
        own.billed(own.service(own.event("created", "2024-04-01"), price="1", policy={"rounding": "nearest"}))


def test_a_price_for_a_month_in_a_term_without_rounding(own: Any) -> None:
    """Two and a half months of 30 days cost 250."""
    lines = own.lines(
        own.event("created", "2024-01-01"),
        prices=(DatedPrice(amount=Decimal(100), per="month"),),
        ends_on=date(2024, 3, 16),
        policy={**TERM, "days_are_fixed": True},
    )

    assert ["250.00"] == amounts(lines)


def test_usage_of_others_is_not_looked_at(own: Any) -> None:
    """A recurring service without consumption has its cycles alone."""
    service = own.service(own.event("created", "2024-04-01"), price="1", kind=ServiceKind.OWN_RECURRING)

    assert 1 == len(own.billed(service).lines)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({}, "923.23"),
        ({"share": Share.WHOLE_MONTHS}, "990.00"),
        ({"share": Share.WHOLE_MONTHS, "months_from": MonthsFrom.CALENDAR_START}, "1080.00"),
        ({"share": Share.FIXED_DAYS}, "924.00"),
        ({"days_are_fixed": True}, "924.00"),
        ({"months_from": MonthsFrom.CALENDAR_START, "part_digits": 6}, "924.47"),
    ],
)
def test_a_term_at_a_price_for_a_month_is_counted_in_months(own: Any, policy: dict[str, Any], expected: str) -> None:
    """28 March to 4 February at 90: ten months and eight days, counted as the policy counts parts."""
    service = own.service(
        own.event("created", "2025-03-28"),
        prices=(DatedPrice(amount=Decimal(90), per="month"),),
        ends_on=date(2026, 2, 5),
        policy={"span": Span.TERM, **policy},
    )

    assert [expected] == [str(line.amount) for line in own.billed(service).lines]
