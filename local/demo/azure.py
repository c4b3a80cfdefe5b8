"""Azure plans: what each customer's resources used on each day, and Microsoft's monthly sums of the same usage.

A day's row is not rounded: effective unit price x quantity x exchange rate, with all digits. The month's line of a
customer, subscription, meter and credit state is rounded down twice. Partner earned credit (15 %) is lost on days
without access to the resource; spot machines never have it. Hours covered by a savings plan cost nothing here, the plan
itself is on the invoice.

Not here: how rows become files (``month``).
"""

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from local.demo.arithmetic import Month, rounddown, times
from local.demo.catalogue import METERS, Meter
from local.demo.desk import BILLS, NOTHING, ONE, Bill, Desk
from local.demo.formats import Row
from local.demo.organisations import Customer, Partner, guid, stream, token

CREDIT = Decimal("0.15")
CREDIT_TEXT = '["15.0% Partner earned credit for services managed"]'
_REGIONS = (
    ("EU West", "westeurope"),
    ("EU North", "northeurope"),
    ("US East 2", "eastus2"),
    ("SE Central", "swedencentral"),
)
_GROUPS = ("rg-production", "rg-test", "rg-backup", "RG-Web", "rg-erp", "rg-data-platform")
_OWNERS = ("finance", "it", "marketing", "r&d", "café", 'the "web" team')
_LETTERS = "0123456789BCDFGHJKLMNPQRSTVWXZ"


@dataclass(frozen=True, slots=True)
class PricedMeter:
    """A meter with the identifiers that this reseller's month gives it."""

    meter: Meter
    id: str
    product_id: str
    sku_id: str
    availability_id: str


@dataclass(frozen=True, slots=True)
class Resource:
    """One meter of one resource. *size* scales what it uses in a day; *is_covered*: a savings plan pays for it."""

    priced: PricedMeter
    entitlement_id: str
    entitlement: str
    group: str
    name: str
    region: tuple[str, str]
    tags: str
    size: int
    is_covered: bool


@dataclass(frozen=True, slots=True)
class Estate:
    """A customer's Azure plan; *benefit_order* is its savings plan's, *lost* the days without partner earned credit."""

    customer: Customer
    plan_id: str
    resources: tuple[Resource, ...]
    benefit_order: str
    benefit_id: str
    lost: frozenset[int]


@dataclass(frozen=True, slots=True)
class Usage:
    """What a resource used on one day. *rate* is what Microsoft takes of the retail price: 1, 0.85, or 0 if covered."""

    estate: Estate
    resource: Resource
    on: date
    quantity: Decimal
    rate: Decimal

    @property
    def effective(self) -> Decimal:
        """The effective unit price."""
        return times(self.resource.priced.meter.price, self.rate)


def priced_meters(seed: int) -> dict[str, PricedMeter]:
    """Return all meters by description, with their identifiers."""
    numbers = stream(seed, "meters")
    return {
        meter.description: PricedMeter(
            meter,
            guid(numbers),
            "DZH318Z0" + token(numbers, 4, _LETTERS),
            "00" + token(numbers, 2, _LETTERS),
            "DZH318Z0" + token(numbers, 4, _LETTERS),
        )
        for meter in METERS
    }


def make_estates(
    seed: int, customers: Sequence[Customer], savings: dict[str, str], meters: dict[str, PricedMeter]
) -> list[Estate]:
    """Return one Azure plan for each of *customers*; the first have the most resources."""
    numbers = stream(seed, "azure")
    return [
        _estate(numbers, customer, index, savings.get(customer.tenant_id, ""), list(meters.values()))
        for index, customer in enumerate(customers)
    ]


def used(estates: Iterable[Estate], month: Month, seed: int) -> Iterator[Usage]:
    """Yield each day's usage of every resource, day by day; what was not used has no row."""
    numbers, estates = stream(seed, "usage"), list(estates)
    for number in range(month.span.days):
        on = month.day(1) + timedelta(days=number)
        for estate in estates:
            for resource in estate.resources:
                quantity = _quantity(numbers, resource, on, month.span.days)
                if quantity:
                    yield Usage(estate, resource, on, quantity, _rate(estate, resource, on))


