"""Legacy licences against documented invoices: dates, charge types and amounts to the cent."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.expected.conventions import (
    Conventions,
    LegacyAdvanceAfterChange,
    LegacyAlignment,
    LegacyFirstCharge,
    LineFamily,
)
from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.expected.legacy import as_one_correction
from shared.domain.expected.lines import Expected, ExpectedLine
from shared.domain.expected.rounding import MODES
from shared.domain.subscriptions.events import Event, EventKind, ordered
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.subscription import DatedPrice, Subscription

Row = tuple[str, str, str, int, str]


def _event(kind: EventKind, on: str, **fields: Any) -> Event:
    return Event(kind=kind, at=datetime.fromisoformat(on).replace(tzinfo=UTC), **fields)


def _created(on: str, quantity: int = 1) -> Event:
    return _event(EventKind.CREATED, on, quantity=quantity)


def _changed(on: str, quantity: int) -> Event:
    return _event(EventKind.QUANTITY_CHANGED, on, quantity=quantity)


def _made(
    events: Iterable[Event],
    price: str = "4.00",
    *,
    mode: str = "",
    through: str = "",
    conventions: dict[str, Any] | None = None,
    **fields: Any,
) -> Expected:
    named: dict[str, Any] = {"prices": (DatedPrice(amount=Decimal(price)),), **fields}
    subscription = Subscription(
        id="sub-1", kind=ServiceKind.LEGACY_LICENCE, currency="USD", events=ordered(events), **named
    )
    modes = {LineFamily.LEGACY_LICENCE: MODES[mode]} if mode else {}
    return expected_lines(
        History(
            subscriptions=(subscription,),
            conventions=Conventions(modes=modes, **(conventions or {})),
            through=date.fromisoformat(through) if through else None,
        )
    )


def _rows(lines: Iterable[ExpectedLine]) -> list[Row]:
    return [
        (line.charge_type, str(line.start), str(line.last_day), int(line.quantity), str(line.amount)) for line in lines
    ]


def _invoices(lines: Iterable[ExpectedLine]) -> list[str]:
    return [str(line.invoice) for line in lines]


def _spans(lines: Iterable[ExpectedLine]) -> list[tuple[str, str]]:
    return [(str(line.start), str(line.last_day)) for line in lines]


def test_a_seat_added_to_a_yearly_subscription_reverses_the_year_and_bills_it_in_two_segments() -> None:
    """Microsoft's yearly page: 48.00 a year, one seat more on 1 February, day rate of two decimals."""
    made = _made(
        [_created("2018-01-13"), _changed("2018-02-01", 2)],
        "48.00",
        plan=Plan.ANNUAL,
        mode="legacy.day_rate_2dp",
        partner_billing_day=15,
    )

    assert [
        ("Prorate fees when purchase", "2018-01-13", "2019-01-12", 1, "48.00"),
        ("Cycle Instance Prorate", "2018-01-13", "2019-01-12", 1, "-48.00"),
        ("Cycle Instance Prorate", "2018-01-13", "2018-01-31", 1, "2.47"),
        ("Cycle Instance Prorate", "2018-02-01", "2019-01-12", 2, "89.96"),
    ] == _rows(made.lines)
    assert ["2018-01-15", "2018-02-15", "2018-02-15", "2018-02-15"] == _invoices(made.lines)
    assert ["48.00", "-48.00", "2.47", "44.98"] == [str(line.effective_unit_price) for line in made.lines]
    assert Decimal("92.43") == made.total("USD").amount


def test_a_yearly_subscription_suspended_after_30_days_gets_its_unused_days_back() -> None:
    """Microsoft's yearly page: 318 days at 0.13."""
    made = _made(
        [_created("2018-01-13"), _event(EventKind.SUSPENDED, "2018-03-01")],
        "48.00",
        plan=Plan.ANNUAL,
        mode="legacy.day_rate_2dp",
        partner_billing_day=15,
    )

    assert [("Cancel Fee", "2018-03-01", "2019-01-12", 1, "-41.34")] == _rows(made.lines[1:])
    assert ["2018-01-15", "2018-03-15"] == _invoices(made.lines)
    assert made.lines[1].corrects is made.lines[0]


