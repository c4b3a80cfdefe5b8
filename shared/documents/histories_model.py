"""The model of a history file: what a person or a program writes down to ask what should have been billed.

Invariants: everything that ends is written with its last day, included; short forms mean the same as the long ones;
a field that is left out has the default that ``docs/history-format.md`` states.

Not here: subscriptions (``histories_subscription``), choices (``histories_choices``), what is asked besides
(``histories_asked``), the translation to the domain (``histories``).
"""

from datetime import date
from typing import Annotated, ClassVar, Self

from pydantic import Field, StrictBool, model_validator

from shared.documents.histories_asked import SalePart, TaxPart, VendorLinePart
from shared.documents.histories_choices import ConventionsPart, Rounding
from shared.documents.histories_part import Part
from shared.documents.histories_subscription import Prices, SubscriptionPart
from shared.documents.histories_values import Amount, Count, Currency, Day, OneOf, Text, refusal
from shared.domain.texts import DEFAULT_LANGUAGE, LANGUAGES

SUBSCRIPTIONS_MAX, USAGE_MAX = 10_000, 200_000


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

    @property
    def first_day(self) -> date:
        """The day, or the first of the days."""
        return self.on or self.start or date.min

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


class HistoryFile(Part):
    """A question: what should have been billed?"""

    currency: Currency = Field(description="the currency of the invoice")
    through: Day | None = Field(None, description="the last day looked at; without: the day of each last event")
    language: Annotated[str, OneOf(tuple(LANGUAGES))] = DEFAULT_LANGUAGE
    title: Text = ""
    subscriptions: list[SubscriptionPart] = Field(default_factory=list, max_length=SUBSCRIPTIONS_MAX)
    subscription: SubscriptionPart | None = Field(None, description="short for a list of one")
    prices: Prices = Field(default_factory=list, description="prices that hold for every subscription")
    usage: list[UsagePart] = Field(default_factory=list, max_length=USAGE_MAX)
    exchange_rates: list[ExchangePart] = Field(default_factory=list, max_length=10_000)
    conventions: ConventionsPart | None = None
    rounding: Rounding = Field(
        default_factory=dict, description="an arithmetic for all lines, or for families of lines"
    )
    tax: TaxPart | None = None
    vendor_lines: list[VendorLinePart] = Field(default_factory=list, max_length=100_000)
    sales: list[SalePart] = Field(default_factory=list, max_length=10_000)

    SAID_OTHERWISE: ClassVar[dict[str, str]] = {
        "until": "through",
        "as_of": "through",
        "lines": "vendor_lines",
        "exchanges": "exchange_rates",
        "fx": "exchange_rates",
        "mode": "rounding",
        "vat": "tax",
    }
