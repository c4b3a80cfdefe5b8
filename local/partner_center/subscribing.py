"""Buys: an order of one or more lines, and the subscription that each line begins.

Invariants: the price of the term is that of its first day; a window of seven days begins for all seats; everything that
the calendar brings later is on the clock from the beginning.

Not here: whether the purchase is allowed (``ordering``), carts (``calls.carts``).
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from local.partner_center import terms
from local.partner_center.answers import RefusedError
from local.partner_center.catalogue import Item, Plan
from local.partner_center.catalogue_items import item_of, items
from local.partner_center.commerce import current_availability
from local.partner_center.entities import Customer, Json, Order, Subscription
from local.partner_center.faults import FaultKind
from local.partner_center.legacy_offers import LEGACY_OFFERS
from local.partner_center.pricing import price_term
from local.partner_center.recording import announce, record
from local.partner_center.renewing import catch_up, keep_on_clock, set_cycle
from local.partner_center.windows import open_windows
from local.partner_center.world import Happening, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What is bought. *product_id* is a GUID for a legacy offer, whose *sku_id* is "" then.

    *provisioning* is the line's provisioning context, *custom_end_on* the last day of a first term cut short;
    *parent_line* is which line of the same order it adds to.
    """

    product_id: str
    sku_id: str = ""
    quantity: int = 1
    term: str = "P1Y"
    cycle: str = "monthly"
    friendly_name: str = ""
    availability_id: str = ""
    promotion_id: str = ""
    custom_end_on: date | None = None
    partner_id: str = ""
    parent_id: str = ""
    renews_to: str = ""
    auto_renews: bool = True
    currency: str = ""
    segment: str = ""
    provisioning: Json = field(default_factory=dict)
    line_number: int | None = None
    parent_line: int | None = None

    @property
    def plan(self) -> Plan:
        """Its term and payment."""
        return Plan(self.term, self.cycle)


def buy(world: World, customer: Customer, purchase: Purchase, *, at: datetime | None = None) -> Subscription:
    """Buy one thing and return its subscription, brought up to now.

    Raises:
        RefusedError: there is no such product.
    """
    order = place_order(world, customer, [purchase], at=at)
    return next(each for each in customer.subscriptions.values() if each.order_id == order.id)


def place_order(
    world: World, customer: Customer, purchases: list[Purchase], *, at: datetime | None = None, actor: str = ""
) -> Order:
    """Buy everything in one order; *at* may lie in the past, and what the calendar brought since then happens at once.

    Raises:
        RefusedError: there is no such product.
    """
    now = at or world.clock.now()
    known = [_known(purchase) for purchase in purchases]
    order = _order(world, customer, purchases, now)
    for number, (bought, item) in enumerate(zip(purchases, known, strict=True)):
        parent = bought.parent_line
        purchase = bought if parent is None else replace(bought, parent_id=order.lines[parent]["subscriptionId"])
        subscription = _subscription(world, customer, purchase, item, order, now)
        _begin(world, customer, subscription, now)
        order.lines.append(_line(purchase, subscription, number))
        order.total += subscription.unit_price * (1 - subscription.discount) * subscription.quantity
    _act_faults(world, customer, order, now)
    happening = Happening(
        at=now, customer_id=customer.id, resource="order", resource_id=order.id, operation="create_order", actor=actor
    )
    happening.after = {"id": order.id, "billingCycle": order.cycle, "lineItems": order.lines}
    world.tell(happening)
    for line in order.lines:
        announce(world, customer.subscriptions[line["subscriptionId"]], at=now, actor=actor)
    return order


def _known(purchase: Purchase) -> Item | None:
    item = item_of(purchase.product_id, purchase.sku_id)
    if item is None and purchase.sku_id:
        raise RefusedError(404, 400013, f"The product {purchase.product_id}:{purchase.sku_id} was not found.")
    return item


def _order(world: World, customer: Customer, purchases: list[Purchase], at: datetime) -> Order:
    is_legacy = not purchases[0].sku_id
    order = Order(
        id=world.guid() if is_legacy else world.token(),
        customer_id=customer.id,
        cycle=purchases[0].cycle,
        currency=purchases[0].currency or customer.currency,
        created_at=at,
        lines=[],
    )
    customer.orders[order.id] = order
    return order


