"""Making lines: from a piece of a cycle, its rate and its share to an expected line, in the order they arise.

Invariants: every amount is its unrounded value under the policy's rounding mode, capped credits included (they are a
line of their own over what was left); nothing is made for a part of no length.

Not here: which pieces are billed (``timeline``), what a credit may take (``credit_cap``).
"""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from operator import itemgetter
from typing import NamedTuple

from shared.domain.errors import PeriodError
from shared.domain.expected.conventions import Conventions, LineFamily
from shared.domain.expected.lines import ExpectedLine, UnitPrice
from shared.domain.expected.own_services.cycles import Cycle, day_of, days_of, instant
from shared.domain.expected.own_services.rates import Rate
from shared.domain.expected.own_services.rules import CREDIT_TYPE, RECURRING_TYPE
from shared.domain.expected.own_services.shares import WHOLE, Part
from shared.domain.expected.rounding import RoundingMode, mode_named
from shared.domain.expected.rules import Rule
from shared.domain.subscriptions.events import Event, Quantity
from shared.domain.subscriptions.subscription import Subscription

_line = tuple.__new__
"""Makes a line of a tuple that has all its fields: twice as fast as naming them."""
_tick = itemgetter(0)


class Why(NamedTuple):
    """What stands behind a line: the rule, the event, the quantities around it, and further facts."""

    rule: Rule
    event: Event | None = None
    before: Quantity | None = None
    after: Quantity | None = None
    corrects: ExpectedLine | None = None
    inputs: tuple[tuple[str, str], ...] = ()


class Maker:
    """Makes the lines of one subscription. *last_on* is the last day that is looked at."""

    def __init__(self, subscription: Subscription, mode: RoundingMode, last_on: date, per_day: int) -> None:
        self.subscription = subscription
        self.mode = mode
        self.last_on = last_on
        self.per_day = per_day
        self._days_after = subscription.billing.invoice_days_after
        self._made: list[tuple[int, ExpectedLine]] = []
        self._priced: UnitPrice | None = None
        self._amounts: Callable[[Quantity, int, int], Decimal]

    def lines(self) -> tuple[ExpectedLine, ...]:
        """Return the lines in the order in which they arose, those after the last day left out."""
        last = (self.last_on.toordinal() + 1) * self.per_day
        self._made.sort(key=_tick)
        return tuple([line for arises, line in self._made if arises < last])

    def add(self, arises: int, line: ExpectedLine) -> None:
        """Keep a line that arises at that tick."""
        self._made.append((arises, line))

    def amount(self, rate: Rate, quantity: Quantity, part: Part) -> Decimal:
        """Return what *quantity* units cost for *part* of a cycle, rounded once."""
        if rate.price is not self._priced:
            self._priced = rate.price
            self._amounts = self.mode.amounts(rate.price.amount, self.subscription.currency)
        above, whole, _ = of_rate(rate, part)
        return self._amounts(quantity, above, whole)

    def line(
        self,
        arises: int,
        cycle: Cycle,
        span: tuple[int, int],
        units: tuple[Quantity, Rate, Part],
        sign: int,
        why: Why,
        amount: Decimal | None = None,
    ) -> ExpectedLine:
        """Return the line over *span* of *cycle*: units, their rate and the share. *amount* is theirs where it is known."""
        quantity, rate, part = units
        rule, event, before, after, corrects, inputs = why
        start, end = span
        if amount is None:
            amount = self.amount(rate, quantity, part)
        if self.per_day != 1:
            inputs = (*inputs, ("from", _shown(start)), ("to", _shown(end)))
        days, subscription = days_of(start, end, self.per_day), self.subscription
        above, whole, counted = of_rate(rate, part)
        charge_type = RECURRING_TYPE
        if sign < 0:
            charge_type = CREDIT_TYPE
            amount = amount.copy_negate() if amount else amount
        return _line(ExpectedLine, (
            rule, charge_type, subscription, event, days.start, days.end, cycle.period, above, whole, quantity, sign,
            rate.price, amount, subscription.currency, self.mode, self.due(arises), before, after, corrects, counted,
            (), None, (), inputs,
        ))  # fmt: skip

    def lump(
        self, arises: int, cycle: Cycle, span: tuple[int, int], amount: Decimal, sign: int, why: Why
    ) -> ExpectedLine:
        """Return a line over a given amount: one unit that costs it."""
        rate = Rate(UnitPrice(amount, amount, Decimal(0), why.rule.says))
        return self.line(arises, cycle, span, (1, rate, WHOLE), sign, why)

    def reversal(self, arises: int, line: ExpectedLine, left: Decimal, why: Why) -> ExpectedLine:
        """Return the line that takes back what is *left* of *line*: the line itself, or a lump over what is left."""
        price, units, part, whole = line.price, line.quantity, line.part, line.whole
        if left != line.amount:
            price, units, part, whole = UnitPrice(left, left, Decimal(0), why.rule.says), 1, 1, 1
        return line._replace(
            rule=why.rule,
            charge_type=CREDIT_TYPE,
            event=why.event,
            sign=-1,
            price=price,
            quantity=units,
            part=part,
            whole=whole,
            amount=left.copy_negate(),
            invoice=self.due(arises),
            quantity_before=why.before,
            quantity_after=why.after,
            corrects=why.corrects,
        )

    def share_of(self, amount: Decimal, part: Part) -> Decimal:
        """Return *part* of an amount, rounded once."""
        return self.mode.amount(amount, 1, part.part, part.whole, currency=self.subscription.currency)

    def day_of(self, tick: int) -> date:
        """Return the day a tick lies in."""
        return day_of(tick, self.per_day)

    def due(self, arises: int) -> date:
        """Return the day of the invoice for a line that arises at that tick.

        Raises:
            PeriodError: it lies outside the calendar.
        """
        day, later = day_of(arises, self.per_day), self._days_after
        if not later:
            return day
        try:
            return day + timedelta(days=later)
        except OverflowError as error:
            raise PeriodError(f"{later} days after {day} lie outside the calendar") from error


def of_rate(rate: Rate, part: Part) -> Part:
    """Return the share of the rate's price: of a price for another span, a whole cycle is so many months of so many."""
    if rate.up == rate.down:
        return part
    if part.part == part.whole:
        return Part(rate.up, rate.down, "months")
    return Part(part.part * rate.up, part.whole * rate.down, part.counted)


def _shown(tick: int) -> str:
    return f"{instant(tick):%Y-%m-%dT%H:%M:%SZ}"


def mode_of(subscription: Subscription, conventions: Conventions) -> RoundingMode:
    """Return the arithmetic of the subscription's lines.

    Raises:
        InvalidError: the policy names a rounding mode that does not exist.
    """
    name = subscription.billing.rounding
    return mode_named(name) if name else conventions.mode(LineFamily.OWN)
