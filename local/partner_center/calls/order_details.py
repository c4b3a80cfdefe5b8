"""What belongs to an order: provisioning, activation links, purchase-order documents.

Not here: the order itself (``orders``).
"""

import re

from local.partner_center.answers import Answer, Asked, Call, RefusedError, collection, link
from local.partner_center.calls.orders import named_order
from local.partner_center.entities import Json, Order, Subscription

_ONE = "/v1/customers/{customer_id}/orders/{order_id}"
_FILE = re.compile(rb'name="(\w+)"; ?filename="([^"]+)"\r\n.*?\r\n\r\n(.*?)\r\n--', re.DOTALL)
_KINDS = {"pofiles": "POAttachment", "tenderfiles": "TenderAttachment"}


def _provisioning(asked: Asked) -> Answer:
    customer, order = named_order(asked)
    items = [_status(customer.subscriptions.get(line.get("subscriptionId", "")), order, line) for line in order.lines]
    return Answer(json=collection(items, f"/customers/{customer.id}/orders/{order.id}/provisioningstatus"))


def _status(subscription: Subscription | None, order: Order, line: Json) -> Json:
    status = "unfulfilled" if order.status == "cancelled" or subscription is None else "fulfilled"
    return {
        "orderLineItemId": line["lineItemNumber"],
        "lineItemNumber": line["lineItemNumber"],
        "status": status,
        "quantityProvisioningInformation": [{"quantity": line["quantity"], "status": status}],
        "attributes": {"objectType": "OrderLineItemProvisioningStatus"},
    }


def _activation_links(asked: Asked) -> Answer:
    customer, order = named_order(asked)
    number = asked.path["number"]
    own = f"/customers/{customer.id}/orders/{order.id}/lineitems/{number}/activationlinks"
    for line in order.lines:
        if str(line["lineItemNumber"]) == number:
            return Answer(
                json=collection([activation_link(line["lineItemNumber"], line.get("subscriptionId", ""))], own)
            )
    raise RefusedError(400, 800071, f"The order has no line {number}.")


def activation_link(number: int, subscription_id: str) -> Json:
    """Return where a customer activates what was bought."""
    return {"lineItemNumber": number, "link": link(f"https://activate.example/{subscription_id}")}


def _attach(asked: Asked) -> Answer:
    customer, order = named_order(asked)
    found = _FILE.findall(asked.raw)
    if not found:
        raise RefusedError(400, 900252, "The purchase order document is missing.")
    for part, name, content in found:
        kind = _KINDS.get(part.decode().lower())
        if kind is None:
            raise RefusedError(400, 900254, f"The part {part.decode()} is not known.")
        attachment = {
            "attachmentId": asked.world.token(14),
            "fileName": name.decode("utf-8", "replace"),
            "sizeInKB": max(1, len(content) // 1024),
            "attachmentType": kind,
        }
        order.attachments.append(attachment)
    return Answer(status=201, json=_attachments_json(customer.id, order))


def _attachments(asked: Asked) -> Answer:
    customer, order = named_order(asked)
    return Answer(json=_attachments_json(customer.id, order))


def _attachments_json(customer_id: str, order: Order) -> Json:
    return collection(order.attachments, f"/customers/{customer_id}/orders/{order.id}/attachments")


CALLS = (
    Call(method="GET", path=_ONE + "/provisioningstatus", handler=_provisioning, needs_user=True),
    Call(method="GET", path=_ONE + "/lineitems/{number}/activationlinks", handler=_activation_links),
    Call(method="POST", path=_ONE + "/attachment", handler=_attach),
    Call(method="GET", path=_ONE + "/attachments", handler=_attachments),
)
