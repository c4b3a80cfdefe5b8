"""Worked examples of new commerce: Microsoft's own scenario pages, line by line."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from shared.domain.expected.conventions import Conventions, FirstShortCycle, PlanChangeShare
from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.expected.lines import Expected, ExpectedLine
from shared.domain.periods import BillingPeriod
from shared.domain.subscriptions.events import Event, EventKind, ordered
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.subscription import DatedPrice, Subscription


def _event(kind: EventKind, on: str, **facts: object) -> Event:
    at = datetime.fromisoformat(on).replace(tzinfo=UTC)
    return Event(kind=kind, at=at, **facts)  # type: ignore[arg-type]  # facts are checked by the tests themselves


def _sold(price: str, *events: Event, **facts: object) -> Subscription:
    usual: dict[str, object] = {
        "id": "S", "kind": ServiceKind.LICENCE, "currency": "EUR", "term": "P1M", "product": "Business Standard",
        "prices": (DatedPrice(amount=Decimal(price)),),
    }  # fmt: skip
    return Subscription(events=ordered(events), **{**usual, **facts})  # type: ignore[arg-type]  # as above


def _billed(*subscriptions: Subscription, through: str | None = None, **choices: object) -> Expected:
    return expected_lines(
        History(
            subscriptions=subscriptions,
            conventions=Conventions(**choices),  # type: ignore[arg-type]  # as above
            through=None if through is None else date.fromisoformat(through),
        )
    )


Shown = tuple[str, str, str, int, str, str, str]


def _shown(line: ExpectedLine) -> Shown:
    assert line.start is not None
    assert line.last_day is not None
    return (
        line.charge_type, str(line.start), str(line.last_day), int(line.quantity), str(line.price.listed),
        str(line.effective_unit_price), str(line.amount),
    )  # fmt: skip


def _table(expected: Expected) -> list[Shown]:
    return [_shown(line) for line in expected.lines]


def test_added_seats_wipe_the_old_quantity_and_charge_the_new() -> None:
    """WE-017: both lines run from the day of the change to the end of the cycle."""
    expected = _billed(
        _sold(
            "10.08",
            _event(EventKind.CREATED, "2021-06-18", quantity=10),
            _event(EventKind.QUANTITY_CHANGED, "2021-06-20", quantity=12),
        )
    )

    assert [
        ("new", "2021-06-18", "2021-07-17", 10, "10.08", "10.08", "100.80"),
        ("addQuantity", "2021-06-20", "2021-07-17", 10, "10.08", "-9.408", "-94.08"),
        ("addQuantity", "2021-06-20", "2021-07-17", 12, "10.08", "9.408", "112.89"),
    ] == _table(expected)
    assert Decimal("119.61") == expected.total("EUR").amount
    assert expected.lines[0] is expected.lines[1].corrects
    assert [BillingPeriod(2021, 6)] * 3 == [line.invoice for line in expected.lines]
    assert () == expected.issues


def test_removed_seats_are_refunded_inside_their_window() -> None:
    """WE-018: a refund is cut toward zero, like a charge."""
    expected = _billed(
        _sold(
            "10.08",
            _event(EventKind.CREATED, "2021-06-18", quantity=12),
            _event(EventKind.QUANTITY_CHANGED, "2021-06-20", quantity=8),
        )
    )

    assert [
        ("removeQuantity", "2021-06-20", "2021-07-17", 12, "10.08", "-9.408", "-112.89"),
        ("removeQuantity", "2021-06-20", "2021-07-17", 8, "10.08", "9.408", "75.26"),
    ] == _table(expected)[1:]
    assert () == expected.issues


def test_five_changes_of_a_month_make_five_pairs() -> None:
    """WE-019: seats are taken from the youngest batch, so that each removal is inside a window."""
    changes = [("07", 15), ("10", 25), ("12", 23), ("14", 20), ("25", 30)]
    expected = _billed(
        _sold(
            "12",
            _event(EventKind.CREATED, "2022-03-05", quantity=10),
            *(_event(EventKind.QUANTITY_CHANGED, f"2022-03-{day}", quantity=seats) for day, seats in changes),
        )
    )

    assert [
        "120.00", "-112.25", "168.38", "-150.96", "251.61", "-232.25", "213.67", "-195.87", "170.32", "-85.16",
        "127.74",
    ] == [str(line.amount) for line in expected.lines]  # fmt: skip
    assert Decimal("275.23") == expected.total("EUR").amount
    assert {date(2022, 4, 5)} == {line.end for line in expected.lines}
    assert () == expected.issues


def test_a_trial_converted_on_its_first_day_pays_a_full_cycle() -> None:
    """WE-020: nothing for the trial, nothing back, and a full cycle from the conversion."""
    trial = _sold(
        "52.61",
        _event(EventKind.CREATED, "2021-06-25", quantity=25),
        _event(EventKind.CONVERTED, "2021-06-25T09:00"),
        is_trial=True,
    )

    expected = _billed(trial)

    assert [
        ("new", "2021-06-25", "2021-07-24", 25, "0", "0", "0.00"),
        ("convert", "2021-06-25", "2021-07-24", 25, "0", "0", "0.00"),
        ("convert", "2021-06-25", "2021-07-24", 25, "52.61", "52.61", "1315.25"),
    ] == _table(expected)


def _three_years(plan: Plan, *events: Event) -> Subscription:
    prices = (
        DatedPrice(amount=Decimal(250), plan=Plan.ANNUAL),
        DatedPrice(amount=Decimal(20), plan=Plan.MONTHLY),
    )
    return _sold(
        "0", _event(EventKind.CREATED, "2021-09-20", quantity=10), *events, term="P3Y", plan=plan, prices=prices
    )


@pytest.mark.parametrize("told_on", ["2022-09-20", "2022-09-19T12:00", "2021-11-03"])
def test_an_annual_plan_becomes_monthly_when_the_year_ends(told_on: str) -> None:
    """WE-021: the change waits for the end of the cycle; nothing is refunded."""
    change = _event(EventKind.PLAN_CHANGED, told_on, plan=Plan.MONTHLY)

    expected = _billed(_three_years(Plan.ANNUAL, change), through="2022-09-30")

    assert [
        ("new", "2021-09-20", "2022-09-19", 10, "250", "250", "2500.00"),
        ("changeBillingPlan", "2022-09-20", "2022-10-19", 10, "20", "20", "200.00"),
    ] == _table(expected)
    assert change is expected.lines[1].event


def test_a_monthly_plan_becomes_annual_by_the_months_that_are_left() -> None:
    """WE-022: eleven twelfths of the year, cut to the cent for one seat."""
    change = _event(EventKind.PLAN_CHANGED, "2021-10-20", plan=Plan.ANNUAL)

    expected = _billed(_three_years(Plan.MONTHLY, change))

    assert [
        ("new", "2021-09-20", "2021-10-19", 10, "20", "20", "200.00"),
        ("changeBillingPlan", "2021-10-20", "2022-09-19", 10, "250", "229.166666666666666666", "2291.60"),
    ] == _table(expected)
    assert (11, 12, "months") == (*expected.lines[1][7:9], expected.lines[1].counted)
    assert (PlanChangeShare.MONTHS.value,) == expected.variants


def test_a_monthly_plan_becomes_annual_by_days_if_told_so() -> None:
    """WE-022, the other arithmetic: 335 of 365 days are 229.45 a seat."""
    change = _event(EventKind.PLAN_CHANGED, "2021-10-20", plan=Plan.ANNUAL)

    expected = _billed(_three_years(Plan.MONTHLY, change), plan_change_share=PlanChangeShare.DAYS)

    assert "2294.50" == str(expected.lines[1].amount)


@pytest.mark.parametrize(
    ("price", "plan", "row"),
    [
        ("192", Plan.ANNUAL, ("new", "2022-01-25", "2023-01-24", 1, "192", "192", "192.00")),
        ("16", Plan.MONTHLY, ("new", "2022-01-25", "2022-02-24", 1, "16", "16", "16.00")),
    ],
)
def test_a_migrated_subscription_with_a_fresh_term_starts_with_a_full_cycle(price: str, plan: Plan, row: Shown) -> None:
    """WE-026: the new line starts the day after the old subscription."""
    expected = _billed(_sold(price, _event(EventKind.CREATED, "2022-01-25", quantity=1), term="P1Y", plan=plan))

    assert [row] == _table(expected)


def test_a_promotion_stands_in_the_effective_price_and_the_unit_price_stays_at_list() -> None:
    """WE-032: 16.00 less ten percent is 14.40 for 50 seats."""
    created = _event(EventKind.CREATED, "2021-05-20", quantity=50, percent=Decimal(10))

    expected = _billed(_sold("16", created, term="P1Y"))

    (line,) = expected.lines
    assert ("new", "2021-05-20", "2021-06-19", 50, "16", "14.4", "720.00") == (
        *_shown(line)[:5],
        "14.4",
        str(line.amount),
    )
    assert Decimal("14.4") == line.effective_unit_price
    assert Decimal(10) == line.price.percent_off


def test_a_cycle_that_starts_on_the_29th_of_january_ends_before_february_ends() -> None:
    """WE-033: 29 January to 27 February is a full cycle."""
    expected = _billed(_sold("16", _event(EventKind.CREATED, "2021-01-29", quantity=1)))

    assert [("new", "2021-01-29", "2021-02-27", 1, "16", "16", "16.00")] == _table(expected)


def test_a_trial_is_one_free_line_of_twenty_five_seats() -> None:
    """WE-034: one month, no price."""
    expected = _billed(_sold("16", _event(EventKind.CREATED, "2021-05-20"), is_trial=True))

    assert [("new", "2021-05-20", "2021-06-19", 25, "0", "0", "0.00")] == _table(expected)


@pytest.mark.parametrize(("term", "amount"), [("P1Y", "13.13"), ("P1M", "15.00")])
def test_the_monthly_prices_follow_from_the_annual_one(term: str, amount: str) -> None:
    """WE-038: a year paid monthly costs five percent more, a month without commitment twenty."""
    annual = DatedPrice(amount=Decimal("150.00"), per="year")
    sold = _sold("0", _event(EventKind.CREATED, "2026-01-05", quantity=1), term=term, prices=(annual,))

    assert [amount] == [str(line.amount) for line in _billed(sold).lines]


@pytest.mark.parametrize("first", list(FirstShortCycle))
@pytest.mark.parametrize(("price", "plan", "printed"), [("16", Plan.MONTHLY, "15.42"), ("192", Plan.ANNUAL, "95.21")])
def test_microsofts_two_short_first_cycles_follow_from_no_rule(
    first: FirstShortCycle, price: str, plan: Plan, printed: str
) -> None:
    """WE-024 and WE-025 contradict the page they stand on; no convention of ours leads to them."""
    created = _event(EventKind.CREATED, "2022-01-25", quantity=1)
    sold = _sold(price, created, term="P1Y", plan=plan, ends_on=date(2022, 7, 21))

    expected = _billed(sold, first_short_cycle=first)

    assert printed != str(expected.lines[0].amount)
    assert (first.value,) == expected.variants


def test_a_subscription_cancelled_on_the_third_day_is_refunded_by_days() -> None:
    """Microsoft's example of July 2021: 29 of 31 days, the unit cut to the cent: 9.42 for ten seats."""
    expected = _billed(
        _sold(
            "10.08",
            _event(EventKind.CREATED, "2021-07-15", quantity=10),
            _event(EventKind.CANCELLED, "2021-07-17"),
        ),
        through="2021-12-31",
    )

    assert ("cancelImmediate", "2021-07-17", "2021-08-14", 10, "10.08") == _table(expected)[1][:5]
    assert ["100.80", "-94.20"] == [str(line.amount) for line in expected.lines]


