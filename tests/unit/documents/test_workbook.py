"""Workbooks: what a person opens, read back as programs see it."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from shared.documents.names import customer_hash
from shared.documents.workbook import customer_workbook, reseller_workbook
from shared.domain.invoices import Invoice, InvoiceState, revise
from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.money import Money


def _customer(invoice: Invoice) -> bytes:
    stream = BytesIO()
    customer_workbook(invoice, reseller_name="Reseller & Co", run_id="2026-10_all", stream=stream)
    return stream.getvalue()


def _reseller(*invoices: Invoice, issues: tuple[Issue, ...] = ()) -> bytes:
    stream = BytesIO()
    reseller_workbook(iter(invoices), reseller_name="Reseller", run_id="2026-10_all", issues=issues, stream=stream)
    return stream.getvalue()


def _beside(sheet: Any, label: str) -> Any:
    return next(row[1].value for row in sheet.iter_rows() if row[0].value == label)


def _column(sheet: Any, name: str) -> list[Any]:
    index = [cell.value for cell in sheet[1]].index(name)
    return [row[index].value for row in sheet.iter_rows(min_row=2)]


def _issue(**changed: Any) -> Issue:
    fields = {
        "code": IssueCode.SALE_BELOW_COST,
        "severity": Severity.WARNING,
        "message": "sold below its cost of 84.10 EUR",
        "cure": "Raise it.",
    }
    return Issue(**{**fields, **changed})


def test_a_customers_workbook_has_its_sheets_in_order(make: Any) -> None:
    """Exceptions are the reseller's, changes are there when there are some."""
    assert make.workbook(_customer(make.invoice())).sheetnames == ["Summary", "Detail", "Read me"]


def test_a_resellers_workbook_has_its_sheets_in_order(make: Any) -> None:
    """The exceptions come before the read-me."""
    assert make.workbook(_reseller(make.invoice())).sheetnames == ["Summary", "Detail", "Exceptions", "Read me"]


def test_the_detail_adds_up_to_the_invoice(make: Any) -> None:
    """Every line is there, as a number with the digits of its amount."""
    invoice = make.invoice()
    amounts = _column(make.workbook(_customer(invoice))["Detail"], "SalesAmount")

    assert invoice.total.amount == sum(Decimal(str(amount)) for amount in amounts)


def test_totals_are_formulas_with_values(make: Any) -> None:
    """A person can check them, and a viewer that does not calculate shows them."""
    invoice = make.invoice()
    content = _customer(invoice)
    formulas, values = make.workbook(content)["Summary"], make.values(content)["Summary"]
    shown = "Shown in Detail (follows its filters)"

    assert _beside(formulas, "Sum of Detail") == "=SUM(tblCharges[SalesAmount])"
    assert _beside(formulas, shown) == "=SUBTOTAL(109,tblCharges[SalesAmount])"
    assert invoice.total.amount == Decimal(str(_beside(values, shown)))
    assert _beside(values, "Difference") == 0


def test_the_shares_add_up_to_the_total(make: Any) -> None:
    """An advance, a part, usage and a credit, each in its row."""
    summary = make.values(_customer(make.invoice()))["Summary"]
    shares = [
        Decimal(str(_beside(summary, name)))
        for name in ("In advance", "Prorated", "Usage", "One time", "Credits and discounts")
    ]

    assert [Decimal(text) for text in ("121.00", "23.42", "8.55", "0", "-6.00")] == shares
    assert sum(shares) == Decimal(str(_beside(summary, "Total before tax")))


def test_the_detail_is_a_table_that_can_be_filtered(make: Any) -> None:
    """One record a row, a fixed name, the header and identifying columns in view."""
    detail = make.workbook(_customer(make.invoice()))["Detail"]
    table = detail.tables["tblCharges"]

    assert table.ref == detail.dimensions
    assert table.autoFilter.ref == table.ref
    assert [cell.value for cell in detail[1]] == [column.name for column in table.tableColumns]
    assert detail.freeze_panes == "D2"
    assert detail.print_title_rows == "$1:$1"
    assert detail["A1"].font.b


def test_cells_have_their_types_and_formats(make: Any) -> None:
    """Dates are dates, money is money, ids are text."""
    detail = make.workbook(_customer(make.invoice()))["Detail"]
    cells = dict(zip((cell.value for cell in detail[1]), detail[3], strict=True))

    assert cells["ChargeStartDate"].value == datetime(2026, 10, 1)  # noqa: DTZ001 - a cell has no zone
    assert cells["ChargeStartDate"].number_format == "yyyy-mm-dd"
    assert cells["SalesAmount"].number_format == "#,##0.00;[Red]-#,##0.00"
    assert cells["Quantity"].number_format == "#,##0.####"
    assert (cells["SubscriptionId"].data_type, cells["SubscriptionId"].number_format) == ("s", "@")


