"""Orders: placed without a cart, read, and the few that are changed or cancelled as orders.

Invariants: a new-commerce licence, an Azure plan and marketplace software are cancelled as subscriptions; perpetual and
term software as an order within their window; reservations only in the sandbox.

Not here: what an order begins (``subscribing``), attachments and links (``order_details``).
"""

from datetime import datetime, timedelta

from local.partner_center import changing, ordering
from local.partner_center.answers import Answer, Asked, Call, RefusedError, collection
from local.partner_center.entities import Customer, Json, Order, Subscription
from local.partner_center.order_json import order_etag, order_json
from local.partner_center.ordering import Problem
from local.partner_center.reading import things
from local.partner_center.recording import announce, record, summary
from local.partner_center.subscribing import Purchase, place_order
from local.partner_center.windows import is_cancellable
from local.partner_center.world import Happening

_ROOT = "/v1/customers/{customer_id}/orders"
_ONE = _ROOT + "/{order_id}"
_SANDBOX_CANCELS = timedelta(days=60)


def _create(asked: Asked) -> Answer:
    customer, body = asked.customer(), asked.json()
    ordering.check_agreement(customer)
    is_attested = bool(body.get("partnerOnRecordAttestationAccepted"))
    ordering.check_attestation(asked.world, is_attested=is_attested)
    lines = things(body.get("lineItems"), "lineItems", at_least=1)
    purchases = [_purchase(asked, customer, line, body) for line in lines]
    for purchase in purchases:
        problem = ordering.problem_of(asked.world, customer, purchase, purchases)
        if problem is not None:
            raise problem.refusal()
    order = place_order(asked.world, customer, purchases, actor=asked.caller.user)
    for line, purchase in zip(order.lines, purchases, strict=True):
        if (pricing := ordering.pricing_json(asked.world, purchase)) is not None:
            line["pricing"] = pricing
    return Answer(status=201, json=order_json(customer, order, asked.now))


def _purchase(asked: Asked, customer: Customer, line: Json, body: Json) -> Purchase:
    currency = line.get("currencyCode") or body.get("currencyCode")
    full = {**line, "currencyCode": currency, "billingCycle": line.get("billingCycle") or body.get("billingCycle")}
    found = ordering.read_line(asked.world, customer, full)
    if isinstance(found, Problem):
        raise found.refusal()
    return found


def _list(asked: Asked) -> Answer:
    customer = asked.customer()
    wanted = asked.first("billingType").replace("_", "").lower()
    has_prices = asked.first("include_price").lower() == "true"
    found = [
        order
        for order in customer.orders.values()
        if _is_visible(order, asked.now) and wanted in ("", order.cycle.replace("_", ""))
    ]
    items = [order_json(customer, order, asked.now, has_prices=has_prices) for order in found]
    return Answer(json=collection(items, f"/customers/{customer.id}/orders"))


def _get(asked: Asked) -> Answer:
    customer, order = named_order(asked)
    has_prices = asked.first("include_price").lower() == "true"
    return Answer(json=order_json(customer, order, asked.now, has_prices=has_prices))


def named_order(asked: Asked) -> tuple[Customer, Order]:
    """Return the customer and the order of the route.

    Raises:
        RefusedError: there is none, or it cannot be read yet (404 20000).
    """
    customer = asked.customer()
    order = customer.orders.get(asked.path["order_id"]) or customer.orders.get(asked.path["order_id"].lower())
    if order is None or not _is_visible(order, asked.now):
        raise RefusedError(404, 20000, "The specified order was not found.")
    return customer, order


def _patch(asked: Asked) -> Answer:
    customer, order = named_order(asked)
    body = asked.json()
    if_match = asked.headers.get("if-match", "").strip('"')
    if if_match and order_etag(order) and if_match != order_etag(order):
        raise RefusedError(400, 2055, "Etag is no longer valid.")
    if str(body.get("status") or "").lower() == "cancelled":
        _cancel(asked, customer, order, body)
    elif added := [line for line in things(body.get("lineItems"), "lineItems") if line.get("parentSubscriptionId")]:
        _add_to(asked, customer, order, added)
    elif body.get("billingCycle") and order_etag(order):
        _change_cycle(asked, customer, order, str(body["billingCycle"]).lower())
    else:
        raise RefusedError(400, 900279, "The order cannot be updated that way.")
    order.version += 1
    _tell(asked, customer, order)
    return Answer(json=order_json(customer, order, asked.now))


