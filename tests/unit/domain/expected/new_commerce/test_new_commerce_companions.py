"""New commerce: add-ons and their base, what upgrades lead to, and changes that Microsoft does not offer."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.subscriptions.events import EventKind as K
from shared.domain.subscriptions.kinds import Plan
from shared.domain.subscriptions.subscription import DatedPrice

MONTH_A, MONTH_B = (
    DatedPrice(amount=Decimal(amount), product=product, term="P1M", plan=Plan.MONTHLY)
    for product, amount in (("A", 12), ("B", 20))
)
YEAR_A = DatedPrice(amount=Decimal(120), product="A", term="P1Y", plan=Plan.ANNUAL)


def test_an_add_on_is_cancelled_with_its_base(shop: Any) -> None:
    """Each is refunded from the day of the cancellation on, and neither is charged again."""
    base = shop.sold("10", shop.bought("2024-01-10", 1), shop.event(K.CANCELLED, "2024-01-13"))
    add_on = shop.sold("2", shop.bought("2024-01-11", 1), id="add", parent_id="S")

    expected = shop.bill(base, add_on, through="2024-03-01")

    assert [
        ("new", "2024-01-10", "2024-02-09", 1, "10.00"),
        ("cancelImmediate", "2024-01-13", "2024-02-09", 1, "-9.03"),
        ("new", "2024-01-11", "2024-02-09", 1, "1.93"),
        ("cancelImmediate", "2024-01-13", "2024-02-09", 1, "-1.80"),
    ] == shop.rows(expected)


@pytest.mark.parametrize(
    ("auto_renews", "amounts"), [(True, ["10.00", "10.00", "1.35", "2.00"]), (False, ["10.00", "1.35"])]
)
def test_an_add_on_renews_as_long_as_its_base_does(shop: Any, auto_renews: bool, amounts: list[str]) -> None:  # noqa: FBT001 - a parameter of the table
    """It was aligned with the base, whose term ends on 9 February."""
    base = shop.sold("10", shop.bought("2024-01-10", 1), term="P1M", auto_renews=auto_renews)
    add_on = shop.sold("2", shop.bought("2024-01-20", 1), id="add", parent_id="S", term="P1M")

    expected = shop.bill(base, add_on, through="2024-02-20")

    assert amounts == [row[4] for row in shop.rows(expected)]


def test_subscriptions_that_are_each_others_base_renew_by_themselves(shop: Any) -> None:
    """Nothing ends with what ends with it."""
    one = shop.sold("10", shop.bought("2024-01-10", 1), id="one", parent_id="two", term="P1M")
    two = shop.sold("10", shop.bought("2024-01-10", 1), id="two", parent_id="one", term="P1M")

    expected = shop.bill(one, two, through="2024-02-10")

    assert ["new", "renew"] * 2 == [row[0] for row in shop.rows(expected)]


def test_a_new_subscription_of_upgraded_seats_renews_at_its_own_price(shop: Any) -> None:
    """The price that the upgrade told is that of its product, not of the one the seats came from."""
    up = shop.event(K.SEATS_UPGRADED, "2024-01-22", quantity=4, product="B", unit_price=Decimal(20))

    expected = shop.bill(shop.sold("10", shop.bought("2024-01-10", 10), up, term="P1M"), through="2024-02-10")

    assert [("convert", "49.00"), ("renew", "80.00")] == [(row[0], row[4]) for row in shop.rows(expected)[-2:]]


def test_an_upgrade_in_the_extended_service_term_has_its_surcharge(shop: Any) -> None:
    """20.00 and 3 percent for 21 of 31 days."""
    up = shop.event(K.UPGRADED, "2026-05-20", product="B")
    sold = shop.sold(
        "0", shop.bought("2025-05-10", 2), up, prices=(YEAR_A, MONTH_A, MONTH_B), plan=Plan.ANNUAL, auto_renews=False
    )

    expected = shop.bill(sold)

    assert ["240.00", "24.72", "-16.74", "27.90"] == [row[4] for row in shop.rows(expected)]
    assert "extended service term: 20 x 1.03 / 1" in expected.lines[-1].price.origin
    assert ("extended service term: from 2026-05-04",) == expected.lines[-1].variants


def test_an_upgrade_in_the_extended_service_term_at_a_told_price_costs_that(shop: Any) -> None:
    """Whoever names the price names what it comes to."""
    up = shop.event(K.UPGRADED, "2026-05-20", product="B", unit_price=Decimal("20.60"))
    sold = shop.sold("0", shop.bought("2026-04-10", 2), up, prices=(MONTH_A,), term="P1M", auto_renews=False)

    assert "27.90" == shop.rows(shop.bill(sold))[-1][4]


def test_an_upgrade_to_a_year_ends_the_extended_service_term(shop: Any) -> None:
    """The new year cannot be cancelled in its fourth month, and its price has no surcharge."""
    up = shop.event(K.UPGRADED, "2026-05-20", product="B", term="P1Y", plan=Plan.ANNUAL, unit_price=Decimal(240))
    gone = shop.event(K.CANCELLED, "2026-09-01")
    sold = shop.sold("0", shop.bought("2026-04-10", 1), up, gone, prices=(MONTH_A,), term="P1M", auto_renews=False)

    expected = shop.bill(sold)

    assert ("convert", "2026-05-20", "2027-05-19", 1, "240.00") == shop.rows(expected)[-1]
    assert ["CHANGE_REFUSED"] == shop.codes(expected)


def test_without_a_monthly_price_the_surcharge_is_on_the_years_and_not_on_the_premium(shop: Any) -> None:
    """120 a year paid monthly costs 10.50; the extended month is 120 / 12 x 1.23."""
    sold = shop.sold(
        "0", shop.bought("2025-06-10", 1), prices=(DatedPrice(amount=Decimal(120), per="year"),), auto_renews=False
    )

    expected = shop.bill(sold, through="2026-06-10")

    assert ["10.50", "12.30"] == [row[4] for row in shop.rows(expected)[-2:]]


@pytest.mark.parametrize(("ends_on", "codes"), [("2022-07-29", ["CHANGE_UNUSUAL"]), ("2022-08-01", [])])
def test_a_month_that_ends_on_a_day_not_offered_is_billed_and_noted(shop: Any, ends_on: str, codes: list[str]) -> None:
    """Monthly terms end with the 28th, 29th and 30th only where that is the last of the month."""
    sold = shop.sold("10", shop.bought("2022-07-15", 1), term="P1M", ends_on=date.fromisoformat(ends_on))

    expected = shop.bill(sold)

    assert codes == shop.codes(expected)
    assert {"2022-07-29": "4.51", "2022-08-01": "5.48"}[ends_on] == shop.rows(expected)[0][4]


@pytest.mark.parametrize(
    ("term", "plan", "codes"),
    [
        ("P3Y", Plan.ANNUAL, []),
        ("P3Y", Plan.TRIENNIAL, ["CHANGE_UNUSUAL"]),
        ("P1Y", Plan.ANNUAL, ["CHANGE_UNUSUAL"]),
    ],
)
def test_another_plan_that_is_not_offered_is_billed_and_noted(
    shop: Any, term: str, plan: Plan, codes: list[str]
) -> None:
    """Inside a term only three years change their plan, and not to one payment."""
    change = shop.event(K.PLAN_CHANGED, "2024-01-20", plan=plan)

    expected = shop.bill(shop.sold("10", shop.bought("2024-01-10", 1), change, term=term), through="2024-02-10")

    assert codes == shop.codes(expected)
    assert "changeBillingPlan" == shop.rows(expected)[-1][0]


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        (K.QUANTITY_CHANGED, {"quantity": 2}),
        (K.UPGRADED, {"product": "B", "unit_price": Decimal(120)}),
        (K.SUSPENDED, {}),
        (K.AUTO_RENEW_CHANGED, {"is_on": False}),
    ],
)
def test_a_change_inside_the_term_deletes_what_was_scheduled(shop: Any, kind: K, facts: dict[str, Any]) -> None:
    """A shorter term and another end had been chosen for the renewal."""
    scheduled = [
        shop.event(K.PLAN_CHANGED, "2024-03-01", term="P1M", plan=Plan.MONTHLY),
        shop.event(K.END_DATE_CHANGED, "2024-03-02", ends_on=date(2025, 1, 20)),
    ]
    switched_on = shop.event(K.AUTO_RENEW_CHANGED, "2024-06-01", is_on=True)
    events = [shop.bought("2024-01-10", 1), *scheduled, shop.event(kind, "2024-05-01", **facts), switched_on]

    expected = shop.bill(shop.sold("120", *events, plan=Plan.ANNUAL), through="2025-01-10")

    assert ("renew", "2025-01-10", "2026-01-09") == shop.rows(expected)[-1][:3]
    assert ["CHANGE_UNUSUAL"] * 2 == shop.codes(expected)


def test_a_longer_term_deletes_what_was_scheduled(shop: Any) -> None:
    """The end that was chosen for the renewal of the year is not that of the three years."""
    events = [
        shop.event(K.END_DATE_CHANGED, "2024-03-02", ends_on=date(2025, 1, 20)),
        shop.event(K.PLAN_CHANGED, "2024-05-01", term="P3Y", plan=Plan.ANNUAL),
    ]

    expected = shop.bill(shop.sold("120", shop.bought("2024-01-10", 1), *events, plan=Plan.ANNUAL))

    assert ["CHANGE_UNUSUAL"] == shop.codes(expected)


def test_seats_may_change_while_another_plan_waits_for_the_cycle_to_end(shop: Any) -> None:
    """How often a term is paid is no change that the renewal makes."""
    change = shop.event(K.PLAN_CHANGED, "2024-01-12", plan=Plan.ANNUAL)
    sold = shop.sold("10", shop.bought("2024-01-10", 1), change, shop.seats("2024-01-20", 2), term="P3Y")

    expected = shop.bill(sold, through="2024-02-10")

    assert "changeBillingPlan" == shop.rows(expected)[-1][0]
    assert [] == shop.codes(expected)


@pytest.mark.parametrize(
    ("facts", "row", "codes"),
    [
        ({"term": "P3Y", "quantity": 3}, ("convert", "2024-01-20", "2024-02-19", 3, "30.00"), []),
        ({"term": "P3Y", "quantity": 1}, ("convert", "2024-01-20", "2024-02-19", 2, "20.00"), ["CHANGE_UNUSUAL"]),
        (
            {"plan": Plan.ANNUAL, "quantity": 3},
            ("changeBillingPlan", "2024-02-10", "2025-01-09", 3, "27.48"),
            ["CHANGE_UNUSUAL"],
        ),
    ],
)
def test_a_change_of_term_or_plan_may_bring_seats_along(
    shop: Any, facts: dict[str, Any], row: Any, codes: list[str]
) -> None:
    """More of them are charged from then on; fewer are not given back with it."""
    change = shop.event(K.PLAN_CHANGED, "2024-01-20", **facts)
    through = "2024-02-10" if "plan" in facts else ""

    expected = shop.bill(shop.sold("10", shop.bought("2024-01-10", 2), change), through=through)

    assert row == shop.rows(expected)[-1]
    assert codes == shop.codes(expected)


def test_a_scheduled_change_brings_its_quantity_at_the_renewal(shop: Any) -> None:
    """Ten seats for a year become six for a month."""
    change = shop.event(K.PLAN_CHANGED, "2024-03-01", term="P1M", plan=Plan.MONTHLY, quantity=6)

    expected = shop.bill(shop.sold("10", shop.bought("2024-01-10", 10), change), through="2025-01-10")

    assert ("renew", "2025-01-10", "2025-02-09", 6, "60.00") == shop.rows(expected)[-1]
