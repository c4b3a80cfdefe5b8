"""Parts: one product on several priced lines, such as the telco and the other services of Microsoft 365 E5.

Each part has a price of its own and is billed like a product in one piece; every line of the one has its like in the
other. A product in one piece, before or after such a product, stands with the first part. A price that an event tells
is for no part in particular, so that the list's prices of the parts go before it; an amount given back stands once,
among the lines of the first part.

Source: Microsoft Partner Center documentation, "Billing scenarios for one-time and recurring purchases in new
commerce": two lines for Microsoft 365 E5.

Not here: what the lines are (the other modules of this package).
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import chain, zip_longest

from shared.domain.expected.history import History
from shared.domain.expected.lines import Expected, ExpectedLine
from shared.domain.subscriptions.events import EventKind
from shared.domain.subscriptions.subscription import DatedPrice, Subscription

_PART = "part"
_ELSEWHERE = "in the first part"


def histories_of_parts(subscription: Subscription, history: History) -> list[tuple[Subscription, History]]:
    """Return the subscription with the prices of one part only, and its history, for each part of the product."""
    names = dict.fromkeys(row.part for row in subscription.prices if row.part)
    parts = [_only(subscription, name, is_first=not number) for number, name in enumerate(names)]
    return [
        (part, replace(history, subscriptions=tuple(_in_place(each, part) for each in history.subscriptions)))
        for part in parts
    ]


def merged_parts(subscription: Subscription, made: Sequence[Expected]) -> Expected:
    """Return the lines of all parts side by side, each naming its part, and every issue once."""
    lines = [_named(subscription, part) for part in made]
    side_by_side = chain.from_iterable(zip_longest(*lines))
    issues = dict.fromkeys(issue for part in made for issue in part.issues)
    return Expected(tuple(line for line in side_by_side if line is not None), tuple(issues))


def _only(subscription: Subscription, name: str, *, is_first: bool) -> Subscription:
    prices = tuple(_priced(row, is_first=is_first) for row in subscription.prices if row.part in {"", name})
    events = tuple(
        replace(event, unit_price=None)
        for event in subscription.events
        if is_first or event.kind is not EventKind.CREDITED
    )
    return replace(subscription, prices=prices, events=events)


def _priced(row: DatedPrice, *, is_first: bool) -> DatedPrice:
    """A product in one piece has all its price in the first part, and no lines in the others."""
    return row if row.part or is_first else replace(row, amount=Decimal(0), origin=_ELSEWHERE)


def _in_place(each: Subscription, part: Subscription) -> Subscription:
    return part if each.id == part.id else each


def _named(subscription: Subscription, part: Expected) -> list[ExpectedLine | None]:
    """The lines as those of the whole subscription, None for one that stands elsewhere; corrections follow."""
    renamed: dict[int, ExpectedLine] = {}
    named: list[ExpectedLine | None] = []
    for line in part.lines:
        if line.price.origin.startswith(_ELSEWHERE):
            named.append(None)
            continue
        owner = subscription if line.subscription.id == subscription.id else line.subscription
        name = next(row.part for row in line.subscription.prices if row.part)
        inputs = ((_PART, name), *line.inputs)
        corrects = None if line.corrects is None else renamed[id(line.corrects)]
        renamed[id(line)] = line._replace(subscription=owner, inputs=inputs, corrects=corrects)
        named.append(renamed[id(line)])
    return named
