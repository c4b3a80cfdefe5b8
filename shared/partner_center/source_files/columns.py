"""The columns of Microsoft's billing files: four families, two header generations, and what each column feeds.

Headers are matched by letters and digits only, without regard to case, so that ``PCToBCExchangeRate`` and
``pcToBCExchangeRate`` are one column; renamed columns are listed with their newer names. A column that is known but
feeds nothing is simply kept in the stored file; a column that nobody knows is reported.

Sources: Microsoft Partner Center documentation on the new-commerce invoice reconciliation file (46 columns), the daily
rated usage file (55), the legacy licence (28) and usage (42) files, and the 2023 announcements that rename columns.

Not here: how values are read (``values``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.domain.errors import SourceFileError
from shared.domain.source_lines import Family

_NEW_COMMERCE = """
PartnerId CustomerId:customer_id CustomerName:customer_name CustomerDomainName:customer_domain
CustomerCountry:customer_country InvoiceNumber:invoice_number MpnId ResellerMpnId OrderId:order_id OrderDate:ordered_on
ProductId:product_id SkuId:sku_id AvailabilityId:availability_id SkuName:sku_name ProductName:product_name
ChargeType:charge_type UnitPrice:unit_price Quantity:ordered_quantity Subtotal:cost TaxTotal:tax
Total|totalForCustomer:total Currency:currency PriceAdjustmentDescription:adjustments PublisherName:publisher
PublisherId:publisher_id SubscriptionDescription:subscription_name SubscriptionId:subscription_id
ChargeStartDate:charge_start ChargeEndDate:charge_end TermAndBillingCycle:term_and_billing_cycle
EffectiveUnitPrice:effective_unit_price UnitType:unit AlternateId BillableQuantity:quantity
BillingFrequency:billing_frequency PricingCurrency:pricing_currency PCToBCExchangeRate:fx_rate
PCToBCExchangeRateDate:fx_on MeterDescription:meter_name ReservationOrderId:reservation_order_id
CreditReasonCode:credit_reason SubscriptionStartDate:term_start SubscriptionEndDate:term_end ReferenceId:reference_id
ProductQualifiers:qualifiers PromotionId:promotion_id
"""

_DAILY_USAGE = """
PartnerId PartnerName CustomerId:customer_id CustomerName:customer_name CustomerDomainName:customer_domain
CustomerCountry:customer_country MpnId Tier2MpnId|ResellerMpnId InvoiceNumber:invoice_number ProductId:product_id
SkuId:sku_id AvailabilityId:availability_id SkuName:sku_name ProductName:product_name PublisherName:publisher
PublisherId:publisher_id SubscriptionDescription:subscription_name SubscriptionId:subscription_id ChargeStartDate
ChargeEndDate UsageDate:usage_on MeterType MeterCategory:meter_category MeterId:meter_id MeterSubCategory
MeterName:meter_name MeterRegion Unit|UnitOfMeasure:unit ResourceLocation ConsumedService ResourceGroup
ResourceURI ChargeType:charge_type UnitPrice:unit_price Quantity:quantity UnitType BillingPreTaxTotal:cost
BillingCurrency:currency PricingPreTaxTotal PricingCurrency:pricing_currency ServiceInfo1 ServiceInfo2 Tags
AdditionalInfo EffectiveUnitPrice:effective_unit_price PCToBCExchangeRate:fx_rate PCToBCExchangeRateDate:fx_on
EntitlementId:entitlement_id EntitlementDescription PartnerEarnedCreditPercentage|RateOfPartnerEarnedCredit
CreditPercentage|RateOfCredit CreditType BenefitId BenefitOrderId BenefitType:benefit_type
"""

_LEGACY_LICENCE = """
PartnerId CustomerId:customer_id CustomerName:customer_name MpnId ResellerMpnId|Tier2MpnId OrderId:order_id
SubscriptionId SyndicationPartnerSubscriptionNumber:subscription_id OfferId:sku_id DurableOfferId:product_id
OfferName:product_name SubscriptionStartDate:term_start SubscriptionEndDate:term_end ChargeStartDate:charge_start
ChargeEndDate:charge_end ChargeType:charge_type UnitPrice:unit_price Quantity:quantity Amount:list_amount
TotalOtherDiscount:discount Subtotal:cost Tax:tax TotalForCustomer:total Currency:currency DomainName:customer_domain
SubscriptionName:subscription_name SubscriptionDescription BillingCycleType:billing_frequency
"""

_LEGACY_USAGE = """
PartnerId PartnerName PartnerBillableAccountId CustomerCompanyName:customer_name MpnId ResellerMpnId|Tier2MpnId
InvoiceNumber:invoice_number ChargeStartDate:charge_start ChargeEndDate:charge_end SubscriptionId:subscription_id
SubscriptionName:subscription_name SubscriptionDescription OrderId:order_id ServiceName:meter_category ServiceType
ResourceGuid:meter_id ResourceName:meter_name Region Sku:product_id DetailLineItemId:reference_id ConsumedQuantity
IncludedQuantity OverageQuantity:quantity ListPrice:unit_price PretaxCharges:cost TaxAmount:tax PostTaxTotal:total
Currency:currency PretaxEffectiveRate:effective_unit_price PostTaxEffectiveRate ChargeType:charge_type
CustomerId:customer_id DomainName:customer_domain BillingCycleType:billing_frequency Unit:unit CustomerBillableAccount
UsageDate MeteredRegion MeteredService MeteredServiceType Project ServiceInfo
"""

_ALSO_KNOWN = {
    "discountdetails",
    "invoicelineitemtype",
    "billingprovider",
    "attributes",
    "etag",
    "partitiontype",
    "creditreasoncode",
    "consumptionprice",
    "consumptiondiscount",
    "haspartnerearnedcredit",
}
"""Columns that Microsoft's API samples carry beside the documented ones; they feed nothing."""

