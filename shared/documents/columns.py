"""Columns: the one row model behind every table that leaves Prorata, CSV and workbook alike.

A column has a name, a kind and a way to read its value from a row. A customer's row holds a ``CustomerLine``, which has
no place for cost; a reseller's row adds the ``ChargeLine`` it was made from. The customer's columns are therefore
unable to show cost: what is the reseller's is not blanked but absent.

Invariants: names are unique, spelled like Microsoft's own reconciliation columns where the meaning is theirs; dates are
shown inclusive; a value that is not known is None, never zero.

Not here: how a value is written (``csv_file``, ``sheet_rows``).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

from shared.domain.charging import ChargeLine
from shared.domain.explanations import arithmetic_for_reseller, price_source
from shared.domain.invoices import Invoice
from shared.domain.money import Money, quotient_half_up
from shared.domain.periods import BillingPeriod
from shared.domain.redaction import CustomerLine, customer_view

PERCENT_DIGITS = 4  # of the fraction: 0.1534 is shown as 15.3%


class Kind(StrEnum):
    """How a value is written; fixed for a whole column."""

    TEXT = "text"
    MONEY = "money"
    PRICE = "price"
    QUANTITY = "quantity"
    DATE = "date"
    PERCENT = "percent"
    INTEGER = "integer"


Value = str | Money | Decimal | date | int | None
"""What a column yields: text; Money for money; a Decimal for price, quantity and percent (a fraction); or nothing."""

Row_contra = TypeVar("Row_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Column(Generic[Row_contra]):
    """One column: *name* is its header, *width* is in characters, *meaning* is what the read-me says."""

    name: str
    kind: Kind
    value: Callable[[Row_contra], Value]
    width: int
    meaning: str


@dataclass(frozen=True, slots=True)
class Heading:
    """What every row of one invoice has in common."""

    run_id: str
    period: BillingPeriod
    revision: int
    number: str
    customer_id: str
    customer_name: str

    @classmethod
    def of(cls, invoice: Invoice, run_id: str) -> "Heading":
        """Return the heading of *invoice* as made by that run."""
        return cls(
            run_id=run_id,
            period=invoice.key.period,
            revision=invoice.key.revision,
            number=invoice.number,
            customer_id=invoice.customer_id,
            customer_name=invoice.customer_name,
        )


@dataclass(frozen=True)
class CustomerRow:
    """One line as its customer sees it."""

    heading: Heading
    line: CustomerLine


@dataclass(frozen=True)
class ResellerRow(CustomerRow):
    """One line as the reseller sees it: the customer's view, and what it was made from."""

    charge: ChargeLine


def customer_rows(invoice: Invoice, run_id: str) -> Iterator[CustomerRow]:
    """Yield the lines of *invoice* for its customer, in the invoice's order."""
    heading = Heading.of(invoice, run_id)
    for line in invoice.lines:
        yield CustomerRow(heading, customer_view(line))


def reseller_rows(invoice: Invoice, run_id: str) -> Iterator[ResellerRow]:
    """Yield the lines of *invoice* for the reseller, in the invoice's order."""
    heading = Heading.of(invoice, run_id)
    for line in invoice.lines:
        yield ResellerRow(heading, customer_view(line), line)


def margin_percent(margin: Money | None, sale: Money) -> Decimal | None:
    """Return the margin as a fraction of the sale, or None where there is no sale or no comparable cost."""
    if margin is None or sale.is_zero:
        return None
    return quotient_half_up(margin.amount, sale.amount, PERCENT_DIGITS)


def _first_day(row: CustomerRow) -> date | None:
    return row.line.charge.start if row.line.charge else None


def _last_day(row: CustomerRow) -> date | None:
    return row.line.charge.last_day if row.line.charge else None


def _margin(row: ResellerRow) -> Money | None:
    return row.charge.margin


_T, _M, _P, _Q, _D, _I = Kind.TEXT, Kind.MONEY, Kind.PRICE, Kind.QUANTITY, Kind.DATE, Kind.INTEGER

