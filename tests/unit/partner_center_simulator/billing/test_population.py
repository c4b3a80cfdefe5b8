"""Made-up populations: rich ones that lived through a year, large ones in seconds, scenario files that play back."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.partner_center.billing.books import Books, open_books
from local.partner_center.delegation import relationships
from local.partner_center.opening import open_world
from local.partner_center.population import populate, rich_scenario, write_scenario
from local.partner_center.population_large import populate_fast
from local.partner_center.scenario import open_scenario, read_scenario
from local.partner_center.tenant_licences import consumed, licences_of
from local.partner_center.world import World
from shared.domain.errors import InvalidError

NOVEMBER = datetime(2026, 11, 9, 8, tzinfo=UTC)
COUNT = 42


def populated(seed: int = 7) -> World:
    """Return a world of 42 customers on 9 November 2026."""
    world = open_world(start=NOVEMBER, seed=seed)
    populate(world, COUNT)
    return world


@pytest.fixture(scope="module")
def world() -> World:
    """Such a world."""
    return populated()


def books_of(world: World) -> Books:
    """Return the books."""
    return open_books(world)


def test_the_clock_stands_where_it_stood(world: World) -> None:
    """The customers have a past of more than a year; the present is what was asked for."""
    assert NOVEMBER == world.clock.now()
    assert COUNT == len(world.customers)
    assert min(each.at for each in world.happenings).year == 2025


def test_the_same_seed_makes_the_same_world(world: World) -> None:
    """Customers, subscriptions, logs, users; another seed is another world."""
    again = populated()

    assert list(world.customers.values()) == list(again.customers.values())
    assert len(world.happenings) == len(again.happenings)
    assert list(world.customers) != list(populated(8).customers)


def test_every_kind_of_charge_is_on_the_months_invoices(world: World) -> None:
    """The stories of October: what can happen, happened."""
    books = books_of(world)
    october = [each for each in books.invoices.values() if str(each.month) == "2026-10" and not each.is_legacy]
    kinds = Counter(row["ChargeType"] for invoice in october for row in books.rows(invoice))
    wanted = "new renew cycleCharge addQuantity removeQuantity convert cancelImmediate changeBillingPlan moveQuantity"

    assert set(wanted.split()) | {"customerCredit"} <= kinds.keys()


def test_invoices_follow_what_the_audit_feed_told(world: World) -> None:
    """Each change of seats on October's invoices was told, at the same instant, for the same subscription."""
    books = books_of(world)
    told = {(each.resource_id, each.at) for each in world.happenings if each.resource == "subscription"}
    changes = [
        (row["SubscriptionId"], row["OrderDate"])
        for invoice in books.invoices.values()
        if not invoice.is_legacy and str(invoice.month) == "2026-10"
        for row in books.rows(invoice)
        if row["ChargeType"] in {"addQuantity", "removeQuantity"}
    ]

    assert len(changes) > 60
    assert set(changes) <= told


def test_seats_of_snapshots_are_those_of_the_log(world: World) -> None:
    """What is shown now is what the last entry left."""
    for customer in world.customers.values():
        for sold in customer.subscriptions.values():
            entries = [each for each in sold.log if each.charge_type not in {"customerCredit", "cancelImmediate"}]
            if entries and sold.status == "active":
                assert sold.quantity == entries[-1].after


def test_nobody_has_a_licence_that_was_not_bought(world: World) -> None:
    """And most customers have people with licences."""
    with_licences = 0
    for customer in world.customers.values():
        bought = {each.sku_id: each.usable_count for each in licences_of(customer)}
        taken = consumed(customer)
        with_licences += bool(taken)

        assert all(count <= bought[sku_id] for sku_id, count in taken.items())

    assert with_licences > COUNT // 2


def test_azure_old_contracts_and_goods_are_there(world: World) -> None:
    """21 Azure plans, three customers of the old commerce, reservations, a marketplace, software."""
    types = Counter(sold.product_type for each in world.customers.values() for sold in each.subscriptions.values())

    assert 21 == types["AzurePlan"]
    assert types["OnlineServices"] >= 8
    assert {"Azure", "SaaS", "Software", "OnlineServicesNCE"} <= types.keys()


def test_a_scenario_file_plays_back_to_the_same_world(world: World, tmp_path: Path) -> None:
    """Customers with everything in them, happenings, and invoices with their totals."""
    path = tmp_path / "population.yaml"
    write_scenario(path, rich_scenario(NOVEMBER, COUNT))
    played = open_scenario(read_scenario(path))
    mine, theirs = books_of(world), books_of(played)

    assert list(world.customers.values()) == list(played.customers.values())
    assert [each.resource_id for each in world.happenings] == [each.resource_id for each in played.happenings]
    assert {each.id: mine.total(each) for each in mine.invoices.values()} == {
        each.id: theirs.total(each) for each in theirs.invoices.values()
    }


@pytest.mark.parametrize(
    "until", [datetime(year, month, 9, 8, tzinfo=UTC) for year in (2026, 2028) for month in (1, 3, 8)]
)
def test_the_stories_can_be_told_of_any_month(until: datetime) -> None:
    """Short months, leap years, months without the promotion: nothing that happens is refused."""
    world = open_world(start=until)
    populate(world, COUNT)

    assert until == world.clock.now()


def test_too_few_customers_leave_stories_untold() -> None:
    """There is one for each of 40 at least."""
    with pytest.raises(InvalidError, match="at least 40"):
        populate(open_world(start=NOVEMBER), 39)


def test_a_large_population_is_put_in_place(world: World) -> None:
    """Ten subscriptions a customer, users, some Azure and old contracts; the same again from the same seed."""
    large, again = (open_world(start=NOVEMBER, seed=3) for _ in range(2))
    populate_fast(large, 200)
    populate_fast(again, 200)
    sold = [each for customer in large.customers.values() for each in customer.subscriptions.values()]
    types = Counter(each.product_type for each in sold)

    assert 200 == len(large.customers)
    assert 8 * 200 < len(sold) < 12 * 200
    assert (20, 10) == (types["AzurePlan"], types["OnlineServices"])
    assert list(large.customers.values()) == list(again.customers.values())
    assert {"2026-10"} == {str(each.month) for each in open_books(large).invoices.values()}
    assert world.seed != large.seed


def test_most_customers_let_the_partner_in(world: World) -> None:
    """By an active relationship; one in eight never answered."""
    large = open_world(start=NOVEMBER, seed=3)
    populate_fast(large, 80)
    active = [{each.customer_id for each in relationships(one).values()} for one in (world, large)]

    assert [36, 70] == [len(each) for each in active]
    assert active[0] < set(world.customers)
    assert {"active"} == {each.status for one in (world, large) for each in relationships(one).values()}
