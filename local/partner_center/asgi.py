"""The ASGI side of the simulator: reads requests, sends replies, and ends connections where a fault says so.

Not here: what is answered (``answering``), starting and stopping (``server``).
"""

import asyncio
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from local.partner_center.answering import CONTROLS, Answering, Reply
from local.partner_center.exchange import Received
from local.partner_center.faulty import seconds_of_delay

_WORKERS = 4
_CLOSING_S = 0.01


def application(answering: Answering) -> Starlette:
    """Return the application; it has one route, for all of Microsoft's are found by ``answering``."""
    return Starlette(routes=[Route("/{path:path}", _Endpoint(answering))])


def server_config(app: Starlette, tls: Path | None) -> uvicorn.Config:
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
        timeout_graceful_shutdown=1,
        **secure,
    )


class _Protocol(H11Protocol):
    """Lets the application end a connection, which ASGI has no word for."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)

    def shutdown(self) -> None:
        """Close at the server's end; an idle connection at once, for a secure one would wait for the other side."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()
        else:
            super().shutdown()


class _Endpoint:
    """Takes every request; the work is done on a thread, because it may wait for the world's lock."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._workers = ThreadPoolExecutor(_WORKERS, "simulator-call")

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
