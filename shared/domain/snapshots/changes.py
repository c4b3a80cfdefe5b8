"""Changes: what happened to a subscription as somebody told it, in the form in which it is kept and shown.

A change says from when on something is so, what was so before, who told it, and how exactly the instant is known. One
that bills anything is also an ``Event`` of the engine.

Not here: finding changes (``comparison``), words for a person (``timelines``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.keys import digest
from shared.domain.snapshots.aspects import Aspect, day_of, plan_of, term_of
from shared.domain.subscriptions.events import Event, EventKind

SNAPSHOT, AUDIT = "snapshot", "audit"
MICROSOFTS = frozenset({SNAPSHOT, AUDIT})
"""The sources that are Microsoft's own word; any other (a request, an import) is ours."""


class ChangeKind(StrEnum):
    """The kinds of ``EventKind`` that comparing can find, and what bills nothing but belongs to the history."""

    CREATED = "created"
    PROMOTION_BEGAN = "promotion-began"
    PROMOTION_ENDED = "promotion-ended"
    RENEWED = "renewed"
    REACTIVATED = "reactivated"
    CONVERTED = "converted"
    PLAN_CHANGED = "plan-changed"
    END_DATE_CHANGED = "end-date-changed"
    TERM_EXTENDED = "term-extended"
    AUTO_RENEW_CHANGED = "auto-renew-changed"
    QUANTITY_CHANGED = "quantity-changed"
    UPGRADED = "upgraded"
    SUSPENDED = "suspended"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    STATUS_CHANGED = "status-changed"  # to one that bills nothing anew: pending, disabled after expired, unknown ones
    SCHEDULED = "scheduled"  # what will happen at the term's end
    RENAMED = "renamed"
    DISAPPEARED = "disappeared"  # Microsoft lists it no more
    REAPPEARED = "reappeared"


_RANK = {kind: rank for rank, kind in enumerate(ChangeKind)}
_EVENT_KINDS = {kind.value for kind in EventKind}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change. *before* and *after* are texts by aspect; *before* is empty where nobody knows it.

    *at* is the instant from which it is so: exact, or the latest it can be. It happened after *observed_after* (None:
    nobody knows) and not after *observed_at*; both are None where the source names the instant itself. *id* is the
    source's own identifier, or made from the content.
    """

    subscription_id: str
    kind: ChangeKind
    at: datetime
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    source: str = SNAPSHOT
    actor: str = ""
    id: str = ""
    observed_after: datetime | None = None
    observed_at: datetime | None = None

    @property
    def order(self) -> tuple[datetime, str, int, str, str]:
        """What changes are sorted by: instant, subscription, kind (as ``ChangeKind`` lists them), source and id."""
        return self.at, self.subscription_id, _RANK[self.kind], self.source, self.id

    @property
    def known_at(self) -> datetime:
        """The end of the span in which it happened."""
        return self.observed_at or self.at

    @property
    def event(self) -> Event | None:
        """The engine's event; None for what bills nothing."""
        if self.kind.value not in _EVENT_KINDS:
            return None
        plan, ends_on = self.after.get(Aspect.PLAN, ""), day_of(self.after.get(Aspect.ENDS_ON, ""))
        is_on = self.after.get(Aspect.AUTO_RENEW) if self.kind is ChangeKind.AUTO_RENEW_CHANGED else None
        return Event(
            kind=EventKind(self.kind.value),
            at=self.at,
            quantity=int(self.after[Aspect.QUANTITY]) if self.after.get(Aspect.QUANTITY) else None,
            plan=plan_of(plan),
            term=term_of(plan),
            product=self.after.get(Aspect.PRODUCT, ""),
            ends_on=ends_on + timedelta(days=1) if ends_on else None,
            is_on=None if is_on is None else is_on == "true",
            note=self.after.get(Aspect.PROMOTION, "") or self.before.get(Aspect.PROMOTION, ""),
            source=self.source,
            id=self.id,
        )


def content_id(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Return an identifier made of what changed."""
    return digest(kind, *(text for values in (before, after) for pair in sorted(values.items()) for text in pair))
