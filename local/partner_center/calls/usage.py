"""What Azure costs so far: summaries by customer, plan, meter and resource, and the customer's spending budget.

The figures are estimates of the running month in billing currency and dollar, as Microsoft's are. A budget that is
passed is told once a month.

Source: Microsoft Partner Center documentation, "Get usage records for all customers" and the pages beside it.

Not here: usage that is billed (``exports``).
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from local.demo.arithmetic import Month, half_up, times
from local.partner_center.answers import Answer, Asked, Call, RefusedError, collection, instant, link
from local.partner_center.billing.azure_usage import Used, is_azure_plan
from local.partner_center.billing.books import Books, open_books
from local.partner_center.billing.rates import exchange_rate
from local.partner_center.billing.usage_rows import cost
from local.partner_center.entities import Customer, Json, Subscription
from local.partner_center.world import Happening, World

EVENT = "usagerecords-thresholdExceeded"
_NOTHING = Decimal(0)
_HUNDRED = Decimal(100)


def _month(world: World) -> Month:
    now = world.clock.now()
    return Month(now.year, now.month)


def _plans(customer: Customer) -> list[Subscription]:
    return [sold for sold in customer.subscriptions.values() if is_azure_plan(sold)]


def _costs(books: Books, plans: list[Subscription]) -> Decimal:
    """The month's cost in dollar so far."""
    month = _month(books.world)
    return sum((cost(used) for plan in plans for used in books.used(plan, month)), _NOTHING)


def _money(books: Books, customer: Customer, dollars: Decimal) -> Json:
    currencies = books.world.partner.currencies
    currency = customer.currency if customer.currency in currencies else currencies[0]
    rate = exchange_rate("USD", currency, _month(books.world))
    return {
        "totalCost": half_up(times(dollars, rate)),
        "currencyCode": currency,
        "usdTotalCost": half_up(dollars),
        "lastModifiedDate": instant(books.world.clock.now()),
    }


def _budget_json(customer: Customer) -> Json:
    return {"amount": customer.budget, "attributes": {"objectType": "SpendingBudget"}}


def _records(asked: Asked) -> Answer:
    books = open_books(asked.world)
    items = [_record(books, customer) for customer in asked.world.customers.values() if _plans(customer)]
    return Answer(json=collection(items, "/customers/usagerecords"))


def _record(books: Books, customer: Customer) -> Json:
    money = _money(books, customer, _costs(books, _plans(customer)))
    return {
        "budget": _budget_json(customer),
        "customerSpendingBudget": _budget_json(customer),
        "percentUsed": _percent(customer, money["totalCost"]),
        "isUpgraded": True,
        "resourceId": customer.id,
        "id": customer.id,
        "resourceName": customer.name,
        "name": customer.name,
        **money,
        "attributes": {"objectType": "CustomerMonthlyUsageRecord"},
    }


def _percent(customer: Customer, total: Decimal) -> Decimal:
    return half_up(total * _HUNDRED / customer.budget) if customer.budget else _NOTHING


def _customer_summary(asked: Asked) -> Answer:
    books, customer = open_books(asked.world), asked.customer()
    own = f"/customers/{customer.id}/usagesummary"
    summary = {
        "budget": _budget_json(customer),
        "resourceId": customer.id,
        "resourceName": customer.name,
        "id": customer.id,
        "name": customer.name,
        **_span(asked.world),
        **_money(books, customer, _costs(books, _plans(customer))),
        "links": {"self": link(own), "records": link(f"/customers/{customer.id}/subscriptions/usagerecords")},
        "attributes": {"objectType": "CustomerUsageSummary"},
    }
    return Answer(json=summary)


def _span(world: World) -> Json:
    span = _month(world).span
    return {
        "billingStartDate": f"{span.first.isoformat()}T00:00:00+00:00",
        "billingEndDate": f"{span.last.isoformat()}T00:00:00+00:00",
    }


def _budget(asked: Asked) -> Answer:
    customer = asked.customer()
    links = {"self": link(f"/customers/{customer.id}/usagebudget")}
    return Answer(json={**_budget_json(customer), "links": links})


