"""Commitment lines: the charges and credits of what is bought for a term or for good, with rate and rounding.

A charge is converted with the rate of the month in which it arises; what is given back of it keeps that rate. Units
with offers of their own on one line are its pieces.

Not here: when a line arises (``terms`` and the kinds).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from shared.domain.expected.commitments.prices import CyclePrice
from shared.domain.expected.conventions import LineFamily
from shared.domain.expected.history import History
from shared.domain.expected.lines import ExpectedLine, Piece, UnitPrice
from shared.domain.expected.month_rates import month_rate
from shared.domain.expected.piece_amounts import amount_of, average_price, merged
from shared.domain.expected.rules import Rule
from shared.domain.issues import Issue
from shared.domain.money import exact_product
from shared.domain.periods import BillingPeriod, Period
from shared.domain.subscriptions.events import Event, Quantity
from shared.domain.subscriptions.subscription import Subscription

_DAY = timedelta(days=1)
_NOTHING, _ONE, _HUNDRED, _HUNDREDTH = Decimal(0), Decimal(1), Decimal(100), Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Why a line arises: by which rule, on which day, through which event (None: the calendar)."""

    rule: Rule
    charge_type: str
    on: date
    event: Event | None = None
    before: Quantity | None = None
    after: Quantity | None = None
    variants: tuple[str, ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()


class LineMaker:
    """Makes the lines of one subscription; a month without a rate becomes an issue."""

    def __init__(self, subscription: Subscription, history: History, issues: list[Issue]) -> None:
        self._subscription = subscription
        self._history = history
        self._issues = issues
        self._mode = history.conventions.mode(LineFamily.COMMITMENT)
        self._currency = history.currency or subscription.currency

    def charge(
        self,
        why: Occasion,
        days: Period | None,
        cycle: Period | None,
        prices: Sequence[tuple[Quantity, CyclePrice]],
    ) -> ExpectedLine | None:
        """Return the charge for all units, each batch of them with its price; None where the rate is missing."""
        exchange = month_rate(self._history, self._subscription, BillingPeriod.of(why.on))
        if isinstance(exchange, Issue):
            self._issues.append(exchange)
            return None
        first = prices[0][1]
        pieces = merged([Piece(quantity, price.unit.amount) for quantity, price in prices])
        unit = first.unit
        is_full = first.part == first.whole
        part, whole = (days.days, days.days) if is_full and days is not None else (first.part, first.whole)
        if len(pieces) > 1:
            unit = UnitPrice(average_price(pieces), unit.listed, origin=unit.origin)
        return ExpectedLine(
            why.rule,
            why.charge_type,
            self._subscription,
            why.event,
            days.start if days else None,
            days.end if days else None,
            cycle,
            part,
            whole,
            sum((quantity for quantity, _ in prices), start=0),
            1,
            unit,
            amount_of(pieces, self._mode, exchange, self._currency, part, whole),
            self._currency,
            self._mode,
            BillingPeriod.of(why.on),
            why.before,
            why.after,
            counted="days" if is_full else "months",
            variants=why.variants,
            exchange=exchange,
            pieces=pieces if len(pieces) > 1 else (),
            inputs=why.inputs,
        )

    def credit(self, why: Occasion, line: ExpectedLine) -> ExpectedLine:
        """Return the line that takes *line* back as a whole."""
        return line._replace(
            rule=why.rule,
            charge_type=why.charge_type,
            event=why.event,
            sign=-1,
            amount=-line.amount,
            invoice=BillingPeriod.of(why.on),
            quantity_before=line.quantity_after if why.before is None else why.before,
            quantity_after=why.after,
            corrects=line,
            variants=why.variants,
            inputs=why.inputs,
        )

    def part_credit(
        self,
        why: Occasion,
        line: ExpectedLine,
        quantity: Quantity,
        days: Period | None = None,
        fee_percent: Decimal = _NOTHING,
    ) -> ExpectedLine:
        """Return what is given back of *line* for *quantity* units, on *days* of its cycle (None: all), less a fee."""
        unit, part, whole, counted = line.price, line.part, line.whole, line.counted
        if days is not None and line.cycle is not None and days != line.cycle:
            is_full = part == whole
            part, whole = (1, 1) if is_full else (part, whole)
            part, whole, counted = part * days.days, whole * line.cycle.days, "days" if is_full else "times"
        if fee_percent:
            kept = exact_product(unit.amount, _HUNDRED - fee_percent, _HUNDREDTH)
            unit = UnitPrice(kept, unit.listed, fee_percent, unit.origin)
        rate = line.exchange.rate if line.exchange else _ONE
        amount = line.mode.amount(unit.amount, quantity, part, whole, rate, currency=line.currency)
        return self.credit(why, line)._replace(
            start=days.start if days else line.start,
            part=part,
            whole=whole,
            quantity=quantity,
            price=unit,
            amount=-amount,
            counted=counted,
        )

    def customer_credit(self, why: Occasion, amount: Decimal) -> ExpectedLine:
        """Return an amount given back, in the currency of the invoice."""
        return ExpectedLine(
            why.rule,
            why.charge_type,
            self._subscription,
            why.event,
            why.on,
            why.on + _DAY,
            None,
            1,
            1,
            1,
            -1,
            UnitPrice(amount, amount),
            -self._mode.amount(amount, 1, 1, 1, currency=self._currency),
            self._currency,
            self._mode,
            BillingPeriod.of(why.on),
        )
