"""Savings coverage: which usage the hours of savings plans cover, hour by hour, over all subscriptions of a customer.

In every hour a plan has its commitment to spend. A unit that it covers spends the plan's own rate of the meter; what
the commitment does not reach is paid as you go; what is left of it at the end of the hour is lost. Usage that saves
most goes first. Usage given for a whole day is taken as spread evenly over its 24 hours, unless its attribute
``hour`` names one; usage of several days in one row is not covered, because nothing is known of its hours.

Covered units are cut to the digits that Microsoft's files carry, and the rest is what they leave, so the two always add
up to what was used.

Source: Microsoft Partner Center documentation, "Azure savings plan billing".

Not here: what a savings plan costs (``savings_plans``), prices of the rest (``readings``).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from shared.domain.expected.commitments.savings_plans import PlanTerm, plan_terms
from shared.domain.expected.history import History
from shared.domain.expected.rounding import RAW_DIGITS, Rounding, rounded
from shared.domain.expected.usage.partner_earned_credit import is_creditable
from shared.domain.expected.usage.prices import unit_price_of
from shared.domain.expected.usage.rows import added_up, hour_of, row_key
from shared.domain.money import EXACT
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.subscription import Usage

_HOURS = range(24)


class Cover(NamedTuple):
    """So many units of a row, covered by that plan."""

    plan_id: str
    units: Decimal


Covers = Mapping[tuple[Any, ...], tuple[Cover, ...]]
"""What plans cover of each row, by ``rows.row_key``."""


class _Demand(NamedTuple):
    """What one row may draw from one plan. *saved* is the share of the usual price that it saves."""

    saved: Fraction
    usage: Usage
    plan: PlanTerm
    rate: Fraction


def coverage(history: History) -> Covers:
    """Return what the savings plans of *history* cover of its usage."""
    plans = [each for each in history.subscriptions if each.kind is ServiceKind.SAVINGS_PLAN]
    terms = sorted((term for each in plans for term in plan_terms(each, history)), key=lambda term: term.plan_id)
    if not terms:
        return {}
    owners = {each.id: each for each in history.subscriptions}
    days: dict[date, list[_Demand]] = defaultdict(list)
    for usage in added_up(each for each in history.usage if each.subscription_id in owners and _may_be_covered(each)):
        price = unit_price_of(owners[usage.subscription_id], usage)
        usual = Fraction(price.amount) if price else Fraction(0)
        days[usage.on].extend(_demands(usage, usual, terms))
    found = {cover for demands in days.values() for cover in _day(demands)}
    covers: dict[tuple[Any, ...], tuple[Cover, ...]] = {}
    for key, cover in sorted(found, key=lambda pair: pair[1]):
        covers[key] = (*covers.get(key, ()), cover)
    return covers


def _may_be_covered(usage: Usage) -> bool:
    is_of_one_day = usage.span is None or usage.span.days == 1
    return usage.quantity > 0 and is_of_one_day and is_creditable(usage)


def _demands(usage: Usage, usual: Fraction, terms: Iterable[PlanTerm]) -> Iterator[_Demand]:
    for plan in terms:
        rate = plan.rates.get(usage.meter)
        if rate and usage.on in plan.period:
            yield _Demand(1 - rate / usual if usual else Fraction(0), usage, plan, rate)


def _day(demands: list[_Demand]) -> Iterator[tuple[tuple[Any, ...], Cover]]:
    """Yield what is covered of each row on one day."""
    ordered = sorted(demands, key=lambda demand: -demand.saved)  # stable: rows and plans are in order already
    is_even = all(hour_of(demand.usage) is None for demand in ordered)
    covered: dict[tuple[tuple[Any, ...], str], Fraction] = defaultdict(Fraction)
    for hour in _HOURS[:1] if is_even else _HOURS:
        for key, units in _hour(ordered, hour):
            covered[key] += units * (len(_HOURS) if is_even else 1)
    for (row, plan_id), units in covered.items():
        cut = rounded(units.numerator, units.denominator, RAW_DIGITS, Rounding.DOWN)
        if cut:
            yield row, Cover(plan_id, cut.normalize(EXACT))


def _hour(demands: list[_Demand], hour: int) -> Iterator[tuple[tuple[tuple[Any, ...], str], Fraction]]:
    left = {id(demand.plan): demand.plan.commitment for demand in demands}
    wanted = {row_key(demand.usage): _units_in(demand.usage, hour) for demand in demands}
    for demand in demands:
        row = row_key(demand.usage)
        units = min(wanted[row], left[id(demand.plan)] / demand.rate)
        wanted[row] -= units
        left[id(demand.plan)] -= units * demand.rate
        yield (row, demand.plan.plan_id), units


def _units_in(usage: Usage, hour: int) -> Fraction:
    own = hour_of(usage)
    if own is None:
        return Fraction(usage.quantity) / len(_HOURS)
    return Fraction(usage.quantity) if own == hour else Fraction(0)
