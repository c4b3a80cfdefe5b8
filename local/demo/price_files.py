"""The reseller's own price list, Microsoft's price sheet, and the reseller's notes about subscriptions.

The price list shows each way of pricing once: fixed prices, percent of the recommended price, a mark-up on cost; for
everyone and for one customer; by product, SKU, plan, meter, category and charge type; an offer from mid-month on. One
product has no price at all, so exactly one customer is parked.

A fixed price makes an invoice in its own currency, so customers billed in dollars have prices of their own.

Not here: Microsoft's amounts.
"""

import random
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from local.demo import catalogue, legacy
from local.demo.arithmetic import Month, half_up, times
from local.demo.azure import PricedMeter
from local.demo.catalogue import LICENCES, PLANS, UNPRICED, Licence
from local.demo.columns import PRICE_LIST, SUBSCRIPTION_DETAILS
from local.demo.formats import Row, us_date
from local.demo.organisations import Customer, stream
from local.demo.stories import SPLIT_E5

_FIXED = (
    catalogue.BASIC,
    catalogue.STANDARD,
    catalogue.PREMIUM,
    catalogue.EXCHANGE,
    catalogue.TEAMS,
    catalogue.POWER_BI,
)
_FIXED_PLANS = (("P1M", "Monthly"), ("P1Y", "Monthly"), ("P1Y", "Annual"))
_PERCENT = ((catalogue.E3, "97"), (catalogue.E5, "96.5"), (catalogue.COPILOT, "100"), (catalogue.DEFENDER, "98"))
_CATEGORY_MARKUPS = {
    "Virtual Machines Licenses": "12",
    "Bandwidth": "25",
    "Virtual Network": "20",
    "SQL Database": "17.5",
    "Azure App Service": "18",
    "Log Analytics": "15",
    "Backup": "22.5",
    "Key Vault": "30",
    "Azure Monitor": "15",
    "Functions": "33.333",
    "Container Registry": "15",
}
_OFFER_CATEGORY, _OFFER_DAY = "Storage", 15
_FRIENDLY = (
    "Head office",
    "Warehouse, 2nd shift",
    'The "board"',
    "Filial Göteborg",
    "=1+1",
    "School year 2026/27",
    "<b>Sales</b>",
    "Keßler's project",
)


def price_list(month: Month, customers: Sequence[Customer], meters: dict[str, PricedMeter]) -> list[Row]:
    """Return the rows of the reseller's price list, global ones first."""
    euro = [customer for customer in customers if customer.currency == "EUR"]
    dollar = [customer for customer in customers if customer.currency == "USD"]
    return [
        *_global_licences(),
        *_global_goods(),
        *_global_usage(month),
        *_global_legacy(),
        *_euro_exceptions(month, euro, meters),
        *(row for place, customer in enumerate(dollar) for row in _dollar_prices(customer, place)),
    ]


def price_sheet(month: Month) -> list[Row]:
    """Return Microsoft's licence-based price sheet: every licence and plan, in euro and dollar."""
    rows = [
        _sheet_row(licence, plan, market, "Commercial", Decimal(1))
        for market in (("NL", "EUR"), ("US", "USD"))
        for licence in LICENCES
        for plan in PLANS
    ]
    charity = (catalogue.BASIC, catalogue.PREMIUM, catalogue.E3)
    rows += [_sheet_row(licence, ("P1Y", "Annual"), ("NL", "EUR"), "Charity", Decimal("0.25")) for licence in charity]
    for row in rows:
        row["EffectiveStartDate"] = f"{us_date(month.day(1, months=-36))} 12:00:00 AM"
    return rows


