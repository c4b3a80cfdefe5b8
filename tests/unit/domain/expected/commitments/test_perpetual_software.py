"""Perpetual software: one line without an end, given back in full within 30 calendar days."""

from decimal import Decimal
from typing import Any

import pytest

from shared.domain.issues import IssueCode


def _software(told: Any, *events: Any, **fields: Any) -> Any:
    created = told.event("created", "2026-01-01T15:00", quantity=2)
    return told.subscription("perpetual-software", created, *events, **{"price": "500", **fields})


def _types(made: Any) -> list[tuple[str, str]]:
    return [(line.charge_type, str(line.amount)) for line in made.lines]


@pytest.mark.parametrize(("day", "is_refunded"), [("2026-01-31", True), ("2026-02-01", False)])
def test_the_window_is_thirty_calendar_days(told: Any, day: str, is_refunded: bool) -> None:  # noqa: FBT001 - an outcome
    """The whole charge comes back to the end of the thirtieth day."""
    made = told.billed(_software(told, told.event("cancelled", f"{day}T23:59")))

    assert [("new", "1000.00"), ("cancelImmediate", "-1000.00")][: 1 + is_refunded] == _types(made)
    assert is_refunded == (not made.issues)
    assert {None} == {day for line in made.lines for day in (line.start, line.end)}


def test_units_are_bought_and_given_back_purchase_by_purchase(told: Any) -> None:
    """The youngest go first, each within its own window; the rest is an issue."""
    events = (
        told.event("quantity-changed", "2026-02-10", quantity=5),
        told.event("quantity-changed", "2026-02-11", quantity=4),
        told.event("cancelled", "2026-02-12"),
    )
    made = told.billed(_software(told, *events))

    assert [
        ("new", "1000.00"),
        ("new", "1500.00"),
        ("cancelImmediate", "-500.00"),
        ("cancelImmediate", "-1000.00"),
    ] == _types(made)
    assert [IssueCode.EVENT_IGNORED] == [issue.code for issue in made.issues]
    assert made.lines[1] == made.lines[3].corrects


def test_a_promotion_is_taken_off(told: Any) -> None:
    """Of the purchases made while it is open."""
    made = told.billed(_software(told, told.event("promotion-began", "2026-01-01", percent="10")))

    assert ["900.00"] == [str(line.amount) for line in made.lines]
    assert Decimal(500) == made.lines[0].price.listed


def test_software_is_converted_with_the_rate_of_its_month(told: Any) -> None:
    """Without one it is not billed, and nothing is given back."""
    software = _software(told, told.event("cancelled", "2026-01-02"))
    made = [told.billed(software, currency="EUR", exchanges=rates) for rates in ((told.rate("0.9", "2025-12-29"),), ())]

    assert [["900.00", "-900.00"], []] == [[str(line.amount) for line in each.lines] for each in made]
    assert [IssueCode.RATE_MISSING] == [issue.code for issue in made[1].issues]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("quantity-changed", {"quantity": -1}),
        ("quantity-changed", {}),
        ("renewed", {}),
        ("created", {"quantity": 1}),
        ("upgraded", {"product": "x"}),
    ],
)
def test_what_makes_no_sense_is_left_out(told: Any, kind: str, fields: dict[str, Any]) -> None:
    """The purchase is billed."""
    made = told.billed(_software(told, told.event(kind, "2026-01-05", **fields)))

    assert ([("new", "1000.00")], [IssueCode.EVENT_IGNORED]) == (_types(made), [i.code for i in made.issues])


def test_software_without_a_price_is_an_issue(told: Any) -> None:
    """What was not charged is not given back."""
    made = told.billed(_software(told, told.event("cancelled", "2026-01-05"), price=None))

    assert ((), [IssueCode.PRICE_MISSING]) == (made.lines, [issue.code for issue in made.issues])


def test_nothing_is_bought_with_no_units(told: Any) -> None:
    """Nor is there anything to cancel; one unit where none is given."""
    none = told.subscription(
        "perpetual-software",
        told.event("created", "2026-01-01", quantity=0),
        told.event("cancelled", "2026-01-02"),
        price="1",
    )
    one = told.subscription("perpetual-software", told.event("created", "2026-01-01"), price="1")

    assert [2, 0] == [len(told.billed(each).issues) for each in (none, one)]
    assert [("new", "1.00")] == _types(told.billed(one))


def test_software_that_was_never_created_is_not_billed(told: Any) -> None:
    """A history begins with the purchase; later events are not seen before their day."""
    made = told.billed(told.subscription("perpetual-software", told.event("cancelled", "2026-01-02"), price="1"))
    early = told.billed(_software(told, told.event("cancelled", "2026-01-05")), through="2026-01-04")

    assert ((), [("new", "1000.00")]) == (made.lines, _types(early))
