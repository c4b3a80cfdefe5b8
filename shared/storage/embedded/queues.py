"""Queues of the embedded store: one SQLite row for each message, hidden until the instant it carries.

Invariants: a message is taken under the write lock, so that only one receiver holds it at a time; every taking makes
a new receipt, and only the last receipt completes or releases; a message never expires.

Not here: what a message asks for, retries and poison queues (the host moves a message by its dequeue count).
"""

import sqlite3
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.storage import limits
from shared.storage.clock import system_clock
from shared.storage.embedded.database import Database
from shared.storage.ports import Message

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_VISIBLE: Final = "FROM messages WHERE queue = ? AND visible_at_us <= ? ORDER BY visible_at_us, inserted_at LIMIT ?"


class EmbeddedQueues:
    """The port ``Queues`` on SQLite. *clock* returns the present instant, aware, in UTC."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime] = system_clock) -> None:
        self._database = database
        self._clock = clock

    def send(self, queue: str, body: str | bytes, *, delay_s: int = 0) -> None:
        """Add a message that becomes visible after *delay_s* seconds.

        Raises:
            LimitError: empty or over 48 KiB, or the delay is over 7 days.
            StorageUnavailableError: the disk is full, read-only or locked too long; nothing was sent.
        """
        limits.check_queue(queue)
        limits.check_delay(delay_s)
        content = limits.checked_body(body)
        now = self._clock()
        row = (uuid.uuid4().hex, queue, content, now.isoformat(), _micros(now, delay_s), 0, "")
        with self._database.write() as connection:
            connection.execute("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def receive(self, queue: str, *, limit: int = 1, lock_s: int = 600) -> Sequence[Message]:
        """Take up to *limit* visible messages; each is hidden from others for *lock_s* seconds.

        Raises:
            LimitError: *limit* is not 1 to 32, or *lock_s* not 1 to 604,800.
        """
        limits.check_queue(queue)
        limits.check_receive(limit, lock_s)
        now = self._clock()
        due = (queue, _micros(now, 0), limit)
        with self._database.read() as connection:
            if connection.execute(f"SELECT 1 {_VISIBLE}", due).fetchone() is None:
                return []  # an idle queue is polled without taking the write lock
        with self._database.write() as connection:
            found = connection.execute(f"SELECT id {_VISIBLE}", due).fetchall()
            return [_take(connection, found_id, _micros(now, lock_s)) for (found_id,) in found]

    def complete(self, message: Message) -> None:
        """Remove a message that was worked off. A lock lost meanwhile is no error: it will come again."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM messages WHERE id = ? AND receipt = ?", (message.id, message.receipt))

    def release(self, message: Message, *, delay_s: int = 0) -> None:
        """Give a message back; it becomes visible after *delay_s* seconds. A lost lock is no error.

        Raises:
            LimitError: the delay is over 7 days.
        """
        limits.check_delay(delay_s)
        visible_at_us = _micros(self._clock(), delay_s)
        with self._database.write() as connection:
            connection.execute(
                "UPDATE messages SET visible_at_us = ?, receipt = '' WHERE id = ? AND receipt = ?",
                (visible_at_us, message.id, message.receipt),
            )

    def depth(self, queue: str) -> int:
        """Return how many messages wait or are held."""
        limits.check_queue(queue)
        with self._database.read() as connection:
            found = connection.execute("SELECT count(*) FROM messages WHERE queue = ?", (queue,)).fetchone()
        return int(found[0])


def _take(connection: sqlite3.Connection, message_id: str, visible_at_us: int) -> Message:
    found = connection.execute(
        "UPDATE messages SET receipt = ?, visible_at_us = ?, dequeue_count = dequeue_count + 1 WHERE id = ?"
        " RETURNING queue, id, receipt, body, dequeue_count, inserted_at",
        (uuid.uuid4().hex, visible_at_us, message_id),
    ).fetchall()[0]
    queue, found_id, receipt, body, dequeue_count, inserted_at = found
    return Message(queue, found_id, receipt, body, dequeue_count, datetime.fromisoformat(inserted_at))


def _micros(instant: datetime, later_s: int) -> int:
    return (instant + timedelta(seconds=later_s) - _EPOCH) // timedelta(microseconds=1)
