"""One try of one call over HTTP: an answer, or silence.

Invariants: a token goes to its own API only; redirects are not followed; an answer has a limit of size and of time;
the HTTP library's exceptions do not leave, for their texts hold whole addresses.

Not here: another try (``transport``), what an answer means (``answers``).
"""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

import msgspec
import requests
import urllib3.exceptions

from shared.domain.errors import LimitError
from shared.partner_center.answers import Answer
from shared.partner_center.deadline import answered_within
from shared.partner_center.hosts import Audience, Hosts
from shared.partner_center.pace import Pace, Waiting
from shared.partner_center.request import Request

BLOCK_BYTES: Final = 1 << 18
LOCALE: Final = "en-US"
_ID: Final = re.compile(r"[A-Za-z0-9.|_-]{1,100}")
HTTP_FAILURES: Final = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer came, or it broke off; *can_help* is whether trying again can."""

    why: str
    can_help: bool = True


_SILENCES: Final[tuple[tuple[tuple[type[Exception], ...], str, bool], ...]] = (
    ((requests.exceptions.SSLError,), "the certificate was not accepted; check the address and the clock", False),
    ((requests.exceptions.ConnectTimeout,), "no connection came about in time", True),
    ((requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError), "no answer came in time", True),
    (
        (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError),
        "the answer broke off",
        True,
    ),
    ((requests.exceptions.ConnectionError,), "the connection failed or broke off", True),
    ((ValueError,), "the request could not be made", False),
)
"""What the HTTP library's exceptions amount to; the first that fits counts."""


def silence_of(error: Exception) -> Silence:
    """Return what *error* of the HTTP library amounts to, without its text, which holds the whole address."""
    for types, why, can_help in _SILENCES:
        if isinstance(error, types):
            return Silence(why, can_help)
    return Silence("the answer broke off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One try of a call: what is asked, with which token and ids."""

    request: Request
    token: str
    request_id: str
    correlation_id: str


class Exchange:
    """The way one try takes: over the session, to the API's base address, within limits of time and size."""

    def __init__(self, session: requests.Session, hosts: Hosts, waiting: Waiting, pace: Pace) -> None:
        self._session, self._hosts, self._waiting, self._pace = session, hosts, waiting, pace

    def send(self, asked: Try) -> Answer | Silence:
        """Make one try. The HTTP library's exceptions end here: their texts hold whole addresses.

        Raises:
            LimitError: the answer is larger than the request allows.
        """
        try:
            with answered_within(self._waiting.try_s):
                return self._sent(asked, self._pace.seconds())
        except (*HTTP_FAILURES, ValueError) as error:
            return silence_of(error)

    def _sent(self, asked: Try, began: float) -> Answer | Silence:
        request, body = asked.request, asked.request.body
        with self._session.request(
            request.method,
            self._hosts.base(request.audience) + request.path,
            headers=_headers(asked),
            data=body if body is None or isinstance(body, bytes) else msgspec.json.encode(body),
            timeout=(self._waiting.connect_s, self._waiting.read_s),
            allow_redirects=False,
            stream=True,
        ) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            into = request.into if 200 <= response.status_code < 300 else None
            body_of = _unpacked if into is None else _packed
            held = into or io.BytesIO()
            if not self._keep(body_of(response), held, request, began):
                return Silence(f"the answer was not complete within {self._waiting.try_s:g} s")
        content = held.read() if into is None else b""
        if response.status_code >= 300:
            content = content.replace(asked.token.encode(), b"...")  # should it be quoted, it would be in an error
        return Answer(
            status=response.status_code,
            headers=headers,
            content=content,
            request_id=asked.request_id,
            correlation_id=_correlation_id(headers) or asked.correlation_id,
        )

    def _keep(self, blocks: Iterator[bytes], held: BinaryIO, request: Request, began: float) -> bool:
        """Write the body into *held*, in place of what an earlier try left there; False where it takes too long."""
        held.seek(0)
        held.truncate()
        size = 0
        for block in blocks:
            size += len(block)
            if size > request.bytes_max:
                raise LimitError(
                    f"{request.step.name}: the answer has over {request.bytes_max} bytes, which no answer of this kind "
                    "has. Nothing of it was used"
                )
            if self._pace.seconds() - began > self._waiting.try_s:
                return False
            held.write(block)
        held.seek(0)
        return True


def _correlation_id(headers: Mapping[str, str]) -> str:
    """Return Microsoft's own id of the call, "" where what stands there is none: it goes into logs and messages."""
    told = headers.get("ms-correlationid") or headers.get("request-id") or ""
    return told if _ID.fullmatch(told) else ""


def _unpacked(response: requests.Response) -> Iterator[bytes]:
    return response.iter_content(BLOCK_BYTES)


def _packed(response: requests.Response) -> Iterator[bytes]:
    """Yield the body as it is on the wire."""
    while block := response.raw.read(BLOCK_BYTES, decode_content=False):
        yield block


def _headers(asked: Try) -> dict[str, str]:
    request = asked.request
    ids = {"MS-RequestId": asked.request_id, "MS-CorrelationId": asked.correlation_id}
    if request.audience is Audience.GRAPH:
        ids = {"client-request-id": asked.request_id}
    headers = {"Accept": "application/json", "X-Locale": LOCALE, **request.headers, **ids}
    if request.body is not None:
        headers["Content-Type"] = "application/json; charset=utf-8"
    if request.etag:
        headers["If-Match"] = request.etag
    return {**headers, "Authorization": f"Bearer {asked.token}"}
