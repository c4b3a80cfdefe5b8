"""What the use cases work with: the repositories, the queues, and the formats of files. Built once, in ``bootstrap``.

A use case takes ``Services`` and plain values and touches the world through nothing else, so the same use case runs in
the cloud, on one machine and in a test.

Not here: which adapters these are.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO, Protocol

from shared.application.microsoft import Microsoft
from shared.application.sign_in import SignIn
from shared.domain.agreed_terms import Agreed
from shared.domain.invoices import Invoice
from shared.domain.issues import Issue
from shared.domain.prices import PriceEntry, SheetPrice
from shared.domain.prices.exchange import ExchangeRate
from shared.domain.source_files import ControlTotal, FileRead, Opened
from shared.domain.source_lines import SourceLine
from shared.domain.subscription_details import SubscriptionDetails
from shared.domain.usage_folding import UsageFolds
from shared.storage.ports import Queues, Secrets
from shared.storage.repositories.connection import ConnectionStore
from shared.storage.repositories.deliveries import DeliveryStore
from shared.storage.repositories.exports import ExportStore
from shared.storage.repositories.invoices import Invoices
from shared.storage.repositories.microsoft_invoices import MicrosoftInvoices
from shared.storage.repositories.organisations import OrganisationStore
from shared.storage.repositories.runs import RunStore
from shared.storage.repositories.sales import SalesDocuments
from shared.storage.repositories.source_files import SourceFileStore
from shared.storage.repositories.synced import Synced
from shared.storage.repositories.terms import TermsStore


class LaidOutSource(Protocol):
    """One source file, read and split by customer in one pass."""

    @property
    def read(self) -> FileRead:
        """What the file holds, without its lines."""
        ...

    def bundle(self) -> tuple[BinaryIO, dict[str, tuple[int, int]]]:
        """Return the customers' parts one behind the other, and offset and length of each, by id in lower case."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A finished file: its name, its format (``csv``, ``xlsx``) and its bytes."""

    file_name: str
    format: str
    currency: str
    content: bytes


class ReadSource(Protocol):
    """Reads one of Microsoft's files; a zip may hold several."""

    def __call__(
        self,
        source: Opened,
        boundaries: Callable[[SourceLine], Sequence[date]] = ...,
        known: UsageFolds | None = ...,
        *,
        keeps_lines: bool = ...,
    ) -> list[FileRead]:
        """Return what the file holds; without *keeps_lines* it is only checked, counted and fingerprinted.

        Raises:
            SourceFileError: the file as a whole cannot be read.
        """
        ...


class CustomerDocuments(Protocol):
    """Makes a customer's files; they show no cost."""

    def __call__(self, invoice: Invoice, *, reseller_name: str, run_id: str) -> list[Document]:
        """Return the files of one invoice."""
        ...


class ResellerDocuments(Protocol):
    """Makes the reseller's own files over a whole run, with cost and margin."""

    def __call__(
        self, invoices: Callable[[], Iterable[Invoice]], *, reseller_name: str, run_id: str, issues: Sequence[Issue]
    ) -> list[Document]:
        """Return the files; *invoices* gives all invoices anew at each call."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Formats:
    """How files are read and written."""

    read_source: ReadSource
    lay_out_source: Callable[[Opened], AbstractContextManager[LaidOutSource]]
    read_price_list: Callable[[BinaryIO, str], list[PriceEntry]]
    read_price_sheet: Callable[[BinaryIO, str], Iterator[SheetPrice]]
    read_subscription_details: Callable[[BinaryIO, str], list[SubscriptionDetails]]
    read_control_totals: Callable[[BinaryIO, str], list[ControlTotal]]
    read_customer_groups: Callable[[BinaryIO, str], dict[str, tuple[str, ...]]]
    read_exchange_rates: Callable[[BinaryIO, str], list[ExchangeRate]]
    read_offers_and_discounts: Callable[[BinaryIO, str], list[Agreed]]
    customer_documents: CustomerDocuments
    reseller_documents: ResellerDocuments


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything the use cases need. *clock* returns the present instant, aware, in UTC.

    *chunk_customers* is how many customers a message stands for: few enough to finish well inside a function's ten
    minutes, many enough to spare messages. *microsoft* gives the one client of the process, built at its first call.
    """

    sources: SourceFileStore
    deliveries: DeliveryStore
    microsoft_invoices: MicrosoftInvoices
    sales: SalesDocuments
    terms: TermsStore
    runs: RunStore
    invoices: Invoices
    exports: ExportStore
    queues: Queues
    secrets: Secrets
    connection: ConnectionStore
    organisations: OrganisationStore
    synced: Synced
    microsoft: Callable[[], Microsoft]
    sign_in: Callable[[], SignIn]
    formats: Formats
    clock: Callable[[], datetime]
    reseller_name: str
    base_url: str
    link_hours: int
    chunk_customers: int = 25
    sync_time: str = "09:00"
    sync_zone: str = "Europe/Amsterdam"
    billing_currencies: tuple[str, ...] = ()
    unbilled_lookback_days: int = 5
    countries: tuple[str, ...] = ()