def _set_budget(asked: Asked) -> Answer:
    customer, amount = asked.customer(), asked.json().get("amount")
    if amount is not None and (isinstance(amount, bool) or not isinstance(amount, int | Decimal) or amount < 0):
        raise RefusedError(400, 3000, "Invalid property: amount.")
    customer.budget = None if amount is None else Decimal(amount)
    _watch(asked.world, customer)
    return Answer(json=_budget_json(customer))


def _watch(world: World, customer: Customer) -> None:
    """Tell, now or on a later midnight of the month, that the budget is passed."""
    if customer.budget is None:
        return
    books, month = open_books(world), str(_month(world))
    is_over = _percent(customer, _money(books, customer, _costs(books, _plans(customer)))["totalCost"]) >= _HUNDRED
    if is_over and customer.extra.get("budget_told") != month:
        customer.extra["budget_told"] = month
        world.tell(
            Happening(
                at=world.clock.now(),
                customer_id=customer.id,
                resource="usagerecords",
                resource_id=customer.id,
                operation="usage_threshold_exceeded",
                event=EVENT,
            )
        )
    _watch_again(world, customer)


def _watch_again(world: World, customer: Customer) -> None:
    now = world.clock.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    if customer.extra.get("budget_watched_at") == midnight:
        return
    customer.extra["budget_watched_at"] = midnight

    def look(_: datetime) -> None:
        _watch(world, customer)

    world.clock.at(midnight, look)


def _plan(asked: Asked) -> tuple[Customer, Subscription]:
    """The customer and the Azure plan in the route."""
    customer = asked.customer()
    plan = customer.subscriptions.get(asked.path["subscription_id"].lower())
    if plan is None or not is_azure_plan(plan):
        raise RefusedError(404, 20003, f"The subscription {asked.path['subscription_id']} was not found.")
    return customer, plan


def _plan_records(asked: Asked) -> Answer:
    books, customer = open_books(asked.world), asked.customer()
    items = [_plan_json(books, customer, plan, "SubscriptionMonthlyUsageRecord") for plan in _plans(customer)]
    return Answer(json=collection(items, f"/customers/{customer.id}/subscriptions/usagerecords"))


def _plan_summary(asked: Asked) -> Answer:
    customer, plan = _plan(asked)
    told = _plan_json(open_books(asked.world), customer, plan, "SubscriptionUsageSummary")
    return Answer(json=told | _span(asked.world))


def _plan_json(books: Books, customer: Customer, plan: Subscription, kind: str) -> Json:
    return {
        "status": plan.status,
        "partnerOnRecord": plan.partner_id or None,
        "offerId": plan.catalogue_item,
        "resourceId": plan.id,
        "resourceName": plan.friendly_name or plan.title,
        "id": plan.id,
        "name": plan.friendly_name or plan.title,
        **_money(books, customer, _costs(books, [plan])),
        "attributes": {"objectType": kind},
    }


def _grouped(books: Books, plan: Subscription, key: Callable[[Used], str]) -> Iterator[tuple[Used, Decimal, Decimal]]:
    """Yield for each key one of its usages, the quantity and the cost in dollar of the month so far."""
    found: dict[str, tuple[Used, Decimal, Decimal]] = {}
    for used in books.used(plan, _month(books.world)):
        first, quantity, dollars = found.get(key(used), (used, _NOTHING, _NOTHING))
        found[key(used)] = (first, quantity + used.quantity, dollars + cost(used))
    return iter(found.values())


def _meters(asked: Asked) -> Answer:
    customer, plan = _plan(asked)
    books = open_books(asked.world)
    items = [
        {
            "subscriptionId": plan.id,
            "meterId": used.resource.priced.id,
            "meterName": used.resource.priced.meter.name,
            "category": used.resource.priced.meter.category,
            "subcategory": used.resource.priced.meter.subcategory,
            "quantityUsed": quantity,
            "unit": used.resource.priced.meter.unit,
            "id": used.resource.priced.id,
            "name": used.resource.priced.meter.name,
            "resourceName": used.resource.priced.meter.description,
            **_money(books, customer, dollars),
            "attributes": {"objectType": "MeterUsageRecord"},
        }
        for used, quantity, dollars in _grouped(books, plan, lambda each: each.resource.priced.id)
    ]
    return Answer(json=collection(items, f"/customers/{customer.id}/subscriptions/{plan.id}/meterusagerecords"))


