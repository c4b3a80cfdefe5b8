"""The Microsoft Customer Agreement: what it is, who accepted it, and attestations that lead to it.

An attestation goes ``attestation_created``, ``accepted``, ``agreement_created``. The customer accepts on a page of
Microsoft's; here that is ``POST /simulator/attestations/{id}/accept``. Names in the attestation that Microsoft has not
published are read in both spellings that are in use.

Not here: whether an order needs it (``ordering``).
"""

import re
from datetime import datetime
from html import escape

from local.partner_center.answers import Answer, Asked, Call, Host, RefusedError, link
from local.partner_center.countries import COUNTRIES
from local.partner_center.customers_making import (
    AGREEMENT_LINK,
    AGREEMENT_TEMPLATE,
    accept_agreement,
    tell,
)
from local.partner_center.entities import Customer, Json

CLOUD_TEMPLATE = "998b88de-aa99-4388-a42c-1b3517d49490"
_KINDS = {
    "microsoftcustomeragreement": ("MicrosoftCustomerAgreement", AGREEMENT_TEMPLATE, AGREEMENT_LINK),
    "microsoftcloudagreement": ("MicrosoftCloudAgreement", CLOUD_TEMPLATE, "https://aka.ms/cloudagreement"),
}
_MAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


def _collection(items: list[Json]) -> Answer:
    return Answer(json={"totalCount": len(items), "items": items, "attributes": {"objectType": "Collection"}})


def _kinds(asked: Asked, default: str) -> list[str]:
    """Return the kinds of agreement asked for; ``*`` is all."""
    sent = asked.first("agreementType", default).lower()
    if sent == "*":
        return list(_KINDS)
    if sent not in _KINDS:
        raise RefusedError(400, 3000, f"Invalid property: agreementType '{sent}'.")
    return [sent]


def get_metadata(asked: Asked) -> Answer:
    """Answer which agreements there are; the cloud agreement where nothing is asked for, as ever."""
    answer = _collection(
        [
            {"templateId": template, "agreementType": name, "agreementLink": url, "versionRank": 0}
            for name, template, url in (_KINDS[kind] for kind in _kinds(asked, "MicrosoftCloudAgreement"))
        ]
    )
    answer.json["links"] = {"self": link("/agreements")}
    return answer


def get_document(asked: Asked) -> Answer:
    """Answer where the agreement can be read; another address at each call."""
    if asked.path["template_id"] not in {AGREEMENT_TEMPLATE, CLOUD_TEMPLATE}:
        raise RefusedError(404, 1000, f"The agreement template {asked.path['template_id']} was not found.")
    country = asked.first("country", "US")
    language = asked.first("language", "en-US")
    rules = COUNTRIES.get(country)
    if rules is None:
        raise RefusedError(400, 3000, f"Invalid property: country '{country}'.")
    language = language if language in {*rules.cultures, "en-US"} else "en-US"
    name = f"{asked.base_url}/simulator/agreements/{country}/{language}/{asked.world.token(16)}"
    return Answer(
        json={
            "displayUri": f"{name}/preview",
            "downloadUri": f"{name}/download",
            "language": language,
            "country": country,
        }
    )


def get_agreement_page(asked: Asked) -> Answer:
    """Answer the page behind an agreement's address."""
    text = f"Microsoft Customer Agreement ({asked.path['country']}, {asked.path['language']}), simulated.\n"
    return Answer(content=text.encode(), content_type="text/plain; charset=utf-8")


def get_agreements(asked: Asked) -> Answer:
    """Answer which agreements the customer accepted, by the partner's word."""
    customer, kinds = asked.customer(), _kinds(asked, "MicrosoftCloudAgreement")
    return _collection([each for each in customer.agreements if str(each["type"]).lower() in kinds])


def post_agreement(asked: Asked) -> Answer:
    """Keep that the customer accepted the agreement, with the contact or with an accepted attestation."""
    customer, body = asked.customer(), asked.json()
    attestation_id = str(body.get("attestationId") or "")
    if attestation_id:
        return Answer(status=201, json=_agreement_of(asked, customer, attestation_id))
    contact, kind = body.get("primaryContact"), str(body.get("type") or "").lower()
    if not isinstance(contact, dict):
        raise RefusedError(400, 3000, "Invalid property: primaryContact is missing.")
    if kind not in _KINDS or body.get("templateId") != _KINDS[kind][1]:
        raise RefusedError(400, 3000, "Invalid property: templateId and type do not name an agreement.")
    for needed in ("firstName", "lastName", "email"):
        if not str(contact.get(needed) or "").strip():
            raise RefusedError(400, 3000, f"Invalid property: primaryContact.{needed} is missing.")
    made = accept_agreement(
        asked.world,
        customer,
        email=str(contact["email"]),
        first_name=str(contact["firstName"]),
        last_name=str(contact["lastName"]),
        phone=str(contact.get("phoneNumber") or ""),
        agreed_at=_instant(str(body.get("dateAgreed") or "")),
    )
    made.update(type=_KINDS[kind][0], templateId=_KINDS[kind][1], agreementLink=_KINDS[kind][2])
    tell(asked.world, customer, "agreement", customer.id, "create_customer_agreement", after=made)
    return Answer(status=201, json={name: value for name, value in made.items() if name != "agreementLink"})


def _instant(sent: str) -> datetime:
    try:
        return datetime.fromisoformat(sent)
    except ValueError as error:
        raise RefusedError(400, 3000, f"Invalid property: dateAgreed '{sent}'.") from error


