"""How the reseller bills a service of his own (or of any other vendor): the billing policy, as data.

Every field is one decision with a name; the defaults are what most contracts say: monthly, in advance, from the day of
the start, by actual days, the day of a change at the new quantity, half up.

Not here: the rules that apply a policy (``expected/own_services``), prices.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from shared.domain.errors import InvalidError


class Span(StrEnum):
    """The unit of a charge cycle."""

    DAYS = "days"
    MONTHS = "months"
    TERM = "term"  # the whole term is one cycle; it needs an end


class Timing(StrEnum):
    """When a cycle is charged."""

    ADVANCE = "advance"  # on its first day
    ARREARS = "arrears"  # on the day after its last


class Alignment(StrEnum):
    """Where the cycles are anchored."""

    START = "start"  # the day the service began (after its trial)
    CALENDAR = "calendar"  # the first of the month, quarter, half-year or year; Monday for weeks
    DAY = "day"  # a day of the month (``billing_day``), or any given day (``Subscription.aligned_to``)


class Share(StrEnum):
    """How a part of a cycle is counted. A whole cycle always costs the whole price."""

    ACTUAL_DAYS = "actual-days"  # days / days of the cycle
    FIXED_DAYS = "fixed-days"  # days / a fixed number of days in a month (30, 28, 30.4)
    THIRTY_360 = "30/360"  # every month has 30 days; the last day of any month is day 30
    SECONDS = "seconds"  # seconds / seconds of the cycle
    WHOLE_MONTHS = "whole-months"  # a month begun is a month
    MONTHS_THEN_DAYS = "months-then-days"  # whole months at the full price, the rest by days
    NONE = "none"  # any part costs the full price
    NEXT_PERIOD = "next-period"  # a change counts from the next cycle on


class MonthsFrom(StrEnum):
    """Where the months of ``months-then-days`` are counted from."""

    CYCLE_START = "cycle-start"  # the months of the charge cycle
    SERVICE_START = "service-start"  # months from the first day of the part
    CALENDAR_START = "calendar-start"  # calendar months


class ChangeDay(StrEnum):
    """To whom the day of a change belongs."""

    NEW = "new"
    OLD = "old"


class Correction(StrEnum):
    """What a change inside a cycle that was charged in advance makes."""

    PAIR = "pair"  # credit for the old, charge for the new, for the rest of the cycle
    NET = "net"  # one line over the difference
    SEGMENTS = "segments"  # the whole charge is reversed and billed again piece by piece
    ADDITIONS = "additions"  # only additions make a line; a reduction counts from the next cycle


class CorrectionDue(StrEnum):
    """With which invoice a correction comes."""

    AT_ONCE = "at-once"
    NEXT_CYCLE = "next-cycle"  # with the charge of the next cycle; at once where the service ends


class QuantityBasis(StrEnum):
    """Which quantity of a cycle is charged in arrears."""

    SEGMENTS = "segments"  # each quantity for its days
    MAXIMUM = "maximum"  # the highest quantity, for the whole time
    LAST = "last"  # the quantity on the last day, for the whole time


class PlanChange(StrEnum):
    """What another plan does to the running cycle."""

    KEEPS_CYCLE = "keeps-cycle"  # the rest of the cycle at the new price
    RESTARTS = "restarts"  # credit for the rest, and a full new cycle from that day
    EXTENDS = "extends"  # the credit buys days of the new plan, rounded up; then a full new cycle


class PriceChange(StrEnum):
    """When an announced price (event ``price-changed``) counts. Prices of a list count from the next cycle on."""

    AT_ONCE = "at-once"
    NEXT_CYCLE = "next-cycle"


class FirstCycle(StrEnum):
    """What the first cycle costs when the service begins inside it."""

    PRORATED = "prorated"
    FULL = "full"  # the whole price, however short it is
    FREE = "free"  # nothing, even if it is a whole cycle
    BILLING_DAY_ONLY = "billing-day-only"  # nothing, unless the service begins on its first day


class MovedCycle(StrEnum):
    """What it costs when the end of the running cycle is moved (event ``cycle-moved``)."""

    PRORATED = "prorated"  # more days as parts of a fresh cycle, fewer as parts of the running one
    NOT_CHARGED = "not-charged"  # nothing: the cycle is longer or shorter for the same price


class AddedDays(StrEnum):
    """Which fresh cycle the days that are added to the running one are parts of."""

    NEXT_CYCLE = "next-cycle"  # the one that begins where the running one would have ended
    FROM_CHANGE = "from-change"  # one that begins on the day on which the end was moved


class Denominator(StrEnum):
    """What parts of a cycle whose end was moved are divided by."""

    CYCLE = "cycle"  # the cycle as it is now
    PLAN_PERIOD = "plan-period"  # the cycle as it would have been


class Aggregation(StrEnum):
    """How measured consumption of a cycle becomes one number of units."""

    SUM = "sum"
    MAXIMUM = "maximum"
    LAST = "last"
    TIME_WEIGHTED = "time-weighted"  # each level for its share of the cycle's days


class Tiering(StrEnum):
    """How tiers are used."""

    GRADUATED = "graduated"  # every unit at the price of its own tier
    VOLUME = "volume"  # all units at the price of the tier that the last one reaches


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnBilling:
    """One billing policy.

    Cycles: *every* spans of *span* make one, anchored by *alignment* (*billing_day*: the day of the month, 1 to 31,
    for ``day``; 0: ``Subscription.aligned_to``), charged in *timing*; in advance, *charged_ahead* is how many whole
    cycles before its own a cycle is charged. The line is due *invoice_days_after* its day.

    Parts: *share* counts them; *days_in_month* is for ``fixed-days``, and for the rest of days of
    ``months-then-days`` where *days_are_fixed*; *months_from* is for ``months-then-days``, and *part_digits* rounds its
    every part (None: exact). *rounding* names a rounding mode ("" : the convention for own services).

    Changes: *change_day*, *correction*, *correction_due* and, in arrears, *quantity_basis*; *plan_change* and
    *downgrades_wait* (a cheaper plan begins with the next cycle); *price_change*; *moved_cycle*, *added_days* and
    *denominator*; *uplift_percent* is added to the price at each renewal.

    Begin and end: *trial_days* are free and come before the first cycle; *first_cycle*; *last_day_is_charged* says
    whether the day of a cancellation is (that of a suspension is a day of change); *cancellation_is_credited* whether
    the rest of a cycle paid in advance is given back; *suspension_is_charged* whether billing goes on meanwhile.

    Amounts: *minimum* is owed for every full cycle (*minimum_shrinks*: less for a part of one). *aggregation*,
    *tiering*, *block_units* (units are sold in blocks of so many, at the price of a block; None: one by one) and
    *included_units_shrink* are for consumption. *instalments* split a one-off charge, one each cycle.

    Raises:
        InvalidError: a number is outside its range.
    """

    every: int = 1
    span: Span = Span.MONTHS
    timing: Timing = Timing.ADVANCE
    charged_ahead: int = 0
    alignment: Alignment = Alignment.START
    billing_day: int = 0
    share: Share = Share.ACTUAL_DAYS
    days_in_month: Decimal = Decimal(30)
    days_are_fixed: bool = False
    months_from: MonthsFrom = MonthsFrom.CYCLE_START
    part_digits: int | None = None
    change_day: ChangeDay = ChangeDay.NEW
    correction: Correction = Correction.PAIR
    correction_due: CorrectionDue = CorrectionDue.AT_ONCE
    quantity_basis: QuantityBasis = QuantityBasis.SEGMENTS
    plan_change: PlanChange = PlanChange.KEEPS_CYCLE
    downgrades_wait: bool = False
    price_change: PriceChange = PriceChange.AT_ONCE
    moved_cycle: MovedCycle = MovedCycle.PRORATED
    added_days: AddedDays = AddedDays.NEXT_CYCLE
    denominator: Denominator = Denominator.CYCLE
    uplift_percent: Decimal = Decimal(0)
    trial_days: int = 0
    first_cycle: FirstCycle = FirstCycle.PRORATED
    last_day_is_charged: bool = True
    cancellation_is_credited: bool = True
    suspension_is_charged: bool = False
    included_units_shrink: bool = True
    aggregation: Aggregation = Aggregation.SUM
    tiering: Tiering = Tiering.GRADUATED
    block_units: Decimal | None = None
    minimum: Decimal = Decimal(0)
    minimum_shrinks: bool = True
    instalments: int = 1
    rounding: str = ""
    invoice_days_after: int = 0

    def __post_init__(self) -> None:
        _within("every", self.every, 1, 10_000)
        _within("charged_ahead", self.charged_ahead, 0, 120)
        _within("billing_day", self.billing_day, 0, 31)
        _within("trial_days", self.trial_days, 0, 10_000)
        _within("instalments", self.instalments, 1, 1_000)
        _within("invoice_days_after", self.invoice_days_after, 0, 10_000)
        _within("minimum", self.minimum, 0, None)
        _within("uplift_percent", self.uplift_percent, -100, None)
        _within("part_digits", self.part_digits or 0, 0, 18)
        if self.charged_ahead and self.timing is Timing.ARREARS:
            raise InvalidError("charged_ahead is for cycles that are charged in advance: leave it out, or timing")
        if self.charged_ahead and self.plan_change is PlanChange.EXTENDS:
            raise InvalidError("charged_ahead does not go with plan_change extends: leave one of them out")
        if self.block_units is not None and not self.block_units > 0:
            raise InvalidError(f"block_units is {self.block_units}: give a number above 0, such as 100")
        if not self.days_in_month > 0:
            raise InvalidError(f"days_in_month is {self.days_in_month}: give a number above 0, such as 30 or 30.4")


def _within(name: str, value: Decimal | int, least: int, most: int | None) -> None:
    if value < least or (most is not None and value > most):
        limits = f"from {least} to {most}" if most is not None else f"of at least {least}"
        raise InvalidError(f"{name} is {value}: give a number {limits}")


USUAL_BILLING = OwnBilling()
