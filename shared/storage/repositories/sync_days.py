"""How far a day's sync is: one row for the local day, one for each chunk of customers that was read.

A chunk of which customers wait for another try has a row for so long.

The day's row is inserted once; it says that the day is taken. Started again on the same day, a sync finds its rows in
place and writes none.

Not here: what a sync reads (``shared/application/sync``).
"""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from shared.domain.errors import AlreadyExistsError
from shared.storage.ports import Entity, Scalar, Tables
from shared.storage.repositories.codec import instant_of, table_key

DAYS, CHUNKS, WAITING = "syncdays", "syncchunks", "syncwaiting"
_PARTITION = "day"
_LOOK_BACK = timedelta(days=40)


class DayState(StrEnum):
    """Where a day's sync is: listing -> reading -> done; stopped where Microsoft does not know us any more."""

    LISTING = "listing"  # the list of customers is being read, work being handed out
    READING = "reading"  # chunks of customers are being read
    DONE = "done"
    STOPPED = "stopped"  # there is no working connection: *reason* says why and what to do


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncDay:
    """One day's sync. *connection* is the connection's state where it stopped; *etag* guards its next state.

    *done_at* is when all was first read: each tenant once between that and *started_at*.
    """

    on: date
    state: DayState
    started_at: datetime
    done_at: datetime | None = None
    chunk_count: int = 0
    tenant_count: int = 0
    reason: str = ""
    connection: str = ""
    etag: str = field(default="", compare=False)

    @property
    def is_done(self) -> bool:
        """Whether all of its chunks were read."""
        return self.state is DayState.DONE


class SyncDays:
    """All days on which a sync was begun."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def get(self, on: date) -> SyncDay | None:
        """Return the day's sync, or None where none was begun."""
        row = self._tables.get(DAYS, _PARTITION, on.isoformat())
        return _day(row) if row else None

    def begin(self, on: date, at: datetime) -> SyncDay:
        """Return the day's sync, begun now or before."""
        if (known := self.get(on)) is not None:
            return known
        fresh = SyncDay(on=on, state=DayState.LISTING, started_at=at)
        with suppress(AlreadyExistsError):
            return replace(fresh, etag=self._tables.insert(DAYS, _PARTITION, on.isoformat(), _values(fresh)))
        return self.get(on) or fresh

    def move(self, day: SyncDay) -> SyncDay:
        """Write the day's new state, unless it is the one that is kept; return it.

        Raises:
            ChangedError: somebody else moved it meanwhile.
        """
        if self.get(day.on) == day:
            return day
        return replace(day, etag=self._tables.replace(DAYS, _PARTITION, day.on.isoformat(), _values(day), day.etag))

    def before(self, on: date) -> list[SyncDay]:
        """Return the days' syncs up to and with *on*, the latest first; those of the last weeks."""
        first, last = (on - _LOOK_BACK).isoformat(), f"{on.isoformat()}_"
        return [_day(row) for row in self._tables.query(DAYS, _PARTITION, row_from=first, row_before=last)][::-1]

    def mark_chunk(self, on: date, chunk: str, *, is_read: bool = True) -> None:
        """Remember that a chunk is done with, read or given up; a second time is nothing."""
        row = self._tables.get(CHUNKS, on.isoformat(), table_key(chunk))
        values: dict[str, Scalar] = {"done": True} if is_read else {"done": True, "is_unread": True}
        if row is None:
            with suppress(AlreadyExistsError):
                self._tables.insert(CHUNKS, on.isoformat(), table_key(chunk), values)
        elif row.values != values:
            self._tables.upsert(CHUNKS, on.isoformat(), table_key(chunk), values)

    def note_waiting(self, on: date, chunk: str, count: int) -> None:
        """Remember how many of a chunk's customers wait for another try; the row goes with the last of them."""
        key = table_key(chunk)
        row = self._tables.get(WAITING, on.isoformat(), key)
        if row is not None and not count:
            self._tables.delete(WAITING, on.isoformat(), key)
        elif count and (row is None or row.values["count"] != count):
            self._tables.upsert(WAITING, on.isoformat(), key, {"count": count})

    def waiting_count(self, on: date) -> int:
        """Return how many customers of the day wait for another try."""
        return sum(int(str(row.values["count"])) for row in self._tables.query(WAITING, on.isoformat()))

    def has_unread(self, on: date) -> bool:
        """Whether a chunk of the day was given up."""
        return any(row.values.get("is_unread") for row in self._tables.query(CHUNKS, on.isoformat()))

    def done_chunk_count(self, on: date) -> int:
        """Return how many chunks of the day are done with."""
        return sum(1 for _ in self._tables.query(CHUNKS, on.isoformat()))


def _values(day: SyncDay) -> dict[str, Scalar]:
    return {
        "state": day.state.value,
        "started_at": day.started_at,
        **({"done_at": day.done_at} if day.done_at else {}),
        "chunk_count": day.chunk_count,
        "tenant_count": day.tenant_count,
        "reason": day.reason[:1000],
        "connection": day.connection,
    }


def _day(row: Entity) -> SyncDay:
    values = row.values
    return SyncDay(
        on=date.fromisoformat(row.row),
        state=DayState(str(values["state"])),
        started_at=instant_of(row, "started_at"),
        done_at=instant_of(row, "done_at") if "done_at" in values else None,
        chunk_count=int(str(values["chunk_count"])),
        tenant_count=int(str(values["tenant_count"])),
        reason=str(values["reason"]),
        connection=str(values["connection"]),
        etag=row.etag,
    )
