"""Rounding modes: the vendors' arithmetics by name, each exact except where it says that it rounds.

A mode takes the price of one unit for a full charge cycle, a quantity, a share (``part / whole``) and an exchange rate,
all exact, and returns the amount. Everything is computed in whole numbers; nothing passes through a float or a limited
number of digits. Microsoft's pages disagree with each other, so no mode is "the" rule: each line family has a default
(``conventions``), and ``modes_that_give`` tells which modes lead to an amount that a vendor printed.

Sources: Microsoft Partner Center documentation, "Common billing scenarios" (monthly, annual, one-time and recurring),
"Use the reconciliation files", "Organization tax information"; each mode names its own.

Not here: which mode bills which line (``conventions``), our own sales amounts (``money.Money.scaled``).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from shared.domain.errors import InvalidError
from shared.domain.money import EXACT, minor_digits
from shared.domain.subscriptions.events import Quantity

RAW_DIGITS = 18
"""Digits of amounts and effective unit prices that are "not rounded": as many as Microsoft's files carry."""


class Rounding(Enum):
    """Where a number goes that lies between two printable ones."""

    HALF_UP = "half-up"  # ties away from zero
    HALF_EVEN = "half-even"  # ties to the even digit
    DOWN = "down"  # toward zero
    UP = "up"  # away from zero


class Steps(Enum):
    """In which order an amount is computed, and where the inner rounding stands."""

    PRODUCT = "price x quantity x part / whole x rate"
    UNIT = "[price x part / whole x rate] x quantity"
    DAY_RATE = "[price / whole] x part x quantity x rate"
    RATIO = "price x quantity x [part / whole] x rate"
    ALL_UNITS_DAY_RATE = "[[price x quantity / whole] x part / quantity] x quantity x rate"
    PRODUCT_THEN_RATE = "[price x quantity x part / whole] x rate"


_ONE = Decimal(1)
_PRODUCT, _DOWN, _HALF_UP = Steps.PRODUCT, Rounding.DOWN, Rounding.HALF_UP
_UNITS = tuple(_ONE.scaleb(-digits, EXACT) for digits in range(RAW_DIGITS + 1))
_times = EXACT.multiply
_ROUND_THE_SHARE = {Steps.DAY_RATE, Steps.RATIO, Steps.ALL_UNITS_DAY_RATE}


