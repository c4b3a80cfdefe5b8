"""One-off services: a dated line for each purchase, whole or in instalments."""

from decimal import Decimal
from typing import Any

import pytest

from shared.domain.issues import IssueCode
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.own_billing import Share, Span
from shared.domain.subscriptions.subscription import DatedPrice

ONCE = {"kind": ServiceKind.OWN_ONE_OFF}


def test_a_one_off_line_has_a_date_and_is_not_prorated(own: Any) -> None:
    """Three days of work on the 10th cost three times the price."""
    made = own.billed(
        own.service(
            own.event("created", "2024-04-10", quantity=3),
            price="800",
            policy={"invoice_days_after": 1},
            **ONCE,
        )
    ).lines

    assert [("2024-04-10", Decimal("2400.00"), "2024-04-11", None)] == [
        (str(line.start), line.amount, str(line.invoice), line.cycle) for line in made
    ]
    assert "one-off" == made[0].charge_type


def test_more_units_are_another_purchase(own: Any) -> None:
    """At the price of their day."""
    prices = (
        DatedPrice(amount=Decimal(10)),
        DatedPrice(amount=Decimal(20), valid_from=own.event("created", "2024-04-15").on),
    )
    lines = own.lines(
        own.event("created", "2024-04-10", quantity=3),
        own.event("quantity-changed", "2024-04-20", quantity=Decimal("4.5")),
        prices=prices,
        **ONCE,
    )

    assert ["30.00", "30.00"] == [amount for *_, amount in lines]


def test_returned_units_are_given_back_at_their_price(own: Any) -> None:
    """The last purchase first."""
    lines = own.lines(
        own.event("created", "2024-04-10", quantity=3, unit_price="10"),
        own.event("price-changed", "2024-04-20", unit_price="20"),
        own.event("quantity-changed", "2024-04-20", quantity=4),
        own.event("quantity-changed", "2024-04-25", quantity=2),
        **ONCE,
    )

    assert ["30.00", "20.00", "-10.00", "-20.00"] == [amount for *_, amount in lines[:2]] + sorted(
        amount for *_, amount in lines[2:]
    )


def test_instalments_add_up(own: Any) -> None:
    """100 in three months: the last one takes the cent."""
    lines = own.lines(
        own.event("created", "2024-01-31"), price="100", policy={"instalments": 3}, through="2024-12-31", **ONCE
    )

    assert [("2024-01-31", "33.33"), ("2024-02-29", "33.33"), ("2024-03-31", "33.34")] == [
        (first, amount) for first, _, amount in lines
    ]


def test_instalments_of_returned_units(own: Any) -> None:
    """One of two units is returned after the first instalment: 10 come back, 10 less is due each time."""
    lines = own.lines(
        own.event("created", "2024-01-01", quantity=2),
        own.event("quantity-changed", "2024-01-15", quantity=1),
        price="30",
        policy={"instalments": 3},
        through="2024-12-31",
        **ONCE,
    )

    assert ["20.00", "-10.00", "10.00", "10.00"] == [amount for *_, amount in lines]


def test_all_units_returned_on_the_day_of_an_instalment(own: Any) -> None:
    """What was paid comes back, nothing more is due."""
    lines = own.lines(
        own.event("created", "2024-01-01", quantity=2),
        own.event("quantity-changed", "2024-02-01", quantity=0),
        price="30",
        policy={"instalments": 3},
        through="2024-12-31",
        **ONCE,
    )

    assert ["20.00", "-20.00"] == [amount for *_, amount in lines]


def test_instalments_every_ten_days(own: Any) -> None:
    """The charge cycle is the distance between instalments."""
    lines = own.lines(
        own.event("created", "2024-01-01"),
        price="10",
        policy={"instalments": 2, "span": Span.DAYS, "every": 10},
        through="2024-12-31",
        **ONCE,
    )

    assert ["2024-01-01", "2024-01-11"] == [first for first, *_ in lines]


@pytest.mark.parametrize(
    ("day", "expected"), [("2024-01-01T09:00:00", []), ("2024-01-15", ["10.00"]), ("2024-02-01", ["10.00", "10.00"])]
)
def test_a_cancellation_ends_the_instalments(own: Any, day: str, expected: list[str]) -> None:
    """On the day of the purchase it undoes it; later it gives nothing back."""
    lines = own.lines(
        own.event("created", "2024-01-01"),
        own.event("cancelled", day),
        price="30",
        policy={"instalments": 3},
        through="2024-12-31",
        **ONCE,
    )

    assert expected == [amount for *_, amount in lines]


def test_amounts_are_given_back_up_to_what_was_paid(own: Any) -> None:
    """5 of 30 first; then no more than what is left."""
    made = own.billed(
        own.service(
            own.event("created", "2024-01-01"),
            own.event("credited", "2024-01-02", amount="5"),
            own.event("credited", "2024-01-03", amount="50"),
            price="30",
            **ONCE,
        )
    )

    assert [Decimal("30.00"), Decimal(-5), Decimal("-25.00")] == [line.amount for line in made.lines]
    assert [IssueCode.EVENT_IGNORED] == [issue.code for issue in made.issues]


def test_a_missing_price_is_said(own: Any) -> None:
    """Nothing is charged."""
    made = own.billed(own.service(own.event("created", "2024-01-01"), **ONCE))

    assert [IssueCode.PRICE_MISSING] == [issue.code for issue in made.issues]
    assert () == made.lines


def test_seconds_do_not_matter_to_a_one_off_line(own: Any) -> None:
    """It has a day."""
    lines = own.lines(own.event("created", "2024-01-01T10:00:00"), price="30", policy={"share": Share.SECONDS}, **ONCE)

    assert [("2024-01-01", "2024-01-01", "30.00")] == lines
