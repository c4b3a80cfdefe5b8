"""Calls to Microsoft's APIs: tokens, ids, waiting and repeating, the same for all of them.

Rules, from Microsoft's documentation: MS-RequestId names one piece of work, so it is the same where a call is repeated
because no answer came, and a new one after any answer; 408, 500, 502, 503 and 504 are repeated with growing pauses,
429 after the time it names, 401 once with a new token, nothing else. What changes something is repeated after such an
answer only where the caller says that it may be.

Invariants: a token goes to its own API only; redirects are not followed; an answer has a limit of size; the time lost
on a call and on an operation is limited, and beyond it the error says how long to wait; no error is raised while one of
the HTTP library's is handled, for their texts hold whole addresses.

Not here: what an answer means (``answers``), pages (``paging``), parts of exports (``part_stream``).
"""

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Final
from urllib.parse import urlsplit

import msgspec
import requests
import urllib3.exceptions

from shared.domain.errors import (
    LimitError,
    MicrosoftRefusedError,
    MicrosoftUnavailableError,
    NotConnectedError,
    ProrataError,
    ThrottledError,
)
from shared.partner_center.addresses import check_bases
from shared.partner_center.answers import RETRIED_STATUSES, Answer, Step, problem_of, refusal
from shared.partner_center.hosts import Audience, Hosts, Tokens
from shared.partner_center.pace import Observe, Outcome, Pace, RealPace, Waiting, observe_nothing
from shared.partner_center.retry_after import retry_after_s
from shared.partner_center.session import new_session

ANSWER_BYTES_MAX: Final = 64 << 20
BLOCK_BYTES: Final = 1 << 18
LOCALE: Final = "en-US"
_REPEATABLE_METHODS: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})
HTTP_FAILURES: Final = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)
_NEEDS_USER: Final = frozenset({"900329"})
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call. *path* begins with a slash below the API's base address and may hold a query.

    *request_id* is given where the caller keeps it, so that the same work can be asked for again after a crash.
    *may_repeat* tells that a repeat after an answer such as 503 does no harm; None goes by the method.
    *takes_app_only* prefers a token of the app alone. *tenant_id* asks with a token for a customer's tenant.
    *into* takes the body as it is on the wire, instead of memory. *expects* are statuses of failure that are answers.
    """

    method: str
    path: str
    audience: Audience = Audience.PARTNER_CENTER
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    etag: str = ""
    request_id: str = ""
    may_repeat: bool | None = None
    takes_app_only: bool = False
    tenant_id: str = ""
    concerns_one_tenant: bool = False
    into: BinaryIO | None = None
    bytes_max: int = ANSWER_BYTES_MAX
    expects: frozenset[int] = frozenset()

    @property
    def step(self) -> Step:
        """What a message may show of it."""
        name = f"{self.method} {urlsplit(self.path).path}"
        return Step(name=name, audience=self.audience, concerns_one_tenant=self.concerns_one_tenant)

    @property
    def is_repeatable(self) -> bool:
        """Whether a repeat after an answer does no harm."""
        return self.method in _REPEATABLE_METHODS if self.may_repeat is None else self.may_repeat


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


class Transport:
    """The way to Microsoft's APIs, for any number of operations and threads."""

    def __init__(
        self,
        hosts: Hosts,
        tokens: Tokens,
        *,
        session: requests.Session | None = None,
        waiting: Waiting | None = None,
        pace: Pace | None = None,
        observe: Observe = observe_nothing,
    ) -> None:
        check_bases(hosts)
        self.hosts, self.tokens = hosts, tokens
        self.session = new_session() if session is None else session
        self.waiting = waiting or Waiting()
        self.pace: Pace = pace or RealPace()
        self.observe = observe
        self.refuses_app_only = False

    def operation(self) -> "Operation":
        """Return a new operation: calls that belong together, with one correlation id and one budget."""
        return Operation(self)


