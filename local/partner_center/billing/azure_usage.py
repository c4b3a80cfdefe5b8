"""What the resources of Azure plans use, day by day, and how Microsoft restates it while the month is open.

Every plan has resources that follow from the world's seed and the plan's id. A day's usage is told from the next day
on; some rows come up to three days late, and some first tell a smaller quantity that is corrected three days later.
Whoever reads long enough after the day reads the final figures. Partner earned credit (15 %) is lost on single days
and never given for spot machines.

    a day       effective unit price x quantity x exchange rate, not rounded
    a month     ROUNDDOWN(ROUNDDOWN(effective unit price x quantity, 2) x exchange rate, 2), by meter and credit state

Invariants: the same plan, day and age give the same rows; quantities of a final day never change.

Source: Microsoft Partner Center documentation, "Daily rated usage reconciliation file", "Partner earned credit".

Not here: columns (``usage_rows``).
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from local.demo.arithmetic import Month, Span, rounddown, times
from local.demo.azure import CREDIT, PricedMeter, priced_meters
from local.demo.organisations import guid, token
from local.partner_center.entities import Subscription

PLAN_PRODUCT = "DZH318Z0BPS6"
ONE, NOTHING = Decimal(1), Decimal(0)
CORRECTED_AFTER_DAYS = 3
_RESOURCES_MIN, _RESOURCES_MAX = 3, 9
_REGIONS = (("EU West", "westeurope"), ("EU North", "northeurope"), ("SE Central", "swedencentral"))
_GROUPS = ("rg-production", "rg-test", "rg-backup", "RG-Web", "rg-erp")
_OWNERS = ("finance", "it", "marketing", "r&d", "café")
_DRAW_MAX = 999_999


@dataclass(frozen=True, slots=True)
class Resource:
    """One meter of one resource; *size* scales what it uses. *benefit_order*: a savings plan pays for it."""

    priced: PricedMeter
    entitlement_id: str
    entitlement: str
    group: str
    name: str
    region: tuple[str, str]
    tags: str
    size: int
    benefit_order: str = ""


@dataclass(frozen=True, slots=True)
class Used:
    """What a resource used on one day; *rate* is the share of the retail price that Microsoft takes."""

    resource: Resource
    on: date
    quantity: Decimal
    rate: Decimal

    @property
    def effective(self) -> Decimal:
        """The effective unit price in dollar."""
        return times(self.resource.priced.meter.price, self.rate)


def is_azure_plan(sold: Subscription) -> bool:
    """Return whether a subscription is an Azure plan, billed by use."""
    return sold.product_type == "AzurePlan" or sold.product_id == PLAN_PRODUCT


class Estates:
    """The resources of all plans of one seed, made when first asked for."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._meters = list(priced_meters(seed).values())
        self._made: dict[str, tuple[Resource, ...]] = {}

    def resources(self, plan: Subscription) -> tuple[Resource, ...]:
        """Return the plan's resources."""
        if plan.id not in self._made:
            self._made[plan.id] = self._make(plan)
        return self._made[plan.id]

    def used(self, plan: Subscription, span: Span, seen_at: datetime) -> Iterator[Used]:
        """Yield what *plan* used on the days of *span* as it is known at *seen_at*, day by day."""
        resources = self.resources(plan)
        day = max(span.first, plan.created_at.date())
        last = min(span.last, _ends_on(plan))
        while day <= last and resources:
            age = (seen_at - datetime.combine(day + timedelta(days=1), time(), UTC)) / timedelta(days=1)
            if age < 0:
                return
            yield from self._day(plan, resources, day, age)
            day += timedelta(days=1)

    def _day(self, plan: Subscription, resources: tuple[Resource, ...], day: date, age: float) -> Iterator[Used]:
        numbers = random.Random(f"{self._seed}/{plan.id}/{day}")  # noqa: S311 - repeatable usage, no secret
        has_access = numbers.random() > 0.04
        days = Month(day.year, day.month).span.days
        for resource in resources:
            draw, fate = numbers.randint(1, _DRAW_MAX), numbers.randint(0, 99)
            quantity = _quantity(resource, draw, day, days)
            if not quantity or age < _late_days(fate):
                continue
            if fate >= 95 and age < CORRECTED_AFTER_DAYS:
                quantity = quantity * 9 / 10
            yield Used(resource, day, quantity, _rate(resource, has_access=has_access))

    def _make(self, plan: Subscription) -> tuple[Resource, ...]:
        numbers = random.Random(f"{self._seed}/estate/{plan.id}")  # noqa: S311 - as above
        entitlements = [(str(each["id"]), str(each.get("friendlyName", ""))) for each in plan.entitlements]
        if not entitlements:
            return ()
        count = plan.extra.get("resources") or numbers.randint(_RESOURCES_MIN, _RESOURCES_MAX)
        order = str(plan.extra.get("benefit_order", ""))
        made = [self._resource(numbers, numbers.choice(self._meters), entitlements, "") for _ in range(int(count))]
        if order:
            made.append(self._resource(numbers, self._meters[0], entitlements, order))
        return tuple(made)

    @staticmethod
    def _resource(
        numbers: random.Random, priced: PricedMeter, entitlements: list[tuple[str, str]], order: str
    ) -> Resource:
        tags = {"owner": numbers.choice(_OWNERS), "cost-centre": str(numbers.randint(1000, 9999))}
        return Resource(
            priced,
            *numbers.choice(entitlements),
            numbers.choice(_GROUPS),
            f"{priced.meter.provider.rsplit('/', 1)[-1].lower()[:10]}-{token(numbers, 6)}",
            numbers.choice(_REGIONS),
            json.dumps(tags, ensure_ascii=False) if numbers.random() < 0.8 else "",
            numbers.randint(1, 20),
            order,
        )


