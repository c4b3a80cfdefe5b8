"""Guards: the least and the most that a unit may be sold for, told as an issue or enforced.

A limit is a price of a unit and full charge cycle in a currency, or a percentage of the unit's cost or ERP (105
percent of cost: never below cost plus 5 percent). ``TELL`` leaves the price and makes an issue; ``CLAMP`` moves the
price to the limit, which is then a step of the calculation. Of several floors the most specific holds (as offers); of
equally specific ones the highest floor, the lowest cap. The floor has the last word: it is looked at after the cap.

A limit whose base is unknown for the line (no price sheet, another currency) holds nothing and is not told: a guard
never keeps a line from being priced. A sale below cost is told by ``charging`` whether or not there is a guard.

Not here: issues' texts (``shared/domain/adjustment_issues``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from shared.domain.errors import PriceListError
from shared.domain.prices.reach import Reach, most_specific


class GuardKind(StrEnum):
    """Which side a guard watches."""

    FLOOR = "floor"
    CAP = "cap"


class GuardBase(StrEnum):
    """What a guard's value is of."""

    AMOUNT = "amount"  # of a unit and full cycle, in the guard's currency
    PERCENT_OF_COST = "percent_of_cost"
    PERCENT_OF_ERP = "percent_of_erp"


class GuardAction(StrEnum):
    """What happens to a price beyond the limit."""

    TELL = "tell"
    CLAMP = "clamp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """One limit.

    Raises:
        PriceListError: the value is negative, or an amount is without currency or a percentage with one.
    """

    name: str
    kind: GuardKind
    base: GuardBase
    value: Decimal
    action: GuardAction
    reach: Reach
    currency: str = ""
    row: int = 0

    def __post_init__(self) -> None:
        if not self.value.is_finite() or self.value < 0:
            raise PriceListError(f"{self.kind} {self.name}: {self.value} is negative or no number")
        if bool(self.currency) is not (self.base is GuardBase.AMOUNT):
            raise PriceListError(f"{self.kind} {self.name}: an amount needs a currency, a percentage has none")

    def limit(self, bases: "Bases") -> Fraction | None:
        """Return the price that a unit may not pass, or None where its base is unknown."""
        if self.base is GuardBase.AMOUNT:
            return Fraction(self.value) if self.currency == bases.currency else None
        base = bases.cost if self.base is GuardBase.PERCENT_OF_COST else bases.erp
        return None if base is None else base * Fraction(self.value) * Fraction(1, 100)

    def is_passed(self, price: Fraction, limit: Fraction) -> bool:
        """Whether the price lies on the wrong side of the limit."""
        return price < limit if self.kind is GuardKind.FLOOR else price > limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Bases:
    """What a unit costs and what Microsoft recommends for a full cycle, in *currency*; None where unknown."""

    currency: str
    cost: Fraction | None = None
    erp: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Breach:
    """A guard that a price would pass: at *price* the *limit* did not hold."""

    guard: Guard
    price: Fraction
    limit: Fraction


def breach(guards: Iterable[Guard], kind: GuardKind, price: Fraction, bases: Bases) -> Breach | None:
    """Return the guard of that kind that holds for the line and is passed, or None; *guards* are all for the line."""
    watching = [guard for guard in guards if guard.kind is kind]
    limits = [(limit, guard) for guard in watching if (limit := guard.limit(bases)) is not None]
    strictest = most_specific(guard for _, guard in limits)
    held = [(limit, guard) for limit, guard in limits if guard in strictest]
    if not held:
        return None
    sign = -1 if kind is GuardKind.FLOOR else 1
    limit, guard = min(held, key=lambda pair: (sign * pair[0], pair[1].action, pair[1].row, pair[1].name))
    return Breach(guard, price, limit) if guard.is_passed(price, limit) else None
