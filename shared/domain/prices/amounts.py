"""Amounts: what an entry makes of units, days and Microsoft's amount, as an exact quotient that is rounded elsewhere.

Two families of methods. A *unit price* (fixed, tiers, a percent of a licence's ERP) is multiplied by units and share::

    fixed, graduated, volume     price x units x days / cycle days
    percent of, discount off ERP ERP x rate x percent x units x days / cycle days

An *amount* of Microsoft's is prorated already and is only scaled::

    markup on cost               cost x (100 + percent) / 100
    margin on price              cost x 100 / (100 - percent)
    percent of, discount off ERP retail amount x percent / 100                      (usage)
    retail                       retail amount x percent / 100, or, where Microsoft's file has none,
                                 net amount x 100 / (100 - partner earned credit) x percent / 100

The uplift is folded in after the method: price x (100 + uplift percent) / 100 + uplift amount. Free units are taken off
the units; of an amount they take their part. A credit or discount is an amount of its own: it can only be made from
cost, and has neither uplift nor free units.

Not here: which entry applies (``book``), which units of a month a line takes (``tiers``), the rounding (``charging``).
"""

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from shared.domain.money import exact_product, exact_sum
from shared.domain.prices.entries import PriceEntry, PriceMethod
from shared.domain.prices.sheet import SheetPrice
from shared.domain.prices.tiers import PricedUnits, UnitsTaken, units_taken
from shared.domain.proration import Proration
from shared.domain.source_lines import Service, SourceLine, service_of

COST, ERP, RETAIL, NET = "cost", "ERP", "retail amount", "net amount"
"""What an amount was made from, as the explanation names it."""

