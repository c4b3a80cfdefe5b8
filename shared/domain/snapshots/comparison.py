"""Comparison: from all that was told of a subscription to what happened to it, each thing once.

Differences of one origin (two observations, or one entry of the feed) are read together: a term that moved on with
another quantity is one renewal. Instants are as exact as Microsoft's own dates allow: a purchase has its creation
date, a renewal the first day of its term, seats that came are dated by the window in which they may go back; anything
else happened in the span between two observations and is dated by its end.

Invariants: the same track gives the same changes; after the last of them every aspect has the value last observed.

Not here: keeping them (``shared/storage/repositories/synced_subscriptions``), words for a person (``timelines``).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from shared.domain.snapshots.aspects import EXISTS, Aspect
from shared.domain.snapshots.changes import MICROSOFTS, Change, ChangeKind
from shared.domain.snapshots.differences import SAME, SKEW, Difference, differences, without_echoes
from shared.domain.snapshots.meanings import Group, changes_of
from shared.domain.snapshots.openings import Opening, assumed, created
from shared.domain.snapshots.seats import Arrival, arrivals
from shared.domain.snapshots.tracks import Fact, Track


def compared(subscription_id: str, track: Track, own: Iterable[Change] = ()) -> tuple[Change, ...]:
    """Return what happened by Microsoft's word, ordered; *own* are changes that other sources tell and that stand.

    Nothing is returned that *own* says already, and nothing that is settled (``Track.settled_until``).
    """
    facts = without_echoes([*track.facts, *own_facts(own)])
    facts.sort(key=lambda fact: (fact.at, fact.id, fact.aspect))
    history = _History(subscription_id, track, facts)
    return tuple(sorted(history.changes(), key=lambda each: each.order))


def own_facts(own: Iterable[Change]) -> Iterator[Fact]:
    """Yield what changes of other sources say, aspect by aspect."""
    for change in own:
        if change.source in MICROSOFTS:
            continue
        if change.kind is ChangeKind.CREATED:
            yield Fact(id=change.id, at=change.at, aspect=EXISTS, after="true", source=change.source)
        for aspect, after in change.after.items():
            before = change.before.get(aspect)
            yield Fact(id=change.id, at=change.at, aspect=aspect, before=before, after=after, source=change.source)


class _History:
    def __init__(self, subscription_id: str, track: Track, facts: Sequence[Fact]) -> None:
        self._id, self._track, self._facts = subscription_id, track, facts
        self._firsts: dict[str, str] = {}
        self._found: dict[str, list[Difference]] = {}
        for aspect in Aspect:
            first, self._found[aspect] = differences(track, self._of(aspect), aspect)
            if first is not None:
                self._firsts[aspect] = first
        self._found[Aspect.TRIAL] = [self._conversion(each) for each in self._found[Aspect.TRIAL]]

    def changes(self) -> Iterator[Change]:
        opening = None if self._track.is_cut else self._opening()
        if opening is not None:
            for guess in assumed(opening):
                self._found[guess.aspect].insert(0, guess)
            if opening.order is None or opening.order.source in MICROSOFTS:
                yield from created(opening)
        for differences_of_one in self._by_origin().values():
            yield from changes_of(self._group(differences_of_one))

    def _conversion(self, seen: Difference) -> Difference:
        """Return the end of a trial with the feed's word for it, where that tells only the new product."""
        if seen.told_by is not None or seen.after != "false":
            return seen
        changes = (each for each in self._found[Aspect.PRODUCT] if each.origin[0] == "fact" and each.at <= seen.at)
        lead = next((each for each in changes if seen.since is None or each.at > seen.since), None)
        return seen if lead is None else replace(seen, at=lead.at, since=None, point=-1, told_by=lead.told_by)

    def _of(self, aspect: str) -> list[Fact]:
        return [fact for fact in self._facts if fact.aspect == aspect]

    def _opening(self) -> Opening | None:
        orders = self._of(EXISTS)
        order = next((each for each in orders if each.source not in MICROSOFTS), orders[0] if orders else None)
        point = self._track.points[0] if self._track.points else None
        known = (point.created_at if point else None, order.at if order else None, point.at if point else None)
        created_at = next((each for each in known if each is not None), None)
        if created_at is None:
            return None
        return Opening(
            subscription_id=self._id,
            created_at=created_at,
            values=self._firsts,
            known_at=self._known_at(point.at if point else created_at),
            seen_at=point.at if point else None,
            order=order,
            came=self._came_before_first_sight(),
        )

    def _known_at(self, seen_at: datetime) -> dict[str, datetime]:
        firsts = {aspect: self._of(aspect)[:1] for aspect in Aspect}
        return {aspect: min([seen_at, *(fact.at for fact in facts)]) for aspect, facts in firsts.items()}

    def _came_before_first_sight(self) -> list[Arrival]:
        if not self._track.points:
            return []
        point = self._track.points[0]
        is_told = any(fact.at <= point.at for fact in self._of(Aspect.QUANTITY))
        return [] if is_told else [each for each in arrivals(point.batches) if each.at <= point.at]

    def _by_origin(self) -> dict[tuple[str, str], dict[str, Difference]]:
        groups: dict[tuple[str, str], dict[str, Difference]] = {}
        for found in self._found.values():
            for each in found:
                groups.setdefault(each.origin, {})[each.aspect] = each
        return groups

    def _group(self, found: dict[str, Difference]) -> Group:
        at = max(each.at for each in found.values())
        quantity = found.get(Aspect.QUANTITY)
        came = self._came(quantity) if quantity is not None and quantity.point > 0 else []
        return Group(subscription_id=self._id, found=found, values=self._values_at(at), came=came)

    def _values_at(self, at: datetime) -> Mapping[str, str]:
        values = dict(self._firsts)
        for aspect, found in self._found.items():
            for each in found:
                if each.at <= at:
                    values[aspect] = each.after
        return values

    def _came(self, quantity: Difference) -> list[Arrival]:
        """Return seats that the observation dates and nobody told."""
        points = self._track.points
        came = arrivals(points[quantity.point].batches, points[quantity.point - 1].batches)
        since = quantity.since or points[quantity.point - 1].at
        untold = [each for each in came if since - SKEW < each.at <= quantity.at + SKEW]
        for fact in self._of(Aspect.QUANTITY):
            told = next((each for each in untold if _tells(fact, each)), None)
            if told is not None:
                untold.remove(told)
        return untold


def _tells(fact: Fact, arrival: Arrival) -> bool:
    is_same = fact.before is not None and int(fact.after) - int(fact.before) == arrival.quantity
    return is_same and abs(fact.at - arrival.at) <= SAME


def undecided(changes: Iterable[Change], track: Track) -> Iterator[Change]:
    """Yield those of the kept *changes* that the track still decides about: Microsoft's, and not settled."""
    until = track.settled_until
    for change in changes:
        if change.source in MICROSOFTS and (until is None or change.known_at > until):
            yield change