def _upgradable(*events: Event, product: str = "Business Standard", name: str = "S") -> Subscription:
    prices = (
        DatedPrice(amount=Decimal("10.08"), product="Business Standard"),
        DatedPrice(amount=Decimal("6.43"), product="E1"),
    )
    return _sold("0", *events, id=name, product=product, prices=prices)


def test_an_upgrade_of_all_seats_swaps_the_product_for_the_rest_of_the_cycle() -> None:
    """Microsoft's example: 300 seats, 23 of 30 days, 7.72 back and 4.92 charged for each."""
    expected = _billed(
        _upgradable(
            _event(EventKind.CREATED, "2021-06-18", quantity=300),
            _event(EventKind.UPGRADED, "2021-06-25", product="E1"),
        )
    )

    assert [("new", "3024.00"), ("convert", "-2316.00"), ("convert", "1476.00")] == [
        (line.charge_type, str(line.amount)) for line in expected.lines
    ]
    assert {date(2021, 7, 18)} == {line.end for line in expected.lines}


@pytest.mark.parametrize("is_told", [True, False])
def test_an_upgrade_of_some_seats_leaves_the_others_alone(is_told: bool) -> None:  # noqa: FBT001 - a table's column
    """Microsoft's example: 100 of 300 seats; the new subscription is known from the upgrade if from nowhere else."""
    base = _upgradable(
        _event(EventKind.CREATED, "2021-06-18", quantity=300),
        _event(EventKind.SEATS_UPGRADED, "2021-06-25", quantity=100, product="E1", target="T"),
    )
    made = _upgradable(_event(EventKind.CREATED, "2021-06-25", quantity=100), product="E1", name="T")

    expected = _billed(*((base, made) if is_told else (base,)), through="2021-07-20")

    assert [
        ("S", "new", "3024.00"), ("S", "convert", "-772.00"), ("S", "renew", "2016.00"),
        ("T", "convert", "492.00"), ("T", "renew", "643.00"),
    ] == [(line.subscription.id, line.charge_type, str(line.amount)) for line in expected.lines]  # fmt: skip
    assert () == expected.issues


