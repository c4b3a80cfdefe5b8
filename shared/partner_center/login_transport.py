"""How the token library reaches the token service: with time limits, at the address of the settings, in our errors.

MSAL insists on ``https://`` addresses and asks for a directory of endpoints before each token. Those endpoints are
known, so that question is answered here, and what goes to Microsoft's usual address is sent to the one of the settings.

Invariants: no body is logged; no redirect is followed, for a body holds secrets; plain http is for this machine only.
A code is redeemed once; everything else is repeated a little where nothing answered.

Not here: what may be in an answer (``token_answers``), what it means (``tokens``).
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from shared.domain.errors import InvalidError, MicrosoftUnavailableError, ThrottledError
from shared.partner_center.deadline import answered_within
from shared.partner_center.exchange import HTTP_FAILURES
from shared.partner_center.retry_after import retry_after_s
from shared.partner_center.session import new_session
from shared.partner_center.token_answers import TokenAnswer, read_answer

logger = logging.getLogger(__name__)
USUAL_LOGIN: Final = "https://login.microsoftonline.com"
TIMEOUT_S: Final = (10, 30)
ANSWER_S: Final = 60
TRY_COUNT: Final = 3
WAIT_S_MAX: Final = 10
_THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_DISCOVERY: Final = "/v2.0/.well-known/openid-configuration"


class LoginTransport:
    """The ``http_client`` of MSAL. *login* is the token service's base address, *wait* sleeps some seconds.

    *answer_s* is the time in which an answer has to be complete.

    Raises:
        InvalidError: *login* would send secrets in the clear, or is no address.
    """

    def __init__(
        self,
        login: str,
        *,
        session: requests.Session | None = None,
        wait: Callable[[float], None] = time.sleep,
        answer_s: float = ANSWER_S,
    ) -> None:
        _check(login)
        self.authority = login if login.startswith("https://") else USUAL_LOGIN
        self._login = login
        self._session = session or new_session()
        self._wait, self._answer_s = wait, answer_s

    def get(self, url: str, **options: Any) -> Any:
        """Answer the question for endpoints; send anything else."""
        if url.endswith(_DISCOVERY):
            tenant = f"{self.authority}/{urlsplit(url).path.split('/')[1]}"
            known = {
                "issuer": f"{tenant}/v2.0",
                "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
                "token_endpoint": f"{tenant}/oauth2/v2.0/token",
            }
            return TokenAnswer(200, json.dumps(known), {"Content-Type": "application/json"})
        return self._send("GET", url, options)

    def post(self, url: str, **options: Any) -> Any:
        """Send a request for a token."""
        return self._send("POST", url, options)

    def close(self) -> None:
        """Keep the session: it outlives the short lives of MSAL's applications."""

    def address(self, url: str) -> str:
        """Return where *url* really goes."""
        return f"{self._login}{url.removeprefix(self.authority)}" if url.startswith(f"{self.authority}/") else url

    def _send(self, method: str, url: str, options: Mapping[str, Any]) -> TokenAnswer:
        data = options.get("data")
        is_once = isinstance(data, dict) and data.get("grant_type") == "authorization_code"
        for number in range(1, (1 if is_once else TRY_COUNT) + 1):
            is_last = is_once or number == TRY_COUNT
            try:
                found = self._asked(method, url, options)
            except (*HTTP_FAILURES, ValueError) as error:
                if is_last:
                    raise _silent(error) from None  # the cause may quote the request
                self._wait(0.5 * number)
                continue
            if isinstance(found, TokenAnswer):
                return found
            if is_last or found.wait_s > WAIT_S_MAX:
                raise _unable(found)
            self._wait(found.wait_s or 0.5 * number)
        raise AssertionError("unreachable: the last try returns or raises")

    def _asked(self, method: str, url: str, options: Mapping[str, Any]) -> "TokenAnswer | _Failed":
        more: dict[str, Any] = {**options, "timeout": TIMEOUT_S, "allow_redirects": False, "stream": True}
        with answered_within(self._answer_s), self._session.request(method, self.address(url), **more) as answer:
            if answer.status_code == 429 or answer.status_code >= 500:
                return _Failed(answer.status_code, retry_after_s(_lowered(answer)) or 0)
            return read_answer(answer)


@dataclass(frozen=True, slots=True)
class _Failed:
    """The token service cannot now; *wait_s* is how long it asks to wait, 0 where it does not."""

    status: int
    wait_s: int


def _lowered(answer: requests.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def _check(login: str) -> None:
    parts = urlsplit(login)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _THIS_MACHINE)
    if not is_safe or not parts.hostname or parts.query or parts.fragment or login.endswith("/"):
        raise InvalidError("PRORATA_LOGIN_URL: give https://host without a slash at its end; http is for this machine")


def _silent(error: Exception) -> MicrosoftUnavailableError:
    logger.warning("the token service did not answer: %s", type(error).__name__)
    return MicrosoftUnavailableError(
        f"the token service did not answer ({type(error).__name__}); check the network and PRORATA_LOGIN_URL, try again"
    )


def _unable(failed: _Failed) -> MicrosoftUnavailableError:
    logger.warning("the token service answered %s", failed.status)
    if failed.status == 429:
        wait_s = max(1, failed.wait_s)
        return ThrottledError(f"the token service asks to wait {wait_s} s", retry_after_s=wait_s)
    return MicrosoftUnavailableError(f"the token service failed (HTTP {failed.status}); try again later")
