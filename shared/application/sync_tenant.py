"""Read one tenant anew: its subscriptions, licence counts and users, and who is behind it where that is not known.

What Microsoft says is compared with what is kept; only news is written, so reading a tenant twice in a row writes once.
A tenant costs three calls, and one more where its profile is missing or the list of customers shows it otherwise.

Not here: which tenants there are, and in which order they are read (``sync``); the audit feed (``sync_audit``).
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.application.services import Services
from shared.domain.errors import AlreadyExistsError, ChangedError, MicrosoftRefusedError
from shared.domain.snapshots.differences import SKEW
from shared.domain.snapshots.tracks import Look
from shared.domain.snapshots.values import SubscriptionSnapshot, Tenant
from shared.storage.repositories.synced import KnownTenant, Trouble, TroubleKind
from shared.storage.repositories.synced_subscriptions import KeptSubscription

logger = logging.getLogger(__name__)
ATTEMPTS_MAX = 5
REASON_CHARACTERS_MAX = 1000
_CURES = {
    TroubleKind.PROFILE: "Connect with a user who may read customers (Admin Agent, or Sales Agent), then sync again.",
    TroubleKind.LICENCES: "Ask the customer for a delegated role that may read licences (Directory Reader, or License "
    "Administrator), then sync again.",
    TroubleKind.USERS: "Ask the customer for a delegated role that may read users (Directory Reader, or User "
    "Administrator), then sync again.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What is known before a tenant is read: its troubles, and since when at least its last values are known."""

    troubles: tuple[Trouble, ...] = ()
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantNews:
    """What was news of a tenant; all zero for none."""

    subscription_count: int = 0
    change_count: int = 0
    licence_count: int = 0
    has_new_users: bool = False


def sync_tenant(services: Services, tenant_id: str, before: Before | None = None) -> TenantNews:
    """Read one tenant and keep what is news; a part that no role lets us read is a trouble of its own.

    Raises:
        MicrosoftUnavailableError, ThrottledError: try again later; what was read so far is kept.
        NotFoundError, MicrosoftRefusedError: the tenant as a whole cannot be read.
        NotConnectedError: nothing can be read.
        ConflictError: others write the same tenant all the time; try again later.
    """
    if before is None:
        before = before_reading(services, [tenant_id])
    own = tuple(each for each in before.troubles if each.tenant_id.lower() == tenant_id.lower())
    before = Before(troubles=own, seen_at=before.seen_at)
    known = services.synced.tenant(tenant_id)
    _sync_profile(services, tenant_id, known, before)
    subscription_count, change_count = _sync_subscriptions(services, tenant_id, _seen_at(known, before))
    licences, users = _Counted(), _Counted()
    _part(services, tenant_id, TroubleKind.LICENCES, before, lambda: _sync_licences(services, tenant_id, licences))
    _part(services, tenant_id, TroubleKind.USERS, before, lambda: _sync_users(services, tenant_id, users))
    if any(each.kind is TroubleKind.PARKED for each in own):
        services.synced.note_return(tenant_id, services.clock())
        services.synced.end_trouble(tenant_id, TroubleKind.PARKED, own)
    return TenantNews(
        subscription_count=subscription_count,
        change_count=change_count,
        licence_count=licences.count,
        has_new_users=bool(users.count),
    )


def before_reading(services: Services, tenant_ids: Sequence[str]) -> Before:
    """Return what is known before *tenant_ids* are read."""
    looks = done_looks(services)
    return Before(troubles=tuple(services.synced.troubles(tenant_ids)), seen_at=looks[0].begun_at if looks else None)


def done_looks(services: Services) -> list[Look]:
    """Return the last weeks' syncs that read everything, the latest first."""
    days = services.synced.days.before(services.clock().date() + timedelta(days=1))
    return [Look(day.started_at, day.done_at + SKEW) for day in days if day.is_done and day.done_at]


def news_of(
    known: Mapping[str, KeptSubscription],
    snapshots: Sequence[SubscriptionSnapshot],
    at: datetime,
    seen_at: datetime | None = None,
) -> list[KeptSubscription]:
    """Return the subscriptions about which a list that was read at *at* tells anything new, by id."""
    listed = {snapshot.id.lower(): snapshot for snapshot in snapshots}
    shown = [_shown(known.get(key), snapshot, at, seen_at) for key, snapshot in listed.items()]
    missed = [_missed(kept, at, seen_at) for key, kept in known.items() if key not in listed]
    return sorted((each for each in (*shown, *missed) if each is not None), key=lambda each: each.id)


