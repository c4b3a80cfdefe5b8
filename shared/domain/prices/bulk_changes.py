"""Bulk changes: raise or lower many prices of a list at once, looked at first and then made exactly as looked at.

A change has a filter, a percentage or an amount, a rounding and a first day. What a percentage does to a value:

=========================================  ===========================================================================
method                                     raised by 5 percent
=========================================  ===========================================================================
fixed, graduated, volume                   the price (each tier's): 10.00 -> 10.50
percent_of_erp, retail                     the percentage: 90 -> 94.5, so the price is 5 percent higher
markup_on_cost, discount_off_erp,          **left alone**, since it could mean two things, unless the filter names the
margin_on_price                            method; then the *price* is 5 percent higher: a markup of 15 -> 20.75, a
                                           discount of 10 -> 5.5, a margin of 16 -> 20
=========================================  ===========================================================================

An amount is added to prices in its own currency only. Uplifts, free units, offers and discounts stay as they are.
New prices are rounded half up: to the step asked for (0.05), else to as many decimals as the old price has, at least
those of the currency; percentages to six decimals.

On the first day the old row ends and a new one begins; the days before keep their price. A price that begins on that
day takes the new value. One that ended before is past; one that begins later is a plan of its own and is left alone
unless ``includes_later``. Whatever the filter takes and the change leaves is named with its reason.

Not here: versions (``versions``), files, and printing (``local``).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from shared.domain.charge_types import folded as letters
from shared.domain.errors import ChangedError, InvalidError, PriceListError
from shared.domain.money import EXACT, exact_product, exact_sum, minor_digits, quotient_half_up
from shared.domain.prices.entries import PERCENT_MAX, PriceEntry, PriceMethod, ScopeKind, entry_refused
from shared.domain.prices.keys import vendor_folded
from shared.domain.prices.tiers import Tier
from shared.domain.prices.versions import PriceListVersion

PERCENT_DIGITS = 6
_AMBIGUOUS = {PriceMethod.MARKUP_ON_COST, PriceMethod.DISCOUNT_OFF_ERP, PriceMethod.MARGIN_ON_PRICE}
_NONE: frozenset[str] = frozenset()
_HUNDRED, _HUNDREDTH = Decimal(100), Fraction(1, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFilter:
    """Which rows of a list are meant; an empty field takes any row, several values any of them, in any case.

    A row is taken by what it names: a filter for a product does not take a row for everything.
    """

    scope_kinds: frozenset[ScopeKind] = frozenset()
    customers: frozenset[str] = _NONE
    customer_groups: frozenset[str] = _NONE
    subscriptions: frozenset[str] = _NONE
    vendors: frozenset[str] = _NONE
    product_ids: frozenset[str] = _NONE
    sku_ids: frozenset[str] = _NONE
    meter_ids: frozenset[str] = _NONE
    meter_categories: frozenset[str] = _NONE
    terms: frozenset[str] = _NONE
    billing_plans: frozenset[str] = _NONE
    charge_types: frozenset[str] = _NONE
    methods: frozenset[PriceMethod] = frozenset()
    currencies: frozenset[str] = _NONE

    def takes(self, entry: PriceEntry) -> bool:
        """Whether the row is meant."""
        if self.scope_kinds and entry.scope_kind not in self.scope_kinds:
            return False
        if self.methods and entry.method not in self.methods:
            return False
        return all(not wanted or own.casefold() in _folded(wanted) for wanted, own in self._texts(entry))

    def _texts(self, entry: PriceEntry) -> Iterator[tuple[Iterable[str], str]]:
        keys, kind = entry.keys, entry.scope_kind
        yield self.customers, entry.scope if kind is ScopeKind.CUSTOMER else ""
        yield self.customer_groups, entry.scope if kind is ScopeKind.GROUP else ""
        yield self.subscriptions, entry.scope if kind is ScopeKind.SUBSCRIPTION else ""
        yield map(vendor_folded, self.vendors) if self.vendors else (), vendor_folded(keys.vendor)
        yield self.product_ids, keys.product_id
        yield self.sku_ids, keys.sku_id
        yield self.meter_ids, keys.meter_id
        yield self.meter_categories, keys.meter_category
        yield self.terms, keys.term
        yield self.billing_plans, keys.billing_plan
        yield map(letters, self.charge_types) if self.charge_types else (), letters(keys.charge_type)
        yield self.currencies, entry.currency


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkChange:
    """By how much, for which rows and from which day on.

    Raises:
        InvalidError: not exactly one of percentage and amount, an amount without currency, a fall of 100 percent or
            more, or a rounding step that is not positive.
    """

    valid_from: date
    percent: Decimal | None = None
    amount: Decimal | None = None
    currency: str = ""
    rows: PriceFilter = PriceFilter()
    rounding_step: Decimal | None = None
    includes_later: bool = False

    def __post_init__(self) -> None:
        if (self.percent is None) == (self.amount is None) or bool(self.currency) is not (self.amount is not None):
            raise InvalidError("give either a percentage, or an amount with its currency")
        if self.percent is not None and self.percent <= -_HUNDRED:
            raise InvalidError(f"{self.percent:f} percent would leave no price: give more than -100")
        if self.rounding_step is not None and self.rounding_step <= 0:
            raise InvalidError(f"prices cannot be rounded to steps of {self.rounding_step:f}: give such as 0.05")


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewRow:
    """One price before and after; of tiered prices one row for each tier (*from_units*)."""

    row: int
    owner: str
    applies_to: str
    method: PriceMethod
    currency: str
    before: Decimal
    after: Decimal
    from_units: Decimal | None = None

    @property
    def difference(self) -> Decimal:
        """After less before."""
        return exact_sum((self.after, -self.before))


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A row that the filter takes and the change leaves, and why."""

    row: int
    owner: str
    applies_to: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkPreview:
    """What a change would make of one version: its rows in the order of the list, and the whole new list.

    *changed_count* and *untouched_count* count rows of the list; *left* names those that the filter took in vain.
    """

    base_id: str
    change: BulkChange
    rows: tuple[PreviewRow, ...]
    left: tuple[LeftAlone, ...]
    entries: tuple[PriceEntry, ...]
    changed_count: int
    untouched_count: int