def _resources(asked: Asked) -> Answer:
    customer, plan = _plan(asked)
    books = open_books(asked.world)
    items = [
        {
            "subscriptionId": plan.id,
            "resourceUri": f"/subscriptions/{used.resource.entitlement_id}/resourceGroups/{used.resource.group}"
            f"/providers/{used.resource.priced.meter.provider}/{used.resource.name}",
            "resourceType": used.resource.priced.meter.provider.split("/")[0],
            "entitlementId": used.resource.entitlement_id,
            "entitlementName": used.resource.entitlement,
            "resourceGroupName": used.resource.group,
            "name": used.resource.name,
            "resourceName": used.resource.name,
            **_money(books, customer, dollars),
            "attributes": {"objectType": "ResourceUsageRecord"},
        }
        for used, _, dollars in _grouped(books, plan, lambda each: each.resource.name)
    ]
    return Answer(json=collection(items, f"/customers/{customer.id}/subscriptions/{plan.id}/resourceusagerecords"))


def _monthly(asked: Asked) -> Answer:
    customer, plan = _plan(asked)
    books = open_books(asked.world)
    items = [
        {
            "category": used.resource.priced.meter.category,
            "subcategory": used.resource.priced.meter.subcategory,
            "quantityUsed": quantity,
            "unit": used.resource.priced.meter.unit,
            "id": used.resource.priced.id,
            "name": used.resource.priced.meter.name,
            "totalCost": _money(books, customer, dollars)["totalCost"],
            "currencyLocale": customer.culture,
            "attributes": {"objectType": "AzureResourceMonthlyUsageRecord"},
        }
        for used, quantity, dollars in _grouped(books, plan, lambda each: each.resource.priced.id)
    ]
    return Answer(json=collection(items, f"/customers/{customer.id}/subscriptions/{plan.id}/usagerecords/resources"))


def _partner_summary(asked: Asked) -> Answer:
    partner = asked.world.partner
    summary = {
        "resourceId": partner.tenant_id,
        "resourceName": partner.name,
        "id": partner.tenant_id,
        "name": partner.name,
        **_span(asked.world),
        "totalCost": _NOTHING,
        "currencyLocale": "en-US",
        "usdTotalCost": _NOTHING,
        "lastModifiedDate": instant(asked.now),
        "links": {"self": link("/usagesummary")},
        "attributes": {"objectType": "PartnerUsageSummary"},
    }
    return Answer(json=summary)


_PLAN = "/v1/customers/{customer_id}/subscriptions/{subscription_id}"
CALLS = (
    Call(method="GET", path="/v1/customers/usagerecords", handler=_records, needs_user=True),
    Call(method="GET", path="/v1/customers/{customer_id}/usagesummary", handler=_customer_summary, needs_user=True),
    Call(method="GET", path="/v1/customers/{customer_id}/usagebudget", handler=_budget),
    Call(method="PATCH", path="/v1/customers/{customer_id}/usagebudget", handler=_set_budget),
    Call(
        method="GET",
        path="/v1/customers/{customer_id}/subscriptions/usagerecords",
        handler=_plan_records,
        needs_user=True,
    ),
    Call(method="GET", path=f"{_PLAN}/usagesummary", handler=_plan_summary, needs_user=True),
    Call(method="GET", path=f"{_PLAN}/meterusagerecords", handler=_meters, needs_user=True),
    Call(method="GET", path=f"{_PLAN}/resourceusagerecords", handler=_resources, needs_user=True),
    Call(method="GET", path=f"{_PLAN}/usagerecords/resources", handler=_monthly, needs_user=True),
    Call(method="GET", path="/v1/usagesummary", handler=_partner_summary, needs_user=True),
)
