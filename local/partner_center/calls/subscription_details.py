"""What belongs to a subscription: provisioning, support, trials, Azure's entitlements, registrations, activation.

Not here: the subscription itself (``subscriptions``), upgrades (``transitions``).
"""

from local.partner_center import lifecycle, ordering
from local.partner_center.answers import Answer, Asked, Call, RefusedError, collection, link
from local.partner_center.calls.order_details import activation_link
from local.partner_center.calls.subscriptions import named
from local.partner_center.catalogue_items import item_of, items
from local.partner_center.converting import convert_legacy
from local.partner_center.entities import Json, Subscription
from local.partner_center.legacy_offers import LEGACY_OFFERS
from local.partner_center.reading import whole
from local.partner_center.subscription_json import midnight_text
from local.partner_center.tenant_licences import licence_of

_ROOT = "/v1/customers/{customer_id}/subscriptions"
_ONE = _ROOT + "/{subscription_id}"


def _provisioning(asked: Asked) -> Answer:
    _, subscription = named(asked)
    licence = licence_of(subscription)
    return Answer(
        json={
            "skuId": licence.sku_id if licence else subscription.product_id or subscription.offer_id,
            "status": "success" if subscription.status in ("active", "suspended") else "pending",
            "quantity": subscription.quantity,
            "endDate": midnight_text(subscription.term_last),
            "attributes": {"objectType": "SubscriptionProvisioningStatus"},
        }
    )


def _support_contact(asked: Asked) -> Answer:
    customer, subscription = named(asked)
    if asked.method == "PUT":
        body = asked.json()
        kept = {key: body.get(key) for key in ("supportTenantId", "supportMpnId", "name")}
        subscription.extra["support_contact"] = kept
    partner = asked.world.partner
    default = {"supportTenantId": partner.tenant_id, "supportMpnId": partner.mpn_id, "name": partner.name}
    contact = subscription.extra.get("support_contact") or default
    links = {"self": link(f"/customers/{customer.id}/subscriptions/{subscription.id}/supportcontact")}
    return Answer(json={**contact, "links": links, "attributes": {"objectType": "SupportContact"}})


def _conversions(asked: Asked) -> Answer:
    customer, subscription = named(asked)
    found = _conversion(subscription)
    items = [found] if found else []
    own = f"/customers/{customer.id}/subscriptions/{subscription.id}/conversions"
    return Answer(json=collection(items, own))


def _conversion(subscription: Subscription) -> Json | None:
    item = item_of(subscription.product_id, subscription.sku_id)
    offer = LEGACY_OFFERS.get(subscription.offer_id.upper())
    target = item.converts_to if item else offer.converts_to if offer else ""
    if not subscription.is_trial or not target:
        return None
    return {
        "offerId": subscription.catalogue_item,
        "targetOfferId": target,
        "orderId": subscription.order_id,
        "quantity": subscription.quantity,
        "billingCycle": "monthly",
        "attributes": {"objectType": "Conversion"},
    }


def _convert(asked: Asked) -> Answer:
    _, subscription = named(asked)
    body, found = asked.json(), _conversion(subscription)
    target = str(body.get("targetOfferId") or (found or {}).get("targetOfferId") or "")
    if found is None or not target.upper().startswith(str(found["targetOfferId"]).upper()):
        raise RefusedError(400, 800086, "The subscription is not a trial that can be converted to that offer.")
    quantity, cycle = (
        whole(body.get("quantity"), "quantity", subscription.quantity),
        str(body.get("billingCycle") or "monthly"),
    )
    old = subscription.catalogue_item
    if subscription.offer_id:
        offer, actor = LEGACY_OFFERS[target.upper()], asked.caller.user
        convert_legacy(asked.world, subscription, offer, quantity=quantity, cycle=cycle.lower(), actor=actor)
    else:
        lifecycle.convert_trial(asked.world, subscription, quantity=quantity, cycle=cycle.lower())
    result = {"subscriptionId": subscription.id, "offerId": old, "targetOfferId": target}
    return Answer(json={**result, "attributes": {"objectType": "ConversionResult"}})


def _overage(asked: Asked) -> Answer:
    customer = asked.customer()
    own = f"/customers/{customer.id}/subscriptions/overage"
    if asked.method == "PUT":
        body = asked.json()
        kept = {key: body.get(key) for key in ("azureEntitlementId", "partnerId", "type", "overageEnabled")}
        customer.extra["overage"] = kept
    found = customer.extra.get("overage")
    links = {"overage": link(own)}
    items = [{**found, "links": links, "attributes": {"objectType": "Overage"}}] if found else []
    return Answer(json=collection(items, own))


