"""Money: an exact decimal amount and its currency, and the one place where anything is rounded.

An amount may carry any number of digits (Microsoft's daily usage has 20 and more); it is rounded once, at line
level, half up and away from zero, to the currency's minor unit (ISO 4217). Sums and products are computed in a
context that raises instead of dropping a digit, so a result is exact or there is no result.

Not here: exchange rates (a line stores the rate it used), the vendors' own rounding, formatting for people.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import (
    ROUND_HALF_UP,
    Clamped,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
    Underflow,
)
from typing import NoReturn

from shared.domain.errors import CurrencyMismatchError, IntegrityError

EXACT_DIGITS = 400
"""Room for the product of four numbers with 40 digits on each side of the point, the most that is read from a file."""

EXACT = Context(
    prec=EXACT_DIGITS,
    rounding=ROUND_HALF_UP,
    Emin=-999,
    Emax=999,
    traps=[Clamped, DivisionByZero, Inexact, InvalidOperation, Overflow, Underflow],
)
"""The arithmetic of money: a digit that would be lost raises. Enter it with ``decimal.localcontext(EXACT)``."""

_MINOR_DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"), 0),
    **dict.fromkeys(("VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def minor_digits(currency: str) -> int:
    """Return how many decimals the currency's smallest coin has: 2 for EUR, 0 for JPY, 3 for KWD (ISO 4217)."""
    return _MINOR_DIGITS.get(currency, 2)


def quotient_half_up(dividend: Decimal, divisor: Decimal | int, digits: int) -> Decimal:
    """Return ``dividend / divisor`` rounded once to *digits* decimals; a tie moves away from zero.

    Exact in between: both sides are taken as integer ratios.

    Raises:
        IntegrityError: *divisor* is zero.
    """
    above, below = dividend.as_integer_ratio()
    if isinstance(divisor, int):
        below *= divisor
    else:
        times, over = divisor.as_integer_ratio()
        above, below = above * over, below * times
    if below == 0:
        raise IntegrityError(f"{dividend} cannot be divided by zero")
    sign = -1 if (above < 0) != (below < 0) else 1
    above, below = abs(above) * 10**digits, abs(below)
    return Decimal(sign * ((2 * above + below) // (2 * below))).scaleb(-digits, EXACT)


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """Return the sum without losing a digit; 0 for nothing.

    Raises:
        IntegrityError: the sum does not fit ``EXACT_DIGITS``, or an amount is not a finite number.
    """
    total = Decimal(0)
    try:
        for amount in amounts:
            total = EXACT.add(total, amount)
    except (InvalidOperation, Inexact, Overflow) as error:
        raise IntegrityError("amounts do not add up exactly: one of them is no finite number") from error
    return total


def exact_product(*factors: Decimal) -> Decimal:
    """Return the product without losing a digit.

    Raises:
        IntegrityError: the product does not fit ``EXACT_DIGITS``, or a factor is not a finite number.
    """
    product = Decimal(1)
    try:
        for factor in factors:
            product = EXACT.multiply(product, factor)
    except (InvalidOperation, Inexact, Overflow) as error:
        raise IntegrityError("factors do not multiply exactly: one of them is no finite number") from error
    return product


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one currency.

    Raises:
        IntegrityError: the amount is not a finite Decimal, or the currency is not three capital letters.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        is_decimal = isinstance(self.amount, Decimal)  # types promise it; a float from outside must still not pass
        if not is_decimal or not self.amount.is_finite():
            raise IntegrityError(f"{self.amount!r} is no amount of money: give a finite Decimal")
        is_code = self.currency.isascii() and self.currency.isalpha() and self.currency.isupper()
        if len(self.currency) != 3 or not is_code:
            raise IntegrityError(f"{self.currency!r} is no currency: give an ISO 4217 code such as EUR")

    @classmethod
    def zero(cls, currency: str) -> "Money":
        """Return nothing, in that currency, written with its minor unit (0.00 EUR, 0 JPY)."""
        return cls(Decimal(0).scaleb(-minor_digits(currency)), currency)

    @classmethod
    def total(cls, parts: Iterable["Money"], currency: str) -> "Money":
        """Return the sum of *parts*, all of which are in *currency*.

        Raises:
            CurrencyMismatchError: a part is in another currency.
        """
        zero = cls.zero(currency)
        return cls(exact_sum((zero.amount, *(zero._same(part).amount for part in parts))), currency)  # noqa: SLF001 - own

    def __add__(self, other: "Money") -> "Money":
        return Money(exact_sum((self.amount, self._same(other).amount)), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return self + -other

    def __neg__(self) -> "Money":
        return Money(self.amount.copy_negate() if self.amount else self.amount, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other).amount

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other).amount

    def __bool__(self) -> NoReturn:
        raise TypeError("money has no truth value: ask is_zero or is_negative")

    def __float__(self) -> NoReturn:
        raise TypeError("money never becomes a float: use .amount, a Decimal")

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    @property
    def is_zero(self) -> bool:
        """Whether nothing is owed."""
        return self.amount.is_zero()

    @property
    def is_negative(self) -> bool:
        """Whether this is a credit."""
        return self.amount < 0

    def scaled(self, numerator: Decimal | int, over: Decimal | int = 1) -> "Money":
        """Return ``self * numerator / over``, multiplied first, divided once, rounded once half up.

        Raises:
            IntegrityError: *over* is zero.
        """
        product = exact_product(self.amount, Decimal(numerator))
        return Money(quotient_half_up(product, over, minor_digits(self.currency)), self.currency)

    def rounded(self) -> "Money":
        """Return the amount rounded half up, away from zero, to the currency's minor unit."""
        return self.scaled(1)

    def _same(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise CurrencyMismatchError(f"{self} and {other} are different currencies: convert one of them first")
        return other
