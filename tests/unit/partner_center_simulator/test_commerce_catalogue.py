"""The catalogue, promotions, old offers and price sheets."""

import csv
import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from commerce_desk import Desk

from local.partner_center.commerce import PriceChange, commerce

SHEET = "/v1.0/sales/pricesheets(Market='{}',PricesheetView='{}')/$value"


def rows(content: bytes | None) -> list[dict[str, str]]:
    """The rows of a CSV, or of the one in a ZIP."""
    assert content is not None
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            (name,) = archive.namelist()
            content = archive.read(name)
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.parametrize(
    ("view", "expected"),
    [("OnlineServices", 11), ("MicrosoftAzure", 1), ("AzureReservationsVM", 3), ("SoftwarePerpetual", 1)],
)
def test_products_are_listed_by_view(desk: Desk, view: str, expected: int) -> None:
    """A view shows its products, without prices, with links that name the country."""
    found = desk.ask("GET", f"/v1/products?country=US&targetView={view}").json

    assert expected == found["totalCount"]
    assert "country=US" in found["items"][0]["links"]["skus"]["uri"]
    assert "rice" not in str(found)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/v1/products?country=US&targetView=Nothing", (403, 400036)),
        ("/v1/products?country=US&targetView=OnlineServices&targetSegment=pirates", (403, 400030)),
        ("{c}/products?targetView=OnlineServices&targetSegment=education", (403, 400030)),
        ("/v1/products?targetView=OnlineServices", (400, 3000)),
        ("/v1/products/CFQ7TTC0NONE?country=US", (404, 400013)),
        ("/v1/products/CFQ7TTC0LH18/skus/9999?country=US", (404, 400018)),
        ("/v1/products/CFQ7TTC0LH18/skus/0001/availabilities/CFQ7TTC0NONE?country=US", (404, 400019)),
    ],
)
def test_what_is_not_in_the_catalogue_says_so(desk: Desk, address: str, expected: tuple[int, int]) -> None:
    """Each level has its own code."""
    assert expected == desk.refused("GET", address)


def test_a_sku_says_what_it_needs_and_gives(desk: Desk) -> None:
    """Its directory id, its bases where it is an add-on, its limits and how it can be paid."""
    basic = desk.ask("GET", "/v1/products/CFQ7TTC0LH18/skus/0001?country=US").json
    copilot = desk.ask("GET", "/v1/products/CFQ7TTC0MM8R/skus/0002?country=US").json

    assert basic["dynamicAttributes"]["provisioningId"] == "3b555118-da6a-4418-894f-7df1e2096870"
    assert (basic["minimumQuantity"], basic["maximumQuantity"]) == (1, 300)
    assert basic["supportedBillingCycles"] == ["monthly", "annual", "triennial"]
    assert copilot["dynamicAttributes"]["isAddon"]
    assert "CFQ7TTC0LCHC:0002" in copilot["dynamicAttributes"]["prerequisiteSkus"]


def test_availabilities_are_of_a_segment_and_what_is_ordered(desk: Desk) -> None:
    """An item names product, SKU and availability; a segment is for who qualifies, a nonprofit's for who asks."""
    address = "{c}/products/CFQ7TTC0LH18/skus/0001/availabilities"
    plain = desk.ask("GET", address).json["items"]
    charity = desk.ask("GET", f"{address}?targetSegment=nonprofit").json["items"]
    desk.customer.qualifications.append({"qualification": "Education", "vettingStatus": "Approved"})
    school = desk.ask("GET", address).json["items"]
    one = desk.ask("GET", f"{address}/{plain[0]['id']}").json

    assert [each["segment"] for each in plain] == ["commercial"]
    assert [each["segment"] for each in charity] == ["nonprofit"]
    assert [each["segment"] for each in school] == ["commercial", "education"]
    assert one["catalogItemId"] == f"CFQ7TTC0LH18:0001:{plain[0]['id']}"
    assert {(each["duration"], each["billingCycle"]) for each in one["terms"]} >= {
        ("P1M", "Monthly"),
        ("P3Y", "Triennial"),
    }
    assert one["defaultCurrency"]["code"] == "EUR"


def test_inventory_is_checked_for_reservations(desk: Desk) -> None:
    """Without an Azure subscription the item is restricted."""
    body = {"targetItems": [{"productId": "DZH318Z08RES", "skuId": "00D4"}], "inventoryContext": {}}
    address = "/v1/extensions/product/checkinventory?country=US"
    without = desk.ask("POST", address, body).json
    with_one = desk.ask("POST", address, {**body, "inventoryContext": {"azureSubscriptionId": "x"}}).json

    assert [without[0]["isRestricted"], with_one[0]["isRestricted"]] == [True, False]


def test_promotions_say_who_may_have_them(desk: Desk) -> None:
    """Eligible for the term and the seats it is for; otherwise the reason, with the limits of seats."""
    listed = desk.ask("GET", "/v1/productpromotions?country=NL&segment=commercial").json["items"]
    item = {"catalogItemId": desk.offer("CFQ7TTC0LCHC", "0002"), "termDuration": "P1Y", "billingCycle": "Monthly"}
    asked = [
        {**item, "id": 0, "quantity": 25},
        {**item, "id": 1, "quantity": 301},
        {**item, "id": 2, "quantity": 5, "termDuration": "P1M"},
        {**item, "id": 3, "quantity": 5, "promotionId": "39NFJQT1PJQB:0001:NOPE"},
        {**item, "id": 4, "quantity": 5, "catalogItemId": "CFQ7TTC0LCHC:0002:CFQ7TTC0NONE"},
        {**item, "id": 5, "quantity": 5, "catalogItemId": desk.offer()},
    ]
    found = desk.ask("POST", "{c}/promotionEligibilities", {"items": asked}).json["items"]
    errors = [[error["type"] for error in each["eligibilities"][0]["errors"]] for each in found]

    assert listed[0]["requiredProducts"][0]["pricingPolicies"] == [{"policyType": "PercentDiscount", "value": "0.10"}]
    assert errors == [
        [],
        ["SeatCount"],
        ["Term"],
        ["InvalidPromotion"],
        ["InvalidCatalogItemId"],
        ["NoPromotionsAvailable"],
    ]
    assert found[1]["eligibilities"][0]["errors"][0]["maximumRequiredSeats"] == 300
    assert desk.ask("GET", f"/v1/productpromotions/{listed[0]['id']}?country=NL").json == listed[0]


