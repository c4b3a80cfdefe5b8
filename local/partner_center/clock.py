"""The simulator's clock: it stands still until it is moved, and tells everybody who waits for an instant.

Invariants: it never runs backwards; what is due happens in order of time, at its own instant, before anything later is
answered. With ``follows_real_time`` it also moves by itself.

Not here: what happens when (``lifecycle``, ``billing``).
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush

Due = Callable[[datetime], None]


class Clock:
    """An instant in UTC that is moved by hand, and the things that are due at later instants."""

    def __init__(self, start: datetime, *, follows_real_time: bool = False) -> None:
        self._now = start.astimezone(UTC)
        self._real = time.monotonic() if follows_real_time else None
        self._due: list[tuple[datetime, int, Due]] = []
        self._number = 0

    def now(self) -> datetime:
        """Return the present instant, after everything that became due has happened."""
        if self._real is not None:
            passed, self._real = time.monotonic() - self._real, time.monotonic()
            self.advance_to(self._now + timedelta(seconds=passed))
        return self._now

    def follow_real_time(self) -> None:
        """Move by itself from now on, as fast as the real clock."""
        self._real = time.monotonic()

    def at(self, instant: datetime, due: Due) -> None:
        """Let *due* happen at *instant* (at the next move where it is past already)."""
        self._number += 1
        heappush(self._due, (instant, self._number, due))

    def advance(self, **span: float) -> None:
        """Move on by a span (as for ``timedelta``)."""
        self.advance_to(self._now + timedelta(**span))

    def advance_to(self, instant: datetime) -> None:
        """Move on to *instant*; everything due until then happens on the way, each at its own time.

        Raises:
            ValueError: *instant* lies in the past.
        """
        if instant < self._now:
            raise ValueError(f"the clock stands at {self._now.isoformat()} and does not run backwards")
        while self._due and self._due[0][0] <= instant:
            at, _, due = heappop(self._due)
            self._now = max(self._now, at)
            due(self._now)
        self._now = instant
