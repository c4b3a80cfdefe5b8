"""How many licences were sold, assigned and used, by product and in all: figures of the night before.

Not here: licences themselves (``user_licences``), other analytics.
"""

from datetime import datetime

from local.partner_center.answers import Answer, Asked, Call
from local.partner_center.entities import Customer, Json
from local.partner_center.tenant_licences import consumed, licences_of


def _collection(items: list[Json]) -> Answer:
    return Answer(json={"totalCount": len(items), "items": items, "attributes": {"objectType": "Collection"}})


def _processed(now: datetime) -> str:
    return f"{now:%Y-%m-%d}T00:00:00+00:00"


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def get_customer_deployment(asked: Asked) -> Answer:
    """Answer how many of a customer's licences are assigned."""
    customer = asked.customer()
    return _collection([_deployed(customer, *each, asked.now) for each in _counts(customer)])


def get_customer_usage(asked: Asked) -> Answer:
    """Answer how many of a customer's assigned licences are used."""
    customer = asked.customer()
    return _collection([_used(customer, *each, asked.now) for each in _counts(customer)])


def _counts(customer: Customer) -> list[tuple[str, int, int]]:
    taken = consumed(customer)
    return [(each.name, each.active_count, taken[each.sku_id]) for each in licences_of(customer)]


def _deployed(customer: Customer, product: str, sold: int, assigned: int, now: datetime) -> Json:
    return {
        "customerId": customer.id,
        "customerName": customer.name.upper(),
        "productName": product.upper(),
        "licensesDeployed": assigned,
        "deploymentPercent": _share(assigned, sold),
        "licensesSold": sold,
        "processedDateTime": _processed(now),
        "serviceName": "o365",
        "channel": "reseller",
        "attributes": {"objectType": "CustomerLicensesDeploymentInsights"},
    }


def _used(customer: Customer, product: str, sold: int, assigned: int, now: datetime) -> Json:
    del sold
    return {
        "customerId": customer.id,
        "customerName": customer.name.upper(),
        "productName": product.upper(),
        "workloadCode": "EXO",
        "workloadName": "Exchange",
        "licensesActive": assigned,
        "licensesQualified": assigned,
        "usagePercent": 1.0 if assigned else 0.0,
        "processedDateTime": _processed(now),
        "serviceName": "o365",
        "channel": "reseller",
        "attributes": {"objectType": "CustomerLicensesUsageInsights"},
    }


def _totals(asked: Asked) -> tuple[int, int]:
    counts = [each for customer in asked.world.customers.values() for each in _counts(customer)]
    return sum(sold for _, sold, _ in counts), sum(assigned for _, _, assigned in counts)


def get_partner_deployment(asked: Asked) -> Answer:
    """Answer how many of all licences are assigned."""
    sold, assigned = _totals(asked)
    told = {
        "proratedDeploymentPercent": _share(assigned, sold),
        "licensesSold": sold,
        "processedDateTime": _processed(asked.now),
        "serviceName": "o365",
        "channel": "reseller",
        "attributes": {"objectType": "PartnerLicensesDeploymentInsights"},
    }
    return _collection([told])


def get_partner_usage(asked: Asked) -> Answer:
    """Answer how many of all assigned licences are used."""
    _, assigned = _totals(asked)
    told = {
        "proratedLicensesUsagePercent": 1.0 if assigned else 0.0,
        "workloadCode": "EXO",
        "workloadName": "Exchange",
        "licensesActive": assigned,
        "licensesQualified": assigned,
        "processedDateTime": _processed(asked.now),
        "serviceName": "o365",
        "channel": "reseller",
        "attributes": {"objectType": "PartnerLicensesUsageInsights"},
    }
    return _collection([told])


_CUSTOMER = "/v1/customers/{customer_id}/analytics/licenses"
CALLS: tuple[Call, ...] = (
    Call(method="GET", path=f"{_CUSTOMER}/deployment", handler=get_customer_deployment, needs_user=True),
    Call(method="GET", path=f"{_CUSTOMER}/usage", handler=get_customer_usage, needs_user=True),
    Call(method="GET", path="/v1/analytics/licenses/deployment", handler=get_partner_deployment, needs_user=True),
    Call(method="GET", path="/v1/analytics/licenses/usage", handler=get_partner_usage, needs_user=True),
)