def preview(version: PriceListVersion, change: BulkChange) -> BulkPreview:
    """Return what *change* would make of *version*; nothing is made.

    Raises:
        PriceListError: the change begins before the version does, or would lead to a price that cannot be.
    """
    if change.valid_from < version.valid_from:
        raise PriceListError(f"the list begins on {version.valid_from}, after {change.valid_from}: choose a later day")
    rows: list[PreviewRow] = []
    left: list[LeftAlone] = []
    entries: list[PriceEntry] = []
    changed_count, next_row = 0, max((entry.row for entry in version.entries), default=0)
    for entry in version.entries:
        after = _after(entry, change) if change.rows.takes(entry) else None
        if isinstance(after, PriceEntry):
            changed_count, next_row = changed_count + 1, next_row + 1
            rows.extend(_rows(entry, after))
            entries.extend(_from_that_day(entry, after, change.valid_from, next_row))
            continue
        if after is not None:
            left.append(LeftAlone(entry.row, entry.owner, str(entry.keys), after))
        entries.append(entry)
    return BulkPreview(
        base_id=version.version_id,
        change=change,
        rows=tuple(sorted(rows, key=_row_order)),
        left=tuple(sorted(left, key=lambda each: (each.row, each.owner, each.applies_to, each.reason))),
        entries=tuple(entries),
        changed_count=changed_count,
        untouched_count=len(version.entries) - changed_count,
    )


def apply(current: PriceListVersion, seen: BulkPreview, *, author: str, note: str) -> PriceListVersion:
    """Return the new version, with exactly the entries of the preview.

    Raises:
        ChangedError: *current* is not the version that the preview was made of.
        InvalidError: the preview changes nothing, or nobody signs for it.
    """
    if current.version_id != seen.base_id:
        raise ChangedError(
            f"the price list is now version {current.version_id}, the preview was of {seen.base_id}: look at it again"
        )
    if not seen.changed_count:
        raise InvalidError("the change would leave every price as it is: widen its filter")
    if not author.strip():
        raise InvalidError("a price change needs an author: say who decided it")
    return PriceListVersion(
        valid_from=seen.change.valid_from,
        entries=seen.entries,
        rules=current.rules,
        author=author,
        note=note,
        parent_id=current.version_id,
    )


def _after(entry: PriceEntry, change: BulkChange) -> PriceEntry | str:
    """Return the entry with its new price, or why it is left alone."""
    reason = _out_of_time(entry, change) or _out_of_reach(entry, change)
    if reason:
        return reason
    tiers = tuple(Tier(tier.from_units, _price(tier.price, entry, change)) for tier in entry.tiers)
    after = replace(entry, tiers=tiers, value=entry.value if tiers else _value(entry, change))
    if after == entry:
        return "its price stays what it is"
    _refuse_impossible(entry, after)
    return after


