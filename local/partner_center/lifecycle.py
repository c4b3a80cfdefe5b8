"""The life of subscriptions, in one place for those who play it: scenarios, generators, tests.

Everything here is a plain function over the world. What the calendar brings happens by itself as the clock moves.

Not here: the rules (the modules this one names), HTTP.
"""

from local.partner_center.changing import (
    cancel,
    change_plan,
    change_quantity,
    reactivate,
    schedule_actions,
    schedule_change,
    set_auto_renew,
    set_partner,
    suspend,
)
from local.partner_center.converting import Transition, convert_trial, transition
from local.partner_center.renewing import catch_up, keep_on_clock, next_due
from local.partner_center.subscribing import Purchase, buy, place_order

__all__ = [
    "Purchase",
    "Transition",
    "buy",
    "cancel",
    "catch_up",
    "change_plan",
    "change_quantity",
    "convert_trial",
    "keep_on_clock",
    "next_due",
    "place_order",
    "reactivate",
    "schedule_actions",
    "schedule_change",
    "set_auto_renew",
    "set_partner",
    "suspend",
    "transition",
]
