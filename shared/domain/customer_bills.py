"""One customer's month: every source line charged once, invoices made, problems kept as values.

This is the one place where lines, prices and rules meet; a person's own files on one machine and a billing run in the
cloud both come through here. A broken invariant parks this customer and nobody else.

Not here: reading files, keeping results, other customers.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from shared.domain.adjusted_sales import SpecialTerms
from shared.domain.charge_issues import customer_parked, estimates, estimates_overtaken
from shared.domain.charging import ChargeLine, charge
from shared.domain.errors import IntegrityError
from shared.domain.invoices import Invoice, empty_invoice, make_invoices
from shared.domain.issues import Issue
from shared.domain.keys import line_identity
from shared.domain.month_units import units_of_month
from shared.domain.periods import BillingPeriod
from shared.domain.prices import NO_PRICE_SHEET, PriceBook, PriceSheet
from shared.domain.prices.discounts import product_counts
from shared.domain.source_lines import Service, SourceLine, service_of
from shared.domain.usage_detail import Coverage, coverage_issue, uncovered, without_overtaken_estimates
from shared.domain.usage_folding import UsageFolds, UsageKind

PART_OF_PRICE_MIN = 5
"""A line is part of another from this ratio of their prices on; two plans of one product differ by far less."""


def _as_it_is(line: ChargeLine) -> ChargeLine:
    return line


@dataclass(frozen=True, slots=True)
class Terms:
    """What a month is billed by. *detail* adds friendly name and purchase order to a line.

    *special* is what is agreed beside the price list: offers, discounts, guards and price locks.
    """

    period: BillingPeriod
    prices: PriceBook
    sheet: PriceSheet = NO_PRICE_SHEET
    detail: Callable[[ChargeLine], ChargeLine] = _as_it_is
    special: SpecialTerms | None = None

    def special_for(self, lines: Iterable[SourceLine]) -> SpecialTerms | None:
        """Return what is agreed for the customer whose lines these are, with the number of products he uses."""
        return replace(self.special, product_counts=product_counts(lines)) if self.special else None


@dataclass(slots=True)
class CustomerLines:
    """What Microsoft delivered for one customer, and what was wrong with it."""

    customer_id: str
    lines: list[SourceLine] = field(default_factory=list)
    folds: UsageFolds = field(default_factory=UsageFolds)
    issues: list[Issue] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerBill:
    """The outcome for one customer. *charged* counts the source lines that became charge lines."""

    customer_id: str
    customer_name: str
    invoices: tuple[Invoice, ...]
    issues: tuple[Issue, ...]
    coverage: tuple[Coverage, ...] = ()
    uncharged: tuple[SourceLine, ...] = ()

    @property
    def is_parked(self) -> bool:
        """Whether a blocking issue keeps this customer out of approval."""
        return any(issue.is_blocking for issue in self.issues)


def bill_customer(customer: CustomerLines, terms: Terms) -> CustomerBill:
    """Return the customer's draft invoices and everything that is to be said about them."""
    kinds = [part.kind for part in customer.folds.parts()]
    name = _name([*customer.lines, *kinds]) or customer.customer_id
    try:
        return _bill(customer, name, terms)
    except IntegrityError as error:
        issues = (*customer.issues, customer_parked(customer.customer_id, name, str(error)))
        return CustomerBill(
            customer_id=customer.customer_id,
            customer_name=name,
            invoices=(),
            issues=issues,
            uncharged=tuple(customer.lines),
        )


