"""A customer's month: every row billed once, in any order, and a broken invariant parks this customer only."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.charging import ChargeLine
from shared.domain.customer_bills import CustomerBill, CustomerLines, Terms, bill_customer, by_customer
from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.money import Money
from shared.domain.periods import BillingPeriod, Period
from shared.domain.prices import PriceBook, PriceEntry, PriceMethod
from shared.domain.source_lines import SourceLine
from shared.domain.usage_folding import UsageFolds

MakeLine = Callable[..., SourceLine]
MakeBook = Callable[..., PriceBook]
CONTOSO = "0f3a21bc-1111-4222-8333-444455556666"
OCTOBER = BillingPeriod(2026, 10)


def _bill(prices: PriceBook, *lines: SourceLine, **options: Any) -> CustomerBill:
    return bill_customer(CustomerLines(CONTOSO, list(lines)), Terms(OCTOBER, prices, **options))


class _Folds(UsageFolds):
    """Folds that hold given lines, as reading would have made them."""

    def __init__(self, *lines: SourceLine) -> None:
        super().__init__()
        for line in lines:
            self.add([_Row(line)], lambda _, line=line: line, {"2026-10-01": "2026-10-01"})


class _Row:
    """The columns of a daily row that folding looks at."""

    def __init__(self, line: SourceLine) -> None:
        self.customer_id, self.invoice_number = line.customer_id, line.invoice_number
        self.subscription_id, self.entitlement_id = line.subscription_id, line.entitlement_id
        self.product_id, self.sku_id, self.meter_id = line.product_id, line.sku_id, line.meter_id
        self.charge_type, self.benefit_type = line.charge_type, line.benefit_type
        self.currency, self.usage_on = line.cost.currency, "2026-10-01"
        self.unit_price, self.quantity = line.unit_price or Decimal(0), line.quantity
        self.cost, self.fx_rate = line.cost.amount, line.fx_rate


def test_rows_that_look_equal_are_both_billed(licence: MakeLine, book: MakeBook) -> None:
    """Two equal rows are two purchases: numbered, never dropped."""
    (invoice,) = _bill(book("10"), licence(), licence()).invoices

    assert Money(Decimal("200.00"), "EUR") == invoice.total
    assert ["1", "2"] == [line.key.rsplit("-", 1)[1] for line in invoice.lines]


def test_a_product_that_microsoft_bills_in_two_lines_is_charged_once(legacy: MakeLine, book: MakeBook) -> None:
    """E5 and its telephony: same ids and dates, other unit price; the price is charged on the dearer line."""
    main = legacy()
    telephony = legacy(unit_price=Decimal("2.00"), cost=Money(Decimal("2.00"), "EUR"))

    for lines in ([main, telephony], [telephony, main]):
        (invoice,) = _bill(book("40"), *lines).invoices

        assert {"28.40": "40.00", "2.00": "0.00"} == {
            str(line.cost.amount): str(line.amount.amount) for line in invoice.lines
        }


def test_each_part_of_a_split_product_has_its_own_markup(
    legacy: MakeLine, book: MakeBook, entry: Callable[..., PriceEntry]
) -> None:
    """At a markup both lines are charged, because each has its own cost."""
    markup = book(entry("10", method=PriceMethod.MARKUP_ON_COST))
    telephony = legacy(unit_price=Decimal("2.00"), cost=Money(Decimal("2.00"), "EUR"))
    (invoice,) = _bill(markup, legacy(), telephony).invoices

    assert Money(Decimal("33.44"), "EUR") == invoice.total


def test_the_order_of_rows_never_changes_an_invoice(licence: MakeLine, book: MakeBook) -> None:
    """Keys are numbered by price and amount, not by where a row stood."""
    rows = [licence(cost=Money(Decimal(cost), "EUR")) for cost in ("84.10", "84.11", "84.09")]
    forwards, backwards = (_bill(book("10"), *order).invoices[0] for order in (rows, rows[::-1]))

    assert forwards.content_hash == backwards.content_hash


def test_a_line_that_cannot_be_charged_is_named_and_the_rest_is_billed(licence: MakeLine, book: MakeBook) -> None:
    """The customer waits for a person, with everything else already worked out."""
    odd = licence(charge=Period.inclusive(date(2026, 10, 1), date(2026, 12, 15)))
    bill = _bill(book("10"), licence(), odd)

    assert (odd,) == bill.uncharged
    assert bill.is_parked
    assert [IssueCode.CYCLE_UNKNOWN] == [issue.code for issue in bill.issues]
    assert bill.issues == bill.invoices[0].issues
    assert Money(Decimal("100.00"), "EUR") == bill.invoices[0].total


def test_unbilled_lines_are_billed_and_said_to_be_estimates(licence: MakeLine, book: MakeBook) -> None:
    """One warning for all of them; it parks nobody."""
    bill = _bill(book("10"), licence(invoice_number=""), licence(invoice_number="", sku_id="0003"))

    assert [(IssueCode.ESTIMATE, Severity.WARNING)] == [(issue.code, issue.severity) for issue in bill.issues]
    assert "2 lines of Contoso are unbilled" in bill.issues[0].message
    assert not bill.is_parked


def test_daily_usage_is_charged_in_place_of_the_invoices_line(
    licence: MakeLine, usage: MakeLine, book: MakeBook
) -> None:
    """Charged once; a difference of more than rounding parks the customer."""
    azure: dict[str, Any] = {
        "subscription_id": "azure-plan",
        "subscription_name": "Azure plan",
        "term": None,
        "term_and_billing_cycle": "",
        "billing_frequency": "",
        "unit": "1 GB/Month",
    }
    summed = licence(**azure, cost=Money(Decimal("1.06"), "EUR"), charge_type="new")
    folds = _Folds(usage())
    agreed = bill_customer(CustomerLines(CONTOSO, [summed], folds), Terms(OCTOBER, book("0.2")))
    short = replace(summed, cost=Money(Decimal("9.99"), "EUR"))
    differing = bill_customer(CustomerLines(CONTOSO, [short], folds), Terms(OCTOBER, book("0.2")))

    assert ["2.50 EUR"] == [str(line.amount) for line in agreed.invoices[0].lines]
    assert [1] == [coverage.invoice_lines for coverage in agreed.coverage]
    assert not agreed.is_parked
    assert [IssueCode.USAGE_DETAIL_DIFFERS] == [issue.code for issue in differing.issues]
    assert differing.is_parked


def test_a_broken_invariant_parks_the_customer_with_what_was_known(licence: MakeLine, book: MakeBook) -> None:
    """A line of somebody else among this customer's: no invoice, one blocking issue, earlier issues kept."""
    earlier = Issue(code=IssueCode.VALUE_INVALID, severity=Severity.BLOCKING, message="'x'.", cure="Correct it.")
    customer = CustomerLines(CONTOSO, [licence(), licence(customer_id="fabrikam")], issues=[earlier])
    bill = bill_customer(customer, Terms(OCTOBER, book("10")))

    assert () == bill.invoices
    assert [IssueCode.VALUE_INVALID, IssueCode.CUSTOMER_PARKED] == [issue.code for issue in bill.issues]
    assert "Contoso was not billed: line" in bill.issues[1].message
    assert 2 == len(bill.uncharged)


