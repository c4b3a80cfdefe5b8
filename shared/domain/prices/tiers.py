"""Tiers and free units: which of a month's units are free, and at which price each of the others is charged.

Units are numbered from 1 in the order in which they are charged; a tier begins at a unit's number and reaches up to the
next tier. A part of a unit belongs to the unit that it is a part of: of 100.5 units the last half is in unit 101.
Free units come first and are not numbered, so unit 1 is the first that is charged.

- *graduated*: each unit at the price of its own tier;
- *volume*: all units at the price of the tier that the last of all of them lies in.

What several lines charge together is a position on one scale: a charge takes the units from its position upwards, a
credit gives back the units below it. So the parts of any split add up to the whole, and a credit gives back the price
that its units were charged at. Credits beyond zero (units of an earlier month) are charges of a month of their own with
the sign turned: a month that only takes back is the exact reverse of the month that it takes back.

Not here: which lines share a scale (``month_units``), proration, uplifts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from shared.domain.money import exact_sum

_ZERO, _ONE = Decimal(0), Decimal(1)


class Tier(NamedTuple):
    """A price that begins at the unit with that number, the first unit being 1."""

    from_units: Decimal
    price: Decimal


class PricedUnits(NamedTuple):
    """So many units (never negative) at one price."""

    units: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class UnitsTaken:
    """Which units one line takes, all counts without a sign.

    *before* is how many units of the month stood before the line, *free* are those that cost nothing, *charged* the
    others, *pieces* the charged ones by price (empty where the entry has no tiers).
    """

    before: Decimal
    free: Decimal
    charged: Decimal
    pieces: tuple[PricedUnits, ...] = ()


def tiers_refused(tiers: Sequence[Tier]) -> str:
    """Return what is wrong with *tiers* and the cure, or "" where they are usable."""
    starts = [tier.from_units for tier in tiers]
    if any(start != start.to_integral_value() for start in starts):
        return "a tier begins at a whole unit: write such as 1:1.00; 101:0.80"
    if starts[0] != _ONE:
        return f"the first tier begins at unit {starts[0]:f}, not at 1: write the lowest tier first, beginning at 1"
    for before, after in pairwise(starts):
        if after == before:
            return f"two tiers begin at unit {after:f}: they overlap; keep one of them"
        if after < before:
            return f"tier {after:f} stands behind tier {before:f}: write the tiers in rising order"
    if any(tier.price < 0 for tier in tiers):
        return "a tier's price cannot be negative"
    return ""


def units_taken(
    tiers: Sequence[Tier], free_units: Decimal, before: Decimal, units: Decimal, total: Decimal | None = None
) -> UnitsTaken:
    """Return what a line of *units* (negative: a credit) takes, *before* standing on the scale before it.

    *total* is given for volume tiers only: the sum of all the lines' units, whose tier prices all of them.
    """
    free, charged = _ZERO, _ZERO
    by_price: dict[Decimal, Decimal] = {}
    for low, high in _spans(before, exact_sum((before, units))):
        first, last = _above(low, free_units), _above(high, free_units)
        own = _less(last, first)
        free = exact_sum((free, _less(high, low), own.copy_negate()))
        charged = exact_sum((charged, own))
        for piece in _graduated(tiers, first, last) if total is None else _volume(tiers, own, total, free_units):
            by_price[piece.price] = exact_sum((by_price.get(piece.price, _ZERO), piece.units))
    return UnitsTaken(before, free, charged, tuple(PricedUnits(units, price) for price, units in by_price.items()))


def _spans(before: Decimal, after: Decimal) -> Iterator[tuple[Decimal, Decimal]]:
    """Yield the stretches between two positions as distances from zero, one on each side of it."""
    low, high = min(before, after), max(before, after)
    if high > 0:
        yield max(low, _ZERO), high
    if low < 0:
        yield max(high.copy_negate(), _ZERO), low.copy_negate()


def _above(units: Decimal, free_units: Decimal) -> Decimal:
    return max(_less(units, free_units), _ZERO)


def _graduated(tiers: Sequence[Tier], first: Decimal, last: Decimal) -> Iterator[PricedUnits]:
    """Yield the units between two distances from zero by tier; a tier begins above the units before its own."""
    starts = [_less(tier.from_units, _ONE) for tier in tiers]
    ends = [*starts[1:], last]
    for tier, start, end in zip(tiers, starts, ends, strict=False):
        low, high = max(start, first), min(end, last)
        if low < high:
            yield PricedUnits(_less(high, low), tier.price)


def _volume(tiers: Sequence[Tier], units: Decimal, total: Decimal, free_units: Decimal) -> Iterator[PricedUnits]:
    """Yield the units at the price of the tier that the last of all charged units lies in; of none, the first."""
    of_all = _above(total.copy_abs(), free_units)
    reached = [tier for tier in tiers if tier.from_units == _ONE or _less(tier.from_units, _ONE) < of_all]
    if units:
        yield PricedUnits(units, reached[-1].price)


def _less(one: Decimal, other: Decimal) -> Decimal:
    """Return the exact difference; the operator would round a long number."""
    return exact_sum((one, other.copy_negate()))
