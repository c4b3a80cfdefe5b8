"""Old contracts: fees in advance, corrections by reversal and segments, cancellations; amounts half-up."""

from datetime import date

from billing_logs import happened, lived_in, sold

from local.demo.arithmetic import Span
from local.partner_center.billing.books import open_books
from local.partner_center.billing.legacy_lines import licence_lines
from local.partner_center.entities import Subscription

OCTOBER = Span(date(2026, 9, 16), date(2026, 10, 15))


def lines(contract: Subscription, window: Span = OCTOBER) -> list[tuple[str, str, str, str]]:
    """Return type, first and last day, and amount of the lines of an invoice."""
    return [
        (each.charge_type, f"{each.span.first:%m-%d}", f"{each.span.last:%m-%d}", str(each.amount))
        for each in licence_lines(contract, window)
    ]


def contract(*log: tuple[str, str, int, int], price: str = "8.40", cycle: str = "monthly") -> Subscription:
    """Return a contract of a year from 15 May 2026."""
    entries = [
        happened(at, kind, before, after, first="2026-05-15", price=price, cycle=cycle)
        for at, kind, before, after in log
    ]
    return sold(*entries, product_type="OnlineServices", offer_id="5B7C1A36-9E0D-4C38-A5C1-0D6A1E0F7B11")


def test_an_unchanged_contract_has_one_fee_in_advance() -> None:
    """The cycle of 15 October stands on the invoice of that day."""
    assert [("Cycle fee", "10-15", "11-14", "168.00")] == lines(contract(("2026-05-15", "new", 0, 20)))


def test_a_change_reverses_the_fee_and_bills_segments() -> None:
    """Documented pattern: -168.00, ten days at 20 seats, twenty days at 26, and the next cycle at 26."""
    changed = contract(("2026-05-15", "new", 0, 20), ("2026-09-25T10:00", "addQuantity", 20, 26))
    kind = "Cycle instance prorate"
    expected = [
        (kind, "09-15", "10-14", "-168.00"),
        (kind, "09-15", "09-24", "56.00"),
        (kind, "09-25", "10-14", "145.60"),
        ("Cycle fee", "10-15", "11-14", "218.40"),
    ]

    assert sorted(expected) == sorted(lines(changed))


def test_a_second_change_reverses_what_the_first_left() -> None:
    """Only the segment that was billed last comes back."""
    changed = contract(
        ("2026-05-15", "new", 0, 20),
        ("2026-09-25T10:00", "addQuantity", 20, 26),
        ("2026-10-05T10:00", "removeQuantity", 26, 25),
    )
    kind = "Cycle instance prorate"

    assert {
        (kind, "09-25", "10-14", "-145.60"),
        (kind, "09-25", "10-04", "72.80"),
        (kind, "10-05", "10-14", "70.00"),
    } <= set(lines(changed))


def test_the_first_fee_says_that_it_is_a_purchase_and_a_later_term_that_it_renews() -> None:
    """Bought on 2 October: billed on the 15th."""
    bought = sold(happened("2026-10-02T10:00", "new", 0, 4, first="2026-10-02", price="8.40"))
    renewed = sold(
        happened("2025-10-02", "new", 0, 4, first="2025-10-02", price="8.40"),
        happened("2026-10-02", "renew", 4, 4, first="2026-10-02", price="9.00"),
    )

    assert [("Prorate fees when purchase", "10-02", "11-01", "33.60")] == lines(bought)
    assert [("Prorate fee when renew", "10-02", "11-01", "36.00")] == lines(renewed)


def test_a_cancellation_gives_all_back_within_thirty_days_and_unused_days_later() -> None:
    """The 27th of September in a cycle of 30 days: 18 days back, the day of cancellation among them."""
    late = contract(("2026-05-15", "new", 0, 6), ("2026-09-27T10:00", "cancelImmediate", 6, 0), price="3.20")
    early = sold(
        happened("2026-09-20T10:00", "new", 0, 6, first="2026-09-20", price="3.20"),
        happened("2026-09-27T10:00", "cancelImmediate", 6, 0, first="2026-09-20", price="3.20"),
    )

    assert [("Cancel fee", "09-27", "10-14", "-11.52")] == lines(late)
    assert ("Cancel fee", "09-20", "10-19", "-19.20") in lines(early)


def test_an_annual_contract_is_billed_for_a_year() -> None:
    """Nothing in between; a change runs to the end of the year."""
    annual = contract(("2026-05-15", "new", 0, 2), price="48.00", cycle="annual")

    assert [] == lines(annual)
    assert [("Prorate fees when purchase", "05-15", "05-14", "96.00")] == lines(
        annual, Span(date(2026, 4, 16), date(2026, 5, 15))
    )


def test_an_invoice_adds_up_licences_and_usage() -> None:
    """Its total is that of both contents; usage is the list price times the quantity, half up."""
    books = open_books(lived_in())
    invoice = next(each for each in books.invoices.values() if each.is_legacy and str(each.month) == "2026-10")
    office, azure = list(books.legacy_rows(invoice, "office")), list(books.legacy_rows(invoice, "azure"))

    assert office
    assert len(azure) == 5
    assert books.total(invoice) == sum(row["totalForCustomer"] for row in office) + sum(
        row["postTaxTotal"] for row in azure
    )
    assert all(row["pretaxCharges"] == round(row["listPrice"] * row["overageQuantity"], 2) for row in azure)
