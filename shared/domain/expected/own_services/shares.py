"""Shares: how a part of a charge cycle is counted, as a pair of whole numbers.

A share stays a pair until the one rounding of the amount. A whole cycle is the whole price in every way of counting;
parts of a cycle by actual days, 30/360, seconds, whole months and months of the cycle add up to it. Days over a fixed
number of days do not, and are not meant to: 22 days of a July are 22/30.

Sources: Zuora, "When prorating a month, assume 30 days in a month or use actual days" (30/360: the last day of any
month is day 30); Oracle Subscription Management, "Partial period billing" (months first, then days).

Not here: prices, which parts are charged (``timeline``).
"""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from shared.domain.expected.own_services.cycles import Cycle, days_of, month_day
from shared.domain.expected.rounding import Rounding, rounded
from shared.domain.periods import Period
from shared.domain.subscriptions.own_billing import MonthsFrom, OwnBilling, Share

_DAYS_IN_30_360 = 30
_ACTUAL_DAYS = Share.ACTUAL_DAYS
_made_of = tuple.__new__
"""Makes a share of a tuple that has all its fields: twice as fast as naming them."""


class Part(NamedTuple):
    """``part / whole`` of a cycle, counted in *counted*."""

    part: int
    whole: int
    counted: str = "days"

    @property
    def exact(self) -> Fraction:
        """The share as one number."""
        return Fraction(self.part, self.whole)


WHOLE = Part(1, 1, "times")


def part_of(billing: OwnBilling, cycle: Cycle, start: int, end: int) -> Part:
    """Return the share of *cycle* from tick *start* up to *end*, as *billing* counts parts. Both lie in the cycle."""
    if cycle.tail_start is not None and end > cycle.tail_start:
        return _with_tail(billing, cycle, start, end)
    if billing.share is _ACTUAL_DAYS:
        return _made_of(Part, (end - start, cycle.base_end - cycle.base_start, "days"))
    if billing.share is Share.NONE:
        return WHOLE
    if billing.share is Share.WHOLE_MONTHS:
        return _months_begun(cycle, start, end)
    if start == cycle.base_start and end == cycle.base_end:
        return _whole(billing, cycle)
    return _partial(billing, cycle, start, end)


def fixed_days_share(days: int, days_in_month: Decimal, months: int) -> Part:
    """Return days over a fixed number of days in each month, at most the whole."""
    above, below = days_in_month.as_integer_ratio()
    part, whole = days * below, above * months
    return Part(min(part, whole), whole)


def thirty_360_days(service: Period) -> int:
    """Return the days of *service* where every month has thirty: its last day is day 30, a 31st adds nothing."""
    return _position(service.end) - _position(service.start)


def month_count(
    service: Period,
    months_from: MonthsFrom = MonthsFrom.SERVICE_START,
    *,
    days_in_month: Decimal | None = None,
    digits: int | None = None,
) -> Fraction:
    """Return how many months *service* has: whole months, and the rest by days.

    From the start of the service the months are counted from its first day, else from the first of each calendar month.
    The rest is divided by the days of the month it lies in, or by *days_in_month*. *digits* rounds every part, half up.
    """
    if months_from is MonthsFrom.CALENDAR_START:
        return _count(service, service.start.replace(day=1), 1, days_in_month, digits)
    return _count(service, service.start, service.start.day, days_in_month, digits)


def months_begun(service: Period, months_from: MonthsFrom = MonthsFrom.SERVICE_START) -> int:
    """Return how many months *service* has, one that is only begun counted as a month."""
    first = service.start.replace(day=1) if months_from is MonthsFrom.CALENDAR_START else service.start
    count = 0
    while month_day(first.year, first.month, count, first.day) < service.end:
        count += 1
    return count


def to_digits(exact: Fraction, digits: int | None) -> Fraction:
    """Return the number rounded half up to *digits* decimals; None leaves it exact."""
    if digits is None:
        return exact
    return Fraction(rounded(exact.numerator, exact.denominator, digits, Rounding.HALF_UP))


