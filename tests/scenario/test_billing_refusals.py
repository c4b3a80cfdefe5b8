"""What the function app refuses over HTTP: the right status, the field, the cure, and nothing is kept."""

from typing import Any

import pytest

from local.demo.small_month import FOUR_CUSTOMERS, PRICES, PRODUCT, invoice_csv, price_list_csv

Office = Any  # what the conftest's fixtures give
ADATUM, *_ = FOUR_CUSTOMERS
TWICE = price_list_csv(((PRODUCT, "12.00"), (PRODUCT, "13.00")))
BAD_VALUE = price_list_csv(((PRODUCT, "twelve"),))
REFUSED = {
    "a bad period of a file": ("PUT", "source-files/2026-13/a.csv", b"x", 400, "'2026-13' is no billing period"),
    "a bad period of terms": ("PUT", "billing-terms/10-2026/price-list", TWICE, 400, "write the year and month as"),
    "a bad period of a run": ("POST", "billing-runs", b'{"period": "October"}', 400, "'October' is no billing period"),
    "a bad period to show": ("GET", "billing-runs/now", b"", 400, "'now' is no billing period"),
    "a bad period of exports": ("GET", "exports/2026", b"", 400, "'2026' is no billing period"),
    "a bad period to list": ("GET", "source-files/2026", b"", 400, "'2026' is no billing period"),
    "an unknown kind": ("PUT", "billing-terms/2026-10/discounts", b"x", 400, "kind: 'discounts' is not known; use pri"),
    "an empty file": ("PUT", "source-files/2026-10/a.csv", b"", 400, "body: is empty; send the file itself"),
    "empty terms": ("PUT", "billing-terms/2026-10/price-list", b"", 400, "body: is empty; send the file itself"),
    "a name that hides": ("PUT", "source-files/2026-10/.csv", b"x", 400, "name: '.csv' is no plain file name"),
    "a name with a colon": ("PUT", "source-files/2026-10/a%3Ab", b"x", 400, "name: 'a:b' is no plain file name"),
    "a name that ends in a dot": ("PUT", "source-files/2026-10/a.", b"x", 400, "name: 'a.' is no plain file name"),
    "a name too long": ("PUT", f"source-files/2026-10/{'a' * 151}", b"x", 400, "at most 150 characters"),
    "a file that is not there": ("POST", "source-files/2026-10/a.csv", b"", 404, "name: there is no file a.csv"),
    "nothing to withdraw": ("DELETE", "source-files/2026-10/a.csv", b"", 404, "name: no source file a.csv was read"),
    "no JSON": ("POST", "billing-runs", b"{", 400, "body: is no JSON; send an object such as"),
    "no UTF-8": ("POST", "billing-runs", b"\xff\xfe", 400, "body: is no JSON; send an object such as"),
    "deep JSON": ("POST", "billing-runs", b"[" * 60_000, 400, "body: is no JSON; send an object such as"),
    "no JSON object": ("POST", "billing-runs", b"[]", 400, "body: is no JSON object; send an object"),
    "too large a JSON": ("POST", "billing-runs", b" " * 70_000, 413, "body: 70000 bytes, at most 65536"),
    "an unknown field": ("POST", "billing-runs", b'{"month": "2026-10"}', 400, "month: is not known here; send period"),
    "a missing field": ("POST", "billing-runs", b"{}", 400, "period: is missing; send it as text"),
    "a number for text": ("POST", "billing-runs", b'{"period": 202610}', 400, "period: is missing; send it as text"),
    "nobody approves": (
        "POST",
        "billing-runs/2026-10/approve",
        b'{"approved_by": " "}',
        400,
        "approved_by: is missing",
    ),
    "no file to run": ("POST", "billing-runs", b'{"period": "2026-10"}', 409, "upload the reconciliation files first"),
    "an unknown run": ("GET", "billing-runs/2026-10", b"", 404, "start one with POST /api/billing-runs"),
    "an unknown run to approve": ("POST", "billing-runs/2026-10/approve", b'{"approved_by": "Ada"}', 404, "start one"),
    "two prices for one key": ("PUT", "billing-terms/2026-10/price-list", TWICE, 400, "rows 2 and 3: two prices for"),
    "a bad price": ("PUT", "billing-terms/2026-10/price-list", BAD_VALUE, 400, "row 2, Value 'twelve'"),
    "a damaged price list": ("PUT", "billing-terms/2026-10/price-list", b"PK\x03\x04x", 400, "price-list: "),
    "a damaged price sheet": ("PUT", "billing-terms/2026-10/price-sheet", b"PK\x03\x04x", 400, "price-sheet: "),
    "damaged details": ("PUT", "billing-terms/2026-10/subscription-details", b"a,b\r\n1,2\r\n", 400, "SubscriptionId"),
    "damaged totals": ("PUT", "billing-terms/2026-10/control-totals", b"a,b\r\n", 400, "InvoiceNumber is missing"),
}


