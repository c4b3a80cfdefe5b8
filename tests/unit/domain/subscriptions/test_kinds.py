"""Terms as ISO 8601 and as months."""

import pytest

from shared.domain.errors import InvalidError
from shared.domain.subscriptions.kinds import PLAN_MONTHS, Plan, term_months


@pytest.mark.parametrize(
    ("term", "months"), [("P1M", 1), ("P3M", 3), ("P18M", 18), ("P1Y", 12), ("P3Y", 36), ("P9999M", 9999)]
)
def test_a_term_has_months(term: str, months: int) -> None:
    """Months and years, any number of them."""
    assert months == term_months(term)


@pytest.mark.parametrize(
    "term", ["", "P", "PM", "1M", "P1", "P1W", "P0M", "P-1M", "P1.5Y", "P²M", f"P{'9' * 5000}M", "X1M"]
)
def test_a_term_that_is_not_understood_is_refused(term: str) -> None:
    """The message says what to write."""
    with pytest.raises(InvalidError, match="write P1M, P1Y or P3Y"):
        term_months(term)


def test_a_plan_pays_for_its_months() -> None:
    """One, twelve or thirty-six; a one-time payment is as long as its term."""
    assert {Plan.MONTHLY: 1, Plan.ANNUAL: 12, Plan.TRIENNIAL: 36} == PLAN_MONTHS
