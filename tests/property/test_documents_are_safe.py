"""Whatever stands in the data: no formula reaches a spreadsheet, and no cost reaches a customer."""

import csv
import re
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZipFile

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.documents.csv_file import MACHINE, customer_csv, excel_profile, reseller_csv
from shared.documents.names import customer_file_name
from shared.documents.workbook import customer_workbook, reseller_workbook
from shared.domain.charging import ChargeLine, charge
from shared.domain.invoices import Invoice, make_invoices
from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.money import Money
from shared.domain.periods import BillingPeriod, Period
from shared.domain.prices import PriceBook, PriceEntry, PriceKeys, PriceMethod
from shared.domain.redaction import CustomerLine
from shared.domain.source_lines import Family, Origin, SourceLine

MARKER = "zqx7reselleronly"
COST_DIGITS = "7718281828"  # a run of digits that no other number in the files has
OCTOBER = Period.inclusive(date(2026, 10, 1), date(2026, 10, 31))
FORMULA = re.compile("[=+\\-@\t\r\n\0\uff1d\uff0b\uff0d\uff20]")

hostile = st.text(max_size=30) | st.builds(
    "{}{}{}".format,
    st.sampled_from(["", " ", "\u00a0", "\ufeff", "\t", "  "]),
    st.sampled_from(["=", "+", "-", "@", "\t", "\r", "\n", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20"]),
    st.text(max_size=10),
)
texts = hostile.map(lambda text: text.encode("utf-8", "replace").decode())


def _source_line(**changed: Any) -> SourceLine:
    values: dict[str, Any] = {
        "family": Family.NEW_COMMERCE,
        "origin": Origin(file="recon.csv", line=2),
        "customer_id": "0f3a21bc-1111-4222-8333-444455556666",
        "customer_name": "Contoso",
        "charge_type": "cycleCharge",
        "quantity": Decimal(10),
        "cost": Money(Decimal("84.10"), "EUR"),
        "invoice_number": "G001",
        "subscription_id": "sub-1",
        "product_id": "P1",
        "sku_id": "0001",
        "charge": OCTOBER,
        "term": OCTOBER,
        "billing_frequency": "Monthly",
        "unit_price": Decimal("8.41"),
    }
    return SourceLine(**{**values, **changed})


def _invoice(line: SourceLine, method: PriceMethod, name: str = "Contoso") -> Invoice:
    fixed = method is PriceMethod.FIXED
    entry = PriceEntry(
        scope="", keys=PriceKeys(), method=method, value=Decimal(12), currency="EUR" if fixed else "", note=MARKER
    )
    charged = charge(line, PriceBook([entry], name=MARKER)).line
    assert charged is not None
    return make_invoices(line.customer_id, name, BillingPeriod(2026, 10), [charged])[0]


def _customer_files(invoice: Invoice) -> dict[str, bytes]:
    book, machine, excel = BytesIO(), BytesIO(), BytesIO()
    customer_workbook(invoice, reseller_name="Reseller", run_id="run-1", stream=book)
    customer_csv(invoice, run_id="run-1", stream=machine, profile=MACHINE)
    customer_csv(invoice, run_id="run-1", stream=excel, profile=excel_profile("de"))
    files = {"machine": machine.getvalue(), "excel": excel.getvalue()}
    with ZipFile(book) as archive:
        files |= {name: archive.read(name) for name in archive.namelist()}
    files["names"] = customer_file_name(invoice, profile="detail", extension="csv").encode()
    return files


def _marked(line: ChargeLine) -> ChargeLine:
    """Return *line* with a mark in every text, and telling digits in every number, that is not the customer's."""
    shown = {field.name for field in fields(CustomerLine)} | {"customer_id", "customer_name", "explanation"}
    number = Decimal(f"8.{COST_DIGITS}")
    changed: dict[str, Any] = {}
    for field in fields(ChargeLine):
        if field.name in shown:
            continue
        value = getattr(line, field.name)
        if isinstance(value, str):
            changed[field.name] = MARKER
        elif isinstance(value, Money):
            changed[field.name] = Money(number, "USD")
        elif isinstance(value, Decimal) or field.name.startswith(("cost", "list")):
            changed[field.name] = number
    price = replace(line.explanation.price, list_name=MARKER, matched=MARKER, base_name=MARKER, base=number)
    changed["origin"] = Origin(file=MARKER, line=7718281, row_count=2)
    explanation = replace(line.explanation, price=price, dividend=number, basis=MARKER, rounding=MARKER)
    return replace(line, explanation=explanation, **changed)


@settings(max_examples=40, deadline=None)
@given(method=st.sampled_from([PriceMethod.FIXED, PriceMethod.MARKUP_ON_COST]), quantity=st.integers(1, 500))
def test_no_customer_file_contains_anything_of_the_resellers(method: PriceMethod, quantity: int) -> None:
    """Every reseller-only field is marked; no part of a customer's file has a mark, the reseller's file has them."""
    invoice = _invoice(_source_line(quantity=Decimal(quantity)), method)
    issue = Issue(code=IssueCode.SALE_BELOW_COST, severity=Severity.WARNING, message=MARKER, cure=MARKER)
    lines = tuple(_marked(line) for line in invoice.lines)
    marked = replace(invoice, lines=lines, issues=(issue,), content_hash=MARKER)
    everything = BytesIO()
    reseller_csv([marked], run_id="run-1", stream=everything)

    assert MARKER in everything.getvalue().decode()
    assert COST_DIGITS in everything.getvalue().decode()
    for name, content in _customer_files(marked).items():
        assert MARKER.encode() not in content, name
        assert COST_DIGITS.encode() not in content, name
        assert b"USD" not in content, name


@settings(max_examples=60, deadline=None)
@given(subscription=texts, product=texts, purchase_order=texts, name=texts)
def test_no_text_in_an_excel_csv_is_a_formula(subscription: str, product: str, purchase_order: str, name: str) -> None:
    """After blanks, no text begins with a character that makes a spreadsheet calculate; numbers stay numbers."""
    invoice = _invoice(_source_line(subscription_name=subscription, product_name=product), PriceMethod.FIXED, name)
    line = replace(invoice.lines[0], purchase_order=purchase_order, amount=Money(Decimal("-3.87"), "EUR"))
    stream = BytesIO()
    reseller_csv([replace(invoice, lines=(line,))], run_id="run-1", stream=stream, profile=excel_profile("de"))
    rows = list(csv.reader(StringIO(stream.getvalue().decode("utf-8-sig"), newline=""), delimiter=";"))
    shown = dict(zip(rows[0], rows[1], strict=True))

    assert len(rows) == 2
    assert shown.pop("SalesAmount") == "-3,87"
    shown.pop("MarginAmount")
    shown.pop("MarginPercent")
    for column, text in shown.items():
        assert not FORMULA.match(text.lstrip(" \u00a0\ufeff")), column


@settings(max_examples=40, deadline=None)
@given(subscription=texts, product=texts, name=texts, run_id=texts, reseller=texts)
def test_no_text_in_a_workbook_is_a_formula_or_a_link(
    subscription: str, product: str, name: str, run_id: str, reseller: str
) -> None:
    """Whatever the data, the only formulas are ours, and there is no link."""
    line = _source_line(subscription_name=subscription, product_name=product)
    stream = BytesIO()
    invoice = _invoice(line, PriceMethod.FIXED, name)
    reseller_workbook([invoice], reseller_name=reseller, run_id=run_id, stream=stream)
    workbook = openpyxl.load_workbook(stream)
    cells = [cell for sheet in workbook for row in sheet.iter_rows() for cell in row]
    formulas = {str(cell.value).partition("(")[0] for cell in cells if cell.data_type == "f"}

    assert formulas == {"=SUMIFS", "=ROUND", "=SUBTOTAL"}
    assert not [cell for cell in cells if cell.hyperlink is not None or cell.data_type == "e"]


@settings(max_examples=60, deadline=None)
@given(subscription=texts, product=texts, quantity=st.decimals(-10_000, 10_000, places=4))
def test_the_machine_csv_is_verbatim(subscription: str, product: str, quantity: Decimal) -> None:
    """Programs read back exactly what was there."""
    invoice = _invoice(_source_line(subscription_name=subscription, product_name=product), PriceMethod.FIXED)
    line = replace(invoice.lines[0], quantity=quantity)
    stream = BytesIO()
    customer_csv(replace(invoice, lines=(line,)), run_id="run-1", stream=stream)
    rows = list(csv.DictReader(StringIO(stream.getvalue().decode(), newline="")))

    assert (rows[0]["SubscriptionName"], rows[0]["ProductName"]) == (subscription, product)
    assert Decimal(rows[0]["Quantity"]) == quantity


@given(name=st.text(), customer_id=st.text())
def test_every_file_name_is_safe(name: str, customer_id: str) -> None:
    """Whatever a customer is called, the name is short ASCII without blanks, slashes or leading dots."""
    invoice = replace(_invoice(_source_line(), PriceMethod.FIXED), customer_name=name, customer_id=customer_id)
    made = customer_file_name(invoice, profile="detail", extension="xlsx")

    assert re.fullmatch(r"csp_customer_[a-z0-9-]+_2026-10_detail_EUR_r1_[0-9a-f]{8}\.xlsx", made)
    assert len(made) <= 120
