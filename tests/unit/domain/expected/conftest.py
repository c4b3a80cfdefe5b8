"""Histories of usage and commitments written shortly: events by day, dated prices, and the lines that come out."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.expected.conventions import Conventions
from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.expected.lines import Exchange, Expected, ExpectedLine
from shared.domain.subscriptions.events import Event, EventKind, ordered
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.subscription import DatedPrice, Subscription, Tier, Usage

Shown = tuple[str, str, str, str, str]
_NUMBERS = ("unit_price", "amount", "percent")


class Told:
    """Builds subscriptions, usage and histories from text, and bills them."""

    def event(self, kind: str, at: str, **fields: Any) -> Event:
        """Return an event; numbers and days may be text."""
        numbers = {name: Decimal(fields[name]) for name in _NUMBERS if isinstance(fields.get(name), str)}
        days = {"ends_on": date.fromisoformat(fields["ends_on"])} if isinstance(fields.get("ends_on"), str) else {}
        instant = datetime.fromisoformat(at).replace(tzinfo=UTC)
        return Event(kind=EventKind(kind), at=instant, **{**fields, **numbers, **days})

    def subscription(self, kind: str, *events: Event, **fields: Any) -> Subscription:
        """Return a subscription in USD named "s", with one price for a charge cycle where *price* is given."""
        price = fields.pop("price", None)
        if price is not None:
            fields["prices"] = (DatedPrice(amount=Decimal(price)),)
        usual: dict[str, Any] = {"id": "s", "currency": "USD", "events": ordered(events)}
        return Subscription(kind=ServiceKind(kind), **{**usual, **fields})

    def price(self, amount: str, per: str = "cycle", **fields: Any) -> DatedPrice:
        """Return a dated price."""
        since = fields.pop("since", None)
        return DatedPrice(
            amount=Decimal(amount), per=per, valid_from=date.fromisoformat(since) if since else None, **fields
        )

    def tiers(self, *rows: tuple[int, str], meter: str = "") -> tuple[Tier, ...]:
        """Return tiers from (first unit, price) pairs."""
        return tuple(Tier(first=first, unit_price=Decimal(price), meter=meter) for first, price in rows)

    def usage(self, on: str, quantity: str, **fields: Any) -> Usage:
        """Return usage of the subscription "s"."""
        if isinstance(fields.get("unit_price"), str):
            fields["unit_price"] = Decimal(fields["unit_price"])
        usual: dict[str, Any] = {"subscription_id": "s", "on": date.fromisoformat(on), "quantity": Decimal(quantity)}
        return Usage(**{**usual, **fields})

    def rate(self, rate: str, on: str, to_currency: str = "EUR", source: str = "") -> Exchange:
        """Return a rate from USD."""
        return Exchange(Decimal(rate), date.fromisoformat(on), source, "USD", to_currency)

    def billed(self, *subscriptions: Subscription, through: str = "", **fields: Any) -> Expected:
        """Return what should have been billed; conventions may be given by name."""
        names = [name for name in fields if name in Conventions.__dataclass_fields__]
        conventions = Conventions(**{name: fields.pop(name) for name in names})
        last_day = date.fromisoformat(through) if through else None
        return expected_lines(History(subscriptions=subscriptions, through=last_day, conventions=conventions, **fields))

    def shown(self, expected: Expected) -> list[Shown]:
        """Return charge type, first and last day, quantity and amount of each line."""
        return [_shown(line) for line in expected.lines]


def _shown(line: ExpectedLine) -> Shown:
    days = f"{line.start or ''}", f"{line.last_day or ''}"
    return line.charge_type, *days, f"{line.quantity}", f"{line.amount}"


@pytest.fixture
def told() -> Told:
    """Return the builder."""
    return Told()
