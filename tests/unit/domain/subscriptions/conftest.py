"""Builders for histories: events on days, and subscriptions that begin with a purchase."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.subscription import Subscription

EventMaker = Callable[..., Event]
SubscriptionMaker = Callable[..., Subscription]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def happened() -> EventMaker:
    """Return ``(kind, "2026-03-01T10:00", **fields) -> Event``."""

    def make(kind: EventKind, at: str, **fields: Any) -> Event:
        return Event(kind=kind, at=_instant(at), **fields)

    return make


@pytest.fixture
def sold(happened: EventMaker) -> SubscriptionMaker:
    """Return ``(*later events, bought="2026-01-15", seats=10, **facts) -> Subscription``, a licence for a year."""

    def make(*events: Event, bought: str = "2026-01-15", seats: Any = 10, **facts: Any) -> Subscription:
        created = happened(EventKind.CREATED, bought, quantity=seats)
        usual = {"kind": ServiceKind.LICENCE, "currency": "EUR", "product": "p", "term": "P1Y"}
        return Subscription(id="s", events=(created, *events), **(usual | facts))

    return make
