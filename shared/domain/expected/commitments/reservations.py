"""Reservations: capacity bought for one or three years, paid at once or month by month, returned or exchanged by days.

A return within the first days gives back everything, later the share of the days left; the day of the return counts as
unused. What may be returned in a rolling year is limited. An exchange gives back the share of the days left and begins a
new term on that day, whose whole price must reach what was left of the old one. Covered usage costs nothing (``usage``).

Source: Microsoft Azure documentation, "Self-service exchanges and refunds for reservations"; dated figures stand in
``vendor_tables``; whether a fee is kept is a convention, because Microsoft's pages disagree.

Not here: renewals and instalments (``terms``), the limit over several reservations (``return_limit``).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from shared.domain.expected.cancellation_windows import window_in_force
from shared.domain.expected.commitments.lines import Occasion
from shared.domain.expected.commitments.prices import TermPrice
from shared.domain.expected.commitments.rules import RESERVATION, TermRules
from shared.domain.expected.commitments.terms import Order, TermLife
from shared.domain.expected.history import History
from shared.domain.expected.lines import ExpectedLine
from shared.domain.expected.vendor_tables import RESERVATION_RETURN_FEES, WindowKind
from shared.domain.periods import Period
from shared.domain.subscriptions.events import Event, EventKind, Quantity
from shared.domain.subscriptions.subscription import Subscription

_NOTHING = Decimal(0)
_EXCHANGES = frozenset({EventKind.UPGRADED, EventKind.CONVERTED, EventKind.PLAN_CHANGED})


@dataclass(frozen=True, slots=True)
class Return:
    """What was returned, and what the commitment that it ends was still worth."""

    at: datetime
    subscription_id: str
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
            self._resize(event, event.quantity)
        elif event.kind in _EXCHANGES:
            self._exchange(event)
        else:
            return False
        return True

    def remaining_worth(self, on: date, quantity: Quantity) -> Fraction:
        """Return what *quantity* units would still cost from *on* to the end of the term, paid or not, exactly."""
        return sum((self._worth(cycle, on) for cycle in self._cycles_from(on)), Fraction(0)) * Fraction(quantity)

    def _resize(self, event: Event, quantity: Quantity) -> None:
        if quantity > self.quantity:
            self.ignore(event, "a reservation cannot grow", "Record the further units as a reservation of their own.")
        elif quantity < 0:
            self.ignore(event, "a quantity cannot be negative")
        elif quantity < self.quantity:
            self._return(event, quantity)

    def _return(self, event: Event, left: Quantity) -> None:
        returned = self.quantity - left
        worth = self.remaining_worth(event.on, returned)
        self.returns.append(Return(event.at, self.subscription.id, event, worth))
        if event in self._refused:
            return
        fee = _NOTHING if self._is_early(event) else self._fee_percent(event.on)
        why = self._why(event, "cancelImmediate", left, fee)
        for line in self.charged:
            days = line.cycle if self._is_early(event) else self._rest(line, event.on)
            if days is not None:
                self.lines.append(self.make.rest_credit(why, line, days, returned, fee))
        self.resize(left, event.at)
        if not left:
            self.stop()