def test_old_offers_are_still_explained(desk: Desk) -> None:
    """By country or customer, in pages, with categories and what adds to them."""
    page = desk.ask("GET", "/v1/offers?country=US&offset=0&size=3").json
    one = desk.ask("GET", "/v1/offers/195416C1-3447-423A-B37B-EE59A99A19C4?country=US").json
    addons = desk.ask("GET", "/v1/offers/195416C1-3447-423A-B37B-EE59A99A19C4/addons?country=US").json

    assert (page["totalCount"], "next" in page["links"]) == (3, True)
    assert (one["unitType"], one["hasAddOns"]) == ("Licenses", True)
    assert [each["isAddOn"] for each in addons["items"]] == [True]
    assert desk.ask("GET", "{c}/offercategories").json["totalCount"] == 4
    assert desk.refused("GET", "/v1/offers/nothing?country=US") == (404, 1000)


def test_the_licence_sheet_has_the_prices_that_carts_have(desk: Desk) -> None:
    """One row for each item, plan and segment, zipped where deflate is accepted, in the market's currency."""
    answer = desk.ask("GET", SHEET.format("NL", "updatedlicensebased"), Accept_Encoding="deflate")
    plain = desk.ask("GET", SHEET.format("NL", "updatedlicensebased"))
    found = rows(answer.content)
    key = {"ProductId": "CFQ7TTC0LH18", "SkuId": "0001", "TermDuration": "P1Y", "Segment": "Commercial"}
    prices = {each["BillingPlan"]: each["UnitPrice"] for each in found if key.items() <= each.items()}

    assert found == rows(plain.content)
    assert plain.headers["Content-Disposition"] == "attachment; filename=updatedoffice.csv"
    assert prices == {"Monthly": "4.70", "Annual": "53.76"}
    assert {each["Currency"] for each in found} == {"EUR"}
    assert {each["Segment"] for each in found} == {"Commercial", "Education", "Government", "Charity"}
    assert next(iter(found))["EffectiveEndDate"] == "12/31/9999 11:59:59 PM"


def test_a_price_that_changes_in_the_month_makes_two_rows(desk: Desk) -> None:
    """Their days do not overlap; the month before and the month after have one."""
    change = PriceChange(from_on=date(2026, 2, 10), factor=Decimal("1.10"), product="CFQ7TTC0LH18:0001", term="P1M")
    commerce(desk.world).price_changes.append(change)

    def prices(query: str) -> list[tuple[str, str]]:
        found = rows(desk.ask("GET", SHEET.format("NL", "updatedlicensebased") + query).content)
        key = {"ProductId": "CFQ7TTC0LH18", "TermDuration": "P1M", "Segment": "Commercial"}
        return [(each["UnitPrice"], each["EffectiveStartDate"]) for each in found if key.items() <= each.items()]

    assert [price for price, _ in prices("")] == ["5.38"]
    assert prices("?timeline=future") == [("5.38", "4/1/2025 12:00:00 AM"), ("5.92", "2/10/2026 12:00:00 AM")]
    assert [price for price, _ in prices("?timeline=history&month=202505")] == ["5.38"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (SHEET.format("XX", "updatedlicensebased"), 404),
        (SHEET.format("NL", "nothing"), 404),
        (SHEET.format("NL", "updatedlicensebased") + "?timeline=history", 400),
        (SHEET.format("NL", "updatedlicensebased") + "?timeline=history&month=201801", 404),
        (SHEET.format("NL", "updatedlicensebased") + "?month=2026", 400),
        ("/v1.0/sales/fxrates(Month='202802')/$value", 404),
    ],
)
def test_sheets_that_there_are_not(desk: Desk, address: str, status: int) -> None:
    """404 for a market, view or month, 400 for what is not a month."""
    assert status == desk.refused("GET", address)[0]


def test_the_other_sheets(desk: Desk) -> None:
    """The extended service term costs three percent more than a month; meters are in dollars; the rest has files."""
    extended = rows(desk.ask("GET", SHEET.format("NL", "licensebasedest")).content)
    azure = rows(desk.ask("GET", SHEET.format("NL", "azure_consumption")).content)
    rates = rows(desk.ask("GET", "/v1.0/sales/fxrates(Month='202601')/$value").content)
    matrix = rows(desk.ask("GET", "/v1.0/sales/offermatrix(Month='202601')/$value").content)
    basic = next(each for each in extended if each["ProductId"] == "CFQ7TTC0LH18")

    assert (basic["UnitPrice"], basic["TermDuration"], basic["BillingPlan"]) == ("5.54", "P1M", "Monthly")
    assert {each["Currency"] for each in azure} == {"USD"}
    assert {"CurrencyCode": "USD", "USDPerUnit": "1", "Month": "202601"} in rates
    assert (
        "CFQ7TTC0LCHC:0002"
        in next(each for each in matrix if each["ProductId"] == "CFQ7TTC0MM8R")["ProductSkuPreRequisites"]
    )
