"""A month at a reseller's, day by day, through the real function app: what a person sends, and what comes back."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from local.demo.small_month import FOUR_CUSTOMERS, PRICES, control_totals_csv, invoice_csv, price_list_csv

Office = Any  # what the conftest's fixtures give
MORE_PRICES = (*PRICES, ("CFQ7TTC0MM8R", "9.00"))
ADATUM, CONTOSO, FABRIKAM, TAILSPIN = FOUR_CUSTOMERS


def assert_nothing_to_do(office: Office) -> None:
    """Run again: the answer is 200, and no row and no blob was written, not even with what it held before."""
    before = office.kept()

    assert office.run() == 200
    assert before == office.kept()


def test_the_month_from_the_first_file_to_the_last_number(any_office: Office) -> None:
    """Files on the 1st, the timer on the 9th, a price added, approval; every step repeated does nothing."""
    office = any_office
    office.start_month()
    office.fire("monthly_billing_run")
    first = office.shown()
    files = office.files()

    assert (first["state"], first["billed_count"], first["parked_count"]) == ("ready", 4, 1)
    assert {"Adatum", "Contoso", "Tailspin", "Norrsken"} == set(files)
    assert {"PRICE_MISSING"} <= set(first["issue_counts"])
    assert first["sales"] == {"EUR": "264.00"}  # 10 x 12, 3 x 20, 7 x 12; Fabrikam has no price
    assert_nothing_to_do(office)

    office.put_terms("price-list", price_list_csv(MORE_PRICES))
    others = {name: office.invoices(name) for name in ("Adatum", "Contoso", "Tailspin")}
    assert office.run() == 202
    second = office.files()

    assert {name: office.invoices(name) for name in others} == others
    assert {name: second[name] for name in others} == {name: files[name] for name in others}
    assert len(second["Fabrikam"]) == 2
    assert office.shown()["sales"] == {"EUR": "309.00"}
    assert_nothing_to_do(office)

    assert office.approve().status_code == 202
    numbers = sorted(revision[2] for one in FOUR_CUSTOMERS for revision in office.invoices(one.customer))
    before = office.kept()

    assert office.shown()["state"] == "approved"
    assert numbers == [f"{office.period}-0000{number}" for number in (1, 2, 3, 4)]
    assert office.approve().status_code == 200
    assert before == office.kept()
    assert_nothing_to_do(office)


def test_a_corrected_row_makes_a_new_revision_of_one_customer_only(any_office: Office) -> None:
    """Another file under the same name replaces it; only the changed row's customer gets a revision 2."""
    office = any_office
    priced = (ADATUM, CONTOSO, TAILSPIN)
    office.start_month(priced)
    office.run()
    office.approve()
    before = {one.customer: office.invoices(one.customer) for one in priced}
    files = office.files()

    office.upload("invoice.csv", invoice_csv(office.period, (ADATUM, replace(CONTOSO, seats=4), TAILSPIN)))
    assert office.run() == 202
    office.approve()
    after = {one.customer: office.invoices(one.customer) for one in priced}

    assert (before["Adatum"], before["Tailspin"]) == (after["Adatum"], after["Tailspin"])
    assert files["Adatum"] == office.files()["Adatum"]
    number = f"{office.period}-00004"
    assert after["Contoso"] == [*before["Contoso"], (f"{office.period}_EUR_invoice_r002", "final", number)]
    assert_nothing_to_do(office)

    revision = office.services().invoices.latest(CONTOSO.customer_id, office.billing_period, "EUR")
    changes = sorted((change.kind.value, str(change.before), str(change.after)) for change in revision.changes)
    assert changes == [("added", "None", "80.00 EUR"), ("removed", "60.00 EUR", "None")]


def test_a_price_taken_back_takes_the_invoices_back(office: Office) -> None:
    """New prices, then the old ones again: invoices follow the prices in force, not a run from before."""
    priced = (ADATUM, CONTOSO)
    office.start_month(priced)
    office.run()
    office.put_terms("price-list", price_list_csv(((PRICES[0][0], "99.00"), PRICES[1])))
    office.run()
    dearer = office.shown()["sales"]
    office.put_terms("price-list", price_list_csv(PRICES))
    assert office.run() == 202

    assert dearer == {"EUR": "1050.00"}
    assert office.shown()["sales"] == {"EUR": "180.00"}
    revisions = [f"{office.period}_EUR_invoice_r00{number}" for number in (1, 2, 3)]
    assert office.invoices("Adatum") == list(
        zip(revisions, ("superseded", "superseded", "draft"), ("",) * 3, strict=True)
    )
    assert [f"{office.period}_EUR_invoice_r001"] == [row[0] for row in office.invoices("Contoso")]
    assert_nothing_to_do(office)


def test_the_same_file_under_another_name_is_refused_and_said_so(office: Office) -> None:
    """It counts once; the refusal is a notice, and the month can be approved."""
    priced = (ADATUM, CONTOSO)
    office.start_month(priced)
    office.run()
    again = office.upload("invoice (1).csv", invoice_csv(office.period, priced))

    assert again["is_refused"]
    assert [issue["code"] for issue in again["issues"]] == ["FILE_REPEATED"]
    assert "has the same content as invoice.csv" in again["issues"][0]["message"]
    assert_nothing_to_do(office)
    assert office.approve().status_code == 202


