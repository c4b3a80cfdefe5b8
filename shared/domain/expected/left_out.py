"""Left out: what a history says that makes no sense or cannot be priced, as issues; the rest of it is still billed.

Not here: rules of one kind of service.
"""

from datetime import date

from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.periods import BillingPeriod
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.subscription import Subscription, Usage

_BEFORE_PURCHASE = frozenset({EventKind.PRICE_CHANGED, EventKind.PROMOTION_BEGAN, EventKind.PROMOTION_ENDED})


def purchase_of(subscription: Subscription) -> Event | None:
    """Return the event created, or None where something else happened first; prices and offers may be older."""
    first = next((event for event in subscription.events if event.kind not in _BEFORE_PURCHASE), None)
    return first if first is not None and first.kind is EventKind.CREATED else None


def event_ignored(subscription: Subscription, event: Event, why: str, cure: str) -> Issue:
    """Return the issue of an event that changes nothing; *why* ends the sentence "... is left out: "."""
    return Issue(
        code=IssueCode.EVENT_IGNORED,
        severity=Severity.WARNING,
        message=f"The event {event.kind.value} of {event.on} is left out: {why}.",
        cure=cure,
        customer_id=subscription.customer_id,
        subject=subscription.id,
    )


def event_waits(subscription: Subscription, event: Event, why: str) -> Issue:
    """Return the notice of a change that comes too late for now and counts from the next renewal."""
    return Issue(
        code=IssueCode.EVENT_IGNORED,
        severity=Severity.NOTICE,
        message=f"The event {event.kind.value} of {event.on} counts from the end of the term: {why}.",
        cure="Nothing needs to be done; before the end of the term nothing is given back.",
        customer_id=subscription.customer_id,
        subject=subscription.id,
    )


def never_created(subscription: Subscription) -> Issue:
    """Return the issue of a history that does not begin with the purchase."""
    return Issue(
        code=IssueCode.EVENT_IGNORED,
        severity=Severity.BLOCKING,
        message=f"Subscription {subscription.id} does not begin with the event created, so nothing of it is billed.",
        cure="Add the event created with the day of the purchase.",
        customer_id=subscription.customer_id,
        subject=subscription.id,
    )


def price_missing(subscription: Subscription, on: date, what: str) -> Issue:
    """Return the issue of something that no price of *subscription* is for on that day."""
    return Issue(
        code=IssueCode.PRICE_MISSING,
        severity=Severity.BLOCKING,
        message=f"There is no price for {what} on {on}, so it is not billed.",
        cure="Add a dated price of the vendor's list that holds on that day.",
        customer_id=subscription.customer_id,
        subject=subscription.id,
    )


def rate_missing(subscription: Subscription, month: BillingPeriod, to_currency: str, day: date) -> Issue:
    """Return the issue of a month without an exchange rate; *day* is the day whose rate the vendor uses."""
    return Issue(
        code=IssueCode.RATE_MISSING,
        severity=Severity.BLOCKING,
        message=f"There is no rate from {subscription.currency} to {to_currency} for {month}, so it is not billed.",
        cure=f"Add the rate of {day}, or the one printed on the vendor's lines of that month.",
        customer_id=subscription.customer_id,
        subject=subscription.id,
    )


def usage_ignored(subscription: Subscription, usage: Usage, why: str, cure: str) -> Issue:
    """Return the issue of usage that is not billed."""
    return Issue(
        code=IssueCode.USAGE_IGNORED,
        severity=Severity.WARNING,
        message=f"{usage.quantity:f} {usage.unit or 'units'} of {usage.meter or subscription.id} on {usage.on} "
        f"are left out: {why}.",
        cure=cure,
        customer_id=subscription.customer_id,
        subject=subscription.id,
    )
