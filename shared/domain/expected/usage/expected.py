"""Expected usage: what a subscription of usage should be billed, and usage beside seats.

Azure plans have usage and credits, nothing else; licences and marketplace products may have metered charges beside what
they cost by themselves, and their included units are free. The licence's line and its usage lines are read together.

Not here: the lines of usage (``azure``), legacy usage (``legacy``).
"""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from shared.domain.expected.conventions import LineFamily
from shared.domain.expected.history import History
from shared.domain.expected.left_out import event_ignored, never_created, purchase_of
from shared.domain.expected.lines import Expected, ExpectedLine, UnitPrice
from shared.domain.expected.usage.azure import arises_on, usage_lines
from shared.domain.expected.usage.rows import last_usage_day
from shared.domain.expected.usage.rules import CREDIT
from shared.domain.issues import Issue
from shared.domain.money import Money
from shared.domain.periods import BillingPeriod
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.subscription import Subscription

Rules = Callable[[Subscription, History], Expected]
_DAY = timedelta(days=1)
_KNOWN = frozenset(
    {
        EventKind.CREATED,
        EventKind.PRICE_CHANGED,
        EventKind.PROMOTION_BEGAN,
        EventKind.PROMOTION_ENDED,
        EventKind.SUSPENDED,
        EventKind.REACTIVATED,
        EventKind.CANCELLED,
        EventKind.EXPIRED,
        EventKind.CREDITED,
    }
)


def expected_azure_usage(subscription: Subscription, history: History) -> Expected:
    """Return the usage lines and credits of an Azure plan, as they arise."""
    if purchase_of(subscription) is None:
        return Expected((), (never_created(subscription),))
    credits_given, issues = _credits(subscription, history)
    usage = usage_lines(subscription, history)
    return Expected(_by_day(credits_given, usage.lines), (*usage.issues, *issues))


def with_usage(rules: Rules) -> Rules:
    """Return *rules* with the metered usage of the same subscription beside its own lines."""

    def both(subscription: Subscription, history: History) -> Expected:
        own = rules(subscription, history)
        if not history.usage:
            return own
        is_metered = any(usage.subscription_id == subscription.id for usage in history.usage)
        if not is_metered or purchase_of(subscription) is None:
            return own
        usage = usage_lines(subscription, history)
        return Expected(_by_day(own.lines, usage.lines), (*own.issues, *usage.issues))

    return both


def read_together(expected: Expected, subscription: Subscription, currency: str) -> tuple[list[ExpectedLine], Money]:
    """Return all lines of a licence and of the usage that names it as its parent, and their sum in *currency*."""
    lines = [line for line in expected.lines if subscription.id in {line.subscription.id, line.subscription.parent_id}]
    return lines, Money.total((line.money for line in lines if line.currency == currency), currency)


def _by_day(own: tuple[ExpectedLine, ...], usage: tuple[ExpectedLine, ...]) -> tuple[ExpectedLine, ...]:
    """Return both in the order in which they arise; what a subscription costs by itself stands before its usage."""
    keyed = [(line.event.on if line.event else line.start or date.min, line) for line in own]
    keyed += [(arises_on(line), line) for line in usage]
    return tuple(line for _, line in sorted(keyed, key=lambda pair: pair[0]))


def _credits(subscription: Subscription, history: History) -> tuple[tuple[ExpectedLine, ...], list[Issue]]:
    lines, issues = [], []
    until = last_usage_day(subscription, history)
    for event in subscription.events:
        if event.on > until:
            break
        if event.kind not in _KNOWN or (event.kind is EventKind.CREATED and event is not purchase_of(subscription)):
            issues.append(
                event_ignored(subscription, event, "usage knows no such change", "Take it out of the history.")
            )
        elif event.kind is EventKind.CREDITED and (event.amount is None or event.amount <= 0):
            issues.append(event_ignored(subscription, event, "it gives nothing back", "Give a positive amount."))
        elif event.kind is EventKind.CREDITED:
            lines.append(_credit(subscription, history, event, event.amount or Decimal(0)))
    return tuple(lines), issues


def _credit(subscription: Subscription, history: History, event: Event, amount: Decimal) -> ExpectedLine:
    mode, currency = history.conventions.mode(LineFamily.AZURE_MONTHLY), history.currency or subscription.currency
    return ExpectedLine(
        CREDIT,
        "customerCredit",
        subscription,
        event,
        event.on,
        event.on + _DAY,
        None,
        1,
        1,
        1,
        -1,
        UnitPrice(amount, amount),
        -mode.amount(amount, 1, 1, 1, currency=currency),
        currency,
        mode,
        BillingPeriod.of(event.on),
    )
