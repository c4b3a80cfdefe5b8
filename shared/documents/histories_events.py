"""The model of one event in a history file, and which fields belong to which kind of event.

Invariants: an event without a kind is a change of quantity, or of price if it has only that; a field that means
nothing for its kind is refused rather than ignored.

Not here: the order of events and relative changes (``histories_order``).
"""

from datetime import UTC, datetime
from typing import Annotated, ClassVar, Self

from pydantic import Field, StrictBool, model_validator

from shared.documents.histories_billing import Every
from shared.documents.histories_part import Part
from shared.documents.histories_values import (
    Amount,
    Change,
    Chosen,
    Count,
    Day,
    Instant,
    Number,
    Percent,
    PlanName,
    Term,
    Text,
    refusal,
)
from shared.domain.subscriptions.events import EventKind

_K = EventKind
_ALWAYS = {"kind", "on", "at", "note", "source", "id"}
_PLAN = {"plan", "term", "product", "unit_price", "quantity", "change", "last_day"}
NEEDED: dict[EventKind, set[str]] = {
    _K.PRICE_CHANGED: {"unit_price"},
    _K.PROMOTION_BEGAN: {"percent"},
    _K.CYCLE_MOVED: {"last_day"},
    _K.END_DATE_CHANGED: {"last_day"},
    _K.TERM_EXTENDED: {"last_day"},
    _K.AUTO_RENEW_CHANGED: {"auto_renews"},
    _K.UPGRADED: {"product"},
    _K.SEATS_UPGRADED: {"quantity"},
    _K.SEATS_MOVED: {"quantity", "target"},
    _K.CREDITED: {"amount"},
}
ALLOWED: dict[EventKind, set[str]] = {
    _K.CREATED: {"quantity"},
    _K.RENEWED: _PLAN | {"auto_renews"},
    _K.REACTIVATED: {"quantity", "unit_price"},
    _K.CONVERTED: _PLAN,
    _K.PLAN_CHANGED: _PLAN | {"keeps_cycle", "every", "share_left"},
    _K.QUANTITY_CHANGED: {"quantity", "change"},
    _K.PRICE_CHANGED: {"product", "plan", "term"},
    _K.UPGRADED: {"unit_price", "plan", "term", "last_day", "percent"},
    _K.SEATS_UPGRADED: {"target", "product", "unit_price", "plan", "term", "percent"},
    _K.CANCELLED: {"target"},
    _K.CREDITED: {"last_day"},
}

_SAID_OTHERWISE = (
    ("purchased", "created"),
    ("new", "created"),
    ("renew", "renewed"),
    ("add-quantity", "quantity-changed"),
    ("remove-quantity", "quantity-changed"),
    ("seats-added", "quantity-changed"),
    ("seats-removed", "quantity-changed"),
    ("resumed", "reactivated"),
    ("convert", "converted"),
    ("frequency-changed", "plan-changed"),
    ("term-changed", "plan-changed"),
    ("migrated", "cancelled (with target, the subscription that follows)"),
    ("cancel-immediate", "cancelled"),
    ("returned", "cancelled"),
    ("exchanged", "upgraded"),
    ("customer-credit", "credited"),
    ("refunded", "credited"),
)


class EventPart(Part):
    """One thing that happened. *on* is a day, *at* an instant; either may stand in the place of the other."""

    kind: Annotated[EventKind, Chosen(_SAID_OTHERWISE)] | None = Field(
        None, description="without: told from the other fields"
    )
    on: Instant | None = None
    at: Instant | None = None
    quantity: Count | None = Field(None, description="the quantity from then on; for seats that go: how many")
    change: Change | None = Field(None, description="in the place of quantity: the difference, such as +2 or -4")
    unit_price: Amount | None = Field(None, description="the price of one unit for a whole charge cycle from then on")
    plan: PlanName | None = None
    term: Term | None = None
    product: Text = ""
    target: Text = Field("", description="the id of the subscription that receives seats, or that a migration leads to")
    last_day: Day | None = Field(None, description="the last day of the new term, included")
    percent: Percent | None = Field(None, description="what a promotion takes off, also of an upgrade's product")
    amount: Amount | None = Field(None, description="what is given back")
    auto_renews: StrictBool | None = None
    keeps_cycle: StrictBool = Field(True, description="whether a change of plan leaves the running cycle as it is")
    every: Every | None = Field(None, description="own services: the length of the charge cycles from then on")
    share_left: Number | None = Field(None, description="own services: how much of what was paid is unused, 0 to 1")
    note: Text = ""
    source: Text = ""
    id: Text = ""

    SAID_OTHERWISE: ClassVar[dict[str, str]] = {
        "date": "on",
        "type": "kind",
        "price": "unit_price",
        "to": "quantity or target",
        "seats": "quantity",
        "ends_on": "last_day (included)",
        "delta": "change",
        "added": "change",
        "is_on": "auto_renews",
        "billing_plan": "plan",
    }

    @property
    def instant(self) -> datetime:
        """When it happened, in UTC."""
        return self.at or self.on or datetime.min.replace(tzinfo=UTC)

    @property
    def meant(self) -> EventKind:
        """The kind, told from the fields where it is left out."""
        if self.kind is not None:
            return self.kind
        return _K.PRICE_CHANGED if self.unit_price is not None else _K.QUANTITY_CHANGED

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.on is None) == (self.at is None):
            raise refusal("needs its day as on, or its instant as at: give one of the two")
        kind, given = self.meant, set(self.model_fields_set) - _ALWAYS
        if self.kind is None and given not in ({"quantity"}, {"change"}, {"unit_price"}):
            raise refusal(f"needs its kind: add kind, one of {', '.join(EventKind)}")
        if {"quantity", "change"} <= given:
            raise refusal("has both quantity and change: keep one of them")
        needed = NEEDED.get(kind, set())
        if kind is _K.QUANTITY_CHANGED and not given & {"quantity", "change"}:
            raise refusal("is a quantity-changed event without quantity: add quantity, or change such as '+2'")
        if needed - given:
            raise refusal(f"is a {kind} event without {' and '.join(sorted(needed - given))}: add it")
        if self.share_left is not None and not 0 <= self.share_left <= 1:
            raise refusal("has a share_left outside 0 to 1: write such as '0.5'")
        surplus = given - needed - ALLOWED.get(kind, set())
        if surplus:
            raise refusal(f"is a {kind} event, which has no {' and no '.join(sorted(surplus))}: take it out")
        return self
