"""Prices by day, currency and segment, the exchange rates of each month, and what a promotion takes off.

Invariants: a price is what the partner pays for one unit and charge cycle, before promotions; it is a function of the
day, so that a term can keep the price of its first day; licences have a list price in every currency, everything else
has one currency.

Not here: price sheets (``calls.price_sheets``), what is charged (``subscribing``, ``renewing``).
"""

import hashlib
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from local.partner_center.catalogue import Item, Plan
from local.partner_center.commerce import Promotion, commerce
from local.partner_center.entities import Subscription
from local.partner_center.world import World

_CENT = Decimal("0.01")
_MONTHLY_PAYMENT_COSTS_MORE_FROM = date(2025, 4, 1)
_USD_PER_UNIT = {
    "AED": "0.2723",
    "AUD": "0.66",
    "BGN": "0.595",
    "BRL": "0.185",
    "CAD": "0.72",
    "CHF": "1.25",
    "CZK": "0.0474",
    "DKK": "0.1562",
    "EUR": "1.1655",
    "GBP": "1.3380",
    "HKD": "0.1285",
    "HUF": "0.00299",
    "ILS": "0.298",
    "INR": "0.0113",
    "JPY": "0.00652",
    "KRW": "0.000705",
    "MXN": "0.0543",
    "NOK": "0.0988",
    "NZD": "0.58",
    "PLN": "0.2742",
    "RON": "0.2290",
    "SEK": "0.1062",
    "SGD": "0.774",
    "TRY": "0.0238",
    "USD": "1",
    "ZAR": "0.0577",
}
CURRENCIES = tuple(_USD_PER_UNIT)
_EXTENDED = Decimal("1.03")
_EXTENDED_WITHOUT_MONTHLY = Decimal("1.23")


@lru_cache(maxsize=4096)
def usd_per_unit(currency: str, month: str) -> Decimal:
    """Return how many US dollars one unit of the currency is worth in a month (``YYYYMM``).

    Raises:
        KeyError: no such currency.
    """
    base = Decimal(_USD_PER_UNIT[currency])
    if currency == "USD":
        return base
    digest = hashlib.sha256(f"{currency}/{month}".encode()).digest()
    swing = (Decimal(digest[0]) - 128) / 128 * Decimal("0.02")
    return (base * (1 + swing)).quantize(Decimal("0.0000001"))


def exchange_rate(pricing_currency: str, billing_currency: str, month: str) -> Decimal:
    """Return by what a price is multiplied to get the billing currency; 1 where they are the same."""
    if pricing_currency == billing_currency:
        return Decimal(1)
    rate = usd_per_unit(pricing_currency, month) / usd_per_unit(billing_currency, month)
    return rate.quantize(Decimal("0.0000000001"))


def half_up(amount: Decimal) -> Decimal:
    """Return the amount in cents."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def pricing_currency(item: Item, currency: str) -> str:
    """Return the currency the item's price is in for a partner who is billed in *currency*."""
    if item.goods is None:
        return currency
    return currency if item.product_type == "Software" else item.goods.pricing_currency


def list_price(
    world: World, item: Item, plan: Plan, currency: str, *, segment: str = "commercial", on: date
) -> Decimal:
    """Return what one unit costs for one charge cycle on that day, in ``pricing_currency``."""
    if item.is_trial or item.is_azure_plan:
        return Decimal(0)
    base = _licence_price(item, plan, currency, on) if item.licence else _goods_price(item, currency)
    base *= item.shares.get(segment, Decimal(1))
    for change in commerce(world).price_changes:
        fits = change.product in ("", item.key) and change.term in ("", plan.term) and change.cycle in ("", plan.cycle)
        if fits and change.from_on <= on:
            base = half_up(base * change.factor)
    return half_up(base) if item.licence else base


def recommended_price(world: World, item: Item, plan: Plan, currency: str, *, segment: str, on: date) -> Decimal:
    """Return the recommended price to customers that belongs to ``list_price``."""
    price = list_price(world, item, plan, currency, segment=segment, on=on)
    share = item.licence.partner_share if item.licence else Decimal("0.90")
    return half_up(price / share)


def extended_price(world: World, item: Item, currency: str, *, segment: str, on: date) -> Decimal:
    """Return what one unit costs for a month of the extended service term."""
    if item.offers("P1M", "monthly"):
        monthly = list_price(world, item, Plan("P1M", "monthly"), currency, segment=segment, on=on)
        return half_up(monthly * _EXTENDED)
    annual = list_price(world, item, Plan("P1Y", "annual"), currency, segment=segment, on=on)
    return half_up(annual / 12 * _EXTENDED_WITHOUT_MONTHLY)


def price_term(world: World, subscription: Subscription, item: Item, *, wanted: str = "", on: date) -> None:
    """Set the price of the running term, and the promotion that holds in it, as of the day *on*."""
    plan = Plan(subscription.term, subscription.cycle)
    segment = subscription.extra.get("segment", "commercial")
    billing = subscription.extra.get("billing_currency", subscription.currency)
    subscription.unit_price = list_price(world, item, plan, billing, segment=segment, on=on)
    subscription.currency = pricing_currency(item, billing)
    promotion = promotion_for(world, item, plan, subscription.quantity, wanted=wanted, on=on)
    subscription.promotion_id = promotion.id if promotion else ""
    subscription.discount = promotion.discount if promotion else Decimal(0)


def promotion_for(
    world: World, item: Item, plan: Plan, quantity: int, *, wanted: str = "", on: date
) -> Promotion | None:
    """Return the promotion that applies: the one asked for, or else one that applies by itself."""
    for each in commerce(world).promotions:
        if (each.id == wanted or (not wanted and each.is_automatic)) and not unmet(each, item, plan, quantity, on):
            return each
    return None


def unmet(promotion: Promotion, item: Item, plan: Plan, quantity: int, on: date) -> str:
    """Return which condition of the promotion is not met ("" for none), in Microsoft's word for it."""
    if promotion.product != item.key or not promotion.first_on <= on <= promotion.last_on:
        return "InvalidPromotion"
    if (promotion.term, promotion.cycle) != (plan.term, plan.cycle):
        return "Term"
    return "" if promotion.seats_min <= quantity <= promotion.seats_max else "SeatCount"


def _licence_price(item: Item, plan: Plan, currency: str, on: date) -> Decimal:
    licence = item.licence
    assert licence is not None  # noqa: S101 - only licences come here, for the type checker
    known = currency if currency in licence.erp else "USD"
    cycle = plan.cycle.capitalize()
    price = licence.cost(plan.term, cycle, known)
    if cycle == "Monthly" and plan.term != "P1M" and on < _MONTHLY_PAYMENT_COSTS_MORE_FROM:
        price = half_up(licence.erp[known] * licence.partner_share)
    return price if known == currency else half_up(price / Decimal(_USD_PER_UNIT[currency]))


def _goods_price(item: Item, currency: str) -> Decimal:
    goods = item.goods
    assert goods is not None  # noqa: S101 - only goods come here, for the type checker
    target = pricing_currency(item, currency)
    if target == goods.pricing_currency:
        return goods.price
    rate = Decimal(_USD_PER_UNIT[goods.pricing_currency]) / Decimal(_USD_PER_UNIT[target])
    return half_up(goods.price * rate)
