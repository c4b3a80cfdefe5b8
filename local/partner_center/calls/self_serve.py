"""Self-serve policies (who may buy reservations alone), fraud events of Azure, and validation codes for governments.

Not here: purchases.
"""

import uuid

from local.partner_center.answers import Answer, Asked, Call, RefusedError, collection, instant
from local.partner_center.customers_making import tell
from local.partner_center.entities import Json, Subscription
from local.partner_center.reading import thing

_NEVER = "9999-12-31T23:59:59.9970000"


def _policies(asked: Asked) -> dict[str, Json]:
    found: dict[str, Json] = asked.world.room("self_serve", dict)
    return found


def get_policies(asked: Asked) -> Answer:
    """Answer the policies for one customer, or all."""
    entity = asked.first("entity_id").lower()
    items = [each for each in _policies(asked).values() if not entity or each["selfServeEntity"]["tenantID"] == entity]
    return Answer(json=collection(items, f"/SelfServePolicy?entity_id={entity}"))


def get_policy(asked: Asked) -> Answer:
    """Answer one policy."""
    return Answer(json=_policy(asked, asked.path["policy_id"]))


def _policy(asked: Asked, policy_id: str) -> Json:
    found = _policies(asked).get(policy_id.lower())
    if found is None:
        raise RefusedError(404, 1000, f"The self-serve policy {policy_id} was not found.")
    return found


def _tenant(body: Json, name: str) -> str:
    part = body.get(name)
    return str(part.get("tenantID") or "").lower() if isinstance(part, dict) else ""


def post_policy(asked: Asked) -> Answer:
    """Let a customer, or somebody in it, buy."""
    body = asked.json()
    entity, grantor = _tenant(body, "selfServeEntity"), _tenant(body, "grantor") or asked.world.partner.tenant_id
    if entity not in asked.world.customers:
        raise RefusedError(404, 60003, "The specified tenant was not found.")
    made: Json = {
        "id": f"{grantor}_{entity}",
        "selfServeEntity": {"selfServeEntityType": "customer", "tenantID": entity},
        "grantor": {"grantorType": "billToPartner", "tenantID": grantor},
        "permissions": body.get("permissions") or [],
        "attributes": {"etag": f'"{asked.world.guid()}"', "objectType": "SelfServePolicy"},
    }
    if made["id"] in _policies(asked):
        raise RefusedError(409, 600041, "The self-serve policy exists already.")
    _policies(asked)[made["id"]] = made
    after = {"permissions": made["permissions"]}
    tell(
        asked.world,
        asked.world.customers[entity],
        "self_serve_policy",
        made["id"],
        "add_self_serve_policy",
        after=after,
    )
    return Answer(status=201, json=made)


def put_policy(asked: Asked) -> Answer:
    """Change what a policy allows; the ETag must be the present one."""
    body = asked.json()
    found = _policy(asked, asked.path.get("policy_id") or str(body.get("id") or ""))
    sent = asked.headers.get("if-match") or str(thing(body.get("attributes"), "attributes").get("etag") or "")
    if sent.strip('"') != found["attributes"]["etag"].strip('"'):
        raise RefusedError(400, 2055, "Etag is no longer valid.")
    found["permissions"] = body.get("permissions") or []
    found["attributes"]["etag"] = f'"{asked.world.guid()}"'
    return Answer(json=found)


def remove_policy(asked: Asked) -> Answer:
    """Withdraw a policy."""
    del _policies(asked)[_policy(asked, asked.path["policy_id"])["id"]]
    return Answer(status=204)


def fraud_events(asked: Asked) -> list[Json]:
    """Return the fraud events: one for the first active Azure subscription there is."""
    kept: list[Json] = asked.world.room("fraud_events", list)
    if kept:
        return kept
    for customer in asked.world.customers.values():
        for subscription in customer.subscriptions.values():
            if "azure" in subscription.product_type.lower() and subscription.status == "active":
                kept.append(_fraud_event(asked, customer.id, customer.name, _azure_id(subscription)))
                return kept
    return kept


def _azure_id(subscription: Subscription) -> str:
    first = next(iter(subscription.entitlements), {})
    return str(first.get("id") or subscription.entitlement_id or subscription.id)


