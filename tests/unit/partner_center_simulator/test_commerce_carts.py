"""Carts: errors inside them, their life, their checkout in groups, and its repetition."""

from collections.abc import Callable
from typing import Any

import pytest
from commerce_desk import Desk

from local.partner_center.commerce import commerce
from local.partner_center.faults import Fault, FaultKind


def line(item: str, quantity: int = 5, **more: Any) -> dict[str, Any]:
    """A line of a cart: a year paid by the month unless said otherwise."""
    return {"catalogItemId": item, "quantity": quantity, "termDuration": "P1Y", "billingCycle": "Monthly", **more}


def cart_of(desk: Desk, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Fill a cart and return it."""
    body = {"lineItems": [{"id": number, **each} for number, each in enumerate(lines)], **more}
    answer = desk.ask("POST", "{c}/carts", body)
    assert answer.status == 201
    found: dict[str, Any] = answer.json
    return found


def test_a_cart_prices_its_lines(desk: Desk) -> None:
    """Per unit and cycle, and for the whole term and all units; it lives for seven days."""
    cart = cart_of(desk, line(desk.offer()))

    assert cart["status"] == "Active"
    assert cart["creationTimestamp"] == "2026-01-14T16:57:15Z"
    assert cart["expirationTimestamp"] == "2026-01-21T16:57:15Z"
    assert [float(cart["lineItems"][0]["pricing"][name]) for name in ("listPrice", "price", "extendedPrice")] == [
        4.70,
        4.70,
        282.00,
    ]
    assert cart["lineItems"][0]["orderGroup"] == "0"
    assert cart == desk.ask("GET", f"{{c}}/carts/{cart['id']}").json


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"catalogItemId": "CFQ7TTC0LH18:0001:CFQ7TTC0NONE"}, "10001"),
        ({"catalogItemId": "00000000-0000-4000-8000-000000000000"}, "10001"),
        ({"currencyCode": "JPY"}, "10000"),
        ({"quantity": 301}, "10015"),
        ({"quantity": 0}, "10010"),
        ({"termDuration": "P1M", "billingCycle": "annual"}, "10013"),
        ({"promotionId": "39NFJQT1PJQB:0001:NOPE"}, "10014"),
        ({"customTermEndDate": "2026-12-30T00:00:00Z"}, "10016"),
        ({"participants": [{"key": "transaction_reseller", "value": "123"}]}, "10004"),
    ],
)
def test_a_bad_line_is_an_error_in_the_cart_and_fails_only_the_checkout(
    desk: Desk, changes: dict[str, Any], code: str
) -> None:
    """The cart is made with the error in its line; checking it out is refused with 800009."""
    cart = cart_of(desk, {**line(desk.offer()), **changes})
    refused = desk.refused("POST", f"{{c}}/carts/{cart['id']}/checkout")

    assert cart["lineItems"][0]["error"]["errorCode"] == code
    assert "pricing" not in cart["lineItems"][0]
    assert refused == (400, 800009)


def test_a_replaced_availability_is_refused_at_once(desk: Desk) -> None:
    """An id that could be ordered before the last rotation answers 404 400019, and the new one works."""
    old = desk.offer()
    commerce(desk.world).rotation += 1
    refused = desk.refused("POST", "{c}/carts", {"lineItems": [line(old)]})
    by_month = desk.offer()
    desk.world.clock.advance(days=31)

    assert refused == (404, 400019)
    assert "error" not in cart_of(desk, line(desk.offer()))["lineItems"][0]
    assert desk.refused("POST", "{c}/orders", {"lineItems": [{"offerId": by_month, "quantity": 1}]}) == (404, 400019)
    assert old != by_month != desk.offer()


def test_an_add_on_needs_its_base_in_the_cart_or_owned(desk: Desk) -> None:
    """Without a base the line has error 400041; with one it is sold as a line of its own."""
    copilot, premium = desk.offer("CFQ7TTC0MM8R", "0002"), desk.offer("CFQ7TTC0LCHC", "0002")
    alone = cart_of(desk, line(copilot))
    together = cart_of(desk, line(premium), line(copilot))
    result = desk.ask("POST", f"{{c}}/carts/{together['id']}/checkout").json
    later = cart_of(desk, line(copilot))

    assert alone["lineItems"][0]["error"]["errorCode"] == "400041"
    assert [len(order["lineItems"]) for order in result["orders"]] == [2]
    assert "error" not in later["lineItems"][0]


def test_checkout_makes_an_order_for_each_group_and_can_be_repeated(desk: Desk) -> None:
    """Lines paid alike become one order; the same checkout again answers the same and buys nothing."""
    annual = line(desk.offer("CFQ7TTC0LDPB"), billingCycle="annual")
    cart = cart_of(desk, line(desk.offer()), annual, line(desk.offer("CFQ7TTC0LH16")))
    address = f"{{c}}/carts/{cart['id']}/checkout"
    first = desk.ask("POST", address)
    again = desk.ask("POST", address)

    assert first.status == again.status == 201
    assert first.json == again.json
    assert [each["orderGroup"] for each in cart["lineItems"]] == ["0", "1", "0"]
    assert [[each["quantity"] for each in order["lineItems"]] for order in first.json["orders"]] == [[5, 5], [5]]
    assert {order["status"] for order in first.json["orders"]} == {"pending"}
    assert len(desk.customer.subscriptions) == 3
    assert desk.ask("GET", f"{{c}}/carts/{cart['id']}").json["status"] == "Ordered"
    assert desk.refused("PUT", f"{{c}}/carts/{cart['id']}", {"lineItems": [line(desk.offer())]}) == (400, 800065)


def test_one_group_may_fail_and_is_tried_again(desk: Desk) -> None:
    """What was ordered stays, what failed is an error of its group and succeeds once its cause is gone."""
    annual = line(desk.offer("CFQ7TTC0LDPB"), billingCycle="annual")
    cart = cart_of(desk, line(desk.offer()), annual)
    commerce(desk.world).refused["CFQ7TTC0LDPB:0001"] = (800030, "The subscription is not in order.")
    address = f"{{c}}/carts/{cart['id']}/checkout"
    first = desk.ask("POST", address).json
    commerce(desk.world).refused.clear()
    second = desk.ask("POST", address).json

    assert first["orderErrors"] == [
        {"orderGroupId": "1", "code": 800030, "description": "The subscription is not in order."}
    ]
    assert [each["id"] for each in first["orders"]] == [second["orders"][0]["id"]]
    assert len(second["orders"]) == 2
    assert "orderErrors" not in second


def test_carts_expire_and_can_be_in_process(desk: Desk) -> None:
    """While a checkout runs another is told so (409 800064); after seven days the cart is gone (404 800008)."""
    cart = cart_of(desk, line(desk.offer()))
    commerce(desk.world).carts_in_process = 1
    busy = desk.refused("POST", f"{{c}}/carts/{cart['id']}/checkout")
    desk.world.clock.advance(days=7)

    assert busy == (409, 800064)
    assert desk.refused("GET", f"{{c}}/carts/{cart['id']}") == (404, 800008)
    assert desk.refused("POST", f"{{c}}/carts/{cart['id']}/checkout") == (404, 800008)


def test_nothing_is_sold_without_the_customer_agreement(desk: Desk) -> None:
    """403 13605 at the checkout and at an order, and neither leaves anything behind."""
    desk.customer.is_directly_signed = False
    cart = cart_of(desk, line(desk.offer()))
    body = {"lineItems": [{"offerId": desk.offer(), "quantity": 1}]}

    assert desk.refused("POST", f"{{c}}/carts/{cart['id']}/checkout") == (403, 13605)
    assert desk.refused("POST", "{c}/orders", body) == (403, 13605)
    assert desk.customer.subscriptions == desk.customer.orders == {}


def test_indirect_providers_attest_the_reseller(open_desk: Callable[..., Desk]) -> None:
    """Without partnerOnRecordAttestationAccepted a cart is refused; with it the reseller is on the order's lines."""
    desk = open_desk(is_indirect_provider=True)
    reseller = line(desk.offer(), participants=[{"key": "transaction_reseller", "value": "4847383"}])
    refused = desk.refused("POST", "{c}/carts", {"lineItems": [reseller]})
    cart = cart_of(desk, reseller, partnerOnRecordAttestationAccepted=True)
    order = desk.ask("POST", f"{{c}}/carts/{cart['id']}/checkout").json["orders"][0]

    assert refused == (400, 900206)
    assert order["lineItems"][0]["partnerIdOnRecord"] == "4847383"
    assert desk.read(order["lineItems"][0]["subscriptionId"])["partnerId"] == "4847383"


def test_the_sandbox_has_its_limits(open_desk: Callable[..., Desk]) -> None:
    """25 seats a subscription and five subscriptions a customer: 10009 in a cart, 800018 for an order."""
    desk = open_desk(is_sandbox=True)
    too_many = cart_of(desk, line(desk.offer(), 26))
    for _ in range(5):
        desk.order(25)
    body = {"lineItems": [{"offerId": desk.offer(), "quantity": 1}]}

    assert too_many["lineItems"][0]["error"]["errorCode"] == "10009"
    assert desk.refused("POST", "{c}/orders", body) == (400, 800018)


def test_a_first_term_can_end_with_another_subscription(desk: Desk) -> None:
    """The allowed days are asked for; the first term is cut, and its price is prorated."""
    desk.order(5)
    desk.world.clock.advance(days=31)
    address = "{c}/subscriptions/customTermEndDates?term_duration=P1Y"
    allowed = desk.ask("GET", address).json["items"]
    cart = cart_of(desk, line(desk.offer("CFQ7TTC0LDPB"), customTermEndDate=allowed[1]["allowedCustomTermEndDate"]))
    order = desk.ask("POST", f"{{c}}/carts/{cart['id']}/checkout").json["orders"][0]
    bought = desk.read(order["lineItems"][0]["subscriptionId"])
    first = desk.customer.subscriptions[bought["id"]].log[0]

    assert [(each["allowedCustomTermEndDateType"], each["allowedCustomTermEndDate"][:10]) for each in allowed] == [
        ("calendarMonthAligned", "2027-01-31"),
        ("subscriptionAligned", "2027-01-13"),
    ]
    assert bought["commitmentEndDate"] == bought["customTermEndDate"] == "2027-01-13T00:00:00Z"
    assert (str(first.cycle_first), str(first.cycle_last)) == ("2026-02-14", "2026-03-13")


def test_the_order_and_its_subscription_may_show_late(desk: Desk) -> None:
    """With the faults on, an order is missing for minutes, and its lines name no subscription for some more."""
    desk.world.faults.add(Fault(kind=FaultKind.ORDER_INVISIBLE, value=10))
    desk.world.faults.add(Fault(kind=FaultKind.SUBSCRIPTION_ID_MISSING, value=15))
    cart = cart_of(desk, line(desk.offer()))
    order = desk.ask("POST", f"{{c}}/carts/{cart['id']}/checkout").json["orders"][0]
    missing = desk.refused("GET", f"{{c}}/orders/{order['id']}")
    none_yet = desk.ask("GET", "{c}/subscriptions").json["totalCount"]
    desk.world.clock.advance(minutes=11)
    shown = desk.ask("GET", f"{{c}}/orders/{order['id']}").json
    desk.world.clock.advance(minutes=5)

    assert (missing, none_yet) == ((404, 20000), 0)
    assert "subscriptionId" not in order["lineItems"][0]
    assert "subscriptionId" not in shown["lineItems"][0]
    assert "subscriptionId" in desk.ask("GET", f"{{c}}/orders/{order['id']}").json["lineItems"][0]
    assert desk.ask("GET", "{c}/subscriptions").json["totalCount"] == 1


def test_legacy_lines_have_add_ons_within(desk: Desk) -> None:
    """Items added to a legacy line are priced with it, in its group, and become its children."""
    addons = [
        {"id": 1, "catalogItemId": "C94271D8-B431-4A25-A3C5-A57737A1C909", "quantity": 2, "billingCycle": "monthly"}
    ]
    base = {"catalogItemId": "91FD106F-4B2C-4938-95AC-F54F74E9A239", "quantity": 3, "billingCycle": "monthly"}
    cart = cart_of(desk, {**base, "addonItems": addons})
    order = desk.ask("POST", f"{{c}}/carts/{cart['id']}/checkout").json["orders"][0]
    parent, child = (each["subscriptionId"] for each in order["lineItems"])
    children = desk.ask("GET", f"{{c}}/subscriptions/{parent}/addons").json["items"]

    assert cart["lineItems"][0]["orderGroup"] == cart["lineItems"][0]["addonItems"][0]["orderGroup"] == "OMS-0"
    assert [each["id"] for each in children] == [child]
    assert children[0]["parentSubscriptionId"] == parent
