"""What a change of a subscription does, refuses and resets: seats, windows, suspension, cancellation."""

from collections.abc import Callable

import pytest
from commerce_desk import Desk, at

from local.partner_center.commerce import commerce
from local.partner_center.faults import Fault, FaultKind


def test_a_new_subscription_reads_as_microsoft_documents_it(desk: Desk) -> None:
    """Bought on 14 January for a year it is committed until 13 January, with 24 hours and seven days to go back."""
    bought = desk.order(10)

    assert bought["creationDate"] == "2026-01-14T16:57:15Z"
    assert bought["commitmentEndDate"] == "2027-01-13T00:00:00Z"
    assert bought["commitmentEndDateTime"] == "2027-01-13T23:59:59Z"
    assert bought["billingCycleEndDate"] == "2026-02-13T00:00:00Z"
    assert bought["cancellationAllowedUntilDate"] == "2026-01-21T16:57:15Z"
    assert bought["refundOptions"][0] == {"type": "Full", "expiresAt": "2026-01-15T16:57:15Z"}
    assert bought["refundableQuantity"]["totalQuantity"] == 10
    assert bought["autoRenewEnabled"] is True
    assert "etag" not in bought["attributes"]


def test_added_seats_have_a_window_of_their_own(desk: Desk) -> None:
    """Ten days after the purchase only the seats added later can still be given back."""
    bought = desk.order(10)
    desk.world.clock.advance(days=10)
    added = desk.change(bought, quantity=15)

    assert added["refundableQuantity"]["details"] == [{"quantity": 5, "allowedUntilDateTime": "2026-01-31T16:57:15Z"}]
    with pytest.raises(Exception, match="cannot be decreased"):
        desk.change(added, quantity=9)
    assert desk.change(added, quantity=12)["refundableQuantity"]["totalQuantity"] == 2


@pytest.mark.parametrize(
    ("changes", "later_d", "expected"),
    [
        ({"quantity": 4}, 8, (400, 800090)),
        ({"status": "deleted"}, 8, (400, 900213)),
        ({"quantity": 0}, 1, (400, 2002)),
        ({"quantity": 301}, 1, (400, 2002)),
        ({"quantity": 4, "status": "suspended"}, 1, (400, 2001)),
        ({"billingCycle": "annual"}, 1, (400, 2054)),
        ({"status": "expired"}, 1, (400, 3000)),
        ({"quantity": 9, "scheduledActions": [{"actionType": "Explode"}]}, 1, (400, 3000)),
        ({"quantity": 9, "billingCycle": "annual"}, 1, (400, 2054)),
        ({"quantity": 9, "renewalTermDuration": "P5Y"}, 1, (400, 800122)),
        ({"autoRenewEnabled": False, "scheduledNextTermInstructions": {"quantity": 3}}, 1, (400, 800093)),
        ({"scheduledNextTermInstructions": {"product": {"productId": "NONE"}}}, 1, (404, 400013)),
        ({"scheduledNextTermInstructions": {"quantity": 301}}, 1, (400, 2002)),
        ({"scheduledNextTermInstructions": {"customTermEndDate": "2026-06-30T00:00:00Z"}}, 1, (400, 900242)),
        ({"id": "00000000-0000-4000-8000-000000000000"}, 1, (400, 3000)),
    ],
)
def test_what_is_refused_has_its_code_and_changes_nothing(
    desk: Desk, changes: dict[str, object], later_d: int, expected: tuple[int, int]
) -> None:
    """A refused change leaves the subscription as it was."""
    bought = desk.order(5)
    desk.world.clock.advance(days=later_d)
    before = desk.read(bought["id"])
    refused = desk.refused("PATCH", f"{{c}}/subscriptions/{bought['id']}", {**before, **changes})

    assert expected == refused
    assert before == desk.read(bought["id"])


def test_cancelling_within_a_day_gives_everything_back(desk: Desk) -> None:
    """Cancelled in the first 24 hours the log says that the refund is full; later it is not."""
    first, second = desk.order(5), desk.order(5)
    desk.world.clock.advance(hours=23)
    desk.change(first, status="deleted")
    desk.world.clock.advance(hours=23)
    gone = desk.change(second, status="deleted")
    logs = [desk.customer.subscriptions[each["id"]].log[-1] for each in (first, second)]

    assert gone["status"] == "deleted"
    assert [each.charge_type for each in logs] == ["cancelImmediate", "cancelImmediate"]
    assert [each.extra["is_full"] for each in logs] == [True, False]
    assert desk.refused("PATCH", f"{{c}}/subscriptions/{first['id']}", {**first, "quantity": 9}) == (400, 2011)


