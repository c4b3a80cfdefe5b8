"""The host as a whole: reads ``host.json``, wires triggers to one event loop, starts, drains and stops.

Invariants: the loop lives on a thread of its own, so signals stay with the caller's main thread (uvicorn would take
them, and raise SIGTERM again at its end); stopping first takes no more work, then lets what runs finish for the grace
period; a message under way when the grace period ends comes back when its lock ends.

Not here: which store, which keys and which state folder, all of which the caller hands over.
"""

import asyncio
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount

from local.functions_host.admin import Admin
from local.functions_host.config import HostConfig, put_settings, read_host_config
from local.functions_host.functions import QueueTrigger, TimerTrigger
from local.functions_host.http import CustomHeaders, HttpFunctions
from local.functions_host.index import Index, index_app
from local.functions_host.invoke import Invoker
from local.functions_host.keys import AccessKeys
from local.functions_host.queues import QueueWorker
from local.functions_host.statuses import Statuses
from local.functions_host.timers import TimerWorker
from shared.domain.errors import BusyError, OperationalError, StateError
from shared.storage.ports import Queues

logger = logging.getLogger(__name__)
_LOOK_S = 0.02
_SIGNAL_LOOK_S = 0.1


def utc_now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class HostOptions:
    """What a caller may choose; port 0 takes a free one, *keys* None asks callers for none.

    *lock_s* is Azure's ten minutes; *polling_interval_max_s* replaces the one of ``host.json``; *routes* are mounted
    beside the functions; without *has_timers* no timer fires by itself (the admin API still can).
    """

    address: str = "127.0.0.1"
    port: int = 0
    keys: AccessKeys | None = None
    lock_s: int = 600
    grace_s: float = 30
    body_bytes_max: int = 100 * 1024 * 1024
    polling_interval_max_s: float | None = None
    routes: Sequence[BaseRoute] = ()
    has_timers: bool = True
    now: Callable[[], datetime] = utc_now


