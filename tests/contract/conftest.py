"""The stores under contract: every test that asks for ``tables``, ``blobs`` or ``queues`` runs on each of them."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from shared.storage.azure.blobs import AzureBlobs
from shared.storage.azure.clients import AzureAccount
from shared.storage.azure.queues import AzureQueues
from shared.storage.azure.tables import AzureTables
from shared.storage.embedded.blobs import EmbeddedBlobs
from shared.storage.embedded.database import Database
from shared.storage.embedded.queues import EmbeddedQueues
from shared.storage.embedded.tables import EmbeddedTables
from shared.storage.ports import Blobs, Queues, Tables


@dataclass(frozen=True, slots=True)
class Store:
    """One store under contract; *clock* is there where the time can be set."""

    tables: Tables
    blobs: Blobs
    queues: Queues
    clock: "Clock | None"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the instant it stands at."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Move on by *seconds*."""
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    """A clock at noon of 1 November 2026."""
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty embedded database below the test's folder."""
    database = Database(tmp_path / "store")
    yield database
    database.close()


@pytest.fixture(scope="session")
def azure_account(azurite: str) -> AzureAccount:
    """The account of the emulator."""
    return AzureAccount(connection_string=azurite, retry_count=1)


@pytest.fixture(params=["embedded", pytest.param("azurite", marks=pytest.mark.azurite)])
def store(request: pytest.FixtureRequest) -> Store:
    """Each store in turn."""
    if request.param == "embedded":
        database, clock = request.getfixturevalue("database"), request.getfixturevalue("clock")
        return Store(EmbeddedTables(database), EmbeddedBlobs(database), EmbeddedQueues(database, clock=clock), clock)
    account = request.getfixturevalue("azure_account")
    return Store(AzureTables.connect(account), AzureBlobs.connect(account), AzureQueues.connect(account), None)


@pytest.fixture
def tables(store: Store) -> Tables:
    """The tables of each store in turn."""
    return store.tables


@pytest.fixture
def blobs(store: Store) -> Blobs:
    """The blobs of each store in turn."""
    return store.blobs


@pytest.fixture
def queues(store: Store) -> Queues:
    """The queues of each store in turn."""
    return store.queues


class Own:
    """A port whose tables or containers are this test's own: their names, always the first argument, are prefixed."""

    def __init__(self, port: Any, prefix: str) -> None:
        self._port, self._prefix = port, prefix

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return the port's method for the test's own names."""
        method = getattr(self._port, name)
        return lambda home, *arguments, **named: method(self._prefix + home, *arguments, **named)


@pytest.fixture
def own_tables(tables: Tables) -> Tables:
    """The tables of each store in turn, empty; for repositories, which name their tables themselves."""
    return cast("Tables", Own(tables, f"t{uuid.uuid4().hex[:12]}"))


@pytest.fixture
def own_blobs(blobs: Blobs) -> Blobs:
    """The blobs of each store in turn, empty; for repositories, which name their containers themselves."""
    return cast("Blobs", Own(blobs, f"c{uuid.uuid4().hex[:12]}-"))


@pytest.fixture
def table() -> str:
    """A table name that no other test uses."""
    return f"t{uuid.uuid4().hex}"


@pytest.fixture
def bucket() -> str:
    """A name for a container or queue that no other test uses."""
    return f"b-{uuid.uuid4().hex}"


@pytest.fixture
def later(store: Store) -> Callable[[int], None]:
    """Let seconds pass: the set clock moves, the emulator's is waited for."""
    import time  # noqa: PLC0415 - only here does a test wait

    return store.clock.advance if store.clock else lambda seconds: time.sleep(seconds + 0.2)