ORIGIN_LINE = "ProrataLine"
"""A column of our own in a customer's extract of a file: the number of the row's line in the file as delivered."""

_REQUIRED = {
    Family.NEW_COMMERCE: ("customer_id", "charge_type", "cost", "currency", "quantity", "unit_price"),
    Family.DAILY_USAGE: ("customer_id", "usage_on", "meter_id", "unit_price", "quantity", "cost", "currency"),
    Family.LEGACY_LICENCE: ("customer_id", "charge_type", "cost", "currency", "quantity", "charge_start"),
    Family.LEGACY_USAGE: ("customer_id", "charge_type", "cost", "currency", "quantity"),
}

_SIGNATURE = {
    Family.DAILY_USAGE: {"usagedate", "billingpretaxtotal"},
    Family.LEGACY_USAGE: {"pretaxcharges", "overagequantity"},
    Family.NEW_COMMERCE: {"subtotal", "billablequantity"},
    Family.LEGACY_LICENCE: {"subtotal", "durableofferid"},
}
"""Columns that tell a family from all others, looked for in this order."""


def folded_header(name: str) -> str:
    """Return the letters and digits of a column name in lower case, the form in which headers are compared."""
    return "".join(character for character in name.casefold() if character.isalnum())


@dataclass(frozen=True, slots=True)
class Columns:
    """One family's columns: which folded header feeds which field, and the documented name of each field."""

    family: Family
    field_of: Mapping[str, str]
    name_of: Mapping[str, str]
    count: int

    def missing(self, headers: Iterable[str]) -> list[str]:
        """Return the documented names of required columns that are not among *headers*."""
        fields = {self.field_of.get(folded_header(header), "") for header in headers}
        return [self.name_of[field] for field in _REQUIRED[self.family] if field not in fields]

    def unknown(self, headers: Iterable[str]) -> list[str]:
        """Return the headers that no documentation names."""
        return [
            header
            for header in headers
            if folded_header(header) not in self.field_of and folded_header(header) not in _ALSO_KNOWN
        ]

    def fields(self, headers: Iterable[str]) -> dict[str, str]:
        """Return, by field, the header that feeds it; the first of two wins."""
        chosen: dict[str, str] = {}
        for header in headers:
            field = self.field_of.get(folded_header(header), "")
            if field:
                chosen.setdefault(field, header)
        return chosen

    @property
    def required(self) -> tuple[str, ...]:
        """The fields without which a row cannot be billed."""
        return _REQUIRED[self.family]


def _columns(family: Family, text: str) -> Columns:
    field_of: dict[str, str] = {}
    name_of: dict[str, str] = {}
    declarations = text.split()
    for declaration in declarations:
        names, _, field = declaration.partition(":")
        for name in names.split("|"):
            field_of[folded_header(name)] = field
        if field:
            name_of[field] = names.split("|", maxsplit=1)[0]
    field_of[folded_header(ORIGIN_LINE)] = "origin_line"
    return Columns(family, field_of, name_of, len(declarations))


COLUMNS = {
    Family.NEW_COMMERCE: _columns(Family.NEW_COMMERCE, _NEW_COMMERCE),
    Family.DAILY_USAGE: _columns(Family.DAILY_USAGE, _DAILY_USAGE),
    Family.LEGACY_LICENCE: _columns(Family.LEGACY_LICENCE, _LEGACY_LICENCE),
    Family.LEGACY_USAGE: _columns(Family.LEGACY_USAGE, _LEGACY_USAGE),
}


def recognise(headers: Iterable[str], file: str) -> Columns:
    """Return the family whose columns *headers* are.

    Raises:
        SourceFileError: no family fits, or one fits and lacks a column without which nothing can be billed.
    """
    named = list(headers)
    present = {folded_header(header) for header in named}
    for family, signature in _SIGNATURE.items():
        if signature <= present:
            columns = COLUMNS[family]
            missing = columns.missing(named)
            if missing:
                raise SourceFileError(
                    f"{file}: this is a {family} file without the column{'s' if len(missing) > 1 else ''} "
                    f"{', '.join(missing)}. Download the file again from Partner Center with all columns."
                )
            return columns
    raise SourceFileError(
        f"{file}: the columns ({', '.join(named[:6])}, ...) are none of Microsoft's billing files. Give the invoice "
        "reconciliation file, the daily rated usage file, or a legacy licence or usage file, with its header row."
    )
