"""Subscription details from a file: friendly names and purchase orders that the reseller keeps.

Columns: SubscriptionId, FriendlyName, PurchaseOrder, PurchaseOrderFrom, PurchaseOrderTo (the last day, included). One
row for each purchase order of a subscription; the friendly name may stand in any of them.

Not here: which details a line gets (``shared/domain/subscription_details``).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import BinaryIO

from shared.documents.handed_in import InCell, InRow, read_table
from shared.documents.price_list_values import ValueRefusedError, day, id_text, plain_text
from shared.domain.errors import InvalidError
from shared.domain.subscription_details import SubscriptionDetails

COLUMNS = ("SubscriptionId", "FriendlyName", "PurchaseOrder", "PurchaseOrderFrom", "PurchaseOrderTo")
PROBLEMS_MAX = 50
_BY_FOLDED_NAME = {name.casefold(): name for name in COLUMNS}


def read_subscription_details(stream: BinaryIO, name: str) -> list[SubscriptionDetails]:
    """Read the details in *stream*; *name* is how errors call it.

    Raises:
        InvalidError: a column is unknown or missing, a value is not usable, or two purchase orders of one
            subscription claim the same day; the message lists up to 50 problems.
        LimitError: the file is larger than a limit allows.
    """
    table = read_table(stream, name)
    if not table.rows:
        raise InvalidError(f"{name}: the file is empty; begin with a row of column names: {', '.join(COLUMNS)}")
    columns = _columns(table.rows[0], name)
    details: list[tuple[int, SubscriptionDetails]] = []
    problems: list[str] = []
    for row in table.rows[1:]:
        try:
            details.append((row.number, _details(row, columns)))
        except ValueRefusedError as refusal:
            problems.append(f"row {row.number}: {refusal}")
    problems += _overlaps(details)
    if problems:
        shown = "\n".join(f"- {problem}" for problem in problems[:PROBLEMS_MAX])
        raise InvalidError(f"{name}: {len(problems)} problems, nothing was read from it.\n{shown}")
    return [detail for _, detail in details]


def _columns(header: InRow, name: str) -> list[str]:
    titles = [str(cell or "") for cell in header.cells]
    found = [_BY_FOLDED_NAME.get(title.casefold().replace(" ", "").replace("_", ""), "") for title in titles]
    unknown = [title for title, known in zip(titles, found, strict=True) if title and not known]
    if unknown or "SubscriptionId" not in found or len(set(filter(None, found))) != len(list(filter(None, found))):
        raise InvalidError(
            f"{name}: columns {', '.join(titles)}; use {', '.join(COLUMNS)}, each once, SubscriptionId at least"
        )
    return found


def _details(row: InRow, columns: Sequence[str]) -> SubscriptionDetails:
    cells: dict[str, InCell | None] = dict(zip(columns, row.cells, strict=False))
    if len(row.cells) > len(columns) and any(row.cells[len(columns) :]):
        raise ValueRefusedError("more cells than column names: name the column, or quote the comma")
    subscription_id = id_text(cells.get("SubscriptionId"))
    if not subscription_id:
        raise ValueRefusedError("SubscriptionId is empty: write the subscription's id")
    first, last = day(cells.get("PurchaseOrderFrom")), day(cells.get("PurchaseOrderTo"))
    if first is not None and last is not None and last < first:
        raise ValueRefusedError(f"PurchaseOrderTo {last} is before PurchaseOrderFrom {first}; it is the last day")
    return SubscriptionDetails(
        subscription_id=subscription_id,
        friendly_name=plain_text(cells.get("FriendlyName")),
        purchase_order=plain_text(cells.get("PurchaseOrder")),
        valid_from=first,
        valid_until=None if last is None else last + timedelta(days=1),
    )


def _overlaps(details: Sequence[tuple[int, SubscriptionDetails]]) -> Iterator[str]:
    """Yield a problem for each purchase order that begins before the one before it has ended."""
    orders: dict[str, list[tuple[int, SubscriptionDetails]]] = defaultdict(list)
    for number, detail in details:
        if detail.purchase_order:
            orders[detail.subscription_id.casefold()].append((number, detail))
    for own in orders.values():
        own.sort(key=lambda item: item[1].valid_from or date.min)
        for (row, earlier), (next_row, later) in pairwise(own):
            if earlier.valid_until is None or (later.valid_from or date.min) < earlier.valid_until:
                yield (
                    f"rows {row} and {next_row}: two purchase orders for {later.subscription_id} on the same days; "
                    "let the first end before the second begins"
                )
