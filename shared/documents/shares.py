"""Shares: what part of an invoice is an advance, prorated, usage, bought once, or given back.

Every line is in exactly one share, so the shares add up to the total. Read from the customer's view of a line, and so
fit for any reader.

Not here: how shares are shown.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from shared.domain.charge_types import ChargeKind
from shared.domain.money import Money
from shared.domain.redaction import CustomerLine
from shared.domain.source_lines import Service


class Share(StrEnum):
    """The parts of an invoice; the values are shown."""

    ADVANCE = "In advance"
    PRORATED = "Prorated"
    USAGE = "Usage"
    ONE_TIME = "One time"
    CREDITS = "Credits and discounts"


_CHANGES = frozenset(
    {
        ChargeKind.QUANTITY,
        ChargeKind.CANCELLATION,
        ChargeKind.CONVERSION,
        ChargeKind.PLAN_CHANGE,
        ChargeKind.ACTIVATION,
    }
)
_BOUGHT_ONCE = frozenset({Service.PERPETUAL_SOFTWARE, Service.MARKETPLACE})


def share_of(line: CustomerLine) -> Share:
    """Return the share of *line*: what gives back first, then usage and purchases, then parts of a cycle."""
    kind = ChargeKind(line.kind)
    if kind.is_adjustment:
        return Share.CREDITS
    if kind is ChargeKind.USAGE or line.service == Service.AZURE_USAGE:
        return Share.USAGE
    if line.service in _BOUGHT_ONCE and line.charge is None:
        return Share.ONE_TIME
    return Share.PRORATED if kind in _CHANGES or line.days != line.cycle_days else Share.ADVANCE


class Split:
    """Running sums of one currency by share."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self._sums = dict.fromkeys(Share, Money.zero(currency))

    def add(self, line: CustomerLine) -> None:
        """Count *line*.

        Raises:
            CurrencyMismatchError: the line is in another currency.
        """
        self._sums[share_of(line)] += line.amount

    def __iter__(self) -> Iterator[Money]:
        """Yield the sums in the order of ``Share``."""
        return iter(self._sums.values())

    @property
    def total(self) -> Money:
        """The sum of all shares."""
        return Money.total(self._sums.values(), self.currency)


@dataclass(slots=True)
class SubscriptionSplit:
    """The shares of one subscription."""

    name: str
    friendly_name: str
    subscription_id: str
    split: Split = field(repr=False)


def by_subscription(lines: Iterable[CustomerLine], currency: str) -> list[SubscriptionSplit]:
    """Return the shares of each subscription in the order of the lines; lines without one come as their product."""
    found: dict[str, SubscriptionSplit] = {}
    for line in lines:
        key = line.subscription_id or line.product_name
        if key not in found:
            name = line.subscription_name or line.product_name
            found[key] = SubscriptionSplit(name, line.friendly_name, line.subscription_id, Split(currency))
        found[key].split.add(line)
    return list(found.values())


def total_split(lines: Iterable[CustomerLine], currency: str) -> Split:
    """Return the shares of all *lines*."""
    split = Split(currency)
    for line in lines:
        split.add(line)
    return split
