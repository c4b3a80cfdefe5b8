"""Organisations over the API: imported with a report, matched to tenants, and the unmatched held back by themselves."""

from datetime import UTC, datetime
from typing import Any

import pytest

from local.demo.small_month import FOUR_CUSTOMERS
from shared.domain.snapshots.values import Tenant

Office = Any  # what the conftest's fixtures give
ADATUM, CONTOSO, FABRIKAM, TAILSPIN = FOUR_CUSTOMERS
GUIDS = {one.customer: f"{number}c39d6d5-c70d-4c55-bc02-f620844f3fd1" for number, one in enumerate(FOUR_CUSTOMERS)}
NOW = datetime(2026, 10, 1, tzinfo=UTC)


def tenants(office: Office) -> None:
    """Let the sync have found four tenants."""
    found = [
        Tenant(id=GUIDS[one.customer], name=one.customer, domain=f"{one.customer}.com".lower())
        for one in FOUR_CUSTOMERS
    ]
    office.services().synced.keep_tenants(found, NOW)


def put(office: Office, body: str, *, dry: bool = False, kind: str = "text/csv") -> dict[str, Any]:
    """Import organisations and return the report."""
    path = f"organisations?dry_run={str(dry).lower()}"
    answer = office.send("PUT", path, data=body.encode(), headers={"Content-Type": kind})
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


CSV = "Id,Name,Domains,Country\n100,Adatum AG,,DE\n200,Contoso,contoso.com,NL\n300,Fabrikam,fabrikam.com,Germany\n"


def test_a_dry_run_reports_each_row_and_writes_nothing(office: Office) -> None:
    """Good rows, bad rows, the line and the cure; afterwards nothing is there."""
    report = put(office, CSV, dry=True)

    assert {"created": 2, "updated": 0, "unchanged": 0, "refused": 1} == report["counts"]
    bad = report["rows"][2]
    assert (4, "300", "refused", "country") == (bad["line"], bad["id"], bad["outcome"], bad["problems"][0]["field"])
    assert [] == office.get("organisations")


def test_an_import_counts_once(office: Office) -> None:
    """The good rows are kept, the bad one is named; the same file again changes nothing."""
    first, before = put(office, CSV), office.kept()
    second = put(office, CSV)

    assert (2, 2) == (first["counts"]["created"], second["counts"]["unchanged"])
    assert before == office.kept()
    assert ["Adatum AG", "Contoso"] == [each["name"] for each in office.get("organisations")]


def test_json_is_taken_as_well(office: Office) -> None:
    """A storefront sends what a person uploads."""
    report = put(
        office, '{"organisations": [{"id": "1", "name": "A", "domains": ["a.com", "b.com"]}]}', kind="application/json"
    )

    again = put(office, '[{"Id": "1", "Name": "A", "Domains": ["a.com", "b.com"]}]')

    assert (1, 1) == (report["counts"]["created"], again["counts"]["unchanged"])
    assert ["a.com", "b.com"] == office.get("organisations")[0]["domains"]


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("organisations?dry_run=perhaps", "Id,Name\n1,A", "dry_run"),
        ("organisations", "Id,Colour\n1,red", "Colour"),
        ("organisations", "Name\nA", "Id and Name"),
        ("organisations", '{"organisations": 3}', "organisations"),
        ("organisations", '{"organisations": [{"id": 3}]}', "organisations[0].id"),
        ("organisations", '[{"id": "1", "Id": "2", "name": "A"}]', "organisations[0].Id"),
        ("organisations", "{", "no JSON"),
    ],
)
def test_what_cannot_be_read_is_refused_whole(office: Office, path: str, body: str, says: str) -> None:
    """400 with the field at fault; nothing is kept."""
    answer = office.send("PUT", path, data=body.encode())

    assert (400, True) == (answer.status_code, says in answer.json()["detail"])
    assert [] == office.get("organisations")


def test_tenants_are_matched_and_a_person_decides_the_rest(office: Office) -> None:
    """By name, by domain; what is left is listed, decided, and can be given back to the rules."""
    tenants(office)
    put(office, CSV)
    assert {"Adatum": "name", "Contoso": "domain"} == {
        each["tenant"]["name"]: each["candidates"][0]["by"] for each in office.get("tenants?state=matched")
    }
    assert ["Fabrikam", "Tailspin"] == [each["tenant"]["name"] for each in office.get("tenants?state=unmatched")]

    path = f"tenants/{GUIDS['Fabrikam']}/organisation"
    said = {"organisation_id": "200", "decided_by": "Ada", "reason": "a branch"}
    answer = office.send("PUT", path, json=said)
    assert (200, "200") == (answer.status_code, answer.json()["organisation_id"])

    answer = office.send("PUT", path, json={**said, "organisation_id": "by-rule"})
    assert (200, "unmatched") == (answer.status_code, answer.json()["state"])
    assert 404 == office.send("PUT", path, json={**said, "organisation_id": "999"}).status_code
    assert 404 == office.send("PUT", path.replace("c39d", "c38d"), json=said).status_code
    assert 400 == office.send("PUT", "tenants/fabrikam/organisation", json=said).status_code
    assert 400 == office.send("GET", "tenants?state=strange").status_code


def test_an_unmatched_tenant_waits_and_nobody_else_does(office: Office) -> None:
    """Its lines are drafted but not approved; once it is matched the next run lets it through."""
    office.start_month((ADATUM, CONTOSO))
    put(office, f"Id,Name,TenantIds\n1,Somebody,{GUIDS['Adatum']}\n")
    office.run()
    assert {"TENANT_UNMATCHED"} <= set(office.shown()["issue_counts"])
    assert 2 == office.shown()["parked_count"]
    services = office.services()
    found = [Tenant(id=one.customer_id, name=one.customer, domain="") for one in (ADATUM, CONTOSO)]
    services.synced.keep_tenants(found, NOW)
    services.synced.keep_tenants(found[1:], NOW)  # Adatum left meanwhile; what it owes is still billed
    put(office, "Id,Name\n2,Adatum\n")

    assert 202 == office.run()
    assert 1 == office.shown()["parked_count"]
    assert 200 == office.run()


def test_without_organisations_everybody_is_billed(office: Office) -> None:
    """Who imports none bills tenants as they are."""
    tenants(office)
    office.start_month((ADATUM, CONTOSO))
    office.run()

    assert 0 == office.shown()["parked_count"]
