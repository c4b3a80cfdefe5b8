"""What Microsoft's APIs say, as plain values: the same whatever the wire looked like.

Invariants: texts of Microsoft's enumerations are lower case and kept even where nobody knows them; instants are UTC;
lists are in a fixed order, so that an unchanged answer makes an equal value; amounts are Decimal.

Not here: reading the wire (``shared/partner_center``), comparing two snapshots (``comparison``), billing lines.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A customer's tenant as the list of customers shows it; *relationship* is "reseller" while it is ours."""

    id: str
    name: str
    domain: str
    relationship: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantProfile:
    """Who is behind a tenant: the company and billing profile. *country* is ISO 3166 alpha-2."""

    tenant: Tenant
    company: str = ""
    email: str = ""
    culture: str = ""
    language: str = ""
    first_name: str = ""
    last_name: str = ""
    address_line1: str = ""
    address_line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""
    registration_number: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Refundable:
    """Seats that may still be given back, and until when (seven days after they were bought or renewed)."""

    until: datetime
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSnapshot:
    """A subscription as Microsoft shows it at one moment.

    *offer_id* is "product:sku:availability" for new commerce, a GUID for legacy offers; *product_id* and *sku_id* are
    its first two parts ("" for legacy). *ends_on* is the last day of the running term, included. *term* is ISO 8601 and
    upper case; *cycle* is the billing cycle in lower case. *scheduled* is the text of what will happen at the term's
    end, as canonical JSON ("" for nothing). *auto_renews* is None where Microsoft does not say.
    """

    id: str
    tenant_id: str
    offer_id: str
    product_id: str = ""
    sku_id: str = ""
    name: str = ""
    friendly_name: str = ""
    product_type: str = ""
    quantity: int = 0
    unit_type: str = ""
    status: str = ""
    billing_type: str = ""
    term: str = ""
    cycle: str = ""
    created_at: datetime | None = None
    starts_at: datetime | None = None
    ends_on: date | None = None
    auto_renews: bool | None = None
    is_trial: bool = False
    parent_id: str = ""
    order_id: str = ""
    promotion_id: str = ""
    entitlement_id: str = ""
    partner_id: str = ""
    renewal_term: str = ""
    scheduled: str = ""
    refundable: tuple[Refundable, ...] = ()
    cancellable_until: datetime | None = None
    suspension_reasons: tuple[str, ...] = ()
    has_addons: bool = False
    etag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceCount:
    """The licences of one SKU in a tenant. *sku_id* is the directory's GUID, not the catalogue's SKU."""

    sku_id: str
    name: str = ""
    part_number: str = ""
    total: int = 0
    active: int = 0
    available: int = 0
    consumed: int = 0
    suspended: int = 0
    warning: int = 0
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person in a tenant and the licences (directory SKU ids, sorted) assigned to them."""

    id: str
    principal_name: str
    display_name: str = ""
    first_name: str = ""
    last_name: str = ""
    usage_location: str = ""
    is_deleted: bool = False
    licences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrosoftInvoice:
    """One of Microsoft's invoices to the partner. *total* includes tax; *contents* are "provider/line type" pairs.

    *starts_on* and *ends_on* are its billing period, both included. Numbers with "D" are legacy, "G" modern.
    """

    id: str
    invoice_on: date
    starts_on: date
    ends_on: date
    total: Decimal
    currency: str
    paid: Decimal = Decimal(0)
    document_type: str = "invoice"
    amends: str = ""
    invoice_type: str = ""
    contents: tuple[str, ...] = ()

    @property
    def is_legacy(self) -> bool:
        """Whether its lines are had from the old API only."""
        return self.id.upper().startswith("D")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One entry of Microsoft's audit feed. *before* and *after* are the resource as JSON text, "" for none."""

    id: str
    at: datetime
    tenant_id: str
    resource: str
    operation: str
    status: str
    actor: str = ""
    before: str = ""
    after: str = ""
