"""The port to Microsoft: what the use cases ask of Partner Center, Graph and the price API, in plain values.

Every call may raise the errors of ``shared/domain/errors`` that begin with ``Microsoft``, ``ThrottledError`` where
Microsoft asks to wait longer than a worker can, and ``NotConnectedError`` where it does not accept who we are.

Not here: HTTP, tokens, paging (``shared/partner_center``).
"""

from collections.abc import Iterator
from datetime import date
from typing import BinaryIO, Protocol

from shared.domain.snapshots.deliveries import ExportRequest, ExportState, Manifest
from shared.domain.snapshots.values import (
    AuditRecord,
    LicenceCount,
    MicrosoftInvoice,
    SubscriptionSnapshot,
    Tenant,
    TenantProfile,
    User,
)


class Directory(Protocol):
    """Customers, what they have, and who they are."""

    def tenants(self) -> Iterator[Tenant]:
        """Yield all customers, page by page."""
        ...

    def tenant(self, tenant_id: str) -> TenantProfile:
        """Return one customer with its billing profile.

        Raises:
            NotFoundError: Microsoft does not know it (any more), or it is no customer of ours.
        """
        ...

    def subscriptions(self, tenant_id: str) -> list[SubscriptionSnapshot]:
        """Return all subscriptions of a customer, add-ons among them, by id."""
        ...

    def subscription(self, tenant_id: str, subscription_id: str) -> SubscriptionSnapshot:
        """Return one subscription."""
        ...

    def licence_counts(self, tenant_id: str) -> list[LicenceCount]:
        """Return the licences of a customer's tenant, by SKU id."""
        ...

    def users(self, tenant_id: str) -> list[User]:
        """Return the users of a customer's tenant with their licences, by id.

        Raises:
            MicrosoftRefusedError: no delegated role lets us read that tenant's users.
        """
        ...

    def domain_is_taken(self, domain: str) -> bool:
        """Whether a tenant has the initial domain (``name.onmicrosoft.com``) already, whoever's it is."""
        ...

    def relationship_link(self) -> str:
        """Return the address at which the owner of a tenant accepts us as its reseller."""
        ...

    def audit_records(self, on: date) -> Iterator[AuditRecord]:
        """Yield what Microsoft recorded on the UTC day *on* (at most 90 days back)."""
        ...


class Sales(Protocol):
    """The catalogue, price sheets and exchange rates."""

    def products(self, country: str, view: str) -> list[dict[str, object]]:
        """Return products with their SKUs, as Microsoft's JSON, by product id; *view* is such as OnlineServices."""
        ...

    def price_sheet(self, country: str, view: str, month: str = "") -> BinaryIO | None:
        """Return the CSV of the price sheet in force, or of a past month (``YYYYMM``), unpacked; None for none."""
        ...

    def exchange_rates(self, month: str) -> BinaryIO | None:
        """Return the CSV of the month's (``YYYYMM``) exchange rates, or None where there are none (yet)."""
        ...


class Billing(Protocol):
    """Microsoft's invoices and everything on them."""

    def invoices(self) -> list[MicrosoftInvoice]:
        """Return all invoices, by date and id."""
        ...

    def request_export(self, request: ExportRequest) -> str:
        """Ask for an export and return the address at which it can be asked after."""
        ...

    def export_state(self, operation: str) -> ExportState:
        """Return how far the export is.

        Raises:
            NotFoundError: it expired (410). Ask for the export again.
        """
        ...

    def open_part(self, manifest: Manifest, part: str) -> BinaryIO:
        """Return the part as it is (gzip), block by block; its length is checked at the end of the stream.

        Raises:
            NotFoundError: the address expired (403, 410). Ask for the export again.
            ForgedError: the manifest names a host that is not allowed.
        """
        ...

    def legacy_lines(self, invoice_id: str, content: str) -> Iterator[bytes]:
        """Yield the lines of a legacy invoice as JSON objects; *content* is one of the invoice's contents."""
        ...


class Microsoft(Directory, Sales, Billing, Protocol):
    """All of it, for one partner tenant."""
