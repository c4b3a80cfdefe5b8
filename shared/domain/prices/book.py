"""The price list made ready for look-up: which entry applies to a subject on a day.

The entry that applies is found in this order, first hit wins:

1. the scope: the subscription's own entries, the customer's, those of his groups, the global ones;
2. inside a scope, the most specific keys: charge type, then meter, then SKU with term and plan, SKU, product, meter
   category, vendor, and last the entry without keys;
3. of entries with the same scope and keys, the one in force on the day, and of prices in several currencies the one in
   the currency of the cost. A price of the reseller's own in another currency applies only where it is the customer's
   or the subscription's own (that customer is then invoiced in it); one for a group or for all never does, and neither
   does an uplift as an amount that is added to something in Microsoft's currency.

Entries with the same scope and keys must not overlap in time: that is an error of the list, not a choice of ours. The
groups of one customer are one scope, so two of his groups must not have a price for the same keys and day either.

Not here: reading lists from files (``shared/documents/price_lists``), and which day is the price date
(``proration.price_date``).
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import combinations
from operator import itemgetter

from shared.domain.charge_types import folded
from shared.domain.errors import PriceListError
from shared.domain.prices.entries import GLOBAL, PriceEntry, PriceFound, ScopeKind, entry_refused
from shared.domain.prices.keys import FIELDS, RUNGS, Rung, rung_of, vendor_folded
from shared.domain.prices.subjects import PriceSubject, subject_of
from shared.domain.source_lines import SourceLine

MEMO_SUBJECTS_MAX = 4_096
"""So many different subjects, and customers, are remembered; then the memory is emptied and fills again."""

_KeyOf = Callable[[tuple[str, ...]], object]
_Group = dict[Rung, dict[tuple[str, ...], list[PriceEntry]]]
_key_of: Mapping[Rung, _KeyOf] = {
    rung: itemgetter(*map(FIELDS.index, rung)) if rung else itemgetter(slice(0)) for rung in RUNGS
}
"""The values of a rung, of all values in the order of ``FIELDS``: a tuple, or the one value by itself."""


class _Ladder:
    """The entries of one scope: its rungs in use, the most specific first. Equal only to itself, as a memory's key."""

    __slots__ = ("_rungs",)

    def __init__(self, group: _Group) -> None:
        self._rungs = tuple([(_key_of[rung], _by_value(group[rung])) for rung in RUNGS if rung in group])

    def candidates(self, values: tuple[str, ...]) -> Iterator[list[PriceEntry]]:
        """Yield what *values* lead to. An empty value never does: the rung of an entry has only what it names."""
        for key_of, found in self._rungs:
            entries = found.get(key_of(values))
            if entries is not None:
                yield entries


class _Resolved:
    """What one subject leads to: the days on which its price changes, and the entry found between two of them."""

    __slots__ = ("_candidates", "_found", "_list_name", "_subject", "days")

    def __init__(self, subject: PriceSubject, candidates: Sequence[list[PriceEntry]], list_name: str) -> None:
        self._subject, self._candidates, self._list_name = subject, candidates, list_name
        self.days = _days(entry for entries in candidates for entry in entries)
        self._found: dict[int, PriceFound | None] = {}

    def on(self, day: date | None) -> PriceFound | None:
        """Return the entry in force on that day, looked for once in each stretch of days."""
        stretch = -1 if day is None else bisect_right(self.days, day)
        if stretch not in self._found:
            self._found[stretch] = self._sought(day)
        return self._found[stretch]

    def _sought(self, day: date | None) -> PriceFound | None:
        """For a credit or discount, which is an amount and no price times a quantity, a rule on cost comes first."""
        if self._subject.is_adjustment:
            on_cost = [[entry for entry in entries if entry.method.is_on_cost] for entries in self._candidates]
            found = self._first(on_cost, day)
            if found is not None:
                return found
        return self._first(self._candidates, day)

    def _first(self, candidates: Iterable[list[PriceEntry]], day: date | None) -> PriceFound | None:
        passed_over: PriceEntry | None = None
        currency = self._subject.currency
        for entries in candidates:
            usable = [entry for entry in entries if entry.in_force(day) and _may_price(entry, currency)]
            if usable:
                entry = min(usable, key=lambda entry: _currency_differs(entry, currency))
                return PriceFound(entry, self._list_name, passed_over)
            passed_over = passed_over or next(iter(entries), None)
        return None


