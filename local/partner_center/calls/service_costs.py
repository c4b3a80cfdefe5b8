"""What a customer's subscriptions cost on the last invoice: a summary and its lines.

The figures come from the logs of the subscriptions: an estimate, as Microsoft's is.

Not here: invoices (``invoices``), Azure usage (``usage``).
"""

from decimal import Decimal

from local.partner_center.answers import Answer, Asked, Call, collection, link
from local.partner_center.entities import Customer, Happened, Json, Subscription
from local.partner_center.order_json import SYMBOLS

_CENT = Decimal("0.01")


def _lines(customer: Customer) -> list[Json]:
    lines = []
    for subscription in customer.subscriptions.values():
        charged = [each for each in subscription.log if each.after > 0]
        if charged:
            lines.append(_line(customer, subscription, charged[-1]))
    return lines


def _line(customer: Customer, subscription: Subscription, charged: Happened) -> Json:
    total = (charged.unit_price * charged.after * (1 - charged.discount)).quantize(_CENT)
    is_modern = bool(subscription.product_id)
    return {
        "afterTaxTotal": total,
        "chargeType": "CYCLE FEE" if charged.charge_type in {"cycleCharge", "renew"} else "PURCHASE FEE",
        "currencyCode": charged.currency,
        "currencySymbol": SYMBOLS.get(charged.currency, charged.currency),
        "customerId": customer.id,
        "customerName": customer.name,
        "endDate": f"{charged.term_last:%Y-%m-%d}T00:00:00",
        "offerId": subscription.catalogue_item,
        "offerName": charged.title,
        "orderId": subscription.order_id,
        "pretaxTotal": total,
        "quantity": charged.after,
        "resellerMPNId": customer.reseller_mpn_id or "-1",
        "startDate": f"{charged.term_first:%Y-%m-%d}T00:00:00",
        "subscriptionFriendlyName": subscription.friendly_name or subscription.title,
        "subscriptionId": subscription.id,
        "tax": Decimal(0),
        "unitPrice": charged.unit_price,
        "invoiceNumber": f"{'G' if is_modern else 'D'}000000001",
        "invoiceType": "OneTime" if is_modern else "Recurring",
        "productId": subscription.product_id,
        "skuId": subscription.sku_id,
        "availabilityId": subscription.availability_id,
        "productName": charged.title,
        "skuName": charged.title,
        "publisherName": subscription.publisher,
        "publisherId": "",
        "termAndBillingCycle": f"{charged.term} {charged.cycle}".strip(),
        "discountDetails": f"{charged.discount:.0%}" if charged.discount else "N/A",
    }


def get_lines(asked: Asked) -> Answer:
    """Answer the last charge of each subscription."""
    customer = asked.customer()
    return Answer(json=collection(_lines(customer), f"/customers/{customer.id}/servicecosts/MostRecent/lineitems"))


def get_summary(asked: Asked) -> Answer:
    """Answer the sum of the lines, in all and by the type of the invoice."""
    customer = asked.customer()
    lines = _lines(customer)
    own = f"/customers/{customer.id}/servicecosts/MostRecent"
    details = [
        {"invoiceType": kind, "summary": {**_sum(customer, of_kind), "currencyCode": customer.currency, "links": {}}}
        for kind in ("Recurring", "OneTime")
        if (of_kind := [each for each in lines if each["invoiceType"] == kind])
    ]
    links = {"serviceCostLineItems": link(f"{own}/lineitems"), "self": link(own)}
    return Answer(json={**_sum(customer, lines), "details": details, "links": links})


def _sum(customer: Customer, lines: list[Json]) -> Json:
    total = sum((each["pretaxTotal"] for each in lines), Decimal(0))
    return {
        "billingStartDate": min((f"{each['startDate']}Z" for each in lines), default=None),
        "billingEndDate": max((f"{each['endDate']}Z" for each in lines), default=None),
        "pretaxTotal": total,
        "tax": Decimal(0),
        "afterTaxTotal": total,
        "currencySymbol": SYMBOLS.get(customer.currency, customer.currency),
        "customerId": customer.id,
        "attributes": {"objectType": "ServiceCostsSummary"},
    }


_ROOT = "/v1/customers/{customer_id}/servicecosts/mostrecent"
CALLS: tuple[Call, ...] = (
    Call(method="GET", path=_ROOT, handler=get_summary, needs_user=True),
    Call(method="GET", path=f"{_ROOT}/lineitems", handler=get_lines, needs_user=True),
)
