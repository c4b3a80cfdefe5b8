"""Promotions: Microsoft's percentage off the partner price is passed on or kept, by a switch, and never given twice.

A promotion stands inside Microsoft's effective unit price and amount; the list price (``unit_price``), the price sheet
and its ERP are without it. So what a switch means depends on what the price rests on:

==========================  ====================================  ===========================================
the price rests on          PASSED_ON                             KEPT
==========================  ====================================  ===========================================
cost (markup, margin)       nothing to do: the cost has it        rests on the list price times units and
                            inside already                        days instead of the cost
anything else (fixed, ERP)  the percentage is taken off the       nothing to do: the price never had it
                            sales price
==========================  ====================================  ===========================================

The percentage is worked out from Microsoft's own prices, not read from its text (wording and order vary): the roundest
number that leads to the printed effective price. Where it cannot be told, that is said and nothing is taken off.

Which switch holds: the most specific by scope and keys, one that names the promotion before one that does not; of
equal ones (a customer in two groups) the one that keeps. Without a switch nothing is done to the price.

Not here: the order of everything (``adjustments``), our own offers (``offers``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from shared.domain.errors import PriceListError
from shared.domain.money import quotient_half_up
from shared.domain.prices.reach import Reach, Sold, applicable
from shared.domain.proration import Proration
from shared.domain.source_lines import SourceLine

PERCENT_DIGITS_MAX = 4
_HUNDRED = 100


class PromotionPolicy(StrEnum):
    """Who has the promotion in the end."""

    PASSED_ON = "passed_on"  # the customer
    KEPT = "kept"  # the reseller


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionSwitch:
    """Whether promotions are passed on, for whom and what; *promotion_id* empty means any promotion."""

    policy: PromotionPolicy
    reach: Reach
    promotion_id: str = ""
    name: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A promotion on one line and who has it: *percent* (above 0, up to 100) off Microsoft's list price."""

    promotion_id: str
    percent: Decimal
    policy: PromotionPolicy
    row: int = 0

    def percent_off_price(self, *, rests_on_cost: bool) -> Decimal | None:
        """Return what is taken off the sales price, or None where nothing is."""
        return self.percent if self.policy is PromotionPolicy.PASSED_ON and not rests_on_cost else None

    def rests_on_list(self, *, rests_on_cost: bool) -> bool:
        """Whether a price that rests on cost has to rest on the list price instead."""
        return self.policy is PromotionPolicy.KEPT and rests_on_cost


def promotion_percent(line: SourceLine, proration: Proration) -> Decimal | None:
    """Return the percentage that Microsoft took off its list price; 0 for none, None where it cannot be told."""
    if not line.unit_price or line.effective_unit_price is None:
        return None
    full = Fraction(line.unit_price.copy_abs()) * Fraction(proration.days, proration.cycle_days)
    printed = line.effective_unit_price.copy_abs()
    share_of_full = Fraction(_HUNDRED * full.denominator, full.numerator)
    exact = _HUNDRED - Fraction(printed) * share_of_full
    last_digit = Fraction(Decimal(1).scaleb(int(printed.as_tuple().exponent)))  # a finite number's exponent is an int
    percent = _roundest(exact, last_digit * share_of_full)
    return percent if percent >= 0 else None


def switch_for(switches: Iterable[PromotionSwitch], what: Sold, promotion_id: str) -> PromotionSwitch | None:
    """Return the switch that says most about the promotion; None where nobody decided, and nothing is done."""
    wanted = promotion_id.casefold()
    meant = [each for each in switches if each.promotion_id.casefold() in {"", wanted}]
    found = applicable(meant, what, None)
    return min(
        found, key=lambda each: (each.reach.specificity, not each.promotion_id, each.policy, each.row), default=None
    )


def checked_switches(switches: Iterable[PromotionSwitch]) -> tuple[PromotionSwitch, ...]:
    """Return the switches of a list.

    Raises:
        PriceListError: a switch has dates, or two say something else for the same.
    """
    kept = tuple(switches)
    seen: dict[tuple[Reach, str], PromotionSwitch] = {}
    for each in kept:
        if each.reach.days:
            raise PriceListError(f"row {each.row}: a promotion has Microsoft's dates, so its switch has none")
        other = seen.setdefault((each.reach, each.promotion_id.casefold()), each)
        if other.policy is not each.policy:
            raise PriceListError(f"rows {other.row} and {each.row}: {each.reach} is both passed on and kept")
    return kept


def _roundest(exact: Fraction, tolerance: Fraction) -> Decimal:
    """Return the number with the fewest decimals that is within *tolerance* of *exact*."""
    above, below = Decimal(exact.numerator), exact.denominator
    rounded = [quotient_half_up(above, below, digits) for digits in range(PERCENT_DIGITS_MAX + 1)]
    return next((each for each in rounded if abs(Fraction(each) - exact) <= tolerance), rounded[-1])
