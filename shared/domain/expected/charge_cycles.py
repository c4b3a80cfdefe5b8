"""Charge cycles: the spans that one price pays for, and the terms they lie in.

A cycle is computed from its anchor, never from the cycle before: an anchor on the 31st gives 30 November, 31 December,
31 January, 28 February, 31 March. A renewed term is anchored on its own start: a month that began on 30 November renews
on 30 December. Both ends come from the calendar alone, so cycles are remembered; everything here is pure.

Sources: Microsoft Partner Center documentation, "Common billing scenarios: one-time and recurring" (month ends) and
"Align subscription end dates".

Not here: Microsoft's older calendars (``legacy_dates``), which end dates may be chosen (``co_termination``), prices.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from shared.domain.errors import PeriodError
from shared.domain.expected.conventions import FirstShortCycle, MonthEnd
from shared.domain.periods import Period, add_months, cycle_containing

_DAY = timedelta(days=1)
_REMEMBERED_MAX = 1 << 16


@lru_cache(maxsize=_REMEMBERED_MAX)
def cycle_at(day: date, anchor: date, months: int, month_end: MonthEnd = MonthEnd.CLAMP) -> Period:
    """Return the cycle of *months* months, counted from *anchor*, that *day* lies in; *day* may be before the anchor.

    Raises:
        PeriodError: *months* is not positive, or the cycle would leave the calendar.
    """
    clamped = cycle_containing(day, anchor, months)
    if not (month_end is MonthEnd.DAY_BEFORE_LAST and _is_day_before_last(anchor)):
        return clamped
    index = (clamped.start.year - anchor.year) * 12 + clamped.start.month - anchor.month
    if boundary(anchor, index, month_end) > day:
        index -= months
    elif boundary(anchor, index + months, month_end) <= day:
        index += months
    return Period(boundary(anchor, index, month_end), boundary(anchor, index + months, month_end))


def boundary(anchor: date, months: int, month_end: MonthEnd = MonthEnd.CLAMP) -> date:
    """Return the day *months* months after *anchor* on which a cycle starts, and the one before it ends (exclusive).

    Raises:
        PeriodError: the day lies outside the calendar.
    """
    clamped = add_months(anchor, months)
    if month_end is MonthEnd.DAY_BEFORE_LAST and _is_day_before_last(anchor):
        return clamped.replace(day=_days_in_month(clamped) - 1)
    return clamped


def cycles_from(anchor: date, months: int, until: date, month_end: MonthEnd = MonthEnd.CLAMP) -> Iterator[Period]:
    """Yield the cycles from *anchor* on that begin before *until*.

    Raises:
        PeriodError: *months* is not positive, or a cycle would leave the calendar.
    """
    start = anchor
    while start < until:
        cycle = cycle_at(start, anchor, months, month_end)
        yield cycle
        start = cycle.end


def term_period(starts_on: date, months: int, month_end: MonthEnd = MonthEnd.CLAMP) -> Period:
    """Return the term of *months* months that starts on that day.

    A term of one month always clips to the month's last day, whatever the convention is: Microsoft's tables of monthly
    terms know nothing else.

    Raises:
        PeriodError: *months* is not positive, or the term would leave the calendar.
    """
    return Period(starts_on, boundary(starts_on, months, MonthEnd.CLAMP if months == 1 else month_end))


def day_of_month_anchor(day: date, day_of_month: int) -> date:
    """Return the last *day_of_month* on or before *day*, with its day kept: an anchor for cycles on that day.

    The anchor lies in a month that has the day, so that a chosen 31st comes back after a short month.

    Raises:
        PeriodError: no month has such a day, or the anchor would lie outside the calendar.
    """
    if not 1 <= day_of_month <= 31:
        raise PeriodError(f"day {day_of_month} does not exist in any month: choose 1 to 31")
    first = day.replace(day=1)
    while day_of_month > _days_in_month(first) or first.replace(day=day_of_month) > day:
        first = add_months(first, -1)
    return first.replace(day=day_of_month)


def first_short_cycle_days(
    first: Period, ends_on: date, cycle_months: int, term_months: int, convention: FirstShortCycle
) -> int:
    """Return what a first cycle, cut short to end with something else, is divided by, in days.

    *first* is the short cycle, *ends_on* the chosen end of the term. A plan that pays more than a month at a time is
    never divided by a month: where the month is asked for, the whole cycle from the first day stands in.

    Raises:
        PeriodError: the months are not positive, or a cycle would leave the calendar.
    """
    if convention is FirstShortCycle.CYCLE:
        return cycle_at(first.start, ends_on, cycle_months).days
    if convention is FirstShortCycle.FULL_TERM:
        return term_period(first.start, term_months).days
    return _days_in_month(first.start) if cycle_months == 1 else term_period(first.start, cycle_months).days


def _days_in_month(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def _is_day_before_last(day: date) -> bool:
    return day.day == _days_in_month(day) - 1
