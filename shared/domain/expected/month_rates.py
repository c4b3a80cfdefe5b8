"""Month rates: the one exchange rate of a month, with which everything bought or used in it is converted.

Microsoft takes the rate two business days before the end of the month before. The days given with rates are not always
that day (holidays; files print the first of the month), so the rate of a month is, in this order: the one of that day;
the last one of the week before it; the first one after it, up to the day whose rate is the next month's. A rate that
is missing is never guessed. Saturdays and Sundays are no business days; public holidays are not known here.

Source: Microsoft Partner Center documentation, "Billing basics".

Not here: the conversion itself (a line's rounding mode), rates for sales prices (``prices/exchange``).
"""

from datetime import date, timedelta
from functools import lru_cache

from shared.domain.expected.history import History
from shared.domain.expected.left_out import rate_missing
from shared.domain.expected.lines import Exchange
from shared.domain.issues import Issue
from shared.domain.periods import BillingPeriod
from shared.domain.subscriptions.subscription import Subscription

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_SATURDAY = 5
_REMEMBERED_MAX = 1 << 10


@lru_cache(maxsize=_REMEMBERED_MAX)
def rate_day(month: BillingPeriod) -> date:
    """Return the day whose rate is used for *month*: two business days before the last day of the month before."""
    day = month.period.start - _DAY
    for _ in range(2):
        day -= _DAY
        while day.weekday() >= _SATURDAY:
            day -= _DAY
    return day


def month_rate(history: History, subscription: Subscription, month: BillingPeriod) -> Exchange | Issue | None:
    """Return the rate of *month*, None where prices and invoice have one currency, or the issue of its absence."""
    currency = history.currency or subscription.currency
    if currency == subscription.currency:
        return None
    fixed_on, next_on = rate_day(month), rate_day(BillingPeriod.of(month.period.end))
    fits = [
        rate
        for rate in history.exchanges
        if rate.from_currency == subscription.currency
        and rate.to_currency == currency
        and fixed_on - _WEEK < rate.on < next_on
    ]
    if not fits:
        return rate_missing(subscription, month, currency, fixed_on)
    return min(fits, key=lambda rate: (rate.on > fixed_on, abs(rate.on - fixed_on), rate.source, rate.rate))