def test_a_suspended_subscription_is_still_charged_and_does_not_renew(desk: Desk) -> None:
    """Suspension blocks users, not invoices; at the term's end it is disabled, and deleted 120 days later."""
    bought = desk.order(5)
    suspended = desk.change(bought, status="suspended")
    desk.world.clock.advance_to(at("2026-04-01"))

    assert (suspended["status"], suspended["autoRenewEnabled"]) == ("suspended", False)
    assert [each[1] for each in desk.log(bought["id"])] == ["new", "cycleCharge", "cycleCharge"]
    assert desk.refused("PATCH", f"{{c}}/subscriptions/{bought['id']}", {**suspended, "quantity": 9}) == (400, 800091)
    desk.world.clock.advance_to(at("2027-01-14"))
    assert desk.read(bought["id"])["status"] == "disabled"
    desk.world.clock.advance_to(at("2027-05-14"))
    assert desk.read(bought["id"])["status"] == "deleted"


def test_reactivation_leaves_renewal_off(desk: Desk) -> None:
    """After a suspension renewal has to be asked for again."""
    bought = desk.order(5)
    suspended = desk.change(bought, status="suspended")
    active = desk.change(suspended, status="active")

    assert (active["status"], active["autoRenewEnabled"]) == ("active", False)
    assert "suspensionReasons" not in active


def test_what_a_change_leaves_out_is_reset(desk: Desk) -> None:
    """Leaving out renewal and the next term's instructions resets both."""
    bought = desk.order(5)
    instructions = {"product": {"productId": "CFQ7TTC0LH18", "skuId": "0001", "billingCycle": "annual"}, "quantity": 3}
    planned = desk.change(bought, scheduledNextTermInstructions=instructions)
    reset = desk.change(planned, scheduledNextTermInstructions=..., friendlyName="Office")
    off = desk.change(reset, autoRenewEnabled=...)

    assert planned["scheduledNextTermInstructions"] == instructions
    assert "scheduledNextTermInstructions" not in reset
    assert (reset["friendlyName"], reset["autoRenewEnabled"], off["autoRenewEnabled"]) == ("Office", True, False)


def test_a_change_of_seats_drops_what_was_scheduled(desk: Desk) -> None:
    """Even where the instructions are sent along, a change in mid-term drops them."""
    bought = desk.order(5)
    planned = desk.change(bought, scheduledNextTermInstructions={"quantity": 3})
    changed = desk.change(planned, quantity=6)

    assert "scheduledNextTermInstructions" not in changed


def test_busy_subscriptions_answer_409_until_the_time_is_up(desk: Desk) -> None:
    """With the fault on, changes soon after an order are refused with 800082."""
    desk.world.faults.add(Fault(kind=FaultKind.BUSY, value=30))
    bought = desk.order(5)
    address = f"{{c}}/subscriptions/{bought['id']}"
    refused = desk.refused("PATCH", address, {**bought, "quantity": 6})
    desk.world.clock.advance(seconds=31)

    assert refused == (409, 800082)
    assert desk.change(bought, quantity=6)["quantity"] == 6


def test_a_change_may_be_accepted_first_and_show_later(desk: Desk) -> None:
    """Switched so, a change answers 202 with a Location, and the next read still shows what was before."""
    commerce(desk.world).changes_are_accepted, commerce(desk.world).reads_stale = True, 1
    bought = desk.order(5)
    answer = desk.ask("PATCH", f"{{c}}/subscriptions/{bought['id']}", {**bought, "quantity": 6})

    assert answer.status == 202
    assert answer.headers["Location"].endswith(f"/subscriptions/{bought['id']}")
    assert [desk.read(bought["id"])["quantity"] for _ in range(2)] == [5, 6]


def test_legacy_subscriptions_have_etags(desk: Desk) -> None:
    """A stale If-Match is refused with 2055, a good one is not, and the etag changes with the subscription."""
    bought = desk.order(5, offerId="195416C1-3447-423A-B37B-EE59A99A19C4")
    address, etag = f"{{c}}/subscriptions/{bought['id']}", bought["attributes"]["etag"]
    changed = desk.ask("PATCH", address, {**bought, "quantity": 2}, If_Match=f'"{etag}"').json
    refused = desk.refused("PATCH", address, {**changed, "quantity": 3}, If_Match=etag)

    assert refused == (400, 2055)
    assert changed["quantity"] == 2
    assert changed["attributes"]["etag"] != etag


def test_unknown_words_may_appear_in_a_status(desk: Desk) -> None:
    """With the fault on, a subscription has a status that nobody documented."""
    bought = desk.order(5)
    desk.world.faults.add(Fault(kind=FaultKind.UNKNOWN_ENUM, path=bought["id"]))

    assert desk.read(bought["id"])["status"] == "quarantined"
    assert desk.read(bought["id"])["status"] == "active"


def test_an_azure_plan_in_use_cannot_be_suspended(open_desk: Callable[..., Desk]) -> None:
    """The first Azure subscription comes with the plan; while it is active the plan stays (900115)."""
    desk = open_desk()
    plan = desk.order(1, offerId=desk.offer("DZH318Z0BPS6"), termDuration=None)
    refused = desk.refused("PATCH", f"{{c}}/subscriptions/{plan['id']}", {**plan, "status": "suspended"})

    assert refused == (403, 900115)
    assert (plan["billingType"], plan["quantity"], desk.log(plan["id"])) == ("usage", 1, [])
