"""Changes that somebody asks for: seats, suspension, cancellation, renewal, and what is to happen at the term's end.

Invariants: what is refused changes nothing. A change in the middle of a term drops what was scheduled for its end.

Not here: what the calendar does (``renewing``), other products (``converting``).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from local.partner_center import terms
from local.partner_center.answers import RefusedError
from local.partner_center.catalogue_items import item_of
from local.partner_center.entities import Customer, Json, Subscription
from local.partner_center.faults import FaultKind
from local.partner_center.reading import day, thing, whole
from local.partner_center.recording import announce, record, reference, summary
from local.partner_center.renewing import catch_up, keep_on_clock, set_status, start_term
from local.partner_center.windows import WINDOW, is_cancellable, is_fully_refundable, take_from_batches
from local.partner_center.world import World

_LEGACY = "OnlineServices"
_ACTIONS = ("cancel", "renewtonewterm", "renewtoextendedserviceterm")


def change_quantity(world: World, subscription: Subscription, quantity: int, *, actor: str = "") -> None:
    """Add seats at any time, or give back seats whose window is open.

    Raises:
        RefusedError: 2001, 2011, 800091 (its status), 2002 (the SKU's bounds), 800090 (no open window).
    """
    at = _ready(world, subscription)
    if subscription.status != "active":
        raise RefusedError(400, 800091, "The subscription is suspended and its quantity cannot be updated.")
    if subscription.is_trial:
        raise RefusedError(400, 800095, "The quantity of a trial cannot be updated.")
    _check_bounds(subscription, quantity)
    before, had = summary(subscription), subscription.quantity
    if quantity == had:
        return
    if quantity < had and subscription.product_type != _LEGACY:
        _check_reduction(subscription, had - quantity, at)
    if quantity > had and subscription.product_type == "OnlineServicesNCE":
        subscription.refundable.append((quantity - had, at + WINDOW))
    subscription.quantity = quantity
    subscription.scheduled = None
    record(subscription, "addQuantity" if quantity > had else "removeQuantity", had, quantity, at=at)
    _finish(world, subscription, before, actor)


def suspend(world: World, subscription: Subscription, *, actor: str = "") -> None:
    """Block the users; the subscription is charged as before, and does not renew any more.

    Raises:
        RefusedError: it is not active (800096), or an Azure plan is in use (900115).
    """
    at = _ready(world, subscription)
    if subscription.status != "active":
        raise RefusedError(400, 800096, f"The subscription is {subscription.status} and cannot be suspended.")
    _check_azure_plan(subscription)
    subscription.scheduled, subscription.auto_renews = None, False
    subscription.suspension_reasons = ["Partner"]
    set_status(world, subscription, "suspended", at, actor=actor)
    _take_children_along(world, subscription, suspend)
    _settle(world, subscription)


def reactivate(world: World, customer: Customer, subscription: Subscription, *, actor: str = "") -> None:
    """Let the users in again; renewal stays off until it is asked for.

    Raises:
        RefusedError: it is not suspended (800096), or its parent is not active (27009).
    """
    at = _ready(world, subscription)
    if subscription.status not in ("suspended", "expired", "disabled"):
        raise RefusedError(400, 800096, f"The subscription is {subscription.status} and cannot be activated.")
    if subscription.status != "suspended" and subscription.product_type != _LEGACY:
        raise RefusedError(400, 800096, f"The subscription is {subscription.status} and cannot be activated.")
    parent = customer.subscriptions.get(subscription.parent_id)
    if parent is not None and parent.status != "active":
        raise RefusedError(409, 27009, "The subscription cannot be enabled while its parent is inactive.")
    subscription.suspension_reasons = []
    set_status(world, subscription, "active", at, actor=actor)
    _settle(world, subscription)


def cancel(world: World, subscription: Subscription, *, actor: str = "") -> None:
    """End it at once, with what is due back for it.

    Raises:
        RefusedError: 900213 (its window is closed), 900115 (an Azure plan in use), 2011 (it is deleted already).
    """
    at = _ready(world, subscription)
    _check_azure_plan(subscription)
    is_free = subscription.is_trial or subscription.billing_type == "usage" or subscription.product_type == _LEGACY
    if not is_free and not is_cancellable(subscription, at):
        raise RefusedError(400, 900213, "The cancellation window of 168 hours has passed.")
    had, is_full = subscription.quantity, is_fully_refundable(subscription, at)
    subscription.scheduled, subscription.auto_renews, subscription.refundable = None, False, []
    if subscription.billing_type != "usage":
        record(subscription, "cancelImmediate", had, 0, at=at).extra["is_full"] = is_full
    subscription.scheduled_actions = []
    set_status(world, subscription, "deleted", at, actor=actor)
    _take_children_along(world, subscription, cancel)
    _settle(world, subscription)


def set_auto_renew(world: World, subscription: Subscription, *, renews: bool, actor: str = "") -> None:
    """Switch renewal on or off.

    Raises:
        RefusedError: it cannot be renewed (800092).
    """
    _ready(world, subscription)
    if subscription.auto_renews == renews:
        return
    if renews and (subscription.status == "suspended" or subscription.product_type == "Azure"):
        raise RefusedError(400, 800092, "The subscription cannot be renewed automatically.")
    before = summary(subscription)
    subscription.auto_renews = renews
    if not renews:
        subscription.scheduled = None
    _finish(world, subscription, before, actor)


def schedule_change(world: World, subscription: Subscription, instructions: Json | None, *, actor: str = "") -> None:
    """Keep what is to happen when the next term begins; None drops it.

    Raises:
        RefusedError: 800093 (it does not renew), 400013 (no such product), 800107 (a term it is not sold with),
            2002 (the SKU's bounds).
    """
    _ready(world, subscription)
    if instructions == subscription.scheduled:
        return
    before = summary(subscription)
    if instructions is not None:
        check_instructions(subscription, instructions, renews=subscription.auto_renews)
    subscription.scheduled = instructions
    _finish(world, subscription, before, actor)


def schedule_actions(world: World, subscription: Subscription, actions: list[Json], *, actor: str = "") -> None:
    """Keep what is to happen at the end of the term: Cancel, RenewToNewTerm or RenewToExtendedServiceTerm.

    Raises:
        RefusedError: an action is not known, or not for the end of the term (3000).
    """
    _ready(world, subscription)
    if actions == subscription.scheduled_actions:
        return
    check_actions(actions)
    before = summary(subscription)
    subscription.scheduled_actions = actions
    _finish(world, subscription, before, actor)


def change_plan(world: World, subscription: Subscription, cycle: str, *, actor: str = "") -> None:
    """Change how a three-year term is paid, at the end of the running charge cycle.

    Raises:
        RefusedError: the term cannot be paid that way, or the plan of such a term cannot change (2054).
    """
    _ready(world, subscription)
    check_plan(subscription, cycle)
    before = summary(subscription)
    product = {"productId": subscription.product_id, "skuId": subscription.sku_id, "billingCycle": cycle}
    product.update(availabilityId=subscription.availability_id, termDuration=subscription.term)
    subscription.extra["next_charge"] = {"product": product, "quantity": subscription.quantity}
    _finish(world, subscription, before, actor)


def set_renewal_term(world: World, subscription: Subscription, term: str, *, actor: str = "") -> None:
    """Let it renew for another term than its own; "" is the same again.

    Raises:
        RefusedError: it is not sold for that term (800122).
    """
    _ready(world, subscription)
    check_renewal_term(subscription, term)
    before = summary(subscription)
    subscription.renewal_term = term
    _finish(world, subscription, before, actor)


def convert_legacy_cycle(world: World, subscription: Subscription, cycle: str, *, actor: str = "") -> None:
    """Pay a legacy subscription by the month or by the year from today on; its term begins anew."""
    at = _ready(world, subscription)
    before, quantity, ties = summary(subscription), subscription.quantity, reference(subscription, "convert", at)
    record(subscription, "convert", quantity, 0, at=at, ties=ties)
    ratio = 12 if cycle == "annual" else Decimal(1) / 12
    subscription.unit_price, subscription.cycle = (subscription.unit_price * ratio).quantize(Decimal("0.01")), cycle
    start_term(world, subscription, at.date(), item=None)
    record(subscription, "convert", 0, quantity, at=at, ties=ties)
    _finish(world, subscription, before, actor)


def check_actions(actions: list[Json]) -> None:
    """Make sure that all actions are known and for the end of the term.

    Raises:
        RefusedError: one is not (3000).
    """
    for each in actions:
        if str(each.get("actionType")).lower() not in _ACTIONS:
            raise RefusedError(400, 3000, f"The actionType {each.get('actionType')} is not known.")
        if str(each.get("scheduleType") or "TermEnd").lower() != "termend":
            raise RefusedError(400, 3000, f"The scheduleType {each.get('scheduleType')} is not for this action.")


def check_plan(subscription: Subscription, cycle: str) -> None:
    """Make sure that the running term can be paid otherwise.

    Raises:
        RefusedError: it cannot (2054).
    """
    item = item_of(subscription.product_id, subscription.sku_id)
    is_possible = subscription.term == "P3Y" and item is not None and item.offers("P3Y", cycle)
    if not is_possible or cycle == "triennial":
        raise RefusedError(400, 2054, "The billing cycle of this subscription cannot be changed within its term.")


def check_instructions(subscription: Subscription, instructions: Json, *, renews: bool) -> None:
    """Make sure that the instructions can be followed when the next term begins.

    Raises:
        RefusedError: 800093, 400013, 800107, 2002 or 900242, as ``schedule_change`` says.
    """
    if not renews:
        raise RefusedError(400, 800093, "Changes can only be scheduled for a subscription that renews.")
    product = thing(instructions.get("product"), "product")
    item = item_of(product.get("productId") or subscription.product_id, product.get("skuId") or subscription.sku_id)
    if item is None:
        raise RefusedError(404, 400013, "The product of the scheduled change was not found.")
    term = product.get("termDuration") or subscription.term
    cycle = str(product.get("billingCycle") or subscription.cycle).lower()
    if not item.offers(term, cycle):
        raise RefusedError(400, 800107, f"{item.key} is not sold with the term {term} and the billing cycle {cycle}.")
    quantity = whole(instructions.get("quantity"), "quantity", subscription.quantity)
    if not item.minimum <= quantity <= item.maximum:
        raise RefusedError(400, 2002, f"The quantity {quantity} is outside the limits of the SKU.")
    last = day(instructions.get("customTermEndDate"), "customTermEndDate")
    if last is not None and not subscription.term_last < last <= terms.last_day_of_term(
        terms.next_day(subscription.term_last), term
    ):
        raise RefusedError(400, 900242, "The custom term end date does not lie in the next term.")


def check_renewal_term(subscription: Subscription, term: str) -> None:
    """Make sure that it is sold for the term ("" is its own).

    Raises:
        RefusedError: it is not (800122).
    """
    item = item_of(subscription.product_id, subscription.sku_id)
    if term and item is not None and all(plan.term != term for plan in item.plans):
        raise RefusedError(400, 800122, f"The subscription cannot renew for the term {term}.")


def set_partner(world: World, subscription: Subscription, partner_id: str, *, actor: str = "") -> None:
    """Put another reseller on record."""
    _ready(world, subscription)
    before = summary(subscription)
    subscription.partner_id = partner_id
    _finish(world, subscription, before, actor)


def _ready(world: World, subscription: Subscription) -> datetime:
    now = world.clock.now()
    catch_up(world, subscription, now)
    if subscription.status == "deleted":
        raise RefusedError(400, 2011, "The subscription is deleted and cannot be updated.")
    if subscription.busy_until is not None and now < subscription.busy_until:
        raise RefusedError(409, 800082, "The subscription is not ready: another operation is in progress.")
    return now


def _finish(world: World, subscription: Subscription, before: Json, actor: str) -> None:
    announce(world, subscription, at=world.clock.now(), before=before, actor=actor)
    _settle(world, subscription)


def _settle(world: World, subscription: Subscription) -> None:
    path = f"/v1/customers/{subscription.customer_id}/subscriptions/{subscription.id}"
    fault = world.faults.strike(FaultKind.BUSY, path)
    if fault is not None:
        subscription.busy_until = world.clock.now() + timedelta(seconds=fault.value)
    keep_on_clock(world, subscription)


def _take_children_along(
    world: World, subscription: Subscription, change: Callable[[World, Subscription], None]
) -> None:
    customer = world.customers.get(subscription.customer_id)
    children = list(customer.subscriptions.values()) if customer and subscription.offer_id else []
    for child in children:
        if child.parent_id == subscription.id and child.status == "active":
            change(world, child)


def _check_bounds(subscription: Subscription, quantity: int) -> None:
    item = item_of(subscription.product_id, subscription.sku_id)
    least, most = (item.minimum, item.maximum) if item else (1, 10_000_000)
    if not least <= quantity <= most:
        raise RefusedError(400, 2002, f"The quantity {quantity} is outside the limits of the SKU, {least} to {most}.")


def _check_reduction(subscription: Subscription, quantity: int, at: datetime) -> None:
    if subscription.is_extended:
        return
    if not take_from_batches(subscription, quantity, at):
        raise RefusedError(400, 800090, "The quantity cannot be decreased: the window for these seats has passed.")


def _check_azure_plan(subscription: Subscription) -> None:
    if any(each.get("status") == "active" for each in subscription.entitlements):
        raise RefusedError(403, 900115, "The Azure plan has active Azure subscriptions.")
