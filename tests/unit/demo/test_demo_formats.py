"""The files of the demo month have Microsoft's formats: columns, encodings, dates, numbers, containers.

Source of the column lists: Microsoft Partner Center documentation.
"""

import gzip
import json
import re
import zipfile
import zlib
from pathlib import Path

import pytest

from local.demo.month import DemoMonth

NEW_COMMERCE = (
    "PartnerId,CustomerId,CustomerName,CustomerDomainName,CustomerCountry,InvoiceNumber,MpnId,ResellerMpnId,OrderId,"
    "OrderDate,ProductId,SkuId,AvailabilityId,SkuName,ProductName,ChargeType,UnitPrice,Quantity,Subtotal,TaxTotal,Total,"
    "Currency,PriceAdjustmentDescription,PublisherName,PublisherId,SubscriptionDescription,SubscriptionId,"
    "ChargeStartDate,ChargeEndDate,TermAndBillingCycle,EffectiveUnitPrice,UnitType,AlternateId,BillableQuantity,"
    "BillingFrequency,PricingCurrency,PCToBCExchangeRate,PCToBCExchangeRateDate,MeterDescription,ReservationOrderId,"
    "CreditReasonCode,SubscriptionStartDate,SubscriptionEndDate,ReferenceId,ProductQualifiers,PromotionId"
)
NEW_COMMERCE_CAMEL = (
    "partnerId,customerId,customerName,customerDomainName,customerCountry,invoiceNumber,mpnId,resellerMpnId,orderId,"
    "orderDate,productId,skuId,availabilityId,skuName,productName,chargeType,unitPrice,quantity,subtotal,taxTotal,"
    "totalForCustomer,currency,priceAdjustmentDescription,publisherName,publisherId,subscriptionDescription,"
    "subscriptionId,chargeStartDate,chargeEndDate,termAndBillingCycle,effectiveUnitPrice,unitType,alternateId,"
    "billableQuantity,billingFrequency,pricingCurrency,pcToBCExchangeRate,pcToBCExchangeRateDate,meterDescription,"
    "reservationOrderId,creditReasonCode,subscriptionStartDate,subscriptionEndDate,referenceId,productQualifiers,"
    "promotionId"
)
DAILY_USAGE = (
    "partnerId,partnerName,customerId,customerName,customerDomainName,customerCountry,mpnId,resellerMpnId,invoiceNumber,"
    "productId,skuId,availabilityId,skuName,productName,publisherName,publisherId,subscriptionDescription,"
    "subscriptionId,chargeStartDate,chargeEndDate,usageDate,meterType,meterCategory,meterId,meterSubCategory,meterName,"
    "meterRegion,unitOfMeasure,resourceLocation,consumedService,resourceGroup,resourceUri,chargeType,unitPrice,quantity,"
    "unitType,billingPreTaxTotal,billingCurrency,pricingPreTaxTotal,pricingCurrency,serviceInfo1,serviceInfo2,tags,"
    "additionalInfo,effectiveUnitPrice,pcToBCExchangeRate,pcToBCExchangeRateDate,entitlementId,entitlementDescription,"
    "rateOfPartnerEarnedCredit,rateOfCredit,creditType,benefitOrderId,benefitId,benefitType"
)
LEGACY_LICENCE = (
    "PartnerId,CustomerId,CustomerName,MPNID,ResellerMPNID,OrderId,SubscriptionId,SyndicationPartnerSubscriptionNumber,"
    "OfferId,DurableOfferId,OfferName,SubscriptionStartDate,SubscriptionEndDate,ChargeStartDate,ChargeEndDate,"
    "ChargeType,UnitPrice,Quantity,Amount,TotalOtherDiscount,Subtotal,Tax,TotalForCustomer,Currency,DomainName,"
    "SubscriptionName,SubscriptionDescription,BillingCycleType"
)
LEGACY_USAGE = (
    "PartnerId,PartnerName,PartnerBillableAccountId,CustomerCompanyName,MPNID,ResellerMPNID,InvoiceNumber,"
    "ChargeStartDate,ChargeEndDate,SubscriptionId,SubscriptionName,SubscriptionDescription,OrderID,ServiceName,"
    "ServiceType,ResourceGuid,ResourceName,Region,Sku,DetailLineItemId,ConsumedQuantity,IncludedQuantity,"
    "OverageQuantity,ListPrice,PretaxCharges,TaxAmount,PostTaxTotal,Currency,PretaxEffectiveRate,PostTaxEffectiveRate,"
    "ChargeType,CustomerId,DomainName,BillingCycleType,Unit,CustomerBillableAccount,UsageDate,MeteredRegion,"
    "MeteredService,MeteredServiceType,Project,ServiceInfo"
)
PRICE_SHEET = (
    "ProductTitle,ProductId,SkuId,SkuTitle,Publisher,SkuDescription,UnitOfMeasure,TermDuration,BillingPlan,Market,"
    "Currency,UnitPrice,PricingTierRangeMin,PricingTierRangeMax,EffectiveStartDate,EffectiveEndDate,Tags,ERP Price,"
    "Segment"
)
PRICE_LIST = (
    "CustomerId,ProductId,SkuId,Term,BillingPlan,MeterId,MeterCategory,ChargeType,Method,Value,Currency,ValidFrom,"
    "ValidTo,Note"
)
GZIP_START = b"\x1f\x8b\x08"


