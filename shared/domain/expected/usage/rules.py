"""The rules of usage: one for each kind of line, and where Microsoft says so.

Not here: the code that applies them.
"""

from shared.domain.expected.rules import Rule

_DAILY = "Microsoft Partner Center, Daily rated usage reconciliation files"
_FIELDS = "Microsoft Partner Center, New commerce invoice reconciliation file fields"
_PLAN = "Microsoft Partner Center, Azure plan billing"
_LEGACY = "Microsoft Partner Center, Usage-based reconciliation files"

DAY = Rule("usage.day", "A day's usage of a resource costs its effective price, not rounded.", _DAILY)
MONTH = Rule("usage.month", "A month's usage of a meter costs its effective price, cut to the cent.", _FIELDS)
COVERED = Rule("usage.covered", "Usage that a reservation or savings plan covers costs nothing.", _DAILY)
ESTIMATE = Rule("usage.estimate", "An open month is estimated from the usage so far, cut to the cent.", _PLAN)
CREDIT = Rule("usage.customer_credit", "An amount is given back.", "Microsoft Partner Center, Request a credit")
LEGACY = Rule("usage.legacy", "Usage beyond the included units is charged after its cycle, half up.", _LEGACY)
