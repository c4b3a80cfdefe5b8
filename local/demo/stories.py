"""The events that every demo month has, each with a customer of its own, so that every rule is seen at least once.

Days are days of the demo month, clamped where the month is shorter. Nothing here is random but identifiers.

Not here: the ordinary month around them (``population``), and everything that is no licence (``extras``).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from local.demo import catalogue as goods
from local.demo.arithmetic import rounddown, times
from local.demo.desk import Desk, Subscription
from local.demo.events import (
    cancelled,
    charged,
    coterminated,
    seats_changed,
    trial_converted,
    trial_started,
    upgraded,
)
from local.demo.organisations import Customer

MONTHLY = ("P1M", "Monthly")
YEARLY_MONTHLY = ("P1Y", "Monthly")
YEARLY = ("P1Y", "Annual")
_TELCO_PART = Decimal("0.035")

PARKED = 26
"""The place, among the customers billed in euro, of the one who buys the unpriced product."""
SPLIT_E5 = 9
"""The place of the one whose E5 arrives as two lines."""


def tell(desk: Desk, customers: Sequence[Customer]) -> None:
    """Put the events of all stories on the invoices."""
    euro = [customer for customer in customers if customer.currency == "EUR"]
    dollar = [customer for customer in customers if customer.currency == "USD"]
    for number, story in enumerate(_EURO_STORIES):
        story(desk, euro[number])
    for number, story in enumerate(_DOLLAR_STORIES):
        story(desk, dollar[number % len(dollar)])
    split_e5(desk, euro[SPLIT_E5])
    charged(desk, desk.open(euro[PARKED], goods.UNPRICED, MONTHLY, desk.month.day(9)), desk.month.day(9), 3, "renew")


def many_changes(desk: Desk, customer: Customer) -> None:
    """Bought on the 5th with 10 seats, then 15, 25, 23, 20 and 30: eleven lines."""
    month = desk.month
    sold = desk.open(customer, goods.STANDARD, YEARLY_MONTHLY, month.day(5))
    charged(desk, sold, month.day(5), 10, "new")
    seats = 10
    for day, wanted in ((7, 15), (10, 25), (12, 23), (14, 20), (25, 30)):
        seats_changed(desk, sold, month.day(day), seats, wanted)
        seats = wanted


def shrinks_in_window(desk: Desk, customer: Customer) -> None:
    """Twelve seats bought, four given back inside the seven days."""
    month = desk.month
    sold = desk.open(customer, goods.PREMIUM, YEARLY_MONTHLY, month.day(18))
    charged(desk, sold, month.day(18), 12, "new")
    seats_changed(desk, sold, month.day(20), 12, 8)


def regrets_at_once(desk: Desk, customer: Customer) -> None:
    """Cancelled within a day: refunded in full."""
    sold = desk.open(customer, goods.POWER_BI, YEARLY_MONTHLY, desk.month.day(14))
    charged(desk, sold, desk.month.day(14), 7, "new")
    cancelled(desk, sold, desk.month.day(14), 7, in_full=True)


def regrets_later(desk: Desk, customer: Customer) -> None:
    """Cancelled on the fourth day: the cancellation day and all after it are refunded."""
    sold = desk.open(customer, goods.COPILOT, YEARLY, desk.month.day(6))
    charged(desk, sold, desk.month.day(6), 11, "new")
    cancelled(desk, sold, desk.month.day(10), 11, in_full=False)


def tries(desk: Desk, customer: Customer) -> None:
    """A trial of 25 seats that runs on, made longer by Microsoft."""
    sold = desk.open(customer, goods.PREMIUM, MONTHLY, desk.month.day(21))
    trial_started(desk, sold, desk.month.day(21))
    trial_started(desk, sold, desk.month.day(21), "extendTerm")


def tries_and_buys(desk: Desk, customer: Customer) -> None:
    """A trial that becomes a paid subscription on the same day."""
    day = desk.month.day(16)
    trial = trial_started(desk, desk.open(customer, goods.STANDARD, MONTHLY, day), day)
    paid = desk.open(customer, goods.STANDARD, YEARLY_MONTHLY, day)
    trial_converted(desk, trial, replace(paid, id=trial.id), day)


def has_promotion(desk: Desk, customer: Customer) -> None:
    """Ten percent off the partner's price for the first term; seats added later have it too."""
    month = desk.month
    sold = _promoted(desk.open(customer, goods.COPILOT, YEARLY_MONTHLY, month.day(8, months=-3)))
    charged(desk, sold, month.day(8), 40, "cycleCharge")
    seats_changed(desk, sold, month.day(19), 40, 55)


def buys_with_promotion(desk: Desk, customer: Customer) -> None:
    """A new subscription with the promotion."""
    sold = _promoted(desk.open(customer, goods.PREMIUM, YEARLY_MONTHLY, desk.month.day(2)))
    charged(desk, sold, desk.month.day(2), 50, "new")


def aligns_to_month_end(desk: Desk, customer: Customer) -> None:
    """Bought on the 12th and aligned to calendar months: a first short cycle to the end of this month."""
    month = desk.month
    end = month.day(31, months=11)
    sold = desk.open(customer, goods.BASIC, YEARLY_MONTHLY, month.day(12), end)
    coterminated(desk, sold, month.day(12), 35, month.span.days)