def test_two_versions_of_one_document_block_the_month_until_one_is_withdrawn(office: Office) -> None:
    """Which of the two is right is for a person to say; after that the same month can be approved."""
    priced = (ADATUM, CONTOSO, TAILSPIN)
    office.start_month(priced)
    second = office.upload("newer.csv", invoice_csv(office.period, (*priced[:2], replace(TAILSPIN, seats=8))))
    office.run()
    refused = office.approve()

    assert [issue["code"] for issue in second["issues"]] == ["FILE_OVERLAPS"]
    assert (refused.status_code, "newer.csv repeats" in refused.json()["detail"]) == (409, True)
    assert_nothing_to_do(office)

    assert office.send("DELETE", f"source-files/{office.period}/newer.csv").status_code == 204
    assert office.run() == 202
    assert office.approve().status_code == 202


def test_a_withdrawn_file_is_billed_to_nobody(office: Office) -> None:
    """Its customers get no number and no file; put back under another name it counts once, not twice."""
    office.start_month((ADATUM,))
    late = invoice_csv(office.period, (CONTOSO, TAILSPIN), number="G000000002")
    office.upload("late.csv", late)
    office.run()
    assert {"Adatum", "Contoso", "Tailspin", "Norrsken"} == set(office.files())

    assert office.send("DELETE", f"source-files/{office.period}/late.csv").status_code == 204
    assert office.run() == 202
    office.approve()

    assert {"Adatum", "Norrsken"} == set(office.files())
    assert office.shown()["sales"] == {"EUR": "120.00"}
    assert [row[2] for row in office.invoices("Contoso")] == ["", ""]
    assert_nothing_to_do(office)
    assert office.send("DELETE", f"source-files/{office.period}/late.csv").status_code == 404

    office.upload("late, again.csv", late)
    assert office.run() == 202
    office.approve()

    assert office.shown()["sales"] == {"EUR": "264.00"}
    assert sorted(row[2] for one in FOUR_CUSTOMERS for row in office.invoices(one.customer) if row[2]) == [
        f"{office.period}-0000{number}" for number in (1, 2, 3)
    ]


def test_a_control_total_that_differs_blocks_the_month(office: Office) -> None:
    """A file that lacks a row of Microsoft's invoice cannot be approved; the whole one can."""
    office.start_month((ADATUM,))
    office.put_terms("control-totals", control_totals_csv((ADATUM, CONTOSO)))
    office.run()
    refused = office.approve()

    assert (refused.status_code, "does not add up" in refused.json()["detail"]) == (409, True)

    office.upload("invoice.csv", invoice_csv(office.period, (ADATUM, CONTOSO)))
    office.run()
    assert office.approve().status_code == 202


def test_a_file_that_comes_after_the_run_keeps_it_from_approval(office: Office) -> None:
    """What a person approves is what they have seen: files or prices that changed since ask for another run."""
    office.start_month((ADATUM,))
    office.run()
    office.upload("more.csv", invoice_csv(office.period, (CONTOSO,), number="G000000002"))
    refused = office.approve()

    assert (refused.status_code, "run again" in refused.json()["detail"]) == (409, True)
    assert office.run() == 202
    assert office.approve().status_code == 202


def test_a_file_without_rows_ends_in_an_empty_month(office: Office) -> None:
    """A run of nobody becomes ready and can be approved."""
    office.start_month(())
    assert office.run() == 202

    assert (office.shown()["state"], office.shown()["customer_count"]) == ("ready", 0)
    assert office.approve().status_code == 202
    assert_nothing_to_do(office)


def test_links_open_without_credentials_and_nothing_else_does(office: Office) -> None:
    """A link is a secret of its own for one file; changed or expired it opens nothing."""
    office.start_month((ADATUM, CONTOSO))
    office.run()
    exports = office.get(f"exports/{office.period}")
    opened = [requests.get(export["link"], timeout=30) for export in exports]
    link = urlsplit(exports[0]["link"])
    query = dict(parse_qsl(link.query))

    assert [200] * 6 == [answer.status_code for answer in opened]
    assert all(answer.content.startswith((b"PK", b"\xef\xbb\xbf", b"BillingPeriod")) for answer in opened), [
        answer.content[:20] for answer in opened
    ]
    for changed in (
        {name: value for name, value in query.items() if name != "filename"},
        *({**query, name: value[:-1] + ("0" if value[-1] != "0" else "1")} for name, value in query.items()),
    ):
        answer = requests.get(link._replace(query=urlencode(changed)).geturl(), timeout=30)
        assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    other = urlsplit(exports[2]["link"])
    assert requests.get(link._replace(path=other.path).geturl(), timeout=30).status_code == 403


def test_an_expired_link_opens_nothing(office: Office) -> None:
    """It ends at the instant it was made for."""
    office.start_month((ADATUM,))
    office.run()
    export = office.services().exports.of_period(office.billing_period)[0]
    expired = office.past_link(export)
    answer = requests.get(expired, timeout=30)

    assert (answer.status_code, answer.json()["title"]) == (403, "Link refused")
    assert "expired" in answer.json()["detail"]
