"""Perpetual software: charged once when it is bought, without an end, and given back in full within its window.

Further units are a purchase of their own with a window of their own; fewer units give the youngest purchases back.

Source: Microsoft Partner Center documentation, "Perpetual software" and "New commerce cancellation policy".

Not here: software for a term (new commerce).
"""

from dataclasses import dataclass

from shared.domain.expected.cancellation_windows import window_ends_at, window_in_force
from shared.domain.expected.commitments.lines import LineMaker, Occasion
from shared.domain.expected.commitments.prices import CyclePrice, offer_percent, term_price
from shared.domain.expected.commitments.rules import PERPETUAL_SOFTWARE
from shared.domain.expected.history import History
from shared.domain.expected.left_out import event_ignored, never_created, price_missing, purchase_of
from shared.domain.expected.lines import Expected, ExpectedLine, UnitPrice
from shared.domain.expected.prices_in_force import discounted
from shared.domain.expected.vendor_tables import WindowKind
from shared.domain.issues import Issue
from shared.domain.subscriptions.events import Event, EventKind, Quantity
from shared.domain.subscriptions.subscription import Subscription

_SILENT = frozenset({EventKind.PRICE_CHANGED, EventKind.PROMOTION_BEGAN, EventKind.PROMOTION_ENDED})


def expected_perpetual_software(subscription: Subscription, history: History) -> Expected:
    """Return the purchases of perpetual software, and what is given back of them."""
    if purchase_of(subscription) is None:
        return Expected((), (never_created(subscription),))
    software = _Software(subscription, history)
    last_day = history.last_day(subscription)
    for event in subscription.events:
        if event.on <= last_day and event.kind not in _SILENT:
            software.happen(event)
    return Expected(tuple(software.lines), tuple(software.issues))


@dataclass(slots=True)
class _Purchase:
    """Units bought together: *left* of them are still held."""

    event: Event
    line: ExpectedLine | None
    left: Quantity


class _Software:
    def __init__(self, subscription: Subscription, history: History) -> None:
        self.lines: list[ExpectedLine] = []
        self.issues: list[Issue] = []
        self._subscription = subscription
        self._history = history
        self._make = LineMaker(subscription, history, self.issues)
        self._purchases: list[_Purchase] = []

    def happen(self, event: Event) -> None:
        held = sum((each.left for each in self._purchases), start=0)
        if event.kind is EventKind.CREATED and not self._purchases:
            self._buy(event, 1 if event.quantity is None else event.quantity)
        elif event.kind is EventKind.QUANTITY_CHANGED and event.quantity is not None and held:
            self._resize(event, held, event.quantity)
        elif event.kind is EventKind.CANCELLED and held:
            self._return(event, held)
        else:
            self._ignore(event, "perpetual software knows no such change, or nothing of it is held")

    def _ignore(self, event: Event, why: str) -> None:
        self.issues.append(event_ignored(self._subscription, event, why, "Check the event and its day."))

    def _resize(self, event: Event, held: Quantity, quantity: Quantity) -> None:
        if quantity < 0:
            self._ignore(event, "a quantity cannot be negative")
        elif quantity > held:
            self._buy(event, quantity - held)
        else:
            self._return(event, held - quantity)

    def _buy(self, event: Event, quantity: Quantity) -> None:
        if quantity <= 0:
            self._ignore(event, f"nothing is bought with a quantity of {quantity}")
            return
        order = self._subscription
        price = term_price(order, event.at, event.product or order.product, order.term, order.plan)
        if price is None:
            self.issues.append(price_missing(order, event.on, order.product or "the software"))
            self._purchases.append(_Purchase(event, None, quantity))
            return
        unit = UnitPrice(price.amount, price.amount, origin=price.origin)
        sold = CyclePrice(discounted(unit, offer_percent(order, event.at)))
        line = self._make.charge(self._why("new", event, quantity), None, None, [(quantity, sold)])
        self.lines.extend([line] if line else [])
        self._purchases.append(_Purchase(event, line, quantity))

    def _return(self, event: Event, quantity: Quantity) -> None:
        for purchase in reversed(self._purchases):
            fewer = min(purchase.left, quantity)
            if fewer and not self._is_open(event, purchase):
                self._ignore(event, f"the window of the purchase of {purchase.event.on} is closed")
                return
            if fewer and purchase.line is not None:
                why = self._why("cancelImmediate", event, purchase.left - fewer)
                self.lines.append(self._make.part_credit(why, purchase.line, fewer))
            purchase.left -= fewer
            quantity -= fewer

    def _is_open(self, event: Event, purchase: _Purchase) -> bool:
        bought_at = purchase.event.at
        window = window_in_force(WindowKind.PERPETUAL_SOFTWARE, bought_at.date()).value
        ends_at = window_ends_at(window, bought_at, self._history.conventions.cancel_window)
        return ends_at is None or event.at < ends_at

    def _why(self, charge_type: str, event: Event, after: Quantity) -> Occasion:
        rule = PERPETUAL_SOFTWARE.of(charge_type)
        return Occasion(rule=rule, charge_type=charge_type, on=event.on, event=event, after=after)
