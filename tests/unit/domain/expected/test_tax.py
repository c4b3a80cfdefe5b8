"""Tax on the reseller's own invoices: of each line or of the total, to the cent, with nothing lost between them."""

from decimal import Decimal

import pytest

from shared.domain.errors import CurrencyMismatchError, InvalidError
from shared.domain.expected.rounding import Rounding
from shared.domain.expected.tax import TaxBasis, TaxRule, taxed
from shared.domain.money import Money


def euros(*amounts: str) -> list[Money]:
    """Return amounts of money."""
    return [Money(Decimal(amount), "EUR") for amount in amounts]


FOUR = euros("68.35", "68.35", "57.48", "84.98")


@pytest.mark.parametrize(("basis", "tax"), [(TaxBasis.TOTAL, "55.83"), (TaxBasis.LINE, "55.84")])
def test_the_total_and_the_lines_differ_by_a_cent(basis: TaxBasis, tax: str) -> None:
    """20 percent of 279.16 are 55.83; the taxes of its four lines are 55.84."""
    made = taxed(FOUR, TaxRule(percent=Decimal(20), basis=basis), "EUR")

    assert Money(Decimal(tax), "EUR") == made.tax
    assert made.tax == Money.total(made.line_taxes, "EUR")


def test_the_tax_of_a_total_is_shared_by_largest_remainder() -> None:
    """Of equal remainders the first line gets the cent."""
    made = taxed(euros("0.05", "0.05", "0.05"), TaxRule(percent=Decimal(10)), "EUR")

    assert ["0.01", "0.01", "0.00"] == [str(tax.amount) for tax in made.line_taxes]


def test_credits_are_taxed_like_charges() -> None:
    """A credit takes its tax back."""
    made = taxed(euros("100.00", "-33.33"), TaxRule(percent=Decimal(19)), "EUR")

    assert "12.67" == str(made.tax.amount)
    assert ["19.00", "-6.33"] == [str(tax.amount) for tax in made.line_taxes]
    assert Money(Decimal("79.34"), "EUR") == made.gross


def test_a_tax_that_is_cut_may_leave_less_than_its_parts() -> None:
    """Rounding toward zero of a negative total hands cents out too."""
    made = taxed(euros("-0.07", "-0.07"), TaxRule(percent=Decimal(50), rounding=Rounding.UP), "EUR")

    assert made.tax == Money.total(made.line_taxes, "EUR")
    assert "-0.07" == str(made.tax.amount)


def test_nothing_has_no_tax() -> None:
    """An empty invoice."""
    made = taxed([], TaxRule(percent=Decimal(20)), "EUR")

    assert () == made.line_taxes
    assert made.gross.is_zero


def test_a_currency_without_coins() -> None:
    """Yen have no decimals."""
    made = taxed([Money(Decimal(105), "JPY")], TaxRule(percent=Decimal(10)), "JPY")

    assert "11" == str(made.tax.amount)


def test_wrong_rates_and_currencies_are_refused() -> None:
    """A negative rate, and an amount in another currency."""
    with pytest.raises(InvalidError, match="rate of tax"):
        TaxRule(percent=Decimal(-1))
    with pytest.raises(CurrencyMismatchError):
        taxed(euros("1.00"), TaxRule(percent=Decimal(1)), "USD")
