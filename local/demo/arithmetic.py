"""Microsoft's arithmetic, written a second time from its documentation and on purpose not shared with the product.

One formula rounds in several ways, and Microsoft's own examples disagree on which; each line family here uses the one
that its worked examples show:

    seats added or removed      ROUNDDOWN(effective unit price x seats x rate, 2)      unit price not rounded
    every other licence line    ROUNDDOWN(effective unit price x rate, 2) x seats
    Azure usage, monthly        ROUNDDOWN(ROUNDDOWN(effective unit price x units, 2) x rate, 2)
    Azure usage, daily          effective unit price x units x rate, not rounded at all
    legacy licence              half-up(unit price x days / cycle days x seats, 2); the printed unit price is truncated
    legacy usage                half-up(list price x units, 2); printed rates are truncated at 8 decimals

Invariants: amounts are Decimals and never pass through a float; rounding down is toward zero.

Source: Microsoft Partner Center documentation, "Use the invoice reconciliation file", "One-time and recurring billing
scenarios", "Monthly billing scenarios".
"""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal

_WIDE = Context(prec=80, rounding=ROUND_DOWN)
_DAY = timedelta(days=1)


def rounddown(number: Decimal, digits: int = 2) -> Decimal:
    """Return *number* truncated toward zero."""
    return number.quantize(Decimal(1).scaleb(-digits), ROUND_DOWN, _WIDE)


def half_up(number: Decimal, digits: int = 2) -> Decimal:
    """Return *number* rounded to the nearest, ties away from zero."""
    return number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _WIDE)


def times(*factors: Decimal | int) -> Decimal:
    """Return the exact product."""
    product = Decimal(1)
    for factor in factors:
        product = _WIDE.multiply(product, Decimal(factor))
    return product


def over(dividend: Decimal, divisor: int | Decimal) -> Decimal:
    """Return the quotient to 80 digits, truncated."""
    return _WIDE.divide(dividend, Decimal(divisor))


def total(amounts: list[Decimal]) -> Decimal:
    """Return the exact sum."""
    summed = Decimal(0)
    for amount in amounts:
        summed = _WIDE.add(summed, amount)
    return summed


@dataclass(frozen=True, slots=True)
class Span:
    """Calendar days in UTC, both ends included, as Microsoft prints them."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """The number of days, both ends counted."""
        return (self.last - self.first).days + 1

    def since(self, day: date) -> "Span":
        """Return what is left of the span from *day* on."""
        return Span(day, self.last)


@dataclass(frozen=True, slots=True)
class Month:
    """The calendar month of an invoice."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Read ``YYYY-MM``.

        Raises:
            ValueError: the text is no month.
        """
        first = date.fromisoformat(f"{text}-01")
        return cls(first.year, first.month)

    @property
    def span(self) -> Span:
        """The days of the month."""
        return Span(self.day(1), self.day(31))

    @property
    def rate_on(self) -> date:
        """The day of the month's exchange rate: two working days before the end of the month before."""
        day = self.day(1) - _DAY
        for _ in range(2):
            day -= _DAY
            while day.weekday() >= 5:
                day -= _DAY
        return day

    def day(self, number: int, *, months: int = 0) -> date:
        """Return a day of this month, or of one *months* later; clamped to the month's last day."""
        index = self.year * 12 + self.number - 1 + months
        year, month = index // 12, index % 12 + 1
        return date(year, month, min(number, calendar.monthrange(year, month)[1]))

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


def later(start: date, months: int) -> date:
    """Return *start* moved by whole months; a day that the month lacks becomes its last day."""
    return Month(start.year, start.month).day(start.day, months=months)


def whole_term(start: date, months: int) -> Span:
    """Return the term that starts on *start*."""
    return Span(start, later(start, months) - _DAY)


def cycle_on(day: date, start: date, months: int) -> Span:
    """Return the charge cycle that *day* lies in; every cycle is counted from the start of the term."""
    passed = 0
    while later(start, passed + months) <= day:
        passed += months
    return Span(later(start, passed), later(start, passed + months) - _DAY)
