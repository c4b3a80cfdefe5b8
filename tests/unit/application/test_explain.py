"""The use case behind ``prorata explain``: lines, totals by currency and invoice, tax, and what else was asked."""

import json
from decimal import Decimal
from typing import Any

from shared.application.explain import explain
from shared.documents.histories import read_history
from shared.domain.expected.questions import Answer
from shared.domain.money import Money

SERVICE = {
    "kind": "own-recurring",
    "purchased": "2023-02-08",
    "unit_price": "100",
    "billing": {"aligned_to": "calendar"},
}


def answered(**file: Any) -> Answer:
    """The answer to a history."""
    return explain(read_history(json.dumps({"currency": "EUR", **file}).encode(), "h.json"))


def euro(amount: str) -> Money:
    """An amount in euro."""
    return Money(Decimal(amount), "EUR")


def test_an_answer_without_lines_has_a_zero_total() -> None:
    """In the currency of the history."""
    answer = answered(sales=[{"method": "fixed", "value": "1"}])

    assert ((euro("0.00"),), (), ()) == (answer.totals, answer.invoices, answer.expected.lines)
    assert not answer.is_blocked


def test_totals_are_by_currency_and_invoice() -> None:
    """The history's own currency first; an invoice is named by its day or month, or not at all."""
    dollars = {**SERVICE, "id": "b", "currency": "USD"}
    licence = {"kind": "licence", "id": "c", "purchased": "2023-02-08", "term": "P1M", "unit_price": "7"}
    legacy = {**licence, "id": "d", "kind": "legacy-licence"}
    answer = answered(subscriptions=[{**SERVICE, "id": "a"}, dollars, licence, legacy])

    assert [("EUR", Decimal("89.00")), ("USD", Decimal("75.00"))] == [
        (total.currency, total.amount) for total in answer.totals
    ]
    assert [
        ("", "EUR", (3,)),
        ("2023-02", "EUR", (2,)),
        ("2023-02-08", "EUR", (0,)),
        ("2023-02-08", "USD", (1,)),
    ] == [(each.invoice, each.total.currency, each.indexes) for each in answer.invoices]


def test_tax_is_worked_out_for_each_invoice() -> None:
    """A credit note's own; together they are what is owed."""
    answer = answered(subscription={**SERVICE, "cancelled": "2023-02-21"}, tax={"percent": "20"})

    assert [euro("15.00"), euro("-5.00")] == [each.taxed.tax for each in answer.invoices if each.taxed]
    assert (euro("10.00"), Money.zero("USD")) == (answer.tax_in("EUR"), answer.tax_in("USD"))


def test_a_blocking_issue_blocks() -> None:
    """A price that is missing leaves something unbilled, and a person has to settle it."""
    answer = answered(subscription={"kind": "licence", "purchased": "2023-02-08", "term": "P1M"})

    assert answer.is_blocked


def test_printed_lines_and_sales_are_answered() -> None:
    """In the order in which they were asked."""
    answer = answered(
        vendor_lines=[{"amount": "2.26", "unit_price": "4", "days": 17, "cycle_days": 30}],
        sales=[{"method": "markup_on_cost", "value": "20", "cost": "100"}],
    )

    assert ["legacy.day_rate_3dp"] == [
        mode.name for each in answer.printed for mode in each.modes if mode.name == "legacy.day_rate_3dp"
    ]
    assert [euro("120.00")] == [each.amount for each in answer.sales]
