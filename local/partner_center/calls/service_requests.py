"""Support: topics, and requests that a partner opens for itself or for a customer.

Not here: the health of Microsoft's services.
"""

from local.partner_center.answers import Answer, Asked, Call, RefusedError, instant
from local.partner_center.entities import Json

_NEVER = "0001-01-01T00:00:00"
_TOPICS = (("32444671", "Cannot manage my profile"), ("32444672", "Billing and invoices"), ("32444673", "Orders"))


def _collection(items: list[Json]) -> Answer:
    return Answer(json={"totalCount": len(items), "items": items, "attributes": {"objectType": "Collection"}})


def _kept(asked: Asked) -> dict[str, Json]:
    found: dict[str, Json] = asked.world.room("service_requests", dict)
    return found


def get_topics(asked: Asked) -> Answer:
    """Answer what support can be asked about."""
    del asked
    items = [
        {"id": key, "name": name, "description": name, "attributes": {"objectType": "SupportTopic"}}
        for key, name in _TOPICS
    ]
    return _collection(items)


def get_requests(asked: Asked) -> Answer:
    """Answer the partner's requests."""
    return _collection([each for each in _kept(asked).values() if not each.get("customerId")])


def get_customer_requests(asked: Asked) -> Answer:
    """Answer the requests for one customer."""
    customer = asked.customer()
    return _collection([each for each in _kept(asked).values() if each.get("customerId") == customer.id])


def get_request(asked: Asked) -> Answer:
    """Answer one request."""
    found = _kept(asked).get(asked.path["request_id"])
    if found is None:
        raise RefusedError(404, 1000, f"The service request {asked.path['request_id']} was not found.")
    return Answer(json=found)


def post_request(asked: Asked) -> Answer:
    """Open a request."""
    return Answer(status=201, json=_open(asked, ""))


def post_customer_request(asked: Asked) -> Answer:
    """Open a request for a customer."""
    return Answer(status=201, json=_open(asked, asked.customer().id))


def _open(asked: Asked, customer_id: str) -> Json:
    body, partner = asked.json(), asked.world.partner
    names = dict(_TOPICS)
    topic = str(body.get("supportTopicId") or "")
    if not body.get("title") or topic not in names:
        raise RefusedError(400, 3000, "Invalid property: title and a known supportTopicId are needed.")
    at = instant(asked.now, 3)
    made: Json = {
        "title": body["title"],
        "description": body.get("description") or "",
        "severity": str(body.get("severity") or "minimal").lower(),
        "supportTopicId": topic,
        "supportTopicName": names[topic],
        "id": asked.world.token(15, "123456789"),
        "status": "open",
        "organization": {"id": partner.tenant_id, "name": partner.name},
        "primaryContact": {"firstName": "Noor", "lastName": "Jansen"},
        "customerId": customer_id or None,
        "productId": str(body.get("productId") or "15960"),
        "createdDate": at,
        "lastModifiedDate": at,
        "lastClosedDate": _NEVER,
        "notes": [{"createdByName": "Account", "createdDate": at, "text": body.get("description") or ""}],
        "attributes": {"objectType": "ServiceRequest"},
    }
    _kept(asked)[made["id"]] = made
    return made


def patch_request(asked: Asked) -> Answer:
    """Close a request, or add a note to it."""
    found: Json = get_request(asked).json
    body = asked.json()
    at = instant(asked.now, 3)
    status = str(body.get("status") or "none").lower()
    if status != "none":
        found["status"] = status
        found["lastClosedDate"] = at if found["status"] == "closed" else found["lastClosedDate"]
    note = body.get("newNote")
    if isinstance(note, dict) and note.get("text"):
        found["notes"].append({"createdByName": "Account", "createdDate": at, "text": note["text"]})
    found["lastModifiedDate"] = at
    return Answer(json=found)


_ONE = "/v1/servicerequests/{request_id}"
_OF_CUSTOMER = "/v1/customers/{customer_id}/servicerequests"
CALLS: tuple[Call, ...] = (
    Call(method="GET", path="/v1/servicerequests/supporttopics", handler=get_topics, needs_user=True),
    Call(method="GET", path="/v1/servicerequests", handler=get_requests, needs_user=True),
    Call(method="POST", path="/v1/servicerequests", handler=post_request, needs_user=True, is_repeatable=True),
    Call(method="GET", path=_ONE, handler=get_request, needs_user=True),
    Call(method="PATCH", path=_ONE, handler=patch_request, needs_user=True),
    Call(method="GET", path=_OF_CUSTOMER, handler=get_customer_requests, needs_user=True),
    Call(method="POST", path=_OF_CUSTOMER, handler=post_customer_request, needs_user=True, is_repeatable=True),
)
