"""Works out what templates create: modules entered, loops unrolled, parameters put in, as far as possible offline.

Invariants: what only Azure knows (an id, an endpoint) stays an ``Expression`` with its source text, never a guess.

Not here: any judgement of the result.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tree_sitter import Node

from .syntax import Declaration, Template, body, properties, text

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "empty": lambda value: not value,
    "string": str,
    "subscriptionResourceId": lambda *parts: "/".join(parts),
    "union": lambda *objects: {key: value for one in objects for key, value in one.items()},
}


@dataclass(frozen=True)
class Expression:
    """A value that is not known before deployment."""

    source: str

    def __str__(self) -> str:
        return "${" + self.source + "}"


@dataclass(frozen=True)
class Resource:
    """One resource as it would be asked for; *module* is the symbol under which main.bicep calls its file."""

    template: Template
    module: str
    declaration: Declaration
    body: Mapping[str, Any]
    scope: Mapping[str, Any]

    @property
    def type(self) -> str:
        """Type and API version."""
        return self.declaration.type

    @property
    def kind(self) -> str:
        """Type without API version."""
        return self.declaration.type.partition("@")[0]

    def get(self, path: str) -> Any:
        """The value at a dotted path, None where nothing is set."""
        value: Any = self.body
        for step in path.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        return value


def _string(node: Node, scope: Mapping[str, Any], here: Path) -> Any:
    parts = [
        text(part) if part.type == "string_content" else value_of(part.named_children[0], scope, here)
        for part in node.named_children
    ]
    if any(isinstance(part, Expression) for part in parts):
        return Expression("".join(str(part) for part in parts)) if len(parts) > 1 else parts[0]
    return "".join(str(part) for part in parts)


def _call(node: Node, scope: Mapping[str, Any], here: Path) -> Any:
    given = node.child_by_field_name("arguments")
    arguments = [value_of(child, scope, here) for child in (given.named_children if given else ())]
    function = text(node.child_by_field_name("function"))
    if any(isinstance(argument, Expression) for argument in arguments):
        return Expression(text(node))
    if function == "loadJsonContent":
        return json.loads((here / arguments[0]).read_text("utf-8"))
    known = FUNCTIONS.get(function)
    return known(*arguments) if known else Expression(text(node))


def _loop(node: Node, scope: Mapping[str, Any], here: Path) -> Any:
    over = value_of(node.named_children[1], scope, here)
    item = node.child_by_field_name("body") or node.named_children[-1]
    if not isinstance(over, list):
        return [value_of(item, scope, here)]
    return [value_of(item, {**scope, _loop_names(node)[0]: one}, here) for one in over]


def _loop_names(node: Node) -> list[str]:
    first = node.named_children[0]
    return [text(child) for child in first.named_children] or [text(first)]


def _member(node: Node, scope: Mapping[str, Any], here: Path) -> Any:
    owner = value_of(node.named_children[0], scope, here)
    key = text(node.child_by_field_name("property"))
    return owner[key] if isinstance(owner, dict) and key in owner else Expression(text(node))


def _binary(node: Node, scope: Mapping[str, Any], here: Path) -> Any:
    left, right = (value_of(child, scope, here) for child in (node.named_children[0], node.named_children[-1]))
    if isinstance(left, Expression) or isinstance(right, Expression):
        return Expression(text(node))
    return {">": lambda: left > right, "==": lambda: left == right}.get(
        text(node.children[1]), lambda: Expression(text(node))
    )()


def _array(node: Node, scope: Mapping[str, Any], here: Path) -> Any:
    return [value_of(child, scope, here) for child in node.named_children if child.type != "comment"]


def _object(node: Node, scope: Mapping[str, Any], here: Path) -> Any:
    pairs = (child.named_children for child in node.named_children if child.type == "object_property")
    return {_key(pair[0], scope, here): value_of(pair[-1], scope, here) for pair in pairs}


def _key(node: Node, scope: Mapping[str, Any], here: Path) -> str:
    return text(node) if node.type == "identifier" else str(value_of(node, scope, here))


KINDS: dict[str, Callable[[Node, Mapping[str, Any], Path], Any]] = {
    "array": _array,
    "binary_expression": _binary,
    "boolean": lambda node, scope, here: text(node) == "true",
    "call_expression": _call,
    "for_statement": _loop,
    "identifier": lambda node, scope, here: scope.get(text(node), Expression(text(node))),
    "member_expression": _member,
    "number": lambda node, scope, here: int(text(node)),
    "object": _object,
    "string": _string,
}


def value_of(node: Node, scope: Mapping[str, Any], here: Path) -> Any:
    """What *node* is worth with the names of *scope*; *here* is the folder of the file it stands in."""
    kind = KINDS.get(node.type)
    return kind(node, scope, here) if kind else Expression(text(node))


def scope_of(template: Template, given: Mapping[str, Any]) -> dict[str, Any]:
    """The worth of every parameter and variable; *given* are the parameters that the caller sets."""
    scope: dict[str, Any] = {}
    for name, one in template.of("param").items():
        default = Expression(name) if one.value is None else value_of(one.value, scope, template.path.parent)
        scope[name] = given.get(name, default)
    for name, one in template.of("var").items():
        if one.value is not None:
            scope[name] = value_of(one.value, scope, template.path.parent)
    return scope


def _copies(node: Node | None, scope: dict[str, Any], here: Path) -> Iterator[dict[str, Any]]:
    if node is None:
        return
    if node.type == "for_statement":
        over = value_of(node.named_children[1], scope, here)
        inner = node.child_by_field_name("body") or node.named_children[-1]
        for one in over if isinstance(over, list) else [Expression(_loop_names(node)[0])]:
            yield from _copies(inner, {**scope, _loop_names(node)[0]: one}, here)
    elif node.type == "if_statement":
        condition = node.named_children[0]
        if value_of(condition.named_children[0], scope, here) is not False:
            yield from _copies(node.child_by_field_name("body") or node.named_children[-1], scope, here)
    else:
        yield value_of(node, scope, here)


def expand(templates: Mapping[str, Template], name: str, given: Mapping[str, Any], module: str) -> Iterator[Resource]:
    """Every resource that the file *name* and its modules would create."""
    template = templates[name]
    scope = scope_of(template, given)
    here = template.path.parent
    for one in template.of("resource").values():
        if not one.is_existing:
            yield from (Resource(template, module, one, copy, scope) for copy in _copies(one.value, scope, here))
    for symbol, one in template.of("module").items():
        parameters = properties(properties(body(one)).get("params"))
        target = (Path(name).parent / one.type).as_posix()
        if target in templates:
            inner = {key: value_of(node, scope, here) for key, node in parameters.items()}
            yield from expand(templates, target, inner, symbol)