def test_money_is_shown_with_the_coins_of_its_currency(make: Any) -> None:
    """A yen has no decimals, a dinar has three."""
    formats = []
    for currency in ("JPY", "KWD"):
        detail = make.workbook(_customer(make.invoice(make.source_line(), currency=currency)))["Detail"]
        formats += [cell.number_format for cell in detail[2] if cell.number_format.endswith(("##0", "0.000"))]

    assert formats.count("#,##0;[Red]-#,##0") == 1
    assert formats.count("#,##0.000;[Red]-#,##0.000") == 1


@pytest.mark.parametrize("amount", ["9.95", "8.41", "0.1", "123456789012.35", "-3.87", "999999999999.99", "4.35"])
def test_no_digit_of_an_amount_is_lost(make: Any, amount: str) -> None:
    """The file has the amount's own digits, not those of a float."""
    line = replace(make.invoice(make.source_line()).lines[0], amount=Money(Decimal(amount), "EUR"))
    invoice = replace(make.invoice(make.source_line()), lines=(line,), total=line.amount)
    with ZipFile(BytesIO(_customer(invoice))) as archive:
        detail = archive.read("xl/worksheets/sheet2.xml").decode()

    assert f"<v>{amount}</v>" in detail


@pytest.mark.parametrize("write", [_customer, _reseller])
def test_the_same_input_gives_the_same_bytes(make: Any, write: Callable[[Invoice], bytes]) -> None:
    """A file made again is the same file."""
    assert write(make.invoice()) == write(make.invoice())


def test_the_file_says_what_it_is(make: Any) -> None:
    """Title, run, content and scope are properties of the document."""
    invoice = make.invoice()
    workbook = make.workbook(_customer(invoice))
    properties = {prop.name: prop.value for prop in workbook.custom_doc_props.props}

    assert workbook.properties.title == "Charges of Contoso for 2026-10"
    assert properties == {"RunId": "2026-10_all", "ContentHash": customer_hash(invoice), "Scope": "customer"}


def test_text_is_never_a_formula_a_link_or_an_error(make: Any) -> None:
    """Names come from customers; a spreadsheet must not run them."""
    names = ["=1+1", "http://example.com", "#N/A", "@x", "+1", "internal:Sheet1!A1"]
    invoice = make.invoice(*(make.source_line(subscription_name=name) for name in names))
    detail = make.workbook(_customer(invoice))["Detail"]
    cells = [row[2] for row in detail.iter_rows(min_row=2)]

    assert set(names) == {cell.value for cell in cells}
    assert {"s"} == {cell.data_type for cell in cells}
    assert {None} == {cell.hyperlink for cell in cells}


def test_characters_that_xml_cannot_hold_are_shown(make: Any) -> None:
    """One odd name must not cost the file."""
    invoice = make.invoice(make.source_line())
    odd = replace(invoice.lines[0], subscription_name="a\0b\x1bc\ud800\uffff\r\n")
    invoice = replace(invoice, lines=(odd,))
    detail = make.workbook(_customer(invoice))["Detail"]

    assert _column(detail, "SubscriptionName") == ["a␀b␛c\ufffd\ufffd␍␊"]


def test_text_longer_than_a_cell_is_cut_visibly(make: Any) -> None:
    """Excel would call the file damaged."""
    invoice = make.invoice(make.source_line(subscription_name="😀" * 20_000))
    shown = _column(make.workbook(_customer(invoice))["Detail"], "SubscriptionName")[0]

    assert len(shown.encode("utf-16-le")) // 2 <= 32_767
    assert shown.endswith("[cut: longer than a cell can be; the CSV file has the whole text]")


def test_an_invoice_without_lines_still_opens(make: Any) -> None:
    """A table needs one row under its header."""
    empty = replace(make.invoice(), lines=(), total=Money.zero("EUR"))
    detail = make.workbook(_customer(empty))["Detail"]

    assert re.fullmatch(r"A1:[A-Z]+2", detail.tables["tblCharges"].ref)


def test_changes_are_listed_when_an_invoice_has_some(make: Any) -> None:
    """A new revision says what it changed."""
    before = make.invoice(make.source_line())
    after = revise(before, make.invoice(make.source_line(), make.source_line(subscription_id="sub-2")))
    workbook = make.workbook(_customer(after))

    assert workbook.sheetnames == ["Summary", "Detail", "Changes", "Read me"]
    assert _column(workbook["Changes"], "Change") == ["added"]
    assert _column(workbook["Changes"], "Difference") == [121]