def daily_row(usage: Usage, month: Month, partner: Partner) -> Row:
    """Return the 55 columns of one day's row."""
    bill = BILLS[usage.estate.customer.currency]
    pricing = times(usage.effective, usage.quantity)
    has_credit = usage.rate == ONE - CREDIT
    covered = usage.rate == NOTHING
    rate = CREDIT if has_credit else NOTHING
    return _about(usage, month, partner) | {
        "unitPrice": usage.resource.priced.meter.price,
        "quantity": usage.quantity,
        "unitType": usage.resource.priced.meter.unit,
        "billingPreTaxTotal": times(pricing, bill.rate),
        "billingCurrency": bill.currency,
        "pricingPreTaxTotal": pricing,
        "pricingCurrency": "USD",
        "serviceInfo1": "",
        "serviceInfo2": "",
        "tags": usage.resource.tags,
        "additionalInfo": _additional(usage.resource),
        "effectiveUnitPrice": usage.effective,
        "pcToBCExchangeRate": bill.rate,
        "pcToBCExchangeRateDate": month.rate_on,
        "entitlementId": usage.resource.entitlement_id,
        "entitlementDescription": usage.resource.entitlement,
        "rateOfPartnerEarnedCredit": rate,
        "rateOfCredit": rate,
        "creditType": "Partner Earned Credit Applied" if has_credit else "Credit Not Applied",
        "benefitOrderId": usage.estate.benefit_order if covered else "",
        "benefitId": usage.estate.benefit_id if covered else "",
        "benefitType": "SavingsPlan" if covered else "Charge" if usage.estate.benefit_order else "",
    }


@dataclass(slots=True)
class MonthlySums:
    """The same usage as the invoice shows it: one line a customer, subscription, meter and credit state."""

    quantities: dict[tuple[str, str, Decimal], Decimal] = field(default_factory=dict)
    first: dict[tuple[str, str, Decimal], Usage] = field(default_factory=dict)

    def add(self, usage: Usage) -> None:
        """Count one day's usage; what a savings plan covers is not on the invoice."""
        if usage.rate == NOTHING:
            return
        key = (usage.estate.plan_id, usage.resource.priced.id, usage.rate)
        self.quantities[key] = self.quantities.get(key, NOTHING) + usage.quantity
        self.first.setdefault(key, usage)

    def bill(self, desk: Desk) -> None:
        """Put the sums on the invoices."""
        for key, quantity in self.quantities.items():
            usage = self.first[key]
            bill = BILLS[usage.estate.customer.currency]
            desk.lines[bill.currency].append(_monthly_line(desk, bill, usage, quantity))


def _monthly_line(desk: Desk, bill: Bill, usage: Usage, quantity: Decimal) -> Row:
    priced = usage.resource.priced
    meter = priced.meter
    amount = rounddown(times(rounddown(times(usage.effective, quantity)), bill.rate))
    line = desk.blank(usage.estate.customer, "new", desk.month.span.last)
    line |= desk.amounts(bill, amount, usage.effective, quantity, is_credit=False)
    return line | {
        "OrderId": usage.estate.plan_id[:8],
        "ProductId": priced.product_id,
        "SkuId": priced.sku_id,
        "AvailabilityId": priced.availability_id,
        "SkuName": meter.sku,
        "ProductName": meter.product,
        "UnitPrice": meter.price,
        "Quantity": 1,
        "PriceAdjustmentDescription": CREDIT_TEXT if usage.rate != ONE else "",
        "SubscriptionDescription": "Azure plan",
        "SubscriptionId": usage.estate.plan_id,
        "ChargeStartDate": desk.month.span.first,
        "ChargeEndDate": desk.month.span.last,
        "TermAndBillingCycle": meter.name,
        "UnitType": meter.unit,
        "PricingCurrency": "USD",
        "PCToBCExchangeRate": bill.rate,
        "MeterDescription": meter.description,
        "ReferenceId": desk.reference(),
    }


