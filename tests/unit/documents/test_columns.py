"""The row model: what each reader's table has."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from shared.documents.columns import (
    CUSTOMER_COLUMNS,
    RESELLER_COLUMNS,
    customer_rows,
    margin_percent,
    reseller_rows,
)
from shared.domain.money import Money


def _read(row: Any, columns: Any) -> dict[str, Any]:
    return {column.name: column.value(row) for column in columns}


def test_no_name_stands_twice() -> None:
    """A table needs unique column names."""
    for columns in (CUSTOMER_COLUMNS, RESELLER_COLUMNS):
        names = [column.name for column in columns]  # type: ignore[attr-defined]  # both tuples hold columns

        assert len(set(names)) == len(names)


def test_a_customer_has_no_column_of_the_resellers() -> None:
    """Reseller columns are absent, not blank."""
    names = {column.name for column in CUSTOMER_COLUMNS}

    assert {name for name in names if name.startswith(("Cost", "Margin", "List", "Fx", "Price"))} == set()
    assert names.isdisjoint({"Source", "PromotionId", "MicrosoftInvoiceNumber", "OrderId"})


def test_the_reseller_sees_everything_that_the_customer_sees() -> None:
    """A question about a customer's file is answered from the reseller's."""
    assert {column.name for column in CUSTOMER_COLUMNS} <= {column.name for column in RESELLER_COLUMNS}


def test_an_end_date_is_shown_as_the_last_day(make: Any) -> None:
    """Periods are half-open inside and inclusive in documents."""
    row = next(customer_rows(make.invoice(make.source_line()), "run-1"))
    shown = _read(row, CUSTOMER_COLUMNS)

    assert date(2026, 10, 31) == shown["ChargeEndDate"]
    assert date(2026, 10, 31) == shown["BillingPeriodEnd"]
    assert date(2027, 1, 1) == shown["RenewalDate"]


def test_a_line_without_dates_has_none(make: Any) -> None:
    """What is not known is None, not a made-up day."""
    line = make.source_line(charge=None, term=None, billing_frequency="", unit="", term_and_billing_cycle="")
    shown = _read(next(customer_rows(make.invoice(line), "run-1")), CUSTOMER_COLUMNS)

    assert shown["ChargeStartDate"] is None
    assert shown["ChargeEndDate"] is None


def test_the_reseller_sees_cost_margin_and_source(make: Any) -> None:
    """Margin is sale less cost; the percentage is of the sale."""
    shown = _read(next(reseller_rows(make.invoice(make.source_line()), "run-1")), RESELLER_COLUMNS)

    assert Money(Decimal("121.00"), "EUR") == shown["SalesAmount"]
    assert Money(Decimal("84.10"), "EUR") == shown["CostAmount"]
    assert Money(Decimal("36.90"), "EUR") == shown["MarginAmount"]
    assert Decimal("0.3050") == shown["MarginPercent"]
    assert shown["Source"] == "recon.csv:2"
    assert shown["PriceSource"] == "prices.csv row 2 (global: ProductId CFQ7TTC0LH18): fixed 12.10 EUR"


def test_there_is_no_margin_across_currencies(make: Any) -> None:
    """Amounts of two currencies are never subtracted."""
    invoice = make.invoice(make.source_line(), currency="SEK")
    shown = _read(next(reseller_rows(invoice, "run-1")), RESELLER_COLUMNS)

    assert shown["MarginAmount"] is None
    assert shown["MarginPercent"] is None


def test_there_is_no_margin_percentage_of_nothing() -> None:
    """A sale of zero has no percentage."""
    assert margin_percent(Money(Decimal(-1), "EUR"), Money.zero("EUR")) is None


def test_rows_carry_run_invoice_and_customer(make: Any) -> None:
    """Every row can be traced without its file name."""
    invoice = replace(make.invoice(make.source_line()), number="2026-0042")
    shown = _read(next(customer_rows(invoice, "run-1")), CUSTOMER_COLUMNS)

    assert tuple(
        shown[name] for name in ("RunId", "InvoiceRevision", "BillingPeriod", "InvoiceNumber", "CustomerName")
    ) == ("run-1", 1, "2026-10", "2026-0042", "Contoso")
