"""Writes down what happens to subscriptions: the log that is billed, and what webhooks and the audit feed tell.

Invariants: references come from the subscription and the moment, never from the world's stream of identifiers, so that
what happens by the calendar does not depend on when somebody looks.

Not here: what may happen (``changing``, ``renewing``, ``converting``).
"""

import hashlib
from datetime import datetime

from local.partner_center.entities import Happened, Json, Subscription
from local.partner_center.world import Happening, World


def reference(subscription: Subscription, charge_type: str, at: datetime) -> str:
    """Return the id that ties the lines of one change together."""
    text = f"{subscription.id}/{charge_type}/{at.timestamp()}/{len(subscription.log)}"
    digits = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"


def record(
    subscription: Subscription,
    charge_type: str,
    before: int,
    after: int,
    *,
    at: datetime,
    ties: str = "",
) -> Happened:
    """Append to the log what happens now, with the subscription's product, price, term and cycle as they are."""
    happened = Happened(
        at=at,
        charge_type=charge_type,
        before=before,
        after=after,
        unit_price=subscription.unit_price,
        product_id=subscription.product_id,
        sku_id=subscription.sku_id,
        title=subscription.title,
        term=subscription.term,
        cycle=subscription.cycle,
        term_first=subscription.term_first,
        term_last=subscription.term_last,
        currency=subscription.currency,
        discount=subscription.discount,
        promotion_id=subscription.promotion_id,
        reference=ties or reference(subscription, charge_type, at),
        is_trial=subscription.is_trial,
        cycle_first=subscription.cycle_first,
        cycle_last=subscription.cycle_last,
    )
    happened.extra["availabilityId"] = subscription.availability_id
    if subscription.is_extended:
        happened.extra["isExtended"] = True
    subscription.log.append(happened)
    return happened


def summary(subscription: Subscription) -> Json:
    """Return what the audit feed shows of a subscription before and after a change."""
    return {
        "id": subscription.id,
        "offerId": subscription.catalogue_item,
        "offerName": subscription.title,
        "friendlyName": subscription.friendly_name or subscription.title,
        "quantity": subscription.quantity,
        "status": subscription.status,
        "autoRenewEnabled": subscription.auto_renews,
        "billingCycle": subscription.cycle,
        "termDuration": subscription.term,
        "commitmentEndDate": f"{subscription.term_last.isoformat()}T00:00:00Z",
        "orderId": subscription.order_id,
    }


def announce(
    world: World,
    subscription: Subscription,
    *,
    at: datetime,
    before: Json | None = None,
    operation: str = "update_subscription",
    actor: str = "",
) -> None:
    """Tell that the subscription changed; *before* is its ``summary`` of before."""
    subscription.version += 1
    happening = Happening(
        at=at,
        customer_id=subscription.customer_id,
        resource="subscription",
        resource_id=subscription.id,
        operation=operation,
        event="subscription-updated",
        actor=actor,
        before=before,
        after=summary(subscription),
    )
    world.tell(happening)
