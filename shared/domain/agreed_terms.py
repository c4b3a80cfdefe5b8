"""Agreed terms: from the rows of a list of offers and discounts to what every line of a month is asked about.

This is the one way there, so a person's own files on one machine and a billing run in the cloud mean the same.

Not here: reading the rows (``shared/documents/offers_and_discounts``), what they do to a sale (``adjusted_sales``).
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from shared.domain.adjusted_sales import SpecialTerms
from shared.domain.errors import PriceListError
from shared.domain.prices import PriceBook
from shared.domain.prices.adjustment_rules import AdjustmentRules, Rule
from shared.domain.prices.exchange import ExchangeRates
from shared.domain.prices.price_locks import AgreedLock, PriceLockPolicy, PriceLocks
from shared.domain.source_lines import SourceLine

Agreed = Rule | AgreedLock
"""One row of a list of offers and discounts."""


def agreed_terms(
    rows: Iterable[Agreed],
    *,
    name: str,
    groups: Mapping[str, Iterable[str]],
    lock: PriceLockPolicy | None = None,
    rates: ExchangeRates | None = None,
) -> SpecialTerms | None:
    """Return what is agreed beside the price list; None where nothing is, so that nothing is asked of each line.

    *groups* names the customers of each group; *lock* is a policy for everybody that was given beside the list,
    *rates* convert offers in another currency than the line's.

    Raises:
        PriceListError: two rows say something else for the same, or one is for a group of which nobody is known.
    """
    kept = list(rows)
    if not kept and lock is None:
        return None
    rules = [row for row in kept if not isinstance(row, AgreedLock)]
    _refuse_unknown_groups(rules, name, groups)
    locks = _locks([row for row in kept if isinstance(row, AgreedLock)], lock)
    return SpecialTerms(AdjustmentRules(rules, name=name, groups=groups, rates=rates), locks)


def price_boundaries(prices: PriceBook, special: SpecialTerms | None) -> Callable[[SourceLine], tuple[date, ...]]:
    """Return what says on which days the price of a line could change; it can be sent to other processes."""
    if special is None or not special.rules:
        return prices.boundaries
    return special.rules.with_boundaries_of(prices)


def _refuse_unknown_groups(rules: Iterable[Rule], name: str, groups: Iterable[str]) -> None:
    known = {"", *(group.casefold() for group in groups)}
    for rule in rules:
        group = rule.reach.customer_group
        if group.casefold() not in known:
            raise PriceListError(
                f"{name}, row {rule.row}: nobody is in the customer group {group!r}. "
                "Add its customers to the list of customer groups, or correct the name."
            )


def _locks(agreed: Iterable[AgreedLock], given: PriceLockPolicy | None) -> PriceLocks:
    by_customer: dict[str, AgreedLock] = {}
    for each in agreed:
        other = by_customer.setdefault(each.customer_id.casefold(), each)
        if other.policy is not each.policy:
            raise PriceListError(f"rows {other.row} and {each.row}: two price locks for {each.whom}: keep one of them")
    of_all = by_customer.pop("", None)
    if of_all is not None and given not in {None, of_all.policy}:
        raise PriceListError(
            f"row {of_all.row}: the price lock for {of_all.whom} is {of_all.policy}, but {given} was given beside the "
            "list: leave one of them out"
        )
    of_list = of_all.policy if of_all is not None else given or PriceLockPolicy.AT_ONCE
    return PriceLocks(of_list, {customer_id: each.policy for customer_id, each in by_customer.items()})
