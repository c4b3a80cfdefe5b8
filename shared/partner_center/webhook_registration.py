"""The registration of Partner Center's webhooks: one address and its events for the partner's tenant.

Microsoft writes the keys of these answers in any case.

Not here: deliveries and their signatures (``webhook_signature``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote

from shared.domain.errors import MicrosoftNotFoundError
from shared.partner_center.answers import json_of
from shared.partner_center.paging import decoded
from shared.partner_center.request import Request
from shared.partner_center.transport import Transport
from shared.partner_center.wire.scalars import flag, instant, lower_keys, text, word

T = TypeVar("T")
_BASE: Final = "/webhooks/v1/registration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Where Microsoft sends which events. *subscriber_id* is Microsoft's id of it, "" where it does not say."""

    url: str
    events: tuple[str, ...]
    subscriber_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """How a test event fared: *status* is "completed" in the end; a result is (response, message, was their fault)."""

    correlation_id: str
    status: str
    url: str = ""
    results: tuple[tuple[str, str, bool], ...] = ()
    last_at: datetime | None = None

    @property
    def is_completed(self) -> bool:
        """Whether the event was delivered, or given up."""
        return self.status == "completed"


class WebhookRegistration:
    """The calls of the registration. They need a person's consent."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def event_names(self) -> list[str]:
        """Return the events that can be registered for."""
        return self._ask(Request(method="GET", path=f"{_BASE}/events"), _names)

    def get(self) -> Registration | None:
        """Return what is registered, or None where nothing is."""
        try:
            return self._ask(Request(method="GET", path=_BASE), _registration)
        except MicrosoftNotFoundError:
            return None

    def create(self, url: str, events: tuple[str, ...]) -> Registration:
        """Register for the first time.

        Raises:
            MicrosoftRefusedError: there is a registration already (409), or the address or an event is refused.
        """
        return self._ask(Request(method="POST", path=_BASE, body=_body(url, events)), _registration)

    def replace(self, url: str, events: tuple[str, ...]) -> Registration:
        """Put another registration in the place of the present one."""
        return self._ask(Request(method="PUT", path=_BASE, body=_body(url, events)), _registration)

    def send_test(self) -> str:
        """Let Microsoft send a test event and return the id to ask after it with. At most two a minute.

        Raises:
            MicrosoftRefusedError: the event "test-created" is not registered for.
        """
        return self._ask(Request(method="POST", path=f"{_BASE}/validationEvents"), _correlation)

    def test_result(self, correlation_id: str) -> Validation:
        """Return how a test event fared; Microsoft keeps it for a week.

        Raises:
            NotFoundError: it knows no such event.
        """
        path = f"{_BASE}/validationEvents/{quote(correlation_id, safe='')}"
        return self._ask(Request(method="GET", path=path), _validation)

    def _ask(self, request: Request, read: Callable[[Any], T]) -> T:
        answer = self._transport.operation().ask(request)
        return decoded(answer, request, lambda content: read(lower_keys(json_of(content))))


def _body(url: str, events: tuple[str, ...]) -> dict[str, object]:
    # The signature in a header of its own: gateways and Azure Functions keep Authorization for themselves.
    return {"WebhookUrl": url, "WebhookEvents": list(events), "SignatureTokenToMsSignatureHeader": True}


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - of the answer, which ``decoded`` translates
    return body


def _names(body: Any) -> list[str]:
    found = body.get("items", body.get("webhookevents")) if isinstance(body, dict) else body
    if not isinstance(found, list):
        raise ValueError("no list of events")  # noqa: TRY004 - of the answer, which ``decoded`` translates
    return [each for each in found if isinstance(each, str)]


def _registration(body: Any) -> Registration:
    found = _object(body)
    return Registration(
        url=text(found.get("webhookurl")),
        events=tuple(_names(found.get("webhookevents") or [])),
        subscriber_id=text(found.get("subscriberid")),
    )


def _correlation(body: Any) -> str:
    found = text(_object(body).get("correlationid"))
    if not found:
        raise ValueError("no correlation id")
    return found


def _validation(body: Any) -> Validation:
    found = _object(body)
    results = [each for each in found.get("results") or () if isinstance(each, dict)]
    instants = [at for at in (instant(each.get("datetimeutc")) for each in results) if at is not None]
    return Validation(
        correlation_id=text(found.get("correlationid")),
        status=word(found.get("status")),
        url=text(found.get("callbackurl")),
        results=tuple(
            (
                text(each.get("responsecode")),
                text(each.get("responsemessage")),
                flag(each.get("systemerror")) is True,
            )
            for each in results
        ),
        last_at=max(instants, default=None),
    )
