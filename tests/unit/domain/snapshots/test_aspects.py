"""Texts that make what different sources say comparable."""

from datetime import date

import pytest

from shared.domain.snapshots.aspects import day_of, plan_of, plan_text, product_of, switch, term_start
from shared.domain.subscriptions.kinds import Plan


@pytest.mark.parametrize(
    ("ends_on", "term", "start"),
    [
        ("2027-03-09", "P1Y", date(2026, 3, 10)),
        ("2026-02-28", "P1M", date(2026, 2, 1)),
        ("2026-03-30", "P1M", date(2026, 2, 28)),
        ("2028-03-29", "P1M", date(2028, 2, 29)),
        ("2027-03-09", "", None),
        ("", "P1Y", None),
        ("0001-06-30", "P1Y", None),
        ("0001-06-29", "P3Y", None),
    ],
)
def test_a_running_term_began_so_many_months_before_its_end(ends_on: str, term: str, start: date | None) -> None:
    """On the same day, or on the last that the month has."""
    assert start == term_start({"ends_on": ends_on, "plan": plan_text(term, "monthly")})


def test_a_product_is_known_by_its_first_two_parts() -> None:
    """A legacy offer is one GUID."""
    assert "CFQ7TTC0LH18:0001" == product_of("CFQ7TTC0LH18:0001:CFQ7TTC0K971")
    assert "195416c1-3447" == product_of("195416c1-3447")


@pytest.mark.parametrize(
    ("cycle", "plan"), [("Monthly", Plan.MONTHLY), ("one_time", Plan.ONE_TIME), ("fortnightly", None)]
)
def test_a_billing_cycle_says_how_often_a_term_is_paid(cycle: str, plan: Plan | None) -> None:
    """One that nobody knows says nothing."""
    assert plan is plan_of(plan_text("p1y", cycle))


def test_nothing_is_an_empty_text() -> None:
    """Whatever it is that nobody says."""
    assert ("", "", "true", "false") == (plan_text("", ""), *map(switch, (None, True, False)))
    assert (None, date(2026, 10, 1)) == (day_of("soon"), day_of("2026-10-01T00:00:00Z"))
