"""Charging: from a source line and a price to the customer's charge line, with its explanation as data.

The sale is the sales price under the same proration as Microsoft's line, signed like it, exact until one half-up
rounding at line level::

    fixed             price x units x days / cycle days
    percent of ERP    ERP x percent x units x days / cycle days   (retail amount x percent for usage)
    markup on cost    Microsoft's amount x (1 + percent)

Invariants: a line without a price makes no charge line, it makes an issue (never zero, never cost); what Microsoft
gives away (a trial, usage covered by a benefit) is given away; cost and margin stay on the line for the reseller only.

Not here: which price applies (``prices``), sentences (``explanations``), and documents.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.domain import charge_issues as remarks
from shared.domain.charge_types import ChargeKind
from shared.domain.issues import Issue
from shared.domain.keys import line_key
from shared.domain.money import Money, exact_product, exact_sum, minor_digits, quotient_half_up
from shared.domain.periods import Period
from shared.domain.prices import NO_PRICE_SHEET, PriceBook, PriceFound, PriceMethod, PriceSheet
from shared.domain.proration import (
    Proration,
    plan_name,
    price_date,
    proration_of,
    shares_differ,
    term_name,
)
from shared.domain.source_lines import Family, Origin, Service, SourceLine, service_of

_HUNDRED, _HUNDREDTH = Decimal(100), Decimal("0.01")
GIVEN = "free"
RETAIL = "retail amount"
_AVERAGE_DIGITS = 6
_INCLUDED = "included in the main line of this product"
ROUNDING = "half-up, once per line"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSource:
    """Which price was used: the list, the row, whose it is, what it matched, method and value.

    *passed_over* is the row of an entry that says more but does not apply (0: none).
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What made the amount, as data: enough to redo it on a calculator.

    ``amount = dividend / divisor`` rounded; *dividend* is exact. *price_on* is the day whose price was taken.
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


@dataclass(frozen=True, slots=True)
class _Amount:
    """An exact sale before rounding: *dividend* / *divisor*, and how it came about."""

    dividend: Decimal
    divisor: int
    currency: str
    unit_price: Decimal | None
    base: Decimal | None = None
    base_name: str = ""


def charge(
    line: SourceLine, prices: PriceBook, sheet: PriceSheet = NO_PRICE_SHEET, *, key: str = "", is_part: bool = False
) -> Charged:
    """Price *line* and explain it; problems come back as issues, never as exceptions.

    *key* identifies the line (by default as the first of its kind, see ``keys``). Blocking issues come without a line.
    *is_part* marks the smaller part of a product that Microsoft bills in several lines: a price for the whole product
    is charged on the main part, and this one is included in it.
    """
    proration = proration_of(line)
    if proration is None:
        return Charged(None, (remarks.cycle_unknown(line),))
    on = price_date(line, proration)
    priced = _priced(line, proration, prices.find(line, on), sheet, on, is_part=is_part)
    if isinstance(priced, Issue):
        return Charged(None, (priced,))
    made = _charge_line(line, proration, priced, on, key, sheet)
    return Charged(made, _remarks(line, made, proration))


def _priced(
    line: SourceLine,
    proration: Proration,
    found: PriceFound | None,
    sheet: PriceSheet,
    on: date | None,
    *,
    is_part: bool,
) -> "tuple[_Amount, PriceSource] | Issue":
    """Return the exact sale and where it came from, or what keeps the line from being priced."""
    if line.is_free_at_vendor:
        return _given(line, found, _why_free(line))
    if found is None:
        return remarks.price_missing(line, on)
    if found.entry.method is not PriceMethod.MARKUP_ON_COST:
        if is_part:
            return _given(line, found, _INCLUDED)
        if line.kind.is_adjustment:
            return remarks.credit_needs_rule(line)
    amount = _amount(line, proration, found, sheet, on)
    return remarks.base_missing(line, sheet) if amount is None else (amount, _price_source(found, amount))


def _amount(
    line: SourceLine, proration: Proration, found: PriceFound, sheet: PriceSheet, on: date | None
) -> _Amount | None:
    entry = found.entry
    sign = Decimal(-1 if line.is_credit else 1)
    if entry.method is PriceMethod.MARKUP_ON_COST:
        rate = exact_sum((_HUNDRED, entry.value))
        return _Amount(exact_product(line.cost.amount, rate), 100, line.cost.currency, None, line.cost.amount, "cost")
    if entry.method is PriceMethod.FIXED:
        dividend = exact_product(sign, entry.value, line.units, Decimal(proration.days))
        return _Amount(dividend, proration.cycle_days, entry.currency, entry.value)
    return _percent_of_erp(line, proration, entry.value, sheet, on)


