"""Sales that are asked about: the amount, its exact value and what is earned."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from shared.domain.expected.asked_sales import AskedSale, SaleAnswer, answer_sales
from shared.domain.money import Money
from shared.domain.prices import GLOBAL, Measure, PriceEntry, PriceKeys, PriceMethod


def sold(method: PriceMethod, value: str, *, currency: str = "", **measure: Any) -> SaleAnswer:
    """The answer to one sale in euro."""
    entry = PriceEntry(scope=GLOBAL, keys=PriceKeys(), method=method, value=Decimal(value), currency=currency)
    taken = {"units": Decimal(1), "currency": "EUR", **measure}
    (answer,) = answer_sales([AskedSale(entry=entry, measure=Measure(**taken), name="n")])
    return answer


def test_a_markup_on_cost_tells_what_is_earned() -> None:
    """Rounded once; the exact value beside it."""
    answer = sold(PriceMethod.MARKUP_ON_COST, "15", cost=Decimal("10.01"))

    assert (Money(Decimal("11.51"), "EUR"), Money(Decimal("1.50"), "EUR")) == (answer.amount, answer.margin)
    assert Fraction(115115, 10000) == answer.unrounded
    assert (None, "") == (answer.unit_price, answer.refusal)


@pytest.mark.parametrize(
    ("currency", "cost", "margin"),
    [
        ("EUR", "27.00", Money(Decimal("25.50"), "EUR")),
        ("USD", "27.00", None),
        ("EUR", "0", None),
    ],
)
def test_a_fixed_price_is_compared_with_a_cost_of_its_currency(currency: str, cost: str, margin: Money | None) -> None:
    """Without a cost, or with one of another currency, nothing is said of what is earned."""
    answer = sold(PriceMethod.FIXED, "5.25", currency=currency, units=Decimal(10), cost=Decimal(cost))

    assert (Money(Decimal("52.50"), currency), Decimal("5.25"), margin) == (
        answer.amount,
        answer.unit_price,
        answer.margin,
    )


def test_a_rule_that_cannot_be_is_refused_with_its_reason() -> None:
    """And one whose basis nobody gave."""
    impossible = sold(PriceMethod.MARGIN_ON_PRICE, "100", cost=Decimal(1))
    baseless = sold(PriceMethod.PERCENT_OF_ERP, "90")

    assert (None, None) == (impossible.amount, baseless.amount)
    assert impossible.refusal
    assert baseless.refusal == "percent_of_erp rests on an amount that is not given"
