"""Adjustment rules: the offers, discounts, switches and guards of a reseller, made ready for look-up by line.

Build the rules once; a look-up reads only what is for the customer, his groups, his subscription or everybody. A list
that contradicts itself is refused when it is built, so that no line is priced by chance.

Not here: what is done with them and in which order (``adjustments``), reading them from a file
(``shared/documents/offers_and_discounts``).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TypeVar

from shared.domain.errors import PriceListError
from shared.domain.prices.adjustments import Applicable
from shared.domain.prices.book import PriceBook
from shared.domain.prices.discounts import (
    RelationshipDiscount,
    SeveralServicesDiscount,
    checked_relationships,
    checked_several_services,
)
from shared.domain.prices.exchange import Conversion, ExchangeRates
from shared.domain.prices.guards import Bases, Guard
from shared.domain.prices.keys import vendor_folded
from shared.domain.prices.offers import Offer, checked_offers, in_own_currency
from shared.domain.prices.promotions import PromotionSwitch, checked_switches, switch_for
from shared.domain.prices.reach import Reaching, Shelf, Sold, applicable, sold
from shared.domain.prices.subjects import PriceSubject, subject_of
from shared.domain.source_lines import SourceLine

Rule = Offer | RelationshipDiscount | SeveralServicesDiscount | PromotionSwitch | Guard
"""One row of a list of offers and discounts."""

_K = TypeVar("_K", bound=Reaching)
_NO_COUNTS: Mapping[str, int] = {}
_NO_GROUPS: Mapping[str, tuple[str, ...]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleAt:
    """What the rules have to know of a price: its day and currency, what it rests on, and a unit's cost and ERP."""

    on: date | None
    bases: Bases
    rests_on_cost: bool = False


class AdjustmentRules:
    """Offers, discounts, switches and guards by whom they are for. Immutable once built.

    *groups* names the customers of each group. *name* is how documents call the list.

    Raises:
        PriceListError: two rules say something else for the same, on the same days.
    """

    def __init__(
        self,
        rules: Iterable[Rule] = (),
        *,
        name: str = "offers and discounts",
        groups: Mapping[str, Iterable[str]] = _NO_GROUPS,
        rates: ExchangeRates | None = None,
    ) -> None:
        self.name = name
        self.rules = tuple(rules)
        self._groups: dict[str, list[str]] = {}
        for group, customers in groups.items():
            for customer in customers:
                self._groups.setdefault(customer.casefold(), []).append(group)
        self._rates = rates or ExchangeRates()
        try:
            self._offers = Shelf(checked_offers(self._of(Offer)))
            self._relationships = Shelf(checked_relationships(self._of(RelationshipDiscount)))
            self._several = Shelf(checked_several_services(self._of(SeveralServicesDiscount)))
            self._switches = Shelf(checked_switches(self._of(PromotionSwitch)))
        except PriceListError as error:
            raise PriceListError(f"{name}, {error}") from error
        self._guards = Shelf(self._of(Guard))

    def __bool__(self) -> bool:
        return bool(self.rules)

    def applicable(self, subject: PriceSubject, sale: SaleAt, counts: Mapping[str, int] = _NO_COUNTS) -> Applicable:
        """Return all rules that are for the subject on the day of the sale.

        *counts* says how many products of each vendor the customer uses (see ``discounts.product_counts``).
        """
        what, on = self._sold(subject), sale.on
        offers = tuple(in_own_currency(applicable(self._offers.all_for(what), what, on), sale.bases.currency))
        vendor = vendor_folded(subject.vendor)
        return Applicable(
            bases=sale.bases,
            rests_on_cost=sale.rests_on_cost,
            offers=offers,
            conversions=self._conversions(offers, sale),
            relationships=tuple(applicable(self._relationships.all_for(what), what, on)),
            several_services=tuple(applicable(self._several.all_for(what), what, on)),
            vendor=vendor,
            product_count=counts.get(vendor, 0),
            guards=tuple(applicable(self._guards.all_for(what), what, on)),
        )

    def switch(self, subject: PriceSubject, promotion_id: str) -> PromotionSwitch | None:
        """Return the switch for a promotion on the subject, or None where nobody decided about it."""
        what = self._sold(subject)
        return switch_for(self._switches.all_for(what), what, promotion_id)

    def boundaries(self, subject: PriceSubject) -> tuple[date, ...]:
        """Return the days on which what applies to the subject could change, in order; empty for most."""
        what = self._sold(subject)
        shelves: tuple[Shelf[Reaching], ...] = (self._offers, self._relationships, self._several, self._guards)
        days = [rule.reach.days for shelf in shelves for rule in shelf.all_for(what) if rule.reach.names(what)]
        return tuple(sorted(set().union(*days)))

    def with_boundaries_of(self, prices: PriceBook) -> Callable[[SourceLine], tuple[date, ...]]:
        """Return what says on which days the price of a line could change, by the list or by these rules.

        It can be sent to other processes.
        """
        return partial(_boundaries, prices, self)

    def _sold(self, subject: PriceSubject) -> Sold:
        return sold(subject, self._groups.get(subject.customer_id.casefold(), ()))

    def _conversions(self, offers: Iterable[Offer], sale: SaleAt) -> Mapping[str, Conversion]:
        own = sale.bases.currency
        foreign = {offer.currency for offer in offers} - {"", own}
        if sale.on is None:
            return {}
        found = {currency: self._rates.find(currency, own, sale.on) for currency in sorted(foreign)}
        return {currency: conversion for currency, conversion in found.items() if conversion is not None}

    def _of(self, kind: type[_K]) -> list[_K]:
        return [rule for rule in self.rules if isinstance(rule, kind)]


def _boundaries(prices: PriceBook, rules: AdjustmentRules, line: SourceLine) -> tuple[date, ...]:
    own = rules.boundaries(subject_of(line))
    return tuple(sorted({*prices.boundaries(line), *own})) if own else prices.boundaries(line)


NO_ADJUSTMENTS = AdjustmentRules()
