"""A price list written back to the file format that it is read from, CSV or XLSX.

What is written and read again gives the same entries, but for the numbers of their rows. Every cell is text, so that a
spreadsheet neither drops zeros of an id nor runs a text as a formula.

Not here: reading (``price_lists``), the empty list to fill in (``price_list_template``).
"""

import csv
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from io import TextIOWrapper
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from shared.documents.package import write_same_bytes
from shared.documents.price_lists import COLUMNS, PRICES_SHEET
from shared.domain.prices import PriceEntry, ScopeKind

_SCOPES = {
    ScopeKind.CUSTOMER: "CustomerId",
    ScopeKind.GROUP: "CustomerGroup",
    ScopeKind.SUBSCRIPTION: "SubscriptionId",
}


def write_price_list(stream: BinaryIO, entries: Iterable[PriceEntry], *, as_xlsx: bool) -> None:
    """Write *entries* in their order, one row each, below the column names."""
    rows = [list(COLUMNS), *([_cells(entry).get(name, "") for name in COLUMNS] for entry in entries)]
    if as_xlsx:
        _write_xlsx(stream, rows)
        return
    text = TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    text.detach()


def _cells(entry: PriceEntry) -> dict[str, str]:
    scope = {_SCOPES[entry.scope_kind]: entry.scope} if entry.scope_kind in _SCOPES else {}
    last_day = entry.valid_until - timedelta(days=1) if entry.valid_until else None
    return {
        **entry.keys.named(),
        **scope,
        "Method": entry.method.value,
        "Value": "" if entry.method.is_tiered else f"{entry.value:f}",
        "Currency": entry.currency,
        "ValidFrom": str(entry.valid_from or ""),
        "ValidTo": str(last_day or ""),
        "Note": entry.note,
        "Tiers": "; ".join(f"{tier.from_units:f}:{tier.price:f}" for tier in entry.tiers),
        "FreeUnits": _optional(entry.free_units),
        "UpliftPercent": _optional(entry.uplift_percent),
        "UpliftAmount": _optional(entry.uplift_amount),
    }


def _optional(number: Decimal) -> str:
    return f"{number:f}" if number else ""


def _write_xlsx(stream: BinaryIO, rows: list[list[str]]) -> None:
    workbook = Workbook()
    workbook.properties.title = "Price list"
    sheet: Any = workbook.active
    sheet.title = PRICES_SHEET
    sheet.freeze_panes = "A2"
    for number, row in enumerate(rows, 1):
        for index, text in enumerate(row, 1):
            if text:
                cell = sheet.cell(number, index, ILLEGAL_CHARACTERS_RE.sub("", text))
                cell.number_format, cell.data_type = "@", "s"
    write_same_bytes(workbook, stream)
