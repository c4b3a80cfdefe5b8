"""The simulator's answers about customers against Microsoft's own description of the customer service.

The facts of it are in ``fixtures/partner_center/customer_properties.json``. Where the environment variable
PRORATA_SWAGGER names Microsoft's file itself, the answers are held against that too.

Known errors of the description, allowed for here: enumerations are called integers and sent as words; a password is
sent as text and not as an object; ``agreements`` are collections and not bare arrays; qualifications are an array.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[3]
FIXTURE = ROOT / "tests" / "fixtures" / "partner_center" / "customer_properties.json"
US = {"addressLine1": "One Microsoft Way", "city": "Redmond", "state": "WA", "postalCode": "98052", "country": "US"}
NEW = {
    "companyProfile": {"domain": "schemas.onmicrosoft.com"},
    "billingProfile": {
        "culture": "en-US",
        "email": "buyer@schemas.example",
        "language": "en",
        "companyName": "Schemas",
        "defaultAddress": {"firstName": "Noor", "lastName": "Jansen", **US},
    },
}
DOMAIN = {"VerifiedDomainName": "example.com", "Domain": {"AuthenticationType": "Managed", "Capability": "Email"}}
AGREED = {
    "primaryContact": {"firstName": "Tania", "lastName": "Carr", "email": "tania@contoso.example"},
    "templateId": "117a77b0-9360-443b-8795-c6dedc750cf9",
    "dateAgreed": "2026-09-01T00:00:00Z",
    "type": "MicrosoftCustomerAgreement",
}
BILLING = {**NEW["billingProfile"], "attributes": {"etag": "$billing_etag"}}
POLICY = {"selfServeEntity": {"tenantID": "$customer"}, "permissions": [{"resource": "A", "action": "Purchase"}]}
CALLS = (
    ("GET", "/v1/customers?size=2", None, "Collection", "Customer"),
    ("GET", "/v1/customers/{customer}", None, "One", "Customer"),
    ("POST", "/v1/customers", NEW, "One", "Customer"),
    ("GET", "/v1/customers/{customer}/profiles/company", None, "One", "CustomerCompanyProfile"),
    ("GET", "/v1/customers/{customer}/profiles/billing", None, "One", "CustomerBillingProfile"),
    ("PUT", "/v1/customers/{customer}/profiles/billing", BILLING, "One", "CustomerBillingProfile"),
    ("POST", "/v1/customers/{customer}/verifieddomain", DOMAIN, "One", "Domain"),
    ("GET", "/v1/customers/{customer}/managedservices", None, "Collection", "ManagedService"),
    (
        "GET",
        "/v1/relationships?relationship_type=IsIndirectCloudSolutionProviderOf",
        None,
        "Collection",
        "PartnerRelationship",
    ),
    ("GET", "/v1/customers/{customer}/relationships", None, "Collection", "PartnerRelationship"),
    ("GET", "/v1/customers/relationshiprequests", None, "One", "RelationshipRequest"),
    ("GET", "/v1/agreements?agreementType=*", None, "Collection", "AgreementMetadata"),
    (
        "GET",
        "/v1/agreementTemplates/117a77b0-9360-443b-8795-c6dedc750cf9/document?language=nl-NL&country=NL",
        None,
        "One",
        "AgreementDocument",
    ),
    ("GET", "/v1/customers/{customer}/agreements?agreementType=*", None, "Collection", "Agreement"),
    ("POST", "/v1/customers/{customer}/agreements", AGREED, "One", "Agreement"),
    (
        "GET",
        "/v1/customers/{customer}/directSignedMicrosoftCustomerAgreementStatus",
        None,
        "One",
        "DirectSignedCustomerAgreementStatus",
    ),
    ("GET", "/v1/customers/{customer}/qualifications", None, "Array", "CustomerQualification"),
    (
        "POST",
        "/v1/customers/{customer}/qualifications",
        {"qualification": "StateOwnedEntity"},
        "One",
        "CustomerQualification",
    ),
    ("GET", "/v1/customers/all/validations", None, "Array", "GccValidation"),
    ("GET", "/v1/partnerRequests", None, "Collection", "PartnerRequest"),
    ("GET", "/v1/nonMfaCompliantPartnerPrincipals", None, "Collection", "NonMfaCompliantPartnerPrincipalDetails"),
    ("GET", "/v1/applicationmfaadoptionstatus", None, "Array", "ApplicationMfaAdoptionStatus"),
    ("POST", "/v1/SelfServePolicy", POLICY, "One", "SelfServePolicy"),
    ("GET", "/v1/SelfServePolicy?entity_id={customer}", None, "Collection", "SelfServePolicy"),
    ("GET", "/v1/countryvalidationrules/US", None, "One", "CustomerCountryValidationRules"),
    ("GET", "/v1/countryvalidationrules/BR", None, "One", "CustomerCountryValidationRules"),
    ("GET", "/v1/customers/{customer}/users", None, "Collection", "CustomerUser"),
    ("GET", "/v1/customers/{customer}/users/{user}", None, "One", "CustomerUser"),
    ("GET", "/v1/customers/{customer}/serviceincidents/office", None, "Collection", "ServiceIncidentDetail"),
)


@cache
def _own() -> dict[str, Any]:
    facts = json.loads(FIXTURE.read_text("utf-8"))["definitions"]
    return {name: {"type": "object", "properties": _properties(each)} for name, each in facts.items()}


def _properties(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: _schema(form) for name, form in facts.items()}


def _schema(form: Any) -> dict[str, Any]:
    if isinstance(form, list):
        return {"type": "array", "items": _schema(form[0])}
    if form.startswith("->"):
        return {"$ref": f"#/definitions/{form[2:]}"}
    if form.startswith("enum:"):
        return {"enum": form[5:].split("|")}
    return {"type": "string" if form == "date-time" else form}


@cache
def _microsofts() -> dict[str, Any]:
    """Return the definitions of Microsoft's own file by the last part of their names, its known errors put right."""
    path = os.environ.get("PRORATA_SWAGGER", "")
    if not path:
        pytest.skip("PRORATA_SWAGGER does not name Microsoft's CustomerService.json")
    found = json.loads(Path(path).read_text("utf-8"))["definitions"]
    return {_last(name): _usable(each) for name, each in found.items()}


