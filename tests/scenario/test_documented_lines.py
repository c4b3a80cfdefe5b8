"""Microsoft's documented figures, as files: every printed cost comes back unchanged, every sale follows our rule."""

import csv
import io
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from shared.domain.customer_bills import CustomerBill, CustomerLines, Terms, bill_customer
from shared.domain.issues import IssueCode
from shared.domain.periods import BillingPeriod
from shared.domain.prices import PriceBook, PriceEntry, PriceKeys, PriceMethod
from shared.domain.source_files import FileRead
from shared.domain.source_lines import Family
from shared.partner_center.source_files.reading import read_file

FIXTURES = Path(__file__).parents[1] / "fixtures"
Record = dict[str, Any]
Line = dict[str, str]
DOCUMENTED = json.loads((FIXTURES / "documented_lines.json").read_text("utf-8"))
RECORDS: list[Record] = DOCUMENTED["records"]
COLUMNS: dict[str, list[str]] = json.loads((FIXTURES / "documented_columns.json").read_text("utf-8"))
CUSTOMER = "0f3a21bc-1111-4222-8333-444455556666"
COMMITMENT = {"Monthly": "One-Year commitment for monthly/yearly billing", "Annual": "One-Year commitment"}


def _new_commerce(record: Record, line: Line) -> dict[str, str]:
    start, end = record["term"] or ("", "")
    frequency = line.get("frequency", record["frequency"])
    return {
        "CustomerId": CUSTOMER,
        "CustomerName": "Contoso",
        "InvoiceNumber": "G000001",
        "OrderDate": line["start"],
        "ProductId": "CFQ7TTC0EXMP",
        "SkuId": _sku(record, line),
        "ChargeType": line["charge_type"],
        "UnitPrice": line["unit_price"],
        "Quantity": line["quantity"],
        "Subtotal": line["amount"],
        "TaxTotal": line.get("tax", "0"),
        "Total": line.get("total", line["amount"]),
        "Currency": record["currency"],
        "PublisherName": record.get("publisher", "Microsoft"),
        "PublisherId": "4711" if "publisher" in record else "",
        "SubscriptionDescription": "An example",
        "SubscriptionId": "sub-1",
        "ChargeStartDate": line["start"],
        "ChargeEndDate": line["end"],
        "TermAndBillingCycle": "" if "meter" in line else record.get("commitment", COMMITMENT.get(frequency, "")),
        "EffectiveUnitPrice": line.get("effective_unit_price", line["unit_price"]),
        "UnitType": "Licenses",
        "BillableQuantity": line["quantity"],
        "BillingFrequency": frequency,
        "PricingCurrency": record["currency"],
        "PCToBCExchangeRate": "1",
        "MeterDescription": line.get("meter", ""),
        "SubscriptionStartDate": start,
        "SubscriptionEndDate": end,
        "ProductQualifiers": line.get("qualifiers", "[]"),
        "PromotionId": line.get("promotion_id", ""),
    }


def _legacy_licence(record: Record, line: Line) -> dict[str, str]:
    start, end = line.get("term", record["term"])
    return {
        "CustomerId": CUSTOMER,
        "CustomerName": "Contoso",
        "SyndicationPartnerSubscriptionNumber": "sub-1",
        "DurableOfferId": "offer-1",
        "OfferName": "An example",
        "SubscriptionStartDate": f"{start}T00:00:00",
        "SubscriptionEndDate": f"{end}T00:00:00",
        "ChargeStartDate": f"{line['start']}T00:00:00",
        "ChargeEndDate": f"{line['end']}T23:59:00",
        "ChargeType": line["charge_type"],
        "UnitPrice": line["unit_price"],
        "Quantity": line["quantity"],
        "Amount": line["amount"],
        "TotalOtherDiscount": "0",
        "Subtotal": line["amount"],
        "Tax": "0",
        "TotalForCustomer": line["amount"],
        "Currency": record["currency"],
        "BillingCycleType": line.get("frequency", record["frequency"]),
    }


def _legacy_usage(record: Record, line: Line) -> dict[str, str]:
    return {
        "CustomerId": CUSTOMER,
        "CustomerCompanyName": "Contoso",
        "InvoiceNumber": "D000001",
        "ChargeStartDate": line["start"],
        "ChargeEndDate": line["end"],
        "SubscriptionId": "sub-1",
        "ResourceGuid": f"meter {line['unit_price']}",
        "ConsumedQuantity": line["quantity"],
        "IncludedQuantity": "0",
        "OverageQuantity": line["quantity"],
        "ListPrice": line["unit_price"],
        "PretaxCharges": line["amount"],
        "TaxAmount": line["tax"],
        "PostTaxTotal": line["total"],
        "Currency": record["currency"],
        "PretaxEffectiveRate": line.get("effective_unit_price", "0"),
        "ChargeType": line["charge_type"],
        "BillingCycleType": record["frequency"],
    }


def _daily_usage(record: Record, line: Line) -> dict[str, str]:
    return {
        "CustomerId": CUSTOMER,
        "CustomerName": "Contoso",
        "InvoiceNumber": "G000001",
        "SubscriptionDescription": "Azure plan",
        "SubscriptionId": "sub-1",
        "UsageDate": line["start"],
        "MeterId": line["meter"],
        "ChargeType": line["charge_type"],
        "UnitPrice": line["unit_price"],
        "Quantity": line["quantity"],
        "BillingPreTaxTotal": line["amount"],
        "BillingCurrency": record["currency"],
        "EffectiveUnitPrice": line["unit_price"],
        "PCToBCExchangeRate": "1",
    }


