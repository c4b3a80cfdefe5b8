"""Charging: from a source line and a price to the customer's charge line, with its explanation as data.

The sale is the sales price under the same proration as Microsoft's line, signed like it, exact until one half-up
rounding at line level.

Invariants: a line without a price makes no charge line, it makes an issue (never zero, never cost); what Microsoft
gives away (a trial, usage covered by a benefit) is given away; cost and margin stay on the line for the reseller only.

Not here: which price applies and what it makes of units and days (``prices``), which units of a month a line takes
(``month_units``), sentences (``explanations``), and documents.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.domain import charge_issues as remarks
from shared.domain.adjusted_sales import AdjustedSale, Priced, SpecialTerms, adjusted_sale
from shared.domain.charge_types import ChargeKind
from shared.domain.issues import Issue
from shared.domain.keys import line_key
from shared.domain.money import Money, exact_product, exact_sum, minor_digits, quotient_half_up
from shared.domain.periods import Period
from shared.domain.prices import (
    NO_PRICE_SHEET,
    PriceBook,
    PricedUnits,
    PriceFound,
    PriceSheet,
    Sale,
    SheetPrice,
    UnitsTaken,
    measure_of,
    sale_of,
    subject_of,
)
from shared.domain.prices.adjustments import Step
from shared.domain.prices.price_locks import PriceLock
from shared.domain.proration import (
    Proration,
    plan_name,
    price_date,
    proration_of,
    shares_differ,
    term_name,
)
from shared.domain.source_lines import Family, Origin, SourceLine, service_of

_ZERO = Decimal(0)
GIVEN = "free"
_AVERAGE_DIGITS = 6
_INCLUDED = "included in the main line of this product"
ROUNDING = "half-up, once per line"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSource:
    """Which price was used: the list, the row, whose it is, what it matched, method and value.

    *base* is what the value was applied to, by the name *base_name*; *earned_credit* is the percent that was put back
    on a net amount. *uplift_percent* and *uplift_amount* were folded into the price. Where units are counted,
    *units_before* of the month stood before the line (None: not counted), *free_units* of it are free, and *pieces* are
    the others at their prices, uplift included. *passed_over* is the row of an entry that says more but does not apply
    (0: none).
    """

    list_name: str
    row: int
    scope: str
    matched: str
    method: str
    value: Decimal
    valid_from: date | None = None
    valid_until: date | None = None
    base: Decimal | None = None
    base_name: str = ""
    passed_over: int = 0
    earned_credit: Decimal | None = None
    uplift_percent: Decimal = _ZERO
    uplift_amount: Decimal = _ZERO
    units_before: Decimal | None = None
    free_units: Decimal = _ZERO
    pieces: tuple[PricedUnits, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What made the amount, as data: enough to redo it on a calculator.

    ``amount = dividend / divisor`` rounded; *dividend* is exact. *days* and *cycle_days* are *counted* in days, or in
    months, seconds or parts where a line was worked out from a history. *price_on* is the day whose price was taken; it
    stays until *locked_until* (None: nothing is agreed about that). *steps* led from the price of the list to the one
    that was charged; the list's is before the first of them.
    """

    dividend: Decimal
    divisor: int
    days: int
    cycle_days: int
    cycle: Period | None
    basis: str
    price: PriceSource
    price_on: date | None
    rounding: str = ROUNDING
    steps: tuple[Step, ...] = ()
    locked_until: date | None = None
    counted: str = "days"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeLine:
    """One priced line of a customer's invoice. Immutable; *key* is the source line's identity.

    *unit_price* is the sales price of one unit for a full cycle (the average, where only a sum is priced); *amount* is
    before tax, rounded. The block from
    *cost* on is the reseller's only (see ``redaction``).
    """

    key: str
    customer_id: str
    customer_name: str
    kind: str
    service: str
    charge_type: str
    subscription_id: str
    subscription_name: str
    entitlement_id: str
    product_id: str
    sku_id: str
    product_name: str
    sku_name: str
    term: str
    billing_plan: str
    renews_on: date | None
    charge: Period | None
    quantity: Decimal
    unit: str
    meter_category: str
    meter_name: str
    unit_price: Decimal | None
    amount: Money
    is_estimate: bool
    explanation: Explanation
    customer_domain: str = ""
    customer_country: str = ""
    friendly_name: str = ""
    purchase_order: str = ""
    cost: Money
    cost_unit_price: Decimal | None
    cost_effective_unit_price: Decimal | None
    fx_rate: Decimal
    fx_on: date | None
    pricing_currency: str
    list_price: Decimal | None
    promotion_id: str
    adjustments: str
    invoice_number: str
    order_id: str
    reference_id: str
    family: str
    origin: Origin

    @property
    def margin(self) -> Money | None:
        """Sale less cost, or None where they are in two currencies."""
        if self.amount.currency != self.cost.currency:
            return None
        return self.amount - self.cost


