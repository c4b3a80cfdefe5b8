"""Into another product: upgrades of all seats or of some, and trials that become paid.

Invariants: no upgrade opens a new window; a subscription that some seats move into takes over what is left of the old
one's. All seats to a new product keep the subscription, and its term unless a longer one was asked for.

Not here: which transitions are offered over HTTP (``calls.transitions``).
"""

from dataclasses import dataclass, replace

from local.partner_center import terms
from local.partner_center.answers import RefusedError, instant
from local.partner_center.catalogue import Item
from local.partner_center.catalogue_items import item_of
from local.partner_center.commerce import current_availability
from local.partner_center.entities import Customer, Json, Order, Subscription
from local.partner_center.legacy_offers import LegacyOffer
from local.partner_center.pricing import price_term
from local.partner_center.recording import announce, record, reference, summary
from local.partner_center.renewing import catch_up, keep_on_clock, set_cycle, set_status, start_term
from local.partner_center.windows import capped, is_cancellable, open_windows
from local.partner_center.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """What seats are moved into; *term* and *cycle* "" are the source's."""

    product_id: str
    sku_id: str
    quantity: int
    to_subscription_id: str = ""
    term: str = ""
    cycle: str = ""
    promotion_id: str = ""
    moves_licences: bool = False
    availability_id: str = ""


def transition(world: World, customer: Customer, source: Subscription, wanted: Transition, *, actor: str = "") -> Json:
    """Move seats to another product and return the record of it, with its operation's id and events.

    Raises:
        RefusedError: 900236 (no such upgrade), 900258 to 900261 (the target), 900267 (a shorter term), 900275.
    """
    now = world.clock.now()
    catch_up(world, source, now)
    item = _target(source, wanted)
    wanted = replace(wanted, term=wanted.term or source.term, cycle=(wanted.cycle or source.cycle).lower())
    _check(source, item, wanted)
    if wanted.to_subscription_id:
        target = _move(world, customer, source, wanted, actor)
    elif wanted.quantity == source.quantity:
        target = _convert_all(world, source, item, wanted, actor)
    else:
        target = _convert_some(world, customer, source, item, wanted, actor)
    done = {
        "operationId": world.guid(),
        "fromSubscriptionId": source.id,
        "toCatalogItemId": target.catalogue_item,
        "toSubscriptionId": target.id if target is not source else None,
        "quantity": wanted.quantity,
        "termDuration": target.term,
        "billingCycle": target.cycle,
        "transitionType": "transition_with_license_transfer" if wanted.moves_licences else "transition_only",
        "promotionId": target.promotion_id or None,
        "events": _events(instant(now) or "", moves=wanted.moves_licences),
        "attributes": {"objectType": "Transition"},
    }
    source.transitions.append(done)
    return done


def convert_trial(
    world: World, trial: Subscription, *, quantity: int = 0, term: str = "P1Y", cycle: str = "monthly", actor: str = ""
) -> Subscription:
    """Let a trial become what it converts to, today.

    Raises:
        RefusedError: it is no trial (800086).
    """
    item = item_of(trial.product_id, trial.sku_id)
    if not trial.is_trial or item is None or not item.converts_to:
        raise RefusedError(400, 800086, "The subscription is not a trial that can be converted.")
    product_id, sku_id = item.converts_to.split(":")
    target = item_of(product_id, sku_id)
    if target is None or not target.offers(term, cycle):
        raise RefusedError(400, 800107, f"{item.converts_to} is not sold with the term {term} and the cycle {cycle}.")
    wanted = Transition(
        product_id=product_id, sku_id=sku_id, quantity=quantity or trial.quantity, term=term, cycle=cycle
    )
    return _convert_all(world, trial, target, wanted, actor)