def get_direct_sign_status(asked: Asked) -> Answer:
    """Answer whether the customer accepted the agreement with Microsoft itself."""
    return Answer(json={"isSigned": asked.customer().is_directly_signed})


_SIGNATORY = {
    "signatoryFirstName": ("signatoryFirstName", "firstName"),
    "signatoryLastName": ("signatoryLastName", "lastName"),
    "signatoryEmail": ("signatoryEmail", "signatoryEmailAddress", "email"),
}


def post_attestation(asked: Asked) -> Answer:
    """Begin an attestation: the customer reads and accepts at the address that comes back."""
    body = asked.json()
    told = {name: _first(body, spellings) for name, spellings in _SIGNATORY.items()}
    told |= {name: str(body.get(name) or "") for name in ("country", "language", "companyName")}
    for name, value in told.items():
        if not value.strip():
            raise RefusedError(400, 3000, f"Invalid property: {name} is missing.")
    if told["country"].upper() not in COUNTRIES:
        raise RefusedError(400, 3000, f"Invalid property: country '{told['country']}'.")
    if not _MAIL.match(told["signatoryEmail"]):
        raise RefusedError(400, 3000, "Invalid property: signatoryEmail.")
    phone = _first(body, ("signatoryPhone", "signatoryPhoneNumber", "phoneNumber"))
    made: Json = {"attestationId": asked.world.guid(), "status": "attestation_created", **told, "signatoryPhone": phone}
    _attestations(asked)[made["attestationId"]] = made
    return Answer(status=201, json=_shown(asked, made))


def _first(body: Json, names: tuple[str, ...]) -> str:
    return next((str(body[name]) for name in names if body.get(name)), "")


def _attestations(asked: Asked) -> dict[str, Json]:
    found: dict[str, Json] = asked.world.room("attestations", dict)
    return found


def _shown(asked: Asked, attestation: Json) -> Json:
    page = f"{asked.base_url}/simulator/attestations/{attestation['attestationId']}"
    return {**attestation, "acceptanceUri": page, "attributes": {"objectType": "EnhancedAttestation"}}


def _attestation(asked: Asked, attestation_id: str) -> Json:
    found = _attestations(asked).get(attestation_id.lower())
    if found is None:
        raise RefusedError(404, 1000, f"The attestation {attestation_id} was not found.")
    return found


def get_attestation(asked: Asked) -> Answer:
    """Answer how far an attestation is."""
    return Answer(json=_shown(asked, _attestation(asked, asked.path["attestation_id"])))


def get_attestation_page(asked: Asked) -> Answer:
    """Answer the page on which the customer accepts."""
    found = _attestation(asked, asked.path["attestation_id"])
    button = f'<form method="POST" action="{found["attestationId"]}/accept"><button>I accept</button></form>'
    page = f"<!doctype html><title>Microsoft Customer Agreement</title><p>{escape(found['companyName'])}</p>{button}"
    return Answer(content=page.encode(), content_type="text/html; charset=utf-8")


def accept_attestation(asked: Asked) -> Answer:
    """Be the customer who accepts."""
    found = _attestation(asked, asked.path["attestation_id"])
    if found["status"] == "attestation_created":
        found.update(status="accepted", acceptedAt=f"{asked.now:%Y-%m-%dT%H:%M:%S}Z")
    return Answer(json=_shown(asked, found))


def _agreement_of(asked: Asked, customer: Customer, attestation_id: str) -> Json:
    found = _attestation(asked, attestation_id)
    if found["status"] == "attestation_created":
        raise RefusedError(400, 3000, f"The attestation {attestation_id} is not accepted yet.")
    made = accept_agreement(
        asked.world,
        customer,
        email=found["signatoryEmail"],
        first_name=found["signatoryFirstName"],
        last_name=found["signatoryLastName"],
        phone=found["signatoryPhone"],
    )
    found["status"] = "agreement_created"
    tell(asked.world, customer, "agreement", customer.id, "create_customer_agreement", after=made)
    return {name: value for name, value in made.items() if name != "agreementLink"}


_ONE = "/v1/customers/{customer_id}"
_PAGE = "/simulator/agreements/{country}/{language}/{token}/{kind}"
_ENHANCED = "/v1/attestations/enhanced"
_ATTESTATION = "/simulator/attestations/{attestation_id}"
CALLS: tuple[Call, ...] = (
    Call(method="GET", path="/v1/agreements", handler=get_metadata, needs_user=True),
    Call(method="GET", path="/v1/agreementtemplates/{template_id}/document", handler=get_document, needs_user=True),
    Call(method="GET", path=_PAGE, handler=get_agreement_page, host=Host.OPEN),
    Call(method="GET", path=f"{_ONE}/agreements", handler=get_agreements, needs_user=True),
    Call(method="POST", path=f"{_ONE}/agreements", handler=post_agreement, needs_user=True, is_repeatable=True),
    Call(
        method="GET",
        path=f"{_ONE}/directSignedMicrosoftCustomerAgreementStatus",
        handler=get_direct_sign_status,
        needs_user=True,
    ),
    Call(method="POST", path=_ENHANCED, handler=post_attestation, needs_app=True, is_repeatable=True),
    Call(method="GET", path=f"{_ENHANCED}/{{attestation_id}}", handler=get_attestation, needs_app=True),
    Call(method="GET", path=_ATTESTATION, handler=get_attestation_page, host=Host.OPEN),
    Call(method="POST", path=f"{_ATTESTATION}/accept", handler=accept_attestation, host=Host.OPEN),
)
