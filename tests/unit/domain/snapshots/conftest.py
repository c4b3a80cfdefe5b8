"""A subscription bought in March 2026, and short ways to see it change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared.domain.snapshots.changes import Change, ChangeKind
from shared.domain.snapshots.comparison import compared
from shared.domain.snapshots.tracks import Fact, Track
from shared.domain.snapshots.values import SubscriptionSnapshot

BOUGHT_AT = datetime(2026, 3, 10, 8, 30, tzinfo=UTC)
FIRST_NIGHT = datetime(2026, 3, 11, 8, tzinfo=UTC)
BOUGHT = SubscriptionSnapshot(
    id="s",
    tenant_id="t",
    offer_id="CFQ7TTC0LH18:0001:CFQ7TTC0K971",
    quantity=5,
    status="active",
    term="P1Y",
    cycle="monthly",
    created_at=BOUGHT_AT,
    ends_on=date(2027, 3, 9),
    auto_renews=True,
)


@dataclass(slots=True)
class Story:
    """What is seen night by night, and what the feed tells; nights are counted from 0."""

    track: Track = field(default_factory=Track)
    own: list[Change] = field(default_factory=list)
    now: SubscriptionSnapshot = BOUGHT

    def see(self, night: int, *, after: int | None = None, **changed: Any) -> "Story":
        """Look in a night; *after* is a night in which the last values were still so."""
        self.now = replace(self.now, **changed)
        known = None if after is None else self.at(after)
        self.track = self.track.seen(self.now, self.at(night), known)
        return self

    def miss(self, night: int) -> "Story":
        """Look in a night in which Microsoft lists it no more."""
        self.track = self.track.missed(self.at(night))
        return self

    def tell(self, at: datetime, aspect: str, before: str | None, after: str, **more: Any) -> "Story":
        """Let the feed tell a change."""
        told = {"id": "r", "actor": "ada", **more}
        self.track = self.track.told([Fact(at=at, aspect=aspect, before=before, after=after, **told)])
        return self

    def changes(self) -> Sequence[Change]:
        """Return what happened."""
        return compared("s", self.track, self.own)

    def later(self) -> list[tuple[str, str, dict[str, str]]]:
        """Return kind, instant and new values of what happened after the purchase."""
        later = [each for each in self.changes() if each.kind is not ChangeKind.CREATED]
        return [(each.kind.value, f"{each.at:%Y-%m-%d %H:%M}", texts(each.after)) for each in later]

    @staticmethod
    def at(night: int) -> datetime:
        """Return the instant of a night."""
        return FIRST_NIGHT + timedelta(days=night)


def texts(values: Any) -> dict[str, str]:
    """Return the values under plain names."""
    return {str(aspect): value for aspect, value in values.items()}


@pytest.fixture
def story() -> Story:
    """A subscription that was seen in the first night."""
    return Story().see(0)


@pytest.fixture
def untold() -> Callable[[], Story]:
    """Make a subscription that nobody saw yet."""
    return Story
