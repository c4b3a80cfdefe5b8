"""Organisations from a file or a JSON body, as rows of texts by field name.

Columns, and names in JSON, are the fields of an organisation in any order and spelling of upper and lower case
(``TenantIds``, ``tenant ids``); only Id and Name must be there. Several domains or tenants in one cell are separated
by spaces.

Not here: what a row must hold (``shared/domain/organisations/reading``).
"""

import json
from collections.abc import Mapping, Sequence
from typing import BinaryIO

from shared.documents.handed_in import FILE_BYTES_MAX, InRow, read_table
from shared.domain.errors import InvalidError, LimitError
from shared.domain.organisations.reading import FIELDS

SHEET = "Organisations"
ROWS_MAX = 20_000
_BY_FOLDED_NAME = {name.replace("_", ""): name for name in FIELDS}

Rows = Sequence[tuple[int, Mapping[str, str]]]


def read_organisations(stream: BinaryIO, name: str) -> Rows:
    """Return line number and texts of each row of a CSV or XLSX file; *name* is how errors call it.

    Raises:
        InvalidError: it cannot be read, or a column is unknown, missing or there twice.
        LimitError: it is larger than a limit allows.
    """
    table = read_table(stream, name, SHEET)
    if not table.rows:
        raise InvalidError(f"{name}: the file is empty; begin with a row of column names: {', '.join(FIELDS)}")
    columns = [_column(str(cell or ""), name) for cell in table.rows[0].cells]
    if len(set(columns)) < len(columns) or not {"id", "name"} <= set(columns):
        raise InvalidError(f"{name}: give each column once, and at least Id and Name")
    return [(row.number, _texts(row, columns, name)) for row in table.rows[1:]]


def read_organisations_json(body: bytes) -> Rows:
    """Return the rows of ``{"organisations": [{"id": ..., "name": ..., "domains": [...]}]}``, or of the list alone.

    They are counted from 1.

    Raises:
        InvalidError: it is no such JSON; the message names the row and field.
        LimitError: it is larger than a file may be.
    """
    if len(body) > FILE_BYTES_MAX:
        raise LimitError(f"body: larger than {FILE_BYTES_MAX >> 20} MiB; split it")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidError('body: is no JSON; send {"organisations": [...]}, or a CSV file as text/csv') from error
    rows = value.get("organisations") if isinstance(value, dict) else value
    if not isinstance(rows, list) or len(rows) > ROWS_MAX:
        raise InvalidError(f"organisations: is missing, no list, or over {ROWS_MAX} long")
    return [(number, _object(number, row)) for number, row in enumerate(rows, 1)]


def _column(title: str, name: str) -> str:
    field = _field(title)
    if field is None:
        raise InvalidError(f"{name}: column {title[:60]!r} is not known; use {', '.join(FIELDS)}")
    return field


def _field(title: str) -> str | None:
    return _BY_FOLDED_NAME.get(title.casefold().replace(" ", "").replace("_", ""))


def _texts(row: InRow, columns: Sequence[str], name: str) -> dict[str, str]:
    if any(row.cells[len(columns) :]):
        raise InvalidError(f"{name}:{row.number}: more cells than column names: quote the comma")
    return {column: str(cell) for column, cell in zip(columns, row.cells, strict=False) if cell is not None}


def _object(number: int, row: object) -> dict[str, str]:
    if not isinstance(row, dict):
        raise InvalidError(f"organisations[{number - 1}]: is no object")
    texts: dict[str, str] = {}
    for field, value in row.items():
        several = isinstance(value, list) and all(isinstance(each, str) for each in value)
        if not several and not isinstance(value, str):
            raise InvalidError(f"organisations[{number - 1}].{field[:60]}: send text, or a list of texts")
        name = _field(field) or field
        if name in texts:
            raise InvalidError(f"organisations[{number - 1}].{field[:60]}: is there twice; keep one")
        texts[name] = " ".join(value) if several else str(value)
    return texts
