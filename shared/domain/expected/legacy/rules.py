"""Legacy licences: the rules by name, and the charge types their lines carry.

The spelling of charge types is that of Microsoft's scenario pages; files vary in case, so compare them by letters only.

Not here: the code that applies them (``advance``, ``changes``, ``ending``, ``conversion``, ``free_period``).
"""

from shared.domain.expected.rules import Rule

PURCHASE = "Prorate fees when purchase"
CYCLE_FEE = "Cycle fee"
RENEWAL = "Prorate fee when renew"
INSTANCE_PRORATE = "Cycle Instance Prorate"
CANCEL_FEE = "Cancel Fee"
CANCEL_INSTANCE_PRORATE = "Cancel Instance Prorate"
CONVERT_CHARGE = "Prorate fees when convert away from current offering"
CONVERT_CREDIT = "Prorate fees when convert to a new offering"
CONVERT_INSTANCE_PRORATE = "Convert from instance prorate"
FREE = "New"
OFFSET = "Offset a line item"
CORRECTION = "Correction"

CYCLE_TYPES = frozenset({PURCHASE, CYCLE_FEE, RENEWAL, FREE})
"""Charge types of whole periods; everything else corrects something."""

_MONTHLY = "Microsoft Partner Center, Common billing scenarios: monthly"
_ANNUAL = "Microsoft Partner Center, Common billing scenarios: annual"
_TYPES = "Microsoft Partner Center, Reconciliation file charge types"
_FAQ = "Microsoft Partner Center, FAQ about new billing features (2019)"
_BILL_2016 = "Microsoft Partner Center, Common billing scenarios (2016)"
_FREQUENCY = "Microsoft Partner Center, Change billing frequency"
_ADD_ONS = "AppXite, Prorated charges for add-on subscriptions"

PURCHASED = Rule("legacy.purchase", "A new subscription is charged in advance, from its first day.", _MONTHLY)
ADD_ON_STUB = Rule("legacy.add_on", "An add-on is charged to the end of its parent's cycle first.", _ADD_ONS)
ADVANCE = Rule("legacy.advance", "The next cycle is charged in advance.", _MONTHLY)
ADVANCE_EARLY = Rule(
    "legacy.advance_early", "Later years of a multi-year offer are charged from one month before the year.", _ANNUAL
)
RENEWED = Rule("legacy.renewal", "The first cycle of a renewed term, at the price list of that day.", _TYPES)
REVERSAL = Rule("legacy.reversal", "After a change of quantity the whole advance fee is reversed.", _MONTHLY)
SEGMENT = Rule(
    "legacy.segment", "Each quantity is charged for its days; the day of a change is the new one's.", _MONTHLY
)
CUT_SEGMENT = Rule(
    "legacy.segment_cut",
    "A change that missed an invoice cuts its segment at the next monthly anniversary.",
    f"{_ANNUAL}, Add license after subscription anniversary date but before billing date",
)
FULL_REFUND = Rule("legacy.full_refund", "Ended within 30 days of the purchase: the whole fee is given back.", _MONTHLY)
UNUSED_DAYS = Rule(
    "legacy.unused_days", "Ended later: the unused days are given back, the day itself included.", _MONTHLY
)
UNUSED_AFTER_CHANGE = Rule(
    "legacy.unused_days_after_change", "Ended after a change of quantity: the unused days are given back.", _BILL_2016
)
REACTIVATED = Rule("legacy.reactivation", "Charged from the day of reactivation to the unchanged end.", _ANNUAL)
CONVERT_AWAY = Rule("legacy.conversion_credit", "The unused days of the old plan are given back.", _FREQUENCY)
CONVERT_TO = Rule(
    "legacy.conversion", "The term restarts on the day of the change, at the current list price.", _FREQUENCY
)
MIGRATED = Rule(
    "legacy.migration",
    "Moved to new commerce: the days after the move are given back, and the cycle already charged ahead as well.",
    "Microsoft Partner Center, Common billing scenarios: one-time and recurring",
)
FREE_PERIOD = Rule("legacy.free_period", "Bought before 21 February 2018: free until the partner's billing day.", _FAQ)
EXTENDED_FREE_PERIOD = Rule(
    "legacy.extended_free_period",
    "Inside the free period on 21 February 2018: one more month is free for the quantity held before it.",
    _FAQ,
)
GIVEN_BACK = Rule("legacy.credit", "An amount given back.", _TYPES)
ONE_CORRECTION = Rule(
    "legacy.one_correction", "All lines but the cycle's own, as one amount.", "AppXite, Charge aggregation"
)
