"""Calls on the partner's webhook registration, and the certificate that its events are checked with.

Not here: sending events (``webhooks/delivery``).
"""

import time
import uuid
from collections import deque
from datetime import timedelta
from urllib.parse import urlsplit

from local.partner_center.answers import Answer, Asked, Call, Host, RefusedError
from local.partner_center.certificates import webhook_signing
from local.partner_center.entities import Json
from local.partner_center.webhooks.announcing import announce
from local.partner_center.webhooks.delivery import CERTIFICATE_PATH, STRANGER_PATH
from local.partner_center.webhooks.registrations import EVENTS, Registration, Validation, webhooks
from local.partner_center.world import Happening

_ROOT = "/webhooks/v1/registration"
_VALIDATION_KEPT = timedelta(days=7)
_VALIDATIONS_PER_MINUTE = 2
_MINUTE_S = 60


def list_events(_asked: Asked) -> Answer:
    """Answer the names of all events."""
    return Answer(json=list(EVENTS))


def get_registration(asked: Asked) -> Answer:
    """Answer the registration."""
    return Answer(json=_view(_registered(asked)))


def create_registration(asked: Asked) -> Answer:
    """Register an address."""
    if webhooks(asked.world).registration is not None:
        raise RefusedError(409, 409, "A registration exists already. Use PUT to change it.")
    return _register(asked, str(asked.world.guid()))


def update_registration(asked: Asked) -> Answer:
    """Register another address or other events."""
    return _register(asked, _registered(asked).subscriber_id)


def create_validation(asked: Asked) -> Answer:
    """Send a test event and answer the id under which its fate can be asked for."""
    registration = _registered(asked)
    if "test-created" not in registration.events:
        raise RefusedError(400, 400, "Register for the event test-created first.")
    _limit(asked)
    correlation_id = str(uuid.uuid4())
    validation = Validation(correlation_id, registration.url, asked.now)
    webhooks(asked.world).validations[correlation_id] = validation
    happening = Happening(
        at=asked.now, customer_id="", resource="test", resource_id=correlation_id, operation="", event="test-created"
    )
    announce(asked.world, happening, correlation_id=correlation_id)
    return Answer(json={"correlationId": correlation_id})


def get_validation(asked: Asked) -> Answer:
    """Answer what became of a test event."""
    found = webhooks(asked.world).validations.get(asked.path["correlation_id"].lower())
    if found is None or asked.now - found.asked_at > _VALIDATION_KEPT:
        raise RefusedError(404, 404, "There is no validation event with this correlation id.")
    return Answer(
        json={
            "correlationId": found.correlation_id,
            "partnerId": asked.world.partner.tenant_id,
            "status": "completed" if found.is_completed else "started",
            "callbackUrl": found.callback_url,
            "results": found.results,
        }
    )


def get_certificate(_asked: Asked) -> Answer:
    """Answer the certificate whose key signs events."""
    return Answer(content=webhook_signing().signer.der, content_type="application/pkix-cert")


def get_stranger(_asked: Asked) -> Answer:
    """Answer a certificate with the right name that no known root stands behind."""
    return Answer(content=webhook_signing().stranger.der, content_type="application/pkix-cert")


def _registered(asked: Asked) -> Registration:
    registration = webhooks(asked.world).registration
    if registration is None:
        raise RefusedError(404, 404, "There is no webhook registration.")
    return registration


def _register(asked: Asked, subscriber_id: str) -> Answer:
    body = {key.lower(): value for key, value in asked.json().items()}
    url, events = body.get("webhookurl"), body.get("webhookevents")
    parts = urlsplit(url if isinstance(url, str) else "")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise RefusedError(400, 400, "WebhookUrl is not a valid address.")
    known = {name.lower(): name for name in EVENTS}
    if not isinstance(events, list) or not events:
        raise RefusedError(400, 400, "WebhookEvents names no event.")
    unknown = [str(name) for name in events if str(name).lower() not in known]
    if unknown:
        raise RefusedError(400, 400, f"WebhookEvents: unknown {', '.join(unknown)}.")
    registration = Registration(
        subscriber_id=subscriber_id,
        url=str(url),
        events=tuple(known[str(name).lower()] for name in events),
        has_own_header=bool(body.get("signaturetokentomssignatureheader")),
        base_url=asked.base_url,
    )
    webhooks(asked.world).registration = registration
    return Answer(json=_view(registration, with_subscriber=True))


def _view(registration: Registration, *, with_subscriber: bool = False) -> Json:
    return {
        "SubscriberId": registration.subscriber_id if with_subscriber else None,
        "WebhookUrl": registration.url,
        "WebhookEvents": list(registration.events),
    }


def _limit(asked: Asked) -> None:
    times: deque[float] = asked.world.room("validation times", deque)
    now = time.monotonic() + asked.now.timestamp()
    while times and now - times[0] >= _MINUTE_S:
        times.popleft()
    if len(times) >= _VALIDATIONS_PER_MINUTE:
        raise RefusedError(429, 429, "Two validation events a minute are allowed.", headers={"Retry-After": "60"})
    times.append(now)


CALLS = (
    Call(method="GET", path=f"{_ROOT}/events", handler=list_events),
    Call(method="GET", path=_ROOT, handler=get_registration),
    Call(method="POST", path=_ROOT, handler=create_registration),
    Call(method="PUT", path=_ROOT, handler=update_registration),
    Call(method="POST", path=f"{_ROOT}/validationEvents", handler=create_validation),
    Call(method="GET", path=f"{_ROOT}/validationEvents/{{correlation_id}}", handler=get_validation),
    Call(method="GET", path=CERTIFICATE_PATH, handler=get_certificate, host=Host.OPEN),
    Call(method="GET", path=STRANGER_PATH, handler=get_stranger, host=Host.OPEN),
)