def _cancel(asked: Asked, customer: Customer, order: Order, body: Json) -> None:
    numbers = {line.get("lineItemNumber") for line in things(body.get("lineItems"), "lineItems")}
    lines = [line for line in order.lines if not numbers or line["lineItemNumber"] in numbers]
    subscriptions = [customer.subscriptions[line["subscriptionId"]] for line in lines if "subscriptionId" in line]
    for subscription in subscriptions:
        _check_cancel(asked, order, subscription)
    for line, subscription in zip(lines, subscriptions, strict=True):
        had = subscription.quantity
        if subscription.status != "deleted":
            record(subscription, "cancelImmediate", had, 0, at=asked.now).extra["is_full"] = True
            before = summary(subscription)
            subscription.status, subscription.status_since = "deleted", asked.now
            announce(asked.world, subscription, at=asked.now, before=before, actor=asked.caller.user)
        line["quantity"] = 0 if numbers else line["quantity"]
    if all(customer.subscriptions[line["subscriptionId"]].status == "deleted" for line in order.lines):
        order.status = "cancelled"


def _check_cancel(asked: Asked, order: Order, subscription: Subscription) -> None:
    if asked.world.partner.is_sandbox:
        if asked.now - order.created_at > _SANDBOX_CANCELS:
            raise RefusedError(400, 800063, "Sandbox orders cannot be cancelled after 60 days.")
        return
    if subscription.product_type == "Azure":
        raise RefusedError(403, 800019, "Reservations can only be cancelled in the sandbox.")
    if subscription.product_type != "Software":
        raise RefusedError(400, 800061, "This order cannot be cancelled; update the subscription instead.")
    if not is_cancellable(subscription, asked.now):
        raise RefusedError(400, 900213, "The cancellation window has passed.")


def _add_to(asked: Asked, customer: Customer, order: Order, lines: list[Json]) -> None:
    for line in lines:
        parent = customer.subscriptions.get(str(line["parentSubscriptionId"]).lower())
        if parent is None or parent.order_id != order.id:
            raise RefusedError(400, 800029, "The add-on is not related to its parent subscription.")
        purchase = _purchase(asked, customer, line, {"billingCycle": order.cycle})
        bought = place_order(asked.world, customer, [purchase], actor=asked.caller.user)
        del customer.orders[bought.id]
        added = bought.lines[0]
        customer.subscriptions[added["subscriptionId"]].order_id = order.id
        order.lines.append({**added, "lineItemNumber": len(order.lines)})


def _change_cycle(asked: Asked, customer: Customer, order: Order, cycle: str) -> None:
    if cycle not in ("monthly", "annual"):
        raise RefusedError(400, 800097, f"The billing cycle cannot be changed to {cycle}.")
    for line in order.lines:
        subscription = customer.subscriptions[line["subscriptionId"]]
        if subscription.status == "active" and subscription.cycle != cycle:
            changing.convert_legacy_cycle(asked.world, subscription, cycle)
    order.cycle = cycle


def _tell(asked: Asked, customer: Customer, order: Order) -> None:
    happening = Happening(
        at=asked.now, customer_id=customer.id, resource="order", resource_id=order.id, operation="update_order"
    )
    happening.actor, happening.after = asked.caller.user, {"id": order.id, "status": order.status}
    asked.world.tell(happening)


def _is_visible(order: Order, now: datetime) -> bool:
    return order.visible_at is None or order.visible_at <= now


CALLS = (
    Call(method="POST", path=_ROOT, handler=_create, is_repeatable=True, is_throttled=True),
    Call(method="GET", path=_ROOT, handler=_list, is_throttled=True),
    Call(method="GET", path=_ONE, handler=_get, is_throttled=True),
    Call(method="PATCH", path=_ONE, handler=_patch, is_throttled=True),
)
