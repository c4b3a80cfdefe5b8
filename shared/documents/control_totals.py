"""Control totals from a file: what Microsoft's invoices say they hold, to prove that nothing is missing.

Columns: InvoiceNumber, Currency, Lines (rows in the file, optional), Subtotal (before tax). A legacy licence file
carries no invoice number; leave InvoiceNumber empty for it.

Not here: the comparison (``shared/domain/source_files``).
"""

from decimal import Decimal, InvalidOperation
from typing import BinaryIO

from shared.documents.handed_in import InRow, read_table
from shared.domain.errors import InvalidError
from shared.domain.source_files import ControlTotal

COLUMNS = ("InvoiceNumber", "Currency", "Lines", "Subtotal")
_CURRENCY_LETTERS = 3


def read_control_totals(stream: BinaryIO, name: str) -> list[ControlTotal]:
    """Read the totals in *stream*; *name* is how errors call it.

    Raises:
        InvalidError: a column is missing or a value cannot be used.
        LimitError: the file is larger than a limit allows.
    """
    table = read_table(stream, name)
    header = [str(cell or "").strip().casefold() for cell in table.rows[0].cells] if table.rows else []
    missing = [column for column in ("InvoiceNumber", "Currency", "Subtotal") if column.casefold() not in header]
    if missing:
        raise InvalidError(f"{name}: the column {missing[0]} is missing; use {', '.join(COLUMNS)}")
    return [_control_total(row, header, name) for row in table.rows[1:]]


def _control_total(row: InRow, header: list[str], name: str) -> ControlTotal:
    cells = {column: str(cell or "").strip() for column, cell in zip(header, row.cells, strict=False)}
    currency = cells.get("currency", "").upper()
    if len(currency) != _CURRENCY_LETTERS or not currency.isalpha():
        raise InvalidError(f"{name}, row {row.number}: Currency {currency!r} is no code such as EUR")
    lines = cells.get("lines", "")
    if lines and not lines.isdigit():
        raise InvalidError(f"{name}, row {row.number}: Lines {lines!r} is no count; leave it empty if you do not know")
    return ControlTotal(
        invoice_number=cells.get("invoicenumber", ""),
        currency=currency,
        cost=_amount(cells.get("subtotal", ""), f"{name}, row {row.number}"),
        rows=int(lines) if lines else None,
    )


def _amount(text: str, where: str) -> Decimal | None:
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise InvalidError(f"{where}: Subtotal {text!r} is no amount such as 1234.56") from error
    if not amount.is_finite():
        raise InvalidError(f"{where}: Subtotal {text!r} is no amount such as 1234.56")
    return amount
