"""Azure usage stands on two of Microsoft's files: summed up on the invoice's lines, and day by day as rated usage.

It must be charged once. Where the daily rows of a subscription are there, they are charged, because only they know
the day (prices may change within the month), and the invoice's usage lines of that subscription are *covered*: not
charged, but compared. Microsoft cuts each invoice line twice, to a cent of the pricing currency and, converted, to a
cent of the billing currency; what that can lose over all lines is rounding, more is an issue.

Credits, reservations, savings plans and licences stand on the invoice only and are never covered.

Source: Microsoft Partner Center documentation, "Azure plan billing" and "Read your bill".
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.money import exact_product, exact_sum, minor_digits
from shared.domain.source_lines import Family, Service, SourceLine, service_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What of one subscription's usage on one Microsoft invoice is charged from the daily rows instead."""

    invoice_number: str
    customer_id: str
    subscription_id: str
    currency: str
    invoice_lines: int
    invoice_cost: Decimal
    daily_cost: Decimal
    rounding_max: Decimal

    @property
    def difference(self) -> Decimal:
        """What the daily rows cost more than the invoice says (rounding, mostly)."""
        return exact_sum((self.daily_cost, -self.invoice_cost))

    @property
    def is_rounding(self) -> bool:
        """Whether cutting the invoice's lines to cents can explain the difference."""
        return self.difference.copy_abs() <= self.rounding_max


_Key = tuple[str, str, str, str]


def uncovered(lines: Sequence[SourceLine], daily: Iterable[SourceLine]) -> tuple[list[SourceLine], list[Coverage]]:
    """Return the lines of *lines* that are to be charged, and what the daily rows cover.

    *daily* are the folded daily rows; they are all charged.
    """
    if not lines:
        return [], []
    daily_costs: dict[_Key, list[Decimal]] = defaultdict(list)
    daily_products: set[tuple[_Key, str]] = set()
    for line in daily:
        daily_costs[_key(line)].append(line.cost.amount)
        daily_products.add((_key(line), line.product_id.casefold()))
    charged: list[SourceLine] = []
    covered: dict[_Key, list[SourceLine]] = defaultdict(list)
    for line in lines:
        is_detailed = (_key(line), line.product_id.casefold()) in daily_products
        if _may_be_usage(line, is_detailed=is_detailed) and _key(line) in daily_costs:
            covered[_key(line)].append(line)
        else:
            charged.append(line)
    return charged, [_coverage(key, covered[key], daily_costs[key]) for key in sorted(covered)]


def without_overtaken_estimates(
    lines: Sequence[SourceLine], daily: Sequence[SourceLine]
) -> tuple[list[SourceLine], list[SourceLine], list[SourceLine]]:
    """Return *lines* and *daily* without unbilled ones of a subscription that is billed, and those left out.

    Microsoft's unbilled files forecast what the billed ones then say; charging both would charge twice.
    """
    billed = {_subscription(line) for line in (*lines, *daily) if not line.is_estimate}
    left_out = [line for line in (*lines, *daily) if line.is_estimate and _subscription(line) in billed]
    if not left_out:
        return list(lines), list(daily), []
    gone = {id(line) for line in left_out}
    return [line for line in lines if id(line) not in gone], [line for line in daily if id(line) not in gone], left_out


def _subscription(line: SourceLine) -> tuple[str, str]:
    return line.subscription_id.casefold() or line.product_id.casefold(), line.cost.currency


def coverage_issue(coverage: Coverage) -> Issue | None:
    """Return what is to be said of a coverage whose two sides differ by more than rounding, else None."""
    if coverage.is_rounding:
        return None
    return Issue(
        code=IssueCode.USAGE_DETAIL_DIFFERS,
        severity=Severity.BLOCKING,
        message=f"The daily usage of subscription {coverage.subscription_id} costs {coverage.daily_cost:f} "
        f"{coverage.currency}, but invoice {coverage.invoice_number} says {coverage.invoice_cost:f} for it: "
        f"{coverage.difference:f} is more than rounding.",
        cure="A part of the daily usage file is missing or belongs to another invoice: give all parts of this one.",
        customer_id=coverage.customer_id,
        subject=coverage.subscription_id,
    )


def _key(line: SourceLine) -> _Key:
    return (
        line.invoice_number.casefold(),
        line.customer_id.casefold(),
        line.subscription_id.casefold(),
        line.cost.currency,
    )


def _may_be_usage(line: SourceLine, *, is_detailed: bool) -> bool:
    """Whether the invoice's line is for usage: of Azure, or of another publisher whose product the daily rows name."""
    if line.family is not Family.NEW_COMMERCE or line.kind.is_adjustment:
        return False
    service = service_of(line)
    return service is Service.AZURE_USAGE or (service is Service.MARKETPLACE and is_detailed)


def _lost_at_most(line: SourceLine) -> Decimal:
    in_pricing = Decimal(1).scaleb(-minor_digits(line.pricing_currency or line.cost.currency))
    in_billing = Decimal(1).scaleb(-minor_digits(line.cost.currency))
    return exact_sum((exact_product(in_pricing, line.fx_rate), in_billing))


def _coverage(key: _Key, lines: Sequence[SourceLine], daily: Sequence[Decimal]) -> Coverage:
    return Coverage(
        invoice_number=lines[0].invoice_number,
        customer_id=lines[0].customer_id,
        subscription_id=lines[0].subscription_id,
        currency=key[3],
        invoice_lines=len(lines),
        invoice_cost=exact_sum(line.cost.amount for line in lines),
        daily_cost=exact_sum(daily),
        rounding_max=exact_sum(map(_lost_at_most, lines)),
    )
