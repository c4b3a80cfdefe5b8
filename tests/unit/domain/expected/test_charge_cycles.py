"""Charge cycles: anchors, month ends, terms, calendar and day cycles, and cycles of a term with a chosen end."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from shared.domain.errors import PeriodError
from shared.domain.expected.charge_cycles import (
    boundary,
    cycle_at,
    cycles_from,
    day_of_month_anchor,
    first_short_cycle_days,
    term_period,
)
from shared.domain.expected.conventions import FirstShortCycle, MonthEnd
from shared.domain.periods import Period

_DAY_BEFORE_LAST = MonthEnd.DAY_BEFORE_LAST


def test_an_anchor_on_the_31st_comes_back_after_every_short_month() -> None:
    """Cycles are computed from the anchor: 31 October gives 30 November, 31 December, 31 January, 28 February."""
    cycles = list(cycles_from(date(2022, 10, 31), 1, date(2023, 4, 1)))

    assert [
        date(2022, 10, 31),
        date(2022, 11, 30),
        date(2022, 12, 31),
        date(2023, 1, 31),
        date(2023, 2, 28),
        date(2023, 3, 31),
    ] == [cycle.start for cycle in cycles]
    assert all(earlier.end == later.start for earlier, later in pairwise(cycles))


def test_a_cycle_from_the_29th_of_january_ends_before_the_last_of_february() -> None:
    """Microsoft's sample: 29 January to 27 February 2021."""
    cycle = cycle_at(date(2021, 2, 10), date(2021, 1, 29), 1)

    assert Period.inclusive(date(2021, 1, 29), date(2021, 2, 27)) == cycle


def test_a_purchase_on_the_day_before_the_last_stays_on_it_where_that_convention_is_chosen() -> None:
    """30 October is the day before the last: 29 November, 30 December, 30 January, 27 February, 30 March."""
    cycles = list(cycles_from(date(2022, 10, 30), 1, date(2023, 4, 1), _DAY_BEFORE_LAST))

    assert [
        date(2022, 10, 30),
        date(2022, 11, 29),
        date(2022, 12, 30),
        date(2023, 1, 30),
        date(2023, 2, 27),
        date(2023, 3, 30),
    ] == [cycle.start for cycle in cycles]
    assert all(earlier.end == later.start for earlier, later in pairwise(cycles))


@pytest.mark.parametrize("anchor", [date(2023, 2, 27), date(2024, 2, 28), date(2022, 11, 29), date(2022, 10, 30)])
def test_every_day_lies_in_exactly_one_cycle_of_the_day_before_the_last(anchor: date) -> None:
    """Asking for any day of a cycle gives that cycle, before and after the anchor."""
    start = boundary(anchor, -14, _DAY_BEFORE_LAST)
    days = [date.fromordinal(start.toordinal() + offset) for offset in range(800)]
    cycles = [cycle_at(day, anchor, 1, _DAY_BEFORE_LAST) for day in days]

    assert all(day in cycle for day, cycle in zip(days, cycles, strict=True))
    assert all((cycle.start + timedelta(days=2)).day == 1 for cycle in cycles)


def test_another_day_of_the_month_knows_no_such_convention() -> None:
    """Only the day before the last is special: the 15th and the last day clip like always."""
    fifteenth, last = date(2022, 10, 15), date(2022, 10, 31)

    assert date(2022, 11, 15) == cycle_at(fifteenth, fifteenth, 1, _DAY_BEFORE_LAST).end
    assert date(2022, 11, 30) == cycle_at(last, last, 1, _DAY_BEFORE_LAST).end


def test_a_monthly_term_clips_whatever_the_convention_is() -> None:
    """Microsoft's table of monthly terms shows 30 October renewing on 30 November."""
    assert date(2022, 11, 30) == term_period(date(2022, 10, 30), 1, _DAY_BEFORE_LAST).end
    assert date(2024, 2, 28) == term_period(date(2023, 2, 27), 12, _DAY_BEFORE_LAST).end
    assert date(2024, 2, 27) == term_period(date(2023, 2, 27), 12).end


def test_a_first_month_cut_short_is_divided_by_its_calendar_month() -> None:
    """January has 31 days for a cycle that began on its last day; two months from there have 59."""
    first, ends_on = Period(date(2026, 1, 31), date(2026, 2, 10)), date(2026, 2, 10)

    assert 31 == first_short_cycle_days(first, ends_on, 1, 1, FirstShortCycle.START_MONTH)
    assert 59 == first_short_cycle_days(first, ends_on, 2, 12, FirstShortCycle.START_MONTH)


@pytest.mark.parametrize(
    ("day", "day_of_month", "anchor"),
    [
        (date(2026, 8, 17), 15, date(2026, 8, 15)),
        (date(2026, 8, 14), 15, date(2026, 7, 15)),
        (date(2026, 8, 15), 15, date(2026, 8, 15)),
        (date(2026, 3, 15), 31, date(2026, 1, 31)),
        (date(2026, 2, 28), 30, date(2026, 1, 30)),
    ],
)
def test_a_chosen_day_of_the_month_anchors_the_cycles(day: date, day_of_month: int, anchor: date) -> None:
    """The anchor is the last such day; a 31st is looked for in a month that has one."""
    assert anchor == day_of_month_anchor(day, day_of_month)


def test_a_chosen_31st_is_the_last_day_of_february_and_the_31st_of_march() -> None:
    """The chosen day is kept as the anchor, so short months do not shorten the others."""
    anchor = day_of_month_anchor(date(2026, 2, 10), 31)

    assert Period(date(2026, 1, 31), date(2026, 2, 28)) == cycle_at(date(2026, 2, 10), anchor, 1)
    assert Period(date(2026, 2, 28), date(2026, 3, 31)) == cycle_at(date(2026, 3, 10), anchor, 1)


@pytest.mark.parametrize("day_of_month", [0, 32])
def test_a_day_that_no_month_has_is_refused(day_of_month: int) -> None:
    """Days of a month run from 1 to 31."""
    with pytest.raises(PeriodError, match="choose 1 to 31"):
        day_of_month_anchor(date(2026, 1, 1), day_of_month)


@pytest.mark.parametrize("months", [0, -1])
def test_a_cycle_without_months_is_refused(months: int) -> None:
    """A cycle has at least one month."""
    with pytest.raises(PeriodError, match="does not exist"):
        cycle_at(date(2026, 1, 1), date(2026, 1, 1), months)


@pytest.mark.parametrize(
    ("convention", "cycle_months", "days"),
    [
        (FirstShortCycle.START_MONTH, 1, 30),
        (FirstShortCycle.CYCLE, 1, 31),
        (FirstShortCycle.FULL_TERM, 1, 365),
        (FirstShortCycle.START_MONTH, 12, 365),
        (FirstShortCycle.CYCLE, 12, 365),
        (FirstShortCycle.FULL_TERM, 12, 365),
    ],
)
def test_a_first_short_cycle_is_divided_by_the_convention(
    convention: FirstShortCycle, cycle_months: int, days: int
) -> None:
    """The days of the start's month, of the cycle that ends with it, or of the full term; never a month for a year."""
    first = Period(date(2026, 4, 10), date(2026, 4, 15))
    chosen_end = date(2026, 8, 15)

    whole = first_short_cycle_days(first, chosen_end, cycle_months, 12, convention)

    assert days == whole