def test_arithmetic_that_would_lose_a_digit_parks_the_customer(licence: MakeLine, book: MakeBook) -> None:
    """Wherever it happens: here in the price of one line, before there is an invoice."""
    bill = _bill(book("1E+600"), licence(quantity=Decimal("1E+600")))

    assert bill.is_parked
    assert [IssueCode.CUSTOMER_PARKED] == [issue.code for issue in bill.issues]
    assert "exactly" in bill.issues[0].message


def test_details_are_added_to_every_charge_line(licence: MakeLine, book: MakeBook) -> None:
    """The terms say how; the amounts stay."""

    def detail(line: ChargeLine) -> ChargeLine:
        return replace(line, friendly_name="Head office")

    (invoice,) = _bill(book("10"), licence(), detail=detail).invoices

    assert ["Head office"] == [line.friendly_name for line in invoice.lines]


def test_a_customer_has_the_name_that_most_lines_carry(licence: MakeLine, book: MakeBook) -> None:
    """Of equally common names the first in the alphabet; without any, the id."""
    names = ["Contoso Ltd", "Contoso", "Contoso Ltd", ""]

    assert "Contoso Ltd" == _bill(book("10"), *[licence(customer_name=name) for name in names]).customer_name
    assert "Contoso" == _bill(book("10"), *[licence(customer_name=name) for name in names[:2]]).customer_name
    assert CONTOSO == _bill(book("10"), licence(customer_name="")).customer_name


def test_a_customer_without_lines_gets_no_invoice(book: MakeBook) -> None:
    """Nothing is owed and nothing is said."""
    bill = _bill(book("10"))

    assert ((), (), False) == (bill.invoices, bill.issues, bill.is_parked)


def test_everything_is_dealt_out_to_its_customer(licence: MakeLine, usage: MakeLine) -> None:
    """By id in lower case, in order; an issue about nobody is left out."""
    about_b = Issue(code=IssueCode.VALUE_INVALID, severity=Severity.BLOCKING, message="m", cure="c", customer_id="B")
    about_nobody = replace(about_b, customer_id="")
    customers = by_customer(
        [licence(customer_id="C"), licence(customer_id="A"), licence(customer_id="c")],
        _Folds(usage(customer_id="A")),
        [about_b, about_nobody],
    )

    assert ["a", "b", "c"] == list(customers)
    assert [(1, 1, 0), (0, 0, 1), (2, 0, 0)] == [
        (len(each.lines), len(each.folds), len(each.issues)) for each in customers.values()
    ]


def test_an_unexpected_error_is_not_swallowed(licence: MakeLine, book: MakeBook) -> None:
    """Only a broken invariant parks; anything else is a defect that must be seen."""

    def broken(line: ChargeLine) -> ChargeLine:
        raise LookupError(line.key)

    with pytest.raises(LookupError):
        _bill(book("10"), licence(), detail=broken)


def test_unbilled_lines_of_a_subscription_that_is_billed_are_left_out(licence: MakeLine, book: MakeBook) -> None:
    """The billed file says what the unbilled one forecast; charging both would charge twice."""
    bill = _bill(book("10"), licence(), licence(invoice_number=""))

    assert Money(Decimal("100.00"), "EUR") == bill.invoices[0].total
    assert [IssueCode.ESTIMATE] == [issue.code for issue in bill.issues]
    assert "1 unbilled lines of Contoso were left out" in bill.issues[0].message


def test_a_line_nearly_as_dear_as_the_main_one_is_a_charge_of_its_own(licence: MakeLine, book: MakeBook) -> None:
    """Only a small part (E5's telephony) is included; two plans of one product are both charged."""
    dear = _bill(book("12"), licence(unit_price=Decimal(10)), licence(unit_price=Decimal("10.50")))
    part = _bill(book("12"), licence(unit_price=Decimal(10)), licence(unit_price=Decimal("0.70")))

    assert Money(Decimal("240.00"), "EUR") == dear.invoices[0].total
    assert Money(Decimal("120.00"), "EUR") == part.invoices[0].total
