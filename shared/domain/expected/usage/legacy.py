"""Legacy usage: charged month by month after the cycle, each tier on a line of its own, half up to the cent.

A cycle begins on the partner's billing day, or on the day of the purchase. What is above the included units (overage)
costs the list price of the day on which the cycle began, or of the purchase where that is later; a price that falls
or rises inside a cycle counts from the next. The effective rate that is printed is the charge divided by the overage,
cut to eight decimals.

Sources: Microsoft Partner Center documentation, "Usage-based reconciliation files" and its samples of usage lines.

Not here: tiers (``tiers``), Azure plans (``azure``).
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from shared.domain.expected.charge_cycles import cycle_at, day_of_month_anchor
from shared.domain.expected.conventions import LineFamily
from shared.domain.expected.history import History
from shared.domain.expected.left_out import event_ignored, never_created, price_missing, purchase_of
from shared.domain.expected.lines import Expected, ExpectedLine, Piece, UnitPrice
from shared.domain.expected.piece_amounts import merged
from shared.domain.expected.rounding import Rounding, rounded
from shared.domain.expected.usage.prices import FREE, unit_price_of
from shared.domain.expected.usage.rows import rows_of
from shared.domain.expected.usage.rules import LEGACY
from shared.domain.expected.usage.tiers import Scale, tiers_of, volume_total
from shared.domain.issues import Issue
from shared.domain.money import exact_sum
from shared.domain.periods import Period
from shared.domain.prices.tiers import tiers_refused
from shared.domain.subscriptions.events import EventKind
from shared.domain.subscriptions.subscription import Subscription, Usage

_DAY = timedelta(days=1)
RATE_DIGITS = 8
_CYCLE = "Assess usage fee for current cycle"
_CANCEL = "Assess usage fee when cancel"


def expected_legacy_usage(subscription: Subscription, history: History) -> Expected:
    """Return the usage lines of a legacy subscription, cycle by cycle."""
    purchase = purchase_of(subscription)
    if purchase is None:
        return Expected((), (never_created(subscription),))
    rows, issues = rows_of(subscription, history)
    issues += [
        event_ignored(subscription, event, "legacy usage knows no such change", "Take it out of the history.")
        for event in subscription.events
        if event is not purchase and event.kind not in _KNOWN and event.on <= (history.through or date.max)
    ]
    groups: dict[tuple[Period, str], list[Usage]] = defaultdict(list)
    for usage in rows:
        groups[_cycle_of(subscription, purchase.on, usage.on), usage.meter].append(usage)
    lines: list[ExpectedLine] = []
    for (cycle, _), same in sorted(groups.items(), key=lambda pair: pair[0]):
        billing = _Cycle(subscription, history, max(cycle.start, purchase.on), cycle, same)
        lines.extend(billing.lines())
        issues.extend(billing.issues)
    return Expected(tuple(lines), tuple(issues))


def effective_rate(charge: Decimal, overage: Decimal) -> Decimal:
    """Return what one unit of the overage cost, before or after tax as *charge* is, cut to eight decimals."""
    if not overage:
        return Decimal(0)
    above, below = charge.as_integer_ratio()
    units, over = overage.as_integer_ratio()
    return rounded(above * over, below * units, RATE_DIGITS, Rounding.DOWN)


_KNOWN = frozenset(
    {
        EventKind.PRICE_CHANGED,
        EventKind.PROMOTION_BEGAN,
        EventKind.PROMOTION_ENDED,
        EventKind.SUSPENDED,
        EventKind.REACTIVATED,
        EventKind.CANCELLED,
        EventKind.EXPIRED,
    }
)


def _cycle_of(subscription: Subscription, bought_on: date, on: date) -> Period:
    day = subscription.partner_billing_day
    anchor = bought_on if day is None else day_of_month_anchor(bought_on, day)
    return cycle_at(on, anchor, 1)


class _Cycle:
    """One meter in one cycle."""

    def __init__(
        self, subscription: Subscription, history: History, begins: date, cycle: Period, rows: list[Usage]
    ) -> None:
        self.issues: list[Issue] = []
        self._subscription, self._rows, self._cycle = subscription, rows, cycle
        self._through = history.through
        self._mode = history.conventions.mode(LineFamily.LEGACY_USAGE)
        self._begins = begins
        ends = (each for each in subscription.events if each.kind in {EventKind.CANCELLED, EventKind.EXPIRED})
        self._end = next((each for each in ends if each.on in cycle), None)
        self._tiers = tiers_of(subscription, rows[0].meter)

    def lines(self) -> Iterator[ExpectedLine]:
        arises_on = self._end.on if self._end else self._cycle.end
        if self._through is not None and self._through < arises_on:
            return
        pieces = merged(list(self._pieces()))
        consumed = exact_sum(usage.quantity for usage in self._rows)
        for place, piece in enumerate(pieces):
            yield self._line(piece, consumed if place == 0 else None)

    def _pieces(self) -> Iterator[Piece]:
        refused = tiers_refused(self._tiers) if self._tiers else ""
        total = volume_total(self._subscription, [usage.quantity for usage in self._rows])
        scale = Scale(self._tiers, Decimal(self._subscription.included_units), total)
        for usage in self._rows:
            price = FREE if self._tiers else unit_price_of(self._subscription, replace(usage, on=self._begins))
            if price is None or refused:
                meter = f"the meter {usage.meter!r} {refused}".rstrip()
                self.issues.append(price_missing(self._subscription, self._begins, meter))
            else:
                yield from scale.take(usage.quantity, price.amount)

    def _line(self, piece: Piece, consumed: Decimal | None) -> ExpectedLine:
        sign = -1 if piece.quantity < 0 else 1
        units, currency = Decimal(piece.quantity).copy_abs(), self._subscription.currency
        amount = self._mode.amount(piece.unit_price, units, 1, 1, currency=currency)
        facts = [("meter", self._rows[0].meter), ("unit", self._rows[0].unit)]
        if consumed is not None:
            facts += [("consumed", f"{consumed:f}"), ("included", f"{self._subscription.included_units}")]
        facts += [("overage", f"{units:f}"), ("pretax effective rate", f"{effective_rate(amount, units):f}")]
        end = self._end.on + _DAY if self._end else self._cycle.end
        return ExpectedLine(
            LEGACY,
            _CANCEL if self._end else _CYCLE,
            self._subscription,
            self._end,
            self._begins,
            end,
            self._cycle,
            1,
            1,
            units,
            sign,
            UnitPrice(piece.unit_price, piece.unit_price),
            sign * amount,
            currency,
            self._mode,
            end,
            inputs=tuple((name, value) for name, value in facts if value),
        )
