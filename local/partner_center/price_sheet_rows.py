"""The rows of Microsoft's price sheets, out of the same data as everything else that has a price here.

Invariants: a key (product, SKU, term, plan, market, currency, segment) has rows whose days do not overlap; a price that
changes in the month makes two rows.

Not here: files and HTTP (``calls.price_sheets``).
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from local.demo.azure import priced_meters
from local.partner_center import terms
from local.partner_center.catalogue import Item, Plan
from local.partner_center.catalogue_items import items
from local.partner_center.commerce import commerce
from local.partner_center.markets import MARKETS
from local.partner_center.pricing import extended_price, list_price, pricing_currency, recommended_price
from local.partner_center.world import World

Row = list[str]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


LICENCE_COLUMNS = (
    *_words("""
    ProductTitle ProductId SkuId SkuTitle Publisher SkuDescription UnitOfMeasure TermDuration BillingPlan Market
    Currency UnitPrice PricingTierRangeMin PricingTierRangeMax EffectiveStartDate EffectiveEndDate Tags
    """),
    "ERP Price",
    "Segment",
)
AZURE_COLUMNS = _words("""
    ProductTitle ProductId SkuId SkuTitle Publisher SkuDescription UnitOfMeasure TermDuration Market Currency UnitPrice
    PricingTierRangeMin PricingTierRangeMax EffectiveStartDate EffectiveEndDate MeterIds MeterType Tags
    """)
OFFER_COLUMNS = _words("""
    ProductTitle ProductId SkuId SkuTitle ProvisioningId ProvisioningString MinLicenses MaxLicenses AssetOwnershipLimit
    AssetOwnershipLimitType ProductSkuPreRequisites ProductSkuConversion Description AllowedCountries
    """)
FIRST_DAY = date(2019, 2, 1)
_MONTHLY_PAYMENT_COSTS_MORE_FROM = date(2025, 4, 1)
_SEGMENTS = {"commercial": "Commercial", "government": "Government", "education": "Education", "nonprofit": "Charity"}
_PLANS = {"monthly": "Monthly", "annual": "Annual", "triennial": "Triennial", "none": "None", "one_time": "None"}
_VIEW_OF = {"azure_reservations": "AzureReservations", "software": "Software", "marketplace": "MarketplaceSaaS"}


def licence_rows(world: World, market: str, first: date, last: date) -> Iterator[Row]:
    """Yield the licence-based sheet of a market for the days from *first* to *last*."""
    for item in items().values():
        if item.licence is not None or item.is_trial:
            yield from _item_rows(world, item, market, first, last)


def goods_rows(world: World, view: str, market: str, first: date, last: date) -> Iterator[Row]:
    """Yield the sheet of reservations, software or the marketplace."""
    for item in items().values():
        if _VIEW_OF[view] in item.views:
            yield from _item_rows(world, item, market, first, last)


def extended_rows(world: World, market: str, first: date, last: date) -> Iterator[Row]:
    """Yield the sheet of the extended service term: monthly prices of every licence."""
    currency, plan = MARKETS[market], Plan("P1M", "monthly")
    for item in (each for each in items().values() if each.licence is not None):
        for segment in item.shares:
            for begins, ends in _spans(world, item, plan, first, last):
                unit_price = extended_price(world, item, currency, segment=segment, on=begins)
                erp = recommended_price(world, item, plan, currency, segment=segment, on=begins)
                title = f"{item.title} (Extended Service Term)"
                yield _row(item, title, plan, market, currency, unit_price, erp, segment, begins, ends)


def azure_rows(world: World, market: str) -> Iterator[Row]:
    """Yield the consumption sheet: one row for each meter, in US dollars."""
    for meter in priced_meters(world.seed).values():
        yield [
            meter.meter.subcategory,
            meter.product_id,
            meter.sku_id,
            meter.meter.product,
            "Microsoft",
            meter.meter.description,
            meter.meter.unit,
            "",
            market,
            "USD",
            str(meter.meter.price),
            "",
            "",
            us_date(FIRST_DAY, is_end=False),
            us_date(terms.FOREVER + timedelta(days=1), is_end=True),
            meter.id,
            meter.meter.name,
            "Consumption",
        ]


def us_date(day: date, *, is_end: bool) -> str:
    """Return a day as the sheets write it."""
    return f"{day.month}/{day.day}/{day.year} {'11:59:59 PM' if is_end else '12:00:00 AM'}"


def _item_rows(world: World, item: Item, market: str, first: date, last: date) -> Iterator[Row]:
    currency = pricing_currency(item, MARKETS[market])
    for plan in item.plans:
        for segment in item.shares:
            for begins, ends in _spans(world, item, plan, first, last):
                unit_price = list_price(world, item, plan, currency, segment=segment, on=begins)
                erp = recommended_price(world, item, plan, currency, segment=segment, on=begins)
                yield _row(item, item.title, plan, market, currency, unit_price, erp, segment, begins, ends)


def _spans(world: World, item: Item, plan: Plan, first: date, last: date) -> Iterator[tuple[date, date]]:
    changes = {FIRST_DAY}
    if item.licence is not None and plan.cycle == "monthly":
        changes.add(_MONTHLY_PAYMENT_COSTS_MORE_FROM)
    for each in commerce(world).price_changes:
        if each.product in ("", item.key) and each.term in ("", plan.term) and each.cycle in ("", plan.cycle):
            changes.add(each.from_on)
    begins = sorted(changes)
    for number, begin in enumerate(begins):
        is_last = number + 1 == len(begins)
        end = terms.FOREVER + timedelta(days=1) if is_last else begins[number + 1] - timedelta(days=1)
        if begin <= last and end >= first:
            yield begin, end


def _row(  # noqa: PLR0913, PLR0917 - a row has as many parts
    item: Item,
    title: str,
    plan: Plan,
    market: str,
    currency: str,
    unit_price: Decimal,
    erp: Decimal,
    segment: str,
    begins: date,
    ends: date,
) -> Row:
    return [
        item.product_title or item.title,
        item.product_id,
        item.sku_id,
        title,
        item.publisher,
        title,
        "1 License" if item.goods is None or item.goods.unit == "Licenses" else item.goods.unit,
        plan.term or "NoTerm",
        _PLANS[plan.cycle],
        market,
        currency,
        f"{unit_price:f}",
        "",
        "",
        us_date(begins, is_end=False),
        us_date(ends, is_end=True),
        "License" if item.is_licence else item.product_type,
        f"{erp:f}",
        _SEGMENTS[segment],
    ]