def subscription_details(month: Month, lines: Iterable[Row], seed: int) -> list[Row]:
    """Return friendly names and purchase orders of some of the subscriptions on the invoices.

    Some purchase orders have no end, some no beginning, some ended before the month, and some have a follower.
    """
    numbers = stream(seed, "details")
    ids = dict.fromkeys(str(line["SubscriptionId"]) for line in lines if line["SubscriptionId"])
    rows: list[Row] = []
    for number, subscription in enumerate(ids):
        kind = numbers.choice(("none", "name", "order", "both"))
        if kind == "none":
            continue
        name = numbers.choice(_FRIENDLY) if kind != "order" else ""
        order = _purchase_order(month, numbers, number) if kind != "name" else ("", "", "")
        rows.append(dict(zip(SUBSCRIPTION_DETAILS, (subscription, name, *order), strict=True)))
        if order[2] and number % 6 == 1:
            after = date.fromisoformat(order[2]) + timedelta(days=1)
            following = (subscription, "", f"{order[0]}-B", after.isoformat(), "")
            rows.append(dict(zip(SUBSCRIPTION_DETAILS, following, strict=True)))
    return rows


def _purchase_order(month: Month, numbers: random.Random, number: int) -> tuple[str, str, str]:
    begins = month.day(1, months=-2 - number % 9).isoformat()
    ends = month.day(31, months=number % 5 - 1).isoformat()
    return (
        f"PO-{numbers.randint(10000, 99999)}",
        begins if number % 4 else "",
        ends if number % 3 else "",
    )


def _entry(method: str, value: str | Decimal, note: str = "", **keys: str) -> Row:
    row: Row = dict.fromkeys(PRICE_LIST, "")
    return row | {"Method": method, "Value": str(value), "Note": note} | keys


def _fixed(licence: Licence, plan: tuple[str, str], currency: str, factor: str, **keys: str) -> Row:
    value = half_up(times(licence.recommended(*plan, currency), Decimal(factor)))
    return _entry(
        "fixed",
        value,
        ProductId=licence.product_id,
        SkuId=licence.sku_id,
        Term=plan[0],
        BillingPlan=plan[1],
        Currency=currency,
        **keys,
    )


def _global_licences() -> list[Row]:
    fixed = [_fixed(licence, plan, "EUR", "1") for licence in _FIXED for plan in _FIXED_PLANS]
    others = [
        _entry("percent_of_erp", "100", "All other terms", ProductId=licence.product_id, SkuId=licence.sku_id)
        for licence in _FIXED
    ]
    percents = [_entry("percent_of_erp", percent, ProductId=licence.product_id) for licence, percent in _PERCENT]
    return fixed + others + percents


def _global_goods() -> list[Row]:
    return [
        _entry("markup_on_cost", "6", "Reservations", ProductId=catalogue.RESERVATION.product_id),
        _entry("markup_on_cost", "6", "Reservations", ProductId=catalogue.RESERVATION_MONTHLY.product_id),
        _entry("markup_on_cost", "5", "Savings plans", ProductId=catalogue.SAVINGS_PLAN.product_id),
        _entry("markup_on_cost", "12", "Marketplace", ProductId=catalogue.MARKETPLACE.product_id),
        _entry("markup_on_cost", "15", "Software", ProductId=catalogue.SOFTWARE_SUBSCRIPTION.product_id),
        _entry("fixed", "46.00", "Software", ProductId=catalogue.PERPETUAL.product_id, Currency="EUR"),
        _entry("markup_on_cost", "0", "Credits are passed on unchanged", ChargeType="customerCredit"),
        _entry("markup_on_cost", "0", "Credits are passed on unchanged", ChargeType="Offset a line item"),
    ]


def _global_usage(month: Month) -> list[Row]:
    """Azure by category. Storage has an offer from the 15th to the end of the month."""
    begins, ends = month.day(_OFFER_DAY), month.span.last
    before, after = month.day(_OFFER_DAY - 1), month.day(1, months=1)
    storage = {"MeterCategory": _OFFER_CATEGORY}
    return [
        _entry("percent_of_erp", "100", "Retail: the partner credit is ours", MeterCategory="Virtual Machines"),
        *(_entry("markup_on_cost", markup, MeterCategory=name) for name, markup in _CATEGORY_MARKUPS.items()),
        _entry("markup_on_cost", "20", ValidTo=before.isoformat(), **storage),
        _entry("markup_on_cost", "10", "Offer", ValidFrom=begins.isoformat(), ValidTo=ends.isoformat(), **storage),
        _entry("markup_on_cost", "20", ValidFrom=after.isoformat(), **storage),
    ]


