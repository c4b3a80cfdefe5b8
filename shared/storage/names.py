"""The names of the queues and blob containers, in one place, so that code and templates cannot drift apart.

Invariants: the templates in ``infra`` create exactly these, each queue with its poison queue; a name is 3 to 63
lower-case letters, digits and single hyphens, as Azure asks.

Not here: table names, which belong to the repositories (a table comes into being with its first row), and blob names
inside a container.
"""

from typing import Final

INGEST_QUEUE: Final = "ingest"
BILLING_CHUNKS_QUEUE: Final = "billing-chunks"
BILLING_FINALISE_QUEUE: Final = "billing-finalise"
EXPORTS_QUEUE: Final = "exports"
SYNC_QUEUE: Final = "sync"
DELIVERIES_QUEUE: Final = "deliveries"
HINTS_QUEUE: Final = "hints"
QUEUES: Final[tuple[str, ...]] = (
    INGEST_QUEUE,
    BILLING_CHUNKS_QUEUE,
    BILLING_FINALISE_QUEUE,
    EXPORTS_QUEUE,
    SYNC_QUEUE,
    DELIVERIES_QUEUE,
    HINTS_QUEUE,
)

POISON_SUFFIX: Final = "-poison"
"""The Functions host moves a message that failed five times to the queue of the same name with this suffix."""

SOURCE_FILES_CONTAINER: Final = "source-files"
SOURCE_LINES_CONTAINER: Final = "source-lines"
CHARGE_LINES_CONTAINER: Final = "charge-lines"
EXPORTS_CONTAINER: Final = "exports"
SYNCED_CONTAINER: Final = "synced"
CONTAINERS: Final[tuple[str, ...]] = (
    SOURCE_FILES_CONTAINER,
    SOURCE_LINES_CONTAINER,
    CHARGE_LINES_CONTAINER,
    EXPORTS_CONTAINER,
    SYNCED_CONTAINER,
)
