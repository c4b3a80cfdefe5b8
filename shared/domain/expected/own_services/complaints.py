"""Complaints: events and figures of an own service that make no sense, as issues. The rest is still billed.

Not here: exceptions; only input that can never be read raises.
"""

from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.subscriptions.events import Event
from shared.domain.subscriptions.subscription import Subscription


def event_ignored(subscription: Subscription, event: Event, why: str) -> Issue:
    """Return the issue that *event* was passed over, and why."""
    return _issue(
        subscription,
        IssueCode.EVENT_IGNORED,
        f"The event {event.kind} at {event.at:%Y-%m-%d %H:%M:%S} was passed over: {why}.",
        "Correct or remove the event in the history.",
        Severity.WARNING,
    )


def not_billed(subscription: Subscription, why: str, cure: str) -> Issue:
    """Return the issue that nothing can be billed for *subscription*."""
    return _issue(subscription, IssueCode.CYCLE_UNKNOWN, f"Nothing is billed: {why}.", cure)


def price_missing(subscription: Subscription, what: str) -> Issue:
    """Return the issue that there is no price for *what*."""
    return _issue(
        subscription,
        IssueCode.PRICE_MISSING,
        f"There is no price for {what}.",
        "Add a price to the history, or name it in the event.",
    )


def usage_outside(subscription: Subscription, count: int) -> Issue:
    """Return the issue that consumption lies outside the time of the service."""
    return _issue(
        subscription,
        IssueCode.USAGE_IGNORED,
        f"{count} readings lie before the service began or after it ended, and are not billed.",
        "Correct the days of the readings, or of the service.",
        Severity.WARNING,
    )


def _issue(
    subscription: Subscription, code: IssueCode, message: str, cure: str, severity: Severity = Severity.BLOCKING
) -> Issue:
    return Issue(
        code=code,
        severity=severity,
        message=message,
        cure=cure,
        customer_id=subscription.customer_id,
        subject=subscription.id,
    )
