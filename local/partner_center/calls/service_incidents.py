"""The health of Microsoft's services for customers: nothing is ever wrong here.

Not here: support requests (``service_requests``).
"""

from local.partner_center.answers import Answer, Asked, Call, collection


def get_customer_incidents(asked: Asked) -> Answer:
    """Answer the incidents that concern one customer: none."""
    customer = asked.customer()
    return Answer(json=collection([], f"/customers/{customer.id}/serviceincidents/office"))


def get_incidents(asked: Asked) -> Answer:
    """Answer all incidents: none."""
    del asked
    return Answer(json=collection([], "/serviceincidents/office"))


def get_count(asked: Asked) -> Answer:
    """Answer how many incidents there are."""
    del asked
    return Answer(content=b"0")


_OF_CUSTOMER = "/v1/customers/{customer_id}/serviceincidents/office"
CALLS: tuple[Call, ...] = (
    Call(method="GET", path=_OF_CUSTOMER, handler=get_customer_incidents, needs_user=True),
    Call(method="GET", path="/v1/serviceincidents/office", handler=get_incidents, needs_user=True),
    Call(method="GET", path="/v1/serviceincidents/office/count", handler=get_count, needs_user=True),
)
