"""A vendor's printed lines, explained: which arithmetics lead to each amount, and which of our expected lines it is.

Invariants: signs are compared, not assumed; an expected line answers for one printed line at most; a printed line that
nothing explains is an answer too.

Not here: the arithmetics (``rounding``), reading files.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.domain.expected.lines import ExpectedLine
from shared.domain.expected.rounding import MODES, RoundingMode, VendorAmount, modes_that_give
from shared.domain.money import exact_sum
from shared.domain.subscriptions.events import Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedLine:
    """A line as a vendor printed it. *amount* is signed; *start* inclusive, *end* exclusive.

    *printed* holds what the amount was computed from. Empty *subscription_id* and *charge_type* fit any line.
    """

    printed: VendorAmount
    start: date | None = None
    end: date | None = None
    subscription_id: str = ""
    charge_type: str = ""
    name: str = ""

    @property
    def amount(self) -> Decimal:
        """The printed amount."""
        return self.printed.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedLineAnswer:
    """*modes* lead to the printed amount; *index* is that of the expected line it is, if there is one.

    *difference* is what was printed less what was expected.
    """

    line: PrintedLine
    modes: tuple[RoundingMode, ...]
    amounts: tuple[tuple[RoundingMode, Decimal], ...]
    index: int | None = None
    difference: Decimal | None = None


def explain_printed(lines: Iterable[PrintedLine], expected: Sequence[ExpectedLine]) -> tuple[PrintedLineAnswer, ...]:
    """Return an answer for each printed line, in order."""
    free = dict(enumerate(expected))
    answers = []
    for line in lines:
        index = _found(line, free)
        ours = free.pop(index) if index is not None else None
        answers.append(
            PrintedLineAnswer(
                line=line,
                modes=modes_that_give(line.printed),
                amounts=tuple((mode, _amount(mode, line.printed)) for mode in MODES.values()),
                index=index,
                difference=None if ours is None else exact_sum((line.amount, ours.amount.copy_negate())),
            )
        )
    return tuple(answers)


def _amount(mode: RoundingMode, printed: VendorAmount) -> Decimal:
    amount = mode.amount(
        printed.price.copy_abs(),
        _unsigned(printed.quantity),
        printed.part,
        printed.whole,
        printed.rate,
        currency=printed.currency,
    )
    return amount.copy_negate() if amount and printed.amount < 0 else amount


def _found(line: PrintedLine, free: dict[int, ExpectedLine]) -> int | None:
    """Return the expected line that *line* is: the same kind and days; of several the one that is nearest to it."""
    fits = [index for index, ours in free.items() if _is(line, ours)]
    return min(fits, key=lambda index: abs(free[index].amount - line.amount), default=None)


def _is(line: PrintedLine, ours: ExpectedLine) -> bool:
    return (
        (line.start, line.end) == (ours.start, ours.end)
        and line.printed.currency == ours.currency
        and line.subscription_id in {"", ours.subscription.id}
        and line.charge_type.casefold() in {"", ours.charge_type.casefold()}
        and (line.amount < 0) == (ours.amount < 0)
        and _unsigned(line.printed.quantity) == ours.quantity
    )


def _unsigned(quantity: Quantity) -> Quantity:
    return -quantity if quantity < 0 else quantity
