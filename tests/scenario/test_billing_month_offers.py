"""A month with offers and discounts, through the real function app: handed in, billed, changed, ended."""

import csv
import io
from typing import Any

import openpyxl
import requests

from local.demo.small_month import FOUR_CUSTOMERS

Office = Any  # what the conftest's fixtures give
ADATUM, CONTOSO, _, TAILSPIN = FOUR_CUSTOMERS
OFFERS, HEADER = "offers-and-discounts", "Kind,Name,Percent,Action,CustomerId,CustomerGroup\n"
PARTNER = "relationship,Partner,50,,,Schools\nprice_lock,,,from_next_renewal,,\n"


def _offers(percent: int) -> bytes:
    return f"{HEADER}offer,Autumn,{percent},,{ADATUM.customer_id},\n{PARTNER}".encode()


def _texts(office: Office, label: str) -> dict[str, str]:
    """The CSV and the workbook of a customer or the reseller as text, by format."""
    texts = {}
    for export in office.get(f"exports/{office.period}"):
        if export["label"] == label:
            content = requests.get(export["link"], timeout=30).content
            texts[export["file_name"].rpartition(".")[2]] = _text(content)
    return texts


def _text(content: bytes) -> str:
    if not content.startswith(b"PK"):
        return "\n".join(" ".join(row) for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    return "\n".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell)


def _revisions(office: Office, name: str) -> list[str]:
    return [key for key, _, _ in office.invoices(name)]


def _r(office: Office, *numbers: int) -> list[str]:
    return [f"{office.period}_EUR_invoice_r00{number}" for number in numbers]


def _run_and_rest(office: Office) -> None:
    """Run; then run again: 200, and nothing was written."""
    assert office.run() == 202
    before = office.kept()
    assert office.run() == 200
    assert before == office.kept()


def test_a_month_with_offers_from_the_list_to_its_end(office: Office) -> None:
    """Offers and a group's discount are billed and told; a changed offer revises whom it is for, and nobody else."""
    office.start_month((ADATUM, CONTOSO, TAILSPIN))
    office.put_terms("customer-groups", f"CustomerId,Group\n{CONTOSO.customer_id},Schools\n".encode())
    _run_and_rest(office)
    usual = office.shown()["sales"]

    assert office.put_terms(OFFERS, _offers(10))
    _run_and_rest(office)
    told, own = _texts(office, "Adatum"), _texts(office, "Norrsken")
    tailspin = office.files()["Tailspin"]

    assert ({"EUR": "264.00"}, {"EUR": "222.00"}) == (usual, office.shown()["sales"])  # 108 + 30 + 84
    assert {"csv", "xlsx"} == set(told) == set(own)
    assert all("Included: offer Autumn (10% off)." in text for text in told.values())
    assert all("offer Autumn -10%: 12 -> 10.8" in text for text in own.values())
    assert all("relationship discount Partner" in text for text in own.values())

    assert not office.put_terms(OFFERS, _offers(10))
    assert office.put_terms(OFFERS, _offers(20))
    refused = office.approve()
    _run_and_rest(office)

    assert (refused.status_code, "run again" in refused.json()["detail"]) == (409, True)
    assert [_r(office, 1, 2, 3), _r(office, 1, 2), _r(office, 1)] == [
        _revisions(office, each.customer) for each in (ADATUM, CONTOSO, TAILSPIN)
    ]
    assert tailspin == office.files()["Tailspin"]
    assert office.shown()["sales"] == {"EUR": "210.00"}
    latest = office.services().invoices.latest(ADATUM.customer_id, office.billing_period, "EUR")
    assert [("108.00 EUR", "96.00 EUR")] == [(str(each.before), str(each.after)) for each in latest.changes]

    assert office.approve().status_code == 202
    assert office.put_terms(OFFERS, HEADER.encode())
    _run_and_rest(office)

    assert usual == office.shown()["sales"]
    assert (_r(office, 1, 2, 3, 4), _r(office, 1)) == (_revisions(office, "Adatum"), _revisions(office, "Tailspin"))


def test_offers_that_cannot_be_used_are_told_at_once(office: Office) -> None:
    """400 with row and cure; nothing is kept, so the month is billed as before."""
    office.start_month((ADATUM,))
    office.run()
    answers = [
        office.send("PUT", f"billing-terms/{office.period}/{OFFERS}?name=offers.csv", data=content)
        for content in (f"{HEADER}gift,,,,,\n", f"{HEADER}offer,,5,,,Nobody\n", f"{HEADER}price_lock,,,never,,\n")
    ]

    assert [400] * 3 == [answer.status_code for answer in answers]
    gift, nobody, never = (answer.json()["detail"] for answer in answers)
    assert "- row 2: Kind 'gift': write one of offer, relationship" in gift
    assert "offers.csv, row 2: nobody is in the customer group 'Nobody'" in nobody
    assert "- row 2: Action 'never': write one of at_once, from_next_renewal" in never
    assert office.run() == 200
