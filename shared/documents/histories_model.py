"""The models of a history file: what a person or a program writes down to ask what should have been billed.

Invariants: everything that ends is written with its last day, included; short forms mean the same as the long ones;
a field that is left out has the default that ``docs/history-format.md`` states.

Not here: what the values may look like (``histories_values``), the translation to the domain (``histories``).
"""

from dataclasses import fields
from typing import Annotated, Any, ClassVar, Self, get_type_hints

from pydantic import BeforeValidator, Field, StrictBool, create_model, model_validator

from shared.documents.histories_billing import BillingPart
from shared.documents.histories_events import EventPart
from shared.documents.histories_part import Part
from shared.documents.histories_values import (
    Amount,
    Count,
    Currency,
    Day,
    Instant,
    Number,
    Percent,
    Term,
    choice,
    convention_choice,
    named,
    refusal,
)
from shared.domain.expected.conventions import Conventions, LineFamily
from shared.domain.expected.rounding import MODES
from shared.domain.prices import PriceMethod
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.subscription import Tiering

SUBSCRIPTIONS_MAX, EVENTS_MAX, USAGE_MAX = 10_000, 10_000, 200_000
EVERYTHING = "all"
LANGUAGES = ("en", "de", "sv")

Text = Annotated[str, Field(max_length=200)]


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str | dict) else value


class PeriodPart(Part):
    """Days from *start* to *end*, both included."""

    start: Day
    end: Day

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.end < self.start:
            raise refusal("ends before it starts: swap the days")
        return self


class PricePart(Part):
    """What the vendor's list asks for one unit."""

    amount: Amount = Field(description="the price of one unit before promotions")
    per: named(lambda: ["month", "year", "term", "cycle", "hour"]) = Field(  # type: ignore[valid-type]  # a type made of names
        "cycle", description="the span that the amount pays for"
    )
    valid_from: Day | None = Field(None, description="the first day on which the price is in force; without: always")
    product: Text = Field("", description="for this product only")
    term: Term | None = Field(None, description="for this term only")
    plan: choice(Plan) | None = Field(None, description="for this billing plan only")  # type: ignore[valid-type]  # a choice
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


class SubscriptionPart(Part):
    """One thing sold, and what happened to it."""

    kind: choice(ServiceKind)  # type: ignore[valid-type]  # a choice
    id: Text = Field("", description="how others name it; without: its number in the list")
    product: Text = ""
    product_name: Text = ""
    sku: Text = ""
    vendor: Text = "Microsoft"
    customer: Text = ""
    currency: Currency | None = Field(None, description="the currency of its prices; without: that of the history")
    term: Term | None = Field(None, description="the commitment: P1M, P1Y, P3Y; without: none")
    plan: choice(Plan) | None = Field(None, description="how often the term is paid; without: monthly")  # type: ignore[valid-type]  # a choice
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
    tiering: choice(Tiering) | None = Field(None, description="without: graduated")  # type: ignore[valid-type]  # a choice
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
    }


class UsagePart(Part):
    """Measured consumption of one day, or of the days from *start* to *end*."""

    subscription: Text = Field("", description="the id; may be left out where there is one subscription")
    on: Day | None = None
    start: Day | None = None
    end: Day | None = Field(None, description="the last day, included")
    quantity: Count
    unit_price: Amount | None = None
    meter: Text = ""
    resource: Text = ""
    unit: Text = ""
    credited: StrictBool | None = Field(None, description="whether partner earned credit was earned on the day")
    benefit: Text = Field("", description="the reservation or savings plan that covers it")
    attributes: dict[str, str] = Field(default_factory=dict)

    SAID_OTHERWISE: ClassVar[dict[str, str]] = {
        "date": "on",
        "last_day": "end",
        "price": "unit_price",
        "pec": "credited",
    }

    @model_validator(mode="after")
    def _has_its_day(self) -> Self:
        if (self.on is None) == (self.start is None) or (self.start is None) != (self.end is None):
            raise refusal("needs its day as on, or its days as start and end: give one of the two")
        if self.start is not None and self.end is not None and self.end < self.start:
            raise refusal("ends before it starts: swap start and end")
        return self


class ExchangePart(Part):
    """A rate: multiply an amount in *from_currency* by it."""

    from_currency: Currency
    to_currency: Currency
    rate: Amount
    on: Day
    source: Text = ""

    SAID_OTHERWISE: ClassVar[dict[str, str]] = {"from": "from_currency", "to": "to_currency", "date": "on"}


