"""Making lines: the charge for the rest of a cycle, and the refund of what was charged for it.

Every refund corrects the charge it takes back, at that charge's price, share and exchange rate, and never gives back
more: where the arithmetic of the refund's own family would, and where the whole line is taken back, that of the charge
is used. Prices of another currency are converted with the rate of the month in which the charge arises.

Not here: which lines an event makes (``seats``, ``cancellation``, ...).
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from math import gcd
from typing import NamedTuple

from shared.domain.expected.conventions import LineFamily
from shared.domain.expected.lines import ExpectedLine
from shared.domain.expected.new_commerce.state import Walk
from shared.domain.expected.rounding import RoundingMode
from shared.domain.expected.rules import Rule
from shared.domain.periods import BillingPeriod, Period
from shared.domain.subscriptions.events import Event, Quantity


class Entry(NamedTuple):
    """What a line is made for. *change* are the quantities before and after, as the line shows them."""

    rule: Rule
    charge_type: str
    event: Event | None
    family: LineFamily = LineFamily.SEATS
    change: tuple[Quantity | None, Quantity | None] = (None, None)
    variants: tuple[str, ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()


_ONE = Decimal(1)
_line = tuple.__new__
"""Makes a line of a tuple that has all its fields: twice as fast as naming them."""


@lru_cache(maxsize=1 << 12)
def invoice_of(year: int, month: int) -> BillingPeriod:
    """Return the month whose invoice a line stands on: that of its event."""
    return BillingPeriod(year, month)


def charge(walk: Walk, start: date, entry: Entry, on: date | None = None) -> None:
    """Charge all seats from *start* to the end of the running cycle; no seats or no price, no line.

    *on* is the day on which the line arises where that is not *start*.
    """
    walk.charged = None
    price, cycle, quantity = walk.price, walk.cycle, walk.quantity
    if price is None or not quantity:
        return
    on = on or start
    exchange = walk.exchange(on) if walk.is_foreign else None
    if walk.is_foreign and exchange is None:
        return
    part, whole, counted = cycle.share_from(start)
    rule, charge_type, event, family, (before, after), variants, inputs = entry
    mode, currency = walk.mode_of(family), walk.currency
    if exchange is None:
        amount = walk.amounts(family, price)(quantity, part, whole)
    else:
        amount = mode.amount(price.amount, quantity, part, whole, exchange.rate, currency=currency)
    walk.left = amount
    walk.charged = _line(ExpectedLine, (
        rule, charge_type, walk.subscription, event, start, cycle.end, cycle.full, part, whole, quantity, 1, price,
        amount, currency, mode, invoice_of(on.year, on.month), before, after, None, counted,
        cycle.variants + variants if variants else cycle.variants, exchange, (), inputs,
    ))  # fmt: skip
    walk.lines.append(walk.charged)


def refund(walk: Walk, start: date, quantity: Quantity, entry: Entry) -> None:
    """Give back *quantity* seats of the last charge, from *start* to the end of the running cycle."""
    charged, cycle = walk.charged, walk.cycle
    if charged is None:
        return
    part, whole, counted = cycle.share_from(start)
    rule, charge_type, event, family, (before, after), variants, inputs = entry
    is_whole = quantity == charged.quantity and start == charged.start
    mode, currency, price = charged.mode if is_whole else walk.mode(family), charged.currency, charged.price
    amount = _given_back(charged, mode, quantity, part, whole)
    if -amount > walk.left:
        mode = charged.mode
        amount = max(_given_back(charged, mode, quantity, part, whole), -walk.left)
    walk.left += amount
    line = ExpectedLine(
        rule, charge_type, walk.subscription, event, start, cycle.end, cycle.full, part, whole, quantity, -1, price,
        amount, currency, mode, invoice_of(start.year, start.month), before, after, charged, counted,
        cycle.variants + variants if variants else cycle.variants, charged.exchange, (), inputs,
    )  # fmt: skip
    walk.lines.append(line)


def recreate(walk: Walk, start: date, before: Quantity, refunded: Entry, charged: Rule) -> None:
    """Refund the quantity *before* and charge the one of now, both from *start* to the end of the running cycle.

    The same two lines as ``refund`` and ``charge`` make one after the other: most lines of a month are such pairs.
    """
    old, price, cycle, after = walk.charged, walk.price, walk.cycle, walk.quantity
    if old is None or price is None or not after or walk.is_foreign:
        refund(walk, start, before, refunded)
        charge(walk, start, refunded._replace(rule=charged))
        return
    rule, charge_type, event, family, (_, _), variants, inputs = refunded
    part, whole, counted = cycle.share_from(start)
    mode, currency, subscription = walk.mode_of(family), old.currency, walk.subscription
    invoice = invoice_of(start.year, start.month)
    variants = cycle.variants + variants
    end, full = cycle.end, cycle.full
    amounts = walk.amounts(family, price)  # the last charge has the price of now: whatever changes it charges anew
    amount, used = amounts(-before, part, whole), mode
    if -amount > walk.left:
        used = old.mode
        amount = used.amount(price.amount, -before, part, whole, currency=currency)
    wiped = _line(ExpectedLine, (
        rule, charge_type, subscription, event, start, end, full, part, whole, before, -1, price, amount,
        currency, used, invoice, before, after, old, counted, variants, None, (), inputs,
    ))  # fmt: skip
    walk.left = amount = amounts(after, part, whole)
    walk.charged = _line(ExpectedLine, (
        charged, charge_type, subscription, event, start, end, full, part, whole, after, 1, price, amount,
        currency, mode, invoice, before, after, None, counted, variants, None, (), inputs,
    ))  # fmt: skip
    walk.lines += (wiped, walk.charged)


def refund_all_from(walk: Walk, first_day: date, entry: Entry, on: date) -> None:
    """Give back what the running term was charged for the days from *first_day*, charge by charge; it arises *on*."""
    invoice = invoice_of(on.year, on.month)
    for kept in _kept(walk.lines[walk.term_lines :]):
        left = kept.left
        for days, quantity in kept.parts:
            if days.end > first_day:
                part = Period(max(days.start, first_day), days.end)
                line = _piece(walk, kept._replace(left=left), part, quantity, entry, invoice)
                left += line.amount
                walk.lines.append(line)


class _Kept(NamedTuple):
    """A charge, the days and seats of it that were not given back, and the amount that was not."""

    charged: ExpectedLine
    days: int
    parts: list[tuple[Period, Quantity]]
    left: Decimal


def _kept(lines: list[ExpectedLine]) -> Iterator[_Kept]:
    credits_of: dict[int, list[ExpectedLine]] = {}
    for line in lines:
        if line.corrects is not None:
            credits_of.setdefault(id(line.corrects), []).append(line)
    for line in lines:
        if line.sign < 0 or line.start is None or line.end is None:
            continue
        start, quantity, left, parts = line.start, line.quantity, line.amount, []
        for credit in credits_of.get(id(line), ()):
            since = credit.start or start
            if since > start:
                parts.append((Period(start, since), quantity))
            start, quantity, left = since, quantity - credit.quantity, left + credit.amount
        if quantity:
            parts.append((Period(start, line.end), quantity))
        yield _Kept(line, (line.end - line.start).days, parts, left)


def _piece(
    walk: Walk, kept: _Kept, days: Period, quantity: Quantity, entry: Entry, invoice: BillingPeriod
) -> ExpectedLine:
    charged = kept.charged
    part, whole, counted = charged.part, charged.whole, charged.counted
    if days.days != kept.days:
        common = gcd(part, kept.days)
        part, whole, counted = part // common * days.days, whole * (kept.days // common), "days"
    is_whole = quantity == charged.quantity and days.days == kept.days
    mode, price, currency = charged.mode if is_whole else walk.mode(entry.family), charged.price, charged.currency
    amount = _given_back(charged, mode, quantity, part, whole)
    if -amount > kept.left:
        mode = charged.mode
        amount = max(_given_back(charged, mode, quantity, part, whole), -kept.left)
    return ExpectedLine(
        entry.rule, entry.charge_type, charged.subscription, entry.event, days.start, days.end, charged.cycle, part,
        whole, quantity, -1, price, amount, currency, mode, invoice, quantity, 0, charged, counted,
        charged.variants + entry.variants, charged.exchange,
    )  # fmt: skip


def _given_back(charged: ExpectedLine, mode: RoundingMode, quantity: Quantity, part: int, whole: int) -> Decimal:
    rate = charged.exchange.rate if charged.exchange else _ONE
    return mode.amount(charged.price.amount, -quantity, part, whole, rate, currency=charged.currency)
