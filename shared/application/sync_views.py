"""What the API shows of synced customers: their subscriptions, their history in words, drift, and how far a sync is.

Not here: reading anything at Microsoft (``sync``).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from shared.application.services import Services
from shared.domain.errors import InvalidError, NotFoundError
from shared.domain.periods import BillingPeriod
from shared.domain.snapshots.changes import Change
from shared.domain.snapshots.drift import Drift, drifts, unlisted
from shared.domain.snapshots.timelines import Entry, timeline_of
from shared.domain.snapshots.values import LicenceCount, SubscriptionSnapshot, TenantProfile
from shared.domain.subscription_details import by_subscription
from shared.domain.texts import DEFAULT_LANGUAGE, texts_in
from shared.storage.names import SYNC_QUEUE
from shared.storage.repositories.sync_days import DayState, SyncDay
from shared.storage.repositories.synced import KnownTenant, Trouble, TroubleKind
from shared.storage.repositories.synced_subscriptions import KeptSubscription
from shared.storage.repositories.terms import TermsKind

LIMIT_MAX = 5000
_DAY = timedelta(days=1)
_HIDDEN_OF_PROFILE = {"tenant"}


def customers_view(services: Services, *, after: str = "", limit: str = "") -> list[dict[str, Any]]:
    """Return the customers by name, each with what is wrong with it; all of them, or a part.

    Args:
        services: what is known.
        after: the customer after whom the part begins, "" for the first.
        limit: how many at most, in digits, "" for all.

    Raises:
        InvalidError: the limit is no number from 1 to 5000.
        NotFoundError: no sync found the customer in *after*.
    """
    size = _limit(limit)
    troubles = _troubles_by_tenant(services.synced.troubles())
    known = sorted(services.synced.known_tenants().items(), key=lambda item: (item[1].tenant.name.casefold(), item[0]))
    first = 0
    if after:
        _need(services, after)
        first = [key for key, _ in known].index(after.lower()) + 1
    part = known[first : None if size is None else first + size]
    return [{**_tenant_view(key, tenant), "troubles": troubles.get(key, [])} for key, tenant in part]


def customer_view(services: Services, tenant_id: str) -> dict[str, Any]:
    """Return one customer with profile, subscriptions, and licences.

    Raises:
        NotFoundError: no sync found it.
    """
    tenant, key = _need(services, tenant_id), tenant_id.lower()
    profile, counts = services.synced.profile(key), services.synced.licences.counts(key)
    consumed = {count.name.casefold(): count.consumed for count in counts if count.name}
    kept = services.synced.subscriptions.of_customer(key).values()
    return {
        **_tenant_view(key, tenant),
        "troubles": [_trouble_view(each) for each in services.synced.troubles([key])],
        "profile": _profile_view(profile) if profile else None,
        "subscriptions": [_subscription_view(each, each.snapshot, consumed) for each in kept if each.snapshot],
        "licences": [_licence_view(count) for count in counts],
        "user_count": len(services.synced.licences.users(key)),
    }


def timeline_view(
    services: Services, tenant_id: str, subscription_id: str = "", language: str = DEFAULT_LANGUAGE
) -> list[dict[str, Any]]:
    """Return what happened to a customer, or to one of its subscriptions, the latest first.

    Raises:
        NotFoundError: no sync found the customer, or the customer has no such subscription.
        InvalidError: there are no texts in that language.
    """
    texts = texts_in(language)
    _need(services, tenant_id)
    kept = services.synced.subscriptions.of_customer(tenant_id)
    if subscription_id and subscription_id.lower() not in kept:
        raise NotFoundError(f"subscription: customer {tenant_id[:80]} has no subscription {subscription_id[:80]}")
    names = {key: _name(each.snapshot) for key, each in kept.items() if each.snapshot}
    entries = timeline_of(services.synced.subscriptions.changes(tenant_id, subscription_id), texts)
    return [_entry_view(entry, names) for entry in reversed(entries)]


def drift_view(services: Services, tenant_id: str = "") -> list[dict[str, Any]]:
    """Return where our own record and Microsoft's differ, of one customer or of all.

    Raises:
        NotFoundError: no sync found the customer.
    """
    if tenant_id:
        _need(services, tenant_id)
    tenants = [tenant_id.lower()] if tenant_id else sorted(services.synced.known_tenants())
    names = _friendly_names(services)
    return [
        _drift_view(tenant, drift)
        for tenant in tenants
        for kept, changes in services.synced.subscriptions.with_changes(tenant).values()
        for drift in _drifts(kept, changes, names.get(kept.id, ""))
    ]


def _drifts(kept: KeptSubscription, changes: Sequence[Change], name: str) -> Iterator[Drift]:
    if kept.snapshot is None:
        return unlisted(changes)
    return drifts(kept.snapshot, changes, name, is_gone=kept.is_gone)


def sync_view(services: Services, on: date) -> dict[str, Any]:
    """Return the latest day's sync, how much of it is done, and what is wrong with whom."""
    day = next(iter(services.synced.days.before(on + _DAY)), None)
    troubles = services.synced.troubles()
    return {
        "day": _day_view(services, day) if day else None,
        "parked": [_trouble_view(each) for each in troubles if each.kind is TroubleKind.PARKED],
        "issues": [_trouble_view(each) for each in troubles if each.kind is not TroubleKind.PARKED],
    }


