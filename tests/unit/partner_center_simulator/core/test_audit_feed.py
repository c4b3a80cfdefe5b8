"""The audit feed: what happened, by days."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
import requests

from local.partner_center.opening import START
from local.partner_center.server import Simulator
from local.partner_center.world import Happening

Ask = Callable[..., requests.Response]


@pytest.fixture(autouse=True)
def happenings(simulator: Simulator) -> None:
    """Seven happenings on three days, one of which the feed does not tell."""
    simulator.world.happenings.clear()
    for number in range(7):
        simulator.world.happenings.append(
            Happening(
                at=START + timedelta(days=number // 3, minutes=number),
                customer_id=next(iter(simulator.world.customers)),
                resource="order" if number % 2 else "subscription",
                resource_id=f"r{number}",
                operation="" if number == 3 else "update_subscription",
                after={"quantity": number, "lines": [{"id": 1}]},
            )
        )
    simulator.advance(days=5)


def _ids(answer: requests.Response) -> list[str]:
    return [each["customizedData"][0]["value"] for each in answer.json()["items"]]


def test_a_day_has_its_records(ask: Ask) -> None:
    """Both dates belong to the range; without an end it goes on to now."""
    one = ask("GET", "/v1/auditrecords?startDate=2026-10-01&endDate=2026-10-01")
    two = ask("GET", "/v1/auditrecords?startDate=10-2-2026")
    rest = ask("GET", "/v1/auditrecords?startDate=2026-10-02")

    assert ["r0", "r1", "r2"] == _ids(one)
    assert 400 == two.status_code
    assert ["r4", "r5", "r6"] == _ids(rest)


def test_a_record_has_microsofts_fields(ask: Ask, simulator: Simulator) -> None:
    """The new value is JSON as text, in Pascal case; the record can be had alone."""
    record = ask("GET", "/v1/auditrecords?startDate=2026-10-01").json()["items"][1]
    alone = ask("GET", f"/auditactivity/v1/auditrecords/{record['id']}").json()

    assert record == alone
    assert {"Quantity": 1, "Lines": [{"Id": 1}]} == json.loads(record["resourceNewValue"])
    assert simulator.world.partner.tenant_id == record["partnerId"]
    assert ("order", "update_subscription", "succeeded", "2026-10-01T08:01:00Z") == tuple(
        record[name] for name in ("resourceType", "operationType", "operationStatus", "operationDate")
    )


def test_pages_follow_the_token_to_the_end(ask: Ask) -> None:
    """Copying address and header of the link gives every record once."""
    answer = ask("GET", "/v1/auditrecords?startDate=2026-10-01&size=4")
    found, pages = _ids(answer), 1
    while "next" in answer.json()["links"]:
        link = answer.json()["links"]["next"]
        headers = {each["key"]: each["value"] for each in link["headers"]}
        answer = ask(link["method"], f"/v1{link['uri']}", headers=headers)
        found, pages = found + _ids(answer), pages + 1

    assert (["r0", "r1", "r2", "r4", "r5", "r6"], 2) == (found, pages)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"Field": "ResourceType", "Value": "order", "Operator": "equals"}, ["r1", "r5"]),
        ({"Field": "CompanyName", "Value": "bakkerij", "Operator": "substring"}, ["r0", "r1", "r2", "r4", "r5", "r6"]),
        ({"Field": "CustomerId", "Value": "nobody", "Operator": "equals"}, []),
    ],
)
def test_records_are_filtered(ask: Ask, told: dict[str, str], expected: list[str]) -> None:
    """By company, customer or kind of resource."""
    answer = ask("GET", "/v1/auditrecords", params={"startDate": "2026-10-01", "filter": json.dumps(told)})

    assert expected == _ids(answer)


@pytest.mark.parametrize(
    "query", ["", "?startDate=2026-06-01", "?startDate=2026-10-03&endDate=2026-10-01", "?startDate=2026-10-01&size=x"]
)
def test_what_cannot_be_asked_is_refused(ask: Ask, query: str) -> None:
    """A start is needed, at most 90 days back and before the end."""
    assert (400, 3000) == ((answer := ask("GET", f"/v1/auditrecords{query}")).status_code, answer.json()["code"])


@pytest.mark.parametrize("record", ["nothing", "a_b_3_c_1", "a_b_ff_c_1"])
def test_an_unknown_record_is_not_found(ask: Ask, record: str) -> None:
    """Neither a made-up id nor a happening that the feed does not tell."""
    assert 404 == ask("GET", f"/v1/auditrecords/{record}").status_code
