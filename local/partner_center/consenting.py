"""A person who signs in at the simulated page and accepts everything, without a browser.

Not here: the page itself (``identity``), what the product does with the answer (``shared/application/connect``).
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

import requests

from shared.application.connect import begin_login, complete_login
from shared.application.services import Services
from shared.domain.consent import Consent
from shared.domain.errors import StateError

REQUEST_S: Final = 60


def brought_back(address: str) -> dict[str, str]:
    """Sign in at the page of *address* and return what a browser brings back from there.

    Raises:
        StateError: the page does not lead back.
    """
    return dict(parse_qsl(_way_back(address).query))


def connect(services: Services) -> Consent:
    """Begin a login, sign in, come back.

    Raises:
        StateError: the page does not lead back.
        NotConnectedError: the answer is refused.
    """
    begun = begin_login(services)
    return complete_login(services, brought_back(begun.address), begun.browser)


def consent_at(base_url: str) -> None:
    """Go the way of a browser at a function app: to the sign-in, and back to *base_url* with the answer.

    Raises:
        StateError: the way ends somewhere else.
    """
    begun = _step(f"{base_url}/api/connection/login", {})
    cookie = str(begun.get("Set-Cookie", "")).partition(";")[0]
    back = _way_back(str(begun["Location"]))
    _step(f"{base_url}{back.path}?{back.query}", {"Cookie": cookie}, wanted=200)


def _way_back(address: str) -> SplitResult:
    return urlsplit(str(_step(address, {})["Location"]))


def _step(url: str, headers: dict[str, str], wanted: int = 302) -> Mapping[str, str]:
    """Return the headers of the answer; where it leads is for the caller to see."""
    answer = requests.get(url, headers=headers, timeout=REQUEST_S, allow_redirects=False)
    if answer.status_code != wanted:
        raise StateError(
            f"the sign-in answered {answer.status_code} at {urlsplit(url).path}: look at GET /api/connection"
        )
    return answer.headers