class PriceBook:
    """A price list made ready for look-up. Build it once; a look-up of a subject seen before is a dictionary read.

    *groups* names the customers of each customer group. *entry_count* is how many entries the list has, *counts_units*
    whether some price depends on how many units a month has.

    Raises:
        PriceListError: two entries of one scope and key set claim the same day, or an entry cannot be used.
    """

    def __init__(
        self,
        entries: Iterable[PriceEntry],
        *,
        name: str = "price list",
        groups: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        self.name = name
        self.entry_count = 0
        self.counts_units = False
        scopes: dict[ScopeKind, dict[str, _Group]] = {kind: {} for kind in ScopeKind}
        for entry in entries:
            self._add(scopes, entry)
            self.entry_count += 1
            self.counts_units = self.counts_units or entry.counts_units
        self._subscriptions = _ladders(scopes[ScopeKind.SUBSCRIPTION])
        self._customers = _ladders(scopes[ScopeKind.CUSTOMER])
        self._members = self._of_groups(scopes[ScopeKind.GROUP], groups or {})
        self._everybody = _ladders(scopes[ScopeKind.GLOBAL]).get(GLOBAL)
        self._asked = _asked(scopes)
        self._memo: dict[tuple[object, ...], _Resolved] = {}
        self._known_customers: dict[str, tuple[_Ladder, ...]] = {}

    def find(self, subject: PriceSubject, on: date | None) -> PriceFound | None:
        """Return the entry for *subject* in force *on* that day, or None where the list has none.

        For a credit or discount, which is an amount and no price times a quantity, a rule on cost is looked for first.
        """
        return self._resolved(subject).on(on)

    def boundaries(self, line: SourceLine) -> tuple[date, ...]:
        """Return the days on which the price of *line* could change, in order; empty for most lines."""
        return self._resolved(subject_of(line)).days

    def _resolved(self, subject: PriceSubject) -> _Resolved:
        """Return what the subject leads to; of a subject only what the list asks for is looked at and remembered."""
        ladders = self._ladders_of(subject[0], subject[1])
        key = (ladders, self._asked(subject))
        resolved = self._memo.get(key)
        if resolved is None:
            if len(self._memo) >= MEMO_SUBJECTS_MAX:
                self._memo.clear()
            values = _values(subject)
            candidates = [entries for ladder in ladders for entries in ladder.candidates(values)]
            resolved = self._memo[key] = _Resolved(subject, candidates, self.name)
        return resolved

    def _ladders_of(self, customer_id: str, subscription_id: str) -> tuple[_Ladder, ...]:
        ladders = self._known_customers.get(customer_id)
        if ladders is None:
            if len(self._known_customers) >= MEMO_SUBJECTS_MAX:
                self._known_customers.clear()
            customer = customer_id.casefold()
            own = (self._customers.get(customer), self._members.get(customer), self._everybody)
            ladders = self._known_customers[customer_id] = tuple([ladder for ladder in own if ladder is not None])
        if self._subscriptions:
            own_subscription = self._subscriptions.get(subscription_id.casefold())
            if own_subscription is not None:
                return (own_subscription, *ladders)
        return ladders

    def _add(self, scopes: dict[ScopeKind, dict[str, _Group]], entry: PriceEntry) -> None:
        refused = entry_refused(entry)
        if refused:
            raise PriceListError(f"{self.name}, row {entry.row}: {refused}.")
        keys = entry.keys.folded()
        rung = rung_of(keys)
        if rung not in _key_of:
            raise PriceListError(
                f"{self.name}, row {entry.row}: the keys {entry.keys} do not go together. "
                "Use a meter id, a product with or without SKU, term and plan, a meter category, a vendor, or none."
            )
        group = scopes[entry.scope_kind].setdefault(entry.scope.casefold(), defaultdict(lambda: defaultdict(list)))
        others = group[rung][tuple(getattr(keys, name) for name in rung)]
        for other in others:
            self._refuse_both(other, entry)
        others.append(entry)

    def _refuse_both(self, one: PriceEntry, other: PriceEntry, why: str = "") -> None:
        if not other.overlaps(one) or other.is_beside(one):
            return
        raise PriceListError(
            f"{self.name}, rows {one.row} and {other.row}: two prices for {other.keys} "
            f"({why or other.owner}) on the same days. "
            "Remove one of the rows or let the first end before the second begins."
        )

    def _of_groups(self, scopes: Mapping[str, _Group], groups: Mapping[str, Iterable[str]]) -> dict[str, _Ladder]:
        """Return by customer the ladder of all his groups together.

        Raises:
            PriceListError: two groups of a customer claim the same keys and day, or an entry names an unknown group.
        """
        self._refuse_unknown(scopes, groups)
        groups_of: dict[str, set[str]] = defaultdict(set)
        for name, customers in groups.items():
            for customer in customers:
                if name.casefold() in scopes:
                    groups_of[customer.casefold()].add(name.casefold())
        made: dict[tuple[str, ...], _Ladder] = {}
        members: dict[str, _Ladder] = {}
        for customer, names in sorted(groups_of.items()):
            own = tuple(sorted(names))
            if own not in made:
                made[own] = _Ladder(self._merged(scopes, own, customer))
            members[customer] = made[own]
        return members

    def _refuse_unknown(self, scopes: Mapping[str, _Group], groups: Iterable[str]) -> None:
        known = {name.casefold() for name in groups}
        for scope, group in scopes.items():
            if scope not in known:
                entry = next(entry for found in group.values() for entries in found.values() for entry in entries)
                raise PriceListError(
                    f"{self.name}, row {entry.row}: nobody is in the customer group {entry.scope!r}. "
                    "Add its customers to the list of customer groups, or correct the name."
                )

    def _merged(self, scopes: Mapping[str, _Group], names: Sequence[str], customer: str) -> _Group:
        merged: _Group = defaultdict(lambda: defaultdict(list))
        for name in names:
            for rung, found in scopes[name].items():
                for key, entries in found.items():
                    merged[rung][key].extend(entries)
        why = f"customer {customer}, who is in the groups {' and '.join(names)}"
        for found in merged.values():
            for entries in found.values():
                for one, other in combinations(entries, 2):
                    self._refuse_both(one, other, why)
        return merged

    def __getstate__(self) -> dict[str, object]:
        """A book goes to other processes without its memory."""
        return {**self.__dict__, "_memo": {}, "_known_customers": {}}


def _asked(scopes: Mapping[ScopeKind, Mapping[str, _Group]]) -> Callable[[PriceSubject], tuple[object, ...]]:
    """Return what reads of a subject the keys that some entry has, and what decides between entries of one key."""
    used = {name for groups in scopes.values() for group in groups.values() for rung in group for name in rung}
    names = [name for name in PriceSubject._fields if name in used]
    return itemgetter(*map(PriceSubject._fields.index, [*names, "currency", "is_adjustment"]))


def _by_value(found: Mapping[tuple[str, ...], list[PriceEntry]]) -> dict[object, list[PriceEntry]]:
    """Return the entries by what ``_key_of`` reads: of a single value, that value by itself."""
    return {key if len(key) != 1 else key[0]: entries for key, entries in found.items()}


def _ladders(scopes: Mapping[str, _Group]) -> dict[str, _Ladder]:
    return {scope: _Ladder(group) for scope, group in scopes.items()}


def _values(subject: PriceSubject) -> tuple[str, ...]:
    """Return the values in the order of ``FIELDS``, in the form in which they are compared."""
    return (
        folded(subject.charge_type),
        subject.meter_id.casefold(),
        subject.product_id.casefold(),
        subject.sku_id.casefold(),
        subject.term.casefold(),
        subject.billing_plan.casefold(),
        subject.meter_category.casefold(),
        vendor_folded(subject.vendor),
    )


def _currency_differs(entry: PriceEntry, currency: str) -> bool:
    return bool(entry.currency) and entry.currency != currency


def _may_price(entry: PriceEntry, currency: str) -> bool:
    """Whether the entry's currency suits: only a price of the customer's own may be in another one."""
    if not _currency_differs(entry, currency):
        return True
    return entry.method.has_own_currency and entry.scope_kind in {ScopeKind.SUBSCRIPTION, ScopeKind.CUSTOMER}


def _days(entries: Iterable[PriceEntry]) -> tuple[date, ...]:
    days = {day for entry in entries for day in (entry.valid_from, entry.valid_until) if day is not None}
    return tuple(sorted(days))
