"""Price lists: the reseller's prices, read from the CSV or XLSX file that a person keeps.

Every row becomes one ``PriceEntry``; a row that cannot be read is told with its row, column, value and cure, and all
such rows are told at once. Nothing is priced from a list with an error in it. ``ValidTo`` is the last day in the file
and becomes an exclusive end.

Not here: whether two rows claim the same day and which keys go together (``PriceBook``), who is in a customer group
(``customer_groups``), and Microsoft's price sheet (``price_sheets``).
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import BinaryIO, TypeVar

from shared.documents.handed_in import InCell, InRow, InTable, read_table
from shared.documents.price_list_values import (
    ValueRefusedError,
    day,
    exact_number,
    id_text,
    plain_text,
    sku_text,
    tier_texts,
)
from shared.domain.charge_types import folded as letters
from shared.domain.errors import InvalidError, LimitError, PriceListError
from shared.domain.prices import GLOBAL, PERCENT_MAX, PriceEntry, PriceKeys, PriceMethod, ScopeKind, Tier, entry_refused

PRICES_SHEET = "Prices"
COLUMNS = (
    "CustomerId",
    "ProductId",
    "SkuId",
    "Term",
    "BillingPlan",
    "MeterId",
    "MeterCategory",
    "ChargeType",
    "Method",
    "Value",
    "Currency",
    "ValidFrom",
    "ValidTo",
    "Note",
    "CustomerGroup",
    "SubscriptionId",
    "Vendor",
    "Tiers",
    "FreeUnits",
    "UpliftPercent",
    "UpliftAmount",
)
_SCOPES = {
    "CustomerId": ScopeKind.CUSTOMER,
    "CustomerGroup": ScopeKind.GROUP,
    "SubscriptionId": ScopeKind.SUBSCRIPTION,
}
_REQUIRED = ("Method", "Value")
TERMS = ("P1M", "P1Y", "P3Y", "P5Y")
BILLING_PLANS = ("Monthly", "Annual", "Triennial")
PROBLEMS_MAX = 50
_SHOWN_CHARACTERS_MAX = 60
_Read = TypeVar("_Read")
_BY_FOLDED_NAME = {name.casefold(): name for name in COLUMNS}


def read_price_list(stream: BinaryIO, name: str) -> list[PriceEntry]:
    """Read the price list in *stream*, CSV or XLSX by content; *name* is how errors call it.

    Raises:
        PriceListError: the file cannot be read, or some of its rows cannot; the message lists up to 50 of them.
        LimitError: the file is larger than a limit allows.
    """
    try:
        table = read_table(stream, name, PRICES_SHEET)
    except LimitError:
        raise
    except InvalidError as error:
        raise PriceListError(str(error)) from error
    if not table.rows:
        raise PriceListError(f"{name}: the file is empty; begin with a row of column names: {', '.join(COLUMNS)}")
    columns = _columns(table.rows[0], name)
    entries, problems = _entries(table, columns)
    if problems:
        raise PriceListError(_told(name, problems))
    if not entries:
        raise PriceListError(f"{name}: no row with a price below the column names")
    return entries


def _columns(header: InRow, name: str) -> list[str]:
    """Return the known name of each column, "" for one without a name.

    Raises:
        PriceListError: a name is unknown, stands twice, or a required one is missing.
    """
    found, problems = [], []
    for cell in header.cells:
        text = "" if cell is None else str(cell)
        known = _BY_FOLDED_NAME.get(_folded_name(text), "")
        if text and not known:
            problems.append(f"unknown column {_shown(text)}{_did_you_mean(text)}")
        elif known and known in found:
            problems.append(f"column {known} stands twice")
        found.append(known)
    problems += [f"column {required} is missing" for required in _REQUIRED if required not in found]
    if problems:
        raise PriceListError(f"{name}: {'; '.join(problems)}. Known columns: {', '.join(COLUMNS)}")
    return found


def _entries(table: InTable, columns: Sequence[str]) -> tuple[list[PriceEntry], list[str]]:
    entries: list[PriceEntry] = []
    problems: list[str] = []
    for row in table.rows[1:]:
        reader = _RowReader(row, columns, table.separator)
        entry = reader.entry()
        problems += reader.problems
        if entry is not None:
            entries.append(entry)
        if len(problems) >= PROBLEMS_MAX:
            break
    return entries, problems


class _RowReader:
    """Reads one row, cell by cell, keeping every problem instead of stopping at the first."""

    def __init__(self, row: InRow, columns: Sequence[str], separator: str) -> None:
        self.problems: list[str] = []
        self._number = row.number
        self._separator = separator
        self._cells: dict[str, InCell] = {}
        for index, cell in enumerate(row.cells):
            column = columns[index] if index < len(columns) else ""
            if cell is not None and column:
                self._cells[column] = cell
            elif cell is not None:
                self._refuse(f"column {index + 1}", str(cell), "the column has no name: name it, or empty the cell")

    def entry(self) -> PriceEntry | None:
        """Return the entry, or None where there are problems."""
        keys = self._keys()
        method = self._method()
        value, tiers, free_units = self._value(method), self._tiers(), self._amount("FreeUnits")
        uplift_percent, uplift_amount = self._amount("UpliftPercent"), self._amount("UpliftAmount")
        currency = self._currency(method, uplift_amount)
        valid_from, valid_until = self._validity()
        (scope, scope_kind), note = self._scope(), self._read("Note", plain_text)
        if self.problems or method is None or value is None:
            return None
        entry = PriceEntry(
            scope=scope,
            scope_kind=scope_kind,
            keys=keys,
            method=method,
            value=value,
            currency=currency,
            valid_from=valid_from,
            valid_until=valid_until,
            note=note or "",
            row=self._number,
            tiers=tiers,
            free_units=free_units,
            uplift_percent=uplift_percent,
            uplift_amount=uplift_amount,
        )
        refused = entry_refused(entry)
        if refused:
            self.problems.append(f"row {self._number}: {refused}")
        return entry

    def _keys(self) -> PriceKeys:
        return PriceKeys(
            charge_type=self._read("ChargeType", plain_text) or "",
            meter_id=self._read("MeterId", id_text) or "",
            product_id=self._read("ProductId", id_text) or "",
            sku_id=self._read("SkuId", sku_text) or "",
            term=self._one_of("Term", TERMS),
            billing_plan=self._one_of("BillingPlan", BILLING_PLANS),
            meter_category=self._read("MeterCategory", plain_text) or "",
            vendor=self._text("Vendor"),
        )

    def _scope(self) -> tuple[str, ScopeKind]:
        named = {column: self._read(column, id_text) or "" for column in _SCOPES}
        filled = [column for column, scope in named.items() if scope]
        for column in filled[1:]:
            self._refuse(column, named[column], f"a price is for one of {', '.join(filled)}: empty the other cell")
        return (named[filled[0]], _SCOPES[filled[0]]) if filled else (GLOBAL, ScopeKind.GLOBAL)

    def _method(self) -> PriceMethod | None:
        text = self._text("Method")
        for method in PriceMethod:
            if text and letters(text) == letters(method.value):
                return method
        self._refuse("Method", text, f"write one of {', '.join(method.value for method in PriceMethod)}")
        return None

    def _value(self, method: PriceMethod | None) -> Decimal | None:
        cell = self._cells.get("Value")
        if cell is None and method is not None and (method.is_tiered or method is PriceMethod.RETAIL):
            return Decimal(0) if method.is_tiered else Decimal(100)
        if cell is None:
            self._refuse("Value", "", "write a number such as 12.50")
            return None
        value = self._read("Value", lambda _: exact_number(cell, self._separator))
        if value is None:
            return None
        if value < 0:
            self._refuse("Value", str(cell), "a price or percentage cannot be negative")
        elif method is not None and not method.has_own_currency and value > PERCENT_MAX:
            self._refuse("Value", str(cell), f"a percentage is 0 to {PERCENT_MAX}")
        return value.copy_abs()

    def _amount(self, column: str) -> Decimal:
        """Return the number in an optional column, 0 for an empty cell; whether it is of use the entry says."""
        cell = self._cells.get(column)
        if cell is None:
            return Decimal(0)
        return self._read(column, lambda _: exact_number(cell, self._separator)) or Decimal(0)

    def _tiers(self) -> tuple[Tier, ...]:
        cell = self._cells.get("Tiers")
        try:
            return tuple(
                Tier(exact_number(units, self._separator), exact_number(price, self._separator))
                for units, price in tier_texts(cell)
            )
        except ValueRefusedError as refusal:
            self._refuse("Tiers", str(cell), str(refusal))
            return ()

    def _currency(self, method: PriceMethod | None, uplift_amount: Decimal) -> str:
        text = self._text("Currency").upper()
        is_needed = method is not None and (method.has_own_currency or uplift_amount > 0)
        if text and not (len(text) == 3 and text.isascii() and text.isalpha()):
            self._refuse("Currency", text, "write an ISO code such as EUR")
        elif method is not None and is_needed and not text:
            what = f"a {method.value} price" if method.has_own_currency else "an uplift as an amount"
            self._refuse("Currency", text, f"{what} needs its currency, such as EUR")
        elif method is not None and not is_needed and text:
            self._refuse("Currency", text, "a percentage has no currency of its own: leave the cell empty")
        return text

    def _validity(self) -> tuple[date | None, date | None]:
        first, last = self._read("ValidFrom", day), self._read("ValidTo", day)
        if first is not None and last is not None and last < first:
            self._refuse("ValidTo", str(last), f"it is before ValidFrom {first}; it is the last day the price applies")
        return first, None if last is None else last + timedelta(days=1)

    def _one_of(self, column: str, allowed: Sequence[str]) -> str:
        text = self._text(column)
        found = next((value for value in allowed if value.casefold() == text.casefold()), "")
        if text and not found:
            self._refuse(column, text, f"write one of {', '.join(allowed)}, or leave it empty for any")
        return found

    def _text(self, column: str) -> str:
        return self._read(column, plain_text) or ""

    def _read(self, column: str, parse: Callable[[InCell | None], _Read]) -> _Read | None:
        cell = self._cells.get(column)
        try:
            return parse(cell)
        except ValueRefusedError as refusal:
            self._refuse(column, str(cell), str(refusal))
            return None

    def _refuse(self, column: str, value: str, cure: str) -> None:
        self.problems.append(f"row {self._number}, {column} {_shown(value)}: {cure}")


def _told(name: str, problems: Sequence[str]) -> str:
    shown = "\n".join(f"- {problem}" for problem in problems[:PROBLEMS_MAX])
    more = f"\n(reading stopped after {PROBLEMS_MAX} problems)" if len(problems) >= PROBLEMS_MAX else ""
    count = f"{len(problems[:PROBLEMS_MAX])} problem{'s' if len(problems) > 1 else ''}"
    return f"{name}: {count}, nothing was read from it.\n{shown}{more}"


def _folded_name(text: str) -> str:
    return "".join(character for character in text.casefold() if character not in " _-\u00a0")


def _did_you_mean(text: str) -> str:
    close = get_close_matches(_folded_name(text), _BY_FOLDED_NAME, n=1)
    return f" (did you mean {_BY_FOLDED_NAME[close[0]]}?)" if close else ""


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN_CHARACTERS_MAX else f"{text[:_SHOWN_CHARACTERS_MAX]}...")
