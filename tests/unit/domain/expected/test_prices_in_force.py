"""Prices in force: which dated row counts, what follows from a price for a longer span, promotions, and events."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.errors import InvalidError
from shared.domain.expected.lines import UnitPrice
from shared.domain.expected.prices_in_force import discounted, price_in_force, row_in_force
from shared.domain.expected.vendor_tables import MONTHLY_PLAN_FACTORS, in_force
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.own_billing import OwnBilling, Span
from shared.domain.subscriptions.subscription import DatedPrice, Subscription

_ON = date(2026, 1, 15)


def _sold(*prices: DatedPrice, **other: Any) -> Subscription:
    facts = {"kind": ServiceKind.LICENCE, "currency": "EUR", "term": "P1Y", "product": "p", "events": ()}
    return Subscription(id="s", prices=prices, **(facts | other))


def _row(amount: str, **other: Any) -> DatedPrice:
    return DatedPrice(amount=Decimal(amount), **other)


def _event(kind: EventKind, day: date, **other: Any) -> Event:
    return Event(kind=kind, at=datetime(day.year, day.month, day.day, tzinfo=UTC), **other)


def _amount(subscription: Subscription, on: date = _ON, **asked: Any) -> Decimal | None:
    price = price_in_force(subscription, on, **asked)
    return None if price is None else price.amount


def test_the_last_row_that_began_counts() -> None:
    """A row counts from its first day on; before the first there is no price."""
    sold = _sold(_row("10", valid_from=date(2025, 1, 1)), _row("12", valid_from=date(2026, 1, 15)))

    assert Decimal(12) == _amount(sold)
    assert Decimal(10) == _amount(sold, date(2026, 1, 14))
    assert _amount(sold, date(2024, 12, 31)) is None


def test_without_rows_there_is_no_price() -> None:
    """A missing price is an answer, not an error."""
    assert _amount(_sold()) is None


@pytest.mark.parametrize(
    ("general", "exact"),
    [
        ({}, {"plan": Plan.MONTHLY}),
        ({"plan": Plan.MONTHLY}, {"term": "P1Y"}),
        ({"term": "P1Y", "plan": Plan.MONTHLY}, {"product": "p"}),
        ({"product": "p"}, {"product": "p", "term": "P1Y", "plan": Plan.MONTHLY}),
    ],
)
def test_a_more_exact_row_goes_before_a_later_one(general: dict[str, Any], exact: dict[str, Any]) -> None:
    """Product weighs more than term, term more than plan; dates decide between equals only."""
    rows = [_row("10", valid_from=date(2026, 1, 1), **general), _row("9", valid_from=date(2020, 1, 1), **exact)]

    assert Decimal(9) == _amount(_sold(*rows))
    assert Decimal(9) == _amount(_sold(*reversed(rows)))


@pytest.mark.parametrize("other", [{"product": "q"}, {"term": "P1M"}, {"plan": Plan.TRIENNIAL}])
def test_a_row_for_something_else_does_not_count(other: dict[str, Any]) -> None:
    """A named product, term or plan has to be the one that is asked for."""
    assert _amount(_sold(_row("10", **other))) is None


def test_another_product_term_or_plan_can_be_asked_for() -> None:
    """What is not named is the order's own."""
    sold = _sold(_row("10", product="p"), _row("20", product="q", term="P3Y", plan=Plan.ANNUAL))

    assert Decimal(20) == _amount(sold, product="q", term="P3Y", plan=Plan.ANNUAL)


def test_parts_of_a_product_have_prices_of_their_own() -> None:
    """A part's row counts for it; without a part any row fits, the last one given."""
    sold = _sold(_row("10", part="telco"), _row("20", part="non-telco"))

    assert Decimal(10) == _amount(sold, part="telco")
    assert Decimal(20) == _amount(sold, part="non-telco")
    assert Decimal(20) == _amount(sold)


@pytest.mark.parametrize(
    ("year", "on", "month"),
    [
        ("100", date(2025, 4, 1), "8.75"),
        ("150.00", date(2026, 1, 1), "13.13"),
        ("3393.9", date(2023, 10, 1), "282.83"),
        ("100", date(2025, 3, 31), "8.33"),
    ],
)
def test_a_year_billed_by_the_month_costs_a_twelfth_and_the_premium_of_the_day(year: str, on: date, month: str) -> None:
    """The price list's arithmetic: annual price, five percent from April 2025 on, a twelfth, half up to the cent."""
    price = price_in_force(_sold(_row(year, per="year", origin="list, row 7")), on)

    assert price is not None
    assert (Decimal(month), Decimal(month)) == (price.amount, price.listed)
    assert "list, row 7" in price.origin
    assert year in price.origin