class Operation:
    """Calls that belong together. It is used by one thread."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.correlation_id = str(uuid.uuid4())
        self.lost_s = 0.0

    def ask(self, request: Request) -> Answer:
        """Return Microsoft's answer: of success, or with a status that the request expects.

        Raises:
            MicrosoftRefusedError: it refuses for good; MicrosoftNotFoundError: there is no such thing.
            ChangedError, MicrosoftBusyError: see there.
            ThrottledError: it asks to wait longer than is left of the budget.
            MicrosoftUnavailableError: no answer, or failures, beyond tries or budget.
            NotConnectedError: it does not accept who we are.
            LimitError: the answer is larger than the request allows.
        """
        return _Call(self, request).run()


class _Call:
    """One call with all its tries."""

    def __init__(self, operation: Operation, request: Request) -> None:
        self._operation, self._transport, self._request = operation, operation.transport, request
        self._pace, self._waiting = self._transport.pace, self._transport.waiting
        self._request_id = request.request_id or str(uuid.uuid4())
        self._is_app_only = request.takes_app_only and not self._transport.refuses_app_only
        self._has_new_token = False
        self._tries, self._failures, self._throttles = 0, 0, 0
        self._lost_s, self._waited_s = 0.0, 0.0
        self._status, self._code = 0, ""

    def run(self) -> Answer:
        """Try until there is an answer or no sense in another try."""
        try:
            return self._run()
        finally:
            self._tell()

    def _run(self) -> Answer:
        while True:
            began = self._pace.seconds()
            token = self._token()
            result = self._send(token)
            if isinstance(result, Silence):
                self._unanswered(result, began)
                continue
            self._request_id = str(uuid.uuid4())  # never again the id of a call that was answered
            self._status = result.status
            if result.is_success or result.status in self._request.expects:
                self._accepted()
                return result
            self._refused(result, began)

    def _token(self) -> str:
        tokens, request = self._transport.tokens, self._request
        if self._is_app_only:
            try:
                return tokens.token(request.audience, tenant_id=request.tenant_id, is_app_only=True)
            except NotConnectedError:
                self._is_app_only = False  # a person's consent may still work
        try:
            return tokens.token(request.audience, tenant_id=request.tenant_id)
        except NotConnectedError:
            self._transport.refuses_app_only = False  # what was refused once may work by now, and nothing else does
            raise

    def _accepted(self) -> None:
        if self._request.takes_app_only and not self._is_app_only:
            self._transport.refuses_app_only = True  # spares the next calls the detour

    def _unanswered(self, silence: Silence, began: float) -> None:
        step = self._request.step
        error = MicrosoftUnavailableError(
            f"{step.name}: {silence.why}. Try again later (request id {self._request_id}, correlation id "
            f"{self._operation.correlation_id})"
        )
        # Only Partner Center promises to do the work of one MS-RequestId once.
        is_safe = self._request.is_repeatable or self._request.audience is Audience.PARTNER_CENTER
        if not (silence.can_help and is_safe):
            raise error
        self._failures += 1
        self._pause(error, None, began)

    def _refused(self, answer: Answer, began: float) -> None:
        """Make ready for another try, or raise what the answer amounts to."""
        error = refusal(answer, self._request.step)
        self._code = problem_of(answer.content).code
        if answer.status == 401 and not self._has_new_token:
            self._has_new_token = True
            self._forget()
            return
        if self._is_app_only and _asks_for_a_person(answer, error):
            self._is_app_only, self._has_new_token = False, False
            return
        told = retry_after_s(answer.headers, now=self._pace.now())
        if answer.status == 429:
            self._throttles += 1
            asked = error.retry_after_s if isinstance(error, ThrottledError) else 1
            self._pause(error, asked if told is None else told, began)
        elif answer.status in RETRIED_STATUSES and self._request.is_repeatable:
            self._failures += 1
            self._pause(error, told, began)
        else:
            raise error

    def _forget(self) -> None:
        request = self._request
        self._transport.tokens.forget(request.audience, tenant_id=request.tenant_id, is_app_only=self._is_app_only)

    def _pause(self, error: ProrataError, told_s: int | None, began: float) -> None:
        """Wait before the next try, or raise *error* where tries or budget are used up."""
        self._lose(self._pace.seconds() - began)
        if self._failures >= self._waiting.tries_max:
            raise error
        pause_s = self._pause_s(told_s)
        is_affordable = (
            self._lost_s + pause_s <= self._waiting.call_s
            and self._operation.lost_s + pause_s <= self._waiting.operation_s
        )
        if not is_affordable:
            if told_s is None or isinstance(error, ThrottledError):
                raise error
            raise ThrottledError(str(error), retry_after_s=told_s)
        self._pace.sleep(pause_s)
        self._waited_s += pause_s
        self._lose(pause_s)

    def _pause_s(self, told_s: int | None) -> float:
        """Return the seconds to wait: full jitter, or what Microsoft told and a little more, so that not all return."""
        grown = self._waiting.pause_s * 2.0 ** (max(self._failures, self._throttles) - 1)
        spread = self._pace.chance() * min(self._waiting.pause_s_max, grown)
        return spread if told_s is None else told_s + max(spread, self._waiting.pause_s)

    def _lose(self, seconds: float) -> None:
        self._lost_s += seconds
        self._operation.lost_s += seconds

    def _send(self, token: str) -> Answer | Silence:
        """Make one try. The HTTP library's exceptions end here: their texts hold whole addresses."""
        self._tries += 1
        self._status = 0
        began = self._pace.seconds()
        try:
            return self._exchange(token, began)
        except (*HTTP_FAILURES, ValueError) as error:
            return silence_of(error)
        finally:
            self._waited_s += self._pace.seconds() - began

    def _exchange(self, token: str, began: float) -> Answer | Silence:
        request, body = self._request, self._request.body
        with self._transport.session.request(
            request.method,
            self._transport.hosts.base(request.audience) + request.path,
            headers=self._headers(token),
            data=body if body is None or isinstance(body, bytes) else msgspec.json.encode(body),
            timeout=(self._waiting.connect_s, self._waiting.read_s),
            allow_redirects=False,
            stream=True,
        ) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            is_filed = request.into is not None and 200 <= response.status_code < 300
            content = self._filed(response) if is_filed else self._read(response, began)
            if content is None:
                return Silence(f"the answer was not complete within {self._waiting.try_s:g} s")
        if response.status_code >= 300:
            content = content.replace(token.encode(), b"...")  # should it be quoted, it would be in an error
        return Answer(
            status=response.status_code,
            headers=headers,
            content=content,
            request_id=self._request_id,
            correlation_id=headers.get("ms-correlationid") or headers.get("request-id") or self.correlation_id,
        )

    @property
    def correlation_id(self) -> str:
        """What ties the calls of the operation together in logs, ours and Microsoft's."""
        return self._operation.correlation_id

    def _headers(self, token: str) -> dict[str, str]:
        request = self._request
        ids = {"MS-RequestId": self._request_id, "MS-CorrelationId": self.correlation_id}
        if request.audience is Audience.GRAPH:
            ids = {"client-request-id": self._request_id}
        headers = {"Accept": "application/json", "X-Locale": LOCALE, **request.headers, **ids}
        if request.body is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        if request.etag:
            headers["If-Match"] = request.etag
        return {**headers, "Authorization": f"Bearer {token}"}

    def _read(self, response: requests.Response, began: float) -> bytes | None:
        """Return the decoded body; None where it takes too long."""
        content = bytearray()
        for block in response.iter_content(BLOCK_BYTES):
            content += block
            self._check_size(len(content))
            if self._pace.seconds() - began > self._waiting.try_s:
                return None
        return bytes(content)

    def _filed(self, response: requests.Response) -> bytes:
        """Put the body, as it is on the wire, into the request's file."""
        into = self._request.into
        if into is None:
            return b""
        into.seek(0)
        into.truncate()
        size = 0
        while block := response.raw.read(BLOCK_BYTES, decode_content=False):
            size += len(block)
            self._check_size(size)
            into.write(block)
        into.seek(0)
        return b""

    def _check_size(self, size: int) -> None:
        if size > self._request.bytes_max:
            raise LimitError(
                f"{self._request.step.name}: the answer has over {self._request.bytes_max} bytes, which no answer of "
                "this kind has. Nothing of it was used"
            )

    def _tell(self) -> None:
        """Log the one line of this call, and let the observer know."""
        step, status = self._request.step, self._status
        level = logging.WARNING if status in {0, 429} or status >= 500 else logging.INFO
        _logger.log(
            level,
            "%s: status %d, %d ms, %d tries, correlation id %s",
            step.name,
            status,
            int(self._waited_s * 1000),
            self._tries,
            self.correlation_id,
        )
        outcome = Outcome(
            method=self._request.method,
            status=status,
            tries=self._tries,
            waited_s=self._waited_s,
            at=self._pace.now(),
            correlation_id=self.correlation_id,
            code="" if 200 <= status < 300 else self._code,
            is_app_only=self._is_app_only,
        )
        try:
            self._transport.observe(self._request.audience, outcome)
        except ProrataError as error:  # the call is over: what it brought must not be lost to bookkeeping
            _logger.warning("%s: its outcome was not noted (%s)", step.name, error)


def _asks_for_a_person(answer: Answer, error: ProrataError) -> bool:
    """Whether a token of the app alone is not enough: Microsoft says so, or it does not accept the app at all."""
    if isinstance(error, NotConnectedError):
        return True
    return isinstance(error, MicrosoftRefusedError) and (error.code in _NEEDS_USER or answer.status == 401)
