"""Subscriptions and the audit feed as Microsoft's JSON, and as values.

Not here: what changed between two snapshots (the domain).
"""

from typing import Any, Final

import msgspec

from shared.domain.snapshots.values import AuditRecord, Refundable, SubscriptionSnapshot
from shared.partner_center.wire.collections import Attributes, Link
from shared.partner_center.wire.scalars import (
    Scalar,
    as_text,
    canonical,
    day,
    flag,
    ident,
    instant,
    line,
    text,
    whole,
    word,
)

_NOTHING: Final = msgspec.Raw(b"null")


class ProductType(msgspec.Struct, gc=False, frozen=True):
    """What kind of product it is."""

    id: Scalar = None


class RefundableSeats(msgspec.Struct, gc=False, frozen=True, rename="camel"):
    """Seats that may still be given back."""

    quantity: Scalar = None
    allowed_until_date_time: Scalar = None


class RefundableQuantity(msgspec.Struct, frozen=True):
    """All seats that may still be given back."""

    details: list[RefundableSeats] | None = None


class SubscriptionLinks(msgspec.Struct, frozen=True):
    """The links of a subscription that say something."""

    offer: Link | None = None


class Subscription(msgspec.Struct, frozen=True, rename="camel"):
    """A subscription."""

    id: Scalar = None
    offer_id: Scalar = None
    offer_name: Scalar = None
    friendly_name: Scalar = None
    product_type: ProductType | None = None
    quantity: Scalar = None
    unit_type: Scalar = None
    status: Scalar = None
    billing_type: Scalar = None
    term_duration: Scalar = None
    billing_cycle: Scalar = None
    creation_date: Scalar = None
    effective_start_date: Scalar = None
    commitment_end_date: Scalar = None
    commitment_end_date_time: Scalar = None
    auto_renew_enabled: Scalar = None
    is_trial: Scalar = None
    parent_subscription_id: Scalar = None
    order_id: Scalar = None
    promotion_id: Scalar = None
    entitlement_id: Scalar = None
    partner_id: Scalar = None
    renewal_term_duration: Scalar = None
    scheduled_next_term_instructions: msgspec.Raw = _NOTHING
    scheduled_actions: msgspec.Raw = _NOTHING
    next_charge_instructions: msgspec.Raw = _NOTHING
    refundable_quantity: RefundableQuantity | None = None
    cancellation_allowed_until_date: Scalar = None
    suspension_reasons: list[Scalar] | None = None
    has_purchasable_addons: Scalar = None
    links: SubscriptionLinks | None = None
    attributes: Attributes | None = None


class Audit(msgspec.Struct, frozen=True, rename="camel"):
    """An entry of the audit feed."""

    id: Scalar = None
    customer_id: Scalar = None
    user_principal_name: Scalar = None
    application_id: Scalar = None
    resource_type: Scalar = None
    operation_type: Scalar = None
    operation_date: Scalar = None
    operation_status: Scalar = None
    resource_old_value: msgspec.Raw = _NOTHING
    resource_new_value: msgspec.Raw = _NOTHING


subscription_of: Final = msgspec.json.Decoder(Subscription).decode
audit_of: Final = msgspec.json.Decoder(Audit).decode


def snapshot(wire: Subscription, tenant_id: str) -> SubscriptionSnapshot:
    """Return a subscription of *tenant_id* as a value."""
    offer_id = text(wire.offer_id) or _offer_in(wire.links)
    product_id, sku_id = _catalogue_ids(offer_id)
    return SubscriptionSnapshot(
        id=ident(wire.id),
        tenant_id=tenant_id.lower(),
        offer_id=offer_id,
        product_id=product_id,
        sku_id=sku_id,
        name=line(wire.offer_name),
        friendly_name=line(wire.friendly_name),
        product_type=text(wire.product_type.id) if wire.product_type else "",
        quantity=whole(wire.quantity),
        unit_type=word(wire.unit_type),
        status=word(wire.status),
        billing_type=word(wire.billing_type),
        term=text(wire.term_duration).upper(),
        cycle=word(wire.billing_cycle),
        created_at=instant(wire.creation_date),
        starts_at=instant(wire.effective_start_date),
        ends_on=day(wire.commitment_end_date) or day(wire.commitment_end_date_time),
        auto_renews=flag(wire.auto_renew_enabled),
        is_trial=flag(wire.is_trial) is True,
        parent_id=ident(wire.parent_subscription_id),
        order_id=text(wire.order_id),
        promotion_id=text(wire.promotion_id),
        entitlement_id=ident(wire.entitlement_id),
        partner_id=text(wire.partner_id),
        renewal_term=text(wire.renewal_term_duration).upper(),
        scheduled=_scheduled(wire),
        refundable=_refundable(wire),
        cancellable_until=instant(wire.cancellation_allowed_until_date),
        suspension_reasons=tuple(sorted({text(reason) for reason in wire.suspension_reasons or ()} - {""})),
        has_addons=flag(wire.has_purchasable_addons) is True,
        etag=(wire.attributes.etag or "") if wire.attributes else "",
    )


def audit_record(wire: Audit) -> AuditRecord | None:
    """Return an entry of the audit feed; None for one without an id or an instant, which nothing can be done with."""
    at = instant(wire.operation_date)
    if at is None or not text(wire.id):
        return None
    return AuditRecord(
        id=text(wire.id),
        at=at,
        tenant_id=ident(wire.customer_id),
        resource=word(wire.resource_type),
        operation=word(wire.operation_type),
        status=word(wire.operation_status),
        actor=text(wire.user_principal_name) or text(wire.application_id),
        before=as_text(wire.resource_old_value),
        after=as_text(wire.resource_new_value),
    )


def _offer_in(links: SubscriptionLinks | None) -> str:
    """Return the offer that old subscriptions name in a link only."""
    uri = links.offer.uri if links and links.offer else ""
    return uri.partition("?")[0].rpartition("/")[2]


def _catalogue_ids(offer_id: str) -> tuple[str, str]:
    parts = offer_id.split(":")
    return (parts[0], parts[1]) if len(parts) >= 2 else ("", "")


def _refundable(wire: Subscription) -> tuple[Refundable, ...]:
    details = wire.refundable_quantity.details if wire.refundable_quantity else None
    found = [(instant(each.allowed_until_date_time), whole(each.quantity)) for each in details or ()]
    return tuple(sorted(Refundable(until, quantity) for until, quantity in found if until is not None))


def _scheduled(wire: Subscription) -> str:
    """Return what will happen at the term's end, as canonical JSON."""
    told: dict[str, Any] = {
        "nextTerm": msgspec.json.decode(wire.scheduled_next_term_instructions),
        "actions": msgspec.json.decode(wire.scheduled_actions),
        "nextCharge": msgspec.json.decode(wire.next_charge_instructions),
    }
    return canonical(told)
