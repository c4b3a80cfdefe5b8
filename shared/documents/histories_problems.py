"""What is wrong with a history file, in words: the path, the value and the cure of every problem, all at once.

Not here: the rules for values (``histories_values``) and names (``histories_part``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from shared.domain.errors import InvalidError

PROBLEMS_SHOWN_MAX = 50
_VALUE_CHARACTERS_MAX = 60
_SAYS = {
    "missing": "is missing: add it",
    "model_type": "is no object: write {{...}}",
    "dict_type": "is no object: write {{...}}",
    "list_type": "is no list: write [...]",
    "string_type": "is no text: put it in quotation marks",
    "string_too_long": "is too long: at most {max_length} characters",
    "too_long": "has too many entries: at most {max_length}",
    "bool_type": "is neither true nor false: write one of them, without quotation marks",
    "int_type": "is no whole number",
    "int_parsing": "is no whole number",
    "int_from_float": "is no whole number",
    "greater_than_equal": "is too small: at least {ge}",
    "less_than_equal": "is too large: at most {le}",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: where it stands in the file, what stands there (None: an object or nothing), and the cure."""

    path: str
    value: Any
    says: str

    def __str__(self) -> str:
        shown = _shown(self.value)
        stop = "" if self.says.endswith("?") else "."
        return f"{self.path or 'the file'}: {f'{shown} ' if shown else ''}{self.says}{stop}"


def problems_of(error: ValidationError) -> list[Problem]:
    """Return the problems that a model found, in the order of the file."""
    return [
        Problem(json_path(each["loc"]), None if each["type"] == "missing" else each["input"], _says(each))
        for each in error.errors(include_url=False)
    ]


def refused(name: str, problems: Sequence[Problem]) -> InvalidError:
    """Return the error that lists all problems of the file *name*."""
    count = f"{len(problems)} problems" if len(problems) > 1 else "1 problem"
    shown = [f"  {problem}" for problem in problems[:PROBLEMS_SHOWN_MAX]]
    rest = len(problems) - len(shown)
    more = [f"  and {rest} more."] if rest else []
    return InvalidError("\n".join([f"{name}: {count}; docs/history-format.md describes every field.", *shown, *more]))


def json_path(location: Sequence[str | int]) -> str:
    """Return a place in a file as people write it: ``subscriptions[0].events[1].quantity``."""
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part != "[key]":
            path += f".{part}" if path else part
    return path


def _says(each: Any) -> str:
    context = each.get("ctx", {})
    if "says" in context:
        return str(context["says"])
    return _SAYS.get(each["type"], str(each["msg"])).format(**context)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, str):
        return repr(value if len(value) <= _VALUE_CHARACTERS_MAX else f"{value[:_VALUE_CHARACTERS_MAX]}...")
    return ""
