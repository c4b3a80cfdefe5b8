"""Whether a line can be bought: what is checked when a cart is filled, and again when it is checked out.

Invariants: a check changes nothing. A line's fault is a cart's error code; an order of its own answers with the error
that belongs to it.

Not here: buying (``subscribing``), HTTP (``calls.carts``, ``calls.orders``).
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from local.partner_center import terms
from local.partner_center.answers import RefusedError
from local.partner_center.catalogue import Item, availability_id
from local.partner_center.catalogue_items import items
from local.partner_center.commerce import commerce
from local.partner_center.entities import Customer, Json
from local.partner_center.legacy_offers import LEGACY_OFFERS
from local.partner_center.pricing import CURRENCIES, list_price, promotion_for
from local.partner_center.reading import day, thing, things, whole
from local.partner_center.subscribing import Purchase
from local.partner_center.world import World

_MONTHS_BACK = 36
_SANDBOX_SUBSCRIPTIONS, _SANDBOX_SEATS = 5, 25
_AS_ORDER_ERRORS = {
    10000: (400, 900169),
    10001: (400, 800004),
    10002: (400, 900116),
    10006: (403, 800020),
    10007: (400, 800011),
    10009: (400, 800018),
    10010: (400, 800002),
    10013: (400, 800107),
    10014: (400, 27007),
    10015: (400, 900275),
    10016: (400, 900242),
    400041: (400, 400041),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a line cannot be bought, as carts say it."""

    code: int
    description: str

    def json(self) -> Json:
        """Return it as a cart line shows it."""
        return {"errorCode": str(self.code), "errorDescription": self.description}

    def refusal(self) -> RefusedError:
        """Return it as an order of its own is refused."""
        status, code = _AS_ORDER_ERRORS.get(self.code, (400, 800002))
        return RefusedError(status, code, self.description)


def find(world: World, catalogue_item: str) -> tuple[Item, str] | None:
    """Return the item and the segment of an availability that can be ordered now; None where it never could.

    Raises:
        RefusedError: it could once, and another one has taken its place (404 400019).
    """
    product_id, _, rest = catalogue_item.strip().upper().partition(":")
    sku_id, _, wanted = rest.partition(":")
    item = items().get(f"{product_id}:{sku_id}")
    if item is None or not wanted:
        return None
    today, rotation = world.clock.now().date(), commerce(world).rotation
    for segment in item.shares:
        if wanted == availability_id(item, segment, seed=world.seed, on=today, rotation=rotation):
            return item, segment
    if wanted in item.extra_availabilities:
        return item, "commercial"
    if wanted in _former(world, item, today, rotation):
        raise RefusedError(404, 400019, f"The availability {wanted} of {item.key} was not found.")
    return None


def read_line(world: World, customer: Customer, line: Json, *, cycle: str = "") -> Purchase | Problem:
    """Return what a line of a cart or of an order wants to buy, or why it cannot be read.

    Raises:
        RefusedError: its availability has been replaced (404 400019).
    """
    catalogue_item = str(line.get("catalogItemId") or line.get("offerId") or "")
    cycle = str(line.get("billingCycle") or cycle or "monthly").lower()
    context = thing(line.get("provisioningContext"), "provisioningContext")
    common: Json = {
        "quantity": whole(line.get("quantity"), "quantity"),
        "cycle": "monthly" if cycle == "unknown" else cycle,
        "friendly_name": str(line.get("friendlyName") or ""),
        "promotion_id": str(line.get("promotionId") or ""),
        "partner_id": _partner_of(line),
        "parent_id": str(line.get("parentSubscriptionId") or context.get("parentSubscriptionId") or "").lower(),
        "renews_to": _renews_to(line),
        "currency": str(line.get("currencyCode") or customer.currency),
        "custom_end_on": day(line.get("customTermEndDate"), "customTermEndDate"),
    }
    if offer := LEGACY_OFFERS.get(catalogue_item.upper()):
        price = offer.price * (12 if common["cycle"] == "annual" else 1)
        provisioning = {**context, "title": offer.title, "price": str(price)}
        return Purchase(product_id=offer.id, term="P1Y", provisioning=provisioning, **common)
    found = find(world, catalogue_item)
    if found is None:
        return Problem(10001, f"The catalog item id {catalogue_item} is not valid.")
    item, segment = found
    return Purchase(
        product_id=item.product_id,
        sku_id=item.sku_id,
        availability_id=catalogue_item.rpartition(":")[2].upper(),
        term=_term_of(item, line),
        segment=segment,
        provisioning=context,
        **common,
    )


