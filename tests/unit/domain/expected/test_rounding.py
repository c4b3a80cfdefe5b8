"""Rounding modes: the vendors' printed amounts, mode by mode, and which modes a printed amount allows."""

from decimal import Decimal
from typing import Any

import pytest

from shared.domain.errors import InvalidError
from shared.domain.expected.rounding import (
    MODES,
    Rounding,
    VendorAmount,
    mode_named,
    modes_that_give,
    rounded,
    trimmed,
)


def _amount(mode: str, price: str, quantity: int | str, part: int, whole: int, **other: str) -> Decimal:
    units = Decimal(quantity) if isinstance(quantity, str) else quantity
    rate = Decimal(other.get("rate", "1"))
    return MODES[mode].amount(Decimal(price), units, part, whole, rate, currency=other.get("currency", "EUR"))


@pytest.mark.parametrize(
    ("mode", "price", "quantity", "part", "whole", "amount"),
    [
        ("legacy.day_rate_2dp", "48.00", 1, 19, 365, "2.47"),
        ("legacy.day_rate_2dp", "48.00", 2, 346, 365, "89.96"),
        ("legacy.unrounded_half_up", "48.00", 1, 19, 365, "2.50"),
        ("legacy.unrounded_half_up", "211.20", 1, 1, 365, "0.58"),
        ("legacy.unrounded_half_up", "211.20", 2, 27, 365, "31.25"),
        ("legacy.unrounded_half_up", "211.20", 2, 337, 365, "390.00"),
        ("legacy.unrounded_half_up", "48.60", 150, 364, 365, "7270.03"),
        ("legacy.day_rate_3dp", "4.00", 1, 17, 30, "2.26"),
        ("legacy.unrounded_half_up", "4.00", 1, 17, 30, "2.27"),
        ("legacy.unrounded_truncated", "16", 1, 27, 31, "13.93"),
        ("legacy.unrounded_half_up", "16", 1, 27, 31, "13.94"),
        ("legacy.documented_formula", "4.00", 3, 17, 30, "6.81"),
        ("nce.product_rounddown", "10.08", 10, 28, 30, "94.08"),
        ("nce.product_rounddown", "10.08", 12, 28, 30, "112.89"),
        ("nce.documented_licence", "10.08", 12, 28, 30, "112.80"),
        ("nce.unit_half_up", "10.08", 12, 28, 30, "112.92"),
        ("nce.product_rounddown", "12", 10, 29, 31, "112.25"),
        ("nce.product_rounddown", "12", 15, 29, 31, "168.38"),
        ("nce.product_rounddown", "12", 15, 26, 31, "150.96"),
        ("nce.product_rounddown", "12", 25, 26, 31, "251.61"),
        ("nce.product_rounddown", "12", 25, 24, 31, "232.25"),
        ("nce.product_rounddown", "12", 23, 24, 31, "213.67"),
        ("nce.product_rounddown", "12", 23, 22, 31, "195.87"),
        ("nce.product_rounddown", "12", 20, 22, 31, "170.32"),
        ("nce.product_rounddown", "12", 20, 11, 31, "85.16"),
        ("nce.product_rounddown", "12", 30, 11, 31, "127.74"),
        ("nce.documented_licence", "250", 10, 11, 12, "2291.60"),
        ("nce.documented_licence", "250", 10, 335, 365, "2294.50"),
        ("half_up", "12.00", 10, 13, 30, "52.00"),
        ("ratio_9dp", "12.00", 10, 13, 30, "52.00"),
        ("half_up", "12.00", 15, 15, 30, "90.00"),
        ("truncated", "10", 1, 20, 30, "6.66"),
        ("half_up", "10", 1, 20, 30, "6.67"),
        ("ratio_4dp", "200", 1, 26, 31, "167.74"),
        ("ratio_3dp", "200", 1, 26, 31, "167.80"),
        ("ratio_1dp", "200", 1, 26, 31, "160.00"),
        ("ratio_6dp", "200", 1, 26, 31, "167.74"),
        ("day_rate_2dp", "200", 1, 26, 31, "167.70"),
        ("day_rate_3dp", "200", 1, 26, 31, "167.75"),
        ("half_even", "0.25", 1, 1, 10, "0.02"),
        ("half_even", "0.75", 1, 1, 10, "0.08"),
        ("half_up", "0.25", 1, 1, 10, "0.03"),
        ("rounded_up", "0.21", 1, 1, 10, "0.03"),
        ("rounded_up", "0.20", 1, 1, 10, "0.02"),
    ],
)
def test_each_arithmetic_gives_the_printed_amount(
    mode: str, price: str, quantity: int, part: int, whole: int, amount: str
) -> None:
    """The figures of the vendors' own pages, and those that the same inputs give in other modes."""
    assert Decimal(amount) == _amount(mode, price, quantity, part, whole)
    assert -Decimal(amount) == _amount(mode, f"-{price}", quantity, part, whole)


