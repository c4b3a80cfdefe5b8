"""Consent of the partner's application in a customer's tenant: given, read, taken back.

Not here: tokens for that tenant (``identity``).
"""

from local.partner_center.answers import Answer, Asked, Call, RefusedError, collection
from local.partner_center.customers_making import may_manage, tell
from local.partner_center.entities import Customer, Json


def _customer(asked: Asked) -> Customer:
    customer = asked.customer()
    if not may_manage(asked.world, customer):
        raise RefusedError(403, 900308, "The signed-in user has no delegated role in the customer's tenant.")
    return customer


def post_consent(asked: Asked) -> Answer:
    """Give an application rights in the customer's tenant; what is there must be deleted before it is changed."""
    customer, body = _customer(asked), asked.json()
    application_id, grants = str(body.get("applicationId") or "").lower(), body.get("applicationGrants")
    if not application_id or not isinstance(grants, list) or not grants:
        raise RefusedError(400, 3000, "Invalid property: applicationId and applicationGrants are needed.")
    for grant in grants:
        if not isinstance(grant, dict) or not grant.get("enterpriseApplicationId") or not grant.get("scope"):
            raise RefusedError(400, 3000, "Invalid property: each grant needs enterpriseApplicationId and scope.")
    if application_id in customer.consents:
        raise RefusedError(409, 1000, "Permission entry already exists.")
    consent: Json = {
        "applicationId": application_id,
        "displayName": body.get("displayName"),
        "applicationGrants": grants,
        "attributes": {"objectType": "ApplicationConsent"},
    }
    customer.consents[application_id] = consent
    tell(asked.world, customer, "application_consent", application_id, "create_application_consent", after=consent)
    return Answer(status=201, json=consent)


def get_consents(asked: Asked) -> Answer:
    """Answer the consents in the customer's tenant."""
    customer = _customer(asked)
    own = f"/customers/{customer.id}/applicationconsents"
    return Answer(json=collection(list(customer.consents.values()), own))


def get_consent(asked: Asked) -> Answer:
    """Answer one application's consent."""
    found = _customer(asked).consents.get(asked.path["application_id"].lower())
    if found is None:
        raise RefusedError(404, 1000, f"The application {asked.path['application_id']} has no consent.")
    return Answer(json=found)


def remove_consent(asked: Asked) -> Answer:
    """Take an application's rights back; none is no error."""
    customer, application_id = _customer(asked), asked.path["application_id"].lower()
    before = customer.consents.pop(application_id, None)
    if before is not None:
        tell(asked.world, customer, "application_consent", application_id, "delete_application_consent", before=before)
    return Answer(status=204)


_ALL = "/v1/customers/{customer_id}/applicationconsents"
CALLS: tuple[Call, ...] = (
    Call(method="GET", path=_ALL, handler=get_consents, needs_user=True),
    Call(method="POST", path=_ALL, handler=post_consent, needs_user=True),
    Call(method="GET", path=f"{_ALL}/{{application_id}}", handler=get_consent, needs_user=True),
    Call(method="DELETE", path=f"{_ALL}/{{application_id}}", handler=remove_consent, needs_user=True),
)
