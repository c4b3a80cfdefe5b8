"""New commerce: prices of another currency, products on several priced lines, and charges taken back as a whole."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from shared.domain.expected.conventions import LineFamily
from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.expected.lines import Exchange, Expected
from shared.domain.expected.rounding import MODES
from shared.domain.expected.wording import sentence
from shared.domain.issues import IssueCode
from shared.domain.subscriptions.events import EventKind as K
from shared.domain.subscriptions.kinds import Plan
from shared.domain.subscriptions.subscription import DatedPrice, Subscription

RATES = (
    Exchange(Decimal("0.9"), date(2023, 12, 28), "list", "USD", "EUR"),
    Exchange(Decimal("0.95"), date(2024, 1, 29), "list", "USD", "EUR"),
)
E5 = (
    DatedPrice(amount=Decimal(30), part="other"),
    DatedPrice(amount=Decimal(5), part="telco"),
)


def _converted(*subscriptions: Subscription, rates: tuple[Exchange, ...] = RATES, through: str = "") -> Expected:
    last = date.fromisoformat(through) if through else None
    return expected_lines(History(subscriptions=subscriptions, exchanges=rates, currency="EUR", through=last))


def test_a_cycle_is_converted_with_the_rate_of_its_month(shop: Any) -> None:
    """A recurring charge takes the rate of the day on which it arises, not that of the purchase."""
    sold = shop.sold("10.05", shop.bought("2024-01-10", 3), currency="USD")

    expected = _converted(sold, through="2024-02-10")

    assert ["27.13", "28.64"] == [row[4] for row in shop.rows(expected)]
    assert ["EUR", "EUR"] == [line.currency for line in expected.lines]
    assert [Fraction("27.135"), Fraction("28.6425")] == [line.unrounded for line in expected.lines]


def test_what_is_given_back_keeps_the_rate_of_its_charge(shop: Any) -> None:
    """Seats added in the next month: the refund has January's rate, the charge February's."""
    sold = shop.sold("10", shop.bought("2024-01-10", 2), shop.seats("2024-02-03", 3), currency="USD", term="P1M")

    expected = _converted(sold)

    assert ["18.00", "-4.06", "6.43"] == [row[4] for row in shop.rows(expected)]
    assert [RATES[0], RATES[0], RATES[1]] == [line.exchange for line in expected.lines]


def test_a_cancellation_cuts_the_converted_price_of_one_seat(shop: Any) -> None:
    """10 x 28 / 31 x 0.9 is 8.129 each."""
    gone = shop.event(K.CANCELLED, "2024-01-13")

    expected = _converted(shop.sold("10", shop.bought("2024-01-10", 2), gone, currency="USD", term="P1M"))

    assert ["18.00", "-16.24"] == [row[4] for row in shop.rows(expected)]


def test_without_a_rate_nothing_is_billed_and_it_is_said_once_for_each_month(shop: Any) -> None:
    """Two changes in January and one in February are two missing rates."""
    sold = shop.sold("10", shop.bought("2024-01-10", 1), shop.seats("2024-01-20", 2), currency="USD", term="P1M")

    expected = _converted(sold, rates=(), through="2024-02-10")

    assert () == expected.lines
    assert [IssueCode.RATE_MISSING] * 2 == [issue.code for issue in expected.issues]


def test_what_can_be_given_back_is_told_in_the_currency_of_the_invoice(shop: Any) -> None:
    """Two seats of a later batch are worth 2 x 10 x 16 / 31 x 0.9."""
    seats = [shop.seats("2024-01-20", 12), shop.seats("2024-01-25", 5)]

    expected = _converted(shop.sold("10", shop.bought("2024-01-10", 10), *seats, currency="USD", term="P1M"))

    assert "2 until 2024-01-28 00:00 for 9.29 EUR" in expected.issues[0].message


def test_a_sentence_names_the_currency_of_the_price(shop: Any) -> None:
    """Dollars are the price, euros the amount."""
    line = _converted(shop.sold("10", shop.bought("2024-01-10", 2), currency="USD", term="P1M")).lines[0]

    assert "Bought on 2024-01-10: 2 x 10 USD, 2024-01-10 to 2024-02-09." == sentence(line)
    assert ("18.00", "EUR") == (str(line.amount), line.currency)


@pytest.mark.parametrize("kind", [K.CANCELLED, K.UPGRADED])
def test_a_whole_line_is_given_back_to_the_cent(shop: Any, kind: K) -> None:
    """5 x 11.817 was cut to 59.08; 5 x 11.81 would leave three cents."""
    promotion = shop.event(K.PROMOTION_BEGAN, "2026-01-10", percent=Decimal(10))
    after = shop.event(kind, "2026-01-10T20:00:00", product="B" if kind is K.UPGRADED else "")
    sold = shop.sold("13.13", promotion, shop.bought("2026-01-10T08:00:00", 5), after)

    expected = shop.bill(sold)

    assert ["59.08", "-59.08"] == [row[4] for row in shop.rows(expected)[:2]]


def test_seats_that_go_one_by_one_take_no_more_along_than_was_charged(shop: Any) -> None:
    """3 x 10.005 was cut to 30.01; three times 10.01 would be two cents more."""
    ups = [
        shop.event(K.SEATS_UPGRADED, f"2024-01-10T1{hour}:00:00", quantity=1, product=f"B{hour}", unit_price=Decimal(0))
        for hour in range(3)
    ]
    half_up = {LineFamily.CONVERSION: MODES["nce.unit_half_up"]}

    expected = shop.bill(shop.sold("10.005", shop.bought("2024-01-10", 3), *ups, term="P1M"), modes=half_up)

    assert ["30.01", "-10.01", "-10.01", "-9.99"] == [row[4] for row in shop.rows(expected)[:4]]


def test_a_cancellation_gives_no_more_back_than_is_left(shop: Any) -> None:
    """One of three seats took 10.00 of 30.01 along; twice 10.01 would be a cent more than is left."""
    up = shop.event(K.SEATS_UPGRADED, "2024-01-10T10:00:00", quantity=1, product="B", unit_price=Decimal(0))
    gone = shop.event(K.CANCELLED, "2024-01-10T11:00:00")
    half_up = {LineFamily.CANCELLATION: MODES["nce.unit_half_up"]}

    expected = shop.bill(shop.sold("10.005", shop.bought("2024-01-10", 3), up, gone, term="P1M"), modes=half_up)

    assert ["30.01", "-10.00", "-20.01"] == [row[4] for row in shop.rows(expected)[:3]]


def test_each_part_of_a_product_has_lines_of_its_own(shop: Any) -> None:
    """Microsoft 365 E5 is two lines with equal dates wherever it is one subscription."""
    sold = shop.sold("0", shop.bought("2024-01-10", 2), shop.seats("2024-01-20", 3), prices=E5, term="P1M")

    expected = shop.bill(sold)

    assert ["60.00", "10.00", "-40.64", "-6.77", "60.96", "10.16"] == [row[4] for row in shop.rows(expected)]
    assert ["other", "telco"] * 3 == [dict(line.inputs)["part"] for line in expected.lines]
    assert [expected.lines[0], expected.lines[1]] == [line.corrects for line in expected.lines[2:4]]
    assert {id(sold)} == {id(line.subscription) for line in expected.lines}


def test_an_amount_is_given_back_once_for_all_parts(shop: Any) -> None:
    """A price that an event tells is for no part."""
    events = [
        shop.bought("2024-01-10", 2, unit_price=Decimal(99)),
        shop.event(K.CREDITED, "2024-01-11", amount=Decimal(7)),
    ]

    expected = shop.bill(shop.sold("0", *events, prices=E5, term="P1M"))

    assert ["60.00", "10.00", "-7.00"] == [row[4] for row in shop.rows(expected)]
    assert [] == shop.codes(expected)


def test_parts_are_upgraded_and_moved_like_any_product(shop: Any) -> None:
    """Seats of a product in parts arrive in a subscription in one piece; what is said of both is said once."""
    move = shop.event(K.SEATS_UPGRADED, "2024-01-20", quantity=1, product="B", target="B")
    gone = shop.event(K.CANCELLED, "2024-03-01")
    prices = (*E5, DatedPrice(amount=Decimal(60), part="other", product="B"))

    expected = shop.bill(shop.sold("0", shop.bought("2024-01-10", 2), move, gone, prices=prices, plan=Plan.MONTHLY))

    assert {"S", "B"} == {line.subscription.id for line in expected.lines}
    assert ["CHANGE_REFUSED"] == shop.codes(expected)


def test_a_product_in_one_piece_is_upgraded_to_one_in_parts_and_billed_once(shop: Any) -> None:
    """Its own lines stand with the first part; from the upgrade on there are two."""
    prices = (
        DatedPrice(amount=Decimal(15), product="A"),
        *(DatedPrice(amount=row.amount, product="E5", part=row.part) for row in E5),
    )
    up = shop.event(K.UPGRADED, "2024-06-16", product="E5")
    sold = shop.sold("0", shop.bought("2024-06-01", 2), up, prices=prices)

    expected = shop.bill(sold, through="2024-07-01")

    assert [
        ("new", "30.00"),
        ("convert", "-15.00"),
        ("convert", "30.00"),
        ("convert", "5.00"),
        ("cycleCharge", "60.00"),
        ("cycleCharge", "10.00"),
    ] == [(row[0], row[4]) for row in shop.rows(expected)]
    assert () == expected.issues


def test_cycles_may_have_an_arithmetic_of_their_own(shop: Any) -> None:
    """The field list cuts the unit first: 9.07 x 10; seats that come the same day take back what was charged."""
    sold = shop.sold("10.08", shop.bought("2021-06-18", 10, percent=Decimal(10)), shop.seats("2021-06-18T12:00", 12))
    own = {LineFamily.CYCLES: MODES["nce.documented_licence"]}
    both = {LineFamily.SEATS: MODES["nce.documented_licence"]}

    found = [[row[4] for row in shop.rows(shop.bill(sold, through="2021-07-18", modes=each))] for each in (own, both)]

    assert ["90.70", "-90.70", "108.86", "108.84"] == found[0]
    assert ["90.70", "-90.70", "108.84", "108.84"] == found[1]
