"""The engine's front door: a history in, expected lines out.

Each kind of service has its rules in a module of its own; this one only finds it. The result does not depend on the
order in which events arrived, and asking again gives the same lines.

Not here: the rules, reading histories from files (``shared/documents/histories``), sales prices.
"""

from collections.abc import Callable, Mapping

from shared.domain.expected.commitments.marketplace import expected_marketplace
from shared.domain.expected.commitments.perpetual_software import expected_perpetual_software
from shared.domain.expected.commitments.return_limit import expected_reservation
from shared.domain.expected.commitments.savings_plans import expected_savings_plan
from shared.domain.expected.history import History
from shared.domain.expected.legacy import legacy_lines
from shared.domain.expected.lines import Expected
from shared.domain.expected.new_commerce import new_commerce_lines
from shared.domain.expected.own_services import own_service_lines
from shared.domain.expected.usage.expected import expected_azure_usage, with_usage
from shared.domain.expected.usage.legacy import expected_legacy_usage
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.subscription import Subscription

Rules = Callable[[Subscription, History], Expected]
"""What one subscription should have been billed, given everything that is known."""

RULES: Mapping[ServiceKind, Rules] = {
    ServiceKind.LEGACY_LICENCE: legacy_lines,
    ServiceKind.LICENCE: with_usage(new_commerce_lines),
    ServiceKind.SOFTWARE_SUBSCRIPTION: new_commerce_lines,
    ServiceKind.PERPETUAL_SOFTWARE: expected_perpetual_software,
    ServiceKind.MARKETPLACE: with_usage(expected_marketplace),
    ServiceKind.AZURE_USAGE: expected_azure_usage,
    ServiceKind.LEGACY_USAGE: expected_legacy_usage,
    ServiceKind.RESERVATION: expected_reservation,
    ServiceKind.SAVINGS_PLAN: expected_savings_plan,
    ServiceKind.OWN_RECURRING: own_service_lines,
    ServiceKind.OWN_ONE_OFF: own_service_lines,
    ServiceKind.OWN_METERED: own_service_lines,
}


def expected_lines(history: History) -> Expected:
    """Return what should have been billed, by subscription in the order given, and what is to be said about it."""
    made = [RULES[subscription.kind](subscription, history) for subscription in history.subscriptions]
    if len(made) == 1:
        return made[0]
    return Expected(
        tuple(line for each in made for line in each.lines), tuple(issue for each in made for issue in each.issues)
    )