def _about(usage: Usage, month: Month, partner: Partner) -> Row:
    customer, resource, priced = usage.estate.customer, usage.resource, usage.resource.priced
    meter = priced.meter
    return {
        "partnerId": partner.tenant_id,
        "partnerName": partner.name,
        "customerId": customer.tenant_id,
        "customerName": customer.name,
        "customerDomainName": customer.domain,
        "customerCountry": customer.country,
        "mpnId": partner.location_id,
        "resellerMpnId": customer.reseller_id,
        "invoiceNumber": BILLS[customer.currency].number,
        "productId": priced.product_id,
        "skuId": priced.sku_id,
        "availabilityId": priced.availability_id,
        "skuName": meter.sku,
        "productName": meter.product,
        "publisherName": "Microsoft",
        "publisherId": "",
        "subscriptionDescription": "Azure plan",
        "subscriptionId": usage.estate.plan_id,
        "chargeStartDate": month.span.first,
        "chargeEndDate": month.span.last,
        "usageDate": usage.on,
        "meterType": meter.unit,
        "meterCategory": meter.category,
        "meterId": priced.id,
        "meterSubCategory": meter.subcategory,
        "meterName": meter.description,
        "meterRegion": resource.region[0],
        "unitOfMeasure": meter.unit,
        "resourceLocation": resource.region[1],
        "consumedService": meter.provider.split("/")[0],
        "resourceGroup": resource.group,
        "resourceUri": f"/subscriptions/{resource.entitlement_id}/resourceGroups/{resource.group}/providers/"
        f"{meter.provider}/{resource.name}",
        "chargeType": "new",
    }


def _additional(resource: Resource) -> str:
    if resource.priced.meter.category != "Virtual Machines":
        return ""
    size = "Standard_" + resource.priced.meter.sku.replace(" ", "_")
    return json.dumps({"ImageType": None, "ServiceType": size, "VMName": resource.name, "UsageType": "ComputeHR"})


def _estate(
    numbers: random.Random, customer: Customer, index: int, benefit_order: str, meters: list[PricedMeter]
) -> Estate:
    names = [f"{customer.domain.split('.')[0]}-{suffix}" for suffix in ("prod", "dev")[: 1 + (customer.people > 100)]]
    entitlements = [(guid(numbers), name) for name in names]
    resources = [
        _resource(numbers, numbers.choice(meters), entitlements, has_plan=bool(benefit_order))
        for _ in range(4 + 60 // (index + 1) + numbers.randint(0, 4))
    ]
    if benefit_order:
        resources.append(_resource(numbers, meters[0], entitlements, has_plan=True))
    if customer.currency == "USD":
        trace = next(priced for priced in meters if priced.meter.usage == "trace")
        resources = [one for one in resources if one.priced is not trace]
        resources.append(_resource(numbers, trace, entitlements, has_plan=False))
    start = numbers.randint(3, 20)
    is_locked_out = index % 6 == 1
    return Estate(
        customer,
        guid(numbers),
        tuple(resources),
        benefit_order,
        guid(numbers) if benefit_order else "",
        frozenset(range(start, start + 3)) if is_locked_out else frozenset(),
    )


def _resource(
    numbers: random.Random, priced: PricedMeter, entitlements: list[tuple[str, str]], *, has_plan: bool
) -> Resource:
    entitlement = numbers.choice(entitlements)
    tags = {"owner": numbers.choice(_OWNERS), "cost-centre": str(numbers.randint(1000, 9999))}
    return Resource(
        priced,
        *entitlement,
        numbers.choice(_GROUPS),
        f"{priced.meter.provider.rsplit('/', 1)[-1].lower()[:10]}-{token(numbers, 6)}",
        numbers.choice(_REGIONS),
        json.dumps(tags, ensure_ascii=False) if numbers.random() < 0.8 else "",
        numbers.randint(1, 20),
        has_plan and priced.meter.sku == "D2s v5",
    )


def _rate(estate: Estate, resource: Resource, on: date) -> Decimal:
    if resource.is_covered:
        return NOTHING
    if not resource.priced.meter.has_credit or on.day in estate.lost:
        return ONE
    return ONE - CREDIT


def _quantity(numbers: random.Random, resource: Resource, on: date, month_days: int) -> Decimal:
    """What a resource uses in a day; always drawn, so that one resource's silence does not shift the others."""
    draw = numbers.randint(1, 999_999)
    match resource.priced.meter.usage:
        case "hours":
            amount = Decimal(24) if draw % 10 else Decimal(23) + Decimal(draw).scaleb(-6)
        case "some":
            amount = Decimal(draw * resource.size).scaleb(-6) if draw % 4 else NOTHING
        case "share":
            amount = (Decimal(resource.size) / month_days).quantize(Decimal("1E-9"))
        case "counted":
            amount = Decimal(draw % 90_000 * resource.size).scaleb(-4)
        case "trickle":
            amount = Decimal(draw * resource.size).scaleb(-7)
        case "trace":
            amount = Decimal(1 + draw % 3).scaleb(-7) if on.day == 1 else NOTHING
        case _:
            amount = ONE
    return amount
