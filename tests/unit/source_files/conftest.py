"""Builders for Microsoft's files: the documented columns in both generations, as CSV, JSON lines, gzip or zip."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import pytest

from shared.domain.source_files import FileRead
from shared.partner_center.source_files.reading import PLAIN, read_file
from shared.partner_center.source_files.row_sink import Reading

_RECON: dict[str, str] = {
    "PartnerId": "partner",
    "CustomerId": "c-1",
    "CustomerName": "Contoso, Ltd.",
    "CustomerDomainName": "contoso.example",
    "CustomerCountry": "DE",
    "InvoiceNumber": "G001",
    "OrderId": "order-1",
    "OrderDate": "2026-10-01T00:00:00Z",
    "ProductId": "CFQ7TTC0LCHC",
    "SkuId": "0002",
    "SkuName": "Microsoft 365 Business Premium",
    "ChargeType": "cycleCharge",
    "UnitPrice": "8.41",
    "Quantity": "10",
    "Subtotal": "84.10",
    "TaxTotal": "0",
    "Total": "84.10",
    "Currency": "EUR",
    "PriceAdjustmentDescription": "[]",
    "PublisherName": "Microsoft Corporation",
    "SubscriptionDescription": "Business Premium",
    "SubscriptionId": "sub-1",
    "ChargeStartDate": "10/1/2026",
    "ChargeEndDate": "10/31/2026",
    "TermAndBillingCycle": "One-Year commitment for monthly/yearly billing",
    "EffectiveUnitPrice": "8.41",
    "UnitType": "Licenses",
    "BillableQuantity": "10",
    "BillingFrequency": "Monthly",
    "PCToBCExchangeRate": "1",
    "PCToBCExchangeRateDate": "2026-10-01",
    "SubscriptionStartDate": "2026-10-01",
    "SubscriptionEndDate": "2027-09-30",
}
_DAILY: dict[str, Any] = {
    "PartnerId": "partner",
    "CustomerId": "c-1",
    "CustomerName": "Contoso",
    "InvoiceNumber": "G001",
    "ProductId": "DZH318Z0BPS6",
    "SkuId": "0001",
    "SubscriptionDescription": "Azure plan",
    "SubscriptionId": "azure-plan",
    "UsageDate": "2026-10-01",
    "MeterId": "meter-1",
    "MeterCategory": "Storage",
    "MeterName": "LRS Data Stored",
    "Unit": "1 GB/Month",
    "ResourceGroup": "rg-1",
    "ChargeType": "New",
    "UnitPrice": "0.1",
    "Quantity": "2",
    "BillingPreTaxTotal": "0.17",
    "BillingCurrency": "EUR",
    "EffectiveUnitPrice": "0.085",
    "PCToBCExchangeRate": "1",
    "EntitlementId": "azure-1",
    "BenefitType": "",
}


@dataclass(frozen=True)
class Bytes:
    """A file that exists in memory only."""

    content: bytes
    name: str = "file"

    def open(self) -> BinaryIO:
        """Return the content from its start."""
        return io.BytesIO(self.content)


Row = Mapping[str, Any]
ReadBytes = Callable[..., FileRead]


@pytest.fixture
def recon() -> Callable[..., dict[str, str]]:
    """Makes a row of the new-commerce invoice reconciliation file."""
    return lambda **changed: _RECON | changed


@pytest.fixture
def daily() -> Callable[..., dict[str, Any]]:
    """Makes a row of the daily rated usage file."""
    return lambda **changed: _DAILY | changed


@pytest.fixture
def file() -> Callable[..., Bytes]:
    """Makes a file of its content and name."""
    return Bytes


@pytest.fixture
def as_csv() -> Callable[..., bytes]:
    """Writes rows as CSV; the first row's keys are the header."""

    def write(rows: Sequence[Row], delimiter: str = ",", end: str = "\r\n") -> bytes:
        text = io.StringIO()
        writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
        writer.writerow(rows[0])
        writer.writerows(row.values() for row in rows)
        return text.getvalue().encode()

    return write


@pytest.fixture
def as_json() -> Callable[[Iterable[Row]], bytes]:
    """Writes rows as JSON lines."""
    return lambda rows: b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@pytest.fixture
def read() -> ReadBytes:
    """Reads one file of the given bytes, which must hold one document."""

    def reading(content: bytes, name: str = "file", terms: Reading = PLAIN) -> FileRead:
        (result,) = read_file(Bytes(content, name), terms)
        return result

    return reading