def problem_of(world: World, customer: Customer, purchase: Purchase, together: list[Purchase]) -> Problem | None:
    """Return why a purchase is not possible, seen *together* with the others of its cart; None where it is."""
    if not purchase.sku_id:
        return _sandbox_problem(world, customer, purchase, together)
    item = items()[f"{purchase.product_id}:{purchase.sku_id}"]
    return (
        _line_problem(world, customer, item, purchase)
        or _date_problem(world, customer, purchase)
        or _owner_problem(customer, item, purchase, together)
        or _sandbox_problem(world, customer, purchase, together)
    )


def check_agreement(customer: Customer) -> None:
    """Make sure that the customer accepted the Microsoft Customer Agreement.

    Raises:
        RefusedError: not yet (403 13605).
    """
    is_agreed = any(
        str(each.get("type") or each.get("agreementType")).lower() == "microsoftcustomeragreement"
        for each in customer.agreements
    )
    if not is_agreed and not customer.is_directly_signed:
        raise RefusedError(403, 13605, "The customer has not accepted the Microsoft Customer Agreement.")


def check_attestation(world: World, *, is_attested: bool) -> None:
    """Make sure that an indirect provider attests who the reseller is.

    Raises:
        RefusedError: it does not (400 900206).
    """
    if world.partner.is_indirect_provider and not is_attested:
        raise RefusedError(400, 900206, "partnerOnRecordAttestationAccepted is required of indirect providers.")


def allowed_ends(customer: Customer, term: str, now: datetime) -> list[Json]:
    """Return the days on which a first term of that length may end early, with what they align to."""
    first = now.date()
    last = terms.last_day_of_term(first, term)
    found: dict[date, list[str]] = {}
    for each in customer.subscriptions.values():
        is_usable = each.status == "active" and each.product_type == "OnlineServicesNCE" and not each.is_trial
        if is_usable and first < each.term_last < last and (term == "P1M" or each.term != "P1M"):
            found.setdefault(each.term_last, []).append(each.id)
    ends = [("subscriptionAligned", ids, on) for on, ids in sorted(found.items()) if _is_alignable(term, on)]
    month_end = terms.month_end(last) if terms.month_end(last) == last else terms.month_end(terms.add_months(last, -1))
    if first < month_end <= last:
        ends.insert(0, ("calendarMonthAligned", [], month_end))
    return [
        {
            "allowedCustomTermEndDateType": kind,
            "cotermSubscriptionIds": ids,
            "allowedCustomTermEndDate": f"{on.isoformat()}T00:00:00Z",
        }
        for kind, ids, on in ends
    ]


def pricing_json(world: World, purchase: Purchase) -> Json | None:
    """Return the prices of a line: per unit and charge cycle, and the whole term for all units."""
    item = items().get(f"{purchase.product_id}:{purchase.sku_id}")
    if item is None:
        return None
    today = world.clock.now().date()
    price = list_price(
        world, item, purchase.plan, purchase.currency, segment=purchase.segment or "commercial", on=today
    )
    promotion = promotion_for(world, item, purchase.plan, purchase.quantity, wanted=purchase.promotion_id, on=today)
    discounted = price * (1 - promotion.discount) if promotion else price
    natural = terms.last_day_of_term(today, purchase.term)
    last = purchase.custom_end_on or natural
    share = Decimal((last - today).days + 1) / Decimal((natural - today).days + 1)
    cycles = terms.cycles_in_term(purchase.term, purchase.cycle)
    first, cycle_last = terms.charge_cycle(today, purchase.cycle, natural, today)
    days = Decimal((min(cycle_last, last) - first).days + 1)
    prorated = _cents(discounted * days / Decimal((cycle_last - first).days + 1))
    return {
        "listPrice": price,
        "discountedPrice": _cents(discounted),
        "proratedPrice": prorated,
        "price": prorated,
        "extendedPrice": _cents(discounted * purchase.quantity * cycles * share),
    }


def _former(world: World, item: Item, today: date, rotation: int) -> set[str]:
    months = [terms.add_months(today, -back) for back in range(_MONTHS_BACK)]
    return {
        availability_id(item, segment, seed=world.seed, on=month, rotation=turn)
        for segment in item.shares
        for month in months
        for turn in range(rotation + 1)
    }


def _line_problem(world: World, customer: Customer, item: Item, purchase: Purchase) -> Problem | None:
    today, wanted, plan = world.clock.now().date(), purchase.promotion_id, purchase.plan
    if not item.offers(purchase.term, purchase.cycle):
        return Problem(10013, f"{item.key} is not sold with {purchase.term or 'no term'} billed {purchase.cycle}.")
    if wanted and promotion_for(world, item, plan, purchase.quantity, wanted=wanted, on=today) is None:
        return Problem(10014, f"The promotion {wanted} does not apply.")
    if purchase.quantity < item.minimum:
        return Problem(10010, f"The quantity {purchase.quantity} is less than {item.minimum}.")
    if purchase.quantity > item.maximum:
        return Problem(10015, f"The quantity {purchase.quantity} exceeds {item.maximum} seats.")
    return _customer_problem(world, customer, purchase)


