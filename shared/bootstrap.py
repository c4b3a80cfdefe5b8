"""The one composition root: settings become services. Nothing is built at import time.

Invariants: everything else receives what it needs; only this module knows which adapters there are, and it imports
those of Azure only where they are used.

Not here: use cases, rules, triggers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shared.application.connection_health import note_outcome
from shared.application.hints import HintInbox
from shared.application.microsoft import Microsoft
from shared.application.services import Formats, Services
from shared.application.sign_in import SignIn
from shared.documents.control_totals import read_control_totals
from shared.documents.customer_groups import read_customer_groups
from shared.documents.exchange_rates import read_exchange_rates
from shared.documents.offers_and_discounts import read_offers_and_discounts
from shared.documents.price_lists import read_price_list
from shared.documents.price_sheets import read_price_sheet
from shared.documents.rendering import customer_documents, reseller_documents
from shared.documents.subscription_details import read_subscription_details
from shared.domain.source_files import FileRead, Opened
from shared.domain.source_lines import SourceLine
from shared.domain.usage_folding import UsageFolds
from shared.partner_center.hosts import Audience, Hosts
from shared.partner_center.source_files.reading import read_file
from shared.partner_center.source_files.row_sink import Reading, no_boundaries
from shared.partner_center.source_files.splitting import lay_out_file
from shared.settings import Settings
from shared.storage.ports import Blobs, Queues, Secrets, Tables
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

if TYPE_CHECKING:
    from shared.partner_center.pace import Outcome
    from shared.partner_center.tokens import MsalTokens


@dataclass(frozen=True, slots=True)
class Stores:
    """The ports, ready for use; *exports* may lie on an account of its own."""

    tables: Tables
    blobs: Blobs
    exports: Blobs
    queues: Queues
    secrets: Secrets


def utc_now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


def open_stores(settings: Settings) -> Stores:
    """Return the stores that the settings name."""
    return _azure(settings) if settings.store == "azure" else _embedded(settings)


def build_services(settings: Settings, stores: Stores, clock: Callable[[], datetime] = utc_now) -> Services:
    """Return the services on top of *stores*."""
    connection = ConnectionStore(stores.tables, stores.secrets)
    tokens = cache(lambda: _tokens(settings, stores.secrets, connection, clock))
    return Services(
        sources=SourceFileStore(stores.tables, stores.blobs),
        deliveries=DeliveryStore(stores.tables),
        microsoft_invoices=MicrosoftInvoices(stores.tables),
        sales=SalesDocuments(stores.tables, stores.blobs),
        terms=TermsStore(stores.tables, stores.blobs),
        runs=RunStore(stores.tables, stores.blobs),
        invoices=Invoices(stores.tables, stores.blobs),
        exports=ExportStore(stores.tables, stores.exports),
        queues=stores.queues,
        secrets=stores.secrets,
        connection=connection,
        organisations=OrganisationStore(stores.tables),
        synced=Synced(stores.tables, stores.blobs),
        microsoft=cache(lambda: _microsoft(settings, tokens(), connection, clock)),
        sign_in=cache(lambda: _sign_in(settings, tokens(), connection, clock)),
        formats=FORMATS,
        clock=clock,
        reseller_name=settings.reseller_name,
        base_url=settings.base_url.rstrip("/"),
        link_hours=settings.link_hours,
        sync_time=settings.sync_time,
        sync_zone=settings.sync_zone,
        billing_currencies=_listed(settings.billing_currencies),
        unbilled_lookback_days=settings.unbilled_lookback_days,
        countries=_listed(settings.countries),
    )


def _listed(text: str) -> tuple[str, ...]:
    """Return the codes of a list such as "EUR, usd", in upper case."""
    return tuple(part.strip().upper() for part in text.split(",") if part.strip())


@cache
def services_for(settings: Settings) -> Services:
    """Return the services of an installation, built at the first call and kept for the life of the process."""
    return build_services(settings, open_stores(settings))


@cache
def hint_inbox_for(settings: Settings) -> HintInbox:
    """Return where Partner Center's notifications come in; the certificates it fetched stay with it."""
    from shared.partner_center.certificate_fetch import fetch  # noqa: PLC0415 - for notifications only
    from shared.partner_center.webhook_certificates import WebhookCertificates, trusted_roots  # noqa: PLC0415 - as above
    from shared.partner_center.webhook_signature import verify  # noqa: PLC0415 - as above

    stores = open_stores(settings)
    roots = trusted_roots(settings.webhook_trust_file)
    certificates = WebhookCertificates(listed(settings.webhook_certificate_hosts), roots, fetch)

    def check(headers: Mapping[str, str], body: bytes) -> None:
        verify(headers, body, utc_now(), certificates)

    host = urlsplit(settings.partner_center_url).netloc.lower()
    return HintInbox(stores.tables, stores.queues, check, (host,))


