"""A desk: one store, Microsoft's side made in memory, and a clock that is moved by hand."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from local.demo.small_month import PRICES, price_list_csv
from local.made_exports import MadeExports
from shared.application.bill_chunk import bill_chunk
from shared.application.billing_sync import sync_billing, work_off_billing
from shared.application.export_run import export_chunk
from shared.application.ingest import ingest
from shared.application.messages import ChunkMessage, DeliveryMessage, IngestMessage, RunMessage
from shared.application.microsoft import Microsoft
from shared.application.runs import advance_run, start_run
from shared.application.services import Services
from shared.application.terms import keep_terms
from shared.bootstrap import Stores, build_services
from shared.domain.periods import BillingPeriod
from shared.settings import Settings
from shared.storage.embedded.blobs import EmbeddedBlobs
from shared.storage.embedded.database import Database
from shared.storage.embedded.queues import EmbeddedQueues
from shared.storage.embedded.secrets import EncryptedSecrets
from shared.storage.embedded.tables import EmbeddedTables
from shared.storage.names import (
    BILLING_CHUNKS_QUEUE,
    BILLING_FINALISE_QUEUE,
    DELIVERIES_QUEUE,
    EXPORTS_QUEUE,
    INGEST_QUEUE,
)
from shared.storage.repositories.deliveries import Delivery
from shared.storage.repositories.terms import TermsKind

OCTOBER = BillingPeriod(2026, 10)
HANDLERS: dict[str, Callable[[Services, bytes], Any]] = {
    DELIVERIES_QUEUE: lambda services, body: work_off_billing(services, DeliveryMessage.parse(body)),
    INGEST_QUEUE: lambda services, body: ingest(services, IngestMessage.parse(body)),
    BILLING_CHUNKS_QUEUE: lambda services, body: bill_chunk(services, ChunkMessage.parse(body)),
    BILLING_FINALISE_QUEUE: lambda services, body: advance_run(services, RunMessage.parse(body)),
    EXPORTS_QUEUE: lambda services, body: export_chunk(services, ChunkMessage.parse(body)),
}


@dataclass(slots=True)
class Desk:
    """A store, Microsoft's side made in memory, and a clock that is moved by hand."""

    root: Path
    now: datetime = datetime(2026, 10, 20, 9, tzinfo=UTC)
    microsoft: MadeExports = field(init=False)
    database: Database = field(init=False)
    services: Services = field(init=False)
    stores: Stores = field(init=False)

    def __post_init__(self) -> None:
        self.database = Database(self.root)
        blobs = EmbeddedBlobs(self.database)
        queues = EmbeddedQueues(self.database, clock=lambda: self.now)
        secrets = EncryptedSecrets(self.root / "secrets")
        self.stores = Stores(EmbeddedTables(self.database), blobs, blobs, queues, secrets)
        self.microsoft = MadeExports(lambda: self.now)
        settings = Settings(embedded_root=self.root, billing_currencies="EUR", countries="DE,NL")
        services = build_services(settings, self.stores, lambda: self.now)
        self.services = replace(services, microsoft=lambda: cast("Microsoft", self.microsoft))

    def work(self, rounds: int = 40) -> None:
        """Deliver all messages, those that wait too: time passes until none is left."""
        for _ in range(rounds):
            found = [one for queue in HANDLERS for one in self.services.queues.receive(queue, limit=32)]
            for message in found:
                HANDLERS[message.queue](self.services, message.body)
                self.services.queues.complete(message)
            if not found and not sum(self.services.queues.depth(queue) for queue in HANDLERS):
                return
            self.now += timedelta(seconds=60)
        raise AssertionError("messages are left")

    def night(self) -> None:
        """Sync, and do everything that comes of it."""
        sync_billing(self.services)
        self.work()

    def at(self, *day: int) -> None:
        """Move the clock to nine in the morning of a day."""
        self.now = datetime(*day, 9, tzinfo=UTC)  # type: ignore[arg-type, misc]  # year, month and day

    def delivery(self, row: str, period: BillingPeriod = OCTOBER) -> Delivery:
        """Return a delivery that is there."""
        found = self.services.deliveries.get(period, row)
        assert found is not None
        return found

    def counting(self) -> list[tuple[str, int]]:
        """Return delivery ("" for uploads) and rows of every file that counts in October."""
        records = self.services.sources.records(OCTOBER)
        return [(each.delivery, each.row_count) for each in records if each.refused_for is None]

    def rows(self) -> dict[tuple[str, str, str], str]:
        """Return the ETag of every row in the store."""
        with self.database.read() as connection:
            found = connection.execute("SELECT name, partition, row, etag FROM entities").fetchall()
        return {(name, partition, row): etag for name, partition, row, etag in found}

    def bill(self) -> None:
        """Run October."""
        keep_terms(self.services, TermsKind.PRICE_LIST, OCTOBER, "prices.csv", price_list_csv(PRICES))
        start_run(self.services, OCTOBER)
        self.work()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk on 20 October 2026."""
    desk = Desk(tmp_path)
    yield desk
    desk.database.close()
