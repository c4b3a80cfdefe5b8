"""What a subscription's log costs: every charge and credit of new commerce, by the day on which it happened.

Written from Microsoft's documentation alone and on purpose not shared with the product. A log says what was ordered;
the charge cycles inside a term follow from it and are added here. A change of seats refunds the old and charges the new
quantity for the rest of the running cycle. A first cycle that is cut short is divided by the days of the month it
begins in. Amounts round in two ways, as the documented examples do::

    seats added, removed            ROUNDDOWN(effective unit price x seats x exchange rate, 2)
    every other licence line        ROUNDDOWN(effective unit price x exchange rate, 2) x seats

Invariants: the same log gives the same charges, whenever it is asked; a charge belongs to the month of its own day; a
credit is for days that were charged, and what was charged on the day of a change goes back as it was charged.

Source: Microsoft Partner Center documentation, "One-time and recurring billing scenarios", "Use the invoice
reconciliation file", "Align subscription end dates".

Not here: the columns of a row (``recurring_rows``), usage (``azure_usage``), old contracts (``legacy_lines``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from local.demo.arithmetic import Month, Span, later, over, rounddown, times
from local.partner_center.entities import Happened, Subscription

TERM_MONTHS = {"P1M": 1, "P1Y": 12, "P3Y": 36}
ONE = Decimal(1)
CYCLE_MONTHS = {"monthly": 1, "annual": 12, "triennial": 36}
FULL_REFUND = timedelta(hours=24)
TELEPHONY_SHARE = Decimal("0.035")
_DAY = timedelta(days=1)
_NO_DAY = timedelta(0)
_STARTS_CYCLE = {"new", "renew", "cyclecharge", "changebillingplan", "extendterm"}
_SEATS = {"addquantity", "removequantity"}
_LEAVE = {"convert", "movequantity"}
WITH_TELEPHONY = {"Microsoft 365 E5", "Office 365 E5"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One line: *units* of *price* for *span*, in pricing currency. *exact* is the effective unit price, unrounded.

    *rounds_product* tells which of the two ways of rounding applies; *share* is days charged of days in the cycle.
    """

    happened: Happened
    charge_type: str
    at: datetime
    span: Span
    units: int
    price: Decimal
    exact: Decimal
    is_credit: bool
    rounds_product: bool
    reference: str
    share: tuple[int, int] = (1, 1)

    def amount(self, rate: Decimal) -> Decimal:
        """Return the line's amount in billing currency, signed, to the cent."""
        if self.rounds_product:
            days, cycle_days = self.share
            dividend = times(self.price, ONE - self.happened.discount, days, self.units, rate)
            size = rounddown(over(dividend, cycle_days))
        else:
            size = times(rounddown(times(self.exact, rate)), self.units)
        return -size if self.is_credit and size else size


def charges(sold: Subscription, month: Month, until: datetime) -> Iterator[Charge]:
    """Yield what *sold* is charged and refunded in *month*, up to the instant *until*, in order of time."""
    log, span = sold.log, month.span
    for number, happened in enumerate(log):
        if happened.at > until or happened.at.date() > span.last:
            return
        following = log[number + 1] if number + 1 < len(log) else None
        if happened.at.date() >= span.first:
            yield from _of_event(log, number)
        is_credit = happened.charge_type.lower() == "customercredit"
        if happened.after and not is_credit and (following is None or following.at.date() >= span.first):
            yield from _cycles(happened, following, span, until)


def charge_cycle(happened: Happened, day: date) -> Span:
    """Return the charge cycle that *day* lies in; the first of an aligned term is shorter than what is returned."""
    months, anchor = _cycle_months(happened), _anchor(happened)
    passed = ((day.year - anchor.year) * 12 + day.month - anchor.month) // months * months
    if later(anchor, passed) > day:
        passed -= months
    return Span(later(anchor, passed), later(anchor, passed + months) - _DAY)


def _cycle_months(happened: Happened) -> int:
    whole = TERM_MONTHS.get(happened.term.upper(), 1)
    return CYCLE_MONTHS.get(happened.cycle.lower(), whole)


def _anchor(happened: Happened) -> date:
    """The day that cycles are counted from: the term's first, or one that makes an aligned term end with a cycle."""
    months = TERM_MONTHS.get(happened.term.upper(), 1)
    if later(happened.term_first, months) - _DAY == happened.term_last:
        return happened.term_first
    return later(happened.term_last + _DAY, -max(months, 12))


