"""The ordinary month: every customer has a few subscriptions that renew, run on, and gain or lose seats.

Large customers have many seats of the enterprise products, small ones a handful of the business products. All choices
come from one stream of numbers, so a seed makes a month.

Not here: the events that every month must have (``stories``).
"""

import random
from collections.abc import Iterable
from datetime import date

from local.demo import catalogue as goods
from local.demo.catalogue import Licence
from local.demo.desk import Desk, Subscription
from local.demo.events import charged, seats_changed
from local.demo.organisations import Customer, stream

_SMALL = (goods.BASIC, goods.STANDARD, goods.PREMIUM, goods.EXCHANGE, goods.TEAMS, goods.POWER_BI, goods.DEFENDER)
_LARGE = (goods.E3, goods.E5, goods.COPILOT, goods.POWER_BI, goods.EXCHANGE, goods.TEAMS, goods.PREMIUM, goods.DEFENDER)
_LARGE_FROM = 60
_PLANS = (("P1Y", "Monthly"), ("P1M", "Monthly"), ("P1Y", "Annual"), ("P3Y", "Monthly"), ("P3Y", "Annual"))
_PLAN_WEIGHTS = (60, 24, 8, 5, 3)


def live(desk: Desk, customers: Iterable[Customer], seed: int) -> None:
    """Put an ordinary month of all *customers* on the invoices."""
    numbers = stream(seed, "population")
    for customer in customers:
        products = _LARGE if customer.people >= _LARGE_FROM else _SMALL
        count = min(len(products), 1 + customer.people // 30 + numbers.randint(0, 2))
        for licence in numbers.sample(products, count):
            _subscribe(desk, numbers, customer, licence)


def _subscribe(desk: Desk, numbers: random.Random, customer: Customer, licence: Licence) -> None:
    seats = max(1, customer.people * numbers.randint(15, 100) // 100)
    plan = numbers.choices(_PLANS, _PLAN_WEIGHTS)[0]
    day = numbers.randint(1, 28)
    if plan == ("P1M", "Monthly"):
        _month_by_month(desk, numbers, desk.open(customer, licence, plan, desk.month.day(day)), seats)
    elif plan[1] == "Annual":
        _year_in_advance(desk, desk.open(customer, licence, plan, desk.month.day(day)), seats, numbers)
    else:
        back = numbers.randint(0, 11)
        _paid_monthly(desk, numbers, desk.open(customer, licence, plan, desk.month.day(day, months=-back)), seats)


def _month_by_month(desk: Desk, numbers: random.Random, sold: Subscription, seats: int) -> None:
    """A monthly commitment: each month is a new term, so its cycle is the term."""
    charged(desk, sold, sold.span.first, seats, "renew")
    _maybe_grow(desk, numbers, sold, sold.span.first, seats)


def _year_in_advance(desk: Desk, sold: Subscription, seats: int, numbers: random.Random) -> None:
    charged(desk, sold, sold.span.first, seats, numbers.choice(("new", "renew")))


def _paid_monthly(desk: Desk, numbers: random.Random, sold: Subscription, seats: int) -> None:
    """A commitment paid by the month: a seat change before this month's cycle starts is billed in the cycle before."""
    start = desk.month.day(sold.span.first.day)
    is_first = sold.span.first == start
    change = numbers.choices(("none", "before", "after"), (60, 20, 20))[0]
    if change == "before" and not is_first and start.day > 2:
        added = numbers.randint(1, 1 + seats // 10)
        seats_changed(desk, sold, desk.month.day(numbers.randint(1, start.day - 1)), seats, seats + added)
        seats += added
    charged(desk, sold, start, seats, numbers.choice(("new", "renew")) if is_first else "cycleCharge")
    if change == "after":
        _maybe_grow(desk, numbers, sold, start, seats)


def _maybe_grow(desk: Desk, numbers: random.Random, sold: Subscription, start: date, seats: int) -> None:
    last = desk.month.span.last
    if start.day >= last.day - 1 or numbers.random() < 0.5:
        return
    day = desk.month.day(numbers.randint(start.day + 1, last.day))
    added = numbers.randint(1, 1 + seats // 8)
    seats_changed(desk, sold, day, seats, seats + added)
    if numbers.random() < 0.3:
        within = desk.month.day(min(day.day + numbers.randint(1, 6), last.day))
        seats_changed(desk, sold, within, seats + added, seats + added - numbers.randint(1, added))
