"""The ASGI side of the simulator: reads requests, sends replies, and ends connections where a fault says so.

Not here: what is answered (``answering``), starting and stopping (``server``).
"""

import asyncio
import contextlib
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from local.partner_center.answering import Answering, Reply
from local.partner_center.exchange import CONTROLS, Received
from local.partner_center.faulty import seconds_of_delay

_WORKERS = 4
_CLOSING_S = 0.01
_GRACE_S = 1.0
_KEEP_ALIVE_S = 120


class PromptServer(uvicorn.Server):
    """Uvicorn's server, stopped at once and from any thread: tests start and stop hundreds."""

    def __init__(self, answering: Answering, tls: Path | None) -> None:
        self._workers = ThreadPoolExecutor(_WORKERS, "simulator-call")
        super().__init__(_config(_application(answering, self._workers), tls))
        self._stops = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()

    def stop(self) -> None:
        """Let ``run`` end."""
        self._stops.set()
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._woken.set)

    async def main_loop(self) -> None:
        """Wait until it is stopped."""
        self._loop = asyncio.get_running_loop()
        if not self._stops.is_set():
            await self._woken.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Free the port and end all connections; what is being answered has a second to finish."""
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=_GRACE_S)
        for task in self.server_state.tasks:
            task.cancel()
        await asyncio.sleep(_CLOSING_S)
        self._workers.shutdown(wait=False)


def _application(answering: Answering, workers: ThreadPoolExecutor) -> Starlette:
    """Return the application; it has one route, for all of Microsoft's are found by ``answering``."""
    return Starlette(routes=[Route("/{path:path}", _Endpoint(answering, workers))])


def _config(app: Starlette, tls: Path | None) -> uvicorn.Config:
    """Return how uvicorn runs it: quietly, with connections that can be ended."""
    secure: dict[str, Any] = {}
    if tls is not None:
        certificate, key = str(tls / "server.pem"), str(tls / "server.key")
        secure = {"ssl_certfile": certificate, "ssl_keyfile": key, "ssl_version": ssl.PROTOCOL_TLS_SERVER}
    return uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        **secure,
    )


class _Protocol(H11Protocol):
    """Lets the application end a connection, which ASGI has no word for."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)

    def shutdown(self) -> None:
        """Close at the server's end; an idle connection at once, for a secure one would wait for the other side."""
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn leaves it out until the first request
        if cycle is None or cycle.response_complete:
            self.transport.abort()
        else:
            super().shutdown()


class _Endpoint:
    """Takes every request; the work is done on a thread, because it may wait for the world's lock."""

    def __init__(self, answering: Answering, workers: ThreadPoolExecutor) -> None:
        self._answering, self._workers = answering, workers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or end its connection."""
        try:
            received = await _received(Request(scope, receive))
        except ClientDisconnect:
            return
        faults = self._answering.world.faults
        if faults.faults and not received.url_path.startswith(CONTROLS):
            await asyncio.sleep(seconds_of_delay(faults, received.method, received.url_path))
        loop = asyncio.get_running_loop()
        reply = await loop.run_in_executor(self._workers, self._answering.reply, received)
        await _send(reply, scope, send)


async def _received(request: Request) -> Received:
    scope = request.scope
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    return Received(
        method=scope["method"],
        url_path=scope["path"],
        query_string=scope["query_string"].decode("latin-1"),
        headers=headers,
        raw=await request.body() if has_body else b"",
        base_url=f"{scope['scheme']}://{headers.get('host', '127.0.0.1')}",
    )


async def _send(reply: Reply, scope: Scope, send: Send) -> None:
    """Send what there is; a dropped reply ends the connection after it, or instead of it."""
    if reply.status:
        await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
        await send({"type": "http.response.body", "body": reply.content, "more_body": reply.is_dropped})
    if reply.is_dropped:
        transport: asyncio.Transport = scope["state"]["transport"]
        transport.close()
        await asyncio.sleep(_CLOSING_S)
