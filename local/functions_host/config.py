"""What ``host.json`` and ``local.settings.json`` say, checked once at start.

Invariant: a :class:`HostConfig` holds only values the host can honour; a value it cannot honour is refused, never
ignored in silence. Sections that concern Azure alone (logging, the extension bundle) are left to Azure.

Not here: access keys and ports, which are the caller's choice and in no file that is checked in.
"""

import json
import os
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.domain.errors import InvalidError

_TIME_SPAN = re.compile(r"(?:(?P<d>\d+)\.)?(?P<h>\d{1,2}):(?P<m>[0-5]\d):(?P<s>[0-5]\d)(?:\.(?P<f>\d{1,7}))?")
_SETTING = re.compile(r"%([^%]+)%")


@dataclass(frozen=True, slots=True)
class QueueConfig:
    """``extensions.queues``; the defaults are Azure's."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    dequeue_count_max: int = 5
    visibility_timeout_s: float = 0
    polling_interval_max_s: float = 60


@dataclass(frozen=True, slots=True)
class HostConfig:
    """The parts of ``host.json`` that change how functions run; *function_timeout_s* None means no limit."""

    route_prefix: str = "api"
    custom_headers: Mapping[str, str] = field(default_factory=dict)
    function_timeout_s: float | None = 1800
    queues: QueueConfig = field(default_factory=QueueConfig)


def read_host_config(path: Path) -> HostConfig:
    """Read ``host.json``.

    Raises:
        InvalidError: the file is missing, is no JSON, or asks for something this host cannot do.
    """
    document = _read_json(path)
    if document.get("version") != "2.0":
        raise InvalidError(f"{path.name}: version is {document.get('version')!r}; write '2.0'")
    extensions = _section(document, "extensions", path)
    http = _section(extensions, "http", path)
    headers = _section(http, "customHeaders", path)
    return HostConfig(
        route_prefix=str(http.get("routePrefix", "api")).strip("/"),
        custom_headers={str(name): str(value) for name, value in headers.items()},
        function_timeout_s=_function_timeout_s(document.get("functionTimeout")),
        queues=_queue_config(_section(extensions, "queues", path)),
    )


def put_settings(path: Path, environment: MutableMapping[str, str] | None = None) -> None:
    """Put the ``Values`` of ``local.settings.json`` into the environment.

    What is set already stays; a missing file changes nothing.

    Raises:
        InvalidError: the file is no JSON object or has nested values.
    """
    target = os.environ if environment is None else environment
    if not path.exists():
        return
    for name, value in _section(_read_json(path), "Values", path).items():
        if isinstance(value, (dict, list)):
            raise InvalidError(f"{path.name}: Values.{name} is nested; settings are plain strings")
        target.setdefault(name, str(value))


def resolve_settings(text: str, environment: Mapping[str, str], *, where: str) -> str:
    """Replace each ``%NAME%`` in *text* by the setting of that name.

    Raises:
        InvalidError: a setting is missing; *where* names the function and its property.
    """

    def value_of(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in environment:
            raise InvalidError(
                f"{where}: %{name}% has no value; set {name} in the environment or in local.settings.json"
            )
        return environment[name]

    return _SETTING.sub(value_of, text)


def parse_time_span(text: str, *, where: str) -> float:
    """Return the seconds of a ``[d.]hh:mm:ss[.fffffff]`` time span.

    Raises:
        InvalidError: it is none.
    """
    match = _TIME_SPAN.fullmatch(text.strip())
    if match is None:
        raise InvalidError(f"{where}: {text!r} is no time span; write hh:mm:ss, for example 00:00:30")
    days, hours, minutes, seconds = (int(match.group(part) or 0) for part in "dhms")
    whole_s = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    fraction = match.group("f")
    return whole_s + int(fraction) / 10 ** len(fraction) if fraction else whole_s


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidError(f"{path.name} cannot be read; it belongs beside function_app.py") from error
    except ValueError as error:
        raise InvalidError(f"{path.name} is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise InvalidError(f"{path.name} is no JSON object")
    return document


def _section(document: Mapping[str, Any], name: str, path: Path) -> dict[str, Any]:
    section = document.get(name, {})
    if not isinstance(section, dict):
        raise InvalidError(f"{path.name}: {name} is {section!r}; write an object")
    return section


def _function_timeout_s(value: object) -> float | None:
    if value is None:
        return HostConfig().function_timeout_s
    return None if value == "-1" else parse_time_span(str(value), where="host.json functionTimeout")


def _queue_config(section: Mapping[str, Any]) -> QueueConfig:
    encoding = section.get("messageEncoding", "base64")
    if encoding != "base64":
        raise InvalidError(
            f"host.json extensions.queues.messageEncoding is {encoding!r}; the queue port encodes, write 'base64'"
        )
    batch_size = _number(section, "batchSize", 16, 1, 32)
    visibility, polling = section.get("visibilityTimeout"), section.get("maxPollingInterval")
    where = "host.json extensions.queues"
    return QueueConfig(
        batch_size=batch_size,
        new_batch_threshold=_number(section, "newBatchThreshold", batch_size // 2, 0, 1000),
        dequeue_count_max=_number(section, "maxDequeueCount", 5, 1, 1000),
        visibility_timeout_s=parse_time_span(visibility, where=where) if visibility else 0,
        polling_interval_max_s=parse_time_span(polling, where=where) if polling else 60,
    )


def _number(section: Mapping[str, Any], name: str, default: int, least: int, most: int) -> int:
    value = section.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise InvalidError(f"host.json extensions.queues.{name} is {value!r}; write {least} to {most}")
    return value