class FunctionsHost:
    """Runs the functions of one index until it is stopped. Usable as a context manager."""

    def __init__(
        self, index: Index, config: HostConfig, queues: Queues, statuses: Statuses, options: HostOptions | None = None
    ) -> None:
        self.index = index
        self._config = config
        self._queues = queues
        self._statuses = statuses
        self._options = options or HostOptions()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._invoker: Invoker | None = None
        self._stopping = asyncio.Event()
        self._grace_s = self._options.grace_s
        self._is_clean = True
        self._started = threading.Event()
        self.port = 0

    @property
    def base_url(self) -> str:
        """The host's address, without a trailing slash."""
        return f"http://{self._options.address}:{self.port}"

    @property
    def is_running(self) -> bool:
        """Whether the host was started and has not ended."""
        return self._thread is not None and self._thread.is_alive()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen and begin to work; returns when requests are answered. A host starts once.

        Raises:
            StateError: it was started before; make another.
            OperationalError: the port is taken, or the host could not start (the log says why).
        """
        if self._thread is not None:
            raise StateError("this functions host was started before; make another one")
        listener = _listen(self._options.address, self._options.port)
        self.port = listener.getsockname()[1]
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run(listener)), name="functions-host", daemon=True
        )
        self._thread.start()
        while not self._started.wait(_LOOK_S):
            if not self._thread.is_alive():
                raise OperationalError("the functions host ended while it started; see the log above")
        logger.info("functions host: %d functions at %s", len(self.index.functions), self.base_url)

    def stop(self, grace_s: float | None = None) -> bool:
        """Take no more work, wait for what runs (at most *grace_s* seconds), end; return whether all of it finished."""
        if not self.is_running or self._loop is None or self._thread is None:
            return self._is_clean
        self._grace_s = self._options.grace_s if grace_s is None else grace_s
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        return self._is_clean

    def drain(self, timeout_s: float) -> None:
        """Wait until every queue that a function reads is empty and nothing runs.

        Raises:
            BusyError: that was not so within *timeout_s* seconds; the message says what is left.
        """
        deadline = time.monotonic() + timeout_s
        while (left := self._left()) is not None:
            if time.monotonic() > deadline:
                raise BusyError(f"the functions host still has work after {timeout_s} s: {left}")
            time.sleep(_LOOK_S)

    def _left(self) -> str | None:
        """Return what is not done, or None. Nothing may begin while it looks, or it has to look again."""
        if self._invoker is None:
            return None
        before = self._invoker.started_count
        if self._invoker.running_count:
            return f"{self._invoker.running_count} running"
        names = {one.trigger.queue for one in self.index.functions if isinstance(one.trigger, QueueTrigger)}
        depths = {name: depth for name in sorted(names) if (depth := self._queues.depth(name))}
        if depths:
            return ", ".join(f"{depth} in {name}" for name, depth in depths.items())
        return None if self._invoker.started_count == before else "something that has just begun"

    async def _run(self, listener: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        invoker = self._invoker = Invoker(self._queues, timeout_s=self._config.function_timeout_s)
        polled = sum(isinstance(one.trigger, QueueTrigger) for one in self.index.functions)
        with ThreadPoolExecutor(polled + 4, "queues") as executor:
            queue_workers = self._queue_workers(invoker, executor)
            timer_workers = self._timer_workers(invoker)
            server = self._server(invoker, timer_workers)
            invoker.watchers = [worker.look_again for worker in queue_workers]
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            await self._answering(server, serving)
            runs = [worker.run(self._stopping) for worker in queue_workers]
            if self._options.has_timers:
                runs += [worker.run(self._stopping) for worker in timer_workers.values()]
            tasks = [asyncio.create_task(run) for run in runs]
            for task in tasks:
                task.add_done_callback(_tell_of_failure)
            await asyncio.sleep(0)  # each trigger takes its first step, so that a drain sees runs on startup
            self._started.set()
            await self._stopping.wait()
            server.should_exit = True
            await self._finish([serving, *tasks], queue_workers, invoker)
            invoker.close()

    @staticmethod
    async def _answering(server: "_Server", serving: asyncio.Task[None]) -> None:
        ready = asyncio.create_task(server.is_ready.wait())
        await asyncio.wait((serving, ready), return_when=asyncio.FIRST_COMPLETED)
        if not server.is_ready.is_set():
            ready.cancel()
            await serving
            raise OperationalError("the HTTP server ended before it answered; see the log above")

    async def _finish(
        self, tasks: Sequence[asyncio.Task[None]], workers: Sequence[QueueWorker], invoker: Invoker
    ) -> None:
        deadline = time.monotonic() + self._grace_s
        settled = asyncio.gather(*tasks, return_exceptions=True)
        try:
            await asyncio.wait_for(asyncio.shield(settled), self._grace_s)
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                await asyncio.gather(*(worker.settle() for worker in workers))
                await invoker.idle.wait()
        except TimeoutError:
            self._is_clean = False
            logger.warning("functions host: the grace period of %s s ended before all work did", self._grace_s)
            for task in tasks:
                task.cancel()

    def _queue_workers(self, invoker: Invoker, executor: ThreadPoolExecutor) -> list[QueueWorker]:
        config = self._config.queues
        if self._options.polling_interval_max_s is not None:
            config = replace(config, polling_interval_max_s=self._options.polling_interval_max_s)
        return [
            QueueWorker(one, self._queues, invoker, config, lock_s=self._options.lock_s, executor=executor)
            for one in self.index.functions
            if isinstance(one.trigger, QueueTrigger)
        ]

    def _timer_workers(self, invoker: Invoker) -> dict[str, TimerWorker]:
        return {
            one.name: TimerWorker(one, self._statuses, invoker, now=self._options.now)
            for one in self.index.functions
            if isinstance(one.trigger, TimerTrigger)
        }

    def _server(self, invoker: Invoker, timers: dict[str, TimerWorker]) -> "_Server":
        options, prefix = self._options, self._config.route_prefix
        admin = Admin(self.index, invoker, lambda name: timers[name].fire(), route_prefix=prefix, keys=options.keys)
        functions = HttpFunctions(
            self.index.functions,
            invoker,
            route_prefix=prefix,
            keys=options.keys,
            body_bytes_max=options.body_bytes_max,
        )
        app = Starlette(
            routes=[*options.routes, *admin.routes(), Mount("/", CustomHeaders(functions, self._config.custom_headers))]
        )
        return _Server(
            uvicorn.Config(
                app, log_config=None, access_log=False, lifespan="off", ws="none", server_header=False, loop="asyncio"
            )
        )


class _Server(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        self.is_ready.set()


def open_host(folder: Path, queues: Queues, statuses: Statuses, options: HostOptions | None = None) -> FunctionsHost:
    """Return a host for the app in *folder*: settings into the environment, ``host.json`` read, functions indexed.

    Raises:
        InvalidError: a file or a function would be refused; see ``config`` and ``index``.
    """
    put_settings(folder / "local.settings.json")
    config = read_host_config(folder / "host.json")
    return FunctionsHost(index_app(folder), config, queues, statuses, options)


def serve(host: FunctionsHost) -> int:
    """Run *host* from the main thread until SIGINT or SIGTERM; return the exit status.

    0 when all work finished in the grace period. When some did not, the process is ended with status 1 at once, for
    Python would otherwise wait for the threads that still run. A second signal ends it without waiting.
    """
    asked: list[int] = []  # no Event: its lock may be held by the very thread that a signal interrupts

    def ask(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        asked.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    host.start()
    while host.is_running and not asked:
        time.sleep(_SIGNAL_LOOK_S)
    logger.info("functions host: stopping; what runs may finish")
    if host.stop() and asked:
        return 0
    logging.shutdown()
    os._exit(1)


def _tell_of_failure(task: asyncio.Task[None]) -> None:
    """Say it when a trigger ends by an error, which none ever should; the others go on."""
    if not task.cancelled() and task.exception() is not None:
        logger.critical("functions host: a trigger ended and is silent from now on", exc_info=task.exception())


def _listen(address: str, port: int) -> socket.socket:
    # asyncio switches Nagle's delay off only where the protocol is named; without it a request takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        raise OperationalError(f"port {port} on {address} is taken; choose another or 0 for a free one") from error
    return listener