def _entitlements(asked: Asked) -> Answer:
    customer, subscription = named(asked)
    own = f"/customers/{customer.id}/subscriptions/{subscription.id}/azureEntitlements"
    return Answer(json=collection([_entitlement_json(each) for each in subscription.entitlements], own))


def _entitlement(asked: Asked) -> Answer:
    return Answer(json=_entitlement_json(_named_entitlement(asked)))


def _cancel_entitlement(asked: Asked) -> Answer:
    found = _named_entitlement(asked)
    if found["status"] != "active":
        raise RefusedError(400, 800040, "The Azure subscription is not active.")
    found["status"] = "canceled"
    return Answer(json=_entitlement_json(found))


def _named_entitlement(asked: Asked) -> Json:
    _, subscription = named(asked)
    for each in subscription.entitlements:
        if each["id"].lower() == asked.path["entitlement_id"].lower():
            return each
    raise RefusedError(404, 800037, "The Azure entitlement was not found.")


def _entitlement_json(entitlement: Json) -> Json:
    return {**entitlement, "attributes": {"objectType": "AzureEntitlement"}}


def _register(asked: Asked) -> Answer:
    customer, subscription = named(asked)
    subscription.extra["registration"] = "registered"
    location = f"/customers/{customer.id}/subscriptions/{subscription.id}/registrationstatus"
    return Answer(status=202, headers={"Location": location})


def _registration(asked: Asked) -> Answer:
    _, subscription = named(asked)
    status = subscription.extra.get("registration", "notregistered")
    found = {"subscriptionId": subscription.id, "status": status}
    return Answer(json={**found, "attributes": {"objectType": "SubscriptionRegistrationStatus"}})


def _activate(asked: Asked) -> Answer:
    _, subscription = named(asked)
    if not asked.world.partner.is_sandbox:
        raise RefusedError(403, 900322, "Subscriptions can only be activated in the sandbox.")
    subscription.extra["is_activated"] = True
    return Answer(json={"subscriptionId": subscription.id, "status": "Success"})


def _activation_links(asked: Asked) -> Answer:
    customer, subscription = named(asked)
    own = f"/customers/{customer.id}/subscriptions/{subscription.id}/activationlinks"
    return Answer(json=collection([activation_link(0, subscription.id)], own))


def _custom_ends(asked: Asked) -> Answer:
    customer, term = asked.customer(), asked.first("term_duration", "P1Y").upper()
    known = {plan.term for item in items().values() for plan in item.plans if plan.term}
    if term not in known:
        raise RefusedError(400, 900244, f"The term {term} is not known.")
    own = f"/customers/{customer.id}/subscriptions/customTermEndDates?term_duration={term}"
    return Answer(json=collection(ordering.allowed_ends(customer, term, asked.now), own))


CALLS = (
    Call(method="GET", path=_ROOT + "/overage", handler=_overage),
    Call(method="PUT", path=_ROOT + "/overage", handler=_overage),
    Call(method="GET", path=_ROOT + "/customTermEndDates", handler=_custom_ends),
    Call(method="GET", path=_ONE + "/provisioningstatus", handler=_provisioning, needs_user=True),
    Call(method="GET", path=_ONE + "/supportcontact", handler=_support_contact, needs_user=True),
    Call(method="PUT", path=_ONE + "/supportcontact", handler=_support_contact, needs_user=True),
    Call(method="GET", path=_ONE + "/conversions", handler=_conversions, needs_user=True),
    Call(method="POST", path=_ONE + "/conversions", handler=_convert, needs_user=True, is_repeatable=True),
    Call(method="GET", path=_ONE + "/azureEntitlements", handler=_entitlements),
    Call(method="GET", path=_ONE + "/azureEntitlements/{entitlement_id}", handler=_entitlement),
    Call(method="POST", path=_ONE + "/azureEntitlements/{entitlement_id}/cancel", handler=_cancel_entitlement),
    Call(method="POST", path=_ONE + "/registrations", handler=_register),
    Call(method="GET", path=_ONE + "/registrationstatus", handler=_registration),
    Call(method="POST", path=_ONE + "/activate", handler=_activate),
    Call(method="GET", path=_ONE + "/activationlinks", handler=_activation_links),
)