def _subscription(
    world: World, customer: Customer, purchase: Purchase, item: Item | None, order: Order, at: datetime
) -> Subscription:
    is_trial = item is not None and item.is_trial
    first = at.date()
    natural_last = terms.last_day_of_term(first, purchase.term)
    segment = purchase.segment or customer.segment
    subscription = Subscription(
        id=world.guid(),
        customer_id=customer.id,
        order_id=order.id,
        product_id=item.product_id if item else "",
        sku_id=item.sku_id if item else "",
        availability_id=purchase.availability_id or (current_availability(world, item, segment) if item else ""),
        offer_id="" if item else purchase.product_id,
        title=item.title if item else purchase.provisioning.get("title") or "Legacy offer",
        product_type=item.product_type if item else "OnlineServices",
        quantity=purchase.quantity,
        term=purchase.term if item else purchase.term or "P1Y",
        cycle=purchase.cycle,
        created_at=at,
        starts_at=at,
        term_first=first,
        term_last=purchase.custom_end_on or natural_last,
        anchor_on=terms.anchor_of(first, purchase.custom_end_on or natural_last, purchase.term),
        unit_price=Decimal(str(purchase.provisioning.get("price", "10.00"))) if item is None else Decimal(0),
        currency=purchase.currency or customer.currency,
        friendly_name=purchase.friendly_name or (item.title if item else ""),
        parent_id=purchase.parent_id,
        partner_id=purchase.partner_id,
        renewal_term=purchase.renews_to,
        auto_renews=purchase.auto_renews,
        is_trial=is_trial,
        is_addon=item.is_addon if item else bool(purchase.parent_id),
        publisher=item.publisher if item else "Microsoft Corporation",
    )
    subscription.extra.update(segment=segment, billing_currency=subscription.currency)
    if purchase.provisioning:
        subscription.extra["provisioning"] = dict(purchase.provisioning)
    if purchase.custom_end_on and purchase.custom_end_on != natural_last:
        subscription.extra["custom_end_on"] = purchase.custom_end_on
    _shape(world, subscription, item)
    if item is not None:
        price_term(world, subscription, item, wanted=purchase.promotion_id, on=first)
    return subscription


def _shape(world: World, subscription: Subscription, item: Item | None) -> None:
    if item is None:
        _shape_legacy(world, subscription)
        return
    subscription.has_addons = any(item.key in each.prerequisites for each in items().values())
    if item.is_azure_plan:
        subscription.billing_type, subscription.unit_type = "usage", "Usage-based"
        name = {"id": world.guid(), "friendlyName": "Azure subscription 1", "status": "active"}
        subscription.entitlements.append({**name, "subscriptionId": subscription.id})
    if item.is_reservation:
        subscription.auto_renews = False
        subscription.extra["product_order_id"] = world.guid()
    if item.product_type == "Software" and not subscription.term:
        subscription.auto_renews, subscription.extra["is_hidden"] = False, True


def _shape_legacy(world: World, subscription: Subscription) -> None:
    offer = LEGACY_OFFERS.get(subscription.offer_id.upper())
    if offer is None:
        return
    subscription.is_trial, subscription.title = offer.is_trial, offer.title
    subscription.has_addons = any(offer.id in each.bases for each in LEGACY_OFFERS.values())
    if offer.is_usage:
        subscription.billing_type, subscription.unit_type = "usage", "Usage-based"
        subscription.term_last, subscription.auto_renews = terms.FOREVER, False
        subscription.entitlement_id = world.guid()


def _begin(world: World, customer: Customer, subscription: Subscription, at: datetime) -> None:
    customer.subscriptions[subscription.id] = subscription
    set_cycle(subscription, subscription.term_first)
    subscription.status_since = at
    open_windows(subscription, subscription.quantity, at)
    if subscription.billing_type != "usage":
        record(subscription, "new", 0, subscription.quantity, at=at)
    catch_up(world, subscription, world.clock.now())
    keep_on_clock(world, subscription)


def _line(purchase: Purchase, subscription: Subscription, number: int) -> Json:
    line: Json = {
        "lineItemNumber": number if purchase.line_number is None else purchase.line_number,
        "offerId": subscription.catalogue_item,
        "subscriptionId": subscription.id,
        "parentSubscriptionId": subscription.parent_id or None,
        "termDuration": subscription.log[0].term if subscription.log else subscription.term,
        "transactionType": "New",
        "promotionId": subscription.promotion_id or None,
        "friendlyName": subscription.friendly_name,
        "quantity": purchase.quantity,
        "partnerIdOnRecord": subscription.partner_id or None,
    }
    if purchase.custom_end_on:
        line["customTermEndDate"] = f"{purchase.custom_end_on.isoformat()}T00:00:00Z"
    if purchase.renews_to:
        line["renewsTo"] = {"termDuration": purchase.renews_to}
    return {key: value for key, value in line.items() if value is not None}


def _act_faults(world: World, customer: Customer, order: Order, at: datetime) -> None:
    path = f"/v1/customers/{customer.id}/orders/{order.id}"
    bought = [each for each in customer.subscriptions.values() if each.order_id == order.id]
    if fault := world.faults.strike(FaultKind.ORDER_INVISIBLE, path):
        order.visible_at = at + timedelta(minutes=fault.value)
        for each in bought:
            each.visible_at = order.visible_at
    if fault := world.faults.strike(FaultKind.SUBSCRIPTION_ID_MISSING, path):
        order.names_subscriptions_at = at + timedelta(minutes=fault.value)
    if fault := world.faults.strike(FaultKind.BUSY, path):
        for each in bought:
            each.busy_until = at + timedelta(seconds=fault.value)
