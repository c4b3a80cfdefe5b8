"""The catalogue of the new commerce, in general by country and for one customer.

Invariants: a customer sees what its segment and its qualifications allow; what a nonprofit pays has to be asked for.

Not here: the catalogue itself (``catalogue_items``), the old commerce (``legacy_catalogue``).
"""

import re
from collections.abc import Iterator

from local.partner_center.answers import Answer, Asked, Call, Handler, RefusedError, collection
from local.partner_center.catalogue import Item
from local.partner_center.catalogue_items import item_of, products
from local.partner_center.catalogue_json import availability_json, product_json, sku_json
from local.partner_center.commerce import commerce, current_availability
from local.partner_center.entities import Customer, Json
from local.partner_center.markets import MARKETS
from local.partner_center.reading import things

_VIEWS = {
    "azure",
    "azurereservations",
    "azurereservationsvm",
    "azurereservationssql",
    "azurereservationscosmosdb",
    "azureazurereservationsvm",  # as Microsoft's own example spells it
    "microsoftazure",
    "onlineservices",
    "software",
    "softwaresuselinux",
    "softwareperpetual",
    "softwaresubscriptions",
    "specializedoffers",
    "marketplacesaas",
}
_SEGMENTS = ("commercial", "education", "government", "nonprofit")
_PRODUCTS, _FOR_CUSTOMER = "/v1/products", "/v1/customers/{customer_id}/products"
_ONE, _SKU = "/{product_id}", "/{product_id}/skus/{sku_id}"


