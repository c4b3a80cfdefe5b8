"""One correction: how a reseller shows a legacy month, the cycle's own fees and everything else as one amount.

Sources: AppXite, "Charge aggregation".

Not here: the lines themselves.
"""

from collections.abc import Iterable
from decimal import Decimal

from shared.domain.expected.legacy import rules
from shared.domain.expected.lines import ExpectedLine, UnitPrice
from shared.domain.expected.rounding import MODES
from shared.domain.money import exact_sum


def as_one_correction(lines: Iterable[ExpectedLine]) -> tuple[ExpectedLine, ...]:
    """Return the fees of whole cycles as they are, then one line of quantity 1 that is the sum of all others.

    The lines are of one subscription and one currency. A sum of nothing has no line.
    """
    given = tuple(lines)
    kept = tuple(line for line in given if line.charge_type in rules.CYCLE_TYPES)
    others = tuple(line for line in given if line.charge_type not in rules.CYCLE_TYPES)
    total = exact_sum(line.amount for line in others)
    return (*kept, _correction(others, total)) if total else kept


def _correction(others: tuple[ExpectedLine, ...], total: Decimal) -> ExpectedLine:
    amount = total.copy_abs()
    return others[0]._replace(
        rule=rules.ONE_CORRECTION,
        charge_type=rules.CORRECTION,
        event=None,
        start=min((line.start for line in others if line.start is not None), default=None),
        end=max((line.end for line in others if line.end is not None), default=None),
        cycle=None,
        part=1,
        whole=1,
        quantity=1,
        sign=-1 if total < 0 else 1,
        price=UnitPrice(amount, amount, Decimal(0), f"sum of {len(others)} lines"),
        amount=total,
        mode=MODES["half_up"],
        quantity_before=None,
        quantity_after=None,
        corrects=None,
        counted="times",
        inputs=(),
    )