def _out_of_time(entry: PriceEntry, change: BulkChange) -> str:
    if entry.valid_until is not None and entry.valid_until <= change.valid_from:
        return f"it ended before {change.valid_from}"
    if not change.includes_later and entry.valid_from is not None and entry.valid_from > change.valid_from:
        return f"it begins later, on {entry.valid_from}"
    return ""


def _out_of_reach(entry: PriceEntry, change: BulkChange) -> str:
    if change.amount is not None:
        if not entry.method.has_own_currency:
            return "an amount cannot be added to a percentage"
        return "" if entry.currency == change.currency else f"it is in {entry.currency}, not in {change.currency}"
    if entry.method in _AMBIGUOUS and entry.method not in change.rows.methods:
        return f"a percentage of a {entry.method.value} could mean two things: name the method in the filter"
    return ""


def _value(entry: PriceEntry, change: BulkChange) -> Decimal:
    """Return the new value of an entry without tiers."""
    if entry.method.has_own_currency:
        return _price(entry.value, entry, change)
    before, factor = Fraction(entry.value), (100 + Fraction(change.percent or 0)) * _HUNDREDTH
    if entry.method is PriceMethod.MARKUP_ON_COST:
        after = (100 + before) * factor - 100
    elif entry.method is PriceMethod.DISCOUNT_OFF_ERP:
        after = 100 - (100 - before) * factor
    elif entry.method is PriceMethod.MARGIN_ON_PRICE:
        after = 100 - (100 - before) * Fraction(factor.denominator, factor.numerator)
    else:
        after = before * factor
    rounded = quotient_half_up(Decimal(after.numerator), after.denominator, PERCENT_DIGITS)
    return _plain(rounded)


def _price(before: Decimal, entry: PriceEntry, change: BulkChange) -> Decimal:
    """Return the new price, rounded to the step, or to the decimals that the old one has."""
    if change.amount is not None:
        exact = exact_sum((before, change.amount))
    else:
        exact = exact_product(before, exact_sum((_HUNDRED, change.percent or Decimal(0))), Decimal("0.01"))
    if change.rounding_step is not None:
        return exact_product(quotient_half_up(exact, change.rounding_step, 0), change.rounding_step)
    decimals = -int(_plain(before).as_tuple().exponent)  # a finite number's exponent is an int
    return quotient_half_up(exact, 1, max(decimals, minor_digits(entry.currency)))


def _plain(number: Decimal) -> Decimal:
    """Return the number without idle zeros and without exponent."""
    return Decimal(f"{number.normalize(EXACT):f}")


def _refuse_impossible(before: PriceEntry, after: PriceEntry) -> None:
    prices = [(before.value, after.value), *zip(_prices(before), _prices(after), strict=True)]
    is_price = before.method.has_own_currency
    reason = entry_refused(after)
    if any(new < 0 or (new == 0 and old > 0 and is_price) for old, new in prices):
        reason = "nothing, or less, would be left"
    elif not is_price and after.value > PERCENT_MAX:
        reason = f"a percentage is at most {PERCENT_MAX}"
    if reason:
        raise PriceListError(
            f"row {before.row} ({before.owner}: {before.keys}): {before.method.value} {before.value:f} would become "
            f"{after.value:f}: {reason}. Leave it out with the filter, or change it by hand."
        )


def _prices(entry: PriceEntry) -> Iterator[Decimal]:
    return (tier.price for tier in entry.tiers)


def _rows(before: PriceEntry, after: PriceEntry) -> Iterator[PreviewRow]:
    row = PreviewRow(
        row=before.row,
        owner=before.owner,
        applies_to=str(before.keys),
        method=before.method,
        currency=before.currency,
        before=before.value,
        after=after.value,
    )
    if not before.tiers:
        yield row
    for old, new in zip(before.tiers, after.tiers, strict=True):
        if old != new:
            yield replace(row, before=old.price, after=new.price, from_units=old.from_units)


def _from_that_day(before: PriceEntry, after: PriceEntry, day: date, next_row: int) -> Iterator[PriceEntry]:
    """Yield the old row up to the day before and the new one; only the new one where nothing comes before."""
    if before.valid_from is not None and before.valid_from >= day:
        yield after
        return
    yield replace(before, valid_until=day)
    yield replace(after, valid_from=day, row=next_row)


def _row_order(each: PreviewRow) -> tuple[int, str, str, str, str, Decimal, Decimal]:
    units = each.from_units or Decimal(0)
    return each.row, each.owner, each.applies_to, each.method.value, each.currency, units, each.before


def _folded(texts: Iterable[str]) -> set[str]:
    return {text.casefold() for text in texts}
