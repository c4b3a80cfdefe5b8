"""How the token library reaches the token service: with time limits, at the address of the settings, in our errors.

MSAL insists on ``https://`` addresses and asks for a directory of endpoints before each token. Those endpoints are
known, so that question is answered here, and what goes to Microsoft's usual address is sent to the one of the settings.

Invariants: no body is logged; no redirect is followed, for a body holds secrets; plain http is for this machine only.
A code is redeemed once; everything else is repeated a little where nothing answered.

Not here: what an answer means (``tokens``).
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from shared.domain.errors import InvalidError, MicrosoftUnavailableError, ThrottledError
from shared.partner_center.session import new_session

logger = logging.getLogger(__name__)
USUAL_LOGIN: Final = "https://login.microsoftonline.com"
TIMEOUT_S: Final = (10, 30)
TRY_COUNT: Final = 3
WAIT_S_MAX: Final = 10
_THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_DISCOVERY: Final = "/v2.0/.well-known/openid-configuration"


class KnownAnswer:
    """An answer that nobody needs to ask for."""

    def __init__(self, value: Mapping[str, str]) -> None:
        self.status_code = 200
        self.text = json.dumps(dict(value))
        self.headers: dict[str, str] = {"Content-Type": "application/json"}

    def raise_for_status(self) -> None:
        """Nothing is wrong with it."""


class LoginTransport:
    """The ``http_client`` of MSAL. *login* is the token service's base address, *wait* sleeps some seconds.

    Raises:
        InvalidError: *login* would send secrets in the clear, or is no address.
    """

    def __init__(
        self, login: str, *, session: requests.Session | None = None, wait: Callable[[float], None] = time.sleep
    ) -> None:
        _check(login)
        self.authority = login if login.startswith("https://") else USUAL_LOGIN
        self._login = login
        self._session = session or new_session()
        self._wait = wait

    def get(self, url: str, **options: Any) -> Any:
        """Answer the question for endpoints; send anything else."""
        if url.endswith(_DISCOVERY):
            tenant = f"{self.authority}/{urlsplit(url).path.split('/')[1]}"
            return KnownAnswer(
                {
                    "issuer": f"{tenant}/v2.0",
                    "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{tenant}/oauth2/v2.0/token",
                }
            )
        return self._send("GET", url, options)

    def post(self, url: str, **options: Any) -> Any:
        """Send a request for a token."""
        return self._send("POST", url, options)

    def close(self) -> None:
        """Keep the session: it outlives the short lives of MSAL's applications."""

    def address(self, url: str) -> str:
        """Return where *url* really goes."""
        return f"{self._login}{url.removeprefix(self.authority)}" if url.startswith(f"{self.authority}/") else url

    def _send(self, method: str, url: str, options: Mapping[str, Any]) -> requests.Response:
        data = options.get("data")
        is_once = isinstance(data, dict) and data.get("grant_type") == "authorization_code"
        for number in range(1, (1 if is_once else TRY_COUNT) + 1):
            is_last = is_once or number == TRY_COUNT
            try:
                answer = self._session.request(
                    method, self.address(url), timeout=TIMEOUT_S, allow_redirects=False, **options
                )
            except requests.RequestException as error:
                if is_last:
                    raise _silent(error) from None  # the cause may quote the request
                self._wait(0.5 * number)
                continue
            wait_s = _wait_s(answer)
            if answer.status_code != 429 and answer.status_code < 500:
                return _readable(answer)
            if is_last or wait_s > WAIT_S_MAX:
                raise _unable(answer.status_code, wait_s)
            self._wait(wait_s or 0.5 * number)
        raise AssertionError("unreachable: the last try returns or raises")


def _check(login: str) -> None:
    parts = urlsplit(login)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _THIS_MACHINE)
    if not is_safe or not parts.hostname or parts.query or parts.fragment or login.endswith("/"):
        raise InvalidError("PRORATA_LOGIN_URL: give https://host without a slash at its end; http is for this machine")


def _silent(error: requests.RequestException) -> MicrosoftUnavailableError:
    logger.warning("the token service did not answer: %s", type(error).__name__)
    return MicrosoftUnavailableError(
        f"the token service did not answer ({type(error).__name__}); check the network and PRORATA_LOGIN_URL, try again"
    )


def _unable(status: int, wait_s: int) -> MicrosoftUnavailableError:
    logger.warning("the token service answered %s", status)
    if status == 429:
        return ThrottledError(f"the token service asks to wait {wait_s} s", retry_after_s=max(1, wait_s))
    return MicrosoftUnavailableError(f"the token service failed (HTTP {status}); try again later")


def _readable(answer: requests.Response) -> requests.Response:
    """Return the answer if it is a JSON object; MSAL would log anything else, and fail in a way of its own."""
    try:
        value = json.loads(answer.text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        return answer
    logger.warning("the token service answered %s with something that cannot be read", answer.status_code)
    raise MicrosoftUnavailableError(
        f"the token service answered {answer.status_code} with something that cannot be read, as a proxy's page is; "
        "check the network and PRORATA_LOGIN_URL, try again"
    )


def _wait_s(answer: requests.Response) -> int:
    text = answer.headers.get("Retry-After", "")
    return min(int(text), 3600) if text.isdecimal() else 0
