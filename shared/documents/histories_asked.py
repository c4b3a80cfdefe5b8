"""The models of what a history file asks besides: tax, a vendor's printed lines to be explained, sales prices.

Not here: the answers (``shared/domain/expected``: ``tax``, ``vendor_lines``, ``asked_sales``).
"""

from decimal import Decimal
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from shared.documents.histories_part import Part
from shared.documents.histories_values import Amount, Chosen, Count, Currency, Day, Number, Percent, Text, refusal
from shared.domain.expected.rounding import Rounding
from shared.domain.expected.tax import TaxBasis
from shared.domain.prices import PriceMethod


class PeriodPart(Part):
    """Days from *start* to *end*, both included."""

    start: Day
    end: Day

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.end < self.start:
            raise refusal("ends before it starts: swap the days")
        return self


class TaxPart(Part):
    """Tax on the reseller's own invoices."""

    percent: Amount = Field(description="the rate")
    basis: Annotated[TaxBasis, Chosen()] = Field(TaxBasis.TOTAL, description="each line, or each invoice's total")
    rounding: Annotated[Rounding, Chosen()] = Field(Rounding.HALF_UP, description="to the currency's minor unit")

    SAID_OTHERWISE: ClassVar[dict[str, str]] = {"rate": "percent", "mode": "rounding", "vat": "percent"}


class VendorLinePart(Part):
    """A line as a vendor printed it, to be explained: which arithmetic leads to its amount."""

    amount: Number = Field(description="the printed amount; negative for a credit")
    unit_price: Number = Field(description="the price of one unit for a whole cycle")
    quantity: Number = Decimal(1)
    start: Day | None = Field(None, description="the first day of the line")
    end: Day | None = Field(None, description="the last day of the line, included, as printed")
    cycle: PeriodPart | None = Field(None, description="the charge cycle that the line is a part of")
    days: int | None = Field(None, ge=0, description="the days of the line, if it has no dates")
    cycle_days: int | None = Field(None, ge=1, description="the days of the cycle, if it has no dates")
    exchange_rate: Amount = Decimal(1)
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

    method: Annotated[PriceMethod, Chosen()]
    value: Number | None = Field(
        None, description="an amount for fixed, else percent; without: 100 percent of retail or ERP, else 0 percent"
    )
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

    @model_validator(mode="after")
    def _has_what_it_rests_on(self) -> Self:
        if self.method is PriceMethod.FIXED and self.value is None:
            raise refusal("has no value: give the price of a unit")
        if self.method.is_on_cost and self.cost is None:
            raise refusal(f"has no cost: {self.method.value} rests on it")
        if self.method.is_tiered and not self.tiers:
            raise refusal(f"has no tiers: {self.method.value} rests on them")
        return self

    @property
    def told_value(self) -> Decimal:
        """The value, or what it is where it is not written: the whole price, nothing more and nothing off."""
        if self.value is not None:
            return self.value
        return Decimal(100 if self.method in {PriceMethod.RETAIL, PriceMethod.PERCENT_OF_ERP} else 0)
