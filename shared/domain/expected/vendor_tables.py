"""Vendor tables: what a vendor decided from a day on, as rows with dates and sources, so that no rule hides a date.

Each row says from when it holds (None: always) up to, not including, when (None: still), its value, and where it is
written. A row is never edited: a new decision is a new row, and the rows of one table never overlap.

Not here: choices between pages that disagree (``conventions``), how a window is applied (``cancellation_windows``),
prices of products (``prices_in_force``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

from shared.domain.expected.conventions import EarlyReturnFee, ExtendedServiceTerm

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Row(Generic[Value]):
    """One decision: its *value* holds from *valid_from* up to, not including, *valid_until*."""

    value: Value
    source: str
    valid_from: date | None = None
    valid_until: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the decision was in force on that day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day < self.valid_until
        )


def in_force(table: Sequence[Row[Value]], on: date) -> Row[Value] | None:
    """Return the row that holds on that day, or None."""
    return next((row for row in table if row.holds_on(on)), None)


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time as the vendor words it: hours are exact, days are counted by convention."""

    hours: int = 0
    days: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """How long something can be given back: everything within *full*, the unused share within *open*.

    None for *open*: at any time. *reopens* says whether a renewal opens it again.
    """

    full: Length
    open: Length | None
    reopens: bool = True


class WindowKind(StrEnum):
    """Things sold whose windows differ."""

    LEGACY_LICENCE = "legacy licence"
    LICENCE = "licence"
    TRIAL = "trial"
    EXTENDED_SERVICE_TERM = "extended service term"
    SOFTWARE_SUBSCRIPTION = "software subscription"
    PERPETUAL_SOFTWARE = "perpetual software"
    SAAS_MONTHLY = "software as a service, monthly"
    SAAS_YEARLY = "software as a service, yearly or longer"
    BUSINESS_CENTRAL = "Business Central"
    RESERVATION = "reservation"
    SAVINGS_PLAN = "savings plan"


_NOTHING = Length()
_TRIALS = "Microsoft Partner Center, Billing scenarios for one-time and recurring purchases in new commerce"
_POLICY = "Microsoft Partner Center, New commerce cancellation policy"
_CREATE = "Microsoft Partner Center, Create a new subscription"
_RETURNS = "Microsoft Azure, Self-service exchanges and refunds for reservations"
_NO_DAY = "the day of the switch is not published"
_LICENCES_SINCE = date(2022, 3, 10)
_SOFTWARE_SINCE = date(2022, 7, 11)
_SAAS_SINCE = date(2024, 1, 1)


def _row(value: Window, source: str, valid_from: date | None = None, valid_until: date | None = None) -> Row[Window]:
    return Row(value, source, valid_from, valid_until)


def _full(length: Length) -> Window:
    return Window(length, length)


CANCELLATION_WINDOWS: Mapping[WindowKind, tuple[Row[Window], ...]] = {
    WindowKind.LEGACY_LICENCE: (_row(Window(Length(days=30), None), "Microsoft Partner Center, Request a credit"),),
    WindowKind.LICENCE: (
        _row(_full(Length(hours=72)), f"CloudBlue and withum on new commerce; {_NO_DAY}", None, _LICENCES_SINCE),
        _row(Window(Length(hours=24), Length(days=7)), f"{_POLICY} (announced March 2022; {_NO_DAY})", _LICENCES_SINCE),
    ),
    WindowKind.TRIAL: (_row(Window(_NOTHING, None), _POLICY),),
    WindowKind.EXTENDED_SERVICE_TERM: (_row(Window(_NOTHING, None), "giacom, Extended service term"),),
    WindowKind.SOFTWARE_SUBSCRIPTION: (
        _row(_full(Length(days=30)), "CloudBlue, How to cancel new commerce subscriptions", None, _SOFTWARE_SINCE),
        _row(Window(_NOTHING, Length(days=7)), f"{_POLICY} (from 2022-07-11)", _SOFTWARE_SINCE),
    ),
    WindowKind.PERPETUAL_SOFTWARE: (_row(_full(Length(days=30)), _POLICY),),
    WindowKind.SAAS_MONTHLY: (
        _row(_full(Length(hours=24)), f"{_CREATE} (2023; {_NO_DAY})", None, _SAAS_SINCE),
        _row(Window(Length(hours=72), Length(hours=72), reopens=False), _POLICY, _SAAS_SINCE),
    ),
    WindowKind.SAAS_YEARLY: (
        _row(_full(Length(days=14)), f"{_CREATE} (2023; {_NO_DAY})", None, _SAAS_SINCE),
        _row(Window(Length(hours=72), Length(hours=72), reopens=False), _POLICY, _SAAS_SINCE),
    ),
    WindowKind.BUSINESS_CENTRAL: (_row(_full(Length(days=7)), _POLICY),),
    WindowKind.RESERVATION: (_row(Window(Length(days=5), None), _RETURNS),),
    WindowKind.SAVINGS_PLAN: (_row(_full(_NOTHING), "Microsoft Azure, Savings plans cannot be cancelled"),),
}

