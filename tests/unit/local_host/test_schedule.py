"""NCRONTAB as Azure reads it."""

from datetime import UTC, datetime

import pytest

from local.functions_host.schedule import parse_schedule
from shared.domain.errors import InvalidError

START = datetime(2026, 2, 10, 12, 0, 0, tzinfo=UTC)  # a Tuesday


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("0 30 3 * * *", datetime(2026, 2, 11, 3, 30, tzinfo=UTC)),
        ("*/15 * * * * *", datetime(2026, 2, 10, 12, 0, 15, tzinfo=UTC)),
        ("0 0 6 1 * *", datetime(2026, 3, 1, 6, tzinfo=UTC)),
        ("0 0 6 13 * FRI", datetime(2026, 2, 13, 6, tzinfo=UTC)),
        ("0 0 6 14 * Friday", datetime(2026, 8, 14, 6, tzinfo=UTC)),
        ("0 0 9-17/4 * Mar Mon-Fri", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("5 * * * *", datetime(2026, 2, 10, 12, 5, tzinfo=UTC)),
        ("00:00:10", datetime(2026, 2, 10, 12, 0, 10, tzinfo=UTC)),
        ("1.00:00:00", datetime(2026, 2, 11, 12, tzinfo=UTC)),
    ],
)
def test_the_next_run_is_in_utc_and_both_days_must_match(text: str, due: datetime) -> None:
    """Six fields with seconds first; day of month AND day of week; five fields and time spans too."""
    schedule = parse_schedule(text, where="function f", now=START)

    assert due == schedule.next_after(START)


@pytest.mark.parametrize(
    "text",
    ["", "nightly", "@daily", "0 0 0 L * *", "0 0 0 ? * *", "0 0 0 * * 7", "0 0 0 30 2 *", "0 61 * * * *", "00:00:00"],
)
def test_what_azure_cannot_read_is_refused(text: str) -> None:
    """Extensions of croniter and days that never come would only fail in the cloud."""
    with pytest.raises(InvalidError, match="function f"):
        parse_schedule(text, where="function f", now=START)