def test_a_suspension_within_30_days_gives_everything_back_and_a_reactivation_costs_the_rest() -> None:
    """Microsoft's yearly page: nothing for January and February, 318 days from 1 March."""
    made = _made(
        [
            _created("2018-01-13"),
            _event(EventKind.SUSPENDED, "2018-02-01"),
            _event(EventKind.REACTIVATED, "2018-03-01"),
        ],
        "48.00",
        plan=Plan.ANNUAL,
        mode="legacy.day_rate_2dp",
        partner_billing_day=15,
    )

    assert [
        ("Prorate fees when purchase", "2018-01-13", "2019-01-12", 1, "48.00"),
        ("Cancel Fee", "2018-01-13", "2019-01-12", 1, "-48.00"),
        ("Prorate fees when purchase", "2018-03-01", "2019-01-12", 1, "41.34"),
    ] == _rows(made.lines)
    assert ["2018-01-15", "2018-02-15", "2018-03-15"] == _invoices(made.lines)


def test_a_seat_added_after_the_anniversary_but_before_the_billing_date_is_cut_at_the_next_anniversary() -> None:
    """Microsoft's yearly page: the change of 12 February missed the invoice of the 14th, so 11 March cuts it."""
    made = _made(
        [_created("2017-02-11"), _changed("2017-02-12", 2)], "211.20", plan=Plan.ANNUAL, partner_billing_day=14
    )

    assert [
        ("Prorate fees when purchase", "2017-02-11", "2018-02-10", 1, "211.20"),
        ("Cycle Instance Prorate", "2017-02-11", "2018-02-10", 1, "-211.20"),
        ("Cycle Instance Prorate", "2017-02-11", "2017-02-11", 1, "0.58"),
        ("Cycle Instance Prorate", "2017-02-12", "2017-03-10", 2, "31.25"),
        ("Cycle Instance Prorate", "2017-03-11", "2018-02-10", 2, "390.00"),
    ] == _rows(made.lines)
    assert ["2017-02-14", *["2017-03-14"] * 4] == _invoices(made.lines)
    assert Decimal("15.62") == made.lines[3].effective_unit_price
    assert Decimal("421.83") == made.total("USD").amount


def test_later_years_of_a_three_year_offer_are_charged_from_one_month_early() -> None:
    """Microsoft's yearly page: the second year overlaps the first, the last paid day is a month before the end."""
    made = _made([_created("2020-03-20")], plan=Plan.ANNUAL, term="P3Y", through="2023-03-19")

    assert [
        ("2020-03-20", "2021-03-19"),
        ("2021-02-20", "2022-02-19"),
        ("2022-02-20", "2023-02-19"),
    ] == _spans(made.lines)
    assert ["Prorate fees when purchase", "Cycle fee", "Cycle fee"] == [line.charge_type for line in made.lines]


def test_a_renewed_year_converted_to_months_gives_364_days_back_and_starts_a_new_term() -> None:
    """Microsoft's yearly page: renewed on 1 October, monthly from 2 October; the refund stands first."""
    prices = (
        DatedPrice(amount=Decimal("48.60"), plan=Plan.ANNUAL),
        DatedPrice(amount=Decimal("4.05"), plan=Plan.MONTHLY),
    )
    renewed = _event(EventKind.RENEWED, "2020-10-01", quantity=150)
    converted = _event(EventKind.PLAN_CHANGED, "2020-10-02", plan=Plan.MONTHLY)
    made = _made([_created("2019-10-01", 100), renewed, converted], plan=Plan.ANNUAL, prices=prices)

    assert [
        ("Prorate fee when renew", "2020-10-01", "2021-09-30", 150, "7290.00"),
        ("Prorate fees when convert to a new offering", "2020-10-02", "2021-09-30", 150, "-7270.03"),
        ("Prorate fees when convert away from current offering", "2020-10-02", "2020-11-01", 150, "607.50"),
    ] == _rows(made.lines[1:])
    assert Decimal("-48.46") == made.lines[2].effective_unit_price


