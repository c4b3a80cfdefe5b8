"""Partner earned credit: earned for a whole day of access or not at all."""

from datetime import UTC, date, datetime, timedelta

import pytest

from shared.domain.expected.usage.partner_earned_credit import is_earned_on

DAY = date(2026, 10, 5)
MIDNIGHT = datetime(2026, 10, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEXT = MIDNIGHT + timedelta(days=1)


@pytest.mark.parametrize(
    ("access", "is_earned"),
    [
        ([(MIDNIGHT, NEXT)], True),
        ([(MIDNIGHT - HOUR, None)], True),
        ([(MIDNIGHT + 6 * HOUR, NEXT), (MIDNIGHT, MIDNIGHT + 6 * HOUR)], True),
        ([(MIDNIGHT, MIDNIGHT + 6 * HOUR), (MIDNIGHT + 7 * HOUR, NEXT)], False),
        ([(MIDNIGHT + HOUR, None)], False),
        ([(MIDNIGHT, NEXT - HOUR)], False),
        ([(MIDNIGHT, NEXT), (NEXT, None)], True),
        ([], False),
    ],
)
def test_credit_needs_access_without_a_gap(
    access: list[tuple[datetime, datetime | None]],
    is_earned: bool,  # noqa: FBT001 - a parametrised outcome
) -> None:
    """Several spans of access count together where they touch."""
    assert is_earned == is_earned_on(DAY, access)
