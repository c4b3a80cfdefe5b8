"""What a refusal looks like: each of Microsoft's hosts has its own body.

Not here: when something is refused (``calls``, ``access``).
"""

from datetime import datetime

from local.partner_center.answers import Answer, Host, RefusedError
from local.partner_center.entities import Json

_PARTNER_API = ("/v1.0/sales", "/v1.0/engagements")
_PARTNER_CENTER = ("/v1/", "/webhooks/", "/auditactivity/", "/partner/")


def host_of(url_path: str) -> Host:
    """Return whose address this is; unknown ones are nobody's (``Host.OPEN``)."""
    lower = f"{url_path.lower()}/"
    if lower.startswith(_PARTNER_API):
        return Host.PARTNER_API
    if lower.startswith(("/v1.0/", "/beta/")):
        return Host.GRAPH
    return Host.PARTNER_CENTER if lower.startswith(_PARTNER_CENTER) else Host.OPEN


def refusal(error: RefusedError, host: Host, *, request_id: str, at: datetime) -> Answer:
    """Return the refusal as *host* writes it."""
    body = _body(error, host, request_id, at)
    return Answer(status=error.status, json=body, headers=dict(error.headers))


def throttled(host: Host, retry_after_s: int) -> Answer:
    """Return the refusal of a caller that asks too often."""
    headers = {"Retry-After": str(retry_after_s)}
    message = f"Rate limit is exceeded. Try again in {retry_after_s} seconds."
    if host is Host.GRAPH:
        return Answer(status=429, json={"error": {"code": "TooManyRequests", "message": message}}, headers=headers)
    return Answer(status=429, json={"statusCode": 429, "message": message}, headers=headers)


def nothing_there(host: Host, methods: frozenset[str]) -> RefusedError:
    """Return the refusal of an address or of a method that is not known there."""
    if not methods:
        return RefusedError(404, _word(host, 1000, "ResourceNotFound"), "Resource not found.")
    headers = {"Allow": ", ".join(sorted(methods))}
    description = "The requested resource does not support this http method."
    return RefusedError(405, _word(host, 405, "MethodNotAllowed"), description, headers=headers)


def _word(host: Host, code: int, word: str) -> int | str:
    return code if host is Host.PARTNER_CENTER else word


def _body(error: RefusedError, host: Host, request_id: str, at: datetime) -> Json:
    if host is Host.GRAPH:
        inner = {"date": f"{at:%Y-%m-%dT%H:%M:%S}", "request-id": request_id, "client-request-id": request_id}
        return {"error": {"code": str(error.code), "message": error.description, "innerError": inner}}
    if host is not Host.PARTNER_CENTER:
        return {"error": {"code": str(error.code), "message": error.description}}
    if error.name:
        return {
            "code": error.code,
            "message": error.description,
            "description": error.description,
            "errorName": error.name,
            "isRetryable": False,
            "parameters": {},
            "errorMessageExtended": f"InternalErrorCode={error.code}",
        }
    return {"code": error.code, "description": error.description, "data": list(error.data), "source": "PartnerFD"}
