"""What is remembered of the calls themselves: which there were, and the answers that a repeated one gets again.

Not here: answering (``answering``).
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from local.partner_center.answers import Answer
from local.partner_center.world import World

_LOGGED_MAX = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One call as it was answered. *route* is its ``Call.path``, *status* 0 a connection that was dropped."""

    method: str
    path: str
    route: str
    status: int
    spent_s: float


@dataclass(slots=True)
class Journal:
    """The calls of one world, oldest first, and stored answers by request id, method and path."""

    calls: deque[Logged] = field(default_factory=lambda: deque(maxlen=_LOGGED_MAX))
    stored: dict[tuple[str, str, str], tuple[datetime, Answer]] = field(default_factory=dict)


def journal(world: World) -> Journal:
    """Return the journal of *world*."""
    room: Journal = world.room("journal", Journal)
    return room
