"""Customers at the simulator: made with all of Microsoft's refusals, listed page by page, changed, left."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from local.partner_center.customers_making import accept_relationship, create_customer

BASIC = "3b555118-da6a-4418-894f-7df1e2096870"


def wanted(domain: str = "new.onmicrosoft.com", country: str = "NL", **more: Any) -> dict[str, Any]:
    """Return the body of a new customer."""
    places = {
        "NL": {"addressLine1": "Dam 1", "city": "Amsterdam", "postalCode": "1012 JS"},
        "US": {"addressLine1": "1 Microsoft Way", "city": "Redmond", "state": "WA", "postalCode": "98052"},
        "BR": {"addressLine1": "Rua 1", "city": "Recife", "postalCode": "50030-230", "phoneNumber": "+55 81 5550100"},
    }
    address = {"firstName": "Noor", "lastName": "Jansen", "country": country, **places[country], **more.pop("at", {})}
    billing = {"culture": "nl-NL", "email": "n@new.example", "language": "nl", "companyName": "Nieuw", **more}
    return {"companyProfile": {"domain": domain}, "billingProfile": {**billing, "defaultAddress": address}}


def test_a_password_is_told_once_and_never_again(desk: Any) -> None:
    """The answer to the creation has credentials; reading the customer shows none."""
    made = desk.call("POST", "/v1/customers", wanted())
    read = desk.call("GET", f"/v1/customers/{made.json['id']}")

    assert (201, "admin") == (made.status, made.json["userCredentials"]["userName"])
    assert made.json["userCredentials"]["password"]
    assert "userCredentials" not in read.json
    assert "reseller" == read.json["relationshipToPartner"]


def test_a_repeated_request_id_makes_one_customer(desk: Any) -> None:
    """The same MS-RequestId brings back the first answer with its password."""
    first = desk.call("POST", "/v1/customers", wanted(), MS_RequestId="6b1e6e0e-52c6-4f1b-9d49-7d6e8c5f1a11")
    again = desk.call("POST", "/v1/customers", wanted(), MS_RequestId="6b1e6e0e-52c6-4f1b-9d49-7d6e8c5f1a11")

    assert first.json == again.json
    assert 2 == len(desk.world.customers)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (wanted(domain="korenaar.onmicrosoft.com"), 400, 3000),
        (wanted(domain="no domain"), 400, 3000),
        (wanted(at={"postalCode": "12"}), 400, 3000),
        (wanted(at={"country": "XX"}), 403, 2030),
        (wanted(country="US", at={"state": "ZZ"}), 400, 3000),
        (wanted(country="BR"), 400, 600049),
        (wanted(email=""), 400, 3000),
    ],
)
def test_a_customer_that_breaks_a_rule_is_refused(desk: Any, body: dict[str, Any], status: int, code: int) -> None:
    """Domain, address, country and required parts are checked; nothing is made."""
    answer = desk.call("POST", "/v1/customers", body)

    assert (status, code) == (answer.status, answer.json["code"])
    assert 1 == len(desk.world.customers)


@pytest.mark.parametrize(
    ("country", "number", "phone", "code"),
    [("NL", "123", "", 600002), ("BR", "12", "+55 81 5550100", 600050), ("BR", "60316817000103", "", 600051)],
)
def test_registration_numbers_follow_the_country(desk: Any, country: str, number: str, phone: str, code: int) -> None:
    """A number where none is taken, a wrong one, and a missing telephone number have codes of their own."""
    body = wanted(country=country, at={"phoneNumber": phone})
    body["companyProfile"]["organizationRegistrationNumber"] = number

    assert code == desk.call("POST", "/v1/customers", body).json["code"]


def test_a_reseller_of_a_provider_is_made_by_a_person_only(desk: Any) -> None:
    """With an associated partner the token must be a user's."""
    body = {**wanted(), "associatedPartnerId": "484e548c-f5f3-4528-93a9-c16c6373cb59"}
    refused = desk.call("POST", "/v1/customers", body, is_app_only=True)
    made = desk.call("POST", "/v1/customers", body)

    assert (403, 900329) == (refused.status, refused.json["code"])
    assert "reseller" == made.json["relationshipToPartner"]


def test_pages_neither_repeat_nor_hide_a_customer(desk: Any) -> None:
    """Following links.next to its end yields every customer once, also when one is deleted under way."""
    made = [create_customer(desk.world, name=f"K{n}", domain=f"k{n}.example") for n in range(25)]
    answer = desk.call("GET", "/v1/customers?size=7")
    seen = [each["id"] for each in answer.json["items"]]
    gone = next(each for each in made if each.id not in seen)
    gone.relationship = "none"
    while "next" in answer.json["links"]:
        following = answer.json["links"]["next"]
        headers = {each["key"].replace("-", "_"): each["value"] for each in following["headers"]}
        answer = desk.call("GET", f"/v1{following['uri']}", **headers)
        seen += [each["id"] for each in answer.json["items"]]

    assert sorted({desk.customer.id, *(each.id for each in made)} - {gone.id}) == seen