def test_a_customer_is_not_told_that_only_the_cost_changed(make: Any) -> None:
    """Such a change is visible in nothing that a customer may see."""
    before = make.invoice(make.source_line())
    after = revise(before, make.invoice(make.source_line(cost=Money(Decimal("80.00"), "EUR"))))

    assert len(after.changes) == 1
    assert "Changes" not in make.workbook(_customer(after)).sheetnames
    assert "Changes" in make.workbook(_reseller(after)).sheetnames


def test_a_customer_is_told_no_issue(make: Any) -> None:
    """Issues speak of cost."""
    content = _customer(replace(make.invoice(), issues=(_issue(),)))
    with ZipFile(BytesIO(content)) as archive:
        found = [name for name in archive.namelist() if b"below" in archive.read(name)]

    assert found == []


def test_a_customer_sees_that_something_is_missing(make: Any) -> None:
    """A parked invoice must not look complete."""
    issue = _issue(code=IssueCode.PRICE_MISSING, severity=Severity.BLOCKING)
    summary = make.workbook(_customer(replace(make.invoice(), issues=(issue,))))["Summary"]

    assert _beside(summary, "Nothing is missing") == "Stop: some lines are still being clarified"


def test_the_reseller_sees_each_issue_once_and_the_worst_first(make: Any) -> None:
    """Two invoices of one customer share their issues."""
    warning, blocking = _issue(), _issue(code=IssueCode.PRICE_MISSING, severity=Severity.BLOCKING)
    invoice = replace(make.invoice(), issues=(warning,))
    workbook = make.workbook(_reseller(invoice, invoice, issues=(warning, blocking)))

    assert _column(workbook["Exceptions"], "Code") == ["PRICE_MISSING", "SALE_BELOW_COST"]
    assert _beside(workbook["Summary"], "Every line has a price") == "Stop: 1 blocking; see Exceptions"
    assert _beside(workbook["Summary"], "Nothing is sold below cost") == "Look: 1 warning; see Exceptions"
    assert _beside(workbook["Summary"], "Microsoft's totals agree") == "OK: yes"


def test_currencies_are_never_added(make: Any) -> None:
    """Each currency has a row of its own, with a sum over its own lines."""
    euro, krona = make.invoice(), make.invoice(make.source_line(), currency="SEK")
    content = _reseller(euro, krona)
    formulas, values = make.workbook(content)["Summary"], make.values(content)["Summary"]
    rows = {row[0].value: row for row in values.iter_rows() if row[0].value in {"EUR", "SEK"}}
    sums = {row[0].value: row[2].value for row in formulas.iter_rows() if row[0].value in {"EUR", "SEK"}}

    assert sums["SEK"] == '=SUMIFS(tblCharges[SalesAmount],tblCharges[SalesCurrency],"SEK")'
    assert euro.total.amount == Decimal(str(rows["EUR"][1].value))
    assert krona.total.amount == Decimal(str(rows["SEK"][2].value))
    assert rows["SEK"][5].value is None
    assert rows["SEK"][7].value is None


def test_the_reseller_sees_cost_and_margin_of_each_customer(make: Any) -> None:
    """The customers' rows carry what the totals are made of."""
    invoice = make.invoice(make.source_line())
    summary = make.values(_reseller(invoice))["Summary"]
    rows = list(summary.iter_rows(values_only=True))
    names = next(row for row in rows if row[0] == "Customer")
    shown = dict(zip(names, rows[-1], strict=True))

    assert (shown["Sale"], shown["Cost"], shown["Margin"], shown["Margin %"]) == (121, 84.1, 36.9, 0.305)
    assert (shown["Difference"], shown["Lines"], shown["Cost currency"]) == (0, 1, "EUR")


def test_a_run_without_invoices_is_a_file(make: Any) -> None:
    """Nothing to bill is an answer."""
    content = _reseller()

    assert _beside(make.workbook(content)["Summary"], "Billing period") == "no invoices"


def test_only_the_resellers_pages_say_confidential(make: Any) -> None:
    """The footer goes with the print."""
    reseller = make.workbook(_reseller(make.invoice()))["Detail"]
    customer = make.workbook(_customer(make.invoice()))["Detail"]

    assert reseller.oddFooter.left.text.startswith("Confidential")
    assert customer.oddFooter.left.text is None
    assert customer.oddFooter.right.text == "Page &P of &N"
    assert (customer.page_setup.orientation, customer.page_setup.fitToWidth) == ("landscape", 1)


def test_a_final_invoice_is_green(make: Any) -> None:
    """The lights tell a draft from what was approved."""
    final = replace(make.invoice(), state=InvoiceState.FINAL, number="2026-0042")
    summary = make.workbook(_customer(final))["Summary"]

    assert _beside(summary, "The invoice is final") == "OK: yes"
    assert _beside(summary, "Invoice") == "2026-0042"
