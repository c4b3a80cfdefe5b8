"""What scenarios can do to commerce, prices without a monthly plan, and decisions about the end of a term."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from commerce_desk import Desk, at

from local.partner_center.catalogue import Plan
from local.partner_center.catalogue_items import items
from local.partner_center.pricing import exchange_rate, extended_price, list_price
from local.partner_center.scenario import Event, happen

BASIC = "Microsoft 365 Business Basic"


def test_a_price_changes_in_a_scenario(desk: Desk) -> None:
    """From its day on, for the product and the payment that are named."""
    fields = {"product": BASIC, "factor": "1.10", "from_on": date(2026, 7, 1), "cycle": "annual"}
    happen(desk.world, Event("change-price", "", fields))
    item, yearly = items()["CFQ7TTC0LH18:0001"], Plan("P1Y", "annual")
    prices = [list_price(desk.world, item, yearly, "EUR", on=on) for on in (date(2026, 6, 30), date(2026, 7, 1))]

    assert prices == [Decimal("53.76"), Decimal("59.14")]
    assert list_price(desk.world, item, Plan("P1Y", "monthly"), "EUR", on=date(2026, 7, 1)) == Decimal("4.70")


def test_how_commerce_behaves_is_switched_in_a_scenario(desk: Desk) -> None:
    """A renewal that takes hours, and a product whose checkout fails until it is sold again."""
    happen(desk.world, Event("switch-commerce", "", {"renewal_delay_h": 3.0}))
    happen(desk.world, Event("refuse-product", "", {"product": BASIC, "code": 800030}))
    bought = desk.order(5)
    line = {"catalogItemId": desk.offer(), "quantity": 1, "termDuration": "P1Y", "billingCycle": "monthly"}
    cart = desk.ask("POST", "{c}/carts", {"lineItems": [line]}).json
    failed = desk.ask("POST", f"{{c}}/carts/{cart['id']}/checkout").json
    happen(desk.world, Event("refuse-product", "", {"product": BASIC}))
    sold = desk.ask("POST", f"{{c}}/carts/{cart['id']}/checkout").json
    desk.world.clock.advance_to(at("2027-01-14T02:00:00"))

    assert failed["orderErrors"][0]["code"] == 800030
    assert len(sold["orders"]) == 1
    assert desk.read(bought["id"])["commitmentEndDate"] == "2027-01-13T00:00:00Z"


def test_the_extension_costs_more_where_there_is_no_monthly_plan(desk: Desk) -> None:
    """Twenty-three percent above a twelfth of the year instead of three above the month."""
    item = items()["CFQ7TTC0LH18:0001"]
    without = replace(item, plans=tuple(plan for plan in item.plans if plan.term != "P1M"))
    prices = [
        extended_price(desk.world, each, "EUR", segment="commercial", on=date(2026, 6, 1)) for each in (item, without)
    ]

    assert prices == [Decimal("5.54"), Decimal("5.51")]


def test_exchange_rates_are_of_a_month_and_go_both_ways() -> None:
    """The same month gives the same rate; there and back is one, but for the last digits."""
    there, back = exchange_rate("USD", "EUR", "202610"), exchange_rate("EUR", "USD", "202610")

    assert exchange_rate("EUR", "EUR", "202610") == 1
    assert there == exchange_rate("USD", "EUR", "202610")
    assert there != exchange_rate("USD", "EUR", "202611")
    assert abs(there * back - 1) < Decimal("0.000000001")


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        (("Cancel", True), ("disabled", "P1Y", False)),
        (("RenewToExtendedServiceTerm", True), ("active", "P1M", False)),
        (("renewToNewTerm", False), ("active", "P1Y", False)),
    ],
)
def test_a_decision_about_the_end_of_the_term_counts_more_than_renewal(
    desk: Desk, decision: tuple[str, bool], expected: tuple[str, str, bool]
) -> None:
    """The scheduled action is done, whatever renewal says, and is gone afterwards."""
    bought, (action, renews) = desk.order(5), decision
    actions = [{"scheduleType": "TermEnd", "actionType": action}]
    desk.change(bought, autoRenewEnabled=renews, scheduledActions=actions)
    desk.world.clock.advance_to(at("2027-01-14"))
    after = desk.read(bought["id"])

    assert (after["status"], after["termDuration"], "scheduledActions" in after) == expected


def test_an_unknown_action_is_refused(desk: Desk) -> None:
    """400 3000."""
    bought = desk.order(5)
    changed = {**bought, "scheduledActions": [{"actionType": "Explode"}]}

    assert desk.refused("PATCH", f"{{c}}/subscriptions/{bought['id']}", changed) == (400, 3000)
