"""Month rates: which day's rate converts a month."""

from datetime import date
from typing import Any

import pytest

from shared.domain.expected.month_rates import rate_day
from shared.domain.periods import BillingPeriod


@pytest.mark.parametrize(
    ("month", "day"),
    [
        ("2026-10", "2026-09-28"),  # the month before ends on a Wednesday
        ("2026-11", "2026-10-29"),  # ... on a Saturday
        ("2026-06", "2026-05-28"),  # ... on a Sunday
        ("2026-09", "2026-08-27"),  # ... on a Monday
    ],
)
def test_the_rate_is_that_of_two_business_days_before_the_month_before_ends(month: str, day: str) -> None:
    """Saturdays and Sundays do not count."""
    assert date.fromisoformat(day) == rate_day(BillingPeriod.parse(month))


@pytest.mark.parametrize(
    ("days", "used"),
    [
        (("2026-09-25", "2026-09-28", "2026-10-01"), "2026-09-28"),
        (("2026-09-24", "2026-09-25", "2026-10-01"), "2026-09-25"),
        (("2026-10-15", "2026-10-01"), "2026-10-01"),
        (("2026-09-21", "2026-10-29"), ""),
    ],
)
def test_the_nearest_rate_of_the_month_is_used(told: Any, days: tuple[str, ...], used: str) -> None:
    """That day's rate, else the last one of the week before, else the first one before the next month's day."""
    plan = told.subscription("azure-usage", told.event("created", "2026-10-01"), price="1")
    rates = tuple(told.rate("0.9", day) for day in days)
    made = told.billed(plan, usage=(told.usage("2026-10-05", "1"),), currency="EUR", exchanges=rates)

    assert ([used] if used else []) == [str(line.exchange.on) for line in made.lines if line.exchange]
