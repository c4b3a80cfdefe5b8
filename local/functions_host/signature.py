"""Whether a Python function fits its bindings: the rules by which Azure's Python engine accepts or refuses it.

Invariants: what the engine refuses is refused here, for the same reason; every refusal names function, parameter and
cure. The rules were read off Microsoft's engine, and ``tests/conformance`` holds the two against each other.

Not here: names, routes and binding types, which are the host's business (``index``).
"""

import collections.abc
import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.functions_host.convert import GENERIC, accepts_input, accepts_output
from shared.domain.errors import InvalidError

RETURN = "$return"
_OUT = 1
_NOT_GENERIC = (typing.Union, types.UnionType, tuple, typing.ClassVar, collections.abc.Callable)


@dataclass(frozen=True, slots=True)
class Signature:
    """The converter and the annotated type of each bound parameter (and ``$return``)."""

    takes_context: bool
    converters: Mapping[str, str]
    python_types: Mapping[str, Any]


def check_signature(name: str, call: Callable[..., Any], bindings: Sequence[Any]) -> Signature:
    """Match the parameters of *call* with the *bindings* declared for it.

    Raises:
        InvalidError: a parameter without binding or a binding without parameter, an annotation that does not resolve
            or is of a type the binding cannot carry.
    """
    hints = _hints(name, call)
    bound = {binding.name: binding for binding in bindings if binding.name != RETURN}
    parameters = set(inspect.signature(call).parameters)
    takes_context = _takes_context(name, parameters, bound, hints)
    parameters -= {"context"} if takes_context else set()
    _check_names(name, parameters, set(bound))
    converters, python_types = {}, {}
    for parameter, binding in bound.items():
        is_annotated = parameter in hints
        annotation = hints.get(parameter)
        if is_annotated:
            annotation = _value_type(name, binding, annotation)
        converters[parameter] = GENERIC if is_annotated and annotation in (str, bytes) else binding.type
        python_types[parameter] = annotation
        if is_annotated:
            _check_type(name, binding, converters[parameter], annotation)
    for binding in bindings:
        if binding.name == RETURN:
            converters[RETURN], python_types[RETURN] = binding.type, hints.get("return")
            _check_return(name, binding, hints)
    return Signature(takes_context, converters, python_types)


def _hints(name: str, call: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(call)
    except (NameError, TypeError, AttributeError, SyntaxError) as error:
        raise InvalidError(
            f"function {name}: an annotation does not resolve ({error}); import its name at run time, "
            "not under TYPE_CHECKING"
        ) from error


def _takes_context(name: str, parameters: set[str], bound: Mapping[str, Any], hints: Mapping[str, Any]) -> bool:
    if "context" not in parameters or "context" in bound:
        return False
    hint = hints.get("context")
    if "context" in hints and not (isinstance(hint, type) and hint.__name__ == "Context"):
        raise InvalidError(
            f"function {name}: parameter context is annotated {hint!r}; annotate func.Context or rename it"
        )
    return True


def _check_names(name: str, parameters: set[str], bound: set[str]) -> None:
    for parameter in sorted(parameters - bound):
        raise InvalidError(
            f"function {name}: parameter {parameter} has no binding; remove it (a default does not help) or "
            f"bind it with arg_name={parameter!r}"
        )
    for binding in sorted(bound - parameters):
        raise InvalidError(
            f"function {name}: the binding {binding} has no parameter of that name; make arg_name and the "
            "parameter's name equal"
        )


def _value_type(name: str, binding: Any, annotation: Any) -> Any:
    """Return the type of the value itself: the annotation, or what is inside ``Out[...]``."""
    is_out = _name_of(annotation) == "Out"
    if is_out != (binding.direction == _OUT):
        cure = "annotate func.Out[...]" if not is_out else "an input is annotated with its plain type"
        raise InvalidError(f"function {name}: parameter {binding.name} is annotated {annotation!r}; {cure}")
    if is_out:
        inside = typing.get_args(annotation)
        if len(inside) != 1:
            raise InvalidError(f"function {name}: parameter {binding.name} is a bare Out; write func.Out[str]")
        annotation = inside[0]
    is_plain = isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias)
    if not is_plain and not _is_generic(annotation):
        raise InvalidError(
            f"function {name}: parameter {binding.name} is annotated {annotation!r}, which the engine does not "
            "take for a type; write one plain type (no X | None), or typing.List[str] instead of list[str]"
        )
    return annotation


def _check_type(name: str, binding: Any, converter: str, annotation: Any) -> None:
    accepts = accepts_output if binding.direction == _OUT else accepts_input
    if not accepts(converter, annotation):
        raise InvalidError(
            f"function {name}: parameter {binding.name} is annotated {annotation!r}, which a {binding.type} "
            "binding cannot carry; use the class of azure.functions, str or bytes"
        )


def _check_return(name: str, binding: Any, hints: Mapping[str, Any]) -> None:
    if "return" not in hints:
        return
    hint = hints["return"]
    is_plain = isinstance(hint, type) and not isinstance(hint, types.GenericAlias)
    if not is_plain or not accepts_output(binding.type, hint):
        raise InvalidError(
            f"function {name}: the return annotation {hint!r} does not fit the {binding.type} binding; "
            "return func.HttpResponse or str for http, str or bytes for a queue"
        )


def _name_of(annotation: Any) -> str:
    origin = typing.get_origin(annotation) or annotation
    return origin.__name__ if isinstance(origin, type) else ""


def _is_generic(annotation: Any) -> bool:
    if isinstance(annotation, types.GenericAlias):
        return False  # list[str] is none for the engine, typing.List[str] is
    origin = typing.get_origin(annotation)
    return origin is not None and origin not in _NOT_GENERIC