_ANNUAL_31 = [date(2021, 1, 31), date(2021, 2, 28), date(2021, 3, 31), date(2021, 4, 30), date(2021, 5, 31)]


def test_a_year_paid_monthly_keeps_the_day_of_its_purchase() -> None:
    """Microsoft's table: bought on 31 January, the cycles start on the last day of each month."""
    expected = _billed(
        _sold("1", _event(EventKind.CREATED, "2021-01-31", quantity=1), term="P1Y"), through="2022-01-31"
    )

    assert _ANNUAL_31 == [line.start for line in expected.lines][:5]
    assert [*["new"], *["cycleCharge"] * 11, "renew"] == [line.charge_type for line in expected.lines]
    assert date(2022, 1, 31) == expected.lines[12].start


def _days_between(lines: Sequence[ExpectedLine]) -> list[int]:
    return [((line.end or date.max) - (line.start or date.max)) // timedelta(days=1) for line in lines]


def test_a_month_renews_from_its_own_start() -> None:
    """Microsoft's table: a term that began on 28 February renews on the 28th, whatever came before."""
    expected = _billed(_sold("1", _event(EventKind.CREATED, "2021-01-31", quantity=1)), through="2021-04-28")

    assert ["2021-01-31", "2021-02-28", "2021-03-28", "2021-04-28"] == [str(line.start) for line in expected.lines]
    assert [28, 28, 31, 30] == _days_between(expected.lines)
    assert replace(expected).lines == expected.lines