@dataclass(frozen=True, slots=True)
class Charged:
    """The outcome for one source line: a charge line or none, and what is to be said about it."""

    line: ChargeLine | None
    issues: tuple[Issue, ...] = ()


def charge(  # noqa: PLR0913 - all that a line is priced by, each with its default
    line: SourceLine,
    prices: PriceBook,
    sheet: PriceSheet = NO_PRICE_SHEET,
    *,
    key: str = "",
    is_part: bool = False,
    taken: UnitsTaken | None = None,
    special: SpecialTerms | None = None,
    proration: Proration | None = None,
) -> Charged:
    """Price *line* and explain it; problems come back as issues, never as exceptions.

    *key* identifies the line (by default as the first of its kind, see ``keys``). Blocking issues come without a line.
    *is_part* marks the smaller part of a product that Microsoft bills in several lines: a price for the whole product
    is charged on the main part, and this one is included in it. *taken* says which units of the month the line takes
    (see ``month_units``); without it tiers and free units see this line alone. *special* is what is agreed beside the
    price list: offers, discounts, guards and price locks. *proration* is the line's share where it is known, so that it
    need not be told from the dates (see ``expected_sales``).
    """
    share = proration or proration_of(line)
    if share is None:
        return Charged(None, (remarks.cycle_unknown(line),))
    lock = special.lock(line, share) if special else PriceLock(None, price_date(line, share))
    on = lock.price_on
    found, erp = prices.find(subject_of(line), on), sheet.find(line, on)
    refused = _refused(line, found, on, is_part=is_part)
    if refused is not None:
        return Charged(None, (refused,))
    free = _why_free(line, found, is_part=is_part)
    if free or found is None:
        adjusted, source = _given(line, found, free)
    else:
        measure = measure_of(line, share, erp)
        sale = sale_of(found.entry, measure, taken)
        if sale is None:
            return Charged(None, (remarks.base_missing(line, sheet, found.entry.method),))
        what = Priced(found.entry, measure, on, sale.taken, is_part)
        adjusted = adjusted_sale(line, what, sale, special) if special else AdjustedSale(sale)
        source = _price_source(line, found, adjusted.sale)
    made = _charge_line(line, share, (adjusted, source), lock, key, erp)
    told = () if proration else _share_remarks(line, share)
    return Charged(made, (*_remarks(line, made), *told, *adjusted.issues))


def _refused(line: SourceLine, found: PriceFound | None, on: date | None, *, is_part: bool) -> Issue | None:
    """Return what keeps the line from being priced; what Microsoft gives away needs no price."""
    if line.is_free_at_vendor:
        return None
    if found is None:
        return remarks.price_missing(line, on)
    if line.kind.is_adjustment and not is_part and not found.entry.method.is_on_cost:
        return remarks.credit_needs_rule(line)
    return None


def _why_free(line: SourceLine, found: PriceFound | None, *, is_part: bool) -> str:
    """Return why the line costs the customer nothing, or "" where it has its price."""
    if line.is_free_at_vendor:
        return "trial" if line.is_trial else "covered by a benefit" if line.benefit_type else "free at the vendor"
    return _INCLUDED if is_part and found is not None and not found.entry.method.is_on_cost else ""


def _given(line: SourceLine, found: PriceFound | None, reason: str) -> tuple[AdjustedSale, PriceSource]:
    currency = found.entry.currency if found and found.entry.currency else line.cost.currency
    source = PriceSource(list_name="", row=0, scope="", matched=reason, method=GIVEN, value=_ZERO, base_name=reason)
    return AdjustedSale(Sale(dividend=_ZERO, divisor=1, currency=currency, unit_price=_ZERO)), source


def _price_source(line: SourceLine, found: PriceFound, sale: Sale) -> PriceSource:
    entry, taken = found.entry, sale.taken
    is_uplifted = not line.kind.is_adjustment
    return PriceSource(
        list_name=found.list_name,
        row=entry.row,
        scope=entry.scope_kind.value,
        matched=str(entry.keys),
        method=entry.method.value,
        value=entry.value,
        valid_from=entry.valid_from,
        valid_until=entry.valid_until,
        base=sale.base,
        base_name=sale.base_name,
        passed_over=found.passed_over.row if found.passed_over else 0,
        earned_credit=sale.earned_credit,
        uplift_percent=entry.uplift_percent if is_uplifted else _ZERO,
        uplift_amount=entry.uplift_amount if is_uplifted else _ZERO,
        units_before=taken.before if taken else None,
        free_units=taken.free if taken else _ZERO,
        pieces=sale.pieces,
    )


