"""Microsoft's price sheet: what a partner pays and what Microsoft recommends to charge.

Not here: reading sheets from files (``shared/documents/price_sheets``).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.domain.proration import plan_name, term_name
from shared.domain.source_lines import SourceLine


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetPrice:
    """One row of Microsoft's price sheet: what a partner pays and what Microsoft recommends to charge."""

    product_id: str
    sku_id: str
    term: str
    billing_plan: str
    currency: str
    cost: Decimal
    erp: Decimal
    market: str = ""
    segment: str = ""
    title: str = ""
    valid_from: date | None = None
    valid_until: date | None = None


class PriceSheet:
    """Microsoft's price sheet made ready for look-up by product, SKU, term, plan and currency."""

    def __init__(self, rows: Iterable[SheetPrice], *, name: str = "price sheet") -> None:
        self.name = name
        self._rows: dict[tuple[str, ...], list[SheetPrice]] = defaultdict(list)
        for row in rows:
            self._rows[self._key(row.product_id, row.sku_id, row.term, row.billing_plan, row.currency)].append(row)

    def find(self, line: SourceLine, on: date | None) -> SheetPrice | None:
        """Return the row for *line* in its pricing currency in force *on* that day, or None.

        The customer's country is preferred to other markets, the commercial segment to others, a later row to an
        earlier one.
        """
        if not self._rows:
            return None
        currency = line.pricing_currency or line.cost.currency
        rows = self._rows.get(self._key(line.product_id, line.sku_id, term_name(line), plan_name(line), currency), [])
        in_force = [row for row in rows if _in_force(row, on)]
        return min(in_force, key=lambda row: _preference(row, line.customer_country), default=None)

    @staticmethod
    def _key(*parts: str) -> tuple[str, ...]:
        return tuple(part.casefold() for part in parts)


def _in_force(row: SheetPrice, on: date | None) -> bool:
    if on is None:
        return True
    return (row.valid_from is None or row.valid_from <= on) and (row.valid_until is None or on < row.valid_until)


def _preference(row: SheetPrice, country: str) -> tuple[bool, bool, int]:
    return (
        row.market.casefold() not in {"", country.casefold()},
        row.segment.casefold() not in {"", "commercial"},
        -(row.valid_from or date.min).toordinal(),
    )


NO_PRICE_SHEET = PriceSheet(())
