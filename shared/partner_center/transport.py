"""Calls to Microsoft's APIs: tokens, ids, waiting and repeating, the same for all of them.

Rules, from Microsoft's documentation: MS-RequestId names one piece of work, so it is the same where a call is repeated
because no answer came, and a new one after any answer; 408, 500, 502, 503 and 504 are repeated with growing pauses,
429 after the time it names, 401 once with a new token, nothing else. What changes something is repeated after such an
answer only where the caller says that it may be.

Invariants: the time lost on a call and on an operation is limited, and beyond it the error says how long to wait; each
call leaves one line in the log.

Not here: one try (``exchange``), what an answer means (``answers``), pages (``paging``), parts of exports
(``part_stream``).
"""

import logging
import uuid
from typing import Final

import requests

from shared.domain.errors import (
    MicrosoftRefusedError,
    MicrosoftUnavailableError,
    NotConnectedError,
    ProrataError,
    ThrottledError,
)
from shared.partner_center.addresses import check_bases
from shared.partner_center.answers import RETRIED_STATUSES, Answer, problem_of, refusal
from shared.partner_center.exchange import Exchange, Silence, Try
from shared.partner_center.hosts import Audience, Hosts, Tokens
from shared.partner_center.pace import Observe, Outcome, Pace, RealPace, Waiting, observe_nothing
from shared.partner_center.request import Request
from shared.partner_center.retry_after import retry_after_s
from shared.partner_center.session import keep_queries_out_of_logs, new_session

_NEEDS_USER: Final = frozenset({"900329"})
_logger = logging.getLogger(__name__)


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
        keep_queries_out_of_logs()
        self.hosts, self.tokens = hosts, tokens
        self.session = new_session() if session is None else session
        self.waiting = waiting or Waiting()
        self.pace: Pace = pace or RealPace()
        self.exchange = Exchange(self.session, hosts, self.waiting, self.pace)
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
        """Make one try."""
        self._tries += 1
        self._status = 0
        began = self._pace.seconds()
        asked = Try(request=self._request, token=token, request_id=self._request_id, correlation_id=self.correlation_id)
        try:
            return self._transport.exchange.send(asked)
        finally:
            self._waited_s += self._pace.seconds() - began

    @property
    def correlation_id(self) -> str:
        """What ties the calls of the operation together in logs, ours and Microsoft's."""
        return self._operation.correlation_id

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
