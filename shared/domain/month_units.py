"""The units of a month: which of them each line takes, where a price has tiers or free units.

Azure usage arrives as several lines (a subscription, a meter, a stretch of days each). All lines of one customer and
month that meet the same entry of the price list count together: charges first, by their first day, then credits, which
take back the last units charged. What the lines owe together is therefore what the sum of their units owes, in whatever
order the rows came.

What is prorated (seats, reservations, savings plans) counts by the line: its tiers and free units see the quantity of
that line, and its share of the cycle is taken of the result.

Not here: tiers themselves (``prices.tiers``), and amounts.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from shared.domain.adjusted_sales import SpecialTerms
from shared.domain.money import exact_sum
from shared.domain.prices import PriceBook, PriceEntry, PriceMethod, UnitsTaken, subject_of, units_taken
from shared.domain.proration import WHOLE, Proration, price_date
from shared.domain.source_lines import SourceLine, service_of


def units_of_month(
    lines: Sequence[SourceLine],
    prices: PriceBook,
    special: SpecialTerms | None = None,
    shares: Sequence[Proration] = (),
) -> dict[int, UnitsTaken]:
    """Return by index of the line what it takes, for the lines that count together; mostly nothing does.

    *lines* are those of one customer and month, in an order that does not depend on the order of rows. *special* says
    which day's price a line has, *shares* their shares of a cycle where they are known: a line counts under the very
    entry that it is charged by.
    """
    if not prices.counts_units:
        return {}
    together: dict[int, list[int]] = defaultdict(list)
    entries: dict[int, PriceEntry] = {}
    for index, line in enumerate(lines):
        entry = _counting_entry(line, prices, special, shares[index] if shares else WHOLE)
        if entry is not None:
            entries[id(entry)] = entry
            together[id(entry)].append(index)
    taken: dict[int, UnitsTaken] = {}
    for name, indexes in together.items():
        taken.update(_taken(entries[name], {index: lines[index] for index in indexes}))
    return taken


def _counting_entry(
    line: SourceLine, prices: PriceBook, special: SpecialTerms | None, share: Proration
) -> PriceEntry | None:
    if service_of(line).is_prorated or line.is_free_at_vendor or line.kind.is_adjustment:
        return None
    on = special.lock(line, share).price_on if special else price_date(line, share)
    found = prices.find(subject_of(line), on)
    return found.entry if found is not None and found.entry.counts_units else None


def _taken(entry: PriceEntry, lines: dict[int, SourceLine]) -> dict[int, UnitsTaken]:
    units = {index: line.units.copy_negate() if line.is_credit else line.units for index, line in lines.items()}
    total = exact_sum(units.values()) if entry.method is PriceMethod.VOLUME else None
    taken, before = {}, Decimal(0)
    for index in sorted(lines, key=lambda index: _order(lines[index])):
        taken[index] = units_taken(entry.tiers, entry.free_units, before, units[index], total)
        before = exact_sum((before, units[index]))
    return taken


def _order(line: SourceLine) -> tuple[bool, date]:
    return line.is_credit, line.charge.start if line.charge else date.min
