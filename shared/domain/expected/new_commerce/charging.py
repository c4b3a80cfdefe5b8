"""Making lines: the charge for the rest of a cycle, and the refund of what was charged for it.

Every refund corrects the charge it takes back, at that charge's price and share, and never gives back more: where the
arithmetic of the refund's own family would, that of the charge is used.

Not here: which lines an event makes (``seats``, ``cancellation``, ...).
"""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from math import gcd

from shared.domain.expected.conventions import LineFamily
from shared.domain.expected.lines import ExpectedLine
from shared.domain.expected.new_commerce.state import Walk
from shared.domain.expected.rules import Rule
from shared.domain.periods import BillingPeriod, Period
from shared.domain.subscriptions.events import Event, Quantity

Change = tuple[Quantity | None, Quantity | None]
"""The quantities before and after, as a line shows them."""

NO_CHANGE: Change = (None, None)


@lru_cache(maxsize=1 << 12)
def invoice_of(year: int, month: int) -> BillingPeriod:
    """Return the month whose invoice a line stands on: that of its event."""
    return BillingPeriod(year, month)


def charge(
    walk: Walk,
    rule: Rule,
    charge_type: str,
    event: Event | None,
    start: date,
    *,
    family: LineFamily = LineFamily.SEATS,
    change: Change = NO_CHANGE,
    variants: tuple[str, ...] = (),
    inputs: tuple[tuple[str, str], ...] = (),
    on: date | None = None,
) -> None:
    """Charge all seats from *start* to the end of the running cycle; no seats or no price, no line.

    *on* is the day on which the line arises where that is not *start*.
    """
    walk.charged = None
    price, cycle, quantity = walk.price, walk.cycle, walk.quantity
    if price is None or not quantity:
        return
    if start == cycle.start:
        part, whole, counted = cycle.part, cycle.total, cycle.counted
    else:
        part, whole, counted = (cycle.end - start).days * cycle.scale, cycle.whole, "days"
    mode = walk.conventions.mode(family)
    currency = walk.subscription.currency
    amount = mode.amount(price.amount, quantity, part, whole, currency=currency)
    on = on or start
    walk.left = amount
    walk.charged = ExpectedLine(
        rule, charge_type, walk.subscription, event, start, cycle.end, cycle.full, part, whole, quantity, 1, price,
        amount, currency, mode, invoice_of(on.year, on.month), *change, None, counted,
        cycle.variants + variants if variants else cycle.variants, None, (), inputs,
    )  # fmt: skip
    walk.lines.append(walk.charged)


def refund(
    walk: Walk,
    rule: Rule,
    charge_type: str,
    event: Event,
    start: date,
    quantity: Quantity,
    *,
    family: LineFamily = LineFamily.SEATS,
    change: Change = NO_CHANGE,
    variants: tuple[str, ...] = (),
) -> None:
    """Give back *quantity* seats of the last charge, from *start* to the end of the running cycle."""
    charged, cycle = walk.charged, walk.cycle
    if charged is None:
        return
    if start == cycle.start:
        part, whole, counted = cycle.part, cycle.total, cycle.counted
    else:
        part, whole, counted = (cycle.end - start).days * cycle.scale, cycle.whole, "days"
    mode, currency, price = walk.conventions.mode(family), charged.currency, charged.price
    amount = mode.amount(price.amount, -quantity, part, whole, currency=currency)
    if -amount > walk.left:
        mode = charged.mode
        amount = mode.amount(price.amount, -quantity, part, whole, currency=currency)
    walk.left += amount
    walk.lines.append(
        ExpectedLine(
            rule, charge_type, walk.subscription, event, start, cycle.end, cycle.full, part, whole, quantity, -1, price,
            amount, currency, mode, invoice_of(event.at.year, event.at.month), *change, charged, counted,
            cycle.variants + variants if variants else cycle.variants,
        )
    )  # fmt: skip


def refund_all_from(
    walk: Walk, rule: Rule, charge_type: str, event: Event, first_day: date, variants: tuple[str, ...]
) -> None:
    """Give back everything that the running term was charged for the days from *first_day* on, charge by charge."""
    for charged, start, end, quantity in _kept(walk.lines[walk.term_lines :]):
        if end > first_day:
            walk.lines.append(
                _piece(walk, rule, charge_type, event, charged, Period(max(start, first_day), end), quantity, variants)
            )


_Kept = tuple[ExpectedLine, date, date, Quantity]


def _kept(lines: list[ExpectedLine]) -> Iterator[_Kept]:
    """Yield the parts of charges that were not given back: the charge, the days and the seats."""
    credits_of: dict[int, list[ExpectedLine]] = {}
    for line in lines:
        if line.corrects is not None:
            credits_of.setdefault(id(line.corrects), []).append(line)
    for line in lines:
        if line.sign < 0 or line.start is None or line.end is None:
            continue
        start, quantity = line.start, line.quantity
        for credit in credits_of.get(id(line), ()):
            since = credit.start or start
            if since > start:
                yield line, start, since, quantity
            start, quantity = since, quantity - credit.quantity
        if quantity:
            yield line, start, line.end, quantity


def _piece(  # noqa: PLR0913, PLR0917 - one line has that many facts
    walk: Walk,
    rule: Rule,
    charge_type: str,
    event: Event,
    charged: ExpectedLine,
    days: Period,
    quantity: Quantity,
    variants: tuple[str, ...],
) -> ExpectedLine:
    part, whole, counted = charged.part, charged.whole, charged.counted
    of = ((charged.end or days.end) - (charged.start or days.start)).days
    if days.days != of:
        common = gcd(part, of)
        part, whole, counted = part // common * days.days, whole * (of // common), "days"
    mode, price = walk.conventions.mode(LineFamily.CANCELLATION), charged.price
    amount = mode.amount(price.amount, -quantity, part, whole, currency=charged.currency)
    if -amount > charged.amount:
        mode = charged.mode
        amount = mode.amount(price.amount, -quantity, part, whole, currency=charged.currency)
    return ExpectedLine(
        rule, charge_type, charged.subscription, event, days.start, days.end, charged.cycle, part, whole, quantity, -1,
        price, amount, charged.currency, mode, invoice_of(event.at.year, event.at.month), quantity, 0, charged, counted,
        charged.variants + variants,
    )  # fmt: skip
