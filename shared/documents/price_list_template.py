"""The template of a price list: the columns, four prices as examples, and what each column takes.

The examples are remarks: they begin with ``#`` and price nothing until somebody takes that away, so that a template
sent in by mistake parks everybody instead of billing at example prices.

Not here: reading (``price_lists``).
"""

import csv
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from shared.documents.package import write_same_bytes
from shared.documents.price_lists import BILLING_PLANS, COLUMNS, PRICES_SHEET, TERMS
from shared.domain.prices import PriceMethod

_MEANINGS = {
    "CustomerId": "The customer's tenant id for a price of his own; empty for everybody, a group or a subscription.",
    "ProductId": "Microsoft's product id, such as CFQ7TTC0LH18; empty for any.",
    "SkuId": "Microsoft's SKU id with its leading zeros, such as 0001 (text in a spreadsheet); empty for any.",
    "Term": f"{', '.join(TERMS)}; empty for any.",
    "BillingPlan": f"{', '.join(BILLING_PLANS)}; empty for any.",
    "MeterId": "For usage: Microsoft's meter id; empty for any.",
    "MeterCategory": "For usage: Microsoft's meter category, such as Storage; empty for any.",
    "ChargeType": "Microsoft's charge type, such as customerCredit; empty for any.",
    "Method": f"{', '.join(method.value for method in PriceMethod)}.",
    "Value": "fixed: price of one unit and full charge cycle. Else percent: of or off ERP, added to cost (markup), "
    "of the price (margin), of retail. Empty for graduated and volume, whose prices stand in Tiers.",
    "Currency": "For fixed prices, tiers and an uplift as an amount: an ISO code such as EUR. Else empty.",
    "ValidFrom": "The first day of the price, 2026-10-31; empty for no beginning.",
    "ValidTo": "The last day of the price, included; empty for no end.",
    "Note": "Anything; it is not used.",
    "CustomerGroup": "The name of a customer group for a price of its customers; else empty.",
    "SubscriptionId": "Microsoft's subscription id for a price of that subscription; else empty.",
    "Vendor": "The publisher's name, for everything of his; Microsoft is one vendor. Empty for any.",
    "Tiers": "graduated, volume: first unit and price of each tier as text, 1:1.00; 101:0.80. Usage counts by the "
    "month, seats by the line.",
    "FreeUnits": "So many units of each month (of each line, for seats) are free, the first ones; empty for none.",
    "UpliftPercent": "Percent added to the price made by the method, such as support; empty for none.",
    "UpliftAmount": "An amount added to the price of each unit and full charge cycle; empty for none.",
}
_REMARK = "# example"
_EXAMPLES: tuple[dict[str, str], ...] = (
    {
        "CustomerId": _REMARK,
        "ProductId": "CFQ7TTC0LH18",
        "SkuId": "0001",
        "Term": "P1Y",
        "BillingPlan": "Monthly",
        "Method": "fixed",
        "Value": "12.10",
        "Currency": "EUR",
        "ValidFrom": "2026-01-01",
        "ValidTo": "2026-12-31",
        "Note": "one product, one year",
    },
    {
        "CustomerId": _REMARK,
        "ProductId": "CFQ7TTC0LF8Q",
        "Method": "percent_of_erp",
        "Value": "95",
        "Note": "5 percent below ERP",
    },
    {
        "CustomerId": _REMARK,
        "MeterCategory": "Storage",
        "Method": "graduated",
        "Currency": "EUR",
        "Tiers": "1:0.020; 101:0.018",
        "FreeUnits": "10",
        "Note": "10 units free, 100 at 0.020, the rest at 0.018",
    },
    {
        "CustomerId": _REMARK,
        "Method": "markup_on_cost",
        "Value": "15",
        "Note": "everything else, cost plus 15 percent",
    },
)
_RULE = (
    "The subscription's own rows come first, then the customer's, his groups', everybody's; of these the row that says "
    "most: meter, SKU, product, meter category, vendor, the rest. "
    "Rows that begin with # are not read; empty that cell to use an example."
)
_WIDTH, _WIDE = 18, 110
_TEXT_ROWS = 1_000  # so many rows are ready for ids, as text


def write_template(stream: BinaryIO, *, as_xlsx: bool) -> None:
    """Write an example price list, as a workbook or as CSV, with what each column means."""
    if as_xlsx:
        _write_xlsx(stream)
    else:
        _write_csv(stream)


def _write_csv(stream: BinaryIO) -> None:
    text = TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    for name, meaning in _MEANINGS.items():
        writer.writerow([f"# {name}: {meaning}"])
    writer.writerow([f"# {_RULE}"])
    writer.writerow(COLUMNS)
    writer.writerows([example.get(name, "") for name in COLUMNS] for example in _EXAMPLES)
    text.detach()


def _write_xlsx(stream: BinaryIO) -> None:
    workbook = Workbook()
    workbook.properties.title = "Price list"
    prices: Any = workbook.active
    prices.title = PRICES_SHEET
    _fill(prices, [COLUMNS, *([example.get(name, "") for name in COLUMNS] for example in _EXAMPLES)])
    for row in prices.iter_rows(min_row=2, max_row=_TEXT_ROWS, max_col=len(COLUMNS)):
        for cell in row:
            cell.number_format = "@"
    for index in range(1, len(COLUMNS) + 1):
        prices.column_dimensions[get_column_letter(index)].width = _WIDTH
    prices.freeze_panes = "A2"
    meanings = workbook.create_sheet("Read me")
    _fill(meanings, [("Column", "Meaning"), *_MEANINGS.items(), ("", _RULE)])
    meanings.column_dimensions["A"].width, meanings.column_dimensions["B"].width = _WIDTH, _WIDE
    write_same_bytes(workbook, stream)


def _fill(sheet: Any, rows: Sequence[Sequence[str]]) -> None:
    for row in rows:
        sheet.append([text or None for text in row])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="FFE8EEF4")
        cell.alignment = Alignment(vertical="top")
