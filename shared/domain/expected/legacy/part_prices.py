"""Legacy prices: what one unit costs for a full charge cycle, for each part that a product is split into.

A legacy price is listed for a month; paid yearly it costs twelve of them. One price is locked for the whole term, for
units added later as well; a promotion changes only what is charged after it began.

Sources: Microsoft Partner Center documentation, "FAQ about new billing features" (price lock) and "Tax and fees on
voice services" (one product on two priced lines).

Not here: sales prices, which day's price a term takes (``running``).
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from shared.domain.expected.lines import UnitPrice
from shared.domain.expected.prices_in_force import discounted, price_in_force
from shared.domain.money import exact_product
from shared.domain.subscriptions.kinds import PLAN_MONTHS, Plan
from shared.domain.subscriptions.subscription import DatedPrice, Subscription

PartPrices = tuple[tuple[str, UnitPrice], ...]
"""The name of each part ("" for a product in one piece) and its price."""

ORDERED = "price named in the order"


def by_part(subscription: Subscription) -> tuple[tuple[str, Subscription], ...]:
    """Return the subscription once for each part of its product, with the prices of that part only."""
    names = tuple(dict.fromkeys(row.part for row in subscription.prices)) or ("",)
    if names == ("",) and all(row.per != "month" for row in subscription.prices):
        return (("", subscription),)
    return tuple((name, replace(subscription, prices=_rows(subscription, name))) for name in names)


def listed_prices(
    parts: tuple[tuple[str, Subscription], ...], on: date, product: str, term: str, plan: Plan
) -> PartPrices:
    """Return what the price list asks on that day, part by part; parts without a price are left out."""
    found = ((name, price_in_force(part, on, product=product, term=term, plan=plan)) for name, part in parts)
    return tuple((name, price) for name, price in found if price is not None)


def ordered_price(amount: Decimal) -> PartPrices:
    """Return a price that an event named, for the product in one piece."""
    return (("", UnitPrice(amount, amount, Decimal(0), ORDERED)),)


def reduced(prices: PartPrices, percent_off: Decimal) -> PartPrices:
    """Return the prices after a promotion."""
    return tuple((name, discounted(price, percent_off)) for name, price in prices) if percent_off else prices


def free(prices: PartPrices) -> PartPrices:
    """Return the same parts, free of charge."""
    return tuple((name, UnitPrice(Decimal(0), Decimal(0), Decimal(0), price.origin)) for name, price in prices)


def _rows(subscription: Subscription, part: str) -> tuple[DatedPrice, ...]:
    return tuple(each for row in subscription.prices if row.part == part for each in _for_cycles(row))


def _for_cycles(row: DatedPrice) -> tuple[DatedPrice, ...]:
    if row.per != "month":
        return (row,)
    plans = PLAN_MONTHS if row.plan is None else {row.plan: PLAN_MONTHS.get(row.plan, 12)}
    return tuple(_for_months(row, plan, months) for plan, months in plans.items())


def _for_months(row: DatedPrice, plan: Plan, months: int) -> DatedPrice:
    amount = exact_product(row.amount, Decimal(months))
    origin = row.origin if months == 1 else f"{row.origin}: month x {months}"
    return replace(row, amount=amount, per="cycle", plan=plan, origin=origin)
