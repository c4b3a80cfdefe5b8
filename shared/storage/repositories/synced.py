"""What the sync knows: the tenants, who is behind them, and what is wrong with a tenant right now.

Invariant: a row is written only where it says something new, so that a sync that finds nothing new writes nothing.

Not here: subscriptions and their history (``synced_subscriptions``), licences and users (``synced_licences``), how far
a sync is (``sync_days``).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from shared.domain.keys import digest
from shared.domain.snapshots.values import Tenant, TenantProfile
from shared.storage.ports import TRANSACTION_ENTITIES_MAX, Blobs, Operation, Scalar, Tables
from shared.storage.repositories.codec import bytes_of, packed, table_key, unpacked
from shared.storage.repositories.sync_days import SyncDays
from shared.storage.repositories.synced_licences import LicenceStore
from shared.storage.repositories.synced_subscriptions import SubscriptionStore

TENANTS, PROFILES, TROUBLES = "tenants", "tenantprofiles", "synctroubles"
_PARTITION = "tenant"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTenant:
    """A tenant as the list of customers shows it.

    *gone_since* is when it was first missing there, *back_at* when it was there again after that, or could be read
    again after it could not.
    """

    tenant: Tenant
    gone_since: datetime | None = None
    back_at: datetime | None = None

    def was_read_from(self, at: datetime) -> bool:
        """Whether each sync from *at* until now read it, apart from one that parks it now."""
        return self.gone_since is None and (self.back_at is None or self.back_at <= at)


class TroubleKind(StrEnum):
    """What a trouble stops: the whole tenant, or one part of it."""

    PARKED = "parked"
    PROFILE = "profile"
    LICENCES = "licences"
    USERS = "users"
    AUDIT = "audit"  # of no tenant: the feed itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a tenant, or a part of it, could not be read; *since* is when that was first so.

    *code* tells troubles apart; *reason* is the first one's, with the numbers that Microsoft's support asks for.
    """

    tenant_id: str
    kind: TroubleKind
    code: str
    reason: str
    cure: str
    since: datetime


class Synced:
    """Everything that is known from syncs; *subscriptions*, *licences* and *days* have stores of their own."""

    def __init__(self, tables: Tables, blobs: Blobs) -> None:
        self._tables = tables
        self.subscriptions = SubscriptionStore(tables)
        self.licences = LicenceStore(tables, blobs)
        self.days = SyncDays(tables)

    def tenants(self) -> list[Tenant]:
        """Return the tenants that are ours now, by id."""
        return [each.tenant for each in self.known_tenants().values() if each.gone_since is None]

    def known_tenants(self) -> dict[str, KnownTenant]:
        """Return every tenant that ever was ours, by id in lower case."""
        rows = self._tables.query(TENANTS, _PARTITION)
        return {row.row: unpacked(bytes_of(row), KnownTenant) for row in rows}

    def tenant(self, tenant_id: str) -> KnownTenant | None:
        """Return one tenant, or None where no sync ever found it."""
        row = self._tables.get(TENANTS, _PARTITION, table_key(tenant_id.lower()))
        return unpacked(bytes_of(row), KnownTenant) if row else None

    def keep_tenants(self, tenants: Collection[Tenant], at: datetime) -> int:
        """Make *tenants* the list of ours; one that is missing there is marked gone. Return how many rows that took."""
        known = self.known_tenants()
        listed = {tenant.id.lower(): _listed(tenant, known.get(tenant.id.lower()), at) for tenant in tenants}
        missing = {key: each for key, each in known.items() if key not in listed and each.gone_since is None}
        now = {**listed, **{key: replace(each, gone_since=at) for key, each in missing.items()}}
        news = {key: each for key, each in now.items() if known.get(key) != each}
        self._write(news)
        return len(news)

    def keep_tenant(self, tenant: Tenant) -> None:
        """Add a tenant that a sync found by itself."""
        if self.tenant(tenant.id) is None:
            self._write({tenant.id.lower(): KnownTenant(tenant=tenant)})

    def note_return(self, tenant_id: str, at: datetime) -> None:
        """Remember that a tenant can be read again."""
        known = self.tenant(tenant_id)
        if known is not None:
            self._write({tenant_id.lower(): replace(known, back_at=at)})

    def _write(self, news: Mapping[str, KnownTenant]) -> None:
        steps = [Operation("upsert", table_key(key), {"content": packed(each)}) for key, each in sorted(news.items())]
        for first in range(0, len(steps), TRANSACTION_ENTITIES_MAX):
            self._tables.transact(TENANTS, _PARTITION, steps[first : first + TRANSACTION_ENTITIES_MAX])

    def profile(self, tenant_id: str) -> TenantProfile | None:
        """Return who is behind a tenant, or None where nobody could read it yet."""
        row = self._tables.get(PROFILES, table_key(tenant_id.lower()), "profile")
        return unpacked(bytes_of(row), TenantProfile) if row else None

    def needs_profile(self, tenant: Tenant) -> bool:
        """Whether the profile is missing, or the list shows the tenant otherwise than when it was read."""
        row = self._tables.get(PROFILES, table_key(tenant.id.lower()), "profile")
        return row is None or row.values["listing"] != _listing(tenant)

    def keep_profile(self, tenant: Tenant, profile: TenantProfile) -> None:
        """Keep who is behind a tenant that the list shows as *tenant*."""
        values: dict[str, Scalar] = {"listing": _listing(tenant), "content": packed(profile)}
        self._tables.upsert(PROFILES, table_key(tenant.id.lower()), "profile", values)

    def troubles(self, tenant_ids: Iterable[str] | None = None) -> list[Trouble]:
        """Return what is wrong, by tenant; of *tenant_ids* only, where given (fast where they lie together)."""
        wanted = None if tenant_ids is None else sorted(table_key(each.lower()) for each in tenant_ids)
        if wanted is not None and not wanted:
            return []
        first, last = ("", None) if wanted is None else (wanted[0], wanted[-1] + "`")
        rows = self._tables.query(TROUBLES, _PARTITION, row_from=first, row_before=last)
        found = [unpacked(bytes_of(row), Trouble) for row in rows]
        return [each for each in found if wanted is None or table_key(each.tenant_id.lower()) in wanted]

    def keep_trouble(self, trouble: Trouble, known: Iterable[Trouble]) -> None:
        """Keep what is wrong, unless the same stands among *known* already; another one keeps the first *since*."""
        before = next((each for each in known if _place(each) == _place(trouble)), None)
        if before is None or before.code != trouble.code:
            content = packed(trouble if before is None else replace(trouble, since=before.since))
            self._tables.upsert(TROUBLES, _PARTITION, _place(trouble), {"content": content})

    def end_trouble(self, tenant_id: str, kind: TroubleKind, known: Iterable[Trouble]) -> None:
        """Forget a trouble that is over; nothing is asked of the store where *known* does not hold it."""
        for each in known:
            if each.tenant_id.lower() == tenant_id.lower() and each.kind is kind:
                self._tables.delete(TROUBLES, _PARTITION, _place(each))


def _listed(tenant: Tenant, known: KnownTenant | None, at: datetime) -> KnownTenant:
    if known is None:
        return KnownTenant(tenant=tenant)
    return replace(known, tenant=tenant, gone_since=None, back_at=at if known.gone_since else known.back_at)


def _place(trouble: Trouble) -> str:
    return f"{table_key(trouble.tenant_id.lower())}_{trouble.kind}"


def _listing(tenant: Tenant) -> str:
    return digest(tenant.id, tenant.name, tenant.domain, tenant.relationship)
