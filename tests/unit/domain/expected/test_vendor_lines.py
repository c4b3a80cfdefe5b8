"""A vendor's printed lines: which arithmetic it was, and which expected line it is."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.expected.lines import ExpectedLine
from shared.domain.expected.rounding import VendorAmount
from shared.domain.expected.vendor_lines import PrintedLine, explain_printed
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.subscription import DatedPrice, Subscription

FIRST, CHANGED, END = date(2021, 6, 18), date(2021, 6, 20), date(2021, 7, 18)
Printed = Callable[..., PrintedLine]


def seats(at: date, kind: EventKind, quantity: int) -> Event:
    """An event with a quantity."""
    return Event(kind=kind, at=datetime(at.year, at.month, at.day, tzinfo=UTC), quantity=quantity)


@pytest.fixture(scope="module")
def lines() -> tuple[ExpectedLine, ...]:
    """Ten seats for a month, twelve from the third day on: new, a credit and a charge."""
    subscription = Subscription(
        id="s",
        kind=ServiceKind.LICENCE,
        currency="EUR",
        term="P1M",
        prices=(DatedPrice(amount=Decimal("10.08")),),
        events=(seats(FIRST, EventKind.CREATED, 10), seats(CHANGED, EventKind.QUANTITY_CHANGED, 12)),
    )
    return expected_lines(History(subscriptions=(subscription,))).lines


def printed(amount: str, quantity: str = "12", part: int = 28, **more: Any) -> PrintedLine:
    """A line of the changed seats, as a vendor would print it."""
    return PrintedLine(
        printed=VendorAmount(
            amount=Decimal(amount),
            currency=more.pop("currency", "EUR"),
            price=Decimal("10.08"),
            quantity=Decimal(quantity),
            part=part,
            whole=30,
        ),
        **{"start": CHANGED, "end": END, **more},
    )


def test_the_modes_that_lead_to_the_amount_are_named(lines: tuple[ExpectedLine, ...]) -> None:
    """And what every other mode leads to, with the sign of the line."""
    (charge, credit) = explain_printed([printed("112.90"), printed("-94.08", "-10")], lines)
    names = {mode.name for mode in charge.modes}

    assert {"half_up", "legacy.unrounded_half_up"} <= names
    assert "nce.product_rounddown" not in names
    assert Decimal("112.89") == {mode.name: amount for mode, amount in charge.amounts}["nce.product_rounddown"]
    assert {True} == {amount < 0 for _, amount in credit.amounts}


def test_the_expected_line_is_found_and_the_difference_told(lines: tuple[ExpectedLine, ...]) -> None:
    """By days, sign, quantity and currency; what was printed less what was expected."""
    answers = explain_printed([printed("112.90"), printed("-94.08", "-10")], lines)

    assert [(2, Decimal("0.01")), (1, Decimal("0.00"))] == [(each.index, each.difference) for each in answers]


@pytest.mark.parametrize(
    "line",
    [
        printed("112.90", subscription_id="other"),
        printed("112.90", charge_type="removeQuantity"),
        printed("112.90", "11"),
        printed("112.90", currency="USD"),
        printed("-112.90"),
        printed("112.90", start=FIRST),
        printed("112.90", end=CHANGED),
        printed("112.90", start=None, end=None),
    ],
)
def test_a_line_that_is_nothing_of_ours_is_an_answer_too(line: PrintedLine, lines: tuple[ExpectedLine, ...]) -> None:
    """Nothing is guessed."""
    (answer,) = explain_printed([line], lines)

    assert (None, None) == (answer.index, answer.difference)
    assert line.amount == answer.line.amount


def test_an_expected_line_answers_once(lines: tuple[ExpectedLine, ...]) -> None:
    """The same line printed twice is once too many; the name of the subscription and charge type may narrow it."""
    exact = printed("112.89", subscription_id="s", charge_type="ADDQUANTITY")
    answers = explain_printed([exact, exact], lines)

    assert [2, None] == [each.index for each in answers]


def test_a_printed_zero_has_no_sign(lines: tuple[ExpectedLine, ...]) -> None:
    """No arithmetic says minus zero."""
    (answer,) = explain_printed([printed("0.00", "0")], lines)

    assert {"0"} <= {f"{amount:f}"[:1] for _, amount in answer.amounts}
    assert not any(amount.is_signed() for _, amount in answer.amounts)
