"""Azure usage: the lines of a plan's usage, by resource and day as rated, or by meter and month as invoiced.

A day's line is not rounded. A month's line is cut to the cent of the pricing currency and, converted, to the cent of
the billing currency (the mode of its line family); so the days of a month cost at least what its lines say, and less
than ``monthly_loss_max`` more. Meters on whose days partner earned credit was earned only sometimes have two lines,
or one at the average price, by convention. What a benefit covers is a line of its own at no charge.

A day's line arises on its day, a month's on the first day after the month. Without a last day given, everything in the
history counts, and its months are over.

Sources: Microsoft Partner Center documentation, "Azure plan billing", "Daily rated usage reconciliation files", "New
commerce invoice reconciliation file fields".

Not here: prices, tiers and credit of a row (``readings``), what plans and reservations cost (``commitments``).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from shared.domain.expected.conventions import CreditedUsage, LineFamily, OpenMonth, UsageDetail
from shared.domain.expected.history import History
from shared.domain.expected.lines import ESTIMATED_PRICE, Exchange, Expected, ExpectedLine
from shared.domain.expected.month_rates import month_rate
from shared.domain.expected.piece_amounts import full_price, merged
from shared.domain.expected.rounding import RAW_DIGITS, Rounding, rounded
from shared.domain.expected.rules import Rule
from shared.domain.expected.usage.line import UsageSum, usage_line
from shared.domain.expected.usage.readings import Reading, readings_of
from shared.domain.expected.usage.rules import COVERED, DAY, ESTIMATE, MONTH
from shared.domain.issues import Issue
from shared.domain.money import exact_product, exact_sum, minor_digits
from shared.domain.periods import BillingPeriod, Period
from shared.domain.subscriptions.subscription import Subscription

_DAY = timedelta(days=1)
_CENT = Decimal("0.01")


def usage_lines(subscription: Subscription, history: History) -> Expected:
    """Return the lines of the subscription's usage, and what of it is left out."""
    found = readings_of(subscription, history)
    billing = _Billing(subscription, history, list(found.issues))
    is_daily = history.conventions.usage_detail is UsageDetail.DAILY
    lines = tuple(billing.days(found.readings) if is_daily else billing.months(found.readings))
    return Expected(lines, tuple(billing.issues))


def arises_on(line: ExpectedLine) -> date:
    """Return the day on which a line of usage arises: its own day, or the first after its month."""
    if line.rule is ESTIMATE or line.start is None or line.cycle is None:
        return date.max
    return line.start if UsageDetail.DAILY.value in line.variants else line.cycle.end


def open_month_price(cost: Decimal, units: Decimal) -> Decimal:
    """Return the price of one unit as it is printed while a month is open: the cost cut to the cent, by the units.

    It moves with every day's usage and is final when the month is closed. Cut to the digits of Microsoft's files; 0
    where nothing was used.
    """
    above, below = cost.as_integer_ratio()
    cut = rounded(above, below, 2, Rounding.DOWN)
    if not units:
        return Decimal(0)
    times, over = cut.as_integer_ratio()
    units_above, units_below = units.copy_abs().as_integer_ratio()
    return rounded(times * units_below, over * units_above, RAW_DIGITS, Rounding.DOWN)


def monthly_loss_max(lines: Sequence[ExpectedLine]) -> Decimal:
    """Return what cutting monthly lines can lose at most: the days' sum is below the lines' sum plus this.

    A line loses less than a cent of the pricing currency, and less than the smallest coin of the billing currency.
    """
    lost = [Decimal(1).scaleb(-minor_digits(line.currency)) for line in lines]
    lost += [exact_product(_CENT, line.exchange.rate) if line.exchange else _CENT for line in lines]
    return exact_sum(lost)


class _Billing:
    """The usage lines of one subscription."""

    def __init__(self, subscription: Subscription, history: History, issues: list[Issue]) -> None:
        self.issues = issues
        self._subscription = subscription
        self._history = history
        self._conventions = history.conventions
        self._rates: dict[BillingPeriod, Exchange | Issue | None] = {}

    def days(self, readings: Sequence[Reading]) -> Iterator[ExpectedLine]:
        for reading in readings:
            day = reading.usage.on
            days = reading.usage.span or Period(day, day + _DAY)
            rule = COVERED if reading.benefit else DAY
            yield from self._line((reading,), rule, LineFamily.AZURE_DAILY, days, (UsageDetail.DAILY.value,))

    def months(self, readings: Sequence[Reading]) -> Iterator[ExpectedLine]:
        groups: dict[_MonthKey, list[Reading]] = defaultdict(list)
        states: dict[tuple[BillingPeriod, str], set[bool]] = defaultdict(set)
        for reading in readings:
            groups[self._month_key(reading)].append(reading)
            if not reading.benefit:
                states[BillingPeriod.of(reading.usage.on), reading.usage.meter].add(reading.is_credited)
        for key in sorted(groups):
            rule = self._month_rule(key)
            if rule is not None:
                variants = [UsageDetail.MONTHLY.value]
                if len(states[key.month, key.meter]) > 1 and not key.benefit:
                    variants.append(self._conventions.credited_usage.value)
                yield from self._line(
                    tuple(groups[key]), rule, LineFamily.AZURE_MONTHLY, key.month.period, tuple(variants)
                )

    def _month_key(self, reading: Reading) -> "_MonthKey":
        is_split = self._conventions.credited_usage is CreditedUsage.TWO_LINES
        is_uncredited = is_split and not reading.is_credited
        return _MonthKey(
            BillingPeriod.of(reading.usage.on), reading.usage.meter, reading.benefit, is_uncredited, reading.usage.unit
        )

    def _month_rule(self, key: "_MonthKey") -> Rule | None:
        """Return the rule of a month's line, or None where the month is not over and nothing is said of it."""
        through = self._history.through
        if through is not None and through < key.month.period.end:
            return ESTIMATE if self._conventions.open_month is OpenMonth.ESTIMATED else None
        return COVERED if key.benefit else MONTH

    def _line(
        self, readings: tuple[Reading, ...], rule: Rule, family: LineFamily, days: Period, variants: tuple[str, ...]
    ) -> Iterator[ExpectedLine]:
        month = BillingPeriod.of(readings[0].usage.on)
        rate = self._rate(month)
        if isinstance(rate, Issue):
            return
        extra: tuple[tuple[str, str], ...] = ()
        if rule is ESTIMATE:
            pieces = merged([piece for reading in readings for piece in reading.pieces])
            price = open_month_price(full_price(pieces), exact_sum(reading.quantity for reading in readings))
            extra, variants = ((ESTIMATED_PRICE, f"{price:f}"),), (*variants, self._conventions.open_month.value)
        what = UsageSum(rule=rule, readings=readings, days=days, month=month, variants=variants, inputs=extra)
        currency = self._history.currency or self._subscription.currency
        yield usage_line(self._subscription, what, self._conventions.mode(family), rate, currency)

    def _rate(self, month: BillingPeriod) -> Exchange | Issue | None:
        if month not in self._rates:
            self._rates[month] = rate = month_rate(self._history, self._subscription, month)
            if isinstance(rate, Issue):
                self.issues.append(rate)
        return self._rates[month]


class _MonthKey(NamedTuple):
    """What one line of a month is for, in the order in which the lines stand."""

    month: BillingPeriod
    meter: str
    benefit: str
    is_uncredited: bool
    unit: str
