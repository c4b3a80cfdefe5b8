"""The one composition root: settings become services. Nothing is built at import time.

Invariants: everything else receives what it needs; only this module knows which adapters there are, and it imports
those of Azure only where they are used.

Not here: use cases, rules, triggers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache

from shared.application.services import Formats, Services
from shared.documents.control_totals import read_control_totals
from shared.documents.customer_groups import read_customer_groups
from shared.documents.offers_and_discounts import read_offers_and_discounts
from shared.documents.price_lists import read_price_list
from shared.documents.price_sheets import read_price_sheet
from shared.documents.rendering import customer_documents, reseller_documents
from shared.documents.subscription_details import read_subscription_details
from shared.domain.source_files import FileRead, Opened
from shared.domain.source_lines import SourceLine
from shared.domain.usage_folding import UsageFolds
from shared.partner_center.source_files.reading import read_file
from shared.partner_center.source_files.row_sink import Reading, no_boundaries
from shared.partner_center.source_files.splitting import split_file
from shared.settings import Settings
from shared.storage.ports import Blobs, Queues, Tables
from shared.storage.repositories.exports import ExportStore
from shared.storage.repositories.invoices import Invoices
from shared.storage.repositories.runs import RunStore
from shared.storage.repositories.source_files import SourceFileStore
from shared.storage.repositories.terms import TermsStore


@dataclass(frozen=True, slots=True)
class Stores:
    """The ports, ready for use; *exports* may lie on an account of its own."""

    tables: Tables
    blobs: Blobs
    exports: Blobs
    queues: Queues


def utc_now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


def open_stores(settings: Settings) -> Stores:
    """Return the stores that the settings name."""
    return _azure(settings) if settings.store == "azure" else _embedded(settings)


def build_services(settings: Settings, stores: Stores, clock: Callable[[], datetime] = utc_now) -> Services:
    """Return the services on top of *stores*."""
    return Services(
        sources=SourceFileStore(stores.tables, stores.blobs),
        terms=TermsStore(stores.tables, stores.blobs),
        runs=RunStore(stores.tables, stores.blobs),
        invoices=Invoices(stores.tables, stores.blobs),
        exports=ExportStore(stores.tables, stores.exports),
        queues=stores.queues,
        formats=FORMATS,
        clock=clock,
        reseller_name=settings.reseller_name,
        link_hours=settings.link_hours,
    )


@cache
def services_for(settings: Settings) -> Services:
    """Return the services of an installation, built at the first call and kept for the life of the process."""
    return build_services(settings, open_stores(settings))


def services() -> Services:
    """Return the services that the environment asks for; entry points call this, once for each invocation."""
    return services_for(Settings())


def read_source(
    source: Opened,
    boundaries: Callable[[SourceLine], Sequence[date]] = no_boundaries,
    known: UsageFolds | None = None,
    *,
    keeps_lines: bool = True,
) -> list[FileRead]:
    """Read one of Microsoft's files; see ``shared/partner_center/source_files/reading``."""
    return read_file(source, Reading(boundaries, known, keeps_lines=keeps_lines))


FORMATS = Formats(
    read_source=read_source,
    split_source=split_file,
    read_price_list=read_price_list,
    read_price_sheet=read_price_sheet,
    read_subscription_details=read_subscription_details,
    read_control_totals=read_control_totals,
    read_customer_groups=read_customer_groups,
    read_offers_and_discounts=read_offers_and_discounts,
    customer_documents=customer_documents,
    reseller_documents=reseller_documents,
)


def _embedded(settings: Settings) -> Stores:
    from shared.storage.embedded.blobs import EmbeddedBlobs  # noqa: PLC0415 - the cloud never needs it
    from shared.storage.embedded.database import Database  # noqa: PLC0415 - as above
    from shared.storage.embedded.queues import EmbeddedQueues  # noqa: PLC0415 - as above
    from shared.storage.embedded.tables import EmbeddedTables  # noqa: PLC0415 - as above

    database = Database(settings.embedded_root)
    blobs = EmbeddedBlobs(database, base_url=settings.base_url)
    return Stores(EmbeddedTables(database), blobs, blobs, EmbeddedQueues(database))


def _azure(settings: Settings) -> Stores:
    from shared.storage.azure.blobs import AzureBlobs  # noqa: PLC0415 - a quarter of a second that one machine saves
    from shared.storage.azure.clients import AzureAccount  # noqa: PLC0415 - as above
    from shared.storage.azure.queues import AzureQueues  # noqa: PLC0415 - as above
    from shared.storage.azure.tables import AzureTables  # noqa: PLC0415 - as above

    def account(blob_url: str) -> AzureAccount:
        return AzureAccount(
            connection_string=settings.connection_string.get_secret_value(),
            table_url=settings.tables_url,
            blob_url=blob_url,
            queue_url=settings.queues_url,
            client_id=settings.identity_client_id,
        )

    data, exports = account(settings.blobs_url), account(settings.exports_url or settings.blobs_url)
    return Stores(
        AzureTables.connect(data), AzureBlobs.connect(data), AzureBlobs.connect(exports), AzureQueues.connect(data)
    )
