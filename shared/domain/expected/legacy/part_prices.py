"""Legacy prices: what one unit costs for a full charge cycle, for each part that a product is split into.

One price is locked for the whole term, for units added later as well; a promotion changes only what is charged after it
began.

Sources: Microsoft Partner Center documentation, "FAQ about new billing features" (price lock) and "Tax and fees on
voice services" (one product on two priced lines).

Not here: how a price is found (``prices_in_force``), which day's price a term takes (``advance``), sales prices.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from shared.domain.expected.lines import UnitPrice
from shared.domain.expected.prices_in_force import discounted, price_in_force
from shared.domain.expected.rounding import RoundingMode
from shared.domain.subscriptions.events import Quantity
from shared.domain.subscriptions.kinds import Plan
from shared.domain.subscriptions.subscription import Subscription

_NOTHING = Decimal(0)
_IN_ONE_PIECE = ("",)


PartPrice = tuple[str, UnitPrice, RoundingMode, Callable[[Quantity, int, int], Decimal]]
"""A part of a product ("" for one in one piece), its price, its mode, and that mode's ``amounts`` of the price."""
PartPrices = tuple[PartPrice, ...]


class Arithmetic(NamedTuple):
    """How amounts are rounded: those of list prices, and those of discounted ones."""

    listed: RoundingMode
    discounted: RoundingMode
    currency: str

    def priced(self, part: str, price: UnitPrice) -> PartPrice:
        """Return the price with its arithmetic."""
        mode = self.discounted if price.percent_off else self.listed
        return part, price, mode, mode.amounts(price.amount, self.currency)


def parts_of(subscription: Subscription) -> tuple[str, ...]:
    """Return the names of the product's parts; one without a name for a product in one piece."""
    named = [row.part for row in subscription.prices if row.part]
    return tuple(dict.fromkeys(named)) if named else _IN_ONE_PIECE


def prices_on(
    subscription: Subscription, on: date, product: str, term: str, plan: Plan, arithmetic: Arithmetic
) -> PartPrices:
    """Return what the product costs on that day, part by part; parts without a price are left out."""
    found = []
    for part in parts_of(subscription):
        price = price_in_force(subscription, on, product=product, term=term, plan=plan, part=part)
        if price is not None:
            found.append(arithmetic.priced(part, price))
    return tuple(found)


def reduced(prices: PartPrices, percent_off: Decimal, arithmetic: Arithmetic) -> PartPrices:
    """Return the prices after a promotion."""
    return tuple(arithmetic.priced(part, discounted(price, percent_off)) for part, price, _, _ in prices)


def free(prices: PartPrices, arithmetic: Arithmetic) -> PartPrices:
    """Return the same parts, free of charge; one part where no price is known."""
    origins = [(part, price.origin) for part, price, _, _ in prices] or [("", "")]
    return tuple(arithmetic.priced(part, UnitPrice(_NOTHING, _NOTHING, _NOTHING, origin)) for part, origin in origins)
