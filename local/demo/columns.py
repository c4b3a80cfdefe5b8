"""The columns of the files that are written here, in the order Microsoft documents them.

Source: Microsoft Partner Center documentation on the invoice reconciliation file (46 columns), the daily rated usage
file (55), the legacy licence (28) and usage (42) files, the licence-based price sheet, and the 2023 announcement that
renames columns to camelCase.

Not here: what stands in the columns.
"""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NEW_COMMERCE = _words(
    """
    PartnerId CustomerId CustomerName CustomerDomainName CustomerCountry InvoiceNumber MpnId ResellerMpnId OrderId
    OrderDate ProductId SkuId AvailabilityId SkuName ProductName ChargeType UnitPrice Quantity Subtotal TaxTotal Total
    Currency PriceAdjustmentDescription PublisherName PublisherId SubscriptionDescription SubscriptionId
    ChargeStartDate ChargeEndDate TermAndBillingCycle EffectiveUnitPrice UnitType AlternateId BillableQuantity
    BillingFrequency PricingCurrency PCToBCExchangeRate PCToBCExchangeRateDate MeterDescription ReservationOrderId
    CreditReasonCode SubscriptionStartDate SubscriptionEndDate ReferenceId ProductQualifiers PromotionId
    """
)

DAILY_USAGE = _words(
    """
    partnerId partnerName customerId customerName customerDomainName customerCountry mpnId resellerMpnId invoiceNumber
    productId skuId availabilityId skuName productName publisherName publisherId subscriptionDescription subscriptionId
    chargeStartDate chargeEndDate usageDate meterType meterCategory meterId meterSubCategory meterName meterRegion
    unitOfMeasure resourceLocation consumedService resourceGroup resourceUri chargeType unitPrice quantity unitType
    billingPreTaxTotal billingCurrency pricingPreTaxTotal pricingCurrency serviceInfo1 serviceInfo2 tags additionalInfo
    effectiveUnitPrice pcToBCExchangeRate pcToBCExchangeRateDate entitlementId entitlementDescription
    rateOfPartnerEarnedCredit rateOfCredit creditType benefitOrderId benefitId benefitType
    """
)

LEGACY_LICENCE = _words(
    """
    PartnerId CustomerId CustomerName MPNID ResellerMPNID OrderId SubscriptionId SyndicationPartnerSubscriptionNumber
    OfferId DurableOfferId OfferName SubscriptionStartDate SubscriptionEndDate ChargeStartDate ChargeEndDate ChargeType
    UnitPrice Quantity Amount TotalOtherDiscount Subtotal Tax TotalForCustomer Currency DomainName SubscriptionName
    SubscriptionDescription BillingCycleType
    """
)

LEGACY_USAGE = _words(
    """
    PartnerId PartnerName PartnerBillableAccountId CustomerCompanyName MPNID ResellerMPNID InvoiceNumber
    ChargeStartDate ChargeEndDate SubscriptionId SubscriptionName SubscriptionDescription OrderID ServiceName
    ServiceType ResourceGuid ResourceName Region Sku DetailLineItemId ConsumedQuantity IncludedQuantity OverageQuantity
    ListPrice PretaxCharges TaxAmount PostTaxTotal Currency PretaxEffectiveRate PostTaxEffectiveRate ChargeType
    CustomerId DomainName BillingCycleType Unit CustomerBillableAccount UsageDate MeteredRegion MeteredService
    MeteredServiceType Project ServiceInfo
    """
)

PRICE_SHEET = (
    *_words("""
    ProductTitle ProductId SkuId SkuTitle Publisher SkuDescription UnitOfMeasure TermDuration BillingPlan Market
    Currency UnitPrice PricingTierRangeMin PricingTierRangeMax EffectiveStartDate EffectiveEndDate Tags
    """),
    "ERP Price",
    "Segment",
)

PRICE_LIST = _words(
    """
    CustomerId ProductId SkuId Term BillingPlan MeterId MeterCategory ChargeType Method Value Currency ValidFrom
    ValidTo Note
    """
)

SUBSCRIPTION_DETAILS = ("SubscriptionId", "FriendlyName", "PurchaseOrder", "PurchaseOrderFrom", "PurchaseOrderTo")
CONTROL_TOTALS = ("InvoiceNumber", "Currency", "Lines", "Subtotal")


def camel(name: str) -> str:
    """Return a new-commerce column as the newer generation spells it; ``Total`` became ``totalForCustomer``."""
    if name == "Total":
        return "totalForCustomer"
    return "pc" + name[2:] if name.startswith("PC") else name[0].lower() + name[1:]