def first_line(content: bytes) -> str:
    """Return a CSV's header."""
    return content.split(b"\r\n", 1)[0].decode("utf-8-sig")


def json_keys(path: Path) -> str:
    """Return the names of the first row of a gzip file of JSON lines."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return ",".join(json.loads(next(lines)))


def member_sizes(content: bytes) -> list[int]:
    """Return the unpacked size of each gzip member."""
    sizes = []
    while content:
        member = zlib.decompressobj(wbits=31)
        sizes.append(len(member.decompress(content)))
        content = member.unused_data
    return sizes


def test_the_column_lists_have_the_documented_lengths() -> None:
    """46 new-commerce columns, 55 daily ones, 28 and 42 legacy ones."""
    lists = (NEW_COMMERCE, NEW_COMMERCE_CAMEL, DAILY_USAGE, LEGACY_LICENCE, LEGACY_USAGE)
    lengths = [len(columns.split(",")) for columns in lists]

    assert lengths == [46, 46, 55, 28, 42]


def test_the_csv_files_begin_with_the_documented_columns(month: DemoMonth) -> None:
    """Names, spelling and order are Microsoft's."""
    with zipfile.ZipFile(month.legacy_licence) as archive:
        licence = archive.read("D0400XYZ.csv")

    assert first_line(month.invoice_eur.read_bytes()) == NEW_COMMERCE
    assert first_line(licence) == LEGACY_LICENCE
    assert first_line(month.legacy_usage.read_bytes()) == LEGACY_USAGE
    assert first_line(month.price_sheet.read_bytes()) == PRICE_SHEET
    assert first_line(month.price_list.read_bytes()) == PRICE_LIST


@pytest.mark.parametrize("part", [0, 1])
def test_the_json_files_carry_the_documented_columns(month: DemoMonth, part: int) -> None:
    """The newer generation: camelCase, with the renamed columns."""
    assert json_keys(month.invoice_usd) == NEW_COMMERCE_CAMEL
    assert json_keys(month.daily_usage[part]) == DAILY_USAGE


def test_the_euro_invoice_has_a_byte_order_mark_crlf_and_american_dates(month: DemoMonth) -> None:
    """As Partner Center's download has."""
    content = month.invoice_eur.read_bytes()
    row = content.split(b"\r\n")[1].decode()

    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\n") == content.count(b"\r\n")
    assert re.search(r",(\d|1\d)/\d{1,2}/2026,", row)


def test_the_dollar_invoice_is_several_gzip_members_cut_inside_lines(month: DemoMonth) -> None:
    """A reader that stops after the first member, or takes each for whole lines, loses rows."""
    content = month.invoice_usd.read_bytes()
    sizes = member_sizes(content)
    first = zlib.decompressobj(wbits=31).decompress(content)

    assert len(sizes) == 4
    assert sum(sizes) == len(gzip.decompress(content))
    assert not first.endswith(b"\n")


def test_the_dollar_invoice_has_bare_numbers_some_in_exponent_form(month: DemoMonth) -> None:
    """0E-20 for nothing, 1E-7 and the like for traces, 15 to 24 significant digits for effective unit prices."""
    text = gzip.decompress(month.invoice_usd.read_bytes()).decode()
    effective = re.findall(r'"effectiveUnitPrice":([^,]+),', text)
    digits = {len(number.replace(".", "").lstrip("0")) for number in effective if "E" not in number}

    assert '"effectiveUnitPrice":0E-20,' in text
    assert re.search(r'"billableQuantity":\dE-7,', text)
    assert digits
    assert digits <= set(range(15, 25))


def test_dates_in_json_are_instants_in_utc(month: DemoMonth) -> None:
    """Written 2026-10-03T00:00:00Z."""
    text = gzip.decompress(month.invoice_usd.read_bytes()).decode()
    dates = re.findall(r'"orderDate":"([^"]+)"', text)

    assert dates
    assert all(re.fullmatch(r"2026-10-\d\dT00:00:00Z", one) for one in dates)


def test_no_archive_tells_when_or_where_it_was_made(month: DemoMonth) -> None:
    """A gzip header without time and name, a zip entry of the earliest day: bytes depend on the content only."""
    with zipfile.ZipFile(month.legacy_licence) as archive:
        stamps = {entry.date_time for entry in archive.infolist()}
    headers = {path.read_bytes()[:8] for path in (month.invoice_usd, *month.daily_usage)}

    assert {(1980, 1, 1, 0, 0, 0)} == stamps
    assert {GZIP_START + b"\x00" * 5} == headers
