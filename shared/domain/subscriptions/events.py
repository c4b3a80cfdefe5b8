"""Subscription events: what happened to a subscription, when, and who says so.

An event says what is so *from* its instant on (a quantity is the new quantity, not a difference). Events may arrive
in any order: ``ordered`` sorts by instant, then by kind (a subscription is created before it changes, and changes
before it ends), then by source and id, so that the same events always make the same history. Given twice is once.

Not here: the state that follows from them (``states``), and what they cost (``expected``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

from shared.domain.errors import InvalidError
from shared.domain.subscriptions.kinds import Plan

Quantity = int | Decimal
"""Seats and units: whole numbers as int, parts as Decimal."""


class EventKind(StrEnum):
    """What happened, in the order in which events of one instant count."""

    CREATED = "created"
    PRICE_CHANGED = "price-changed"
    PROMOTION_BEGAN = "promotion-began"
    PROMOTION_ENDED = "promotion-ended"
    RENEWED = "renewed"
    REACTIVATED = "reactivated"
    CONVERTED = "converted"  # a trial became a paid subscription
    PLAN_CHANGED = "plan-changed"  # billing frequency, term, or (own services) the plan and its price
    CYCLE_MOVED = "cycle-moved"  # own services: the running cycle ends on another day, and the next begins there
    END_DATE_CHANGED = "end-date-changed"
    TERM_EXTENDED = "term-extended"  # a trial runs longer
    AUTO_RENEW_CHANGED = "auto-renew-changed"
    QUANTITY_CHANGED = "quantity-changed"
    UPGRADED = "upgraded"  # all seats go to another product; the subscription keeps its id
    SEATS_UPGRADED = "seats-upgraded"  # some seats go to a new subscription of another product
    SEATS_MOVED = "seats-moved"  # some or all seats go to an existing subscription
    SUSPENDED = "suspended"
    CREDITED = "credited"  # an amount given back: SLA, goodwill, an adjustment
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # the term ended without renewal and without an explicit cancellation


_RANK = {kind: rank for rank, kind in enumerate(EventKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened. Fields that its kind does not use stay None.

    *at* is UTC. *quantity* is the quantity from then on (for ``seats-upgraded`` and ``seats-moved``: how many seats
    go). *target* is the subscription that receives seats. *unit_price* is the new price of one unit for a full charge
    cycle. *ends_on* is the first day after the new term (exclusive). *percent* is a promotion's percentage off.
    *amount* is what is given back (positive). *is_on* is the new setting of automatic renewal. *keeps_cycle* says
    whether a change of plan leaves the running cycle as it is. *every* is how many spans the charge cycles of an own
    service have from then on; *share_left* (0 to 1) how much of what was paid is unused where that may be less than the
    time left. *source* and *id* say who told us.
    """

    kind: EventKind
    at: datetime
    quantity: Quantity | None = None
    unit_price: Decimal | None = None
    plan: Plan | None = None
    term: str = ""
    product: str = ""
    target: str = ""
    ends_on: date | None = None
    percent: Decimal | None = None
    amount: Decimal | None = None
    is_on: bool | None = None
    keeps_cycle: bool = True
    every: int | None = None
    share_left: Decimal | None = None
    note: str = ""
    source: str = ""
    id: str = ""

    def __post_init__(self) -> None:
        if self.at.tzinfo is not UTC:
            raise InvalidError(f"event {self.kind} at {self.at}: give the instant in UTC")

    @property
    def on(self) -> date:
        """The UTC day."""
        return self.at.date()


def ordered(events: Iterable[Event]) -> tuple[Event, ...]:
    """Return the events as they happened, each once, whatever the order in which they arrived."""
    each = dict.fromkeys(events)
    order = {event: (event.at, _RANK[event.kind], event.source, event.id) for event in each}
    if len(set(order.values())) == len(order):
        return tuple(sorted(each, key=order.__getitem__))
    return tuple(sorted(each, key=lambda event: (*order[event], repr(event))))
