"""Subscriptions: reading them, and changing them by sending the whole resource back.

Invariants: what a change leaves out is reset, renewal and the instructions for the next term above all; a change of
seats or status in the middle of a term drops those instructions.

Not here: the rules of each change (``changing``), Azure and software matters (``subscription_details``).
"""

from datetime import datetime
from typing import Any

from local.partner_center import changing
from local.partner_center.answers import Answer, Asked, Call, RefusedError, collection
from local.partner_center.commerce import commerce
from local.partner_center.entities import Customer, Json, Subscription
from local.partner_center.faults import FaultKind
from local.partner_center.reading import thing, things, whole
from local.partner_center.renewing import catch_up
from local.partner_center.subscription_json import etag_of, subscription_json

_ROOT = "/v1/customers/{customer_id}/subscriptions"
_ONE = _ROOT + "/{subscription_id}"


def shown(asked: Asked, customer: Customer) -> list[Subscription]:
    """Return the customer's subscriptions that can be read now."""
    now = asked.now
    return [
        each
        for each in customer.subscriptions.values()
        if not each.extra.get("is_hidden") and (each.visible_at is None or each.visible_at <= now)
    ]


def named(asked: Asked) -> tuple[Customer, Subscription]:
    """Return the customer and the subscription of the route, brought up to now.

    Raises:
        RefusedError: there is none, or it cannot be read yet (404 20003).
    """
    customer = asked.customer()
    wanted = asked.path["subscription_id"].lower()
    found = customer.subscriptions.get(wanted) or customer.subscriptions.get(asked.path["subscription_id"])
    if found is None or found.extra.get("is_hidden") or (found.visible_at and found.visible_at > asked.now):
        raise RefusedError(404, 20003, "The specified subscription was not found.")
    catch_up(asked.world, found, asked.now)
    return customer, found


def _list(asked: Asked) -> Answer:
    customer = asked.customer()
    own = f"/customers/{customer.id}/subscriptions"
    found = shown(asked, customer)
    if order_id := asked.first("order_id"):
        found, own = [each for each in found if each.order_id == order_id], f"{own}?order_id={order_id}"
    if mpn_id := asked.first("mpn_id"):
        start, size = whole(asked.first("offset"), "offset"), whole(asked.first("size"), "size", 500)
        found = [each for each in found if each.partner_id == mpn_id][start : start + size]
    return Answer(json=collection([_json(asked, customer, each) for each in found], own))


def _get(asked: Asked) -> Answer:
    customer, subscription = named(asked)
    stale = commerce(asked.world).stale
    if subscription.id in stale:
        left, old = stale.pop(subscription.id)
        if left > 1:
            stale[subscription.id] = (left - 1, old)
        return Answer(json=old)
    return Answer(json=_json(asked, customer, subscription))


def _addons(asked: Asked) -> Answer:
    customer, subscription = named(asked)
    found = [each for each in shown(asked, customer) if each.parent_id == subscription.id]
    own = f"/customers/{customer.id}/subscriptions/{subscription.id}/addons"
    return Answer(json=collection([_json(asked, customer, each) for each in found], own))


def _patch(asked: Asked) -> Answer:
    customer, subscription = named(asked)
    body = asked.json()
    _refuse_when_busy(asked)
    if_match = asked.headers.get("if-match", "").strip('"')
    if if_match and etag_of(subscription) and if_match != etag_of(subscription):
        raise RefusedError(400, 2055, "Etag is no longer valid.")
    if body.get("id") and str(body["id"]).lower() != subscription.id.lower():
        raise RefusedError(400, 3000, "The id of the subscription does not match the address.")
    old = subscription_json(customer, subscription, asked.now)
    _apply(asked, customer, subscription, body)
    switched = commerce(asked.world)
    if switched.reads_stale:
        switched.stale[subscription.id] = (switched.reads_stale, old)
    if switched.changes_are_accepted:
        return Answer(status=202, headers={"Location": f"/customers/{customer.id}/subscriptions/{subscription.id}"})
    return Answer(json=subscription_json(customer, subscription, asked.now))


def _refuse_when_busy(asked: Asked) -> None:
    faults = asked.world.faults
    if not any(each.kind is FaultKind.BUSY and not each.value for each in faults.faults):
        return
    if faults.strike(FaultKind.BUSY, asked.url_path, "PATCH"):
        raise RefusedError(409, 800082, "The subscription is not ready: another operation is in progress.")


