"""The rules for own services by name, and the charge types of their lines.

Not here: the code that applies them, texts for people.
"""

from shared.domain.expected.rules import Rule

CYCLE = Rule("own.cycle", "A charge cycle is charged for the quantity and price of its first day")
ARREARS = Rule("own.arrears", "A charge cycle is charged after its end, for what was so in it")
CHANGE_CREDIT = Rule("own.change_credit", "A change gives back the old quantity and price for the rest of the cycle")
CHANGE_CHARGE = Rule("own.change_charge", "A change charges the new quantity and price for the rest of the cycle")
DIFFERENCE = Rule("own.difference", "A change charges or gives back the difference for the rest of the cycle")
REVERSAL = Rule("own.reversal", "A change reverses what was charged for the cycle")
SEGMENT = Rule("own.segment", "After a reversal each quantity and price is charged for its own part of the cycle")
END_CREDIT = Rule("own.end_credit", "An end gives back what was paid for the rest of the cycle")
CAPPED_CREDIT = Rule("own.capped_credit", "A credit is never more than what is left of the charge it corrects")
UNUSED_CREDIT = Rule("own.unused_credit", "A change of plan gives back the smaller of the time and the units left")
BOUGHT_DAYS = Rule("own.bought_days", "What is left of the old plan buys days of the new one, rounded up")
MOVED_CYCLE = Rule(
    "own.moved_cycle", "A moved end of the cycle charges the days added or gives back the days taken away"
)
GRANTED_CREDIT = Rule("own.granted_credit", "An amount was given back")
MINIMUM = Rule("own.minimum", "A cycle costs at least the agreed minimum")
ONE_OFF = Rule("own.one_off", "A one-off charge is charged on its day and never prorated")
INSTALMENT = Rule("own.instalment", "A one-off charge is paid in instalments; the last one takes what rounding left")
RETURNED = Rule("own.returned", "Units of a one-off charge that are returned are given back")
METERED = Rule("own.metered", "Measured consumption beyond the included units is charged after the cycle")

RECURRING_TYPE = "recurring"
CREDIT_TYPE = "credit"
ONE_OFF_TYPE = "one-off"
METERED_TYPE = "metered"
MINIMUM_TYPE = "minimum"
