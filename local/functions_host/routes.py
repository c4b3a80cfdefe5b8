"""Route templates as ASP.NET reads them, for the part that function apps use.

Literals, ``{x}``, ``{x?}``, ``{x=default}``, ``{x:int}`` and other constraints, ``{*rest}``, and mixtures inside one
segment such as ``{name}.csv``. Matching ignores case; a literal beats a mixture, that beats a constrained parameter,
that a free one, and a catch-all comes last.

Not here: methods, keys and prefixes (``http``).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from local.functions_host.functions import Function, HttpTrigger
from shared.domain.errors import InvalidError

_PARAMETER = re.compile(
    r"\{(?P<all>\*{0,2})(?P<name>[A-Za-z_]\w*)(?P<rules>(?::[A-Za-z]+(?:\([^(){}]*\))?)*)"
    r"(?:=(?P<default>[^{}?]*))?(?P<optional>\?)?\}"
)
_GROUP_NAME = re.compile(r"\?P<\w+>")
_RULES = {
    "int": r"[+-]?\d{1,10}",
    "long": r"[+-]?\d{1,19}",
    "bool": r"true|false",
    "alpha": r"[a-z]+",
    "guid": r"\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?",
    "decimal": r"[+-]?\d+(?:\.\d+)?",
    "required": r".+",
}
_LITERAL, _MIXED, _CONSTRAINED, _FREE, _CATCH_ALL = range(5)


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece between slashes; *rank* orders templates, lower wins."""

    rank: int
    pattern: re.Pattern[str]
    names: tuple[str, ...]
    default: str | None
    is_optional: bool


@dataclass(frozen=True, slots=True)
class Route:
    """A parsed template."""

    template: str
    segments: tuple[Segment, ...]

    @property
    def ranks(self) -> tuple[int, ...]:
        """The order in which templates are tried; of two that fit, the lower one answers."""
        return tuple(segment.rank for segment in self.segments)

    @property
    def shape(self) -> tuple[str, ...]:
        """What two templates share that match exactly the same paths."""
        nameless = [_GROUP_NAME.sub("", one.pattern.pattern).lower() for one in self.segments]
        return tuple(f"{one.rank} {pattern}" for one, pattern in zip(self.segments, nameless, strict=True))

    def match(self, pieces: Sequence[str]) -> dict[str, str] | None:
        """Return the parameters for the decoded *pieces* of a path, or None where it does not fit."""
        values: dict[str, str] = {}
        for position, segment in enumerate(self.segments):
            if segment.rank == _CATCH_ALL:
                return _with(values, segment, "/".join(pieces[position:]) or segment.default)
            if position >= len(pieces):
                if not segment.is_optional:
                    return None
                _with(values, segment, segment.default)
                continue
            found = segment.pattern.fullmatch(pieces[position])
            if found is None:
                return None
            values |= found.groupdict()
        return values if len(pieces) <= len(self.segments) else None


def parse_route(template: str, *, where: str) -> Route:
    """Read a template.

    Raises:
        InvalidError: braces do not match, a constraint is not known, or a catch-all or optional is not at the end.
    """
    pieces = [piece for piece in template.strip("/").split("/") if piece]
    segments = tuple(_segment(piece, f"{where}: route {template!r}") for piece in pieces)
    names = [name.lower() for segment in segments for name in segment.names]
    if len(names) != len(set(names)):
        raise InvalidError(f"{where}: route {template!r} uses a parameter name twice; rename one")
    for position, segment in enumerate(segments):
        rest = segments[position + 1 :]
        if (segment.rank == _CATCH_ALL and rest) or (segment.is_optional and any(not one.is_optional for one in rest)):
            raise InvalidError(f"{where}: route {template!r}: a catch-all or optional part must come last")
    return Route(template.strip("/"), segments)


def split_path(path: str) -> list[str]:
    """Return the decoded pieces of a raw path; an encoded slash stays encoded, as ASP.NET leaves it."""
    kept = re.sub("%2f", "%252F", path, flags=re.IGNORECASE)
    return [unquote(piece) for piece in kept.split("/") if piece]


def check_routes(functions: Sequence[Function]) -> Iterator[str]:
    """Yield a problem for every two functions that would answer the same route and method."""
    seen: dict[tuple[str, ...], list[tuple[Function, HttpTrigger]]] = {}
    for function in functions:
        trigger = function.trigger
        if not isinstance(trigger, HttpTrigger):
            continue
        others = seen.setdefault(parse_route(trigger.route, where=function.name).shape, [])
        for other, its in others:
            if not its.methods or not trigger.methods or its.methods & trigger.methods:
                yield (
                    f"function {function.name}: route {trigger.route!r} with the same method belongs to "
                    f"{other.name}; change route or methods"
                )
        others.append((function, trigger))


def _segment(piece: str, where: str) -> Segment:
    found = list(_PARAMETER.finditer(piece))
    literals = _PARAMETER.split(piece)[:: _PARAMETER.groups + 1]
    if any(brace in literal for literal in literals for brace in "{}"):
        raise InvalidError(f"{where}: {piece!r} cannot be read; write literals, {{x}}, {{x?}}, {{x:int}} or {{*rest}}")
    if not found:
        return Segment(_LITERAL, re.compile(re.escape(piece), re.IGNORECASE), (), None, is_optional=False)
    names = tuple(match["name"] for match in found)
    if len(found) > 1 or any(literals):
        pattern = "".join(
            re.escape(literal) + (_group(match, where) if match else "")
            for literal, match in zip(literals, [*found, None], strict=True)
        )
        return Segment(_MIXED, re.compile(pattern, re.IGNORECASE), names, None, is_optional=False)
    match = found[0]
    rank = _CATCH_ALL if match["all"] else _CONSTRAINED if match["rules"] else _FREE
    pattern = _group(match, where)
    is_optional = bool(match["optional"]) or match["default"] is not None
    return Segment(rank, re.compile(pattern, re.IGNORECASE), names, match["default"], is_optional)


def _group(match: re.Match[str], where: str) -> str:
    rules = [rule.lower() for rule in match["rules"].split(":") if rule]
    if len(rules) > 1 or any(rule not in _RULES for rule in rules):
        raise InvalidError(f"{where}: {match[0]} asks for more than one constraint of {', '.join(_RULES)}")
    pattern = _RULES[rules[0]] if rules else ".+" if match["all"] else ".+?"
    return f"(?P<{match['name']}>{pattern})"


def _with(values: dict[str, str], segment: Segment, value: str | None) -> dict[str, str]:
    if value is not None:
        values[segment.names[0]] = value
    return values
