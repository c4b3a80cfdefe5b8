"""The 55 columns of daily rated usage as the exports name them, and the invoice's monthly line of the same usage.

Source: Microsoft documentation of the billing exports' attributes, "Daily rated usage reconciliation file".

Not here: quantities (``azure_usage``).
"""

import json
from datetime import datetime, time
from decimal import Decimal

from local.demo.arithmetic import times
from local.demo.azure import CREDIT, CREDIT_TEXT
from local.partner_center.billing.azure_usage import NOTHING, ONE, MeterSum, Resource, Used
from local.partner_center.billing.printing import Row, json_members, words
from local.partner_center.billing.recurring_rows import BLANK, Paper, party_columns, reference_id
from local.partner_center.entities import Customer, Subscription

BASIC = words(
    "AdditionalInfo BenefitOrderID BenefitType BillingCurrency BillingPreTaxTotal ChargeEndDate ChargeStartDate "
    "ChargeType CreditPercentage CreditType CustomerId CustomerName EffectiveUnitPrice EntitlementId InvoiceNumber "
    "PartnerId PartnerName PCToBCExchangeRate PCToBCExchangeRateDate PricingCurrency PricingPreTaxTotal ProductId "
    "PublisherName Quantity ResourceURI SkuId SkuName SubscriptionId UnitPrice UnitType UsageDate"
)


class UsageLines:
    """Writes the daily lines of one plan; what stays the same from day to day is written once."""

    def __init__(self, paper: Paper, customer: Customer, plan: Subscription, *, is_basic: bool) -> None:
        self._paper, self._customer, self._plan, self._is_basic = paper, customer, plan, is_basic
        self._rate = paper.rate("USD")
        self._same: dict[int, str] = {}

    def line(self, used: Used) -> str:
        """Return the day's line."""
        key = id(used.resource)
        if key not in self._same:
            constant = self._kept(constant_columns(self._paper, self._customer, self._plan, used.resource))
            self._same[key] = json_members(constant.items())
        return "{" + self._same[key] + "," + json_members(self._kept(self._daily(used)).items()) + "}\n"

    def row(self, used: Used) -> Row:
        """Return the day's row with all columns."""
        return constant_columns(self._paper, self._customer, self._plan, used.resource) | self._daily(used)

    def _kept(self, row: Row) -> Row:
        return {name: value for name, value in row.items() if name in BASIC} if self._is_basic else row

    def _daily(self, used: Used) -> Row:
        effective = used.effective
        pricing = times(effective, used.quantity)
        earned = int(CREDIT * 100) if used.rate == ONE - CREDIT else 0
        return {
            "UsageDate": used.on,
            "Quantity": used.quantity,
            "EffectiveUnitPrice": effective,
            "PricingPreTaxTotal": pricing,
            "BillingPreTaxTotal": times(pricing, self._rate),
            "PartnerEarnedCreditPercentage": earned,
            "CreditPercentage": earned,
            "CreditType": "Partner Earned Credit Applied" if earned else "Credit Not Applied",
        }


def constant_columns(paper: Paper, customer: Customer, plan: Subscription, resource: Resource) -> Row:
    """Return the columns that a resource has on every day of the month."""
    priced, meter = resource.priced, resource.priced.meter
    return {
        "PartnerId": paper.partner.tenant_id,
        "PartnerName": paper.partner.name,
        "CustomerId": customer.id,
        "CustomerName": customer.name,
        "CustomerDomainName": customer.domain,
        "CustomerCountry": customer.country,
        "MpnId": paper.partner.mpn_id,
        "Tier2MpnId": customer.reseller_mpn_id if paper.invoice_id else "",
        "InvoiceNumber": paper.invoice_id,
        "ProductId": priced.product_id,
        "SkuId": priced.sku_id,
        "AvailabilityId": priced.availability_id,
        "SkuName": meter.sku,
        "ProductName": meter.product,
        "PublisherName": "Microsoft",
        "PublisherId": "",
        "SubscriptionDescription": "Azure plan",
        "SubscriptionId": plan.id,
        "ChargeStartDate": paper.month.span.first,
        "ChargeEndDate": paper.month.span.last,
        "MeterType": meter.unit,
        "MeterCategory": meter.category,
        "MeterId": priced.id,
        "MeterSubCategory": meter.subcategory,
        "MeterName": meter.description,
        "MeterRegion": resource.region[0],
        "Unit": meter.unit,
        "ChargeType": "new",
        "UnitPrice": meter.price,
        "UnitType": meter.unit,
        "BillingCurrency": paper.currency,
        "PricingCurrency": "USD",
        "ServiceInfo1": "",
        "ServiceInfo2": "",
        "PCToBCExchangeRate": paper.rate("USD"),
        "PCToBCExchangeRateDate": paper.month.rate_on,
        **_resource_columns(resource),
    }


