"""A reseller's desk whose Microsoft is the simulator: the real client, real HTTP, and an embedded store."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from local.embedded_store import digests_in, rows_in, stores_on
from local.partner_center import changing
from local.partner_center.customers_making import create_customer
from local.partner_center.entities import Customer, Subscription
from local.partner_center.opening import open_world, serve
from local.partner_center.server import Simulator
from local.partner_center.standing_by import client_at
from local.partner_center.subscribing import Purchase, place_order
from local.partner_center.world import World
from shared.application.messages import SyncMessage
from shared.application.services import Services
from shared.application.sync import start_sync, sync_chunk
from shared.application.sync_views import timeline_view
from shared.bootstrap import build_services
from shared.partner_center.pace import Waiting
from shared.settings import Settings
from shared.storage.embedded.database import Database
from shared.storage.names import SYNC_QUEUE

BASIC, STANDARD = "CFQ7TTC0LH18", "CFQ7TTC0LDPB"


@dataclass(slots=True)
class Desk:
    """Services on one store, the simulated world, and what a person does with both."""

    services: Services
    simulator: Simulator
    database: Database
    names: dict[str, Customer] = field(default_factory=dict)

    @property
    def world(self) -> World:
        """The simulated world."""
        return self.simulator.world

    def customer(self, name: str) -> Customer:
        """Make a customer."""
        with self.world.lock:
            self.names[name] = create_customer(self.world, name=name, domain=f"{name.lower()}.onmicrosoft.com")
        return self.names[name]

    def buy(self, name: str, quantity: int, *, product: str = BASIC, term: str = "P1Y") -> Subscription:
        """Let a customer buy licences."""
        with self.world.lock:
            purchase = Purchase(product_id=product, sku_id="0001", quantity=quantity, term=term)
            order = place_order(self.world, self.names[name], [purchase], actor="ada@reseller.example")
            found = self.names[name].subscriptions.values()
            return next(each for each in found if each.order_id == order.id)

    def seats(self, subscription: Subscription, quantity: int) -> None:
        """Change a quantity, as somebody does in Partner Center."""
        with self.world.lock:
            changing.change_quantity(self.world, subscription, quantity, actor="ada@reseller.example")

    def sync(self) -> None:
        """Sync everything, and work until nothing waits."""
        start_sync(self.services)
        self.work()

    def work(self, *, times: int = 1) -> None:
        """Deliver all messages of the sync until none is visible, each so many times."""
        while messages := self.services.queues.receive(SYNC_QUEUE, limit=32):
            for message in messages:
                for _ in range(times):
                    sync_chunk(self.services, SyncMessage.parse(message.body))
                self.services.queues.complete(message)

    def story(self, subscription: Subscription) -> list[str]:
        """Return the texts of a subscription's timeline, the earliest first."""
        return [entry["text"] for entry in self.entries(subscription)]

    def entries(self, subscription: Subscription) -> list[dict[str, object]]:
        """Return a subscription's timeline, the earliest first."""
        return timeline_view(self.services, subscription.customer_id, subscription.id)[::-1]

    def kept(self, *, with_etags: bool = True) -> dict[str, str]:
        """Return every table row, with its ETag where asked for, and every blob's content."""
        rows = {
            f"row {one.table}/{one.partition}/{one.row}": f"{one.etag if with_etags else ''} {one.body}"
            for one in rows_in(self.database)
        }
        return rows | digests_in(self.database)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """An empty world, served on loopback."""
    with serve(open_world()) as serving:
        yield serving


@pytest.fixture
def open_desk(simulator: Simulator, tmp_path: Path) -> Iterator[Callable[[], Desk]]:
    """Open desks on the one simulator, each with an empty store of its own."""
    databases: list[Database] = []

    def open_one() -> Desk:
        root = tmp_path / f"desk-{len(databases)}"
        database = Database(root)
        databases.append(database)
        clock = simulator.world.clock.now
        client = client_at(simulator, waiting=Waiting(tries_max=2, call_s=10, operation_s=30))
        services = build_services(Settings(embedded_root=root), stores_on(database, clock), clock)
        return Desk(replace(services, microsoft=lambda: client, chunk_customers=2), simulator, database)

    yield open_one
    for database in databases:
        database.close()


@pytest.fixture
def desk(open_desk: Callable[[], Desk]) -> Desk:
    """One desk."""
    return open_desk()