def test_a_reseller_shows_the_cycle_fee_and_one_correction() -> None:
    """AppXite's aggregation: the renewal fee stays, three prorated lines become 67.89."""
    made = _made([_created("2020-03-01", 501), _changed("2021-02-07", 517)], "5.40", through="2021-03-01")
    month = made.lines[-4:]

    assert ["-2705.40", "579.73", "2193.56", "2791.80"] == [str(line.amount) for line in month]
    assert "Prorate fee when renew" == month[-1].charge_type
    assert [
        ("Prorate fee when renew", "2021-03-01", "2021-03-31", 517, "2791.80"),
        ("Correction", "2021-02-01", "2021-02-28", 1, "67.89"),
    ] == _rows(as_one_correction(month))
    assert Decimal("67.89") == as_one_correction(month)[1].unrounded


def test_seventeen_of_thirty_days_cost_2_26_with_a_day_rate_of_three_decimals() -> None:
    """AppXite's correction for one licence: arithmetic only, its dates do not fit."""
    mode = MODES["legacy.day_rate_3dp"]

    assert Decimal("2.26") == mode.amount(Decimal("4.00"), 1, 17, 30, currency="EUR")


def test_a_yearly_subscription_is_cancelled_at_twelve_monthly_prices_by_days_left_of_365() -> None:
    """Microsoft's FAQ: 4 x 12 / 365 x 318 days; the price is listed for a month."""
    prices = (DatedPrice(amount=Decimal("4.00"), per="month"),)
    cancelled = _event(EventKind.CANCELLED, "2018-03-01")
    made = _made([_created("2018-01-13"), cancelled], plan=Plan.ANNUAL, prices=prices)

    assert [("Cancel Fee", "2018-03-01", "2019-01-12", 1, "-41.82")] == _rows(made.lines[1:])


@pytest.mark.parametrize(("plan", "end"), [(Plan.ANNUAL, "2018-12-31"), (Plan.MONTHLY, "2018-01-31")])
def test_suspended_and_reactivated_in_the_first_month(plan: Plan, end: str) -> None:
    """Microsoft's FAQ: charge, credit of all of it, charge from the day of reactivation to the unchanged end."""
    suspended, reactivated = _event(EventKind.SUSPENDED, "2018-01-25"), _event(EventKind.REACTIVATED, "2018-01-29")
    made = _made([_created("2018-01-01"), suspended, reactivated], plan=plan)

    assert [("2018-01-01", end), ("2018-01-01", end), ("2018-01-29", end)] == _spans(made.lines)
    assert [1, -1, 1] == [line.sign for line in made.lines]


FREE = {"legacy_alignment": LegacyAlignment.BILLING_DAY}


@pytest.mark.parametrize(
    ("bought_on", "billing_day", "spans", "renews_on"),
    [
        (
            "2018-02-01",
            15,
            [("2018-02-01", "2018-02-14"), ("2018-02-15", "2018-03-14"), ("2018-03-15", "2018-04-14")],
            "2019-02-15",
        ),
        (
            "2018-02-01",
            25,
            [("2018-02-01", "2018-02-24"), ("2018-02-25", "2018-03-24"), ("2018-03-25", "2018-04-24")],
            "2019-02-25",
        ),
        (
            "2018-06-01",
            15,
            [("2018-06-01", "2018-06-30"), ("2018-07-01", "2018-07-31"), ("2018-08-01", "2018-08-31")],
            "2019-06-01",
        ),
    ],
)
def test_purchases_around_the_end_of_the_free_period(
    bought_on: str, billing_day: int, spans: list[tuple[str, str]], renews_on: str
) -> None:
    """Microsoft's FAQ: free until the billing day, one more month for those inside on 21 February, none later."""
    made = _made([_created(bought_on)], conventions=FREE, partner_billing_day=billing_day, through=renews_on)

    assert spans == _spans(made.lines[:3])
    assert renews_on == str(made.lines[-1].start)
    assert "Prorate fee when renew" == made.lines[-1].charge_type


def test_the_month_that_was_added_is_free_for_the_seats_held_before_it() -> None:
    """Microsoft's FAQ: three seats were held, two more from 5 March cost 20 of 28 days."""
    events = [_created("2018-02-01"), _changed("2018-02-10", 3), _changed("2018-03-05", 5)]
    made = _made(events, conventions=FREE, partner_billing_day=25, through="2018-03-25")

    assert [
        ("New", "2018-02-01", "2018-02-09", 1, "0.00"),
        ("New", "2018-02-10", "2018-02-24", 3, "0.00"),
        ("New", "2018-02-25", "2018-03-24", 3, "0.00"),
        ("Cycle Instance Prorate", "2018-03-05", "2018-03-24", 2, "5.71"),
        ("Cycle Instance Prorate", "2018-03-25", "2018-04-24", 5, "20.00"),
    ] == _rows(made.lines)


