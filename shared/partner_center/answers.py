"""Answers of Microsoft's APIs: read with suspicion, and turned into Prorata's errors where they refuse.

An answer may begin with a byte order mark, be empty, be a gateway's page, and say its error in five shapes: Partner
Center's old and new one, the one of ``api.partner.microsoft.com`` and Graph, the throttle's, and plain text.

Invariants: no message holds a token, a signature or the query of an address, whatever Microsoft's text quotes; a code
that nobody knows is decided by the HTTP status.

Not here: what a code means (``error_codes``), when a call is repeated (``transport``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from shared.domain.connection import ConnectionState, cure_of
from shared.domain.errors import (
    ChangedError,
    MicrosoftBusyError,
    MicrosoftNotFoundError,
    MicrosoftRefusedError,
    MicrosoftUnavailableError,
    NotConnectedError,
    ProrataError,
    ThrottledError,
)
from shared.partner_center.error_codes import CONNECTION_KINDS, Kind, known
from shared.partner_center.hosts import Audience
from shared.partner_center.retry_after import retry_after_s

BOM: Final = b"\xef\xbb\xbf"
DESCRIPTION_CHARACTERS_MAX: Final = 300
LOOKED_AT_CHARACTERS_MAX: Final = 4096
"""What is left of a description before it is searched for secrets: the search takes the square of the length."""
RETRY_AFTER_S: Final = 60
"""What a throttle means that does not say how long: Microsoft counts requests by the minute."""
RETRIED_STATUSES: Final = frozenset({408, 500, 502, 503, 504})
_DECODE = msgspec.json.Decoder(float_hook=str).decode
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_CODE_IN_TEXT = re.compile(r"InternalErrorCode=(\d{1,7})|\((\d{4,7})\)")
_SECRETS = (
    (re.compile(r"(https?://[^\s?#\"']*)[?#][^\s\"']*", re.IGNORECASE), r"\1"),
    (re.compile(r"\b(bearer|signature|basic)\s+\S+", re.IGNORECASE), r"\1 ..."),
    (re.compile(r"\beyJ[\w-]{4,}[\w.=-]*"), "..."),
    (
        re.compile(
            r"\b(sig|se|sp|sv|sr|\w*(?:token|secret|password|assertion|code_verifier))[\"']?\s*[=:]\s*\S+",
            re.IGNORECASE,
        ),
        r"\1=...",
    ),
)
_LACKING_ROLE = frozenset({"authorization_requestdenied", "forbidden", "accessdenied", "insufficientpermissions"})
_STATES: Final[Mapping[Kind, ConnectionState]] = {
    Kind.MFA: ConnectionState.MFA_REQUIRED,
    Kind.AUDIENCE: ConnectionState.WRONG_AUDIENCE,
    Kind.ROLE: ConnectionState.ROLE_MISSING,
    Kind.CONDITIONAL_ACCESS: ConnectionState.CONDITIONAL_ACCESS,
    Kind.TOKEN: ConnectionState.REFUSED,
    Kind.NEEDS_USER: ConnectionState.NOT_CONNECTED,
}
_TOKENS_CURE: Final = "connect anew at /api/connection/login, with an account that sees Partner Center"
_TENANTS_ADVICE: Final = (
    " This customer's tenant does not let us. Ask the customer for a GDAP relationship with a role such as Directory "
    "readers, assign the role to the account that consented, and see that no policy of theirs blocks it."
)
_ONLY_WITH_401 = frozenset({"400", "10001"})
"""Codes that are numbers of many things; they speak of the token only where the status does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: *headers* have lower-case names, *content* is the decoded body.

    *request_id* is the id of the try that was answered, *correlation_id* what Microsoft's support asks for.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes = b""
    request_id: str = ""
    correlation_id: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Problem:
    """What an answer says of its refusal; both parts may be empty. *code* is text, *description* is scrubbed."""

    code: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What was asked, for messages: *name* such as "GET /v1/customers", and whose business a refusal is.

    *concerns_one_tenant* says that a missing role is one customer's matter, not the connection's.
    """

    name: str
    audience: Audience
    concerns_one_tenant: bool = False


def without_bom(content: bytes) -> bytes:
    """Return *content* without a byte order mark."""
    return content.removeprefix(BOM)


def json_of(content: bytes) -> Any:
    """Return the JSON of a body, None where it holds none; floats stay text, keys are as they came."""
    try:
        return _DECODE(without_bom(content))
    except (ValueError, RecursionError):
        return None


def problem_of(content: bytes) -> Problem:
    """Return code and description of an error's body, whatever its shape."""
    body = json_of(content)
    if isinstance(body, Mapping):
        return _problem_in({str(key).lower(): value for key, value in body.items()})
    text = without_bom(content[:4096]).decode("utf-8", "replace")
    if text.lstrip()[:1] == "<":
        return Problem("", "a page of HTML or XML instead of data")
    return Problem(_code_in_text(text), scrubbed(text))


def scrubbed(text: str) -> str:
    """Return one line of *text*, cut short, without anything that looks like a secret."""
    text = text[:LOOKED_AT_CHARACTERS_MAX]
    line = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", " ", text).split())
    for pattern, instead in _SECRETS:
        line = pattern.sub(instead, line)
    if len(line) <= DESCRIPTION_CHARACTERS_MAX:
        return line
    return f"{line[: DESCRIPTION_CHARACTERS_MAX - 3]}..."