def _customer_problem(world: World, customer: Customer, purchase: Purchase) -> Problem | None:
    if purchase.segment not in ("", "commercial", "nonprofit", customer.segment) and not _qualifies(customer, purchase):
        return Problem(10006, f"The customer does not qualify for the segment {purchase.segment}.")
    if purchase.currency not in (*world.partner.currencies, customer.currency) or purchase.currency not in CURRENCIES:
        return Problem(10000, f"The currency {purchase.currency} is not supported in the market {customer.country}.")
    if purchase.partner_id and not world.partner.is_indirect_provider:
        return Problem(10004, "Participants are not supported for this partner.")
    return None


def _date_problem(world: World, customer: Customer, purchase: Purchase) -> Problem | None:
    last = purchase.custom_end_on
    if last is None:
        return None
    allowed = {
        each["allowedCustomTermEndDate"][:10] for each in allowed_ends(customer, purchase.term, world.clock.now())
    }
    if last.isoformat() in allowed:
        return None
    return Problem(10016, f"A term of {purchase.term or 'no length'} cannot end on {last.isoformat()}.")


def _owner_problem(customer: Customer, item: Item, purchase: Purchase, together: list[Purchase]) -> Problem | None:
    running = [each for each in customer.subscriptions.values() if each.status == "active"]
    owned = {f"{each.product_id}:{each.sku_id}" for each in running}
    bought = {f"{each.product_id}:{each.sku_id}" for each in together}
    if item.prerequisites and not (owned | bought) & set(item.prerequisites):
        return Problem(400041, f"{item.key} is an add-on: the customer has none of {', '.join(item.prerequisites)}.")
    if item.is_azure_plan and item.key in owned:
        return Problem(10002, "The customer has an Azure plan already.")
    if item.is_trial and any(
        each.is_trial and each.product_id == item.product_id for each in customer.subscriptions.values()
    ):
        return Problem(10006, f"The customer has had a trial of {item.product_id} already.")
    if item.is_reservation and not _has_azure(customer, purchase):
        return Problem(10007, "The provisioning context names no Azure plan of the customer.")
    return None


def _sandbox_problem(world: World, customer: Customer, purchase: Purchase, together: list[Purchase]) -> Problem | None:
    if not world.partner.is_sandbox:
        return None
    running = sum(each.status in ("active", "suspended") for each in customer.subscriptions.values())
    if purchase.quantity > _SANDBOX_SEATS or running + len(together) > _SANDBOX_SUBSCRIPTIONS:
        return Problem(10009, "The sandbox limit of 5 subscriptions for a customer, of 25 seats each, is exceeded.")
    return None


def _qualifies(customer: Customer, purchase: Purchase) -> bool:
    words = {"government": "governmentcommunitycloud"}
    wanted = words.get(purchase.segment, purchase.segment)
    return any(
        str(each.get("qualification")).lower() == wanted and str(each.get("vettingStatus", "")).lower() == "approved"
        for each in customer.qualifications
    )


def _has_azure(customer: Customer, purchase: Purchase) -> bool:
    wanted = str(purchase.provisioning.get("subscriptionId") or "").lower()
    plans = [each for each in customer.subscriptions.values() if each.billing_type == "usage"]
    return any(
        each.status == "active" and wanted in {each.id, *(str(found["id"]) for found in each.entitlements)}
        for each in plans
    )


def _is_alignable(term: str, on: date) -> bool:
    return term != "P1M" or on.day not in (28, 29, 30) or terms.month_end(on) == on


def _term_of(item: Item, line: Json) -> str:
    wanted = str(line.get("termDuration") or "").upper()
    has_terms = any(plan.term for plan in item.plans)
    return (wanted or item.plans[0].term) if has_terms else ""


def _renews_to(line: Json) -> str:
    wanted = line.get("renewsTo")
    first = wanted[0] if isinstance(wanted, list) and wanted else wanted
    return str(thing(first or None, "renewsTo").get("termDuration") or "")


def _partner_of(line: Json) -> str:
    for each in things(line.get("participants"), "participants"):
        if str(each.get("key")).lower() == "transaction_reseller":
            return str(each.get("value") or "")
    return str(line.get("partnerIdOnRecord") or "")


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"))
