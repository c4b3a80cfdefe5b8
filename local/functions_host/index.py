"""Finds the functions of an app and refuses, before anything runs, whatever Azure would refuse.

Invariants: an app module is executed and asked for its functions exactly once per :func:`index_app`
(``get_functions()`` cannot be called twice); one bad function refuses the whole app, and the message lists every
problem found with its cure.

Not here: the rules of a single signature (``signature``) and of routes among each other (``routes``).
"""

import importlib.util
import inspect
import itertools
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import azure.functions as func

from local.functions_host.config import resolve_settings
from local.functions_host.functions import Function, HttpTrigger, QueueOutput, QueueTrigger, TimerTrigger
from local.functions_host.routes import check_routes, parse_route
from local.functions_host.schedule import parse_schedule
from local.functions_host.signature import RETURN, Signature, check_signature
from shared.domain.errors import InvalidError

_FUNCTION_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,127}")
_BINDING_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,127}|\$return")
_QUEUE_NAME = re.compile(r"[a-z0-9](?:-?[a-z0-9]){2,55}")  # Azure's 63 less the seven of "-poison"
_TRIGGERS = ("httpTrigger", "timerTrigger", "queueTrigger")
_OUTPUTS = ("http", "queue")
_BINARY = 2
_serial = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Index:
    """The functions of one app, by the order in which it declares them."""

    folder: Path
    functions: tuple[Function, ...]

    def named(self, name: str) -> Function | None:
        """Return the function of that name, ignoring case, or None."""
        return next((one for one in self.functions if one.name.lower() == name.lower()), None)


def index_app(app: str | Path, environment: Mapping[str, str] | None = None) -> Index:
    """Load *app* (a ``.py`` file, a folder with ``function_app.py``, or a module name) and index it.

    Schedules and queue names may contain ``%SETTING%``, resolved from *environment* (default: the process's).

    Raises:
        InvalidError: the app does not load, or Azure would refuse one of its functions; lists all problems.
    """
    path = _find(app)
    module = _load(path)
    settings = os.environ if environment is None else environment
    functions, problems = [], []
    for raw in _declared(_only_app(module, path), path):
        try:
            functions.append(_function(raw, settings))
        except InvalidError as error:
            problems.append(str(error))
    problems += [*_duplicates(functions), *check_routes(functions)]
    if problems:
        raise InvalidError(f"{path.name}: no function is loaded; " + "; ".join(problems))
    return Index(path.parent, tuple(functions))


def _find(app: str | Path) -> Path:
    path = Path(app)
    if path.is_dir():
        path /= "function_app.py"
    if path.suffix == ".py" and path.is_file():
        return path.resolve()
    spec = importlib.util.find_spec(str(app)) if re.fullmatch(r"[\w.]+", str(app)) else None
    if spec is None or spec.origin is None:
        raise InvalidError(f"{app} is neither an app folder, a .py file nor a module; name one of these")
    return Path(spec.origin)


def _load(path: Path) -> ModuleType:
    """Execute the app as a module of its own name each time, with its folder importable, as Azure has it."""
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    name = f"{path.stem}__indexed_{next(_serial)}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InvalidError(f"{path.name} cannot be imported; is it a Python file?")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever an app raises while it is imported: it is not ours to foresee
        del sys.modules[name]
        raise InvalidError(f"{path.name} cannot be imported: {type(error).__name__}: {error}") from error
    return module


def _only_app(module: ModuleType, path: Path) -> Any:
    apps = [name for name in dir(module) if isinstance(getattr(module, name), func.FunctionRegister)]
    if len(apps) != 1:
        found = f"{len(apps)} ({', '.join(apps)})" if apps else "none"
        raise InvalidError(
            f"{path.name}: exactly one name at the top level must be a FunctionApp, found {found}; "
            "put further functions in a Blueprint"
        )
    return getattr(module, apps[0])


def _declared(app: Any, path: Path) -> Sequence[Any]:
    try:
        declared: Sequence[Any] = app.get_functions()
    except ValueError as error:
        raise InvalidError(f"{path.name}: {error}") from error
    return declared


