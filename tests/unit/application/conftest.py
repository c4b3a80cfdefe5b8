"""Use cases on an embedded store of the test's own, and a worker that delivers what they ask for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.demo.small_month import FOUR_CUSTOMERS, PRICES, Licence, invoice_csv, price_list_csv
from shared.application.bill_chunk import bill_chunk
from shared.application.export_run import export_chunk
from shared.application.ingest import accept_source_file, ingest
from shared.application.messages import ChunkMessage, IngestMessage, RunMessage
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
from shared.storage.names import BILLING_CHUNKS_QUEUE, BILLING_FINALISE_QUEUE, EXPORTS_QUEUE, INGEST_QUEUE, QUEUES
from shared.storage.repositories.runs import Run
from shared.storage.repositories.terms import TermsKind

OCTOBER = BillingPeriod(2026, 10)


@dataclass(slots=True)
class Office:
    """The services on one store, and what a person does with them in October 2026."""

    services: Services
    stores: Stores

    def upload(self, name: str = "first.csv", licences: tuple[Licence, ...] = FOUR_CUSTOMERS[:2]) -> None:
        """Hand in one of Microsoft's files and let it be read."""
        self.upload_bytes(name, invoice_csv(str(OCTOBER), licences))

    def upload_bytes(self, name: str, content: bytes) -> None:
        """Hand in a file and let it be read."""
        accept_source_file(self.services, OCTOBER, name, content)
        self.work()

    def price(self, prices: tuple[tuple[str, str], ...] = PRICES) -> None:
        """Hand in a price list."""
        keep_terms(self.services, TermsKind.PRICE_LIST, OCTOBER, "prices.csv", price_list_csv(prices))

    def run(self) -> None:
        """Start the month's run and let it come to rest."""
        start_run(self.services, OCTOBER)
        self.work()

    def work(self) -> None:
        """Deliver all messages until the queues are empty."""
        handlers: dict[str, Callable[[bytes], Any]] = {
            INGEST_QUEUE: lambda body: ingest(self.services, IngestMessage.parse(body)),
            BILLING_CHUNKS_QUEUE: lambda body: bill_chunk(self.services, ChunkMessage.parse(body)),
            BILLING_FINALISE_QUEUE: lambda body: advance_run(self.services, RunMessage.parse(body)),
            EXPORTS_QUEUE: lambda body: export_chunk(self.services, ChunkMessage.parse(body)),
        }
        while batch := [message for queue in QUEUES for message in self.services.queues.receive(queue, limit=32)]:
            for message in batch:
                handlers[message.queue](message.body)
                self.services.queues.complete(message)

    def upload_more(self, name: str, licences: tuple[Licence, ...]) -> None:
        """Hand in another of Microsoft's invoices."""
        self.upload_bytes(name, invoice_csv(str(OCTOBER), licences, number="G000000002"))

    def price_in(self, currency: str, product: str, prices: tuple[tuple[str, str], ...]) -> None:
        """Hand in a price list with one more product in another currency."""
        _, *rows = price_list_csv(((product, "30.00"),), currency=currency).splitlines(keepends=True)
        content = price_list_csv(prices) + b"".join(rows)
        keep_terms(self.services, TermsKind.PRICE_LIST, OCTOBER, "prices.csv", content)

    @staticmethod
    def run_message(run: Run) -> RunMessage:
        """Return the message that asks for the run's next step."""
        return RunMessage(str(run.period), run.inputs.hash)

    def reading(self, read_source: Callable[..., Any]) -> Services:
        """Return the services with another reader of source files."""
        return replace(self.services, formats=replace(self.services.formats, read_source=read_source))

    def laying_out(self, lay_out_source: Callable[..., Any]) -> Services:
        """Return the services with another way to take in source files."""
        return replace(self.services, formats=replace(self.services.formats, lay_out_source=lay_out_source))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An office on an empty store."""
    database = Database(tmp_path / "store")
    blobs = EmbeddedBlobs(database)
    stores = Stores(
        EmbeddedTables(database), blobs, blobs, EmbeddedQueues(database), EncryptedSecrets(tmp_path / "secrets")
    )
    settings = Settings(embedded_root=tmp_path / "store", reseller_name="Norrsken")
    yield Office(build_services(settings, stores, lambda: datetime(2026, 11, 9, tzinfo=UTC)), stores)
    database.close()
