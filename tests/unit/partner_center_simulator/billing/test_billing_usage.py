"""Azure usage: restated while the month is open, final afterwards, and the same on the invoice and by the day."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal

import pytest
from billing_logs import lived_in

from local.demo.arithmetic import Month
from local.partner_center.billing.azure_usage import Used, is_azure_plan
from local.partner_center.billing.books import Books, open_books
from local.partner_center.billing.usage_rows import BASIC
from local.partner_center.entities import Subscription

CENT = Decimal("0.01")
OCTOBER = Month(2026, 10)


@pytest.fixture(scope="module")
def books() -> Books:
    """The books of a world on 9 November 2026."""
    return open_books(lived_in())


def plans(books: Books) -> list[Subscription]:
    """Return all Azure plans."""
    return [
        sold
        for customer in books.world.customers.values()
        for sold in customer.subscriptions.values()
        if is_azure_plan(sold)
    ]


def seen(books: Books, day: int, hour: int = 12) -> dict[tuple[str, str], Decimal]:
    """Return the quantities of October by resource and day as they are known on a day of October."""
    at = datetime(2026, 10, 1, hour, tzinfo=UTC) + timedelta(days=day - 1)
    return {
        (used.resource.name + used.resource.priced.id, used.on.isoformat()): used.quantity
        for plan in plans(books)
        for used in books.estates.used(plan, OCTOBER.span, at)
    }


def test_a_day_is_told_from_the_next_day_on(books: Books) -> None:
    """At noon of the 10th there is nothing of the 10th, and most of the 9th."""
    days = {day for _, day in seen(books, 10)}

    assert max(days) == "2026-10-09"


def test_later_snapshots_have_late_rows_and_corrected_quantities(books: Books) -> None:
    """Read every day and once more ten days later: rows are added, some grow, none disappears."""
    late, corrected = 0, 0
    for day in range(5, 25):
        early, later = seen(books, day), seen(books, day + 10)
        of_then = {key: value for key, value in later.items() if int(key[1][-2:]) < day}
        late += len(of_then.keys() - early.keys())
        corrected += sum(early[key] < of_then[key] for key in early)

        assert early.keys() <= of_then.keys()
        assert all(early[key] <= of_then[key] for key in early)

    assert late > 10
    assert corrected > 5


def test_days_older_than_three_days_do_not_change_any_more(books: Books) -> None:
    """What was read on the 20th of days up to the 16th is what is billed."""
    then, billed = seen(books, 20), seen(books, 38)
    final = {key: value for key, value in billed.items() if key[1] <= "2026-10-16"}

    assert final == {key: value for key, value in then.items() if key[1] <= "2026-10-16"}


def test_the_invoices_lines_are_the_days_sums_cut_twice(books: Books) -> None:
    """By plan, meter and credit state; days sum up to a little more."""
    for invoice in books.invoices.values():
        if invoice.is_legacy:
            continue
        monthly = {
            (row["SubscriptionId"], row["ProductId"], row["SkuId"], row["EffectiveUnitPrice"]): row
            for row in books.rows(invoice)
            if row["MeterDescription"]
        }
        daily: dict[tuple[object, ...], Decimal] = defaultdict(Decimal)
        for row in books.usage_rows(books.paper(invoice), invoice.at):
            key = (row["SubscriptionId"], row["ProductId"], row["SkuId"], row["EffectiveUnitPrice"])
            daily[key] += row["Quantity"]

        assert daily == {key: row["BillableQuantity"] for key, row in monthly.items()}
        for key, row in monthly.items():
            pricing = (key[3] * daily[key]).quantize(CENT, ROUND_DOWN)
            rate = row["PCToBCExchangeRate"]
            assert (pricing * rate).quantize(CENT, ROUND_DOWN) == row["Subtotal"]


def test_daily_amounts_have_all_their_digits(books: Books) -> None:
    """Effective price x quantity, and that times the exchange rate, unrounded; the credit is 15 percent or nothing."""
    invoice = next(each for each in books.invoices.values() if each.id.startswith("G"))
    for row in books.usage_rows(books.paper(invoice), invoice.at):
        pricing = row["EffectiveUnitPrice"] * row["Quantity"]
        kept = Decimal("0.85") if row["PartnerEarnedCreditPercentage"] == 15 else Decimal(1)

        assert pricing == row["PricingPreTaxTotal"]
        assert pricing * row["PCToBCExchangeRate"] == row["BillingPreTaxTotal"]
        assert row["UnitPrice"] * kept == row["EffectiveUnitPrice"]


def test_the_credit_is_lost_on_single_days(books: Books) -> None:
    """Most days have it, a few have not, and a whole plan loses it together."""
    used: list[Used] = [
        each for plan in plans(books) for each in books.estates.used(plan, OCTOBER.span, books.world.clock.now())
    ]
    rates: dict[tuple[str, str], set[Decimal]] = defaultdict(set)
    for each in used:
        if each.resource.priced.meter.has_credit:
            rates[each.resource.entitlement_id, each.on.isoformat()].add(each.rate)

    assert all(len(of_day) == 1 for of_day in rates.values())
    assert {Decimal(1), Decimal("0.85")} == set.union(*rates.values())


def test_the_basic_set_has_31_attributes_and_the_full_one_55(books: Books) -> None:
    """As Microsoft lists them."""
    invoice = next(each for each in books.invoices.values() if each.id.startswith("G"))
    row = next(books.usage_rows(books.paper(invoice), invoice.at))

    assert len(row) == 55
    assert len(BASIC) == 31
    assert row.keys() > BASIC
