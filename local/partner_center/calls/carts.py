"""Carts: filled line by line, and checked out into an order for each group of lines.

Invariants: a line that cannot be bought does not fail the cart, only its checkout; each group succeeds or fails by
itself; repeating a checkout returns what was ordered and tries again only what failed.

Not here: what is wrong with a line (``ordering``), what an order begins (``subscribing``).
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from local.partner_center import ordering
from local.partner_center.answers import Answer, Asked, Call, RefusedError, instant, link
from local.partner_center.commerce import commerce
from local.partner_center.entities import Cart, Customer, Json
from local.partner_center.order_json import order_json
from local.partner_center.ordering import Problem
from local.partner_center.reading import things, whole
from local.partner_center.subscribing import Purchase, place_order

_LIFE = timedelta(days=7)
_ROOT = "/v1/customers/{customer_id}/carts"
_ONE = _ROOT + "/{cart_id}"


def _create(asked: Asked) -> Answer:
    customer, body = asked.customer(), asked.json()
    is_attested = bool(body.get("partnerOnRecordAttestationAccepted"))
    ordering.check_attestation(asked.world, is_attested=is_attested)
    lines = _filled(asked, customer, body)
    cart = Cart(
        id=asked.world.guid(),
        customer_id=customer.id,
        created_at=asked.now,
        modified_at=asked.now,
        expires_at=asked.now + _LIFE,
        lines=lines,
        is_partner_attested=body.get("partnerOnRecordAttestationAccepted"),
    )
    customer.carts[cart.id] = cart
    return Answer(status=201, json=_json(asked, cart))


def _get(asked: Asked) -> Answer:
    return Answer(json=_json(asked, _named(asked)[1]))


def _put(asked: Asked) -> Answer:
    customer, cart = _named(asked)
    if cart.status != "Active":
        raise RefusedError(400, 800065, "The cart has already been submitted.")
    body = asked.json()
    if "partnerOnRecordAttestationAccepted" in body:
        cart.is_partner_attested = bool(body["partnerOnRecordAttestationAccepted"])
    ordering.check_attestation(asked.world, is_attested=bool(cart.is_partner_attested))
    cart.lines, cart.modified_at = _filled(asked, customer, body), asked.now
    return Answer(json=_json(asked, cart))


def _checkout(asked: Asked) -> Answer:
    customer, cart = _named(asked)
    switched = commerce(asked.world)
    if switched.carts_in_process > 0:
        switched.carts_in_process -= 1
        raise RefusedError(409, 800064, "The cart is being processed.")
    if cart.result is not None and not cart.result["orderErrors"]:
        if switched.checks_out_once:
            raise RefusedError(400, 800065, "The cart has already been submitted.")
        return Answer(status=201, json=_result(asked, customer, cart))
    if any("error" in each for line in cart.lines for each in (line, *line.get("addonItems", ()))):
        raise RefusedError(400, 800009, "There are errors in the cart line items.")
    ordering.check_agreement(customer)
    done = dict(cart.result["orders"]) if cart.result else {}
    errors = []
    for group, lines in _groups(cart.lines).items():
        if group in done:
            continue
        try:
            done[group] = _order_group(asked, customer, lines)
        except RefusedError as error:
            errors.append({"orderGroupId": group, "code": error.code, "description": error.description})
    cart.result, cart.modified_at = {"orders": done, "orderErrors": errors}, asked.now
    cart.status = "Active" if errors else "Ordered"
    return Answer(status=201, json=_result(asked, customer, cart))


def _result(asked: Asked, customer: Customer, cart: Cart) -> Json:
    result = cart.result or {}
    orders = [customer.orders[order_id] for order_id in result["orders"].values()]
    return {
        "orders": [order_json(customer, order, asked.now, status="pending") for order in orders],
        "orderErrors": result["orderErrors"] or None,
        "attributes": {"objectType": "CartCheckoutResult"},
    }


def _order_group(asked: Asked, customer: Customer, lines: list[Json]) -> str:
    world = asked.world
    purchases: list[Purchase] = []
    for line in lines:
        purchases.append(_purchase(asked, customer, line))
        base = len(purchases) - 1
        purchases.extend(
            replace(_purchase(asked, customer, each), parent_line=base) for each in line.get("addonItems", ())
        )
    for purchase in purchases:
        refused = commerce(world).refused.get(f"{purchase.product_id}:{purchase.sku_id}")
        if refused is not None:
            raise RefusedError(400, refused[0], refused[1])
        problem = ordering.problem_of(world, customer, purchase, purchases)
        if problem is not None and problem.code != 400041:  # the base may be in another group of the cart
            raise problem.refusal()
    prices = [ordering.pricing_json(world, purchase) for purchase in purchases]
    order = place_order(world, customer, purchases, actor=asked.caller.user)
    for line, pricing in zip(order.lines, prices, strict=True):
        if pricing is not None:
            line["pricing"] = pricing
    order.total = sum((each["extendedPrice"] for each in prices if each), order.total * 0)
    return order.id


def _purchase(asked: Asked, customer: Customer, line: Json) -> Purchase:
    found = ordering.read_line(asked.world, customer, line)
    if isinstance(found, Problem):
        raise found.refusal()
    return found


def _groups(lines: list[Json]) -> dict[str, list[Json]]:
    groups: dict[str, list[Json]] = {}
    for line in lines:
        groups.setdefault(line["orderGroup"], []).append(line)
    return groups


def _filled(asked: Asked, customer: Customer, body: Json) -> list[Json]:
    given = things(body.get("lineItems"), "lineItems", at_least=1)
    flat = [each for line in given for each in (line, *things(line.get("addonItems"), "addonItems"))]
    found = [ordering.read_line(asked.world, customer, each) for each in flat]
    filling = _Filling(
        asked=asked,
        customer=customer,
        read=dict(zip(map(id, flat), found, strict=True)),
        together=[each for each in found if isinstance(each, Purchase)],
    )
    return [filling.line(line, number) for number, line in enumerate(given)]


@dataclass(slots=True, kw_only=True)
class _Filling:
    asked: Asked
    customer: Customer
    read: dict[int, Purchase | Problem]
    together: list[Purchase]
    groups: dict[str, str] = field(default_factory=dict)

    def line(self, line: Json, number: int, group: str = "") -> Json:
        found, world = self.read[id(line)], self.asked.world
        filled = {key: value for key, value in line.items() if value is not None and key not in ("error", "pricing")}
        cycle = found.cycle if isinstance(found, Purchase) else str(line.get("billingCycle") or "unknown").lower()
        is_legacy = ":" not in str(line.get("catalogItemId"))
        group = group or self._group(cycle, is_legacy=is_legacy)
        filled.update(id=line.get("id", number), currencyCode=line.get("currencyCode") or self.customer.currency)
        filled.update(billingCycle=cycle, orderGroup=group, quantity=whole(line.get("quantity"), "quantity"))
        if isinstance(found, Problem):
            filled["error"] = found.json()
        elif problem := ordering.problem_of(world, self.customer, found, self.together):
            filled["error"] = problem.json()
        elif pricing := ordering.pricing_json(world, found):
            filled["pricing"] = pricing
            filled["termDuration"] = found.term or None
            filled.setdefault("provisioningContext", {})
        if addons := line.get("addonItems"):
            filled["addonItems"] = [self.line(each, place, group) for place, each in enumerate(addons, number + 1)]
        return filled

    def _group(self, cycle: str, *, is_legacy: bool) -> str:
        name = f"OMS-{len(self.groups)}" if is_legacy else str(len(self.groups))
        return self.groups.setdefault(f"{is_legacy}/{cycle}", name)


def _named(asked: Asked) -> tuple[Customer, Cart]:
    customer = asked.customer()
    cart = customer.carts.get(asked.path["cart_id"].lower())
    if cart is None or asked.now >= cart.expires_at:
        raise RefusedError(404, 800008, "The cart was not found or has expired.")
    return customer, cart


def _json(asked: Asked, cart: Cart) -> Json:
    return {
        "id": cart.id,
        "creationTimestamp": instant(cart.created_at),
        "lastModifiedTimestamp": instant(cart.modified_at),
        "expirationTimestamp": instant(cart.expires_at),
        "lastModifiedUser": asked.world.partner.admin_id,
        "status": cart.status,
        "lineItems": cart.lines,
        "partnerOnRecordAttestationAccepted": cart.is_partner_attested,
        "links": {"self": link(f"/customers/{cart.customer_id}/carts/{cart.id}")},
        "attributes": {"objectType": "Cart"},
    }


CALLS = (
    Call(method="POST", path=_ROOT, handler=_create, is_repeatable=True, is_throttled=True),
    Call(method="GET", path=_ONE, handler=_get, is_throttled=True),
    Call(method="PUT", path=_ONE, handler=_put, is_throttled=True),
    Call(method="POST", path=_ONE + "/checkout", handler=_checkout, is_repeatable=True, is_throttled=True),
)
