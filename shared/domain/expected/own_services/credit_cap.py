"""What is left of each charge: a credit is never more than what is still un-credited of the cycle it corrects.

Sources: Kill Bill, repair after an adjustment: a later repair gives back at most what the adjustment left.

Not here: how much a credit should be (``advance``).
"""

from datetime import date
from decimal import Decimal

from shared.domain.expected.lines import ExpectedLine
from shared.domain.money import EXACT

_NOTHING = Decimal(0)
_plus, _minus = EXACT.add, EXACT.subtract


class Ledger:
    """The charges of one cycle, in the order in which they were made, and what is left of each."""

    def __init__(self) -> None:
        self._lines: list[ExpectedLine] = []
        self._left: list[Decimal] = []

    def charge(self, line: ExpectedLine) -> None:
        """Note a charge."""
        self._lines.append(line)
        self._left.append(line.amount)

    def take(self, amount: Decimal, from_on: date | None = None) -> tuple[Decimal, ExpectedLine | None]:
        """Take at most *amount* from the charges: the newest that begins by *from_on* first, then any.

        Returns what was taken, and the charge that the credit corrects.
        """
        lines, left = self._lines, self._left
        if lines and amount < left[-1] and not _begins_later(lines[-1], from_on):
            left[-1] = _minus(left[-1], amount)
            return amount, lines[-1] if amount else None
        taken, corrected = _NOTHING, None
        newest_first = range(len(self._lines) - 1, -1, -1)
        for index in sorted(newest_first, key=lambda index: _begins_later(self._lines[index], from_on)):
            part = min(self._left[index], _minus(amount, taken))
            if part > 0:
                self._left[index] = _minus(self._left[index], part)
                taken, corrected = _plus(taken, part), corrected or self._lines[index]
        return taken, corrected

    def take_all(self) -> list[tuple[ExpectedLine, Decimal]]:
        """Take whatever is left of every charge; the charges and what was left of them, the oldest first."""
        found = [(line, left) for line, left in zip(self._lines, self._left, strict=True) if left > 0]
        self._left = [_NOTHING] * len(self._lines)
        return found


def _begins_later(line: ExpectedLine, from_on: date | None) -> bool:
    return from_on is not None and line.start is not None and line.start > from_on