def _bill(customer: CustomerLines, name: str, terms: Terms) -> CustomerBill:
    invoiced, daily, overtaken = without_overtaken_estimates(customer.lines, list(customer.folds.lines()))
    charged, coverage = uncovered(invoiced, daily)
    issues = [*customer.issues, *filter(None, map(coverage_issue, coverage))]
    if overtaken:
        issues.append(estimates_overtaken(customer.customer_id, name, len(overtaken)))
    lines, uncharged = _charge_all([*charged, *daily], terms, issues)
    estimate_count = sum(line.is_estimate for line in lines)
    if estimate_count:
        issues.append(estimates(customer.customer_id, name, estimate_count))
    return CustomerBill(
        customer_id=customer.customer_id,
        customer_name=name,
        invoices=tuple(make_invoices(customer.customer_id, name, terms.period, lines, issues)),
        issues=tuple(issues),
        coverage=tuple(coverage),
        uncharged=tuple(uncharged),
    )


def emptied(bill: CustomerBill, earlier: Iterable[Invoice]) -> list[Invoice]:
    """Return an empty draft for each of the *earlier* invoices in whose currency nothing is billed any more."""
    billed = {invoice.key.currency for invoice in bill.invoices}
    return [empty_invoice(invoice) for invoice in earlier if invoice.key.currency not in billed]


def by_customer(
    lines: Iterable[SourceLine], folds: UsageFolds, issues: Iterable[Issue] = ()
) -> dict[str, CustomerLines]:
    """Return everything grouped by customer (id in lower case), in customer order; issues of nobody are left out."""
    customers: dict[str, CustomerLines] = {}

    def of(customer_id: str) -> CustomerLines:
        return customers.setdefault(customer_id.casefold(), CustomerLines(customer_id.casefold()))

    for line in lines:
        of(line.customer_id).lines.append(line)
    for customer_id, own in folds.by_customer().items():
        of(customer_id).folds = own
    for issue in issues:
        if issue.customer_id:
            of(issue.customer_id).issues.append(issue)
    return dict(sorted(customers.items()))


def _charge_all(
    lines: Sequence[SourceLine], terms: Terms, issues: list[Issue]
) -> tuple[list[ChargeLine], list[SourceLine]]:
    made, uncharged = [], []
    occurrences: Counter[str] = Counter()
    main_prices: dict[str, Decimal | None] = {}
    identified = sorted([(line_identity(line), line) for line in lines], key=_stable_order)
    special = terms.special_for(lines)
    taken = units_of_month([line for _, line in identified], terms.prices, special)
    for index, (identity, line) in enumerate(identified):
        occurrences[identity] += 1
        main_price = main_prices.setdefault(identity, line.unit_price)
        is_part = _is_part(line, main_price)
        key = f"{identity}-{occurrences[identity]}"
        units = taken.get(index)
        outcome = charge(line, terms.prices, terms.sheet, key=key, is_part=is_part, taken=units, special=special)
        issues.extend(outcome.issues)
        if outcome.line is None:
            uncharged.append(line)
        else:
            made.append(terms.detail(outcome.line))
    return made, uncharged


def _is_part(line: SourceLine, main_price: Decimal | None) -> bool:
    """Whether an equal-looking line is a small part of the main one: a licence at a fifth of its price or less.

    Microsoft bills some products so (E5 at 28.40 and its telephony at 2.00). A dearer line is a charge of its own.
    """
    if service_of(line) is not Service.LICENCE or not main_price or line.unit_price is None:
        return False
    return line.unit_price.copy_abs() * PART_OF_PRICE_MIN <= main_price.copy_abs()


def _stable_order(identified: tuple[str, SourceLine]) -> tuple[str, Decimal, Decimal]:
    """Equal-looking lines are numbered by price and amount, so that the order of rows and files does not matter.

    The dearest comes first: of a product that Microsoft bills in several lines (E5 with its telephony) it is the main
    one.
    """
    identity, line = identified
    return identity, (line.unit_price or Decimal(0)).copy_abs().copy_negate(), line.cost.amount


def _name(lines: Iterable[SourceLine | UsageKind]) -> str:
    """Return the name that most lines carry; of equally common ones the first in the alphabet."""
    names = Counter(line.customer_name for line in lines if line.customer_name)
    return min(names, key=lambda name: (-names[name], name), default="")