def test_a_filter_holds_on_every_page(desk: Any) -> None:
    """starts_with ignores case, and the continuation token carries the filter."""
    for n in range(5):
        create_customer(desk.world, name=f"Contoso {n}", domain=f"c{n}.example")
    told = quote(json.dumps({"Field": "CompanyName", "Value": "cont", "Operator": "starts_with"}))
    first = desk.call("GET", f"/v1/customers?size=3&filter={told}")
    token = first.json["links"]["next"]["headers"][0]["value"]
    second = desk.call("GET", "/v1/customers?seekOperation=Next", MS_ContinuationToken=token)

    assert (3, 2) == (first.json["totalCount"], second.json["totalCount"])


@pytest.mark.parametrize("query", ["size=x", "seekOperation=Next", "filter=x", 'filter={"Field":"Age","Value":"1"}'])
def test_a_list_that_cannot_be_read_is_refused(desk: Any, query: str) -> None:
    """Sizes, tokens and filters that are none are an invalid property."""
    answer = desk.call("GET", f"/v1/customers?{query}")

    assert (400, 3000) == (answer.status, answer.json["code"])


def test_a_billing_profile_changes_only_with_the_present_etag(desk: Any) -> None:
    """A stale ETag is 400/2055, none at all 412; the right one brings a new one."""
    path = f"/v1/customers/{desk.customer.id}/profiles/billing"
    profile = desk.call("GET", path).json
    etag = profile["attributes"]["etag"]
    bare = {name: value for name, value in profile.items() if name != "attributes"}
    changed = desk.call("PUT", path, {**bare, "email": "new@korenaar.example"}, If_Match=f'"{etag}"')
    stale = desk.call("PUT", path, bare, If_Match=f'"{etag}"')

    assert 412 == desk.call("PUT", path, bare).status
    assert (200, "new@korenaar.example") == (changed.status, changed.json["email"])
    assert etag != changed.json["attributes"]["etag"]
    assert (400, 2055) == (stale.status, stale.json["code"])


def test_a_relationship_ends_only_without_active_subscriptions(desk: Any) -> None:
    """While one is active the partner stays; afterwards the customer is neither listed nor open."""
    path = f"/v1/customers/{desk.customer.id}"
    refused = desk.call("PATCH", path, {"relationshipToPartner": "none"})
    for each in desk.customer.subscriptions.values():
        each.status = "deleted"
    ended = desk.call("PATCH", path, {"relationshipToPartner": "none"})

    assert (400, 200) == (refused.status, ended.status)
    assert 0 == desk.call("GET", "/v1/customers").json["totalCount"]
    assert (403, 20002) == (desk.call("GET", path).status, desk.call("GET", path).json["code"])


def test_customers_are_deleted_in_the_sandbox_only(desk: Any) -> None:
    """In production the deletion is forbidden."""
    assert 403 == desk.call("DELETE", f"/v1/customers/{desk.customer.id}").status


@pytest.mark.parametrize("desk", ["sandbox"], indirect=True)
def test_a_sandbox_holds_75_customers_and_lets_them_go(desk: Any) -> None:
    """The 76th is refused with the sandbox's code; a deleted one makes room, and its domain is free again."""
    for n in range(74):
        create_customer(desk.world, name=f"K{n}", domain=f"k{n}.example")
    refused = desk.call("POST", "/v1/customers", wanted())
    last = next(each for each in desk.world.customers.values() if each.domain == "k73.example")
    deleted = desk.call("DELETE", f"/v1/customers/{last.id}")
    made = desk.call("POST", "/v1/customers", wanted(domain="k73.example"))

    assert (400, 800018) == (refused.status, refused.json["code"])
    assert (204, 201) == (deleted.status, made.status)


def test_reading_one_customer_takes_a_person(desk: Any) -> None:
    """An application's own token is refused by name; the list takes it."""
    refused = desk.call("GET", f"/v1/customers/{desk.customer.id}", is_app_only=True)

    assert (403, 900329) == (refused.status, refused.json["code"])
    assert 200 == desk.call("GET", "/v1/customers", is_app_only=True).status


def test_microsofts_verdict_on_an_account_may_be_missing(desk: Any) -> None:
    """Without a record the answer is 404 with 600074, in the newer body."""
    path = f"/v1/customers/{desk.customer.id}/validationStatus?type=account"
    known = desk.call("GET", path)
    desk.customer.validation_status = ""
    unknown = desk.call("GET", path)

    assert "Allowed" == known.json["status"]
    assert (404, 600074) == (unknown.status, unknown.json["code"])


def test_a_qualification_is_in_review_for_a_day(desk: Any) -> None:
    """Education waits, government comes with its code at once, and the same one is not given twice."""
    path = f"/v1/customers/{desk.customer.id}/qualifications"
    asked = desk.call("POST", path, {"Qualification": "education", "EducationSegment": "K12"})
    desk.simulator.advance(days=1)
    told = {each["qualification"]: each["vettingStatus"] for each in desk.call("GET", path).json}

    assert (201, "InReview") == (asked.status, asked.json["vettingStatus"])
    assert {"Education": "Approved"} == told
    assert 409 == desk.call("POST", path, {"qualification": "Education"}).status
    assert 400 == desk.call("POST", path, {"qualification": "GovernmentCommunityCloud"}).status


def test_an_accepted_invitation_is_told_by_webhook(desk: Any) -> None:
    """The happening has Microsoft's event; the new customer has no agreement yet."""
    made = accept_relationship(desk.world, name="Bestaand", domain="bestaand.example")

    assert "reseller-relationship-accepted-by-customer" == desk.world.happenings[-1].event
    assert [] == made.agreements
