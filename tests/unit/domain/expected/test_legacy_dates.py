"""Legacy dates: billing days, the free first days until 2018, and offers of several years."""

from datetime import date

import pytest

from shared.domain.errors import PeriodError
from shared.domain.expected.legacy_dates import first_year, invoice_day
from shared.domain.periods import Period


@pytest.mark.parametrize(
    ("event_on", "billing_day", "invoiced_on"),
    [
        (date(2017, 10, 29), 1, date(2017, 11, 1)),
        (date(2019, 1, 15), 20, date(2019, 1, 20)),
        (date(2018, 1, 15), 15, date(2018, 1, 15)),
        (date(2018, 2, 16), 15, date(2018, 3, 15)),
        (date(2018, 2, 10), 31, date(2018, 2, 28)),
        (date(2018, 12, 31), 1, date(2019, 1, 1)),
    ],
)
def test_an_event_is_invoiced_on_the_next_billing_day(event_on: date, billing_day: int, invoiced_on: date) -> None:
    """The billing day itself counts; short months bill on their last day."""
    assert invoiced_on == invoice_day(event_on, billing_day)


@pytest.mark.parametrize("billing_day", [0, 32])
def test_a_billing_day_that_no_month_has_is_refused(billing_day: int) -> None:
    """Billing days run from 1 to 31."""
    with pytest.raises(PeriodError, match="choose 1 to 31"):
        invoice_day(date(2018, 1, 1), billing_day)


def test_the_days_before_the_first_billing_day_were_free() -> None:
    """Bought on 1 February 2018, billed on the 15th: fourteen free days, a paid year from the 15th."""
    year = first_year(date(2018, 2, 1), 15)

    assert Period.inclusive(date(2018, 2, 1), date(2018, 2, 14)) == year.free
    assert year.extended_free is None
    assert Period.inclusive(date(2018, 2, 15), date(2019, 2, 14)) == year.paid
    assert date(2019, 2, 15) == year.renews_on


def test_who_stood_in_free_days_when_they_ended_got_a_month_more() -> None:
    """Billed on the 25th, 21 February 2018 lay in the free days: one more month for what was held then."""
    year = first_year(date(2018, 2, 1), 25)

    assert Period.inclusive(date(2018, 2, 1), date(2018, 2, 24)) == year.free
    assert Period.inclusive(date(2018, 2, 25), date(2018, 3, 24)) == year.extended_free
    assert date(2019, 2, 25) == year.renews_on


@pytest.mark.parametrize(
    ("purchased_on", "renews_on"), [(date(2018, 6, 1), date(2019, 6, 1)), (date(2018, 2, 21), date(2019, 2, 21))]
)
def test_later_purchases_have_no_free_days(purchased_on: date, renews_on: date) -> None:
    """From 21 February 2018 on, the year begins on the day of purchase."""
    year = first_year(purchased_on, 15)

    assert year.free is None
    assert year.extended_free is None
    assert renews_on == year.renews_on


def test_a_purchase_on_the_billing_day_has_no_free_days() -> None:
    """Nothing lies between the purchase and the first invoice."""
    assert first_year(date(2017, 5, 10), 10).free is None


def test_microsofts_sample_of_free_days_comes_out() -> None:
    """Subscription 12 May 2017 to 10 June 2018: free to 9 June, then a paid year."""
    year = first_year(date(2017, 5, 12), 10)

    assert Period.inclusive(date(2017, 5, 12), date(2017, 6, 9)) == year.free
    assert date(2018, 6, 10) == year.renews_on
