"""What the calendar does to a subscription: charge cycles, renewals, the extended service term, and its end.

Invariants: a renewal happens at midnight UTC of the day after the term's last day, or later where that is switched,
never before; every step is taken at its own instant, in order, so that catching up late gives the same log as being on
time.

Not here: changes that somebody asks for (``changing``, ``converting``).
"""

from datetime import date, datetime, timedelta
from typing import Any

from local.partner_center import terms
from local.partner_center.catalogue import Item, Plan
from local.partner_center.catalogue_items import item_of
from local.partner_center.commerce import commerce, current_availability
from local.partner_center.entities import Json, Subscription
from local.partner_center.pricing import extended_price, list_price, price_term
from local.partner_center.recording import announce, record, summary
from local.partner_center.windows import open_windows
from local.partner_center.world import World

_EXPIRED, _DISABLED, _DISABLED_AFTER_SUSPENSION = timedelta(days=30), timedelta(days=90), timedelta(days=120)
_EXTENDS_TERMS_SINCE = date(2025, 4, 1)
_RUNNING = ("active", "suspended")


def next_due(world: World, subscription: Subscription) -> datetime | None:
    """Return when the calendar changes the subscription next; None where it never does."""
    since = subscription.status_since or subscription.created_at
    if subscription.status == "expired":
        return since + _EXPIRED
    if subscription.status == "disabled":
        return since + (subscription.extra.get("disabled_for") or _DISABLED)
    if subscription.status not in _RUNNING or subscription.term_last == terms.FOREVER:
        return None
    if subscription.cycle_last is not None and subscription.cycle_last < subscription.term_last:
        return terms.midnight(terms.next_day(subscription.cycle_last))
    delay = timedelta(hours=commerce(world).renewal_delay_h)
    return terms.midnight(terms.next_day(subscription.term_last)) + delay


def catch_up(world: World, subscription: Subscription, until: datetime) -> None:
    """Let everything happen that became due until *until*, each at its own instant."""
    due = next_due(world, subscription)
    while due is not None and due <= until:
        _step(world, subscription, due)
        following = next_due(world, subscription)
        due = following if following is None or following > due else None


def keep_on_clock(world: World, subscription: Subscription) -> None:
    """Make sure that the clock rings when the subscription is due next."""
    due, known = next_due(world, subscription), commerce(world).due
    if due is None or (subscription.id in known and known[subscription.id] <= due):
        return
    known[subscription.id] = due

    def ring(at: datetime) -> None:
        if known.get(subscription.id) == due:
            del known[subscription.id]
            catch_up(world, subscription, at)
            keep_on_clock(world, subscription)

    world.clock.at(due, ring)


def set_status(world: World, subscription: Subscription, status: str, at: datetime, *, actor: str = "") -> None:
    """Change the status and tell so."""
    before = summary(subscription)
    subscription.status, subscription.status_since = status, at
    announce(world, subscription, at=at, before=before, actor=actor)


def set_cycle(subscription: Subscription, day: date) -> None:
    """Let the charge cycle in which *day* lies be the running one."""
    first, last = terms.charge_cycle(subscription.anchor_on, subscription.cycle, subscription.term_last, day)
    subscription.cycle_first, subscription.cycle_last = max(first, subscription.term_first), last


def start_term(
    world: World,
    subscription: Subscription,
    first: date,
    *,
    item: Item | None,
    wanted: str = "",
    last: date | None = None,
) -> None:
    """Begin a term on *first* with the subscription's product, term, cycle and quantity, at the prices of that day."""
    natural_last = terms.last_day_of_term(first, subscription.term)
    subscription.term_first, subscription.term_last = first, last or natural_last
    subscription.anchor_on = terms.anchor_of(first, subscription.term_last, subscription.term)
    subscription.term_number += 1
    subscription.extra.pop("custom_end_on", None)
    if last is not None and last != natural_last:
        subscription.extra["custom_end_on"] = last
    set_cycle(subscription, first)
    if item is not None:
        price_term(world, subscription, item, wanted=wanted, on=first)


def _step(world: World, subscription: Subscription, at: datetime) -> None:
    if subscription.status == "expired":
        set_status(world, subscription, "disabled", at)
    elif subscription.status == "disabled":
        set_status(world, subscription, "deleted", at)
    elif subscription.cycle_last is not None and subscription.cycle_last < subscription.term_last:
        _charge_cycle(world, subscription, at)
    else:
        _end_term(world, subscription, at)


def _charge_cycle(world: World, subscription: Subscription, at: datetime) -> None:
    planned = subscription.extra.pop("next_charge", None)
    quantity = subscription.quantity
    if planned is None or planned["product"]["billingCycle"].lower() == subscription.cycle:
        set_cycle(subscription, at.date())
        record(subscription, "cycleCharge", quantity, quantity, at=at)
        return
    before = summary(subscription)
    subscription.cycle = planned["product"]["billingCycle"].lower()
    set_cycle(subscription, at.date())
    subscription.cycle_first = at.date()
    if item := item_of(subscription.product_id, subscription.sku_id):
        plan, segment = Plan(subscription.term, subscription.cycle), subscription.extra.get("segment", "commercial")
        billing = subscription.extra.get("billing_currency", subscription.currency)
        first = subscription.term_first  # the price list of the term's first day, and the promotion that it has
        subscription.unit_price = list_price(world, item, plan, billing, segment=segment, on=first)
    record(subscription, "changeBillingPlan", quantity, quantity, at=at)
    announce(world, subscription, at=at, before=before)


