"""Tiers, free units and methods against slow oracles that price one unit after the other, with fractions."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.domain.money import Money
from shared.domain.month_units import units_of_month
from shared.domain.periods import Period
from shared.domain.prices import (
    Measure,
    PriceBook,
    PriceEntry,
    PriceKeys,
    PriceMethod,
    Tier,
    measure_of,
    sale_of,
    tiers_refused,
    units_taken,
)
from shared.domain.proration import WHOLE
from shared.domain.source_lines import Family, Origin, SourceLine

SETTINGS = settings(max_examples=200, deadline=None)
prices = st.decimals(0, 1000, places=4)
units = st.decimals(0, 60, places=2)
percents = st.decimals(0, 99, places=3)
days = st.dates(date(2026, 10, 1), date(2026, 10, 31))


@st.composite
def tier_lists(draw: st.DrawFn) -> tuple[Tier, ...]:
    """Draw one to five tiers that rise from unit 1."""
    starts = sorted({1, *draw(st.lists(st.integers(2, 80), max_size=4))})
    return tuple(Tier(Decimal(start), draw(prices)) for start in starts)


def _slow_price(tiers: Sequence[Tier], number: int) -> Fraction:
    """Walk up the tiers to the one that the unit of that number lies in."""
    price = tiers[0].price
    for tier in tiers:
        if tier.from_units <= number:
            price = tier.price
    return Fraction(price)


def _slow_total(tiers: Sequence[Tier], free: Decimal, total: Decimal, method: PriceMethod) -> Fraction:
    """Price a month hundredth by hundredth of a unit: each belongs to the unit that it is a part of."""
    sign = -1 if total < 0 else 1
    hundredths = max(int(abs(total) * 100) - int(free * 100), 0)
    numbers = [hundredth // 100 + 1 for hundredth in range(hundredths)]
    if method is PriceMethod.VOLUME and numbers:
        numbers = [numbers[-1]] * len(numbers)
    return sign * sum((_slow_price(tiers, number) for number in numbers), Fraction(0)) / 100


def _line(quantity: Decimal, number: int, **changed: Any) -> SourceLine:
    values: dict[str, Any] = {
        "family": Family.DAILY_USAGE,
        "origin": Origin(file="daily.json", line=number + 2),
        "customer_id": "c-1",
        "customer_name": "Contoso",
        "charge_type": "New",
        "quantity": quantity,
        "cost": Money(Decimal(1).copy_sign(quantity), "EUR"),
        "meter_id": f"meter-{number % 3}",
        "unit_price": Decimal(1),
        "list_amount": quantity,
    }
    return SourceLine(**{**values, **changed})


def _entry(method: PriceMethod, value: Decimal = Decimal(0), **changed: Any) -> PriceEntry:
    return PriceEntry(scope="", keys=PriceKeys(), method=method, value=value, **changed)


@SETTINGS
@given(
    tiers=tier_lists(),
    free=units,
    parts=st.lists(st.tuples(units, st.booleans(), days), max_size=6),
    method=st.sampled_from([PriceMethod.GRADUATED, PriceMethod.VOLUME]),
)
def test_the_lines_of_a_month_owe_what_the_sum_of_their_units_owes(
    tiers: tuple[Tier, ...], free: Decimal, parts: list[tuple[Decimal, bool, date]], method: PriceMethod
) -> None:
    """However a month is cut into lines and credits, and in whatever order they stand."""
    entry = _entry(method, tiers=tiers, free_units=free, currency="EUR")
    lines = [
        _line(part.copy_negate() if back else part, number, charge=Period.inclusive(day, day))
        for number, (part, back, day) in enumerate(parts)
        if part
    ]
    book = PriceBook([entry])
    total = sum((line.quantity for line in lines), Decimal(0))
    for order in (lines, lines[::-1]):
        taken = units_of_month(order, book)
        sales = [sale_of(entry, measure_of(line, WHOLE, None), taken[index]) for index, line in enumerate(order)]
        owed = sum((Fraction(sale.dividend) / sale.divisor for sale in sales if sale), Fraction(0))

        assert _slow_total(tiers, free, total, method) == owed


@SETTINGS
@given(tiers=tier_lists(), free=units, marks=st.lists(units, min_size=2, max_size=6))
def test_any_walk_on_the_scale_takes_each_unit_once(
    tiers: tuple[Tier, ...], free: Decimal, marks: list[Decimal]
) -> None:
    """Forwards and back: free and charged units are the units of the step, and a step back undoes a step."""
    for before, after in pairwise([Decimal(0), *marks]):
        step = units_taken(tiers, free, before, after - before)
        back = units_taken(tiers, free, after, before - after)

        assert abs(after - before) == step.free + step.charged
        assert step.charged == sum(piece.units for piece in step.pieces)
        assert sorted(step.pieces) == sorted(back.pieces)


@SETTINGS
@given(tiers=st.lists(st.builds(Tier, st.integers(-2, 6).map(Decimal), prices), min_size=1, max_size=4))
def test_tiers_are_refused_exactly_where_they_do_not_rise_from_one(tiers: list[Tier]) -> None:
    """Against their sorted form."""
    starts = [int(tier.from_units) for tier in tiers]
    is_right = starts[0] == 1 and starts == sorted(set(starts))

    assert is_right is (tiers_refused(tiers) == "")


@SETTINGS
@given(cost=st.decimals(-10_000, 10_000, places=6), percent=percents)
def test_a_margin_is_the_inverse_of_a_discount(cost: Decimal, percent: Decimal) -> None:
    """The margin's share of the price is the percent, to the last digit; taking it off the price gives the cost."""
    measure = Measure(units=Decimal(1), currency="EUR", cost=cost, is_credit=cost < 0)
    sale = sale_of(_entry(PriceMethod.MARGIN_ON_PRICE, percent), measure)
    assert sale is not None
    price = Fraction(sale.dividend) / sale.divisor

    assert Fraction(cost) == price * (100 - Fraction(percent)) / 100
    assert price - Fraction(cost) == price * Fraction(percent) / 100


