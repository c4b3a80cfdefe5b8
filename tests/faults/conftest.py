"""A billing month on stores that can be killed at any call, and a worker that delivers what the queues hold."""

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.demo.small_month import FOUR_CUSTOMERS, PRICES, Licence, invoice_csv, price_list_csv
from local.embedded_store import digests_in, messages_in, rows_in, stores_on
from shared.application.bill_chunk import bill_chunk
from shared.application.export_run import export_chunk
from shared.application.ingest import accept_source_file, ingest
from shared.application.messages import ChunkMessage, IngestMessage, RunMessage
from shared.application.runs import advance_run, approve_run, start_run, sweep_runs
from shared.application.services import Services
from shared.application.terms import keep_terms
from shared.bootstrap import build_services
from shared.domain.errors import ProrataError
from shared.domain.periods import BillingPeriod
from shared.settings import Settings
from shared.storage.embedded.database import Database
from shared.storage.names import BILLING_CHUNKS_QUEUE, BILLING_FINALISE_QUEUE, EXPORTS_QUEUE, INGEST_QUEUE, QUEUES
from shared.storage.repositories.terms import TermsKind

OCTOBER = BillingPeriod(2026, 10)
LOCK_S = 600
Handler = Callable[[Services, bytes], Any]
HANDLERS: dict[str, Handler] = {
    INGEST_QUEUE: lambda services, body: ingest(services, IngestMessage.parse(body)),
    BILLING_CHUNKS_QUEUE: lambda services, body: bill_chunk(services, ChunkMessage.parse(body)),
    BILLING_FINALISE_QUEUE: lambda services, body: advance_run(services, RunMessage.parse(body)),
    EXPORTS_QUEUE: lambda services, body: export_chunk(services, ChunkMessage.parse(body)),
}


class Killed(BaseException):
    """The process ended here."""


@dataclass(slots=True)
class Fuse:
    """Counts storage calls and kills at one of them: before it is made, or after it was. 0 kills never."""

    at: int = 0
    is_after: bool = False
    calls: list[str] = field(default_factory=list)

    def burn(self, name: str, call: Callable[[], Any]) -> Any:
        """Make the call, unless the process ends before or after it."""
        self.calls.append(name)
        is_here = len(self.calls) == self.at
        if is_here and not self.is_after:
            raise Killed(name)
        result = call()
        if is_here:
            raise Killed(name)
        return result


class Deadly:
    """A port whose every call goes through a fuse."""

    def __init__(self, port: Any, fuse: Fuse) -> None:
        self._port, self._fuse = port, fuse

    def __getattr__(self, name: str) -> Any:
        """Return the port's method behind the fuse; a listing is read whole, for its pages are calls too."""
        method = getattr(self._port, name)

        def call(*arguments: Any, **named: Any) -> Any:
            def made() -> Any:
                result = method(*arguments, **named)
                return iter(list(result)) if name in {"query", "list"} else result

            return self._fuse.burn(f"{type(self._port).__name__}.{name}", made)

        return call


class Clock:
    """An instant that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 9, 6, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the instant."""
        return self.now


@dataclass(slots=True)
class Desk:
    """One store, and what a person and the workers do with it."""

    root: Path
    clock: Clock = field(default_factory=Clock)
    fuse: Fuse = field(default_factory=Fuse)
    licences: tuple[Licence, ...] = FOUR_CUSTOMERS
    database: Database = field(init=False)
    services: Services = field(init=False)

    def __post_init__(self) -> None:
        self.database = Database(self.root)
        self.restart(self.fuse)

    def restart(self, fuse: Fuse) -> None:
        """Begin a new process on the same store; what the old one held comes back."""
        self.fuse = fuse
        self.clock.now += timedelta(seconds=LOCK_S + 1)
        stores = stores_on(self.database, self.clock, lambda port: Deadly(port, fuse))
        services = build_services(Settings(embedded_root=self.root, reseller_name="Norrsken"), stores, self.clock)
        self.services = replace(services, chunk_customers=2)

    def steps(self) -> dict[str, Callable[[], Any]]:
        """Return what happens in a month, in order; each may be repeated."""
        half = len(self.licences) // 2
        first, second = self.licences[:half], self.licences[half:]
        return {
            "first file": lambda: self.upload("first.csv", first, "G000000001"),
            "second file": lambda: self.upload("second.csv", second, "G000000002"),
            "ingest": self.work,
            "terms": lambda: keep_terms(
                self.services, TermsKind.PRICE_LIST, OCTOBER, "prices.csv", price_list_csv(PRICES)
            ),
            "start": lambda: start_run(self.services, OCTOBER),
            "bill and export": self.work,
            "approve": lambda: approve_run(self.services, OCTOBER, "Ada"),
            "number and publish": self.work,
        }

    def upload(self, name: str, licences: tuple[Licence, ...], number: str) -> None:
        """Hand in one of Microsoft's files."""
        accept_source_file(self.services, OCTOBER, name, invoice_csv(str(OCTOBER), licences, number=number))

    def month(self) -> None:
        """Do everything that happens in a month."""
        for step in self.steps().values():
            step()

    def work(self, *, times: int = 1, seed: int | None = None) -> None:
        """Deliver all messages until the queues are empty, each *times* times; a *seed* shuffles them."""
        while batch := self._received(random.Random(seed) if seed is not None else None):  # noqa: S311 - a fixed order
            for queue, message in batch:
                for _ in range(times):
                    self.deliver(queue, message.body)
                self.services.queues.complete(message)

    def deliver(self, queue: str, body: bytes) -> None:
        """Run the queue's use case once; one that fails is left to the sweep."""
        with suppress(ProrataError):
            HANDLERS[queue](self.services, body)

    def sweep(self) -> None:
        """Ask for what is missing, and do it."""
        sweep_runs(self.services)
        self.work()

    def _received(self, chance: random.Random | None) -> list[tuple[str, Any]]:
        batch = [
            (queue, message)
            for queue in QUEUES
            for message in self.services.queues.receive(queue, limit=32, lock_s=LOCK_S)
        ]
        if chance is not None:
            chance.shuffle(batch)
        return batch

    def kept(self) -> dict[str, str]:
        """Return every table row and every blob's content, and how many messages are left."""
        kept = {f"row {one.table}/{one.partition}/{one.row}": one.body for one in rows_in(self.database)}
        return kept | digests_in(self.database) | {"messages": str(messages_in(self.database))}


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """Open desks, each on a store of its own; all are closed at the end."""
    desks: list[Desk] = []

    def open_one(root: Path | None = None) -> Desk:
        desks.append(Desk(root or tmp_path / str(len(desks))))
        return desks[-1]

    yield open_one
    for desk in desks:
        desk.database.close()


@pytest.fixture
def fuse() -> type[Fuse]:
    """The fuse, to kill at a call."""
    return Fuse


@pytest.fixture
def killed() -> type[Killed]:
    """What a burnt fuse raises."""
    return Killed
