"""HTTP answers: JSON for what worked, problem details (RFC 9457) for what did not.

Invariants: an expected error becomes its status with a message that names field and cure; anything else is left to the
host, which logs it and answers 500 without a word of it.

Not here: routes.
"""

import json
import logging
from collections.abc import Callable
from typing import Any

import azure.functions as func

from shared.domain.errors import (
    ConflictError,
    ForgedError,
    IntegrityError,
    InvalidError,
    LimitError,
    NotConnectedError,
    NotFoundError,
    OperationalError,
    ProrataError,
)
from shared.domain.periods import BillingPeriod

logger = logging.getLogger(__name__)
UPLOAD_BYTES_MAX = 95 << 20
"""The Functions host takes 100 MB; a larger file is put into the store first and ingested from there."""
JSON_BYTES_MAX = 64 << 10

_STATUS: tuple[tuple[type[ProrataError], int, str], ...] = (
    (ForgedError, 401, "Sender not proven"),
    (NotFoundError, 404, "Not found"),
    (LimitError, 413, "Too large"),
    (InvalidError, 400, "Invalid input"),
    (ConflictError, 409, "Conflict"),
    (OperationalError, 503, "Try again later"),
    (IntegrityError, 500, "Books would be wrong"),
)


def respond(answer: Callable[[], tuple[int, Any]]) -> func.HttpResponse:
    """Return what *answer* gives (status and JSON value), or the problem it raised."""
    try:
        status, value = answer()
    except ProrataError as error:
        return problem(error)
    body = "" if value is None else json.dumps(value, ensure_ascii=False, indent=2)
    return func.HttpResponse(body, status_code=status, mimetype="application/json", charset="utf-8")


def problem(error: ProrataError) -> func.HttpResponse:
    """Return the error as problem details."""
    status, title = next((status, title) for kind, status, title in _STATUS if isinstance(error, kind))
    reason = f": {error}" if isinstance(error, ForgedError) else ""  # the sender may not be one who could tell us
    logger.warning("answered %s: %s%s", status, type(error).__name__, reason)
    details = {"type": "about:blank", "title": title, "status": status, "detail": str(error)}
    if isinstance(error, NotConnectedError):
        details["connection"] = error.state
    headers = {"Retry-After": "30"} if status == 503 else None
    body = json.dumps(details, ensure_ascii=False, indent=2)
    return func.HttpResponse(
        body, status_code=status, headers=headers, mimetype="application/problem+json", charset="utf-8"
    )


def period_of(req: func.HttpRequest) -> BillingPeriod:
    """Return the period in the route.

    Raises:
        PeriodError: it is no month.
    """
    return BillingPeriod.parse(req.route_params.get("period", ""))


def upload_of(req: func.HttpRequest) -> bytes:
    """Return the body of an upload.

    Raises:
        InvalidError: the body is empty.
        LimitError: it is larger than the host takes.
    """
    body = req.get_body()
    if not body:
        raise InvalidError("body: is empty; send the file itself as the body of the request")
    if len(body) > UPLOAD_BYTES_MAX:
        raise LimitError(
            f"body: {len(body) >> 20} MiB, at most {UPLOAD_BYTES_MAX >> 20}; put the file into the container "
            "source-files first, then POST to this address without a body"
        )
    return body


def json_of(req: func.HttpRequest, *names: str) -> dict[str, str]:
    """Return a JSON object that holds text under exactly *names*.

    Raises:
        InvalidError: the body is no such object; the message names the field.
        LimitError: it is larger than such an object can be.
    """
    body = req.get_body()
    if len(body) > JSON_BYTES_MAX:
        raise LimitError(f"body: {len(body)} bytes, at most {JSON_BYTES_MAX}")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidError(f'body: is no JSON; send an object such as {{"{names[0]}": "..."}}') from error
    if not isinstance(value, dict):
        raise InvalidError(f'body: is no JSON object; send an object such as {{"{names[0]}": "..."}}')
    for name in value:
        if name not in names:
            raise InvalidError(f"{name[:40]}: is not known here; send {', '.join(names)}")
    for name in names:
        if not isinstance(value.get(name), str) or not value[name].strip():
            raise InvalidError(f"{name}: is missing; send it as text")
    return value
