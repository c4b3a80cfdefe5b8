"""A history: everything that is known about what a customer bought, changed and used.

Not here: what it costs (``engine``), reading it from a file (``shared/documents/histories``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from shared.domain.expected.conventions import MICROSOFTS, Conventions
from shared.domain.expected.lines import Exchange
from shared.domain.subscriptions.subscription import Subscription, Usage


@dataclass(frozen=True, kw_only=True)
class History:
    """Subscriptions of one customer (they may exchange seats), their usage, and the exchange rates.

    *currency* is that of the vendor's invoice; "" is the currency of each subscription's own prices.
    *through* is the last day that is looked at: lines that arise later are not made. None: the day of the last event.
    """

    subscriptions: tuple[Subscription, ...]
    usage: tuple[Usage, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    conventions: Conventions = MICROSOFTS
    through: date | None = None
    currency: str = ""

    def last_day(self, subscription: Subscription) -> date:
        """Return the last day that is looked at for *subscription*; the calendar's first where nothing happened."""
        return self.through or (subscription.events[-1].on if subscription.events else date.min)

    @cached_property
    def linked(self) -> Mapping[str, tuple[Subscription, ...]]:
        """Subscriptions that exchange seats or are add-ons of each other, directly or not, by the id of each of them.

        Whoever stands alone is not in it.
        """
        known = {subscription.id: subscription for subscription in self.subscriptions}
        group_of: dict[str, list[str]] = {}
        for subscription in self.subscriptions:
            for event in subscription.events:
                if event.target:
                    _join(group_of, subscription.id, event.target, known)
            if subscription.parent_id:
                _join(group_of, subscription.id, subscription.parent_id, known)
        return {name: tuple(known[each] for each in group) for name, group in group_of.items()}


def _join(group_of: dict[str, list[str]], one: str, other: str, known: Mapping[str, Subscription]) -> None:
    if one == other or other not in known:
        return
    first, second = group_of.setdefault(one, [one]), group_of.setdefault(other, [other])
    if first is not second:
        first.extend(second)
        group_of.update(dict.fromkeys(second, first))
