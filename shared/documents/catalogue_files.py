"""The reseller's catalogue from a file: categories, product groups, texts, limits and add-ons of products.

Columns: ProductId, SkuId, Category, ProductGroup, Title, Description, Minimum, Maximum, AddOnOf; only ProductId is
needed. A row without SkuId is about every SKU of the product. AddOnOf holds item codes (``ProductId:SkuId``, or a
product id for all of its SKUs), separated by semicolons.

Not here: Microsoft's price sheet (``price_sheets``), the search (``shared/domain/catalogue``).
"""

from collections import defaultdict
from typing import BinaryIO

from shared.documents.handed_in import InCell, InRow, read_table
from shared.documents.price_list_values import ValueRefusedError, exact_number, id_text, plain_text, sku_text
from shared.domain.catalogue import CatalogueEntry
from shared.domain.errors import InvalidError

COLUMNS = (
    "ProductId",
    "SkuId",
    "Category",
    "ProductGroup",
    "Title",
    "Description",
    "Minimum",
    "Maximum",
    "AddOnOf",
)
PROBLEMS_MAX = 50
_BY_FOLDED_NAME = {name.casefold(): name for name in COLUMNS}


def read_catalogue(stream: BinaryIO, name: str) -> list[CatalogueEntry]:
    """Return what *stream*, CSV or XLSX, says about products; *name* is how errors call it.

    Raises:
        InvalidError: a column is unknown or missing, a cell is unusable, or a product stands twice; the message lists
            up to 50 problems.
        LimitError: the file is larger than a limit allows.
    """
    table = read_table(stream, name)
    if not table.rows:
        raise InvalidError(f"{name}: the file is empty; begin with a row of column names: {', '.join(COLUMNS)}")
    columns = _columns(table.rows[0], name)
    entries: dict[tuple[str, str], CatalogueEntry] = {}
    problems: list[str] = []
    for row in table.rows[1:]:
        try:
            entry = _entry(row, columns, table.separator)
        except ValueRefusedError as refusal:
            problems.append(f"row {row.number}: {refusal}")
        else:
            key = (entry.product_id.casefold(), entry.sku_id.casefold())
            if entries.setdefault(key, entry) is not entry:
                told = f"{entry.product_id} {entry.sku_id}".strip()
                problems.append(f"row {row.number}: {told} stands twice: remove one of the rows")
    if problems:
        shown = "\n".join(f"- {problem}" for problem in problems[:PROBLEMS_MAX])
        raise InvalidError(f"{name}: {len(problems)} problems, nothing was read from it.\n{shown}")
    return list(entries.values())


def _columns(header: InRow, name: str) -> list[str]:
    titles = [str(cell or "") for cell in header.cells]
    found = [_BY_FOLDED_NAME.get(title.casefold().replace(" ", "").replace("_", ""), "") for title in titles]
    unknown = [title for title, known in zip(titles, found, strict=True) if title and not known]
    named = [known for known in found if known]
    if unknown or "ProductId" not in found or len(set(named)) != len(named):
        raise InvalidError(
            f"{name}: columns {', '.join(titles)}; use {', '.join(COLUMNS)}, each once, ProductId at least"
        )
    return found


def _entry(row: InRow, columns: list[str], separator: str) -> CatalogueEntry:
    if any(row.cells[len(columns) :]):
        raise ValueRefusedError("more cells than column names: name the column, or quote the comma")
    cells: dict[str, InCell | None] = defaultdict(lambda: None, zip(columns, row.cells, strict=False))
    product_id = id_text(cells["ProductId"])
    if not product_id:
        raise ValueRefusedError("ProductId is empty: write the product's id")
    minimum, maximum = _units(cells, "Minimum", separator), _units(cells, "Maximum", separator)
    if minimum is not None and maximum is not None and maximum < minimum:
        raise ValueRefusedError(f"Maximum {maximum} is less than Minimum {minimum}")
    return CatalogueEntry(
        product_id=product_id,
        sku_id=sku_text(cells["SkuId"]),
        category=plain_text(cells["Category"]),
        product_group=plain_text(cells["ProductGroup"]),
        title=plain_text(cells["Title"]),
        description=plain_text(cells["Description"]),
        minimum=minimum,
        maximum=maximum,
        add_on_of=tuple(filter(None, (code.strip() for code in plain_text(cells["AddOnOf"]).split(";")))),
    )


def _units(cells: dict[str, InCell | None], column: str, separator: str) -> int | None:
    cell = cells[column]
    if cell is None:
        return None
    try:
        number = exact_number(cell, separator)
    except ValueRefusedError as refusal:
        raise ValueRefusedError(f"{column} {str(cell)[:60]!r}: {refusal}") from refusal
    if number < 0 or number != number.to_integral_value():
        raise ValueRefusedError(f"{column} {number:f}: write a whole number of units, such as 1")
    return int(number)
