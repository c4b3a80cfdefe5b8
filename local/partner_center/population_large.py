"""Thousands of customers put in place as they are now, in seconds: for measuring a sync and an ingest.

Every customer has some ten subscriptions bought within the last year, users with licences, here and there an Azure plan
or an old contract. Terms have renewed and cycles have been charged as the calendar brought it; single changes in the
past there are none. Microsoft's books begin with the month before.

Invariants: the same seed, instant and number of customers make the same world.

Not here: customers with stories (``population``).
"""

import random
from datetime import datetime, timedelta

from local.demo import catalogue as goods
from local.demo.arithmetic import Month
from local.demo.organisations import Customer as Organisation
from local.demo.organisations import make_customers, stream
from local.partner_center import customers_making as making
from local.partner_center.billing.books import month_before, open_books
from local.partner_center.delegation import establish
from local.partner_center.entities import Customer, User
from local.partner_center.legacy_offers import LEGACY_OFFERS
from local.partner_center.lifecycle import Purchase, buy
from local.partner_center.tenant_licences import licences_of
from local.partner_center.world import World

SUBSCRIPTIONS_MIN, SUBSCRIPTIONS_MAX = 5, 15
USERS_MAX = 6
AZURE_EVERY, LEGACY_EVERY = 10, 20
AZURE_RESOURCES_MAX = 4
UNDELEGATED_EVERY = 8
DELEGATED_BEFORE_DAYS = 600
_PLANS = (("P1Y", "annual"), ("P1Y", "monthly"), ("P1M", "monthly"), ("P3Y", "annual"))
_PLAN_WEIGHTS = (30, 50, 15, 5)
_MONTHLY_BACK_DAYS, _YEARLY_BACK_DAYS = 100, 360
_OLD_OFFER = "195416C1-3447-423A-B37B-EE59A99A19C4"


def populate_fast(world: World, count: int, *, since: Month | None = None) -> None:
    """Put *count* customers into the world; *since* is the first month that is billed, the month before for None."""
    now, numbers = world.clock.now(), stream(world.seed, "large population")
    told = len(world.happenings)
    for place, organisation in enumerate(make_customers(world.seed, count)):
        customer = _customer(world, organisation, now - timedelta(days=numbers.randint(365, 1500)))
        for _ in range(numbers.randint(SUBSCRIPTIONS_MIN, SUBSCRIPTIONS_MAX)):
            _subscribe(world, customer, numbers, now)
        if place % AZURE_EVERY == 0:
            _open_azure(world, customer, now - timedelta(days=numbers.randint(60, 300)), numbers)
        if place % LEGACY_EVERY == 1:
            _stay_old(world, customer, now - timedelta(days=numbers.randint(30, 300)))
        _hire(world, customer, numbers)
        if place % UNDELEGATED_EVERY:
            establish(world, customer, at=now - timedelta(days=place % DELEGATED_BEFORE_DAYS))
    world.happenings[told:] = [each for each in world.happenings[told:] if each.at < now]
    open_books(world, since=since or month_before(now))


def _customer(world: World, organisation: Organisation, since: datetime) -> Customer:
    customer = making.create_customer(
        world,
        name=organisation.name,
        domain=organisation.domain,
        country=organisation.country,
        currency=organisation.currency,
        customer_id=organisation.tenant_id,
        created_at=since,
    )
    client_id = world.partner.client_id
    customer.consents[client_id] = {"applicationId": client_id}
    customer.reseller_mpn_id = organisation.reseller_id
    return customer


def _subscribe(world: World, customer: Customer, numbers: random.Random, now: datetime) -> None:
    licence = numbers.choice(goods.LICENCES)
    term, cycle = numbers.choices(_PLANS, _PLAN_WEIGHTS)[0]
    days = _MONTHLY_BACK_DAYS if cycle == "monthly" else _YEARLY_BACK_DAYS
    at = now - timedelta(days=numbers.randint(1, days), minutes=numbers.randint(0, 600))
    purchase = Purchase(
        product_id=licence.product_id,
        sku_id=licence.sku_id,
        quantity=numbers.randint(1, 60),
        term=term,
        cycle=cycle,
    )
    buy(world, customer, purchase, at=at)


def _open_azure(world: World, customer: Customer, at: datetime, numbers: random.Random) -> None:
    plan = goods.AZURE_CREDIT
    sold = buy(
        world, customer, Purchase(product_id=plan.product_id, sku_id=plan.sku_id, term="", cycle="monthly"), at=at
    )
    sold.extra["resources"] = numbers.randint(1, AZURE_RESOURCES_MAX)


def _stay_old(world: World, customer: Customer, at: datetime) -> None:
    offer = LEGACY_OFFERS[_OLD_OFFER]
    provisioning = {"title": offer.title, "price": str(offer.price)}
    buy(world, customer, Purchase(product_id=offer.id, quantity=5, cycle="monthly", provisioning=provisioning), at=at)


def _hire(world: World, customer: Customer, numbers: random.Random) -> None:
    """People with one or two of the licences that were bought."""
    licences = licences_of(customer)
    for place in range(numbers.randint(1, USERS_MAX)):
        name = f"user{place}"
        user = User(
            id=world.guid(),
            principal_name=f"{name}@{customer.domain}",
            display_name=f"User {place}",
            first_name="User",
            last_name=str(place),
            usage_location=customer.country,
        )
        for licence in licences[: 1 + place % 2]:
            if licence.usable_count > place:
                user.licences[licence.sku_id] = []
        customer.users[user.id] = user