def _end_term(world: World, subscription: Subscription, at: datetime) -> None:
    actions = {str(each.get("actionType")).lower() for each in subscription.scheduled_actions}
    subscription.scheduled_actions = []
    cancels, can_extend = "cancel" in actions, _is_extendable(world, subscription)
    if subscription.status == "suspended":
        subscription.extra["disabled_for"] = _DISABLED_AFTER_SUSPENSION
        set_status(world, subscription, "disabled", at)
    elif cancels:
        set_status(world, subscription, "disabled" if can_extend else "expired", at)
    elif can_extend and "renewtoextendedserviceterm" in actions:
        subscription.auto_renews = False
        _extend(world, subscription, at)
    elif subscription.auto_renews or "renewtonewterm" in actions:
        _renew(world, subscription, at)
    elif can_extend:
        _extend(world, subscription, at)
    else:
        set_status(world, subscription, "expired", at)


def _is_extendable(world: World, subscription: Subscription) -> bool:
    if subscription.product_type != "OnlineServicesNCE" or subscription.is_trial:
        return False
    is_late = subscription.term_last >= commerce(world).extended_service_from
    return subscription.is_extended or (is_late and subscription.term_first >= _EXTENDS_TERMS_SINCE)


def _extend(world: World, subscription: Subscription, at: datetime) -> None:
    before, first = summary(subscription), terms.next_day(subscription.term_last)
    if not subscription.is_extended:
        subscription.extra["plan_before"] = (subscription.term, subscription.cycle)
    subscription.is_extended, subscription.term, subscription.cycle = True, "P1M", "monthly"
    subscription.scheduled = None
    start_term(world, subscription, first, item=None)
    if item := item_of(subscription.product_id, subscription.sku_id):
        segment, currency = (
            subscription.extra.get("segment", "commercial"),
            subscription.extra.get("billing_currency", subscription.currency),
        )
        subscription.unit_price = extended_price(world, item, currency, segment=segment, on=first)
    subscription.discount, subscription.promotion_id = subscription.discount * 0, ""
    subscription.refundable = []
    subscription.cancellable_until = terms.midnight(terms.next_day(subscription.term_last))
    subscription.extra.pop("fully_refundable_until", None)
    record(subscription, "renew", subscription.quantity, subscription.quantity, at=at)
    announce(world, subscription, at=at, before=before)


def _renew(world: World, subscription: Subscription, at: datetime) -> None:
    before, quantity = summary(subscription), subscription.quantity
    first, promotion = terms.next_day(subscription.term_last), subscription.promotion_id
    if subscription.is_extended:
        subscription.is_extended = False
        subscription.term, subscription.cycle = subscription.extra.pop("plan_before")
    if subscription.renewal_term:
        subscription.term, subscription.renewal_term = subscription.renewal_term, ""
        subscription.cycle = subscription.cycle if subscription.cycle in terms.CYCLE_MONTHS else "monthly"
    was_trial = subscription.is_trial
    instructions, subscription.scheduled = subscription.scheduled, None
    if instructions is None and was_trial:
        instructions = trial_instructions(subscription)
    last = _follow(world, subscription, instructions or {})
    wanted = _product(instructions).get("promotionId") or promotion
    subscription.is_trial = False
    item = item_of(subscription.product_id, subscription.sku_id)
    start_term(world, subscription, first, item=item, wanted=wanted, last=last)
    open_windows(subscription, subscription.quantity, at)
    record(subscription, "renew", quantity, subscription.quantity, at=at)
    announce(world, subscription, at=at, before=before)


def trial_instructions(subscription: Subscription) -> Json | None:
    """Return what a trial turns into at its end where nothing else was asked for."""
    item = item_of(subscription.product_id, subscription.sku_id)
    if item is None or not item.converts_to:
        return None
    product_id, sku_id = item.converts_to.split(":")
    product = {"productId": product_id, "skuId": sku_id, "billingCycle": "monthly", "termDuration": "P1Y"}
    return {"product": product, "quantity": subscription.quantity}


def _product(instructions: Json | None) -> Json:
    product: Any = (instructions or {}).get("product") or {}
    return product if isinstance(product, dict) else {}


def _follow(world: World, subscription: Subscription, instructions: Json) -> date | None:
    product = _product(instructions)
    item = item_of(product.get("productId") or "", product.get("skuId") or "")
    if item is not None and item.key != f"{subscription.product_id}:{subscription.sku_id}":
        subscription.product_id, subscription.sku_id, subscription.title = item.product_id, item.sku_id, item.title
        subscription.availability_id = current_availability(
            world, item, subscription.extra.get("segment", "commercial")
        )
        subscription.is_addon = item.is_addon
    term, cycle = product.get("termDuration"), product.get("billingCycle")
    wanted = Plan(term or subscription.term, (cycle or subscription.cycle).lower())
    subscription.term, subscription.cycle = wanted.term, wanted.cycle
    subscription.quantity = int(instructions.get("quantity") or subscription.quantity)
    last = instructions.get("customTermEndDate")
    return date.fromisoformat(last[:10]) if isinstance(last, str) and last else None