def _last(name: str) -> str:
    return name if "[" in name else name.rpartition(".")[2]


def _usable(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_usable(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = _last(str(schema["$ref"]).removeprefix("#/definitions/"))
        return {"type": "string"} if name == "SecureString" else {"$ref": f"#/definitions/{name}"}
    kept = {key: _usable(each) for key, each in schema.items() if key not in {"readOnly", "format", "xml"}}
    words = schema.get("enum")
    if isinstance(words, list) and all(isinstance(each, str) for each in words):
        kept["type"] = "string"
    return kept


def _wrapped(kind: str, name: str, definitions: dict[str, Any]) -> dict[str, Any]:
    one: dict[str, Any] = {"$ref": f"#/definitions/{name}"}
    if kind == "Array":
        one = {"type": "array", "items": one}
    if kind == "Collection":
        links = {"$ref": "#/definitions/ResourceLinks"}
        items = {"type": "array", "items": one}
        told = {"totalCount": {"type": "integer"}, "items": items, "links": links}
        one = {"type": "object", "properties": told, "required": ["totalCount", "items", "attributes"]}
    return {"definitions": definitions, **one}


def _answer(documented: Any, method: str, path: str, body: Any) -> Any:
    if path.startswith("/v1/SelfServePolicy?"):
        documented.ask("POST", "/v1/SelfServePolicy", json=documented.filled(POLICY))
    sent = {} if body is None else {"json": documented.filled(body)}
    answer = documented.ask(method, path, **sent)
    assert answer.ok, answer.text
    return json.loads(answer.content.decode("utf-8-sig"))


def _unknown(value: Any, schema: dict[str, Any], definitions: dict[str, Any]) -> set[str]:
    """Return the keys of an answer that a definition does not know, at any depth."""
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    if isinstance(value, list):
        return {key for each in value for key in _unknown(each, schema.get("items", {}), definitions)}
    if not isinstance(value, dict) or "properties" not in schema:
        return set()
    known = schema["properties"]
    deeper = (_unknown(each, known[key], definitions) for key, each in value.items() if key in known)
    return {key for key in value if key not in known}.union(*deeper)


NEWER = {"enableGDAPByDefault", "vettingCreatedDate", "ipAddress", "attributes"}
"""Keys that Microsoft's pages show and that its description, which is older, does not know."""


@pytest.mark.parametrize(("method", "path", "body", "kind", "name"), CALLS)
def test_an_answer_about_customers_fits_the_description(
    documented: Any, method: str, path: str, body: Any, kind: str, name: str
) -> None:
    """Every property has the type that Microsoft's description gives it, and none has a name of our own."""
    definitions = _own()
    schema = _wrapped(kind, name, definitions)
    answer = _answer(documented, method, path, body)

    assert [] == [error.message for error in Draft202012Validator(schema).iter_errors(answer)]
    assert set() == _unknown(answer, schema, definitions) - NEWER


@pytest.mark.parametrize(("method", "path", "body", "kind", "name"), CALLS)
def test_an_answer_about_customers_fits_microsofts_own_file(
    documented: Any, method: str, path: str, body: Any, kind: str, name: str
) -> None:
    """The same, with the file that PRORATA_SWAGGER names."""
    schema = _wrapped(kind, name, _microsofts())
    answer = _answer(documented, method, path, body)

    assert [] == [error.message for error in Draft202012Validator(schema).iter_errors(answer)]
