"""One JSON line as delivered values: text, exact numbers and null; lists and objects stay JSON text.

Invariants: a number keeps each of its digits (the standard library hands over its text to Decimal).

Not here: the typed rows of daily usage (``daily_usage``), which are decoded in bulk.
"""

import json
from decimal import Decimal

from shared.domain.errors import SourceFileError


def json_values(row: bytes, file: str, line: int) -> dict[str, object]:
    """Return the values of one line by delivered name.

    Raises:
        SourceFileError: the line is no JSON object.
    """
    try:
        values = json.loads(row, parse_float=Decimal, parse_int=Decimal, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise SourceFileError(f"{file}: line {line} is no JSON object ({error}).") from error
    if not isinstance(values, dict):
        raise SourceFileError(f"{file}: line {line} is no JSON object.")
    return {key: _scalar(value) for key, value in values.items()}


def _scalar(value: object) -> object:
    if value is None or isinstance(value, str | Decimal):
        return value
    return json.dumps(value, default=str, ensure_ascii=False)
