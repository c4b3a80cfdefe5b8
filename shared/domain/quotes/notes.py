"""Notes: what a person should know before he says yes, in one sentence each.

Not here: refusals, which are issues of the engine.
"""

from collections.abc import Iterator

from shared.domain.expected_source_lines import OWN_KINDS
from shared.domain.quotes.values import Quote
from shared.domain.subscriptions.events import EventKind
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.subscription import Subscription

_KEEPS_BILLING = frozenset({ServiceKind.LICENCE, ServiceKind.SOFTWARE_SUBSCRIPTION})


def notes(subscription: Subscription, asked: Quote) -> tuple[str, ...]:
    """Return the sentences for a quote of *subscription* as it would be."""
    return tuple(_notes(subscription, asked))


def _notes(subscription: Subscription, asked: Quote) -> Iterator[str]:
    event, commitment = asked.proposal.event, asked.commitment
    if event.kind is EventKind.SUSPENDED and _goes_on(subscription):
        yield "Billing goes on while it is suspended."
    if not asked.sales and not asked.withdrawn and not asked.is_refused:
        yield _when(asked)
    if asked.elsewhere:
        yield f"Other lines of the month change their price by {' and '.join(map(str, asked.elsewhere))} in all."
    if commitment is not None and any(not money.is_zero for money in commitment.remaining):
        amounts = " and ".join(str(money) for money in commitment.remaining)
        yield f"Until the term ends on {commitment.term.last_day}, {amounts} more will be charged."
    if commitment is not None and commitment.renews_on is None and event.kind is not EventKind.CANCELLED:
        yield f"It does not renew by itself on {commitment.term.end}."
    if asked.possible is not None:
        back = " and ".join(str(money) for money in asked.possible.back)
        yield f"A quantity of {asked.possible.quantity} is possible; that gives back {back}."
    if asked.undo is not None and asked.undo.until is not None:
        yield f"It can be undone until {asked.undo.until:%Y-%m-%d %H:%M} UTC."


def _goes_on(subscription: Subscription) -> bool:
    is_own = subscription.kind in OWN_KINDS and subscription.billing.suspension_is_charged
    return is_own or subscription.kind in _KEEPS_BILLING


def _when(asked: Quote) -> str:
    if any(issue.is_blocking for issue in asked.issues):
        return "Nothing is charged now; what recurs has no price: see the issues."
    if not asked.after:
        return "Nothing is charged now, and nothing recurs."
    return f"Nothing is charged now; the next charge cycle begins on {min(each.cycle.start for each in asked.after)}."
