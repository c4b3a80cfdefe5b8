"""Savings plans: an hourly commitment for one or three years, charged for every hour whether it is used or not.

The price of a savings plan is its commitment for each ``hour``: the whole term costs ``commitment x 24 x days``, paid
at once or month by month. It cannot be cancelled, changed or exchanged, and earns no partner earned credit. What it
covers costs nothing in usage; what it does not reach is paid as you go.

Source: Microsoft Partner Center documentation, "Azure savings plan billing".

Not here: which usage is covered (``usage/savings_coverage``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from shared.domain.expected.commitments.prices import HOUR, CyclePrice
from shared.domain.expected.commitments.rules import SAVINGS_PLAN, TermRules
from shared.domain.expected.commitments.terms import TermLife
from shared.domain.expected.conventions import SavingsPlanInstalment
from shared.domain.expected.history import History
from shared.domain.expected.lines import Expected
from shared.domain.expected.rounding import Rounding, rounded
from shared.domain.periods import Period
from shared.domain.subscriptions.events import Event
from shared.domain.subscriptions.subscription import Subscription

PRINTED_DIGITS = 8
"""The digits to which Microsoft's documents cut what they show of a savings plan's hours."""


@dataclass(frozen=True, slots=True)
class PlanTerm:
    """A savings plan in one of its terms: *commitment* an hour, and the discounted *rates* by meter."""

    plan_id: str
    period: Period
    commitment: Fraction
    rates: Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class PlanHour:
    """One hour of usage under a plan: units covered, units paid as you go, and what both cost, exactly."""

    commitment: Fraction
    covered: Fraction
    pay_as_you_go: Fraction
    rate: Fraction

    @property
    def usage_cost(self) -> Fraction:
        """What is paid as you go."""
        return self.pay_as_you_go * self.rate

    @property
    def cost(self) -> Fraction:
        """The commitment, used or not, and what is paid as you go."""
        return self.commitment + self.usage_cost


def expected_savings_plan(subscription: Subscription, history: History) -> Expected:
    """Return the purchase, the instalments and the renewals of a savings plan."""
    return _SavingsPlan(subscription, history).expected()


def plan_terms(subscription: Subscription, history: History) -> list[PlanTerm]:
    """Return the terms in which *subscription* covers usage, up to the last day of usage that is known."""
    days = [usage.on for usage in history.usage]
    if not subscription.events or not days:
        return []
    life = _SavingsPlan(subscription, history, until=max(days))
    life.expected()
    return [
        PlanTerm(
            subscription.id, period, Fraction(price.amount) * Fraction(life.quantity), _rates(subscription, period)
        )
        for period, price in life.terms
        if price is not None and price.per == HOUR
    ]


def plan_rate(pay_as_you_go: Decimal, percent_off: Decimal) -> Fraction:
    """Return the plan's price of a unit from the usual one and what the plan takes off it."""
    return Fraction(pay_as_you_go) * (100 - Fraction(percent_off)) / 100


def plan_hour(commitment: Decimal, rate: Decimal, discounted: Fraction, units: Decimal = Decimal(1)) -> PlanHour:
    """Return an hour in which *units* were used: the commitment covers as many as it pays at the *discounted* rate."""
    covered = min(Fraction(units), Fraction(commitment) / discounted)
    return PlanHour(Fraction(commitment), covered, Fraction(units) - covered, Fraction(rate))


def printed(value: Fraction, digits: int = PRINTED_DIGITS) -> Decimal:
    """Return a value as Microsoft's documents print it: cut, never rounded."""
    return rounded(value.numerator, value.denominator, digits, Rounding.DOWN)


class _SavingsPlan(TermLife):
    rules: ClassVar[TermRules] = SAVINGS_PLAN

    def cycle_price(self, cycle: Period, percent_off: Decimal) -> CyclePrice | None:
        price = self.terms[-1][1]
        instalment = self.history.conventions.savings_plan_instalment
        if price is None or price.per != HOUR or instalment is SavingsPlanInstalment.HOURS:
            return super().cycle_price(cycle, percent_off)
        whole = price.for_cycle(self.period, self.term_months, self.term_months, percent_off)
        return CyclePrice(whole.unit, self.cycle_months, self.term_months)

    def variants(self) -> tuple[str, ...]:
        is_paid_at_once = self.cycle_months == self.term_months
        return () if is_paid_at_once else (self.history.conventions.savings_plan_instalment.value,)

    def change(self, event: Event) -> bool:
        self.ignore(event, "a savings plan can be neither changed nor cancelled", "It runs to the end of its term.")
        return True


def _rates(subscription: Subscription, period: Period) -> dict[str, Fraction]:
    """Return the discounted rates by meter: the rows whose product is a meter, the last one up to the term's start."""
    rows = [
        row
        for row in subscription.prices
        if row.product not in {"", subscription.product} and (row.valid_from is None or row.valid_from <= period.start)
    ]
    rows.sort(key=lambda row: row.valid_from or date.min)
    return {row.product: Fraction(row.amount) for row in rows if row.amount > 0}