_ZERO, _ONE, _HUNDRED, _HUNDREDTH = Decimal(0), Decimal(1), Decimal(100), Decimal("0.01")
_EARNED_CREDIT = re.compile(r"(\d{1,2}(?:\.\d{1,6})?)\s*%\s*partner earned credit", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What is sold: *units* without a sign for *days* of *cycle_days*, and what Microsoft says it is worth.

    *cost* and *retail* (usage at list price) are Microsoft's amounts in *currency*, *cost* with its sign; *erp* is the
    recommended price of a unit before *fx_rate*. *earned_credit* is the percent that is taken off *cost* already. None
    means that Microsoft's files do not say.
    """

    units: Decimal
    currency: str
    days: int = 1
    cycle_days: int = 1
    cost: Decimal = _ZERO
    is_credit: bool = False
    is_adjustment: bool = False
    is_usage: bool = False
    retail: Decimal | None = None
    erp: Decimal | None = None
    fx_rate: Decimal = _ONE
    earned_credit: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """An exact amount, ``dividend / divisor`` in *currency*, and what made it.

    *unit_price* is None where only a sum is priced. *pieces* are the charged units at their prices, uplift included,
    and *taken* which units of the month they are (None where units are not counted).
    """

    dividend: Decimal
    divisor: int
    currency: str
    unit_price: Decimal | None = None
    base: Decimal | None = None
    base_name: str = ""
    earned_credit: Decimal | None = None
    pieces: tuple[PricedUnits, ...] = ()
    taken: UnitsTaken | None = None


def measure_of(line: SourceLine, proration: Proration, erp: SheetPrice | None) -> Measure:
    """Return what a line of Microsoft's files sells."""
    return Measure(
        units=line.units,
        currency=line.cost.currency,
        days=proration.days,
        cycle_days=proration.cycle_days,
        cost=line.cost.amount,
        is_credit=line.is_credit,
        is_adjustment=line.kind.is_adjustment,
        is_usage=service_of(line) is Service.AZURE_USAGE,
        retail=line.list_amount,
        erp=erp.erp if erp else None,
        fx_rate=line.fx_rate,
        earned_credit=earned_credit(line.adjustments) if line.adjustments else None,
    )


def earned_credit(adjustments: str) -> Decimal | None:
    """Return the percent of partner earned credit that Microsoft's price adjustments name, or None."""
    named = _EARNED_CREDIT.search(adjustments)
    return Decimal(named[1]) if named else None


def sale_of(entry: PriceEntry, measure: Measure, taken: UnitsTaken | None = None) -> Sale | None:
    """Return what *entry* makes of *measure*, or None where it rests on a number that nobody supplied.

    *taken* says which units of the month these are; without it they are counted by themselves.
    """
    if measure.is_adjustment and not entry.method.is_on_cost:
        return None
    if entry.method.is_tiered:
        return _tiered(entry, measure, taken or _by_itself(entry, measure))
    taken = taken or _by_itself(entry, measure) if entry.free_units and not measure.is_adjustment else None
    if entry.method is PriceMethod.FIXED:
        return _per_unit(entry, measure, taken, entry.value)
    return _on_cost(entry, measure, taken) if entry.method.is_on_cost else _on_list(entry, measure, taken)


def _on_list(entry: PriceEntry, measure: Measure, taken: UnitsTaken | None) -> Sale | None:
    if measure.is_usage:
        return _on_retail(entry, measure, taken)
    if entry.method is PriceMethod.RETAIL or measure.erp is None:
        return None
    price = exact_product(measure.erp, measure.fx_rate, _percent(entry), _HUNDREDTH)
    return _per_unit(entry, measure, taken, price, measure.erp)


def _by_itself(entry: PriceEntry, measure: Measure) -> UnitsTaken:
    """Return the units from zero up; those of a credit are the same ones, down to zero."""
    total = measure.units if entry.method is PriceMethod.VOLUME else None
    return units_taken(entry.tiers, entry.free_units, _ZERO, measure.units, total)


def _sign(measure: Measure) -> Decimal:
    return Decimal(-1 if measure.is_credit else 1)


def _percent(entry: PriceEntry) -> Decimal:
    off = entry.method is PriceMethod.DISCOUNT_OFF_ERP
    return exact_sum((_HUNDRED, entry.value.copy_negate())) if off else entry.value


def _uplifted(entry: PriceEntry, price: Decimal) -> Decimal:
    if not entry.has_uplift:
        return price
    rate = exact_product(exact_sum((_HUNDRED, entry.uplift_percent)), _HUNDREDTH)
    return exact_sum((exact_product(price, rate), entry.uplift_amount))


def _per_unit(
    entry: PriceEntry, measure: Measure, taken: UnitsTaken | None, price: Decimal, erp: Decimal | None = None
) -> Sale:
    own = _uplifted(entry, price)
    charged = measure.units if taken is None else taken.charged
    is_average = taken is not None and bool(taken.free)
    return Sale(
        dividend=exact_product(_sign(measure), own, charged, Decimal(measure.days)),
        divisor=measure.cycle_days,
        currency=measure.currency if erp is not None else entry.currency,
        unit_price=None if is_average else own,
        base=erp,
        base_name="" if erp is None else ERP,
        pieces=(PricedUnits(charged, own),) if is_average and charged else (),
        taken=taken,
    )


def _tiered(entry: PriceEntry, measure: Measure, taken: UnitsTaken) -> Sale:
    pieces = tuple(PricedUnits(units, _uplifted(entry, price)) for units, price in taken.pieces)
    exact = exact_sum(exact_product(units, price) for units, price in pieces)
    return Sale(
        dividend=exact_product(_sign(measure), exact, Decimal(measure.days)),
        divisor=measure.cycle_days,
        currency=entry.currency,
        pieces=pieces,
        taken=taken,
    )


def _on_cost(entry: PriceEntry, measure: Measure, taken: UnitsTaken | None) -> Sale:
    if entry.method is PriceMethod.MARKUP_ON_COST:
        dividend, divisor = exact_product(measure.cost, exact_sum((_HUNDRED, entry.value))), 100
    else:
        dividend, divisor = _over_rest(exact_product(measure.cost, _HUNDRED), entry.value)
    return _scaled(
        entry, measure, taken, Sale(dividend=dividend, divisor=divisor, currency=measure.currency, base_name=COST)
    )


def _on_retail(entry: PriceEntry, measure: Measure, taken: UnitsTaken | None) -> Sale | None:
    percent = _percent(entry)
    if measure.retail is not None:
        dividend = exact_product(_sign(measure), measure.retail.copy_abs(), percent)
        made = Sale(dividend=dividend, divisor=100, currency=measure.currency, base=measure.retail, base_name=RETAIL)
    elif entry.method is PriceMethod.RETAIL and measure.earned_credit is not None:
        dividend, divisor = _over_rest(exact_product(measure.cost, percent), measure.earned_credit)
        made = Sale(
            dividend=dividend,
            divisor=divisor,
            currency=measure.currency,
            base_name=NET,
            earned_credit=measure.earned_credit,
        )
    else:
        return None
    return _scaled(entry, measure, taken, made)


def _over_rest(dividend: Decimal, percent: Decimal) -> tuple[Decimal, int]:
    """Return the quotient of *dividend* and what a hundred has left after *percent*, which is less."""
    above, below = exact_sum((_HUNDRED, percent.copy_negate())).as_integer_ratio()
    return exact_product(dividend, Decimal(below)), above


def _scaled(entry: PriceEntry, measure: Measure, taken: UnitsTaken | None, made: Sale) -> Sale:
    """Return the amount with uplift and without its free units' part; both are for charges of units only."""
    dividend, divisor = made.dividend, made.divisor
    if not measure.is_adjustment:
        charged = measure.units if taken is None else taken.charged
        if entry.uplift_percent:
            dividend = exact_product(dividend, exact_sum((_HUNDRED, entry.uplift_percent)))
            divisor *= 100
        if taken is not None and taken.free:
            above, below = measure.units.as_integer_ratio()
            dividend, divisor = exact_product(dividend, charged, Decimal(below)), divisor * above
        if entry.uplift_amount:
            share = (_sign(measure), entry.uplift_amount, charged, Decimal(measure.days * divisor))
            dividend = exact_sum((exact_product(dividend, Decimal(measure.cycle_days)), exact_product(*share)))
            divisor *= measure.cycle_days
    base = measure.cost if made.base is None else made.base
    return replace(made, dividend=dividend, divisor=divisor, base=base, taken=taken)