def convert_legacy(
    world: World, source: Subscription, offer: LegacyOffer, *, quantity: int = 0, cycle: str = "", actor: str = ""
) -> None:
    """Let a legacy subscription (a trial among them) become another offer today, with a term of its own."""
    now, before, was_trial = world.clock.now(), summary(source), source.is_trial
    ties = reference(source, "convert", now)
    record(source, "convert", source.quantity, 0, at=now, ties=ties)
    source.offer_id, source.title, source.friendly_name = offer.id, offer.title, offer.title
    source.is_trial, source.unit_price = False, offer.price
    source.quantity, source.cycle = quantity or source.quantity, cycle or source.cycle
    start_term(world, source, now.date(), item=None)
    record(source, "convert", 0, source.quantity, at=now, ties=ties)
    announce(world, source, at=now, before=before, actor=actor, operation=_operation(was_trial=was_trial))
    keep_on_clock(world, source)


def _target(source: Subscription, wanted: Transition) -> Item:
    item = item_of(wanted.product_id, wanted.sku_id)
    own = item_of(source.product_id, source.sku_id)
    if item is None:
        raise RefusedError(404, 400013, "The target product was not found.")
    offered = {*own.upgrades, own.converts_to, own.key} if own else set()
    if item.key not in offered:
        raise RefusedError(400, 900236, f"The subscription cannot be transitioned to {item.key}.")
    return item


def _check(source: Subscription, item: Item, wanted: Transition) -> None:
    if source.status != "active":
        raise RefusedError(400, 900236, "Only an active subscription can be transitioned.")
    if not 1 <= wanted.quantity <= max(source.quantity, item.maximum if source.is_trial else 0):
        raise RefusedError(400, 900275, f"The quantity {wanted.quantity} exceeds that of the subscription.")
    if not item.offers(wanted.term, wanted.cycle):
        raise RefusedError(400, 900269, f"{item.key} is not sold with {wanted.term} and {wanted.cycle}.")
    is_longer = terms.TERM_MONTHS[wanted.term] > terms.TERM_MONTHS.get(source.term, 0)
    if terms.TERM_MONTHS[wanted.term] < terms.TERM_MONTHS.get(source.term, 0):
        raise RefusedError(400, 900267, "The term of the target is shorter than that of the source.")
    if item.key == f"{source.product_id}:{source.sku_id}" and not is_longer:
        raise RefusedError(400, 900268, "The same product can only be transitioned to a longer term.")


def _convert_all(world: World, source: Subscription, item: Item, wanted: Transition, actor: str) -> Subscription:
    now, before = world.clock.now(), summary(source)
    ties, was_trial = reference(source, "convert", now), source.is_trial
    record(source, "convert", source.quantity, 0, at=now, ties=ties)
    is_new_term = was_trial or wanted.term != source.term
    _become(world, source, item, wanted)
    source.quantity, source.is_trial = wanted.quantity, False
    _take_term(world, source, item, wanted, is_new_term=is_new_term)
    if was_trial:
        open_windows(source, source.quantity, now)
    record(source, "convert", 0, source.quantity, at=now, ties=ties)
    source.scheduled = None
    announce(world, source, at=now, before=before, actor=actor, operation=_operation(was_trial=was_trial))
    keep_on_clock(world, source)
    return source


def _convert_some(
    world: World, customer: Customer, source: Subscription, item: Item, wanted: Transition, actor: str
) -> Subscription:
    now, before = world.clock.now(), summary(source)
    ties, left = reference(source, "convert", now), source.quantity - wanted.quantity
    record(source, "convert", source.quantity, left, at=now, ties=ties)
    order = Order(
        id=world.token(),
        customer_id=customer.id,
        cycle=wanted.cycle,
        currency=source.currency,
        created_at=now,
        lines=[],
    )
    target = replace(source, id=world.guid(), order_id=order.id, quantity=wanted.quantity, log=[], created_at=now)
    target.starts_at, target.transitions, target.entitlements = now, [], []
    target.extra, target.scheduled, target.scheduled_actions = dict(source.extra), None, []
    target.refundable = capped(source.refundable, wanted.quantity)
    source.refundable = capped(source.refundable, left)
    source.quantity, source.scheduled = left, None
    _become(world, target, item, wanted)
    target.friendly_name = item.title
    _take_term(world, target, item, wanted, is_new_term=wanted.term != source.term)
    record(target, "convert", 0, target.quantity, at=now, ties=ties)
    customer.subscriptions[target.id], customer.orders[order.id] = target, order
    line = {"lineItemNumber": 0, "offerId": target.catalogue_item, "subscriptionId": target.id}
    line.update(termDuration=target.term, transactionType="convert", friendlyName=item.title, quantity=target.quantity)
    order.lines.append(line)
    order.total = target.unit_price * target.quantity
    announce(world, source, at=now, before=before, actor=actor, operation=_operation(was_trial=False))
    announce(world, target, at=now, actor=actor)
    keep_on_clock(world, target)
    return target


