"""Simulated charges: charge cycles tile any term; a change of seats moves nothing but the difference."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from local.demo.arithmetic import Month, later
from local.partner_center.billing.charges import TERM_MONTHS, Charge, charges
from local.partner_center.entities import Happened, Subscription

DAY = timedelta(days=1)
CENT = Decimal("0.01")
EVER = datetime(2099, 1, 1, tzinfo=UTC)
DAYS = st.dates(date(2021, 1, 1), date(2028, 12, 31))
PLANS = st.sampled_from(
    [("P1M", "monthly"), ("P1Y", "monthly"), ("P1Y", "annual"), ("P3Y", "annual"), ("P3Y", "triennial")]
)
PRICES = st.decimals("0.01", "5000", places=2)


def bought(first: date, plan: tuple[str, str], price: Decimal, seats: int, cut_days: int = 0) -> Happened:
    """Return a purchase; *cut_days* end its term earlier."""
    term, cycle = plan
    return Happened(
        at=datetime.combine(first, time(10), UTC),
        charge_type="new",
        before=0,
        after=seats,
        unit_price=price,
        product_id="CFQ7TTC0LH18",
        sku_id="0001",
        title="Microsoft 365 Business Basic",
        term=term,
        cycle=cycle,
        term_first=first,
        term_last=max(first, later(first, TERM_MONTHS[term]) - DAY - cut_days * DAY),
        currency="EUR",
    )


def all_charges(*log: Happened) -> list[Charge]:
    """Return what a log costs from its first day to the end of its term."""
    first = log[0]
    sold = Subscription(
        id="s",
        customer_id="c",
        order_id="o",
        product_id=first.product_id,
        sku_id=first.sku_id,
        availability_id="a",
        title=first.title,
        product_type="OnlineServicesNCE",
        quantity=log[-1].after,
        term=first.term,
        cycle=first.cycle,
        created_at=first.at,
        starts_at=first.at,
        term_first=first.term_first,
        term_last=first.term_last,
        anchor_on=first.term_first,
        unit_price=first.unit_price,
        currency=first.currency,
        log=list(log),
    )
    found: list[Charge] = []
    day = first.term_first.replace(day=1)
    while day <= first.term_last:
        found += charges(sold, Month(day.year, day.month), EVER)
        day = later(day, 1)
    return found


@given(DAYS, PLANS, st.integers(0, 25))
def test_the_cycles_of_a_term_tile_it(first: date, plan: tuple[str, str], cut_days: int) -> None:
    """One after the other, from the first day to the last, whatever the anchor and wherever an aligned term ends."""
    spans = [each.span for each in all_charges(bought(first, plan, Decimal(10), 1, cut_days))]
    last = bought(first, plan, Decimal(10), 1, cut_days).term_last

    assert first == spans[0].first
    assert last == spans[-1].last
    assert all(after.first == before.last + DAY for before, after in itertools.pairwise(spans))


@given(DAYS, PLANS, PRICES, st.integers(1, 500), st.integers(1, 500), st.integers(0, 27))
def test_a_change_of_seats_moves_the_difference_for_the_rest_of_the_cycle(
    first: date, plan: tuple[str, str], price: Decimal, had: int, wanted: int, after_days: int
) -> None:
    """Both lines are cut, so together they are within a cent of price x difference x rest / cycle."""
    new = bought(first, plan, price, had)
    changed = replace(new, charge_type="addQuantity", before=had, after=wanted, at=new.at + after_days * DAY)
    refund, charge = [each for each in all_charges(new, changed) if each.charge_type == "addQuantity"]
    rest, whole = refund.share
    exact = price * (wanted - had) * rest / whole

    assert refund.span == charge.span
    assert refund.span.first == first + after_days * DAY
    assert abs(refund.amount(Decimal(1)) + charge.amount(Decimal(1)) - exact) < CENT


@given(DAYS, PLANS, PRICES, st.integers(1, 500))
def test_a_purchase_regretted_at_once_costs_nothing(
    first: date, plan: tuple[str, str], price: Decimal, seats: int
) -> None:
    """The credit is the charge with the other sign."""
    new = bought(first, plan, price, seats)
    regret = replace(new, charge_type="cancelImmediate", before=seats, after=0, at=new.at + timedelta(hours=3))
    amounts = [each.amount(Decimal(1)) for each in all_charges(new, regret)]

    assert 0 == sum(amounts)
    assert 2 == len(amounts)
