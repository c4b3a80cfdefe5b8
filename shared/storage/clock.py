"""The clock of the adapters; what they serve is told the time by its caller.

Not here: billing dates and periods, which never come from a clock.
"""

from datetime import UTC, datetime


def system_clock() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)
