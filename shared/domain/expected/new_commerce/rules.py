"""New commerce: the rules by name, and the charge types their lines carry.

Not here: the code that applies them (``seats``, ``cancellation``, ...), texts for people.
"""

from shared.domain.expected.rules import Rule

NEW = "new"
RENEW = "renew"
CYCLE_CHARGE = "cycleCharge"
ADD_QUANTITY = "addQuantity"
REMOVE_QUANTITY = "removeQuantity"
MOVE_QUANTITY = "moveQuantity"
CANCEL_IMMEDIATE = "cancelImmediate"
CONVERT = "convert"
CHANGE_BILLING_PLAN = "changeBillingPlan"
CUSTOMER_CREDIT = "customerCredit"
EXTEND_TERM = "extendTerm"

_BILLING = "Microsoft Partner Center, Billing scenarios for one-time and recurring purchases in new commerce"
_CREATE = "Microsoft Partner Center, Create a new subscription"
_POLICY = "Microsoft Partner Center, New commerce cancellation policy"
_TYPES = "Microsoft Partner Center, Reconciliation file charge types"
_ALIGN = "Microsoft Partner Center, Align subscription end dates"
_BASICS = "Microsoft Partner Center, Billing basics"
_EXTENDED = "Distributors' notes on the extended service term (2026)"

PURCHASED = Rule("nce.new", "A new subscription is charged for its first charge cycle, from its first day.", _BILLING)
PURCHASED_SHORT = Rule(
    "nce.new_short", "A first cycle that is cut short to end with something else is charged by its days.", _ALIGN
)
RENEWED = Rule("nce.renew", "A renewed term is charged at the price list of the day of the renewal.", _BASICS)
CYCLE = Rule(
    "nce.cycle", "The next charge cycle of a running term is charged at the price locked for the term.", _BILLING
)
SEATS_REFUNDED = Rule(
    "nce.seats_refund",
    "The seats before a change are refunded from the day of the change to the end of the cycle.",
    _BILLING,
)
SEATS_CHARGED = Rule(
    "nce.seats_charge",
    "The seats after a change are charged from the day of the change to the end of the cycle.",
    _BILLING,
)
CANCELLED_IN_FULL = Rule(
    "nce.cancel_full", "Cancelled so soon after purchase or renewal that everything is refunded.", _POLICY
)
CANCELLED_PRORATED = Rule(
    "nce.cancel_prorated",
    "Cancelled inside the window: the days from the cancellation to the end are refunded.",
    _POLICY,
)
TRIAL_CANCELLED = Rule("nce.trial_cancel", "A trial is cancelled at any time and costs nothing.", _POLICY)
TRIAL_STARTED = Rule("nce.trial", "A trial costs nothing.", _BILLING)
TRIAL_EXTENDED = Rule("nce.trial_extended", "A trial that runs longer costs nothing for the longer time.", _TYPES)
TRIAL_CONVERTED = Rule("nce.trial_converted", "The rest of a trial is given up; it cost nothing.", _BILLING)
CONVERSION_CHARGED = Rule(
    "nce.trial_paid", "A converted trial is charged for a full cycle from the day of the conversion.", _BILLING
)
UPGRADE_REFUNDED = Rule(
    "nce.upgrade_refund", "The seats that go to another product are refunded for the rest of the cycle.", _BILLING
)
UPGRADE_CHARGED = Rule(
    "nce.upgrade_charge",
    "The upgraded seats are charged at the new product's price for the rest of the cycle.",
    _BILLING,
)
MOVE_REFUNDED = Rule(
    "nce.move_refund",
    "Seats that move are refunded for the rest of the cycle of the subscription they leave.",
    _BILLING,
)
MOVE_WIPED = Rule(
    "nce.move_wipe", "Where seats arrive, the seats before are refunded for the rest of the cycle.", _BILLING
)
MOVE_CHARGED = Rule("nce.move_charge", "Where seats arrive, all seats are charged for the rest of the cycle.", _BILLING)
TERM_REFUNDED = Rule(
    "nce.term_refund", "A move to a longer term takes effect at once: the rest of the cycle is refunded.", _CREATE
)
TERM_CHARGED = Rule("nce.term_charge", "A longer term begins on the day of the move, with a full cycle.", _CREATE)
PLAN_CHANGED = Rule(
    "nce.plan_change", "Another billing plan begins when the running cycle ends; the term keeps its dates.", _BILLING
)
CREDITED = Rule("nce.credit", "An amount given back; it changes no seats.", _TYPES)
EXTENDED_SERVICE = Rule(
    "nce.extended_service",
    "A term that neither renewed nor was cancelled runs on by the month, at a surcharge.",
    _EXTENDED,
)
