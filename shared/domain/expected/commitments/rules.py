"""The rules of what is bought for a term or for good: one for each kind of line, and where Microsoft says so.

Not here: the code that applies them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.expected.rules import Rule

_SAAS = "Microsoft Partner Center, Common billing scenarios: software as a service"
_POLICY = "Microsoft Partner Center, New commerce cancellation policy"
_PLAN = "Microsoft Partner Center, Azure savings plan billing"
_RESERVATION = "Microsoft Partner Center, Azure reservations: billing"
_RETURNS = "Microsoft Azure, Self-service exchanges and refunds for reservations"
_PERPETUAL = "Microsoft Partner Center, Perpetual software"
_CREDIT = Rule("commitment.customer_credit", "An amount is given back.", "Microsoft Partner Center, Request a credit")


@dataclass(frozen=True, slots=True)
class TermRules:
    """The rules of one kind of service, by charge type."""

    by_charge_type: Mapping[str, Rule]

    def of(self, charge_type: str) -> Rule:
        """Return the rule behind a charge type."""
        return self.by_charge_type[charge_type]


def _rules(prefix: str, source: str, **says: str) -> dict[str, Rule]:
    return {name: Rule(f"{prefix}.{name}", text, source) for name, text in says.items()}


MARKETPLACE = TermRules(
    {
        **_rules(
            "marketplace",
            _SAAS,
            new="A purchase is charged in full for its first cycle.",
            renew="A term that begins again is charged in full.",
            cycleCharge="Every further cycle of the term is charged in full on its first day.",
            convert="A change in the window gives the old charge back and charges the new one, both in full.",
            addQuantity="Added seats are charged for the whole cycle: the old charge is given back, the new one made.",
            removeQuantity="Seats given back in the window: the old charge is given back in full, the new one made.",
            extendTerm="A trial that runs longer costs nothing.",
            cancel="A trial ends at no charge.",
        ),
        **_rules("marketplace", _POLICY, cancelImmediate="A cancellation in the window gives the whole charge back."),
        "customerCredit": _CREDIT,
    }
)

RESERVATION = TermRules(
    {
        **_rules(
            "reservation",
            _RESERVATION,
            new="A reservation is charged when it is bought: the whole term, or its first instalment.",
            renew="A renewed reservation is charged like a new one.",
            cycleCharge="Every further instalment is charged on the first day of its month.",
        ),
        **_rules(
            "reservation",
            _RETURNS,
            cancelImmediate="A return gives back all in the first days, later the share of the days left.",
            convert="An exchange gives back the share of the days left and begins a new term on that day.",
        ),
        "customerCredit": _CREDIT,
    }
)

SAVINGS_PLAN = TermRules(
    {
        **_rules(
            "savings_plan",
            _PLAN,
            new="A savings plan costs its hourly commitment for every hour, used or not.",
            renew="A renewed savings plan is charged like a new one.",
            cycleCharge="Every further month of a savings plan is charged on its first day.",
        ),
        "customerCredit": _CREDIT,
    }
)

PERPETUAL_SOFTWARE = TermRules(
    {
        **_rules("perpetual", _PERPETUAL, new="Perpetual software is charged once and has no end."),
        **_rules("perpetual", _POLICY, cancelImmediate="Perpetual software is given back in full in its window."),
        "customerCredit": _CREDIT,
    }
)
