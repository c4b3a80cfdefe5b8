"""The models of one subscription in a history file: what was ordered, its prices, and what happened to it.

Not here: events one by one (``histories_events``), the reseller's own policies (``histories_billing``).
"""

from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, StrictBool

from shared.documents.histories_billing import BillingPart
from shared.documents.histories_events import EventPart
from shared.documents.histories_part import Part
from shared.documents.histories_values import (
    Amount,
    Chosen,
    Count,
    Currency,
    Day,
    Instant,
    OneOf,
    Percent,
    PlanName,
    Term,
    Text,
)
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.subscription import Tiering

EVENTS_MAX, ROWS_MAX = 10_000, 1_000
SPANS = ("month", "year", "term", "cycle", "week", "day", "hour")


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str | dict) else value


class PricePart(Part):
    """What the vendor's list asks for one unit."""

    amount: Amount = Field(description="the price of one unit before promotions")
    per: Annotated[str, OneOf(SPANS)] = Field("cycle", description="the span that the amount pays for")
    valid_from: Day | None = Field(None, description="the first day on which the price is in force; without: always")
    product: Text = Field("", description="for this product only")
    term: Term | None = Field(None, description="for this term only")
    plan: PlanName | None = Field(None, description="for this billing plan only")
    part: Text = Field("", description="the part of a product that has lines of its own, such as telco")
    origin: Text = Field("", description="where the price stands, such as a price list and its row")

    SAID_OTHERWISE: ClassVar[dict[str, str]] = {"from": "valid_from", "since": "valid_from", "price": "amount"}


def _prices(value: object) -> object:
    """``{"month": "20", "year": "250"}`` is short for one row for each span."""
    if isinstance(value, dict) and not {"amount", "per"} & value.keys():
        return [{"per": per, "amount": amount} for per, amount in value.items()]
    return _as_list(value)


Prices = Annotated[
    list[PricePart],
    BeforeValidator(_prices, json_schema_input_type=list[PricePart] | PricePart | dict[str, Amount]),
]


class TierPart(Part):
    """A tier of graduated prices: units from number *first* on cost *unit_price* each."""

    first: Count = Field(description="the number of the first unit of the tier, counted from 1")
    unit_price: Amount
    meter: Text = Field("", description="for this meter only")

    SAID_OTHERWISE: ClassVar[dict[str, str]] = {"min": "first", "from": "first", "price": "unit_price"}


class PromotionPart(Part):
    """A percentage off the vendor's price."""

    percent: Percent
    first_day: Day | None = Field(None, description="the first day; without: the day of the purchase")
    last_day: Day | None = Field(None, description="the last day, included; without: no end")
    name: Text = ""


def _promotion(value: object) -> object:
    return {"percent": value} if isinstance(value, str | int) or hasattr(value, "as_integer_ratio") else value


_KINDS_SAID_OTHERWISE = (
    ("saas", "marketplace"),
    ("third-party", "marketplace"),
    ("nce", "licence"),
    ("new-commerce", "licence"),
    ("seats", "licence"),
    ("legacy", "legacy-licence"),
    ("azure", "azure-usage"),
    ("perpetual", "perpetual-software"),
    ("software", "software-subscription or perpetual-software"),
    ("reserved-instance", "reservation"),
    ("recurring", "own-recurring"),
    ("one-off", "own-one-off"),
    ("metered", "own-metered"),
)


class SubscriptionPart(Part):
    """One thing sold, and what happened to it."""

    kind: Annotated[ServiceKind, Chosen(_KINDS_SAID_OTHERWISE)]
    id: Text = Field("", description="how others name it; without: its number in the list")
    product: Text = ""
    product_name: Text = ""
    sku: Text = ""
    vendor: Text = "Microsoft"
    customer: Text = ""
    currency: Currency | None = Field(None, description="the currency of its prices; without: that of the history")
    term: Term | None = Field(None, description="the commitment: P1M, P1Y, P3Y; without: none")
    plan: PlanName | None = Field(None, description="how often the term is paid; without: monthly")
    quantity: Count | None = Field(None, description="the quantity bought; without: 1")
    purchased: Instant | None = Field(None, description="the day or instant of the purchase")
    unit_price: Amount | None = Field(None, description="the price of one unit for a whole charge cycle")
    prices: Prices = Field(default_factory=list)
    last_day: Day | None = Field(None, description="the last day of a custom first term, included")
    aligned_to: Day | None = Field(None, description="the day that anchors the charge cycles, if not the purchase")
    partner_billing_day: int | None = Field(None, ge=1, le=31)
    trial: StrictBool = False
    promotion: Annotated[
        PromotionPart | None, BeforeValidator(_promotion, json_schema_input_type=PromotionPart | Percent | None)
    ] = None
    parent: Text = Field("", description="the id of the base subscription of an add-on")
    auto_renews: StrictBool = True
    tiers: list[TierPart] = Field(default_factory=list, max_length=100)
    tiering: Annotated[Tiering, Chosen()] | None = Field(None, description="without: graduated")
    included_units: Count = 0
    billing: BillingPart | None = Field(None, description="the reseller's own billing policy")
    events: list[EventPart] = Field(default_factory=list, max_length=EVENTS_MAX)
    renewed: Annotated[list[Instant], BeforeValidator(_as_list, json_schema_input_type=list[Instant] | Instant)] = (
        Field(default_factory=list, description="short for renewed events")
    )
    converted: Instant | None = Field(None, description="short for a converted event")
    suspended: Instant | None = Field(None, description="short for a suspended event")
    reactivated: Instant | None = Field(None, description="short for a reactivated event")
    cancelled: Instant | None = Field(None, description="short for a cancelled event")
    expired: Instant | None = Field(None, description="short for an expired event")

    SAID_OTHERWISE: ClassVar[dict[str, str]] = {
        "ends_on": "last_day (included)",
        "end": "last_day (included)",
        "term_end": "last_day (included)",
        "start": "purchased",
        "start_date": "purchased",
        "created": "purchased",
        "price": "unit_price",
        "seats": "quantity",
        "licences": "quantity",
        "billing_plan": "plan",
        "frequency": "plan",
        "billing_frequency": "plan",
        "changes": "events",
        "type": "kind",
        "parent_id": "parent",
        "is_trial": "trial",
        "canceled": "cancelled",
        "policy": "billing",
        **{
            name: f"{name} of the file, outside the subscription"
            for name in ("through", "conventions", "rounding", "usage", "exchange_rates", "tax")
        },
    }