def month_marks(cycle: Cycle) -> list[int]:
    """Return the ticks at which the months of *cycle* begin, and its end; just the two where it has no months."""
    base = days_of(cycle.base_start, cycle.base_end, cycle.per_day).start
    midnight = cycle.base_start % cycle.per_day
    marks = [cycle.base_start]
    for index in range(1, cycle.months or 1):
        day = month_day(base.year, base.month, index, cycle.anchor_day)
        marks.append(day.toordinal() * cycle.per_day + midnight)
    return [*marks, cycle.base_end]


def _with_tail(billing: OwnBilling, cycle: Cycle, start: int, end: int) -> Part:
    """Count days added to the end of a cycle as parts of a fresh one."""
    border = cycle.tail_start or 0
    fresh = cycle._replace(base_start=border, base_end=cycle.tail_end, tail_start=None)
    tail = part_of(billing, fresh, max(start, border), end)
    if start >= border:
        return tail
    exact = part_of(billing, cycle, start, border).exact + tail.exact
    return Part(exact.numerator, exact.denominator)


def _whole(billing: OwnBilling, cycle: Cycle) -> Part:
    if cycle.months is not None and billing.share is Share.MONTHS_THEN_DAYS:
        return Part(cycle.months, cycle.months, "months")
    length = cycle.base_end - cycle.base_start
    return Part(length, length, "days" if cycle.per_day == 1 else "seconds")


def _partial(billing: OwnBilling, cycle: Cycle, start: int, end: int) -> Part:
    """Count days (or seconds) as the policy says; cycles that are not made of months know actual ones only."""
    if cycle.months is not None and billing.share is Share.FIXED_DAYS:
        return fixed_days_share(end - start, billing.days_in_month, cycle.months)
    if cycle.months is not None and billing.share is Share.THIRTY_360:
        return _thirty_360(cycle, start, end)
    if cycle.months is not None and billing.share is Share.MONTHS_THEN_DAYS:
        return _months_then_days(billing, cycle, start, end)
    return Part(end - start, cycle.base_end - cycle.base_start, "days" if cycle.per_day == 1 else "seconds")


def _months_begun(cycle: Cycle, start: int, end: int) -> Part:
    marks = month_marks(cycle)
    begun = sum(1 for first, last in pairwise(marks) if first < end and start < last)
    return Part(begun, len(marks) - 1, "months")


def _thirty_360(cycle: Cycle, start: int, end: int) -> Part:
    first, last = days_of(cycle.base_start, cycle.base_end, 1), days_of(start, end, 1)
    return Part(thirty_360_days(last), thirty_360_days(first))


def _position(day: date) -> int:
    return (day.year * 12 + day.month) * _DAYS_IN_30_360 + min(day.day - 1, _DAYS_IN_30_360)


def _months_then_days(billing: OwnBilling, cycle: Cycle, start: int, end: int) -> Part:
    service, fixed = days_of(start, end, 1), billing.days_in_month if billing.days_are_fixed else None
    if billing.months_from is MonthsFrom.CYCLE_START:
        base = days_of(cycle.base_start, cycle.base_end, 1).start
        count = _count(service, base, cycle.anchor_day, fixed, billing.part_digits)
    else:
        count = month_count(service, billing.months_from, days_in_month=fixed, digits=billing.part_digits)
    exact = min(count / (cycle.months or 1), Fraction(1))
    return Part(exact.numerator, exact.denominator, "months")


def _count(service: Period, anchor: date, day: int, days_in_month: Decimal | None, digits: int | None) -> Fraction:
    """Sum the parts of the months around *anchor* that *service* covers."""
    total, index = Fraction(0), 0
    first = month_day(anchor.year, anchor.month, 0, day)
    while first < service.end:
        after = month_day(anchor.year, anchor.month, index + 1, day)
        days = (min(after, service.end) - max(first, service.start)).days
        if days > 0:
            total += _part_of_month(days, (after - first).days, days_in_month, digits)
        first, index = after, index + 1
    return total


def _part_of_month(days: int, days_of_month: int, days_in_month: Decimal | None, digits: int | None) -> Fraction:
    if days == days_of_month:
        return Fraction(1)
    return to_digits(min(Fraction(days) / Fraction(days_in_month or days_of_month), Fraction(1)), digits)
