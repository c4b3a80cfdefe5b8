"""A year of a reseller's customers being written down: who does what when, as a scenario's events.

Invariants: what is written is plain values, the same as in a scenario file; events of one day keep the order in which
they were written.

Not here: what the customers do (``population_stories``, ``population``), letting it happen (``scenario``).
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from local.demo.arithmetic import Month
from local.demo.catalogue import Goods, Licence
from local.demo.organisations import Customer

Written = dict[str, Any]
Plan = tuple[str, str]
MONTHLY: Plan = ("P1M", "Monthly")
YEARLY_MONTHLY: Plan = ("P1Y", "Monthly")
YEARLY: Plan = ("P1Y", "Annual")
_OPENS_AT = time(8, 0)


class Diary:
    """The events of a population. *month* is the one in which most happens; *until* is the instant it is played to."""

    def __init__(self, month: Month, until: datetime) -> None:
        self.month, self.until = month, until
        self.events: list[tuple[datetime, int, Written]] = []
        self._labels: dict[str, int] = {}
        self._of_day: dict[tuple[str, date], int] = {}

    def do(self, who: Customer, on: date, what: str, **fields: Any) -> None:
        """Write an event down, some seconds after that customer's last one of the day. What lies ahead is left out."""
        number, earlier = len(self.events), self._of_day.get((who.tenant_id, on), 0)
        self._of_day[who.tenant_id, on] = earlier + 1
        at = datetime.combine(on, _OPENS_AT, UTC) + timedelta(seconds=20 * earlier)
        if at <= self.until:
            event = {"at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "customer": who.tenant_id, "do": what, **fields}
            self.events.append((at, number, event))

    def buy(
        self, who: Customer, what: Licence | Goods, on: date, quantity: int, plan: Plan = YEARLY_MONTHLY, **fields: Any
    ) -> str:
        """Write a purchase down and return the label of what is bought."""
        label = self.label(who)
        term, cycle = plan
        plans = {"term": term, "cycle": cycle.lower()} if term else {}
        product = f"{what.product_id}:{what.sku_id}"
        self.do(who, on, "buy", product=product, quantity=quantity, **plans, **fields, **{"as": label})
        return label

    def seats(self, who: Customer, label: str, on: date, quantity: int) -> None:
        """Write a change of seats down."""
        self.do(who, on, "set-seats", subscription=label, quantity=quantity)

    def label(self, who: Customer) -> str:
        """Return a new label for a subscription of that customer."""
        self._labels[who.tenant_id] = self._labels.get(who.tenant_id, 0) + 1
        return f"subscription {self._labels[who.tenant_id]}"

    def in_order(self) -> list[Written]:
        """Return the events in order of time."""
        return [event for _, _, event in sorted(self.events, key=lambda each: each[:2])]


def customer_fields(who: Customer, **more: Any) -> Mapping[str, Any]:
    """Return a customer as a scenario writes it."""
    return {
        "id": who.tenant_id,
        "name": who.name,
        "domain": who.domain,
        "country": who.country,
        "currency": who.currency,
        **more,
    }
