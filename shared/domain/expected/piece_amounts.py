"""Piece amounts: the amount of a line whose units have several prices, by the line's rounding mode.

The pieces are added up exactly, and the sum is treated as the price of one thing; a line with one price is its price
times its quantity.

Not here: which units have which price (``usage/tiers``).
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from shared.domain.expected.lines import Exchange, Piece
from shared.domain.expected.rounding import RAW_DIGITS, Rounding, RoundingMode, rounded
from shared.domain.money import exact_product, exact_sum

_ONE = Decimal(1)


def amount_of(
    pieces: Sequence[Piece], mode: RoundingMode, exchange: Exchange | None, currency: str, part: int = 1, whole: int = 1
) -> Decimal:
    """Return what *part* of *whole* of the pieces costs in *currency*, signed like the pieces' sum."""
    rate = exchange.rate if exchange else _ONE
    if len(pieces) == 1:
        return mode.amount(pieces[0].unit_price, pieces[0].quantity, part, whole, rate, currency=currency)
    return mode.amount(full_price(pieces), 1, part, whole, rate, currency=currency)


def full_price(pieces: Sequence[Piece]) -> Decimal:
    """Return the exact sum of units times prices."""
    return exact_sum(exact_product(Decimal(piece.quantity), piece.unit_price) for piece in pieces)


def units_of(pieces: Sequence[Piece]) -> Decimal:
    """Return the exact sum of the units."""
    return exact_sum(Decimal(piece.quantity) for piece in pieces)


def average_price(pieces: Sequence[Piece]) -> Decimal:
    """Return the price of one unit on average, cut to the digits of Microsoft's files; 0 where there is no unit."""
    if len({piece.unit_price for piece in pieces}) == 1:
        return pieces[0].unit_price
    units = Fraction(units_of(pieces))
    exact = abs(Fraction(full_price(pieces)) / units) if units else Fraction(0)
    return rounded(exact.numerator, exact.denominator, RAW_DIGITS, Rounding.DOWN)


def merged(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Return one piece for each price, in the order in which the prices first appear; prices of no unit are gone."""
    units: dict[Decimal, list[Decimal]] = {}
    for piece in pieces:
        units.setdefault(piece.unit_price, []).append(Decimal(piece.quantity))
    summed = [Piece(exact_sum(quantities), price) for price, quantities in units.items()]
    return tuple(piece for piece in summed if piece.quantity)