def _global_legacy() -> list[Row]:
    """Old contracts have one price a plan; a seat sells a quarter above its list price."""
    factor = Decimal("1.25")
    return [
        _entry(
            "fixed", half_up(times(price, factor)), "Old contract", ProductId=offer.id, BillingPlan=plan, Currency="EUR"
        )
        for offer in legacy.OFFERS
        for plan, price in (("Monthly", offer.monthly), ("Annual", offer.yearly))
    ]


def _euro_exceptions(month: Month, euro: Sequence[Customer], meters: dict[str, PricedMeter]) -> list[Row]:
    """What single customers have agreed: they come before everything above."""
    first, second, third = (customer.tenant_id for customer in euro[:3])
    machine = next(iter(meters.values()))
    contract = month.day(1, months=-2).isoformat()
    return [
        _fixed(catalogue.PREMIUM, ("P1Y", "Monthly"), "EUR", "0.94", CustomerId=first, ValidFrom=contract),
        _entry("percent_of_erp", "92", "Framework contract", CustomerId=first, ProductId=catalogue.E3.product_id),
        _entry("percent_of_erp", "95", "Framework contract", CustomerId=first, MeterCategory="Virtual Machines"),
        _entry("fixed", "0.1199", "Agreed hour", CustomerId=second, MeterId=machine.id, Currency="EUR"),
        _entry("markup_on_cost", "8", "Storage at scale", CustomerId=second, MeterCategory=_OFFER_CATEGORY),
        _fixed(catalogue.STANDARD, ("P1Y", "Monthly"), "EUR", "0.97", CustomerId=third, ValidTo=_end(month)),
        _entry(
            "markup_on_cost",
            "14",
            "E5 arrives in two parts: a mark-up prices each once",
            CustomerId=euro[SPLIT_E5].tenant_id,
            ProductId=catalogue.E5.product_id,
        ),
    ]


def _end(month: Month) -> str:
    return date(month.year, 12, 31).isoformat()


def _dollar_prices(customer: Customer, place: int) -> list[Row]:
    """Every other customer pays cost plus 12 %; the others a percent of ERP and some fixed prices in dollar."""
    mine = {"CustomerId": customer.tenant_id}
    if place % 2 == 0:
        return [_entry("markup_on_cost", "12", "Cost plus", **mine)]
    return [
        *(
            _fixed(licence, plan, "USD", "1", **mine)
            for licence in _FIXED[:3]
            for plan in _FIXED_PLANS
            if licence is not UNPRICED
        ),
        _entry("percent_of_erp", "98", "Everything else", **mine),
    ]


def _sheet_row(licence: Licence, plan: tuple[str, str], market: tuple[str, str], segment: str, factor: Decimal) -> Row:
    country, currency = market
    return {
        "ProductTitle": licence.title,
        "ProductId": licence.product_id,
        "SkuId": licence.sku_id,
        "SkuTitle": licence.title,
        "Publisher": "Microsoft Corporation",
        "SkuDescription": f"{licence.title}, sold by the seat.",
        "UnitOfMeasure": "",
        "TermDuration": plan[0],
        "BillingPlan": plan[1],
        "Market": country,
        "Currency": currency,
        "UnitPrice": half_up(times(licence.cost(*plan, currency), factor)),
        "PricingTierRangeMin": "",
        "PricingTierRangeMax": "",
        "EffectiveStartDate": "",
        "EffectiveEndDate": "12/31/9999 11:59:59 PM",
        "Tags": "License",
        "ERP Price": half_up(times(licence.recommended(*plan, currency), factor)),
        "Segment": segment,
    }
