"""Subscriptions as Microsoft last showed them, and everything that happened to them.

Both lie in one partition for a customer, so that a subscription and its history change together or not at all; the
subscription's ETag guards the two. Changes of Microsoft's sources are derived: each write makes them what the track
says. Those of other sources belong to whoever wrote them and are never touched.

Row keys: ``s_SUBSCRIPTION`` and ``e_SUBSCRIPTION_INSTANT_KIND_SOURCE_ID``.

Not here: what a track says (``shared/domain/snapshots``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.keys import digest
from shared.domain.snapshots.aspects import GONE, Aspect
from shared.domain.snapshots.changes import Change
from shared.domain.snapshots.comparison import compared, undecided
from shared.domain.snapshots.tracks import Track
from shared.domain.snapshots.values import SubscriptionSnapshot
from shared.storage.ports import TRANSACTION_ENTITIES_MAX, Entity, Operation, Scalar, Tables
from shared.storage.repositories.codec import bytes_of, instant_of, packed, table_key, unpacked

TABLE = "subscriptions"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    id: str
    snapshot: SubscriptionSnapshot | None
    track: Track


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSubscription:
    """A subscription: its last snapshot (None: only told of, never seen), its track, and when it was last news.

    *etag* guards the next write ("" for one that is not kept yet).
    """

    id: str
    snapshot: SubscriptionSnapshot | None = None
    track: Track = field(default_factory=Track)
    observed_at: datetime | None = None
    etag: str = field(default="", compare=False)

    @property
    def is_gone(self) -> bool:
        """Whether Microsoft listed it once, and lists it no more."""
        return bool(self.track.points) and self.track.points[-1].values[Aspect.STATUS] == GONE


class SubscriptionStore:
    """The subscriptions of all customers."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def of_customer(self, customer_id: str) -> dict[str, KeptSubscription]:
        """Return what is kept, by id in lower case."""
        rows = self._tables.query(TABLE, _partition(customer_id), row_from="s_", row_before="s`")
        return {kept.id: kept for kept in map(_kept, rows)}

    def get(self, customer_id: str, subscription_id: str) -> KeptSubscription | None:
        """Return one, or None where there is none."""
        row = self._tables.get(TABLE, _partition(customer_id), _row(subscription_id))
        return _kept(row) if row else None

    def changes(self, customer_id: str, subscription_id: str = "") -> list[Change]:
        """Return what happened to one subscription, or to all, by subscription and instant."""
        return [_change(row) for row in self._change_rows(customer_id, subscription_id)]

    def with_changes(self, customer_id: str) -> dict[str, tuple[KeptSubscription, list[Change]]]:
        """Return what is kept, each with what happened to it, by id in lower case; one question to the store.

        What only other sources tell of is there too, without a snapshot.
        """
        kept, changes = dict[str, KeptSubscription](), dict[str, list[Change]]()
        for row in self._tables.query(TABLE, _partition(customer_id), row_from="e_", row_before="s`"):
            if row.row.startswith("e_"):
                change = _change(row)
                changes.setdefault(change.subscription_id.lower(), []).append(change)
            else:
                subscription = _kept(row)
                kept[subscription.id] = subscription
        told = {key: KeptSubscription(id=key) for key in sorted(changes.keys() - kept.keys())}
        return {key: (each, changes.get(key, [])) for key, each in {**kept, **told}.items()}

    def tell(self, customer_id: str, change: Change) -> None:
        """Keep a change of another source than Microsoft's; a second time is nothing new."""
        row, values = _change_row(change), {"content": packed(change)}
        found = self._tables.get(TABLE, _partition(customer_id), row)
        if found is None or _change(found) != change:
            self._tables.upsert(TABLE, _partition(customer_id), row, values)

    def keep(self, customer_id: str, changed: Sequence[KeptSubscription]) -> int:
        """Write subscriptions whose snapshot or track is news, with the history that follows; return the changes made.

        Raises:
            ChangedError, AlreadyExistsError: somebody else was faster. Read again and compare again.
        """
        if not changed:
            return 0
        histories = self._histories(customer_id, changed[0].id if len(changed) == 1 else "")
        count, steps = 0, list[Operation]()
        for kept in changed:
            history = list(_history_steps(kept, histories.get(kept.id, {})))
            count += len(history)
            while len(history) >= TRANSACTION_ENTITIES_MAX:  # without the subscription: the rest comes again if we end
                self._send(customer_id, history[:TRANSACTION_ENTITIES_MAX])
                history = history[TRANSACTION_ENTITIES_MAX:]
            if len(steps) + len(history) >= TRANSACTION_ENTITIES_MAX:
                self._send(customer_id, steps)
                steps = []
            steps += [*history, _own_step(kept)]
        self._send(customer_id, steps)
        return count

    def _histories(self, customer_id: str, subscription_id: str) -> dict[str, dict[str, Change]]:
        histories: dict[str, dict[str, Change]] = {}
        for row in self._change_rows(customer_id, subscription_id):
            change = _change(row)
            histories.setdefault(change.subscription_id, {})[row.row] = change
        return histories

    def _send(self, customer_id: str, steps: Sequence[Operation]) -> None:
        if steps:
            self._tables.transact(TABLE, _partition(customer_id), steps)

    def _change_rows(self, customer_id: str, subscription_id: str) -> Iterator[Entity]:
        prefix = f"e_{table_key(subscription_id.lower())}_" if subscription_id else "e_"
        return self._tables.query(TABLE, _partition(customer_id), row_from=prefix, row_before=prefix[:-1] + "`")


def _history_steps(kept: KeptSubscription, rows: Mapping[str, Change]) -> Iterator[Operation]:
    """Yield what makes the kept history say what the track says."""
    should = {_change_row(each): each for each in compared(kept.id, kept.track, rows.values())}
    for row, change in should.items():
        if rows.get(row) != change:
            yield Operation("upsert", row, {"content": packed(change)})
    overtaken = {_change_row(each) for each in undecided(rows.values(), kept.track)} - should.keys()
    for row in sorted(overtaken):
        yield Operation("delete", row)


def _own_step(kept: KeptSubscription) -> Operation:
    content = packed(_Content(id=kept.id, snapshot=kept.snapshot, track=kept.track))
    values: dict[str, Scalar] = {"content": content}
    if kept.observed_at is not None:
        values["observed_at"] = kept.observed_at
    row = _row(kept.id)
    return Operation("replace", row, values, kept.etag) if kept.etag else Operation("insert", row, values)


def _change_row(change: Change) -> str:
    place = f"{change.at:%Y%m%dT%H%M%S.%f}_{change.kind}_{table_key(change.source)}_{digest(change.id)}"
    return f"e_{table_key(change.subscription_id.lower())}_{place}"


def _row(subscription_id: str) -> str:
    return f"s_{table_key(subscription_id.lower())}"


def _partition(customer_id: str) -> str:
    return table_key(customer_id.lower())


def _change(row: Entity) -> Change:
    return unpacked(bytes_of(row), Change)


def _kept(row: Entity) -> KeptSubscription:
    content = unpacked(bytes_of(row), _Content)
    return KeptSubscription(
        id=content.id,
        snapshot=content.snapshot,
        track=content.track,
        observed_at=instant_of(row, "observed_at") if content.snapshot else None,
        etag=row.etag,
    )
