"""What recurs: the next full charge cycle of each subscription, and what it makes by the month.

The engine is asked for the future: for a little of it first, because most cycles are a month long, then for more.

Not here: lines that are made now (``asking``).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.expected.lines import ExpectedLine
from shared.domain.expected_sales import ExpectedSale, SaleTerms, expected_sales
from shared.domain.issues import Issue
from shared.domain.periods import Period
from shared.domain.quotes.values import Recurring, monthly, rounded_money
from shared.domain.subscriptions.events import Quantity
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.own_billing import Span
from shared.domain.subscriptions.states import state_at
from shared.domain.subscriptions.subscription import Subscription

HORIZON_DAYS = (62, 400, 1130, 3700)
"""How far the future is looked at: two months, a year, three years, five years in arrears."""

_DOES_NOT_RECUR = frozenset(
    {
        ServiceKind.AZURE_USAGE,
        ServiceKind.LEGACY_USAGE,
        ServiceKind.OWN_METERED,
        ServiceKind.OWN_ONE_OFF,
        ServiceKind.PERPETUAL_SOFTWARE,
    }
)
_DAYS_OFF_MAX = 3
"""A cycle of months is at most so many days longer or shorter than its months are on average."""


class Future(NamedTuple):
    """What recurs, and why the rest of it has no price."""

    recurring: tuple[Recurring, ...]
    issues: tuple[Issue, ...]


def recurring(history: History, subscription_ids: Iterable[str], on: date, terms: SaleTerms) -> Future:
    """Return what recurs after *on*, in the order given; a subscription without a further full cycle has none."""
    wanted = dict.fromkeys(subscription_ids)
    found: dict[str, Recurring | tuple[Issue, ...]] = {}
    for days in HORIZON_DAYS:
        if len(found) == len(wanted):
            break
        ahead = replace(history, through=_later(on, days))
        left = wanted.keys() - found.keys()
        sales = [sale for sale in _sales(ahead, left, terms) if _recurs(sale.line, on)]
        for subscription_id in wanted:
            made = _of_first_cycle([sale for sale in sales if sale.line.subscription.id == subscription_id])
            if made is not None:
                found[subscription_id] = made
    made_of = [found[subscription_id] for subscription_id in wanted if subscription_id in found]
    return Future(
        tuple(made for made in made_of if isinstance(made, Recurring)),
        tuple(issue for made in made_of if not isinstance(made, Recurring) for issue in made),
    )


def exact_sale(sale: ExpectedSale) -> Fraction:
    """Return the sale before rounding."""
    if sale.charge is None:
        return sale.line.unrounded
    return Fraction(sale.charge.explanation.dividend) / sale.charge.explanation.divisor


def _sales(ahead: History, subscription_ids: Collection[str], terms: SaleTerms) -> Sequence[ExpectedSale]:
    """Return the sales of all that the customers of those subscriptions have.

    What else they use in a month may make it cheaper (a discount for several services).
    """
    lines = expected_lines(ahead).lines
    customers = {line.subscription.customer_id for line in lines if line.subscription.id in subscription_ids}
    return expected_sales([line for line in lines if line.subscription.customer_id in customers], ahead, terms)


def _later(day: date, days: int) -> date:
    return day + timedelta(days=min(days, (date.max - day).days))


def _recurs(line: ExpectedLine, on: date) -> bool:
    cycle = _full_cycle(line)
    is_counted = line.sign > 0 or line.subscription.billing.charged_ahead > 0
    return cycle is not None and cycle.start > on and is_counted and line.subscription.kind not in _DOES_NOT_RECUR


def _full_cycle(line: ExpectedLine) -> Period | None:
    """Return the cycle that the line charges from its first to its last day."""
    cycle = line.cycle
    return cycle if cycle is not None and (line.start, line.end) == (cycle.start, cycle.end) else None


def _of_first_cycle(sales: Sequence[ExpectedSale]) -> Recurring | tuple[Issue, ...] | None:
    """Return what the first of the full cycles makes, or why it has no price; all its lines count, as of parts."""
    cycles = [(cycle, sale) for sale in sales if (cycle := _full_cycle(sale.line))]
    if not cycles:
        return None
    cycle, first = min(cycles, key=lambda each: each[0].start)
    own = [sale for each, sale in cycles if each == cycle]
    if first.amount is None or any(sale.amount is None for sale in own):
        return tuple(issue for sale in own for issue in sale.issues)
    exact = sum(map(exact_sale, own), Fraction(0))
    if not exact and any(sale.line.sign < 0 for sale in own):
        return None
    line, currency = first.line, first.amount.currency
    months = _months(line.subscription, cycle)
    per_month = monthly(exact, months, cycle.days)
    return Recurring(
        subscription_id=line.subscription.id,
        cycle=cycle,
        months=months,
        quantity=(quantity := _quantity(line, cycle)),
        per_cycle=rounded_money(exact, currency),
        exact_per_month=per_month,
        per_month=rounded_money(per_month, currency),
        unit_per_month=rounded_money(per_month / Fraction(quantity), currency),
    )


def _quantity(line: ExpectedLine, cycle: Period) -> Quantity:
    """Return the units of the cycle: those of the line, unless it is for a tier of them or was corrected since."""
    subscription = line.subscription
    if subscription.kind is ServiceKind.OWN_RECURRING and (subscription.tiers or subscription.billing.charged_ahead):
        begins = datetime(cycle.start.year, cycle.start.month, cycle.start.day, tzinfo=UTC)
        return state_at(subscription, begins).quantity or line.quantity
    return line.quantity


def _months(subscription: Subscription, cycle: Period) -> int | None:
    """Return the months of a cycle; None for one that is a number of days."""
    if subscription.kind is ServiceKind.OWN_RECURRING and subscription.billing.span is Span.DAYS:
        return None
    months = max((24 * cycle.days + 365) // 730, 1)
    return months if abs(cycle.days * 12 - months * 365) <= _DAYS_OFF_MAX * 12 else None
