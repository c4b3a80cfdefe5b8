"""States: what a subscription is at an instant, computed from its events and from nothing else.

Any instant may be asked for, and events may have arrived in any order. A term that ends begins again by itself while
automatic renewal is on; otherwise the subscription expires, or a licence runs on month by month in its extended service
term. An event that makes no sense where it stands changes nothing; ``timeline`` says why.

Not here: what each event does (``transitions``), what anything costs (``expected``), what a customer is shown.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from shared.domain.errors import InvalidError
from shared.domain.expected.conventions import MICROSOFTS, Conventions
from shared.domain.subscriptions.events import Event, ordered
from shared.domain.subscriptions.subscription import Subscription
from shared.domain.subscriptions.subscription_state import Status, SubscriptionState
from shared.domain.subscriptions.terms import rolled_to
from shared.domain.subscriptions.transitions import after, refusal

__all__ = ["Status", "Step", "SubscriptionState", "state_at", "timeline"]


class Step(NamedTuple):
    """One event, the states right before and after it, and why it changed nothing ("" if it counted)."""

    event: Event
    before: SubscriptionState
    after: SubscriptionState
    refusal: str


def state_at(subscription: Subscription, instant: datetime, conventions: Conventions = MICROSOFTS) -> SubscriptionState:
    """Return what *subscription* is at *instant* (UTC), every event of that instant included.

    Raises:
        InvalidError: the instant has no time zone, or a term is not understood.
        PeriodError: a term would leave the calendar.
    """
    if instant.tzinfo is None:
        raise InvalidError(f"instant {instant} has no time zone: give it in UTC")
    state = SubscriptionState.of(subscription)
    for event in ordered(subscription.events):
        if event.at > instant:
            break
        state = _step(subscription, state, event, conventions).after
    return rolled_to(subscription, state, instant.date(), conventions)


def timeline(subscription: Subscription, conventions: Conventions = MICROSOFTS) -> tuple[Step, ...]:
    """Return every event with the states before and after it, as they happened.

    Raises:
        InvalidError: a term is not understood.
        PeriodError: a term would leave the calendar.
    """
    return tuple(_steps(subscription, conventions))


def _steps(subscription: Subscription, conventions: Conventions) -> Iterator[Step]:
    state = SubscriptionState.of(subscription)
    for event in ordered(subscription.events):
        step = _step(subscription, state, event, conventions)
        yield step
        state = step.after


def _step(subscription: Subscription, state: SubscriptionState, event: Event, conventions: Conventions) -> Step:
    before = rolled_to(subscription, state, event.on, conventions, awaits=event.kind)
    why_not = refusal(subscription, before, event)
    return Step(event, before, before if why_not else after(subscription, before, event, conventions), why_not)
