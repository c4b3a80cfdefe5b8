"""Term prices: what one unit costs in each charge cycle of a term, whatever span the price list names.

An amount for a longer span than the cycle is a share of it (a twelfth of a year's price), an amount for a shorter one
is multiplied; both stay exact until the line is rounded. The price of a term is locked when the term begins.

Not here: prices of licences with Microsoft's premiums (``prices_in_force``), usage.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shared.domain.expected.lines import UnitPrice
from shared.domain.expected.prices_in_force import discounted, row_in_force
from shared.domain.money import exact_product
from shared.domain.periods import Period
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.kinds import Plan
from shared.domain.subscriptions.subscription import Subscription

_ZERO = Decimal(0)
HOUR = "hour"
HOURS_A_DAY = 24


@dataclass(frozen=True, slots=True)
class TermPrice:
    """The locked price of one unit: *amount* for *per* ("cycle", "month", "year", "term" or "hour")."""

    amount: Decimal
    per: str = "cycle"
    origin: str = ""

    def for_cycle(self, cycle: Period, cycle_months: int, term_months: int, percent_off: Decimal) -> "CyclePrice":
        """Return what the cycle costs. *percent_off* is a promotion or private offer."""
        if self.per == HOUR:
            hours = HOURS_A_DAY * cycle.days
            origin = f"{self.origin or 'commitment'}: {self.amount:f} x {hours} hours"
            return CyclePrice(_unit(exact_product(self.amount, Decimal(hours)), percent_off, origin))
        months = {"month": 1, "year": 12, "term": term_months}.get(self.per, cycle_months)
        if cycle_months % months:
            return CyclePrice(_unit(self.amount, percent_off, self.origin), cycle_months, months)
        return CyclePrice(_unit(exact_product(self.amount, Decimal(cycle_months // months)), percent_off, self.origin))


@dataclass(frozen=True, slots=True)
class CyclePrice:
    """One unit costs *part* of *whole* of *unit* in a cycle."""

    unit: UnitPrice
    part: int = 1
    whole: int = 1


FREE_OF_CHARGE = TermPrice(_ZERO, origin="trial")


def term_price(subscription: Subscription, at: datetime, product: str, term: str, plan: Plan) -> TermPrice | None:
    """Return the price that is locked for a term of *product* that begins at *at*.

    A price that an event set holds for the product that it was set for, until a dated row begins later.
    """
    row = row_in_force(subscription, at.date(), product, term, plan)
    changed = last_event(subscription, at, _PRICED)
    if changed is None:
        return TermPrice(row.amount, row.per, row.origin) if row else None
    named = changed.product or (subscription.product if changed.kind is EventKind.CREATED else product)
    is_for_another = named != product and (named or (row and row.product))
    if is_for_another or (row and row.valid_from and row.valid_from > changed.on):
        return TermPrice(row.amount, row.per, row.origin) if row else None
    return TermPrice(changed.unit_price or _ZERO, origin=f"event of {changed.on}")


def offer_percent(subscription: Subscription, at: datetime) -> Decimal:
    """Return the percentage of the promotion or private offer that is open at an instant; 0 for none."""
    event = last_event(subscription, at, _OFFERS)
    is_open = event is not None and event.kind is EventKind.PROMOTION_BEGAN
    return (event.percent or _ZERO) if event is not None and is_open else _ZERO


_PRICED = frozenset(
    {
        EventKind.CREATED,
        EventKind.PRICE_CHANGED,
        EventKind.RENEWED,
        EventKind.CONVERTED,
        EventKind.PLAN_CHANGED,
        EventKind.UPGRADED,
    }
)
_OFFERS = frozenset({EventKind.PROMOTION_BEGAN, EventKind.PROMOTION_ENDED})


def last_event(subscription: Subscription, at: datetime, kinds: frozenset[EventKind]) -> Event | None:
    """Return the last event of those kinds up to an instant; of prices, the last one that sets a price."""
    found = None
    for event in subscription.events:
        if event.at <= at and event.kind in kinds and (kinds is _OFFERS or event.unit_price is not None):
            found = event
    return found


def _unit(amount: Decimal, percent_off: Decimal, origin: str) -> UnitPrice:
    return discounted(UnitPrice(amount, amount, _ZERO, origin), percent_off)
