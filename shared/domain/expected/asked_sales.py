"""Sales that are asked about: what a price rule makes of a cost, a retail price or units, rounded once.

Not here: the rules of sales prices (``prices``), which rule applies to which customer (``prices/book``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from shared.domain.money import Money, minor_digits, quotient_half_up
from shared.domain.prices.amounts import Measure, Sale, sale_of
from shared.domain.prices.entries import PriceEntry, entry_refused


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSale:
    """What is sold (*measure*), and by which rule (*entry*)."""

    entry: PriceEntry
    measure: Measure
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleAnswer:
    """The amount, its exact value, and what is earned; None where *refusal* says why there is no amount."""

    asked: AskedSale
    amount: Money | None = None
    unrounded: Fraction | None = None
    unit_price: Decimal | None = None
    margin: Money | None = None
    refusal: str = ""


def answer_sales(asked: Iterable[AskedSale]) -> tuple[SaleAnswer, ...]:
    """Return what each sale amounts to, in order."""
    return tuple(_answer(each) for each in asked)


def _answer(asked: AskedSale) -> SaleAnswer:
    refusal = entry_refused(asked.entry)
    if refusal:
        return SaleAnswer(asked=asked, refusal=refusal)
    sale = sale_of(asked.entry, asked.measure)
    if sale is None:
        return SaleAnswer(asked=asked, refusal=f"{asked.entry.method.value} rests on an amount that is not given")
    return _priced(asked, sale)


def _priced(asked: AskedSale, sale: Sale) -> SaleAnswer:
    rounded = quotient_half_up(sale.dividend, sale.divisor, minor_digits(sale.currency))
    amount = Money(rounded, sale.currency)
    cost = asked.measure.cost
    has_cost = bool(cost) and sale.currency == asked.measure.currency
    return SaleAnswer(
        asked=asked,
        amount=amount,
        unrounded=Fraction(sale.dividend) * Fraction(1, sale.divisor),
        unit_price=sale.unit_price,
        margin=amount - Money(cost, sale.currency) if has_cost else None,
    )
