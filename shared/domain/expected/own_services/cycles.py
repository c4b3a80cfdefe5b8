"""Charge cycles of own services, counted in ticks: days, or seconds where a policy counts seconds.

A tick is the number of days (or seconds) since the day before 1 January of year 1, so that both kinds of policy share
all the arithmetic. Cycle *k* is computed from the anchor, never from the cycle before it, and an anchor on the 31st
comes back after a short month. Cycles go on before the anchor too: a first cycle may begin before the service does.

Not here: the parts of a cycle (``shares``), which cycles are charged (``story``).
"""

from calendar import monthrange
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import NamedTuple

from shared.domain.errors import PeriodError
from shared.domain.periods import Period
from shared.domain.subscriptions.own_billing import Alignment, OwnBilling, Share, Span

SECONDS_IN_DAY = 86_400
_LAST_ORDINAL = date.max.toordinal()
_REMEMBERED_MAX = 1 << 14


class Cycle(NamedTuple):
    """One charge cycle ``[start, end)`` in ticks. *months* is None where it is not made of months.

    *base_start* and *base_end* are the cycle whose length parts are divided by; they differ from the cycle itself where
    its end was moved. *anchor_day* is the day of the month it is anchored on. Where days were added to its end at the
    price of a fresh cycle, those from *tail_start* on are parts of that one, which ends on *tail_end*.
    """

    start: int
    end: int
    base_start: int
    base_end: int
    months: int | None
    anchor_day: int
    per_day: int = 1
    tail_start: int | None = None
    tail_end: int = 0

    @property
    def period(self) -> Period:
        """The cycle as days; a cycle of seconds that begins and ends on one day has that day."""
        return days_of(self.start, self.end, self.per_day)


class Grid(NamedTuple):
    """Cycles of *every* months (or days) around *anchor*. *anchor_day* may be later than the anchor's own day.

    *past_midnight_s* is the second of the day on which cycles begin, where seconds are counted.
    """

    anchor: date
    anchor_day: int
    every: int
    is_months: bool
    per_day: int = 1
    past_midnight_s: int = 0

    def cycle_at(self, tick: int) -> Cycle:
        """Return the cycle that *tick* lies in.

        Raises:
            PeriodError: it lies outside the calendar.
        """
        return _cycle_at(self, tick)

    def cycle(self, index: int) -> Cycle:
        """Return the cycle of that number; 0 begins on the anchor.

        Raises:
            PeriodError: it lies outside the calendar.
        """
        start, end = self._boundary(index), self._boundary(index + 1)
        return Cycle(start, end, start, end, self.every if self.is_months else None, self.anchor_day, self.per_day)

    def index_at(self, tick: int) -> int:
        """Return the number of the cycle that *tick* lies in.

        Raises:
            PeriodError: it lies outside the calendar.
        """
        if not self.is_months:
            return (tick - self._boundary(0)) // (self.every * self.per_day)
        day = day_of(tick, self.per_day)
        index = ((day.year - self.anchor.year) * 12 + day.month - self.anchor.month) // self.every
        if self._boundary(index) > tick:
            return index - 1
        return index + 1 if self._boundary(index + 1) <= tick else index

    def _boundary(self, index: int) -> int:
        if self.is_months:
            day = month_day(self.anchor.year, self.anchor.month, index * self.every, self.anchor_day)
            return day.toordinal() * self.per_day + self.past_midnight_s
        return _checked(self.anchor.toordinal() + index * self.every) * self.per_day + self.past_midnight_s


@lru_cache(maxsize=_REMEMBERED_MAX)
def _cycle_at(grid: Grid, tick: int) -> Cycle:
    return grid.cycle(grid.index_at(tick))


@lru_cache(maxsize=_REMEMBERED_MAX)
def month_day(year: int, month: int, months: int, day: int) -> date:
    """Return the given day of the month *months* later, clipped to the last day of that month.

    Raises:
        PeriodError: it lies outside the calendar.
    """
    index = year * 12 + month - 1 + months
    year, month = index // 12, index % 12 + 1
    if not 1 <= year <= 9999:
        raise PeriodError(f"{months} months from there lie outside the calendar")
    return date(year, month, min(day, monthrange(year, month)[1]))


def grid_from(billing: OwnBilling, start: int, aligned_to: date | None, every: int) -> Grid:
    """Return the cycles of a service whose charges begin at tick *start*.

    Raises:
        PeriodError: an anchor lies outside the calendar.
    """
    per_day = ticks_in_day(billing)
    day = day_of(start, per_day)
    is_months = billing.span is not Span.DAYS
    if billing.alignment is Alignment.CALENDAR:
        return _calendar(day, every, is_months=is_months, per_day=per_day)
    if billing.alignment is Alignment.DAY and billing.billing_day and is_months:
        return _day_of_month(day, billing.billing_day, every, per_day)
    if aligned_to is not None:
        return Grid(aligned_to, aligned_to.day, every, is_months, per_day)
    return Grid(day, day.day, every, is_months, per_day, start % per_day)


def ticks_in_day(billing: OwnBilling) -> int:
    """Return how many ticks a day of that policy has."""
    return SECONDS_IN_DAY if billing.share is Share.SECONDS else 1


def tick_at(at: datetime, per_day: int) -> int:
    """Return the tick of an instant in UTC; parts of a second are dropped."""
    ordinal = at.toordinal()
    if per_day == 1:
        return ordinal
    return ordinal * SECONDS_IN_DAY + at.hour * 3600 + at.minute * 60 + at.second


@lru_cache(maxsize=_REMEMBERED_MAX)
def day_of(tick: int, per_day: int) -> date:
    """Return the day that a tick lies in.

    Raises:
        PeriodError: it lies outside the calendar.
    """
    return date.fromordinal(_checked(tick // per_day))


def instant(tick: int) -> datetime:
    """Return the instant of a tick of seconds."""
    ordinal, second = divmod(tick, SECONDS_IN_DAY)
    day = date.fromordinal(ordinal)
    return datetime(day.year, day.month, day.day, second // 3600, second // 60 % 60, second % 60, tzinfo=UTC)


@lru_cache(maxsize=_REMEMBERED_MAX)
def days_of(start: int, end: int, per_day: int) -> Period:
    """Return the days from one tick to another, at least one."""
    first = day_of(start, per_day)
    last = day_of(end, per_day)
    return Period(first, last if last > first else day_of(start + per_day, per_day))


def _checked(ordinal: int) -> int:
    if not 1 <= ordinal <= _LAST_ORDINAL:
        raise PeriodError(f"day {ordinal} counted from year 1 lies outside the calendar")
    return ordinal


def _calendar(day: date, every: int, *, is_months: bool, per_day: int) -> Grid:
    """Months from 1 January; weeks from a Monday; other numbers of days from the first day itself."""
    if is_months:
        return Grid(date(day.year, 1, 1), 1, every, is_months, per_day)
    is_weeks = every % 7 == 0
    anchor = day_of(day.toordinal() - day.weekday() if is_weeks else day.toordinal(), 1)
    return Grid(anchor, anchor.day, every, is_months, per_day)


def _day_of_month(day: date, billing_day: int, every: int, per_day: int) -> Grid:
    """Anchor on the first such day that is not before *day*, so that a long cycle is never cut by more than a month."""
    this = month_day(day.year, day.month, 0, billing_day)
    anchor = this if this >= day else month_day(day.year, day.month, 1, billing_day)
    return Grid(anchor, billing_day, every, is_months=True, per_day=per_day)
