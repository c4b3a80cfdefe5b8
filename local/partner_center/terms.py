"""Days of terms and charge cycles: all in UTC, both ends included.

Invariants: a cycle begins on the anchor's day of the month, or on the month's last day where it is shorter; the anchor
is kept for the whole term. Each term is anchored on its own first day, and one cut short so that it ends with a cycle.

Not here: what is charged, and when something becomes due (``renewing``).
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta

TERM_MONTHS = {"P1M": 1, "P1Y": 12, "P3Y": 36}
CYCLE_MONTHS = {"monthly": 1, "annual": 12, "triennial": 36}
FOREVER = date(9999, 12, 30)
_DAY = timedelta(days=1)


def add_months(day: date, months: int) -> date:
    """Return the same day so many months on, or the last day of that month where it has no such day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, day.day if day.day <= 28 else min(day.day, monthrange(year, month)[1]))


def midnight(day: date) -> datetime:
    """Return the instant at which the day begins."""
    return datetime.combine(day, time(), UTC)


def last_day_of_term(first: date, term: str) -> date:
    """Return the last day of a term that begins on *first*; what has no term never ends."""
    months = TERM_MONTHS.get(term)
    return add_months(first, months) - _DAY if months else FOREVER


def charge_cycle(anchor: date, cycle: str, term_last: date, day: date) -> tuple[date, date]:
    """Return the first and the last day of the charge cycle in which *day* lies, cut where the term ends earlier."""
    months = CYCLE_MONTHS.get(cycle)
    if months is None:
        return anchor, term_last
    number = max(0, ((day.year - anchor.year) * 12 + day.month - anchor.month) // months)
    while number and add_months(anchor, number * months) > day:
        number -= 1
    while add_months(anchor, (number + 1) * months) <= day:
        number += 1
    first = add_months(anchor, number * months)
    return first, min(add_months(anchor, (number + 1) * months) - _DAY, term_last)


def anchor_of(first: date, last: date, term: str) -> date:
    """Return the day that cycles are counted from: the first, or one that lets a cycle end with an aligned term."""
    if last_day_of_term(first, term) == last or term not in TERM_MONTHS:
        return first
    return add_months(next_day(last), -max(TERM_MONTHS[term], 12))


def cycles_in_term(term: str, cycle: str) -> int:
    """Return how many times a full term is charged."""
    return TERM_MONTHS.get(term, 1) // CYCLE_MONTHS.get(cycle, TERM_MONTHS.get(term, 1)) or 1


def month_end(day: date) -> date:
    """Return the last day of the month in which *day* lies."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def next_day(day: date) -> date:
    """Return the day after."""
    return day + _DAY
