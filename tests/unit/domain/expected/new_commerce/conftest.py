"""A shop for new commerce: events, subscriptions and their expected lines in a few words."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.expected.conventions import Conventions
from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.expected.lines import Expected
from shared.domain.subscriptions.events import Event, EventKind, ordered
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.subscription import DatedPrice, Subscription

Row = tuple[str, str, str, int, str]


class Shop:
    """Makes histories. Prices are given as text; *facts* are the fields of what is made."""

    def event(self, kind: EventKind, on: str, **facts: Any) -> Event:
        """An event at that UTC instant (midnight where no time is given)."""
        return Event(kind=kind, at=datetime.fromisoformat(on).replace(tzinfo=UTC), **facts)

    def bought(self, on: str, quantity: int, **facts: Any) -> Event:
        """A purchase."""
        return self.event(EventKind.CREATED, on, quantity=quantity, **facts)

    def seats(self, on: str, quantity: int, **facts: Any) -> Event:
        """A new quantity."""
        return self.event(EventKind.QUANTITY_CHANGED, on, quantity=quantity, **facts)

    def sold(self, price: str, *events: Event, **facts: Any) -> Subscription:
        """A licence of product A, one price for everything."""
        usual = {"id": "S", "kind": ServiceKind.LICENCE, "currency": "EUR", "term": "P1Y", "product": "A"}
        prices = (DatedPrice(amount=Decimal(price), origin="list"),)
        return Subscription(events=ordered(events), **{**usual, "prices": prices, **facts})

    def bill(self, *subscriptions: Subscription, through: str = "", **choices: Any) -> Expected:
        """What should be billed until that day (inclusive)."""
        last = date.fromisoformat(through) if through else None
        return expected_lines(History(subscriptions=subscriptions, through=last, conventions=Conventions(**choices)))

    def rows(self, expected: Expected) -> list[Row]:
        """Charge type, first and last day, seats and amount of each line."""
        return [
            (line.charge_type, str(line.start), str(line.last_day), int(line.quantity), str(line.amount))
            for line in expected.lines
        ]

    def codes(self, expected: Expected) -> list[str]:
        """The codes of the issues."""
        return [issue.code.value for issue in expected.issues]


@pytest.fixture(scope="session")
def shop() -> Shop:
    """The shop."""
    return Shop()
