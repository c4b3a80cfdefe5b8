"""Reach: whom and what an offer, a discount or a guard is for, when, and which of several says most.

The ladder is the same everywhere, first hit wins: **the scope** (one subscription, one customer, a customer group,
everybody), then **the keys** as in the price list (``keys.RUNGS``). A date is half-open; without a date it is always.

Not here: what is done to the price (``offers``, ``discounts``, ``promotions``, ``guards``).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, NamedTuple, Protocol, TypeVar

from shared.domain.errors import PriceListError
from shared.domain.prices.keys import FIELDS, RUNGS, PriceKeys, rung_of
from shared.domain.prices.subjects import PriceSubject

EVERYTHING = PriceKeys()


class Sold(NamedTuple):
    """What is sold to whom, in the form in which it is compared: *values* in the order of ``keys.FIELDS``."""

    customer_id: str
    subscription_id: str
    customer_groups: tuple[str, ...]
    values: tuple[str, ...]


def sold(subject: PriceSubject, customer_groups: Iterable[str] = ()) -> Sold:
    """Return *subject*, sold to a customer of those groups, as it is compared."""
    return Sold(
        subject.customer_id.casefold(),
        subject.subscription_id.casefold(),
        tuple(sorted(group.casefold() for group in customer_groups)),
        _values(PriceKeys(**{name: getattr(subject, name) for name in FIELDS})),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whom and what something is for; empty means any. *valid_until* is exclusive.

    Raises:
        PriceListError: two scopes are named, the keys do not go together, or it ends before it begins.
    """

    subscription_id: str = ""
    customer_id: str = ""
    customer_group: str = ""
    keys: PriceKeys = EVERYTHING
    valid_from: date | None = None
    valid_until: date | None = None

    def __post_init__(self) -> None:
        if sum(map(bool, self._scopes)) > 1:
            raise PriceListError(f"{self}: name a subscription, a customer or a group, not two of them")
        if rung_of(self.keys) not in RUNGS:
            raise PriceListError(f"{self}: the keys {self.keys} do not go together")
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            last_day = self.valid_until - timedelta(days=1)
            raise PriceListError(f"{self}: its last day {last_day} is before its first, {self.valid_from}")

    def __str__(self) -> str:
        names = ("subscription", "customer", "customer group")
        named = [f"{name} {value}" for name, value in zip(names, self._scopes, strict=True) if value]
        return f"{' '.join(named) or 'all customers'}: {self.keys}"

    @property
    def specificity(self) -> tuple[int, int]:
        """The place on the ladder, scope and then keys; the least number says most."""
        scope = next((index for index, value in enumerate(self._scopes) if value), len(self._scopes))
        return scope, RUNGS.index(rung_of(self.keys))

    @property
    def days(self) -> frozenset[date]:
        """The days on which it begins or ends."""
        return frozenset(day for day in (self.valid_from, self.valid_until) if day is not None)

    def takes(self, what: Sold, on: date | None) -> bool:
        """Whether it is for *what*, *on* that day; without a day only what has no dates is."""
        return self.is_in_force(on) and self.names(what)

    def is_in_force(self, on: date | None) -> bool:
        """Whether the day lies between its dates."""
        if on is None:
            return not self.days
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_until is None or on < self.valid_until
        )

    def names(self, what: Sold) -> bool:
        """Whether it is for *what*, whatever the day."""
        subscription, customer, group = _scopes(self)
        if subscription and subscription != what.subscription_id:
            return False
        if customer and customer != what.customer_id:
            return False
        if group and group not in what.customer_groups:
            return False
        wanted = _values(self.keys)
        return all(not value or value == own for value, own in zip(wanted, what.values, strict=True))

    def overlaps(self, other: "Reach") -> bool:
        """Whether some day is claimed by both."""
        starts_before_end = other.valid_until is None or (self.valid_from or date.min) < other.valid_until
        ends_after_start = self.valid_until is None or (other.valid_from or date.min) < self.valid_until
        return starts_before_end and ends_after_start

    @property
    def _scopes(self) -> tuple[str, str, str]:
        return self.subscription_id, self.customer_id, self.customer_group


class Reaching(Protocol):
    """Whatever is for somebody: an offer, a discount, a rule of a promotion, a guard."""

    @property
    def reach(self) -> Reach:
        """Whom and what it is for."""
        ...

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def row(self) -> int:
        """Where it stands in its file."""
        ...


R = TypeVar("R", bound=Reaching)
R_co = TypeVar("R_co", bound=Reaching, covariant=True)


class Shelf(Generic[R_co]):
    """Things sorted by whom they are for, so that a line looks at its own only."""

    def __init__(self, things: Iterable[R_co]) -> None:
        self._things: dict[tuple[str, ...], list[R_co]] = defaultdict(list)
        for thing in things:
            self._things[_scopes(thing.reach)].append(thing)

    def all_for(self, what: Sold) -> Iterator[R_co]:
        """Yield what may be for the buyer; keys and days are not looked at."""
        scopes = [(what.subscription_id, "", ""), ("", what.customer_id, ""), ("", "", "")]
        scopes += [("", "", group) for group in what.customer_groups]
        for scope in dict.fromkeys(scopes):
            yield from self._things.get(scope, ())


def applicable(things: Iterable[R], what: Sold, on: date | None) -> list[R]:
    """Return what is for *what* on that day, the most specific first; the order given does not matter."""
    return sorted((thing for thing in things if thing.reach.takes(what, on)), key=_rank)


def most_specific(things: Iterable[R]) -> list[R]:
    """Return those that stand on the lowest step of the ladder; several only where a customer is in several groups."""
    ranked = sorted(things, key=_rank)
    return [thing for thing in ranked if thing.reach.specificity == ranked[0].reach.specificity]


def refuse_two_for_one(things: Iterable[R], kind: str) -> None:
    """Raise where two say something else for the same, on the same days.

    Raises:
        PriceListError: the two are named.
    """
    seen: dict[tuple[str, ...], list[R]] = {}
    for thing in things:
        place = seen.setdefault(_place(thing.reach), [])
        for other in place:
            if thing.reach.overlaps(other.reach):
                raise PriceListError(
                    f"rows {other.row} and {thing.row}: two {kind}s ({other.name}, {thing.name}) for {thing.reach} on "
                    "the same days. Remove one of the rows or let the first end before the second begins."
                )
        place.append(thing)


def _place(reach: Reach) -> tuple[str, ...]:
    return (*_scopes(reach), *_values(reach.keys))


def _scopes(reach: Reach) -> tuple[str, str, str]:
    return reach.subscription_id.casefold(), reach.customer_id.casefold(), reach.customer_group.casefold()


def _rank(thing: Reaching) -> tuple[tuple[int, int], str, int, str]:
    return thing.reach.specificity, thing.name, thing.row, str(thing.reach)


def _values(keys: PriceKeys) -> tuple[str, ...]:
    folded = keys.folded()
    return tuple([getattr(folded, name) for name in FIELDS])
