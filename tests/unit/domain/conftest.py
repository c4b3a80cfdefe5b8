"""Builders for the domain's values: one line of each of Microsoft's families, changed as a test needs."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.charging import ChargeLine, charge
from shared.domain.money import Money
from shared.domain.periods import Period
from shared.domain.prices import PriceBook, PriceEntry, PriceKeys, PriceMethod
from shared.domain.source_lines import Family, Origin, SourceLine

_OCTOBER = Period.inclusive(date(2026, 10, 1), date(2026, 10, 31))
_CUSTOMER: dict[str, Any] = {
    "customer_id": "0f3a21bc-1111-4222-8333-444455556666",
    "customer_name": "Contoso",
    "invoice_number": "G001",
    "charge": _OCTOBER,
}
_LICENCE = _CUSTOMER | {
    "family": Family.NEW_COMMERCE,
    "origin": Origin(file="recon.csv", line=2),
    "charge_type": "cycleCharge",
    "quantity": Decimal(10),
    "cost": Money(Decimal("84.10"), "EUR"),
    "subscription_id": "sub-1",
    "subscription_name": "Business Premium",
    "product_id": "CFQ7TTC0LCHC",
    "sku_id": "0002",
    "sku_name": "Microsoft 365 Business Premium",
    "publisher": "Microsoft Corporation",
    "term": Period.inclusive(date(2026, 10, 1), date(2027, 9, 30)),
    "term_and_billing_cycle": "One-Year commitment for monthly/yearly billing",
    "billing_frequency": "Monthly",
    "unit": "Licenses",
    "unit_price": Decimal("8.41"),
    "effective_unit_price": Decimal("8.41"),
}
_USAGE = _CUSTOMER | {
    "family": Family.DAILY_USAGE,
    "origin": Origin(file="daily.json", line=1),
    "charge_type": "New",
    "quantity": Decimal("12.5"),
    "cost": Money(Decimal("1.0625"), "EUR"),
    "subscription_id": "azure-plan",
    "subscription_name": "Azure plan",
    "entitlement_id": "azure-1",
    "product_id": "DZH318Z0BPS6",
    "sku_id": "0001",
    "meter_id": "meter-1",
    "meter_category": "Storage",
    "meter_name": "LRS Data Stored",
    "unit": "1 GB/Month",
    "unit_price": Decimal("0.1"),
    "effective_unit_price": Decimal("0.085"),
    "list_amount": Decimal("1.25"),
    "pricing_currency": "USD",
    "fx_rate": Decimal(1),
}
_LEGACY = _CUSTOMER | {
    "family": Family.LEGACY_LICENCE,
    "origin": Origin(file="licence.csv", line=2),
    "invoice_number": "",
    "charge_type": "Cycle fee",
    "quantity": Decimal(1),
    "cost": Money(Decimal("28.40"), "EUR"),
    "subscription_id": "old-1",
    "product_id": "offer-1",
    "product_name": "Office 365 E5",
    "term": Period(date(2026, 10, 1), date(2027, 10, 1)),
    "billing_frequency": "Monthly",
    "unit_price": Decimal("28.40"),
}

MakeLine = Callable[..., SourceLine]


def _maker(defaults: dict[str, Any]) -> MakeLine:
    return lambda **changed: SourceLine(**{**defaults, **changed})


@pytest.fixture
def licence() -> MakeLine:
    """Makes a new-commerce seat line: a yearly term from 1 October 2026, billed monthly, ten seats at 8.41."""
    return _maker(_LICENCE)


@pytest.fixture
def usage() -> MakeLine:
    """Makes a line of daily rated usage."""
    return _maker(_USAGE)


@pytest.fixture
def legacy() -> MakeLine:
    """Makes a legacy licence line: a yearly term from 1 October 2026, billed monthly."""
    return _maker(_LEGACY)


@pytest.fixture
def entry() -> Callable[..., PriceEntry]:
    """Makes a price entry: a fixed 10 EUR for everything; key fields are given by their names."""

    def make(value: str = "10", **changed: Any) -> PriceEntry:
        names = PriceKeys.__dataclass_fields__
        keys = PriceKeys(**{name: changed.pop(name) for name in list(changed) if name in names})
        method = changed.pop("method", PriceMethod.FIXED)
        currency = changed.pop("currency", "EUR" if method is PriceMethod.FIXED else "")
        own = "" if currency in {"", "EUR"} else _CUSTOMER["customer_id"]  # only such a price crosses currencies
        return PriceEntry(
            scope=changed.pop("scope", own),
            keys=keys,
            method=method,
            value=Decimal(value),
            currency=currency,
            **changed,
        )

    return make


@pytest.fixture
def book(entry: Callable[..., PriceEntry]) -> Callable[..., PriceBook]:
    """Makes a price list of the given entries, or of one fixed price for everything."""

    def make(*entries: PriceEntry | str) -> PriceBook:
        rows = [entry(row) if isinstance(row, str) else row for row in entries]
        return PriceBook(rows, name="prices.xlsx")

    return make


@pytest.fixture
def charged(book: Callable[..., PriceBook]) -> Callable[..., ChargeLine]:
    """Makes the charge line of a source line at one fixed price, which must exist."""

    def make(line: SourceLine, price: str = "10", **options: Any) -> ChargeLine:
        made = charge(line, book(price), **options).line
        assert made is not None
        return made

    return make
