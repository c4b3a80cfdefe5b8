"""Periods are half-open days; cycles are computed from their anchor, clipped to the month's length."""

from datetime import date, timedelta

import pytest

from shared.domain.errors import PeriodError
from shared.domain.periods import BillingPeriod, Period, add_months, cycle_containing, months_between


def test_a_period_holds_its_start_and_not_its_end() -> None:
    """Half-open: the end is the first day that does not belong."""
    october = Period(date(2026, 10, 1), date(2026, 11, 1))

    assert 31 == october.days
    assert date(2026, 10, 31) == october.last_day
    assert date(2026, 10, 1) in october
    assert date(2026, 11, 1) not in october
    assert "2026-10-01" not in october
    assert Period(date(2026, 10, 5), date(2026, 11, 1)) in october
    assert Period(date(2026, 10, 5), date(2026, 11, 2)) not in october
    assert "2026-10-01 to 2026-10-31" == str(october)


def test_an_inclusive_end_becomes_half_open() -> None:
    """Microsoft's last day is one day before our end; one day is a period."""
    assert Period(date(2026, 10, 1), date(2026, 10, 2)) == Period.inclusive(date(2026, 10, 1), date(2026, 10, 1))


@pytest.mark.parametrize("end", [date(2026, 10, 1), date(2026, 9, 30)])
def test_a_period_without_a_day_is_refused(end: date) -> None:
    """An end on or before the start is no period."""
    with pytest.raises(PeriodError, match="no day in it"):
        Period(date(2026, 10, 1), end)


def test_an_inclusive_period_cannot_end_before_it_starts() -> None:
    """Neither backwards nor on the calendar's last day, behind which there is none."""
    with pytest.raises(PeriodError, match="before it starts"):
        Period.inclusive(date(2026, 10, 2), date(2026, 10, 1))
    with pytest.raises(PeriodError, match="no day after it"):
        Period.inclusive(date(2026, 10, 2), date.max)


def test_a_billing_period_is_read_and_written_as_year_and_month() -> None:
    """2026-10 is October, whose month before is September; January follows December."""
    october = BillingPeriod.parse("2026-10")

    assert "2026-10" == str(october)
    assert BillingPeriod.of(date(2026, 10, 31)) == october
    assert BillingPeriod(2025, 12) == BillingPeriod(2026, 1).previous
    assert Period(date(2026, 10, 1), date(2026, 11, 1)) == october.period
    assert [BillingPeriod(2000, 1), BillingPeriod(2026, 12)] == [*map(BillingPeriod.parse, ("2000-01", "2026-12"))]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026-13",
        "2026-00",
        "26-10",
        "2026-1",
        "1999-12",
        "2026-1a",
        "\u0662\u0660\u0662\u0666-\u0661\u0660",
    ],
)
def test_what_is_no_month_is_refused_with_the_cure(text: str) -> None:
    """The message shows the text and how to write one."""
    with pytest.raises(PeriodError, match="write the year and month as 2026-10"):
        BillingPeriod.parse(text)


@pytest.mark.parametrize("day", [29, 30, 31])
def test_an_anchor_late_in_the_month_is_clipped_and_kept(day: int) -> None:
    """Each month is counted from the anchor, so a short February does not pull March back."""
    anchor = date(2026, 1, day)

    assert date(2026, 2, 28) == add_months(anchor, 1)
    assert date(2026, 3, day) == add_months(anchor, 2)
    assert date(2026, 4, min(day, 30)) == add_months(anchor, 3)
    assert date(2028, 2, 29) == add_months(anchor, 25)
    assert date(2025, 11, min(day, 30)) == add_months(anchor, -2)


def test_a_month_outside_the_calendar_is_refused() -> None:
    """Before year 1 and after 9999 there is no date; both years themselves are inside."""
    assert date(1, 1, 1) == add_months(date(1, 2, 1), -1)
    assert date(9999, 12, 1) == add_months(date(9999, 11, 1), 1)
    with pytest.raises(PeriodError, match="outside the calendar"):
        add_months(date(9999, 12, 1), 1)
    with pytest.raises(PeriodError, match="outside the calendar"):
        add_months(date(1, 1, 1), -1)


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        (date(2026, 10, 1), date(2026, 11, 1), 1),
        (date(2026, 1, 31), date(2026, 2, 28), 1),
        (date(2026, 1, 31), date(2026, 3, 31), 2),
        (date(2026, 1, 31), date(2026, 3, 30), None),
        (date(2026, 2, 28), date(2026, 3, 31), None),
        (date(2024, 2, 29), date(2027, 2, 28), 36),
        (date(2026, 10, 1), date(2026, 10, 1), None),
        (date(2026, 10, 1), date(2025, 10, 1), None),
        (date(2026, 10, 1), date(2026, 11, 2), None),
    ],
)
def test_whole_months_are_told_from_other_spans(start: date, end: date, months: int | None) -> None:
    """Only a boundary that the start's own months reach counts."""
    assert months == months_between(start, end)


@pytest.mark.parametrize("months", [1, 3, 12, 36])
def test_every_day_lies_in_exactly_one_cycle_of_every_anchor(months: int) -> None:
    """For all anchor days of a leap year's start: cycles tile the calendar before and after the anchor."""
    for offset in range(60):
        anchor = date(2024, 1, 1) + timedelta(days=offset)
        day = date(2021, 1, 15)
        cycle = cycle_containing(day, anchor, months)
        while cycle.start < date(2028, 1, 1):
            following = cycle_containing(cycle.end, anchor, months)

            assert following.start == cycle.end
            assert cycle == cycle_containing(cycle.last_day, anchor, months)
            assert cycle == cycle_containing(cycle.start, anchor, months)
            cycle = following


def test_the_cycle_of_an_anchor_on_the_31st_ends_with_short_months() -> None:
    """31 October: November's cycle begins on the 30th, December's on the 31st again."""
    anchor = date(2022, 10, 31)
    starts = [cycle_containing(add_months(anchor, number), anchor, 1).start for number in range(1, 6)]

    assert ["2022-11-30", "2022-12-31", "2023-01-31", "2023-02-28", "2023-03-31"] == [str(day) for day in starts]


@pytest.mark.parametrize("months", [0, -1])
def test_a_cycle_has_at_least_a_month(months: int) -> None:
    """No months, no cycle."""
    with pytest.raises(PeriodError, match="does not exist"):
        cycle_containing(date(2026, 1, 1), date(2026, 1, 1), months)