_SHARED: tuple[Column[CustomerRow], ...] = (
    Column("BillingPeriod", _T, lambda r: str(r.heading.period), 14, "The calendar month of the invoice, YYYY-MM."),
    Column("CustomerName", _T, lambda r: r.heading.customer_name, 28, "The customer, as Microsoft names it."),
    Column("SubscriptionName", _T, lambda r: r.line.subscription_name, 30, "The subscription, as Microsoft names it."),
    Column("FriendlyName", _T, lambda r: r.line.friendly_name, 24, "The customer's own name for the subscription."),
    Column("ProductName", _T, lambda r: r.line.product_name, 34, "The product."),
    Column("SkuName", _T, lambda r: r.line.sku_name, 34, "The variant of the product."),
    Column("Service", _T, lambda r: r.line.service, 16, "Licence, Azure usage, reservation and so on."),
    Column("Term", _T, lambda r: r.line.term, 8, "The commitment: P1M, P1Y, P3Y."),
    Column("BillingPlan", _T, lambda r: r.line.billing_plan, 13, "How often the commitment is charged."),
    Column("RenewalDate", _D, lambda r: r.line.renews_on, 13, "The first day after the commitment."),
    Column("PurchaseOrderNumber", _T, lambda r: r.line.purchase_order, 22, "The customer's purchase order."),
    Column("MeterCategory", _T, lambda r: r.line.meter_category, 20, "For usage: the group of the meter."),
    Column("MeterName", _T, lambda r: r.line.meter_name, 28, "For usage: what was measured."),
    Column("ChargeType", _T, lambda r: r.line.kind, 17, "What happened, in our words."),
    Column("MicrosoftChargeType", _T, lambda r: r.line.charge_type, 22, "What happened, in Microsoft's words."),
    Column("ChargeStartDate", _D, _first_day, 17, "The first day charged."),
    Column("ChargeEndDate", _D, _last_day, 16, "The last day charged; it is included."),
    Column("Days", _I, lambda r: r.line.days if r.line.cycle_days > 1 else None, 8, "Days charged, if a part."),
    Column("DaysInCycle", _I, lambda r: r.line.cycle_days if r.line.cycle_days > 1 else None, 13, "Days of the cycle."),
    Column("Quantity", _Q, lambda r: r.line.quantity, 12, "Units; negative for a credit."),
    Column("Unit", _T, lambda r: r.line.unit, 14, "What one unit is."),
    Column("SalesUnitPrice", _P, lambda r: r.line.unit_price, 16, "Price of one unit for one full charge cycle."),
    Column("SalesAmount", _M, lambda r: r.line.amount, 15, "The amount before tax; negative for a credit."),
    Column("SalesCurrency", _T, lambda r: r.line.amount.currency, 15, "The currency of price and amount."),
    Column("Estimate", _T, lambda r: "yes" if r.line.is_estimate else "no", 11, "Yes until Microsoft has invoiced it."),
)
_EXPLANATION: tuple[Column[CustomerRow], ...] = (
    Column("Explanation", _T, lambda r: r.line.explanation, 60, "Why the amount is what it is."),
)
_LINEAGE: tuple[Column[CustomerRow], ...] = (
    Column("BillingPeriodStart", _D, lambda r: r.heading.period.period.start, 19, "The first day of the month."),
    Column("BillingPeriodEnd", _D, lambda r: r.heading.period.period.last_day, 18, "The last day; it is included."),
    Column("InvoiceNumber", _T, lambda r: r.heading.number, 18, "The invoice's number; empty for a draft."),
    Column("InvoiceRevision", _I, lambda r: r.heading.revision, 16, "1, and one more whenever the content changed."),
    Column("CustomerId", _T, lambda r: r.heading.customer_id, 38, "The customer's tenant."),
    Column("SubscriptionId", _T, lambda r: r.line.subscription_id, 38, "The subscription."),
    Column("RunId", _T, lambda r: r.heading.run_id, 16, "The billing run that made the line."),
    Column("LineKey", _T, lambda r: r.line.key, 26, "The identity of the line; the same in every file and revision."),
)

