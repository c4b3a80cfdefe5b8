"""Licences of a customer's users, and what the tenant has of each SKU.

Not here: how units are counted (``tenant_licences``), Graph's shapes (``graph_users``).
"""

from collections import Counter
from collections.abc import Iterable

from local.partner_center.answers import Answer, Asked, Call, RefusedError
from local.partner_center.calls.users import managed_customer, user_of
from local.partner_center.customers_making import assign, unassign
from local.partner_center.entities import Customer, Json, User
from local.partner_center.reading import texts, things
from local.partner_center.tenant_licences import Licence, Plan, consumed, licences_of

GROUP = "group1"
"""The licence group of everything that Entra manages; the other one (Minecraft) is never sold here."""


def get_subscribed_skus(asked: Asked) -> Answer:
    """Answer the SKUs of the tenant with their units."""
    customer = managed_customer(asked)
    taken = consumed(customer)
    items = [_subscribed(licence, taken) for licence in licences_of(customer)] if _is_asked(asked) else []
    return Answer(json=_collection(items))


def _is_asked(asked: Asked) -> bool:
    groups = {group.lower() for sent in asked.query.get("licensegroupids", []) for group in sent.split(",")}
    return not groups or GROUP in groups


def _collection(items: list[Json]) -> Json:
    return {"totalCount": len(items), "items": items, "attributes": {"objectType": "Collection"}}


def _subscribed(licence: Licence, taken: Counter[str]) -> Json:
    total = licence.active_count + licence.warning_count + licence.suspended_count
    return {
        "availableUnits": max(0, licence.usable_count - taken[licence.sku_id]),
        "activeUnits": licence.active_count,
        "consumedUnits": taken[licence.sku_id],
        "suspendedUnits": licence.suspended_count,
        "totalUnits": total,
        "warningUnits": licence.warning_count,
        "productSku": _product(licence),
        "servicePlans": [_plan(plan, licence.status) for plan in licence.plans],
        "capabilityStatus": licence.status,
        "attributes": {"objectType": "SubscribedSku"},
    }


def _product(licence: Licence) -> Json:
    return {
        "id": licence.sku_id,
        "name": licence.name,
        "skuPartNumber": licence.part_number,
        "targetType": "User",
        "licenseGroupId": GROUP,
    }


def _plan(plan: Plan, status: str) -> Json:
    return {
        "displayName": plan.name,
        "serviceName": plan.service,
        "id": plan.id,
        "capabilityStatus": status,
        "targetType": plan.target,
    }


def get_user_licences(asked: Asked) -> Answer:
    """Answer the licences of one user with the plans that are switched on."""
    customer = managed_customer(asked)
    user = user_of(asked, customer)
    return Answer(json=_collection(_licences_json(customer, user) if _is_asked(asked) else []))


def _licences_json(customer: Customer, user: User) -> list[Json]:
    bought = {licence.sku_id: licence for licence in licences_of(customer)}
    return [_held(bought[sku_id], excluded) for sku_id, excluded in user.licences.items() if sku_id in bought]


def _held(licence: Licence, excluded: Iterable[str]) -> Json:
    left_out = {each.lower() for each in excluded}
    plans = [_plan(plan, "Assigned") for plan in licence.plans if plan.id not in left_out]
    return {"servicePlans": plans, "productSku": _product(licence), "attributes": {"objectType": "License"}}


def post_licence_update(asked: Asked) -> Answer:
    """Assign and remove licences of a user, all of it or nothing."""
    customer, body = managed_customer(asked), asked.json()
    user = user_of(asked, customer)
    additions = [
        (str(each.get("skuId") or ""), texts(each.get("excludedPlans"), "excludedPlans"))
        for each in things(body.get("licensesToAssign"), "licensesToAssign")
    ]
    removals = texts(body.get("licensesToRemove"), "licensesToRemove")
    if not additions and not removals:
        raise RefusedError(400, 3000, "Invalid property: neither licensesToAssign nor licensesToRemove is there.")
    change(asked, customer, user, additions, removals)
    shown = {
        "licensesToAssign": [{"skuId": sku_id, "excludedPlans": plans} for sku_id, plans in additions] or None,
        "licensesToRemove": removals or None,
        "licenseWarnings": [],
        "attributes": {"objectType": "LicenseUpdate"},
    }
    return Answer(status=201, json=shown)


def change(
    asked: Asked, customer: Customer, user: User, additions: list[tuple[str, list[str]]], removals: list[str]
) -> None:
    """Remove, then assign licences; a refusal leaves the user as it was.

    Raises:
        RefusedError: as ``assign``.
    """
    before = {sku_id: list(plans) for sku_id, plans in user.licences.items()}
    told = len(asked.world.happenings)
    try:
        for sku_id in removals:
            unassign(asked.world, customer, user, sku_id)
        for sku_id, plans in additions:
            assign(asked.world, customer, user, sku_id, tuple(plans))
    except RefusedError:
        user.licences = before
        del asked.world.happenings[told:]
        raise


_ONE = "/v1/customers/{customer_id}"
_USER = f"{_ONE}/users/{{user_id}}"
CALLS: tuple[Call, ...] = (
    Call(method="GET", path=f"{_ONE}/subscribedskus", handler=get_subscribed_skus, needs_user=True),
    Call(method="GET", path=f"{_USER}/licenses", handler=get_user_licences, needs_user=True),
    Call(method="POST", path=f"{_USER}/licenseupdates", handler=post_licence_update, needs_user=True),
)
