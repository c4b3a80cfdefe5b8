"""Expected lines, conventions and histories: what follows from their fields."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from shared.domain.expected.conventions import DEFAULT_MODES, Conventions, LineFamily
from shared.domain.expected.history import History
from shared.domain.expected.lines import Exchange, Expected, ExpectedLine, Piece, UnitPrice
from shared.domain.expected.rounding import MODES
from shared.domain.expected.rules import Rule
from shared.domain.money import Money
from shared.domain.periods import Period
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.subscription import Subscription

_EVENT = Event(kind=EventKind.CREATED, at=datetime(2026, 1, 15, 9, tzinfo=UTC), quantity=3)
_SOLD = Subscription(id="s", kind=ServiceKind.LICENCE, currency="EUR", events=(_EVENT,))
_CYCLE = Period(date(2026, 1, 15), date(2026, 2, 15))


@pytest.fixture
def line() -> ExpectedLine:
    """A refund of three seats for ten of 31 days."""
    price = UnitPrice(Decimal("10.00"), Decimal("10.00"))
    return ExpectedLine(
        rule=Rule("nce.remove_quantity", "The rest of the cycle is given back."),
        charge_type="removeQuantity",
        subscription=_SOLD,
        event=_EVENT,
        start=date(2026, 2, 5),
        end=_CYCLE.end,
        cycle=_CYCLE,
        part=10,
        whole=31,
        quantity=3,
        sign=-1,
        price=price,
        amount=Decimal("-9.67"),
        currency="EUR",
        mode=MODES["nce.product_rounddown"],
    )


def test_a_line_keeps_its_value_before_the_rounding(line: ExpectedLine) -> None:
    """Price x quantity x share, with its sign, as a fraction."""
    assert Fraction(-300, 31) == line.unrounded
    assert Money(Decimal("-9.67"), "EUR") == line.money
    assert line.amount == line.mode.amount(-line.price.amount, 3, 10, 31, currency="EUR")


def test_an_exchange_is_part_of_the_value(line: ExpectedLine) -> None:
    """The rate multiplies the pricing currency's amount."""
    exchange = Exchange(Decimal("0.9"), date(2026, 2, 1), "mid-rate", "USD", "EUR")

    assert Fraction(-270, 31) == line._replace(exchange=exchange).unrounded


def test_tiers_are_summed_before_the_rounding(line: ExpectedLine) -> None:
    """Each piece costs its own price."""
    pieces = (Piece(100, Decimal("0.05")), Piece(Decimal("0.5"), Decimal("0.04")))

    assert Fraction("5.02") == line._replace(pieces=pieces, sign=1, part=1, whole=1).unrounded


def test_documents_show_the_last_day(line: ExpectedLine) -> None:
    """Ends are exclusive inside; a thing without a period has no last day."""
    assert date(2026, 2, 14) == line.last_day
    assert line._replace(end=None).last_day is None


def test_a_credits_effective_price_is_negative(line: ExpectedLine) -> None:
    """The sign stands on the effective price; nothing is never negative, and no digit is lost."""
    long = Decimal("1.234567890123456789012345678901234567")

    assert "-3.225806451612903225" == str(line.effective_unit_price)
    assert "3.225806451612903225" == str(line._replace(sign=1).effective_unit_price)
    assert "0" == str(line._replace(price=UnitPrice(Decimal(0), Decimal(0)), part=31).effective_unit_price)
    assert f"-{long}" == str(line._replace(price=UnitPrice(long, long), part=31).effective_unit_price)


def test_a_total_is_the_sum_of_the_rounded_lines_of_its_currency(line: ExpectedLine) -> None:
    """Other currencies stay out of it."""
    lines = (line, line._replace(amount=Decimal("20.00")), line._replace(amount=Decimal(7), currency="USD"))

    assert Money(Decimal("10.33"), "EUR") == Expected(lines).total("EUR")
    assert Money(Decimal("0.00"), "SEK") == Expected(lines).total("SEK")


def test_variants_are_named_once(line: ExpectedLine) -> None:
    """In the order in which lines first rest on them."""
    lines = (line._replace(variants=("b",)), line._replace(variants=("a", "b")), line)

    assert ("b", "a") == Expected(lines).variants


def test_every_family_has_an_arithmetic_that_can_be_replaced() -> None:
    """A chosen mode counts for its family only."""
    chosen = Conventions(modes={LineFamily.OWN: MODES["half_even"]})

    assert set(LineFamily) == set(DEFAULT_MODES)
    assert MODES["half_even"] is chosen.mode(LineFamily.OWN)
    assert MODES["nce.product_rounddown"] is chosen.mode(LineFamily.SEATS)


def test_a_history_is_looked_at_through_its_last_event_unless_told() -> None:
    """The last event's day, a chosen day, or nothing at all where nothing happened."""
    empty = Subscription(id="e", kind=ServiceKind.LICENCE, currency="EUR", events=())

    assert date(2026, 1, 15) == History(subscriptions=(_SOLD,)).last_day(_SOLD)
    assert date(2026, 6, 30) == History(subscriptions=(_SOLD,), through=date(2026, 6, 30)).last_day(_SOLD)
    assert date.min == History(subscriptions=(empty,)).last_day(empty)


def _linked(history: History) -> dict[str, set[str]]:
    return {name: {each.id for each in group} for name, group in history.linked.items()}


def _other(name: str, *targets: str, parent_id: str = "") -> Subscription:
    moves = tuple(replace(_EVENT, kind=EventKind.SEATS_MOVED, target=target) for target in targets)
    return replace(_SOLD, id=name, events=moves, parent_id=parent_id)


def test_subscriptions_that_exchange_seats_belong_together() -> None:
    """Directly, through a third one, or as an add-on of a base; whoever stands alone is left out."""
    history = History(
        subscriptions=(_other("a", "b"), _other("b"), _other("c", "b"), _other("d", parent_id="c"), _SOLD)
    )

    assert {name: set("abcd") for name in "abcd"} == _linked(history)


def test_two_groups_that_meet_late_become_one() -> None:
    """The order in which subscriptions are given does not matter; each is named once."""
    history = History(subscriptions=(_other("a", "b"), _other("c", "d"), _other("d", "b"), _other("b", "a")))

    assert {name: set("abcd") for name in "abcd"} == _linked(history)
    assert 4 == len(history.linked["a"])


def test_seats_sent_nowhere_link_nothing() -> None:
    """An unknown target, or the subscription itself, is no company."""
    assert {} == _linked(History(subscriptions=(_other("a", "a", "unknown", parent_id="gone"), _other("b"))))
