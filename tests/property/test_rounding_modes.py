"""Rounding modes against oracles: the decimal module's rounding of exact fractions, signs, and whole shares."""

from decimal import (
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
)
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.expected.rounding import MODES, Rounding, Steps, VendorAmount, modes_that_give, rounded
from shared.domain.money import minor_digits

_DECIMALS = {
    Rounding.HALF_UP: ROUND_HALF_UP,
    Rounding.HALF_EVEN: ROUND_HALF_EVEN,
    Rounding.DOWN: ROUND_DOWN,
    Rounding.UP: ROUND_UP,
}
_WIDE = Context(prec=200)
_PRICES = st.decimals(min_value=-100_000, max_value=100_000, places=6, allow_nan=False, allow_infinity=False)
_UNITS = st.integers(0, 10_000) | st.decimals(min_value=0, max_value=10_000, places=8)
_SHARES = st.integers(1, 1_096).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))
_RATES = st.decimals(min_value=Decimal("0.0001"), max_value=200, places=6)
_CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD"])
_MODE_NAMES = st.sampled_from(sorted(MODES))


def _oracle(exact: Fraction, digits: int, how: Rounding) -> Decimal:
    """The same number by the decimal module: exact multiples of the last digit are compared as whole numbers."""
    scaled = exact * 10**digits
    floor = Decimal(scaled.numerator // scaled.denominator)
    rest = scaled - Fraction(floor)
    nearby = Decimal("0.5") if rest == Fraction(1, 2) else Decimal("0.25") if rest < Fraction(1, 2) else Decimal("0.75")
    shown = _WIDE.add(floor, nearby) if rest else floor
    return shown.to_integral_value(_DECIMALS[how], _WIDE).scaleb(-digits, _WIDE)


@pytest.mark.parametrize("how", Rounding)
@given(dividend=st.integers(-(10**30), 10**30), divisor=st.integers(1, 10**12), digits=st.integers(0, 20))
def test_a_quotient_is_rounded_as_the_decimal_module_rounds_it(
    how: Rounding, dividend: int, divisor: int, digits: int
) -> None:
    """Half up, half even, down and up, for every sign and number of digits."""
    assert _oracle(Fraction(dividend, divisor), digits, how) == rounded(dividend, divisor, digits, how)


@pytest.mark.parametrize("how", Rounding)
@given(halves=st.integers(-(10**6), 10**6), digits=st.integers(0, 4))
def test_ties_go_where_the_decimal_module_sends_them(how: Rounding, halves: int, digits: int) -> None:
    """A tie is exactly half of the last digit."""
    assert _oracle(Fraction(halves, 2 * 10**digits), digits, how) == rounded(halves, 2 * 10**digits, digits, how)


@given(name=_MODE_NAMES, price=_PRICES, units=_UNITS, share=_SHARES, rate=_RATES, currency=_CURRENCIES)
def test_a_credit_is_the_charge_with_its_sign_turned(
    name: str, price: Decimal, units: int | Decimal, share: tuple[int, int], rate: Decimal, currency: str
) -> None:
    """No mode rounds a credit another way than the charge it corrects."""
    charge = MODES[name].amount(price, units, *share, rate, currency=currency)
    credit = MODES[name].amount(price.copy_negate(), units, *share, rate, currency=currency)

    assert charge.copy_abs() == credit.copy_abs()
    assert not charge or (charge < 0) != (credit < 0)


@given(name=_MODE_NAMES, price=_PRICES, units=_UNITS, share=_SHARES, rate=_RATES, currency=_CURRENCIES)
def test_every_mode_stays_near_the_exact_value(
    name: str, price: Decimal, units: int | Decimal, share: tuple[int, int], rate: Decimal, currency: str
) -> None:
    """The error is at most one last digit for each rounding, times what is multiplied with it afterwards."""
    mode = MODES[name]
    exact = Fraction(price) * Fraction(units) * Fraction(*share) * Fraction(rate)
    step = Fraction(1, 10**mode.inner_digits)
    times = {
        Steps.PRODUCT: Fraction(0),
        Steps.UNIT: step * Fraction(units),
        Steps.DAY_RATE: step * share[0] * Fraction(units) * Fraction(rate),
        Steps.RATIO: step * abs(Fraction(price)) * Fraction(units) * Fraction(rate),
        Steps.ALL_UNITS_DAY_RATE: step * (share[0] + Fraction(units)) * Fraction(rate),
        Steps.PRODUCT_THEN_RATE: step * Fraction(rate),
    }[mode.steps]
    digits = minor_digits(currency) if mode.digits is None else mode.digits

    amount = mode.amount(price, units, *share, rate, currency=currency)
    assert abs(Fraction(amount) - exact) <= times + Fraction(1, 10**digits)
    assert -digits == amount.as_tuple().exponent


@given(name=_MODE_NAMES, price=_PRICES, units=_UNITS, whole=st.integers(1, 1_096), currency=_CURRENCIES)
def test_a_whole_share_is_the_price_whatever_the_cycles_length(
    name: str, price: Decimal, units: int | Decimal, whole: int, currency: str
) -> None:
    """31 of 31 days cost what one of one costs."""
    mode = MODES[name]

    assert mode.amount(price, units, 1, 1, currency=currency) == mode.amount(
        price, units, whole, whole, currency=currency
    )


@given(price=_PRICES, units=_UNITS, share=_SHARES, rate=_RATES, currency=_CURRENCIES)
def test_modes_that_round_once_are_the_decimal_modules(
    price: Decimal, units: int | Decimal, share: tuple[int, int], rate: Decimal, currency: str
) -> None:
    """Multiplied first, divided once, rounded once."""
    exact = Fraction(price) * Fraction(units) * Fraction(*share) * Fraction(rate)
    digits = minor_digits(currency)

    assert {name: _oracle(exact, digits, MODES[name].rounding) for name in _ONCE} == {
        name: MODES[name].amount(price, units, *share, rate, currency=currency) for name in _ONCE
    }


_ONCE = tuple(name for name, mode in MODES.items() if mode.steps is Steps.PRODUCT and mode.digits is None)


@given(name=_MODE_NAMES, price=_PRICES, units=_UNITS, share=_SHARES, rate=_RATES, currency=_CURRENCIES)
def test_a_mode_is_among_those_that_give_its_own_amount(
    name: str, price: Decimal, units: int | Decimal, share: tuple[int, int], rate: Decimal, currency: str
) -> None:
    """What a mode printed, it explains."""
    amount = MODES[name].amount(price, units, *share, rate, currency=currency)
    printed = VendorAmount(
        amount=amount, currency=currency, price=price, quantity=units, part=share[0], whole=share[1], rate=rate
    )

    assert MODES[name] in modes_that_give(printed)


@given(name=_MODE_NAMES, price=_PRICES, units=_UNITS, share=_SHARES, currency=_CURRENCIES)
def test_amounts_of_one_price_are_its_amounts(
    name: str, price: Decimal, units: int | Decimal, share: tuple[int, int], currency: str
) -> None:
    """What is worked out once for a price changes no figure."""
    mode = MODES[name]

    assert mode.amount(price, units, *share, currency=currency) == mode.amounts(price, currency)(units, *share)
