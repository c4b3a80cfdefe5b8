"""The registration of Partner Center's webhooks, whose answers come in any case."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.domain.errors import MicrosoftRefusedError, MicrosoftUnavailableError
from shared.partner_center.webhook_registration import Registration, Validation

EVENTS = ("subscription-updated", "test-created")
REGISTERED = Registration(url="https://p.example/hook", events=EVENTS, subscriber_id="S1")


@pytest.mark.parametrize(
    "body",
    [
        {"SubscriberId": "S1", "WebhookUrl": "https://p.example/hook", "WebhookEvents": list(EVENTS)},
        {"subscriberId": "S1", "webhookUrl": "https://p.example/hook", "webhookEvents": list(EVENTS), "more": 1},
    ],
)
def test_a_registration_is_made_and_read(microsoft: Any, script: Any, body: dict[str, Any]) -> None:
    """With the signature in a header of its own, which no gateway keeps."""
    script.then(200, body)

    assert REGISTERED == microsoft.webhooks.create("https://p.example/hook", EVENTS)
    assert REGISTERED == microsoft.webhooks.replace("https://p.example/hook", EVENTS)
    assert REGISTERED == microsoft.webhooks.get()
    assert ["POST", "PUT", "GET"] == [asked.method for asked in script.asked]
    assert b'"SignatureTokenToMsSignatureHeader":true' in script.asked[0].body


def test_where_nothing_is_registered_there_is_none(microsoft: Any, script: Any) -> None:
    """It is no error to look."""
    script.then(404)

    assert microsoft.webhooks.get() is None


def test_a_second_registration_is_refused(microsoft: Any, script: Any) -> None:
    """There is one for the whole tenant: put another in its place."""
    script.then(409, {"code": 409, "description": "exists"})

    with pytest.raises(MicrosoftRefusedError) as raised:
        microsoft.webhooks.create("https://p.example/hook", EVENTS)
    assert 409 == raised.value.status


@pytest.mark.parametrize("body", [list(EVENTS), {"items": list(EVENTS)}])
def test_the_events_are_listed(microsoft: Any, script: Any, body: Any) -> None:
    """A bare list, or a collection."""
    script.then(200, body)

    assert list(EVENTS) == microsoft.webhooks.event_names()


def test_a_test_event_is_sent_and_asked_after(microsoft: Any, script: Any) -> None:
    """Its instants have no zone."""
    result = {
        "responseCode": "OK",
        "responseMessage": "",
        "systemError": False,
        "dateTimeUtc": "2017-12-08T21:39:48.2386997",
    }
    fared = {"correlationId": "C1", "status": "Completed", "callbackUrl": "https://p.example/hook", "results": [result]}
    script.then(200, {"correlationId": "C1"}).then(200, fared)
    sent = microsoft.webhooks.send_test()

    assert Validation(
        correlation_id="C1",
        status="completed",
        url="https://p.example/hook",
        results=(("OK", "", False),),
        last_at=datetime(2017, 12, 8, 21, 39, 48, 238699, UTC),
    ) == microsoft.webhooks.test_result(sent)
    assert script.asked[1].path.endswith("/validationEvents/C1")


@pytest.mark.parametrize("body", [b"<html/>", [], {}])
def test_an_answer_that_is_none_is_an_error(microsoft: Any, script: Any, body: Any) -> None:
    """A page of a gateway is no registration."""
    script.then(200, body)

    with pytest.raises(MicrosoftUnavailableError):
        microsoft.webhooks.send_test()
