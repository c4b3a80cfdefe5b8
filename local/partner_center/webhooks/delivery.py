"""Sends events to the registered address: signed, ten times at most, on a thread of its own.

Invariants: nothing leaves this machine unless ``allows_outside_webhooks`` says so; the world's lock is not held while
somebody is asked; an event that was refused ten times goes to the offline list and is not tried again.

Not here: what the events say (``announcing``).
"""

import base64
import http.client
import threading
import time
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from local.partner_center.answers import instant
from local.partner_center.certificates import webhook_signing
from local.partner_center.faults import FaultKind
from local.partner_center.switches import switches
from local.partner_center.webhooks.registrations import Notification, Registration, webhooks
from local.partner_center.world import World

ATTEMPTS_MAX = 10
CERTIFICATE_PATH = "/cert/pcnotifications-dispatch.microsoft.com.cer"
STRANGER_PATH = "/cert/stranger.cer"
_HOSTILE = (
    "https://3psostorageacct.blob.core.windows.net.collector.example/cert/pcnotifications-dispatch.microsoft.com.cer",
    "http://169.254.169.254/metadata/identity/oauth2/token?resource=https://vault.azure.net",
)
_LOOPBACK = {"127.0.0.1", "localhost"}
_TIMEOUT_S = 30
_STOP_S = 5
_OK = range(200, 300)


class Courier:
    """Sends what waits. ``start`` lets a thread do it as events come; ``deliver`` does it now."""

    def __init__(self, world: World, *, pause_s: float = 0.1) -> None:
        self._world, self._pause_s = world, pause_s
        self._room = webhooks(world)
        self._one_at_a_time = threading.Lock()
        self._stops = threading.Event()
        self._thread = threading.Thread(target=self._run, name="simulator-webhooks", daemon=True)

    def start(self) -> None:
        """Send events as they come, until ``stop``."""
        self._thread.start()

    def stop(self, *, waits: bool = True) -> None:
        """Stop sending; what is not sent stays."""
        self._stops.set()
        self._room.changed.set()
        if waits and self._thread.is_alive():
            self._thread.join(_STOP_S)

    def deliver(self, *, with_late: bool = False) -> int:
        """Send everything that is due now (also what is late, with *with_late*) and return how many were taken."""
        count = 0
        with self._one_at_a_time:
            taken = self._take(with_late=with_late)
            while taken:
                for notification in taken:
                    self._send(notification)
                count += len(taken)
                taken = self._take(with_late=with_late)
        return count

    def _run(self) -> None:
        while not self._stops.is_set():
            self._room.changed.wait()
            self._room.changed.clear()
            if not self._stops.is_set():
                self.deliver()

    def _take(self, *, with_late: bool) -> list[Notification]:
        """Take what is due; one that is held goes behind the first that overtakes it."""
        with self._world.lock:
            now, waiting = self._world.clock.now(), self._room.waiting
            due = [each for each in waiting if not each.is_held and (with_late or each.due_at <= now)]
            held = [each for each in waiting if each.is_held] if due or with_late else []
            self._room.waiting = [each for each in waiting if each not in due and each not in held]
            return [each for one in (*due, *held) for each in self._copies(one)]

    def _copies(self, notification: Notification) -> list[Notification]:
        return [notification] * (2 if self._strikes(FaultKind.WEBHOOK_DUPLICATED, notification.event) else 1)

    def _strikes(self, kind: FaultKind, event: str) -> bool:
        return self._world.faults.strike(kind, event) is not None

    def _send(self, notification: Notification) -> None:
        registration = self._room.registration
        if registration is None:
            return
        with self._world.lock:
            body = msgspec.json.encode(notification.body)
            headers = self._headers(notification, registration, body)
        for attempt in range(1, ATTEMPTS_MAX + 1):
            status, reason = self._post(registration.url, headers, body)
            notification.attempts.append((status, reason))
            if status in _OK or self._stops.is_set():
                break
            time.sleep(self._pause_s * min(attempt, 5))
        with self._world.lock:
            self._keep(notification)

    def _post(self, url: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if host not in _LOOPBACK and not switches(self._world).allows_outside_webhooks:
            return 0, "the simulator sends to this machine only"
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(host, parts.port, timeout=_TIMEOUT_S)
        try:
            target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
            connection.request("POST", target, body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            return 0, f"no answer: {type(error).__name__}"
        else:
            return answer.status, answer.reason
        finally:
            connection.close()

    def _headers(self, notification: Notification, registration: Registration, body: bytes) -> dict[str, str]:
        address = f"{registration.base_url}{CERTIFICATE_PATH}"
        hostile = self._world.faults.strike(FaultKind.WEBHOOK_HOSTILE_CERTIFICATE, notification.event)
        if hostile:
            kinds = (*_HOSTILE, f"{registration.base_url}{STRANGER_PATH}")
            address = kinds[int(hostile.value) % len(kinds)]
        is_forged = self._strikes(FaultKind.WEBHOOK_FORGED, notification.event)
        name = "x-ms-signature" if registration.has_own_header else "Authorization"
        return {
            "Content-Type": "application/json; charset=utf-8",
            name: f"Signature {signature(body + b' ' if is_forged else body)}",
            "X-MS-Certificate-Url": address,
            "X-MS-Signature-Algorithm": "rsa-sha256",
        }

    def _keep(self, notification: Notification) -> None:
        status, reason = notification.attempts[-1]
        (self._room.delivered if status in _OK else self._room.offline).append(notification)
        validation = self._room.validations.get(notification.correlation_id)
        if validation is not None:
            validation.is_completed = True
            validation.results.append(
                {
                    "responseCode": _code(status),
                    "responseMessage": "" if status in _OK else reason,
                    "systemError": status == 0,
                    "dateTimeUtc": (instant(self._world.clock.now()) or "").rstrip("Z"),
                }
            )


def signature(body: bytes) -> str:
    """Return the signature of a body, as it stands in the header."""
    key = webhook_signing().signer.key
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("webhooks are signed with RSA")
    return base64.b64encode(key.sign(body, padding.PKCS1v15(), SHA256())).decode()


def _code(status: int) -> str:
    if status == 0:
        return "ServiceUnavailable"
    return http.client.responses.get(status, str(status)).replace(" ", "")