def test_an_annual_row_stands_in_for_a_monthly_plan() -> None:
    """Where the list has only the annual plan, the monthly one follows from it; its own row goes first."""
    annual, monthly = _row("150.00", plan=Plan.ANNUAL), _row("13", plan=Plan.MONTHLY)

    assert Decimal("13.13") == _amount(_sold(annual))
    assert Decimal(13) == _amount(_sold(annual, monthly))


@pytest.mark.parametrize(
    ("on", "month"), [(date(2022, 2, 28), "12.50"), (date(2022, 3, 1), "15.00"), (date(2026, 1, 1), "15.00")]
)
@pytest.mark.parametrize("row", [{"per": "year"}, {"term": "P1Y", "plan": Plan.ANNUAL}])
def test_a_month_without_commitment_costs_a_fifth_more(row: dict[str, Any], on: date, month: str) -> None:
    """150 a year is 15.00 for a single month since March 2022."""
    assert Decimal(month) == _amount(_sold(_row("150.00", **row), term="P1M"), on)


def test_a_list_without_annual_prices_gives_no_annual_plan() -> None:
    """Nothing is derived from a shorter plan's own row."""
    assert _amount(_sold(_row("10", plan=Plan.MONTHLY)), plan=Plan.ANNUAL) is None
    assert _amount(_sold(_row("10", term="P1Y", plan=Plan.TRIENNIAL)), plan=Plan.MONTHLY) is None


@pytest.mark.parametrize(
    ("row", "asked", "amount"),
    [
        ({"per": "month"}, {}, "36.00"),
        ({"per": "month"}, {"plan": Plan.ANNUAL}, "432.00"),
        ({"per": "year"}, {"plan": Plan.ANNUAL}, "36.00"),
        ({"per": "term"}, {"plan": Plan.ANNUAL}, "36.00"),
        ({"per": "term"}, {"term": "P3Y"}, "1.00"),
        ({"per": "term"}, {"term": "P3Y", "plan": Plan.ANNUAL}, "12.00"),
        ({"per": "term", "term": "P3Y"}, {"term": "P3Y", "plan": Plan.TRIENNIAL}, "36.00"),
        ({"per": "year"}, {"term": "P3Y"}, "3.00"),
        ({"per": "year"}, {"term": "P3Y", "plan": Plan.ONE_TIME}, "108.00"),
        ({"per": "cycle"}, {"plan": Plan.ONE_TIME}, "36.00"),
        ({"per": "cycle", "plan": Plan.ONE_TIME}, {"plan": Plan.ONE_TIME}, "36.00"),
    ],
)
def test_a_price_is_turned_into_one_charge_cycle(row: dict[str, Any], asked: dict[str, Any], amount: str) -> None:
    """Month, year and term are turned into the plan's cycle; a price per cycle is taken as it is."""
    assert Decimal(amount) == _amount(_sold(_row("36.00", **row)), **asked)


def test_without_a_term_a_price_per_term_is_the_price() -> None:
    """A thing without commitment is paid once."""
    sold = _sold(_row("36", per="term"), term="", plan=Plan.ONE_TIME)

    assert Decimal(36) == _amount(sold)
    assert Decimal(36) == _amount(_sold(_row("36", per="term"), term=""))


def test_other_kinds_have_no_premium() -> None:
    """The five percent are for new-commerce licences only."""
    sold = _sold(_row("120", per="year"), kind=ServiceKind.MARKETPLACE)

    assert Decimal("10.00") == _amount(sold)


@pytest.mark.parametrize(
    ("billing", "row", "amount"),
    [
        (OwnBilling(every=3), {"per": "month"}, "30.00"),
        (OwnBilling(every=3), {"per": "year"}, "2.50"),
        (OwnBilling(every=3), {"per": "cycle", "plan": Plan.MONTHLY}, "10"),
        (OwnBilling(every=14, span=Span.DAYS), {"per": "month"}, "10"),
    ],
)
def test_an_own_service_has_the_cycle_of_its_policy(billing: OwnBilling, row: dict[str, Any], amount: str) -> None:
    """A quarter costs three months; a cycle of days has only its own price."""
    sold = _sold(_row("10", **row), kind=ServiceKind.OWN_RECURRING, billing=billing, term="")

    assert Decimal(amount) == _amount(sold)


