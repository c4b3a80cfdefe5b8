"""Whatever stands where the token service should: no answer of it ends in an error of another kind, or in a token."""

import base64
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from shared.domain.consent import RefreshToken, Standing
from shared.domain.errors import MicrosoftUnavailableError, NotConnectedError, ThrottledError
from shared.partner_center.credentials import AppCredentials
from shared.partner_center.hosts import Audience, Hosts
from shared.partner_center.login_transport import LoginTransport
from shared.partner_center.token_answers import ANSWER_BYTES_MAX
from shared.partner_center.tokens import MsalTokens

NOW = datetime(2026, 11, 9, 9, tzinfo=UTC)
TENANT = "11111111-1111-1111-1111-111111111111"
GOOD = {"access_token": "an-access-token", "refresh_token": "newer", "expires_in": 3600, "token_type": "Bearer"}
REFUSAL = {"error": "invalid_grant", "error_description": "AADSTS700082: expired", "error_codes": [700082]}


def identity(claims: bytes) -> str:
    """Return an identity with those claims."""
    parts = (b'{"alg":"none"}', claims, b"signature")
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


class Store:
    """Holds one refresh token."""

    def refresh_token(self) -> RefreshToken:
        """Return it."""
        return RefreshToken(consent_id="c", value="the-refresh-token", obtained_at=NOW)

    def keep_refresh_token(self, token: RefreshToken) -> bool:
        """Keep nothing."""
        return bool(token)

    def note_standing(self, consent_id: str, standing: Standing) -> None:
        """Note nothing."""


class Service(requests.Session):
    """A session that leads to one answer."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        super().__init__()
        self.status, self.body, self.told = status, body, headers or {}

    def request(self, *_arguments: Any, **_options: Any) -> requests.Response:
        """Answer."""
        answer = requests.Response()
        answer.status_code, answer.raw = self.status, io.BytesIO(self.body)
        answer.headers.update(self.told)
        return answer


def tokens(status: int, body: Any, headers: dict[str, str] | None = None) -> MsalTokens:
    """Return tokens of a service with one answer."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    login = LoginTransport(
        "https://login.example", session=Service(status, content, headers), wait=lambda _seconds: None
    )
    app = AppCredentials(tenant_id=TENANT, client_id=TENANT, secret="the-secret")
    return MsalTokens(app, Hosts(), Store(), lambda: NOW, login)


POISONED = [
    *({**GOOD, "expires_in": value} for value in ("9" * 5000, -5, [], None, True, "x")),
    *({**GOOD, "access_token": value} for value in ("", None, 5, {}, "a b", "a\r\nX: y", "\u2028", "\ud800")),
    *({**GOOD, "refresh_token": value} for value in ("", 5, "a\nb")),
    *({**GOOD, "id_token": value} for value in ("x", "a.b.c", 5, None, {}, identity(b"\xff"), identity(b"[1]"))),
    {**GOOD, "id_token": identity(b"[" * 100_000)},
    *({**GOOD, "scope": value} for value in (5, {}, [])),
    {**GOOD, "refresh_in": "x"},
    *({**REFUSAL, "error_codes": value} for value in (5, True, ["9" * 5000], [None], [{}], "x")),
    *({**REFUSAL, "error": value} for value in (5, {}, ["x"])),
    *({**REFUSAL, "suberror": value} for value in (5, {}, ["x"])),
    b"[]",
    b"",
    b"<html>",
    b"\xff\xfe",
    b"{" * 100_000,
    b'{"expires_in":' + b"9" * 5000 + b"}",
    b'{"access_token":"a","pad":"' + b" " * ANSWER_BYTES_MAX + b'"}',
]


@pytest.mark.parametrize("body", POISONED, ids=lambda body: repr(body)[-60:])
@pytest.mark.parametrize("is_app_only", [False, True])
def test_an_answer_that_is_none_is_no_token(body: Any, is_app_only: bool) -> None:  # noqa: FBT001 - a table
    """It counts as no answer: the connection is not blamed, and the message says what to look at."""
    with pytest.raises(MicrosoftUnavailableError, match="cannot be read") as refused:
        tokens(200, body).token(Audience.GRAPH, is_app_only=is_app_only)

    assert "an-access-token" not in str(refused.value)


def test_an_answer_as_agreed_is_a_token() -> None:
    """With whatever else Microsoft puts beside it."""
    body = {**GOOD, "ext_expires_in": 3600, "expires_on": "1700000000", "foci": "1", "id_token": identity(b"{}")}

    assert "an-access-token" == tokens(200, body).token(Audience.GRAPH)


@pytest.mark.parametrize("word", ["bad\nFORGED LINE", "bad\u2028line", "b" * 5000])
def test_a_refusal_forges_no_line_of_the_log(word: str, caplog: pytest.LogCaptureFixture) -> None:
    """Its word goes into messages and logs, so it stays a word."""
    with pytest.raises(NotConnectedError) as refused:
        tokens(400, {"error": word}).token(Audience.GRAPH)

    assert 1 == len(str(refused.value).splitlines())
    assert [1] == [len(record.getMessage().splitlines()) for record in caplog.records]
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize("told", ["9" * 5000, "999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_wait_of_years_is_put_off(told: str) -> None:
    """Nobody waits in a worker; what asks again later is limited."""
    with pytest.raises(ThrottledError) as refused:
        tokens(429, {}, {"Retry-After": told, "Date": "Mon, 09 Nov 2026 09:00:00 GMT"}).token(Audience.GRAPH)

    assert 1 <= refused.value.retry_after_s <= 24 * 60 * 60
