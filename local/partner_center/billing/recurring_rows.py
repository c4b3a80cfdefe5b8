"""The 46 columns of a new-commerce line, from a charge: licences, and whatever else is ordered as a subscription.

Column names are those of the exports (Pascal case). Credits carry a negative effective unit price; unit prices stay
positive. Whatever else a log entry has to say is in its ``extra["columns"]`` (a credit's reason).

Source: Microsoft Partner Center documentation, "Use the invoice reconciliation file".

Not here: amounts (``charges``), usage (``azure_usage``).
"""

import uuid
from dataclasses import dataclass
from decimal import Decimal

from local.demo.arithmetic import Month, half_up, times
from local.demo.columns import NEW_COMMERCE
from local.demo.formats import plain
from local.partner_center.billing.charges import Charge
from local.partner_center.billing.printing import Row, words
from local.partner_center.billing.rates import exchange_rate
from local.partner_center.catalogue_items import item_of
from local.partner_center.entities import Customer, Happened, Subscription
from local.partner_center.world import Partner

TERM_TEXTS = {
    "P1M": "One-Month commitment for monthly/yearly billing",
    "P1Y": "One-Year commitment for monthly/yearly billing",
    "P3Y": "Three-Year commitment for monthly/yearly/triennial billing",
}
FREQUENCIES = {"monthly": "Monthly", "annual": "Annual"}
BASIC_LEAVES_OUT = words(
    "CustomerDomainName CustomerCountry MpnId ResellerMpnId PriceAdjustmentDescription PublisherId MeterDescription "
    "CreditReasonCode ProductQualifiers AlternateId PCToBCExchangeRateDate"
)
_PRINTED_DIGITS = 15
_NAMESPACE = uuid.UUID("5b0f3a52-7d27-4cb1-9a0c-6f4f0a0f3f11")
BLANK: Row = dict.fromkeys(NEW_COMMERCE, "")
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What the lines are written for: a month, a billing currency, and an invoice; "" where there is none yet."""

    partner: Partner
    month: Month
    currency: str
    tax_rate: Decimal = NOTHING
    invoice_id: str = ""

    def rate(self, pricing: str) -> Decimal:
        """Return the month's exchange rate from *pricing* to the billing currency."""
        return exchange_rate(pricing, self.currency, self.month)

    def taxed(self, subtotal: Decimal) -> Row:
        """Return the columns of an amount."""
        tax = half_up(times(subtotal, self.tax_rate))
        return {"Subtotal": subtotal, "TaxTotal": tax, "Total": subtotal + tax}


def subtotal(paper: Paper, charge: Charge) -> Decimal:
    """Return a line's amount before tax, for sums without rows."""
    return charge.amount(paper.rate(charge.happened.currency))


def recurring_row(paper: Paper, customer: Customer, sold: Subscription, charge: Charge) -> Row:
    """Return the line of a charge."""
    happened = charge.happened
    sign = -1 if charge.is_credit else 1
    rate = paper.rate(happened.currency)
    row = BLANK | party_columns(paper, customer) | _product_columns(sold, happened) | _order_columns(sold, charge)
    row |= paper.taxed(charge.amount(rate))
    row |= {
        "UnitPrice": charge.price,
        "EffectiveUnitPrice": Decimal(plain(half_up(times(charge.exact, sign), _PRINTED_DIGITS))),
        "Quantity": charge.units,
        "BillableQuantity": charge.units,
        "PricingCurrency": happened.currency,
        "PCToBCExchangeRate": rate,
        "PCToBCExchangeRateDate": paper.month.rate_on,
    }
    more: Row = happened.extra.get("columns", {})
    return row | more


def party_columns(paper: Paper, customer: Customer) -> Row:
    """Return who sells and who buys."""
    return {
        "PartnerId": paper.partner.tenant_id,
        "CustomerId": customer.id,
        "CustomerName": customer.name,
        "CustomerDomainName": customer.domain,
        "CustomerCountry": customer.country,
        "InvoiceNumber": paper.invoice_id,
        "MpnId": paper.partner.mpn_id,
        "ResellerMpnId": customer.reseller_mpn_id if paper.invoice_id else "",
        "Currency": paper.currency,
    }


def reference_id(subscription_id: str, what: str) -> str:
    """Return the identifier of one event that the log gave none; always the same for the same event."""
    return str(uuid.uuid5(_NAMESPACE, f"{subscription_id}/{what}"))


def _product_columns(sold: Subscription, happened: Happened) -> Row:
    qualifiers = [name for name, is_so in (("Add-on", sold.is_addon), ("Trial", happened.is_trial)) if is_so]
    item = item_of(happened.product_id, happened.sku_id)
    goods = item.goods if item else None
    text = "One-Month commitment for trial" if happened.is_trial else TERM_TEXTS.get(happened.term.upper(), "")
    return {
        "ProductId": happened.product_id,
        "SkuId": happened.sku_id,
        "AvailabilityId": happened.extra.get("availabilityId", sold.availability_id),
        "SkuName": happened.title,
        "ProductName": happened.title,
        "PublisherName": "Microsoft" if sold.publisher == "Microsoft Corporation" else sold.publisher,
        "PublisherId": goods.publisher_id if goods else "",
        "SubscriptionDescription": happened.title,
        "TermAndBillingCycle": goods.term_text if goods else text,
        "UnitType": goods.unit if goods else sold.unit_type,
        "BillingFrequency": "" if happened.is_trial else FREQUENCIES.get(happened.cycle.lower(), ""),
        "PriceAdjustmentDescription": _adjustments(happened),
        "PromotionId": happened.promotion_id,
        "ReservationOrderId": sold.extra.get("product_order_id", ""),
        "ProductQualifiers": "[" + ",".join(f'"{name}"' for name in qualifiers) + "]",
    }


def _order_columns(sold: Subscription, charge: Charge) -> Row:
    happened = charge.happened
    has_term = bool(happened.term)
    return {
        "OrderId": sold.order_id,
        "AlternateId": sold.order_id,
        "OrderDate": charge.at,
        "ChargeType": charge.charge_type,
        "SubscriptionId": sold.id,
        "ChargeStartDate": charge.span.first,
        "ChargeEndDate": charge.span.last if has_term else None,
        "SubscriptionStartDate": happened.term_first if has_term else None,
        "SubscriptionEndDate": happened.term_last if has_term else None,
        "ReferenceId": charge.reference or reference_id(sold.id, f"{charge.charge_type}/{charge.at.isoformat()}"),
    }


def _adjustments(happened: Happened) -> str:
    """Discounts and premiums as Microsoft words them, a JSON array in a text."""
    texts = ["Extended Service Term"] if happened.extra.get("isExtended") else []
    if happened.discount:
        texts.append(f"{happened.discount * 100:.1f}% Global promotion discount")
    return "[" + ",".join(f'"{text}"' for text in texts) + "]" if texts else ""
