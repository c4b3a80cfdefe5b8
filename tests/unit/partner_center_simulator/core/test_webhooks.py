"""Webhooks: registering, sending signed events, and everything that may go wrong on the way."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.verification import PolicyBuilder, Store

from local.partner_center.faults import Fault, FaultKind
from local.partner_center.opening import START
from local.partner_center.server import Simulator
from local.partner_center.webhooks.delivery import Courier
from local.partner_center.webhooks.registrations import webhooks
from local.partner_center.world import Happening

Ask = Callable[..., requests.Response]
ROOT = "/webhooks/v1/registration"


@dataclass
class Inbox:
    """A web server that keeps what is posted to it; *statuses* are answered first, then 204."""

    url: str = ""
    posted: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def bodies(self) -> list[dict[str, Any]]:
        """What was posted, with names in lower case."""
        return [{name.lower(): value for name, value in json.loads(body).items()} for _, body in self.posted]


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """Somebody who receives webhooks."""
    kept = Inbox()

    class _Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.posted.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(kept.statuses.pop(0) if kept.statuses else 204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        kept.url = f"http://127.0.0.1:{server.server_port}/api/webhooks?code=key"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield kept
        server.shutdown()


@pytest.fixture
def registered(ask: Ask, inbox: Inbox, simulator: Simulator) -> Inbox:
    """Somebody who registered for subscriptions and tests; events are sent only when a test says so."""
    simulator._courier.stop()
    simulator._courier = Courier(simulator.world, pause_s=0)
    assert ask("POST", ROOT, json=_body(inbox)).ok
    return inbox


def _body(inbox: Inbox, **more: object) -> dict[str, object]:
    return {"WebhookUrl": inbox.url, "WebhookEvents": ["subscription-updated", "test-created"], **more}


def _tell(simulator: Simulator, resource: str = "s1", event: str = "subscription-updated") -> None:
    happening = Happening(
        at=simulator.world.clock.now(),
        customer_id="c1",
        resource="subscription",
        resource_id=resource,
        operation="update_subscription",
        event=event,
    )
    with simulator.world.lock:
        simulator.world.tell(happening)


def _key(headers: dict[str, str], simulator: Simulator) -> rsa.RSAPublicKey:
    """The key of the certificate that the headers lead to, once its chain was checked."""
    leaf = x509.load_der_x509_certificate(requests.get(headers["x-ms-certificate-url"], timeout=5).content)
    roots = x509.load_pem_x509_certificates(simulator.trust_pem)
    PolicyBuilder().store(Store(roots)).time(START).build_client_verifier().verify(leaf, [])
    assert "Microsoft Corporation" in leaf.subject.rfc4514_string()
    key = leaf.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def _verify(headers: dict[str, str], body: bytes, simulator: Simulator, name: str = "authorization") -> None:
    signature = base64.b64decode(headers[name].removeprefix("Signature "))
    _key(headers, simulator).verify(signature, body, padding.PKCS1v15(), SHA256())


def test_there_is_one_registration_made_read_and_changed(ask: Ask, inbox: Inbox) -> None:
    """404 before, 409 for a second one, PUT changes it; names are Pascal case."""
    before = ask("GET", ROOT)
    put_before = ask("PUT", ROOT, json=_body(inbox))
    made = ask("POST", ROOT, json=_body(inbox))
    again = ask("POST", ROOT, json=_body(inbox))
    changed = ask("PUT", ROOT, json={"webhookurl": inbox.url, "webhookEvents": ["INVOICE-READY"]})
    read = ask("GET", ROOT).json()

    assert (404, 404, 200, 409, 200) == tuple(each.status_code for each in (before, put_before, made, again, changed))
    assert made.json()["SubscriberId"] == changed.json()["SubscriberId"]
    assert {"WebhookUrl": inbox.url, "WebhookEvents": ["invoice-ready"]} == read
    assert "subscription-updated" in ask("GET", f"{ROOT}/events").json()


@pytest.mark.parametrize(
    "body",
    [
        {"WebhookUrl": "nowhere", "WebhookEvents": ["test-created"]},
        {"WebhookUrl": "https://a.example", "WebhookEvents": []},
        {"WebhookUrl": "https://a.example", "WebhookEvents": ["nothing-happened"]},
    ],
)
def test_a_registration_needs_an_address_and_known_events(ask: Ask, body: dict[str, object]) -> None:
    """400 otherwise."""
    assert 400 == ask("POST", ROOT, json=body).status_code


def test_an_event_names_what_changed_and_is_signed_over_its_bytes(simulator: Simulator, registered: Inbox) -> None:
    """Five fields, three headers, a certificate that leads to the simulator's root."""
    _tell(simulator)
    simulator.deliver_webhooks()
    headers, body = registered.posted[0]
    told = registered.bodies()[0]

    assert {"eventname", "resourceuri", "resourcename", "audituri", "resourcechangeutcdate"} == {*told}
    assert f"{simulator.base_url}/webhooks/v1/customers/c1/subscriptions/s1" == told["resourceuri"]
    assert "2026-10-01T08:00:00.0000000+00:00" == told["resourcechangeutcdate"]
    assert "rsa-sha256" == headers["x-ms-signature-algorithm"]
    _verify(headers, body, simulator)
    with pytest.raises(InvalidSignature):
        _verify(headers, body + b" ", simulator)


def test_the_signature_can_have_a_header_of_its_own(ask: Ask, simulator: Simulator, registered: Inbox) -> None:
    """For gateways that keep Authorization for themselves."""
    ask("PUT", ROOT, json=_body(registered, SignatureTokenToMsSignatureHeader=True))
    _tell(simulator)
    simulator.deliver_webhooks()
    headers, body = registered.posted[0]

    assert "authorization" not in headers
    _verify(headers, body, simulator, "x-ms-signature")