@pytest.mark.parametrize(
    ("mode", "price", "quantity", "part", "whole", "amount"),
    [
        ("ratio_6dp", "1000000", 1, 1, 7, "142857.00"),
        ("ratio_9dp", "1000000000", 1, 1, 7, "142857143.00"),
        ("nce.documented_licence", "1", 1000, 1, 3, "330.00"),
        ("nce.unit_half_up", "1", 1000, 2, 3, "670.00"),
        ("nce.usage", "1", 1000, 2, 3, "666.66"),
        ("legacy.documented_formula", "1", 1000, 2, 3, "670.00"),
        ("legacy.day_rate_2dp", "1", 1000, 1, 3, "330.00"),
        ("legacy.day_rate_3dp", "1", 1000, 1, 3, "333.00"),
        ("ratio_1dp", "1", 1000, 1, 3, "300.00"),
    ],
)
def test_an_inner_rounding_has_its_digits(
    mode: str, price: str, quantity: int, part: int, whole: int, amount: str
) -> None:
    """Large quantities show how many decimals are kept on the way."""
    assert Decimal(amount) == _amount(mode, price, quantity, part, whole)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("quantity", [7, Decimal(7), Decimal("7.5")])
def test_no_rate_is_a_rate_of_one(mode: str, quantity: int | Decimal) -> None:
    """Without an exchange nothing changes, for whole units and parts of them."""
    bare = MODES[mode].amount(Decimal("10.08"), quantity, 11, 31, currency="EUR")

    assert bare == MODES[mode].amount(Decimal("10.08"), quantity, 11, 31, Decimal("1.0"), currency="EUR")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("quantity", [0, 7, 12, Decimal("7.5")])
@pytest.mark.parametrize("price", ["10.08", "-10.08", "0.005"])
def test_amounts_of_one_price_are_the_amounts(mode: str, quantity: int | Decimal, price: str) -> None:
    """The faster way gives the same figures, for shares, whole cycles and ties."""
    of_price = MODES[mode].amounts(Decimal(price), "EUR")

    assert all(
        of_price(quantity, *share) == MODES[mode].amount(Decimal(price), quantity, *share, currency="EUR")
        for share in ((28, 30), (1, 31), (30, 30), (0, 30))
    )


def test_a_rate_multiplies_before_the_one_rounding() -> None:
    """10.08 x 7.5 x 11 / 31 x 0.897 is 24.0627... in modes that round once."""
    assert Decimal("24.06") == _amount("half_up", "10.08", "7.5", 11, 31, rate="0.897")
    assert Decimal("24.07") == _amount("rounded_up", "10.08", "7.5", 11, 31, rate="0.897")


def test_the_smallest_share_explains_too() -> None:
    """No day of one, and one of one."""
    nothing, everything = _printed("0", part=0, whole=1), _printed("120.96", part=1, whole=1)

    assert tuple(MODES.values()) == modes_that_give(nothing)
    assert MODES["half_up"] in modes_that_give(everything)


