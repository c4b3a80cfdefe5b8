"""Folding: daily usage rows that no price can tell apart become one line, added up exactly.

A customer's month of Azure is tens of thousands of rows of fractions of a cent. Rounding each would lose or invent
money, so rows are added up first and the sum is rounded once. Rows are kept apart by everything that a price rule or a
reader of the invoice could ask for (``FOLD_KEYS``: about what Microsoft's own monthly line shows, an Azure subscription
and a meter), and by date where the price of that line changes within the month.

Invariants: every row is in exactly one fold; sums are exact (the ``EXACT`` context raises rather than drop a digit);
the order of rows and files does not matter.

Not here: how rows are read, and prices (a fold only needs to know on which days a price could change).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import date
from decimal import Decimal, DecimalException, localcontext
from functools import lru_cache
from operator import attrgetter
from typing import Any, Protocol
from zlib import crc32

from shared.domain.errors import IntegrityError
from shared.domain.money import EXACT, Money, exact_product
from shared.domain.periods import Period
from shared.domain.source_lines import Origin, SourceLine


class UsageRow(Protocol):
    """The few columns of a daily rated row that are looked at for every row; dates are ISO text."""

    customer_id: str
    invoice_number: str | None
    subscription_id: str | None
    entitlement_id: str | None
    product_id: str | None
    sku_id: str | None
    meter_id: str
    charge_type: str | None
    benefit_type: str | None
    currency: str
    usage_on: str
    unit_price: Decimal
    quantity: Decimal
    cost: Decimal
    fx_rate: Decimal | None


FOLD_KEYS = (
    "customer_id",
    "subscription_id",
    "meter_id",
    "entitlement_id",
    "product_id",
    "sku_id",
    "charge_type",
    "benefit_type",
    "currency",
    "invoice_number",
    "fx_rate",
)
FoldKey = tuple[object, ...]
_fold_key: Callable[[UsageRow], FoldKey] = attrgetter(*FOLD_KEYS)
_key_of_line: Callable[[SourceLine], FoldKey] = attrgetter(
    *("cost.currency" if name == "currency" else name for name in FOLD_KEYS)
)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a row that opens a fold has to tell where rows are only added up, and no lines are made of them."""

    invoice_number: str
    currency: str


Describe = Callable[[int], SourceLine | Counted | None]
"""Returns the whole source line for the row at that index of the rows being added, or None to leave that row out.

Called for the row that opens a fold that is not known yet, and for a row whose day is unreadable."""

Boundaries = Callable[[SourceLine], Sequence[date]]
"""Returns the days on which the price of such a line could change, in order; mostly none."""


_ZERO = Decimal(0)


def _no_boundaries(_: SourceLine) -> Sequence[date]:
    return ()


FINGERPRINTS_ALL_MAX = 4096
FINGERPRINTS_ONE_IN = 16
"""A file with more folds than that is fingerprinted by one in sixteen, chosen by what they are, not where."""


_OF_ONE_ROW = {"origin", "quantity", "cost", "list_amount", "charge"}
_DESCRIBING = tuple(field.name for field in fields(SourceLine) if field.name not in _OF_ONE_ROW)
_NEEDED = {field.name for field in fields(SourceLine) if field.default is MISSING}
_describing: Callable[[SourceLine], tuple[object, ...]] = attrgetter(*_DESCRIBING)


