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
from shared.domain.prices.price_locks import PriceLockPolicy
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
    TermsKind.CUSTOMER_GROUPS: b"CustomerId,Group\r\nc-1,Schools\r\n",
    TermsKind.OFFERS_AND_DISCOUNTS: b"Kind,Percent,Action\r\nrelationship,10,\r\nprice_lock,,from_next_renewal\r\n",
}


def test_a_month_is_billed_by_everything_that_is_in_force(office: Office) -> None:
    """Each kind is kept once and read back; a second load reads nothing again."""
    kept = [[keep_terms(office.services, kind, OCTOBER, f"{kind}.csv", GOOD[kind]) for kind in GOOD] for _ in range(2)]
    versions = terms_in_force(office.services, OCTOBER)
    terms = load_terms(office.services, OCTOBER, versions)

    assert kept == [[True] * 6, [False] * 6]
    assert list(GOOD) == [version.kind for version in versions]
    assert (terms.prices.entry_count, terms.prices.name, terms.sheet.name) == (2, "price-list.csv", "price-sheet.csv")
    assert [("G1", 1)] == [(one.invoice_number, one.rows) for one in load_control_totals(office.services, versions)]
    assert load_terms(office.services, OCTOBER, versions) is terms
    assert terms.special is not None
    assert ("offers-and-discounts.csv", 1) == (terms.special.rules.name, len(terms.special.rules.rules))
    assert PriceLockPolicy.FROM_NEXT_RENEWAL is terms.special.locks.policy("anybody")


@pytest.mark.parametrize("offers", [None, b"Kind,Percent\r\n"])
def test_without_offers_nothing_special_is_agreed(office: Office, offers: bytes | None) -> None:
    """None were ever handed in, or a list without rows ended those of the months before."""
    keep_terms(office.services, TermsKind.PRICE_LIST, OCTOBER, "prices.csv", GOOD[TermsKind.PRICE_LIST])
    if offers is not None:
        kind = TermsKind.OFFERS_AND_DISCOUNTS
        keep_terms(office.services, kind, BillingPeriod(2026, 9), "offers.csv", GOOD[kind])
        keep_terms(office.services, kind, OCTOBER, "offers.csv", offers)

    assert load_terms(office.services, OCTOBER, terms_in_force(office.services, OCTOBER)).special is None


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


def test_customer_groups_come_before_the_offers_that_name_them(office: Office) -> None:
    """Else what was promised to the group would be passed over in silence."""
    groups, offers = TermsKind.CUSTOMER_GROUPS, TermsKind.OFFERS_AND_DISCOUNTS
    content = b"Kind,Percent,CustomerGroup\r\nrelationship,10,schools\r\n"

    with pytest.raises(InvalidError, match=r"offers\.csv, row 2: nobody is in the customer group 'schools'"):
        keep_terms(office.services, offers, OCTOBER, "offers.csv", content)
    assert office.services.terms.in_force(offers, OCTOBER) is None
    assert keep_terms(office.services, groups, OCTOBER, "groups.csv", SCHOOLS)
    assert keep_terms(office.services, offers, OCTOBER, "offers.csv", content)
    with pytest.raises(InvalidError, match="nobody is in the customer group 'schools'"):
        keep_terms(office.services, groups, OCTOBER, "groups.csv", SCHOOLS.replace(b"Schools", b"Shops"))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (b"offer,10,\r\noffer,20,\r\n", "rows 2 and 3: two offers"),
        (b"price_lock,,at_once\r\nprice_lock,,from_next_renewal\r\n", "rows 2 and 3: two price locks for all"),
        (b"gift,10,\r\npresent,10,\r\n", "offers.csv: 2 problems, nothing was read from it"),
    ],
)
def test_offers_that_contradict_themselves_are_not_kept(office: Office, rows: bytes, said: str) -> None:
    """What is wrong is told when they come in, not when a run meets them."""
    kind = TermsKind.OFFERS_AND_DISCOUNTS
    with pytest.raises(InvalidError) as caught:
        keep_terms(office.services, kind, OCTOBER, "offers.csv", b"Kind,Percent,Action\r\n" + rows)

    assert said in str(caught.value)
    assert office.services.terms.in_force(kind, OCTOBER) is None
