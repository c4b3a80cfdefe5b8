"""Whether the simulator's documents agree: totals, exports, daily usage, what is open, old contracts."""

import gzip
import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

import pytest
import requests

from local.demo.arithmetic import Month
from local.partner_center.answers import Host
from local.partner_center.billing.azure_usage import is_azure_plan
from local.partner_center.billing.books import Books, Invoice, open_books
from local.partner_center.billing.parts import Wanted, open_parts
from local.partner_center.entities import Subscription
from local.partner_center.opening import open_world, serve
from local.partner_center.population import populate
from local.partner_center.world import World
from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.subscriptions.events import Event, EventKind, ordered
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.subscription import DatedPrice
from shared.domain.subscriptions.subscription import Subscription as Contract

CENT = Decimal("0.01")
Line = tuple[date | None, date | None, int, Decimal]
GIVES_BACK = {"cancelImmediate", "convert", "moveQuantity", "addQuantity", "removeQuantity"}


@pytest.fixture(scope="module")
def town() -> World:
    """Forty-two customers on 9 November 2026."""
    world = open_world(start=datetime(2026, 11, 9, 8, tzinfo=UTC))
    populate(world, 42)
    return world


@pytest.fixture(scope="module")
def books(town: World) -> Books:
    """Their books."""
    return open_books(town)


def exported(books: Books, invoice: Invoice, kind: str) -> list[dict[str, Any]]:
    """Return the rows of an invoice's export, read from its files."""
    delivery = open_parts(books).delivery(Wanted(kind=kind, invoice_id=invoice.id))
    lines = [line for path in delivery.paths for line in gzip.decompress(path.read_bytes()).splitlines()]
    return [json.loads(line, parse_float=Decimal) for line in lines]


def invoices(books: Books) -> list[Invoice]:
    """Return the invoices of new commerce."""
    return [each for each in books.invoices.values() if not each.is_legacy and not each.amends]


def test_every_invoices_total_is_what_its_rows_say(town: World, books: Books) -> None:
    """What the old API calls total charges is the sum over the exported rows, or over an old contract's lines."""
    with serve(town) as simulator:
        token = simulator.access_token(Host.PARTNER_CENTER)
        told = requests.get(
            f"{simulator.base_url}/v1/invoices?size=200", headers={"Authorization": f"Bearer {token}"}, timeout=30
        )
    listed = json.loads(told.content.decode("utf-8-sig"), parse_float=Decimal)["items"]
    totals = {each["id"]: Decimal(each["totalCharges"]) for each in listed}

    assert set(books.invoices) == set(totals)
    for invoice in books.invoices.values():
        if invoice.is_legacy:
            licences = sum(row["totalForCustomer"] for row in books.legacy_rows(invoice, "office"))
            assert totals[invoice.id] == licences + sum(
                row["postTaxTotal"] for row in books.legacy_rows(invoice, "azure")
            )
        else:
            rows = exported(books, invoice, "reconciliation/billed")
            assert totals[invoice.id] == sum(Decimal(row["Total"]) for row in rows)


def test_daily_usage_adds_up_to_the_months_rows(town: World, books: Books) -> None:
    """By customer and product: less than a cent and its rate apart for each row, and never more than was used."""
    plans = {s.id for c in town.customers.values() for s in c.subscriptions.values() if is_azure_plan(s)}
    for invoice in invoices(books):
        daily: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
        for row in exported(books, invoice, "usage/billed"):
            daily[row["CustomerId"], row["ProductId"], row["SkuId"]] += Decimal(row["BillingPreTaxTotal"])
        monthly: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
        count: dict[tuple[str, str, str], int] = defaultdict(int)
        for row in exported(books, invoice, "reconciliation/billed"):
            key = row["CustomerId"], row["ProductId"], row["SkuId"]
            if row["SubscriptionId"] in plans and row["ChargeType"] != "customerCredit":
                monthly[key] += Decimal(row["Subtotal"])
                count[key] += 1

        assert set(daily) == set(monthly)
        for key, total in daily.items():
            assert Decimal(0) <= total - monthly[key] < 2 * CENT * count[key]


def test_credits_never_exceed_what_was_charged(town: World) -> None:
    """Of each licence, at any time: the sum of all rows so far is not below zero."""
    books = open_books(town)
    owned = [sold for customer in town.customers.values() for sold in customer.subscriptions.values()]
    licences = {sold.id for sold in owned if sold.product_type == "OnlineServicesNCE"}
    rows = [row for invoice in invoices(books) for row in books.rows(invoice) if row["SubscriptionId"] in licences]
    left: dict[str, Decimal] = defaultdict(Decimal)
    for row in sorted(rows, key=lambda row: (row["OrderDate"], row["EffectiveUnitPrice"] < 0)):
        left[row["SubscriptionId"]] += row["Subtotal"]
        if row["EffectiveUnitPrice"] < 0:
            assert row["ChargeType"] in GIVES_BACK
        assert left[row["SubscriptionId"]] >= 0

    assert len(left) > 100


