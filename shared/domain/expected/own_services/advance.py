"""In advance: a cycle is charged on its first day, and corrected by whatever is learned of it afterwards.

A correction is for the rest of the cycle, in the policy's way: credit and charge, one line over the difference, all
reversed and charged again, or additions only. Refunds come before the charges that replace them, and every credit is
capped by what is left of the cycle's charges.

Sources: Kill Bill (credits are capped by what is left); Lago (the day of a change belongs to the new plan);
PatentInspiration (one line over the difference); Sync365 (additions only); Browse AI (the smaller of time and units
left).

Not here: what was known when (``recurring``), how parts are counted (``shares``).
"""

from decimal import Decimal
from fractions import Fraction

from shared.domain.expected.lines import ExpectedLine, UnitPrice
from shared.domain.expected.own_services import rules
from shared.domain.expected.own_services.amends import Amends
from shared.domain.expected.own_services.making import Maker, Why
from shared.domain.expected.own_services.rates import Rate
from shared.domain.expected.own_services.recurring import Known, Window
from shared.domain.expected.own_services.shares import Part, part_of
from shared.domain.expected.own_services.timeline import Difference, Piece, dearer_of, differences
from shared.domain.money import exact_sum
from shared.domain.subscriptions.events import Event
from shared.domain.subscriptions.own_billing import Correction, MovedCycle, Share


class AdvanceCycle:
    """Bills one cycle in advance."""

    def __init__(self, known: Known, maker: Maker, window: Window, budget: Decimal | None) -> None:
        self._known = known
        self._maker = maker
        self._window = window
        self._billing = known.subscription.billing
        self._cycle = window.cycle
        self._amends = Amends(known, maker)
        self._budget = budget
        self.given_back = Decimal(0)

    def bill(self) -> Amends:
        """Make the cycle's lines, and return the book of its charges."""
        pieces = self._known.at_charge(self._window)
        if self._budget is not None:
            self._bought(pieces, self._budget)
        else:
            self._charge(self._window.start, pieces, rules.CYCLE)
        for moment in self._known.moments(self._window):
            self._amends.grant(self._window, moment)
            pieces = self._learn(moment, pieces)
        return self._amends

    def _learn(self, moment: int, old: list[Piece]) -> list[Piece]:
        """Correct what *moment* changed, and return the pieces as they are billed now."""
        before, after = self._cycle, self._known.cycle_at(self._window, moment)
        new = self._known.at(self._window, moment)
        if before != after:
            old = self._move(moment, old, before, after)
        self._cycle = after
        if self._billing.correction is Correction.ADDITIONS:
            new = dearer_of(old, new)
        found = differences(old, new)
        if found and self._billing.correction is Correction.SEGMENTS:
            self._again(moment, new, found[0])
        else:
            for difference in found:
                self._correct(moment, difference)
        return new

    def _charge(self, moment: int, pieces: list[Piece], rule: rules.Rule) -> None:
        for piece in pieces:
            part = part_of(self._billing, self._cycle, piece.start, piece.end)
            self._one_charge(moment, piece, part, Why(rule, piece.event, None, piece.quantity))

    def _one_charge(self, moment: int, piece: Piece, part: Part, why: Why) -> None:
        if part.part:
            span, units = (piece.start, piece.end), (piece.quantity, piece.rate, part)
            self._amends.charge(moment, self._maker.line(moment, self._cycle, span, units, 1, why))

    def _bought(self, pieces: list[Piece], budget: Decimal) -> None:
        """Charge what the plan before left, for the days that it bought."""
        event = self._window.run.event
        for piece in pieces[:1]:
            why = Why(rules.BOUGHT_DAYS, event, None, piece.quantity)
            line = self._maker.lump(piece.start, self._cycle, (piece.start, pieces[-1].end), budget, 1, why)
            self._amends.charge(piece.start, line)

    # corrections

    def _correct(self, moment: int, found: Difference) -> None:
        old, new = found.old, found.new
        part = part_of(self._billing, self._cycle, found.start, found.end)
        event = self._event_of(moment, found)
        if old is not None and new is not None and self._billing.correction is not Correction.PAIR:
            self._difference(moment, found, part, event)
            return
        before, after = old.quantity if old else 0, new.quantity if new else 0
        if old is not None:
            rule = rules.END_CREDIT if new is None else rules.CHANGE_CREDIT
            self._credit(moment, old._replace(start=found.start, end=found.end), part, Why(rule, event, before, after))
        if new is not None:
            piece = new._replace(start=found.start, end=found.end)
            self._one_charge(moment, piece, part, Why(rules.CHANGE_CHARGE, event, before, after))

    def _credit(self, moment: int, piece: Piece, part: Part, why: Why) -> None:
        share_left = None if why.event is None else why.event.share_left
        if share_left is not None and Fraction(share_left) < part.exact and why.after == 0:
            left = max(Fraction(share_left), Fraction(0))
            part = Part(left.numerator, left.denominator, "times")
            why = why._replace(rule=rules.UNUSED_CREDIT)
        if not part.part:
            return
        amount = self._maker.amount(piece.rate, piece.quantity, part)
        span = (piece.start, piece.end)
        self.given_back = exact_sum((self.given_back, self._amends.left_of(amount)))
        self._amends.credit(moment, self._cycle, span, (piece.quantity, piece.rate, part), why)

    def _difference(self, moment: int, found: Difference, part: Part, event: Event | None) -> None:
        """One line: over the units where the price stayed, over the price where the units did, else over both."""
        old, new = found.old, found.new
        if old is None or new is None or not part.part:
            return
        sign, quantity, rate = net(old, new)
        why = Why(rules.DIFFERENCE, event, old.quantity, new.quantity)
        piece = Piece(found.start, found.end, quantity, rate, event)
        if sign > 0:
            self._one_charge(moment, piece, part, why)
        elif sign < 0:
            self._amends.credit(moment, self._cycle, (found.start, found.end), (quantity, rate, part), why)

    def _again(self, moment: int, pieces: list[Piece], found: Difference) -> None:
        """Reverse what was charged for the cycle, and charge every piece by itself."""
        event = self._event_of(moment, found)
        before = found.old.quantity if found.old else 0
        after = found.new.quantity if found.new else 0
        self._amends.reverse(moment, self._cycle, Why(rules.REVERSAL, event, before, after))
        for piece in pieces:
            part = part_of(self._billing, self._cycle, piece.start, piece.end)
            self._one_charge(moment, piece, part, Why(rules.SEGMENT, event, before, after))

    def _move(self, moment: int, old: list[Piece], before: rules.Cycle, after: rules.Cycle) -> list[Piece]:
        return old

    def _event_of(self, moment: int, found: Difference) -> Event | None:
        return self._known.event_at(self._window, moment, found)


def net(old: Piece, new: Piece) -> tuple[int, object, Rate]:
    """x."""
    raise NotImplementedError
