"""Logs of subscriptions, written by hand, and a world that has been lived in for three months."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from local.demo.arithmetic import Month
from local.partner_center.billing.charges import Charge, charges
from local.partner_center.customers_making import create_customer
from local.partner_center.entities import Happened, Subscription
from local.partner_center.lifecycle import Purchase, buy, change_quantity
from local.partner_center.opening import open_world
from local.partner_center.world import World

EVER = datetime(2099, 1, 1, tzinfo=UTC)
START = datetime(2026, 8, 3, 9, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 9, 8, tzinfo=UTC)
AZURE_PLAN = Purchase(product_id="DZH318Z0BPS6", sku_id="0001", term="", cycle="monthly")
BASIC = Purchase(product_id="CFQ7TTC0LH18", sku_id="0001", quantity=10)
E5 = Purchase(product_id="CFQ7TTC0LFLZ", sku_id="0002", quantity=3)
TRIAL = Purchase(product_id="CFQ7TTC0LCHC", sku_id="000F", quantity=25, term="P1M", cycle="none")
RESERVATION = Purchase(product_id="DZH318Z08RES", sku_id="00D4", quantity=2, cycle="one_time")
PERPETUAL = Purchase(product_id="DG7GMGF0PWHF", sku_id="0009", quantity=5, term="", cycle="one_time")
OLD_OFFICE = Purchase(product_id="195416C1-3447-423A-B37B-EE59A99A19C4", quantity=20)
OLD_AZURE = Purchase(product_id="MS-AZR-0145P", quantity=1)


def happened(at: str, kind: str, before: int, after: int, **others: Any) -> Happened:
    """Return an entry of a log: a year paid monthly at 10.08 from 18 June 2021, unless *others* say otherwise."""
    first = date.fromisoformat(str(others.pop("first", "2021-06-18")))
    last = others.pop("last", None)
    values: dict[str, Any] = {
        "unit_price": Decimal(str(others.pop("price", "10.08"))),
        "product_id": "CFQ7TTC0LH18",
        "sku_id": "0001",
        "title": "Microsoft 365 Business Basic",
        "term": "P1Y",
        "cycle": "monthly",
        "term_first": first,
        "term_last": date.fromisoformat(last) if last else first.replace(year=first.year + 1) - timedelta(days=1),
        "currency": "EUR",
    }
    instant = datetime.fromisoformat(at).replace(tzinfo=UTC)
    return Happened(at=instant, charge_type=kind, before=before, after=after, **(values | others))


def sold(*log: Happened, **others: Any) -> Subscription:
    """Return a subscription with this log."""
    first = log[0]
    values: dict[str, Any] = {
        "id": "subscription-1",
        "customer_id": "customer-1",
        "order_id": "order-1",
        "product_id": first.product_id,
        "sku_id": first.sku_id,
        "availability_id": "CFQ7TTC0K971",
        "title": first.title,
        "product_type": "OnlineServicesNCE",
        "quantity": log[-1].after,
        "term": first.term,
        "cycle": first.cycle,
        "created_at": first.at,
        "starts_at": first.at,
        "term_first": first.term_first,
        "term_last": first.term_last,
        "anchor_on": first.term_first,
        "unit_price": first.unit_price,
        "currency": first.currency,
    }
    return Subscription(**(values | others), log=list(log))


def charged(subscription: Subscription, month: str, until: datetime = EVER) -> list[Charge]:
    """Return the charges of a month."""
    return list(charges(subscription, Month.parse(month), until))


def amounts(subscription: Subscription, month: str, rate: str = "1") -> list[tuple[str, int, str]]:
    """Return charge type, units and amount of each line of a month."""
    return [(each.charge_type, each.units, str(each.amount(Decimal(rate)))) for each in charged(subscription, month)]


def lived_in(seed: int = 7) -> World:
    """Return a world with two customers that bought in August 2026 and live on 9 November."""
    world = open_world(start=START, seed=seed)
    for name, country in (("Bakkerij", "NL"), ("Dental", "US")):
        customer = create_customer(world, name=name, domain=f"{name.lower()}.onmicrosoft.com", country=country)
        for purchase in (BASIC, E5, TRIAL, AZURE_PLAN, RESERVATION, PERPETUAL, OLD_OFFICE, OLD_AZURE):
            buy(world, customer, purchase)
    basic = next(each for customer in world.customers.values() for each in customer.subscriptions.values())
    world.clock.advance_to(datetime(2026, 10, 13, 12, tzinfo=UTC))
    change_quantity(world, basic, 14)
    world.clock.advance_to(NOVEMBER)
    return world
