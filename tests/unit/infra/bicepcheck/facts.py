"""Checks resources against the committed list of facts: types and versions in use, and what each property may hold.

The list names only what the templates rely on, so a property that is not on it is either a slip or a decision that the
list has to learn. Paths are dotted; ``map`` and ``list`` end a path: what is below is free.

Not here: Azure's complete types (see ``azure_types``) and what is safe (see ``policies``).
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from .syntax import Declaration, Finding, Template, body, properties, text, walk
from .values import Expression, Resource

Facts = Mapping[str, Mapping[str, Any]]
OWN_WORDS = {"parent", "scope", "dependsOn"}
PYTHON_TYPES = {"bool": bool, "int": int, "list": list, "map": dict, "string": str}


def leaves(value: Any, path: str, known: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every (path, value) at which *value* ends, or at which *known* stops caring."""
    if isinstance(value, Mapping) and known.get(path) != "map":
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else key, known)
    elif isinstance(value, list) and known.get(path) != "list":
        for inner in value:
            yield from leaves(inner, f"{path}[]", known)
    else:
        yield path, value


def _is_fit(value: Any, wanted: Any) -> bool:
    if isinstance(value, Expression):
        return True
    if isinstance(wanted, list):
        return value in wanted
    return isinstance(value, PYTHON_TYPES[wanted]) and (wanted != "int" or not isinstance(value, bool))


def resource_findings(resource: Resource, facts: Facts) -> Iterator[Finding]:
    """Unknown type or version, unknown, misfitting and missing properties of one resource."""
    here, node, symbol = resource.template, resource.declaration.node, resource.declaration.name
    fact = facts.get(resource.type)
    if fact is None:
        yield here.finding(node, "TYPE", f"{symbol}: {resource.type} is not on the list of types in use")
        return
    known = fact["properties"]
    shown = {key: value for key, value in resource.body.items() if key not in OWN_WORDS}
    found = dict(leaves(shown, "", known))
    for path, value in found.items():
        if path not in known:
            close = get_close_matches(path, known, n=1)
            yield here.finding(node, "TYPE", f"{symbol}: no property {path}" + (f"; {close[0]}?" if close else ""))
        elif not _is_fit(value, known[path]):
            yield here.finding(node, "TYPE", f"{symbol}: {path} is {value!r}, not {known[path]}")
    for path in fact["required"]:
        if path not in found:
            yield here.finding(node, "TYPE", f"{symbol}: {path} is missing")
    yield from _parent_findings(here, resource.declaration)


def existing_findings(template: Template, facts: Facts) -> Iterator[Finding]:
    """Resources that are only looked up: known type and version, a name, the right parent."""
    for one in template.of("resource").values():
        if one.is_existing:
            if one.type not in facts:
                yield template.finding(one.node, "TYPE", f"{one.name}: {one.type} is not on the list of types in use")
            if "name" not in properties(body(one)):
                yield template.finding(one.node, "TYPE", f"{one.name}: name is missing")
            yield from _parent_findings(template, one)


def _parent_findings(template: Template, one: Declaration) -> Iterator[Finding]:
    wanted, _, last = one.type.partition("@")[0].rpartition("/")
    if wanted.count("/") < 1:
        return
    node = properties(body(one)).get("parent")
    parent = template.find(text(node)) if node else None
    if parent is None or parent.type.partition("@")[0] != wanted:
        yield template.finding(one.node, "TYPE", f"{one.name}: the parent of {last} must be a {wanted}")


def read_findings(template: Template, facts: Facts) -> Iterator[Finding]:
    """Properties read from a resource, as in ``account.properties.primaryEndpoints.blob``, that are not facts."""
    for node in walk(template.root):
        if node.type != "member_expression" or (node.parent and node.parent.type == "member_expression"):
            continue
        symbol, _, path = text(node).partition(".")
        one = template.of("resource").get(symbol.partition("[")[0])
        if one is not None and not _is_readable(one, path, facts):
            yield template.finding(node, "TYPE", f"{text(node)}: {one.type} has no {path} to read")


def _is_readable(one: Declaration, path: str, facts: Facts) -> bool:
    return path in {"id", "name"} or path in facts.get(one.type, {}).get("reads", ())
