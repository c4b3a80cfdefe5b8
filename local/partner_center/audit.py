"""The audit feed's records: what happened in the world, as Microsoft tells it.

Not here: the calls (``calls/audit_records``).
"""

from datetime import UTC, datetime, timedelta

import msgspec

from local.partner_center.answers import instant
from local.partner_center.entities import Json
from local.partner_center.world import World

_TICKS_FROM = 621_355_968_000_000_000  # of 1970-01-01, counted in 100 ns from the year 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TYPES = {"user": "customer_user", "agreement": "customer"}
_WORDS = {
    "create_user": "create_customer_user",
    "delete_user": "delete_customer_user",
    "update_user": "update_customer_user",
    "restore_user": "restore_customer_user",
}
_KEYS = {"license": "CustomerUserId", "user": "CustomerUserId", "subscription": "SubscriptionId", "order": "OrderId"}


def record_id(world: World, number: int) -> str:
    """Return the id of the record of happening *number*."""
    happening = world.happenings[number]
    ticks = _TICKS_FROM + (happening.at - _EPOCH) // timedelta(microseconds=1) * 10
    word = happening.operation.replace("_", "")
    return f"{world.partner.tenant_id}_{happening.customer_id}_{number:x}_{word}_{ticks}"


def number_of(record: str) -> int | None:
    """Return the number of the happening that a record's id names, None where it names none."""
    parts = record.split("_")
    try:
        return int(parts[2], 16)
    except (IndexError, ValueError):
        return None


def record_view(world: World, number: int) -> Json:
    """Return the record of happening *number* as Microsoft's JSON."""
    happening = world.happenings[number]
    customer = world.customers.get(happening.customer_id)
    key = _KEYS.get(happening.resource)
    return {
        "id": record_id(world, number),
        "partnerId": world.partner.tenant_id,
        "participants": [world.partner.tenant_id],
        "customerId": happening.customer_id or None,
        "customerName": customer.name if customer else None,
        "userPrincipalName": happening.actor or world.partner.admin_name,
        "applicationId": world.partner.client_id,
        "resourceType": _TYPES.get(happening.resource, happening.resource),
        "resourceOldValue": _text(happening.before),
        "resourceNewValue": _text(happening.after),
        "operationType": _WORDS.get(happening.operation, happening.operation),
        "operationDate": instant(happening.at),
        "operationStatus": "succeeded",
        "customizedData": [{"key": key, "value": happening.resource_id}] if key else [],
        "attributes": {"objectType": "AuditRecord"},
    }


def _text(value: Json | None) -> str | None:
    return None if value is None else msgspec.json.encode(_pascal(value)).decode()


def _pascal(value: object) -> object:
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: _pascal(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_pascal(each) for each in value]
    return value