@lru_cache(maxsize=256)
def _same(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return equal names as one object: nearly all kinds of a month are described by the same columns."""
    return names


class UsageKind:
    """What all rows of a fold have in common, taken from the row that opened it; kept small, as there are many."""

    __slots__ = (
        "_names",
        "_values",
        "currency",
        "customer_id",
        "customer_name",
        "file",
        "invoice_number",
        "key",
        "line",
    )

    def __init__(self, line: SourceLine, key: FoldKey) -> None:
        own = _key_of_line(line)  # mostly the same texts: each is then kept once
        self.key: FoldKey = tuple(
            [mine if mine == delivered else delivered for mine, delivered in zip(own, key, strict=True)]
        )
        self.customer_id, self.customer_name = line.customer_id, line.customer_name
        self.invoice_number, self.currency = line.invoice_number, line.cost.currency
        self.file, self.line = line.origin.file, line.origin.line
        described = zip(_DESCRIBING, _describing(line), strict=True)
        told = [(name, value) for name, value in described if (value is not None and value != "") or name in _NEEDED]
        names, self._values = zip(*told, strict=True)
        self._names = _same(names)

    def source_line(self, fold: "UsageFold") -> SourceLine:
        """Return a line of this kind with the fold's sums."""
        values: dict[str, Any] = dict(zip(self._names, self._values, strict=True))
        return SourceLine(
            **values,
            origin=Origin(file=self.file, line=self.line, row_count=fold.count),
            quantity=fold.quantity,
            cost=Money(fold.cost, self.currency),
            list_amount=exact_product(fold.retail, values["fx_rate"]),
            charge=Period.inclusive(date.fromisoformat(fold.first_on), date.fromisoformat(fold.last_on)),
        )

    def __getstate__(self) -> tuple[object, ...]:
        named = self.customer_id, self.customer_name, self.invoice_number, self.currency
        return self.key, *named, self.file, self.line, self._names, self._values

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.key, self.customer_id, self.customer_name, self.invoice_number, self.currency, *described = state
        self.file, self.line, self._names, self._values = described


class CountedKind(UsageKind):
    """What rows that are only added up have in common: nothing that a line could be made of."""

    __slots__ = ()

    def __init__(self, counted: Counted, key: FoldKey) -> None:  # there is no line to take anything from
        self.key = key
        self.invoice_number, self.currency = counted.invoice_number, counted.currency
        self.customer_id = self.customer_name = self.file = ""
        self.line, self._names, self._values = 0, (), ()

    def source_line(self, fold: "UsageFold") -> SourceLine:
        """Make no line.

        Raises:
            IntegrityError: always.
        """
        raise IntegrityError(f"{fold.count} rows of {fold.kind.key} were counted only: no line can be made of them")


class UsageFold:
    """The running sums of rows that share a fold key (and a stretch of days with one price)."""

    __slots__ = (
        "_boundaries",
        "_stretches",
        "cost",
        "count",
        "first_on",
        "is_split",
        "kind",
        "last_on",
        "quantity",
        "retail",
    )

    def __init__(self, kind: UsageKind, boundaries: tuple[str, ...] = ()) -> None:
        self.kind = kind
        self.count = 0
        self.quantity = self.cost = self.retail = _ZERO
        self.first_on, self.last_on = "9", ""
        self.is_split = bool(boundaries)  # a plain attribute: it is read for every row
        self._boundaries = boundaries
        self._stretches: dict[int, UsageFold] | None = {} if boundaries else None

    def fresh(self) -> "UsageFold":
        """Return an empty fold for the same kind of row."""
        return UsageFold(self.kind, self._boundaries)

    def on(self, day: str) -> "UsageFold":
        """Return the fold for *day*: this one, or the stretch between two price changes that the day lies in."""
        if self._stretches is None:
            return self
        index = bisect_right(self._boundaries, day)
        stretch = self._stretches.get(index)
        if stretch is None:
            stretch = self._stretches[index] = UsageFold(self.kind)
        return stretch

    def parts(self) -> "Iterable[UsageFold]":
        """Return the folds that hold sums, in date order."""
        if self._stretches is None:
            return (self,)
        return [self._stretches[index] for index in sorted(self._stretches)]

    def merge(self, other: "UsageFold") -> None:
        """Take over the sums of a fold of the same key, made from other rows with the same price boundaries.

        Raises:
            IntegrityError: the boundaries differ, so that sums would be lost.
        """
        if self._boundaries != other._boundaries:  # noqa: SLF001 - another of the same class
            raise IntegrityError("daily usage of one meter was added up by the days of two different price lists")
        if self._stretches is not None:
            for index, stretch in (other._stretches or {}).items():  # noqa: SLF001 - another of the same class
                self._stretches.setdefault(index, UsageFold(self.kind)).merge(stretch)
            return
        self.count += other.count
        self.quantity = EXACT.add(self.quantity, other.quantity)
        self.cost = EXACT.add(self.cost, other.cost)
        self.retail = EXACT.add(self.retail, other.retail)
        self.first_on = min(self.first_on, other.first_on)
        self.last_on = max(self.last_on, other.last_on)

    def source_line(self) -> SourceLine:
        """Return the folded rows as one source line: exact sums, and the days from the first to the last row.

        Rows of many resource groups are in it, so it names none.
        """
        return self.kind.source_line(self)

    def fingerprint(self) -> str:
        """Return a text that changes with count, quantity and days, not with amounts: a restated fold is recognised."""
        return f"{self.count} {self.quantity.normalize(EXACT):f} {self.first_on} {self.last_on}"

    def __getstate__(self) -> tuple[object, ...]:
        sums = (str(self.quantity), str(self.cost), str(self.retail))  # text crosses processes faster than a Decimal
        return (self.kind, self._boundaries, self._stretches, self.count, self.first_on, self.last_on, *sums)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.kind, self._boundaries, self._stretches, self.count, self.first_on, self.last_on, *sums = state
        self.is_split = bool(self._boundaries)
        self.quantity, self.cost, self.retail = map(Decimal, sums)


class UsageFolds:
    """All folds of one file or of one customer, by fold key."""

    def __init__(self, boundaries: Boundaries = _no_boundaries, known: "UsageFolds | None" = None) -> None:
        """Start empty; *known* are folds of earlier files, whose descriptions serve again."""
        self._boundaries = boundaries
        self._known: Mapping[FoldKey, UsageFold] = {}
        if known is not None:
            self._known = known._folds  # noqa: SLF001 - another of the same class
        self._folds: dict[FoldKey, UsageFold] = {}
        self._texts: dict[str, str] = {}

    def add(self, rows: Iterable[UsageRow], describe: Describe, days: Mapping[str, str]) -> None:
        """Add rows; *describe* is asked for the whole line of a row that opens a new fold.

        *days* turns a delivered date into ISO text, and an unreadable one into "". This loop runs once for every row
        of a month of Azure: it is written for speed, and is the only such loop.

        Raises:
            IntegrityError: an amount is not a finite number, so that the sum would be wrong.
        """
        folds = self._folds
        try:
            with localcontext(EXACT):
                for index, row in enumerate(rows):
                    key = _fold_key(row)
                    fold = folds.get(key)
                    day = days[row.usage_on]
                    if fold is None or not day:
                        opened = self._open(key, describe, index, day)
                        if opened is None:
                            continue
                        fold = opened
                    if fold.is_split:
                        fold = fold.on(day)
                    quantity = row.quantity
                    fold.count += 1
                    fold.quantity += quantity
                    fold.cost += row.cost
                    fold.retail += row.unit_price * quantity
                    if day < fold.first_on:  # noqa: PLR1730 - a call of min for every row would be felt
                        fold.first_on = day
                    if day > fold.last_on:  # noqa: PLR1730 - as above
                        fold.last_on = day
        except DecimalException as error:
            raise IntegrityError("daily usage does not add up exactly: an amount is not a finite number") from error

    def merge(self, other: "UsageFolds") -> None:
        """Take over all sums of *other*, which must not be used again."""
        folds = self._folds
        for key, fold in other._folds.items():  # noqa: SLF001 - another of the same class
            mine = folds.get(key)
            if mine is None:
                folds[key] = fold
            else:
                mine.merge(fold)

    def by_customer(self) -> "dict[str, UsageFolds]":
        """Return the folds of each customer by themselves, by customer id in lower case."""
        customers: dict[str, UsageFolds] = {}
        for key, fold in self._folds.items():
            customer = fold.kind.customer_id.casefold()
            customers.setdefault(customer, UsageFolds(self._boundaries))._folds[key] = fold  # noqa: SLF001 - same class
        return customers

    def pieces(self, folds: int) -> "Iterator[UsageFolds]":
        """Yield all folds in pieces of about that many, each customer's in one piece."""
        piece = UsageFolds(self._boundaries)
        for own in self.by_customer().values():
            piece.merge(own)
            if len(piece) >= folds:
                yield piece
                piece = UsageFolds(self._boundaries)
        yield piece

    def parts(self) -> Iterator[UsageFold]:
        """Yield every fold that holds sums."""
        for fold in self._folds.values():
            yield from fold.parts()

    def lines(self) -> Iterator[SourceLine]:
        """Yield the folded source lines."""
        for part in self.parts():
            yield part.source_line()

    def fingerprints(self) -> Iterator[str]:
        """Yield one text for each fold that is looked at to tell whether two files hold the same rows."""
        sampled = len(self._folds) > FINGERPRINTS_ALL_MAX
        for key, fold in self._folds.items():
            name = "|".join(map(str, key))
            if sampled and crc32(name.encode()) % FINGERPRINTS_ONE_IN:
                continue
            for part in fold.parts():
                yield f"{name}|{part.fingerprint()}"

    def __len__(self) -> int:
        return len(self._folds)

    def __getstate__(self) -> tuple[object, ...]:
        return self._boundaries, self._folds

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._boundaries, self._folds = state
        self._known, self._texts = {}, {}

    def _kept_once(self, value: object) -> object:
        return self._texts.setdefault(value, value) if isinstance(value, str) else value

    def _open(self, key: FoldKey, describe: Describe, index: int, day: str) -> UsageFold | None:
        known = self._known.get(key) if day else None
        if known is not None:
            fold = known.fresh()
        else:
            line = describe(index)
            if line is None:
                return None
            if isinstance(line, Counted):
                fold = UsageFold(CountedKind(line, tuple([self._kept_once(value) for value in key])))
            else:
                days = tuple([boundary.isoformat() for boundary in self._boundaries(line)])
                fold = UsageFold(UsageKind(line, key), days)
        self._folds[fold.kind.key] = fold
        return fold
