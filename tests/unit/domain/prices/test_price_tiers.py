"""Tiers and free units: which units of a month cost what, taken from one scale upwards and given back downwards."""

from decimal import Decimal

import pytest

from shared.domain.prices import PricedUnits, Tier, UnitsTaken, units_taken

TIERS = (Tier(Decimal(1), Decimal(1)), Tier(Decimal(101), Decimal("0.80")), Tier(Decimal(100001), Decimal("0.50")))


def _taken(units: str, before: str = "0", free: str = "0", total: str | None = None) -> UnitsTaken:
    of_all = Decimal(total) if total is not None else None
    return units_taken(TIERS, Decimal(free), Decimal(before), Decimal(units), of_all)


def _pieces(taken: UnitsTaken) -> list[tuple[str, str]]:
    return [(f"{piece.units}", f"{piece.price}") for piece in taken.pieces]


@pytest.mark.parametrize(
    ("units", "pieces"),
    [
        ("0", []),
        ("1", [("1", "1")]),
        ("100", [("100", "1")]),
        ("100.5", [("100", "1"), ("0.5", "0.80")]),
        ("101", [("100", "1"), ("1", "0.80")]),
        ("100000", [("100", "1"), ("99900", "0.80")]),
        ("100001", [("100", "1"), ("99900", "0.80"), ("1", "0.50")]),
    ],
)
def test_each_unit_has_the_price_of_its_own_tier(units: str, pieces: list[tuple[str, str]]) -> None:
    """A tier begins with its own unit; a part of a unit belongs to that unit."""
    taken = _taken(units)

    assert pieces == _pieces(taken)
    assert (Decimal(units), Decimal(0)) == (taken.charged, taken.free)


@pytest.mark.parametrize(
    ("total", "price"), [("0", "1"), ("100", "1"), ("100.01", "0.80"), ("101", "0.80"), ("100001", "0.50")]
)
def test_a_volume_price_is_that_of_the_last_unit_of_all(total: str, price: str) -> None:
    """All units have it, those of the first lines too; a total of credits is the same total."""
    assert [("40", price)] == _pieces(_taken("40", "30", total=total))
    assert [("40", price)] == _pieces(_taken("-40", "30", total=f"-{total}"))


def test_free_units_come_first_and_are_not_numbered() -> None:
    """The first charged unit is unit 1."""
    first, second = _taken("60", free="100"), _taken("150", "60", free="100")

    assert (Decimal(60), Decimal(0), []) == (first.free, first.charged, _pieces(first))
    assert (Decimal(40), Decimal(110)) == (second.free, second.charged)
    assert [("100", "1"), ("10", "0.80")] == _pieces(second)
    assert [("40", "0.80")] == _pieces(_taken("50", free="10", total="111"))
    assert [("40", "1")] == _pieces(_taken("50", free="10", total="110"))
    assert [] == _pieces(_taken("5", free="10", total="110"))


def test_a_credit_gives_back_the_last_units_at_their_own_price() -> None:
    """From the top of the scale down."""
    assert [("90", "1"), ("20", "0.80")] == _pieces(_taken("-110", "120"))
    assert Decimal(120) == _taken("-110", "120").before


def test_a_credit_beyond_the_month_is_a_charge_of_its_own_turned_round() -> None:
    """A month that only takes back is the exact reverse of the month that it takes back."""
    assert _taken("130").pieces == _taken("-130").pieces
    beyond = _taken("-150", "30", free="10")

    assert Decimal(20) == beyond.free
    assert [("120", "1"), ("10", "0.80")] == _pieces(beyond)  # 20 of this month, 110 of another
    assert Decimal(130) == beyond.charged


def test_without_tiers_units_are_only_counted() -> None:
    """Free and charged, without pieces."""
    assert UnitsTaken(Decimal(5), Decimal(5), Decimal(2)) == units_taken((), Decimal(10), Decimal(5), Decimal(7))


def test_long_quantities_lose_no_digit() -> None:
    """Folded sums have more digits than ordinary decimal arithmetic carries."""
    long = Decimal("123456789.1999968000511991808131")

    assert (PricedUnits(Decimal(100), Decimal(1)), PricedUnits(Decimal(99900), Decimal("0.80"))) == (
        units_taken(TIERS, Decimal(0), Decimal(0), long).pieces[:2]
    )
    assert Decimal("123356789.1999968000511991808131") == units_taken(TIERS, Decimal(0), Decimal(0), long).pieces[2][0]
    assert long == units_taken(TIERS, Decimal(0), long, -Decimal(0) - Decimal(1)).before