def test_the_audit_record_that_an_event_names_is_there(ask: Ask, simulator: Simulator, registered: Inbox) -> None:
    """The address leads to the record of the same change."""
    _tell(simulator)
    simulator.deliver_webhooks()
    address = registered.bodies()[0]["audituri"].removeprefix(simulator.base_url)

    assert "update_subscription" == ask("GET", address).json()["operationType"]


def test_what_was_not_registered_is_not_sent(simulator: Simulator, registered: Inbox) -> None:
    """Only the events of the registration."""
    _tell(simulator, event="invoice-ready")

    assert (0, []) == (simulator.deliver_webhooks(), registered.posted)


def test_an_event_is_tried_until_it_is_taken_and_ten_times_at_most(simulator: Simulator, registered: Inbox) -> None:
    """After that it goes to the offline list for good."""
    registered.statuses[:] = [500, 503, 204, *[500] * 10]
    for resource in ("s1", "s2", "s3"):
        _tell(simulator, resource)
    simulator.deliver_webhooks()
    room = webhooks(simulator.world)

    assert 3 + 10 + 1 == len(registered.posted)
    assert [3, 1] == [len(each.attempts) for each in room.delivered]
    assert [10] == [len(each.attempts) for each in room.offline]
    assert 0 == simulator.deliver_webhooks()


def test_nothing_leaves_this_machine_unless_it_may(ask: Ask, simulator: Simulator, registered: Inbox) -> None:
    """Another host is not even asked."""
    ask("PUT", ROOT, json={**_body(registered), "WebhookUrl": "https://203.0.113.7/hook"})
    _tell(simulator)
    simulator.deliver_webhooks()

    assert {(0, "the simulator sends to this machine only")} == {*webhooks(simulator.world).offline[0].attempts}


def test_a_test_event_tells_how_it_went(ask: Ask, simulator: Simulator, registered: Inbox) -> None:
    """Started, then completed with the answer's word; two a minute; seven days."""
    asked = ask("POST", f"{ROOT}/validationEvents").json()
    address = f"{ROOT}/validationEvents/{asked['correlationId']}"
    started = ask("GET", address).json()["status"]
    simulator.deliver_webhooks()
    done = ask("GET", address).json()
    limits = [ask("POST", f"{ROOT}/validationEvents").status_code for _ in range(2)]
    simulator.advance(days=8)

    assert ("started", "completed") == (started, done["status"])
    assert (registered.url, "NoContent", False) == (
        done["callbackUrl"],
        done["results"][0]["responseCode"],
        done["results"][0]["systemError"],
    )
    assert "test-created" == registered.bodies()[0]["eventname"]
    assert [200, 429] == limits
    assert 404 == ask("GET", address).status_code


def test_duplicates_disorder_and_lateness(simulator: Simulator, registered: Inbox) -> None:
    """Twice the same bytes; the second before the first; two days after."""
    simulator.fault(Fault(kind=FaultKind.WEBHOOK_DUPLICATED))
    _tell(simulator, "twice")
    simulator.deliver_webhooks()
    simulator.fault(Fault(kind=FaultKind.WEBHOOK_DISORDERED))
    _tell(simulator, "overtaken")
    simulator.deliver_webhooks()
    _tell(simulator, "overtaking")
    simulator.deliver_webhooks()
    simulator.fault(Fault(kind=FaultKind.WEBHOOK_LATE, value=48))
    _tell(simulator, "late")
    before = simulator.deliver_webhooks()
    simulator.advance(hours=48)
    simulator.deliver_webhooks()
    order = [each["resourceuri"].rpartition("/")[2] for each in registered.bodies()]

    assert 0 == before
    assert ["twice", "twice", "overtaking", "overtaken", "late"] == order
    assert registered.posted[0][1] == registered.posted[1][1]
    late = registered.bodies()[-1]["resourcechangeutcdate"]
    assert (START + timedelta()).isoformat()[:19] == late[:19]


@pytest.mark.parametrize(
    ("value", "begins"), [(0, "https://3psostorageacct"), (1, "http://169.254."), (2, "http://127")]
)
def test_forged_events_have_a_wrong_signature_or_a_hostile_certificate(
    simulator: Simulator, registered: Inbox, value: int, begins: str
) -> None:
    """A receiver must refuse every one of them."""
    simulator.fault(Fault(kind=FaultKind.WEBHOOK_FORGED))
    _tell(simulator)
    simulator.deliver_webhooks()
    simulator.fault(Fault(kind=FaultKind.WEBHOOK_HOSTILE_CERTIFICATE, value=value))
    _tell(simulator)
    simulator.deliver_webhooks()
    forged, hostile = registered.posted

    with pytest.raises(InvalidSignature):
        _verify(*forged, simulator)
    address = hostile[0]["x-ms-certificate-url"]
    assert address.startswith(begins)
    assert not address.startswith("https://3psostorageacct.blob.core.windows.net/")
    if value == 2:
        with pytest.raises(x509.verification.VerificationError):
            _key(hostile[0], simulator)


def test_events_are_sent_by_themselves(ask: Ask, inbox: Inbox, simulator: Simulator) -> None:
    """A thread does it, without anybody asking."""
    ask("POST", ROOT, json=_body(inbox))
    _tell(simulator)
    for _ in range(200):
        if webhooks(simulator.world).delivered:
            break
        threading.Event().wait(0.02)

    assert 1 == len(inbox.posted)
