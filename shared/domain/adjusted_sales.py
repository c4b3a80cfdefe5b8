"""Adjusted sales: a line's sale after uplift, promotion, offers, discounts and guards, with every step.

The steps are taken on the price of one unit for a full charge cycle (the average, where only a sum is priced) and the
amount is made of the result by the same units and days, exactly. A refund takes the steps of its charge. Free units
stay free: the price is that of the others, so no floor charges for them and no offer is held against their average.

Untouched are credits and discounts that Microsoft gives as an amount, what is given away, and lines without units, or
with free ones only. A sale that nothing applies to is returned as it came.

Not here: the order of the steps and what each does (``prices.adjustments``), and the price itself (``charging``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import partial

from shared.domain import adjustment_issues as remarks
from shared.domain.issues import Issue
from shared.domain.money import exact_product
from shared.domain.prices import COST, NET, Measure, PricedUnits, PriceEntry, Sale, UnitsTaken, sale_of, subject_of
from shared.domain.prices.adjustment_rules import NO_ADJUSTMENTS, AdjustmentRules, SaleAt
from shared.domain.prices.adjustments import Applicable, Step, StepKind, Uplift, adjusted, shown, unconverted
from shared.domain.prices.exchange import rate_missing, rate_stale
from shared.domain.prices.guards import Bases, GuardBase
from shared.domain.prices.price_locks import PriceLock, PriceLocks, price_lock
from shared.domain.prices.promotions import Promotion, promotion_percent
from shared.domain.proration import Proration, price_date
from shared.domain.source_lines import SourceLine

LIST_PRICE = "list price without the promotion"
_ZERO = Decimal(0)
_NO_COUNTS: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class SpecialTerms:
    """What is agreed beside the price list: adjustments, and what a price list change means for running terms.

    *product_counts* says how many products of each vendor the customer uses in the period
    (``discounts.product_counts``).
    """

    rules: AdjustmentRules = NO_ADJUSTMENTS
    locks: PriceLocks = field(default_factory=PriceLocks)
    product_counts: Mapping[str, int] = field(default_factory=lambda: _NO_COUNTS)

    def lock(self, line: SourceLine, proration: Proration) -> PriceLock:
        """Return the day whose price applies to *line*, and until when it is locked."""
        return price_lock(
            self.locks.policy(line.customer_id),
            term=line.term,
            cycle=proration.cycle,
            charge_from=price_date(line, proration),
        )


@dataclass(frozen=True, slots=True)
class Priced:
    """What a line is priced by: its entry, what it measures, the day, and which units of the month it takes.

    *is_part* marks the smaller part of a product that Microsoft bills in several lines: an amount that is said of the
    whole product (a fixed price, a limit, its ERP) is not said of the part.
    """

    entry: PriceEntry
    measure: Measure
    on: date | None
    taken: UnitsTaken | None = None
    is_part: bool = False

    @property
    def charged(self) -> Decimal:
        """The units that are not free."""
        return self.taken.charged if self.taken else self.measure.units

    @property
    def per_unit(self) -> Fraction:
        """What turns an amount into the price of one charged unit for a full cycle."""
        return Fraction(self.measure.cycle_days, self.measure.days) * _inverse(Fraction(self.charged))


@dataclass(frozen=True, slots=True)
class AdjustedSale:
    """The sale after all steps, the steps, and what is to be said."""

    sale: Sale
    steps: tuple[Step, ...] = ()
    issues: tuple[Issue, ...] = ()


def adjusted_sale(line: SourceLine, priced: Priced, sale: Sale, terms: SpecialTerms) -> AdjustedSale:
    """Return *sale* after everything that is agreed for *line*; the same sale where nothing is."""
    if priced.measure.is_adjustment or not priced.charged or not terms.rules:
        return AdjustedSale(sale)
    promotion, unknown = _promotion(line, priced, terms.rules)
    rests_on_cost = sale.base_name in {COST, NET}
    is_on_list = promotion is not None and sale.base_name == COST and promotion.rests_on_list(rests_on_cost=True)
    make = partial(_on_list, line, priced) if is_on_list else partial(_as_priced, priced)
    sale = make(priced.entry, sale)
    at = SaleAt(on=priced.on, bases=_bases(line, priced, sale), rests_on_cost=rests_on_cost)
    found = terms.rules.applicable(subject_of(line), at, terms.product_counts)
    found = _of_part(found) if priced.is_part else found
    plain = make(replace(priced.entry, uplift_percent=_ZERO, uplift_amount=_ZERO), sale)
    things = replace(found, promotion=promotion, uplift=_uplift(priced, sale))
    made = adjusted(_unit(priced, plain), things)
    steps = made.steps if any(step.kind is not StepKind.UPLIFT for step in made.steps) else ()
    issues = [*unknown, *_rate_issues(line, at, things, steps)]
    if not line.is_credit:
        issues += [remarks.limit_passed(line, breach, sale.currency) for breach in made.breaches]
    return AdjustedSale(_resold(priced, sale, made.price) if steps else sale, steps, tuple(issues))


def _of_part(found: Applicable) -> Applicable:
    """Return what applies to a part: what is paid for the whole is paid with the main line, so the part is included."""
    offers = [each if each.fixed_price is None else replace(each, fixed_price=_ZERO) for each in found.offers]
    guards = [each for each in found.guards if each.base is GuardBase.PERCENT_OF_COST]
    return replace(found, offers=tuple(offers), guards=tuple(guards))


def _promotion(line: SourceLine, priced: Priced, rules: AdjustmentRules) -> tuple[Promotion | None, tuple[Issue, ...]]:
    """Return the promotion on the line where somebody decided about it, or why it cannot be told."""
    switch = rules.switch(subject_of(line), line.promotion_id) if line.promotion_id else None
    if switch is None:
        return None, ()
    percent = promotion_percent(line, Proration(priced.measure.days, priced.measure.cycle_days))
    if percent is None:
        return None, (remarks.promotion_unknown(line),)
    return Promotion(promotion_id=line.promotion_id, percent=percent, policy=switch.policy, row=switch.row), ()


def _as_priced(priced: Priced, entry: PriceEntry, sale: Sale) -> Sale:
    """Return what *entry* makes of the measure; *sale* is what the line's own entry made of it."""
    return sale if entry == priced.entry else sale_of(entry, priced.measure, priced.taken) or sale


