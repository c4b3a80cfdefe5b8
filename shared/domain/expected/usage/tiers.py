"""Usage tiers: which units of a meter's month are included, and at which price each of the others is charged.

The units of a month stand on one scale in the order of their days, so that a tier's boundary may lie inside a day, and
the parts of any split add up to the whole. A tier begins at a whole unit's number; a part of a unit belongs to the unit
that it is a part of. Included units come first and are not numbered.

Source: Microsoft Partner Center documentation, "Azure plan price list: tiered pricing".

Not here: the arithmetic of a scale (``prices/tiers``), which usage shares a scale (``readings``).
"""

from collections.abc import Sequence
from decimal import Decimal

from shared.domain.expected.lines import Piece
from shared.domain.money import exact_sum
from shared.domain.prices.tiers import Tier as PriceTier
from shared.domain.prices.tiers import units_taken
from shared.domain.subscriptions.subscription import Subscription, Tiering


def tiers_of(subscription: Subscription, meter: str) -> tuple[PriceTier, ...]:
    """Return the tiers of a meter from the lowest up: its own, else those of any meter; nothing where it has none.

    Price lists write the lowest tier as beginning at 0 or at 1; both mean the first unit.
    """
    own = [tier for tier in subscription.tiers if meter and tier.meter == meter]
    rows = own or [tier for tier in subscription.tiers if not tier.meter]
    return tuple(sorted(PriceTier(Decimal(tier.first or 1), tier.unit_price) for tier in rows))


class Scale:
    """The units of one meter in one month, taken in the order in which they were used."""

    def __init__(self, tiers: Sequence[PriceTier], included: Decimal, volume_total: Decimal | None = None) -> None:
        """Begin at the first unit; *volume_total* is the sum of the month's units where tiers are for all of them."""
        self._tiers = tiers
        self._included = included
        self._total = volume_total
        self._position = Decimal(0)

    def take(self, units: Decimal, price: Decimal) -> tuple[Piece, ...]:
        """Return the charged ones of the next *units* by price, with their sign; *price* is for a meter without tiers.

        Negative units give back the units before them at the price at which those were charged.
        """
        taken = units_taken(self._tiers, self._included, self._position, units, self._total)
        self._position = exact_sum((self._position, units))
        if self._tiers:
            return tuple(Piece(_signed(piece.units, units), piece.price) for piece in taken.pieces)
        return (Piece(_signed(taken.charged, units), price),) if taken.charged else ()


def volume_total(subscription: Subscription, quantities: Sequence[Decimal]) -> Decimal | None:
    """Return the sum that decides the tier of all units, or None where each unit has the price of its own tier."""
    return exact_sum(quantities) if subscription.tiering is Tiering.VOLUME else None


def _signed(units: Decimal, like: Decimal) -> Decimal:
    return -units if like < 0 else units
