"""Makes up the customers of a world: a few dozen with rich histories, or thousands, fast.

Up to a thousand live through a year on the world's clock: what they do is written down as a scenario, and what
Microsoft's side makes of it (history, audit feed, snapshots, invoices) agrees because it happened. The same diary can
be written to a scenario file. Larger populations are put in place as they are now (``population_large``).

Invariants: the same seed, instant and number of customers make the same world.

Not here: the stories of single customers (``population_stories``).
"""

import random
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from local.demo import catalogue as goods
from local.demo.arithmetic import Month
from local.demo.catalogue import Licence
from local.demo.organisations import CUSTOMERS_MIN, Customer, make_customers, stream
from local.partner_center.billing.books import keep_books, month_before, open_books
from local.partner_center.catalogue_items import item_of
from local.partner_center.clock import Clock
from local.partner_center.diary import MONTHLY, Diary, Plan, Written, customer_fields
from local.partner_center.population_large import UNDELEGATED_EVERY, populate_fast
from local.partner_center.population_stories import LEGACY_PLACES, tell_stories
from local.partner_center.scenario import happen, read_event
from local.partner_center.world import World
from shared.domain.errors import InvalidError

RICH_MAX = 1000
HISTORY_MONTHS = 13
USERS_MAX = 6
_SMALL = (goods.BASIC, goods.STANDARD, goods.PREMIUM, goods.EXCHANGE, goods.TEAMS, goods.POWER_BI, goods.DEFENDER)
_LARGE = (goods.E3, goods.E5, goods.COPILOT, goods.POWER_BI, goods.EXCHANGE, goods.TEAMS, goods.PREMIUM, goods.DEFENDER)
_WITH_USERS = (goods.BASIC, goods.STANDARD, goods.PREMIUM, goods.E3, goods.E5, goods.EXCHANGE, goods.POWER_BI)
_LARGE_FROM = 60
_PLANS: tuple[Plan, ...] = (
    ("P1Y", "Monthly"),
    ("P1M", "Monthly"),
    ("P1Y", "Annual"),
    ("P3Y", "Monthly"),
    ("P3Y", "Annual"),
)
_PLAN_WEIGHTS = (60, 24, 8, 5, 3)
_FIRST = ("anna", "bram", "chiara", "daan", "elif", "farid", "greta", "hugo", "ines", "jonas", "katja", "luis")
_LAST = ("Jansen", "Müller", "Okafor", "Silva", "Novák", "Bakker", "Şahin", "Lindqvist", "Dubois", "O'Neill")


def populate(world: World, count: int, *, since: Month | None = None) -> None:
    """Put *count* customers with their past into a world without customers; its clock stands where it stood.

    *since* is the first month that Microsoft bills at all; None is as long ago as the customers' past.

    Raises:
        InvalidError: fewer customers than there are stories for.
    """
    if count > RICH_MAX:
        populate_fast(world, count, since=since)
        return
    until = world.clock.now()
    written = rich_scenario(until, count, seed=world.seed)
    world.clock = Clock(datetime.fromisoformat(written["start"]))
    keep_books(world)
    if since is not None:
        open_books(world, since=since)
    for number, customer in enumerate(written["customers"]):
        happen(world, read_event({"do": "create-customer", **customer}, f"customers[{number}]"))
    for number, event in enumerate(written["events"]):
        known = read_event(event, f"events[{number}]")
        world.clock.advance_to(max(world.clock.now(), datetime.fromisoformat(event["at"])))
        happen(world, known)
    world.clock.advance_to(until)


def rich_scenario(until: datetime, count: int, *, seed: int = 7) -> Written:
    """Return a scenario of *count* customers that is played to *until*; most happens in the month before.

    Raises:
        InvalidError: fewer customers than there are stories for.
    """
    if count < CUSTOMERS_MIN:
        raise InvalidError(f"customers: {count} are too few for a population; give at least {CUSTOMERS_MIN}")
    people, month = make_customers(seed, count), month_before(until)
    diary = Diary(month, until)
    tell_stories(diary, people)
    _live(diary, people, seed)
    _delegate(diary, people)
    return {
        "start": f"{month.day(1, months=-HISTORY_MONTHS).isoformat()}T06:00:00Z",
        "until": f"{until:%Y-%m-%dT%H:%M:%SZ}",
        "seed": seed,
        "customers": [dict(customer_fields(each, has_consent=True)) for each in people],
        "events": diary.in_order(),
    }