def _divisor(happened: Happened, cycle: Span) -> int:
    """The days that a price pays for: those of the cycle; of a first one cut short, of its month or of a whole one."""
    first, months = happened.term_first, _cycle_months(happened)
    if not happened.term or first <= cycle.first:
        return cycle.days
    return Month(first.year, first.month).span.days if months == 1 else (later(first, months) - first).days


def _of_event(log: Sequence[Happened], number: int) -> Iterator[Charge]:
    happened = log[number]
    kind = happened.charge_type.lower()
    if kind == "customercredit":
        yield _credit(happened)
    elif kind in _STARTS_CYCLE:
        yield from _whole(happened, happened.at, happened.charge_type, happened.reference)
    elif kind in _SEATS:
        yield from _rest(log, number, happened.before, is_credit=True, rounds_product=not _is_fresh(log, number))
        yield from _rest(log, number, happened.after, is_credit=False, rounds_product=True)
    elif kind in {"cancelimmediate", "cancel"}:
        yield from _cancelled(log, number)
    else:
        moved = happened.after - happened.before
        is_whole = moved < 0 and not happened.after and not _is_fresh(log, number)
        is_whole = is_whole and log[number - 1].at.date() == happened.at.date()
        yield from _rest(log, number, abs(moved), is_credit=moved < 0, rounds_product=is_whole)


def _is_fresh(log: Sequence[Happened], number: int) -> bool:
    """Whether the seats before were charged that very day, and not by a change of seats."""
    happened = log[number]
    day = happened.at.date()
    for before in reversed(log[:number]):
        if before.at.date() != day:
            break
        if before.charge_type.lower() not in _LEAVE or before.after > before.before:
            return before.charge_type.lower() not in _SEATS
    return charge_cycle(happened, day).first == day


def _whole(happened: Happened, at: datetime, charge_type: str, reference: str) -> Iterator[Charge]:
    """One whole cycle that starts on the day; what of it lies outside an aligned term is not charged."""
    day = at.date()
    cycle = charge_cycle(happened, day)
    span = Span(day, min(cycle.last, max(happened.term_last, day)))
    if not happened.term:
        span = cycle = Span(day, happened.term_last)
    share = (span.days, _divisor(happened, cycle))
    if charge_type.lower() == "changebillingplan" and span.days != cycle.days:
        share = (_months_from(day, cycle), _cycle_months(happened))  # the one line that Microsoft prorates by months
    yield from _lines(happened, _Line(charge_type, at, span, share, happened.after, reference))


def _months_from(day: date, cycle: Span) -> int:
    end = cycle.last + _DAY
    return (end.year - day.year) * 12 + end.month - day.month


def _rest(
    log: Sequence[Happened], number: int, units: int, *, is_credit: bool, rounds_product: bool
) -> Iterator[Charge]:
    """So many seats back, or charged, for the rest of the cycle; the day of the change included."""
    if not units:
        return
    happened = log[number]
    day = happened.at.date()
    cycle = charge_cycle(happened, day)
    rest = Span(day, max(day, min(cycle.last, happened.term_last)))
    share = _share(log[:number], happened, rest)
    line = _Line(happened.charge_type, happened.at, rest, share, units, happened.reference, is_credit, rounds_product)
    yield from _lines(happened, line)


def _share(past: Sequence[Happened], happened: Happened, rest: Span) -> tuple[int, int]:
    """The rest's days of the cycle's; of a cycle that was charged by months, its part of them."""
    cycle = charge_cycle(happened, rest.first)
    changed = next((each for each in reversed(past) if each.charge_type.lower() == "changebillingplan"), None)
    if changed is None or not cycle.first < changed.at.date() <= rest.first:
        return rest.days, _divisor(happened, cycle)
    charged = Span(changed.at.date(), min(cycle.last, happened.term_last))
    months = _months_from(charged.first, cycle)
    return rest.days * months, charged.days * _cycle_months(happened)


