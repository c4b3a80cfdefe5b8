"""From the old commerce to the new, what is told of changes, and input that is nonsense."""

from decimal import Decimal
from typing import Any

import pytest
from commerce_desk import CUSTOMER, Desk, at

from local.partner_center import lifecycle
from local.partner_center.lifecycle import Purchase

E1, VISIO = "91FD106F-4B2C-4938-95AC-F54F74E9A239", "DB2E705F-B82A-4024-A3D5-D88E12F2DB35"
ROOT = "{c}/migrations/newcommerce"


def wanted(subscription: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A migration of a subscription into a year paid by the month."""
    return {"currentSubscriptionId": subscription["id"], "termDuration": "P1Y", "billingCycle": "Monthly", **more}


def test_a_legacy_subscription_moves_with_its_end(desk: Desk) -> None:
    """The old one ends today, the new one names it and keeps its end unless a full term was asked for."""
    old = desk.order(7, offerId=E1)
    desk.world.clock.advance(days=40)
    checked = desk.ask("POST", f"{ROOT}/validate", wanted(old)).json
    done = desk.ask("POST", ROOT, wanted(old, quantity=5))
    new = desk.read(done.json["newCommerceSubscriptionId"])
    events = desk.ask("GET", f"{ROOT}/events?newCommerceMigrationId={done.json['id']}").json

    assert (checked[0]["isEligible"], done.status, done.json["status"]) == (True, 201, "Completed")
    assert (new["quantity"], new["migratedFromSubscriptionId"]) == (5, old["id"])
    assert new["commitmentEndDate"] == old["commitmentEndDate"]
    assert desk.read(old["id"])["status"] == "deleted"
    assert [each["status"] for each in events] == ["Completed", "Completed"]
    assert desk.ask("GET", f"{ROOT}/{done.json['id']}").json == done.json
    assert desk.ask("GET", ROOT).json == [done.json]
    told = [each.event for each in desk.world.happenings if each.resource == "new_commerce_migration"]
    assert told == ["new-commerce-migration-created", "new-commerce-migration-completed"]


def test_what_has_no_successor_does_not_move(desk: Desk) -> None:
    """Validation says why, and the migration itself is refused."""
    old, new = desk.order(7, offerId=VISIO), desk.order(5)
    checked = desk.ask("POST", f"{ROOT}/validate", wanted(old)).json[0]

    assert (checked["isEligible"], checked["errors"][0]["code"]) == (False, 900219)
    assert desk.refused("POST", ROOT, wanted(old)) == (400, 900219)
    assert desk.refused("POST", ROOT, wanted(new)) == (400, 900215)


def test_a_migration_can_wait_for_its_day_or_be_called_off(desk: Desk) -> None:
    """A schedule runs at midnight of its day; one that is cancelled does not; the past is refused."""
    first, second = desk.order(7, offerId=E1), desk.order(3, offerId=E1)
    schedule = desk.ask("POST", f"{ROOT}/schedules", wanted(first, targetDate="2026-02-01T00:00:00Z")).json
    other = desk.ask("POST", f"{ROOT}/schedules", wanted(second, migrateOnRenewal=True)).json
    cancelled = desk.ask("POST", f"{ROOT}/schedules/{other['id']}/cancel").json
    desk.world.clock.advance_to(at("2026-02-01"))

    assert (schedule["status"], cancelled["status"]) == ("Scheduled", "Cancelled")
    assert other["targetDate"] == "2027-01-14T00:00:00Z"
    assert desk.ask("GET", f"{ROOT}/schedules/{schedule['id']}").json["status"] == "Completed"
    assert desk.read(first["id"])["status"] == "deleted"
    assert desk.read(second["id"])["status"] == "active"
    assert desk.ask("GET", f"{ROOT}/schedules").json[1]["status"] == "Cancelled"
    past = wanted(second, targetDate="2026-01-01")
    assert desk.refused("POST", f"{ROOT}/schedules", past) == (400, 900292)
    assert desk.refused("POST", f"{ROOT}/schedules/{other['id']}/cancel") == (400, 900262)


def test_the_old_azure_moves_onto_an_azure_plan(desk: Desk) -> None:
    """Accepted with the address of its status; the old subscription ends, a plan begins."""
    old = desk.order(1, offerId="MS-AZR-0145P")
    body = {"customerId": CUSTOMER, "productFamily": "Azure"}
    able = desk.ask("POST", "/v1/productupgrades/eligibility", body).json["isEligible"]
    accepted = desk.ask("POST", "/v1/productupgrades", body)
    status = desk.ask("GET", f"/v1/{accepted.headers['Location']}/status").json
    able_again = desk.ask("POST", "/v1/productupgrades/eligibility", body).json["isEligible"]

    assert (able, accepted.status, able_again) == (True, 202, False)
    assert (status["status"], status["lineItems"][0]["sourceProduct"]["id"]) == ("Completed", old["id"])
    assert desk.read(old["id"])["status"] == "deleted"
    assert (old["unitType"], old["commitmentEndDate"][:4], desk.log(old["id"])) == ("Usage-based", "9999", [])


def test_an_upgrade_of_the_old_commerce_converts_today(desk: Desk) -> None:
    """Offered are the offer's own upgrades; the subscription becomes the other offer with a new year."""
    old = desk.order(7, offerId=E1)
    own = f"{{c}}/subscriptions/{old['id']}/upgrades"
    offered = desk.ask("GET", own).json["items"][0]
    result = desk.ask("POST", own, offered).json

    assert (offered["isEligible"], offered["upgradeType"]) == (True, "upgrade_only")
    assert result["targetSubscriptionId"] == old["id"]
    assert desk.read(old["id"])["offerName"] == "Office 365 E3"
    assert desk.customer.subscriptions[old["id"]].log[-1].unit_price == Decimal("17.52")


def test_three_years_can_be_paid_otherwise_from_the_next_cycle_on(desk: Desk) -> None:
    """The change waits for the end of the running cycle and is charged as a changed plan."""
    bought = desk.order(5, termDuration="P3Y")
    planned = desk.change(bought, billingCycle="annual")
    desk.world.clock.advance_to(at("2026-02-14"))
    changed = desk.read(bought["id"])

    assert planned["billingCycle"] == "monthly"
    assert planned["nextChargeInstructions"]["product"]["billingCycle"] == "annual"
    assert (changed["billingCycle"], changed["commitmentEndDate"]) == ("annual", bought["commitmentEndDate"])
    assert changed["billingCycleEndDate"] == "2027-01-13T00:00:00Z"
    assert [each[1] for each in desk.log(bought["id"])] == ["new", "changeBillingPlan"]


def test_every_change_is_told(desk: Desk) -> None:
    """Orders and changes of subscriptions are told with what was before and after, and who did it."""
    bought = desk.order(5)
    desk.change(bought, quantity=7)
    desk.world.clock.advance_to(at("2027-01-14"))
    told = [(each.operation, each.event) for each in desk.world.happenings]
    change = desk.world.happenings[2]

    assert told == [
        ("create_order", ""),
        ("update_subscription", "subscription-updated"),
        ("update_subscription", "subscription-updated"),
        ("update_subscription", "subscription-updated"),
    ]
    assert change.before is not None
    assert change.after is not None
    assert (change.before["quantity"], change.after["quantity"], change.actor) == (5, 7, "admin@example.com")
    assert desk.world.happenings[3].actor == ""


def test_the_same_seed_gives_the_same_world(desk: Desk, open_desk: Any) -> None:
    """Two worlds with one seed and the same calls have the same ids, orders and logs."""
    other: Desk = open_desk()
    for each in (desk, other):
        lifecycle.buy(each.world, each.customer, Purchase(product_id="CFQ7TTC0LFLX", sku_id="0001", quantity=3))
        each.world.clock.advance(days=400)

    assert desk.customer.subscriptions == other.customer.subscriptions
    assert desk.customer.orders == other.customer.orders


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("POST", "{c}/carts", {}),
        ("POST", "{c}/carts", {"lineItems": {"id": 0}}),
        ("POST", "{c}/carts", {"lineItems": ["x"]}),
        ("POST", "{c}/carts", {"lineItems": [{"catalogItemId": E1, "quantity": "many"}]}),
        ("POST", "{c}/carts", {"lineItems": [{"catalogItemId": E1, "quantity": 1.5}]}),
        ("POST", "{c}/carts", {"lineItems": [{"catalogItemId": E1, "quantity": 1, "customTermEndDate": "soon"}]}),
        ("POST", "{c}/orders", None),
        ("POST", "{c}/orders", {"lineItems": []}),
        ("POST", "{c}/promotionEligibilities", {"items": []}),
        ("POST", "/v1/extensions/product/checkinventory", {"targetItems": "all"}),
        ("PATCH", "{c}/subscriptions/{s}", {"quantity": "five"}),
        ("PATCH", "{c}/subscriptions/{s}", {"autoRenewEnabled": True, "scheduledNextTermInstructions": "later"}),
        ("PATCH", "{c}/subscriptions/{s}", {"scheduledActions": "Cancel"}),
        ("POST", "{c}/subscriptions/{s}/transitions", {}),
    ],
)
def test_nonsense_is_refused_and_never_a_fault_of_ours(desk: Desk, method: str, address: str, body: Any) -> None:
    """400 800002 names the field."""
    bought = desk.order(5)

    assert desk.refused(method, address.replace("{s}", bought["id"]), body) == (400, 800002)