def _resource_columns(resource: Resource) -> Row:
    provider = resource.priced.meter.provider
    return {
        "ResourceLocation": resource.region[1],
        "ConsumedService": provider.split("/")[0],
        "ResourceGroup": resource.group,
        "ResourceURI": f"/subscriptions/{resource.entitlement_id}/resourceGroups/{resource.group}/providers/"
        f"{provider}/{resource.name}",
        "Tags": resource.tags,
        "AdditionalInfo": _additional(resource),
        "EntitlementId": resource.entitlement_id,
        "EntitlementDescription": resource.entitlement,
        "BenefitOrderID": resource.benefit_order,
        "BenefitID": reference_id(resource.benefit_order, "benefit") if resource.benefit_order else "",
        "BenefitType": "SavingsPlan" if resource.benefit_order else "Charge",
    }


def monthly_row(paper: Paper, customer: Customer, plan: Subscription, summed: MeterSum) -> Row:
    """Return the invoice's line of a month of one meter in one credit state."""
    priced, meter = summed.resource.priced, summed.resource.priced.meter
    rate, span = paper.rate("USD"), paper.month.span
    return {
        **BLANK,
        **party_columns(paper, customer),
        "OrderId": plan.order_id,
        "OrderDate": datetime.combine(span.last, time()),
        "ProductId": priced.product_id,
        "SkuId": priced.sku_id,
        "AvailabilityId": priced.availability_id,
        "SkuName": meter.sku,
        "ProductName": meter.product,
        "ChargeType": "new",
        "UnitPrice": meter.price,
        "Quantity": 1,
        **paper.taxed(summed.amount(rate)),
        "PriceAdjustmentDescription": CREDIT_TEXT if summed.rate != ONE else "",
        "PublisherName": "Microsoft",
        "SubscriptionDescription": "Azure plan",
        "SubscriptionId": plan.id,
        "ChargeStartDate": span.first,
        "ChargeEndDate": span.last,
        "TermAndBillingCycle": meter.name,
        "EffectiveUnitPrice": summed.effective,
        "UnitType": meter.unit,
        "AlternateId": plan.order_id,
        "BillableQuantity": summed.quantity,
        "PricingCurrency": "USD",
        "PCToBCExchangeRate": rate,
        "PCToBCExchangeRateDate": paper.month.rate_on,
        "MeterDescription": meter.description,
        "SubscriptionStartDate": None,
        "SubscriptionEndDate": None,
        "ReferenceId": reference_id(plan.id, f"{priced.id}/{summed.rate}/{paper.month}"),
        "ProductQualifiers": "[]",
    }


def _additional(resource: Resource) -> str:
    if resource.priced.meter.category != "Virtual Machines":
        return ""
    size = "Standard_" + resource.priced.meter.sku.replace(" ", "_")
    return json.dumps({"ImageType": None, "ServiceType": size, "VMName": resource.name, "UsageType": "ComputeHR"})


def cost(used: Used) -> Decimal:
    """Return a day's cost in dollar, unrounded."""
    return times(used.effective, used.quantity) if used.rate else NOTHING