def _function(raw: Any, settings: Mapping[str, str]) -> Function:
    name = raw.get_function_name()
    call, bindings = raw.get_user_function(), raw.get_bindings()
    _check_host_rules(name, raw, bindings)
    signature = check_signature(name, call, bindings)
    trigger = raw.get_trigger()
    outputs = {one.name: _output(name, one, signature, settings) for one in bindings if one.type == "queue"}
    return Function(
        name=name,
        call=call,
        directory=str(Path(inspect.getfile(call)).parent),
        is_async=inspect.iscoroutinefunction(call),
        takes_context=signature.takes_context,
        parameter=trigger.name,
        converter=signature.converters[trigger.name],
        trigger=_trigger(name, trigger, settings),
        outputs={parameter: output for parameter, output in outputs.items() if parameter != RETURN},
        returned=outputs.get(RETURN),
        bindings=tuple(_plain(binding) for binding in bindings),
    )


def _check_host_rules(name: str, raw: Any, bindings: Sequence[Any]) -> None:
    if not _FUNCTION_NAME.fullmatch(name) or name.lower() == "host":
        raise InvalidError(f"function {name}: a name is a letter, then up to 127 of A-Z a-z 0-9 _ -, and not 'host'")
    if raw.get_setting("retry_policy") is not None:
        raise InvalidError(f"function {name}: retry policies are not known here; queues retry by maxDequeueCount")
    names = [binding.name for binding in bindings]
    for binding in bindings:
        if not _BINDING_NAME.fullmatch(binding.name) or names.count(binding.name) > 1:
            raise InvalidError(
                f"function {name}: arg_name {binding.name!r}; use each once, letters and digits only (no underscore)"
            )
        if binding.type not in (*_TRIGGERS, *_OUTPUTS) or (binding.type == "http") > (binding.name == RETURN):
            raise InvalidError(
                f"function {name}: binding {binding.name} of type {binding.type} is not known here; "
                "use an HTTP, timer or queue trigger and queue outputs"
            )


def _trigger(name: str, trigger: Any, settings: Mapping[str, str]) -> HttpTrigger | TimerTrigger | QueueTrigger:
    if trigger.type == "httpTrigger":
        return _http_trigger(name, _plain(trigger))
    if trigger.type == "queueTrigger":
        return QueueTrigger(_queue_name(name, trigger.queue_name, settings), trigger.data_type == _BINARY)
    where = f"function {name}: schedule"
    schedule = resolve_settings(trigger.schedule, settings, where=where)
    return TimerTrigger(
        schedule=parse_schedule(schedule, where=where, now=datetime.now(UTC)),
        runs_on_startup=bool(trigger.run_on_startup),
        is_monitored=trigger.use_monitor,
    )


def _http_trigger(name: str, document: Mapping[str, Any]) -> HttpTrigger:
    route = str(document.get("route") or "").strip() or name
    if route.strip("/").lower().startswith(("admin", "runtime")):
        raise InvalidError(f"function {name}: route {route!r} begins with admin or runtime, which are the host's own")
    parse_route(route, where=f"function {name}")
    methods = frozenset(str(method).upper() for method in document.get("methods") or ())
    return HttpTrigger(route, methods, str(document.get("authLevel") or "FUNCTION").upper())


def _output(name: str, binding: Any, signature: Signature, settings: Mapping[str, str]) -> QueueOutput:
    return QueueOutput(
        queue=_queue_name(name, binding.queue_name, settings),
        converter=signature.converters[binding.name],
        python_type=signature.python_types[binding.name],
    )


def _queue_name(name: str, text: str, settings: Mapping[str, str]) -> str:
    queue = resolve_settings(text, settings, where=f"function {name}: queue_name")
    if not _QUEUE_NAME.fullmatch(queue):
        raise InvalidError(f"function {name}: queue_name {queue!r}; use 3 to 56 of a-z, 0-9 and single hyphens inside")
    return queue


def _duplicates(functions: Sequence[Function]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for function in functions:
        first = seen.setdefault(function.name.lower(), function.name)
        if first is not function.name:
            yield f"function {function.name}: the name is taken by {first} (case does not count); rename one"


def _plain(binding: Any) -> dict[str, Any]:
    """Return the binding as ``function.json`` would show it, with plain strings for enumerations."""
    return {
        name: [str(one) for one in value] if isinstance(value, (list, tuple)) else _scalar(value)
        for name, value in binding.get_dict_repr().items()
        if value is not None
    }


def _scalar(value: Any) -> Any:
    return value if isinstance(value, (str, int, bool)) else str(value)
