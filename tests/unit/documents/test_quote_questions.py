"""Quote files: a history with something proposed, and prices where the file has them."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.documents.quote_questions import QuoteQuestion, read_quote
from shared.domain.errors import InvalidError
from shared.domain.prices import PriceMethod, ScopeKind

LICENCE: dict[str, Any] = {
    "id": "s1", "kind": "licence", "term": "P1Y", "purchased": "2026-06-18", "quantity": 10, "unit_price": "10.08",
}  # fmt: skip
EVENT = {"event": {"on": "2026-06-20", "change": "+2"}}


def _read(proposed: Any, **facts: Any) -> QuoteQuestion:
    given = {"currency": "EUR", "subscription": LICENCE, "proposed": proposed} | facts
    return read_quote(
        json.dumps({name: value for name, value in given.items() if value is not None}).encode(), "q.json"
    )


def test_a_difference_counts_from_what_is_there_then() -> None:
    """Two more than the ten are twelve; the only subscription need not be named."""
    asked = _read(EVENT)

    assert ("s1", 12, date(2026, 6, 20)) == (
        asked.proposal.subscription_id,
        asked.proposal.event.quantity,
        asked.proposal.on,
    )
    assert (None, {}, {}) == (asked.price_list, asked.customer_groups, asked.own_costs)


def test_an_order_is_a_subscription_that_is_not_in_the_history() -> None:
    """Beside others, or alone."""
    beside = _read({"order": LICENCE | {"id": "s2"}})
    alone = _read({"order": {name: value for name, value in LICENCE.items() if name != "id"}}, subscription=None)

    assert (["s1"], "s2") == (
        [each.id for each in beside.question.history.subscriptions],
        beside.proposal.subscription_id,
    )
    assert ((), "1") == (alone.question.history.subscriptions, alone.proposal.subscription_id)


def test_prices_are_rows_of_a_price_list() -> None:
    """By the same column names; numbers may be numbers, what is empty may be null."""
    rows = [
        {"ProductId": "CFQ7", "Method": "fixed", "Value": "12.00", "Currency": "EUR"},
        {"CustomerGroup": "Schools", "Method": "markup_on_cost", "Value": 10, "ProductId": None},
    ]
    asked = _read(EVENT, price_list=rows, customer_groups={"Schools": ["c-1"]}, own_costs={"s1": "2"})
    assert asked.price_list is not None
    fixed, markup = asked.price_list

    assert (PriceMethod.FIXED, Decimal("12.00"), 2) == (fixed.method, fixed.value, fixed.row)
    assert (ScopeKind.GROUP, Decimal(10), 3) == (markup.scope_kind, markup.value, markup.row)
    assert ({"Schools": ("c-1",)}, {"s1": Decimal(2)}) == (asked.customer_groups, asked.own_costs)


@pytest.mark.parametrize(
    ("proposed", "facts", "told"),
    [
        (None, {}, "proposed: is missing"),
        ({}, {}, "proposed: needs an order or an event"),
        (EVENT | {"order": LICENCE}, {}, "proposed: needs an order or an event"),
        ({"change": {}}, {}, "did you mean event"),
        (EVENT | {"subscription": "s9"}, {}, "proposed.subscription: 's9' is the id of no subscription here"),
        (EVENT, {"subscription": None, "subscriptions": [LICENCE, LICENCE | {"id": "s2"}]}, "say whose event it is"),
        ({"order": LICENCE}, {}, "is the id of two subscriptions"),
        (EVENT, {"price_list": [{"Method": "fixed", "Value": True}]}, "a cell Value that is no text and no number"),
        (EVENT, {"price_list": [{"Method": "guess", "Value": "1"}]}, "q.json, price_list"),
        (EVENT, {"own_costs": {"s1": "-1"}}, "own_costs"),
    ],
)
def test_what_cannot_be_used_is_told(proposed: Any, facts: dict[str, Any], told: str) -> None:
    """With its place and its cure."""
    with pytest.raises(InvalidError) as caught:
        _read(proposed, **facts)

    assert told in str(caught.value)
