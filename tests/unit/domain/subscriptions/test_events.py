"""Events: UTC only, and one order whatever the order of arrival."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import permutations

import pytest

from shared.domain.errors import InvalidError
from shared.domain.subscriptions.events import Event, EventKind, ordered

_Happened = Callable[..., Event]


@pytest.mark.parametrize("zone", [None, timezone(timedelta(hours=1))])
def test_an_event_is_given_in_utc(zone: timezone | None) -> None:
    """Another zone, or none, is refused: a day would be another day."""
    with pytest.raises(InvalidError, match="in UTC"):
        Event(kind=EventKind.CREATED, at=datetime(2026, 1, 1, tzinfo=zone))


def test_an_event_belongs_to_its_utc_day() -> None:
    """Half past eleven in the evening is still that day."""
    assert date(2026, 1, 1) == Event(kind=EventKind.CREATED, at=datetime(2026, 1, 1, 23, 30, tzinfo=UTC)).on


def test_events_are_put_in_order_whatever_the_order_of_arrival(happened: _Happened) -> None:
    """By instant, then kind, then who says so, then everything else; an event given twice counts once."""
    events = (
        happened(EventKind.CREATED, "2026-01-01"),
        happened(EventKind.QUANTITY_CHANGED, "2026-01-01", quantity=5),
        happened(EventKind.CANCELLED, "2026-01-01"),
        happened(EventKind.QUANTITY_CHANGED, "2026-01-02", quantity=7, source="audit", id="1"),
        happened(EventKind.QUANTITY_CHANGED, "2026-01-02", quantity=6, source="audit", id="2"),
    )

    assert {events} == {ordered((*arrived, arrived[0])) for arrived in permutations(events)}


def test_events_that_differ_in_one_field_only_have_one_order_too(happened: _Happened) -> None:
    """Two quantities of one instant and source: the same one is the last, whoever arrived first."""
    one, other = (happened(EventKind.QUANTITY_CHANGED, "2026-01-01", quantity=quantity) for quantity in (5, 6))

    assert ordered((one, other)) == ordered((other, one))


def test_a_purchase_comes_before_its_changes_and_they_before_the_end() -> None:
    """The kinds are declared in the order in which events of one instant count."""
    kinds = list(EventKind)

    assert EventKind.CREATED is kinds[0]
    assert kinds.index(EventKind.RENEWED) < kinds.index(EventKind.QUANTITY_CHANGED) < kinds.index(EventKind.SUSPENDED)
    assert kinds.index(EventKind.SUSPENDED) < kinds.index(EventKind.CANCELLED)
