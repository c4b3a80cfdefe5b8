"""Wording: one sentence for each line, and arithmetic that leads to its cent on a calculator."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.expected.lines import Exchange, ExpectedLine, Piece, UnitPrice
from shared.domain.expected.piece_amounts import amount_of
from shared.domain.expected.rounding import MODES
from shared.domain.expected.rules import Rule
from shared.domain.expected.wording import arithmetic, sentence
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.subscription import Subscription

MakeLine = Callable[..., ExpectedLine]
CHANGED = Event(kind=EventKind.QUANTITY_CHANGED, at=datetime(2021, 6, 20, tzinfo=UTC), quantity=12)
RATE = Exchange(Decimal("0.9"), date(2022, 3, 29), "monthly rate", "USD", "EUR")
SUBSCRIPTION = Subscription(id="s", kind=ServiceKind.LICENCE, currency="EUR", events=())


def _line(mode: str = "half_up", **facts: Any) -> ExpectedLine:
    """A line over 28 of 30 days from 20 June 2021; its amount follows from its facts."""
    price = facts.pop("price", Decimal("10.08"))
    values: dict[str, Any] = {
        "rule": Rule("test", "a test"),
        "charge_type": "addQuantity",
        "subscription": SUBSCRIPTION,
        "event": None,
        "start": date(2021, 6, 20),
        "end": date(2021, 7, 18),
        "cycle": None,
        "part": 28,
        "whole": 30,
        "quantity": 12,
        "sign": 1,
        "price": UnitPrice(price, price),
        "amount": Decimal(0),
        "currency": "EUR",
        "mode": MODES[mode],
        **facts,
    }
    line = ExpectedLine(**values)
    if line.pieces:
        amount = amount_of(line.pieces, line.mode, line.exchange, "EUR", line.part, line.whole)
        return line._replace(amount=line.sign * amount)
    rate = line.exchange.rate if line.exchange else Decimal(1)
    amount = line.mode.amount(price, line.sign * line.quantity, line.part, line.whole, rate, currency="EUR")
    return line._replace(amount=amount)


def test_a_change_of_quantity_is_told_with_both_quantities() -> None:
    """The reader sees from what to what, how many days, and from when to when."""
    line = _line(event=CHANGED, quantity_before=10, quantity_after=12)

    assert (
        "Quantity changed from 10 to 12 on 2021-06-20: 12 x 10.08 EUR, 28 of 30 days, 2021-06-20 to 2021-07-17."
        == sentence(line)
    )


def test_a_credit_says_so() -> None:
    """A refund is called a credit, in every language."""
    line = _line(event=CHANGED, sign=-1, part=30)

    assert "Quantity changed on 2021-06-20: credit for 12 x 10.08 EUR, 2021-06-20 to 2021-07-17." == sentence(line)
    assert "Menge am 20.06.2021 geändert: Gutschrift für 12 x 10,08 EUR, 20.06.2021 bis 17.07.2021." == (
        sentence(line, "de")
    )
    assert "Antalet ändrades den 2021-06-20: kredit för 12 x 10,08 EUR, 2021-06-20 till 2021-07-17." == (
        sentence(line, "sv")
    )


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"part": 30}, "Regular charge: 12 x 10.08 EUR, 2021-06-20 to 2021-07-17."),
        ({"part": 1, "whole": 1, "start": None, "end": None}, "Regular charge: 12 x 10.08 EUR."),
        ({"price": Decimal(0)}, "Regular charge: no charge, 2021-06-20 to 2021-07-17."),
        (
            {"part": 30, "end": date(2021, 6, 21)},
            "Regular charge: 12 x 10.08 EUR, 2021-06-20.",
        ),
        (
            {"pieces": (Piece(Decimal(100), Decimal(1)), Piece(Decimal(1), Decimal("0.80")))},
            "Usage: 12 units by tiers, 28 of 30 days, 2021-06-20 to 2021-07-17.",
        ),
        (
            {"pieces": (Piece(Decimal(12), Decimal(1)),), "sign": -1, "event": CHANGED},
            "Quantity changed on 2021-06-20: credit for 12 units by tiers, 28 of 30 days, 2021-06-20 to 2021-07-17.",
        ),
        (
            {"pieces": (Piece(Decimal(12), Decimal(1)),), "part": 1, "whole": 3, "counted": "times"},
            "Usage: 12 units by tiers, 2021-06-20 to 2021-07-17.",
        ),
        (
            {"rule": Rule("own.cycle", "a test"), "pieces": (Piece(Decimal(12), Decimal(1)),)},
            "Regular charge: 12 units by tiers, 28 of 30 days, 2021-06-20 to 2021-07-17.",
        ),
        (
            {"rule": Rule("own.minimum", "a test"), "part": 30, "inputs": (("minimum", "50.00"),)},
            "Made up to the minimum of 50.00: 12 x 10.08 EUR, 2021-06-20 to 2021-07-17.",
        ),
        (
            {"rule": Rule("own.metered", "a test"), "part": 30, "inputs": (("used", "12"), ("billed", "12"))},
            "Usage: 12 x 10.08 EUR, 2021-06-20 to 2021-07-17.",
        ),
        (
            {"rule": Rule("own.metered", "a test"), "part": 30, "inputs": (("used", "14.5"), ("billed", "12"))},
            "Usage of 14.5, of which 2.5 are free: 12 x 10.08 EUR, 2021-06-20 to 2021-07-17.",
        ),
    ],
)
def test_a_sentence_says_no_more_than_there_is(facts: dict[str, Any], expected: str) -> None:
    """Without an event, a share or a period the sentence leaves them out."""
    assert expected == sentence(_line(**facts))


@pytest.mark.parametrize(
    ("mode", "facts", "expected"),
    [
        ("half_up", {"part": 30}, "10.08 x 12 = 120.96 EUR"),
        ("nce.product_rounddown", {}, "10.08 x 12 x 28 / 30 = 112.896, cut to 112.89 EUR"),
        ("nce.product_rounddown", {"sign": -1}, "10.08 x -12 x 28 / 30 = -112.896, cut to -112.89 EUR"),
        ("nce.documented_licence", {}, "10.08 x 28 / 30 = 9.408, cut to 9.40; 9.40 x 12 = 112.80 EUR"),
        (
            "legacy.day_rate_2dp",
            {"price": Decimal(48), "part": 346, "whole": 365, "quantity": 2},
            "48 / 365 = 0.131506..., rounded to 0.13; 0.13 x 2 x 346 = 89.96 EUR",
        ),
        ("legacy.day_rate_2dp", {"part": 30}, "10.08 x 12 = 120.96 EUR"),
        (
            "ratio_4dp",
            {"price": Decimal(200), "part": 26, "whole": 31, "quantity": 1},
            "26 / 31 = 0.838709..., rounded to 0.8387; 200 x 1 x 0.8387 = 167.74 EUR",
        ),
        (
            "legacy.documented_formula",
            {"quantity": 3, "sign": -1, "price": Decimal(30)},
            "30 x 3 / 30 = 3.00; 3.00 x 28 / 3 = 28.00; 28.00 x -3 = -84.00 EUR",
        ),
        ("legacy.documented_formula", {"quantity": 0}, "10.08 x 0 x 28 / 30 = 0.00 EUR"),
        (
            "nce.usage",
            {"exchange": RATE, "part": 1, "whole": 1, "quantity": Decimal("1.005")},
            "10.08 x 1.005 = 10.1304, cut to 10.13; 10.13 x 0.9 = 9.117, cut to 9.11 EUR",
        ),
        ("nce.usage", {}, "10.08 x 12 x 28 / 30 = 112.896, cut to 112.89 EUR"),
        (
            "half_up",
            {"pieces": (Piece(100, Decimal(1)), Piece(1, Decimal("0.80"))), "part": 1, "whole": 1},
            "1 x 100 + 0.80 x 1 = 100.80 EUR",
        ),
        (
            "half_up",
            {"pieces": (Piece(100, Decimal(1)), Piece(1, Decimal("0.80"))), "part": 1, "whole": 1, "exchange": RATE},
            "1 x 100 + 0.80 x 1 = 100.8; 100.8 x 0.9 = 90.72 EUR",
        ),
        (
            "half_up",
            {"pieces": (Piece(3, Decimal(1)),), "exchange": RATE, "sign": -1},
            "1 x -3 x 28 / 30 x 0.9 = -2.52 EUR",
        ),
    ],
)
def test_arithmetic_shows_each_rounding_where_it_happens(mode: str, facts: dict[str, Any], expected: str) -> None:
    """Whoever redoes the steps in this order arrives at this cent."""
    assert expected == arithmetic(_line(mode, **facts))


def test_tiers_are_added_up_before_they_are_converted() -> None:
    """The sum of the tiers is cut before the rate is applied, where the mode says so."""
    pieces = (Piece(Decimal(100), Decimal("1.005")), Piece(Decimal("1.5"), Decimal("0.80")))
    line = _line("nce.usage", pieces=pieces, part=1, whole=1, exchange=RATE)

    assert "1.005 x 100 + 0.80 x 1.5 = 101.7; 101.70 x 0.9 = 91.53 EUR" == arithmetic(line)


def test_usage_is_called_usage() -> None:
    """A line of usage that no event made is no regular charge."""
    line = _line(rule=Rule("usage.day", "a day"), part=1, whole=1)

    assert "Usage: 12 x 10.08 EUR, 2021-06-20 to 2021-07-17." == sentence(line)


def test_arithmetic_is_written_as_the_language_writes_numbers() -> None:
    """A German reader sees decimal commas and German words."""
    line = _line("nce.product_rounddown")

    assert "10,08 x 12 x 28 / 30 = 112,896, abgeschnitten auf 112,89 EUR" == arithmetic(line, "de")


@given(
    mode=st.sampled_from(sorted(set(MODES) - {"nce.raw"})),
    pieces=st.lists(st.tuples(st.decimals(0, 500, places=2), st.decimals(0, 20, places=3)), min_size=1, max_size=4),
    share=st.tuples(st.integers(1, 31), st.integers(31, 366)) | st.just((1, 1)),
    rate=st.none() | st.decimals("0.1", 20, places=5),
    sign=st.sampled_from((1, -1)),
)
def test_a_calculator_arrives_at_the_amount_of_tiers(
    mode: str, pieces: list[tuple[Decimal, Decimal]], share: tuple[int, int], rate: Decimal | None, sign: int
) -> None:
    """The tiers' sum and every step after it have the values that are shown."""
    exchange = RATE if rate is None else Exchange(rate, date(2022, 3, 29), "monthly rate", "USD", "EUR")
    made = tuple(Piece(quantity, price) for quantity, price in pieces)
    line = _line(mode, pieces=made, part=share[0], whole=share[1], exchange=exchange, sign=sign)

    _holds(line)


