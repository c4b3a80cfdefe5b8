"""Large daily usage files for measurements: millions of rows that are as hard to bill as real ones.

What makes them hard: 55 columns and almost two kilobytes a row, a few customers with most of the rows, amounts of 15 to
24 significant digits as bare JSON numbers, now and then in exponent form, and one third of the customers billed in the
pricing currency with short decimals, so that sums lie exactly between two cents.

Rows are written as they are made: memory holds one block of resources, never a part. A block's rows come day by day, so
the rows of one resource do not stand together.

Not here: prices for these rows (``usage_rules``), and the small month with everything in it (``month``).
"""

import gzip
import json
import random
from bisect import bisect
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from itertools import accumulate, islice
from pathlib import Path

from local.demo.columns import DAILY_USAGE
from local.demo.formats import Row, Value, json_line
from local.demo.organisations import guid, stream, token

DAYS = 30
PERIOD = "2026-10"
DEFAULT_CUSTOMERS = 5_000
_NAMES = (
    "Virtual Machines|Storage|Bandwidth|SQL Database|Azure App Service|Log Analytics|Backup|Key Vault|Azure Monitor|"
    "Virtual Network|Container Registry|Functions|Azure Cosmos DB|Redis Cache|Event Hubs|Service Bus|API Management|"
    "Azure Kubernetes Service|Cognitive Services|Microsoft Defender for Cloud"
)
CATEGORIES = tuple(_NAMES.split("|"))
_BLOCK_RESOURCES = 500
_METERS, _PRODUCTS = 400, 120
_CHUNK_ROWS = 500
_RATE = Decimal("0.851935")
_CREDIT = Decimal("0.85")
_EXACT = Context(prec=60)
_LETTERS = "0123456789BCDFGHJKLMNPQRSTVWXZ"
_VARYING = ("usageDate", "quantity", "billingPreTaxTotal", "pricingPreTaxTotal")
_GZIP_LEVEL = 1


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer; *is_dollar*: billed in the pricing currency, with prices and quantities of few decimals."""

    tenant_id: str
    plan_id: str
    name: str
    is_dollar: bool


@dataclass(frozen=True, slots=True)
class Sold:
    """A meter with its price-list keys."""

    meter_id: str
    product_id: str
    sku_id: str
    category: str


@dataclass(frozen=True, slots=True)
class Market:
    """Who buys and what is sold; the same for the rows and for the price rules of one seed."""

    buyers: Sequence[Buyer]
    meters: Sequence[Sold]


def make_market(customers: int, seed: int) -> Market:
    """Return the customers and meters of a seed.

    Raises:
        ValueError: no customer.
    """
    if customers < 1:
        raise ValueError("usage needs at least one customer")
    numbers = stream(seed, "market")
    products = ["DZH318Z0" + token(numbers, 4, _LETTERS) for _ in range(_PRODUCTS)]
    meters = [
        Sold(guid(numbers), products[number % _PRODUCTS], f"{number // _PRODUCTS:04d}", CATEGORIES[number % 20])
        for number in range(_METERS)
    ]
    buyers = [
        Buyer(guid(numbers), guid(numbers), f"Müster & Zoon {number:05d} B.V.", number % 3 == 2)
        for number in range(customers)
    ]
    return Market(buyers, meters)


def write_usage_parts(folder: Path, *, lines: int, parts: int, customers: int, seed: int) -> list[Path]:
    """Write *lines* rows over *parts* gzip files in *folder*, which is made if it is missing; return the files.

    A customer's number of resources falls with its rank; of 5,000 customers the largest has about 11 % of the rows.

    Raises:
        ValueError: no customer, no part, or fewer lines than parts.
    """
    if not 1 <= parts <= lines:
        raise ValueError(f"{lines} lines cannot be written over {parts} parts: give at least one line a part")
    folder.mkdir(parents=True, exist_ok=True)
    rows = islice(_rows(make_market(customers, seed), lines, stream(seed, "big usage")), lines)
    paths = []
    for part in range(parts):
        path = folder / f"usage_G104455667_part-{part:05d}.json.gz"
        _write_part(path, islice(rows, lines * (part + 1) // parts - lines * part // parts))
        paths.append(path)
    return paths


def _write_part(path: Path, rows: Iterator[bytes]) -> None:
    with ExitStack() as stack:
        raw = stack.enter_context(path.open("wb"))
        file = stack.enter_context(gzip.GzipFile("", "wb", _GZIP_LEVEL, raw, mtime=0))
        while chunk := b"".join(islice(rows, _CHUNK_ROWS)):
            file.write(chunk)


def _rows(market: Market, lines: int, numbers: random.Random) -> Iterator[bytes]:
    """Yield at least *lines* rows, block by block, each block's day by day."""
    shares = list(accumulate(1 / rank for rank in range(1, len(market.buyers) + 1)))
    resources = -(-lines // DAYS)
    for start in range(0, resources, _BLOCK_RESOURCES):
        block = [
            _Resource(numbers, market.buyers[bisect(shares, numbers.random() * shares[-1])], market.meters)
            for _ in range(min(_BLOCK_RESOURCES, resources - start))
        ]
        for day in range(1, DAYS + 1):
            yield from _day_of(block, f'"{PERIOD}-{day:02d}T00:00:00Z"'.encode(), numbers)


def _day_of(block: "Sequence[_Resource]", day: bytes, numbers: random.Random) -> Iterator[bytes]:
    """Yield one row a resource. This loop runs once for every row: it is written for speed."""
    draw = numbers.getrandbits
    for one in block:
        with localcontext(_EXACT):
            quantity = Decimal(1 + draw(one.bits)).scaleb(one.decimals)
            pricing = quantity * one.effective
            billing = pricing * one.rate
        shown = f"{quantity:E}" if not draw(9) else str(quantity)
        yield b"".join(
            (
                one.pieces[0],
                day,
                one.pieces[1],
                shown.encode(),
                one.pieces[2],
                str(billing).encode(),
                one.pieces[3],
                str(pricing).encode(),
                one.pieces[4],
            )
        )


class _Resource:
    """One meter of one resource: its prices, and its row cut into the pieces around what changes from day to day."""

    __slots__ = ("bits", "decimals", "effective", "pieces", "rate")

    def __init__(self, numbers: random.Random, buyer: Buyer, meters: Sequence[Sold]) -> None:
        meter = meters[min(numbers.randrange(len(meters)), numbers.randrange(len(meters)))]
        if buyer.is_dollar:
            price, self.rate, credit = Decimal(numbers.randint(1, 60)).scaleb(-2), Decimal(1), Decimal(1)
            self.bits, self.decimals = 12, -2
        else:
            price, self.rate = Decimal(numbers.randint(10**4, 10**8)).scaleb(-8), _RATE
            credit = _CREDIT if numbers.random() < 0.98 else Decimal(1)
            self.bits, self.decimals = 24, -6
        self.effective = _EXACT.multiply(price, credit)
        row = _row(numbers, buyer, meter) | _priced(buyer, price, self.effective, credit)
        self.pieces = _cut({name: row.get(name, "") for name in DAILY_USAGE})


def _cut(row: Row) -> tuple[bytes, ...]:
    """Return the JSON text before, between and after the varying columns."""
    pieces, pending = [], "{"
    for name, value in row.items():
        pending += f'"{name}":'
        if name in _VARYING:
            pieces.append(pending.encode())
            pending = ","
        else:
            pending += json_line({"": value})[4:-1] + ","
    return (*pieces, (pending[:-1] + "}\n").encode())


def _priced(buyer: Buyer, price: Decimal, effective: Decimal, credit: Decimal) -> dict[str, Value]:
    earned = Decimal(1) - credit
    return {
        "unitPrice": price,
        "effectiveUnitPrice": effective,
        "billingCurrency": "USD" if buyer.is_dollar else "EUR",
        "pricingCurrency": "USD",
        "pcToBCExchangeRate": Decimal(1) if buyer.is_dollar else _RATE,
        "pcToBCExchangeRateDate": "2026-09-28T00:00:00Z",
        "rateOfPartnerEarnedCredit": earned,
        "rateOfCredit": earned,
        "creditType": "Partner Earned Credit Applied" if earned else "Credit Not Applied",
        "invoiceNumber": "G104455668" if buyer.is_dollar else "G104455667",
    }


def _row(numbers: random.Random, buyer: Buyer, meter: Sold) -> dict[str, Value]:
    entitlement, machine = guid(numbers), token(numbers, 12)
    group = f"rg-{machine[:4]}"
    uri = f"/subscriptions/{entitlement}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{machine}"
    description = f"{meter.category} {meter.sku_id} - {meter.meter_id[:8]}"
    return {
        "partnerId": "5f0c1b1e-0d8e-4a57-9a51-2f6f5a4b9c01",
        "partnerName": "Voorbeeld Cloud Diensten B.V.",
        "customerId": buyer.tenant_id,
        "customerName": buyer.name,
        "customerDomainName": f"c{buyer.tenant_id[:8]}.onmicrosoft.com",
        "customerCountry": "US" if buyer.is_dollar else "NL",
        "mpnId": "6034453",
        "resellerMpnId": "0",
        "productId": meter.product_id,
        "skuId": meter.sku_id,
        "availabilityId": f"DZH318Z0{meter.sku_id}",
        "skuName": f"Series {meter.sku_id}",
        "productName": f"{meter.category} - Series {meter.sku_id}",
        "publisherName": "Microsoft",
        "subscriptionDescription": "Azure plan",
        "subscriptionId": buyer.plan_id,
        "chargeStartDate": "2026-10-01T00:00:00Z",
        "chargeEndDate": "2026-10-31T00:00:00Z",
        "meterType": "1 Hour",
        "meterCategory": meter.category,
        "meterId": meter.meter_id,
        "meterSubCategory": f"Series {meter.sku_id}",
        "meterName": description,
        "meterRegion": "EU West",
        "unitOfMeasure": "1 Hour",
        "resourceLocation": "westeurope",
        "consumedService": "Microsoft.Compute",
        "resourceGroup": group,
        "resourceUri": uri,
        "chargeType": "new",
        "unitType": "1 Hour",
        "tags": _tags(numbers),
        "additionalInfo": _additional(numbers, machine),
        "entitlementId": entitlement,
        "entitlementDescription": f"prod-{machine[:3]}",
    }


def _tags(numbers: random.Random) -> str:
    return json.dumps(
        {
            "environment": numbers.choice(("production", "test", "development")),
            "cost-centre": str(numbers.randint(1000, 9999)),
            "owner": f"t{token(numbers, 4)}",
        }
    )


def _additional(numbers: random.Random, machine: str) -> str:
    return json.dumps(
        {
            "ServiceType": f"Standard_D{numbers.choice((2, 4, 8))}s_v5",
            "VMName": machine,
            "UsageType": "ComputeHR",
        }
    )
