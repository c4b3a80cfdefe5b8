"""Licences of the tenant a Graph token is for: SKUs with their units, and the subscriptions they come from.

Not here: who has them (``graph_users``).
"""

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta

from local.partner_center.answers import Answer, Asked, Call, Host, instant
from local.partner_center.entities import Customer, Json, Subscription
from local.partner_center.graph_answers import not_found, one, page, selected, tenant_of
from local.partner_center.tenant_licences import Licence, Plan, consumed, licence_of, licences_of

_NAMESPACE = uuid.UUID("8a2f1c55-11d7-4f0e-a0a8-0c1e2d3b4a59")
_STATES = {"active": "Enabled", "expired": "Warning", "suspended": "Suspended", "deleted": "Deleted"}


def get_subscribed_skus(asked: Asked) -> Answer:
    """Answer the SKUs of the tenant; a partner's own tenant has none here."""
    return page(asked, "subscribedSkus", _skus(tenant_of(asked)))


def get_subscribed_sku(asked: Asked) -> Answer:
    """Answer one SKU of the tenant by its id."""
    found = _skus(tenant_of(asked)).get(asked.path["sku"].lower())
    if found is None:
        raise not_found(asked.path["sku"])
    return one("subscribedSkus", selected(asked, found))


def _skus(customer: Customer | None) -> dict[str, Json]:
    if customer is None:
        return {}
    taken = consumed(customer)
    return {f"{customer.id}_{each.sku_id}": _sku(customer, each, taken) for each in licences_of(customer)}


def _sku(customer: Customer, licence: Licence, taken: Counter[str]) -> Json:
    return {
        "accountName": customer.domain.partition(".")[0],
        "accountId": customer.id,
        "appliesTo": "User",
        "capabilityStatus": licence.status,
        "consumedUnits": taken[licence.sku_id],
        "id": f"{customer.id}_{licence.sku_id}",
        "skuId": licence.sku_id,
        "skuPartNumber": licence.part_number,
        "subscriptionIds": [_directory_id(each) for each in licence.subscription_ids],
        "prepaidUnits": {
            "enabled": licence.active_count,
            "suspended": licence.suspended_count,
            "warning": licence.warning_count,
            "lockedOut": 0,
        },
        "servicePlans": [_plan(plan) for plan in licence.plans],
    }


def _plan(plan: Plan) -> Json:
    return {
        "servicePlanId": plan.id,
        "servicePlanName": plan.service,
        "provisioningStatus": "Success",
        "appliesTo": "Company" if plan.target == "Tenant" else "User",
    }


def _directory_id(subscription_id: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, subscription_id))


def get_subscriptions(asked: Asked) -> Answer:
    """Answer the tenant's subscriptions as the directory knows them, each with Partner Center's id."""
    customer, condition = tenant_of(asked), asked.first("$filter").lower()
    found = {} if customer is None else _subscriptions(asked, customer)
    if condition:
        found = {key: each for key, each in found.items() if _passes(each, condition)}
    return page(asked, "directory/subscriptions", found)


def _passes(shown: Json, condition: str) -> bool:
    name, _, value = condition.partition(" eq ")
    read = {key.lower(): str(each).lower() for key, each in shown.items()}
    return read.get(name.strip()) == value.strip().strip("'")


def get_subscription(asked: Asked) -> Answer:
    """Answer one of the directory's subscriptions."""
    customer = tenant_of(asked)
    found = {} if customer is None else _subscriptions(asked, customer)
    if asked.path["subscription"].lower() not in found:
        raise not_found(asked.path["subscription"])
    return one("directory/subscriptions", found[asked.path["subscription"].lower()])


def _subscriptions(asked: Asked, customer: Customer) -> dict[str, Json]:
    shown = [_subscription(asked, customer, each) for each in customer.subscriptions.values() if licence_of(each)]
    return {each["id"]: each for each in shown}


def _subscription(asked: Asked, customer: Customer, subscription: Subscription) -> Json:
    licence = licence_of(subscription)
    ends_on = subscription.term_last + timedelta(days=1)
    return {
        "id": _directory_id(subscription.id),
        "commerceSubscriptionId": subscription.id,
        "createdDateTime": instant(subscription.created_at),
        "isTrial": subscription.is_trial,
        "nextLifecycleDateTime": instant(datetime(ends_on.year, ends_on.month, ends_on.day, tzinfo=UTC)),
        "ocpSubscriptionId": subscription.id,
        "ownerId": customer.id,
        "ownerTenantId": asked.world.partner.tenant_id,
        "ownerType": "Partner",
        "serviceStatus": [_plan(plan) for plan in licence.plans] if licence else [],
        "skuId": licence.sku_id if licence else None,
        "skuPartNumber": licence.part_number if licence else None,
        "status": _STATES.get(subscription.status.lower(), "Enabled"),
        "totalLicenses": subscription.quantity,
    }


CALLS: tuple[Call, ...] = (
    Call(method="GET", path="/v1.0/subscribedSkus", handler=get_subscribed_skus, host=Host.GRAPH),
    Call(method="GET", path="/v1.0/subscribedSkus/{sku}", handler=get_subscribed_sku, host=Host.GRAPH),
    Call(method="GET", path="/v1.0/directory/subscriptions", handler=get_subscriptions, host=Host.GRAPH),
    Call(method="GET", path="/v1.0/directory/subscriptions/{subscription}", handler=get_subscription, host=Host.GRAPH),
)
