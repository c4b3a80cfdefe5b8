"""Legacy prices: what one unit costs for a full charge cycle, for each part that a product is split into.

One price is locked for the whole term, for units added later as well; a promotion changes only what is charged after it
began.

Sources: Microsoft Partner Center documentation, "FAQ about new billing features" (price lock) and "Tax and fees on
voice services" (one product on two priced lines).

Not here: how a price is found (``prices_in_force``), which day's price a term takes (``advance``), sales prices.
"""

from datetime import date
from decimal import Decimal

from shared.domain.expected.lines import UnitPrice
from shared.domain.expected.prices_in_force import discounted, price_in_force
from shared.domain.subscriptions.kinds import Plan
from shared.domain.subscriptions.subscription import Subscription

PartPrices = tuple[tuple[str, UnitPrice], ...]
"""The name of each part ("" for a product in one piece) and its price."""


def parts_of(subscription: Subscription) -> tuple[str, ...]:
    """Return the names of the product's parts; one without a name for a product in one piece."""
    return tuple(dict.fromkeys(row.part for row in subscription.prices if row.part)) or ("",)


def prices_on(subscription: Subscription, on: date, product: str, term: str, plan: Plan) -> PartPrices:
    """Return what the product costs on that day, part by part; parts without a price are left out."""
    found = (
        (part, price_in_force(subscription, on, product=product, term=term, plan=plan, part=part))
        for part in parts_of(subscription)
    )
    return tuple((part, price) for part, price in found if price is not None)


def reduced(prices: PartPrices, percent_off: Decimal) -> PartPrices:
    """Return the prices after a promotion."""
    return tuple((part, discounted(price, percent_off)) for part, price in prices) if percent_off else prices


def free(prices: PartPrices) -> PartPrices:
    """Return the same parts, free of charge."""
    return tuple((part, UnitPrice(Decimal(0), Decimal(0), Decimal(0), price.origin)) for part, price in prices)
