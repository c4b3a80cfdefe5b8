"""Prices: which entry of the reseller's price list applies to a line, and what Microsoft's price sheet says.

A price entry has a scope (one customer, or global), keys (empty = any) and a method. The entry that applies is found in
this order, first hit wins:

1. the customer's own entries before the global ones;
2. inside a scope, the most specific keys: charge type, then meter, then SKU with term and plan, SKU, product, meter
   category, and last the entry without keys;
3. of entries with the same scope and keys, the one in force on the line's price date, and of fixed prices in several
   currencies the one in the line's currency. A global fixed price never applies to a line in another currency.

Entries with the same scope and keys must not overlap in time: that is an error of the list, not a choice of ours.

Not here: reading lists from files (``shared/documents/price_lists``), proration, and which day is the price date
(``proration.price_date``).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from operator import itemgetter
from typing import TypeVar

from shared.domain.charge_types import folded
from shared.domain.errors import PriceListError
from shared.domain.proration import plan_name, term_name
from shared.domain.source_lines import SourceLine

GLOBAL = ""


class PriceMethod(StrEnum):
    """How an entry's value becomes a sales price. Each is linear, so sums of rows are priced exactly."""

    FIXED = "fixed"  # value = price per unit and full charge cycle, in the entry's currency
    PERCENT_OF_ERP = "percent_of_erp"  # value = percent of Microsoft's recommended (retail) price; 100 = ERP
    MARKUP_ON_COST = "markup_on_cost"  # value = percent added to Microsoft's amount; 0 = pass on at cost


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceKeys:
    """What an entry applies to; an empty field applies to any value. Compared without regard to case."""

    charge_type: str = ""
    meter_id: str = ""
    product_id: str = ""
    sku_id: str = ""
    term: str = ""
    billing_plan: str = ""
    meter_category: str = ""

    def __str__(self) -> str:
        named = [f"{name} {value}" for name, value in self.named().items() if value]
        return ", ".join(named) or "everything"

    def named(self) -> dict[str, str]:
        """Return the fields by the names that price lists use for their columns."""
        return {
            "ChargeType": self.charge_type,
            "MeterId": self.meter_id,
            "ProductId": self.product_id,
            "SkuId": self.sku_id,
            "Term": self.term,
            "BillingPlan": self.billing_plan,
            "MeterCategory": self.meter_category,
        }

    def folded(self) -> "PriceKeys":
        """Return the keys in the form in which they are compared."""
        return PriceKeys(
            charge_type=folded(self.charge_type),
            meter_id=self.meter_id.casefold(),
            product_id=self.product_id.casefold(),
            sku_id=self.sku_id.casefold(),
            term=self.term.casefold(),
            billing_plan=self.billing_plan.casefold(),
            meter_category=self.meter_category.casefold(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceEntry:
    """One row of a price list. *valid_until* is exclusive; None means open. *row* is where it stands in the file."""

    scope: str
    keys: PriceKeys
    method: PriceMethod
    value: Decimal
    currency: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    note: str = ""
    row: int = 0

    def in_force(self, on: date | None) -> bool:
        """Whether the entry applies on that day; an undated line takes only entries without dates."""
        if on is None:
            return self.valid_from is None and self.valid_until is None
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_until is None or on < self.valid_until
        )

    def is_beside(self, other: "PriceEntry") -> bool:
        """Whether the two are prices of one thing in two currencies, which may stand beside each other."""
        both_fixed = self.method is PriceMethod.FIXED and other.method is PriceMethod.FIXED
        return both_fixed and self.currency != other.currency

    def overlaps(self, other: "PriceEntry") -> bool:
        """Whether some day is claimed by both."""
        starts_before_end = other.valid_until is None or (self.valid_from or date.min) < other.valid_until
        ends_after_start = self.valid_until is None or (other.valid_from or date.min) < self.valid_until
        return starts_before_end and ends_after_start


@dataclass(frozen=True, slots=True)
class PriceFound:
    """The entry that applies to a line, and the list it stands in.

    *passed_over* is an entry with more specific keys that does not apply, because of its dates or its currency.
    """

    entry: PriceEntry
    list_name: str
    passed_over: PriceEntry | None = None

    @property
    def is_customers_own(self) -> bool:
        """Whether the customer's own entry was used, not the global one."""
        return self.entry.scope != GLOBAL


_Rung = tuple[str, ...]
_SPECIFIC_FIRST: tuple[tuple[str, ...], ...] = (
    ("meter_id",),
    ("product_id", "sku_id", "term", "billing_plan"),
    ("product_id", "sku_id", "term"),
    ("product_id", "sku_id", "billing_plan"),
    ("product_id", "sku_id"),
    ("product_id", "term", "billing_plan"),
    ("product_id", "term"),
    ("product_id", "billing_plan"),
    ("product_id",),
    ("meter_category",),
    ("term", "billing_plan"),
    ("term",),
    ("billing_plan",),
    (),
)
_RUNGS: tuple[_Rung, ...] = tuple(("charge_type", *rung) for rung in _SPECIFIC_FIRST) + _SPECIFIC_FIRST
_FIELDS = ("charge_type", "meter_id", "product_id", "sku_id", "term", "billing_plan", "meter_category")

V = TypeVar("V")
_KeyOf = Callable[[tuple[str, ...]], object]
_Groups = dict[tuple[str, _Rung, tuple[str, ...]], list[PriceEntry]]
_Ladders = Mapping[str, tuple[tuple[_KeyOf, Mapping[object, V]], ...]]
_key_of: Mapping[_Rung, _KeyOf] = {
    rung: itemgetter(*map(_FIELDS.index, rung)) if rung else itemgetter(slice(0)) for rung in _RUNGS
}
"""The values of a rung, of all values in the order of ``_FIELDS``: a tuple, or the one value by itself."""


_ANY_METHOD, _MARKUP_ONLY = frozenset(PriceMethod), frozenset({PriceMethod.MARKUP_ON_COST})


class PriceBook:
    """A price list made ready for look-up. Build it once; each look-up is a handful of dictionary reads.

    *entry_count* is how many entries the list has.

    Raises:
        PriceListError: two entries of one scope and key set claim the same day, or a key set is not supported.
    """

    def __init__(self, entries: Iterable[PriceEntry], *, name: str = "price list") -> None:
        self.name = name
        groups: _Groups = defaultdict(list)
        for entry in entries:
            self._add(groups, entry)
        self.entry_count = sum(map(len, groups.values()))
        self._ladders = _ladders(groups)
        self._dated_ladders = _ladders({key: days for key, group in groups.items() if (days := _days(group))})

    def find(self, line: SourceLine, on: date | None) -> PriceFound | None:
        """Return the entry for *line* in force *on* that day, or None where the list has none.

        For a credit or discount, which is an amount and no price times a quantity, a markup is looked for first.
        """
        if line.kind.is_adjustment:
            return self._first(line, on, _MARKUP_ONLY) or self._first(line, on, _ANY_METHOD)
        return self._first(line, on, _ANY_METHOD)

    def _first(self, line: SourceLine, on: date | None, methods: frozenset[PriceMethod]) -> PriceFound | None:
        passed_over: PriceEntry | None = None
        for candidates in _candidates(self._ladders, line):
            meant = [entry for entry in candidates if entry.method in methods]
            usable = [entry for entry in meant if entry.in_force(on) and _may_price(entry, line)]
            if usable:
                return PriceFound(min(usable, key=lambda entry: _currency_differs(entry, line)), self.name, passed_over)
            passed_over = passed_over or next(iter(meant), None)
        return None

    def boundaries(self, line: SourceLine) -> tuple[date, ...]:
        """Return the days on which the price of *line* could change, in order; empty for most lines."""
        days = list(_candidates(self._dated_ladders, line))
        return tuple(sorted(set().union(*days))) if days else ()

    def _add(self, groups: _Groups, entry: PriceEntry) -> None:
        keys = entry.keys.folded()
        rung = tuple(name for name in _FIELDS if getattr(keys, name))
        if rung not in _RUNGS:
            raise PriceListError(
                f"{self.name}, row {entry.row}: the keys {entry.keys} do not go together. "
                "Use a meter id, a product with or without SKU, term and plan, a meter category, or none."
            )
        group = groups[(entry.scope.casefold(), rung, tuple(getattr(keys, name) for name in rung))]
        for other in group:
            if entry.overlaps(other) and not entry.is_beside(other):
                raise PriceListError(
                    f"{self.name}, rows {other.row} and {entry.row}: two prices for {entry.keys} "
                    f"({'customer ' + entry.scope if entry.scope else 'all customers'}) on the same days. "
                    "Remove one of the rows or let the first end before the second begins."
                )
        group.append(entry)


def _ladders(found: Mapping[tuple[str, _Rung, tuple[str, ...]], V]) -> _Ladders[V]:
    """Return, by scope, the rungs in use, the most specific first, each with what its keys lead to."""
    scopes: dict[str, dict[_Rung, dict[object, V]]] = defaultdict(lambda: defaultdict(dict))
    for (scope, rung, key), value in found.items():
        scopes[scope][rung][key if len(key) != 1 else key[0]] = value
    return {
        scope: tuple((_key_of[rung], rungs[rung]) for rung in _RUNGS if rung in rungs)
        for scope, rungs in scopes.items()
    }


def _candidates(ladders: _Ladders[V], line: SourceLine) -> Iterator[V]:
    """Yield what *line* leads to. An empty value never does: the rung of an entry has only what the entry names."""
    values = _folded(
        line.charge_type,
        line.meter_id,
        line.product_id,
        line.sku_id,
        term_name(line),
        plan_name(line),
        line.meter_category,
    )
    for scope in (line.customer_id.casefold(), GLOBAL):
        for key_of, found in ladders.get(scope, ()):
            value = found.get(key_of(values))
            if value is not None:
                yield value


@lru_cache(maxsize=4096)
def _folded(charge_type: str, *others: str) -> tuple[str, ...]:
    """Return the values in the order of ``_FIELDS``, in the form in which they are compared."""
    return (folded(charge_type), *(value.casefold() for value in others))


def _currency_differs(entry: PriceEntry, line: SourceLine) -> bool:
    return entry.method is PriceMethod.FIXED and entry.currency != line.cost.currency


def _may_price(entry: PriceEntry, line: SourceLine) -> bool:
    """Whether the entry's currency suits the line: a price for everybody is no price in another currency.

    For one customer it may be: the reseller then invoices him in a currency of his own.
    """
    return entry.scope != GLOBAL or not _currency_differs(entry, line)


def _days(entries: Iterable[PriceEntry]) -> frozenset[date]:
    return frozenset(day for entry in entries for day in (entry.valid_from, entry.valid_until) if day is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetPrice:
    """One row of Microsoft's price sheet: what a partner pays and what Microsoft recommends to charge."""

    product_id: str
    sku_id: str
    term: str
    billing_plan: str
    currency: str
    cost: Decimal
    erp: Decimal
    market: str = ""
    segment: str = ""
    title: str = ""
    valid_from: date | None = None
    valid_until: date | None = None


class PriceSheet:
    """Microsoft's price sheet made ready for look-up by product, SKU, term, plan and currency."""

    def __init__(self, rows: Iterable[SheetPrice], *, name: str = "price sheet") -> None:
        self.name = name
        self._rows: dict[tuple[str, ...], list[SheetPrice]] = defaultdict(list)
        for row in rows:
            self._rows[self._key(row.product_id, row.sku_id, row.term, row.billing_plan, row.currency)].append(row)

    def find(self, line: SourceLine, on: date | None) -> SheetPrice | None:
        """Return the row for *line* in its pricing currency in force *on* that day, or None.

        The customer's country is preferred to other markets, the commercial segment to others, a later row to an
        earlier one.
        """
        if not self._rows:
            return None
        currency = line.pricing_currency or line.cost.currency
        rows = self._rows.get(self._key(line.product_id, line.sku_id, term_name(line), plan_name(line), currency), [])
        in_force = [row for row in rows if _in_force(row, on)]
        return min(in_force, key=lambda row: _preference(row, line.customer_country), default=None)

    @staticmethod
    def _key(*parts: str) -> tuple[str, ...]:
        return tuple(part.casefold() for part in parts)


def _in_force(row: SheetPrice, on: date | None) -> bool:
    if on is None:
        return True
    return (row.valid_from is None or row.valid_from <= on) and (row.valid_until is None or on < row.valid_until)


def _preference(row: SheetPrice, country: str) -> tuple[bool, bool, int]:
    return (
        row.market.casefold() not in {"", country.casefold()},
        row.segment.casefold() not in {"", "commercial"},
        -(row.valid_from or date.min).toordinal(),
    )


NO_PRICE_SHEET = PriceSheet(())
