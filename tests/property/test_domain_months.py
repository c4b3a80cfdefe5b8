"""A customer's month as a whole: order never matters, sums are exact, refunds cancel, and no cost is shown."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from fractions import Fraction
from io import BytesIO
from typing import Any, BinaryIO

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.charging import charge
from shared.domain.customer_bills import CustomerBill, Terms, bill_customer, by_customer
from shared.domain.money import Money
from shared.domain.periods import BillingPeriod
from shared.domain.prices import PriceBook, PriceEntry, PriceKeys, PriceMethod
from shared.domain.redaction import customer_view
from shared.domain.source_files import FileRead, SourceFiles
from shared.partner_center.source_files.reading import read_file
from shared.partner_center.source_files.row_sink import Reading

SETTINGS = settings(max_examples=60, deadline=None)
OCTOBER = BillingPeriod(2026, 10)
TURN = date(2026, 10, 16)
Row = dict[str, Any]


@dataclass(frozen=True)
class _File:
    name: str
    content: bytes

    def open(self) -> BinaryIO:
        return BytesIO(self.content)


def _entry(method: PriceMethod, value: str, **changed: Any) -> PriceEntry:
    keys = changed.pop("keys", PriceKeys())
    currency = "EUR" if method is PriceMethod.FIXED else ""
    return PriceEntry(scope="", keys=keys, method=method, value=Decimal(value), currency=currency, **changed)


BOOK = PriceBook(
    [
        _entry(PriceMethod.MARKUP_ON_COST, "12.5"),
        _entry(PriceMethod.FIXED, "11.37", keys=PriceKeys(product_id="P1")),
        _entry(PriceMethod.PERCENT_OF_ERP, "90", keys=PriceKeys(meter_id="m1"), valid_until=TURN),
        _entry(PriceMethod.PERCENT_OF_ERP, "110", keys=PriceKeys(meter_id="m1"), valid_from=TURN),
        _entry(PriceMethod.FIXED, "0.0123", keys=PriceKeys(meter_id="m2")),
    ],
    name="list",
)
numbers = st.decimals(Decimal(-1000), Decimal(100000), places=18)
daily_rows = st.fixed_dictionaries(
    {
        "CustomerId": st.sampled_from(["c-1", "c-2"]),
        "CustomerName": st.just("Contoso"),
        "InvoiceNumber": st.just("G001"),
        "SubscriptionId": st.sampled_from(["azure-1", "azure-2"]),
        "MeterId": st.sampled_from(["m1", "m2", "m3"]),
        "ResourceGroup": st.sampled_from(["rg-1", "rg-2", "rg-3"]),
        "ChargeType": st.just("New"),
        "UsageDate": st.integers(1, 31).map(lambda day: f"2026-10-{day:02d}"),
        "UnitPrice": st.sampled_from(["0.1", "0.1999968000511991808131", "4.2E-06"]),
        "Quantity": numbers.map(str),
        "BillingPreTaxTotal": numbers.map(str),
        "BillingCurrency": st.just("EUR"),
        "PCToBCExchangeRate": st.sampled_from(["1", "0.912345"]),
    }
)
licence_rows = st.fixed_dictionaries(
    {
        "CustomerId": st.sampled_from(["c-1", "c-2"]),
        "CustomerName": st.just("Contoso"),
        "InvoiceNumber": st.just("G001"),
        "ProductId": st.sampled_from(["P1", "P2"]),
        "SkuId": st.sampled_from(["0001", "0002"]),
        "SubscriptionId": st.sampled_from(["s-1", "s-2"]),
        "ChargeType": st.sampled_from(["cycleCharge", "addQuantity", "somethingNew"]),
        "UnitPrice": st.sampled_from(["8.41", "2.00"]),
        "BillableQuantity": st.integers(-50, 50).map(str),
        "Subtotal": st.decimals(-5000, 5000, places=2).map(str),
        "Currency": st.just("EUR"),
        "ChargeStartDate": st.integers(1, 31).map(lambda day: f"10/{day}/2026"),
        "ChargeEndDate": st.just("10/31/2026"),
        "TermAndBillingCycle": st.just("One-Year commitment for monthly/yearly billing"),
        "BillingFrequency": st.just("Monthly"),
        "SubscriptionStartDate": st.just("2026-10-01"),
        "SubscriptionEndDate": st.just("2027-09-30"),
    }
)


def _read(rows: Sequence[Row], name: str = "file") -> FileRead:
    content = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    (read,) = read_file(_File(name, content), Reading(BOOK.boundaries))
    return read


def _bills(*reads: FileRead) -> list[CustomerBill]:
    files = SourceFiles()
    for read in reads:
        assert files.take(read) or not read.row_count
    customers = by_customer(files.lines, files.folds, files.issues)
    return [bill_customer(customer, Terms(OCTOBER, BOOK)) for customer in customers.values()]


def _outcome(bills: list[CustomerBill]) -> list[tuple[Any, ...]]:
    return [
        (bill.customer_id, invoice.content_hash, invoice.total, [line.key for line in invoice.lines], len(bill.issues))
        for bill in bills
        for invoice in bill.invoices
    ]


@SETTINGS
@given(rows=st.lists(daily_rows, min_size=1, max_size=25), data=st.data())
def test_the_order_of_daily_rows_and_files_never_changes_an_invoice(rows: list[Row], data: st.DataObject) -> None:
    """Shuffled in one file, or cut into two files in either order: the same invoices, keys and hashes."""
    expected = _outcome(_bills(_read(rows)))
    shuffled = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(0, len(rows)))
    parts = [shuffled[:cut], shuffled[cut:]]
    merged = SourceFiles()
    for position in (1, 0):
        if parts[position]:
            merged.folds.merge(_read(parts[position], f"file {position}").folds)
    customers = by_customer([], merged.folds)

    assert expected == _outcome(_bills(_read(shuffled)))
    assert expected == _outcome([bill_customer(customer, Terms(OCTOBER, BOOK)) for customer in customers.values()])


@SETTINGS
@given(rows=st.lists(licence_rows, min_size=1, max_size=20), data=st.data())
def test_the_order_of_licence_rows_never_changes_an_invoice(rows: list[Row], data: st.DataObject) -> None:
    """Equal-looking rows, split products and credits included."""
    assert _outcome(_bills(_read(rows))) == _outcome(_bills(_read(data.draw(st.permutations(rows)))))


@SETTINGS
@given(rows=st.lists(daily_rows, min_size=1, max_size=30))
def test_folded_sums_are_those_of_a_fraction_oracle_on_every_row(rows: list[Row]) -> None:
    """Quantity, cost and retail amount, by customer, subscription, meter, rate and half of the month."""
    oracle: dict[tuple[str, ...], list[Fraction]] = {}
    for row in rows:
        is_late = row["MeterId"] == "m1" and row["UsageDate"] >= TURN.isoformat()
        names = ("CustomerId", "SubscriptionId", "MeterId", "PCToBCExchangeRate")
        sums = oracle.setdefault((*(row[name] for name in names), str(is_late)), [Fraction(0)] * 3)
        quantity = Fraction(row["Quantity"])
        retail = quantity * Fraction(Decimal(row["UnitPrice"])) * Fraction(row["PCToBCExchangeRate"])
        for index, value in enumerate((quantity, Fraction(row["BillingPreTaxTotal"]), retail)):
            sums[index] += value
    folded = {
        (
            line.customer_id,
            line.subscription_id,
            line.meter_id,
            str(line.fx_rate),
            str(line.meter_id == "m1" and line.charge is not None and line.charge.start >= TURN),
        ): [Fraction(line.quantity), Fraction(line.cost.amount), Fraction(line.list_amount or 0)]
        for line in _read(rows).folds.lines()
    }

    assert oracle == folded


@SETTINGS
@given(licences=st.lists(licence_rows, max_size=12), daily=st.lists(daily_rows, max_size=12))
def test_a_total_is_the_sum_of_rounded_lines_and_every_row_is_in_one_line(
    licences: list[Row], daily: list[Row]
) -> None:
    """Nothing is billed twice, nothing lost: costs of the lines add up to the costs of the files."""
    bills = _bills(*(_read(rows) for rows in (licences, daily) if rows))
    lines = [line for bill in bills for invoice in bill.invoices for line in invoice.lines]
    costs = [Fraction(row["Subtotal"]) for row in licences] + [Fraction(row["BillingPreTaxTotal"]) for row in daily]

    assert not any(bill.uncharged for bill in bills)
    assert sum(costs) == sum(Fraction(line.cost.amount) for line in lines)
    assert len(licences) + len(daily) == sum(line.origin.row_count for line in lines)
    for bill in bills:
        for invoice in bill.invoices:
            assert Decimal(str(invoice.total.amount)) == sum(line.amount.amount for line in invoice.lines)
            assert all(line.amount == line.amount.rounded() for line in invoice.lines)
            assert len({line.key for line in invoice.lines}) == len(invoice.lines)


@SETTINGS
@given(row=licence_rows, quantity=st.integers(1, 500), cost=st.decimals(Decimal("0.01"), 9999, places=2))
def test_a_refund_and_a_charge_of_the_same_seats_and_days_cancel(row: Row, quantity: int, cost: Decimal) -> None:
    """In the older spelling of credits and in the newer one, at a fixed price and at a markup."""
    paid = row | {"BillableQuantity": str(quantity), "Subtotal": str(cost), "UnitPrice": "8.41"}
    newer = paid | {"BillableQuantity": str(-quantity), "Subtotal": str(-cost)}
    older = paid | {"Subtotal": str(-cost)}

    for refund in (newer, older):
        (bill,) = _bills(_read([paid, refund]))

        assert bill.invoices[0].total.is_zero
        assert Money.zero("EUR") == Money.total((line.amount for line in bill.invoices[0].lines), "EUR")


@SETTINGS
@given(
    row=licence_rows,
    seats=st.integers(1, 999),
    marker=st.integers(10**11, 10**12 - 1),
    method=st.sampled_from([PriceMethod.FIXED, PriceMethod.MARKUP_ON_COST]),
)
def test_no_planted_cost_is_found_in_what_the_customer_sees(
    row: Row, seats: int, marker: int, method: PriceMethod
) -> None:
    """Unit price, effective price, cost, order, promotion and discounts carry a mark that no view may show."""
    planted = f"3.{marker}"
    secret = {"UnitPrice": planted, "EffectiveUnitPrice": planted, "OrderId": planted, "PromotionId": planted}
    marked = row | secret | {"PriceAdjustmentDescription": planted, "BillableQuantity": str(seats), "Subtotal": planted}
    (line,) = _read([marked]).lines
    made = charge(line, PriceBook([_entry(method, "13", note=planted)], name=planted)).line

    assert made is not None
    assert planted in repr(made)
    view = customer_view(made)
    for field in fields(view):
        assert str(marker) not in str(getattr(view, field.name)), field.name
