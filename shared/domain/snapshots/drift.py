"""Drift: where our own record and Microsoft's snapshot say different things of a subscription.

Our record is what requests and imports say, and the friendly names that somebody gave; nothing of either side is
overwritten here. What Microsoft does not list, it has no values of.

Not here: keeping records, changing anything at Microsoft.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.snapshots.aspects import GONE, Aspect, values_of
from shared.domain.snapshots.changes import MICROSOFTS, Change
from shared.domain.snapshots.values import SubscriptionSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """*field* is *ours* by our record and *microsofts* by the snapshot, *since* an instant (None: nobody knows)."""

    subscription_id: str
    field: str
    ours: str
    microsofts: str
    since: datetime | None = None


def drifts(
    snapshot: SubscriptionSnapshot, changes: Sequence[Change], friendly_name: str = "", *, is_gone: bool = False
) -> Iterator[Drift]:
    """Yield where the two differ.

    Args:
        snapshot: what Microsoft showed last.
        changes: all that are kept, of whatever source.
        friendly_name: what somebody of ours calls the subscription, "" for no name.
        is_gone: whether Microsoft lists it no more.
    """
    shown, ours = values_of(snapshot), _ours(changes)
    if is_gone:
        shown[Aspect.STATUS] = GONE
    for aspect, own in ours.items():
        if aspect in shown and shown[aspect] != own.after[aspect]:
            yield Drift(
                subscription_id=snapshot.id,
                field=aspect,
                ours=own.after[aspect],
                microsofts=shown[aspect],
                since=_since(changes, own, aspect),
            )
    if friendly_name and friendly_name != snapshot.friendly_name and Aspect.NAME not in ours:
        yield Drift(
            subscription_id=snapshot.id,
            field=Aspect.NAME,
            ours=friendly_name,
            microsofts=snapshot.friendly_name,
            since=next((each.at for each in _of_microsoft(changes, Aspect.NAME)), None),
        )


def unlisted(changes: Sequence[Change]) -> Iterator[Drift]:
    """Yield what our record says of a subscription that Microsoft never showed; *changes* are all that are kept."""
    for aspect, own in _ours(changes).items():
        if own.after[aspect]:
            yield Drift(
                subscription_id=own.subscription_id, field=aspect, ours=own.after[aspect], microsofts="", since=own.at
            )


def _ours(changes: Iterable[Change]) -> dict[str, Change]:
    """Return the last change of ours by aspect."""
    own = sorted((each for each in changes if each.source not in MICROSOFTS), key=lambda each: each.at)
    return {aspect: change for change in own for aspect in change.after}


def _since(changes: Iterable[Change], own: Change, aspect: str) -> datetime:
    """Return when Microsoft's value left ours: with its first change after ours, or it never was ours."""
    later = (each.at for each in _of_microsoft(changes, aspect) if each.at > own.at)
    return min(later, default=own.at)


def _of_microsoft(changes: Iterable[Change], aspect: str) -> list[Change]:
    found = [each for each in changes if each.source in MICROSOFTS and aspect in each.after]
    return sorted(found, key=lambda each: each.at, reverse=True)
