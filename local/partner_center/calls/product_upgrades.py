"""The move from the old Azure to the Azure plan: whether it is possible, asking for it, and how far it is.

Not here: upgrades of licences (``transitions``).
"""

from local.partner_center import lifecycle
from local.partner_center.answers import Answer, Asked, Call, RefusedError, instant
from local.partner_center.catalogue_items import AZURE_PLAN
from local.partner_center.commerce import commerce
from local.partner_center.entities import Customer, Json, Subscription

_ROOT = "/v1/productupgrades"


def _customer(asked: Asked) -> Customer:
    body = asked.json()
    if str(body.get("productFamily") or "").lower() != "azure":
        raise RefusedError(400, 800002, "The productFamily is missing or not Azure.")
    found = asked.world.customers.get(str(body.get("customerId") or "").lower())
    if found is None:
        raise RefusedError(404, 60003, "The specified tenant was not found.")
    return found


def _old_plans(customer: Customer) -> list[Subscription]:
    found = [each for each in customer.subscriptions.values() if each.offer_id.upper() == "MS-AZR-0145P"]
    return [each for each in found if each.status == "active"]


def _plan(customer: Customer) -> Subscription | None:
    plans = (each for each in customer.subscriptions.values() if f"{each.product_id}:{each.sku_id}" == AZURE_PLAN)
    return next((each for each in plans if each.status == "active"), None)


def _eligibility(asked: Asked) -> Answer:
    customer = _customer(asked)
    is_eligible = _plan(customer) is None or bool(_old_plans(customer))
    found: Json = {"customerId": customer.id, "isEligible": is_eligible, "productFamily": "azure"}
    if not is_eligible:
        found["errors"] = [{"code": 900112, "description": "The customer has an Azure plan already."}]
    return Answer(json=found)


def _create(asked: Asked) -> Answer:
    customer = _customer(asked)
    product_id, sku_id = AZURE_PLAN.split(":")
    purchase = lifecycle.Purchase(product_id=product_id, sku_id=sku_id, term="")
    plan = _plan(customer) or lifecycle.buy(asked.world, customer, purchase)
    lines = []
    for old in _old_plans(customer):
        lifecycle.cancel(asked.world, old, actor=asked.caller.user)
        lines.append(_line(asked, old, plan))
    upgrade: Json = {"id": asked.world.guid(), "status": "Completed", "productFamily": "Azure", "lineItems": lines}
    commerce(asked.world).migrations[upgrade["id"]] = upgrade
    return Answer(status=202, headers={"Location": f"productUpgrades/{upgrade['id']}"})


def _line(asked: Asked, old: Subscription, plan: Subscription) -> Json:
    return {
        "sourceProduct": {"id": old.id, "name": "AzureSubscription"},
        "targetProduct": {"id": plan.id, "name": "Microsoft Azure plan"},
        "upgradedDate": instant(asked.now),
        "status": "Completed",
    }


def _status(asked: Asked) -> Answer:
    found = commerce(asked.world).migrations.get(asked.path["upgrade_id"])
    if found is None:
        raise RefusedError(404, 1000, "The product upgrade was not found.")
    return Answer(json=found)


CALLS = (
    Call(method="POST", path=_ROOT + "/eligibility", handler=_eligibility),
    Call(method="POST", path=_ROOT, handler=_create, is_repeatable=True),
    Call(method="GET", path=_ROOT + "/{upgrade_id}/status", handler=_status),
    Call(method="POST", path=_ROOT + "/{upgrade_id}/status", handler=_status),
)
