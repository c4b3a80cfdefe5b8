"""What is in the demo month: its customers, its stories, its totals, and that it is always the same."""

from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from demo_rows import Rows, read_rows

from local.demo.month import DemoMonth, write_month

HOSTILE = {
    '=HYPERLINK("http://evil.example","Click")',
    "+SUM(A1:A9)",
    "<script>alert(1)</script> GmbH",
    "@cmd|' /C calc'!A0",
    "..\\..\\etc ltd",
}
NEW_COMMERCE_TYPES = {
    "new",
    "renew",
    "cycleCharge",
    "addQuantity",
    "removeQuantity",
    "moveQuantity",
    "convert",
    "cancelImmediate",
    "changeBillingPlan",
    "customerCredit",
    "extendTerm",
}
LEGACY_TYPES = {
    "Cycle fee",
    "Cycle instance prorate",
    "Cancel fee",
    "Prorate fees when purchase",
    "Prorate fee when renew",
    "Prorate fees when activate",
    "Offset a line item",
}


def names(rows: Rows) -> dict[str, str]:
    """Return the name of each customer on any file, by tenant."""
    found = {row["CustomerId"]: row["CustomerName"] for row in [*rows.invoices, *rows.licence]}
    return found | {row["CustomerId"]: row["CustomerCompanyName"] for row in rows.usage}


def content(folder: Path) -> dict[str, bytes]:
    """Return the bytes of each file in a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_seed_writes_the_same_bytes(month: DemoMonth, tmp_path: Path) -> None:
    """Nothing but period, customers and seed goes into the files."""
    write_month(tmp_path)

    assert content(month.invoice_eur.parent) == content(tmp_path)


def test_another_seed_writes_another_month(month: DemoMonth, tmp_path: Path) -> None:
    """The seed is used."""
    other = write_month(tmp_path, seed=8)

    assert month.invoice_eur.read_bytes() != other.invoice_eur.read_bytes()
    assert month.totals != other.totals


def test_all_customers_are_on_a_bill(rows: Rows) -> None:
    """42 customers were asked for, and each of them has lines."""
    assert len(names(rows)) == 42


def test_hostile_and_long_names_are_there_unchanged(rows: Rows) -> None:
    """Nothing is escaped on Microsoft's side: that is for the reader to do."""
    found = set(names(rows).values())

    assert found >= HOSTILE
    assert max(map(len, found)) == 150
    assert {"Smörgåsbord Café AB", "Łódź Tekstil Sp. z o.o.", "São João Lda"} <= found


def test_control_totals_are_the_sums_of_the_files(month: DemoMonth, rows: Rows) -> None:
    """Lines and pre-tax sums, one total a document, in the file and in the returned value."""
    documents = (
        ("G104455667", "EUR", [row["Subtotal"] for row in rows.euro]),
        ("G104455668", "USD", [row["Subtotal"] for row in rows.dollar]),
        ("", "EUR", [row["Subtotal"] for row in rows.licence]),
        ("D0400XYZ", "EUR", [row["PretaxCharges"] for row in rows.usage]),
    )
    expected = [(number, currency, len(sums), sum(map(Decimal, sums))) for number, currency, sums in documents]
    written = [
        (row["InvoiceNumber"], row["Currency"], int(row["Lines"]), Decimal(row["Subtotal"])) for row in rows.totals
    ]

    assert expected == written
    assert expected == [(one.invoice_number, one.currency, one.lines, one.subtotal) for one in month.totals]


def test_totals_are_subtotals_without_tax(rows: Rows) -> None:
    """Microsoft's recent files leave tax to the invoice."""
    assert all(Decimal(row["TaxTotal"]) == 0 and row["Total"] == row["Subtotal"] for row in rows.invoices)


def test_every_documented_charge_type_occurs(rows: Rows) -> None:
    """The closed list of new commerce, and most of the legacy one."""
    assert {row["ChargeType"] for row in rows.euro} == NEW_COMMERCE_TYPES
    assert {row["ChargeType"] for row in rows.licence} == LEGACY_TYPES
    assert {"Assess usage fee for current cycle"} == {row["ChargeType"] for row in rows.usage}


