"""Invoices for document tests, made by the real charging of made-up source lines."""

from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from shared.domain.charging import ChargeLine, charge
from shared.domain.invoices import Invoice, make_invoices
from shared.domain.keys import line_key
from shared.domain.money import Money
from shared.domain.periods import BillingPeriod, Period
from shared.domain.prices import PriceBook, PriceEntry, PriceKeys, PriceMethod
from shared.domain.source_lines import Family, Origin, SourceLine

OCTOBER = BillingPeriod(2026, 10)
CUSTOMER_ID = "0f3a21bc-1111-4222-8333-444455556666"


def source_line(**changed: Any) -> SourceLine:
    """Return a licence line of October 2026, with fields replaced."""
    fields: dict[str, Any] = {
        "family": Family.NEW_COMMERCE,
        "origin": Origin(file="recon.csv", line=2),
        "customer_id": CUSTOMER_ID,
        "customer_name": "Contoso",
        "charge_type": "cycleCharge",
        "quantity": Decimal(10),
        "cost": Money(Decimal("84.10"), "EUR"),
        "invoice_number": "G001",
        "subscription_id": "sub-1",
        "subscription_name": "Microsoft 365 Business",
        "product_id": "CFQ7TTC0LH18",
        "sku_id": "0001",
        "product_name": "Microsoft 365 Business",
        "sku_name": "Business Basic",
        "publisher": "Microsoft Corporation",
        "charge": Period.inclusive(date(2026, 10, 1), date(2026, 10, 31)),
        "term": Period.inclusive(date(2026, 1, 1), date(2026, 12, 31)),
        "billing_frequency": "Monthly",
        "unit": "Licenses",
        "unit_price": Decimal("8.41"),
        "effective_unit_price": Decimal("8.41"),
        "pricing_currency": "EUR",
    }
    return SourceLine(**{**fields, **changed})


def price_book(currency: str = "EUR") -> PriceBook:
    """Return prices: 12.10 a seat, credits and Azure at cost plus 20 percent."""
    markup = PriceMethod.MARKUP_ON_COST
    return PriceBook(
        [
            PriceEntry(
                scope="" if currency == "EUR" else CUSTOMER_ID,
                keys=PriceKeys(product_id="CFQ7TTC0LH18"),
                method=PriceMethod.FIXED,
                value=Decimal("12.10"),
                currency=currency,
                row=2,
            ),
            PriceEntry(scope="", keys=PriceKeys(charge_type="customerCredit"), method=markup, value=Decimal(20), row=3),
            PriceEntry(scope="", keys=PriceKeys(), method=markup, value=Decimal(20), row=4),
        ],
        name="prices.csv",
    )


def charged(*lines: SourceLine, currency: str = "EUR") -> list[ChargeLine]:
    """Return the charge lines of *lines*; a line without a price is an error of the test."""
    made = [charge(line, price_book(currency), key=line_key(line, number)).line for number, line in enumerate(lines, 1)]
    return [line for line in made if line is not None]


class Make:
    """The builders, as one fixture."""

    source_line = staticmethod(source_line)
    charged = staticmethod(charged)

    @staticmethod
    def invoice(*lines: SourceLine, name: str = "Contoso", **changed: Any) -> Invoice:
        """Return the one invoice over *lines*, or over a month with a bit of everything."""
        every = lines or tuple(month())
        made = make_invoices(every[0].customer_id, name, OCTOBER, charged(*every, **changed))
        assert len(made) == 1
        return made[0]

    @staticmethod
    def workbook(content: bytes) -> Any:
        """Return the workbook as openpyxl reads it, formulas as text."""
        return openpyxl.load_workbook(BytesIO(content))

    @staticmethod
    def values(content: bytes) -> Any:
        """Return the workbook as openpyxl reads it, formulas as their stored values."""
        return openpyxl.load_workbook(BytesIO(content), data_only=True)


def month() -> list[SourceLine]:
    """Return an advance, a purchase in the middle of the month, a credit and some usage."""
    part = Period.inclusive(date(2026, 10, 12), date(2026, 10, 31))
    return [
        source_line(),
        source_line(
            charge_type="addQuantity",
            quantity=Decimal(3),
            cost=Money(Decimal("16.28"), "EUR"),
            charge=part,
            effective_unit_price=Decimal("5.43"),
        ),
        source_line(
            charge_type="customerCredit",
            quantity=Decimal(1),
            cost=Money(Decimal("-5.00"), "EUR"),
            unit_price=Decimal("-5.00"),
            effective_unit_price=Decimal("-5.00"),
        ),
        source_line(
            family=Family.DAILY_USAGE,
            charge_type="new",
            subscription_id="sub-azure",
            subscription_name="Azure plan",
            product_id="DZH318Z0BPS6",
            sku_id="0006",
            product_name="Azure plan",
            sku_name="",
            meter_category="Storage",
            meter_name="Hot LRS",
            quantity=Decimal("1234.56789"),
            cost=Money(Decimal("7.123456789012345678"), "EUR"),
            term=None,
            billing_frequency="",
            unit="GB",
            unit_price=Decimal("0.00577"),
        ),
    ]


@pytest.fixture
def make() -> Make:
    """The builders of lines, invoices and read-back workbooks."""
    return Make()