def _apply(asked: Asked, customer: Customer, subscription: Subscription, body: Json) -> None:
    world, actor = asked.world, asked.caller.user
    status = str(body.get("status") or subscription.status).lower()
    quantity = whole(body["quantity"], "quantity") if "quantity" in body else subscription.quantity
    is_new_status, is_new_quantity = status != subscription.status, quantity != subscription.quantity
    if is_new_quantity and is_new_status and status == "suspended":
        raise RefusedError(400, 2001, "The quantity cannot be changed while the subscription is being suspended.")
    if subscription.status == status == "active":
        _check_instructions(subscription, body, drops=is_new_quantity)
    busy = [subscription.busy_until]
    if is_new_quantity and status != "deleted":
        changing.change_quantity(world, subscription, quantity, actor=actor)
        _go_on(subscription, busy)
    if is_new_status:
        _change_status(asked, customer, subscription, status)
        _go_on(subscription, busy)
    if subscription.status == "active":
        _apply_instructions(asked, subscription, body, drops=is_new_status or is_new_quantity)
    if body.get("friendlyName") and body["friendlyName"] != subscription.friendly_name:
        subscription.friendly_name = str(body["friendlyName"])
        subscription.version += 1
    partner_id = body.get("partnerId")
    if partner_id is not None and partner_id != subscription.partner_id and subscription.status != "deleted":
        changing.set_partner(world, subscription, str(partner_id), actor=actor)
    subscription.busy_until = subscription.busy_until or busy[-1]


def _go_on(subscription: Subscription, busy: list[datetime | None]) -> None:
    """Let the next part of the same request be done: what it made busy is so for requests after it."""
    busy.append(subscription.busy_until)
    subscription.busy_until = None


def _change_status(asked: Asked, customer: Customer, subscription: Subscription, status: str) -> None:
    world, actor = asked.world, asked.caller.user
    if status == "suspended":
        changing.suspend(world, subscription, actor=actor)
    elif status == "active":
        changing.reactivate(world, customer, subscription, actor=actor)
    elif status == "deleted":
        changing.cancel(world, subscription, actor=actor)
    else:
        raise RefusedError(400, 3000, f"The status {status} cannot be set.")


def _check_instructions(subscription: Subscription, body: Json, *, drops: bool) -> None:
    """Refuse what would be refused halfway, before anything is changed."""
    changing.check_actions(things(body.get("scheduledActions"), "scheduledActions"))
    changing.check_renewal_term(subscription, str(body.get("renewalTermDuration") or "").upper())
    planned = _planned_cycle(subscription, body)
    if planned != subscription.cycle and not subscription.extra.get("next_charge"):
        changing.check_plan(subscription, planned)
    wanted = thing(body.get("scheduledNextTermInstructions"), "scheduledNextTermInstructions")
    if wanted and not drops and wanted != subscription.scheduled:
        changing.check_instructions(subscription, wanted, renews=_flag(body.get("autoRenewEnabled")))


def _apply_instructions(asked: Asked, subscription: Subscription, body: Json, *, drops: bool) -> None:
    world, actor = asked.world, asked.caller.user
    changing.set_auto_renew(world, subscription, renews=_flag(body.get("autoRenewEnabled")), actor=actor)
    actions = things(body.get("scheduledActions"), "scheduledActions")
    changing.schedule_actions(world, subscription, actions, actor=actor)
    renewal_term = str(body.get("renewalTermDuration") or "").upper()
    if renewal_term != subscription.renewal_term:
        changing.set_renewal_term(world, subscription, renewal_term, actor=actor)
    planned = _planned_cycle(subscription, body)
    if planned != subscription.cycle and not subscription.extra.get("next_charge"):
        changing.change_plan(world, subscription, planned, actor=actor)
    wanted = None if drops else body.get("scheduledNextTermInstructions") or None
    if not subscription.is_trial or wanted is not None:
        changing.schedule_change(world, subscription, wanted, actor=actor)


def _planned_cycle(subscription: Subscription, body: Json) -> str:
    next_charge = thing(body.get("nextChargeInstructions"), "nextChargeInstructions")
    product = thing(next_charge.get("product"), "product")
    return str(product.get("billingCycle") or body.get("billingCycle") or subscription.cycle).lower()


def _flag(value: Any) -> bool:
    return str(value).lower() == "true"


def _json(asked: Asked, customer: Customer, subscription: Subscription) -> Json:
    found = subscription_json(customer, subscription, asked.now)
    path = f"/v1/customers/{customer.id}/subscriptions/{subscription.id}"
    if asked.world.faults.faults and asked.world.faults.strike(FaultKind.UNKNOWN_ENUM, path):
        found["status"] = "quarantined"
    return found


CALLS = (
    Call(method="GET", path=_ROOT, handler=_list, is_throttled=True),
    Call(method="GET", path=_ONE, handler=_get, is_throttled=True),
    Call(method="PATCH", path=_ONE, handler=_patch, is_throttled=True),
    Call(method="GET", path=_ONE + "/addons", handler=_addons, is_throttled=True),
)