def test_usage_is_cut_before_and_after_the_exchange() -> None:
    """Price x quantity is cut to cents, then the rate is applied, then it is cut again."""
    assert Decimal("8.92") == _amount("nce.usage", "0.333", "29.9", 1, 1, rate="0.897")
    assert Decimal("8.93") == _amount("nce.product_rounddown", "0.333", "29.9", 1, 1, rate="0.897")


def test_daily_usage_is_not_rounded_to_cents() -> None:
    """Daily amounts keep as many digits as Microsoft's files."""
    assert Decimal("0.000123456789012345") == _amount("nce.raw", "0.0001234567890123456", "1", 1, 1)


@pytest.mark.parametrize("mode", MODES)
def test_a_whole_cycle_costs_the_whole_price(mode: str) -> None:
    """However a share would be rounded: 48.00 for three seats is 144.00 in every mode."""
    assert Decimal("144.00") == _amount(mode, "48.00", 3, 365, 365)


@pytest.mark.parametrize("mode", MODES)
def test_nothing_costs_nothing(mode: str) -> None:
    """No seats, no price and no days are 0 in every mode."""
    assert not any(
        (_amount(mode, "48.00", 0, 19, 365), _amount(mode, "0", 3, 19, 365), _amount(mode, "48.00", 3, 0, 365))
    )


@pytest.mark.parametrize(("currency", "amount"), [("EUR", "6.67"), ("JPY", "7"), ("KWD", "6.667")])
def test_an_amount_has_the_digits_of_its_currency(currency: str, amount: str) -> None:
    """Two decimals for the euro, none for the yen, three for the dinar."""
    assert amount == str(_amount("half_up", "10", 1, 2, 3, currency=currency))


@pytest.mark.parametrize(
    ("mode", "price", "part", "whole", "printed"),
    [
        ("legacy.day_rate_2dp", "48.00", 19, 365, "2.47"),
        ("legacy.day_rate_2dp", "48.00", 346, 365, "44.98"),
        ("legacy.unrounded_half_up", "211.20", 27, 365, "15.62"),
        ("legacy.unrounded_half_up", "211.20", 337, 365, "194.99"),
        ("legacy.unrounded_half_up", "48.60", 364, 365, "48.46"),
        ("nce.product_rounddown", "10.08", 28, 30, "9.408"),
        ("nce.product_rounddown", "12", 29, 31, "11.225806451612903225"),
        ("ratio_4dp", "200", 26, 31, "167.74"),
        ("legacy.day_rate_3dp", "4.00", 17, 30, "2.261"),
        ("half_up", "8.1234567", 30, 30, "8.1234567"),
    ],
)
def test_a_prorated_unit_price_is_printed_as_the_vendor_prints_it(
    mode: str, price: str, part: int, whole: int, printed: str
) -> None:
    """Cut, never rounded; a whole cycle prints the price itself."""
    assert printed == str(MODES[mode].unit_price(Decimal(price), part, whole))


@pytest.mark.parametrize(
    ("how", "dividend", "divisor", "result"),
    [
        (Rounding.HALF_UP, 125, 1000, "0.13"),
        (Rounding.HALF_UP, -125, 1000, "-0.13"),
        (Rounding.HALF_UP, 124, 1000, "0.12"),
        (Rounding.HALF_UP, 126, 1000, "0.13"),
        (Rounding.HALF_EVEN, 125, 1000, "0.12"),
        (Rounding.HALF_EVEN, 135, 1000, "0.14"),
        (Rounding.HALF_EVEN, 126, 1000, "0.13"),
        (Rounding.HALF_EVEN, -125, 1000, "-0.12"),
        (Rounding.DOWN, 129, 1000, "0.12"),
        (Rounding.DOWN, -129, 1000, "-0.12"),
        (Rounding.UP, 121, 1000, "0.13"),
        (Rounding.UP, -121, 1000, "-0.13"),
        (Rounding.UP, 120, 1000, "0.12"),
        (Rounding.HALF_UP, 0, 7, "0.00"),
    ],
)
def test_a_number_goes_where_its_rounding_says(how: Rounding, dividend: int, divisor: int, result: str) -> None:
    """Ties and signs: away from zero, to the even digit, toward zero, or up."""
    assert result == str(rounded(dividend, divisor, 2, how))


