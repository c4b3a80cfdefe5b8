"""Usage readings: from a subscription's usage to what is charged of it, row by row, with price, tiers and credit.

A reading is one row of usage as Microsoft rates it: a resource, a meter and a day. What a savings plan covers is a
reading of its own at no charge.

Not here: the lines made of readings (``azure``), coverage (``savings_coverage``), tiers (``tiers``).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from shared.domain.expected.history import History
from shared.domain.expected.left_out import price_missing
from shared.domain.expected.lines import Piece, UnitPrice
from shared.domain.expected.usage.partner_earned_credit import credited, is_creditable
from shared.domain.expected.usage.prices import FREE, unit_price_of
from shared.domain.expected.usage.rows import row_key, rows_of
from shared.domain.expected.usage.savings_coverage import Covers, coverage
from shared.domain.expected.usage.tiers import Scale, tiers_of, volume_total
from shared.domain.issues import Issue
from shared.domain.money import exact_sum
from shared.domain.periods import BillingPeriod
from shared.domain.prices.tiers import tiers_refused
from shared.domain.subscriptions.events import Quantity
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.subscription import Subscription, Usage

_ZERO, _HUNDRED = Decimal(0), Decimal(100)


class Reading(NamedTuple):
    """One row as it is charged. *pieces* are the charged units by effective price, with the sign of the quantity.

    *quantity* is what was used, *listed* the same units before credit. *price* is the effective price of one unit; of a
    tiered row the pieces say it. *benefit* names what covers the row.
    """

    usage: Usage
    quantity: Decimal
    pieces: tuple[Piece, ...]
    listed: tuple[Piece, ...]
    price: UnitPrice
    is_credited: bool = False
    is_tiered: bool = False
    benefit: str = ""


@dataclass(frozen=True, slots=True)
class Readings:
    """The readings of one subscription in order, and what of its usage is left out."""

    readings: tuple[Reading, ...]
    issues: tuple[Issue, ...]


def readings_of(subscription: Subscription, history: History) -> Readings:
    """Return what is charged of the subscription's usage; its included units are free for each meter and month."""
    rows, issues = rows_of(subscription, history)
    covers, included = coverage(history), Decimal(included_units(subscription, history))
    places = {row_key(usage): place for place, usage in enumerate(rows)}
    made: list[Reading] = []
    for same_scale in _by_meter_and_month(rows).values():
        rating = _Rating(subscription, same_scale, covers, included)
        made.extend(rating.readings())
        issues.extend(rating.issues)
    made.sort(key=lambda reading: places[row_key(reading.usage)])
    return Readings(tuple(made), tuple(issues))


def included_units(subscription: Subscription, history: History) -> Quantity:
    """Return the units that are free: the subscription's own, else those of the licence that it names as its parent."""
    if subscription.included_units or not subscription.parent_id:
        return subscription.included_units
    return next((each.included_units for each in history.subscriptions if each.id == subscription.parent_id), 0)


def _by_meter_and_month(rows: list[Usage]) -> dict[tuple[str, BillingPeriod], list[Usage]]:
    groups: dict[tuple[str, BillingPeriod], list[Usage]] = defaultdict(list)
    for usage in rows:
        groups[usage.meter, BillingPeriod.of(usage.on)].append(usage)
    return groups


class _Rating:
    """One meter's month on its scale."""

    def __init__(self, subscription: Subscription, rows: Sequence[Usage], covers: Covers, included: Decimal) -> None:
        self.issues: list[Issue] = []
        self._subscription = subscription
        self._rows = rows
        self._covers = covers
        self._tiers = tiers_of(subscription, rows[0].meter)
        on_scale = [self._rest(usage) for usage in rows if self._is_on_scale(usage)]
        self._scale = Scale(self._tiers, included, volume_total(subscription, on_scale))

    def readings(self) -> Iterator[Reading]:
        refused = tiers_refused(self._tiers) if self._tiers else ""
        for usage in self._rows:
            price = FREE if self._is_tiered(usage) else unit_price_of(self._subscription, usage)
            if usage.benefit:
                yield _covered(usage, usage.quantity, price or FREE, usage.benefit)
            elif price is None or (refused and self._is_tiered(usage)):
                self._leave_out(usage, refused)
            else:
                yield from self._split(usage, price)

    def _split(self, usage: Usage, price: UnitPrice) -> Iterator[Reading]:
        covers = self._covers.get(row_key(usage), ())
        for cover in covers:
            yield _covered(usage, cover.units, price, cover.plan_id)
        rest = self._rest(usage)
        if rest or not covers:
            yield self._charged(usage, rest, price)

    def _charged(self, usage: Usage, units: Decimal, price: UnitPrice) -> Reading:
        is_on_scale, is_tiered = self._is_on_scale(usage), self._is_tiered(usage)
        pieces = self._scale.take(units, price.amount) if is_on_scale else (Piece(units, price.amount),)
        is_azure = self._subscription.kind is ServiceKind.AZURE_USAGE
        if not (is_azure and usage.is_credited and is_creditable(usage)):
            return Reading(usage, units, pieces, pieces, price, is_tiered=is_tiered)
        reduced = tuple(Piece(piece.quantity, _credited(piece.unit_price, usage)) for piece in pieces)
        effective = credited(price, usage.on)
        return Reading(usage, units, reduced, pieces, effective, is_credited=True, is_tiered=is_tiered)

    def _is_tiered(self, usage: Usage) -> bool:
        return bool(self._tiers) and usage.unit_price is None

    def _is_on_scale(self, usage: Usage) -> bool:
        return not usage.benefit and (self._is_tiered(usage) or not self._tiers)

    def _rest(self, usage: Usage) -> Decimal:
        return exact_sum([usage.quantity, *[-cover.units for cover in self._covers.get(row_key(usage), ())]])

    def _leave_out(self, usage: Usage, refused: str) -> None:
        meter = f"the meter {usage.meter!r}" if usage.meter else "the usage"
        what = f"{meter} ({refused})" if refused else meter
        self.issues.append(price_missing(self._subscription, usage.on, what))


def _covered(usage: Usage, units: Decimal, price: UnitPrice, benefit: str) -> Reading:
    pieces = (Piece(units, _ZERO),)
    return Reading(usage, units, pieces, pieces, UnitPrice(_ZERO, price.listed, _HUNDRED), benefit=benefit)


def _credited(amount: Decimal, usage: Usage) -> Decimal:
    return credited(UnitPrice(amount, amount), usage.on).amount
