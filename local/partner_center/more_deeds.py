"""Deeds of a reseller's year beside the ordinary ones: old offers, Azure subscriptions, moved seats, credits.

Not here: the ordinary deeds and how they are called (``deeds``).
"""

from dataclasses import replace
from decimal import Decimal

from local.partner_center import lifecycle
from local.partner_center import scenario_reading as kinds
from local.partner_center.catalogue_items import items
from local.partner_center.entities import Happened, Subscription
from local.partner_center.legacy_offers import LEGACY_OFFERS
from local.partner_center.recording import announce, record
from local.partner_center.staging import Scene, deed
from shared.domain.errors import InvalidError

_CYCLE = kinds.one_of("monthly", "annual")


@deed(
    "buy-legacy",
    "offer",
    offer=kinds.text,
    quantity=kinds.whole,
    cycle=_CYCLE,
    name=kinds.text,
    **{"as": kinds.text},
)
def buy_legacy(scene: Scene) -> None:
    """Order an offer of the old commerce by its title or id."""
    wanted, cycle = str(scene.fields["offer"]), str(scene.fields.get("cycle", "monthly"))
    offer = LEGACY_OFFERS.get(wanted.upper())
    offer = offer or next((each for each in LEGACY_OFFERS.values() if each.title.lower() == wanted.lower()), None)
    if offer is None:
        known = ", ".join(each.title for each in LEGACY_OFFERS.values())
        raise InvalidError(f"offer: there is no {wanted}; there are {known}")
    price = offer.price * 12 if cycle == "annual" else offer.price
    purchase = lifecycle.Purchase(
        product_id=offer.id,
        quantity=scene.fields.get("quantity", 1),
        cycle=cycle,
        friendly_name=scene.fields.get("name", offer.title),
        provisioning={"title": offer.title, "price": str(price)},
    )
    bought = lifecycle.buy(scene.world, scene.customer, purchase)
    if "as" in scene.fields:
        _call(scene, bought)


@deed("start-trial", "product", product=kinds.text, quantity=kinds.whole, **{"as": kinds.text})
def start_trial(scene: Scene) -> None:
    """Begin a trial of 30 days, with 25 seats unless *quantity* says otherwise."""
    item = items().get(str(scene.fields["product"]).upper())
    if item is None or not item.is_trial:
        trials = ", ".join(f"{each.key} {each.title}" for each in items().values() if each.is_trial)
        raise InvalidError(f"product: {scene.fields['product']} is no trial; there are {trials}")
    purchase = lifecycle.Purchase(
        product_id=item.product_id,
        sku_id=item.sku_id,
        quantity=scene.fields.get("quantity", item.maximum),
        term=item.plans[0].term,
        cycle=item.plans[0].cycle,
    )
    bought = lifecycle.buy(scene.world, scene.customer, purchase)
    if "as" in scene.fields:
        _call(scene, bought)


@deed("add-azure-subscription", subscription=kinds.text, name=kinds.text)
def add_azure_subscription(scene: Scene) -> None:
    """Open another Azure subscription in a plan."""
    plan = scene.subscription
    if plan.billing_type != "usage":
        raise InvalidError(f"subscription: {plan.title} is no Azure plan")
    number = len(plan.entitlements) + 1
    name = scene.fields.get("name", f"Azure subscription {number}")
    made = {"id": scene.world.guid(), "friendlyName": name, "status": "active", "subscriptionId": plan.id}
    plan.entitlements.append(made)
    announce(scene.world, plan, at=scene.world.clock.now())


@deed("move-seats", "to", "quantity", subscription=kinds.text, to=kinds.text, quantity=kinds.whole)
def move_seats(scene: Scene) -> None:
    """Move seats into another subscription of a higher product that exists already."""
    source, fields = scene.subscription, scene.fields
    target = replace(scene, fields={"subscription": fields["to"]}).subscription
    wanted = lifecycle.Transition(
        product_id=target.product_id,
        sku_id=target.sku_id,
        quantity=fields["quantity"],
        to_subscription_id=target.id,
    )
    lifecycle.transition(scene.world, scene.customer, source, wanted)


@deed("give-credit", "amount", subscription=kinds.text, amount=kinds.number, reason=kinds.text)
def give_credit(scene: Scene) -> Happened:
    """Let Microsoft give back an amount in dollar on an Azure plan."""
    plan = scene.subscription
    happened = record(plan, "customerCredit", 0, 0, at=scene.world.clock.now())
    happened.unit_price, happened.currency = Decimal(str(scene.fields["amount"])), "USD"
    happened.extra["columns"] = {"CreditReasonCode": scene.fields.get("reason", "Azure Credit Offer")}
    return happened


def _call(scene: Scene, bought: Subscription) -> None:
    """Let later events call what was bought by the label of this one."""
    scene.world.room("scenario names", dict)[scene.customer.id, str(scene.fields["as"]).lower()] = bought.id
