"""Offers: a percentage off, or a fixed price, from a day until a day, for somebody or everybody.

Which offer wins, when several are for the same line on the same day:

1. the one with the most specific scope (subscription, customer, customer group, everybody);
2. of those the one with the most specific keys;
3. of those (a customer in two groups) the one that leaves the lowest price; of equal ones the first by name.

Two never apply at once, unless the winner is *combinable*: then every other combinable offer for the line applies as
well, the most specific first, each on the price that the one before left. A fixed price is never combinable: it says
what is paid. An offer never raises a price: a fixed price above what the customer would pay without it is left out.

A fixed price may be given once in each currency: of equally specific ones that in the currency of the sale counts, and
the others say nothing.

The day is the line's price date, so that a refund is worth what was charged.

Not here: promotions of Microsoft (``promotions``), discounts without an end (``discounts``), the order of everything
(``adjustments``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from shared.domain.errors import PriceListError
from shared.domain.prices.reach import Reach, most_specific, refuse_two_for_one

HUNDRED = 100
_ONE_CURRENCY: Mapping[str, Fraction] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One offer: *percent_off* (0 to 100), or *fixed_price* of a unit and full cycle in *currency*.

    Raises:
        PriceListError: both or neither are given, a number is out of range, or a fixed price is combinable.
    """

    name: str
    reach: Reach
    percent_off: Decimal | None = None
    fixed_price: Decimal | None = None
    currency: str = ""
    is_combinable: bool = False
    row: int = 0

    def __post_init__(self) -> None:
        if (self.percent_off is None) == (self.fixed_price is None):
            raise PriceListError(f"offer {self.name}: give either a percentage off or a fixed price")
        refuse_percentage(self.percent_off, f"offer {self.name}")
        if self.fixed_price is not None:
            if self.fixed_price < 0 or not self.currency or self.is_combinable:
                raise PriceListError(
                    f"offer {self.name}: a fixed price is not negative, has a currency, and cannot be combined"
                )
        elif self.currency:
            raise PriceListError(f"offer {self.name}: a percentage has no currency")

    def price(self, before: Fraction, factors: Mapping[str, Fraction]) -> Fraction:
        """Return what a unit costs with the offer, never more than *before*.

        *factors* converts a fixed price by its currency; one that it does not name is in the currency of *before*.
        """
        if self.fixed_price is None:
            return without(before, self.percent_off or 0)
        return min(before, Fraction(self.fixed_price) * factors.get(self.currency, 1))


def winners(offers: Iterable[Offer], before: Fraction, factors: Mapping[str, Fraction] = _ONE_CURRENCY) -> list[Offer]:
    """Return the offers that apply, in the order in which they do; *offers* are all those for the line and day."""
    candidates = [offer for offer in offers if offer.price(before, factors) < before]
    if not candidates:
        return []
    winner = min(most_specific(candidates), key=lambda offer: (offer.price(before, factors), offer.name, offer.row))
    if not winner.is_combinable:
        return [winner]
    others = [offer for offer in candidates if offer.is_combinable and offer is not winner]
    return [winner, *sorted(others, key=lambda offer: (offer.reach.specificity, offer.name, offer.row))]


def in_own_currency(offers: Iterable[Offer], currency: str) -> list[Offer]:
    """Return the offers without prices in other currencies that say no more than one in *currency* does."""
    kept = list(offers)
    own = {offer.reach.specificity for offer in kept if offer.currency == currency}
    return [offer for offer in kept if offer.currency in {"", currency} or offer.reach.specificity not in own]


def checked_offers(offers: Iterable[Offer]) -> tuple[Offer, ...]:
    """Return the offers of a list.

    Raises:
        PriceListError: two offers that cannot be combined are for the same, on the same days and in the same currency.
    """
    kept = tuple(offers)
    for currency in {"", *(offer.currency for offer in kept)}:
        alone = (offer for offer in kept if not offer.is_combinable and offer.currency in {"", currency})
        refuse_two_for_one(alone, "offer")
    return kept


def without(before: Fraction, percent: Decimal | int) -> Fraction:
    """Return *before* less *percent* percent, exactly."""
    return before * (HUNDRED - Fraction(percent)) * Fraction(1, HUNDRED)


def refuse_percentage(percent: Decimal | None, what: str) -> None:
    """Raise for a percentage off that would make a price negative, or raise it.

    Raises:
        PriceListError: the percentage is not from 0 to 100.
    """
    if percent is not None and not (percent.is_finite() and 0 <= percent <= HUNDRED):
        raise PriceListError(f"{what}: {percent} percent off is not from 0 to 100")