def _on_list(line: SourceLine, priced: Priced, entry: PriceEntry, sale: Sale) -> Sale:
    """Return the sale as if Microsoft had charged its list price: made for the full cycle, then its share taken."""
    measure = priced.measure
    sign = Decimal(-1 if measure.is_credit else 1)
    listed = exact_product(sign, (line.unit_price or _ZERO).copy_abs(), line.fx_rate, measure.units)
    full = sale_of(entry, replace(measure, cost=listed, days=measure.cycle_days), priced.taken) or sale
    return replace(
        full,
        dividend=exact_product(full.dividend, Decimal(measure.days)),
        divisor=full.divisor * measure.cycle_days,
        base_name=LIST_PRICE,
    )


def _uplift(priced: Priced, sale: Sale) -> Uplift | None:
    entry = priced.entry
    if not entry.has_uplift:
        return None
    price = _unit(priced, sale)
    return Uplift(price=price, percent=entry.uplift_percent, amount=entry.uplift_amount, row=entry.row)


def _bases(line: SourceLine, priced: Priced, sale: Sale) -> Bases:
    """Return cost and ERP of a unit, where they are in the currency of the sale."""
    measure = priced.measure
    if sale.currency != line.cost.currency:
        return Bases(currency=sale.currency)
    cost = abs(Fraction(line.cost.amount)) * priced.per_unit
    if measure.is_usage:
        erp = None if measure.retail is None else abs(Fraction(measure.retail)) * priced.per_unit
    else:
        erp = None if measure.erp is None else Fraction(measure.erp) * Fraction(measure.fx_rate)
    return Bases(currency=sale.currency, cost=cost, erp=erp)


def _unit(priced: Priced, sale: Sale) -> Fraction:
    return abs(Fraction(sale.dividend)) * Fraction(1, sale.divisor) * priced.per_unit


def _resold(priced: Priced, sale: Sale, price: Fraction) -> Sale:
    """Return the sale at another price of a unit, with the sign it had."""
    exact = price * _inverse(priced.per_unit) * (-1 if sale.dividend < 0 else 1)
    rounded, has_free = shown(price), priced.charged != priced.measure.units
    return replace(
        sale,
        dividend=Decimal(exact.numerator),
        divisor=exact.denominator,
        unit_price=rounded if Fraction(rounded) == price and not has_free else None,
        pieces=(PricedUnits(priced.charged, rounded),) if has_free else (),
    )


def _rate_issues(line: SourceLine, at: SaleAt, things: Applicable, steps: tuple[Step, ...]) -> Iterator[Issue]:
    """Yield what is to be said about rates: offers left out for want of one, and old ones that were used."""
    own, on = at.bases.currency, at.on or date.min
    for offer in unconverted(things):
        yield remarks.about(line, rate_missing(offer.currency, own, on, f"offer {offer.name}"))
    for step in steps:
        conversion = things.conversions.get(step.currency)
        if step.kind is StepKind.OFFER and conversion is not None and conversion.is_stale:
            yield remarks.about(line, rate_stale(conversion, on, f"offer {step.name}"))


def _inverse(number: Fraction) -> Fraction:
    return Fraction(number.denominator, number.numerator)
