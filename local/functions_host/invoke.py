"""Runs functions: the thread pool, the context, outputs after success, and one log line per outcome.

Invariants: synchronous functions share cpu + 4 threads, asynchronous ones the event loop, as in Azure's worker; outputs
are sent only when the function succeeded, and before its trigger is told so; a timer or queue function that returns a
value has failed.

Not here: what a failure means for a message, a timer or a caller; each trigger decides.
"""

import asyncio
import json
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import azure.functions as func
from azure.functions.meta import Datum

from local.functions_host.convert import Out, decode, encode
from local.functions_host.functions import Function, HttpTrigger, QueueOutput
from shared.storage.ports import Queues

logger = logging.getLogger(__name__)
_thread_local = threading.local()


class Result(Enum):
    """How an invocation ended. After a timeout a synchronous function may still be running."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed out"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one invocation; *response* only for an HTTP function that succeeded."""

    result: Result
    response: Datum | None = None


class Invoker:
    """Invokes functions of one host; belongs to one event loop."""

    def __init__(self, queues: Queues, *, timeout_s: float | None) -> None:
        self._queues = queues
        self._timeout_s = timeout_s
        self._pool = ThreadPoolExecutor((os.cpu_count() or 1) + 4, "function")
        self.watchers: Sequence[Callable[[], None]] = ()
        self.idle = asyncio.Event()
        self.idle.set()
        self.running_count = 0
        self.started_count = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count what runs inside as work that a drain or stop waits for."""
        self.started_count += 1
        self.running_count += 1
        self.idle.clear()
        try:
            yield
        finally:
            self.running_count -= 1
            if not self.running_count:
                self.idle.set()

    async def invoke(self, function: Function, datum: Datum, metadata: dict[str, Datum]) -> Outcome:
        """Run *function* once with the trigger's *datum*; never raises for what the function does."""
        invocation_id, started = str(uuid.uuid4()), time.monotonic()
        try:
            with self.counted():
                outcome = await self._run(function, datum, metadata, invocation_id)
            level = logging.INFO if outcome.result is Result.SUCCEEDED else logging.ERROR
            logger.log(
                level,
                "function %s %s, %d ms (%s)",
                function.name,
                outcome.result.value,
                _since_ms(started),
                invocation_id,
            )
        except Exception:  # the entry point: whatever an app raises fails its invocation only
            outcome = Outcome(Result.FAILED)
            logger.exception("function %s failed, %d ms (%s)", function.name, _since_ms(started), invocation_id)
        for watcher in self.watchers:
            watcher()
        return outcome

    def close(self) -> None:
        """Take no more work; threads that still run are left behind."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, function: Function, datum: Datum, metadata: dict[str, Datum], invocation_id: str) -> Outcome:
        holders = {parameter: Out() for parameter in function.outputs}
        arguments: dict[str, Any] = {function.parameter: decode(function.converter, datum, metadata), **holders}
        if function.takes_context:
            arguments["context"] = _Context(function, invocation_id)
        limit = asyncio.timeout(self._timeout_s)
        try:
            async with limit:
                returned = await self._call(function, arguments, invocation_id)
        except TimeoutError:
            if limit.expired():
                return Outcome(Result.TIMED_OUT)
            raise  # the function's own, say of a socket: a failure like any other
        response, messages = _results(function, holders, returned)
        if messages:
            await asyncio.to_thread(self._send, messages)
        return Outcome(Result.SUCCEEDED, response)

    async def _call(self, function: Function, arguments: dict[str, Any], invocation_id: str) -> Any:
        if function.is_async:
            return await function.call(**arguments)

        def call() -> Any:
            _thread_local.invocation_id = invocation_id
            return function.call(**arguments)

        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    def _send(self, messages: list[tuple[str, str | bytes]]) -> None:
        for queue, body in messages:
            self._queues.send(queue, body)


def _results(
    function: Function, holders: dict[str, Out], returned: Any
) -> tuple[Datum | None, list[tuple[str, str | bytes]]]:
    """Return the HTTP response, if any, and the messages to send, from what the function set and returned."""
    messages = []
    for parameter, output in function.outputs.items():
        messages += _messages(output, holders[parameter].get())
    if function.returned is not None:
        return None, messages + _messages(function.returned, returned)
    if isinstance(function.trigger, HttpTrigger):
        return encode("http", returned, None), messages
    if returned is not None:
        raise RuntimeError(f"function {function.name} returned a value but has no $return binding; return None")
    return None, messages


def _messages(output: QueueOutput, value: Any) -> list[tuple[str, str | bytes]]:
    if value is None:
        return []
    datum = encode(output.converter, value, output.python_type)
    if datum.type != "json":
        return [(output.queue, datum.value)]
    document = json.loads(datum.value)
    items = document if isinstance(document, list) else [document]
    return [(output.queue, _body(item)) for item in items]


def _body(item: Any) -> str:
    """Return the text of one message: a string as it is, the body of a QueueMessage, anything else as JSON."""
    if isinstance(item, str):
        return item
    if isinstance(item, dict) and item.keys() == {"id", "body"}:
        return str(item["body"])
    return json.dumps(item)


def _since_ms(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


@dataclass(frozen=True, slots=True)
class _NoTrace:
    """No distributed tracing on one machine."""

    trace_state: str = ""
    trace_parent: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _NoRetry:
    """No retry policies: a queue retries by delivering again."""

    retry_count: int = 0
    max_retry_count: int = 0
    exception: None = None


class _Context(func.Context):
    """What a function learns about its invocation."""

    def __init__(self, function: Function, invocation_id: str) -> None:
        self._function = function
        self._invocation_id = invocation_id

    @property
    def invocation_id(self) -> str:
        """A new id for each invocation."""
        return self._invocation_id

    @property
    def thread_local_storage(self) -> Any:
        """Carries ``invocation_id`` on the thread of a synchronous function."""
        return _thread_local

    @property
    def function_name(self) -> str:
        """The function's name."""
        return self._function.name

    @property
    def function_directory(self) -> str:
        """The folder of the file that defines the function."""
        return self._function.directory

    @property
    def trace_context(self) -> Any:
        """An empty trace."""
        return _NoTrace()

    @property
    def retry_context(self) -> Any:
        """No retries."""
        return _NoRetry()