@dataclass(frozen=True, slots=True)
class MeterSum:
    """A plan's month of one meter in one credit state."""

    resource: Resource
    rate: Decimal
    quantity: Decimal

    @property
    def effective(self) -> Decimal:
        """The effective unit price in dollar."""
        return times(self.resource.priced.meter.price, self.rate)

    def amount(self, exchange: Decimal) -> Decimal:
        """Return the amount in billing currency, rounded down twice."""
        return rounddown(times(rounddown(times(self.effective, self.quantity)), exchange))


def meter_sums(used: Iterator[Used]) -> list[MeterSum]:
    """Return the month's lines of one plan; what a savings plan covers is not among them."""
    sums: dict[tuple[str, Decimal], tuple[Resource, Decimal]] = {}
    for each in used:
        if each.rate:
            key = (each.resource.priced.id, each.rate)
            resource, quantity = sums.get(key, (each.resource, NOTHING))
            sums[key] = (resource, quantity + each.quantity)
    return [MeterSum(resource, key[1], quantity) for key, (resource, quantity) in sums.items()]


def new_entitlement(numbers: random.Random, name: str) -> dict[str, str]:
    """Return an Azure subscription as the plan's ``azureEntitlements`` list it."""
    return {"id": guid(numbers), "friendlyName": name, "status": "active"}


def _ends_on(plan: Subscription) -> date:
    if plan.status in {"deleted", "expired", "disabled"} and plan.status_since:
        return plan.status_since.date()
    return date.max


def _late_days(fate: int) -> int:
    return 0 if fate < 85 or fate >= 95 else 1 if fate < 90 else 2 if fate < 93 else 3


def _rate(resource: Resource, *, has_access: bool) -> Decimal:
    if resource.benefit_order:
        return NOTHING
    return ONE - CREDIT if has_access and resource.priced.meter.has_credit else ONE


def _quantity(resource: Resource, draw: int, day: date, month_days: int) -> Decimal:
    size = resource.size
    match resource.priced.meter.usage:
        case "hours":
            amount = Decimal(24) if draw % 10 else Decimal(23) + Decimal(draw).scaleb(-6)
        case "some":
            amount = Decimal(draw * size).scaleb(-6) if draw % 4 else NOTHING
        case "share":
            amount = (Decimal(size) / month_days).quantize(Decimal("1E-9"))
        case "counted":
            amount = Decimal(draw % 90_000 * size).scaleb(-4)
        case "trickle":
            amount = Decimal(draw * size).scaleb(-7)
        case "trace":
            amount = Decimal(1 + draw % 3).scaleb(-7) if day.day == 1 else NOTHING
        case _:
            amount = ONE
    return amount
