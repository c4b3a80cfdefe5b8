"""What the simulator keeps: customers with their users, carts, orders and subscriptions.

Fields are the simulator's own; ``calls`` turn them into Microsoft's JSON. A subscription carries the log of everything
that happened to it, which is all that the invoice generator reads.

Not here: rules (``lifecycle``, ``calls``), JSON.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class User:
    """A user of a customer's tenant; *licences* maps the directory's SKU id to the plans left out."""

    id: str
    principal_name: str
    display_name: str = ""
    first_name: str = ""
    last_name: str = ""
    usage_location: str = ""
    immutable_id: str = ""
    is_active: bool = True
    deleted_at: datetime | None = None
    licences: dict[str, list[str]] = field(default_factory=dict)
    roles: set[str] = field(default_factory=set)
    version: int = 1
    is_enabled: bool = True


@dataclass(slots=True, kw_only=True)
class Happened:
    """One thing that happened to a subscription and that is billed. Quantities are totals before and after.

    *charge_type* is Microsoft's (new, renew, cycleCharge, addQuantity, removeQuantity, convert, cancelImmediate,
    moveQuantity, changeBillingPlan, extendTerm, customerCredit). *unit_price* is the partner's list price of one unit
    and charge cycle at that moment; *discount* a promotion's share (0.10 is 10 percent). *term_first* and *term_last*
    are the running term, both included; *cycle_first* and *cycle_last* the running charge cycle, cut where the term
    ends earlier. *reference* ties lines of one change together.

    What it means for *before* and *after*: ``new``, ``renew`` and ``cycleCharge`` charge *after* for the whole cycle;
    ``addQuantity`` and ``removeQuantity`` refund *before* and charge *after* for the days left in the cycle;
    ``convert`` and ``moveQuantity`` refund (*after* smaller) or charge (*after* greater) the difference for the days
    left, and an upgrade is two of them with one *reference*, the first of the product that is left; ``cancelImmediate``
    refunds *before* for the days left, all of it where ``extra["is_full"]``.
    """

    at: datetime
    charge_type: str
    before: int
    after: int
    unit_price: Decimal
    product_id: str
    sku_id: str
    title: str
    term: str
    cycle: str
    term_first: date
    term_last: date
    currency: str
    discount: Decimal = Decimal(0)
    promotion_id: str = ""
    reference: str = ""
    is_trial: bool = False
    extra: Json = field(default_factory=dict)
    cycle_first: date | None = None
    cycle_last: date | None = None


@dataclass(slots=True, kw_only=True)
class Subscription:
    """A subscription. *product_type* is such as OnlineServicesNCE, Azure or OnlineServices (legacy).

    *term_first* and *term_last* are the running term's days, both included; *anchor_on* is the day from which charge
    cycles are counted. *refundable* holds (quantity, until). *busy_until* makes changes answer 409, *visible_at* is
    when reads begin to show it.
    """

    id: str
    customer_id: str
    order_id: str
    product_id: str
    sku_id: str
    availability_id: str
    title: str
    product_type: str
    quantity: int
    term: str
    cycle: str
    created_at: datetime
    starts_at: datetime
    term_first: date
    term_last: date
    anchor_on: date
    unit_price: Decimal
    currency: str
    friendly_name: str = ""
    offer_id: str = ""  # legacy: a GUID; "" means product:sku:availability
    status: str = "active"
    auto_renews: bool = True
    is_trial: bool = False
    is_addon: bool = False
    has_addons: bool = False
    is_extended: bool = False
    billing_type: str = "license"
    unit_type: str = "Licenses"
    parent_id: str = ""
    entitlement_id: str = ""
    partner_id: str = ""
    promotion_id: str = ""
    discount: Decimal = Decimal(0)
    renewal_term: str = ""
    publisher: str = "Microsoft Corporation"
    refundable: list[tuple[int, datetime]] = field(default_factory=list)
    cancellable_until: datetime | None = None
    scheduled: Json | None = None
    scheduled_actions: list[Json] = field(default_factory=list)
    suspension_reasons: list[str] = field(default_factory=list)
    status_since: datetime | None = None
    visible_at: datetime | None = None
    busy_until: datetime | None = None
    version: int = 1
    term_number: int = 0
    log: list[Happened] = field(default_factory=list)
    transitions: list[Json] = field(default_factory=list)
    entitlements: list[Json] = field(default_factory=list)
    cycle_first: date | None = None
    cycle_last: date | None = None
    extra: Json = field(default_factory=dict)

    @property
    def catalogue_item(self) -> str:
        """What was ordered, as Microsoft writes it."""
        return self.offer_id or f"{self.product_id}:{self.sku_id}:{self.availability_id}"


@dataclass(slots=True, kw_only=True)
class Order:
    """An order; *lines* are Microsoft's line items as JSON, each with its subscription's id once there is one."""

    id: str
    customer_id: str
    cycle: str
    currency: str
    created_at: datetime
    lines: list[Json]
    total: Decimal = Decimal(0)
    status: str = "completed"
    transaction_type: str = "UserPurchase"
    visible_at: datetime | None = None
    attachments: list[Json] = field(default_factory=list)
    version: int = 1
    names_subscriptions_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Cart:
    """A cart; *lines* as JSON. *result* is the answer of the checkout once there was one."""

    id: str
    customer_id: str
    created_at: datetime
    modified_at: datetime
    expires_at: datetime
    lines: list[Json]
    status: str = "Active"
    result: Json | None = None
    is_partner_attested: bool | None = None


@dataclass(slots=True, kw_only=True)
class Customer:
    """A customer of the partner: its tenant, profiles, and everything in it, by id."""

    id: str
    domain: str
    name: str
    country: str
    currency: str
    created_at: datetime
    email: str = ""
    culture: str = "en-US"
    language: str = "en"
    first_name: str = ""
    last_name: str = ""
    address: Json = field(default_factory=dict)
    registration_number: str = ""
    relationship: str = "reseller"
    commerce_id: str = ""
    allows_delegated_access: bool = True
    enables_gdap: bool = False
    associated_partner_id: str = ""
    reseller_mpn_id: str = "0"
    segment: str = "commercial"
    validation_status: str = "Allowed"
    custom_domains: list[str] = field(default_factory=list)
    agreements: list[Json] = field(default_factory=list)
    is_directly_signed: bool = False
    qualifications: list[Json] = field(default_factory=list)
    consents: dict[str, Json] = field(default_factory=dict)
    relationships: list[Json] = field(default_factory=list)
    users: dict[str, User] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    carts: dict[str, Cart] = field(default_factory=dict)
    budget: Decimal | None = None
    billing_version: int = 1
    extra: Json = field(default_factory=dict)
