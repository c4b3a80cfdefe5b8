"""The simulator as a server: all of Microsoft's hosts on one loopback port, told apart by their paths.

Invariants: it listens on 127.0.0.1 only; leaving the context frees the port and stops every thread; one world, one
lock. Tests and ``prorata simulate`` use ``Simulator``; other programs use ``/simulator`` (``controls``).

Not here: how a request is answered (``answering``), the calls themselves (``calls``, ``identity``).
"""

import socket
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from local.partner_center.answering import Answering
from local.partner_center.answers import Host
from local.partner_center.asgi import PromptServer
from local.partner_center.certificates import prepare_tls, webhook_signing
from local.partner_center.controls import controls
from local.partner_center.faults import Fault
from local.partner_center.identity.applications import register_certificate
from local.partner_center.journal import Logged, journal
from local.partner_center.registry import registered_calls
from local.partner_center.scenario import Event, happen
from local.partner_center.sessions import access_token, refresh_token
from local.partner_center.switches import Switches, switches
from local.partner_center.webhooks.announcing import listen
from local.partner_center.webhooks.delivery import Courier
from local.partner_center.world import World

_LOOPBACK = "127.0.0.1"
_STOP_S = 10


class Simulator:
    """Microsoft's side of one world, served on loopback. Use it as a context manager.

    *port* 0 takes a free one. *tls* names a folder for ``certificates``; with it the server speaks HTTPS. *renew*
    makes the world that ``reset`` begins with; without it a reset forgets faults, switches and the log only.
    """

    def __init__(
        self, world: World, *, port: int = 0, tls: Path | None = None, renew: Callable[[], World] | None = None
    ) -> None:
        self.base_url = ""
        self._answering = Answering(world, (*registered_calls(), *controls(self)))
        self._port, self._tls, self._renew = port, tls, renew
        self._server: PromptServer | None = None
        self._thread: threading.Thread | None = None
        self._courier = _courier(world)

    def __enter__(self) -> Self:
        """Start serving.

        Raises:
            OSError: the port is taken.
        """
        listening = _listening(self._port)
        tls = prepare_tls(self._tls) if self._tls else None
        self.base_url = f"{'https' if tls else 'http'}://{_LOOPBACK}:{listening.getsockname()[1]}"
        self._server = PromptServer(self._answering, tls)
        arguments = {"sockets": [listening]}
        self._thread = threading.Thread(target=self._server.run, kwargs=arguments, name="simulator", daemon=True)
        self._thread.start()
        self._courier.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop serving and wait until it has stopped."""
        self._courier.stop()
        if self._server is not None and self._thread is not None:
            self._server.stop()
            self._thread.join(_STOP_S)

    def wait(self) -> None:
        """Serve until somebody stops it."""
        while self._thread is not None and self._thread.is_alive():
            self._thread.join(1)

    @property
    def world(self) -> World:
        """The world that is served now; a reset puts another in its place."""
        return self._answering.world

    @property
    def switches(self) -> Switches:
        """How it behaves where that is a choice."""
        return switches(self.world)

    @property
    def trust_pem(self) -> bytes:
        """The root behind the certificate of webhooks, for ``PRORATA_WEBHOOK_TRUST_FILE``."""
        return webhook_signing().root.pem

    @property
    def log(self) -> list[Logged]:
        """The calls answered so far, oldest first, without the controls."""
        with self.world.lock:
            return list(journal(self.world).calls)

    def forget_log(self) -> None:
        """Begin counting calls anew."""
        with self.world.lock:
            journal(self.world).calls.clear()

    def fault(self, fault: Fault) -> None:
        """Switch a fault on."""
        with self.world.lock:
            self.world.faults.add(fault)

    def clear_faults(self) -> None:
        """Switch all faults off."""
        with self.world.lock:
            self.world.faults.clear()

    def advance(self, **span: float) -> None:
        """Move the clock on by a span (as for ``timedelta``); what is due happens."""
        with self.world.lock:
            self.world.clock.advance(**span)

    def advance_to(self, instant: datetime) -> None:
        """Move the clock on to *instant*; what is due happens."""
        with self.world.lock:
            self.world.clock.advance_to(instant)

    def happen(self, event: Event) -> None:
        """Let an event of a scenario happen now.

        Raises:
            InvalidError: it cannot.
        """
        with self.world.lock:
            happen(self.world, event)

    def deliver_webhooks(self, *, with_late: bool = False) -> int:
        """Send what waits for the webhook, wait until it is sent, and return how many there were."""
        return self._courier.deliver(with_late=with_late)

    def send_webhooks_soon(self, *, with_late: bool = False) -> None:
        """Send what waits on another thread."""
        threading.Thread(target=self.deliver_webhooks, kwargs={"with_late": with_late}, daemon=True).start()

    def reset(self) -> None:
        """Begin anew: the first world, where it can be made again; else only without faults, switches and log."""
        with self.world.lock:
            self.world.faults.clear()
            for name in ("journal", "switches", "throttling"):
                self.world.rooms.pop(name, None)
            if self._renew is not None:
                self._courier.stop(waits=False)
                self._answering.world = self._renew()
                self._courier = _courier(self.world)
                self._courier.start()

    def register_certificate(self, pem: bytes) -> None:
        """Let the application prove itself with this certificate as well.

        Raises:
            ValueError: it is none, or has no RSA key.
        """
        with self.world.lock:
            register_certificate(self.world, pem)

    def access_token(
        self, host: Host = Host.PARTNER_CENTER, *, tenant_id: str = "", is_app_only: bool = False, has_mfa: bool = True
    ) -> str:
        """Return an access token as the token service would issue it."""
        with self.world.lock:
            return access_token(self.world, host, tenant_id=tenant_id, is_app_only=is_app_only, has_mfa=has_mfa)

    def refresh_token(self) -> str:
        """Return a refresh token as the consent of the partner's administrator would give."""
        with self.world.lock:
            return refresh_token(self.world)


def _courier(world: World) -> Courier:
    """Return who sends the world's webhooks; a world that was served before is listened to already."""
    listen(world)
    return Courier(world)


def _listening(port: int) -> socket.socket:
    """Return a socket that says it is TCP: only then asyncio sends small answers at once."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((_LOOPBACK, port))
    except OSError:
        listening.close()
        raise
    listening.listen(512)
    return listening
