"""Differences: how one aspect went from value to value, put together from observations and from what a feed told.

A fact explains what observations show; what facts leave unexplained is a difference of its own, in the span in which it
must have happened. Clocks and caches are not exact: an observation may lag behind a fact by ``LAG``, or be ahead of one
by ``SKEW``; a fact moves to the other side of it where only that makes sense.

Not here: what differences mean together (``comparison``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from shared.domain.snapshots.changes import AUDIT, MICROSOFTS
from shared.domain.snapshots.tracks import LAG, Fact, Track, shows

JUST_BEFORE = timedelta(microseconds=1)
SKEW = timedelta(minutes=5)
SAME = timedelta(minutes=15)
"""So far apart may be our own word and the feed's about one and the same change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """*aspect* went from *before* to *after*, later than *since* and not after *at*; with no *since* exactly then.

    *point* is the number of the observation that showed it, *told_by* the fact whose word it is; where neither names it
    alone, it is what must have happened before that fact. *opening* is the first value ever known, no change.
    """

    aspect: str
    before: str
    after: str
    at: datetime
    since: datetime | None = None
    point: int = -1
    told_by: Fact | None = None

    @property
    def origin(self) -> tuple[str, str]:
        """What differences of one and the same happening share."""
        if self.told_by is None:
            return "point", f"{self.point:06d}"
        return ("fact" if self.since is None else "gap"), self.told_by.id


def without_echoes(facts: Sequence[Fact]) -> list[Fact]:
    """Return the facts without those of the feed that only repeat a request of our own."""
    own = [fact for fact in facts if fact.source not in MICROSOFTS]
    return [fact for fact in facts if fact.source != AUDIT or not any(_is_echo(fact, each) for each in own)]


def _is_echo(fact: Fact, own: Fact) -> bool:
    return (own.aspect, own.after) == (fact.aspect, fact.after) and abs(own.at - fact.at) <= SAME


def differences(track: Track, facts: Sequence[Fact], aspect: str) -> tuple[str | None, list[Difference]]:
    """Return the first value known of *aspect* (None: none) and all its differences, in the order they happened.

    *facts* are all there are about the aspect, ordered by instant.
    """
    path = _Path(aspect)
    if track.is_cut:
        path.begin(track.points[0].values.get(aspect, ""), track.points[0].at)
    waiting = _in_chains(facts)
    was_shown = True
    for number, point in enumerate(track.points):
        if (number == 0 and track.is_cut) or not shows(point, aspect):
            was_shown = shows(point, aspect)
            continue
        value = point.values.get(aspect, "")
        count = _told_until(waiting, path.running, point.at, value)
        for fact in waiting[:count]:
            path.tell(fact)
        waiting = waiting[count:]
        path.see(value, point.after if was_shown else None, point.at, number)
        was_shown = True
    for fact in waiting:
        path.tell(fact)
    return path.opening, path.found


def _in_chains(facts: Sequence[Fact]) -> list[Fact]:
    """Return *facts* with those of one instant so that each begins where the one before it ends."""
    ordered: list[Fact] = []
    for _, tied in groupby(facts, key=lambda fact: fact.at):
        left = list(tied)
        while left:
            ends = {fact.after for fact in left}
            following = next((fact for fact in left if ordered and fact.before == ordered[-1].after), None)
            first = following or next((fact for fact in left if fact.before not in ends), left[0])
            left.remove(first)
            ordered.append(first)
    return ordered


def _told_until(facts: Sequence[Fact], running: str | None, at: datetime, value: str) -> int:
    """Return how many of *facts* an observation at *at* that showed *value* can know."""
    count = sum(fact.at <= at for fact in facts)
    if _value_after(facts, count, running) == value:
        return count
    for number in range(count - 1, -1, -1):
        if facts[number].at <= at - LAG:
            break
        if _value_before(facts, number, running) == value:
            return number
    for number in range(count, len(facts)):
        if facts[number].at > at + SKEW:
            break
        if facts[number].after == value:
            return number + 1
    return count


def _value_after(facts: Sequence[Fact], count: int, running: str | None) -> str | None:
    return facts[count - 1].after if count else running


def _value_before(facts: Sequence[Fact], number: int, running: str | None) -> str | None:
    before = facts[number].before
    return _value_after(facts, number, running) if before is None else before


class _Path:
    """One aspect's way from value to value; *running* is the last one known."""

    def __init__(self, aspect: str) -> None:
        self.aspect = aspect
        self.running: str | None = None
        self.opening: str | None = None
        self.found: list[Difference] = []
        self._last: datetime | None = None

    def begin(self, value: str, at: datetime) -> None:
        self.opening, self.running, self._last = value, value, at

    def tell(self, fact: Fact) -> None:
        if self.running is None:
            self.begin(fact.after if fact.before is None else fact.before, fact.at)
        if fact.before is not None and self.running not in {fact.before, fact.after}:
            self._add(fact.before, fact.at - JUST_BEFORE, self._last, told_by=fact)
        if self.running != fact.after and fact.source in MICROSOFTS:
            self._add(fact.after, fact.at, None, told_by=fact)
        self.running = fact.after
        self._last = fact.at

    def see(self, value: str, after: datetime | None, at: datetime, number: int) -> None:
        if self.running is None:
            self.begin(value, at)
        elif self.running != value:
            since = max((each for each in (after, self._last) if each is not None and each < at), default=None)
            self._add(value, at, since, point=number)
        self._last = max(self._last, at) if self._last else at

    def _add(
        self, after: str, at: datetime, since: datetime | None, *, point: int = -1, told_by: Fact | None = None
    ) -> None:
        before = self.running or ""
        self.found.append(
            Difference(aspect=self.aspect, before=before, after=after, at=at, since=since, point=point, told_by=told_by)
        )
        self.running = after
