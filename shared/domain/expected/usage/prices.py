"""Usage prices: the price of one unit of a meter on a day, before partner earned credit.

A row's own price goes first, then one that an event set, then the dated price of its meter. A promotion is taken off,
except of a row's own price, which says what was rated already. Usage beside seats (of a licence, of a marketplace
product) has a price of its own or of its meter: the other prices of such a subscription are those of its seats.

Not here: tiers (``tiers``), credit (``partner_earned_credit``).
"""

from datetime import date
from decimal import Decimal

from shared.domain.expected.lines import UnitPrice
from shared.domain.expected.prices_in_force import discounted, row_in_force
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.subscription import Subscription, Usage

_ZERO = Decimal(0)
_USAGE = frozenset({ServiceKind.AZURE_USAGE, ServiceKind.LEGACY_USAGE})
FREE = UnitPrice(_ZERO, _ZERO)
_PRICED = frozenset({EventKind.CREATED, EventKind.PRICE_CHANGED})
_PROMOTED = frozenset({EventKind.PROMOTION_BEGAN, EventKind.PROMOTION_ENDED})


def unit_price_of(subscription: Subscription, usage: Usage) -> UnitPrice | None:
    """Return the price of one unit of *usage*, or None where nobody gave one."""
    if usage.unit_price is not None:
        return UnitPrice(usage.unit_price, usage.unit_price, _ZERO, "usage")
    if subscription.kind in _USAGE:
        return listed_price(subscription, usage.meter, usage.on)
    row = row_in_force(subscription, usage.on, usage.meter, subscription.term, subscription.plan)
    return UnitPrice(row.amount, row.amount, _ZERO, row.origin) if row and row.product else None


def listed_price(subscription: Subscription, meter: str, on: date) -> UnitPrice | None:
    """Return the price of one unit of *meter* on that day, promotions taken off."""
    promotion = _last(subscription, on, _PROMOTED)
    percent = promotion.percent if promotion and promotion.kind is EventKind.PROMOTION_BEGAN else None
    changed = _last(subscription, on, _PRICED)
    row = row_in_force(subscription, on, meter or subscription.product, subscription.term, subscription.plan)
    is_older = bool(changed and row and row.valid_from and row.valid_from > changed.on)
    if changed and changed.unit_price is not None and not is_older:
        amount = changed.unit_price
        return discounted(UnitPrice(amount, amount, _ZERO, f"event of {changed.on}"), percent or _ZERO)
    if row is None:
        return None
    return discounted(UnitPrice(row.amount, row.amount, _ZERO, row.origin), percent or _ZERO)


def _last(subscription: Subscription, on: date, kinds: frozenset[EventKind]) -> Event | None:
    """Return the last event of those kinds up to that day that says something."""
    found = None
    for event in subscription.events:
        if event.kind in kinds and event.on <= on and (event.kind in _PROMOTED or event.unit_price is not None):
            found = event
    return found