WRITERS = {
    "new-commerce": _new_commerce,
    "legacy-licence": _legacy_licence,
    "legacy-usage": _legacy_usage,
    "daily-usage": _daily_usage,
}


def _sku(record: Record, line: Line) -> str:
    """Return a SKU for each unit price of an example, so that each has its own row in the price list."""
    prices = list(dict.fromkeys(each["unit_price"] for each in record["lines"]))
    return f"{prices.index(line['unit_price']) + 1:04d}"


@dataclass(frozen=True)
class _File:
    name: str
    content: bytes

    def open(self) -> BinaryIO:
        return io.BytesIO(self.content)


def _read(record: Record) -> FileRead:
    """Write the example as Microsoft's file, with every documented column, and read it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS[record["family"]], restval="")
    writer.writeheader()
    writer.writerows(WRITERS[record["family"]](record, line) for line in record["lines"])
    (read,) = read_file(_File("example.csv", text.getvalue().encode()))
    return read


def _bill(record: Record, prices: PriceBook) -> CustomerBill:
    read = _read(record)
    month = BillingPeriod.of(date.fromisoformat(record["lines"][0]["start"]))
    return bill_customer(CustomerLines(CUSTOMER, read.lines, read.folds, read.issues), Terms(month, prices))


def _passed_on() -> PriceBook:
    return PriceBook([PriceEntry(scope="", keys=PriceKeys(), method=PriceMethod.MARKUP_ON_COST, value=Decimal(0))])


def _at_unit_price(record: Record) -> PriceBook:
    prices = {_sku(record, line): line.get("price", line["unit_price"]) for line in record["lines"]}
    return PriceBook(
        PriceEntry(
            scope="",
            keys=PriceKeys(product_id="CFQ7TTC0EXMP", sku_id=sku),
            method=PriceMethod.FIXED,
            value=Decimal(price),
            currency=record["currency"],
        )
        for sku, price in prices.items()
    )


def _named(record: Record) -> str:
    return str(record["name"])


@pytest.mark.parametrize("record", RECORDS, ids=_named)
def test_every_printed_amount_comes_back_as_cost_line_by_line(record: Record) -> None:
    """Exactly as printed, whichever arithmetic the page used; passed on at cost, the sale is the amount itself."""
    bill = _bill(record, _passed_on())
    (invoice,) = bill.invoices
    billed = {line.origin.line: line for line in invoice.lines}
    expected = {number: Decimal(line["amount"]) for number, line in enumerate(record["lines"], start=2)}

    assert () == bill.uncharged
    assert not bill.is_parked
    assert expected == {number: line.cost.amount for number, line in billed.items()}
    assert {n: line.cost.rounded() for n, line in billed.items()} == {n: line.amount for n, line in billed.items()}
    assert sum(expected.values()) == sum(cost.amount for cost in invoice.costs)


@pytest.mark.parametrize("record", [each for each in RECORDS if each["family"] == "new-commerce"], ids=_named)
def test_every_sale_follows_our_rule_from_the_printed_unit_price(record: Record) -> None:
    """Unit price x days / days of the cycle x quantity, half up once; where Microsoft differs, there is a reason."""
    bill = _bill(record, _at_unit_price(record))
    (invoice,) = bill.invoices
    sales = {line.origin.line: line.amount.amount for line in invoice.lines}

    assert not bill.is_parked
    assert {number: Decimal(line["sale"]) for number, line in enumerate(record["lines"], start=2)} == sales
    for line in record["lines"]:
        assert (Decimal(line["sale"]) != Decimal(line["amount"])) is ("differs" in line), line


@pytest.mark.parametrize("record", RECORDS, ids=_named)
def test_every_row_is_read_without_a_complaint(record: Record) -> None:
    """The documented columns are all known, the printed sums add up, and each example is of the family it claims."""
    read = _read(record)

    assert [] == read.issues
    assert (Family(record["family"]), len(record["lines"])) == (read.family, read.row_count)


def test_a_share_that_contradicts_microsofts_own_price_is_noticed() -> None:
    """The examples whose days do not fit their dates, and the one that is prorated by months."""
    noticed = {
        record["name"]
        for record in RECORDS
        if any(issue.code is IssueCode.PRORATION_DIFFERS for issue in _bill(record, _passed_on()).issues)
    }

    assert {
        "migrated, old end of term kept, monthly plan",
        "migrated, old end of term kept, annual plan",
        "monthly plan changed to annual",
    } == noticed


@pytest.mark.parametrize(
    ("family", "count"), [("new-commerce", 46), ("daily-usage", 55), ("legacy-licence", 28), ("legacy-usage", 42)]
)
def test_the_files_have_every_documented_column(family: str, count: int) -> None:
    """And none twice."""
    assert count == len(COLUMNS[family]) == len({name.casefold() for name in COLUMNS[family]})


def test_examples_without_lines_are_listed_with_the_reason() -> None:
    """Nothing is left out in silence, and no example stands on both lists."""
    left_out = DOCUMENTED["without_lines"]

    assert all(each["name"] and each["page"] and each["reason"] for each in left_out)
    assert (34, 11) == (len({each["name"] for each in RECORDS}), len({each["name"] for each in left_out}))
    assert not {each["name"] for each in RECORDS} & {each["name"] for each in left_out}
