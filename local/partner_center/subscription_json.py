"""A subscription as Microsoft writes it.

Invariants: new-commerce subscriptions carry no etag, legacy ones do; dates of the term are its last included day, at
its beginning in ``commitmentEndDate`` and at its end in ``commitmentEndDateTime``.

Not here: what may be asked and changed (``calls.subscriptions``).
"""

import base64
import json
from datetime import date, datetime

from local.partner_center.answers import instant, link
from local.partner_center.entities import Customer, Json, Subscription
from local.partner_center.renewing import trial_instructions
from local.partner_center.windows import open_batches


def etag_of(subscription: Subscription) -> str:
    """Return the etag of a legacy subscription, "" for others."""
    if subscription.product_type != "OnlineServices" and not subscription.offer_id:
        return ""
    return base64.b64encode(json.dumps({"id": subscription.id, "version": subscription.version}).encode()).decode()


def subscription_json(customer: Customer, subscription: Subscription, now: datetime) -> Json:
    """Return the whole resource; None is what is left out."""
    is_legacy = bool(subscription.offer_id)
    kind = {"id": subscription.product_type, "displayName": subscription.product_type}
    return {
        "id": subscription.id,
        "entitlementId": subscription.entitlement_id or None,
        "offerId": subscription.catalogue_item,
        "offerName": subscription.title,
        "friendlyName": subscription.friendly_name or subscription.title,
        "productType": None if is_legacy else kind,
        "quantity": subscription.quantity,
        "unitType": subscription.unit_type,
        "hasPurchasableAddons": subscription.has_addons,
        "parentSubscriptionId": subscription.parent_id or None,
        "creationDate": instant(subscription.created_at),
        "effectiveStartDate": instant(subscription.starts_at),
        **_dates(subscription),
        "status": subscription.status,
        "autoRenewEnabled": subscription.auto_renews,
        "isTrial": subscription.is_trial,
        "billingType": subscription.billing_type,
        "billingCycle": subscription.cycle,
        "termDuration": subscription.term or None,
        "renewalTermDuration": subscription.renewal_term,
        "refundOptions": _refund_options(subscription, now),
        "refundableQuantity": _refundable(subscription, now),
        "isMicrosoftProduct": subscription.publisher.startswith("Microsoft"),
        "partnerId": subscription.partner_id,
        "attentionNeeded": False,
        "actionTaken": False,
        "contractType": "subscription",
        "publisherName": subscription.publisher,
        "promotionId": subscription.promotion_id or None,
        "migratedFromSubscriptionId": subscription.extra.get("migrated_from"),
        "productOrderId": subscription.extra.get("product_order_id"),
        "suspensionReasons": subscription.suspension_reasons or None,
        "scheduledNextTermInstructions": subscription.scheduled or _trial_plan(subscription),
        "scheduledActions": subscription.scheduled_actions or None,
        "nextChargeInstructions": subscription.extra.get("next_charge"),
        "orderId": subscription.order_id,
        "links": _links(customer, subscription),
        "attributes": {"etag": _shown_etag(subscription), "objectType": "Subscription"},
    }


def midnight_text(day: date | None) -> str | None:
    """Return a day as Microsoft writes it where only the day counts."""
    return f"{day.isoformat()}T00:00:00Z" if day else None


def _shown_etag(subscription: Subscription) -> str | None:
    return etag_of(subscription) or ("" if subscription.product_type == "SaaS" else None)


def _dates(subscription: Subscription) -> Json:
    custom, last = subscription.extra.get("custom_end_on"), subscription.cycle_last
    is_billed = last is not None and subscription.billing_type == "license"
    return {
        "commitmentEndDate": midnight_text(subscription.term_last),
        "commitmentEndDateTime": f"{subscription.term_last.isoformat()}T23:59:59Z",
        "cancellationAllowedUntilDate": instant(subscription.cancellable_until),
        "billingCycleEndDate": midnight_text(last) if is_billed else None,
        "billingCycleEndDateTime": f"{last.isoformat()}T23:59:59Z" if last and is_billed else None,
        "customTermEndDate": midnight_text(custom),
    }


def _trial_plan(subscription: Subscription) -> Json | None:
    return trial_instructions(subscription) if subscription.is_trial and subscription.auto_renews else None


def _refund_options(subscription: Subscription, now: datetime) -> list[Json] | None:
    if subscription.cancellable_until is None:
        return None
    options = (("Full", subscription.extra.get("fully_refundable_until")), ("Partial", subscription.cancellable_until))
    return [{"type": kind, "expiresAt": instant(until)} for kind, until in options if until and until >= now]


def _refundable(subscription: Subscription, now: datetime) -> Json | None:
    batches = open_batches(subscription, now)
    if not batches:
        return None
    details = [{"quantity": quantity, "allowedUntilDateTime": instant(until)} for quantity, until in batches]
    return {"totalQuantity": sum(quantity for quantity, _ in batches), "details": details}


def _links(customer: Customer, subscription: Subscription) -> Json:
    own = f"/customers/{customer.id}/subscriptions/{subscription.id}"
    country, product = customer.country, f"/products/{subscription.product_id}"
    if subscription.offer_id:
        links = {"offer": link(f"/offers/{subscription.offer_id}?country={country}")}
    else:
        sku = f"{product}/skus/{subscription.sku_id}"
        links = {
            "product": link(f"{product}?country={country}"),
            "sku": link(f"{sku}?country={country}"),
            "availability": link(f"{sku}/availabilities/{subscription.availability_id}?country={country}"),
        }
    if subscription.parent_id:
        links["parentSubscription"] = link(f"/customers/{customer.id}/subscriptions/{subscription.parent_id}")
    if subscription.product_type in ("SaaS", "Software"):
        links["activationLinks"] = link(f"{own}/activationlinks")
    return {**links, "self": link(own)}