def test_every_event_is_in_the_month_and_every_term_inside_its_dates(rows: Rows) -> None:
    """A line stands on the invoice of the month of its event."""
    assert all(row["OrderDate"].endswith("/2026") and row["OrderDate"].startswith("10/") for row in rows.euro)
    assert all(row["OrderDate"].startswith("2026-10-") for row in rows.dollar)


def test_rows_that_look_equal_and_rows_that_differ_in_price_only_are_kept(rows: Rows) -> None:
    """Two lines of software are equal in every column; E5 with telephony is two lines with one key."""
    equal = [row for row, count in Counter(tuple(row.values()) for row in rows.euro).items() if count == 2]
    keys = defaultdict(list)
    for row in rows.euro:
        if row["ProductName"] == "Microsoft 365 E5":
            price = {"UnitPrice", "EffectiveUnitPrice", "Subtotal", "Total"}
            keys[tuple(value for name, value in row.items() if name not in price)].append(row["UnitPrice"])

    assert len(equal) == 1
    assert [len(set(prices)) for prices in keys.values() if len(prices) > 1] == [2]


def test_lines_are_not_in_order_of_time(rows: Rows) -> None:
    """Microsoft's files are not chronological."""
    days = [int(row["OrderDate"].split("/")[1]) for row in rows.euro]

    assert days != sorted(days)


def test_every_kind_of_goods_is_on_the_euro_invoice(rows: Rows) -> None:
    """Reservations, savings plans, marketplace, software with and without end, Azure usage, a credit."""
    terms = {row["TermAndBillingCycle"] for row in rows.euro}
    marketplace = [row for row in rows.euro if row["PublisherId"]]
    perpetual = [row for row in rows.euro if not row["ChargeEndDate"]]

    assert {"1 Year Reservation", "3 Years Reservation", "1 Year Savings Plan", "1 Year Subscription"} <= terms
    assert {"Nordlicht Backup ApS"} == {row["PublisherName"] for row in marketplace}
    assert {("", "")} == {(row["TermAndBillingCycle"], row["BillingFrequency"]) for row in perpetual}
    assert [row["CreditReasonCode"] for row in rows.euro if row["CreditReasonCode"]] == ["Azure Credit Offer"]


def test_only_few_customers_are_large(rows: Rows) -> None:
    """Sizes are skewed: the largest customer costs more than ten times the one in the middle."""
    costs: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows.euro:
        costs[row["CustomerId"]] += Decimal(row["Subtotal"])
    ordered = sorted(costs.values())

    assert ordered[-1] > 10 * ordered[len(ordered) // 2]


def test_some_subscriptions_have_names_and_purchase_orders(rows: Rows) -> None:
    """Each note is of a subscription on an invoice, and says something."""
    known = {row["SubscriptionId"] for row in rows.invoices}
    noted = {row["SubscriptionId"] for row in rows.details}

    assert noted < known
    assert all(row["FriendlyName"] or row["PurchaseOrder"] for row in rows.details)
    assert any(row["PurchaseOrderTo"] and row["PurchaseOrderTo"] < "2026-10-01" for row in rows.details)


@pytest.mark.parametrize(("period", "customers"), [("2027-02", 40), ("2028-02", 60), ("2026-11", 150)])
def test_other_months_and_sizes_are_whole_too(tmp_path: Path, period: str, customers: int) -> None:
    """Short months clamp days, leap years have one more, and further customers get names of their own."""
    rows = read_rows(write_month(tmp_path, period=period, customers=customers, seed=3))

    assert customers == len(set(names(rows).values())) == len(names(rows))
    assert {row["ChargeType"] for row in rows.euro} == NEW_COMMERCE_TYPES


def test_a_month_for_too_few_customers_is_refused(tmp_path: Path) -> None:
    """The stories need forty customers."""
    with pytest.raises(ValueError, match="at least 40"):
        write_month(tmp_path, customers=39)


def test_a_period_that_is_no_month_is_refused(tmp_path: Path) -> None:
    """2026-13 is none."""
    with pytest.raises(ValueError, match="month"):
        write_month(tmp_path, period="2026-13")