def test_an_own_service_has_no_annual_row_to_fall_back_on() -> None:
    """Derivations between plans are the vendor's price list arithmetic."""
    assert _amount(_sold(_row("10", plan=Plan.ANNUAL), kind=ServiceKind.OWN_RECURRING)) is None


def test_a_derived_price_is_rounded_to_the_currencys_coin() -> None:
    """Yen have no cents."""
    assert Decimal(833) == _amount(_sold(_row("10000", per="year"), currency="JPY"), date(2024, 1, 1))


def test_a_span_that_is_not_understood_is_refused() -> None:
    """The message lists what may be written."""
    with pytest.raises(InvalidError, match="month, year, term or cycle"):
        _amount(_sold(_row("10", per="week")))


def test_a_promotion_is_taken_off_exactly() -> None:
    """Ten percent off 16 is 14.4; the list price is kept."""
    price = price_in_force(_sold(_row("16")), _ON, percent_off=Decimal(10))

    assert price is not None
    assert (Decimal("14.4"), Decimal(16), Decimal(10)) == (price.amount, price.listed, price.percent_off)
    assert price == discounted(price, Decimal(10))
    assert price is discounted(price, Decimal(0))


def test_a_promotion_keeps_every_digit() -> None:
    """A third of a percent off a price of three decimals loses nothing."""
    price = price_in_force(_sold(_row("7.777")), _ON, percent_off=Decimal("33.333"))

    assert price is not None
    assert Decimal("5.18469259") == price.amount


def test_a_told_price_counts_from_its_day_on() -> None:
    """Prices that were fixed before keep theirs: whoever asks for an earlier day gets the earlier price."""
    told = _event(EventKind.PRICE_CHANGED, date(2026, 1, 10), unit_price=Decimal(11))
    sold = _sold(_row("10"), events=(_event(EventKind.CREATED, date(2025, 6, 1)), told))

    assert Decimal(10) == _amount(sold, date(2026, 1, 9))
    assert Decimal(11) == _amount(sold, date(2026, 1, 10))


def test_a_told_price_holds_until_a_row_begins_later() -> None:
    """The newest news counts, between rows and events."""
    told = _event(EventKind.PRICE_CHANGED, date(2026, 1, 1), unit_price=Decimal(11))
    sold = _sold(_row("10", valid_from=date(2025, 1, 1)), _row("12", valid_from=date(2026, 1, 10)), events=(told,))

    assert Decimal(11) == _amount(sold, date(2026, 1, 9))
    assert Decimal(12) == _amount(sold, date(2026, 1, 10))


def test_a_told_price_needs_no_rows_and_names_its_event() -> None:
    """An order that told its price has one."""
    sold = _sold(events=(_event(EventKind.CREATED, date(2026, 1, 1), unit_price=Decimal(0)),))
    price = price_in_force(sold, _ON)

    assert price is not None
    assert Decimal(0) == price.amount
    assert "created on 2026-01-01" == price.origin


def test_a_told_price_is_for_what_the_subscription_was_then() -> None:
    """A price for the monthly plan says nothing about the annual one, nor about another product or part."""
    events = (
        _event(EventKind.CREATED, date(2025, 1, 1), unit_price=Decimal(10)),
        _event(EventKind.PLAN_CHANGED, date(2025, 2, 1), plan=Plan.ANNUAL, unit_price=Decimal(100)),
        _event(EventKind.UPGRADED, date(2025, 3, 1), product="q", unit_price=Decimal(200)),
        _event(EventKind.SEATS_UPGRADED, date(2025, 4, 1), product="r", unit_price=Decimal(300)),
    )
    sold = _sold(events=events)

    assert Decimal(10) == _amount(sold)
    assert Decimal(100) == _amount(sold, plan=Plan.ANNUAL)
    assert Decimal(200) == _amount(sold, product="q", plan=Plan.ANNUAL)
    assert _amount(sold, product="r", plan=Plan.ANNUAL) is None
    assert _amount(sold, part="telco") is None


def test_a_row_can_be_asked_for_as_it_was_listed() -> None:
    """The row itself, not turned into a cycle; none where another plan is meant."""
    row = _row("120", per="year", plan=Plan.ANNUAL)

    assert row is row_in_force(_sold(row), _ON, "p", "P1Y", Plan.ANNUAL)
    assert row_in_force(_sold(row), _ON, "p", "P1Y", Plan.MONTHLY) is None