MONTHLY_PLAN_FACTORS: tuple[Row[Decimal], ...] = (
    Row(Decimal(1), "Microsoft Partner Center, Pricing and offers", None, date(2025, 4, 1)),
    Row(Decimal("1.05"), "Microsoft, Pricing of annual terms billed monthly (from 2025-04-01)", date(2025, 4, 1)),
)
"""What a year costs more when it is billed monthly; counts for purchases and renewals from that day on."""

MONTHLY_TERM_FACTORS: tuple[Row[Decimal], ...] = (
    Row(Decimal(1), "Microsoft, New commerce promotion of monthly terms", None, date(2022, 3, 1)),
    Row(Decimal("1.2"), "Microsoft, New commerce prices of monthly terms (March 2022)", date(2022, 3, 1)),
)
"""What a month without commitment costs more than a twelfth of the year. A price list's own row goes first."""


@dataclass(frozen=True, slots=True)
class ExtendedTermFactors:
    """What a month of the extended service term costs: times the monthly term's price, or times a twelfth of a year."""

    over_monthly_term: Decimal
    over_annual: Decimal


_EXTENDED = ExtendedTermFactors(Decimal("1.03"), Decimal("1.23"))

EXTENDED_SERVICE_TERMS: Mapping[ExtendedServiceTerm, tuple[Row[ExtendedTermFactors], ...]] = {
    ExtendedServiceTerm.FROM_MAY_2026: (
        Row(_EXTENDED, "Extended service term, moved to 4 May 2026", date(2026, 5, 4)),
    ),
    ExtendedServiceTerm.FROM_APRIL_2026: (
        Row(_EXTENDED, "giacom, Extended service term: from 1 April 2026", date(2026, 4, 1)),
    ),
}
"""In force on the day on which the term ends: the subscription runs on month by month."""

EXTENDED_TERMS_BEGUN_SINCE = date(2025, 4, 1)
"""Only terms that were bought or renewed from that day on run on so."""


@dataclass(frozen=True, slots=True)
class ReturnLimit:
    """What reservations returned within *months* months may be worth in all."""

    amount: Decimal
    currency: str
    months: int


RESERVATION_RETURN_LIMITS: tuple[Row[ReturnLimit], ...] = (Row(ReturnLimit(Decimal(50_000), "USD", 12), _RETURNS),)

RESERVATION_RETURN_FEES: Mapping[EarlyReturnFee, tuple[Row[Decimal], ...]] = {
    EarlyReturnFee.NONE: (Row(Decimal(0), f"{_RETURNS}: not charged at present"),),
    EarlyReturnFee.TWELVE_PERCENT: (Row(Decimal(12), "Microsoft Partner Center, Azure savings"),),
}
"""Percent of what is given back, once the days of full refund are over."""

TRIAL_MONTHS: tuple[Row[int], ...] = (Row(1, _TRIALS),)
"""How long a trial runs, whatever term follows it."""

TRIAL_SEATS = 25
"""The seats of a licence's trial that names no number."""