def _cancelled(log: Sequence[Happened], number: int) -> Iterator[Charge]:
    """Everything back within a day; later the day of cancellation and what follows it."""
    happened = log[number]
    bought = _bought(log, number)
    is_full = happened.extra.get("is_full", happened.at - log[bought].at <= FULL_REFUND)
    if is_full and happened.term:
        yield from _all_back(log[bought:number], happened)
        return
    day = happened.at.date()
    cycle = charge_cycle(happened, day) if happened.term else Span(happened.term_first, happened.term_last)
    span = Span(cycle.first if is_full else day, max(day, min(cycle.last, happened.term_last)))
    share = (span.days, _divisor(happened, cycle))
    line = _Line(happened.charge_type, happened.at, span, share, happened.before, happened.reference, is_credit=True)
    yield from _lines(happened, line)


def _all_back(since: Sequence[Happened], cancelled: Happened) -> Iterator[Charge]:
    """The seats of every stretch between changes since the purchase or renewal, with the price that they had."""
    nexts = [each.at.date() for each in since[1:]] + [date.max]
    for happened, following in zip(since, nexts, strict=True):
        first = happened.term_first if happened is since[0] else happened.at.date()
        cycle = charge_cycle(happened, first)
        span = Span(first, min(cycle.last, happened.term_last, following - _DAY))
        if not happened.after or span.last < first:
            continue
        is_whole = span.last == min(cycle.last, happened.term_last)
        yield from _lines(
            happened,
            _Line(
                charge_type=cancelled.charge_type,
                at=cancelled.at,
                span=span,
                share=(span.days, _divisor(happened, cycle)),
                units=happened.after,
                reference=cancelled.reference,
                is_credit=True,
                rounds_product=is_whole and happened.charge_type.lower() in _SEATS,
            ),
        )


@dataclass(frozen=True, slots=True)
class _Line:
    """A line before its price; *share* is (days charged, days of the cycle)."""

    charge_type: str
    at: datetime
    span: Span
    share: tuple[int, int]
    units: int
    reference: str
    is_credit: bool = False
    rounds_product: bool = False


def _lines(happened: Happened, line: _Line) -> Iterator[Charge]:
    """One line, or two for a product whose telephony is taxed apart: equal keys, each with a part of the price."""
    for price in _price_parts(happened):
        exact = times(price, ONE - happened.discount) if happened.discount else price
        if line.share[0] != line.share[1]:
            exact = over(times(exact, line.share[0]), line.share[1])
        yield Charge(
            happened=happened,
            charge_type=line.charge_type,
            at=line.at,
            span=line.span,
            units=line.units,
            price=price,
            exact=exact,
            is_credit=line.is_credit,
            rounds_product=line.rounds_product,
            reference=line.reference,
            share=line.share,
        )


def _price_parts(happened: Happened) -> Sequence[Decimal]:
    if happened.title not in WITH_TELEPHONY or not happened.unit_price:
        return (happened.unit_price,)
    telephony = rounddown(times(happened.unit_price, TELEPHONY_SHARE))
    return (happened.unit_price - telephony, telephony)


def _credit(happened: Happened) -> Charge:
    """A credit is an amount of its own, not a price times a quantity."""
    day = happened.at.date()
    return Charge(
        happened=happened,
        charge_type=happened.charge_type,
        at=happened.at,
        span=Month(day.year, day.month).span,
        units=1,
        price=happened.unit_price,
        exact=happened.unit_price,
        is_credit=True,
        rounds_product=False,
        reference=happened.reference,
    )


def _cycles(happened: Happened, following: Happened | None, within: Span, until: datetime) -> Iterator[Charge]:
    """The cycles that begin after *happened* and before what follows it, as far as they begin in *within*."""
    if happened.cycle.lower() not in CYCLE_MONTHS:
        return
    last = min(within.last, happened.term_last, until.date())
    if following is not None:
        begins_anew = following.charge_type.lower() in _STARTS_CYCLE
        last = min(last, following.at.date() - (_DAY if begins_anew else _NO_DAY))
    day = max(within.first, happened.at.date() + _DAY)
    while day <= last:
        cycle = charge_cycle(happened, day)
        if cycle.first == day:
            yield from _whole(happened, datetime.combine(day, time(), UTC), "cycleCharge", "")
        day = cycle.last + _DAY


def _bought(log: Sequence[Happened], number: int) -> int:
    """The number of the last purchase, renewal or end of a trial before the event of that *number*; 0 for none."""
    for place in range(number - 1, 0, -1):
        before = log[place - 1]
        is_paid_now = log[place].charge_type.lower() == "convert" and before.is_trial and not log[place].is_trial
        if log[place].charge_type.lower() in {"new", "renew"} or is_paid_now:
            return place
    return 0
