"""Legacy terms: which spans are charged.

A term of twelve or more months is cut into charge cycles, all counted from one anchor. Surprising, but Microsoft's own
page: of an offer of several years that is paid yearly, every year after the first is charged from one month early, so
that the last paid day is one month before the end of the term.

Sources: Microsoft Partner Center documentation, "Common billing scenarios: annual".

Not here: what a cycle costs, the partner's billing day (``legacy_dates``), new-commerce cycles (``charge_cycles``).
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

from shared.domain.periods import Period, add_months
from shared.domain.subscriptions.kinds import PLAN_MONTHS, Plan, term_months

TERM_MONTHS = 12
"""The term of an offer that names none."""

_after = lru_cache(maxsize=1 << 16)(add_months)


@dataclass(frozen=True)
class LegacyTerm:
    """A term that starts *offset* months after *anchor* and lasts *months*, paid every *cycle_months* months."""

    anchor: date
    offset: int
    months: int
    cycle_months: int

    @cached_property
    def start(self) -> date:
        """The first day."""
        return _after(self.anchor, self.offset)

    @cached_property
    def end(self) -> date:
        """The day after the last."""
        return _after(self.anchor, self.offset + self.months)

    @cached_property
    def is_charged_early(self) -> bool:
        """Whether years after the first are charged from one month before they begin."""
        return self.months > self.cycle_months == 12

    def cycle(self, number: int) -> Period | None:
        """Return the charge cycle of that number (from 0), whole even where the term ends inside it; None past the end.

        Raises:
            PeriodError: the cycle would leave the calendar.
        """
        start = number * self.cycle_months
        if start >= self.months:
            return None
        early = 1 if number and self.is_charged_early else 0
        return _cycle(self.anchor, self.offset + start - early, self.cycle_months)

    def starts_on(self, number: int) -> date:
        """Return the first day of the charge cycle of that number, or of the next term where there is no such cycle.

        Raises:
            PeriodError: the cycle would leave the calendar.
        """
        cycle = self.cycle(number)
        return self.end if cycle is None else cycle.start

    def number_at(self, day: date) -> int:
        """Return the number of the cycle that *day* lies in, the earliest one where cycles overlap."""
        number = 0
        while (cycle := self.cycle(number)) is not None and cycle.end <= day:
            number += 1
        return number


@lru_cache(maxsize=1 << 16)
def _cycle(anchor: date, offset: int, months: int) -> Period:
    return Period(add_months(anchor, offset), add_months(anchor, offset + months))


@lru_cache(maxsize=1 << 10)
def months_of(term: str, plan: Plan) -> tuple[int, int]:
    """Return the months of a term ("" is a year) and those that one payment covers, never more than the term.

    Raises:
        InvalidError: the term is not understood.
    """
    months = term_months(term) if term else TERM_MONTHS
    return months, min(months, PLAN_MONTHS.get(plan, months))


@lru_cache(maxsize=1 << 16)
def entry_on(day: date, anchor: date, months: int, cycle_months: int) -> tuple[LegacyTerm, Period, int, date]:
    """Return where a purchase of that day enters, when terms of *months* months follow each other from *anchor* on.

    The term, its cycle in which the day lies, and the number and first day of the cycle after that one.

    Raises:
        PeriodError: the term would leave the calendar.
    """
    count = ((day.year - anchor.year) * 12 + day.month - anchor.month) // months
    if add_months(anchor, count * months) > day:
        count -= 1
    term = LegacyTerm(anchor, count * months, months, cycle_months)
    number = term.number_at(day)
    return term, term.cycle(number) or Period(day, term.end), number + 1, term.starts_on(number + 1)
