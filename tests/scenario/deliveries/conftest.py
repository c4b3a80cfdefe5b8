"""A reseller's desk whose Microsoft is the simulator with forty customers: real client, real HTTP, embedded store."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.demo.arithmetic import Month
from local.partner_center.answers import Host
from local.partner_center.opening import open_world
from local.partner_center.population import populate
from local.partner_center.server import Simulator
from shared.application.billing_sync import sync_billing, work_off_billing
from shared.application.messages import DeliveryMessage
from shared.application.services import Services
from shared.bootstrap import Stores, build_services
from shared.partner_center.gateway import PartnerCenter
from shared.partner_center.hosts import Audience, Hosts
from shared.partner_center.pace import Waiting
from shared.settings import Settings
from shared.storage.embedded.blobs import EmbeddedBlobs
from shared.storage.embedded.database import Database
from shared.storage.embedded.queues import EmbeddedQueues
from shared.storage.embedded.secrets import EncryptedSecrets
from shared.storage.embedded.tables import EmbeddedTables
from shared.storage.names import DELIVERIES_QUEUE

CUSTOMERS, SEED = 40, 7
START = datetime(2026, 11, 9, 9, tzinfo=UTC)


class SimulatorTokens:
    """Access tokens straight from the simulated world."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def token(self, audience: Audience, *, tenant_id: str = "", is_app_only: bool = False) -> str:
        """Return a token for *audience*."""
        return self._simulator.access_token(Host(audience.value), tenant_id=tenant_id, is_app_only=is_app_only)

    def forget(self, audience: Audience, *, tenant_id: str = "", is_app_only: bool = False) -> None:
        """Nothing is kept."""


class Pace:
    """A clock that runs only while somebody waits."""

    def __init__(self) -> None:
        self.waited_s = 0.0

    def now(self) -> datetime:
        """Return an instant; only headers depend on it."""
        return START

    def seconds(self) -> float:
        """Return what was waited."""
        return self.waited_s

    def sleep(self, seconds: float) -> None:
        """Wait without waiting."""
        self.waited_s += seconds

    def chance(self) -> float:
        """Return no surprise."""
        return 0.5


@dataclass(slots=True)
class Desk:
    """Services on one store beside the simulated world."""

    services: Services
    simulator: Simulator
    database: Database

    def night(self, rounds: int = 80) -> None:
        """Sync, and work off everything that comes of it; time passes between the rounds."""
        sync_billing(self.services)
        for _ in range(rounds):
            found = self.services.queues.receive(DELIVERIES_QUEUE, limit=32)
            for message in found:
                work_off_billing(self.services, DeliveryMessage.parse(message.body))
                self.services.queues.complete(message)
            if not found and not self.services.queues.depth(DELIVERIES_QUEUE):
                return
            self.simulator.world.clock.advance_to(self.simulator.world.clock.now() + timedelta(seconds=60))
        raise AssertionError("messages are left")

    def rows(self) -> dict[tuple[str, str, str], str]:
        """Return the ETag of every row."""
        with self.database.read() as connection:
            found = connection.execute("SELECT name, partition, row, etag FROM entities").fetchall()
        return {(name, partition, row): etag for name, partition, row, etag in found}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Any]:
    """A desk on 9 November 2026; Microsoft bills since October."""
    world = open_world(start=START, seed=SEED)
    populate(world, CUSTOMERS, since=Month(2026, 10))
    database = Database(tmp_path / "store")
    blobs = EmbeddedBlobs(database)
    now = world.clock.now
    queues = EmbeddedQueues(database, clock=now)
    stores = Stores(EmbeddedTables(database), blobs, blobs, queues, EncryptedSecrets(tmp_path / "secrets"))
    settings = Settings(embedded_root=tmp_path / "store", countries="NL")
    with Simulator(world) as simulator:
        url = simulator.base_url
        hosts = Hosts(login=url, partner_center=url, partner_api=url, graph=url, export_hosts=("127.0.0.1",))
        client = PartnerCenter(hosts, SimulatorTokens(simulator), waiting=Waiting(read_s=5), pace=Pace())
        services = replace(build_services(settings, stores, now), microsoft=lambda: client)
        yield Desk(services, simulator, database)
    database.close()
