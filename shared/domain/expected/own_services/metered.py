"""Metered services: measured consumption of a cycle, beyond the included units, charged on the day after its end.

Readings of a meter become one number of units: their sum, the highest, the last, or each level for its share of the
days (a level lasts until the next reading, and goes on into the next cycle; a reading with a span counts for its span).
Included units shrink with the part of the cycle in which the service ran, where the policy says so.

Where units are sold in blocks, what is billed, and what tiers count, is blocks. Uplifts and promotions hold for prices
by tiers as for any other; a price that a reading brings along is as it is.

Units may have no end as a decimal (20 x 13/31): then they are kept as a whole number of parts, and the line's share is
one of so many. Amounts are exact up to the one rounding; modes that round a share do not apply.

Sources: Lago, "Weighted sum"; Silver (included units are prorated with the plan).

Not here: Microsoft's usage (``usage``), the cycles (``recurring``).
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil, lcm
from typing import NamedTuple

from shared.domain.expected.lines import ExpectedLine, UnitPrice
from shared.domain.expected.lines import Piece as TierPiece
from shared.domain.expected.own_services import complaints, rules
from shared.domain.expected.own_services.arrears import grant_after
from shared.domain.expected.own_services.booking import Booking
from shared.domain.expected.own_services.making import Maker
from shared.domain.expected.own_services.rates import finite, price_in
from shared.domain.expected.own_services.recurring import Known, Window
from shared.domain.expected.own_services.shares import part_of
from shared.domain.expected.rounding import MODES, Rounding, RoundingMode, Steps, rounded, trimmed
from shared.domain.money import minor_digits
from shared.domain.subscriptions.events import Quantity
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.own_billing import Aggregation, Tiering
from shared.domain.subscriptions.subscription import Tier, Usage

_PLAIN_MODES = {
    Rounding.HALF_UP: MODES["half_up"],
    Rounding.HALF_EVEN: MODES["half_even"],
    Rounding.DOWN: MODES["truncated"],
    Rounding.UP: MODES["rounded_up"],
}
_SHOWN_DIGITS = 10


class _Meter(NamedTuple):
    """Readings that are counted together. A price of the reading's own goes before all others."""

    name: str
    unit: str
    unit_price: Decimal | None


def bill_usage(known: Known, maker: Maker, usage: Sequence[Usage]) -> None:
    """Make the lines of measured consumption."""
    if not usage and known.subscription.kind is not ServiceKind.OWN_METERED:
        return
    meters: dict[_Meter, list[Usage]] = {}
    for each in sorted(usage, key=lambda each: (each.on, each.meter, each.resource, each.quantity)):
        meters.setdefault(_Meter(each.meter, each.unit, each.unit_price), []).append(each)
    last = (maker.last_on.toordinal() + 1) * maker.per_day - 1
    for window in known.windows(last):
        if not known.is_free(window):
            _bill_window(known, maker, window, meters)
    _complain(known, usage)


def _bill_window(known: Known, maker: Maker, window: Window, meters: dict[_Meter, list[Usage]]) -> None:
    subscription, end = known.subscription, known.end_at(window)
    booking = Booking(maker, known.last_cycle(window))
    included = Fraction(subscription.included_units)
    if subscription.billing.included_units_shrink:
        included *= part_of(subscription.billing, booking.cycle, window.start, end).exact
    for meter in sorted(meters, key=lambda meter: (meter.name, meter.unit, str(meter.unit_price))):
        used = _units(known, window, meters[meter])
        billed = max(used - included, Fraction(0))
        if used:
            _bill_meter(known, booking, window, (meter, used, billed))
        included = max(included - used, Fraction(0))
    if subscription.kind is ServiceKind.OWN_METERED:
        booking.top_up(end, window.start, end)
        grant_after(known, window, booking)


def _bill_meter(known: Known, booking: Booking, window: Window, found: tuple[_Meter, Fraction, Fraction]) -> None:
    meter, used, beyond = found
    billed = _in_blocks(beyond, known.subscription.billing.block_units)
    tiers = _priced(known, window, meter, billed)
    if tiers is None:
        return
    end, maker = known.end_at(window), booking.maker
    down = lcm(*(units.denominator for units, _ in tiers if finite(units) is None))
    pieces = tuple(TierPiece(_whole_parts(units * down), price) for units, price in tiers)
    exact = sum((units * Fraction(price) for units, price in tiers), Fraction(0))
    mode = _plain(maker.mode)
    digits = minor_digits(known.subscription.currency) if mode.digits is None else mode.digits
    amount = rounded(exact.numerator, exact.denominator, digits, mode.rounding)
    price = pieces[0].unit_price if len(pieces) == 1 else Decimal(0)
    inputs = (("used", _shown(used)), ("billed", _shown(beyond)), ("meter", meter.name), ("unit", meter.unit))
    line = ExpectedLine(
        rules.METERED,
        rules.METERED_TYPE,
        known.subscription,
        None,
        maker.day_of(window.start),
        maker.day_of(end - 1 + maker.per_day),
        booking.cycle.period,
        1,
        down,
        _whole_parts(billed * down),
        1,
        UnitPrice(price, price, Decimal(0), "tiers" if len(pieces) > 1 else ""),
        amount,
        known.subscription.currency,
        mode,
        maker.due(end),
        counted="times",
        pieces=pieces if len(pieces) > 1 else (),
        inputs=tuple(pair for pair in inputs if pair[1]),
    )
    booking.charge(end, line)