@dataclass(frozen=True, slots=True)
class RoundingMode:
    """One arithmetic. *inner_digits* and *inner_rounding* are for what stands in brackets in *steps*.

    *digits* None rounds the amount to the currency's minor unit; *printed_digits* is how the vendor prints a prorated
    unit price (always cut, never rounded).
    """

    name: str
    steps: Steps = Steps.PRODUCT
    rounding: Rounding = Rounding.HALF_UP
    inner_digits: int = 0
    inner_rounding: Rounding = Rounding.HALF_UP
    digits: int | None = None
    printed_digits: int = RAW_DIGITS
    source: str = ""

    def amount(
        self, price: Decimal, quantity: Quantity, part: int, whole: int, rate: Decimal = _ONE, *, currency: str
    ) -> Decimal:
        """Return ``price x quantity x part / whole x rate`` in *currency* by this mode's arithmetic, signed like it.

        A whole cycle (*part* equal to *whole*) costs the whole price, however a share of it would be rounded.
        """
        digits = minor_digits(currency) if self.digits is None else self.digits
        if self.steps is _PRODUCT or (part == whole and self.steps in _ROUND_THE_SHARE):
            above, below = _exact_product(price, quantity, part, whole, rate)
            return rounded(above, below, digits, self.rounding)
        exact = _STEPS[self.steps](
            self, Fraction(price), Fraction(quantity), Fraction(part, whole), whole, Fraction(rate)
        )
        return rounded(exact.numerator, exact.denominator, digits, self.rounding)

    def amounts(self, price: Decimal, currency: str) -> Callable[[Quantity, int, int], Decimal]:
        """Return ``amount`` for one price and currency, as a function of quantity, part and whole.

        The same figures at half the time: what does not change from line to line is worked out once.
        """
        if self.steps is not _PRODUCT:
            return lambda quantity, part, whole: self.amount(price, quantity, part, whole, currency=currency)
        digits = minor_digits(currency) if self.digits is None else self.digits
        above, below = price.as_integer_ratio()
        above, unit, how = above * 10**digits, _UNITS[digits], self.rounding
        is_half_up, is_down = how is _HALF_UP, how is _DOWN

        def product(quantity: Quantity, part: int, whole: int) -> Decimal:
            if type(quantity) is not int:
                return self.amount(price, quantity, part, whole, currency=currency)
            dividend, divisor = above * quantity * part, below * whole
            if is_down:
                return _times(dividend // divisor if dividend >= 0 else -(-dividend // divisor), unit)
            if is_half_up and dividend >= 0:
                return _times((dividend + dividend + divisor) // (divisor + divisor), unit)
            magnitude, rest = divmod(abs(dividend), divisor)
            if rest and _moves_away(how, magnitude, 2 * rest - divisor):
                magnitude += 1
            return _times(-magnitude if dividend < 0 else magnitude, unit)

        return product

    def unit_price(self, price: Decimal, part: int, whole: int) -> Decimal:
        """Return the prorated price of one unit as the vendor prints it, without trailing zeros past the cents."""
        if part == whole:
            return price
        if self.steps is Steps.DAY_RATE:
            exact = self._inner(Fraction(price) / whole) * part
        elif self.steps is Steps.RATIO:
            exact = Fraction(price) * self._inner(Fraction(part, whole))
        else:
            exact = Fraction(price) * part / whole
        return trimmed(rounded(exact.numerator, exact.denominator, self.printed_digits, Rounding.DOWN))

    def _inner(self, exact: Fraction) -> Fraction:
        return Fraction(rounded(exact.numerator, exact.denominator, self.inner_digits, self.inner_rounding))


def rounded(dividend: int, divisor: int, digits: int, how: Rounding) -> Decimal:
    """Return ``dividend / divisor`` with *digits* decimals; *divisor* is positive."""
    magnitude, rest = divmod(abs(dividend) * 10**digits, divisor)
    if rest and how is not _DOWN and _moves_away(how, magnitude, 2 * rest - divisor):
        magnitude += 1
    if dividend < 0:
        magnitude = -magnitude
    return _times(magnitude, _UNITS[digits]) if digits <= RAW_DIGITS else Decimal(magnitude).scaleb(-digits, EXACT)


def trimmed(number: Decimal) -> Decimal:
    """Return the number without trailing zeros, but with at least two decimals."""
    text = f"{number:f}"
    if "." not in text:
        return number
    whole, _, decimals = text.partition(".")
    return Decimal(f"{whole}.{decimals.rstrip('0').ljust(2, '0')}")


def _moves_away(how: Rounding, magnitude: int, past_half: int) -> bool:
    if how is Rounding.UP:
        return True
    if past_half == 0 and how is Rounding.HALF_EVEN:
        return magnitude % 2 == 1
    return past_half >= 0


def _exact_product(price: Decimal, quantity: Quantity, part: int, whole: int, rate: Decimal) -> tuple[int, int]:
    above, below = price.as_integer_ratio()
    if rate is _ONE and type(quantity) is int:  # the ordinary line
        return above * quantity * part, below * whole
    units, over = quantity.as_integer_ratio()
    above, below = above * units * part, below * over * whole
    if rate == 1:
        return above, below
    times, by = rate.as_integer_ratio()
    return above * times, below * by


_Steps = Callable[[RoundingMode, Fraction, Fraction, Fraction, int, Fraction], Fraction]


def _unit(mode: RoundingMode, price: Fraction, quantity: Fraction, share: Fraction, _: int, rate: Fraction) -> Fraction:
    return mode._inner(price * share * rate) * quantity  # noqa: SLF001 - the steps are the mode's own


def _day_rate(
    mode: RoundingMode, price: Fraction, quantity: Fraction, share: Fraction, whole: int, rate: Fraction
) -> Fraction:
    return mode._inner(price / whole) * share * whole * quantity * rate  # noqa: SLF001 - the steps are the mode's own


def _ratio(
    mode: RoundingMode, price: Fraction, quantity: Fraction, share: Fraction, _: int, rate: Fraction
) -> Fraction:
    return price * quantity * mode._inner(share) * rate  # noqa: SLF001 - the steps are the mode's own


def _all_units_day_rate(
    mode: RoundingMode, price: Fraction, quantity: Fraction, share: Fraction, whole: int, rate: Fraction
) -> Fraction:
    if not quantity:
        return quantity
    day = mode._inner(price * quantity / whole)  # noqa: SLF001 - the steps are the mode's own
    return mode._inner(day * share * whole / quantity) * quantity * rate  # noqa: SLF001 - the steps are the mode's own


def _product_then_rate(
    mode: RoundingMode, price: Fraction, quantity: Fraction, share: Fraction, _: int, rate: Fraction
) -> Fraction:
    return mode._inner(price * quantity * share) * rate  # noqa: SLF001 - the steps are the mode's own


_STEPS: dict[Steps, _Steps] = {
    Steps.UNIT: _unit,
    Steps.DAY_RATE: _day_rate,
    Steps.RATIO: _ratio,
    Steps.ALL_UNITS_DAY_RATE: _all_units_day_rate,
    Steps.PRODUCT_THEN_RATE: _product_then_rate,
}

_MONTHLY = "Microsoft Partner Center, Common billing scenarios: monthly"
_ANNUAL = "Microsoft Partner Center, Common billing scenarios: annual"
_RECURRING = "Microsoft Partner Center, Common billing scenarios: one-time and recurring"
_FIELDS = "Microsoft Partner Center, New commerce invoice reconciliation file fields"

MODES: dict[str, RoundingMode] = {
    mode.name: mode
    for mode in (
        RoundingMode("legacy.unrounded_half_up", printed_digits=2, source="AppXite, correction of licence quantity"),
        RoundingMode("legacy.unrounded_truncated", rounding=Rounding.DOWN, printed_digits=2, source=_RECURRING),
        RoundingMode(
            "legacy.documented_formula",
            Steps.ALL_UNITS_DAY_RATE,
            inner_digits=2,
            printed_digits=2,
            source="Microsoft Partner Center, Organization tax information",
        ),
        RoundingMode("legacy.day_rate_2dp", Steps.DAY_RATE, inner_digits=2, printed_digits=2, source=_ANNUAL),
        RoundingMode("legacy.day_rate_3dp", Steps.DAY_RATE, inner_digits=3, printed_digits=3, source=_MONTHLY),
        RoundingMode("nce.documented_licence", Steps.UNIT, Rounding.DOWN, 2, Rounding.DOWN, source=_FIELDS),
        RoundingMode("nce.product_rounddown", rounding=Rounding.DOWN, source=_RECURRING),
        RoundingMode("nce.unit_half_up", Steps.UNIT, inner_digits=2, source=f"{_RECURRING} (edition of 2019 to 2021)"),
        RoundingMode("nce.usage", Steps.PRODUCT_THEN_RATE, Rounding.DOWN, 2, Rounding.DOWN, source=_FIELDS),
        RoundingMode("nce.raw", rounding=Rounding.DOWN, digits=RAW_DIGITS, source="Microsoft, daily rated usage files"),
        RoundingMode("half_up"),
        RoundingMode("half_even", rounding=Rounding.HALF_EVEN),
        RoundingMode("truncated", rounding=Rounding.DOWN),
        RoundingMode("rounded_up", rounding=Rounding.UP),
        RoundingMode("ratio_1dp", Steps.RATIO, inner_digits=1),
        RoundingMode("ratio_3dp", Steps.RATIO, inner_digits=3),
        RoundingMode("ratio_4dp", Steps.RATIO, inner_digits=4),
        RoundingMode("ratio_6dp", Steps.RATIO, inner_digits=6),
        RoundingMode("ratio_9dp", Steps.RATIO, inner_digits=9),
        RoundingMode("day_rate_2dp", Steps.DAY_RATE, inner_digits=2),
        RoundingMode("day_rate_3dp", Steps.DAY_RATE, inner_digits=3),
    )
}
"""Every arithmetic by name. Names are stored on lines and never change their meaning."""


def mode_named(name: str) -> RoundingMode:
    """Return the mode of that name.

    Raises:
        InvalidError: there is none; the message lists all.
    """
    mode = MODES.get(name)
    if mode is None:
        raise InvalidError(f"rounding mode {name!r} is not known: use one of {', '.join(sorted(MODES))}")
    return mode


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorAmount:
    """What a vendor printed: an amount, and what it was computed from. Signs are ignored.

    Raises:
        InvalidError: *part* of *whole* is no share.
    """

    amount: Decimal
    currency: str
    price: Decimal
    quantity: Quantity
    part: int
    whole: int
    rate: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        if self.whole <= 0 or self.part < 0:
            raise InvalidError(f"{self.part} of {self.whole} is no share: give a part from 0 and a whole from 1")


def modes_that_give(printed: VendorAmount, modes: Iterable[RoundingMode] = ()) -> tuple[RoundingMode, ...]:
    """Return those of *modes* (default: all) whose arithmetic leads to exactly the printed amount."""
    return tuple(mode for mode in modes or MODES.values() if _gives(mode, printed))


def _gives(mode: RoundingMode, printed: VendorAmount) -> bool:
    ours = mode.amount(
        printed.price.copy_abs(),
        abs(printed.quantity) if isinstance(printed.quantity, int) else printed.quantity.copy_abs(),
        printed.part,
        printed.whole,
        printed.rate,
        currency=printed.currency,
    )
    return ours == printed.amount.copy_abs()
