"""Timelines: a subscription's changes in words, for a person.

Texts come from the catalogues of ``shared/domain/texts``; what Microsoft or a person named is shown as it is.

Not here: which changes there are (``comparison``), JSON (``shared/application/sync_views``).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from shared.domain.snapshots.aspects import Aspect, day_of
from shared.domain.snapshots.changes import Change
from shared.domain.texts import Texts

_SWITCHES = {Aspect.AUTO_RENEW, Aspect.TRIAL}
_SHOWN_OF_NEW = (Aspect.QUANTITY, Aspect.PRODUCT, Aspect.PLAN, Aspect.ENDS_ON, Aspect.PROMOTION, Aspect.NAME)
_UNSAID = {Aspect.SCHEDULED}
"""Canonical JSON is for machines; that something is planned says the kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a timeline. *text* says what happened, *told_by* who says so, *when* how exactly that is known."""

    change: Change
    text: str
    told_by: str
    when: str


def timeline_of(changes: Iterable[Change], texts: Texts) -> list[Entry]:
    """Return the changes in words, the earliest first."""
    return [entry_of(change, texts) for change in sorted(changes, key=lambda change: change.order)]


def entry_of(change: Change, texts: Texts) -> Entry:
    """Return one change in words."""
    what = texts.say(f"timeline.{change.kind}")
    details = ", ".join(_details(change, texts))
    text = (
        texts.say("timeline.sentence", what=what, details=details) if details else texts.say("timeline.bare", what=what)
    )
    return Entry(change=change, text=text, told_by=_told_by(change, texts), when=_when(change, texts))


def _details(change: Change, texts: Texts) -> Iterator[str]:
    for aspect in Aspect:
        if aspect not in change.after or aspect in _UNSAID:
            continue
        name, after = texts.say(f"timeline.aspect.{aspect}"), _shown(aspect, change.after[aspect], texts)
        if aspect in change.before:
            before = _shown(aspect, change.before[aspect], texts)
            yield texts.say("timeline.detail", aspect=name, before=before, after=after)
        elif aspect in _SHOWN_OF_NEW:
            yield texts.say("timeline.detail.new", aspect=name, after=after)


def _shown(aspect: Aspect, value: str, texts: Texts) -> str:
    if not value:
        return texts.say("timeline.none")
    if aspect in _SWITCHES:
        return texts.say("timeline.on" if value == "true" else "timeline.off")
    day = day_of(value) if aspect is Aspect.ENDS_ON else None
    return texts.day(day) if day else value


def _told_by(change: Change, texts: Texts) -> str:
    key = f"timeline.source.{change.source}"
    source = texts.say(key) if texts.has(key) else change.source
    return f"{change.actor} ({source})" if change.actor else source


def _when(change: Change, texts: Texts) -> str:
    if change.observed_at is None or change.observed_at != change.at:
        return texts.say("timeline.when.exact")
    at = _instant(change.observed_at, texts)
    if change.observed_after is None:
        return texts.say("timeline.when.until", at=at)
    return texts.say("timeline.when.between", after=_instant(change.observed_after, texts), at=at)


def _instant(at: datetime, texts: Texts) -> str:
    return f"{texts.day(at.date())} {at:%H:%M}"
