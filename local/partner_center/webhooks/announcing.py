"""From what happened in the world to the event that is sent about it.

Not here: sending (``delivery``).
"""

import zlib
from datetime import datetime, timedelta

from local.partner_center.audit import record_id
from local.partner_center.entities import Json
from local.partner_center.faults import FaultKind
from local.partner_center.webhooks.registrations import Notification, webhooks
from local.partner_center.world import Happening, World

_LATE_HOURS_MAX = 48
_RESOURCES = {
    "test-created": ("/webhooks/v1/registration/validationEvents/{resource}", "test"),
    "subscription-updated": ("/webhooks/v1/customers/{customer}/subscriptions/{resource}", "subscription"),
    "usagerecords-thresholdExceeded": ("/v1/customers/usagerecords", "usagerecords"),
    "invoice-ready": ("/v1/invoices/{resource}", "invoice"),
    "azure-fraud-event-detected": ("/v1/fraudEvents?EventId={resource}", "fraudEvents"),
    "reseller-relationship-accepted-by-customer": ("/v1/customers/{customer}", "Customer"),
}
_OUTSIDE = {
    "granular-admin-relationship": (
        "https://partner.microsoft.com/granularAdminRelationships/{resource}",
        "GranularAdminRelationship",
    ),
    "granular-admin-access": (
        "https://partner.microsoft.com/granularAdminRelationships/{resource}",
        "GranularAdminAccessAssignment",
    ),
    "new-commerce-migration": (
        "{base}/v1/customers/{customer}/migrations/newcommerce/{resource}",
        "newCommerceMigration",
    ),
    "dap-admin": ("", "PartnerCustomerDap"),
}


def listen(world: World) -> None:
    """From now on, keep an event for the webhook about everything that happens; once is enough."""
    if not world.room("listening", lambda: False):
        world.rooms["listening"] = True
        world.rooms.setdefault("listeners", []).append(lambda happening: announce(world, happening))


def announce(world: World, happening: Happening, *, correlation_id: str = "") -> None:
    """Keep the event about *happening*, if somebody registered for it."""
    room = webhooks(world)
    registration = room.registration
    if registration is None or happening.event not in registration.events:
        return
    late = world.faults.strike(FaultKind.WEBHOOK_LATE, happening.event)
    delay = timedelta(hours=min(late.value or _LATE_HOURS_MAX, _LATE_HOURS_MAX)) if late else timedelta()
    body = _body(world, happening, registration.base_url)
    due_at = world.clock.now() + delay
    is_held = world.faults.strike(FaultKind.WEBHOOK_DISORDERED, happening.event) is not None
    room.waiting.append(
        Notification(event=happening.event, body=body, due_at=due_at, correlation_id=correlation_id, is_held=is_held)
    )
    if late:
        world.clock.at(due_at, lambda _: room.changed.set())
    room.changed.set()


def _body(world: World, happening: Happening, base_url: str) -> Json:
    uri, name = _resource(happening, base_url)
    has_record = bool(happening.operation) and happening.event != "test-created"
    number = len(world.happenings) - 1
    audit = f"{base_url}/auditactivity/v1/auditrecords/{record_id(world, number)}" if has_record else None
    body: Json = {
        "EventName": happening.event,
        "ResourceUri": uri or None,
        "ResourceName": name,
        "AuditUri": audit,
        "ResourceChangeUtcDate": _changed(happening.at),
    }
    if zlib.crc32(happening.resource_id.encode()) % 3 == 0:
        return {key[0].lower() + key[1:]: value for key, value in body.items()}
    return body


def _resource(happening: Happening, base_url: str) -> tuple[str, str]:
    names = {"base": base_url, "customer": happening.customer_id, "resource": happening.resource_id}
    if happening.event in _RESOURCES:
        path, name = _RESOURCES[happening.event]
        return f"{base_url}{path.format(**names)}", name
    for begin, (uri, name) in _OUTSIDE.items():
        if happening.event.startswith(begin):
            return uri.format(**names), name
    return f"{base_url}/engagements/v1/referrals/{happening.resource_id}", "referral"


def _changed(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}0+00:00"