@pytest.fixture(scope="module")
def quiet_office(module_office: Office) -> Office:
    """An office that nobody has handed in anything yet."""
    return module_office


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_work_is_refused_with_its_field_and_cure(quiet_office: Office, case: str) -> None:
    """Problem details say what is wrong and what to do; no row and no blob is written."""
    method, path, body, status, detail = REFUSED[case]
    answer = quiet_office.send(method, path, data=body)
    problem = answer.json()

    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"].split(";")[0])
    assert problem.keys() == {"type", "title", "status", "detail"}
    assert problem["status"] == status
    assert detail in problem["detail"]
    assert quiet_office.kept() == {}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "billing-runs"),
        ("PUT", "billing-runs/2026-10"),
        ("GET", "billing-terms/2026-10/price-list"),
        ("POST", "exports/2026-10"),
        ("GET", "nothing"),
    ],
)
def test_another_method_or_path_is_not_found(quiet_office: Office, method: str, path: str) -> None:
    """As in Azure: 404, never 405."""
    assert quiet_office.send(method, path).status_code == 404


def test_a_month_without_files_only_logs(quiet_office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """The timer comes whether or not Microsoft's files did; there is nothing to run, and that is no failure."""
    quiet_office.fire("monthly_billing_run")
    quiet_office.fire("sweep_billing_runs")

    assert "not started: there is no source file of Microsoft's" in caplog.text
    assert not [record for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}]
    assert quiet_office.kept() == {}


def test_a_month_without_prices_is_not_started(office: Office) -> None:
    """Files alone do not make a bill."""
    office.upload("invoice.csv", invoice_csv(office.period, (ADATUM,)))
    answer = office.send("POST", "billing-runs", json={"period": office.period})

    assert (answer.status_code, "upload one as billing terms" in answer.json()["detail"]) == (409, True)
    office.put_terms("price-list", price_list_csv(PRICES))
    assert office.run() == 202


def test_a_file_that_cannot_be_read_blocks_the_month_until_it_is_withdrawn(office: Office) -> None:
    """It is told which file and why; what else is there is billed, and not approved."""
    office.start_month((ADATUM,))
    damaged = office.upload("page.csv", b"<html>Please sign in</html>")
    office.run()
    refused = office.approve()

    assert (damaged["is_refused"], damaged["issues"][0]["code"]) == (True, "FILE_DAMAGED")
    assert (refused.status_code, "page.csv: is a web page" in refused.json()["detail"]) == (409, True)
    office.send("DELETE", f"source-files/{office.period}/page.csv")
    office.run()
    assert office.approve().status_code == 202


def test_a_file_in_the_container_is_ingested_when_it_is_asked_for(office: Office) -> None:
    """What is too large for a request is put into the store first; then a request without a body names it."""
    blobs = office.machine.stores.blobs
    blobs.put("source-files", f"{office.period}/large.csv", invoice_csv(office.period, (ADATUM,)))
    answer = office.send("POST", f"source-files/{office.period}/large.csv")
    office.drain()

    assert answer.status_code == 202
    assert [("large.csv", 1)] == [
        (one["name"], one["row_count"]) for one in office.get(f"source-files/{office.period}")
    ]


def test_keys_are_asked_for_when_they_are_on(locked_office: Office) -> None:
    """The host key opens the functions, the master key the admin API too; without one it is 401, even before 400."""
    path = f"exports/{locked_office.period}"
    given = ({}, {"x-functions-key": "wrong"}, {"x-functions-key": "a-host-key"}, {"x-functions-key": "the-master-key"})

    assert [401, 401, 200, 200] == [locked_office.send("GET", path, headers=one).status_code for one in given]
    assert locked_office.send("GET", f"{path}?code=a-host-key").status_code == 200
    assert locked_office.send("POST", "billing-runs", data=b"{").status_code == 401


def test_a_message_that_never_works_ends_in_the_poison_queue(office: Office) -> None:
    """It is tried as often as the host says, then set aside; the month goes on beside it."""
    office.start_month((ADATUM,))
    office.machine.stores.queues.send("billing-chunks", b"\xff")
    office.run()

    assert office.machine.stores.queues.depth("billing-chunks-poison") == 1
    assert office.shown()["state"] == "ready"