def _move(world: World, customer: Customer, source: Subscription, wanted: Transition, actor: str) -> Subscription:
    now, before = world.clock.now(), summary(source)
    target = _existing(customer, source, wanted)
    if is_cancellable(target, now):
        raise RefusedError(400, 900261, "The target subscription is within its cancellation window.")
    target_before, ties = summary(target), reference(source, "moveQuantity", now)
    left = source.quantity - wanted.quantity
    record(source, "moveQuantity", source.quantity, left, at=now, ties=ties)
    record(target, "moveQuantity", target.quantity, target.quantity + wanted.quantity, at=now, ties=ties)
    target.quantity += wanted.quantity
    source.refundable = capped(source.refundable, left)
    source.scheduled = target.scheduled = None
    if left:
        source.quantity = left
        announce(world, source, at=now, before=before, actor=actor, operation=_operation(was_trial=False))
    else:
        set_status(world, source, "deleted", now, actor=actor)
    announce(world, target, at=now, before=target_before, actor=actor)
    return target


def _existing(customer: Customer, source: Subscription, wanted: Transition) -> Subscription:
    target = customer.subscriptions.get(wanted.to_subscription_id)
    if target is None or target.status != "active":
        raise RefusedError(400, 900258, "The target subscription was not found or is not active.")
    if (target.product_id, target.sku_id) != (wanted.product_id, wanted.sku_id):
        raise RefusedError(400, 900259, "The target subscription is of another catalog item.")
    if target.term_last < source.term_last or terms.TERM_MONTHS[target.term] < terms.TERM_MONTHS[source.term]:
        raise RefusedError(400, 900260, "The target subscription ends before the source does.")
    return target


def _become(world: World, subscription: Subscription, item: Item, wanted: Transition) -> None:
    had_own_name = subscription.friendly_name not in ("", subscription.title)
    subscription.product_id, subscription.sku_id, subscription.title = item.product_id, item.sku_id, item.title
    segment = subscription.extra.get("segment", "commercial")
    subscription.availability_id = wanted.availability_id or current_availability(world, item, segment)
    subscription.is_addon = item.is_addon
    if not had_own_name:
        subscription.friendly_name = item.title
    subscription.term, subscription.cycle = wanted.term, wanted.cycle


def _take_term(world: World, subscription: Subscription, item: Item, wanted: Transition, *, is_new_term: bool) -> None:
    today = world.clock.now().date()
    if is_new_term:
        start_term(world, subscription, today, item=item, wanted=wanted.promotion_id)
        return
    set_cycle(subscription, today)
    price_term(world, subscription, item, wanted=wanted.promotion_id, on=today)


def _operation(*, was_trial: bool) -> str:
    return "convert_trial_subscription" if was_trial else "upgrade_subscription"


def _events(at: str, *, moves: bool) -> list[Json]:
    names = ("Conversion", "LicenseReassignment") if moves else ("Conversion",)
    return [
        {"name": name, "status": status, "timestamp": at, "attributes": {"objectType": "TransitionEvent"}}
        for name in names
        for status in ("Started", "Completed")
    ]
