"""Checks resources against Azure's own type definitions, in the form of Azure/bicep-types-az, if a copy is at hand.

Not here: expressions; a value known only at deployment fits everything.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from .syntax import Finding
from .values import Expression, Resource

Kind = Mapping[str, Any]
Types = Mapping[str, Kind]
REQUIRED, READ_ONLY = 1, 2
OWN_WORDS = {"parent", "scope", "dependsOn"}
SIMPLE = {"StringType": str, "IntegerType": int, "BooleanType": bool}


def type_findings(resource: Resource, types: Mapping[str, Any]) -> Iterator[Finding]:
    """Properties of *resource* that Azure does not know, does not let one set, misses, or wants otherwise."""
    node, symbol = resource.declaration.node, resource.declaration.name
    definition = types.get(resource.type)
    if definition is None:
        yield resource.template.finding(node, "AZURE", f"{symbol}: Azure has no type {resource.type}")
        return
    shown = {key: value for key, value in resource.body.items() if key not in OWN_WORDS}
    for message in misfits(shown, str(definition["body"]), definition["types"], ""):
        yield resource.template.finding(node, "AZURE", f"{symbol}: {message}")


def misfits(value: Any, reference: str, types: Types, path: str) -> Iterator[str]:
    """What is wrong with *value* as the type *reference*, a sentence each."""
    if isinstance(value, Expression):
        return
    kind = types[reference]
    check = CHECKS.get(kind["$type"])
    if check is not None:
        yield from check(value, kind, types, path)


def _discriminated(value: Any, kind: Kind, types: Types, path: str) -> Iterator[str]:
    chosen = kind["elements"].get(value.get(kind["discriminator"])) if isinstance(value, dict) else None
    if chosen is None:
        yield f"{path or kind['discriminator']} is none of {sorted(kind['elements'])}"
        return
    one = types[_key(chosen)]
    yield from _object(value, {**one, "properties": {**kind["baseProperties"], **one["properties"]}}, types, path)


def _array(value: Any, kind: Kind, types: Types, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path} is no list"
        return
    for inner in value:
        yield from misfits(inner, str(kind["itemType"]), types, f"{path}[]")


def _union(value: Any, kind: Kind, types: Types, path: str) -> Iterator[str]:
    """Azure adds a plain string to most of its unions; the named values are the ones that mean something."""
    named = [types[str(one)]["value"] for one in kind["elements"] if "value" in types[str(one)]]
    if value not in named:
        yield f"{path} is {value!r}, none of {named}"


def _literal(value: Any, kind: Kind, types: Types, path: str) -> Iterator[str]:
    if value != kind["value"]:
        yield f"{path} is {value!r}, not {kind['value']!r}"


def _key(chosen: Any) -> str:
    return str(chosen["t"] if isinstance(chosen, dict) else chosen)


def _simple(value: Any, kind: Kind, types: Types, path: str) -> Iterator[str]:
    wanted: type[Any] = SIMPLE[kind["$type"]]
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        yield f"{path} is {value!r}, no {wanted.__name__}"
    elif wanted is int and not kind.get("minValue", value) <= value <= kind.get("maxValue", value):
        yield f"{path} is {value}, out of range"
    elif wanted is str and not kind.get("minLength", 0) <= len(value) <= kind.get("maxLength", len(value)):
        yield f"{path} is {value!r}, of a wrong length"


def _object(value: Any, kind: Kind, types: Types, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path} is {value!r}, no object"
        return
    for name, inner in value.items():
        yield from _property(name, inner, kind, types, f"{path}.{name}".strip("."))
    for name, one in kind["properties"].items():
        if one["f"] & REQUIRED and not one["f"] & READ_ONLY and name not in value:
            yield f"{path}.{name}".strip(".") + " is missing"


def _property(name: str, value: Any, kind: Kind, types: Types, path: str) -> Iterator[str]:
    one, rest = kind["properties"].get(name), kind.get("additionalProperties")
    if one is not None:
        if one["f"] & READ_ONLY:
            yield f"{path} can only be read"
        yield from misfits(value, str(one["t"]), types, path)
    elif rest is None:
        yield f"{path} does not exist"
    else:
        yield from misfits(value, str(rest), types, path)


CHECKS = {
    "ArrayType": _array,
    "BooleanType": _simple,
    "DiscriminatedObjectType": _discriminated,
    "IntegerType": _simple,
    "ObjectType": _object,
    "StringLiteralType": _literal,
    "StringType": _simple,
    "UnionType": _union,
}