def _unit_price(line: SourceLine, proration: Proration, amount: Sale, rounded: Decimal) -> Decimal | None:
    """Return what one unit costs the customer for a full cycle; where only the sum is priced, the average.

    The average has enough digits to lead back to the *rounded* amount, and its last one is chosen so that it does: the
    amount may be half a cent. An adjustment has no units worth a price.
    """
    if amount.unit_price is not None or line.kind.is_adjustment or line.units.is_zero():
        return amount.unit_price
    divisor = exact_product(Decimal(amount.divisor), line.units, Decimal(proration.days))
    digits = _AVERAGE_DIGITS + max(line.units.adjusted() + 1, 0)
    exact = exact_product(amount.dividend, Decimal(proration.cycle_days))
    average = quotient_half_up(exact, divisor, digits).copy_abs()
    redone = exact_product(average, line.units, Decimal(proration.days))
    led_to = quotient_half_up(redone, proration.cycle_days, minor_digits(amount.currency))
    off = led_to.compare(rounded.copy_abs())
    return exact_sum((average, off.copy_negate().scaleb(-digits))) if off else average


def _charge_line(
    line: SourceLine,
    proration: Proration,
    priced: tuple[AdjustedSale, PriceSource],
    lock: PriceLock,
    key: str,
    erp: SheetPrice | None,
) -> ChargeLine:
    adjusted, source = priced
    amount = adjusted.sale
    rounded = quotient_half_up(amount.dividend, amount.divisor, minor_digits(amount.currency))
    return ChargeLine(
        key=key or line_key(line, 1),
        customer_id=line.customer_id,
        customer_name=line.customer_name,
        customer_domain=line.customer_domain,
        customer_country=line.customer_country,
        kind=line.kind.value,
        service=service_of(line).value,
        charge_type=line.charge_type,
        subscription_id=line.subscription_id,
        subscription_name=line.subscription_name,
        entitlement_id=line.entitlement_id,
        product_id=line.product_id,
        sku_id=line.sku_id,
        product_name=line.product_name,
        sku_name=line.sku_name,
        term=term_name(line),
        billing_plan=plan_name(line),
        renews_on=line.term.end if line.term else None,
        charge=line.charge,
        quantity=line.units.copy_negate() if line.is_credit and line.units else line.units,
        unit=line.unit,
        meter_category=line.meter_category,
        meter_name=line.meter_name,
        unit_price=_unit_price(line, proration, amount, rounded),
        amount=Money(rounded, amount.currency),
        is_estimate=line.is_estimate,
        explanation=_explanation(proration, adjusted, source, lock),
        cost=line.cost,
        cost_unit_price=line.unit_price,
        cost_effective_unit_price=line.effective_unit_price,
        fx_rate=line.fx_rate,
        fx_on=line.fx_on,
        pricing_currency=line.pricing_currency,
        list_price=erp.erp if erp else line.unit_price if line.family is Family.DAILY_USAGE else None,
        promotion_id=line.promotion_id,
        adjustments=line.adjustments,
        invoice_number=line.invoice_number,
        order_id=line.order_id,
        reference_id=line.reference_id,
        family=line.family.value,
        origin=line.origin,
    )


def _explanation(proration: Proration, adjusted: AdjustedSale, source: PriceSource, lock: PriceLock) -> Explanation:
    return Explanation(
        dividend=adjusted.sale.dividend,
        divisor=adjusted.sale.divisor,
        days=proration.days,
        cycle_days=proration.cycle_days,
        cycle=proration.cycle,
        basis=proration.basis,
        price=source,
        price_on=lock.price_on,
        locked_until=lock.locked_until,
        steps=adjusted.steps,
        counted=proration.counted,
    )


def _is_below_cost(made: ChargeLine) -> bool:
    if made.amount.currency != made.cost.currency or made.amount.amount >= made.cost.amount:
        return False
    return (made.amount - made.cost).rounded().is_negative


def _passed_over(line: SourceLine, made: Explanation) -> Issue:
    price = made.price
    return remarks.price_row_passed_over(line, price.list_name, price.passed_over, price.row, made.price_on)


def _takes_back_too_much(made: ChargeLine) -> bool:
    """Whether a credit counted by tiers takes back more units than were charged before it."""
    before = made.explanation.price.units_before
    return before is not None and made.quantity < 0 and exact_sum((before, made.quantity)) < 0


def _share_remarks(line: SourceLine, share: Proration) -> tuple[Issue, ...]:
    return (remarks.proration_differs(line, share),) if shares_differ(line, share) else ()


def _remarks(line: SourceLine, made: ChargeLine) -> tuple[Issue, ...]:
    issues = []
    if line.kind is ChargeKind.UNKNOWN:
        issues.append(remarks.charge_type_unknown(line))
    if made.explanation.price.passed_over:
        issues.append(_passed_over(line, made.explanation))
    if _takes_back_too_much(made):
        issues.append(remarks.credit_beyond_month(line, made.explanation.price.row))
    is_given = made.explanation.price.method == GIVEN
    if _is_below_cost(made) and not line.is_credit and not is_given:
        issues.append(remarks.sale_below_cost(line, made.amount))
    return tuple(issues)
