"""Reads what people write in scenarios: YAML with line numbers, fields checked one by one.

Invariants: nothing but plain values comes out of a file (no tags, no code); every complaint names the field, its line
and the cure; an unknown field is a complaint too, for a slip of the pen would do nothing, silently.

Not here: which fields there are (``scenario``, ``deeds``).
"""

import difflib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from shared.domain.errors import InvalidError

_BYTES_MAX = 20 << 20
_DEPTH_MAX = 20

Kind = Callable[[Any], Any]
"""Turns what was written into what is meant, or raises ValueError saying what to write instead."""


class Lined(dict[str, Any]):
    """A mapping that knows on which lines its fields stand."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}


def load(path: Path) -> Lined:
    """Return the mapping in a YAML file.

    Raises:
        InvalidError: the file is missing or too long, is no YAML, or holds something else than a mapping.
    """
    try:
        text = path.read_bytes()[: _BYTES_MAX + 1]
    except OSError as error:
        raise InvalidError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    if len(text) > _BYTES_MAX:
        raise InvalidError(f"{path}: has more than {_BYTES_MAX >> 20} MiB; split it, or use --customers")
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        value = _plain(loader, node, {}, 0) if node is not None else Lined()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, " if mark else ""
        raise InvalidError(f"{path}: {where}is no YAML: {getattr(error, 'problem', None) or error}") from error
    except UnicodeDecodeError as error:
        raise InvalidError(f"{path}: is no UTF-8; save it as UTF-8") from error
    if not isinstance(value, Lined):
        raise InvalidError(f"{path}: holds no fields; write such as 'events:' with a list under it")
    return value


def _plain(loader: yaml.SafeLoader, node: yaml.Node, known: dict[int, Any], depth: int) -> Any:
    """Return a node as plain values; what is referred to twice is built once."""
    if id(node) in known:
        return known[id(node)]
    if depth > _DEPTH_MAX:
        raise yaml.MarkedYAMLError(problem="is nested too deeply", problem_mark=node.start_mark)
    if isinstance(node, yaml.MappingNode):
        value: Any = Lined()
        for key_node, value_node in node.value:
            key = str(loader.construct_object(key_node, deep=True))
            if key in value:
                raise yaml.MarkedYAMLError(problem=f"{key} is there twice", problem_mark=key_node.start_mark)
            value[key] = _plain(loader, value_node, known, depth + 1)
            value.lines[key] = key_node.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        value = [_plain(loader, each, known, depth + 1) for each in node.value]
    else:
        value = loader.construct_object(node, deep=True)
    known[id(node)] = value
    return value


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields that something may have, and those it must have."""

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    needs: Collection[str] = ()

    def read(self, value: object, where: str) -> dict[str, Any]:
        """Return the fields that are there, each as what is meant.

        Raises:
            InvalidError: one is unknown, missing or unusable.
        """
        if not isinstance(value, dict):
            raise InvalidError(f"{where}: is no set of fields; write name: value pairs under it")
        for name in value:
            if name not in self.kinds:
                raise InvalidError(f"{_at(value, where, name)}: is unknown; {self._known(str(name))}")
        missing = [name for name in self.needs if value.get(name) in (None, "")]
        if missing:
            first = next(iter(getattr(value, "lines", {}).values()), 0)
            raise InvalidError(f"{where}{f' (line {first})' if first else ''}: {missing[0]} is missing; add it")
        return {name: _value(self.kinds[name], each, _at(value, where, name)) for name, each in value.items()}

    def _known(self, name: str) -> str:
        close = difflib.get_close_matches(name, self.kinds, n=1)
        return f"did you mean {close[0]}?" if close else f"fields here are {', '.join(self.kinds)}"


def _at(value: Mapping[str, Any], where: str, name: str) -> str:
    line = getattr(value, "lines", {}).get(name)
    return f"{where}.{name}{f' (line {line})' if line else ''}".lstrip(".")


def _value(kind: Kind, written: object, where: str) -> Any:
    try:
        return kind(written)
    except ValueError as error:
        raise InvalidError(f"{where}: {written!r}: {error}") from error


def text(written: object) -> str:
    """Text that is not empty; numbers count as text."""
    if isinstance(written, bool) or not isinstance(written, str | int) or not str(written).strip():
        raise ValueError("write a text")
    return str(written).strip()


def whole(written: object) -> int:
    """A whole number from 1."""
    if isinstance(written, bool) or not isinstance(written, int) or written < 1:
        raise ValueError("write a whole number from 1")
    return written


def number(written: object) -> float:
    """A number from 0."""
    if isinstance(written, bool) or not isinstance(written, int | float) or written < 0:
        raise ValueError("write a number from 0")
    return float(written)


def flag(written: object) -> bool:
    """True or false."""
    if not isinstance(written, bool):
        raise ValueError("write true or false")  # noqa: TRY004 - a slip in a file, like the others
    return written


def instant(written: object) -> datetime:
    """An instant; without a zone it is UTC, a day alone is its midnight."""
    if isinstance(written, str):
        written = _parsed(written)
    if isinstance(written, datetime):
        return written.astimezone(UTC) if written.tzinfo else written.replace(tzinfo=UTC)
    if isinstance(written, date):
        return datetime(written.year, written.month, written.day, tzinfo=UTC)
    raise ValueError("write such as 2026-10-01T09:00:00Z")


def day(written: object) -> date:
    """A day."""
    return instant(written).date()


def texts(written: object) -> tuple[str, ...]:
    """A list of texts, or one alone."""
    return tuple(text(each) for each in (written if isinstance(written, list) else [written]))


def things(written: object) -> list[Any]:
    """A list of anything."""
    if not isinstance(written, list):
        raise ValueError("write a list, each item after '- '")  # noqa: TRY004 - a slip in a file, like the others
    return written


def one_of(*words: str) -> Kind:
    """One of some words, in any case."""
    known = {word.lower(): word for word in words}

    def kind(written: object) -> str:
        if str(written).lower() not in known:
            raise ValueError(f"write one of {', '.join(words)}")
        return known[str(written).lower()]

    return kind


def _parsed(written: str) -> datetime:
    try:
        return datetime.fromisoformat(written)
    except ValueError as error:
        raise ValueError("write such as 2026-10-01T09:00:00Z") from error
