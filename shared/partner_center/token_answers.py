"""What the token service answers, before the token library sees it: small, in time, and of the shape that was agreed.

MSAL takes its answers on trust: a field of another type, or an identity that is none, ends in an exception of any kind,
some of them with the answer in it.

Not here: what a refusal means (``tokens``), how it is asked (``login_transport``).
"""

import base64
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import requests

from shared.domain.errors import MicrosoftUnavailableError

logger = logging.getLogger(__name__)
ANSWER_BYTES_MAX: Final = 1 << 20
SECONDS_DIGITS_MAX: Final = 9
_BLOCK_BYTES: Final = 1 << 14
_TEXTS: Final = ("error", "error_description", "suberror", "claims", "scope", "token_type", "client_info")
_TOKENS: Final = ("access_token", "refresh_token")
_SECONDS: Final = ("expires_in", "ext_expires_in", "refresh_in", "expires_on")


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """An answer as the token library takes it."""

    status_code: int
    text: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    def raise_for_status(self) -> None:
        """Nothing is wrong with it: what the service failed to do does not come this far."""


def read_answer(answer: requests.Response) -> TokenAnswer:
    """Return the answer if it is what a token service says.

    Raises:
        MicrosoftUnavailableError: it is something else, such as a proxy's page, or too large.
    """
    content = b"".join(_limited(answer))
    try:
        text = content.decode("utf-8-sig")
        value = json.loads(text)
        is_agreed = isinstance(value, dict) and _is_agreed(value)
    except (ValueError, RecursionError):
        is_agreed = False
    if is_agreed:
        return TokenAnswer(answer.status_code, text, {name.lower(): each for name, each in answer.headers.items()})
    logger.warning("the token service answered %s with something that cannot be read", answer.status_code)
    raise MicrosoftUnavailableError(
        f"the token service answered {answer.status_code} with something that cannot be read, as a proxy's page is; "
        "check the network and PRORATA_LOGIN_URL, try again"
    )


def _limited(answer: requests.Response) -> list[bytes]:
    """Return the body in blocks, or none where it is larger than any of its kind."""
    blocks, size = [], 0
    for block in answer.iter_content(_BLOCK_BYTES):
        blocks.append(block)
        size += len(block)
        if size > ANSWER_BYTES_MAX:
            return []
    return blocks


def _is_agreed(value: Mapping[str, Any]) -> bool:
    return (
        all(isinstance(value[name], str) for name in _TEXTS if value.get(name) is not None)
        and all(_is_token(value[name]) for name in _TOKENS if name in value)
        and all(_is_seconds(value[name]) for name in _SECONDS if name in value)
        and all(_is_number(each) for each in _listed(value.get("error_codes")))
        and ("id_token" not in value or _is_identity(value["id_token"]))
    )


def _is_token(value: object) -> bool:
    """Whether it can stand in a header."""
    return isinstance(value, str) and value.isascii() and value.isprintable() and value != "" and " " not in value


def _is_seconds(value: object) -> bool:
    return _is_number(value) or (
        isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= SECONDS_DIGITS_MAX + 2
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10 ** (SECONDS_DIGITS_MAX + 2)


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value, None]  # what is no list holds no numbers


def _is_identity(value: object) -> bool:
    """Whether it has the three parts of an identity, and claims in the middle."""
    if not isinstance(value, str) or not value.isascii() or value.count(".") != 2:
        return False
    part = value.split(".")[1]
    return isinstance(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))), dict)