@SETTINGS
@given(
    method=st.sampled_from(list(PriceMethod)),
    value=percents,
    tiers=tier_lists(),
    free=units,
    uplift=st.tuples(percents, prices),
    quantity=units,
    share=st.tuples(st.integers(1, 31), st.integers(28, 31)),
    base=st.tuples(prices, prices, prices),
    flags=st.tuples(st.booleans(), st.booleans()),
)
def test_every_method_is_what_a_person_with_fractions_makes_of_it(  # noqa: PLR0917 - each is drawn
    method: PriceMethod,
    value: Decimal,
    tiers: tuple[Tier, ...],
    free: Decimal,
    uplift: tuple[Decimal, Decimal],
    quantity: Decimal,
    share: tuple[int, int],
    base: tuple[Decimal, Decimal, Decimal],
    flags: tuple[bool, bool],
) -> None:
    """Method, uplift, free units, share of the cycle and sign, for units and for Microsoft's amounts."""
    (days_used, cycle), (cost, retail, erp), (is_credit, is_usage) = share, base, flags
    sign = -1 if is_credit else 1
    entry = _entry(
        method,
        Decimal(0) if method.is_tiered else value,
        tiers=tiers if method.is_tiered else (),
        free_units=free,
        uplift_percent=uplift[0],
        uplift_amount=uplift[1],
        currency="EUR",
    )
    measure = Measure(
        units=quantity,
        currency="EUR",
        days=days_used,
        cycle_days=cycle,
        cost=cost * sign,
        is_credit=is_credit,
        is_usage=is_usage,
        retail=retail,
        erp=erp,
        fx_rate=Decimal("1.1"),
    )
    assume(quantity or cost == retail == 0)
    sale = sale_of(entry, measure)
    expected = _by_hand(entry, measure)

    assert expected == (None if sale is None else Fraction(sale.dividend) / sale.divisor)


def _by_hand(entry: PriceEntry, measure: Measure) -> Fraction | None:
    part = Fraction(measure.days, measure.cycle_days)
    sign, rate = (-1 if measure.is_credit else 1), Fraction(entry.value) / 100
    raised, added = 1 + Fraction(entry.uplift_percent) / 100, Fraction(entry.uplift_amount)
    charged = max(Fraction(measure.units) - Fraction(entry.free_units), Fraction(0))
    left = charged / Fraction(measure.units) if measure.units else Fraction(0)
    is_off = entry.method is PriceMethod.DISCOUNT_OFF_ERP
    amount: Fraction | None
    if entry.method.is_tiered:
        exact = _slow_total(entry.tiers, entry.free_units, measure.units, entry.method)
        return sign * (exact * raised + charged * added) * part
    if entry.method is PriceMethod.FIXED:
        return sign * (Fraction(entry.value) * raised + added) * charged * part
    if entry.method is PriceMethod.MARKUP_ON_COST:
        amount = Fraction(measure.cost) * (1 + rate)
    elif entry.method is PriceMethod.MARGIN_ON_PRICE:
        amount = Fraction(measure.cost) / (1 - rate)
    elif measure.is_usage:
        amount = sign * Fraction(measure.retail or 0) * (1 - rate if is_off else rate)
    elif entry.method is PriceMethod.RETAIL:
        return None
    else:
        price = Fraction(measure.erp or 0) * Fraction(measure.fx_rate) * (1 - rate if is_off else rate)
        return sign * (price * raised + added) * charged * part
    return amount * raised * left + sign * added * charged * part
