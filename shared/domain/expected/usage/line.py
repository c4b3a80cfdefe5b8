"""Usage line: one line for one or many readings, with its tiers, prices and inputs.

Units of several prices are the line's pieces; its price is then what one unit costs on average.

Not here: which readings share a line (``azure``, ``legacy``).
"""

from dataclasses import dataclass
from decimal import Decimal

from shared.domain.expected.lines import Exchange, ExpectedLine, Piece, UnitPrice
from shared.domain.expected.piece_amounts import amount_of, average_price, full_price, merged, units_of
from shared.domain.expected.rounding import RoundingMode, trimmed
from shared.domain.expected.rules import Rule
from shared.domain.expected.usage.partner_earned_credit import percent_on
from shared.domain.expected.usage.readings import Reading
from shared.domain.money import exact_sum
from shared.domain.periods import BillingPeriod, Period
from shared.domain.subscriptions.subscription import Subscription

CHARGE_TYPE = "usage"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageSum:
    """Readings that make one line, by which rule, for which days of which month."""

    rule: Rule
    readings: tuple[Reading, ...]
    days: Period
    month: BillingPeriod
    variants: tuple[str, ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()


def usage_line(
    subscription: Subscription, what: UsageSum, mode: RoundingMode, exchange: Exchange | None, currency: str
) -> ExpectedLine:
    """Return the line; usage that is taken back makes a credit."""
    pieces = merged([piece for reading in what.readings for piece in reading.pieces])
    cost, used = full_price(pieces), units_of(pieces)
    sign = -1 if cost < 0 or (cost == 0 and used < 0) else 1
    if sign < 0:
        pieces = tuple(Piece(-piece.quantity, piece.unit_price) for piece in pieces)
    is_pieces = len(pieces) > 1 or any(reading.is_tiered for reading in what.readings)
    units, amount = used.copy_abs(), amount_of(pieces, mode, exchange, currency)
    return ExpectedLine(
        what.rule,
        CHARGE_TYPE,
        subscription,
        None,
        what.days.start,
        what.days.end,
        what.month.period,
        1,
        1,
        units,
        sign,
        _price(what.readings, pieces) if is_pieces else what.readings[0].price,
        sign * (amount if mode.digits is None else trimmed(amount)),
        currency,
        mode,
        what.month,
        variants=what.variants,
        exchange=exchange,
        pieces=pieces if is_pieces else (),
        inputs=(*_inputs(what.readings, units), *what.inputs),
    )


def _price(readings: tuple[Reading, ...], pieces: tuple[Piece, ...]) -> UnitPrice:
    """Return the average effective price, and the average before anything was taken off."""
    listed = merged([piece for reading in readings for piece in reading.listed])
    is_credited = all(reading.is_credited for reading in readings)
    percent = percent_on(readings[0].usage.on) if is_credited else Decimal(0)
    return UnitPrice(average_price(pieces), average_price(listed), percent, readings[0].price.origin)


def _inputs(readings: tuple[Reading, ...], charged: Decimal) -> tuple[tuple[str, str], ...]:
    usage = readings[0].usage
    used = exact_sum(reading.quantity for reading in readings).copy_abs()
    is_one = len({reading.usage.resource for reading in readings}) == 1
    facts = (
        ("meter", usage.meter),
        ("resource", usage.resource if is_one else ""),
        ("unit", usage.unit),
        ("benefit", readings[0].benefit),
        ("consumed", f"{used:f}" if used != charged else ""),
        ("partner earned credit", f"{percent_on(usage.on)} %" if any(each.is_credited for each in readings) else ""),
    )
    return tuple((name, value) for name, value in facts if value)
