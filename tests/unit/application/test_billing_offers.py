"""Offers, discounts and price locks in a billing run: charged on its lines, and part of what names it."""

import csv
from datetime import date
from io import StringIO
from typing import Any

from local.demo.columns import NEW_COMMERCE
from local.demo.formats import csv_bytes
from local.demo.small_month import FOUR_CUSTOMERS, PRODUCT, invoice_csv
from shared.application.bill_chunk import bill_chunk
from shared.application.messages import ChunkMessage
from shared.application.runs import start_run
from shared.application.terms import keep_terms
from shared.domain.keys import RunKey
from shared.domain.periods import BillingPeriod
from shared.domain.prices.adjustments import StepKind
from shared.storage.repositories.terms import TermsKind

Office = Any  # what the conftest's fixture gives
OCTOBER = BillingPeriod(2026, 10)
ADATUM, CONTOSO, _, _ = FOUR_CUSTOMERS
RAISED = (
    "ProductId,Method,Value,Currency,ValidFrom,ValidTo\n"
    f"{PRODUCT},fixed,12.00,EUR,,2026-08-31\n"
    f"{PRODUCT},fixed,13.00,EUR,2026-09-01,\n"
).encode()


def _agree(office: Office, content: str, kind: TermsKind = TermsKind.OFFERS_AND_DISCOUNTS) -> None:
    keep_terms(office.services, kind, OCTOBER, "offers.csv", content.encode())


def _sales(office: Office) -> list[str]:
    return [str(sale) for outcome in office.services.runs.outcomes(_run(office)) for sale in outcome.sales]


def _run(office: Office) -> Any:
    return office.services.runs.need(RunKey(OCTOBER))


def _of_a_term_since_march() -> bytes:
    rows = csv.DictReader(StringIO(invoice_csv(str(OCTOBER), (ADATUM,)).decode("utf-8-sig")))
    term = {"SubscriptionStartDate": "2026-03-01", "SubscriptionEndDate": "2027-02-28"}
    return csv_bytes(NEW_COMMERCE, [{**row, **term} for row in rows])


def test_offers_reach_the_lines_with_their_steps(office: Office) -> None:
    """The customer's own offer and what a group has; who has neither pays what the list says."""
    office.upload(licences=FOUR_CUSTOMERS[:2] + FOUR_CUSTOMERS[3:])
    office.price()
    _agree(office, f"CustomerId,Group\n{CONTOSO.customer_id},Schools\n", TermsKind.CUSTOMER_GROUPS)
    offers = f"offer,Autumn,10,{ADATUM.customer_id},\nrelationship,Partner,50,,Schools\n"
    _agree(office, f"Kind,Name,Percent,CustomerId,CustomerGroup\n{offers}")
    office.run()
    (invoice,) = office.services.invoices.of_period(ADATUM.customer_id, OCTOBER)
    (step,) = invoice.lines[0].explanation.steps

    assert ["108.00 EUR", "30.00 EUR", "84.00 EUR"] == _sales(office)
    assert (StepKind.OFFER, "Autumn", "12", "10.8") == (step.kind, step.name, f"{step.before:f}", f"{step.after:f}")


def test_a_changed_list_makes_another_run_and_the_same_list_none(office: Office) -> None:
    """The list's content is part of what names a run; what it does not change stays as it is."""
    office.upload()
    office.price()
    office.run()
    names = [_run(office).inputs.hash]
    for content in (f"Kind,Percent,CustomerId\noffer,10,{ADATUM.customer_id}\n", "Kind,Percent,CustomerId\n"):
        _agree(office, content)
        office.run()
        names.append(_run(office).inputs.hash)
        assert not start_run(office.services, OCTOBER)[1]
    rows = [office.stores.tables.query("invoices", each.customer_id) for each in (ADATUM, CONTOSO)]

    assert 3 == len(set(names))
    assert [3, 1] == [len(list(revisions)) for revisions in rows]
    assert ["120.00 EUR", "60.00 EUR"] == _sales(office)


def test_a_price_lock_keeps_the_price_of_the_term(office: Office) -> None:
    """For everybody, or by a row of his own for one customer; without it the price of the cycle counts."""
    office.upload_bytes("first.csv", _of_a_term_since_march())
    keep_terms(office.services, TermsKind.PRICE_LIST, OCTOBER, "prices.csv", RAISED)
    sales = []
    for rows in ("", "price_lock,from_next_renewal,\n", f"price_lock,from_next_renewal,{ADATUM.customer_id.upper()}\n"):
        _agree(office, f"Kind,Action,CustomerId\n{rows}")
        office.run()
        sales += _sales(office)

    assert ["130.00 EUR", "120.00 EUR", "120.00 EUR"] == sales


def test_lines_are_read_with_the_days_on_which_an_offer_ends(office: Office) -> None:
    """So that usage of the days before and after it is not summed into one line."""
    office.upload(licences=(ADATUM,))
    office.price()
    _agree(office, "Kind,Percent,ValidTo\noffer,10,2026-10-10\n")
    run, _ = start_run(office.services, OCTOBER)
    days = []

    def read(source: Any, boundaries: Any, *more: Any) -> Any:
        reads = office.services.formats.read_source(source, boundaries, *more)
        days.extend(boundaries(line) for each in reads for line in each.lines)
        return reads

    bill_chunk(office.reading(read), ChunkMessage(str(OCTOBER), run.inputs.hash, 0))

    assert [(date(2026, 10, 11),)] == days
