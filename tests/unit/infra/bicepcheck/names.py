"""Checks that every name leads somewhere: symbols, functions, parameters and outputs of modules, object members.

Not here: resource properties (see ``facts``) and what is safe (see ``policies``).
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from tree_sitter import Node

from .syntax import Declaration, Finding, Template, body, properties, text, walk

FUNCTIONS = {
    "empty": "bool",
    "guid": "string",
    "loadJsonContent": "object",
    "string": "string",
    "subscription": "object",
    "subscriptionResourceId": "string",
    "tenant": "object",
    "toLower": "string",
    "union": "object",
    "uniqueString": "string",
}
DECORATORS = {"allowed", "description", "maxLength", "maxValue", "metadata", "minLength", "minValue", "secure"}
LITERALS = {
    "array": "array",
    "boolean": "bool",
    "for_statement": "array",
    "number": "int",
    "object": "object",
    "string": "string",
}
NO_REFERENCE = {"type", "property_identifier", "decorators", "comment", "string_content"}


def _bound(node: Node) -> set[str]:
    """Names that a loop or lambda brings along."""
    if node.type not in {"for_statement", "lambda_expression"} or not node.named_children:
        return set()
    first = node.named_children[0]
    return {text(child) for child in first.named_children} or {text(first)}


def references(node: Node, bound: frozenset[str] = frozenset()) -> Iterator[Node]:
    """The identifiers below *node* that mean a symbol of the file."""
    if node.type in NO_REFERENCE:
        return
    inner = bound | _bound(node)
    for child in node.children:
        is_key = node.type == "object_property" and child == node.children[0]
        is_function = node.type == "call_expression" and child == node.children[0]
        is_looped_over = node.type == "for_statement" and child == node.named_children[1]
        names = bound if is_looped_over else inner
        if child.type == "identifier":
            is_bound = child == node.named_children[0] and inner != bound
            if not (is_key or is_function or is_bound or text(child) in names):
                yield child
        elif not is_key or child.type == "string":
            yield from references(child, names)


def _uses(template: Template) -> Iterator[Node]:
    for one in template.declarations:
        for child in one.node.named_children[1:]:
            yield from ([child] if child.type == "identifier" else references(child))


def symbol_findings(template: Template) -> Iterator[Finding]:
    """Names declared twice, never declared, or never used, and functions that nobody knows."""
    names = Counter(one.name for one in template.declarations if one.kind != "output")
    used = {text(node) for node in _uses(template)}
    for one in template.declarations:
        if one.kind != "output" and names[one.name] > 1:
            yield template.finding(one.node, "NAME", f"{one.name} is declared {names[one.name]} times")
        if (one.kind in {"param", "var"} or one.is_existing) and one.name not in used:
            yield template.finding(one.node, "NAME", f"{one.kind} {one.name} is not used")
    for node in _uses(template):
        if text(node) not in names:
            yield template.finding(node, "NAME", f"{text(node)} is not declared")
    yield from _function_findings(template)


def _function_findings(template: Template) -> Iterator[Finding]:
    for node in walk(template.root):
        function = node.child_by_field_name("function") if node.type == "call_expression" else None
        if function is not None and function.type == "identifier":
            is_decorator = node.parent is not None and node.parent.type == "decorator"
            if text(function) not in (DECORATORS if is_decorator else FUNCTIONS):
                yield template.finding(node, "NAME", f"function {text(function)} is not on the list of known ones")


def type_of(node: Node, template: Template, templates: Mapping[str, Template]) -> str | None:
    """The Bicep type of an expression, as far as it shows: string, int, bool, array, object, or None."""
    if node.type in LITERALS:
        return LITERALS[node.type]
    if node.type == "call_expression":
        return FUNCTIONS.get(text(node.child_by_field_name("function")))
    if node.type == "identifier" and (meant := template.find(text(node))):
        if meant.kind == "param":
            return "array" if meant.type.endswith("[]") else meant.type
        if meant.kind == "var" and meant.value is not None:
            return type_of(meant.value, template, templates)
    if node.type == "member_expression":
        output = _output(node, template, templates)
        return output.type if output else None
    return None


def _module_file(template: Template, module: Declaration) -> str:
    parts: list[str] = []
    for part in (PurePosixPath(template.name).parent / module.type).parts:
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts)


def _output(node: Node, template: Template, templates: Mapping[str, Template]) -> Declaration | None:
    symbol, _, rest = text(node).partition(".outputs.")
    module = template.of("module").get(symbol)
    target = templates.get(_module_file(template, module)) if module else None
    return target.of("output").get(rest) if target else None


def module_findings(template: Template, templates: Mapping[str, Template]) -> Iterator[Finding]:
    """Modules whose file, parameters, outputs or scope do not fit."""
    for one in template.of("module").values():
        target = templates.get(_module_file(template, one))
        if target is None:
            yield template.finding(one.node, "MODULE", f"{one.name}: there is no file {one.type}")
            continue
        yield from _parameter_findings(template, one, target, templates)
        if target.target_scope != template.target_scope and "scope" not in properties(body(one)):
            yield template.finding(one.node, "MODULE", f"{one.name}: scope of a {target.target_scope} is missing")
    for node in walk(template.root):
        is_inner = node.parent is not None and node.parent.type == "member_expression"
        if node.type == "member_expression" and not is_inner:
            symbol = text(node).partition(".")[0]
            if symbol in template.of("module") and _output(node, template, templates) is None:
                yield template.finding(node, "MODULE", f"{text(node)}: no such output")


def _parameter_findings(
    template: Template, module: Declaration, target: Template, templates: Mapping[str, Template]
) -> Iterator[Finding]:
    given = properties(properties(body(module)).get("params"))
    wanted = target.of("param")
    for name in sorted(given.keys() - wanted.keys()):
        yield template.finding(given[name], "MODULE", f"{module.name}: {target.name} has no parameter {name}")
    for name, one in wanted.items():
        if name not in given and one.value is None:
            yield template.finding(module.node, "MODULE", f"{module.name}: parameter {name} is missing")
    for name in given.keys() & wanted.keys():
        is_type = type_of(given[name], template, templates)
        should_be = "array" if wanted[name].type.endswith("[]") else wanted[name].type
        if is_type not in {None, should_be}:
            yield template.finding(given[name], "MODULE", f"{module.name}: {name} is {is_type}, not {should_be}")


def default_findings(template: Template, templates: Mapping[str, Template]) -> Iterator[Finding]:
    """Defaults of parameters and values of outputs that are of another type than declared."""
    for one in template.declarations:
        if one.kind in {"param", "output"} and one.value is not None:
            is_type = type_of(one.value, template, templates)
            should_be = "array" if one.type.endswith("[]") else one.type
            if is_type not in {None, should_be}:
                yield template.finding(one.node, "TYPE", f"{one.kind} {one.name} is {is_type}, not {should_be}")


def member_findings(template: Template) -> Iterator[Finding]:
    """Members of object variables, ``roles.x`` and ``abbreviations.x``, that are not there."""
    for node in walk(template.root):
        if node.type != "member_expression" or text(node).count(".") != 1:
            continue
        owner, _, member = text(node).partition(".")
        known = _members(template, template.of("var").get(owner))
        if known is not None and member not in known:
            yield template.finding(node, "NAME", f"{owner} has no member {member}")


def file_findings(template: Template) -> Iterator[Finding]:
    """JSON files that are loaded and do not exist."""
    for name, one in template.of("var").items():
        if one.value is not None and text(one.value).startswith("loadJsonContent("):
            path = _loaded(template, one.value)
            if not path.is_file():
                yield template.finding(one.node, "NAME", f"{name}: there is no file {path.name}")


def _members(template: Template, variable: Declaration | None) -> set[str] | None:
    if variable is None or variable.value is None:
        return None
    if variable.value.type == "object":
        return set(properties(variable.value))
    if text(variable.value).startswith("loadJsonContent("):
        return set(json.loads(_loaded(template, variable.value).read_text("utf-8")))
    return None


def _loaded(template: Template, call: Node) -> Path:
    return template.path.parent / text(call).partition("'")[2].partition("'")[0]


def abbreviation_findings(template: Template) -> Iterator[Finding]:
    """Abbreviations in the JSON file that no name uses."""
    for name, one in template.of("var").items():
        if one.value is not None and text(one.value).startswith("loadJsonContent("):
            for member in sorted(_members(template, one) or ()):
                if f"{name}.{member}" not in text(template.root):
                    yield template.finding(
                        one.node, "NAME", f"{_loaded(template, one.value).name}: {member} is not used"
                    )