class VendorLinePart(Part):
    """A line as a vendor printed it, to be explained: which arithmetic leads to its amount."""

    amount: Number = Field(description="the printed amount; negative for a credit")
    unit_price: Number = Field(description="the price of one unit for a whole cycle")
    quantity: Number = Field(default_factory=lambda: 1)  # type: ignore[assignment]  # a whole number is exact
    start: Day | None = Field(None, description="the first day of the line")
    end: Day | None = Field(None, description="the last day of the line, included, as printed")
    cycle: PeriodPart | None = Field(None, description="the charge cycle that the line is a part of")
    days: int | None = Field(None, ge=0, description="the days of the line, if it has no dates")
    cycle_days: int | None = Field(None, ge=1, description="the days of the cycle, if it has no dates")
    exchange_rate: Amount = Field(default_factory=lambda: 1)  # type: ignore[assignment]  # a whole number is exact
    currency: Currency | None = None
    subscription: Text = ""
    charge_type: Text = ""
    name: Text = ""

    SAID_OTHERWISE: ClassVar[dict[str, str]] = {"price": "unit_price", "last_day": "end", "fx": "exchange_rate"}

    @model_validator(mode="after")
    def _has_a_share(self) -> Self:
        if (self.start is None) != (self.end is None):
            raise refusal("has start or end alone: give both")
        if self.start is not None and self.end is not None and self.end < self.start:
            raise refusal("ends before it starts: swap start and end")
        if (self.days is None) != (self.cycle_days is None) and self.cycle is None:
            raise refusal("has days or cycle_days alone: give both, or start, end and cycle")
        return self


class SaleTierPart(Part):
    """A tier of a sales price: units from number *first* on cost *unit_price* each."""

    first: Count
    unit_price: Amount


class SalePart(Part):
    """A sale to be worked out: what a price rule makes of a cost, a retail price or units."""

    method: choice(PriceMethod)  # type: ignore[valid-type]  # a choice
    value: Number | None = Field(None, description="an amount for fixed, else percent; without: 0")
    quantity: Count = 1
    days: int = Field(1, ge=0)
    cycle_days: int = Field(1, ge=1)
    cost: Number | None = Field(None, description="the vendor's amount")
    erp: Amount | None = Field(None, description="the recommended retail price of a unit")
    retail: Amount | None = Field(None, description="usage at its list price")
    earned_credit: Percent | None = Field(None, description="partner earned credit that the cost carries, in percent")
    exchange_rate: Amount | None = Field(None, description="multiplies erp; without: 1")
    uplift_percent: Amount | None = None
    uplift_amount: Amount | None = None
    free_units: Count = 0
    tiers: list[SaleTierPart] = Field(default_factory=list, max_length=100)
    name: Text = ""

    SAID_OTHERWISE: ClassVar[dict[str, str]] = {"markup": "method and value", "percent": "value", "units": "quantity"}


def _mode_names() -> list[str]:
    return sorted(MODES)


def _families() -> list[str]:
    return [EVERYTHING, *(family.value for family in LineFamily)]


def _rounding(value: object) -> object:
    return {EVERYTHING: value} if isinstance(value, str) else value


ModeName = named(_mode_names)
Rounding = Annotated[
    dict[named(_families), ModeName],  # type: ignore[misc,valid-type]  # types made of names
    BeforeValidator(_rounding, json_schema_input_type=dict[str, ModeName] | ModeName),  # type: ignore[valid-type]  # as above
]

_CHOICES = {each.name: get_type_hints(Conventions)[each.name] for each in fields(Conventions) if each.name != "modes"}
_OPTIONAL: dict[str, Any] = {
    name: (convention_choice(kind) | None, Field(None, description=kind.__doc__)) for name, kind in _CHOICES.items()
}
ConventionsPart: type[Part] = create_model("ConventionsPart", __base__=Part, **_OPTIONAL)
"""One optional field for each disagreement of the vendor's pages, as ``Conventions`` names them."""


class HistoryFile(Part):
    """A question: what should have been billed?"""

    currency: Currency = Field(description="the currency of the invoice")
    through: Day | None = Field(None, description="the last day looked at; without: the day of each last event")
    language: named(lambda: list(LANGUAGES)) = "en"  # type: ignore[valid-type]  # a type made of names
    title: Text = ""
    subscriptions: list[SubscriptionPart] = Field(default_factory=list, max_length=SUBSCRIPTIONS_MAX)
    subscription: SubscriptionPart | None = Field(None, description="short for a list of one")
    prices: Prices = Field(default_factory=list, description="prices that hold for every subscription")
    usage: list[UsagePart] = Field(default_factory=list, max_length=USAGE_MAX)
    exchange_rates: list[ExchangePart] = Field(default_factory=list, max_length=10_000)
    conventions: ConventionsPart | None = None  # type: ignore[valid-type]  # made of the domain's choices
    rounding: Rounding = Field(
        default_factory=dict, description="an arithmetic for all lines, or for families of lines"
    )
    vendor_lines: list[VendorLinePart] = Field(default_factory=list, max_length=100_000)
    sales: list[SalePart] = Field(default_factory=list, max_length=10_000)

    SAID_OTHERWISE: ClassVar[dict[str, str]] = {
        "until": "through",
        "as_of": "through",
        "lines": "vendor_lines",
        "exchanges": "exchange_rates",
        "fx": "exchange_rates",
        "mode": "rounding",
    }
