"""Time as the client needs it, injected so that no test waits: how long to wait at most, clock, pauses and chance.

Not here: when a call is repeated (``transport``).
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from shared.partner_center.hosts import Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How long is waited, in seconds, and how often a call is tried that gets no useful answer.

    *call_s* and *operation_s* limit the time that is lost on one call, and on all calls of one operation: tries that
    failed, and the pauses after them. Work that goes well is not limited. *try_s* ends an answer that merely drips,
    *part_s* a part of an export: the host ends a worker after ten minutes.
    """

    connect_s: float = 10
    read_s: float = 100
    try_s: float = 300
    part_s: float = 540
    tries_max: int = 4
    pause_s: float = 0.5
    pause_s_max: float = 20
    call_s: float = 100
    operation_s: float = 240


class Pace(Protocol):
    """Clock, pauses and chance."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        ...

    def seconds(self) -> float:
        """Return seconds that only ever grow, from an unknown start."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def chance(self) -> float:
        """Return a number from 0 up to 1."""
        ...


class RealPace:
    """The machine's own."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        return datetime.now(UTC)

    def seconds(self) -> float:
        """Return the monotonic clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def chance(self) -> float:
        """Return a number from 0 up to 1."""
        return random.random()  # noqa: S311 - spreads retries over time, protects nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one call went. *status* 0 means that no answer came; *waited_s* is time spent on Microsoft and in pauses.

    *code* is Microsoft's for the last refusal, "" for none. *is_app_only* says that no person stood behind the call.
    """

    method: str
    status: int
    tries: int
    waited_s: float
    at: datetime
    correlation_id: str
    code: str = ""
    is_app_only: bool = False

    @property
    def is_success(self) -> bool:
        """Whether Microsoft did what was asked."""
        return 200 <= self.status < 300


Observe = Callable[[Audience, Outcome], None]


def observe_nothing(_audience: Audience, _outcome: Outcome) -> None:
    """Look away: the observer where nobody wants to know."""