def listed(text: str) -> tuple[str, ...]:
    """Return the parts of a setting that holds several, separated by commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def hint_inbox() -> HintInbox:
    """Return the inbox that the environment asks for."""
    return hint_inbox_for(Settings())


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
    lay_out_source=lay_out_file,
    read_price_list=read_price_list,
    read_price_sheet=read_price_sheet,
    read_subscription_details=read_subscription_details,
    read_control_totals=read_control_totals,
    read_customer_groups=read_customer_groups,
    read_exchange_rates=read_exchange_rates,
    read_offers_and_discounts=read_offers_and_discounts,
    customer_documents=customer_documents,
    reseller_documents=reseller_documents,
)


def hosts_of(settings: Settings) -> Hosts:
    """Return where Microsoft is, or the simulator that stands in for it."""
    return Hosts(
        login=settings.login_url.rstrip("/"),
        partner_center=settings.partner_center_url.rstrip("/"),
        partner_api=settings.partner_api_url.rstrip("/"),
        graph=settings.graph_url.rstrip("/"),
        export_hosts=tuple(host.strip() for host in settings.export_hosts.split(",") if host.strip()),
    )


def _tokens(
    settings: Settings, secrets: Secrets, connection: ConnectionStore, clock: Callable[[], datetime]
) -> "MsalTokens":
    from shared.partner_center.credentials import AppCredentials  # noqa: PLC0415 - half a second, for the connected
    from shared.partner_center.tokens import MsalTokens  # noqa: PLC0415 - as above

    app = AppCredentials(
        tenant_id=settings.partner_tenant_id,
        client_id=settings.client_id,
        secret=settings.client_secret.get_secret_value(),
        certificate=settings.client_certificate.get_secret_value(),
        password=settings.client_certificate_password.get_secret_value(),
        secret_named=secrets.get,
    )
    return MsalTokens(app, hosts_of(settings), connection, clock)


def _microsoft(
    settings: Settings, tokens: "MsalTokens", connection: ConnectionStore, clock: Callable[[], datetime]
) -> Microsoft:
    from shared.partner_center.gateway import PartnerCenter  # noqa: PLC0415 - as above

    return PartnerCenter(hosts_of(settings), tokens, observe=_observer(connection, clock))


def _observer(connection: ConnectionStore, clock: Callable[[], datetime]) -> Callable[[Audience, "Outcome"], None]:
    """Return what writes down when an API last worked or refused."""

    def note(audience: Audience, outcome: "Outcome") -> None:
        note_outcome(
            connection,
            urlsplit(audience).netloc,
            status=outcome.status,
            code=outcome.code,
            at=clock(),
            is_app_only=outcome.is_app_only,
        )

    return note


def _sign_in(
    settings: Settings, tokens: "MsalTokens", connection: ConnectionStore, clock: Callable[[], datetime]
) -> SignIn:
    from shared.partner_center.sign_in import MsalSignIn  # noqa: PLC0415 - as above
    from shared.partner_center.transport import Transport  # noqa: PLC0415 - as above

    return MsalSignIn(tokens, Transport(hosts_of(settings), tokens, observe=_observer(connection, clock)), clock)


def _embedded(settings: Settings) -> Stores:
    from shared.storage.embedded.blobs import EmbeddedBlobs  # noqa: PLC0415 - the cloud never needs it
    from shared.storage.embedded.database import Database  # noqa: PLC0415 - as above
    from shared.storage.embedded.queues import EmbeddedQueues  # noqa: PLC0415 - as above
    from shared.storage.embedded.secrets import EncryptedSecrets  # noqa: PLC0415 - as above
    from shared.storage.embedded.tables import EmbeddedTables  # noqa: PLC0415 - as above

    database = Database(settings.embedded_root)
    blobs = EmbeddedBlobs(database, base_url=settings.base_url)
    root = settings.secrets_root or settings.embedded_root / "secrets"
    secrets = EncryptedSecrets(root, key=settings.secrets_key.get_secret_value())
    return Stores(EmbeddedTables(database), blobs, blobs, EmbeddedQueues(database), secrets)


def _azure(settings: Settings) -> Stores:
    from shared.storage.azure.blobs import AzureBlobs  # noqa: PLC0415 - a quarter of a second that one machine saves
    from shared.storage.azure.clients import AzureAccount  # noqa: PLC0415 - as above
    from shared.storage.azure.queues import AzureQueues  # noqa: PLC0415 - as above
    from shared.storage.azure.secrets import KeyVaultSecrets  # noqa: PLC0415 - as above
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
        AzureTables.connect(data),
        AzureBlobs.connect(data),
        AzureBlobs.connect(exports),
        AzureQueues.connect(data),
        KeyVaultSecrets(settings.vault_url, data),
    )
