"""An answer that drips, byte after byte, ends when its time is over, wherever it drips."""

import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from typing import BinaryIO

import pytest

from shared.domain.errors import MicrosoftUnavailableError
from shared.domain.snapshots.deliveries import Manifest
from shared.partner_center.deadline import answered_within
from shared.partner_center.hosts import Audience, Hosts
from shared.partner_center.login_transport import USUAL_LOGIN, LoginTransport
from shared.partner_center.pace import Waiting
from shared.partner_center.part_stream import open_part
from shared.partner_center.request import Request
from shared.partner_center.session import new_session
from shared.partner_center.transport import Transport

HEAD = b"HTTP/1.1 200 OK\r\n"
GZIP = b"\x1f\x8b\x08\0\0\0\0\0\0\0"
DRIPS = {
    "headers": (HEAD, b"X"),
    "body": (HEAD + b"Content-Length: 100000\r\n\r\n", b" "),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "packed": (HEAD + b"Content-Encoding: gzip\r\nContent-Length: 100000\r\n\r\n" + GZIP, b"\0"),
}
WAITING = Waiting(connect_s=1, read_s=2, try_s=0.3, part_s=0.3, tries_max=1)
Serve = Callable[[str], str]


class Tokens:
    """Gives a token to whoever asks."""

    def token(self, audience: Audience, *, tenant_id: str = "", is_app_only: bool = False) -> str:
        """Return it."""
        return f"{audience}{tenant_id}{is_app_only}"

    def forget(self, audience: Audience, *, tenant_id: str = "", is_app_only: bool = False) -> None:
        """Nothing is kept."""


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return what starts a server that begins an answer and then drips, faster than a socket loses patience."""
    over = threading.Event()

    def drip(server: socket.socket, start: bytes, drop: bytes) -> None:
        with closing(server.accept()[0]) as connection:
            connection.recv(65536)
            connection.sendall(start)
            while not over.wait(0.02):
                connection.sendall(drop)

    def run(server: socket.socket, start: bytes, drop: bytes) -> None:
        try:
            drip(server, start, drop)
        except OSError:
            return  # the client hung up, as it should

    with ExitStack() as stack:

        def begin(where: str) -> str:
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            thread = threading.Thread(target=run, args=(server, *DRIPS[where]), daemon=True)
            thread.start()
            stack.callback(thread.join, 2)
            stack.callback(over.set)
            return f"http://127.0.0.1:{server.getsockname()[1]}"

        yield begin


def transport(url: str) -> Transport:
    """Return the way to a server."""
    hosts = Hosts(partner_center=url, partner_api=url, graph=url, export_hosts=(url.removeprefix("http://"),))
    return Transport(hosts, Tokens(), waiting=WAITING)


@pytest.mark.parametrize("where", list(DRIPS))
@pytest.mark.parametrize("is_kept", [False, True])
def test_a_call_ends(serve: Serve, where: str, is_kept: bool) -> None:  # noqa: FBT001 - a table
    """Whether its body goes to memory or to a file."""
    into: BinaryIO | None = io.BytesIO() if is_kept else None
    request = Request(method="GET", path="/v1/customers", into=into)

    with pytest.raises(MicrosoftUnavailableError):
        transport(serve(where)).operation().ask(request)


@pytest.mark.parametrize("where", ["headers", "body"])
def test_a_part_of_an_export_ends(serve: Serve, where: str) -> None:
    """Its time begins when it is asked for."""
    url = serve(where)
    at = datetime(2026, 10, 8, tzinfo=UTC)
    manifest = Manifest(
        id="m", etag="e", data_format="f", created_at=at, parts=("p",), part_count=1, root=url, token="t"
    )

    with pytest.raises(MicrosoftUnavailableError), open_part(transport(url), manifest, "p") as part:
        part.read()


@pytest.mark.parametrize("where", ["headers", "body"])
def test_a_request_for_a_token_ends(serve: Serve, where: str) -> None:
    """A code is redeemed once, so there is one try."""
    login = LoginTransport(serve(where), answer_s=0.3)

    with pytest.raises(MicrosoftUnavailableError, match="did not answer"):
        login.post(f"{USUAL_LOGIN}/t/oauth2/v2.0/token", data={"grant_type": "authorization_code"})


def test_an_answer_that_is_quick_enough_is_not_cut_off(serve: Serve) -> None:
    """Time that is not over changes nothing: what came so far can be read."""
    with answered_within(60), new_session().get(serve("chunks"), stream=True, timeout=2) as answer:
        first = next(answer.iter_content(1))

    assert b" " == first