def refusal(answer: Answer, step: Step) -> ProrataError:
    """Return the error that *answer*, which is no success, amounts to."""
    problem = problem_of(answer.content)
    kind = _kind(answer.status, problem.code)
    if _is_the_connections(kind, step):
        return _not_connected(answer, step, problem, kind)
    is_the_tenants = kind in CONNECTION_KINDS
    advice = _TENANTS_ADVICE if is_the_tenants else _advice(answer.status, problem.code)
    message = _message(answer, step, problem, advice)
    if answer.status == 429:
        told = retry_after_s(answer.headers, problem.description)
        return ThrottledError(message, retry_after_s=RETRY_AFTER_S if told is None else told)
    plain: dict[Kind, type[ProrataError]] = {
        Kind.STALE: ChangedError,
        Kind.BUSY: MicrosoftBusyError,
        Kind.FAILED: MicrosoftUnavailableError,
    }
    if kind in plain:
        return plain[kind](message)
    refused = MicrosoftNotFoundError if answer.status in {404, 410} or kind is Kind.NOT_FOUND else MicrosoftRefusedError
    return refused(message, status=answer.status, code=problem.code, correlation_id=answer.correlation_id)


def unreadable(answer: Answer, step: Step, why: str) -> MicrosoftUnavailableError:
    """Return the error for an answer of success that cannot be read."""
    page = " (a page of HTML or XML)" if without_bom(answer.content).lstrip()[:1] == b"<" else ""
    return MicrosoftUnavailableError(
        f"{step.name}: Microsoft answered {answer.status} with something that cannot be read{page}: {scrubbed(why)}. "
        f"Try again later{_ids(answer)}"
    )


def _kind(status: int, code: str) -> Kind:
    """Return what is to be done: the code decides, the status where there is none or an unknown one."""
    found = known(code)
    if found is not None and not _is_another_number(code, status):
        return found.kind
    if status == 412:
        return Kind.STALE
    if status >= 500 or status == 408:
        return Kind.FAILED
    if status == 401:
        return Kind.TOKEN
    if status == 403 and code.lower() in _LACKING_ROLE:
        return Kind.ROLE
    return Kind.NOT_FOUND if status in {404, 410} else Kind.REFUSED


def _is_another_number(code: str, status: int) -> bool:
    return code in _ONLY_WITH_401 and status != 401


def _is_the_connections(kind: Kind, step: Step) -> bool:
    """Whether a refusal speaks of the connection as a whole, not of one customer's tenant."""
    if kind not in CONNECTION_KINDS:
        return False
    if not step.concerns_one_tenant or kind in {Kind.MFA, Kind.AUDIENCE, Kind.NEEDS_USER}:
        return True
    return kind is Kind.TOKEN and step.audience is not Audience.GRAPH  # Graph's token is the customer's tenant's own


def _problem_in(body: Mapping[str, Any]) -> Problem:
    inner = body.get("error")
    if isinstance(inner, Mapping):
        return _problem_in({**{str(key).lower(): value for key, value in inner.items()}, "error": None})
    description = next(
        (str(body[key]) for key in ("description", "message", "error_description", "title") if body.get(key)), ""
    )
    code = _code(body.get("code")) or (_code(inner) if isinstance(inner, str) else "")
    extended = body.get("errormessageextended")
    return Problem(code or _code_in_text(f"{extended} {description}"), scrubbed(description))


def _code(value: object) -> str:
    text = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if _CODE.fullmatch(text) else ""


def _code_in_text(text: str) -> str:
    found = _CODE_IN_TEXT.search(text, 0, LOOKED_AT_CHARACTERS_MAX)
    return (found[1] or found[2]) if found and known(found[1] or found[2]) else ""


def _not_connected(answer: Answer, step: Step, problem: Problem, kind: Kind) -> NotConnectedError:
    """Return the error with the state of the connection, and the state's cure, which names pages and settings."""
    state, found = _STATES[kind], known(problem.code)
    cure = _TOKENS_CURE if state is ConnectionState.REFUSED else cure_of(state, resource=step.audience)
    meaning = found.meaning if found else "Microsoft does not accept who we are."
    advice = f" {meaning} {_sentence(cure[0].upper() + cure[1:])}"
    return NotConnectedError(_message(answer, step, problem, advice), state=state)


def _message(answer: Answer, step: Step, problem: Problem, advice: str) -> str:
    code = f", code {problem.code}" if problem.code else ""
    said = f" Microsoft says: {_sentence(problem.description)}" if problem.description else ""
    return f"{step.name}: HTTP {answer.status}{code}.{advice}{said}{_ids(answer)}"


def _advice(status: int, code: str) -> str:
    found = known(code)
    if found is not None and not _is_another_number(code, status):
        return f" {found.meaning} {found.cure}"
    if 300 <= status < 400:
        return " Microsoft points elsewhere, which is not followed. Check the addresses in the settings."
    by_status = {
        401: " Microsoft does not accept the token.",
        404: " There is no such thing.",
        410: " It expired. Ask for it again.",
        412: " It was changed since it was read. Read it again and reapply the change.",
        429: " Microsoft asks to wait.",
    }
    return by_status.get(status, " Microsoft failed. Try again later." if status >= 500 or status == 408 else "")


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _ids(answer: Answer) -> str:
    named = [
        f"{name} {value}"
        for name, value in (("request id", answer.request_id), ("correlation id", answer.correlation_id))
        if value
    ]
    return f" ({', '.join(named)})" if named else ""
