"""Orders, what belongs to them and to subscriptions, upgrades, and what is cancelled how."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from commerce_desk import Desk, at

from local.partner_center.answers import RefusedError


def buy(desk: Desk, product: str, sku: str, **line: Any) -> dict[str, Any]:
    """Order one item and return the order."""
    item = {"lineItemNumber": 0, "offerId": desk.offer(product, sku), "quantity": 1, **line}
    found: dict[str, Any] = desk.ask("POST", "{c}/orders", {"lineItems": [item]}).json
    return found


def test_an_order_has_the_documented_parts(desk: Desk) -> None:
    """Short id, lines with links, and prices only where they are asked for."""
    order = buy(desk, "CFQ7TTC0LH18", "0001", termDuration="P1M", quantity=2)
    read = desk.ask("GET", f"{{c}}/orders/{order['id']}").json
    priced = desk.ask("GET", f"{{c}}/orders/{order['id']}?include_price=true").json

    assert order["id"] == order["alternateId"]
    assert len(order["id"]) == 12
    assert order["lineItems"][0]["transactionType"] == "New"
    assert set(order["links"]) == {"self", "provisioningStatus", "patchOperation"}
    assert float(order["totalPrice"]) == 10.76
    assert "pricing" not in read["lineItems"][0]
    assert priced["lineItems"][0]["pricing"] == order["lineItems"][0]["pricing"]
    assert read["status"] == "completed"


def test_orders_are_listed_by_how_they_are_paid(desk: Desk) -> None:
    """The billingType of the query filters, in any spelling of one_time."""
    buy(desk, "CFQ7TTC0LH18", "0001", termDuration="P1M")
    once = buy(desk, "DG7GMGF0PWHF", "0009", billingCycle="one_time")
    found = desk.ask("GET", "{c}/orders?billingType=onetime").json["items"]

    assert [once["id"]] == [each["id"] for each in found]
    assert len(desk.ask("GET", "{c}/orders").json["items"]) == 2


def test_perpetual_software_is_cancelled_as_an_order(desk: Desk) -> None:
    """It shows no subscription, is cancelled with its order within thirty days, and everything is given back."""
    order = buy(desk, "DG7GMGF0PWHF", "0009", billingCycle="one_time", quantity=3)
    desk.world.clock.advance(days=29)
    cancelled = desk.ask("PATCH", f"{{c}}/orders/{order['id']}", {"id": order["id"], "status": "cancelled"}).json
    log = next(iter(desk.customer.subscriptions.values())).log

    assert desk.ask("GET", "{c}/subscriptions").json["items"] == []
    assert "subscriptionId" not in order["lineItems"][0]
    assert cancelled["status"] == "cancelled"
    assert [(each.charge_type, each.before, each.after) for each in log] == [("new", 0, 3), ("cancelImmediate", 3, 0)]


def test_what_cannot_be_cancelled_as_an_order_says_so(desk: Desk) -> None:
    """A licence is cancelled as a subscription (800061), a reservation only in the sandbox (800019)."""
    licence = buy(desk, "CFQ7TTC0LH18", "0001", termDuration="P1Y")
    plan = buy(desk, "DZH318Z0BPS6", "0001")["lineItems"][0]["subscriptionId"]
    context = {"subscriptionId": plan, "scope": "shared"}
    terms = {"termDuration": "P1Y", "billingCycle": "one_time", "provisioningContext": context}
    reservation = buy(desk, "DZH318Z08RES", "00D4", **terms)
    body = {"status": "cancelled"}

    assert desk.refused("PATCH", f"{{c}}/orders/{licence['id']}", body) == (400, 800061)
    assert desk.refused("PATCH", f"{{c}}/orders/{reservation['id']}", body) == (403, 800019)
    assert desk.refused("PATCH", f"{{c}}/orders/{licence['id']}", {}) == (400, 900279)


def test_a_reservation_needs_an_azure_plan(desk: Desk) -> None:
    """Without one its line is refused."""
    item = {
        "offerId": desk.offer("DZH318Z08RES", "00D4"),
        "quantity": 1,
        "termDuration": "P1Y",
        "billingCycle": "one_time",
    }

    assert desk.refused("POST", "{c}/orders", {"lineItems": [item]}) == (400, 800011)


def test_legacy_orders_take_add_ons_and_change_how_they_are_paid(desk: Desk) -> None:
    """PATCH with a parent adds a line to the order; PATCH with a billing cycle converts every line."""
    body = {
        "billingCycle": "monthly",
        "lineItems": [{"offerId": "195416C1-3447-423A-B37B-EE59A99A19C4", "quantity": 5}],
    }
    order = desk.ask("POST", "{c}/orders", body).json
    parent = order["lineItems"][0]["subscriptionId"]
    addon = {"offerId": "2828BE95-46BA-4F91-B2FD-0BEF192ECF60", "quantity": 2, "parentSubscriptionId": parent}
    extended = desk.ask("PATCH", f"{{c}}/orders/{order['id']}", {"lineItems": [addon]}).json
    annual = desk.ask("PATCH", f"{{c}}/orders/{order['id']}", {"billingCycle": "Annual"}).json

    assert [each["lineItemNumber"] for each in extended["lineItems"]] == [0, 1]
    assert annual["billingCycle"] == "annual"
    assert [each[1] for each in desk.log(parent)] == ["new", "convert", "convert"]
    assert desk.read(parent)["billingCycle"] == "annual"
    assert order["attributes"]["etag"] != annual["attributes"]["etag"]


def test_provisioning_documents_and_links_belong_to_an_order(desk: Desk) -> None:
    """Lines are fulfilled, documents are kept with their kind and size, links lead to an activation."""
    order = buy(desk, "CFQ7TTC0LH18", "0001", termDuration="P1Y", quantity=4)
    own = f"{{c}}/orders/{order['id']}"
    status = desk.ask("GET", f"{own}/provisioningstatus").json["items"][0]
    links = desk.ask("GET", f"{own}/lineitems/0/activationlinks").json["items"]

    assert (status["status"], status["quantityProvisioningInformation"][0]["quantity"]) == ("fulfilled", 4)
    assert links[0]["lineItemNumber"] == 0
    assert desk.refused("POST", f"{own}/attachment") == (400, 900252)
    assert desk.ask("GET", f"{own}/attachments").json["items"] == []


def test_a_full_upgrade_keeps_the_subscription(desk: Desk) -> None:
    """All seats become the other product in the same subscription and term, at today's price."""
    bought = desk.order(5)
    desk.world.clock.advance_to(at("2026-03-01T12:00:00"))
    target = desk.offer("CFQ7TTC0LDPB")
    body = {"toCatalogItemId": target, "quantity": 5, "transitionType": "transition_only"}
    done = desk.ask("POST", f"{{c}}/subscriptions/{bought['id']}/transitions", body)
    after, log = desk.read(bought["id"]), desk.customer.subscriptions[bought["id"]].log[-2:]
    found = desk.ask("GET", f"{{c}}/subscriptions/{bought['id']}/transitions?operationId={done.json['operationId']}")

    assert done.status == 200
    assert [each["status"] for each in done.json["events"]] == ["Started", "Completed"]
    assert (after["offerId"], after["commitmentEndDate"]) == (target, bought["commitmentEndDate"])
    assert [(each.charge_type, each.before, each.after, each.unit_price) for each in log] == [
        ("convert", 5, 0, Decimal("4.70")),
        ("convert", 0, 5, Decimal("9.83")),
    ]
    assert log[0].reference == log[1].reference
    assert [each["toCatalogItemId"] for each in found.json["items"]] == [target]


