"""Upgrades: what a subscription can become, and becoming it; the old commerce's upgrades beside them.

Invariants: a target's error codes are Microsoft's: 1 not active, 2 in its window, 3 a shorter term, 4 ends earlier.

Not here: what happens then (``converting``).
"""

from local.partner_center import terms
from local.partner_center.answers import Answer, Asked, Call, RefusedError, collection
from local.partner_center.calls.legacy_catalogue import named_offer, offer_json
from local.partner_center.calls.subscriptions import named
from local.partner_center.catalogue import Item
from local.partner_center.catalogue_items import item_of, items
from local.partner_center.commerce import current_availability
from local.partner_center.converting import Transition, convert_legacy, transition
from local.partner_center.entities import Customer, Json, Subscription
from local.partner_center.legacy_offers import LEGACY_OFFERS
from local.partner_center.ordering import find
from local.partner_center.reading import whole
from local.partner_center.recording import reference
from local.partner_center.windows import is_cancellable

_ONE = "/v1/customers/{customer_id}/subscriptions/{subscription_id}"
_KINDS = ("transition_only", "transition_with_license_transfer")


def _eligibilities(asked: Asked) -> Answer:
    customer, source = named(asked)
    kind = asked.first("eligibilityType", "immediate").lower()
    if kind not in ("immediate", "scheduled"):
        raise RefusedError(400, 3000, f"The eligibilityType {kind} is not known.")
    own = item_of(source.product_id, source.sku_id)
    keys = [] if own is None else [own.converts_to] if own.is_trial else list(own.upgrades)
    found = [_eligibility(asked, customer, source, items()[key], kind) for key in keys]
    address = f"/customers/{customer.id}/subscriptions/{source.id}/transitionEligibilities?eligibilityType={kind}"
    return Answer(json=collection(found, address))


def _eligibility(asked: Asked, customer: Customer, source: Subscription, item: Item, kind: str) -> Json:
    is_active = source.status == "active"
    errors = [] if is_active else [{"code": 2, "description": "The source subscription is not active."}]
    details = [{"isEligible": is_active, "transitionType": each, "errors": errors} for each in _KINDS]
    targets: list[Json] = []
    if kind == "immediate" and not source.is_trial:
        others = [each for each in customer.subscriptions.values() if each.id != source.id]
        targets = [_target(asked, source, each) for each in others if f"{each.product_id}:{each.sku_id}" == item.key]
    segment = source.extra.get("segment", "commercial")
    return {
        "operationId": reference(source, item.key, asked.now),
        "catalogItemId": f"{item.key}:{current_availability(asked.world, item, segment)}",
        "title": item.title,
        "description": item.title,
        "quantity": source.quantity,
        "eligibilities": details,
        "subscriptionEligibilities": targets,
        "attributes": {"objectType": "TransitionEligibility"},
    }


def _target(asked: Asked, source: Subscription, target: Subscription) -> Json:
    errors: list[Json] = []
    if target.status != "active":
        errors.append({"code": 1, "description": "The subscription is not active."})
    if is_cancellable(target, asked.now):
        errors.append({"code": 2, "description": "The subscription is within its cancellation window."})
    if terms.TERM_MONTHS.get(target.term, 0) < terms.TERM_MONTHS.get(source.term, 0):
        errors.append({"code": 3, "description": "The term is shorter than that of the source subscription."})
    if target.term_last < source.term_last:
        errors.append({"code": 4, "description": "The subscription ends earlier than the source subscription."})
    return {
        "isEligible": not errors,
        "subscriptionId": target.id,
        "subscriptionFriendlyName": target.friendly_name,
        "subscriptionTermDuration": target.term,
        "subscriptionBillingCycle": target.cycle,
        "errors": errors,
    }


def _create(asked: Asked) -> Answer:
    customer, source = named(asked)
    body = asked.json()
    missing = [name for name in ("toCatalogItemId", "quantity", "transitionType") if not body.get(name)]
    if missing:
        raise RefusedError(400, 800002, f"The transition has no {', '.join(missing)}.")
    if str(body["transitionType"]).lower() not in _KINDS:
        raise RefusedError(400, 900270, f"The transitionType {body['transitionType']} is not known.")
    found = find(asked.world, str(body["toCatalogItemId"]))
    if found is None:
        raise RefusedError(404, 400013, f"The catalog item {body['toCatalogItemId']} was not found.")
    default_term = "P1Y" if source.is_trial else source.term
    default_cycle = "monthly" if source.is_trial else source.cycle
    wanted = Transition(
        product_id=found[0].product_id,
        sku_id=found[0].sku_id,
        availability_id=str(body["toCatalogItemId"]).rpartition(":")[2].upper(),
        quantity=whole(body["quantity"], "quantity"),
        to_subscription_id=str(body.get("toSubscriptionId") or "").lower(),
        term=str(body.get("termDuration") or default_term).upper(),
        cycle=str(body.get("billingCycle") or default_cycle).lower(),
        promotion_id=str(body.get("promotionId") or ""),
        moves_licences=str(body["transitionType"]).lower() == _KINDS[1],
    )
    old = source.catalogue_item
    done = transition(asked.world, customer, source, wanted, actor=asked.caller.user)
    done["fromCatalogItemId"] = old
    return Answer(json=done)


def _list(asked: Asked) -> Answer:
    customer, source = named(asked)
    operation = asked.first("operationId")
    found = [each for each in source.transitions if operation in ("", each["operationId"])]
    answer = collection(found, f"/customers/{customer.id}/subscriptions/{source.id}/transitions")
    return Answer(json={**answer, "transition": found})  # Microsoft's example has them under that name


def _upgrades(asked: Asked) -> Answer:
    customer, source = named(asked)
    offer = LEGACY_OFFERS.get(source.offer_id.upper())
    is_active = source.status == "active"
    error = {"code": 2, "description": "The source subscription is not active."}
    error["attributes"] = {"objectType": "UpgradeError"}
    found = [
        {
            "targetOffer": offer_json(named_offer(target), customer.country),
            "upgradeType": "upgrade_only",
            "isEligible": is_active,
            "quantity": source.quantity,
            "upgradeErrors": [] if is_active else [error],
            "attributes": {"objectType": "Upgrade"},
        }
        for target in (offer.upgrades if offer else ())
    ]
    return Answer(json=collection(found, f"/customers/{customer.id}/subscriptions/{source.id}/upgrades"))


def _upgrade(asked: Asked) -> Answer:
    _, source = named(asked)
    target = asked.json().get("targetOffer") or {}
    offer, own = named_offer(str(target.get("id") or "")), LEGACY_OFFERS.get(source.offer_id.upper())
    if own is None or offer.id not in own.upgrades or source.status != "active":
        raise RefusedError(400, 900236, "The subscription cannot be upgraded to that offer.")
    convert_legacy(asked.world, source, offer, actor=asked.caller.user)
    result = {"sourceSubscriptionId": source.id, "targetSubscriptionId": source.id, "upgradeType": "upgrade_only"}
    return Answer(
        json={**result, "upgradeErrors": [], "licenseErrors": [], "attributes": {"objectType": "UpgradeResult"}}
    )


CALLS = (
    Call(method="GET", path=_ONE + "/transitionEligibilities", handler=_eligibilities),
    Call(method="POST", path=_ONE + "/transitions", handler=_create, is_repeatable=True, is_throttled=True),
    Call(method="GET", path=_ONE + "/transitions", handler=_list),
    Call(method="GET", path=_ONE + "/upgrades", handler=_upgrades),
    Call(method="POST", path=_ONE + "/upgrades", handler=_upgrade, is_repeatable=True, is_throttled=True),
)
