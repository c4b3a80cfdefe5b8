"""Invoices: when they close, what stands on them, that they add up, and that the product reads them as they are."""

import gzip
import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import BinaryIO

import pytest
from billing_logs import BASIC, NOVEMBER, START, lived_in

from local.demo.arithmetic import Month
from local.demo.columns import NEW_COMMERCE
from local.partner_center.billing.books import Books, open_books
from local.partner_center.billing.parts import Wanted, open_parts
from local.partner_center.billing.printing import Row
from local.partner_center.billing.recurring_rows import Paper
from local.partner_center.customers_making import create_customer
from local.partner_center.lifecycle import buy
from local.partner_center.opening import open_world
from local.partner_center.world import World
from shared.domain.source_lines import Family
from shared.partner_center.source_files.reading import read_file

OCTOBER = Month(2026, 10)


class InMemory:
    """A file to be read."""

    def __init__(self, content: bytes) -> None:
        self.name, self._content = "part.json.gz", content

    def open(self) -> BinaryIO:
        """Return the content."""
        return BytesIO(self._content)


@pytest.fixture(scope="module")
def world() -> World:
    """A world on 9 November 2026."""
    return lived_in()


@pytest.fixture
def books(world: World) -> Books:
    """Its books."""
    return open_books(world)


def test_each_currency_has_an_invoice_a_month_and_old_contracts_one_of_their_own(books: Books) -> None:
    """Bought in August: G invoices of August to October, D invoices from the 15th of August on."""
    found = {(each.id[0], each.currency, str(each.month)) for each in books.invoices.values()}
    months = ("2026-08", "2026-09", "2026-10")

    assert {(kind, currency, month) for kind in "GD" for currency in ("EUR", "USD") for month in months} == found


def test_invoices_close_from_the_sixth_to_the_eighth(books: Books) -> None:
    """Of the month after, by the world's clock; old contracts on the 17th of the month."""
    days = {each.at.day for each in books.invoices.values() if not each.is_legacy}

    assert days <= {6, 7, 8}
    assert all((each.at.month - each.month.number) % 12 == 1 for each in books.invoices.values() if not each.is_legacy)
    assert {17} == {each.at.day for each in books.invoices.values() if each.is_legacy}


def test_it_is_told_when_an_invoice_is_ready(world: World, books: Books) -> None:
    """One happening each, at the instant of its closing."""
    told = [(each.resource_id, each.at) for each in world.happenings if each.event == "invoice-ready"]

    assert sorted((each.id, each.at) for each in books.invoices.values()) == sorted(told)


def test_the_total_is_that_of_the_rows_with_tax(books: Books) -> None:
    """Euro lines carry no tax here, dollar lines 8.25 percent, half-up on each line."""
    for invoice in books.invoices.values():
        if not invoice.is_legacy:
            rows = list(books.rows(invoice))
            total = sum(row["Total"] for row in rows)
            taxed = sum(row["TaxTotal"] for row in rows)

            assert total == books.total(invoice)
            assert (taxed > 0) is (invoice.currency == "USD")
            assert all(row["Subtotal"] + row["TaxTotal"] == row["Total"] for row in rows)


def test_every_row_has_all_columns(books: Books) -> None:
    """46 columns in Microsoft's order, and what every line must say is said."""
    needed = ("PartnerId", "CustomerId", "InvoiceNumber", "OrderId", "OrderDate", "ProductId", "SkuId", "ChargeType")
    for invoice in books.invoices.values():
        for row in () if invoice.is_legacy else books.rows(invoice):
            assert list(NEW_COMMERCE) == list(row)
            assert all(row[name] for name in (*needed, "SubscriptionId", "ReferenceId", "ChargeStartDate", "Currency"))


def test_lines_belong_to_the_month_in_which_they_happened(books: Books) -> None:
    """The charge may reach into the next month, the order date never does."""
    for invoice in books.invoices.values():
        for row in () if invoice.is_legacy else books.rows(invoice):
            day = row["OrderDate"]

            assert (invoice.month.year, invoice.month.number) == (day.year, day.month)


def test_credits_have_a_negative_effective_price_and_a_positive_list_price(books: Books) -> None:
    """The change of 13 October refunds ten seats for the 21 days to 2 November."""
    euro = next(each for each in books.invoices.values() if each.currency == "EUR" and str(each.month) == "2026-10")
    refund, charge = [row for row in books.rows(euro) if row["ChargeType"] == "addQuantity"]

    assert refund["EffectiveUnitPrice"] < 0 < refund["UnitPrice"]
    assert (10, 14) == (refund["BillableQuantity"], charge["BillableQuantity"])
    assert refund["ReferenceId"] == charge["ReferenceId"]
    assert Decimal("-31.83") == refund["Subtotal"]  # 4.70 x 21/31 x 10, cut
    assert Decimal("44.57") == charge["Subtotal"]


