"""An embedded store in a caller's hand: its ports on a clock that the caller moves, and all that it holds.

Not here: the store of an installation as its settings name it (``shared/bootstrap``).
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from shared.bootstrap import Stores, utc_now
from shared.storage.embedded.blobs import EmbeddedBlobs
from shared.storage.embedded.database import Database
from shared.storage.embedded.queues import EmbeddedQueues
from shared.storage.embedded.secrets import EncryptedSecrets
from shared.storage.embedded.tables import EmbeddedTables

Between = Callable[[Any], Any]


class KeptRow(NamedTuple):
    """One row of a table; *body* is JSON."""

    table: str
    partition: str
    row: str
    body: str
    etag: str


def as_it_is(port: Any) -> Any:
    """Return the port: what stands between where nothing does."""
    return port


def stores_on(database: Database, clock: Callable[[], datetime] = utc_now, between: Between = as_it_is) -> Stores:
    """Return the ports on *database*, its secrets beside it; *clock* is that of the queues.

    *between* is given each port and returns what stands in its place.
    """
    blobs = between(EmbeddedBlobs(database))
    return Stores(
        between(EmbeddedTables(database)),
        blobs,
        blobs,
        between(EmbeddedQueues(database, clock=clock)),
        between(EncryptedSecrets(database.root / "secrets")),
    )


def rows_in(database: Database) -> list[KeptRow]:
    """Return every row of every table."""
    with database.read() as connection:
        found = connection.execute("SELECT name, partition, row, body, etag FROM entities").fetchall()
    return [KeptRow(*each) for each in found]


def digests_in(database: Database) -> dict[str, str]:
    """Return the SHA-256 of every blob's content by ``blob CONTAINER/NAME``."""
    blobs, digests = EmbeddedBlobs(database), {}
    with database.read() as connection:
        found = connection.execute("SELECT container, name FROM blobs").fetchall()
    for container, name in found:
        with blobs.open(container, name) as stream:
            digests[f"blob {container}/{name}"] = hashlib.sha256(stream.read()).hexdigest()
    return digests


def messages_in(database: Database) -> int:
    """Return how many messages wait, in all queues."""
    with database.read() as connection:
        count: int = connection.execute("SELECT count(*) FROM messages").fetchone()[0]
    return count
