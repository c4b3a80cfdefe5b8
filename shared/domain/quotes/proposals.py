"""Proposals: an order or a change that nobody made yet, and the history as it would be afterwards.

A proposed event has no source: nobody can attest what has not happened, so the vendor's limits hold for it.

Not here: what it costs (``asking``).
"""

from dataclasses import dataclass, replace
from datetime import date, datetime

from shared.domain.errors import InvalidError
from shared.domain.expected.history import History
from shared.domain.subscriptions.events import Event, ordered
from shared.domain.subscriptions.subscription import Subscription


@dataclass(frozen=True, slots=True)
class Proposal:
    """An *event* of a subscription of the history, or a new subscription (*order*), which its first event creates."""

    subscription_id: str
    event: Event
    order: Subscription | None = None

    @classmethod
    def change(cls, subscription_id: str, event: Event) -> "Proposal":
        """Return the proposal of an event."""
        return cls(subscription_id, replace(event, source=""))

    @classmethod
    def new(cls, subscription: Subscription) -> "Proposal":
        """Return the proposal of an order.

        Raises:
            InvalidError: nothing in it says when it is bought.
        """
        if not subscription.events:
            raise InvalidError(f"the order {subscription.id} has no event created: say when it is bought")
        return cls(subscription.id, subscription.events[0], subscription)

    @property
    def at(self) -> datetime:
        """When it would happen."""
        return self.event.at

    @property
    def on(self) -> date:
        """The day on which it would happen."""
        return self.event.on

    def applied(self, history: History) -> History:
        """Return the history as it would be.

        Raises:
            InvalidError: the history has no such subscription, or has one of the order's id already.
        """
        known = {subscription.id for subscription in history.subscriptions}
        if self.order is not None:
            if self.subscription_id in known:
                raise InvalidError(
                    f"the subscription {self.subscription_id} is there already: give the order another id"
                )
            return replace(history, subscriptions=(*history.subscriptions, self.order))
        if self.subscription_id not in known:
            raise InvalidError(f"there is no subscription {self.subscription_id} to change: correct its id")
        return replace(history, subscriptions=tuple(map(self._changed, history.subscriptions)))

    def followed_by(self, event: Event) -> "Proposal":
        """Return the proposal of a later event of the same subscription."""
        return Proposal(self.subscription_id, event)

    def _changed(self, subscription: Subscription) -> Subscription:
        if subscription.id != self.subscription_id:
            return subscription
        return replace(subscription, events=ordered((*subscription.events, self.event)))


def subscription_of(history: History, subscription_id: str) -> Subscription:
    """Return the subscription of that id, which *history* has."""
    return next(each for each in history.subscriptions if each.id == subscription_id)