def test_dates_decide_between_equal_rows_in_any_order() -> None:
    """The row that began last counts; one that begins later does not hide those behind it."""
    rows = (
        _row("13", valid_from=date(2027, 1, 1)),
        _row("12", valid_from=date(2026, 1, 1)),
        _row("11", valid_from=date(2025, 1, 1)),
    )

    assert Decimal(12) == _amount(_sold(*rows))


def test_a_told_price_goes_before_a_row_of_the_same_day() -> None:
    """What was said of this subscription counts more than what the list says."""
    told = _event(EventKind.PRICE_CHANGED, _ON, unit_price=Decimal(11))

    assert Decimal(11) == _amount(_sold(_row("10", valid_from=_ON), events=(told,)))


def test_a_told_price_stays_whatever_happens_to_other_seats_or_later() -> None:
    """Seats that are upgraded to another product, and events after the day, change nothing."""
    events = (
        _event(EventKind.CREATED, date(2025, 1, 1)),
        _event(EventKind.SEATS_UPGRADED, date(2025, 4, 1), product="r"),
        _event(EventKind.PRICE_CHANGED, date(2025, 5, 1), unit_price=Decimal(11)),
        _event(EventKind.QUANTITY_CHANGED, date(2026, 2, 1)),
    )

    assert Decimal(11) == _amount(_sold(events=events))


def test_a_told_price_takes_a_promotion_like_any_other() -> None:
    """Ten percent off 16; the price before it and where it came from are kept."""
    sold = _sold(events=(_event(EventKind.CREATED, date(2026, 1, 1), unit_price=Decimal(16)),))
    made = UnitPrice(Decimal("14.4"), Decimal(16), Decimal(10), "created on 2026-01-01")

    assert made == price_in_force(sold, _ON, percent_off=Decimal(10))
    assert UnitPrice(made.listed, made.listed, Decimal(0), made.origin) == price_in_force(sold, _ON)


@pytest.mark.parametrize(
    ("row", "sold", "origin"),
    [
        ({"per": "month", "origin": "list, row 7"}, {}, "list, row 7"),
        (
            {"per": "month", "origin": "list, row 7"},
            {"plan": Plan.ANNUAL},
            "list, row 7; 36.00 for 1 months x 12 / 1, half up",
        ),
        ({"per": "year"}, {"term": "P3Y"}, "36.00 for 12 months x 1 / 12, half up"),
        (
            {"per": "year"},
            {},
            "36.00 for 12 months x 1.05 x 1 / 12, half up; {premium}",
        ),
    ],
)
def test_a_price_says_where_it_came_from(row: dict[str, Any], sold: dict[str, Any], origin: str) -> None:
    """The list's row, the arithmetic where it was worked out, and the source of the premium."""
    made = price_in_force(_sold(_row("36.00", **row), **sold), _ON)
    premium = in_force(MONTHLY_PLAN_FACTORS, _ON)

    assert made is not None
    assert premium is not None
    assert origin.format(premium=premium.source) == made.origin
    assert (made.amount, Decimal(0)) == (made.listed, made.percent_off)


def test_a_month_takes_the_annual_row_of_its_own_term_first() -> None:
    """Only without one the year's commitment stands in, as listed on that day."""
    own, year = _row("120", term="P1M", plan=Plan.ANNUAL), _row("240", term="P1Y", plan=Plan.ANNUAL)
    dated = _row("360", term="P1Y", plan=Plan.ANNUAL, valid_from=date(2026, 1, 1))

    assert Decimal("12.00") == _amount(_sold(own, year, term="P1M"))
    assert Decimal("36.00") == _amount(_sold(year, dated, term="P1M"))
    assert Decimal("24.00") == _amount(_sold(year, dated, term="P1M"), date(2025, 12, 31))


def test_a_row_asked_for_as_listed_is_of_that_day_product_and_term() -> None:
    """Exactly what is asked for."""
    row = _row("120", product="p", term="P1Y", plan=Plan.ANNUAL, valid_from=_ON)

    assert row is row_in_force(_sold(row), _ON, "p", "P1Y", Plan.ANNUAL)
    assert row_in_force(_sold(row), date(2026, 1, 14), "p", "P1Y", Plan.ANNUAL) is None