def test_a_partial_upgrade_makes_a_second_subscription_that_ends_with_the_first(desk: Desk) -> None:
    """The moved seats leave the old and begin the new, which takes over the end and what is left of the window."""
    bought = desk.order(5)
    desk.world.clock.advance(days=3)
    body = {"toCatalogItemId": desk.offer("CFQ7TTC0LDPB"), "quantity": 2, "transitionType": "transition_only"}
    done = desk.ask("POST", f"{{c}}/subscriptions/{bought['id']}/transitions", body).json
    old, new = desk.read(bought["id"]), desk.read(done["toSubscriptionId"])

    assert (old["quantity"], new["quantity"]) == (3, 2)
    assert new["commitmentEndDate"] == old["commitmentEndDate"]
    assert new["cancellationAllowedUntilDate"] == old["cancellationAllowedUntilDate"]
    assert desk.log(old["id"])[-1][1:] == ("convert", 5, 3)
    assert desk.log(new["id"]) == [("2026-01-17", "convert", 0, 2)]


def test_seats_move_into_a_subscription_that_fits(desk: Desk) -> None:
    """Only into the same item, past its window, that ends no earlier; the eligibilities say which."""
    source, target = desk.order(5), desk.order(3, offerId=desk.offer("CFQ7TTC0LDPB"))
    address = f"{{c}}/subscriptions/{source['id']}/transitionEligibilities?eligibilityType=immediate"
    early = desk.ask("GET", address).json["items"][0]["subscriptionEligibilities"][0]
    body = {"toCatalogItemId": desk.offer("CFQ7TTC0LDPB"), "quantity": 5, "transitionType": "transition_only"}
    body["toSubscriptionId"] = target["id"]
    refused = desk.refused("POST", f"{{c}}/subscriptions/{source['id']}/transitions", body)
    desk.world.clock.advance(days=8)
    late = desk.ask("GET", address).json["items"][0]["subscriptionEligibilities"][0]
    desk.ask("POST", f"{{c}}/subscriptions/{source['id']}/transitions", body)

    assert (early["isEligible"], early["errors"][0]["code"]) == (False, 2)
    assert refused == (400, 900261)
    assert late["isEligible"]
    assert desk.read(source["id"])["status"] == "deleted"
    assert desk.read(target["id"])["quantity"] == 8
    assert [desk.log(each["id"])[-1][1:] for each in (source, target)] == [
        ("moveQuantity", 5, 0),
        ("moveQuantity", 3, 8),
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"quantity": 6}, 900275), ({"termDuration": "P1M"}, 900267), ({"transitionType": "sideways"}, 900270)],
)
def test_transitions_that_are_refused(desk: Desk, changes: dict[str, Any], code: int) -> None:
    """More seats than there are, a shorter term, an unknown kind."""
    bought = desk.order(5)
    body = {"toCatalogItemId": desk.offer("CFQ7TTC0LDPB"), "quantity": 5, "transitionType": "transition_only"}

    assert desk.refused("POST", f"{{c}}/subscriptions/{bought['id']}/transitions", {**body, **changes}) == (400, code)


