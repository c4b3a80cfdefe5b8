"""Tracks: all that was told of one subscription, as it was told, so that late news can be put in its place.

A track keeps *points* (what a snapshot showed, only where it differed from the one before) and *facts* (what the audit
feed says happened, with the instant). Everything derived from it is a function of the two alone, and so the same
whatever the order in which they came. What is older than ``KEPT`` is settled: no feed reaches back that far.

Not here: what follows from a track (``differences``, ``comparison``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.domain.snapshots.aspects import GONE, Aspect, values_of
from shared.domain.snapshots.values import Refundable, SubscriptionSnapshot

KEPT = timedelta(days=120)
"""The audit feed goes back 90 days."""
LAG = timedelta(minutes=15)
"""So long after a change its old value may still be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What was seen at *at*; the values of the point before were still seen at *after* (None: nobody knows).

    Where the subscription was missing (*is_missed*), only its status was seen; the other values are the last known.
    """

    at: datetime
    values: Mapping[str, str]
    after: datetime | None = None
    created_at: datetime | None = None
    batches: tuple[Refundable, ...] = ()
    is_missed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Somebody's word that *aspect* went from *before* to *after* at an instant.

    Where *before* is None it is only a statement: *after* was so at that instant.
    """

    id: str
    at: datetime
    aspect: str
    after: str
    before: str | None = None
    actor: str = ""
    source: str = "audit"


class Look(NamedTuple):
    """Somebody looked, nobody knows when exactly between these two instants, and kept a point if that showed news."""

    begun_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """Points in order of time, facts in order of time and id. *is_cut* says that older ones are settled and gone."""

    points: tuple[Point, ...] = ()
    facts: tuple[Fact, ...] = ()
    is_cut: bool = False

    @property
    def settled_until(self) -> datetime | None:
        """Changes known up to this instant stand for good; None where nothing is settled."""
        return self.points[0].at if self.is_cut else None

    def seen(self, snapshot: SubscriptionSnapshot, at: datetime, after: datetime | None = None) -> "Track":
        """Return the track with what was seen at *at*; an observation that is not newer changes nothing.

        *after* is an instant at which the last values were known to be still so.
        """
        values, created_at = values_of(snapshot), snapshot.created_at
        return self._with(Point(at=at, values=values, created_at=created_at, batches=snapshot.refundable), after)

    def missed(self, at: datetime, after: datetime | None = None) -> "Track":
        """Return the track after a list that did not show the subscription."""
        if not self.points:
            return self
        last = self.points[-1]
        return self._with(replace(last, at=at, values={**last.values, Aspect.STATUS: GONE}, is_missed=True), after)

    def told(self, facts: Iterable[Fact], looks: Iterable[Look] = ()) -> "Track":
        """Return the track with *facts* of a feed; those it knows, and those about settled times, change nothing.

        *looks* are all there were while the last values were known; one that contradicts the facts counts.
        """
        settled, known = self.settled_until, {(fact.id, fact.aspect) for fact in self.facts}
        news = {
            (fact.id, fact.aspect): fact
            for fact in facts
            if (fact.id, fact.aspect) not in known and (settled is None or fact.at > settled)
        }
        if not news:
            return self
        ordered = sorted((*self.facts, *news.values()), key=lambda fact: (fact.at, fact.id, fact.aspect))
        track = replace(self, facts=tuple(ordered))
        for look in sorted(looks):
            track = _confirmed(track, look)
        return _cut(track)

    def _with(self, point: Point, after: datetime | None) -> "Track":
        if not self.points:
            return replace(self, points=(point,))
        last, at = self.points[-1], point.at
        if at <= last.at or (point.values == last.values and not _is_news(self, last, at)):
            return self
        known = max(last.at, after) if after is not None and after < at else last.at
        return _cut(replace(self, points=(*self.points, replace(point, after=known))))


def _confirmed(track: Track, look: Look) -> Track:
    """Return the track with an observation at *look* that showed what the one before it did, if that is news.

    What the look itself found is a point already; what happened while it went on, it may have seen or not.
    """
    at, until = look
    is_point = any(at <= point.at <= until for point in track.points)
    before = [point for point in track.points if point.at < at]
    if not before or is_point or any(at < fact.at <= until for fact in track.facts):
        return track
    if not _is_news(track, before[-1], at):
        return track
    number = len(before)
    point = replace(before[-1], at=at, after=before[-1].at)
    return replace(track, points=(*track.points[:number], point, *track.points[number:]))


def _is_news(track: Track, last: Point, at: datetime) -> bool:
    """Whether it is news that *last*'s values are seen again at *at*: the feed said otherwise since."""
    said: dict[str, str] = {}
    for fact in track.facts:
        value = last.values.get(fact.aspect) if shows(last, fact.aspect) else None
        is_late = last.at - LAG < fact.at <= last.at and fact.before == value
        if value is not None and (is_late or last.at < fact.at <= at):
            said[fact.aspect] = fact.after
    return any(last.values[aspect] != value for aspect, value in said.items())


def shows(point: Point, aspect: str) -> bool:
    """Whether *aspect* was seen there."""
    return not point.is_missed or aspect == Aspect.STATUS


def _cut(track: Track) -> Track:
    """Let go of what lies before the last point that is older than ``KEPT`` and showed everything."""
    if not track.points:
        return track
    horizon = track.points[-1].at - KEPT
    old = [number for number, point in enumerate(track.points) if point.at < horizon and not point.is_missed]
    if not old or not old[-1]:
        return track
    points = track.points[old[-1] :]
    facts = tuple(fact for fact in track.facts if fact.at > points[0].at)
    return Track(points=points, facts=facts, is_cut=True)
