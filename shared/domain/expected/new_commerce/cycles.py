"""The charge cycles of one term, each with the share that its parts cost.

A cycle is counted from the term's anchor: its first day, or a chosen end. A day of a cycle costs ``price x scale /
whole``; the whole cycle costs ``price x part / total``, which is the price except where the cycle is cut short or the
billing plan changed inside the term. What is refunded is computed with the very share that was charged.

Not here: prices, when a term begins or ends (``renewals``), calendars (``charge_cycles``).
"""

from calendar import monthrange
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from shared.domain.expected.charge_cycles import cycle_at, first_short_cycle_days, term_period
from shared.domain.expected.conventions import Conventions, FirstShortCycle, MonthEnd, PlanChangeShare
from shared.domain.periods import Period, months_between
from shared.domain.subscriptions.kinds import PLAN_MONTHS, Plan, term_months

_REMEMBERED_MAX = 1 << 14


class Term(NamedTuple):
    """A commitment from *start* up to, not including, *end*; cycles of *cycle_months* are counted from *anchor*."""

    start: date
    end: date
    months: int
    anchor: date
    cycle_months: int


class Cycle(NamedTuple):
    """One charge cycle; *full* is what its price pays for. *counted* names the unit of *part* and *total*."""

    start: date
    end: date
    full: Period
    part: int
    total: int
    scale: int
    whole: int
    counted: str = "days"
    variants: tuple[str, ...] = ()

    def share_from(self, day: date) -> tuple[int, int, str]:
        """Return the share of the price that the days from *day* to the end cost, and what it is counted in."""
        if day == self.start:
            return self.part, self.total, self.counted
        return (self.end - day).days * self.scale, self.whole, "days"

    @property
    def is_short(self) -> bool:
        """Whether the cycle is not charged in full."""
        return self.part != self.total


@lru_cache(maxsize=64)
def months_of(term: str, plan: Plan) -> int:
    """Return the months of a term; one that is not named lasts as long as its plan pays for.

    Raises:
        InvalidError: the term is not understood.
    """
    return term_months(term) if term else PLAN_MONTHS.get(plan, 1)


def cycle_months_of(months: int, plan: Plan) -> int:
    """Return the months of a charge cycle: those of the plan, never more than the term has."""
    return min(PLAN_MONTHS.get(plan, months), months)


@lru_cache(maxsize=_REMEMBERED_MAX)
def natural_term(start: date, months: int, cycle_months: int, month_end: MonthEnd) -> Term:
    """Return the term of full length that begins on that day, anchored on it.

    Raises:
        PeriodError: the term would leave the calendar.
    """
    return Term(start, term_period(start, months, month_end).end, months, start, cycle_months)


def chosen_term(natural: Term, ends_on: date) -> Term:
    """Return the term cut to end with something else; its cycles are counted back from the end where they must be."""
    months = months_between(natural.start, ends_on)
    is_boundary = months is not None and months % natural.cycle_months == 0
    return natural._replace(end=ends_on, anchor=natural.start if is_boundary else ends_on)


def aligned_term(natural: Term, aligned_to: date) -> Term:
    """Return the term whose cycles keep the day of *aligned_to*: it ends with the last such day within its length."""
    ends_on = cycle_at(natural.end, aligned_to, 1).start
    if ends_on <= natural.start or ends_on == natural.end:
        return natural
    return natural._replace(end=ends_on, anchor=aligned_to if natural.cycle_months == 1 else ends_on)


def co_terminous_end(natural: Term, base: Term) -> date | None:
    """Return the last day (exclusive) on which the base ends or has its anniversary inside the natural term.

    None where there is none, or where Microsoft does not allow it: a year may not end with a month.
    """
    if base.months < 12 <= natural.months:
        return None
    ends_on = cycle_at(natural.end, base.end, min(base.months, natural.months)).start
    return ends_on if ends_on > natural.start else None


@lru_cache(maxsize=_REMEMBERED_MAX)
def cycle_from(start: date, term: Term, month_end: MonthEnd, first: FirstShortCycle) -> Cycle:
    """Return the cycle of *term* that begins on *start*.

    Raises:
        PeriodError: the cycle would leave the calendar.
    """
    full, variants = _full_cycle(start, term, month_end)
    end = min(full.end, term.end)
    days = (end - start).days
    if full.start == start:
        return Cycle(start, end, full, days, full.days, 1, full.days, variants=variants)
    scale, whole = 1, full.days
    if first is not FirstShortCycle.CYCLE:
        whole = first_short_cycle_days(Period(start, end), full.end, term.cycle_months, term.months, first)
    if first is FirstShortCycle.FULL_TERM:
        scale = max(term.months // term.cycle_months, 1)
    return Cycle(start, end, full, days * scale, whole, scale, whole, variants=(*variants, first.value))


def cycle_of_other_plan(start: date, term: Term, conventions: Conventions) -> Cycle:
    """Return the first cycle after the billing plan changed: to the end of the cycle that the new plan has there.

    *term* has the new plan's cycles already. A rest of a longer cycle is counted in months or days, by convention.

    Raises:
        PeriodError: the cycle would leave the calendar.
    """
    full, variants = _full_cycle(start, term, conventions.month_end)
    end = min(full.end, term.end)
    days = (end - start).days
    if full.start == start and full.end == end:
        return Cycle(start, end, full, days, days, 1, days, variants=variants)
    variants = (*variants, conventions.plan_change_share.value)
    if conventions.plan_change_share is PlanChangeShare.DAYS:
        return Cycle(start, end, full, days, full.days, 1, full.days, variants=variants)
    months = (end.year - start.year) * 12 + end.month - start.month
    return Cycle(
        start, end, full, months, term.cycle_months, months, term.cycle_months * days, "months", variants=variants
    )


def _full_cycle(day: date, term: Term, month_end: MonthEnd) -> tuple[Period, tuple[str, ...]]:
    """The cycle that *day* lies in, and the convention it rests on: pages differ for the day before a month's last."""
    if term.anchor != term.start or term.cycle_months == term.months:
        return cycle_at(day, term.anchor, term.cycle_months), ()
    is_disputed = term.anchor.day == monthrange(term.anchor.year, term.anchor.month)[1] - 1
    return cycle_at(day, term.anchor, term.cycle_months, month_end), (month_end.value,) if is_disputed else ()
