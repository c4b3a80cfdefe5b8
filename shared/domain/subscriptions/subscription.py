"""A subscription: what was ordered, its dated prices, and everything that happened to it.

The order's own facts (product, term, plan, currency) are those of the day it was created; what changed since stands in
the events. Prices are dated and never edited: the rules decide which one is locked for a term.

Not here: the state on a day (``states``), charge cycles (``expected/charge_cycles``), reading histories from files.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from shared.domain.periods import Period
from shared.domain.subscriptions.events import Event, Quantity
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.own_billing import USUAL_BILLING, OwnBilling


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedPrice:
    """What the vendor's list asks for one unit from *valid_from* on (None: always), before promotions.

    *per* is the span the amount pays for: ``month``, ``year``, ``term``, or ``cycle`` (whatever the charge cycle is).
    Own services also know ``day`` and ``week``.
    A savings plan's commitment is its price for each ``hour``; its discounted rate of a meter is a row whose *product*
    is the meter. An empty *product*, *term* or *plan* fits any. *origin* says where it stands (a price list and row).
    *part* names one of the parts that a product is split into, each with a line and price of its own ("telco",
    "non-telco").
    """

    amount: Decimal
    per: str = "cycle"
    valid_from: date | None = None
    product: str = ""
    term: str = ""
    plan: Plan | None = None
    origin: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Units from number *first* on (counted from 1) cost *unit_price* each, up to the next tier.

    An empty *meter* fits any meter that has no tiers of its own.
    """

    first: Quantity
    unit_price: Decimal
    meter: str = ""


class Tiering(StrEnum):
    """Which units a tier's price is for."""

    GRADUATED = "graduated"  # each unit costs the price of its own tier
    VOLUME = "volume"  # all units cost the price of the tier that the last one lies in


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One thing sold to one customer. *events* are ordered (``events.ordered``) and begin with ``created``.

    *term* is ISO 8601, "" for no commitment. *ends_on* is a custom end of the first term (exclusive). *aligned_to* is
    the day that anchors the charge cycles where it is not the day of purchase. *partner_billing_day* is the legacy
    invoice's anniversary day. *parent_id* names the base subscription of an add-on. *billing* is the policy of an own
    service, and means nothing for Microsoft's.
    """

    id: str
    kind: ServiceKind
    currency: str
    events: tuple[Event, ...]
    customer_id: str = ""
    vendor: str = "Microsoft"
    product: str = ""
    sku: str = ""
    product_name: str = ""
    term: str = ""
    plan: Plan = Plan.MONTHLY
    prices: tuple[DatedPrice, ...] = ()
    ends_on: date | None = None
    aligned_to: date | None = None
    partner_billing_day: int | None = None
    parent_id: str = ""
    is_trial: bool = False
    auto_renews: bool = True
    tiers: tuple[Tier, ...] = ()
    tiering: Tiering = Tiering.GRADUATED
    included_units: Quantity = 0
    billing: OwnBilling = USUAL_BILLING


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Measured consumption of one day, instant or span. *quantity* may have any number of digits.

    *is_credited* says whether partner earned credit was earned on the day; None where it does not apply.
    """

    subscription_id: str
    on: date
    quantity: Decimal
    span: Period | None = None
    meter: str = ""
    resource: str = ""
    unit: str = ""
    unit_price: Decimal | None = None
    is_credited: bool | None = None
    benefit: str = ""
    attributes: dict[str, str] = field(default_factory=dict, compare=False)
