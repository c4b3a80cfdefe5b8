"""An order as Microsoft writes it.

Not here: what may be asked and changed (``calls.orders``).
"""

import base64
import json
from datetime import datetime
from decimal import Decimal

from local.partner_center.answers import instant, link
from local.partner_center.entities import Customer, Json, Order

SYMBOLS = {"EUR": "€", "USD": "US$", "GBP": "£", "CHF": "CHF", "DKK": "kr", "SEK": "kr", "NOK": "kr"}


def order_etag(order: Order) -> str:
    """Return the etag of a legacy order, "" for others."""
    if "-" not in order.id:
        return ""
    return base64.b64encode(json.dumps({"id": order.id, "version": order.version}).encode()).decode()


def order_json(customer: Customer, order: Order, now: datetime, *, has_prices: bool = True, status: str = "") -> Json:
    """Return the whole resource; lines do not name their subscription before they can."""
    own = f"/customers/{customer.id}/orders/{order.id}"
    is_legacy = bool(order_etag(order))
    links = {"self": link(own)}
    if not is_legacy:
        links = {**links, "provisioningStatus": link(f"{own}/provisioningstatus"), "patchOperation": link(own, "PATCH")}
    return {
        "id": order.id,
        "alternateId": None if is_legacy else order.id,
        "referenceCustomerId": customer.id,
        "billingCycle": order.cycle,
        "currencyCode": order.currency,
        "currencySymbol": SYMBOLS.get(order.currency, order.currency),
        "lineItems": [_line(customer, order, line, now, has_prices=has_prices) for line in order.lines],
        "creationDate": instant(order.created_at),
        "status": status or order.status,
        "transactionType": order.transaction_type,
        "links": links,
        "totalPrice": order.total.quantize(Decimal("0.01")) if has_prices else None,
        "client": _client(customer) if order.cycle == "one_time" else {},
        "attributes": {"etag": order_etag(order) or None, "objectType": "Order"},
    }


def _client(customer: Customer) -> Json:
    family = "UniversalStore-PartnerCenter"
    return {"marketplaceCountry": customer.country, "deviceFamily": family, "name": "Partner Center API"}


def _line(customer: Customer, order: Order, line: Json, now: datetime, *, has_prices: bool) -> Json:
    shown = {key: value for key, value in line.items() if key != "pricing" or has_prices}
    if order.names_subscriptions_at is not None and now < order.names_subscriptions_at:
        shown.pop("subscriptionId", None)
    subscription = customer.subscriptions.get(line.get("subscriptionId", ""))
    if subscription is not None and subscription.extra.get("is_hidden"):
        shown.pop("subscriptionId", None)
    return {**shown, "links": _links(customer, order, shown)}


def _links(customer: Customer, order: Order, line: Json) -> Json:
    links: Json = {}
    product_id, _, rest = str(line["offerId"]).partition(":")
    sku_id, _, availability = rest.partition(":")
    if sku_id:
        product, country = f"/products/{product_id}", f"?country={customer.country}"
        links["product"] = link(product + country)
        links["sku"] = link(f"{product}/skus/{sku_id}{country}")
        links["availability"] = link(f"{product}/skus/{sku_id}/availabilities/{availability}{country}")
    if "subscriptionId" in line:
        links["subscription"] = link(f"/customers/{customer.id}/subscriptions/{line['subscriptionId']}")
    if product_id.startswith("DG7"):
        number = line["lineItemNumber"]
        links["activationLinks"] = link(
            f"/customers/{customer.id}/orders/{order.id}/lineitems/{number}/activationlinks"
        )
    return links