def write_scenario(path: Path, written: Written) -> None:
    """Write a scenario file that plays back to the same world."""
    path.write_text(yaml.safe_dump(written, allow_unicode=True, sort_keys=False, width=120), "utf-8")


def _live(diary: Diary, customers: Sequence[Customer], seed: int) -> None:
    """Write an ordinary year of all customers down, except those that stay on old contracts."""
    numbers = stream(seed, "population")
    euro = [customer for customer in customers if customer.currency == "EUR"]
    old = {euro[place].tenant_id for place in LEGACY_PLACES}
    for who in customers:
        products = _LARGE if who.people >= _LARGE_FROM else _SMALL
        count = min(len(products), 1 + who.people // 30 + numbers.randint(0, 2))
        users: dict[str, set[str]] = {}
        for licence in numbers.sample(products, count if who.tenant_id not in old else 1):
            _subscribe(diary, numbers, who, licence, users)


def _subscribe(
    diary: Diary, numbers: random.Random, who: Customer, licence: Licence, users: dict[str, set[str]]
) -> None:
    seats = min(max(1, who.people * numbers.randint(15, 100) // 100), _most(licence))
    plan = numbers.choices(_PLANS, _PLAN_WEIGHTS)[0]
    bought_on = diary.month.day(numbers.randint(1, 28), months=-numbers.randint(0, 12))
    label = diary.buy(who, licence, bought_on, seats, plan)
    if licence in _WITH_USERS:
        _hire(diary, numbers, who, (licence, bought_on, seats), users)
    _change_seats(diary, numbers, who, (label, bought_on, seats), is_monthly=plan == MONTHLY)


def _delegate(diary: Diary, customers: Sequence[Customer]) -> None:
    """Most customers have a delegated admin relationship with the partner; one in eight never answered."""
    for place, who in enumerate(customers):
        if place % UNDELEGATED_EVERY:
            diary.do(who, diary.month.day(1 + place % 28, months=-HISTORY_MONTHS), "delegate")


def _most(licence: Licence) -> int:
    """So many that there is room for some more: products for small businesses end at 300 seats."""
    item = item_of(licence.product_id, licence.sku_id)
    return (item.maximum if item else RICH_MAX) * 3 // 4


def _hire(
    diary: Diary,
    numbers: random.Random,
    who: Customer,
    bought: tuple[Licence, date, int],
    users: dict[str, set[str]],
) -> None:
    """A few people with a licence: some of them have one of another product already."""
    licence, on, seats = bought
    product = f"{licence.product_id}:{licence.sku_id}"
    for place in range(min(seats, USERS_MAX, who.people)):
        name = f"{_FIRST[place % len(_FIRST)]}{place}"
        if name not in users:
            users[name] = {product}
            diary.do(who, on, "create-user", **_user(name, numbers), licences=[product])


def _user(name: str, numbers: random.Random) -> dict[str, Any]:
    first, last = name.rstrip("0123456789").capitalize(), numbers.choice(_LAST)
    return {"user": name, "first_name": first, "last_name": last, "display_name": f"{first} {last}"}


def _change_seats(
    diary: Diary, numbers: random.Random, who: Customer, bought: tuple[str, date, int], *, is_monthly: bool
) -> None:
    """Some seats more in the month, of which some are given back within their window."""
    label, bought_on, seats = bought
    month, last = diary.month, diary.month.span.last
    begins = max(month.day(2), date.fromordinal(bought_on.toordinal() + 1))
    if begins >= last or numbers.random() < (0.7 if is_monthly else 0.5):
        return
    day = month.day(numbers.randint(begins.day, last.day))
    added = numbers.randint(1, 1 + seats // 8)
    diary.seats(who, label, day, seats + added)
    if numbers.random() < 0.3 and day.day < last.day:
        within = month.day(min(day.day + numbers.randint(1, 6), last.day))
        diary.seats(who, label, within, seats + added - numbers.randint(1, added))