def test_goods_say_what_they_are(books: Books) -> None:
    """A reservation is priced in dollar and names its order; perpetual software has no end."""
    euro = next(each for each in books.invoices.values() if each.currency == "EUR" and str(each.month) == "2026-08")
    rows = {row["ProductId"]: row for row in books.rows(euro)}
    reservation, software = rows["DZH318Z08RES"], rows["DG7GMGF0PWHF"]
    rate = reservation["PCToBCExchangeRate"]

    assert "USD" == reservation["PricingCurrency"]
    assert reservation["ReservationOrderId"]
    assert "1 Year Reservation" == reservation["TermAndBillingCycle"]
    assert (Decimal("1104.36") * rate).quantize(Decimal("0.01"), "ROUND_DOWN") * 2 == reservation["Subtotal"]
    assert (None, "") == (software["ChargeEndDate"], software["TermAndBillingCycle"])
    assert Decimal("192.00") == software["Subtotal"]


def test_the_same_world_has_the_same_rows(books: Books) -> None:
    """Two worlds of one seed; another seed has other identifiers."""
    assert all_rows(books) == all_rows(open_books(lived_in()))
    assert all_rows(books) != all_rows(open_books(lived_in(8)))


def all_rows(books: Books) -> list[Row]:
    """Return the rows of all new-commerce invoices."""
    return [row for invoice in books.invoices.values() if not invoice.is_legacy for row in books.rows(invoice)]


@pytest.mark.parametrize("kind", ["reconciliation/billed", "usage/billed"])
def test_the_product_reads_every_row_without_a_question(books: Books, kind: str) -> None:
    """No issue, all rows, and the same sum."""
    for invoice in books.invoices.values():
        if invoice.is_legacy:
            continue
        delivery = open_parts(books).delivery(Wanted(kind=kind, invoice_id=invoice.id))
        for path in delivery.paths:
            content = path.read_bytes()
            [read] = read_file(InMemory(content))
            rows = [json.loads(line, parse_float=Decimal) for line in gzip.decompress(content).splitlines()]
            is_usage = kind.startswith("usage")
            column = "BillingPreTaxTotal" if is_usage else "Subtotal"
            family = Family.DAILY_USAGE if is_usage else Family.NEW_COMMERCE

            assert [] == read.issues
            assert family == read.family
            assert len(rows) == read.row_count
            assert sum(Decimal(row[column]) for row in rows) == sum(each.cost for each in read.documents.values())


def test_what_is_open_is_unbilled_until_its_invoice_is_there() -> None:
    """On 5 October September is "last" and unbilled; once its invoice is ready, nothing of it is open."""
    world = open_world(start=START)
    customer = create_customer(world, name="Bakkerij", domain="bakkerij.onmicrosoft.com")
    buy(world, customer, BASIC)
    world.clock.advance_to(NOVEMBER - timedelta(days=35))
    books = open_books(world)
    september = books.open_month("last")
    assert september is not None
    before = list(books.unbilled_rows("EUR", september))
    world.clock.advance_to(NOVEMBER - timedelta(days=30))

    assert [("cycleCharge", "")] == [(row["ChargeType"], row["InvoiceNumber"]) for row in before]
    assert books.open_month("last") is None
    assert Month(2026, 10) == books.open_month("current")


def test_an_amendment_says_what_it_amends(world: World) -> None:
    """A credit note has lines and a number of its own; its total is negative."""
    books = open_books(lived_in())
    invoice = next(each for each in books.invoices.values() if not each.is_legacy)
    paper = Paper(partner=world.partner, month=OCTOBER, currency="EUR")
    row = next(books.rows(invoice)) | paper.taxed(Decimal(-5)) | {"ChargeType": "customerCredit"}
    note = books.amend(invoice, [row])

    assert (invoice.id, "adjustment_note") == (note.amends, note.document_type)
    assert Decimal(-5) == books.total(note)
    assert [note.id] == [each["InvoiceNumber"] for each in books.rows(note)]


def test_customers_of_other_currencies_are_billed_in_the_partners_first() -> None:
    """A Swedish customer's licences are priced in kronor and billed in euro at the month's rate."""
    world = open_world(start=START)
    customer = create_customer(world, name="Smed", domain="smed.onmicrosoft.com", country="SE")
    sold = buy(world, customer, BASIC)
    books = open_books(world)
    [row] = books.unbilled_rows("EUR", Month(2026, 8))
    unit = (sold.unit_price * row["PCToBCExchangeRate"]).quantize(Decimal("0.01"), "ROUND_DOWN")

    assert ("SEK", "EUR") == (row["PricingCurrency"], row["Currency"])
    assert unit * 10 == row["Subtotal"]


def test_the_extended_service_term_is_billed_by_the_month_and_says_so() -> None:
    """Nobody renewed and nobody cancelled: 5.38 a seat and month (4.48 x 1.20) and three percent more."""
    world = open_world(start=START)
    customer = create_customer(world, name="Bakkerij", domain="bakkerij.onmicrosoft.com")
    buy(world, customer, replace(BASIC, term="P1M", auto_renews=False))
    world.clock.advance_to(NOVEMBER)
    books = open_books(world)
    october = next(each for each in books.invoices.values() if each.month == OCTOBER)
    [row] = books.rows(october)

    assert ("renew", Decimal("5.54")) == (row["ChargeType"], row["UnitPrice"])
    assert Decimal("55.40") == row["Subtotal"]
    assert '["Extended Service Term"]' == row["PriceAdjustmentDescription"]