def _day_view(services: Services, day: SyncDay) -> dict[str, Any]:
    """Return how far a day's sync is.

    A day that is done is not written again by another sync of that day: while messages of it are left, it is shown as
    being read.
    """
    left_count = services.queues.depth(SYNC_QUEUE)
    return {
        "on": day.on.isoformat(),
        "state": (DayState.READING if day.is_done and left_count else day.state).value,
        "started_at": day.started_at.isoformat(),
        "customer_count": day.tenant_count,
        "chunk_count": day.chunk_count,
        "chunks_done": services.synced.days.done_chunk_count(day.on),
        "messages_left": left_count,
        "customers_waiting": services.synced.days.waiting_count(day.on),
        **({"reason": day.reason, "connection": day.connection} if day.reason else {}),
    }


def _limit(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= LIMIT_MAX):
        raise InvalidError(f"limit: {text[:20]!r} is no number from 1 to {LIMIT_MAX}")
    return int(text)


def _need(services: Services, tenant_id: str) -> KnownTenant:
    tenant = services.synced.tenant(tenant_id)
    if tenant is None:
        raise NotFoundError(f"customer: no sync found a customer {tenant_id[:80]}; see GET /api/customers")
    return tenant


def _tenant_view(key: str, known: KnownTenant) -> dict[str, Any]:
    gone = {"gone_since": known.gone_since.isoformat()} if known.gone_since else {}
    tenant = known.tenant
    return {"id": key, "name": tenant.name, "domain": tenant.domain, "relationship": tenant.relationship, **gone}


def _profile_view(profile: TenantProfile) -> dict[str, str]:
    names = sorted(set(TenantProfile.__dataclass_fields__) - _HIDDEN_OF_PROFILE)
    return {name: value for name in names if (value := getattr(profile, name))}


def _subscription_view(
    kept: KeptSubscription, snapshot: SubscriptionSnapshot, consumed: Mapping[str, int]
) -> dict[str, Any]:
    """Return what is shown of a subscription.

    *renews_on* is the first day of the next term, None where it does not renew; *term_ends_on* and
    *price_locked_through* are the last day of the running one. *at_term_end* is what somebody planned for then.
    """
    ends_on = snapshot.ends_on
    return {
        "id": kept.id,
        "offer_id": snapshot.offer_id,
        "name": snapshot.name,
        "friendly_name": snapshot.friendly_name,
        "status": "gone" if kept.is_gone else snapshot.status,
        "quantity": snapshot.quantity,
        "consumed": consumed.get(snapshot.name.casefold()),
        "term": snapshot.term,
        "billing_cycle": snapshot.cycle,
        "auto_renews": snapshot.auto_renews,
        "renews_on": (ends_on + _DAY).isoformat() if ends_on and snapshot.auto_renews else None,
        "price_locked_through": ends_on.isoformat() if ends_on else None,
        "term_ends_on": ends_on.isoformat() if ends_on else None,
        "renewal_term": snapshot.renewal_term,
        "at_term_end": json.loads(snapshot.scheduled) if snapshot.scheduled else None,
        "cancellable_until": snapshot.cancellable_until.isoformat() if snapshot.cancellable_until else None,
        "parent_id": snapshot.parent_id,
        "is_trial": snapshot.is_trial,
        "observed_at": kept.observed_at.isoformat() if kept.observed_at else None,
    }


def _licence_view(count: LicenceCount) -> dict[str, Any]:
    return {
        "sku_id": count.sku_id,
        "name": count.name,
        "total": count.total,
        "consumed": count.consumed,
        "available": count.available,
    }


def _entry_view(entry: Entry, names: Mapping[str, str]) -> dict[str, Any]:
    change = entry.change
    return {
        "at": change.at.isoformat(),
        "subscription_id": change.subscription_id,
        "subscription": names.get(change.subscription_id.lower(), ""),
        "kind": change.kind.value,
        "text": entry.text,
        "before": dict(change.before),
        "after": dict(change.after),
        "source": change.source,
        "told_by": entry.told_by,
        "when": entry.when,
        "observed_after": change.observed_after.isoformat() if change.observed_after else None,
        "observed_at": change.observed_at.isoformat() if change.observed_at else None,
    }


def _drift_view(tenant_id: str, drift: Drift) -> dict[str, Any]:
    return {
        "customer_id": tenant_id,
        "subscription_id": drift.subscription_id,
        "field": drift.field,
        "ours": drift.ours,
        "microsofts": drift.microsofts,
        "since": drift.since.isoformat() if drift.since else None,
    }


def _trouble_view(trouble: Trouble) -> dict[str, str]:
    return {
        "customer_id": trouble.tenant_id.lower(),
        "kind": trouble.kind.value,
        "reason": trouble.reason,
        "cure": trouble.cure,
        "since": trouble.since.isoformat(),
    }


def _troubles_by_tenant(troubles: Iterable[Trouble]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for trouble in troubles:
        found.setdefault(trouble.tenant_id.lower(), []).append(_trouble_view(trouble))
    return found


def _name(snapshot: SubscriptionSnapshot) -> str:
    return snapshot.friendly_name or snapshot.name


def _friendly_names(services: Services) -> dict[str, str]:
    """Return the names that the subscription details in force now give, by subscription id in lower case."""
    version = services.terms.in_force(TermsKind.SUBSCRIPTION_DETAILS, BillingPeriod.of(services.clock().date()))
    if version is None:
        return {}
    with version.file.open() as stream:
        details = by_subscription(services.formats.read_subscription_details(stream, version.file.name))
    found = {key: next((each.friendly_name for each in own if each.friendly_name), "") for key, own in details.items()}
    return {key: name for key, name in found.items() if name}
