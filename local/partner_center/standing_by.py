"""The client beside the simulator, without a sign-in and without waiting.

Not here: a person's sign-in (``consenting``), an installation's settings (``pointing``).
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from local.partner_center.answers import Host
from local.partner_center.server import Simulator
from shared.partner_center.gateway import PartnerCenter
from shared.partner_center.hosts import Audience, Hosts
from shared.partner_center.pace import Pace, Waiting

NOON: Final = datetime(2026, 10, 8, 12, tzinfo=UTC)


class SimulatorTokens:
    """Access tokens straight from the simulated world."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def token(self, audience: Audience, *, tenant_id: str = "", is_app_only: bool = False) -> str:
        """Return a token for *audience*."""
        return self._simulator.access_token(Host(audience.value), tenant_id=tenant_id, is_app_only=is_app_only)

    def forget(self, audience: Audience, *, tenant_id: str = "", is_app_only: bool = False) -> None:
        """Nothing is kept."""


class SparedPace:
    """A clock that only pauses move, and they cost no time; *drawn* is what chance gives."""

    def __init__(self, start: datetime = NOON, *, drawn: float = 0.5) -> None:
        self.start, self.drawn = start, drawn
        self.slept: list[float] = []
        self.passed_s = 0.0

    def now(self) -> datetime:
        """Return the start and what has passed since."""
        return self.start + timedelta(seconds=self.passed_s)

    def seconds(self) -> float:
        """Return what has passed."""
        return self.passed_s

    def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self.slept.append(seconds)
        self.passed_s += seconds

    def chance(self) -> float:
        """Return what was chosen."""
        return self.drawn


def client_at(simulator: Simulator, *, waiting: Waiting | None = None, pace: Pace | None = None) -> PartnerCenter:
    """Return the client with everything at the simulator; it waits for nothing unless *pace* does."""
    tokens = SimulatorTokens(simulator)
    return PartnerCenter(hosts_at(simulator.base_url), tokens, waiting=waiting, pace=pace or SparedPace())


def hosts_at(url: str) -> Hosts:
    """Return hosts that are all one server on this machine, its exports too."""
    return Hosts(login=url, partner_center=url, partner_api=url, graph=url, export_hosts=("127.0.0.1",))
