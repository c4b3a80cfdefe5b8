"""Finds the call that an address means, as fast for the thousandth route as for the first.

Invariants: letters are compared without case; empty parts (``/v1//invoices``) do not count; a part written out wins
over one with a name in it (``pricesheets(Market='{market}')``), which wins over one that is all name (``{id}``);
``{rest:path}`` takes whatever is left, slashes included.

Not here: query strings, hosts, what is answered.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from local.partner_center.answers import Call

_NAME = re.compile(r"\{(\w+)(:path)?\}")
_WHOLE = re.compile(r"\{(\w+)\}")
_REST = re.compile(r"\{(\w+):path\}")


@dataclass(slots=True)
class _Node:
    """What may follow after some parts of an address."""

    written: dict[str, "_Node"] = field(default_factory=dict)
    patterns: list[tuple[str, re.Pattern[str], "_Node"]] = field(default_factory=list)
    named: "_Node | None" = None
    calls: dict[str, tuple[Call, tuple[str, ...]]] = field(default_factory=dict)
    rest: dict[str, tuple[Call, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """The call and the values of its names."""

    call: Call
    path: dict[str, str]


class Routes:
    """All calls, ready to be found."""

    def __init__(self, calls: Iterable[Call]) -> None:
        self._root = _Node()
        for call in calls:
            self._add(call)

    def find(self, method: str, url_path: str) -> Found | frozenset[str]:
        """Return the call at *url_path*; where only other methods are known there, those (none: nothing is there)."""
        parts = [part for part in url_path.split("/") if part]
        methods: set[str] = set()
        found = _walk(self._root, method, parts, (), methods)
        return found if found is not None else frozenset(methods)

    def _add(self, call: Call) -> None:
        node, names = self._root, list[str]()
        for part in (part for part in call.path.split("/") if part):
            rest = _REST.fullmatch(part)
            if rest:
                node.rest.setdefault(call.method, (call, (*names, rest[1])))
                return
            node = _next(node, part)
            names += [match[1] for match in _NAME.finditer(part)]
        if call.method in node.calls:
            raise ValueError(f"{call.method} {call.path} is there twice")
        node.calls[call.method] = (call, tuple(names))


def _next(node: _Node, part: str) -> _Node:
    if _WHOLE.fullmatch(part):
        node.named = node.named or _Node()
        return node.named
    if "{" not in part:
        return node.written.setdefault(part.lower(), _Node())
    pattern = _pattern(part)
    for known, _, following in node.patterns:
        if known == pattern:
            return following
    following = _Node()
    node.patterns.append((pattern, re.compile(pattern, re.IGNORECASE), following))
    return following


def _pattern(part: str) -> str:
    pieces, end = [], 0
    for match in _NAME.finditer(part):
        pieces += [re.escape(part[end : match.start()]), "(.+?)"]
        end = match.end()
    return "".join((*pieces, re.escape(part[end:])))


def _walk(node: _Node, method: str, parts: Sequence[str], values: tuple[str, ...], methods: set[str]) -> Found | None:
    if not parts and node.calls:
        methods.update(node.calls)
        if method in node.calls:
            call, names = node.calls[method]
            return Found(call, dict(zip(names, values, strict=True)))
    for following, more in _following(node, parts[0]) if parts else ():
        found = _walk(following, method, parts[1:], values + more, methods)
        if found is not None:
            return found
    if node.rest and parts:
        methods.update(node.rest)
        if method in node.rest:
            call, names = node.rest[method]
            return Found(call, dict(zip(names, (*values, "/".join(parts)), strict=True)))
    return None


def _following(node: _Node, part: str) -> Iterable[tuple[_Node, tuple[str, ...]]]:
    written = node.written.get(part.lower())
    if written is not None:
        yield written, ()
    for _, pattern, following in node.patterns:
        match = pattern.fullmatch(part)
        if match:
            yield following, match.groups()
    if node.named is not None:
        yield node.named, (part,)