def test_what_is_open_is_restated_and_then_billed(town: World) -> None:
    """Day by day it grows by what happened; the rows of the day before are kept, and the invoice has them all."""
    world = open_world(start=datetime(2026, 10, 3, 8, tzinfo=UTC))
    populate(world, 42)
    books, month = open_books(world), Month(2026, 10)
    seen: dict[str, Decimal] = {}
    for day in (6, 15, 31):
        world.clock.advance_to(datetime(2026, 10, day, 20, tzinfo=UTC))
        rows = [row for row in books.unbilled_rows("EUR", month) if row["ChargeType"] == "cycleCharge"]
        now = {row["ReferenceId"] + str(row["UnitPrice"]): row["Subtotal"] for row in rows}

        assert all(row["OrderDate"] <= world.clock.now() for row in rows)
        assert all(not row["InvoiceNumber"] for row in rows)
        assert seen.items() <= now.items()
        assert len(now) > len(seen)
        seen = now
    world.clock.advance_to(datetime(2026, 11, 9, tzinfo=UTC))
    invoice = next(each for each in invoices(books) if each.month == month and each.currency == "EUR")
    billed = [row for row in books.rows(invoice) if row["ChargeType"] == "cycleCharge"]

    assert seen == {row["ReferenceId"] + str(row["UnitPrice"]): row["Subtotal"] for row in billed}


def test_old_contracts_reverse_and_bill_again(books: Books) -> None:
    """A change of seats: the fee comes back whole, and both quantities are charged for their days, half up."""
    checked = 0
    for invoice in books.invoices.values():
        if not invoice.is_legacy:
            continue
        lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in books.legacy_rows(invoice, "office"):
            lines[row["subscriptionId"]].append(row)
            assert row["amount"] - row["totalOtherDiscount"] == row["subtotal"]
            assert row["subtotal"] + row["tax"] == row["totalForCustomer"]
        for rows in lines.values():
            changed = [row for row in rows if row["chargeType"].lower() == "cycle instance prorate"]
            if changed:
                back, *segments = sorted(changed, key=lambda row: (row["amount"] > 0, row["chargeStartDate"]))
                days = [_days(row) for row in segments]
                whole = _days(back)

                assert sum(days) == whole
                for row, length in zip(segments, days, strict=True):
                    fee = -back["amount"] / back["quantity"]
                    shown = (fee * length / whole).quantize(CENT, ROUND_DOWN)
                    assert abs(row["amount"] - fee * length / whole * row["quantity"]) <= Decimal("0.005")
                    assert shown == row["unitPrice"]
                    checked += 1

    assert checked >= 2


def test_old_contracts_are_what_the_engine_expects(town: World, books: Books) -> None:
    """Days, seats and amounts of every line up to October; on what lines are called the pages disagree."""
    billed: dict[str, Counter[Line]] = defaultdict(Counter)
    for invoice in books.invoices.values():
        for row in books.legacy_rows(invoice, "office") if invoice.is_legacy else ():
            first, last = (date.fromisoformat(row[name][:10]) for name in ("chargeStartDate", "chargeEndDate"))
            name = row["syndicationPartnerSubscriptionNumber"].lower()
            billed[name][first, last, int(row["quantity"]), row["amount"]] += 1
    owned = [sold for customer in town.customers.values() for sold in customer.subscriptions.values()]
    old = [sold for sold in owned if sold.product_type == "OnlineServices" and sold.billing_type != "usage"]

    assert len(old) >= 6
    for sold in old:
        made = expected_lines(History(subscriptions=(_old_contract(sold),), through=date(2026, 10, 15))).lines
        assert billed[sold.id] == Counter((line.start, line.last_day, int(line.quantity), line.amount) for line in made)


def _old_contract(sold: Subscription) -> Contract:
    kinds = {"new": EventKind.CREATED, "cancelImmediate": EventKind.CANCELLED}
    kinds |= dict.fromkeys(("addQuantity", "removeQuantity"), EventKind.QUANTITY_CHANGED)
    events = [
        Event(kind=kinds[each.charge_type], at=each.at, quantity=each.after or None)
        for each in sold.log
        if each.charge_type in kinds
    ]
    return Contract(
        id=sold.id,
        kind=ServiceKind.LEGACY_LICENCE,
        currency=sold.currency,
        events=ordered(events),
        term="P1Y",
        plan=Plan(sold.cycle),
        prices=(DatedPrice(amount=sold.log[0].unit_price),),
        partner_billing_day=15,
    )


def _days(row: dict[str, Any]) -> int:
    first, last = (date.fromisoformat(row[name][:10]) for name in ("chargeStartDate", "chargeEndDate"))
    return (last - first + timedelta(days=1)).days
