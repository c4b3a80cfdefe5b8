"""A large price list that fits the large usage files of the same seed and number of customers.

Rules are spread over every rung of a price list: one meter, one SKU, one product, one category, everything; for all
customers and for one; as mark-up, percent and fixed price; one in eight changes its price in the middle of the month.

Invariants: no two rules of one scope and one set of keys share a day; a fixed price is in its customer's own billing
currency; the last word, a mark-up on everything, is always there.

Not here: the rows that these rules price (``usage``).
"""

import random
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from pathlib import Path

from local.demo.columns import PRICE_LIST
from local.demo.formats import Row, csv_bytes
from local.demo.organisations import stream
from local.demo.usage import CATEGORIES, PERIOD, Buyer, Market, Sold, make_market

_Keys = dict[str, str]
_CHANGES_ONE_IN = 8
_KINDS = ("meter", "sku", "product", "category", "everything")
_KIND_WEIGHTS = (30, 25, 20, 20, 5)
_ENOUGH_TRIES = 200_000


def write_price_rules(path: Path, *, customers: int, rules: int = 8_000, seed: int) -> Path:
    """Write a price list of up to *rules* rows; fewer only where so few customers have no more different keys.

    Raises:
        ValueError: no customer.
    """
    market = make_market(customers, seed)
    path.write_bytes(csv_bytes(PRICE_LIST, islice(_rules(market, stream(seed, "rules")), rules)))
    return path


def _rules(market: Market, numbers: random.Random) -> Iterator[Row]:
    yield _row({}, "markup_on_cost", Decimal(15))
    for keys in _global_keys(market):
        yield from _priced(numbers, None, keys)
    seen: set[tuple[str, ...]] = set()
    for _ in range(_ENOUGH_TRIES):
        buyer = market.buyers[min(numbers.randrange(len(market.buyers)), numbers.randrange(len(market.buyers)))]
        keys = _keys_of(numbers.choices(_KINDS, _KIND_WEIGHTS)[0], numbers.choice(market.meters))
        identity = (buyer.tenant_id, *keys, *keys.values())
        if identity not in seen:
            seen.add(identity)
            yield from _priced(numbers, buyer, keys)


def _global_keys(market: Market) -> Iterator[_Keys]:
    """Yield the keys of the rules for all customers: each once."""
    for category in CATEGORIES:
        yield {"MeterCategory": category}
    for meter in market.meters[::4]:
        yield _keys_of("meter", meter)
    for meter in market.meters[::5]:
        yield _keys_of("sku", meter)
    for product in dict.fromkeys(meter.product_id for meter in market.meters[::3]):
        yield {"ProductId": product}


def _keys_of(kind: str, meter: Sold) -> _Keys:
    match kind:
        case "meter":
            return {"MeterId": meter.meter_id}
        case "sku":
            return {"ProductId": meter.product_id, "SkuId": meter.sku_id}
        case "product":
            return {"ProductId": meter.product_id}
        case "category":
            return {"MeterCategory": meter.category}
    return {}


def _priced(numbers: random.Random, buyer: Buyer | None, keys: _Keys) -> Iterator[Row]:
    """Yield the rule, in two rows if its price changes within the month."""
    scope = keys | ({"CustomerId": buyer.tenant_id} if buyer else {})
    method, value = _method(numbers, is_fixed_allowed=buyer is not None and "MeterId" in keys)
    currency = ("USD" if buyer.is_dollar else "EUR") if buyer and method == "fixed" else ""
    if numbers.randrange(_CHANGES_ONE_IN):
        yield _row(scope, method, value, Currency=currency)
        return
    yield _row(scope, method, value, Currency=currency, ValidTo=f"{PERIOD}-14")
    yield _row(scope, method, value * Decimal("0.9"), Currency=currency, ValidFrom=f"{PERIOD}-15", Note="Offer")


def _method(numbers: random.Random, *, is_fixed_allowed: bool) -> tuple[str, Decimal]:
    """A fixed price needs a currency, and so a customer; it is given by the hour of one meter."""
    draw = numbers.randrange(10)
    if draw < 2 and is_fixed_allowed:
        return "fixed", Decimal(numbers.randint(1, 500)).scaleb(-4)
    if draw < 5:
        return "percent_of_erp", Decimal(numbers.randint(850, 1050)).scaleb(-1)
    return "markup_on_cost", Decimal(numbers.randint(0, 60)).scaleb(0) / 2


def _row(keys: _Keys, method: str, value: Decimal, **others: str) -> Row:
    row: Row = dict.fromkeys(PRICE_LIST, "")
    return row | keys | {"Method": method, "Value": value} | others
