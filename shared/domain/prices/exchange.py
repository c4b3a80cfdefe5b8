"""Exchange: a rate with its day and source, frozen as data, and conversion without losing a digit.

Rules: multiply first, never round here; **convert first, then add the margin**, so a fixed sum (a floor, an uplift of 2
EUR) is meant in the currency the customer pays; a rate that is missing or older than allowed is an issue, never a
guess; what was priced with a rate keeps that rate, whatever is published later.

A pair that is published only the other way round is used upside down (``1 / rate``, an exact fraction). There is no
chain over a third currency: nobody agreed to such a rate.

Not here: Microsoft's own rates (they stand on each source line), reading rates from files, rounding (``money``).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from shared.domain.errors import PriceListError
from shared.domain.issues import Issue, IssueCode, Severity

AGE_DAYS_MAX = 31
"""How old a rate may be by default: Microsoft and most resellers keep one rate for a month."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRate:
    """One published rate: *rate* units of *target* for one unit of *source_currency*, on a day, by a *source*.

    Raises:
        PriceListError: the rate is not positive, or leads from a currency to itself at another rate than 1.
    """

    source_currency: str
    target_currency: str
    rate: Decimal
    rate_on: date
    source: str

    def __post_init__(self) -> None:
        is_positive = self.rate.is_finite() and self.rate > 0
        if not is_positive or (self.source_currency == self.target_currency and self.rate != 1):
            raise PriceListError(f"{self} is no exchange rate: give the units of the target for one of the source")

    def __str__(self) -> str:
        return f"1 {self.source_currency} = {self.rate:f} {self.target_currency} ({self.source or '?'}, {self.rate_on})"


@dataclass(frozen=True, slots=True)
class Conversion:
    """How one amount was converted, as data for a line: the rate as published, and whether it was turned round."""

    rate: ExchangeRate
    is_inverse: bool = False
    is_stale: bool = False

    @property
    def factor(self) -> Fraction:
        """What an amount is multiplied by, exactly."""
        factor = Fraction(self.rate.rate)
        return Fraction(factor.denominator, factor.numerator) if self.is_inverse else factor

    def converted(self, amount: Fraction | Decimal) -> Fraction:
        """Return the amount in the other currency, exactly."""
        return Fraction(amount) * self.factor


class ExchangeRates:
    """Rates made ready for look-up: the latest one not after the day counts.

    Raises:
        PriceListError: one pair has two rates on one day.
    """

    def __init__(self, rates: Iterable[ExchangeRate] = (), *, age_days_max: int = AGE_DAYS_MAX) -> None:
        self.age_days_max = age_days_max
        self._rates: dict[tuple[str, str], dict[date, ExchangeRate]] = defaultdict(dict)
        for rate in rates:
            days = self._rates[rate.source_currency, rate.target_currency]
            if days.setdefault(rate.rate_on, rate) != rate:
                raise PriceListError(f"{days[rate.rate_on]} and {rate}: two rates for one day. Keep one of them.")

    def find(self, source_currency: str, target_currency: str, on: date) -> Conversion | None:
        """Return how to convert on that day, or None where no rate was published by then.

        The direct pair is taken before the inverse one, unless the inverse is fresher.
        """
        if source_currency == target_currency:
            return Conversion(_same(source_currency, on))
        direct = self._latest(source_currency, target_currency, on)
        inverse = self._latest(target_currency, source_currency, on)
        if inverse is not None and (direct is None or direct.rate_on < inverse.rate_on):
            return Conversion(inverse, is_inverse=True, is_stale=self._is_stale(inverse, on))
        return None if direct is None else Conversion(direct, is_stale=self._is_stale(direct, on))

    def _latest(self, source_currency: str, target_currency: str, on: date) -> ExchangeRate | None:
        days = self._rates.get((source_currency, target_currency), {})
        return days[max(past)] if (past := [day for day in days if day <= on]) else None

    def _is_stale(self, rate: ExchangeRate, on: date) -> bool:
        return rate.rate_on + timedelta(days=self.age_days_max) < on


def _same(currency: str, on: date) -> ExchangeRate:
    return ExchangeRate(
        source_currency=currency, target_currency=currency, rate=Decimal(1), rate_on=on, source="same currency"
    )


def rate_missing(source_currency: str, target_currency: str, on: date, what: str, customer_id: str = "") -> Issue:
    """Something is priced in a currency that nobody gave a rate for: blocking, since no amount would be right."""
    return Issue(
        code=IssueCode.RATE_MISSING,
        severity=Severity.BLOCKING,
        message=f"No exchange rate from {source_currency} to {target_currency} by {on} for {what}.",
        cure="Add the rate with its day and source, or price it in the currency of the line.",
        customer_id=customer_id,
    )


def rate_stale(conversion: Conversion, on: date, what: str, customer_id: str = "") -> Issue:
    """The latest rate is older than allowed; it was used, and a person should look."""
    return Issue(
        code=IssueCode.RATE_STALE,
        severity=Severity.WARNING,
        message=f"The rate {conversion.rate} for {what} is {(on - conversion.rate.rate_on).days} days old on {on}.",
        cure="Add a newer rate, or allow older ones.",
        customer_id=customer_id,
    )
