"""Azure usage stands on two files and is charged once; what the files differ by is rounding, or it is an issue."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.issues import IssueCode
from shared.domain.money import Money
from shared.domain.source_lines import SourceLine
from shared.domain.usage_detail import coverage_issue, uncovered

MakeLine = Callable[..., SourceLine]
AZURE: dict[str, Any] = {
    "subscription_id": "azure-plan",
    "subscription_name": "Azure plan",
    "term": None,
    "term_and_billing_cycle": "",
    "billing_frequency": "",
    "unit": "1 GB/Month",
    "charge_type": "New",
    "pricing_currency": "USD",
}


def _eur(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def test_the_daily_rows_are_charged_and_the_invoices_usage_is_covered(licence: MakeLine, usage: MakeLine) -> None:
    """Licences, credits and subscriptions without daily rows stay on the invoice's lines."""
    covered = licence(**AZURE, cost=_eur("1.06"))
    others = [
        licence(),
        licence(**{**AZURE, "subscription_id": "other-plan"}),
        licence(**{**AZURE, "charge_type": "customerCredit"}),
        licence(**AZURE, invoice_number="G002"),
        licence(**{**AZURE, "term_and_billing_cycle": "1 Year Reservation"}),
    ]
    charged, (coverage,) = uncovered([covered, *others], [usage(customer_id=covered.customer_id.upper())])

    assert others == charged
    assert (1, Decimal("1.06"), Decimal("1.0625")) == (
        coverage.invoice_lines,
        coverage.invoice_cost,
        coverage.daily_cost,
    )
    assert Decimal("0.0025") == coverage.difference
    assert coverage_issue(coverage) is None


def test_without_daily_rows_the_invoice_is_charged(licence: MakeLine) -> None:
    """Nothing is covered by nothing."""
    line = licence(**AZURE)

    assert ([line], []) == uncovered([line], [])


@pytest.mark.parametrize(
    ("daily", "is_rounding"),
    [("2.0000", True), ("2.0380", True), ("2.0381", False), ("1.9620", True), ("1.9619", False)],
)
def test_two_cents_a_line_are_rounding_and_more_is_an_issue(
    licence: MakeLine, usage: MakeLine, daily: str, is_rounding: object
) -> None:
    """Each of two lines may lose a cent of the dollar at 0.9 and a cent of the euro: 0.038 together."""
    lines = [licence(**AZURE, cost=_eur("1.00"), fx_rate=Decimal("0.9")) for _ in range(2)]
    _, (coverage,) = uncovered(lines, [usage(cost=_eur(daily))])
    issue = coverage_issue(coverage)

    assert is_rounding is coverage.is_rounding
    assert is_rounding is (issue is None)
    assert Decimal("0.038") == coverage.rounding_max


def test_a_missing_part_of_the_daily_file_blocks_the_customer(licence: MakeLine, usage: MakeLine) -> None:
    """The issue names the subscription, both amounts and the cure."""
    _, (coverage,) = uncovered([licence(**AZURE, cost=_eur("100.00"))], [usage(cost=_eur("60"))])
    issue = coverage_issue(coverage)

    assert issue is not None
    assert (IssueCode.USAGE_DETAIL_DIFFERS, True) == (issue.code, issue.is_blocking)
    assert "azure-plan costs 60 EUR, but invoice G001 says 100.00 for it: -40.00 is more than rounding" in issue.message
    assert "give all parts" in issue.cure


def test_each_subscription_and_currency_is_compared_by_itself(licence: MakeLine, usage: MakeLine) -> None:
    """A surplus in one never hides a shortage in the other."""
    lines = [
        licence(**AZURE, cost=_eur("1.00")),
        licence(**{**AZURE, "subscription_id": "second"}, cost=_eur("3.00")),
        licence(**AZURE, cost=Money(Decimal(5), "USD")),
    ]
    daily = [
        usage(cost=_eur("3")),
        usage(cost=_eur("1"), subscription_id="SECOND"),
        usage(cost=Money(Decimal(5), "USD")),
    ]
    charged, coverage = uncovered(lines, daily)

    assert [] == charged
    assert [("azure-plan", "EUR", "2.00"), ("azure-plan", "USD", "0"), ("second", "EUR", "-2.00")] == [
        (each.subscription_id, each.currency, str(each.difference)) for each in coverage
    ]


def test_usage_of_another_publisher_is_covered_where_the_daily_rows_name_its_product(
    licence: MakeLine, usage: MakeLine
) -> None:
    """Consumption of a marketplace image stands on both files too; a subscription to it only on the invoice."""
    third_party = {"publisher": "Red Hat", "publisher_id": "P7", "subscription_id": "azure"}
    consumed = licence(**third_party, product_id="DZH-RHEL")
    bought = licence(**third_party, product_id="DZH-SAAS")
    daily = [usage(subscription_id="azure", product_id="DZH-RHEL")]

    charged, coverage = uncovered([consumed, bought], daily)

    assert [bought] == charged
    assert [1] == [each.invoice_lines for each in coverage]
