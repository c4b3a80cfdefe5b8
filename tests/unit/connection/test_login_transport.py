"""The way to the token service: where it leads, and where it never leads."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from shared.domain.errors import InvalidError, MicrosoftUnavailableError
from shared.partner_center.login_transport import USUAL_LOGIN, LoginTransport


class Redirecting(BaseHTTPRequestHandler):
    """Sends every caller elsewhere, and remembers who came."""

    def do_POST(self) -> None:
        """Point elsewhere on this server."""
        self.server.paths.append(self.path)  # type: ignore[attr-defined]  # put there by the fixture
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(307)
        self.send_header("Location", "/stolen")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
        """Keep quiet."""


@pytest.fixture
def redirecting() -> Iterator[ThreadingHTTPServer]:
    """A server that points elsewhere."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Redirecting)
    server.paths = []  # type: ignore[attr-defined]  # read by the handler
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_secrets_follow_no_redirect(redirecting: ThreadingHTTPServer) -> None:
    """Whoever answers for the token service cannot send them on."""
    transport = LoginTransport(f"http://127.0.0.1:{redirecting.server_port}", wait=lambda _seconds: None)
    with pytest.raises(MicrosoftUnavailableError):
        transport.post(f"{USUAL_LOGIN}/t/oauth2/v2.0/token", data={"client_secret": "s"})

    assert ["/t/oauth2/v2.0/token"] == redirecting.paths  # type: ignore[attr-defined]  # put there by the fixture


@pytest.mark.parametrize(
    "login",
    [
        "http://login.example",
        "login.example",
        "ftp://127.0.0.1",
        "https://",
        "https://login.example/",
        "https://a?b=c",
        "",
    ],
)
def test_secrets_go_nowhere_in_the_clear(login: str) -> None:
    """Plain http is for this machine; anything else is no address."""
    with pytest.raises(InvalidError, match="PRORATA_LOGIN_URL"):
        LoginTransport(login)


def test_endpoints_are_known_without_asking() -> None:
    """Under the address of the settings where that is https, as in a sovereign cloud."""
    own = LoginTransport("https://login.microsoftonline.us")
    answer = own.get("https://login.microsoftonline.us/t/v2.0/.well-known/openid-configuration")

    assert 200 == answer.status_code
    assert '"token_endpoint": "https://login.microsoftonline.us/t/oauth2/v2.0/token"' in answer.text


def test_only_the_usual_address_is_led_elsewhere() -> None:
    """A simulator on plain http stands in for it; what merely begins alike is left alone."""
    transport = LoginTransport("http://127.0.0.1:8080")

    assert "http://127.0.0.1:8080/t/x" == transport.address(f"{USUAL_LOGIN}/t/x")
    assert f"{USUAL_LOGIN}.evil/t" == transport.address(f"{USUAL_LOGIN}.evil/t")
