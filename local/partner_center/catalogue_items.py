"""The items of the simulator's catalogue, with the products and prices that the demo reseller sells.

Not here: what an item is (``catalogue``), prices by date (``pricing``).
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache

from local.demo import catalogue as demo
from local.partner_center.catalogue import Item, Plan

AZURE_PLAN = "DZH318Z0BPS6:0001"
_ALL_PLANS = tuple(Plan(term, cycle.lower()) for term, cycle in demo.PLANS)
_COMMERCIAL = {"commercial": Decimal(1)}
_ALL_SEGMENTS = {
    "commercial": Decimal(1),
    "education": Decimal("0.60"),
    "government": Decimal(1),
    "nonprofit": Decimal("0.45"),
}

# The id and the part number of each licence in the customer's directory, and its service plans.
_DIRECTORY: Mapping[str, tuple[str, str, str]] = {
    demo.BASIC.title: (
        "3b555118-da6a-4418-894f-7df1e2096870",
        "O365_BUSINESS_ESSENTIALS",
        "EXCHANGE_S_STANDARD TEAMS1",
    ),
    demo.STANDARD.title: (
        "f245ecc8-75af-4f8e-b61f-27d8114de5f3",
        "O365_BUSINESS_PREMIUM",
        "EXCHANGE_S_STANDARD OFFICE_BUSINESS TEAMS1",
    ),
    demo.PREMIUM.title: (
        "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46",
        "SPB",
        "EXCHANGE_S_STANDARD OFFICE_BUSINESS INTUNE_A AAD_PREMIUM",
    ),
    demo.E3.title: (
        "05e9a617-0261-4cee-bb44-138d3ef5d965",
        "SPE_E3",
        "EXCHANGE_S_ENTERPRISE OFFICESUBSCRIPTION INTUNE_A AAD_PREMIUM",
    ),
    demo.E5.title: (
        "06ebc4ee-1bb5-47dd-8120-11324bc54e06",
        "SPE_E5",
        "EXCHANGE_S_ENTERPRISE OFFICESUBSCRIPTION INTUNE_A AAD_PREMIUM_P2 MCOEV",
    ),
    demo.TEAMS.title: (
        "5564c364-6abd-5311-8f33-771511ecf7a4",
        "MICROSOFT_TEAMS_ENTERPRISE",
        "TEAMS1 MCOSTANDARD",
    ),
    demo.COPILOT.title: (
        "639dec6b-bb19-468b-871c-c5c441c4b0cb",
        "Microsoft_365_Copilot",
        "M365_COPILOT_APPS M365_COPILOT_TEAMS",
    ),
    demo.DEFENDER.title: (
        "923e77c1-2b39-5bf4-8660-274026693de7",
        "MICROSOFT_DEFENDER_FOR_BUSINESS",
        "MDE_SMB",
    ),
    demo.EXCHANGE.title: (
        "4b9405b0-7788-4568-add1-99614e613b69",
        "EXCHANGESTANDARD",
        "EXCHANGE_S_STANDARD",
    ),
    demo.POWER_BI.title: (
        "f8a1db68-be16-40ed-86d5-cb42ce701560",
        "POWER_BI_PRO",
        "BI_AZURE_P2",
    ),
    demo.VISIO.title: (
        "c5928f49-12ba-48f7-ada3-0d743a3601d5",
        "VISIOCLIENT",
        "VISIO_CLIENT_SUBSCRIPTION VISIOONLINE",
    ),
}


def _key(licence: demo.Licence) -> str:
    return f"{licence.product_id}:{licence.sku_id}"


_UPGRADES: Mapping[str, tuple[demo.Licence, ...]] = {
    demo.BASIC.title: (demo.STANDARD, demo.PREMIUM, demo.E3, demo.E5),
    demo.STANDARD.title: (demo.PREMIUM, demo.E3, demo.E5),
    demo.PREMIUM.title: (demo.E3, demo.E5),
    demo.E3.title: (demo.E5,),
    demo.EXCHANGE.title: (demo.BASIC, demo.STANDARD, demo.PREMIUM, demo.E3, demo.E5),
}
_BASES = (demo.STANDARD, demo.PREMIUM, demo.E3, demo.E5)
_PREREQUISITES: Mapping[str, tuple[demo.Licence, ...]] = {
    demo.COPILOT.title: _BASES,
    demo.DEFENDER.title: (demo.BASIC, *_BASES),
}
_FOR_ALL_SEGMENTS = {demo.BASIC.title, demo.STANDARD.title, demo.PREMIUM.title, demo.E3.title, demo.E5.title}
_EXTRA_AVAILABILITIES = {demo.BASIC.title: ("CFQ7TTC0K971",), demo.E5.title: ("CFQ7TTC0K4TS",)}


def _licence(licence: demo.Licence) -> Item:
    directory_id, part_number, plans = _DIRECTORY[licence.title]
    return Item(
        title=licence.title,
        product_id=licence.product_id,
        sku_id=licence.sku_id,
        plans=_ALL_PLANS,
        licence=licence,
        directory_id=directory_id,
        part_number=part_number,
        service_plans=tuple(plans.split()),
        is_addon=licence.is_addon,
        prerequisites=tuple(_key(each) for each in _PREREQUISITES.get(licence.title, ())),
        upgrades=tuple(_key(each) for each in _UPGRADES.get(licence.title, ())),
        shares=_ALL_SEGMENTS if licence.title in _FOR_ALL_SEGMENTS else _COMMERCIAL,
        extra_availabilities=_EXTRA_AVAILABILITIES.get(licence.title, ()),
        maximum=300 if "Business" in licence.title else 10_000_000,
    )


def _trial() -> Item:
    directory_id, part_number, plans = _DIRECTORY[demo.PREMIUM.title]
    return Item(
        title="Microsoft 365 Business Premium Trial",
        product_title=demo.PREMIUM.title,
        product_id=demo.PREMIUM.product_id,
        sku_id="000F",
        plans=(Plan("P1M", "none"),),
        directory_id=directory_id,
        part_number=part_number,
        service_plans=tuple(plans.split()),
        is_trial=True,
        converts_to=_key(demo.PREMIUM),
        maximum=25,
    )


def _goods(goods: demo.Goods, product_type: str, views: tuple[str, ...], plans: tuple[Plan, ...]) -> Item:
    is_reservation = "AzureReservations" in views
    return Item(
        title=goods.title,
        product_id=goods.product_id,
        sku_id=goods.sku_id,
        product_type=product_type,
        views=views,
        plans=plans,
        goods=goods,
        publisher=goods.publisher if goods.publisher != "Microsoft" else "Microsoft Corporation",
        publisher_id=goods.publisher_id,
        maximum=1 if product_type == "AzurePlan" else 10_000,
        purchase_prerequisites=("InventoryCheck", "AzureSubscriptionRegistration") if is_reservation else (),
        inventory_variables=("AzureSubscriptionId", "ArmRegionName") if is_reservation else (),
    )


def _others() -> tuple[Item, ...]:
    reservations = ("Azure", "AzureReservations")
    monthly_and_upfront = (Plan("P1Y", "one_time"), Plan("P1Y", "monthly"))
    return (
        _trial(),
        _goods(demo.AZURE_CREDIT, "AzurePlan", ("Azure", "MicrosoftAzure"), (Plan("", "monthly"),)),
        _goods(demo.RESERVATION, "Azure", (*reservations, "AzureReservationsVM"), (Plan("P1Y", "one_time"),)),
        _goods(demo.RESERVATION_MONTHLY, "Azure", (*reservations, "AzureReservationsSQL"), (Plan("P3Y", "monthly"),)),
        _goods(demo.SAVINGS_PLAN, "Azure", ("Azure",), monthly_and_upfront[1:]),
        _goods(demo.MARKETPLACE, "SaaS", ("MarketplaceSaaS",), (Plan("P1M", "monthly"),)),
        _goods(demo.SOFTWARE_SUBSCRIPTION, "Software", ("Software", "SoftwareSubscriptions"), (Plan("P1Y", "annual"),)),
        _goods(demo.PERPETUAL, "Software", ("Software", "SoftwarePerpetual"), (Plan("", "one_time"),)),
    )


def _documented() -> tuple[Item, ...]:
    """Reservations that Microsoft's documentation asks for by id."""
    machine = {"armSkuName": "Standard_D32s_v3", "cores": "32", "ram": "128", "skuDisplayName": "D32s v3"}
    place = {"category": "General purpose", "armRegionName": "westus2", "region": "US West 2", "diskType": "Ssd"}
    large = demo.Goods(
        title="Reserved VM Instance, Standard_D32s_v3, US West 2, 3 Years",
        product_id="DZH318Z0BQ3V",
        sku_id="00G1",
        price=Decimal("19476.00"),
        months=36,
        term_text="3 Years Reservation",
    )
    series = demo.Goods(
        title="Virtual Machines DSv2 Series",
        product_id="DZH318Z0BQ3Q",
        sku_id="0001",
        price=Decimal("1460.00"),
        term_text="1 Year Reservation",
    )
    views = ("Azure", "AzureReservations", "AzureReservationsVM")
    three_years = _goods(large, "Azure", views, (Plan("P3Y", "one_time"),))
    one_year = _goods(series, "Azure", views, (Plan("P1Y", "one_time"),))
    return (
        replace(three_years, attributes={**machine, **place, "duration": "3Years"}),
        replace(one_year, extra_availabilities=("DZH318XZXPHL",)),
    )


@cache
def items() -> Mapping[str, Item]:
    """Return all items by product and SKU (``P:S``)."""
    return {each.key: each for each in (*(_licence(licence) for licence in demo.LICENCES), *_others(), *_documented())}


@cache
def products() -> Mapping[str, tuple[Item, ...]]:
    """Return the SKUs of each product by the product's id."""
    found: dict[str, list[Item]] = {}
    for item in items().values():
        found.setdefault(item.product_id, []).append(item)
    return {product_id: tuple(skus) for product_id, skus in found.items()}


def item_of(product_id: str, sku_id: str) -> Item | None:
    """Return the item, whatever the case in which it is written."""
    return items().get(f"{product_id}:{sku_id}".upper())
