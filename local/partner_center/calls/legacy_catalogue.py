"""Offers of the old commerce: still served, so that old subscriptions can be explained.

Not here: which offers there are (``legacy_offers``).
"""

from local.partner_center.answers import Answer, Asked, Call, RefusedError, collection, link
from local.partner_center.entities import Json
from local.partner_center.legacy_offers import LEGACY_OFFERS, LegacyOffer
from local.partner_center.reading import whole

_CATEGORIES = {"Enterprise": 20, "Small_Business": 10, "Trials": 40, "Azure": 30}


def offer_json(offer: LegacyOffer, country: str) -> Json:
    """Return an offer as Microsoft writes it."""
    return {
        "id": offer.id,
        "name": offer.title,
        "description": offer.title,
        "minimumQuantity": 1,
        "maximumQuantity": 25 if offer.is_trial else 10_000_000,
        "rank": 50,
        "uri": f"/3c95518e-8c37-41e3-9627-0ca339200f53/Offers/{offer.id}",
        "locale": "en-US",
        "country": country,
        "category": _category(offer.category, country),
        "limitUnitOfMeasure": "none",
        "limit": 0,
        "termUnitOfMeasure": "years",
        "term": 1,
        "prerequisiteOffers": list(offer.bases),
        "isAddOn": bool(offer.bases),
        "hasAddOns": any(offer.id in each.bases for each in LEGACY_OFFERS.values()),
        "isAvailableForPurchase": True,
        "billing": "usage" if offer.is_usage else "license",
        "supportedBillingCycles": ["monthly"] if offer.is_usage else ["annual", "monthly"],
        "isAutoRenewable": not offer.is_usage,
        "isInternal": False,
        "isMicrosoftProduct": True,
        "isTrial": offer.is_trial,
        "conversionTargetOffers": [offer.converts_to] if offer.converts_to else [],
        "upgradeTargetOffers": list(offer.upgrades),
        "partnerQualifications": ["none"],
        "reselleeQualifications": ["none"],
        "resellerQualifications": ["none"],
        "salesGroupId": "0",
        "acquisitionType": "Direct",
        "actions": ["edit", "cancel"],
        "product": {
            "id": offer.product,
            "name": offer.title,
            "unit": "Usage-based" if offer.is_usage else "Licenses",
        },
        "unitType": "Usage-based" if offer.is_usage else "Licenses",
        "links": {
            "learnMore": link("http://g.microsoftonline.com/0BXPS00en/1013"),
            "self": link(f"/offers/{offer.id}?country={country}"),
        },
        "attributes": {"objectType": "Offer"},
    }


def named_offer(offer_id: str) -> LegacyOffer:
    """Return the offer of that id.

    Raises:
        RefusedError: there is none (404 1000).
    """
    found = LEGACY_OFFERS.get(offer_id.upper())
    if found is None:
        raise RefusedError(404, 1000, f"The offer {offer_id} was not found.")
    return found


def _category(name: str, country: str) -> Json:
    return {
        "id": f"{name}_Key",
        "name": name.replace("_", " "),
        "rank": _CATEGORIES[name],
        "locale": "en-US",
        "country": country,
        "attributes": {"objectType": "OfferCategory"},
    }


def _country(asked: Asked) -> str:
    if "customer_id" in asked.path:
        return asked.customer().country
    country = asked.first("country").upper()
    if not country:
        raise RefusedError(400, 3000, "The query parameter country is missing.")
    return country


def _offers(asked: Asked) -> Answer:
    country, category = _country(asked), asked.first("offer_category_id").removesuffix("_Key")
    found = [each for each in LEGACY_OFFERS.values() if category in ("", each.category)]
    start, size = whole(asked.first("offset"), "offset"), whole(asked.first("size"), "size", 500)
    items = [offer_json(each, country) for each in found[start : start + size]]
    own, following = f"/offers?country={country}", None
    if start + size < len(found):
        following = link(f"{own}&offset={start + size}&size={size}")
    return Answer(json=collection(items, own, following=following))


def _offer(asked: Asked) -> Answer:
    return Answer(json=offer_json(named_offer(asked.path["offer_id"]), _country(asked)))


def _addons(asked: Asked) -> Answer:
    country, base = _country(asked), named_offer(asked.path["offer_id"])
    items = [offer_json(each, country) for each in LEGACY_OFFERS.values() if base.id in each.bases]
    return Answer(json=collection(items, f"/offers/{base.id}/addons?country={country}"))


def _categories(asked: Asked) -> Answer:
    country = _country(asked)
    items = [_category(name, country) for name in sorted(_CATEGORIES, key=lambda name: _CATEGORIES[name])]
    return Answer(json=collection(items, f"/offercategories?country={country}"))


CALLS = (
    Call(method="GET", path="/v1/offers", handler=_offers),
    Call(method="GET", path="/v1/offers/{offer_id}", handler=_offer),
    Call(method="GET", path="/v1/offers/{offer_id}/addons", handler=_addons),
    Call(method="GET", path="/v1/offercategories", handler=_categories),
    Call(method="GET", path="/v1/customers/{customer_id}/offers", handler=_offers),
    Call(method="GET", path="/v1/customers/{customer_id}/offercategories", handler=_categories),
)