def _in_blocks(units: Fraction, block_units: Decimal | None) -> Fraction:
    """Return how many blocks *units* make, one that is only begun counted as a block; without blocks the units."""
    return units if block_units is None else Fraction(ceil(units / Fraction(block_units)))


def _priced(known: Known, window: Window, meter: _Meter, billed: Fraction) -> list[tuple[Fraction, Decimal]] | None:
    """Return the billed units by their prices; None (and an issue) where there is no price."""
    subscription = known.subscription
    if meter.unit_price is not None:
        return [(billed, meter.unit_price)]
    if subscription.tiers:
        state = known.story.state_at(window.start)
        tiers = in_tiers(billed, subscription.tiers, subscription.billing.tiering)
        return [(units, price_in(state, price)) for units, price in tiers]
    if subscription.kind is ServiceKind.OWN_METERED:
        rate = known.rate(known.story.state_at(window.start), window.priced, window.start)
        return None if rate is None else [(billed, rate.price.amount)]
    known.story.issues.append(complaints.price_missing(subscription, f"the consumption {meter.name}".strip()))
    return None


def in_tiers(units: Fraction, tiers: Sequence[Tier], tiering: Tiering) -> list[tuple[Fraction, Decimal]]:
    """Return *units* by the prices of their tiers; units before the first tier are free. At least one pair."""
    rows = sorted(tiers, key=lambda tier: tier.first)
    if tiering is Tiering.VOLUME:
        reached = [tier for tier in rows if Fraction(tier.first) - 1 < units]
        return [(units, reached[-1].unit_price if reached else Decimal(0))]
    made = []
    for index, tier in enumerate(rows):
        begin = Fraction(tier.first) - 1
        end = min(units, Fraction(rows[index + 1].first) - 1) if index + 1 < len(rows) else units
        if end > begin:
            made.append((end - begin, tier.unit_price))
    return made or [(Fraction(0), rows[0].unit_price)]


def _units(known: Known, window: Window, readings: Sequence[Usage]) -> Fraction:
    """Return the readings of a cycle as one number of units."""
    how = known.subscription.billing.aggregation
    if how is Aggregation.TIME_WEIGHTED:
        return _weighted(known, window, readings)
    first, last = _days(known, window)
    inside = [Fraction(each.quantity) for each in readings if first <= each.on.toordinal() < last]
    if not inside:
        return Fraction(0)
    if how is Aggregation.SUM:
        return sum(inside, Fraction(0))
    return max(inside) if how is Aggregation.MAXIMUM else inside[-1]


def _weighted(known: Known, window: Window, readings: Sequence[Usage]) -> Fraction:
    """Return every level times its share of the days of the cycle."""
    first, last = _days(known, window)
    total = Fraction(0)
    levels = [each for each in readings if each.span is None]
    for index, each in enumerate(levels):
        until = levels[index + 1].on.toordinal() if index + 1 < len(levels) else last
        total += _overlap(each.on.toordinal(), until, first, last) * Fraction(each.quantity)
    for each in readings:
        if each.span is not None:
            days = _overlap(each.span.start.toordinal(), each.span.end.toordinal(), first, last)
            total += days * Fraction(each.quantity)
    cycle = known.last_cycle(window)
    return total * cycle.per_day / (cycle.base_end - cycle.base_start)


def _overlap(start: int, end: int, first: int, last: int) -> int:
    return max(min(end, last) - max(start, first), 0)


def _days(known: Known, window: Window) -> tuple[int, int]:
    """Return the first day and the day after the last, as ordinals."""
    per_day = known.story.per_day
    return window.start // per_day, -(-known.end_at(window) // per_day)


def _complain(known: Known, usage: Sequence[Usage]) -> None:
    """Say which readings lie outside the time of the service."""
    story = known.story
    ends_at = story.ends[-1].at if story.ends else None
    first, last = story.start // story.per_day, None if ends_at is None else -(-ends_at // story.per_day)
    outside = [
        each for each in usage if each.on.toordinal() < first or (last is not None and each.on.toordinal() >= last)
    ]
    if outside:
        story.issues.append(complaints.usage_outside(known.subscription, len(outside)))


def _plain(mode: RoundingMode) -> RoundingMode:
    return mode if mode.steps is Steps.PRODUCT else _PLAIN_MODES[mode.rounding]


def _whole_parts(units: Fraction) -> Quantity:
    if units.denominator == 1:
        return int(units)
    return finite(units) or Decimal(0)


def _shown(units: Fraction) -> str:
    return f"{trimmed(rounded(units.numerator, units.denominator, _SHOWN_DIGITS, Rounding.HALF_UP)):f}"
