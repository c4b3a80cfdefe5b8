"""A real HTTP server on loopback that answers what a test scripts, and a client that waits for nothing."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from local.partner_center.standing_by import NOON, SparedPace, hosts_at
from shared.domain.errors import NotConnectedError
from shared.partner_center.gateway import PartnerCenter
from shared.partner_center.hosts import Audience
from shared.partner_center.pace import Outcome, Waiting


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it; headers by lower-case name."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What is answered. *fate* is "cut" (the connection ends half way), "hang up" (before an answer) or "stall"."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    fate: str = ""

    @property
    def content(self) -> bytes:
        """The body as bytes."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Answering = Callable[[Asked], Reply]


class Script:
    """The server: it answers what was scripted, in order, the last for ever."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.replies: deque[Answering] = deque()
        self.over = threading.Event()
        self.base_url = ""

    def then(
        self, status: int = 200, body: Any = None, headers: dict[str, str] | None = None, *, fate: str = ""
    ) -> "Script":
        """Answer this after what was scripted before; *fate* is one of ``Reply``'s."""
        reply = Reply(status, body, headers or {}, fate)
        self.replies.append(lambda _asked: reply)
        return self

    def quoting(self, status: int) -> "Script":
        """Refuse with a message that quotes the token that came."""
        self.replies.append(
            lambda asked: Reply(status, {"code": 400, "description": asked.headers["authorization"][7:]})
        )
        return self

    def by_path(self, bodies: dict[str, Any]) -> "Script":
        """Answer by the beginning of the path from now on, the longest first; anything else is not found."""

        def answer(asked: Asked) -> Reply:
            for start in sorted(bodies, key=len, reverse=True):
                if asked.path.startswith(start):
                    return Reply(200, bodies[start])
            return Reply(404, {"code": 1000, "description": "Not found"})

        self.replies.append(answer)
        return self

    @property
    def request_ids(self) -> list[str]:
        """The ids of all requests so far."""
        return [asked.headers.get("ms-requestid", "") for asked in self.asked]

    def reply(self, asked: Asked) -> Reply:
        """Return the next reply."""
        self.asked.append(asked)
        chosen = self.replies.popleft() if len(self.replies) > 1 else self.replies[0]
        return chosen(asked)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that hang up are part of the tests."""


def _handler(script: Script) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = script.reply(Asked(self.command, self.path, headers, self.rfile.read(length)))
            if reply.fate == "stall":
                script.over.wait(10)
            if reply.fate in {"stall", "hang up"}:
                self.close_connection = True
                return
            self._send(reply)

        def _send(self, reply: Reply) -> None:
            content = reply.content
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if "Content-Length" not in reply.headers:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content[: len(content) // 2] if reply.fate == "cut" else content)
            self.close_connection = self.close_connection or reply.fate == "cut"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
            """Say nothing."""

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _answer  # noqa: N815 - the library's names

    return Handler


class CountedTokens:
    """Tokens with a number, one up after each that is forgotten; *refused* names who gets none."""

    def __init__(self) -> None:
        self.number = 1
        self.forgotten: list[tuple[Audience, str, bool]] = []
        self.refused: set[str] = set()

    def token(self, audience: Audience, *, tenant_id: str = "", is_app_only: bool = False) -> str:
        """Return a token that says for whom it is."""
        who = "app" if is_app_only else tenant_id or "user"
        if who in self.refused:
            raise NotConnectedError(f"no token for {who}", state="token-expired")
        return f"SECRET-{who}-{audience.name}-{self.number}"

    def forget(self, audience: Audience, *, tenant_id: str = "", is_app_only: bool = False) -> None:
        """Make the next token another."""
        self.forgotten.append((audience, tenant_id, is_app_only))
        self.number += 1


@pytest.fixture
def script() -> Iterator[Script]:
    """A server on a free port of this machine."""
    script = Script()
    server = _Server(("127.0.0.1", 0), _handler(script))
    script.base_url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield script
    script.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def pace() -> SparedPace:
    """Time that costs none."""
    return SparedPace(NOON, drawn=1.0)


@pytest.fixture
def tokens() -> CountedTokens:
    """The token service, always in a good mood."""
    return CountedTokens()


@pytest.fixture
def outcomes() -> list[tuple[Audience, Outcome]]:
    """What the observer was told."""
    return []


@pytest.fixture
def microsoft(
    script: Script, pace: SparedPace, tokens: CountedTokens, outcomes: list[tuple[Audience, Outcome]]
) -> Iterator[PartnerCenter]:
    """The client, with everything at the scripted server."""
    waiting = Waiting(connect_s=2, read_s=0.3, call_s=100, operation_s=150)
    client = PartnerCenter(
        hosts_at(script.base_url),
        tokens,
        waiting=waiting,
        pace=pace,
        observe=lambda audience, told: outcomes.append((audience, told)),
    )
    yield client
    client.transport.session.close()
