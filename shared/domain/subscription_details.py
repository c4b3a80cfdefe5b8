"""Subscription details: what the customer calls a subscription, and which purchase order it is charged to.

Details are the reseller's own knowledge; Microsoft's lines do not have them. They name a line and never change an
amount. A purchase order is in force on whole days, ``[valid_from, valid_until)``; a line takes the one of its first
charge day.

Not here: reading details from a file (``shared/documents/subscription_details``).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from shared.domain.charging import ChargeLine


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionDetails:
    """A friendly name, a purchase order, or both, for one subscription; *valid_until* is exclusive, None means open."""

    subscription_id: str
    friendly_name: str = ""
    purchase_order: str = ""
    valid_from: date | None = None
    valid_until: date | None = None

    def in_force(self, on: date | None) -> bool:
        """Whether the purchase order covers that day; an undated line takes only an order without dates."""
        if on is None:
            return self.valid_from is None and self.valid_until is None
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_until is None or on < self.valid_until
        )


DetailsBySubscription = Mapping[str, Sequence[SubscriptionDetails]]
"""Details by subscription id in lower case, as ``by_subscription`` makes them."""


def by_subscription(details: Iterable[SubscriptionDetails]) -> DetailsBySubscription:
    """Return *details* by subscription, in their order."""
    found: dict[str, list[SubscriptionDetails]] = defaultdict(list)
    for detail in details:
        found[detail.subscription_id.casefold()].append(detail)
    return dict(found)


def with_details(line: ChargeLine, details: DetailsBySubscription) -> ChargeLine:
    """Return *line* with its friendly name and the purchase order of its first charge day.

    A field that nothing is known for stays as it is.
    """
    own = details.get(line.subscription_id.casefold(), ()) if line.subscription_id else ()
    on = line.charge.start if line.charge else None
    friendly_name = next((detail.friendly_name for detail in own if detail.friendly_name), line.friendly_name)
    orders = (detail.purchase_order for detail in own if detail.purchase_order and detail.in_force(on))
    purchase_order = next(orders, line.purchase_order)
    if (friendly_name, purchase_order) == (line.friendly_name, line.purchase_order):
        return line
    return replace(line, friendly_name=friendly_name, purchase_order=purchase_order)
