"""Legacy licences: events that make no sense are told and change nothing; nothing else is raised."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.errors import InvalidError, PeriodError
from shared.domain.expected.conventions import Conventions
from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.expected.lines import Expected, ExpectedLine
from shared.domain.issues import IssueCode
from shared.domain.subscriptions.events import Event, EventKind, ordered
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.subscription import DatedPrice, Subscription

Row = tuple[str, str, str, int, str]


def _event(kind: EventKind, on: str, **fields: Any) -> Event:
    return Event(kind=kind, at=datetime.fromisoformat(on).replace(tzinfo=UTC), **fields)


CREATED = _event(EventKind.CREATED, "2020-01-10", quantity=10)


def _subscription(*events: Event, **fields: Any) -> Subscription:
    named: dict[str, Any] = {"id": "sub-1", "prices": (DatedPrice(amount=Decimal(31)),), **fields}
    return Subscription(kind=ServiceKind.LEGACY_LICENCE, currency="EUR", events=ordered(events), **named)


def _bill(*subscriptions: Subscription, through: str | None = None, conventions: Conventions | None = None) -> Expected:
    last_day = date.fromisoformat(through) if through else None
    return expected_lines(
        History(subscriptions=subscriptions, through=last_day, conventions=conventions or Conventions())
    )


def _made(*events: Event, through: str | None = None, **fields: Any) -> Expected:
    return _bill(_subscription(*events, **fields), through=through)


def _rows(lines: Iterable[ExpectedLine]) -> list[Row]:
    return [
        (line.charge_type, str(line.start), str(line.last_day), int(line.quantity), str(line.amount)) for line in lines
    ]


def _codes(made: Expected) -> list[IssueCode]:
    return [issue.code for issue in made.issues]


REFUSED = [
    _event(EventKind.CREATED, "2020-01-11", quantity=1),
    _event(EventKind.QUANTITY_CHANGED, "2020-01-11"),
    _event(EventKind.QUANTITY_CHANGED, "2020-01-11", quantity=-1),
    _event(EventKind.SEATS_MOVED, "2020-01-11"),
    _event(EventKind.SEATS_MOVED, "2020-01-11", quantity=11),
    _event(EventKind.REACTIVATED, "2020-01-11"),
    _event(EventKind.RENEWED, "2020-01-11"),
    _event(EventKind.PRICE_CHANGED, "2020-01-11"),
    _event(EventKind.PRICE_CHANGED, "2020-01-11", unit_price=Decimal(-1)),
    _event(EventKind.PROMOTION_BEGAN, "2020-01-11"),
    _event(EventKind.PROMOTION_BEGAN, "2020-01-11", percent=Decimal(101)),
    _event(EventKind.CREDITED, "2020-01-11", amount=Decimal(-1)),
    _event(EventKind.TERM_EXTENDED, "2020-01-11"),
]


@pytest.mark.parametrize("event", REFUSED, ids=lambda event: f"{event.kind}")
def test_an_event_that_makes_no_sense_is_told_and_changes_nothing(event: Event) -> None:
    """The lines are those without it; the issue names the subscription and the event."""
    made = _made(CREATED, event)

    assert _made(CREATED).lines == tuple(line._replace(subscription=_subscription(CREATED)) for line in made.lines)
    assert [IssueCode.EVENT_IGNORED] == _codes(made)
    assert f"{event.kind} of 2020-01-11" in made.issues[0].message
    assert "sub-1" in made.issues[0].message


def test_what_happens_before_the_beginning_or_after_the_end_is_told() -> None:
    """A change before the purchase, a second suspension, a change after the cancellation."""
    made = _made(
        _event(EventKind.QUANTITY_CHANGED, "2020-01-01", quantity=1),
        CREATED,
        _event(EventKind.SUSPENDED, "2020-03-01"),
        _event(EventKind.SUSPENDED, "2020-03-02"),
        _event(EventKind.CANCELLED, "2020-03-03"),
        _event(EventKind.QUANTITY_CHANGED, "2020-03-04", quantity=1),
    )

    assert [IssueCode.EVENT_IGNORED] * 3 == _codes(made)
    assert "-96.21" == str(made.lines[-1].amount)


def test_nothing_created_bills_nothing_and_a_purchase_needs_a_quantity() -> None:
    """Without events there is nothing to say; a purchase without quantity is told."""
    no_quantity = _made(_event(EventKind.CREATED, "2020-01-10"))

    assert Expected(()) == _made(through="2020-01-01")
    assert ((), [IssueCode.EVENT_IGNORED]) == (no_quantity.lines, _codes(no_quantity))


def test_a_missing_price_is_told_and_a_history_may_begin_with_a_renewal() -> None:
    """No line without a price; the first event of a history may be the renewal of what ran before."""
    no_price = _made(CREATED, prices=())
    renewed = _made(_event(EventKind.RENEWED, "2020-01-10", quantity=10))

    assert ((), [IssueCode.PRICE_MISSING]) == (no_price.lines, _codes(no_price))
    assert [("Prorate fee when renew", "2020-01-10", "2020-02-09", 10, "310.00")] == _rows(renewed.lines)


def test_a_day_or_a_term_that_does_not_exist_is_refused() -> None:
    """The documented errors, and no others."""
    with pytest.raises(PeriodError):
        _made(CREATED, partner_billing_day=32)
    with pytest.raises(InvalidError):
        _made(CREATED, term="forever")


def test_a_renewal_that_begins_a_history_has_no_window_to_give_everything_back() -> None:
    """The window belongs to the purchase, which was before; only the unused days are given back."""
    made = _made(_event(EventKind.RENEWED, "2020-01-10", quantity=10), _event(EventKind.CANCELLED, "2020-01-20"))

    assert [("Cancel Fee", "2020-01-20", "2020-02-09", 10, "-210.00")] == _rows(made.lines[1:])
