"""JSON without a loss: numbers become ``int`` or ``Decimal`` as written, a name given twice is refused.

Invariants: no number passes through a float; what is refused is refused with its place and its cure; a file that is
too large, too deep or not text never gets as far as the models.

Not here: what the names mean (``histories_model``).
"""

import json
from decimal import Decimal
from typing import Any, Never

from shared.domain.errors import InvalidError, LimitError

JSON_BYTES_MAX = 32 * 1024 * 1024
NUMBER_CHARACTERS_MAX = 80


def parse_exactly(content: bytes, name: str) -> Any:
    """Return the value that *content* holds; *name* stands in messages.

    Raises:
        InvalidError: it is no JSON, names something twice, or is nested without end.
        LimitError: it is larger than ``JSON_BYTES_MAX``.
    """
    if len(content) > JSON_BYTES_MAX:
        raise LimitError(f"{name}: {len(content)} bytes are more than {JSON_BYTES_MAX}. Split it by customer.")
    try:
        return json.loads(
            content.decode("utf-8-sig"),
            parse_float=_decimal,
            parse_int=_whole,
            parse_constant=_no_number,
            object_pairs_hook=_each_name_once,
        )
    except UnicodeDecodeError as error:
        raise InvalidError(f"{name}: byte {error.start} is not UTF-8. Save the file as UTF-8.") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidError(f"{name}: this is not JSON: {error.msg} at {where}. Correct the text there.") from error
    except InvalidError as error:
        raise InvalidError(f"{name}: {error}") from error
    except RecursionError as error:
        raise InvalidError(f"{name}: objects are nested too deeply. No history needs more than six levels.") from error


def _decimal(text: str) -> Decimal:
    return Decimal(_short(text))


def _whole(text: str) -> int:
    return int(_short(text))


def _short(text: str) -> str:
    if len(text) > NUMBER_CHARACTERS_MAX:
        raise LimitError(
            f"the number {text[:20]}... has {len(text)} characters. Write at most {NUMBER_CHARACTERS_MAX}."
        )
    return text


def _no_number(text: str) -> Never:
    raise InvalidError(f"{text} is no amount and no quantity. Write a number, or leave the field out.")


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise InvalidError(f"{name!r} is given twice in one object. Keep one of them.")
        made[name] = value
    return made
