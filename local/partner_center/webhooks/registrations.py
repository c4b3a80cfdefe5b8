"""The partner's one webhook registration, what waits to be sent to it, and what became of what was sent.

Not here: the calls (``calls/webhooks``), sending (``delivery``).
"""

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from local.partner_center.entities import Json
from local.partner_center.world import World

EVENTS = (
    "test-created",
    "subscription-updated",
    "usagerecords-thresholdExceeded",
    "invoice-ready",
    "azure-fraud-event-detected",
    "reseller-relationship-accepted-by-customer",
    "dap-admin-relationship-approved",
    "dap-admin-relationship-terminated",
    "dap-admin-relationship-terminated-by-microsoft",
    "granular-admin-relationship-approved",
    "granular-admin-relationship-activated",
    "granular-admin-relationship-expired",
    "granular-admin-relationship-terminated",
    "granular-admin-access-assignment-created",
    "granular-admin-access-assignment-activated",
    "granular-admin-access-assignment-updated",
    "granular-admin-access-assignment-deleted",
    "new-commerce-migration-created",
    "new-commerce-migration-completed",
    "new-commerce-migration-failed",
    "new-commerce-migration-schedule-failed",
    "referral-created",
    "referral-updated",
    "related-referral-created",
    "related-referral-updated",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Where events go. *base_url* is how the registering caller reached us: addresses in events begin with it."""

    subscriber_id: str
    url: str
    events: tuple[str, ...]
    has_own_header: bool
    base_url: str


@dataclass(slots=True, kw_only=True, eq=False)
class Notification:
    """An event on its way. *correlation_id* names the validation that asked for it, "" for none.

    *is_held*: it waits until a later one overtakes it.
    """

    event: str
    body: Json
    due_at: datetime
    correlation_id: str = ""
    is_held: bool = False
    attempts: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class Validation:
    """A test of the registration that somebody asked for."""

    correlation_id: str
    callback_url: str
    asked_at: datetime
    results: list[Json] = field(default_factory=list)
    is_completed: bool = False


@dataclass(slots=True)
class Webhooks:
    """The webhooks of one world; *changed* tells the sending thread that something waits."""

    registration: Registration | None = None
    waiting: list[Notification] = field(default_factory=list)
    delivered: deque[Notification] = field(default_factory=lambda: deque(maxlen=10_000))
    offline: list[Notification] = field(default_factory=list)
    validations: dict[str, Validation] = field(default_factory=dict)
    changed: threading.Event = field(default_factory=threading.Event)


def webhooks(world: World) -> Webhooks:
    """Return the webhooks of *world*."""
    room: Webhooks = world.room("webhooks", Webhooks)
    return room
