"""Openings: what Microsoft's own dates tell of a subscription before it was first seen.

A subscription is created at its creation date with the values first known. Where its running term began later, it was
renewed on that term's first day; where it is first seen suspended or ended, it was active before.

Not here: what happened after the first sight (``meanings``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.snapshots.aspects import (
    ACTIVE,
    DELETED,
    DISABLED,
    EXPIRED,
    SUSPENDED,
    Aspect,
    midnight,
    term_start,
)
from shared.domain.snapshots.changes import SNAPSHOT, Change, ChangeKind, content_id
from shared.domain.snapshots.differences import JUST_BEFORE, Difference
from shared.domain.snapshots.seats import Arrival, additions
from shared.domain.snapshots.tracks import Fact

_ASSUMED_ACTIVE = {SUSPENDED, DELETED, EXPIRED, DISABLED}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What was first known: *values* and when each was (*known_at*); *order* is the feed's word that it was bought.

    *seen_at* is the first observation (None: only the feed spoke); *came* are seats with an instant of their own that
    are part of the first quantity.
    """

    subscription_id: str
    created_at: datetime
    values: Mapping[str, str]
    known_at: Mapping[str, datetime]
    seen_at: datetime | None = None
    order: Fact | None = None
    came: Sequence[Arrival] = ()

    @property
    def renewed_at(self) -> datetime | None:
        """The first instant of the running term, where it is not the first term."""
        starts_on = term_start(self.values)
        if starts_on is None or self.seen_at is None or self.values.get(Aspect.TRIAL) == "true":
            return None
        is_later = self.created_at.date() + _DAY < starts_on <= self.seen_at.date()
        return midnight(starts_on) if is_later else None


def created(opening: Opening) -> Iterator[Change]:
    """Yield how it came to the values first known: created, perhaps renewed, perhaps with more seats since."""
    values = {aspect: value for aspect, value in _at_first(opening).items() if value}
    order = opening.order
    yield Change(
        subscription_id=opening.subscription_id,
        kind=ChangeKind.CREATED,
        at=opening.created_at,
        after=values,
        source=order.source if order else SNAPSHOT,
        actor=order.actor if order else "",
        id=order.id if order else content_id(ChangeKind.CREATED, {}, values),
        observed_at=None if order else opening.seen_at,
    )
    if opening.renewed_at:
        after = {Aspect.ENDS_ON.value: opening.values[Aspect.ENDS_ON]}
        yield _found(opening, ChangeKind.RENEWED, opening.renewed_at, {}, after)
    running = int(values.get(Aspect.QUANTITY, "0"))
    for arrival in _added(opening):
        before, after = {Aspect.QUANTITY.value: str(running)}, {Aspect.QUANTITY.value: str(running + arrival.quantity)}
        yield _found(opening, ChangeKind.QUANTITY_CHANGED, arrival.at, before, after)
        running += arrival.quantity


def assumed(opening: Opening) -> Iterator[Difference]:
    """Yield what must have changed between the purchase and the values first known."""
    first = _at_first(opening)
    for aspect in (Aspect.STATUS, Aspect.AUTO_RENEW):
        if first.get(aspect, "") != opening.values.get(aspect, ""):
            yield Difference(
                aspect=aspect,
                before=first[aspect],
                after=opening.values[aspect],
                at=opening.known_at[aspect] - JUST_BEFORE,
                since=opening.renewed_at or opening.created_at,
                point=0,
            )


def _at_first(opening: Opening) -> dict[str, str]:
    """Return the values at the purchase."""
    values = dict(opening.values)
    if values.get(Aspect.STATUS) in _ASSUMED_ACTIVE:
        values[Aspect.STATUS] = ACTIVE
    if opening.renewed_at:
        del values[Aspect.ENDS_ON]
        if values.get(Aspect.AUTO_RENEW) == "false":
            values[Aspect.AUTO_RENEW] = "true"
    if added := _added(opening):
        values[Aspect.QUANTITY] = str(int(values[Aspect.QUANTITY]) - sum(arrival.quantity for arrival in added))
    return values


def _added(opening: Opening) -> list[Arrival]:
    since = (opening.renewed_at or opening.created_at) + _DAY
    total = int(opening.values.get(Aspect.QUANTITY, "0"))
    return additions(total, 1, [arrival for arrival in opening.came if arrival.at > since])


def _found(
    opening: Opening, kind: ChangeKind, at: datetime, before: Mapping[str, str], after: Mapping[str, str]
) -> Change:
    return Change(
        subscription_id=opening.subscription_id,
        kind=kind,
        at=at,
        before=before,
        after=after,
        id=content_id(kind, before, after),
        observed_after=opening.created_at,
        observed_at=opening.seen_at,
    )
