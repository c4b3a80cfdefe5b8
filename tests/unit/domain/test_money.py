"""Money is exact until its one rounding, half up and away from zero, to the currency's minor unit."""

from decimal import Context, Decimal

import pytest

from shared.domain.errors import CurrencyMismatchError, IntegrityError
from shared.domain.money import Money, exact_product, exact_sum, minor_digits, quotient_half_up


def _eur(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("0.005", "EUR", "0.01"),
        ("-0.005", "EUR", "-0.01"),
        ("0.0049999999999999999999", "EUR", "0.00"),
        ("2.675", "EUR", "2.68"),
        ("-2.674", "EUR", "-2.67"),
        ("63.325", "EUR", "63.33"),
        ("0.5", "JPY", "1"),
        ("-0.5", "JPY", "-1"),
        ("1234.4999", "JPY", "1234"),
        ("0.0005", "KWD", "0.001"),
        ("1.2344", "KWD", "1.234"),
    ],
)
def test_a_tie_rounds_away_from_zero_to_the_minor_unit(amount: str, currency: str, rounded: str) -> None:
    """Half up, by magnitude, with the currency's own number of decimals."""
    made = Money(Decimal(amount), currency).rounded()

    assert f"{rounded} {currency}" == str(made)


@pytest.mark.parametrize(("currency", "digits"), [("EUR", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("XYZ", 2)])
def test_minor_digits_follow_iso_4217(currency: str, digits: int) -> None:
    """Two decimals unless the standard says otherwise."""
    assert digits == minor_digits(currency)


def test_scaling_multiplies_first_and_rounds_once() -> None:
    """10.08 x 28 / 30 x 12 as one quotient is 112.90; rounded in between it would be 112.92."""
    assert _eur("112.90") == _eur("120.96").scaled(28, 30)
    assert _eur("112.92") == _eur("10.08").scaled(28, 30).scaled(12)


def test_scaling_over_a_decimal_divides_exactly() -> None:
    """A divisor may be a decimal number of any scale."""
    assert _eur("4.00") == _eur("1").scaled(1, Decimal("0.25"))


@pytest.mark.parametrize("divisor", [0, Decimal("0.00")])
def test_nothing_is_divided_by_zero(divisor: Decimal | int) -> None:
    """A zero divisor is a broken invariant, said with the dividend."""
    with pytest.raises(IntegrityError, match=r"7\.5 cannot be divided by zero"):
        quotient_half_up(Decimal("7.5"), divisor, 2)


@pytest.mark.parametrize(
    ("dividend", "divisor", "digits", "quotient"),
    [("1", 3, 6, "0.333333"), ("-1", 3, 2, "-0.33"), ("1", -8, 2, "-0.13"), ("0", -7, 2, "0.00"), ("5", 1, 0, "5")],
)
def test_a_quotient_has_exactly_its_digits(dividend: str, divisor: int, digits: int, quotient: str) -> None:
    """Signs multiply, zero has none, and trailing zeros are kept."""
    assert quotient == str(quotient_half_up(Decimal(dividend), divisor, digits))


def test_a_long_quotient_keeps_every_digit() -> None:
    """More of them than ordinary decimal arithmetic carries."""
    long = Decimal("9" * 40 + ".99")

    assert long == quotient_half_up(long, 1, 2)


def test_sums_and_products_keep_every_digit() -> None:
    """Numbers far apart in size add and multiply without a digit lost."""
    tiny, huge = Decimal("1E-40"), Decimal("1E+40")

    assert Decimal("1" + "0" * 40 + "." + "0" * 39 + "1") == exact_sum((huge, tiny))
    assert Decimal(1) == exact_product(huge, tiny)
    assert Decimal("9.99") ** 4 == exact_product(*[Decimal("9.99")] * 4)
    assert Decimal(0) == exact_sum(())
    assert Decimal(1) == exact_product()


def test_the_largest_numbers_of_a_file_multiply_exactly() -> None:
    """Four numbers with forty digits on each side of the point have an exact product."""
    longest = Decimal("9" * 40 + "." + "9" * 40)

    assert Decimal(int("9" * 80) ** 4).scaleb(-160, Context(prec=800)) == exact_product(*[longest] * 4)


@pytest.mark.parametrize("bad", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_finite_number_is_no_amount(bad: str) -> None:
    """NaN and infinity neither become money nor survive arithmetic."""
    with pytest.raises(IntegrityError, match="no amount of money"):
        Money(Decimal(bad), "EUR")
    with pytest.raises(IntegrityError, match=r"^amounts do not add up exactly: one of them is no finite number$"):
        exact_sum((Decimal("sNaN"), Decimal(bad)))
    with pytest.raises(IntegrityError, match=r"^factors do not multiply exactly: one of them is no finite number$"):
        exact_product(Decimal("sNaN"), Decimal(bad))


def test_a_result_that_would_lose_a_digit_raises() -> None:
    """There is an exact result or none."""
    with pytest.raises(IntegrityError):
        exact_sum((Decimal("1E+300"), Decimal("1E-300")))
    with pytest.raises(IntegrityError):
        exact_product(Decimal("1E+600"), Decimal("1E+600"))


def test_a_float_never_becomes_money() -> None:
    """Neither in nor out."""
    with pytest.raises(IntegrityError, match="finite Decimal"):
        Money(0.1, "EUR")  # type: ignore[arg-type]  # the very thing under test
    with pytest.raises(TypeError, match=r"^money never becomes a float: use \.amount, a Decimal$"):
        float(_eur("1"))


@pytest.mark.parametrize("currency", ["", "EU", "EURO", "eur", "1UR", "ÄÖÜ"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    """Anything else is refused with the cure."""
    with pytest.raises(IntegrityError, match="ISO 4217"):
        Money(Decimal(1), currency)


def test_two_currencies_never_mix() -> None:
    """Adding, subtracting, comparing and totalling all refuse."""
    euro, dollar = _eur("1"), Money(Decimal(1), "USD")

    for mixing in (
        lambda: euro + dollar,
        lambda: euro - dollar,
        lambda: euro < dollar,
        lambda: euro <= dollar,
        lambda: Money.total([euro, dollar], "EUR"),
    ):
        with pytest.raises(CurrencyMismatchError, match="different currencies"):
            mixing()


def test_money_has_no_truth_value() -> None:
    """Zero is an amount like any other, so the question must be asked by name."""
    with pytest.raises(TypeError, match=r"^money has no truth value: ask is_zero or is_negative$"):
        bool(_eur("0"))

    assert _eur("0").is_zero
    assert not _eur("0").is_negative
    assert _eur("-0.01").is_negative


def test_money_adds_negates_compares_and_prints() -> None:
    """The ordinary arithmetic of amounts in one currency."""
    assert _eur("3.50") == _eur("1.25") + _eur("2.25")
    assert _eur("-1.00") == _eur("1.25") - _eur("2.25")
    assert "0.00 EUR" == str(-_eur("0.00"))
    assert _eur("1") < _eur("2") <= _eur("2")
    assert not _eur("2") < _eur("2")
    assert "0.00000000000000000001 EUR" == str(_eur("1E-20"))


def test_nothing_is_written_with_the_minor_unit() -> None:
    """A total of no lines reads 0.00 EUR, 0 JPY or 0.000 KWD."""
    assert ["0.00 EUR", "0 JPY", "0.000 KWD"] == [str(Money.total([], currency)) for currency in ("EUR", "JPY", "KWD")]
