"""The engine's front door: a history in, expected lines out.

Each kind of service has its rules in a module of its own; this one only finds it. The result does not depend on the
order in which events arrived, and asking again gives the same lines.

Not here: the rules, reading histories from files (``shared/documents/histories``), sales prices.
"""

from collections.abc import Callable, Mapping

from shared.domain.expected.history import History
from shared.domain.expected.legacy import legacy_lines
from shared.domain.expected.lines import Expected
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.subscription import Subscription

Rules = Callable[[Subscription, History], Expected]
"""What one subscription should have been billed, given everything that is known."""

RULES: Mapping[ServiceKind, Rules] = {
    ServiceKind.LEGACY_LICENCE: legacy_lines,
}


def expected_lines(history: History) -> Expected:
    """Return what should have been billed, by subscription in the order given, and what is to be said about it."""
    made = [RULES[subscription.kind](subscription, history) for subscription in history.subscriptions]
    return Expected(
        tuple(line for each in made for line in each.lines), tuple(issue for each in made for issue in each.issues)
    )
