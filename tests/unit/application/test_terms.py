"""Billing terms: checked before they are kept, read once for a run."""

from typing import Any

import pytest

from local.demo.columns import PRICE_SHEET
from local.demo.formats import csv_bytes
from local.demo.small_month import PRICES, price_list_csv
from shared.application.terms import keep_terms, load_control_totals, load_terms, terms_in_force
from shared.domain.errors import InvalidError, StateError
from shared.domain.periods import BillingPeriod
from shared.domain.prices import PriceSubject
from shared.storage.repositories.terms import TermsKind

Office = Any  # what the conftest's fixture gives
OCTOBER = BillingPeriod(2026, 10)
SHEET_ROW = {
    "ProductTitle": "Plan",
    "ProductId": "CFQ7TTC0LH18",
    "SkuId": "0001",
    "TermDuration": "P1Y",
    "BillingPlan": "Monthly",
    "Market": "DE",
    "Currency": "EUR",
    "UnitPrice": "8.00",
    "ERP Price": "10.00",
    "Segment": "Commercial",
    "EffectiveStartDate": "2026-10-01T00:00:00.0000000Z",
    "EffectiveEndDate": "9999-12-31T00:00:00.0000000Z",
}
GOOD = {
    TermsKind.PRICE_LIST: price_list_csv(PRICES),
    TermsKind.PRICE_SHEET: csv_bytes(PRICE_SHEET, [{**dict.fromkeys(PRICE_SHEET, ""), **SHEET_ROW}]),
    TermsKind.SUBSCRIPTION_DETAILS: b"SubscriptionId,FriendlyName\r\ns1,Head office\r\n",
    TermsKind.CONTROL_TOTALS: b"InvoiceNumber,Currency,Lines,Subtotal\r\nG1,EUR,1,12.00\r\n",
}


def test_a_month_is_billed_by_everything_that_is_in_force(office: Office) -> None:
    """Each kind is kept once and read back; a second load reads nothing again."""
    kept = [[keep_terms(office.services, kind, OCTOBER, f"{kind}.csv", GOOD[kind]) for kind in GOOD] for _ in range(2)]
    versions = terms_in_force(office.services, OCTOBER)
    terms = load_terms(office.services, OCTOBER, versions)

    assert kept == [[True] * 4, [False] * 4]
    assert list(GOOD) == [version.kind for version in versions]
    assert (terms.prices.entry_count, terms.prices.name, terms.sheet.name) == (2, "price-list.csv", "price-sheet.csv")
    assert [("G1", 1)] == [(one.invoice_number, one.rows) for one in load_control_totals(office.services, versions)]
    assert load_terms(office.services, OCTOBER, versions) is terms


def test_without_a_price_list_nothing_is_billed(office: Office) -> None:
    """Whatever else there is."""
    keep_terms(office.services, TermsKind.SUBSCRIPTION_DETAILS, OCTOBER, "d", GOOD[TermsKind.SUBSCRIPTION_DETAILS])
    versions = terms_in_force(office.services, OCTOBER)

    assert load_control_totals(office.services, versions) == []
    with pytest.raises(StateError, match="upload one as billing terms"):
        load_terms(office.services, OCTOBER, versions)


@pytest.mark.parametrize("kind", list(TermsKind))
def test_terms_that_cannot_be_used_are_not_kept(office: Office, kind: TermsKind) -> None:
    """The version before stays in force."""
    with pytest.raises(InvalidError):
        keep_terms(office.services, kind, OCTOBER, "damaged.csv", b"\xff\xfe")

    assert office.services.terms.in_force(kind, OCTOBER) is None


GROUP_LIST = b"CustomerGroup,Method,Value\r\n,markup_on_cost,10\r\nSchools,markup_on_cost,0\r\n"
SCHOOLS = b"CustomerId,Group\r\n0f3a21bc-1111-4222-8333-444455556666,Schools\r\n"


def test_customer_groups_come_before_the_list_that_prices_them(office: Office) -> None:
    """A group of nobody is refused; groups that the list in force needs cannot be taken away."""
    groups, prices = TermsKind.CUSTOMER_GROUPS, TermsKind.PRICE_LIST

    with pytest.raises(InvalidError, match="nobody is in the customer group 'Schools'"):
        keep_terms(office.services, prices, OCTOBER, "prices.csv", GROUP_LIST)
    assert keep_terms(office.services, groups, OCTOBER, "groups.csv", SCHOOLS)
    assert keep_terms(office.services, prices, OCTOBER, "prices.csv", GROUP_LIST)
    with pytest.raises(InvalidError, match="nobody is in the customer group 'Schools'"):
        keep_terms(office.services, groups, OCTOBER, "groups.csv", SCHOOLS.replace(b"Schools", b"Shops"))
    terms = load_terms(office.services, OCTOBER, terms_in_force(office.services, OCTOBER))
    subject = PriceSubject(customer_id="0f3a21bc-1111-4222-8333-444455556666")
    found = terms.prices.find(subject, None)

    assert found is not None
    assert "Schools" == found.entry.scope
