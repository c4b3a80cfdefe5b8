"""Styles: how the cells of a workbook look, registered once, known to the rows by number.

openpyxl keeps the style sheet; a cell format is registered by dressing a cell that is never written. Number formats are
neutral: Excel shows separators as its reader's language has them.

Not here: which cell gets which style.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Literal

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.differential import DifferentialStyle

_TEXT_FORMAT = "@"
_PALE = "FFE8EEF4"
_GREEN, _AMBER, _RED = "FFDFF0D8", "FFFFF2CC", "FFF8D7DA"
_LINE = Side(style="thin", color="FF8EA0B0")


class Style(StrEnum):
    """The looks there are; the values are names, not shown."""

    TEXT = "text"
    WRAPPED = "wrapped"
    LABEL = "label"
    TITLE = "title"
    SECTION = "section"
    HEADER = "header"
    NUMBER_HEADER = "number header"
    DATE = "date"
    INTEGER = "integer"
    QUANTITY = "quantity"
    PRICE = "price"
    PERCENT = "percent"
    MONEY_0 = "money 0"
    MONEY_2 = "money 2"
    MONEY_3 = "money 3"
    TOTAL_0 = "total 0"
    TOTAL_2 = "total 2"
    TOTAL_3 = "total 3"
    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True)
class _Look:
    number_format: str = _TEXT_FORMAT
    font: Font | None = None
    fill: str = ""
    is_wrapped: bool = False
    is_right: bool = False
    is_total: bool = False


def money_format(digits: int) -> str:
    """Return the number format for money with that many decimals: a minus sign, and red below zero."""
    number = "#,##0" + ("." + "0" * digits if digits else "")
    return f"{number};[Red]-{number}"


def money_style(digits: int) -> Style:
    """Return the style of an amount in a currency with 0, 2 or 3 decimals."""
    return Style(f"money {digits}")


def total_style(digits: int) -> Style:
    """Return the style of a sum in a currency with 0, 2 or 3 decimals."""
    return Style(f"total {digits}")


@cache
def _looks() -> dict[Style, _Look]:
    bold = Font(name="Calibri", size=11, bold=True)
    price = "#,##0.00########;[Red]-#,##0.00########"
    looks = {
        Style.TEXT: _Look(),
        Style.WRAPPED: _Look(is_wrapped=True),
        Style.LABEL: _Look(font=bold),
        Style.TITLE: _Look(font=Font(name="Calibri", size=16, bold=True)),
        Style.SECTION: _Look(font=Font(name="Calibri", size=12, bold=True)),
        Style.HEADER: _Look(font=bold, fill=_PALE),
        Style.NUMBER_HEADER: _Look(font=bold, fill=_PALE, is_right=True),
        Style.DATE: _Look("yyyy-mm-dd"),
        Style.INTEGER: _Look("#,##0"),
        Style.QUANTITY: _Look("#,##0.####"),
        Style.PRICE: _Look(price),
        Style.PERCENT: _Look("0.0%"),
        Style.GREEN: _Look(fill=_GREEN),
        Style.AMBER: _Look(fill=_AMBER),
        Style.RED: _Look(fill=_RED),
    }
    for digits in (0, 2, 3):
        looks[money_style(digits)] = _Look(money_format(digits))
        looks[total_style(digits)] = _Look(money_format(digits), font=bold, is_total=True)
    return looks


def register(workbook: Workbook) -> dict[Style, int]:
    """Return the number of each style in the style sheet of *workbook*, which has a sheet already."""
    sheet = workbook.worksheets[0]
    numbers = {}
    for style, look in _looks().items():
        cell = WriteOnlyCell(sheet)
        cell.number_format = look.number_format
        if look.font is not None:
            cell.font = look.font
        if look.fill:
            cell.fill = PatternFill("solid", fgColor=look.fill)
        if look.is_wrapped:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        if look.is_right:
            cell.alignment = Alignment(horizontal="right")
        if look.is_total:
            cell.border = Border(top=_LINE)
        numbers[style] = cell.style_id
    return numbers


def below_zero() -> Rule:
    """Return the rule that marks a number below zero."""
    return _marking("lessThan")


def not_zero() -> Rule:
    """Return the rule that marks a difference."""
    return _marking("notEqual")


def _marking(operator: Literal["lessThan", "notEqual"]) -> Rule:
    look = DifferentialStyle(font=Font(color="FF9C0006"), fill=PatternFill(bgColor=_RED))
    return Rule(type="cellIs", operator=operator, formula=["0"], dxf=look)
