"""What a customer owns of software and reservations, order by order.

Not here: Azure subscriptions under a plan (``subscription_details``).
"""

from local.partner_center.answers import Answer, Asked, Call, instant
from local.partner_center.entities import Customer, Json, Subscription

_KINDS = {"Software": "software", "Azure": "reservedinstance"}


def get_entitlements(asked: Asked) -> Answer:
    """Answer the customer's entitlements, of one type where one is named; expiry dates where they are asked for."""
    customer, wanted = asked.customer(), asked.first("entitlementType").lower()
    with_expiry = asked.first("showExpiry").lower() == "true"
    items = [
        _entitlement(customer, each, with_expiry=with_expiry)
        for each in customer.subscriptions.values()
        if each.status == "active" and _is_wanted(each, wanted)
    ]
    return Answer(json={"totalCount": len(items), "items": items, "attributes": {"objectType": "Collection"}})


def _is_wanted(subscription: Subscription, wanted: str) -> bool:
    kind = _KINDS.get(subscription.product_type, "")
    return bool(kind) and wanted in {"", kind}


def _entitlement(customer: Customer, subscription: Subscription, *, with_expiry: bool) -> Json:
    kind = _KINDS[subscription.product_type]
    has_end = with_expiry and bool(subscription.term)
    return {
        "includedEntitlements": [],
        "referenceOrder": {
            "id": subscription.order_id,
            "lineItemId": _line(customer, subscription),
            "alternateId": subscription.order_id[:12],
        },
        "productId": subscription.product_id,
        "quantity": subscription.quantity,
        "entitledArtifacts": [_artifact(customer, subscription)] if kind == "reservedinstance" else [],
        "skuId": subscription.sku_id,
        "entitlementType": kind,
        "expiryDate": f"{subscription.term_last:%Y-%m-%d}T00:00:00Z" if has_end else None,
    }


def _line(customer: Customer, subscription: Subscription) -> str:
    order = customer.orders.get(subscription.order_id)
    for line in order.lines if order else ():
        if line.get("subscriptionId") == subscription.id:
            return str(line["lineItemNumber"])
    return "0"


def _artifact(customer: Customer, subscription: Subscription) -> Json:
    return {
        "link": {
            "uri": f"/customers/{customer.id}/artifacts/reservedinstance/resource/{subscription.id}",
            "method": "GET",
            "headers": [],
        },
        "resourceId": subscription.id,
        "artifactType": "reservedinstance",
    }


def get_artifact(asked: Asked) -> Answer:
    """Answer the reservation behind an entitlement."""
    customer = asked.customer()
    found = customer.subscriptions.get(asked.path["resource_id"].lower())
    reservations = [] if found is None else [_reservation(found)]
    return Answer(json={"type": "reservedinstance", "virtualMachineReservations": reservations})


def _reservation(subscription: Subscription) -> Json:
    return {
        "reservationId": subscription.id,
        "scopeType": "Shared",
        "quantity": subscription.quantity,
        "expiryDateTime": f"{subscription.term_last:%Y-%m-%d}T00:00:00",
        "effectiveDateTime": instant(subscription.created_at),
        "provisioningState": "Created",
    }


_ONE = "/v1/customers/{customer_id}"
CALLS: tuple[Call, ...] = (
    Call(method="GET", path=f"{_ONE}/entitlements", handler=get_entitlements, needs_user=True),
    Call(
        method="GET",
        path=f"{_ONE}/artifacts/reservedinstance/resource/{{resource_id}}",
        handler=get_artifact,
        needs_user=True,
    ),
)
