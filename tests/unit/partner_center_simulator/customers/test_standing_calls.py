"""Agreements, consents, invitations and what is asked before a customer is made, at the simulator."""

from typing import Any

import pytest

from local.partner_center.countries import COUNTRIES

TEMPLATE = "117a77b0-9360-443b-8795-c6dedc750cf9"
SIGNATORY = {
    "country": "NL",
    "language": "nl-NL",
    "companyName": "Nieuw",
    "signatoryFirstName": "Noor",
    "signatoryLastName": "Jansen",
    "signatoryEmail": "noor@nieuw.example",
}


def test_an_agreement_is_confirmed_once_for_a_person(desk: Any) -> None:
    """The same contact again is 400 with 600061 in the newer body; another person is fine."""
    path = f"/v1/customers/{desk.customer.id}/agreements"
    contact = {"firstName": "Noor", "lastName": "Jansen", "email": "noor@korenaar.example"}
    sent = {
        "primaryContact": contact,
        "templateId": TEMPLATE,
        "dateAgreed": "2026-01-01T00:00:00Z",
        "type": "MicrosoftCustomerAgreement",
    }
    answers = [desk.call("POST", path, sent), desk.call("POST", path, sent)]
    other = desk.call("POST", path, {**sent, "primaryContact": {**contact, "email": "piet@korenaar.example"}})

    assert [201, 400, 201] == [*(each.status for each in answers), other.status]
    assert (600061, "PartnerConfirmedAgreementAlreadyExists") == (answers[1].json["code"], answers[1].json["errorName"])


def test_an_attestation_takes_the_application_and_the_customers_yes(desk: Any) -> None:
    """A person's token is refused; before the customer accepted there is no agreement, afterwards one."""
    desk.customer.agreements.clear()
    path = "/v1/attestations/enhanced"
    refused = desk.call("POST", path, SIGNATORY)
    made = desk.call("POST", path, SIGNATORY, is_app_only=True)
    agreements = f"/v1/customers/{desk.customer.id}/agreements"
    sent = {"attestationId": made.json["attestationId"]}
    early = desk.call("POST", agreements, sent)
    desk.call("POST", f"/simulator/attestations/{made.json['attestationId']}/accept")
    late = desk.call("POST", agreements, sent)

    assert [403, 201, 400, 201] == [refused.status, made.status, early.status, late.status]
    assert "noor@nieuw.example" == desk.customer.agreements[0]["primaryContact"]["email"]


def test_consent_is_given_once_and_taken_back(desk: Any) -> None:
    """201, then a conflict that says the permission exists; after the deletion it can be given anew."""
    path = f"/v1/customers/{desk.customer.id}/applicationconsents"
    grant = {"enterpriseApplicationId": "00000003-0000-0000-c000-000000000000", "scope": "User.ReadWrite.All"}
    sent = {"applicationId": "57667d41-992a-49b0-99d8-ddf68328373f", "applicationGrants": [grant]}
    first, second = desk.call("POST", path, sent), desk.call("POST", path, sent)
    deleted = desk.call("DELETE", f"{path}/{sent['applicationId']}")

    assert (201, 409) == (first.status, second.status)
    assert "Permission entry already exists" in second.json["description"]
    assert (204, 201) == (deleted.status, desk.call("POST", path, sent).status)


def test_a_domain_is_taken_with_200_and_free_with_404(desk: Any) -> None:
    """Both answers are empty; the older call says the same in one word."""
    taken = desk.call("HEAD", f"/v1/domains/{desk.customer.domain.upper()}")
    free = desk.call("HEAD", "/v1/domains/vrij.onmicrosoft.com")

    assert (200, 404, None) == (taken.status, free.status, free.json)
    assert desk.call("GET", "/v1/validations/checkdomainavailability/vrij").json is True
    assert desk.call("GET", "/v1/validations/checkdomainavailability/korenaar").json is False


@pytest.mark.parametrize(
    ("street", "city", "code", "status"),
    [
        ("1 Microsoft Way", "Redmond", "98052", "VerifiedShippable"),
        ("Microsoft Way", "Redmond", "98052", "StreetPartial"),
        ("1 Tower Street", "Redmond", "98052", "PremisesPartial"),
        ("1 Microsoft Way", "New  York", "98052", "InteractionRequired"),
        ("1 North or 1 South Street", "Redmond", "98052", "Multiple"),
        ("1 Microsoft Way", "Redmond", "9805", "None"),
    ],
)
def test_an_address_gets_microsofts_verdict(desk: Any, street: str, city: str, code: str, status: str) -> None:
    """The status says how sure it is; a good address comes back with its long postal code."""
    sent = {"addressLine1": street, "city": city, "state": "WA", "postalCode": code, "country": "US"}
    answer = desk.call("POST", "/v1/validations/address", sent)

    assert (200, status) == (answer.status, answer.json["status"])
    assert all(each["postalCode"].startswith("98052-") for each in answer.json["suggestedAddresses"])


def test_an_address_in_an_unknown_country_is_not_validated(desk: Any) -> None:
    """Nothing is known of it, and nothing suggested."""
    answer = desk.call("POST", "/v1/validations/address", {"addressLine1": "1", "city": "X", "country": "ZZ"})

    assert ("NotValidated", []) == (answer.json["status"], answer.json["suggestedAddresses"])


@pytest.mark.parametrize("country", sorted(COUNTRIES))
def test_every_country_has_rules_of_its_own(desk: Any, country: str) -> None:
    """A country whose customers need a registration number says so, with a pattern its own sample fits."""
    rules = desk.call("GET", f"/v1/countryvalidationrules/{country.lower()}").json

    assert country == rules["iso2Code"]
    needs = rules["customerOrganizationRegistrationNumberRequired"]
    assert needs is ("customerOrganizationRegistrationNumberRegex" in rules)


def test_a_provider_asks_whether_its_reseller_signed(desk: Any) -> None:
    """One of two ids, not both, not none, and not a stranger's."""
    path = "/v1/compliance/csp/agreementstatus"

    assert desk.call("GET", f"{path}?mpnId=4847383").json["isAgreementSigned"] is True
    assert [2001, 2000, 2200] == [
        desk.call("GET", f"{path}{query}").json["code"]
        for query in ("", "?mpnId=1&tenantId=484e548c-f5f3-4528-93a9-c16c6373cb59", "?mpnId=99")
    ]


def test_a_stranger_to_the_partner_programme_is_not_found(desk: Any) -> None:
    """Asked for oneself, a reseller, and somebody unknown."""
    own = desk.call("GET", "/v1/profiles/mpn").json
    unknown = desk.call("GET", "/v1/profiles/mpn?mpnId=9999999")

    assert desk.world.partner.mpn_id == own["mpnId"]
    assert (404, 3000) == (unknown.status, unknown.json["code"])
