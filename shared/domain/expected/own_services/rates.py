"""Rates: what one unit of an own service costs for a whole charge cycle, after uplifts and promotions.

A price that an event told goes before the rows of the price list, until the plan changes. A row counts for the cycles
that begin while it is in force, so that no list ever changes a running cycle.

A price for a month or a year becomes the price of a cycle where that is a finite decimal; else the price stays as it
is and the share is scaled (a yearly 100.00 shown monthly is 100.00 x 1 / 12).

Not here: the prices of Microsoft's products (``prices_in_force``), customers' price lists (``prices``).
"""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from shared.domain.errors import InvalidError
from shared.domain.expected.lines import UnitPrice
from shared.domain.expected.own_services.cycles import Cycle
from shared.domain.expected.own_services.shares import month_count, months_begun, to_digits
from shared.domain.money import exact_product
from shared.domain.subscriptions.events import Quantity
from shared.domain.subscriptions.kinds import Plan
from shared.domain.subscriptions.own_billing import OwnBilling, Share, Span
from shared.domain.subscriptions.subscription import DatedPrice, Subscription

_MONTHS_PAID = {"month": 1, "year": 12}
_DAYS_PAID = {"day": 1, "week": 7}
_CYCLES_PAID = ("term", "cycle")
_HUNDREDTH = Decimal("0.01")
_NOTHING = Decimal(0)


class State(NamedTuple):
    """What is so from a moment on. *told* is a price for a whole cycle told by an event; *since* the plan's first tick.

    *uplift* is the product of all renewals' uplifts; *percent_off* the promotion's.
    """

    quantity: Quantity
    is_active: bool
    product: str
    plan: Plan
    every: int
    told: Decimal | None
    percent_off: Decimal
    uplift: Decimal
    since: int

    @property
    def billed_quantity(self) -> Quantity:
        """The quantity while active, else 0."""
        return self.quantity if self.is_active else 0


class Rate(NamedTuple):
    """The price of one unit, and what a share is multiplied by (``up / down``) to be a share of that price."""

    price: UnitPrice
    up: int = 1
    down: int = 1

    @property
    def exact(self) -> Fraction:
        """The price of one unit for a whole cycle, as one number."""
        return Fraction(self.price.amount) * self.up / self.down


def rate_of(subscription: Subscription, state: State, cycle: Cycle, on: date) -> Rate | None:
    """Return what a unit costs in *cycle* by the prices of the day *on*; None where there is no price.

    Raises:
        InvalidError: the span a price pays for is not understood.
    """
    if state.told is not None:
        return Rate(_price(state.told, state, "told by an event"))
    row = _row(subscription.prices, state, on)
    if row is None:
        return None
    if row.per in _CYCLES_PAID:
        return Rate(_price(row.amount, state, row.origin))
    return _scaled(_price(row.amount, state, row.origin), _times(subscription.billing, cycle, row.per))


def _times(billing: OwnBilling, cycle: Cycle, per: str) -> Fraction:
    """Return how often a price for *per* (not for a whole cycle) is in the price of the cycle."""
    if per in _DAYS_PAID:
        return to_digits(Fraction(cycle.period.days, _DAYS_PAID[per]), billing.part_digits)
    if per not in _MONTHS_PAID:
        spans = (*_CYCLES_PAID, *_DAYS_PAID, *_MONTHS_PAID)
        raise InvalidError(f"a price per {per!r} is not understood: write one of {', '.join(spans)}")
    return _months(billing, cycle) / _MONTHS_PAID[per]


def _months(billing: OwnBilling, cycle: Cycle) -> Fraction:
    """Return the months of a cycle; a cycle of days is taken for one month."""
    if cycle.months is not None:
        return Fraction(cycle.months)
    if billing.span is not Span.TERM:
        return Fraction(1)
    if billing.share is Share.WHOLE_MONTHS:
        return Fraction(months_begun(cycle.period, billing.months_from))
    is_fixed = billing.days_are_fixed or billing.share is Share.FIXED_DAYS
    fixed = billing.days_in_month if is_fixed else None
    return month_count(cycle.period, billing.months_from, days_in_month=fixed, digits=billing.part_digits)


def _scaled(price: UnitPrice, times: Fraction) -> Rate:
    if times == 1:
        return Rate(price)
    amount, listed = _finite(price.amount, times), _finite(price.listed, times)
    if amount is None or listed is None:
        return Rate(price, times.numerator, times.denominator)
    return Rate(UnitPrice(amount, listed, price.percent_off, price.origin))


def _finite(amount: Decimal, times: Fraction) -> Decimal | None:
    """Return ``amount x times`` where it is a finite decimal."""
    return finite(Fraction(amount) * times)


def finite(exact: Fraction) -> Decimal | None:
    """Return the number as a Decimal where it has an end, else None."""
    rest, twos, fives = exact.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return None
    digits = max(twos, fives)
    return exact_product(Decimal(exact.numerator * 10**digits // exact.denominator), Decimal(1).scaleb(-digits))


def price_in(state: State, amount: Decimal) -> Decimal:
    """Return a listed amount after the uplifts and the promotion of *state*."""
    return _price(amount, state, "").amount


def _price(amount: Decimal, state: State, origin: str) -> UnitPrice:
    listed = amount if state.uplift == 1 else exact_product(amount, state.uplift)
    if not state.percent_off:
        return UnitPrice(listed, listed, _NOTHING, origin)
    discounted = exact_product(listed, 100 - state.percent_off, _HUNDREDTH)
    return UnitPrice(discounted, listed, state.percent_off, origin)


def _row(rows: tuple[DatedPrice, ...], state: State, on: date) -> DatedPrice | None:
    """Return the row in force: of those that fit, the one that names more, then the one that began last."""
    found = [
        row
        for row in rows
        if (not row.product or row.product == state.product)
        and (row.plan is None or row.plan == state.plan)
        and (row.valid_from is None or row.valid_from <= on)
    ]
    return found[0] if len(found) == 1 else max(found, key=_specificity, default=None)


def _specificity(row: DatedPrice) -> tuple[bool, bool, date]:
    return bool(row.product), row.plan is not None, row.valid_from or date.min
