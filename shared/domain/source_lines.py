"""Source lines: what Microsoft delivered, in one shape for all its files, immutable.

A source line is a fact. Its dates, quantities, charge type and amounts are kept as delivered (ends turned half-open,
numbers exact) and are never corrected. Daily usage is *folded*: rows that no price rule can tell apart are added up
exactly into one line that says how many rows it stands for.

The identity of a line leaves amounts out, so that a restated amount is the same line with another content; two rows
that look equal are two lines, told apart by their occurrence number (see ``keys``).

Not here: how files are read (``shared/partner_center/source_files``), prices, and the customer's view.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from shared.domain.charge_types import ChargeKind, charge_kind
from shared.domain.money import Money
from shared.domain.periods import Period

_ONE = Decimal(1)


class Family(StrEnum):
    """Which of Microsoft's files a line came from; the column set decides."""

    NEW_COMMERCE = "new-commerce"
    DAILY_USAGE = "daily-usage"
    LEGACY_LICENCE = "legacy-licence"
    LEGACY_USAGE = "legacy-usage"

    @property
    def has_anniversary_months(self) -> bool:
        """Whether Microsoft's invoice runs from an anniversary day, so that its rows lie in two calendar months."""
        return self in {Family.LEGACY_LICENCE, Family.LEGACY_USAGE}


class Service(StrEnum):
    """What was sold, as far as proration and price keys care."""

    LICENCE = "licence"
    AZURE_USAGE = "Azure usage"
    RESERVATION = "reservation"
    SAVINGS_PLAN = "savings plan"
    SOFTWARE_SUBSCRIPTION = "software subscription"
    PERPETUAL_SOFTWARE = "perpetual software"
    MARKETPLACE = "marketplace"

    @property
    def is_prorated(self) -> bool:
        """Whether a part of a charge cycle owes a part of the price (by days)."""
        return self in _PRORATED


_PRORATED = (Service.LICENCE, Service.RESERVATION, Service.SAVINGS_PLAN, Service.SOFTWARE_SUBSCRIPTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a line stands: file, first line number (header = 1), and how many rows were folded into it."""

    file: str = ""
    line: int = 0
    row_count: int = 1

    def __str__(self) -> str:
        rows = f" and {self.row_count - 1} more rows" if self.row_count > 1 else ""
        return f"{self.file}:{self.line}{rows}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """One row as Microsoft delivered it, or the exact sum of rows that differ in nothing a price can see.

    *quantity* is the billable quantity as delivered: its sign is Microsoft's. *cost* is before tax, unrounded as
    delivered. *list_amount* is ``unit price x quantity`` in billing currency, retail for Azure usage. Empty text
    means Microsoft left the column empty or the family has none.
    """

    family: Family
    origin: Origin
    customer_id: str
    customer_name: str
    charge_type: str
    quantity: Decimal
    cost: Money
    invoice_number: str = ""
    customer_domain: str = ""
    customer_country: str = ""
    subscription_id: str = ""
    subscription_name: str = ""
    entitlement_id: str = ""
    product_id: str = ""
    sku_id: str = ""
    availability_id: str = ""
    product_name: str = ""
    sku_name: str = ""
    publisher: str = ""
    publisher_id: str = ""
    order_id: str = ""
    ordered_on: date | None = None
    charge: Period | None = None
    term: Period | None = None
    term_and_billing_cycle: str = ""
    billing_frequency: str = ""
    ordered_quantity: Decimal | None = None
    unit: str = ""
    unit_price: Decimal | None = None
    effective_unit_price: Decimal | None = None
    list_amount: Decimal | None = None
    tax: Decimal | None = None
    total: Decimal | None = None
    pricing_currency: str = ""
    fx_rate: Decimal = _ONE
    fx_on: date | None = None
    meter_id: str = ""
    meter_category: str = ""
    meter_name: str = ""
    reference_id: str = ""
    reservation_order_id: str = ""
    promotion_id: str = ""
    qualifiers: str = ""
    adjustments: str = ""
    credit_reason: str = ""
    benefit_type: str = ""

    @property
    def kind(self) -> ChargeKind:
        """What the charge type means; daily usage carries no type of its own worth telling apart."""
        kind = charge_kind(self.charge_type)
        if self.family is Family.DAILY_USAGE and kind is ChargeKind.NEW:
            return ChargeKind.USAGE
        return kind

    @property
    def is_estimate(self) -> bool:
        """Whether the line is unbilled: Microsoft has not put it on an invoice yet."""
        return not self.invoice_number and self.family in {Family.NEW_COMMERCE, Family.DAILY_USAGE}

    @property
    def is_trial(self) -> bool:
        """Whether Microsoft marks the line as a trial."""
        return "trial" in self.qualifiers.casefold()

    @property
    def is_free_at_vendor(self) -> bool:
        """Whether Microsoft itself gives this away: a trial, or a price and an amount of zero."""
        return self.cost.is_zero and (self.is_trial or self.unit_price == 0 or bool(self.benefit_type))

    @property
    def is_credit(self) -> bool:
        """Whether the line takes money back: the sign of the cost, else of the quantity and unit price."""
        if not self.cost.is_zero:
            return self.cost.is_negative
        price = self.effective_unit_price or _ONE
        return (self.quantity < 0) != (price < 0)

    @property
    def units(self) -> Decimal:
        """The number of units without a sign."""
        return self.quantity.copy_abs()


def service_of(line: SourceLine) -> Service:
    """Return what kind of service *line* is for; the first rule that fits wins.

    Source: Microsoft Partner Center documentation, "Common billing scenarios, one-time and recurring", how to find
    the product family in the reconciliation file.
    """
    if line.family is Family.DAILY_USAGE or line.family is Family.LEGACY_USAGE:
        return Service.AZURE_USAGE
    if line.family is Family.LEGACY_LICENCE:
        return Service.LICENCE
    return _new_commerce_service(line)


def _new_commerce_service(line: SourceLine) -> Service:
    term = line.term_and_billing_cycle.casefold()
    third_party = not line.publisher.casefold().startswith("microsoft") and line.publisher_id.casefold() not in {
        "",
        "na",
    }
    if third_party:
        return Service.MARKETPLACE
    for word, service in _TERM_WORDS:
        if word in term:
            return service
    if not term and line.charge is None:
        return Service.PERPETUAL_SOFTWARE
    if line.subscription_name.casefold() == "azure plan" or line.meter_name or not _looks_like_seats(line):
        return Service.AZURE_USAGE
    return Service.LICENCE


_TERM_WORDS = (
    ("reservation", Service.RESERVATION),
    ("savings plan", Service.SAVINGS_PLAN),
    ("subscription", Service.SOFTWARE_SUBSCRIPTION),
    ("one-month", Service.LICENCE),
    ("one-year", Service.LICENCE),
    ("three-year", Service.LICENCE),
    ("trial", Service.LICENCE),
)


def _looks_like_seats(line: SourceLine) -> bool:
    return line.billing_frequency != "" or line.unit.casefold().startswith("licen")