CUSTOMER_COLUMNS: tuple[Column[CustomerRow], ...] = (
    *_SHARED,
    *_EXPLANATION,
    Column("Arithmetic", _T, lambda r: r.line.arithmetic, 40, "The calculation, to be redone on a calculator."),
    *_LINEAGE,
)

_COST: tuple[Column[ResellerRow], ...] = (
    Column("CostUnitPrice", _P, lambda r: r.charge.cost_unit_price, 15, "Microsoft's price of one unit."),
    Column(
        "CostEffectiveUnitPrice",
        _P,
        lambda r: r.charge.cost_effective_unit_price,
        24,
        "Microsoft's price of one unit after proration and discounts.",
    ),
    Column("CostAmount", _M, lambda r: r.charge.cost, 15, "Microsoft's amount before tax, not rounded."),
    Column("CostCurrency", _T, lambda r: r.charge.cost.currency, 14, "The currency Microsoft bills in."),
    Column("PricingCurrency", _T, lambda r: r.charge.pricing_currency, 17, "The currency Microsoft prices in."),
    Column("FxRate", _Q, lambda r: r.charge.fx_rate, 10, "From pricing to billing currency, as Microsoft used it."),
    Column("FxDate", _D, lambda r: r.charge.fx_on, 12, "The day of that rate."),
    Column("MarginAmount", _M, _margin, 15, "Sale less cost; empty where they are in two currencies."),
    Column(
        "MarginPercent",
        Kind.PERCENT,
        lambda r: margin_percent(r.charge.margin, r.charge.amount),
        15,
        "Margin as a part of the sale.",
    ),
    Column("ListPrice", _P, lambda r: r.charge.list_price, 12, "Microsoft's recommended or retail price of one unit."),
    Column("PriceSource", _T, lambda r: price_source(r.charge), 50, "Which row of which price list was used."),
)
_REFERENCES: tuple[Column[ResellerRow], ...] = (
    Column("PromotionId", _T, lambda r: r.charge.promotion_id, 18, "Microsoft's promotion."),
    Column("Adjustments", _T, lambda r: r.charge.adjustments, 24, "Microsoft's adjustments of its price."),
    Column("MicrosoftInvoiceNumber", _T, lambda r: r.charge.invoice_number, 24, "Microsoft's invoice."),
    Column("OrderId", _T, lambda r: r.charge.order_id, 18, "Microsoft's order."),
    Column("ReferenceId", _T, lambda r: r.charge.reference_id, 38, "Microsoft's mark of the lines of one event."),
    Column("ProductId", _T, lambda r: r.charge.product_id, 18, "Microsoft's product."),
    Column("SkuId", _T, lambda r: r.charge.sku_id, 9, "Microsoft's variant; it may begin with zeros."),
    Column("EntitlementId", _T, lambda r: r.charge.entitlement_id, 38, "The Azure subscription."),
    Column("CustomerDomain", _T, lambda r: r.charge.customer_domain, 28, "The customer's domain."),
    Column("CustomerCountry", _T, lambda r: r.charge.customer_country, 17, "The customer's country."),
    Column("Source", _T, lambda r: str(r.charge.origin), 40, "File and line of Microsoft's row."),
    Column("SourceFamily", _T, lambda r: r.charge.family, 16, "Which of Microsoft's files it came from."),
)

RESELLER_COLUMNS: tuple[Column[ResellerRow], ...] = (
    *_SHARED,
    *_COST,
    *_EXPLANATION,
    Column("Arithmetic", _T, lambda r: arithmetic_for_reseller(r.charge), 40, "The calculation with its base."),
    *_REFERENCES,
    *_LINEAGE,
)

IDENTIFYING_COLUMN_COUNT = 3
"""How many leading columns say what a row is about; they stay in view when a sheet is scrolled."""
