"""What the host knows of one function after indexing: its trigger, its outputs and how to convert its values.

Invariant: a :class:`Function` passed every check of ``signature`` and ``index``; nothing later doubts it.

Not here: how any of it is found out (``index``) or run (``invoke``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.functions_host.schedule import Schedule


@dataclass(frozen=True, slots=True)
class HttpTrigger:
    """*route* as written, without the prefix; empty *methods* are all methods; *level* is Azure's word."""

    route: str
    methods: frozenset[str]
    level: str


@dataclass(frozen=True, slots=True)
class TimerTrigger:
    """*is_monitored* is what the app asked for; None leaves it to the host."""

    schedule: Schedule
    runs_on_startup: bool
    is_monitored: bool | None


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    """*is_binary* hands bytes to the function, otherwise the body has to be UTF-8 text."""

    queue: str
    is_binary: bool


@dataclass(frozen=True, slots=True)
class QueueOutput:
    """A queue a function writes to, through a parameter or its return value."""

    queue: str
    converter: str
    python_type: Any


@dataclass(frozen=True, slots=True)
class Function:
    """One indexed function; *converter* decodes the trigger's value for *parameter*."""

    name: str
    call: Callable[..., Any]
    directory: str
    is_async: bool
    takes_context: bool
    parameter: str
    converter: str
    trigger: HttpTrigger | TimerTrigger | QueueTrigger
    outputs: Mapping[str, QueueOutput]
    returned: QueueOutput | None
    bindings: tuple[Mapping[str, Any], ...]
