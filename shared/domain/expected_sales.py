"""Expected sales: what the customer pays for an expected line, beside what the vendor should bill for it.

Microsoft's lines are priced by the same code as the lines of its files (``charging``), under exactly the share, sign
and quantity of the expected line; so adjustments, guards and price locks work alike. The reseller's own services are
sold at what their own policy says: the expected line is the sale, and its cost is unknown unless it is given.

Invariants: every sale is rounded once, half up; a credit is priced like the charge it takes back, and together the
credits of a charge are never worth more than it was sold for (what rounding would add, the last of them leaves out); a
line without a price has no sale, and an issue that says why.

Not here: the expected lines (``expected/engine``), invoices.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from shared.domain.adjusted_sales import SpecialTerms
from shared.domain.charging import Charged, ChargeLine, charge
from shared.domain.customer_bills import PART_OF_PRICE_MIN
from shared.domain.expected.history import History
from shared.domain.expected.lines import ExpectedLine
from shared.domain.expected.usage.rules import ESTIMATE
from shared.domain.expected_source_lines import OWN_KINDS, PricedShare, SourceLines, charge_behind
from shared.domain.issues import Issue
from shared.domain.keys import line_identity
from shared.domain.money import Money, exact_product, exact_sum, minor_digits, quotient_half_up
from shared.domain.month_units import units_of_month
from shared.domain.periods import BillingPeriod
from shared.domain.prices import NO_PRICE_SHEET, PriceBook, PriceSheet, UnitsTaken
from shared.domain.prices.discounts import product_counts
from shared.domain.source_lines import SourceLine

_ZERO = Decimal(0)
LEFT_OF_CHARGE = "what was left of the charge"

_Month = tuple[str, BillingPeriod | None]


def _no_costs() -> Mapping[str, Decimal]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleTerms:
    """What sales are priced by. *own_costs* is what one unit of an own service costs for a full cycle, by its id."""

    prices: PriceBook
    sheet: PriceSheet = NO_PRICE_SHEET
    special: SpecialTerms | None = None
    own_costs: Mapping[str, Decimal] = field(default_factory=_no_costs)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedSale:
    """The sale of one expected line. *amount* is None where *issues* say why it has no price.

    *charge* is the line as the customer's invoice would have it, with its explanation; None for own services, whose
    expected line explains itself. *cost* is None where it is unknown.
    """

    line: ExpectedLine
    amount: Money | None
    cost: Money | None
    charge: ChargeLine | None = None
    issues: tuple[Issue, ...] = ()

    @property
    def margin(self) -> Money | None:
        """Sale less cost; None where one of them is unknown or they are in two currencies."""
        if self.amount is None or self.cost is None or self.amount.currency != self.cost.currency:
            return None
        return self.amount - self.cost


def expected_sales(lines: Sequence[ExpectedLine], history: History, terms: SaleTerms) -> tuple[ExpectedSale, ...]:
    """Return the sale of each line of *history*, in order; problems are issues of the sale, never exceptions.

    Raises:
        InvalidError: a term is not understood.
        PeriodError: a term would leave the calendar.
    """
    shape = SourceLines(history)
    shares = {index: shape.of(line) for index, line in enumerate(lines) if line.subscription.kind not in OWN_KINDS}
    made = dict(_charged(lines, shares, terms))
    sales = [
        _vendors(line, made[index]) if index in made else _own(line, terms.own_costs.get(line.subscription.id))
        for index, line in enumerate(lines)
    ]
    return tuple(_capped(sales))


def _charged(
    lines: Sequence[ExpectedLine], shares: Mapping[int, PricedShare], terms: SaleTerms
) -> list[tuple[int, Charged]]:
    months: dict[_Month, list[int]] = defaultdict(list)
    for index in shares:
        months[_month(lines[index])].append(index)
    main_prices, seen, made = _main_prices(lines), Counter[str](), []
    for indexes in months.values():
        sources = [shares[index].source for index in indexes]
        special = _special(terms, sources)
        taken = units_of_month(sources, terms.prices, special, [shares[index].share for index in indexes])
        for place, index in enumerate(indexes):
            identity = line_identity(shares[index].source)
            seen[identity] += 1
            key, is_part = f"{identity}-{seen[identity]}", _is_part(lines[index], main_prices)
            made.append((index, _charge(shares[index], terms, key, taken.get(place), special, is_part=is_part)))
    return made


def _charge(
    share: PricedShare,
    terms: SaleTerms,
    key: str,
    taken: UnitsTaken | None,
    special: SpecialTerms | None,
    *,
    is_part: bool,
) -> Charged:
    return charge(
        share.source,
        terms.prices,
        terms.sheet,
        key=key,
        is_part=is_part,
        taken=taken,
        special=special,
        proration=share.share,
    )


def _special(terms: SaleTerms, sources: Sequence[SourceLine]) -> SpecialTerms | None:
    return replace(terms.special, product_counts=product_counts(sources)) if terms.special else None


def _month(line: ExpectedLine) -> _Month:
    """The customer and the month of the invoice: what counts together for tiers and for several services."""
    named = line.invoice or line.start
    month = named if isinstance(named, BillingPeriod) or named is None else BillingPeriod.of(named)
    return line.subscription.customer_id.casefold(), month


def _part_key(line: ExpectedLine) -> tuple[object, ...]:
    return line.subscription.id, line.start, line.end, line.charge_type, line.sign


def _main_prices(lines: Sequence[ExpectedLine]) -> Mapping[tuple[object, ...], Decimal]:
    """The dearest price of each product that is billed in parts."""
    dearest: dict[tuple[object, ...], Decimal] = {}
    for line in lines:
        if "part" in dict(line.inputs):
            key = _part_key(line)
            dearest[key] = max(dearest.get(key, line.price.listed), line.price.listed)
    return dearest


def _is_part(line: ExpectedLine, main_prices: Mapping[tuple[object, ...], Decimal]) -> bool:
    """Whether the line is the small part of a product in parts: it is sold with the main one."""
    main = main_prices.get(_part_key(line))
    return main is not None and line.price.listed * PART_OF_PRICE_MIN <= main


def _vendors(line: ExpectedLine, charged: Charged) -> ExpectedSale:
    made = charged.line
    if made is None:
        return ExpectedSale(line=line, amount=None, cost=line.money, issues=charged.issues)
    made = replace(made, is_estimate=line.rule is ESTIMATE)
    return ExpectedSale(line=line, amount=made.amount, cost=line.money, charge=made, issues=charged.issues)


def _own(line: ExpectedLine, unit_cost: Decimal | None) -> ExpectedSale:
    return ExpectedSale(line=line, amount=line.money, cost=None if unit_cost is None else _own_cost(line, unit_cost))


def _own_cost(line: ExpectedLine, unit_cost: Decimal) -> Money:
    """What the units cost for the same share of the cycle, with the same sign."""
    exact = exact_product(unit_cost, Decimal(line.quantity), Decimal(line.part), Decimal(line.sign))
    return Money(quotient_half_up(exact, line.whole, minor_digits(line.currency)), line.currency)


def _capped(sales: Sequence[ExpectedSale]) -> list[ExpectedSale]:
    """Return the sales with no charge given back for more than it was sold for."""
    left: dict[int, Decimal] = {}
    capped = []
    for sale in sales:
        made, charged = sale.charge, id(charge_behind(sale.line))
        if made is not None and sale.line.corrects is None:
            left[charged] = made.amount.amount
        elif made is not None and charged in left:
            made = _at_most(made, left[charged])
            left[charged] = exact_sum((left[charged], made.amount.amount))
            sale = replace(sale, amount=made.amount, charge=made)  # noqa: PLW2901 - the sale as it is kept
        capped.append(sale)
    return capped


def _at_most(made: ChargeLine, left: Decimal) -> ChargeLine:
    if made.amount.amount.copy_negate() <= left:
        return made
    amount = Money(left.copy_negate() if left else _ZERO, made.amount.currency)
    return replace(made, amount=amount, explanation=replace(made.explanation, rounding=LEFT_OF_CHARGE))
