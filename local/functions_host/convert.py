"""Values between the host and functions, through azure-functions' own converters.

The converters are what Azure's engine uses too, so a function sees here what it sees there, oddities included. For
parameters annotated ``str`` or ``bytes`` the engine uses a plain converter of its own, called generic; it is small and
written here again, because it ships with the engine and not with azure-functions.

Not here: transport. An HTTP response leaves as a :class:`Datum`, and ``http`` makes bytes of it.
"""

import json
from typing import Any, cast

import azure.functions as func
from azure.functions.meta import Datum

GENERIC = "generic"


class Out(func.Out[Any]):
    """The holder a function gets for an output parameter."""

    def __init__(self) -> None:
        self._value: Any = None

    def set(self, val: Any) -> None:
        """Keep *val*; the last one counts."""
        self._value = val

    def get(self) -> Any:
        """Return what was set, or None."""
        return self._value


def accepts_input(converter: str, python_type: Any) -> bool:
    """Return whether the engine lets a parameter of *python_type* receive the trigger's value."""
    if converter == GENERIC:
        return _is_subclass(python_type, (str, bytes))
    try:
        return bool(_converter(converter).check_input_type_annotation(python_type))
    except TypeError:
        return False


def accepts_output(converter: str, python_type: Any) -> bool:
    """Return whether the engine takes values of *python_type* for an output or return binding."""
    if converter == GENERIC:
        return _is_subclass(python_type, (str, bytes, bytearray))
    try:
        return bool(_converter(converter).check_output_type_annotation(python_type))
    except TypeError:
        return False


def decode(converter: str, datum: Datum, metadata: dict[str, Datum]) -> Any:
    """Return the Python value a function gets for *datum*."""
    if converter == GENERIC:
        return datum.value
    return _converter(converter).decode(datum, trigger_metadata=metadata)


def encode(converter: str, value: Any, python_type: Any) -> Datum:
    """Return the wire form of a value that a function set or returned.

    Raises:
        TypeError: the binding cannot carry a value of this type.
    """
    try:
        if converter == GENERIC:
            return _encode_generic(value)
        return cast("Datum", _converter(converter).encode(value, expected_type=python_type))
    except NotImplementedError as error:
        raise TypeError(f"a {converter} binding cannot carry a {type(value).__name__}") from error


def _encode_generic(value: Any) -> Datum:
    if isinstance(value, str):
        return Datum(value, "string")
    if isinstance(value, (bytes, bytearray)):
        return Datum(bytes(value), "bytes")
    if isinstance(value, (list, dict)):
        return Datum(json.dumps(value), "json")
    raise NotImplementedError


def _converter(name: str) -> Any:
    return func.get_binding_registry().get(name)  # type: ignore[no-untyped-call]  # the SDK leaves it untyped


def _is_subclass(python_type: Any, classes: tuple[type, ...]) -> bool:
    return isinstance(python_type, type) and issubclass(python_type, classes)
