"""Conventions: where a vendor's own pages disagree, the choices by name, and the one that was made.

Every choice has a default, and every line that rests on one says so (``ExpectedLine.variants``), so that a difference
from the vendor's invoice can be told from a mistake.

Not here: figures that change on a date (``vendor_tables``), our own services' billing policies (``own_services``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shared.domain.expected.rounding import MODES, RoundingMode


class LineFamily(StrEnum):
    """Groups of lines whose amounts one vendor arithmetic reproduces."""

    LEGACY_LICENCE = "legacy"
    LEGACY_USAGE = "legacy-usage"
    SEATS = "nce"  # added and removed seats; cycles too unless they have a mode of their own
    CYCLES = "nce-cycle"  # the first charge of a cycle: new, renew, cycleCharge
    CANCELLATION = "nce-cancel"
    CONVERSION = "nce-convert"  # upgrades, conversions, moves
    PLAN_CHANGE = "nce-plan-change"
    AZURE_DAILY = "azure-daily"
    AZURE_MONTHLY = "azure-monthly"
    COMMITMENT = "commitment"  # reservations, savings plans, marketplace, perpetual software
    OWN = "own"


class MonthEnd(StrEnum):
    """Where a charge cycle starts in a month that lacks the anchor day."""

    CLAMP = "month-end: clamp"  # 31 Oct, 30 Nov, 31 Dec, 31 Jan, 28 Feb
    DAY_BEFORE_LAST = "month-end: day before last"  # bought on the day before the last: 30 Oct, 29 Nov, 30 Dec, ...


class CancelWindow(StrEnum):
    """How the days of the cancellation window are counted."""

    CALENDAR_DAYS = "cancel window: calendar days"
    BLOCKS_OF_24_HOURS = "cancel window: blocks of 24 hours"


class EarlyCancelWindow(StrEnum):
    """Which window a licence had that was bought before March 2022.

    Resellers wrote 72 hours; Microsoft's own example of July 2021 refunds by days on the third day.
    """

    AS_TODAY = "cancel window before March 2022: as today"
    SEVENTY_TWO_HOURS = "cancel window before March 2022: 72 hours"


class SameDay(StrEnum):
    """What several quantity changes of one day make."""

    MERGED = "same day: merged"  # one change, from the first to the last quantity of the day
    EACH = "same day: each"  # a pair of lines for each


class FirstShortCycle(StrEnum):
    """What a first cycle, cut short to end with something else, is divided by."""

    START_MONTH = "first short cycle: days of the month it starts in"
    CYCLE = "first short cycle: days of the cycle that ends with it"
    FULL_TERM = "first short cycle: days of the full term"


class PlanChangeShare(StrEnum):
    """What the rest of the term is counted in when the billing plan changes."""

    MONTHS = "plan change: months"
    DAYS = "plan change: days"


class EarlyReturnFee(StrEnum):
    """Whether a returned reservation costs a fee."""

    NONE = "reservation return: no fee"
    TWELVE_PERCENT = "reservation return: 12 percent"


class SoftwareRefund(StrEnum):
    """What a software subscription pays back when it is cancelled in its window."""

    PRORATED = "software refund: prorated"
    FULL = "software refund: full"


class ExtendedServiceTerm(StrEnum):
    """The first day on which an unrenewed subscription runs on month by month."""

    FROM_MAY_2026 = "extended service term: from 2026-05-04"
    FROM_APRIL_2026 = "extended service term: from 2026-04-01"


class LegacyFirstCharge(StrEnum):
    """What the first charge of a legacy subscription is called."""

    PURCHASE = "legacy first charge: prorate fees when purchase"
    CYCLE_FEE = "legacy first charge: cycle fee"


class LegacyAdvanceAfterChange(StrEnum):
    """What the advance fee that follows a period with changed quantities is called."""

    INSTANCE_PRORATE = "legacy advance after a change: cycle instance prorate"
    CYCLE_FEE = "legacy advance after a change: cycle fee"


class LegacyAlignment(StrEnum):
    """Where the cycles of a monthly legacy subscription bought before 21 February 2018 begin."""

    PURCHASE = "legacy cycles before 2018-02-21: from the purchase, nothing free"
    BILLING_DAY = "legacy cycles before 2018-02-21: from the partner's billing day, free until then"


class UsageDetail(StrEnum):
    """Which lines Azure usage makes."""

    MONTHLY = "usage: a line for a meter and month"
    DAILY = "usage: a line for a resource and day"


class CreditedUsage(StrEnum):
    """What a month's line of a meter looks like when partner earned credit was earned on some of the days."""

    TWO_LINES = "partner earned credit: a line for each state"
    BLENDED = "partner earned credit: one line at the average price"


