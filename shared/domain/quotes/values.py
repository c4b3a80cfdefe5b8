"""What a quote says, as values.

Not here: how it is found out (``asking``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from shared.domain.expected_sales import ExpectedSale
from shared.domain.issues import Issue, Severity
from shared.domain.money import Money
from shared.domain.periods import Period
from shared.domain.quotes.proposals import Proposal
from shared.domain.subscriptions.events import Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurring:
    """What one subscription costs the customer by the month, told from its next full charge cycle.

    *cycle* is that cycle and *per_cycle* its sale. *exact_per_month* is the sale made a month long: divided by the
    *months* of the cycle, or, where its length is a number of days (*months* None), times 365 / 12 and divided by
    those days. *per_month* and *unit_per_month* are rounded once.
    """

    subscription_id: str
    cycle: Period
    months: int | None
    quantity: Quantity
    per_cycle: Money
    exact_per_month: Fraction
    per_month: Money
    unit_per_month: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """What is bound afterwards: *term*, whether and when it renews, and what is still to be charged until its end.

    The vendor's price is locked until the term ends; the customer's until *sale_locked_until*, if that was agreed with
    him (None: a change of the price list reaches his next charge cycle). *remaining* is what the lines of the rest of
    the term come to.
    """

    term: Period
    renews_on: date | None
    remaining: tuple[Money, ...]
    sale_locked_until: date | None = None

    @property
    def price_locked_until(self) -> date:
        """The day from which another price of the vendor's counts: the renewal."""
        return self.term.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """How what is proposed can be taken back: *by* a cancellation, or by the quantity that was there before.

    *until* is the first instant at which it cannot any more (None: there is none); before *full_until* everything
    comes back (None: never more than the unused share). *back_at_once* and *back_at_last* are what the customer gets,
    in the first and in the last second.
    """

    by: str
    until: datetime | None
    full_until: datetime | None
    back_at_once: tuple[Money, ...]
    back_at_last: tuple[Money, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """The smallest quantity that is possible where a smaller one was refused, and what the customer gets *back*."""

    quantity: Quantity
    back: tuple[Money, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The answer. *sales* are the lines that the change makes now, exactly as they will be billed, with their sale.

    *withdrawn* are lines of the same day that give way to them. *elsewhere* is what becomes of the price of other lines
    because of it (a discount for several services), which is not in the total. *before* and *after* are what recurs.
    *undo* and *commitment* are None where nothing was added or nothing is bound. *issues* say what is refused, and why;
    *possible* is what could be done instead.
    """

    proposal: Proposal
    sales: tuple[ExpectedSale, ...]
    withdrawn: tuple[ExpectedSale, ...]
    before: tuple[Recurring, ...]
    after: tuple[Recurring, ...]
    commitment: Commitment | None
    undo: Undo | None
    possible: Possible | None
    notes: tuple[str, ...]
    issues: tuple[Issue, ...]
    elsewhere: tuple[Money, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether the change is not allowed, or not as it was asked for."""
        return any(issue.severity is not Severity.NOTICE for issue in self.refusals)

    @property
    def refusals(self) -> tuple[Issue, ...]:
        """The issues of the change itself, not of its prices."""
        return tuple(issue for issue in self.issues if issue.code.value in _REFUSALS)

    @property
    def total_now(self) -> tuple[Money, ...]:
        """What the customer is charged now (negative: gets back), by currency."""
        return net_of(self.sales, self.withdrawn)

    @property
    def cost_now(self) -> tuple[Money, ...]:
        """What the vendor bills now, by currency; own services without a known cost are left out."""
        return _net([sale.cost for sale in self.sales], [sale.cost for sale in self.withdrawn])

    @property
    def per_month_before(self) -> tuple[Money, ...]:
        """What recurs by the month as things are."""
        return _monthly(self.before)

    @property
    def per_month_after(self) -> tuple[Money, ...]:
        """What recurs by the month once it happened."""
        return _monthly(self.after)


_REFUSALS = frozenset({"EVENT_IGNORED", "CHANGE_REFUSED", "RETURN_LIMIT_EXCEEDED"})


def net_of(sales: Iterable[ExpectedSale], withdrawn: Iterable[ExpectedSale] = ()) -> tuple[Money, ...]:
    """Return the sum of the sales less those withdrawn, by currency."""
    return _net([sale.amount for sale in sales], [sale.amount for sale in withdrawn])


def monthly(cycle: Fraction, months: int | None, days: int) -> Fraction:
    """Return what a charge cycle's amount is by the month, exactly."""
    return cycle / months if months else cycle * 365 / (12 * days)


def rounded_money(exact: Fraction, currency: str) -> Money:
    """Return the amount rounded once, half up."""
    return Money(Decimal(exact.numerator), currency).scaled(1, exact.denominator)


def _net(added: Iterable[Money | None], taken: Iterable[Money | None]) -> tuple[Money, ...]:
    amounts = [*filter(_is_known, added), *(-money for money in taken if money is not None)]
    return tuple(
        Money.total((money for money in amounts if money is not None and money.currency == currency), currency)
        for currency in dict.fromkeys(money.currency for money in amounts if money is not None)
    )


def _is_known(money: Money | None) -> bool:
    return money is not None


def _monthly(recurring: Iterable[Recurring]) -> tuple[Money, ...]:
    """The exact sums, each rounded once."""
    sums: dict[str, Fraction] = {}
    for each in recurring:
        currency = each.per_month.currency
        sums[currency] = sums.get(currency, Fraction(0)) + each.exact_per_month
    return tuple(rounded_money(exact, currency) for currency, exact in sums.items())
