"""Promotions: which there are, and which a customer may have for a purchase.

Not here: what they take off (``pricing``).
"""

from local.partner_center import pricing
from local.partner_center.answers import Answer, Asked, Call, RefusedError, collection
from local.partner_center.catalogue_items import items
from local.partner_center.commerce import Promotion, commerce
from local.partner_center.entities import Json
from local.partner_center.ordering import Problem, read_line
from local.partner_center.reading import things
from local.partner_center.subscribing import Purchase

_CYCLES = {"monthly": "Monthly", "annual": "Annual", "triennial": "Triennial"}
_TEXTS = {
    "InvalidPromotion": "The promotion does not exist, or not for this product and day.",
    "Term": "The promotion does not apply to this term and billing cycle.",
    "SeatCount": "The quantity is outside the promotion's limits.",
}


def _list(asked: Asked) -> Answer:
    if not asked.first("country"):
        raise RefusedError(400, 3000, "The query parameter country is missing.")
    segment = asked.first("segment", "commercial").lower()
    found = [_json(each) for each in commerce(asked.world).promotions if each.segment == segment]
    return Answer(json=collection(found, f"/productpromotions?country={asked.first('country')}&segment={segment}"))


def _get(asked: Asked) -> Answer:
    for each in commerce(asked.world).promotions:
        if each.id == asked.path["promotion_id"]:
            return Answer(json=_json(each))
    raise RefusedError(404, 1000, "The promotion was not found.")


def _json(promotion: Promotion) -> Json:
    product_id, _, sku_id = promotion.product.partition(":")
    return {
        "id": promotion.id,
        "name": promotion.name,
        "description": promotion.name,
        "startDate": f"{promotion.first_on.isoformat()}T00:00:00+00:00",
        "endDate": f"{promotion.last_on.isoformat()}T23:59:59+00:00",
        "properties": {"isAutoApplicable": promotion.is_automatic},
        "requiredProducts": [
            {
                "productId": product_id,
                "skuId": sku_id,
                "term": {"duration": promotion.term, "billingCycle": _CYCLES[promotion.cycle]},
                "pricingPolicies": [{"policyType": "PercentDiscount", "value": str(promotion.discount)}],
            }
        ],
        "promotionConstraints": [
            {"type": "SeatCount", "minimum": promotion.seats_min, "maximum": promotion.seats_max},
        ],
    }


def _eligibilities(asked: Asked) -> Answer:
    customer, wanted = asked.customer(), things(asked.json().get("items"), "items", at_least=1)
    checked = []
    for number, each in enumerate(wanted):
        found = read_line(asked.world, customer, {**each, "promotionId": None})
        told = str(each.get("id") or number)
        eligibilities = _of(asked, found, str(each.get("promotionId") or ""))
        kind = {"objectType": "PromotionEligibilities"}
        line_id = int(told) if told.isdecimal() else told
        checked.append({**each, "id": line_id, "eligibilities": eligibilities, "attributes": kind})
    return Answer(json={"totalCount": len(checked), "items": checked, "attributes": {"objectType": "Collection"}})


def _of(asked: Asked, found: Purchase | Problem, promotion_id: str) -> list[Json]:
    if isinstance(found, Problem):
        return [_refused(promotion_id, "InvalidCatalogItemId", found.description)]
    item = items()[f"{found.product_id}:{found.sku_id}"]
    known = commerce(asked.world).promotions
    chosen = [each for each in known if each.id == promotion_id or (not promotion_id and each.product == item.key)]
    if not chosen:
        kind = "InvalidPromotion" if promotion_id else "NoPromotionsAvailable"
        return [_refused(promotion_id, kind, _TEXTS.get(kind, "There is no promotion for this item."))]
    results = []
    for each in chosen:
        kind = pricing.unmet(each, item, found.plan, found.quantity, asked.now.date())
        result: Json = {"promotionId": each.id, "isEligible": True, "errors": []}
        if kind:
            result = _refused(each.id, kind, _TEXTS[kind])
        if kind == "SeatCount":
            limits = {"minimumRequiredSeats": each.seats_min, "maximumRequiredSeats": each.seats_max}
            result["errors"][0].update(limits, availableSeats=each.seats_max)
        results.append(result)
    return results


def _refused(promotion_id: str, kind: str, description: str) -> Json:
    errors = [{"type": kind, "description": description}]
    return {"promotionId": promotion_id or None, "isEligible": False, "errors": errors}


CALLS = (
    Call(method="GET", path="/v1/productpromotions", handler=_list),
    Call(method="GET", path="/v1/productpromotions/{promotion_id}", handler=_get),
    Call(method="POST", path="/v1/customers/{customer_id}/promotionEligibilities", handler=_eligibilities),
)