def _value(expression: str) -> Fraction:
    total = Fraction(0)
    for term in expression.split(" + "):
        product, sign = Fraction(1), "x"
        for token in term.split():
            if token in {"x", "/"}:
                sign = token
            else:
                product = product * Fraction(token) if sign == "x" else product / Fraction(token)
        total += product
    return total


@given(
    mode=st.sampled_from(sorted(set(MODES) - {"nce.raw"})),
    price=st.decimals(0, 5000, places=4),
    quantity=st.integers(0, 500) | st.decimals(0, 500, places=3),
    share=st.tuples(st.integers(1, 31), st.integers(31, 366)) | st.just((1, 1)),
    rate=st.none() | st.decimals("0.1", 20, places=5),
    sign=st.sampled_from((1, -1)),
)
def test_a_calculator_arrives_at_the_amount(  # the table of a property is its arguments
    mode: str, price: Decimal, quantity: int | Decimal, share: tuple[int, int], rate: Decimal | None, sign: int
) -> None:
    """Each step's expression has the value that is shown for it, and the last one ends in the line's amount."""
    exchange = RATE if rate is None else Exchange(rate, date(2022, 3, 29), "monthly rate", "USD", "EUR")
    line = _line(mode, price=price, quantity=quantity, part=share[0], whole=share[1], exchange=exchange, sign=sign)

    _holds(line)


def _holds(line: ExpectedLine) -> None:
    steps = arithmetic(line).removesuffix(" EUR").split("; ")

    for step in steps:
        expression, _, told = step.partition(" = ")
        shown = re.match(r"-?[\d.]+?(?=\.\.\.|,|$)", told)
        assert shown is not None
        assert abs(_value(expression) - Fraction(shown[0])) < Fraction(1, 10**6)
    assert str(line.amount) in steps[-1].partition(" = ")[2].replace(",", "").split()
