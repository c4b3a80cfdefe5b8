"""Meanings: what differences that were found together say happened.

One thing happened where one thing explains them all: a renewal may bring another quantity, plan and product; a
conversion a new term; an upgrade another plan. What is not explained so is a change of its own.

Not here: finding differences (``differences``), what is known at first sight (``openings``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.snapshots.aspects import (
    ACTIVE,
    DELETED,
    DISABLED,
    EXPIRED,
    GONE,
    SUSPENDED,
    Aspect,
    day_of,
    midnight,
    term_start,
)
from shared.domain.snapshots.changes import SNAPSHOT, Change, ChangeKind, content_id
from shared.domain.snapshots.differences import JUST_BEFORE, Difference
from shared.domain.snapshots.seats import Arrival, additions

_ENDED = {EXPIRED, DISABLED, DELETED, GONE}
_DAY = timedelta(days=1)


@dataclass(slots=True, kw_only=True)
class Group:
    """Differences of one origin by aspect, and what helps to understand them.

    *values* is what was so right after them; *came* are seats that came in the same span and that nobody told.
    """

    subscription_id: str
    found: dict[str, Difference]
    values: Mapping[str, str] = field(default_factory=dict)
    came: list[Arrival] = field(default_factory=list)

    def take(self, *aspects: str) -> list[Difference]:
        """Remove the differences of *aspects* and return those there were."""
        return [self.found.pop(aspect) for aspect in aspects if aspect in self.found]

    def after(self, aspect: str) -> str:
        """Return the value that *aspect* came to, "" where it did not change."""
        return self.found[aspect].after if aspect in self.found else ""


def changes_of(group: Group) -> Iterator[Change]:
    """Yield what happened, in no promised order; *group* is used up."""
    yield from _conversion(group)
    yield from _renewal(group)
    yield from _product_and_plan(group)
    yield from _end(group)
    yield from _quantity(group)
    yield from _status(group)
    yield from _rest(group)


def _conversion(group: Group) -> Iterator[Change]:
    if group.after(Aspect.TRIAL) == "false" and group.found[Aspect.TRIAL].before == "true":
        yield _change(
            group,
            ChangeKind.CONVERTED,
            group.take(Aspect.TRIAL, Aspect.QUANTITY, Aspect.PLAN, Aspect.PRODUCT, Aspect.ENDS_ON),
        )
    group.take(Aspect.TRIAL)


def _renewal(group: Group) -> Iterator[Change]:
    """A term that ends later, and is seen to after the old one was over, was renewed."""
    end = group.found.get(Aspect.ENDS_ON)
    ended_on, ends_on = (day_of(end.before), day_of(end.after)) if end else (None, None)
    if end is None or ended_on is None or ends_on is None or not ended_on < min(ends_on, end.at.date()):
        return
    starts_on = max(ended_on + _DAY, term_start(group.values) or ended_on + _DAY)
    at = end.at if end.told_by and not end.since else midnight(starts_on)
    if group.after(Aspect.STATUS) == ACTIVE and group.found[Aspect.STATUS].before != SUSPENDED:
        at += JUST_BEFORE  # it had expired at that very instant
        group.take(Aspect.STATUS)
    added = list(_additions(group, least=1, since=at + _DAY))
    absorbed = group.take(Aspect.ENDS_ON, Aspect.QUANTITY, Aspect.PLAN, Aspect.PRODUCT)
    yield _change(group, ChangeKind.RENEWED, absorbed, at=at)
    yield from added


def _product_and_plan(group: Group) -> Iterator[Change]:
    if Aspect.PRODUCT in group.found:
        absorbed = group.take(Aspect.PRODUCT, Aspect.PLAN, Aspect.QUANTITY, Aspect.ENDS_ON)
        yield _change(group, ChangeKind.UPGRADED, absorbed)
    if Aspect.PLAN in group.found:
        yield _change(group, ChangeKind.PLAN_CHANGED, group.take(Aspect.PLAN, Aspect.ENDS_ON))


def _end(group: Group) -> Iterator[Change]:
    if Aspect.ENDS_ON in group.found:
        is_trial = group.values.get(Aspect.TRIAL) == "true"
        kind = ChangeKind.TERM_EXTENDED if is_trial else ChangeKind.END_DATE_CHANGED
        yield _change(group, kind, group.take(Aspect.ENDS_ON))


def _quantity(group: Group) -> Iterator[Change]:
    if Aspect.QUANTITY not in group.found:
        return
    found = group.found[Aspect.QUANTITY]
    yield from _additions(group, least=int(found.before), since=None)
    rest = group.found.pop(Aspect.QUANTITY)
    if rest.before != rest.after:
        yield _change(group, ChangeKind.QUANTITY_CHANGED, [rest])


def _additions(group: Group, *, least: int, since: datetime | None) -> Iterator[Change]:
    """Take seats with an instant of their own out of the difference in quantity, as changes of their own."""
    found = group.found.get(Aspect.QUANTITY)
    if found is None:
        return
    came = [arrival for arrival in group.came if since is None or arrival.at > since]
    added = additions(int(found.after), least, came)
    first = int(found.after) - sum(arrival.quantity for arrival in added)
    is_whole = since is not None or first == int(found.before)
    running = first if is_whole else int(found.before)
    for arrival in added:
        part = _moved(found, str(running), str(running + arrival.quantity))
        yield _change(group, ChangeKind.QUANTITY_CHANGED, [part], at=arrival.at)
        running += arrival.quantity
    before, after = (found.before, str(first)) if is_whole else (str(running), found.after)
    group.found[Aspect.QUANTITY] = _moved(found, before, after)


def _moved(found: Difference, before: str, after: str) -> Difference:
    return Difference(
        aspect=found.aspect,
        before=before,
        after=after,
        at=found.at,
        since=found.since,
        point=found.point,
        told_by=found.told_by,
    )


def _status(group: Group) -> Iterator[Change]:
    if Aspect.STATUS not in group.found:
        return
    found = group.found.pop(Aspect.STATUS)
    kind = _status_kind(found.before, found.after)
    ends_on = day_of(group.values.get(Aspect.ENDS_ON, ""))
    is_dated = kind is ChangeKind.EXPIRED and found.origin[0] != "fact" and ends_on is not None
    at = min(found.at, midnight(ends_on + _DAY)) if is_dated and ends_on else found.at
    yield _change(group, kind, [found], at=at)


def _status_kind(before: str, after: str) -> ChangeKind:
    if GONE in {before, after}:
        return ChangeKind.DISAPPEARED if after == GONE else ChangeKind.REAPPEARED
    if after == SUSPENDED:
        return ChangeKind.SUSPENDED
    if after == ACTIVE and before in {SUSPENDED, *_ENDED}:
        return ChangeKind.REACTIVATED
    if after in _ENDED and before not in _ENDED:
        return ChangeKind.CANCELLED if after == DELETED else ChangeKind.EXPIRED
    return ChangeKind.STATUS_CHANGED


_KINDS = {
    Aspect.AUTO_RENEW: ChangeKind.AUTO_RENEW_CHANGED,
    Aspect.SCHEDULED: ChangeKind.SCHEDULED,
    Aspect.NAME: ChangeKind.RENAMED,
}


def _rest(group: Group) -> Iterator[Change]:
    for aspect, kind in _KINDS.items():
        for found in group.take(aspect):
            yield _change(group, kind, [found])
    for found in group.take(Aspect.PROMOTION):
        kind = ChangeKind.PROMOTION_BEGAN if found.after else ChangeKind.PROMOTION_ENDED
        yield _change(group, kind, [found])


def _change(group: Group, kind: ChangeKind, found: list[Difference], *, at: datetime | None = None) -> Change:
    lead = found[0]
    fact = lead.told_by if lead.origin[0] == "fact" else None
    before = {each.aspect: each.before for each in found if each.before != each.after}
    after = {each.aspect: each.after for each in found if each.before != each.after}
    return Change(
        subscription_id=group.subscription_id,
        kind=kind,
        at=at or lead.at,
        before=before,
        after=after,
        source=fact.source if fact else SNAPSHOT,
        actor=fact.actor if fact else "",
        id=fact.id if fact else content_id(kind, before, after),
        observed_after=None if fact else lead.since,
        observed_at=None if fact else lead.at,
    )
