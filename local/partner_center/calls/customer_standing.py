"""Where a customer stands: Microsoft's verdict on its account, its qualifications, and its managed services.

Not here: agreements, profiles.
"""

from datetime import timedelta

from local.partner_center.answers import Answer, Asked, Call, RefusedError, collection, instant, link
from local.partner_center.customers_making import tell
from local.partner_center.entities import Customer, Json
from local.partner_center.reading import thing


def get_validation_status(asked: Asked) -> Answer:
    """Answer whether Microsoft lets the account buy; a customer without a verdict has no record."""
    customer, kind = asked.customer(), asked.first("type").lower()
    if kind != "account":
        raise RefusedError(400, 3000, f"Invalid property: type '{kind}'.")
    if not customer.validation_status:
        raise RefusedError(404, 600074, "No validation status was found.", name="ValidationStatusNotFound")
    at = f"{customer.created_at:%Y-%m-%dT%H:%M:%S}"
    return Answer(json={"type": "account", "status": customer.validation_status, "lastUpdateDateTime": at})


_QUALIFICATIONS = {
    "education": "Education",
    "governmentcommunitycloud": "GovernmentCommunityCloud",
    "stateownedentity": "StateOwnedEntity",
    "none": "None",
}
_SEGMENTS = {"k12", "highereducation"}


def get_qualifications(asked: Asked) -> Answer:
    """Answer the customer's qualifications, none as such; the date has one name here and another one when asked for."""
    held = [{**each, "vettingCreatedDate": each.get("vettingCreateDate")} for each in asked.customer().qualifications]
    return Answer(json=held or [{"qualification": "None"}])


def post_qualification(asked: Asked) -> Answer:
    """Ask for a qualification; government needs a code and is approved at once, the others are looked at for a day."""
    customer, body = asked.customer(), asked.json()
    wanted = _QUALIFICATIONS.get(str(body.get("qualification") or "").replace("_", "").lower())
    if wanted is None or wanted == "None":
        raise RefusedError(400, 3000, f"Invalid property: qualification '{body.get('qualification')}'.")
    if any(each["qualification"] == wanted and each["vettingStatus"] != "Denied" for each in customer.qualifications):
        raise RefusedError(409, 600006, f"The customer has the qualification {wanted} already.")
    is_government = wanted == "GovernmentCommunityCloud"
    if is_government and not asked.first("code"):
        raise RefusedError(400, 3000, "Invalid property: code is missing.")
    segment = str(body.get("educationSegment") or "")
    if segment and segment.lower() not in _SEGMENTS:
        raise RefusedError(400, 3000, f"Invalid property: educationSegment '{segment}'.")
    status = "Approved" if is_government else "InReview"
    made = {"qualification": wanted, "vettingStatus": status, "vettingCreateDate": instant(asked.now)}
    customer.qualifications.append(made)
    if not is_government:
        asked.world.clock.at(asked.now + timedelta(days=1), lambda _: made.update(vettingStatus="Approved"))
    tell(asked.world, customer, "customer", customer.id, "update_customer_qualification", after=made)
    return Answer(status=201, json=made)


def get_qualification(asked: Asked) -> Answer:
    """Answer the first approved qualification as one word, as the call of 2021 does."""
    approved = [
        each["qualification"] for each in asked.customer().qualifications if each["vettingStatus"] == "Approved"
    ]
    return Answer(json=approved[0] if approved else "none")


def put_qualification(asked: Asked) -> Answer:
    """Set the one qualification the call of 2021 knows."""
    customer = asked.customer()
    body = asked.body
    sent = body if isinstance(body, str) else str(thing(body, "body").get("qualification") or "education")
    wanted = _QUALIFICATIONS.get(sent.replace("_", "").lower(), "None")
    created = instant(asked.now)
    customer.qualifications = [{"qualification": wanted, "vettingStatus": "Approved", "vettingCreateDate": created}]
    return Answer(json=wanted.lower())


_SERVICES = (
    ("exchange", "Exchange", "Office365"),
    ("sharepoint", "SharePoint", "Office365"),
    ("azure", "Azure", "Azure"),
)


def get_managed_services(asked: Asked) -> Answer:
    """Answer the addresses at which the partner manages the customer's services, none without delegated access."""
    customer = asked.customer()
    if not customer.allows_delegated_access:
        return Answer(json=collection([], f"/customers/{customer.id}/managedservices"))
    items = [_managed_service(customer, *each) for each in _SERVICES]
    return Answer(json=collection(items, f"/customers/{customer.id}/managedservices"))


def _managed_service(customer: Customer, key: str, name: str, group: str) -> Json:
    admin = f"https://admin.microsoft.com/Partner/BeginClientSession.aspx?CTID={customer.id}&CSDEST={key}"
    return {
        "id": key,
        "name": name,
        "groupName": group,
        "links": {
            "adminService": link(admin),
            "serviceHealth": link(f"{admin}&health=true"),
            "serviceTicket": link(f"{admin}&ticket=true"),
        },
        "attributes": {"objectType": "ManagedService"},
    }


_ONE = "/v1/customers/{customer_id}"
CALLS: tuple[Call, ...] = (
    Call(method="GET", path=f"{_ONE}/validationStatus", handler=get_validation_status, needs_user=True),
    Call(method="GET", path=f"{_ONE}/qualifications", handler=get_qualifications),
    Call(method="POST", path=f"{_ONE}/qualifications", handler=post_qualification, needs_user=True),
    Call(method="GET", path=f"{_ONE}/qualification", handler=get_qualification),
    Call(method="PUT", path=f"{_ONE}/qualification", handler=put_qualification, needs_user=True),
    Call(method="GET", path=f"{_ONE}/managedservices", handler=get_managed_services, needs_user=True),
)
