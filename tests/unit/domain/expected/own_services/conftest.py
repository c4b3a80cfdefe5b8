"""Own services written shortly: events by day, a policy, and the lines that come out."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.expected.lines import Expected, ExpectedLine
from shared.domain.subscriptions.events import Event, EventKind, ordered
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.own_billing import OwnBilling
from shared.domain.subscriptions.subscription import DatedPrice, Subscription, Usage

Shown = tuple[str, str, str]


def instant(text: str) -> datetime:
    """Return a day, or a day and a time, as an instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def told(kind: str, at: str, **fields: Any) -> Event:
    """Return an event; prices and amounts may be text."""
    for name in ("unit_price", "amount", "percent", "share_left"):
        if isinstance(fields.get(name), str):
            fields[name] = Decimal(fields[name])
    if isinstance(fields.get("ends_on"), str):
        fields["ends_on"] = date.fromisoformat(fields["ends_on"])
    return Event(kind=EventKind(kind), at=instant(at), **fields)


class Own:
    """Builds own services and bills them."""

    event = staticmethod(told)
    day = staticmethod(date.fromisoformat)

    def service(self, *events: Event, price: str | None = None, **fields: Any) -> Subscription:
        """Return a service in EUR; *price* is its only price, for a charge cycle."""
        policy = fields.pop("billing", None) or OwnBilling(**fields.pop("policy", {}))
        if price is not None:
            fields["prices"] = (DatedPrice(amount=Decimal(price)),)
        usual: dict[str, Any] = {"id": "own", "kind": ServiceKind.OWN_RECURRING, "currency": "EUR", "vendor": "Own"}
        return Subscription(events=ordered(events), billing=policy, **{**usual, **fields})

    def billed(self, subscription: Subscription, through: str | None = None, usage: tuple[Usage, ...] = ()) -> Expected:
        """Return what the service should be billed up to *through*."""
        last = date.fromisoformat(through) if through else None
        return expected_lines(History(subscriptions=(subscription,), usage=usage, through=last))

    def lines(self, *events: Event, through: str | None = None, **fields: Any) -> list[Shown]:
        """Return first day, last day and amount of every line; nothing may be wrong."""
        expected = self.billed(self.service(*events, **fields), through)
        assert not expected.issues
        return [shown(line) for line in expected.lines]


def shown(line: ExpectedLine) -> Shown:
    """Return first day, last day and amount."""
    return str(line.start), str(line.last_day), str(line.amount)


@pytest.fixture
def own() -> Own:
    """The builder."""
    return Own()


@pytest.fixture
def show() -> Callable[[ExpectedLine], Shown]:
    """First day, last day and amount of a line."""
    return shown
