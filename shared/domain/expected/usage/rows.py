"""Usage rows: which of a history's usage belongs to a subscription, added up to one row for what is rated alike.

Rows that agree in everything but their quantity are one row. They come in the order of their days and then of
everything that tells them apart, so the order in which usage arrived decides nothing.

Not here: prices (``prices``), what is charged of a row (``readings``).
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from shared.domain.expected.history import History
from shared.domain.expected.left_out import purchase_of, usage_ignored
from shared.domain.expected.usage.partner_earned_credit import CLASS
from shared.domain.issues import Issue
from shared.domain.money import exact_sum
from shared.domain.subscriptions.events import EventKind
from shared.domain.subscriptions.subscription import Subscription, Usage

HOUR = "hour"
"""The attribute of usage that names its UTC hour, 0 to 23, where it was measured by the hour."""
_ENDS = frozenset({EventKind.CANCELLED, EventKind.EXPIRED})


def last_usage_day(subscription: Subscription, history: History) -> date:
    """Return the last day that is looked at: *through*, else the last day on which anything is known."""
    if history.through is not None:
        return history.through
    days = [usage.on for usage in history.usage if usage.subscription_id == subscription.id]
    return max([history.last_day(subscription), *days])


def rows_of(subscription: Subscription, history: History) -> tuple[list[Usage], list[Issue]]:
    """Return the rows of *subscription* that are looked at, and the issues of those outside its days."""
    until = last_usage_day(subscription, history)
    rows = added_up(usage for usage in history.usage if usage.subscription_id == subscription.id and usage.on <= until)
    purchase = purchase_of(subscription)
    begins = purchase.on if purchase else date.min
    ends = next((event.on for event in subscription.events if event.kind in _ENDS), date.max)
    why = f"the subscription runs from {begins}" + ("" if ends == date.max else f" to {ends}")
    cure = "Check the day of the usage, and the days of the subscription."
    kept = [usage for usage in rows if begins <= usage.on <= ends]
    left_out = [usage_ignored(subscription, usage, why, cure) for usage in rows if not begins <= usage.on <= ends]
    return kept, left_out


def added_up(usage: Iterable[Usage]) -> list[Usage]:
    """Return one row for all that are rated alike, in order."""
    quantities: dict[tuple[Any, ...], list[Decimal]] = {}
    first: dict[tuple[Any, ...], Usage] = {}
    for row in usage:
        key = row_key(row)
        first.setdefault(key, row)
        quantities.setdefault(key, []).append(row.quantity)
    return [_with(first[key], quantities[key]) for key in sorted(first, key=_sortable)]


def row_key(row: Usage) -> tuple[Any, ...]:
    """Return everything but the quantity that decides how a row is rated."""
    return (
        row.on,
        row.meter,
        row.subscription_id,
        hour_of(row),
        row.resource,
        row.benefit,
        row.is_credited,
        row.attributes.get(CLASS, ""),
        row.unit,
        row.span,
        row.unit_price,
    )


def hour_of(row: Usage) -> int | None:
    """Return the UTC hour in which a row was measured; None for a whole day."""
    text = row.attributes.get(HOUR, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 2 and int(text) < 24 else None


def _with(row: Usage, quantities: list[Decimal]) -> Usage:
    return row if len(quantities) == 1 else replace(row, quantity=exact_sum(quantities))


def _sortable(key: tuple[Any, ...]) -> tuple[Any, ...]:
    day, meter, owner, hour, resource, benefit, *rest = key
    return day, meter, owner, -1 if hour is None else hour, resource, benefit, *[str(each) for each in rest]
