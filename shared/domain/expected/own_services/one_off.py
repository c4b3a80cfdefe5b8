"""One-off services: a dated charge for each purchase, never prorated; in instalments where the policy says so.

More units are another purchase at the price of their day. Returned units are given back at the price of the purchase
they came from, the last one first: what was charged of them so far, and later instalments are for the units that are
left. A cancellation ends the instalments and gives nothing back; on the day of the purchase it undoes it.

Not here: what events mean (``telling``).
"""

from dataclasses import dataclass, field
from decimal import Decimal

from shared.domain.expected.lines import ExpectedLine
from shared.domain.expected.own_services import rules
from shared.domain.expected.own_services.booking import Booking
from shared.domain.expected.own_services.cycles import Cycle, Grid, day_of
from shared.domain.expected.own_services.making import Maker, Why
from shared.domain.expected.own_services.rates import Rate
from shared.domain.expected.own_services.recurring import Known
from shared.domain.expected.own_services.shares import Part
from shared.domain.expected.own_services.story import Change
from shared.domain.money import exact_product, exact_sum
from shared.domain.subscriptions.events import Event, Quantity
from shared.domain.subscriptions.own_billing import Span


@dataclass(slots=True)
class _Lot:
    """One purchase, what was returned of it (tick, units, event), and the ticks on which it is paid."""

    bought: Change
    units: Quantity
    rate: Rate
    due: list[int]
    returns: list[tuple[int, Quantity, Event]] = field(default_factory=list)

    def left_at(self, tick: int | None = None) -> Quantity:
        """Return the units left at a tick (None: in the end)."""
        left = Decimal(self.units)
        for at, units, _ in self.returns:
            if tick is None or at <= tick:
                left = exact_sum((left, Decimal(units).copy_negate()))
        return left if isinstance(self.units, Decimal) or left % 1 else int(left)


def bill_once(known: Known, maker: Maker) -> None:
    """Make the lines of a one-off service."""
    story = known.story
    end = next((end.at for end in story.ends if end.is_cancellation), None)
    if any(known_end.is_cancellation and known_end.moment <= story.start for known_end in story.ends):
        return
    lots = _lots(known)
    start = story.start
    booking = Booking(maker, Cycle(start, start + story.per_day, start, start + story.per_day, None, 1, story.per_day))
    steps = sorted(
        [(at, 1, index, number) for index, lot in enumerate(lots) for number, at in enumerate(lot.due)]
        + [(each[0], 0, index, number) for index, lot in enumerate(lots) for number, each in enumerate(lot.returns)]
        + [(grant.moment, 2, index, 0) for index, grant in enumerate(story.grants)]
    )
    for at, kind, index, number in steps:
        if kind == 0:
            _give_back(booking, lots[index], number)
        elif kind == 1 and (end is None or at < end):
            _charge(booking, lots[index], number)
        elif kind == 2:
            issue = booking.grant(at, story.grants[index], at + story.per_day)
            story.issues.extend([] if issue is None else [issue])


def _lots(known: Known) -> list[_Lot]:
    """Return the purchases, and what was returned of each."""
    lots: list[_Lot] = []
    before: Quantity = 0
    for change in known.story.changes:
        more = exact_sum((Decimal(change.state.quantity), Decimal(before).copy_negate()))
        before = change.state.quantity
        if more > 0:
            lot = _lot(known, change, more)
            lots.extend([] if lot is None else [lot])
        for lot in reversed(lots):
            back = min(Decimal(lot.left_at()), more.copy_negate())
            if back > 0:
                lot.returns.append((change.at, _plain(back), change.event))
                more = exact_sum((more, back))
    return lots


def _lot(known: Known, change: Change, units: Decimal) -> _Lot | None:
    billing, per_day = known.subscription.billing, known.story.per_day
    cycle = Cycle(change.at, change.at + per_day, change.at, change.at + per_day, None, 1, per_day)
    rate = known.rate(change.state, cycle, change.at)
    if rate is None:
        return None
    day = day_of(change.at, per_day)
    grid = Grid(day, day.day, billing.every, billing.span is not Span.DAYS, per_day, change.at % per_day)
    return _Lot(change, _plain(units), rate, [grid.cycle(number).start for number in range(billing.instalments)])


def _plain(units: Decimal) -> Quantity:
    return int(units) if units % 1 == 0 else units


def _charge(booking: Booking, lot: _Lot, number: int) -> None:
    at, instalments = lot.due[number], len(lot.due)
    units = lot.left_at(at)
    if not units:
        return
    rule = rules.ONE_OFF if instalments == 1 else rules.INSTALMENT
    why = Why(
        rule, lot.bought.event, inputs=() if instalments == 1 else (("instalment", f"{number + 1}/{instalments}"),)
    )
    maker, part = booking.maker, Part(1, instalments, "times")
    slot = maker.slot(at, booking.cycle, at, at + booking.cycle.per_day, part)
    is_last = number > 0 and number + 1 == instalments
    if is_last and units == lot.units:
        whole, each = maker.amount(lot.rate, units, Part(1, 1)), maker.amount(lot.rate, units, part)
        rest = exact_sum((whole, exact_product(each, Decimal(number)).copy_negate()))
        line = maker.lump(slot, rest, why)
    else:
        line = maker.line(slot, units, lot.rate, why)
    booking.charge(at, _dated(line))


def _give_back(booking: Booking, lot: _Lot, number: int) -> None:
    at, units, event = lot.returns[number]
    paid = sum(1 for due in lot.due if due < at)
    part = Part(paid, len(lot.due), "times")
    slot = booking.maker.slot(at, booking.cycle, at, at + booking.cycle.per_day, part)
    booking.credit(slot, units, lot.rate, Why(rules.RETURNED, event))


def _dated(line: ExpectedLine) -> ExpectedLine:
    return line._replace(charge_type=rules.ONE_OFF_TYPE, cycle=None)
