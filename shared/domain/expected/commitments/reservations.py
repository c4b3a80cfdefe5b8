"""Reservations: capacity bought for one or three years, paid at once or month by month, returned or exchanged by days.

A return within the first days gives back everything, later the share of the days left; the day of the return counts
as unused. What may be returned in a rolling year is limited. An exchange gives back the share of the days left and
begins a new term on that day, whose whole price must reach what was left of the old one. Covered usage costs nothing
(``usage``).

Source: Microsoft Azure documentation, "Self-service exchanges and refunds for reservations"; dated figures stand in
``vendor_tables``; whether a fee is kept is a convention, because Microsoft's pages disagree.

Not here: renewals and instalments (``terms``), the limit over several reservations (``return_limit``).
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from shared.domain.expected.cancellation_windows import window_in_force
from shared.domain.expected.charge_cycles import cycles_from
from shared.domain.expected.commitments.lines import Occasion
from shared.domain.expected.commitments.prices import TermPrice, offer_percent
from shared.domain.expected.commitments.rules import RESERVATION, TermRules
from shared.domain.expected.commitments.terms import Batch, TermLife
from shared.domain.expected.history import History
from shared.domain.expected.left_out import price_missing
from shared.domain.expected.vendor_tables import RESERVATION_RETURN_FEES, WindowKind
from shared.domain.periods import Period
from shared.domain.subscriptions.events import Event, EventKind, Quantity
from shared.domain.subscriptions.subscription import Subscription

_NOTHING = Decimal(0)
_EXCHANGES = frozenset({EventKind.UPGRADED, EventKind.CONVERTED, EventKind.PLAN_CHANGED})


@dataclass(frozen=True, slots=True)
class Return:
    """What was returned, and what the commitment that it ends was still worth."""

    event: Event
    worth: Fraction


class ReservationLife(TermLife):
    """One reservation. *refused* are returns that the vendor's limit does not allow."""

    rules: ClassVar[TermRules] = RESERVATION

    def __init__(self, subscription: Subscription, history: History, refused: frozenset[Event] = frozenset()) -> None:
        super().__init__(subscription, history)
        self.returns: list[Return] = []
        self._refused = refused

    def change(self, event: Event) -> bool:
        """Return all or some units, or exchange them; further units are another reservation."""
        if event.kind is EventKind.CANCELLED:
            self._return(event, 0)
        elif event.kind is EventKind.QUANTITY_CHANGED and event.quantity is not None:
            self._shrink(event, event.quantity)
        elif event.kind in _EXCHANGES:
            self._exchange(event)
        else:
            return False
        return True

    def _shrink(self, event: Event, left: Quantity) -> None:
        if left > self.quantity:
            self.ignore(event, "a reservation cannot grow", "Record the further units as a reservation of their own.")
        elif left < 0:
            self.ignore(event, "a quantity cannot be negative")
        elif left < self.quantity:
            self._return(event, left)

    def _return(self, event: Event, left: Quantity) -> None:
        returned = self.quantity - left
        self.returns.append(Return(event, self._worth_left(event.on) * Fraction(returned)))
        if event in self._refused:
            return
        why = self.because("cancelImmediate", event.on, event, self.quantity, left)
        if self._is_early(event):
            self._give_back_days(why, returned)
        else:
            self._give_back_days(self._with_fee(why), returned, event.on, self._fee_percent(event.on))
        self.resize(left, event.at)
        if not left:
            self.stop()

    def _exchange(self, event: Event) -> None:
        quantity = self.quantity if event.quantity is None else event.quantity
        before, worth = self.order, self._worth_left(event.on) * Fraction(self.quantity)
        if quantity <= 0:
            self.ignore(event, f"nothing is bought with a quantity of {quantity}", "Record a cancellation.")
        elif self.apply(event) and not self._is_worth(event, quantity, worth):
            self.order = before
        elif self.order is not before:
            self._give_back_days(
                self.because("convert", event.on, event, self.quantity, quantity), self.quantity, event.on
            )
            self.batches = [Batch(quantity, event.at, offer_percent(self.subscription, event.at))]
            self.begin(event.at, event, "convert")

    def _is_worth(self, event: Event, quantity: Quantity, worth: Fraction) -> bool:
        """Whether the order as it stands costs at least *worth*; else say why it is left out."""
        price = self.price_at(event.at)
        if price is None:
            self.issues.append(price_missing(self.subscription, event.on, f"a term of {self.order.product!r}"))
            return False
        percent = offer_percent(self.subscription, event.at)
        new = self._cost(self.term_from(event.on), price, event.on, percent) * Fraction(quantity)
        if new < worth:
            self.ignore(event, "the new commitment is smaller than what is left of the old one", "Exchange for more.")
        return new >= worth

    def _give_back_days(
        self, why: Occasion, quantity: Quantity, on: date = date.min, fee_percent: Decimal = _NOTHING
    ) -> None:
        """Give back the days from *on* of all standing charges for *quantity* units."""
        for line in self.charged:
            if line.start is not None and line.end is not None and on < line.end:
                days = Period(max(on, line.start), line.end)
                self.lines.append(self.make.part_credit(why, line, quantity, days, fee_percent))

    def _worth_left(self, on: date) -> Fraction:
        """Return what one unit costs from *on* to the end of the running term, paid or not."""
        period, price = self.terms[-1]
        return self._cost(period, price, on, self.batches[0].percent_off) if price else Fraction(0)

    def _cost(self, period: Period, price: TermPrice, on: date, percent_off: Decimal) -> Fraction:
        total = Fraction(0)
        for cycle in cycles_from(period.start, self.cycle_months, period.end, self.history.conventions.month_end):
            days_left = (cycle.end - max(on, cycle.start)).days
            if days_left > 0:
                found = price.for_cycle(cycle, self.cycle_months, self.term_months, percent_off)
                total += (
                    Fraction(found.unit.amount) * Fraction(found.part, found.whole) * Fraction(days_left, cycle.days)
                )
        return total

    def _is_early(self, event: Event) -> bool:
        window = window_in_force(WindowKind.RESERVATION, self.began_at.date()).value
        return event.at - self.began_at < timedelta(days=window.full.days)

    def _fee_percent(self, on: date) -> Decimal:
        table = RESERVATION_RETURN_FEES[self.history.conventions.early_return_fee]
        return next(row.value for row in table if row.holds_on(on))

    def _with_fee(self, why: Occasion) -> Occasion:
        return replace(why, variants=(self.history.conventions.early_return_fee.value,))
