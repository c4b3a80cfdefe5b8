"""Fetches a certificate over HTTP: small, without redirects, without waiting long.

Not here: from where (``webhook_certificates`` decides before).
"""

from shared.domain.errors import MicrosoftUnavailableError
from shared.partner_center.deadline import answered_within
from shared.partner_center.exchange import HTTP_FAILURES
from shared.partner_center.session import new_session
from shared.partner_center.webhook_certificates import CERTIFICATE_BYTES_MAX

TIMEOUT_S = 10


def fetch(url: str) -> bytes:
    """Return what lies at *url*.

    Raises:
        MicrosoftUnavailableError: no answer, a redirect, another status than 200, or too much content.
    """
    try:
        with (
            answered_within(TIMEOUT_S),
            new_session() as session,
            session.get(url, timeout=TIMEOUT_S, allow_redirects=False, stream=True) as answer,
        ):
            content = answer.raw.read(CERTIFICATE_BYTES_MAX + 1, decode_content=True)
    except (*HTTP_FAILURES, ValueError) as error:
        raise MicrosoftUnavailableError("the certificate of a webhook could not be fetched") from error
    if answer.status_code != 200 or not 0 < len(content) <= CERTIFICATE_BYTES_MAX:
        raise MicrosoftUnavailableError(f"the certificate of a webhook could not be fetched: HTTP {answer.status_code}")
    return bytes(content)