def test_a_downgrade_is_no_transition(desk: Desk) -> None:
    """Only what is listed as an upgrade of the SKU can be moved to."""
    bought = desk.order(5, offerId=desk.offer("CFQ7TTC0LDPB"))
    body = {"toCatalogItemId": desk.offer(), "quantity": 5, "transitionType": "transition_only"}

    assert desk.refused("POST", f"{{c}}/subscriptions/{bought['id']}/transitions", body) == (400, 900236)


def test_a_trial_is_converted_on_request(desk: Desk) -> None:
    """Conversions name the target; converting begins a paid term today."""
    trial = desk.order(25, offerId=desk.offer("CFQ7TTC0LCHC", "000F"), termDuration="P1M", billingCycle="none")
    own = f"{{c}}/subscriptions/{trial['id']}"
    offered = desk.ask("GET", f"{own}/conversions").json["items"][0]
    desk.world.clock.advance(days=5)
    desk.ask("POST", f"{own}/conversions", {**offered, "quantity": 10})
    paid = desk.read(trial["id"])

    assert offered["targetOfferId"] == "CFQ7TTC0LCHC:0002"
    assert (paid["isTrial"], paid["quantity"], paid["commitmentEndDate"]) == (False, 10, "2027-01-18T00:00:00Z")
    assert desk.ask("GET", f"{own}/conversions").json["items"] == []


def test_an_azure_plan_has_entitlements_that_are_cancelled_first(desk: Desk) -> None:
    """The first Azure subscription is there at once; once it is cancelled the plan can be suspended."""
    plan = buy(desk, "DZH318Z0BPS6", "0001")["lineItems"][0]["subscriptionId"]
    own = f"{{c}}/subscriptions/{plan}"
    first = desk.ask("GET", f"{own}/azureEntitlements").json["items"][0]
    gone = desk.ask("POST", f"{own}/azureEntitlements/{first['id']}/cancel").json
    suspended = desk.change(desk.read(plan), status="suspended")

    assert first["status"] == "active"
    assert gone["status"] == "canceled"
    assert suspended["status"] == "suspended"
    assert desk.refused("GET", f"{own}/azureEntitlements/none") == (404, 800037)


def test_small_matters_of_a_subscription(open_desk: Callable[..., Desk]) -> None:
    """Provisioning, registration, support contact and activation read as documented."""
    desk = open_desk(is_sandbox=True)
    bought = desk.order(5)
    own = f"{{c}}/subscriptions/{bought['id']}"
    before = desk.ask("GET", f"{own}/registrationstatus").json["status"]
    registered = desk.ask("POST", f"{own}/registrations")
    contact = {"supportTenantId": "3b33e682-00c3-41ee-9dd2-a548adf56438", "supportMpnId": "4391507", "name": "Trey"}
    desk.ask("PUT", f"{own}/supportcontact", contact)
    provisioned = desk.ask("GET", f"{own}/provisioningstatus").json

    assert (before, registered.status) == ("notregistered", 202)
    assert desk.ask("GET", f"{own}/registrationstatus").json["status"] == "registered"
    assert desk.ask("GET", f"{own}/supportcontact").json["name"] == "Trey"
    assert (provisioned["skuId"], provisioned["quantity"]) == ("3b555118-da6a-4418-894f-7df1e2096870", 5)
    assert desk.ask("POST", f"{own}/activate").json["status"] == "Success"


def test_an_unknown_subscription_is_not_found(desk: Desk) -> None:
    """404 20003."""
    with pytest.raises(RefusedError) as refused:
        desk.read("00000000-0000-4000-8000-000000000000")

    assert (refused.value.status, refused.value.code) == (404, 20003)
