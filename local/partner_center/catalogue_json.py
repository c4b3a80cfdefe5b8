"""Products, SKUs and availabilities as Microsoft writes them.

Invariants: no price anywhere; a reader of the catalogue in general names a country in every link, as Microsoft does.

Not here: which of them are shown to whom (``calls.catalogue``).
"""

from local.partner_center.answers import link
from local.partner_center.catalogue import Item, Plan
from local.partner_center.catalogue_items import products
from local.partner_center.entities import Json
from local.partner_center.order_json import SYMBOLS

_TERMS = {
    "P1M": "One-Month commitment for monthly/yearly billing",
    "P1Y": "One-Year commitment for monthly/yearly billing",
    "P3Y": "Three-Year commitment for monthly/yearly/triennial billing",
}
_CYCLES = {"monthly": "Monthly", "annual": "Annual", "triennial": "Triennial", "none": "None", "one_time": "OneTime"}


def product_json(product_id: str, country: str) -> Json:
    """Return a product by the id of one that there is."""
    first = products()[product_id][0]
    kind: Json = {"id": first.product_type, "displayName": first.product_type}
    if first.is_reservation:
        sub_type = next((view for view in first.views if view not in ("Azure", "AzureReservations")), "SavingsPlan")
        kind["subType"] = {"id": sub_type, "displayName": sub_type}
    own = f"/products/{product_id}"
    return {
        "id": product_id,
        "title": first.product_title or first.title,
        "description": first.product_title or first.title,
        "productType": kind,
        "isMicrosoftProduct": first.publisher.startswith("Microsoft"),
        "publisherName": first.publisher,
        "links": {"skus": link(f"{own}/skus?country={country}"), "self": link(f"{own}?country={country}")},
    }


def sku_json(item: Item, country: str) -> Json:
    """Return a SKU with its dynamic attributes."""
    own = f"/products/{item.product_id}/skus/{item.sku_id}"
    return {
        "id": item.sku_id,
        "productId": item.product_id,
        "title": item.title,
        "description": item.title,
        "minimumQuantity": item.minimum,
        "maximumQuantity": item.maximum,
        "isTrial": item.is_trial,
        "supportedBillingCycles": list(dict.fromkeys(plan.cycle for plan in item.plans)),
        "purchasePrerequisites": list(item.purchase_prerequisites or ("MicrosoftCustomerAgreement",)),
        "inventoryVariables": list(item.inventory_variables),
        "provisioningVariables": ["Scope", "SubscriptionId"] if item.is_reservation else [],
        "actions": ["Refund"],
        "dynamicAttributes": _attributes(item),
        "links": {
            "availabilities": link(f"{own}/availabilities?country={country}"),
            "self": link(f"{own}?country={country}"),
        },
    }


def availability_json(item: Item, availability_id: str, segment: str, country: str, currency: str) -> Json:
    """Return an availability with its terms, product and SKU."""
    own = f"/products/{item.product_id}/skus/{item.sku_id}"
    terms = [_term(item, plan) for plan in item.plans]
    renews = not item.is_reservation and any(plan.term for plan in item.plans)
    renewal = {"renewToId": item.converts_to or item.key, "isAutoRenewable": True}
    instructions = [{"applicableTermIds": [each["id"] for each in terms], "renewalOptions": [renewal]}]
    return {
        "id": availability_id,
        "productId": item.product_id,
        "skuId": item.sku_id,
        "catalogItemId": f"{item.key}:{availability_id}",
        "defaultCurrency": {"code": currency, "symbol": SYMBOLS.get(currency, currency)},
        "segment": segment,
        "country": country,
        "isPurchasable": True,
        "isRenewable": renews,
        "renewalInstructions": instructions if renews else None,
        "product": product_json(item.product_id, country),
        "sku": sku_json(item, country),
        "terms": terms,
        "includedQuantityOptions": [],
        "links": {
            "availabilities": link(f"{own}/availabilities?country={country}"),
            "self": link(f"{own}/availabilities/{availability_id}?country={country}"),
        },
    }


def _attributes(item: Item) -> Json:
    attributes: Json = {
        "isMicrosoftProduct": item.publisher.startswith("Microsoft"),
        "hasConstraints": item.is_addon,
        "isAddon": item.is_addon,
        "prerequisiteSkus": list(item.prerequisites),
        "upgradeTargetOffers": list(item.upgrades),
        "isSoftwareAssuranceApplicable": item.product_type == "Software",
        "billingType": "usage" if item.is_azure_plan else "license",
        "provisioningId": item.directory_id or None,
        "provisioningString": item.part_number or None,
        "internal": False,
        **item.attributes,
    }
    if item.converts_to:
        attributes["conversionInstructions"] = [{"applicableTermIds": [], "conversionOptions": [item.converts_to]}]
    return attributes


def _term(item: Item, plan: Plan) -> Json:
    days = "P7D" if item.is_licence else "P1D"
    refunds = [{"sequenceId": 0, "type": "Full", "expiresAfter": "P1D"}]
    if item.is_licence:
        refunds.append({"sequenceId": 1, "type": "Partial", "expiresAfter": days})
    policies = [{"refundOptions": refunds}] if not item.is_reservation else []
    return {
        "id": f"{item.product_id[-4:]}{item.sku_id}{plan.term}{plan.cycle[:3]}".lower(),
        "duration": plan.term,
        "description": _TERMS.get(plan.term, item.title),
        "billingCycle": _CYCLES[plan.cycle],
        "cancellationPolicies": policies,
        "renewalOptions": [],
    }
