"""Tax on the reseller's own invoices: on each line or on the invoice total, with the rounding by name.

Both ways are in use and differ by a cent; which one the law wants is the reseller's to say. On a total the tax is
worked out once and shared among the lines by largest remainder, so that the lines' taxes add up to it; a line that
comes first gets the cent where two remain equal. Discounts come before tax: it is worked out of amounts as charged.

Not here: tax rates and exemptions, the tax on vendors' invoices (which is taken from their files).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from shared.domain.errors import InvalidError
from shared.domain.expected.rounding import Rounding, rounded
from shared.domain.money import Money, exact_sum, minor_digits


class TaxBasis(StrEnum):
    """What tax is worked out of."""

    LINE = "line"
    TOTAL = "total"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRule:
    """*percent* of tax on *basis*, rounded to the currency's minor unit.

    Raises:
        InvalidError: the percentage is below 0.
    """

    percent: Decimal
    basis: TaxBasis = TaxBasis.TOTAL
    rounding: Rounding = Rounding.HALF_UP

    def __post_init__(self) -> None:
        if not self.percent >= 0:
            raise InvalidError(f"{self.percent} percent is no rate of tax: give 0 or more")


@dataclass(frozen=True, slots=True)
class Taxed:
    """Amounts before tax, the tax of each line in the order given, and the sums."""

    net: Money
    line_taxes: tuple[Money, ...]
    tax: Money

    @property
    def gross(self) -> Money:
        """What is to be paid."""
        return self.net + self.tax


def taxed(amounts: Sequence[Money], rule: TaxRule, currency: str) -> Taxed:
    """Return the tax on rounded *amounts*, credits included, all in *currency*.

    Raises:
        CurrencyMismatchError: an amount is in another currency.
    """
    net = Money.total(amounts, currency)
    if rule.basis is TaxBasis.LINE:
        taxes = tuple(Money(_tax(amount.amount, rule, currency), currency) for amount in amounts)
        return Taxed(net, taxes, Money.total(taxes, currency))
    tax = Money(_tax(net.amount, rule, currency), currency)
    return Taxed(net, _shared(amounts, tax, rule), tax)


def _tax(amount: Decimal, rule: TaxRule, currency: str) -> Decimal:
    exact = Fraction(amount) * Fraction(rule.percent) / 100
    return rounded(exact.numerator, exact.denominator, minor_digits(currency), rule.rounding)


def _shared(amounts: Sequence[Money], tax: Money, rule: TaxRule) -> tuple[Money, ...]:
    """Round every line's tax down, and hand out the cents that are left by largest remainder."""
    if not amounts:
        return ()
    digits = minor_digits(tax.currency)
    exact = [Fraction(amount.amount) * Fraction(rule.percent) / 100 * 10**digits for amount in amounts]
    cents = [share.numerator // share.denominator for share in exact]
    left = int(Fraction(tax.amount) * 10**digits) - sum(cents)
    by_remainder = sorted(range(len(exact)), key=lambda index: cents[index] - exact[index])
    for place in range(abs(left)):
        cents[by_remainder[place % len(cents)]] += 1 if left > 0 else -1
    return tuple(Money(exact_sum((Decimal(each).scaleb(-digits),)), tax.currency) for each in cents)
