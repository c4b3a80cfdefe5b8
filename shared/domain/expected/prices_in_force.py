"""Prices in force: from a subscription's dated prices to the price of one unit for a full charge cycle.

Among dated rows the one that names more of product, term and plan goes first; of equal rows the one that began last. A
price that an event told holds for what the subscription was then, until a row begins later. Where there is only the
price of a longer span, the price list's arithmetic is repeated: the premium of the day, divided once, half up to the
currency's minor unit; a row of the list always goes before such a derivation, and ``UnitPrice.origin`` names it.

Which day's price counts is the caller's: prices are locked for a term, so it asks for the day on which the term's
price was fixed.

Not here: the premiums (``vendor_tables``), sales prices (``prices``).
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from shared.domain.errors import InvalidError
from shared.domain.expected.lines import UnitPrice
from shared.domain.expected.vendor_tables import MONTHLY_PLAN_FACTORS, MONTHLY_TERM_FACTORS, Row, in_force
from shared.domain.money import exact_product, exact_sum, minor_digits, quotient_half_up
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.kinds import PLAN_MONTHS, Plan, ServiceKind, term_months
from shared.domain.subscriptions.own_billing import Span
from shared.domain.subscriptions.subscription import DatedPrice, Subscription

_NOTHING = Decimal(0)
_HUNDRED = Decimal(100)
_HUNDREDTH = Decimal("0.01")
_SPAN_MONTHS = {"month": 1, "year": 12}
_OWN = {ServiceKind.OWN_RECURRING, ServiceKind.OWN_ONE_OFF, ServiceKind.OWN_METERED}
_OTHERS_SEATS = {EventKind.SEATS_UPGRADED, EventKind.SEATS_MOVED}
_NO_FACTOR = Row(Decimal(1), "")
_made = tuple.__new__


class _Wanted(NamedTuple):
    """What a price is asked for."""

    product: str
    term: str
    plan: Plan
    part: str = ""


def price_in_force(  # noqa: PLR0913 - four keys of a price, each with the order's own as default
    subscription: Subscription,
    on: date,
    *,
    product: str = "",
    term: str = "",
    plan: Plan | None = None,
    part: str = "",
    percent_off: Decimal = _NOTHING,
) -> UnitPrice | None:
    """Return the price of one unit for a full charge cycle that is bought or renewed on that day; None without a row.

    *product*, *term* and *plan* are the order's own where they are not given; *part* is one of the parts of a product
    that is billed in several lines ("": rows of any part fit). *percent_off* is a promotion. Of several equal rows of
    one day the last one given counts; a price told by an event (for products without parts) counts from its day on.

    Raises:
        InvalidError: a row's span or the term is not understood.
    """
    wanted = _made(
        _Wanted, (product or subscription.product, term or subscription.term, plan or subscription.plan, part)
    )
    row = _row(subscription.prices, on, wanted)
    told = _told(subscription, on, wanted)
    if told is not None and (row is None or row.valid_from is None or row.valid_from <= told.on):
        amount = told.unit_price or _NOTHING
        return discounted(UnitPrice(amount, amount, _NOTHING, f"{told.kind} on {told.on}"), percent_off)
    if row is None:
        row = _row_of_a_longer_plan(subscription, on, wanted)
    if row is None:
        return None
    return discounted(_for_a_cycle(row, subscription, on, wanted), percent_off)


def discounted(price: UnitPrice, percent_off: Decimal) -> UnitPrice:
    """Return the price after a promotion: exact, with the price before it kept as ``listed``."""
    if not percent_off:
        return price
    amount = exact_product(price.listed, exact_sum((_HUNDRED, percent_off.copy_negate())), _HUNDREDTH)
    return UnitPrice(amount, price.listed, percent_off, price.origin)


def row_in_force(subscription: Subscription, on: date, product: str, term: str, plan: Plan) -> DatedPrice | None:
    """Return the dated row that holds on that day for exactly that product, term and plan, as it was listed."""
    return _row(subscription.prices, on, _Wanted(product, term, plan))


def _row(rows: Sequence[DatedPrice], on: date, wanted: _Wanted) -> DatedPrice | None:
    product, term, plan, part = wanted
    best, best_rank = None, (-1, date.min)
    for row in rows:
        since = row.valid_from
        if since is not None and since > on:
            continue
        if (row.product and row.product != product) or (row.term and row.term != term) or (part and row.part != part):
            continue
        if row.plan is not None and row.plan is not plan:
            continue
        rank = (4 * bool(row.product) + 2 * bool(row.term) + (row.plan is not None), since or date.min)
        if rank >= best_rank:
            best, best_rank = row, rank
    return best


def _row_of_a_longer_plan(subscription: Subscription, on: date, wanted: _Wanted) -> DatedPrice | None:
    """The annual row, where the list has no monthly one: of the same term, or for a month without commitment."""
    if wanted.plan is not Plan.MONTHLY or subscription.kind in _OWN:
        return None
    annual = _row(subscription.prices, on, wanted._replace(plan=Plan.ANNUAL))
    if annual is None and wanted.term == "P1M":
        annual = _row(subscription.prices, on, wanted._replace(term="P1Y", plan=Plan.ANNUAL))
    return annual


def _told(subscription: Subscription, on: date, wanted: _Wanted) -> Event | None:
    """The last event up to that day that told a price for this product, term and plan."""
    for event in subscription.events:
        if event.unit_price is not None:
            break
    else:  # the ordinary case: prices stand in the list
        return None
    if wanted.part:
        return None
    product, term, plan, told = subscription.product, subscription.term, subscription.plan, None
    for event in subscription.events:
        if event.on > on:
            break
        if event.kind in _OTHERS_SEATS:
            continue
        product, term, plan = event.product or product, event.term or term, event.plan or plan
        if event.unit_price is not None and (product, term, plan) == wanted[:3]:
            told = event
    return told


def _for_a_cycle(row: DatedPrice, subscription: Subscription, on: date, wanted: _Wanted) -> UnitPrice:
    span = _span_months(row, subscription, wanted.term)
    cycle = None if span is None else _cycle_months(subscription, wanted.term, wanted.plan)
    if cycle is None or span is None or span == cycle:
        return UnitPrice(row.amount, row.amount, _NOTHING, row.origin)
    factor = _factor(subscription, on, wanted)
    digits = minor_digits(subscription.currency)
    amount = quotient_half_up(exact_product(row.amount, factor.value, Decimal(cycle)), span, digits)
    return UnitPrice(amount, amount, _NOTHING, _derivation(row, factor, cycle, span))


def _cycle_months(subscription: Subscription, term: str, plan: Plan) -> int | None:
    """The months of a full charge cycle; None where they are not whole months, so that only its own price fits."""
    if subscription.kind in _OWN:
        return subscription.billing.every if subscription.billing.span is Span.MONTHS else None
    if plan is Plan.ONE_TIME:
        return term_months(term) if term else None
    return PLAN_MONTHS[plan]


def _span_months(row: DatedPrice, subscription: Subscription, term: str) -> int | None:
    """The months that the row's amount pays for; None: one charge cycle, whatever it is."""
    if row.per == "cycle":
        return None if row.plan is None or subscription.kind in _OWN else PLAN_MONTHS.get(row.plan)
    if row.per == "term":
        of = row.term or term
        return term_months(of) if of else None
    months = _SPAN_MONTHS.get(row.per)
    if months is None:
        raise InvalidError(f"a price per {row.per!r} is not understood: write month, year, term or cycle")
    return months


def _factor(subscription: Subscription, on: date, wanted: _Wanted) -> Row[Decimal]:
    """The premium for paying a year's price by the month: only new-commerce licences have one."""
    if subscription.kind is not ServiceKind.LICENCE or wanted.plan is not Plan.MONTHLY:
        return _NO_FACTOR
    if wanted.term == "P1M":
        return in_force(MONTHLY_TERM_FACTORS, on) or _NO_FACTOR
    return (in_force(MONTHLY_PLAN_FACTORS, on) or _NO_FACTOR) if wanted.term == "P1Y" else _NO_FACTOR


def _derivation(row: DatedPrice, factor: Row[Decimal], cycle: int, span: int) -> str:
    times = "" if factor.value == 1 else f" x {factor.value}"
    told = f"{row.amount} for {span} months{times} x {cycle} / {span}, half up"
    return "; ".join(part for part in (row.origin, told, factor.source) if part)