@pytest.mark.parametrize(
    ("billing_day", "events", "invoices"),
    [
        (1, [_created("2017-10-29")], ["2017-11-01"]),
        (20, [_created("2018-01-15"), _event(EventKind.RENEWED, "2019-01-15")], ["2018-01-20", "2019-01-20"]),
    ],
)
def test_a_year_is_invoiced_on_the_next_billing_date(
    billing_day: int, events: list[Event], invoices: list[str]
) -> None:
    """Microsoft's FAQ: the purchase and the renewal stand on the next billing date on or after their day."""
    made = _made(events, plan=Plan.ANNUAL, partner_billing_day=billing_day)

    assert invoices == _invoices(made.lines)


def test_the_free_period_is_a_line_without_price() -> None:
    """Microsoft's API sample: 12 May to 9 June free; the term ends twelve months after the billing day."""
    made = _made([_created("2017-05-12", 3)], conventions=FREE, partner_billing_day=10)

    assert [("New", "2017-05-12", "2017-06-09", 3, "0.00")] == _rows(made.lines)
    assert (Decimal(0), FREE["legacy_alignment"].value) == (made.lines[0].price.amount, made.variants[0])


def test_a_move_to_new_commerce_gives_back_the_unused_days_and_the_cycle_charged_ahead() -> None:
    """Microsoft's migration page: the day of the move stays legacy, 27 of 31 days truncated, the next cycle undone."""
    moved = _event(EventKind.CANCELLED, "2022-01-24", target="new-commerce-1")
    mode, through = "legacy.unrounded_truncated", "2022-02-21"
    made = _made([_created("2022-01-21"), moved], "16", mode=mode, partner_billing_day=22, through=through)

    assert [
        ("Prorate fees when purchase", "2022-01-21", "2022-02-20", 1, "16.00"),
        ("Prorate fees when purchase", "2022-02-21", "2022-03-20", 1, "16.00"),
        ("Cancel Fee", "2022-02-21", "2022-03-20", 1, "-16.00"),
        ("Cancel Fee", "2022-01-25", "2022-02-20", 1, "-13.93"),
    ] == _rows(made.lines)
    assert ["2022-01-22", "2022-02-22", "2022-02-22"] == _invoices(made.lines[:3])


def test_a_product_in_two_parts_has_two_lines_that_differ_in_price_alone() -> None:
    """Microsoft's voice page: a telco and a non-telco part with the same ids and dates."""
    prices = (
        DatedPrice(amount=Decimal("28.40"), part="non-telco"),
        DatedPrice(amount=Decimal("2.00"), part="telco"),
    )
    made = _made([_created("2019-07-11")], prices=prices, through="2019-08-11")

    assert [
        ("Cycle fee", "2019-08-11", "2019-09-10", 1, "28.40"),
        ("Cycle fee", "2019-08-11", "2019-09-10", 1, "2.00"),
    ] == _rows(made.lines[2:])
    assert [(("part", "non-telco"),), (("part", "telco"),)] == [line.inputs for line in made.lines[2:]]


def test_microsofts_monthly_page_with_its_own_names() -> None:
    """A seat added on 1 February, day rate of three decimals; the page calls the first charge a cycle fee."""
    made = _made(
        [_created("2018-01-13"), _changed("2018-02-01", 2)],
        mode="legacy.day_rate_3dp",
        conventions={"legacy_first_charge": LegacyFirstCharge.CYCLE_FEE},
        partner_billing_day=15,
        through="2018-02-15",
    )

    assert [
        ("Cycle fee", "2018-01-13", "2018-02-12", 1, "4.00"),
        ("Cycle Instance Prorate", "2018-01-13", "2018-02-12", 1, "-4.00"),
        ("Cycle Instance Prorate", "2018-01-13", "2018-01-31", 1, "2.45"),
        ("Cycle Instance Prorate", "2018-02-01", "2018-02-12", 2, "3.10"),
        ("Cycle Instance Prorate", "2018-02-13", "2018-03-12", 2, "8.00"),
    ] == _rows(made.lines)
    assert ["2018-01-15", *["2018-02-15"] * 4] == _invoices(made.lines)
    assert LegacyFirstCharge.CYCLE_FEE.value in made.variants


