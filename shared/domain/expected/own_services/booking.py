"""Booking: the charges and credits of one charge cycle, and what they come to.

Invariants: credits never exceed the charges of their cycle; a credit names the charge it corrects.

Not here: which charges and credits there should be (``advance``, ``arrears``).
"""

from dataclasses import dataclass, field
from decimal import Decimal

from shared.domain.expected.lines import ExpectedLine
from shared.domain.expected.own_services import complaints, rules
from shared.domain.expected.own_services.credit_cap import Ledger
from shared.domain.expected.own_services.cycles import Cycle
from shared.domain.expected.own_services.making import Maker, Slot, Why
from shared.domain.expected.own_services.rates import Rate
from shared.domain.expected.own_services.shares import WHOLE, part_of
from shared.domain.expected.own_services.story import Grant
from shared.domain.issues import Issue
from shared.domain.money import exact_sum
from shared.domain.subscriptions.events import Quantity


@dataclass(slots=True)
class Booking:
    """What was charged and given back for one cycle. *booked* are its lines, but for granted amounts, and when."""

    maker: Maker
    cycle: Cycle
    ledger: Ledger = field(default_factory=Ledger)
    booked: list[tuple[int, ExpectedLine]] = field(default_factory=list)

    def net_at(self, moment: int) -> Decimal:
        """Return what charges minus credits came to at that moment."""
        return exact_sum(line.amount for arises, line in self.booked if arises == moment)

    def charge(self, arises: int, line: ExpectedLine) -> None:
        """Book a charge."""
        self.ledger.charge(line)
        self.booked.append((arises, line))
        self.maker.add(arises, line)

    def credit(self, slot: Slot, quantity: Quantity, rate: Rate, why: Why) -> None:
        """Book a credit over units, or over what is left of the charges where that is less; nothing where it is 0."""
        maker = self.maker
        wanted = maker.amount(rate, quantity, slot.part)
        if not wanted:
            return
        taken, corrected = self.ledger.take(wanted, slot.start)
        if taken == wanted:
            self._book(slot.arises, maker.line(slot, quantity, rate, why, (wanted, corrected)))
        elif taken:
            facts = (*why.inputs, ("uncapped", f"{wanted:f}"))
            why = why._replace(rule=rules.CAPPED_CREDIT, inputs=facts)
            self._book(slot.arises, maker.lump_back(slot, taken, corrected, why))

    def reverse(self, arises: int, why: Why) -> None:
        """Give back whatever is left of every charge of the cycle."""
        for line, left in self.ledger.take_all():
            self._book(arises, self.maker.reversal(arises, line, left, why))

    def grant(self, arises: int, grant: Grant, end: int) -> Issue | None:
        """Give back a granted amount, as far as charges of the cycle are left; else return what is wrong."""
        event = grant.event
        amount = event.amount or Decimal(0)
        taken, corrected = self.ledger.take(amount)
        if taken:
            facts = () if taken == amount else (("granted", f"{amount:f}"),)
            why = Why(rules.GRANTED_CREDIT, event, inputs=facts)
            start = min(max(grant.moment, self.cycle.start), end - 1)
            slot = self.maker.slot(arises, self.cycle, start, end, WHOLE)
            self.maker.add(arises, self.maker.lump_back(slot, taken, corrected, why))
        if taken == amount:
            return None
        why_not = f"only {taken:f} of {amount:f} is left of the charges of its cycle"
        return complaints.event_ignored(self.maker.subscription, event, why_not)

    def top_up(self, arises: int, start: int, end: int) -> None:
        """Charge what is missing to the minimum for the time from *start* to *end*; granted amounts do not count."""
        billing = self.maker.subscription.billing
        if not billing.minimum:
            return
        part = part_of(billing, self.cycle, start, end)
        owed = self.maker.share_of(billing.minimum, part) if billing.minimum_shrinks else billing.minimum
        missing = exact_sum((owed, *(line.amount.copy_negate() for _, line in self.booked)))
        if missing > 0:
            facts = (("minimum", f"{owed:f}"),)
            slot = self.maker.slot(arises, self.cycle, start, end, part)
            line = self.maker.lump(slot, missing, Why(rules.MINIMUM, inputs=facts))
            self.charge(arises, line._replace(charge_type=rules.MINIMUM_TYPE))

    def _book(self, arises: int, line: ExpectedLine) -> None:
        self.booked.append((arises, line))
        self.maker.add(arises, line)