@pytest.mark.parametrize(
    ("number", "text"), [("9.40800", "9.408"), ("195.000", "195.00"), ("7.5", "7.50"), ("7", "7"), ("0.00", "0.00")]
)
def test_zeros_past_the_cents_are_left_out(number: str, text: str) -> None:
    """At least two decimals stay, unless there were none."""
    assert text == str(trimmed(Decimal(number)))


def test_modes_are_found_by_name() -> None:
    """An unknown name lists the known ones."""
    assert MODES["half_up"] is mode_named("half_up")
    with pytest.raises(InvalidError, match=r"'half' is not known.*half_even, half_up"):
        mode_named("half")


def _printed(amount: str, **other: Any) -> VendorAmount:
    facts = {"currency": "EUR", "price": Decimal("10.08"), "quantity": 12, "part": 28, "whole": 30}
    return VendorAmount(amount=Decimal(amount), **(facts | other))


def test_a_printed_amount_names_the_arithmetics_that_lead_to_it() -> None:
    """Microsoft's 112.89 is the cut product; the documented formula and half up are ruled out."""
    names = {mode.name for mode in modes_that_give(_printed("112.89"))}

    assert {"legacy.unrounded_truncated", "nce.product_rounddown", "nce.usage", "ratio_4dp", "truncated"} == names
    assert {"nce.documented_licence", "legacy.documented_formula"} == {
        mode.name for mode in modes_that_give(_printed("112.80"))
    }
    assert () == modes_that_give(_printed("1.00"))


@pytest.mark.parametrize(
    "signed",
    [
        {"amount": "-112.89"},
        {"amount": "-112.89", "quantity": -12},
        {"amount": "-112.89", "quantity": Decimal(-12)},
        {"amount": "-112.89", "price": Decimal("-10.08")},
    ],
)
def test_signs_of_a_printed_amount_are_ignored(signed: dict[str, Any]) -> None:
    """Credits carry their sign in one place or another."""
    assert modes_that_give(_printed("112.89")) == modes_that_give(_printed(**signed))


def test_only_the_modes_that_are_asked_about_are_told() -> None:
    """A list of modes narrows the answer."""
    asked = (MODES["nce.product_rounddown"], MODES["half_up"])

    assert (MODES["nce.product_rounddown"],) == modes_that_give(_printed("112.89"), asked)


@pytest.mark.parametrize("share", [{"whole": 0}, {"whole": -1}, {"part": -1}])
def test_a_printed_amount_needs_a_share(share: dict[str, int]) -> None:
    """Days of no cycle explain nothing."""
    with pytest.raises(InvalidError, match="is no share"):
        _printed("112.89", **share)


def test_a_printed_amount_of_many_digits_is_compared_to_the_last() -> None:
    """A quantity of thirty digits is neither rounded nor cut before it is priced."""
    quantity = Decimal("-12345678901234567890123456789.5")
    printed = VendorAmount(amount=quantity, currency="EUR", price=Decimal(1), quantity=quantity, part=1, whole=1)

    assert (MODES["half_up"],) == modes_that_give(printed, [MODES["half_up"]])
    assert Decimal("-12345678901234567890123456789.50") == MODES["half_up"].amounts(Decimal(1), "EUR")(quantity, 1, 1)


def test_the_old_formula_converts_last() -> None:
    """Three licences at 4.00 for 17 of 30 days are 6.81, and half of that at a rate of a half."""
    assert Decimal("3.41") == _amount("legacy.documented_formula", "4.00", 3, 17, 30, rate="0.5")


def test_a_rounded_day_price_is_multiplied_with_the_exchange_rate() -> None:
    """The rate comes after the day price was rounded: 0.13 x 346 x 2 = 89.96, at 0.5 half of it."""
    mode = MODES["legacy.day_rate_2dp"]

    assert Decimal("44.98") == mode.amount(Decimal("48.00"), 2, 346, 365, Decimal("0.5"), currency="EUR")
