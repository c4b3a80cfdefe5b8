"""Licence counts and users of the tenants.

Counts are kept by day, and only on days on which one differs from the count before: what holds on a day is the last
row up to it. Users are one compressed blob for a tenant, written where its content differs.

Not here: which licence is for whom to pay (``synced_subscriptions``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import blake2b

from shared.domain.snapshots.values import LicenceCount, User
from shared.storage.names import SYNCED_CONTAINER
from shared.storage.ports import TRANSACTION_ENTITIES_MAX, Blobs, Operation, Scalar, Tables
from shared.storage.repositories.codec import bytes_of, packed, read_whole, table_key, unpacked

COUNTS, USERS = "licencecounts", "tenantusers"
_NOW, _USERS = "now", "users"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedCount:
    """What was counted from a day on."""

    on: date
    count: LicenceCount


class LicenceStore:
    """The licences and users of all customers."""

    def __init__(self, tables: Tables, blobs: Blobs) -> None:
        self._tables, self._blobs = tables, blobs

    def counts(self, customer_id: str) -> list[LicenceCount]:
        """Return what was counted last, by SKU."""
        row = self._tables.get(COUNTS, _key(customer_id), _NOW)
        return unpacked(bytes_of(row), list[LicenceCount]) if row else []

    def keep_counts(self, customer_id: str, counts: Sequence[LicenceCount], on: date) -> int:
        """Keep what was counted on a day (UTC); return how many counts are news. A SKU that is gone counts nothing."""
        row = self._tables.get(COUNTS, _key(customer_id), _NOW)
        known = {each.sku_id: each for each in unpacked(bytes_of(row), list[LicenceCount])} if row else {}
        now = {each.sku_id: each for each in counts}
        gone = {sku: LicenceCount(sku_id=sku, name=known[sku].name) for sku in known.keys() - now.keys()}
        news = {sku: each for sku, each in {**now, **gone}.items() if known.get(sku) != each}
        if news or row is None:
            ordered = sorted(now.values(), key=lambda each: each.sku_id)
            steps = [Operation("upsert", _dated(sku, on), {"content": packed(each)}) for sku, each in news.items()]
            while len(steps) >= TRANSACTION_ENTITIES_MAX:
                self._tables.transact(COUNTS, _key(customer_id), steps[:TRANSACTION_ENTITIES_MAX])
                steps = steps[TRANSACTION_ENTITIES_MAX:]
            steps.append(Operation("upsert", _NOW, {"content": packed(ordered)}))
            self._tables.transact(COUNTS, _key(customer_id), steps)
        return len(news)

    def history(self, customer_id: str) -> list[DatedCount]:
        """Return every count with the day from which it holds, by SKU and day."""
        rows = self._tables.query(COUNTS, _key(customer_id), row_from="d_", row_before="d`")
        return [
            DatedCount(on=date.fromisoformat(row.row.rpartition("_")[2]), count=unpacked(bytes_of(row), LicenceCount))
            for row in rows
        ]

    def users(self, customer_id: str) -> list[User]:
        """Return the users as last read, by id."""
        row = self._tables.get(USERS, _key(customer_id), _USERS)
        return unpacked(read_whole(self._blobs.open(SYNCED_CONTAINER, _blob(customer_id))), list[User]) if row else []

    def keep_users(self, customer_id: str, users: Sequence[User], at: datetime) -> bool:
        """Keep the users as read at *at*; return whether anything about them is news."""
        content = packed(sorted(users, key=lambda user: user.id))
        content_hash = blake2b(content, digest_size=16).hexdigest()
        row = self._tables.get(USERS, _key(customer_id), _USERS)
        if row is not None and row.values["content_hash"] == content_hash:
            return False
        self._blobs.put(SYNCED_CONTAINER, _blob(customer_id), content, content_type="application/gzip")
        values: dict[str, Scalar] = {"content_hash": content_hash, "user_count": len(users), "observed_at": at}
        self._tables.upsert(USERS, _key(customer_id), _USERS, values)
        return True


def _dated(sku_id: str, on: date) -> str:
    return f"d_{table_key(sku_id.lower())}_{on.isoformat()}"


def _blob(customer_id: str) -> str:
    return f"users/{_key(customer_id)}.json.gz"


def _key(customer_id: str) -> str:
    return table_key(customer_id.lower())