def has_month_end_anchors(desk: Desk, customer: Customer) -> None:
    """Subscriptions bought on a 29th, 30th and 31st: short months clamp their cycles, seats change in a clamped one."""
    month = desk.month
    for anchor, licence in ((29, goods.EXCHANGE), (30, goods.TEAMS), (31, goods.STANDARD)):
        bought = _day_of_long_month(desk, anchor)
        sold = desk.open(customer, licence, YEARLY_MONTHLY, bought)
        seats_changed(desk, sold, month.day(11), 20, 24)
        start = sold.cycle(month.day(31)).first
        if start >= month.day(1):
            charged(desk, sold, start, 24, "cycleCharge")


def grows_on_annual_plan(desk: Desk, customer: Customer) -> None:
    """Seats added to a year paid upfront: charged to the end of the year."""
    sold = desk.open(customer, goods.E3, YEARLY, desk.month.day(17, months=-7))
    seats_changed(desk, sold, desk.month.day(13), 60, 72)


def upgrades(desk: Desk, customer: Customer) -> None:
    """All seats move up a product in the middle of a cycle."""
    month = desk.month
    old = desk.open(customer, goods.BASIC, YEARLY_MONTHLY, month.day(4, months=-5))
    charged(desk, old, month.day(4), 18, "cycleCharge")
    price = goods.PREMIUM.cost(old.term, old.plan, customer.currency)
    upgraded(desk, old, replace(old, licence=goods.PREMIUM, price=price), month.day(22), 18)


def pays_monthly_now(desk: Desk, customer: Customer) -> None:
    """A three-year commitment goes from annual to monthly payment after its first year."""
    month = desk.month
    sold = desk.open(customer, goods.E5, ("P3Y", "Annual"), month.day(20, months=-12))
    monthly = replace(sold, plan="Monthly", price=goods.E5.cost("P3Y", "Monthly", customer.currency))
    charged(desk, monthly, month.day(20), 10, "changeBillingPlan")


def moves_seats(desk: Desk, customer: Customer) -> None:
    """Seats move into a subscription that exists already."""
    month = desk.month
    source = desk.open(customer, goods.STANDARD, YEARLY_MONTHLY, month.day(3, months=-4))
    target = desk.open(customer, goods.PREMIUM, YEARLY_MONTHLY, month.day(3, months=-4))
    charged(desk, source, month.day(3), 30, "cycleCharge")
    charged(desk, target, month.day(3), 5, "cycleCharge")
    seats_changed(desk, source, month.day(23), 30, 18, "moveQuantity")
    seats_changed(desk, target, month.day(23), 5, 17, "moveQuantity")


def pays_three_years(desk: Desk, customer: Customer) -> None:
    """Three years bought and paid at once."""
    sold = desk.open(customer, goods.DEFENDER, ("P3Y", "Triennial"), desk.month.day(1))
    charged(desk, sold, desk.month.day(1), 15, "new")


def renews_year(desk: Desk, customer: Customer) -> None:
    """A year paid upfront renews, and three seats fewer are kept within the window."""
    month = desk.month
    sold = desk.open(customer, goods.PREMIUM, YEARLY, month.day(15))
    charged(desk, sold, month.day(15), 28, "renew")
    seats_changed(desk, sold, month.day(18), 28, 25)


def split_e5(desk: Desk, customer: Customer) -> None:
    """E5 with telephony: two lines with equal keys, one for each part of the price."""
    month = desk.month
    sold = desk.open(customer, goods.E5, YEARLY_MONTHLY, month.day(10, months=-2))
    telephony = rounddown(times(sold.price, _TELCO_PART))
    reference = desk.reference()
    for price in (sold.price - telephony, telephony):
        charged(desk, replace(sold, price=price), month.day(10), 14, "cycleCharge", reference)


def _promoted(sold: Subscription) -> Subscription:
    licence = sold.licence
    promotion = f"{licence.product_id}:{licence.sku_id}:{licence.product_id[:8]}K5QL"
    return replace(sold, discount=Decimal("0.10"), promotion_id=promotion)


def _day_of_long_month(desk: Desk, anchor: int) -> date:
    """The latest such day at least two months ago, in a month that has it."""
    back = next(back for back in range(2, 12) if desk.month.day(31, months=-back).day >= anchor)
    return desk.month.day(anchor, months=-back)


_EURO_STORIES = (
    grows_on_annual_plan,
    many_changes,
    shrinks_in_window,
    regrets_at_once,
    regrets_later,
    tries,
    tries_and_buys,
    has_promotion,
    buys_with_promotion,
    aligns_to_month_end,
    has_month_end_anchors,
    upgrades,
    pays_monthly_now,
    moves_seats,
    pays_three_years,
    renews_year,
)
_DOLLAR_STORIES = (
    has_promotion,
    many_changes,
    shrinks_in_window,
    regrets_later,
    tries,
    renews_year,
    grows_on_annual_plan,
)
