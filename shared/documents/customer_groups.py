"""Customer groups from a file: which customers share the prices of a group.

Columns: CustomerId, Group; one row for each customer of a group, in any order. A customer may be in several groups. The
rows may stand in a file of their own, or in the sheet ``CustomerGroups`` of the price list's workbook.

Not here: what a group's prices are (``price_lists``), and two groups that claim one price (``PriceBook``).
"""

from collections import defaultdict
from typing import BinaryIO

from shared.documents.handed_in import InCell, InRow, read_table
from shared.documents.price_list_values import ValueRefusedError, id_text, plain_text
from shared.domain.errors import InvalidError

GROUPS_SHEET = "CustomerGroups"
COLUMNS = ("CustomerId", "Group")
PROBLEMS_MAX = 50
_BY_FOLDED_NAME = {name.casefold(): name for name in COLUMNS}


def read_customer_groups(stream: BinaryIO, name: str) -> dict[str, tuple[str, ...]]:
    """Return the customers of each group in *stream*, in file order; groups are told apart without regard to case.

    *name* is how errors call the file.

    Raises:
        InvalidError: a column is missing or unknown, or a cell is empty or unusable; the message lists up to 50.
        LimitError: the file is larger than a limit allows.
    """
    table = read_table(stream, name, GROUPS_SHEET)
    if not table.rows:
        raise InvalidError(f"{name}: the file is empty; begin with a row of column names: {', '.join(COLUMNS)}")
    columns = [_BY_FOLDED_NAME.get(_folded(cell), "") for cell in table.rows[0].cells]
    if sorted(columns) != sorted(COLUMNS):
        titles = ", ".join(str(cell or "") for cell in table.rows[0].cells)
        raise InvalidError(f"{name}: columns {titles}; use {' and '.join(COLUMNS)}, each once, and no others")
    groups: dict[str, tuple[str, list[str]]] = {}
    problems: list[str] = []
    for row in table.rows[1:]:
        try:
            customer_id, group = _member(row, columns)
        except ValueRefusedError as refusal:
            problems.append(f"row {row.number}: {refusal}")
        else:
            groups.setdefault(group.casefold(), (group, []))[1].append(customer_id)
    if problems:
        shown = "\n".join(f"- {problem}" for problem in problems[:PROBLEMS_MAX])
        raise InvalidError(
            f"{name}: {len(problems)} problem{'s' * (len(problems) > 1)}, nothing was read from it.\n{shown}"
        )
    return {group: tuple(dict.fromkeys(customers)) for group, customers in groups.values()}


def _member(row: InRow, columns: list[str]) -> tuple[str, str]:
    cells: dict[str, InCell | None] = defaultdict(lambda: None, zip(columns, row.cells, strict=False))
    if any(row.cells[len(columns) :]):
        raise ValueRefusedError("more cells than column names: quote the comma")
    customer_id, group = id_text(cells["CustomerId"]), plain_text(cells["Group"])
    if not customer_id or not group:
        raise ValueRefusedError("write both the customer's tenant id and the name of the group")
    return customer_id, group


def _folded(cell: InCell | None) -> str:
    return str(cell or "").casefold().replace(" ", "").replace("_", "")
