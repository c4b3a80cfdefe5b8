"""Quotes of own services: what recurs where cycles are charged ahead, or units have prices by tiers."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.documents.histories import read_history
from shared.domain.expected_sales import SaleTerms
from shared.domain.prices import PriceBook
from shared.domain.quotes import Proposal, Quote, quote
from shared.domain.subscriptions.events import Event, EventKind

SEATS: dict[str, Any] = {
    "id": "s1",
    "kind": "own-recurring",
    "purchased": "2026-06-01",
    "quantity": 3,
    "tiers": [{"first": 1, "unit_price": "10"}, {"first": 5, "unit_price": "8"}],
}


def quoted(billing: dict[str, Any], kind: str, **facts: Any) -> Quote:
    """What an event of 16 June would make of three seats."""
    told = {"currency": "EUR", "subscription": {**SEATS, "billing": {"aligned_to": "calendar", **billing}}}
    history = read_history(json.dumps(told).encode(), "test").history
    event = Event(kind=EventKind(kind), at=datetime(2026, 6, 16, tzinfo=UTC), **facts)
    return quote(history, Proposal.change("s1", event), SaleTerms(prices=PriceBook([])))


@pytest.mark.parametrize("ahead", [0, 1, 2])
@pytest.mark.parametrize("correction", ["pair", "net", "additions"])
def test_what_recurs_is_the_cycle_after_all_its_corrections(ahead: int, correction: str) -> None:
    """Six seats by tiers are 4 x 10 and 2 x 8 a month, whether the next month was charged already or not."""
    made = quoted({"charged_ahead": ahead, "correction": correction}, "quantity-changed", quantity=6)
    (after,) = made.after

    assert ["30.00 EUR"] == [str(each) for each in made.per_month_before]
    assert (6, "56.00 EUR", "9.33 EUR") == (after.quantity, str(after.per_month), str(after.unit_per_month))


@pytest.mark.parametrize("ahead", [0, 1])
def test_nothing_recurs_after_a_cancellation(ahead: int) -> None:
    """What was charged ahead comes back, and counts for nothing."""
    made = quoted({"charged_ahead": ahead, "last_day_is_charged": False}, "cancelled")

    assert ([f"{-15 - 30 * ahead}.00 EUR"], ()) == ([str(each) for each in made.total_now], made.after)
