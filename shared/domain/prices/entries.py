"""One entry of the reseller's price list: whose price it is, what for, how it is made, and when it is in force.

A price is made in this order: the method's price of a unit, then the uplift in percent of it, then the uplift as an
amount; free units come off the quantity first and carry no uplift. What an entry may say together is checked when a
``PriceBook`` is made of it (``entry_refused``).

Not here: which entry applies to a line (``book``), what keys mean (``keys``), and amounts (``amounts``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from shared.domain.prices.keys import PriceKeys
from shared.domain.prices.tiers import Tier, tiers_refused

GLOBAL = ""
_ZERO, _HUNDRED = Decimal(0), Decimal(100)
PERCENT_MAX = Decimal(1000)


class ScopeKind(StrEnum):
    """Whose price an entry is, the most specific first."""

    SUBSCRIPTION = "subscription"
    CUSTOMER = "customer"
    GROUP = "customer group"
    GLOBAL = "global"


class PriceMethod(StrEnum):
    """How an entry's value becomes a sales price; what value means stands beside each.

    All but the two with tiers are linear, so the sum of rows is priced exactly; tiers count the units of the month.
    """

    FIXED = "fixed"  # price per unit and full charge cycle, in the entry's currency
    PERCENT_OF_ERP = "percent_of_erp"  # percent of Microsoft's recommended (retail) price; 100 = ERP
    DISCOUNT_OFF_ERP = "discount_off_erp"  # percent taken off Microsoft's recommended (retail) price; 0 = ERP
    MARKUP_ON_COST = "markup_on_cost"  # percent added to Microsoft's amount; 0 = pass on at cost
    MARGIN_ON_PRICE = "margin_on_price"  # percent of the sales price that is margin: cost / (1 - margin); below 100
    RETAIL = "retail"  # percent of usage's retail amount, rebuilt without partner earned credit; 100 = retail
    GRADUATED = "graduated"  # not used: each unit is charged at the price of its own tier, in the entry's currency
    VOLUME = "volume"  # not used: all units are charged at the price of the tier that their total lies in

    @property
    def is_tiered(self) -> bool:
        """Whether the price stands in tiers and not in the value."""
        return self in {PriceMethod.GRADUATED, PriceMethod.VOLUME}

    @property
    def has_own_currency(self) -> bool:
        """Whether the price is an amount of the reseller's, so that the entry names its currency."""
        return self is PriceMethod.FIXED or self.is_tiered

    @property
    def is_on_cost(self) -> bool:
        """Whether the price is made from Microsoft's amount, so that it can say what a credit is worth."""
        return self in {PriceMethod.MARKUP_ON_COST, PriceMethod.MARGIN_ON_PRICE}


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceEntry:
    """One row of a price list. *valid_until* is exclusive; None means open. *row* is where it stands in the file.

    *scope* is the id of whom *scope_kind* names (a subscription, a customer, the name of a group); an empty one means
    everybody, whatever the kind. *free_units* are free in each month and customer (for seats: in each line).
    *uplift_percent* and *uplift_amount* (per unit and full charge cycle, in *currency*) are folded into the unit price.
    """

    scope: str
    keys: PriceKeys
    method: PriceMethod
    value: Decimal = _ZERO
    currency: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    note: str = ""
    row: int = 0
    scope_kind: ScopeKind = ScopeKind.CUSTOMER
    tiers: tuple[Tier, ...] = ()
    free_units: Decimal = _ZERO
    uplift_percent: Decimal = _ZERO
    uplift_amount: Decimal = _ZERO

    def __post_init__(self) -> None:
        if self.scope == GLOBAL:
            object.__setattr__(self, "scope_kind", ScopeKind.GLOBAL)

    @property
    def counts_units(self) -> bool:
        """Whether the price of a unit depends on how many there are in the month."""
        return bool(self.tiers) or self.free_units > 0

    @property
    def has_uplift(self) -> bool:
        """Whether something is folded into the unit price."""
        return bool(self.uplift_percent or self.uplift_amount)

    @property
    def owner(self) -> str:
        """Whose price it is, for people: ``all customers``, ``customer c-1``, ``customer group Schools``."""
        return f"{self.scope_kind.value} {self.scope}" if self.scope else "all customers"

    def in_force(self, on: date | None) -> bool:
        """Whether the entry applies on that day; an undated line takes only entries without dates."""
        if on is None:
            return self.valid_from is None and self.valid_until is None
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_until is None or on < self.valid_until
        )

    def is_beside(self, other: "PriceEntry") -> bool:
        """Whether the two are prices of one thing in two currencies, which may stand beside each other."""
        return bool(self.currency and other.currency) and self.currency != other.currency

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
        """Whether an entry of the customer's or of his subscription was used, not one for several customers."""
        return self.entry.scope_kind in {ScopeKind.SUBSCRIPTION, ScopeKind.CUSTOMER}


def entry_refused(entry: PriceEntry) -> str:
    """Return what an entry says that cannot be, and the cure; "" for one that can be used."""
    return next(_refusals(entry), "")


def _refusals(entry: PriceEntry) -> Iterator[str]:
    if entry.scope and entry.scope_kind is ScopeKind.GLOBAL:
        yield f"a price for everybody names {entry.scope!r}: name whose id that is, or leave it out"
    yield from _value_refusals(entry)
    yield from _tier_refusals(entry)
    if entry.free_units < 0:
        yield f"{entry.free_units:f} free units: write 0 or more"
    yield from _uplift_refusals(entry)
    if entry.method.has_own_currency and not entry.currency:
        yield f"a {entry.method.value} price needs its currency, such as EUR"


def _value_refusals(entry: PriceEntry) -> Iterator[str]:
    if entry.method is PriceMethod.MARGIN_ON_PRICE and entry.value >= _HUNDRED:
        yield f"a margin of {entry.value:f} percent of the price: no price leaves that; write less than 100"
    if entry.method is PriceMethod.DISCOUNT_OFF_ERP and entry.value > _HUNDRED:
        yield f"a discount of {entry.value:f} percent: write 0 to 100"
    if entry.method.is_tiered and entry.value:
        yield f"a {entry.method.value} price stands in its tiers: leave the value {entry.value:f} out"


def _tier_refusals(entry: PriceEntry) -> Iterator[str]:
    if entry.method.is_tiered and not entry.tiers:
        yield f"a {entry.method.value} price needs tiers, such as 1:1.00; 101:0.80"
    elif entry.method.is_tiered:
        refused = tiers_refused(entry.tiers)
        if refused:
            yield refused
    elif entry.tiers:
        yield f"tiers with the method {entry.method.value}: use graduated or volume, or leave the tiers out"


def _uplift_refusals(entry: PriceEntry) -> Iterator[str]:
    if not 0 <= entry.uplift_percent <= PERCENT_MAX:
        yield f"an uplift of {entry.uplift_percent:f} percent: write 0 to {PERCENT_MAX}"
    if entry.uplift_amount < 0:
        yield f"an uplift of {entry.uplift_amount:f}: write 0 or more"
    if entry.uplift_percent and entry.method is PriceMethod.FIXED and not entry.value:
        yield "an uplift in percent of a price of 0: write the price, or the uplift as an amount"
    if entry.uplift_amount and not entry.currency:
        yield "an uplift as an amount needs its currency, such as EUR"
    if entry.currency and not entry.uplift_amount and not entry.method.has_own_currency:
        yield f"a {entry.method.value} price has no currency of its own: leave {entry.currency} out"
