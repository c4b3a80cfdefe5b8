"""Audit: what an entry of Microsoft's audit feed says happened to subscriptions.

An entry holds a resource as it was before and after, as JSON whose keys may be Pascal or camel case. Only what both
name is compared; an order tells what was bought, and when. Entries that failed, or are under way, tell nothing.

Not here: asking for the feed, what follows from facts (``comparison``).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from shared.domain.snapshots.aspects import EXISTS, Aspect, day_of, plan_text, product_of, switch
from shared.domain.snapshots.tracks import Fact
from shared.domain.snapshots.values import AuditRecord

_Resource = Mapping[str, Any]
_NO_YEARS = {1, 9999}
"""Microsoft's years for "never"."""
_CONVERSION = "converttrial"
"""Part of the name of the operation by which a trial becomes a paid subscription; the resource need not say it."""


def facts_of(record: AuditRecord) -> dict[str, list[Fact]]:
    """Return what the entry says, by subscription id; nothing for what is no change of a subscription."""
    if record.status not in {"succeeded", ""}:
        return {}
    after, before = _resource(record.after), _resource(record.before)
    if record.resource == "order" and not before:
        return _of_order(record, after)
    if record.resource == "subscription" and after.get("id"):
        return {str(after["id"]).lower(): list(_of_subscription(record, before, after))}
    return {}


def _of_subscription(record: AuditRecord, before: _Resource, after: _Resource) -> Iterator[Fact]:
    was, came = _values(before), _values(after)
    if not before and record.operation.startswith(("create", "add")):
        yield _fact(record, EXISTS, "true")
    if before and _CONVERSION in record.operation.replace("_", "") and Aspect.TRIAL not in came:
        yield _fact(record, Aspect.TRIAL, "false", "true")
    for aspect, value in came.items():
        known = was.get(aspect, "" if before and aspect == Aspect.PROMOTION else None)
        if known != value:
            yield _fact(record, aspect, value, known)


def _of_order(record: AuditRecord, order: _Resource) -> dict[str, list[Fact]]:
    facts: dict[str, list[Fact]] = {}
    lines = order.get("lineitems")
    for line in lines if isinstance(lines, list) else []:
        if not isinstance(line, dict) or not line.get("subscriptionid"):
            continue
        bought = _values({**line, "billingcycle": order.get("billingcycle"), "friendlyname": None})
        told = [_fact(record, EXISTS, "true"), *(_fact(record, aspect, value) for aspect, value in bought.items())]
        facts[str(line["subscriptionid"]).lower()] = told
    return facts


def _fact(record: AuditRecord, aspect: str, after: str, before: str | None = None) -> Fact:
    return Fact(id=record.id, at=record.at, aspect=aspect, before=before, after=after, actor=record.actor)


def _values(resource: _Resource) -> dict[str, str]:
    read = {aspect: reading(resource) for aspect, reading in _READINGS.items()}
    return {aspect: value for aspect, value in read.items() if value is not None}


def _text(name: str) -> Callable[[_Resource], str | None]:
    return lambda resource: str(resource[name]) if isinstance(resource.get(name), str) else None


def _switch(name: str) -> Callable[[_Resource], str | None]:
    return lambda resource: switch(resource[name]) if isinstance(resource.get(name), bool) else None


def _quantity(resource: _Resource) -> str | None:
    quantity = resource.get("quantity")
    return str(quantity) if isinstance(quantity, int) and not isinstance(quantity, bool) else None


def _status(resource: _Resource) -> str | None:
    status = resource.get("status")
    return status.lower() if isinstance(status, str) else None


def _product(resource: _Resource) -> str | None:
    offer = resource.get("offerid")
    return product_of(offer) if isinstance(offer, str) and offer else None


def _plan(resource: _Resource) -> str | None:
    term, cycle = resource.get("termduration"), resource.get("billingcycle")
    return plan_text(term, cycle) if isinstance(term, str) and isinstance(cycle, str) else None


def _ends_on(resource: _Resource) -> str | None:
    day = day_of(str(resource.get("commitmentenddate") or ""))
    if day is None:
        return None
    return "" if day.year in _NO_YEARS else day.isoformat()


_READINGS: Mapping[str, Callable[[_Resource], str | None]] = {
    Aspect.QUANTITY: _quantity,
    Aspect.STATUS: _status,
    Aspect.AUTO_RENEW: _switch("autorenewenabled"),
    Aspect.PRODUCT: _product,
    Aspect.PLAN: _plan,
    Aspect.ENDS_ON: _ends_on,
    Aspect.TRIAL: _switch("istrial"),
    Aspect.PROMOTION: _text("promotionid"),
    Aspect.NAME: _text("friendlyname"),
}


def _resource(text: str) -> _Resource:
    """Return the object in *text* with keys in lower case; {} where there is none."""
    try:
        value = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return _lowered(value) if isinstance(value, dict) else {}


def _lowered(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key).lower(): _lowered(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_lowered(each) for each in value]
    return value