def _fraud_event(asked: Asked, customer_id: str, name: str, subscription_id: str) -> Json:
    partner, at = asked.world.partner, (instant(asked.now, 2) or "").rstrip("Z")
    return {
        "eventTime": at,
        "eventId": f"{subscription_id}_{uuid.uuid5(uuid.NAMESPACE_OID, subscription_id)}",
        "partnerTenantId": partner.tenant_id,
        "partnerFriendlyName": partner.name,
        "customerTenantId": customer_id,
        "customerFriendlyName": name,
        "subscriptionId": subscription_id,
        "subscriptionType": "modern",
        "entityId": str(uuid.uuid5(uuid.NAMESPACE_OID, name)),
        "entityName": "simulated",
        "entityUrl": "/simulated",
        "hitCount": "10",
        "catalogOfferId": "ms-azr-17g",
        "eventStatus": "Active",
        "serviceName": "compute",
        "resourceName": "vm-1",
        "resourceGroupName": "rg-1",
        "firstOccurrence": at,
        "lastOccurrence": at,
        "resolvedReason": "None",
        "resolvedOn": _NEVER,
        "resolvedBy": "",
        "firstObserved": _NEVER,
        "lastObserved": _NEVER,
        "eventType": "NetworkConnectionsToCryptoMiningPools",
        "severity": "High",
        "confidenceLevel": "high",
        "displayName": "Network connections to crypto mining pools",
        "description": "Simulated.",
        "country": "NL",
        "valueAddedResellerTenantId": "",
        "valueAddedResellerFriendlyName": "",
        "subscriptionName": "Azure subscription 1",
        "affectedResources": [],
        "additionalDetails": {},
        "isTest": "false",
        "activityLogs": "",
    }


def get_fraud_events(asked: Asked) -> Answer:
    """Answer the fraud events, by status and subscription."""
    status, subscription_id = asked.first("EventStatus", "None").lower(), asked.first("SubscriptionId").lower()
    return Answer(
        json=[
            each
            for each in fraud_events(asked)
            if status in {"", "none", each["eventStatus"].lower()}
            and subscription_id in {"", each["subscriptionId"].lower()}
        ]
    )


def post_fraud_status(asked: Asked) -> Answer:
    """Say that fraud events are dealt with."""
    body, subscription_id = asked.json(), asked.path["subscription_id"].lower()
    ids = {str(each) for each in body.get("eventIds") or []}
    found = [
        each
        for each in fraud_events(asked)
        if each["subscriptionId"].lower() == subscription_id and (not ids or each["eventId"] in ids)
    ]
    if not found:
        raise RefusedError(404, 1000, f"The subscription {subscription_id} has no such fraud events.")
    resolved = {
        "eventStatus": str(body.get("eventStatus") or "Resolved"),
        "resolvedReason": str(body.get("resolvedReason") or "Fraud"),
        "resolvedOn": (instant(asked.now, 2) or "").rstrip("Z"),
        "resolvedBy": asked.world.partner.admin_name,
    }
    for each in found:
        each.update(resolved)
    return Answer(json=found)


def get_validation_codes(asked: Asked) -> Answer:
    """Answer the partner's validation codes for the government cloud."""
    told = {
        "partnerId": asked.world.partner.tenant_id,
        "organizationName": asked.world.partner.name,
        "validationId": "123456",
        "maxCreates": 5,
        "remainingCreates": 5,
        "eTag": f"W/\"datetime'{asked.now:%Y-%m-%dT%H%%3A%M%%3A%S}Z'\"",
    }
    return Answer(json=[told])


_POLICY = "/v1/SelfServePolicy"
_STATUS = "/v1/fraudEvents/subscription/{subscription_id}/status"
CALLS: tuple[Call, ...] = (
    Call(method="GET", path=_POLICY, handler=get_policies, needs_user=True),
    Call(method="POST", path=_POLICY, handler=post_policy, needs_user=True, is_repeatable=True),
    Call(method="PUT", path=_POLICY, handler=put_policy, needs_user=True),
    Call(method="GET", path=f"{_POLICY}/{{policy_id}}", handler=get_policy, needs_user=True),
    Call(method="PUT", path=f"{_POLICY}/{{policy_id}}", handler=put_policy, needs_user=True),
    Call(method="DELETE", path=f"{_POLICY}/{{policy_id}}", handler=remove_policy, needs_user=True),
    Call(method="GET", path="/v1/fraudEvents", handler=get_fraud_events, needs_user=True),
    Call(method="POST", path=_STATUS, handler=post_fraud_status, needs_user=True),
    Call(method="GET", path="/v1/customers/all/validations", handler=get_validation_codes, needs_user=True),
)