class _View:
    """Who asks: everybody in a country, or a customer with its segment."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.customer: Customer | None = asked.customer() if "customer_id" in asked.path else None
        self.country = self.customer.country if self.customer else asked.first("country").upper()
        if not re.fullmatch("[A-Z]{2}", self.country):
            raise RefusedError(400, 3000, "The query parameter country is missing or not a country.")
        self.segment = asked.first("targetSegment").lower()
        if self.segment and self.segment not in _SEGMENTS:
            raise RefusedError(403, 400030, f"The targetSegment {self.segment} is not allowed.")
        if self.customer and self.segment not in ("", "nonprofit", *_segments(self.customer)):
            raise RefusedError(403, 400030, f"The targetSegment {self.segment} is not allowed for this customer.")

    def segments(self, item: Item) -> list[str]:
        """Return the segments in which an item is shown."""
        if self.segment:
            wanted = [self.segment]
        elif self.customer:
            wanted = [each for each in _segments(self.customer) if each != "nonprofit"]
        else:
            wanted = ["commercial"]
        return [each for each in wanted if each in item.shares]

    def items(self, product_id: str) -> list[Item]:
        """Return the SKUs of a product that are shown.

        Raises:
            RefusedError: there is no such product here (404 400013).
        """
        scope = self.asked.first("reservationScope")
        found = [item for item in products().get(product_id.upper(), ()) if self.segments(item)]
        if not found:
            raise RefusedError(404, 400013, f"The product {product_id} was not found. {scope}".strip())
        return found

    def item(self) -> Item:
        """Return the SKU of the route.

        Raises:
            RefusedError: there is none (404 400013 or 400018).
        """
        product_id, sku_id = self.asked.path["product_id"], self.asked.path["sku_id"]
        self.items(product_id)
        item = item_of(product_id, sku_id)
        if item is None or not self.segments(item):
            raise RefusedError(404, 400018, f"The SKU {sku_id} of the product {product_id} was not found.")
        return item

    def availabilities(self, item: Item) -> Iterator[Json]:
        """Yield what can be ordered of an item now."""
        currency = self.customer.currency if self.customer else MARKETS.get(self.country, "USD")
        for segment in self.segments(item):
            found = current_availability(self.asked.world, item, segment)
            yield availability_json(item, found, segment, self.country, currency)


def _segments(customer: Customer) -> list[str]:
    words = {"education": "education", "governmentcommunitycloud": "government", "nonprofit": "nonprofit"}
    qualified = [
        words.get(str(each.get("qualification")).lower(), "")
        for each in customer.qualifications
        if str(each.get("vettingStatus", "approved")).lower() == "approved"
    ]
    return [each for each in dict.fromkeys(["commercial", customer.segment, *qualified]) if each]


def _products(asked: Asked) -> Answer:
    view = _View(asked)
    wanted = asked.first("targetView").lower()
    if wanted not in _VIEWS:
        raise RefusedError(403, 400036, f"The targetView {asked.first('targetView')} is not allowed.")
    wanted = wanted.replace("azureazure", "azure")
    found = [
        product_json(product_id, view.country)
        for product_id, skus in products().items()
        if any(wanted in map(str.lower, item.views) and view.segments(item) for item in skus)
    ]
    query = f"?country={view.country}&targetView={asked.first('targetView')}"
    return Answer(json=collection(found, f"/products{query}"))


def _product(asked: Asked) -> Answer:
    view = _View(asked)
    return Answer(json=product_json(view.items(asked.path["product_id"])[0].product_id, view.country))


def _skus(asked: Asked) -> Answer:
    view = _View(asked)
    items = view.items(asked.path["product_id"])
    own = f"/products/{items[0].product_id}/skus?country={view.country}"
    return Answer(json=collection([sku_json(item, view.country) for item in items], own))


def _sku(asked: Asked) -> Answer:
    view = _View(asked)
    return Answer(json=sku_json(view.item(), view.country))


def _availabilities(asked: Asked) -> Answer:
    view = _View(asked)
    item = view.item()
    own = f"/products/{item.product_id}/skus/{item.sku_id}/availabilities?country={view.country}"
    return Answer(json=collection(list(view.availabilities(item)), own))


def _availability(asked: Asked) -> Answer:
    view = _View(asked)
    item, wanted = view.item(), asked.path["availability_id"].upper()
    for found in view.availabilities(item):
        if wanted == found["id"] or wanted in item.extra_availabilities:
            return Answer(json={**found, "id": wanted, "catalogItemId": f"{item.key}:{wanted}"})
    raise RefusedError(404, 400019, f"The availability {wanted} of {item.key} was not found.")


def _check_inventory(asked: Asked) -> Answer:
    body = asked.json()
    targets, context = things(body.get("targetItems"), "targetItems", at_least=1), body.get("inventoryContext") or {}
    return Answer(json=[found for each in targets for found in _inventory(asked, each, context)])


def _inventory(asked: Asked, target: Json, context: Json) -> Iterator[Json]:
    product_id, sku_id = str(target.get("productId") or ""), str(target.get("skuId") or "")
    skus = [item for item in products().get(product_id.upper(), ()) if sku_id in ("", item.sku_id)]
    if not skus:
        raise RefusedError(404, 400013, f"The product {product_id} was not found.")
    for item in skus:
        found: Json = {"productId": item.product_id, "skuId": item.sku_id, "isRestricted": False, "restrictions": []}
        if item.key in commerce(asked.world).refused or (item.is_reservation and not _subscription_of(context)):
            reason = {"reasonCode": "NotAvailableForSubscription", "description": "Not available.", "properties": {}}
            found.update(isRestricted=True, restrictions=[reason])
        yield found


def _subscription_of(context: Json) -> str:
    return str(context.get("azureSubscriptionId") or context.get("AzureSubscriptionId") or "")


def _both(path: str, handler: Handler) -> Iterator[Call]:
    for root in (_PRODUCTS, _FOR_CUSTOMER):
        yield Call(method="GET", path=root + path, handler=handler)


CALLS = (
    *_both("", _products),
    *_both(_ONE, _product),
    *_both(_ONE + "/skus", _skus),
    *_both(_SKU, _sku),
    *_both(_SKU + "/availabilities", _availabilities),
    *_both(_SKU + "/availabilities/{availability_id}", _availability),
    Call(method="POST", path="/v1/extensions/product/checkinventory", handler=_check_inventory),
)