def test_a_month_suspended_in_its_second_cycle_gets_twelve_of_28_days_back() -> None:
    """Microsoft's monthly page: 12 x 0.143."""
    suspended = _event(EventKind.SUSPENDED, "2018-03-01")
    made = _made([_created("2018-01-13"), suspended], mode="legacy.day_rate_3dp", partner_billing_day=15)

    assert [
        ("Cycle fee", "2018-02-13", "2018-03-12", 1, "4.00"),
        ("Cancel Fee", "2018-03-01", "2018-03-12", 1, "-1.72"),
    ] == _rows(made.lines[1:])
    assert ["2018-02-15", "2018-03-15"] == _invoices(made.lines[1:])


def test_a_change_on_the_first_day_of_a_cycle_reverses_the_fee_at_the_old_quantity() -> None:
    """AppXite's real file: 495 seats became 500 on the cycle's first day and 5 on 12 April."""
    events = [_created("2020-09-16", 495), _changed("2021-03-16", 500), _changed("2021-04-12", 5)]
    names = {"legacy_advance_after_change": LegacyAdvanceAfterChange.CYCLE_FEE}
    made = _made(events, "51.93", conventions=names, through="2021-04-16")

    assert [
        ("Cycle fee", "2021-03-16", "2021-04-15", 495, "25705.35"),
        ("Cycle Instance Prorate", "2021-03-16", "2021-04-15", 495, "-25705.35"),
        ("Cycle Instance Prorate", "2021-03-16", "2021-04-11", 500, "22614.68"),
        ("Cycle Instance Prorate", "2021-04-12", "2021-04-15", 5, "33.50"),
        ("Cycle fee", "2021-04-16", "2021-05-15", 5, "259.65"),
    ] == _rows(made.lines[-5:])
    assert ["45.22", "6.70"] == [str(line.effective_unit_price) for line in made.lines[-3:-1]]


def test_several_changes_in_one_cycle_make_one_segment_each() -> None:
    """Microsoft's edition of 2016: 15, 12, 18 and 10 seats at 11.00."""
    events = [
        _created("2015-06-15", 15),
        _changed("2016-07-20", 12),
        _changed("2016-07-31", 18),
        _changed("2016-08-10", 10),
    ]
    made = _made(events, "11.00", through="2016-08-15")

    assert ["-165.00", "26.61", "46.84", "63.87", "17.74", "110.00"] == [str(line.amount) for line in made.lines[-6:]]


def test_a_cancellation_after_a_change_makes_the_segments_and_gives_back_the_rest_of_the_last() -> None:
    """Microsoft's edition of 2016: ten seats, five from 25 August, cancelled on 1 September."""
    events = [
        _created("2015-06-15", 10),
        _changed("2016-08-25", 5),
        _event(EventKind.CANCELLED, "2016-09-01"),
    ]
    made = _made(events, "10.00")

    assert [
        ("Cycle Instance Prorate", "2016-08-15", "2016-09-14", 10, "-100.00"),
        ("Cycle Instance Prorate", "2016-08-15", "2016-08-24", 10, "32.26"),
        ("Cycle Instance Prorate", "2016-08-25", "2016-09-14", 5, "33.87"),
        ("Cancel Instance Prorate", "2016-09-01", "2016-09-14", 5, "-22.58"),
    ] == _rows(made.lines[-4:])


def test_a_discounted_line_is_what_is_left_after_the_cents_are_cut() -> None:
    """AppXite's promotion: 135 x 41.62 less 25 percent; the list amount and the discount stand beside it."""
    began = _event(EventKind.PROMOTION_BEGAN, "2021-02-01", percent=Decimal(25))
    made = _made([_created("2021-01-01", 135), began], "41.62")
    line = made.lines[-1]

    assert ("Cycle fee", Decimal("4214.02"), Decimal("31.2150")) == (line.charge_type, line.amount, line.price.amount)
    assert (("Amount", "5618.70"), ("TotalOtherDiscount", "1404.68")) == line.inputs