def _shown(
    kept: KeptSubscription | None, snapshot: SubscriptionSnapshot, at: datetime, seen_at: datetime | None
) -> KeptSubscription | None:
    was = kept or KeptSubscription(id=snapshot.id.lower())
    if was.observed_at is not None and at <= was.observed_at:
        return None
    track = was.track.seen(snapshot, at, seen_at)
    if was.snapshot == snapshot and track is was.track:
        return None
    return replace(was, snapshot=snapshot, track=track, observed_at=at)


def _missed(kept: KeptSubscription, at: datetime, seen_at: datetime | None) -> KeptSubscription | None:
    if kept.observed_at is None or at <= kept.observed_at:
        return None
    track = kept.track.missed(at, seen_at)
    return None if track is kept.track else replace(kept, track=track, observed_at=at)


@dataclass(slots=True)
class _Counted:
    count: int = 0


def _sync_profile(services: Services, tenant_id: str, known: KnownTenant | None, before: Before) -> None:
    tenant = known.tenant if known else Tenant(id=tenant_id, name="", domain="")
    if known is None or services.synced.needs_profile(tenant):
        _part(services, tenant_id, TroubleKind.PROFILE, before, lambda: _read_profile(services, tenant, known is None))


def _read_profile(services: Services, tenant: Tenant, is_new: bool) -> None:  # noqa: FBT001 - told by its one caller
    profile = services.microsoft().tenant(tenant.id)
    if is_new:
        tenant = profile.tenant
        services.synced.keep_tenant(tenant)
    services.synced.keep_profile(tenant, profile)


def _sync_subscriptions(services: Services, tenant_id: str, seen_at: datetime | None) -> tuple[int, int]:
    snapshots = services.microsoft().subscriptions(tenant_id)
    at = services.clock()
    return keep_news(services, tenant_id, lambda known: news_of(known, snapshots, at, seen_at))


def _seen_at(known: KnownTenant | None, before: Before) -> datetime | None:
    """Return since when at least the last values are known; None for a tenant that was not read that day."""
    was_read = not any(each.kind is TroubleKind.PARKED for each in before.troubles)
    is_since = before.seen_at is not None and (known is None or known.was_read_from(before.seen_at))
    return before.seen_at if was_read and is_since else None


def keep_news(
    services: Services,
    tenant_id: str,
    news: Callable[[Mapping[str, KeptSubscription]], list[KeptSubscription]],
) -> tuple[int, int]:
    """Keep what *news* makes of what is known, again from the start where others were faster.

    Return how many subscriptions and changes were written.

    Raises:
        ConflictError: others were faster all the time.
    """
    for attempt in range(1, ATTEMPTS_MAX + 1):
        changed = news(services.synced.subscriptions.of_customer(tenant_id))
        try:
            return len(changed), services.synced.subscriptions.keep(tenant_id, changed)
        except (ChangedError, AlreadyExistsError):
            if attempt == ATTEMPTS_MAX:
                raise
    raise AssertionError


def _sync_licences(services: Services, tenant_id: str, counted: _Counted) -> None:
    counts = services.microsoft().licence_counts(tenant_id)
    counted.count = services.synced.licences.keep_counts(tenant_id, counts, services.clock().date())


def _sync_users(services: Services, tenant_id: str, counted: _Counted) -> None:
    users = services.microsoft().users(tenant_id)
    counted.count = services.synced.licences.keep_users(tenant_id, users, services.clock())


def code_of(error: Exception) -> str:
    """Return what tells one cause from another, without the numbers of a single call."""
    return f"{error.status} {error.code}" if isinstance(error, MicrosoftRefusedError) else type(error).__name__


def _part(services: Services, tenant_id: str, kind: TroubleKind, before: Before, read: Callable[[], None]) -> None:
    """Read one part; where Microsoft refuses it, that is a trouble of the tenant and the rest goes on."""
    try:
        read()
    except MicrosoftRefusedError as error:
        logger.warning("sync: %s of tenant %s refused: %s", kind, tenant_id, error.code or error.status)
        trouble = Trouble(
            tenant_id=tenant_id,
            kind=kind,
            code=code_of(error),
            reason=str(error)[:REASON_CHARACTERS_MAX],
            cure=_CURES[kind],
            since=services.clock(),
        )
        services.synced.keep_trouble(trouble, before.troubles)
    else:
        services.synced.end_trouble(tenant_id, kind, before.troubles)
