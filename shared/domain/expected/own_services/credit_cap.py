"""What is left of each charge: a credit is never more than what is still un-credited of the cycle it corrects.

Sources: Kill Bill, repair after an adjustment: a later repair gives back at most what the adjustment left.

Not here: how much a credit should be (``advance``).
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from shared.domain.expected.lines import ExpectedLine
from shared.domain.money import exact_sum


@dataclass(slots=True)
class _Charge:
    line: ExpectedLine
    left: Decimal


@dataclass(slots=True)
class Ledger:
    """The charges of one cycle, in the order in which they were made, and what is left of each."""

    _charges: list[_Charge] = field(default_factory=list)

    def charge(self, line: ExpectedLine) -> None:
        """Note a charge."""
        self._charges.append(_Charge(line, line.amount))

    @property
    def left(self) -> Decimal:
        """What could still be given back."""
        return exact_sum(charge.left for charge in self._charges)

    def open_charges(self) -> list[tuple[ExpectedLine, Decimal]]:
        """Return the charges of which something is left, the oldest first."""
        return [(charge.line, charge.left) for charge in self._charges if charge.left > 0]

    def take(self, amount: Decimal, start: date | None = None) -> tuple[Decimal, ExpectedLine | None]:
        """Take at most *amount* from the charges, the newest that begins by *start* first.

        Returns what was taken, and the charge that the credit corrects.
        """
        taken, corrected = Decimal(0), None
        for charge in sorted(reversed(self._charges), key=lambda charge: not _is_by(charge.line, start)):
            part = min(charge.left, exact_sum((amount, taken.copy_negate())))
            if part > 0:
                charge.left = exact_sum((charge.left, part.copy_negate()))
                taken, corrected = exact_sum((taken, part)), corrected or charge.line
        return taken, corrected


def _is_by(line: ExpectedLine, start: date | None) -> bool:
    return start is None or line.start is None or line.start <= start
