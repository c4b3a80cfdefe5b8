"""Discounts that last: for a relationship, and for using several services of one vendor.

A **relationship discount** is a percentage for one customer (or subscription, group, everybody); of several the most
specific applies, alone, as with offers; a customer in two groups gets the higher one.

A **several-services discount** counts the distinct products of one vendor that the customer is charged for in the
billing period, and takes the percentage of the highest threshold reached, on all lines of that vendor. A product counts
once whatever its seats, terms and lines, and all Azure usage is one product, though each meter has an id of its own;
what is given away, credited or only refunded does not count. All lines of the
period take the same percentage, refunds too: what was charged in an earlier period under another count is not told by
this period's files.

Not here: time-bound offers (``offers``), the order of everything (``adjustments``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from shared.domain.charge_types import ChargeKind
from shared.domain.errors import PriceListError
from shared.domain.prices.keys import vendor_folded
from shared.domain.prices.offers import refuse_percentage
from shared.domain.prices.reach import Reach, most_specific, refuse_two_for_one
from shared.domain.prices.subjects import subject_of
from shared.domain.source_lines import Service, SourceLine, service_of

_USED = frozenset(ChargeKind) - {ChargeKind.CREDIT, ChargeKind.DISCOUNT}


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationshipDiscount:
    """A percentage off (0 to 100) that the customer has because of who he is.

    Raises:
        PriceListError: the percentage is out of range.
    """

    name: str
    reach: Reach
    percent_off: Decimal
    row: int = 0

    def __post_init__(self) -> None:
        refuse_percentage(self.percent_off, f"discount {self.name}")


class Threshold(NamedTuple):
    """From so many distinct products on, so many percent off."""

    products_min: int
    percent_off: Decimal

    def __str__(self) -> str:
        return f"{self.products_min}:{self.percent_off:f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeveralServicesDiscount:
    """A percentage off that grows with the number of products of *vendor*; *reach* may name no other vendor.

    Raises:
        PriceListError: there is no threshold, thresholds do not rise with their percentages, or keys are named.
    """

    name: str
    reach: Reach
    vendor: str
    thresholds: tuple[Threshold, ...]
    row: int = 0

    def __post_init__(self) -> None:
        what = f"discount {self.name}"
        if not self.vendor or any(self.reach.keys.named().values()):
            raise PriceListError(f"{what}: name one vendor, and no product: it is for all products of the vendor")
        if not self.thresholds or any(threshold.products_min < 1 for threshold in self.thresholds):
            raise PriceListError(f"{what}: give at least one threshold, of one product or more")
        for threshold in self.thresholds:
            refuse_percentage(threshold.percent_off, what)
        for lower, higher in pairwise(self.thresholds):
            if higher.products_min <= lower.products_min or higher.percent_off < lower.percent_off:
                raise PriceListError(f"{what}: thresholds and percentages must rise: {lower} stands before {higher}")

    def percent_off(self, product_count: int) -> Decimal | None:
        """Return the percentage of the highest threshold reached, or None below the first."""
        reached = [each.percent_off for each in self.thresholds if each.products_min <= product_count]
        return reached[-1] if reached else None


def relationship(discounts: Iterable[RelationshipDiscount]) -> RelationshipDiscount | None:
    """Return the one that applies, of all those for the line and day."""
    return max(most_specific(discounts), key=lambda each: (each.percent_off, each.row), default=None)


def several_services(
    discounts: Iterable[SeveralServicesDiscount], vendor: str, product_count: int
) -> tuple[SeveralServicesDiscount, Decimal] | None:
    """Return the discount that applies to a line of *vendor*, and its percentage; of equal scopes the higher one."""
    own = [each for each in discounts if vendor_folded(each.vendor) == vendor_folded(vendor)]
    reached = [(each, off) for each in most_specific(own) if (off := each.percent_off(product_count)) is not None]
    return max(reached, key=lambda pair: (pair[1], pair[0].row), default=None)


def product_counts(lines: Iterable[SourceLine]) -> Mapping[str, int]:
    """Return, by vendor as it is compared, how many distinct products a customer is charged for."""
    products: dict[str, set[str]] = {}
    for line in lines:
        if line.kind in _USED and not line.is_credit and not line.is_free_at_vendor:
            vendor = vendor_folded(subject_of(line).vendor)
            products.setdefault(vendor, set()).add(_product(line))
    return {vendor: len(found) for vendor, found in products.items()}


def _product(line: SourceLine) -> str:
    service = service_of(line)
    return service.value if service is Service.AZURE_USAGE else (line.product_id or line.product_name).casefold()


def checked_relationships(discounts: Iterable[RelationshipDiscount]) -> tuple[RelationshipDiscount, ...]:
    """Return the relationship discounts of a list.

    Raises:
        PriceListError: two are for the same, on the same days.
    """
    kept = tuple(discounts)
    refuse_two_for_one(kept, "relationship discount")
    return kept


def checked_several_services(discounts: Iterable[SeveralServicesDiscount]) -> tuple[SeveralServicesDiscount, ...]:
    """Return the several-services discounts of a list.

    Raises:
        PriceListError: two of one vendor are for the same customers, on the same days.
    """
    kept = tuple(discounts)
    for vendor in {vendor_folded(each.vendor) for each in kept}:
        refuse_two_for_one((each for each in kept if vendor_folded(each.vendor) == vendor), "several-services discount")
    return kept
