"""A nightly sync against the simulator: what it finds, what it tells, and that it writes nothing twice."""

from typing import Any

from local.partner_center import changing
from shared.application.sync_views import customer_view, sync_view

Desk = Any  # what the conftest's fixtures give


def test_a_second_sync_in_a_row_writes_nothing(desk: Desk) -> None:
    """Every row keeps its ETag and every blob its content, also where the second sync comes a day later."""
    for name in ("Adatum", "Contoso", "Fabrikam"):
        desk.customer(name)
        desk.buy(name, 5)
    desk.sync()
    first = desk.kept()

    desk.sync()
    assert first == desk.kept()
    assert len([key for key in first if key.startswith("row tenants/")]) == 3


def test_a_customers_year_is_told_once_and_in_order(desk: Desk) -> None:
    """Purchase, seats, suspension and renewal: exact where Microsoft says when, and each once."""
    desk.customer("Adatum")
    subscription = desk.buy("Adatum", 5)
    desk.simulator.advance(hours=5)
    desk.sync()
    desk.simulator.advance(days=2)
    desk.seats(subscription, 8)
    desk.simulator.advance(days=1)
    desk.sync()
    with desk.world.lock:
        changing.suspend(desk.world, subscription, actor="bob@reseller.example")
    desk.simulator.advance(days=1)
    desk.sync()

    bought, *later = desk.story(subscription)
    assert "Bought: quantity 5, product CFQ7TTC0LH18:0001, plan P1Y/monthly, last day of the term 2027-09-30," in bought
    assert [
        "Quantity changed: quantity 5 to 8.",
        "Suspended: status active to suspended.",
        "Automatic renewal changed: automatic renewal on to off.",
    ] == later
    by_feed = [(entry["source"], entry["told_by"]) for entry in desk.entries(subscription)][1:3]
    assert [
        ("audit", "ada@reseller.example (Microsoft's audit feed)"),
        ("audit", "bob@reseller.example (Microsoft's audit feed)"),
    ] == by_feed


def test_a_renewal_that_nobody_asked_for_is_dated_by_its_term(desk: Desk) -> None:
    """The calendar renews: the event stands at the first instant of the new term."""
    desk.customer("Adatum")
    subscription = desk.buy("Adatum", 5, term="P1M")
    desk.sync()
    desk.simulator.advance(days=40)
    desk.sync()

    renewed = [entry for entry in desk.entries(subscription) if entry["kind"] == "renewed"]
    assert ["2026-11-01T00:00:00+00:00"] == [entry["at"][:19] + "+00:00" for entry in renewed]


def test_a_customer_is_shown_with_subscriptions_and_licences(desk: Desk) -> None:
    """Offer id, quantity, consumed, renewal date and the end of the price lock."""
    customer = desk.customer("Adatum")
    subscription = desk.buy("Adatum", 5)
    desk.sync()

    shown = customer_view(desk.services, customer.id)
    (only,) = shown["subscriptions"]
    assert (subscription.catalogue_item, 5, 0) == (only["offer_id"], only["quantity"], only["consumed"])
    assert ("2027-10-01", "2027-09-30") == (only["renews_on"], only["price_locked_through"])
    assert "done" == sync_view(desk.services, desk.world.clock.now().date())["day"]["state"]
    assert 1 == shown["user_count"]
