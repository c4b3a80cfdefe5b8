"""Marketplace: other publishers' software as a service (and Business Central), charged in full or not at all.

Nothing is prorated. In the cancellation window a cancellation, another product or plan, and fewer seats give the
whole charge back; later they wait for the renewal. Further seats cost the whole cycle. A trial costs nothing and
renews as paid. Metered charges stand beside the seats and are not given back. A private offer is a promotion: seats
bought while it is open keep it until the subscription ends.

A subscription without a term (metered products with a fixed fee) is charged for the day of the purchase, and for that
day of every cycle of its plan.

Source: Microsoft Partner Center documentation, "Common billing scenarios: software as a service", "New commerce
cancellation policy" and "Margins of the commercial marketplace"; windows stand in ``vendor_tables``.

Not here: terms and renewals (``terms``), metered usage (``usage/metered``).
"""

from datetime import datetime
from typing import ClassVar

from shared.domain.expected.cancellation_windows import window_ends_at, window_in_force, window_kind
from shared.domain.expected.commitments.prices import offer_percent
from shared.domain.expected.commitments.rules import MARKETPLACE, TermRules
from shared.domain.expected.commitments.terms import Batch, TermLife
from shared.domain.expected.history import History
from shared.domain.expected.left_out import event_waits
from shared.domain.expected.lines import Expected
from shared.domain.periods import Period
from shared.domain.subscriptions.events import Event, EventKind, Quantity
from shared.domain.subscriptions.subscription import Subscription

_CONVERSIONS = frozenset({EventKind.CONVERTED, EventKind.UPGRADED, EventKind.PLAN_CHANGED})


def expected_marketplace(subscription: Subscription, history: History) -> Expected:
    """Return what the seats and fees of a marketplace subscription cost; metered charges stand beside them."""
    return _Marketplace(subscription, history).expected()


class _Marketplace(TermLife):
    rules: ClassVar[TermRules] = MARKETPLACE
    may_lack_term: ClassVar[bool] = True

    def change(self, event: Event) -> bool:
        if event.kind is EventKind.CANCELLED:
            self._cancel(event)
        elif event.kind is EventKind.CONVERTED and self.is_trial and event.on >= self.period.end:
            self.renewed(event)
        elif event.kind is EventKind.QUANTITY_CHANGED and event.quantity is not None:
            self._change_quantity(event, event.quantity)
        elif event.kind in _CONVERSIONS:
            self._convert(event)
        elif event.kind is EventKind.TERM_EXTENDED and self.is_trial:
            self._extend_trial(event)
        else:
            return False
        return True

    def _cancel(self, event: Event) -> None:
        if self.is_trial:
            self.give_back(event, "cancel", 0)
            self.stop()
        elif self._is_open(event.at, self.began_at):
            self.give_back(event, "cancelImmediate", 0)
            self.stop()
        else:
            self.auto_renews = False
            self._wait(event)

    def _change_quantity(self, event: Event, quantity: Quantity) -> None:
        if quantity <= 0:
            self.ignore(event, f"a quantity of {quantity} is no order", "Record a cancellation.")
        elif self.is_trial:
            self.ignore(event, "the seats of a trial cannot be changed")
        elif quantity > self.quantity:
            self._rebill(event, quantity, "addQuantity")
        elif quantity < self.quantity and self._may_shrink(event, quantity):
            self._rebill(event, quantity, "removeQuantity")
        elif quantity < self.quantity:
            self.waiting.append(event)
            self._wait(event)

    def _may_shrink(self, event: Event, quantity: Quantity) -> bool:
        """Whether all seats to be given back are of batches whose window is open, the youngest going first."""
        fewer = self.quantity - quantity
        for batch in reversed(self.batches):
            if fewer <= 0:
                break
            if not self._is_open(event.at, batch.bought_at):
                return False
            fewer -= batch.quantity
        return True

    def _rebill(self, event: Event, quantity: Quantity, charge_type: str) -> None:
        """Give the running cycle's charge back and charge it again for the new quantity."""
        before, last = self.quantity, self.charged[-1:]
        earlier, self.charged = self.charged[:-1], last
        self.give_back(event, charge_type, quantity)
        self.resize(quantity, event.at)
        self.bill(self.cycle, event, charge_type, before)
        self.charged = [*earlier, *self.charged]

    def _convert(self, event: Event) -> None:
        quantity = self.quantity if event.quantity is None else event.quantity
        if quantity <= 0:
            self.ignore(event, f"a quantity of {quantity} is no order", "Record a cancellation.")
        elif not (self.is_trial or self._is_open(event.at, self.began_at)):
            self.waiting.append(event)
            self._wait(event)
        elif self.apply(event):
            self._start_over(event, quantity)

    def _start_over(self, event: Event, quantity: Quantity) -> None:
        """Give all charges of the term back and begin it again; a paid trial begins its term on that day."""
        self.give_back(event, "convert", quantity)
        began_at = event.at if self.is_trial else self.began_at
        if self.is_trial:
            self.batches = [Batch(quantity, event.at, offer_percent(self.subscription, event.at))]
        self.is_trial = False
        self.resize(quantity, event.at)
        self.begin(began_at, event, "convert", priced_at=event.at)

    def _extend_trial(self, event: Event) -> None:
        period, price = self.terms[-1]
        if event.ends_on is None or event.ends_on <= period.end:
            self.ignore(event, f"the trial runs to {period.last_day} already", "Give a later end.")
            return
        self.terms[-1] = Period(period.start, event.ends_on), price
        self.next_on = event.ends_on
        self.bill(Period(period.end, event.ends_on), event, "extendTerm")

    def _wait(self, event: Event) -> None:
        self.issues.append(event_waits(self.subscription, event, "the cancellation window is closed"))

    def _is_open(self, at: datetime, since: datetime) -> bool:
        """Whether what was bought or renewed at *since* can still be given back."""
        name = f"{self.subscription.product_name} {self.order.product}"
        kind = window_kind(self.subscription.kind, months=self.term_months, name=name)
        window = window_in_force(kind, since.date()).value if kind else None
        if window is None or (self.is_renewed and since == self.began_at and not window.reopens):
            return False
        ends_at = window_ends_at(window, since, self.history.conventions.cancel_window)
        return ends_at is None or at < ends_at
