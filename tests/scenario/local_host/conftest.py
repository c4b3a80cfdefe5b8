"""A sample app on a running local host, over the embedded queues."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import requests

from local.functions_host import FileStatuses, FunctionsHost, HostOptions, index_app
from local.functions_host.config import HostConfig, QueueConfig
from shared.domain.errors import StorageUnavailableError
from shared.storage.embedded.database import Database
from shared.storage.embedded.queues import EmbeddedQueues
from shared.storage.ports import Message

HEAD = "import asyncio, threading, time, typing\nimport azure.functions as func\napp = func.FunctionApp()\nseen = []\n"
QUICK = HostConfig(
    custom_headers={"Cache-Control": "no-store"},
    queues=QueueConfig(4, 2, dequeue_count_max=3, visibility_timeout_s=0, polling_interval_max_s=0.1),
)


class Queues(EmbeddedQueues):
    """The embedded queues on a disk that a test can take away."""

    is_away = False

    def receive(self, queue: str, *, limit: int = 1, lock_s: int = 600) -> Sequence[Message]:
        """Receive, unless the disk is away."""
        if self.is_away:
            raise StorageUnavailableError("the disk is away")
        return super().receive(queue, limit=limit, lock_s=lock_s)


@dataclass
class Running:
    """A host at work, its queues and what its app saw."""

    host: FunctionsHost
    queues: Queues

    @property
    def module(self) -> dict[str, Any]:
        """The names of the app module."""
        names: dict[str, Any] = self.host.index.functions[0].call.__globals__
        return names

    @property
    def seen(self) -> list[Any]:
        """What the app noted."""
        noted: list[Any] = self.module["seen"]
        return noted

    def call(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """Send one request."""
        return requests.request(method, self.host.base_url + path, timeout=20, **arguments)


@dataclass
class Starter:
    """Starts apps in one folder, one after the other or together, and stops what is left."""

    folder: Path
    database: Database
    running: list[Running]

    def __call__(self, body: str, options: HostOptions | None = None, **config: Any) -> Running:
        """Write the app, start a host for it and return both."""
        path = self.folder / "function_app.py"
        path.write_text(HEAD + dedent(body), encoding="utf-8")
        queues = Queues(self.database)
        statuses = FileStatuses(self.folder / "statuses")
        host = FunctionsHost(index_app(path), replace(QUICK, **config), queues, statuses, options)
        host.start()
        self.running.append(Running(host, queues))
        return self.running[-1]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start sample apps; they are stopped at the end of the test."""
    starter = Starter(tmp_path, Database(tmp_path / "store"), [])
    yield starter
    for running in starter.running:
        running.host.stop(grace_s=5)
    starter.database.close()
