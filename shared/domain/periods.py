"""Periods and charge cycles: half-open calendar dates in UTC, ``[start, end)``.

Microsoft prints inclusive ends; they are converted once, at the edge (``Period.inclusive``), and shown inclusive
again only in documents (``last_day``). A charge cycle is computed from its anchor, never from the cycle before:
an anchor on the 31st gives 30 November, 31 December, 31 January, 28 February, 31 March.

Not here: which cycle a line belongs to (see ``proration``), invoices' numbers and due dates.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from shared.domain.errors import PeriodError

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Whole days from *start* up to, not including, *end*.

    Raises:
        PeriodError: *end* is not after *start*.
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise PeriodError(f"a period from {self.start} to {self.end} (exclusive) has no day in it")

    @classmethod
    def inclusive(cls, first_day: date, last_day: date) -> "Period":
        """Return the period from *first_day* to *last_day*, both included.

        Raises:
            PeriodError: *last_day* is before *first_day*, or the last day of the calendar.
        """
        if last_day == date.max:
            raise PeriodError(f"a period cannot end on {last_day}: there is no day after it")
        if last_day < first_day:
            raise PeriodError(f"a period cannot end on {last_day}, before it starts on {first_day}")
        return cls(first_day, last_day + _DAY)

    @property
    def days(self) -> int:
        """The number of days."""
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        """The last day that belongs to the period, as documents show it."""
        return self.end - _DAY

    def __contains__(self, part: object) -> bool:
        if isinstance(part, Period):
            return self.start <= part.start and part.end <= self.end
        return isinstance(part, date) and self.start <= part < self.end

    def __str__(self) -> str:
        return f"{self.start} to {self.last_day}"


@dataclass(frozen=True, slots=True, order=True)
class BillingPeriod:
    """The calendar month an invoice is for, written ``2026-10``."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> "BillingPeriod":
        """Read ``YYYY-MM``.

        Raises:
            PeriodError: the text is not a month.
        """
        year, _, month = text.partition("-")
        digits = year + month
        is_written = len(year) == 4 and len(month) == 2 and digits.isascii() and digits.isdigit()
        if is_written and 1 <= int(month) <= 12 and int(year) >= 2000:
            return cls(int(year), int(month))
        raise PeriodError(f"{text!r} is no billing period: write the year and month as 2026-10")

    @classmethod
    def of(cls, day: date) -> "BillingPeriod":
        """Return the month that *day* lies in."""
        return cls(day.year, day.month)

    @property
    def previous(self) -> "BillingPeriod":
        """The month before."""
        return BillingPeriod.of(self.period.start - _DAY)

    @property
    def period(self) -> Period:
        """The month as days."""
        first = date(self.year, self.month, 1)
        return Period(first, add_months(first, 1))

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


def add_months(anchor: date, months: int) -> date:
    """Return *anchor* moved by whole months, its day clipped to the last day of the month it lands in.

    Raises:
        PeriodError: the result lies outside the calendar.
    """
    index = anchor.year * 12 + anchor.month - 1 + months
    year, month = index // 12, index % 12 + 1
    if not 1 <= year <= 9999:
        raise PeriodError(f"{anchor} plus {months} months lies outside the calendar")
    return date(year, month, min(anchor.day, monthrange(year, month)[1]))


def months_between(start: date, end: date) -> int | None:
    """Return the whole months from *start* to *end* if *end* is such a boundary of *start*, else None."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return months if months > 0 and add_months(start, months) == end else None


def cycle_containing(day: date, anchor: date, months: int) -> Period:
    """Return the cycle of *months* months, counted from *anchor*, that *day* lies in.

    Raises:
        PeriodError: *months* is not positive.
    """
    if months <= 0:
        raise PeriodError(f"a cycle of {months} months does not exist")
    index = ((day.year - anchor.year) * 12 + day.month - anchor.month) // months
    if add_months(anchor, index * months) > day:
        index -= 1
    return Period(add_months(anchor, index * months), add_months(anchor, (index + 1) * months))