class OpenMonth(StrEnum):
    """What is said of a month that is not over yet."""

    NOTHING = "open month: nothing"
    ESTIMATED = "open month: estimated from the usage so far"


class SavingsPlanInstalment(StrEnum):
    """What a savings plan that is paid monthly costs in a month."""

    HOURS = "savings plan instalment: the hours of the month"
    EQUAL = "savings plan instalment: equal parts of the term"


DEFAULT_MODES: Mapping[LineFamily, RoundingMode] = {
    LineFamily.LEGACY_LICENCE: MODES["legacy.unrounded_half_up"],
    LineFamily.LEGACY_USAGE: MODES["legacy.unrounded_half_up"],
    LineFamily.SEATS: MODES["nce.product_rounddown"],
    LineFamily.CYCLES: MODES["nce.product_rounddown"],
    LineFamily.CANCELLATION: MODES["nce.documented_licence"],
    LineFamily.CONVERSION: MODES["nce.documented_licence"],
    LineFamily.PLAN_CHANGE: MODES["nce.documented_licence"],
    LineFamily.AZURE_DAILY: MODES["nce.raw"],
    LineFamily.AZURE_MONTHLY: MODES["nce.usage"],
    LineFamily.COMMITMENT: MODES["nce.usage"],
    LineFamily.OWN: MODES["half_up"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """One choice for each disagreement. *modes* overrides the default rounding of line families."""

    month_end: MonthEnd = MonthEnd.CLAMP
    cancel_window: CancelWindow = CancelWindow.CALENDAR_DAYS
    early_cancel_window: EarlyCancelWindow = EarlyCancelWindow.AS_TODAY
    same_day: SameDay = SameDay.MERGED
    first_short_cycle: FirstShortCycle = FirstShortCycle.START_MONTH
    plan_change_share: PlanChangeShare = PlanChangeShare.MONTHS
    early_return_fee: EarlyReturnFee = EarlyReturnFee.NONE
    software_refund: SoftwareRefund = SoftwareRefund.PRORATED
    extended_service_term: ExtendedServiceTerm = ExtendedServiceTerm.FROM_MAY_2026
    legacy_first_charge: LegacyFirstCharge = LegacyFirstCharge.PURCHASE
    legacy_advance_after_change: LegacyAdvanceAfterChange = LegacyAdvanceAfterChange.INSTANCE_PRORATE
    legacy_alignment: LegacyAlignment = LegacyAlignment.PURCHASE
    usage_detail: UsageDetail = UsageDetail.MONTHLY
    credited_usage: CreditedUsage = CreditedUsage.TWO_LINES
    open_month: OpenMonth = OpenMonth.NOTHING
    savings_plan_instalment: SavingsPlanInstalment = SavingsPlanInstalment.HOURS
    modes: Mapping[LineFamily, RoundingMode] = field(default_factory=dict)

    def mode(self, family: LineFamily) -> RoundingMode:
        """Return the arithmetic of a line family; cycles that have none of their own follow ``SEATS``."""
        if family is LineFamily.CYCLES and family not in self.modes:
            family = LineFamily.SEATS
        return self.modes.get(family) or DEFAULT_MODES[family]


MICROSOFTS = Conventions()
