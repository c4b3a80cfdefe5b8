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
from shared.domain.expected.lines import PARTS_OF_A_DAY, ExpectedLine, UnitPrice
from shared.domain.expected.own_services.cycles import Cycle, day_of, days_of, instant
from shared.domain.expected.own_services.rates import Rate
from shared.domain.expected.own_services.rules import CREDIT_TYPE, RECURRING_TYPE
from shared.domain.expected.own_services.shares import WHOLE, Part
from shared.domain.expected.rounding import RoundingMode, Steps, mode_named
from shared.domain.expected.rules import Rule
from shared.domain.money import exact_product
from shared.domain.periods import Period
from shared.domain.subscriptions.events import Event, Quantity
from shared.domain.subscriptions.own_billing import OwnBilling, Share
from shared.domain.subscriptions.subscription import Subscription

_made_of = tuple.__new__
"""Makes a line of a tuple that has all its fields: twice as fast as naming them."""
_tick = itemgetter(0)


class Why(NamedTuple):
    """What stands behind a line: the rule, the event, the quantities around it, and further facts."""

    rule: Rule
    event: Event | None = None
    before: Quantity | None = None
    after: Quantity | None = None
    inputs: tuple[tuple[str, str], ...] = ()


Back = tuple[Decimal, ExpectedLine | None]
"""What a credit gives back, and the charge that it corrects."""


class Slot(NamedTuple):
    """When lines arise (tick and day of the invoice), the days and the cycle they are for, and the share of it.

    *texts* are further facts for the lines: the seconds from and to, where seconds are counted.
    """

    arises: int
    start: date
    end: date
    cycle: Period
    part: Part
    due: date
    texts: tuple[tuple[str, str], ...] = ()


class Maker:
    """Makes the lines of one subscription. *last_on* is the last day that is looked at."""

    def __init__(self, subscription: Subscription, mode: RoundingMode, last_on: date, per_day: int) -> None:
        self.subscription = subscription
        self.mode = mode
        self.last_on = last_on
        self.per_day = per_day
        self._parts_of_a_day = _parts_of_a_day(subscription.billing)
        self._days_after = subscription.billing.invoice_days_after
        self._made: list[tuple[int, ExpectedLine]] = []
        self._waits_until: int | None = None
        self._is_of_tier = False
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

    def wait_until(self, tick: int | None) -> None:
        """Let the lines made from now on come with the invoice of that tick; None: with that of their own."""
        self._waits_until = tick

    def make_for_tier(self) -> None:
        """Let lines be for the units of a tier from now on: they do not tell how many the service has."""
        self._is_of_tier = True

    def amount(self, rate: Rate, quantity: Quantity, part: Part) -> Decimal:
        """Return what *quantity* units cost for *part* of a cycle, rounded once."""
        price, up, down = rate
        if price is not self._priced:
            self._priced = price
            self._amounts = self.mode.amounts(price.amount, self.subscription.currency)
        above, whole, counted = part if up == down else of_rate(rate, part)
        if self._parts_of_a_day > 1 and counted == "days" and above != whole and up == down:
            return self._by_part_days(price.amount, quantity, above, whole)
        return self._amounts(quantity, above, whole)

    def _by_part_days(self, price: Decimal, quantity: Quantity, above: int, whole: int) -> Decimal:
        """Return the amount where days are split: a rate that is rounded is that of a whole day."""
        parts = self._parts_of_a_day
        if self.mode.steps is not Steps.DAY_RATE or above % parts:
            return self._amounts(quantity, above, whole)
        of_days = exact_product(price, Decimal(parts))
        return self.mode.amount(of_days, quantity, above // parts, whole, currency=self.subscription.currency)

    def slot(self, arises: int, cycle: Cycle, start: int, end: int, part: Part) -> Slot:
        """Return what is the same for all lines that arise at a tick for one *part* of *cycle*."""
        days = days_of(start, end, self.per_day)
        texts = () if self.per_day == 1 else (("from", _shown(start)), ("to", _shown(end)))
        is_later = self._days_after or self._waits_until is not None
        due = self.due(arises) if is_later else day_of(arises, self.per_day)
        return _made_of(Slot, (arises, days.start, days.end, cycle.period, part, due, texts))

    def line(self, slot: Slot, quantity: Quantity, rate: Rate, why: Why, back: Back | None = None) -> ExpectedLine:
        """Return the line over units, their rate and the share.

        *back* makes it a credit.
        """
        rule, event, before, after, inputs = why
        if self._is_of_tier:
            before = after = None
        _, start, end, cycle, part, due, texts = slot
        price, up, down = rate
        share, whole, counted = part if up == down else of_rate(rate, part)
        if back is None:
            charge_type, sign, corrects = RECURRING_TYPE, 1, None
            amount = self.amount(rate, quantity, part)
        else:
            charge_type, sign = CREDIT_TYPE, -1
            amount, corrects = back
            amount = amount.copy_negate() if amount else amount
        subscription = self.subscription
        if self._parts_of_a_day > 1 and counted == "days" and share != whole and up == down:
            texts = (*texts, (PARTS_OF_A_DAY, str(self._parts_of_a_day)))
        return _made_of(ExpectedLine, (
            rule, charge_type, subscription, event, start, end, cycle, share, whole, quantity, sign, price, amount,
            subscription.currency, self.mode, due, before, after, corrects, counted, (), None, (),
            inputs + texts if texts else inputs,
        ))  # fmt: skip

    def lump(self, slot: Slot, amount: Decimal, why: Why) -> ExpectedLine:
        """Return a charge of a given amount: one unit that costs it."""
        return self.line(slot._replace(part=WHOLE), 1, _lump_rate(amount, why), why)

    def lump_back(self, slot: Slot, amount: Decimal, corrects: ExpectedLine | None, why: Why) -> ExpectedLine:
        """Return a credit of a given amount: one unit that costs it."""
        rate = _lump_rate(amount, why)
        return self.line(slot._replace(part=WHOLE), 1, rate, why, (self.amount(rate, 1, WHOLE), corrects))

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
            corrects=line,
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
        due = arises if self._waits_until is None else self._waits_until
        day, later = day_of(due, self.per_day), self._days_after
        try:
            return day + timedelta(days=later)
        except OverflowError as error:
            raise PeriodError(f"{later} days after {day} lie outside the calendar") from error


def of_rate(rate: Rate, part: Part) -> Part:
    """Return the share of a price for another span: a whole cycle is so many months of so many."""
    if part.part == part.whole:
        return Part(rate.up, rate.down, "months")
    return Part(part.part * rate.up, part.whole * rate.down, part.counted)


def _parts_of_a_day(billing: OwnBilling) -> int:
    """Return into how many parts a day is split, so that a month of fixed days has a whole number of them."""
    return billing.days_in_month.as_integer_ratio()[1] if billing.share is Share.FIXED_DAYS else 1


def _lump_rate(amount: Decimal, why: Why) -> Rate:
    return Rate(UnitPrice(amount, amount, Decimal(0), why.rule.says))


def _shown(tick: int) -> str:
    return f"{instant(tick):%Y-%m-%dT%H:%M:%SZ}"


def mode_of(subscription: Subscription, conventions: Conventions) -> RoundingMode:
    """Return the arithmetic of the subscription's lines.

    Raises:
        InvalidError: the policy names a rounding mode that does not exist.
    """
    name = subscription.billing.rounding
    return mode_named(name) if name else conventions.mode(LineFamily.OWN)
