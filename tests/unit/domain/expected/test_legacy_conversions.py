"""Legacy conversions that come with another quantity."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.subscriptions.events import Event, EventKind, ordered
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.subscription import DatedPrice, Subscription


def _event(kind: EventKind, on: str, **fields: Any) -> Event:
    return Event(kind=kind, at=datetime.fromisoformat(on).replace(tzinfo=UTC), **fields)


CREATED = _event(EventKind.CREATED, "2020-01-10", quantity=10)


def _rows(*events: Event, price: str = "31") -> list[tuple[str, str, str, int, str]]:
    """Charge type, first and last day, quantity and amount of each line."""
    prices = (DatedPrice(amount=Decimal(price)),)
    sold = Subscription(id="s", kind=ServiceKind.LEGACY_LICENCE, currency="EUR", events=ordered(events), prices=prices)
    return [
        (line.charge_type, str(line.start), str(line.last_day), int(line.quantity), str(line.amount))
        for line in expected_lines(History(subscriptions=(sold,))).lines
    ]


def test_seats_changed_on_the_day_of_a_conversion_are_settled_before_it() -> None:
    """Microsoft's example of 2,650 licences: the month is billed again with them, and their rest is given back."""
    created = _event(EventKind.CREATED, "2021-05-26", quantity=1)
    seats = _event(EventKind.QUANTITY_CHANGED, "2021-06-01", quantity=2650)
    yearly = _event(EventKind.PLAN_CHANGED, "2021-06-01", plan=Plan.ANNUAL, unit_price=Decimal("270.12"))
    rows = _rows(created, seats, yearly, price="21.10")

    assert [
        ("Convert from instance prorate", "2021-05-26", "2021-06-25", 1, "-21.10"),
        ("Convert from instance prorate", "2021-05-26", "2021-05-31", 1, "4.08"),
        ("Convert from instance prorate", "2021-06-01", "2021-06-25", 2650, "45092.74"),
        ("Prorate fees when convert to a new offering", "2021-06-01", "2021-06-25", 2650, "-45092.74"),
        ("Prorate fees when convert away from current offering", "2021-06-01", "2022-05-31", 2650, "715818.00"),
    ] == rows[1:]


def test_a_change_of_plan_may_bring_its_quantity() -> None:
    """It counts from the new term on."""
    yearly = _event(EventKind.PLAN_CHANGED, "2020-01-20", plan=Plan.ANNUAL, unit_price=Decimal(300), quantity=12)

    assert (12, "3600.00") == _rows(CREATED, yearly)[-1][3:]
