"""In advance: a cycle is charged on its first day, and corrected by whatever is learned of it afterwards.

A correction is for the rest of the cycle, in the policy's way: credit and charge, one line over the difference, all
reversed and charged again, or additions only. Refunds come before the charges that replace them, and every credit is
capped by what is left of the cycle's charges.

Sources: Kill Bill (credits are capped by what is left); Lago (the day of a change belongs to the new plan);
PatentInspiration (one line over the difference); Sync365 (additions only); Browse AI (the smaller of time and units
left).

Not here: what was known when (``recurring``), how parts are counted (``shares``).
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm

from shared.domain.expected.lines import UnitPrice
from shared.domain.expected.own_services import rules
from shared.domain.expected.own_services.booking import Booking
from shared.domain.expected.own_services.making import Maker, Slot, Why
from shared.domain.expected.own_services.rates import Rate, finite
from shared.domain.expected.own_services.recurring import Known, Window
from shared.domain.expected.own_services.shares import Part, part_of
from shared.domain.expected.own_services.story import Change
from shared.domain.expected.own_services.timeline import (
    Difference,
    Piece,
    clipped,
    dearer_of,
    differences,
    extended,
    same,
)
from shared.domain.subscriptions.events import Event, Quantity
from shared.domain.subscriptions.own_billing import Correction, CorrectionDue, MovedCycle

_PAIR = Correction.PAIR
_made_of = tuple.__new__
"""Makes a reason of a tuple that has all its fields: twice as fast as naming them."""


def bill_in_advance(known: Known, maker: Maker, window: Window, budget: Decimal | None = None) -> Booking:
    """Make the lines of a cycle that is charged on its first day. *budget* is what was left to buy its days with."""
    cycle = _AdvanceCycle(known, maker, window)
    pieces = known.at_charge(window)
    if budget is None:
        cycle.charge(window.charged, pieces)
    else:
        cycle.buy(pieces, budget)
    changes = known.changes_alone(window)
    if changes:
        cycle.follow(changes, pieces)
    else:
        for moment in known.moments(window):
            cycle.grant(moment)
            pieces = cycle.learn(moment, pieces)
    booking = cycle.booking
    if booking.booked and known.subscription.billing.minimum:
        end = known.end_at(window)
        booking.top_up(end, window.start, end)
    return booking


class _AdvanceCycle:
    """One cycle while it is corrected, moment by moment."""

    def __init__(self, known: Known, maker: Maker, window: Window) -> None:
        self._known = known
        self._maker = maker
        self._window = window
        self._billing = known.subscription.billing
        self.booking = Booking(maker, window.cycle)

    def charge(self, moment: int, pieces: list[Piece]) -> None:
        """Charge the pieces as they are known on the first day."""
        for piece in pieces:
            self._charge(moment, piece, Why(rules.CYCLE, piece.event, None, piece.quantity))

    def buy(self, pieces: list[Piece], budget: Decimal) -> None:
        """Charge what was left of the plan before, for the days that it bought."""
        for piece in pieces[:1]:
            why = Why(rules.BOUGHT_DAYS, self._window.run.event, None, piece.quantity)
            slot = self._slot(piece.start, piece.start, pieces[-1].end)
            self.booking.charge(piece.start, self._maker.lump(slot, budget, why))

    def grant(self, moment: int) -> None:
        """Give back what was granted at that moment."""
        end = self._known.end_at(self._window)
        for grant in self._known.story.grants:
            if grant.moment == moment:
                issue = self.booking.grant(moment, grant, end)
                self._known.story.issues.extend([] if issue is None else [issue])

    def learn(self, moment: int, old: list[Piece]) -> list[Piece]:
        """Correct what *moment* changed, and return the pieces as they are billed from then on."""
        known, window, billing = self._known, self._window, self._billing
        cycle, new = known.cycle_at(window, moment), known.at(window, moment)
        if cycle != self.booking.cycle and billing.moved_cycle is MovedCycle.NOT_CHARGED:
            old = extended(clipped(old, cycle.end), self.booking.cycle.end, cycle.end)
        self.booking.cycle = cycle
        self._maker.wait_until(self._due(moment, new))
        if billing.correction is Correction.ADDITIONS:
            new = clipped(dearer_of(old, new), known.cut_at(window, moment))
        found = differences(old, new)
        if found and billing.correction is Correction.SEGMENTS:
            self._again(moment, new, found[0])
        else:
            for start, end, before, after in found:
                event = known.event_at(window, moment, is_end=after is None)
                self._correct(self._slot(moment, start, end), before, after, event)
        self._maker.wait_until(None)
        return new

    def _due(self, moment: int, pieces: list[Piece]) -> int | None:
        """Return the tick with whose charge a correction is invoiced; None: at once."""
        if self._billing.correction_due is CorrectionDue.AT_ONCE:
            return None
        cut, cycle = self._known.cut_at(self._window, moment), self.booking.cycle
        if cut is not None:
            return cut
        if not pieces or pieces[-1].end < cycle.end:
            return None
        running = cycle if self._window.start <= moment else self._known.story.cycle_at(moment)
        return None if running is None else running.end

    def follow(self, changes: Sequence[Change], pieces: list[Piece]) -> None:
        """Correct what each change made of the rest of the cycle; *pieces* are those that were charged."""
        known, window = self._known, self._window
        end, old = window.cycle.end, pieces[-1] if pieces else None
        for change in changes:
            new = known.piece(window, change, end)
            if not same(old, new):
                self._correct(self._slot(change.moment, change.at, end), old, new, change.event)
            old = new

    def _slot(self, moment: int, start: int, end: int) -> Slot:
        cycle = self.booking.cycle
        return self._maker.slot(moment, cycle, start, end, part_of(self._billing, cycle, start, end))

    def _charge(self, moment: int, piece: Piece, why: Why) -> None:
        slot = self._slot(moment, piece.start, piece.end)
        if slot.part.part:
            self.booking.charge(moment, self._maker.line(slot, piece.quantity, piece.rate, why))

    def _correct(self, slot: Slot, old: Piece | None, new: Piece | None, event: Event | None) -> None:
        before, after = old.quantity if old else 0, new.quantity if new else 0
        if old is not None and new is not None and self._billing.correction is not _PAIR:
            self._difference(slot, old, new, Why(rules.DIFFERENCE, event, before, after))
            return
        if old is not None:
            rule = rules.END_CREDIT if new is None else rules.CHANGE_CREDIT
            self._credit(slot, before, old.rate, _made_of(Why, (rule, event, before, after, ())))
        if new is not None and slot.part.part:
            why = _made_of(Why, (rules.CHANGE_CHARGE, event, before, after, ()))
            self.booking.charge(slot.arises, self._maker.line(slot, after, new.rate, why))

    def _credit(self, slot: Slot, quantity: Quantity, rate: Rate, why: Why) -> None:
        share_left = None if why.event is None else why.event.share_left
        if share_left is not None and Fraction(share_left) < slot.part.exact:
            left = max(Fraction(share_left), Fraction(0))
            slot = slot._replace(part=Part(left.numerator, left.denominator, "times"))
            why = why._replace(rule=rules.UNUSED_CREDIT)
        self.booking.credit(slot, quantity, rate, why)

    def _difference(self, slot: Slot, old: Piece, new: Piece, why: Why) -> None:
        sign, quantity, rate = net(old, new)
        if sign > 0 and slot.part.part:
            self.booking.charge(slot.arises, self._maker.line(slot, quantity, rate, why))
        elif sign < 0:
            self._credit(slot, quantity, rate, why)

    def _again(self, moment: int, pieces: list[Piece], found: Difference) -> None:
        """Reverse what was charged for the cycle, and charge every piece by itself."""
        event = self._known.event_at(self._window, moment, is_end=found.new is None)
        before, after = found.old.quantity if found.old else 0, found.new.quantity if found.new else 0
        self.booking.reverse(moment, Why(rules.REVERSAL, event, before, after))
        for piece in pieces:
            self._charge(moment, piece, Why(rules.SEGMENT, event, before, after))


def net(old: Piece, new: Piece) -> tuple[int, Quantity, Rate]:
    """Return the sign, units and rate of one line over the difference of two pieces.

    The line is over the units where the price stayed, over the price where the units did, else one unit over both.
    """
    if old.rate == new.rate:
        more = new.quantity > old.quantity
        units = new.quantity - old.quantity if more else old.quantity - new.quantity
        return (1 if more else -1), units, new.rate
    is_over_price = new.quantity == old.quantity
    quantity: Quantity = new.quantity if is_over_price else 1
    exact = new.rate.exact - old.rate.exact if is_over_price else new.cost - old.cost
    down = lcm(old.rate.down, new.rate.down)
    price = finite(abs(exact) * down) or Decimal(0)  # a price times its scale always has an end
    sign = (exact > 0) - (exact < 0)
    return sign, quantity, Rate(UnitPrice(price, price, Decimal(0), "the difference of two prices"), 1, down)
