"""A reseller's desk whose Microsoft is the simulator with forty customers: real client, real HTTP, embedded store."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.demo.arithmetic import Month
from local.embedded_store import rows_in, stores_on
from local.partner_center.opening import open_world
from local.partner_center.population import populate
from local.partner_center.server import Simulator
from local.partner_center.standing_by import client_at
from shared.application.billing_sync import sync_billing, work_off_billing
from shared.application.messages import DeliveryMessage
from shared.application.services import Services
from shared.bootstrap import build_services
from shared.partner_center.pace import Waiting
from shared.settings import Settings
from shared.storage.embedded.database import Database
from shared.storage.names import DELIVERIES_QUEUE

CUSTOMERS, SEED = 40, 7
START = datetime(2026, 11, 9, 9, tzinfo=UTC)


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
        return {(one.table, one.partition, one.row): one.etag for one in rows_in(self.database)}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Any]:
    """A desk on 9 November 2026; Microsoft bills since October."""
    world = open_world(start=START, seed=SEED)
    populate(world, CUSTOMERS, since=Month(2026, 10))
    database = Database(tmp_path / "store")
    now = world.clock.now
    settings = Settings(embedded_root=tmp_path / "store", countries="NL")
    with Simulator(world) as simulator:
        client = client_at(simulator, waiting=Waiting(read_s=5))
        services = replace(build_services(settings, stores_on(database, now), now), microsoft=lambda: client)
        yield Desk(services, simulator, database)
    database.close()