def _percent_of_erp(
    line: SourceLine, proration: Proration, percent: Decimal, sheet: PriceSheet, on: date | None
) -> _Amount | None:
    sign = Decimal(-1 if line.is_credit else 1)
    if service_of(line) is Service.AZURE_USAGE:
        if line.list_amount is None:
            return None
        dividend = exact_product(sign, line.list_amount.copy_abs(), percent)
        return _Amount(dividend, 100, line.cost.currency, None, line.list_amount, RETAIL)
    row = sheet.find(line, on)
    if row is None:
        return None
    dividend = exact_product(sign, row.erp, line.fx_rate, percent, line.units, Decimal(proration.days))
    price = exact_product(row.erp, line.fx_rate, percent, _HUNDREDTH)
    return _Amount(dividend, 100 * proration.cycle_days, line.cost.currency, price, row.erp, "ERP")


def _why_free(line: SourceLine) -> str:
    return "trial" if line.is_trial else "covered by a benefit" if line.benefit_type else "free at the vendor"


def _given(line: SourceLine, found: PriceFound | None, reason: str) -> tuple[_Amount, PriceSource]:
    currency = found.entry.currency if found and found.entry.currency else line.cost.currency
    source = PriceSource(
        list_name="", row=0, scope="", matched=reason, method=GIVEN, value=Decimal(0), base_name=reason
    )
    return _Amount(Decimal(0), 1, currency, Decimal(0)), source


def _price_source(found: PriceFound, amount: _Amount) -> PriceSource:
    entry = found.entry
    return PriceSource(
        list_name=found.list_name,
        row=entry.row,
        scope="customer" if found.is_customers_own else "global",
        matched=str(entry.keys),
        method=entry.method.value,
        value=entry.value,
        valid_from=entry.valid_from,
        valid_until=entry.valid_until,
        base=amount.base,
        base_name=amount.base_name,
        passed_over=found.passed_over.row if found.passed_over else 0,
    )


def _unit_price(line: SourceLine, proration: Proration, amount: _Amount) -> Decimal | None:
    """Return what one unit costs the customer for a full cycle; where only the sum is priced, the average.

    The average has enough digits to lead back to the amount; an adjustment has no units worth a price.
    """
    if amount.unit_price is not None or line.kind.is_adjustment or line.units.is_zero():
        return amount.unit_price
    divisor = exact_product(Decimal(amount.divisor), line.units, Decimal(proration.days))
    digits = _AVERAGE_DIGITS + max(line.units.adjusted() + 1, 0)
    return quotient_half_up(exact_product(amount.dividend, Decimal(proration.cycle_days)), divisor, digits).copy_abs()


def _charge_line(
    line: SourceLine,
    proration: Proration,
    priced: tuple[_Amount, PriceSource],
    on: date | None,
    key: str,
    sheet: PriceSheet,
) -> ChargeLine:
    amount, source = priced
    rounded = quotient_half_up(amount.dividend, amount.divisor, minor_digits(amount.currency))
    erp = sheet.find(line, on)
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
        unit_price=_unit_price(line, proration, amount),
        amount=Money(rounded, amount.currency),
        is_estimate=line.is_estimate,
        explanation=Explanation(
            dividend=amount.dividend,
            divisor=amount.divisor,
            days=proration.days,
            cycle_days=proration.cycle_days,
            cycle=proration.cycle,
            basis=proration.basis,
            price=source,
            price_on=on,
        ),
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


def _is_below_cost(made: ChargeLine) -> bool:
    if made.amount.currency != made.cost.currency or made.amount.amount >= made.cost.amount:
        return False
    return (made.amount - made.cost).rounded().is_negative


def _passed_over(line: SourceLine, made: Explanation) -> Issue:
    price = made.price
    return remarks.price_row_passed_over(line, price.list_name, price.passed_over, price.row, made.price_on)


def _remarks(line: SourceLine, made: ChargeLine, proration: Proration) -> tuple[Issue, ...]:
    issues = []
    if line.kind is ChargeKind.UNKNOWN:
        issues.append(remarks.charge_type_unknown(line))
    if made.explanation.price.passed_over:
        issues.append(_passed_over(line, made.explanation))
    if shares_differ(line, proration):
        issues.append(remarks.proration_differs(line, proration))
    is_given = made.explanation.price.method == GIVEN
    if _is_below_cost(made) and not line.is_credit and not is_given:
        issues.append(remarks.sale_below_cost(line, made.amount))
    return tuple(issues)
