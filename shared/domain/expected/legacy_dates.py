"""Legacy dates: the calendars of licences sold before new commerce.

Licences were invoiced on the partner's billing day. Until 20 February 2018 the days up to the first billing day were
free, and the paid year began on it; whoever stood inside free days when that ended got one more month free for the
licences held then.

Sources: Microsoft Partner Center documentation, "FAQ about new billing features" (2017 to 2019), "Common billing
scenarios: annual".

Not here: amounts (``legacy``), the charge cycles of everything else (``charge_cycles``).
"""

from dataclasses import dataclass
from datetime import date

from shared.domain.errors import PeriodError
from shared.domain.expected.charge_cycles import boundary
from shared.domain.periods import Period, add_months

FREE_DAYS_ENDED_ON = date(2018, 2, 21)
"""The first day on which a purchase has no free days; between the 20th and 23rd by product family."""


def invoice_day(event_on: date, billing_day: int) -> date:
    """Return the next partner billing day on or after *event_on*; short months bill on their last day.

    Raises:
        PeriodError: no month has such a day, or the invoice would lie outside the calendar.
    """
    if not 1 <= billing_day <= 31:
        raise PeriodError(f"billing day {billing_day} does not exist in any month: choose 1 to 31")
    anchor = date(2000, 1, billing_day)
    months = (event_on.year - 2000) * 12 + event_on.month - 1
    this_month = boundary(anchor, months)
    return this_month if this_month >= event_on else boundary(anchor, months + 1)


@dataclass(frozen=True, slots=True)
class FirstYear:
    """A legacy purchase's first year: *free* days, one month of *extended_free* for what was held, the *paid* year.

    The extended free month is the first of the paid year.
    """

    free: Period | None
    extended_free: Period | None
    paid: Period

    @property
    def renews_on(self) -> date:
        """The day of the renewal."""
        return self.paid.end


def first_year(purchased_on: date, billing_day: int) -> FirstYear:
    """Return the dates of the first year of a purchase on that day.

    Raises:
        PeriodError: no month has such a day, or the year would leave the calendar.
    """
    billed_on = invoice_day(purchased_on, billing_day)
    if purchased_on >= FREE_DAYS_ENDED_ON or billed_on == purchased_on:
        return FirstYear(None, None, _year(purchased_on))
    free = Period(purchased_on, billed_on)
    extended = Period(billed_on, add_months(billed_on, 1)) if FREE_DAYS_ENDED_ON in free else None
    return FirstYear(free, extended, _year(billed_on))


def _year(starts_on: date) -> Period:
    return Period(starts_on, add_months(starts_on, 12))
