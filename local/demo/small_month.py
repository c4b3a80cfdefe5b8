"""A month of a handful of licences: the smallest files that Microsoft and a reseller could hand in, made in memory.

For trying a change, and for tests that follow a month from day to day; each row is one subscription for a whole month.

Not here: the month with every kind of charge (``month``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from local.demo.columns import CONTROL_TOTALS, NEW_COMMERCE, PRICE_LIST
from local.demo.formats import Row, csv_bytes

PRODUCT = "CFQ7TTC0LH18"
INVOICE_NUMBER = "G000000001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """One subscription: whose it is, how many seats, and what Microsoft charges for each; *customer* is a name."""

    customer: str
    product: str = PRODUCT
    seats: int = 10
    price: Decimal = Decimal("8.00")
    currency: str = "EUR"

    @property
    def customer_id(self) -> str:
        """The id that stands for the name."""
        return f"{self.customer.casefold()}-0000-4000-8000-000000000001"


FOUR_CUSTOMERS = (
    Licence(customer="Adatum"),
    Licence(customer="Contoso", product="CFQ7TTC0LCHC", seats=3),
    Licence(customer="Fabrikam", product="CFQ7TTC0MM8R", seats=5),
    Licence(customer="Tailspin", seats=7),
)
PRICES = ((PRODUCT, "12.00"), ("CFQ7TTC0LCHC", "20.00"))
"""What a seat costs a customer; nobody has priced Fabrikam's product."""


def invoice_csv(period: str, licences: Iterable[Licence], *, number: str = INVOICE_NUMBER) -> bytes:
    """Return Microsoft's new-commerce invoice file over *licences*."""
    return csv_bytes(NEW_COMMERCE, [_row(period, licence, number) for licence in licences])


def price_list_csv(prices: Iterable[tuple[str, str]], *, currency: str = "EUR") -> bytes:
    """Return a price list with a fixed price for each product."""
    blank = dict.fromkeys(PRICE_LIST, "")
    fixed = {"Method": "fixed", "Currency": currency}
    return csv_bytes(
        PRICE_LIST, [{**blank, **fixed, "ProductId": product, "Value": price} for product, price in prices]
    )


def control_totals_csv(licences: Iterable[Licence], *, number: str = INVOICE_NUMBER) -> bytes:
    """Return what Microsoft says of the invoice over *licences*, all of one currency."""
    sold = list(licences)
    total = sum((licence.price * licence.seats for licence in sold), Decimal(0))
    row: Row = dict(zip(CONTROL_TOTALS, (number, sold[0].currency, str(len(sold)), total), strict=True))
    return csv_bytes(CONTROL_TOTALS, [row])


def _row(period: str, licence: Licence, number: str) -> Row:
    first = date.fromisoformat(f"{period}-01")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    cost = licence.price * licence.seats
    named: Row = {
        "CustomerId": licence.customer_id,
        "CustomerName": licence.customer,
        "CustomerCountry": "DE",
        "InvoiceNumber": number,
        "OrderId": f"order-{licence.customer}",
        "OrderDate": first,
        "ProductId": licence.product,
        "SkuId": "0001",
        "SkuName": f"Plan {licence.product}",
        "ProductName": f"Plan {licence.product}",
        "ChargeType": "cycleCharge",
        "UnitPrice": licence.price,
        "EffectiveUnitPrice": licence.price,
        "Quantity": licence.seats,
        "BillableQuantity": licence.seats,
        "Subtotal": cost,
        "TaxTotal": Decimal(0),
        "Total": cost,
        "Currency": licence.currency,
        "PricingCurrency": licence.currency,
        "PCToBCExchangeRate": Decimal(1),
        "PublisherName": "Microsoft",
        "SubscriptionDescription": f"Plan {licence.product}",
        "SubscriptionId": f"subscription-{licence.customer}-{licence.product}",
        "ChargeStartDate": first,
        "ChargeEndDate": last,
        "TermAndBillingCycle": "One-Year commitment for monthly/yearly billing",
        "UnitType": "Licenses",
        "BillingFrequency": "Monthly",
        "SubscriptionStartDate": first,
        "SubscriptionEndDate": first.replace(year=first.year + 1) - timedelta(days=1),
        "ReferenceId": f"reference-{licence.customer}-{licence.product}",
    }
    return {**dict.fromkeys(NEW_COMMERCE, ""), **named}
