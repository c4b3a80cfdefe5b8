"""What can happen to a licence subscription in a month, and the lines each event leaves on Microsoft's invoice.

A change of seats refunds the old and charges the new quantity, both for the rest of the running charge cycle, under one
reference. Cycles that start inside the month are charged whole. Source: Microsoft Partner Center documentation, "One-
time and recurring billing scenarios".

Not here: who has which event (``stories``, ``population``).
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from local.demo.arithmetic import Span
from local.demo.desk import Desk, Event, Subscription

TRIAL_SEATS = 25


def charged(desk: Desk, sold: Subscription, on: date, seats: int, charge_type: str, reference: str = "") -> None:
    """One whole charge cycle that starts on *on*: ``new``, ``renew``, ``cycleCharge`` or ``changeBillingPlan``."""
    event = Event(charge_type=charge_type, on=on, span=sold.cycle(on), seats=seats, reference=reference)
    desk.bill_licence(sold, event)


def seats_changed(desk: Desk, sold: Subscription, on: date, old: int, new: int, charge_type: str = "") -> None:
    """The pair of lines of a changed quantity, from the day of the change to the end of the charge cycle."""
    cycle = sold.cycle(on)
    rest = cycle.since(on)
    refund = Event(
        charge_type=charge_type or ("addQuantity" if new > old else "removeQuantity"),
        on=on,
        span=rest,
        seats=old,
        share=(rest.days, cycle.days),
        is_credit=True,
        rounds="product",
        reference=desk.reference(),
    )
    desk.bill_licence(sold, refund)
    desk.bill_licence(sold, replace(refund, seats=new, is_credit=False))


def cancelled(desk: Desk, sold: Subscription, on: date, seats: int, *, in_full: bool) -> None:
    """The credit of a cancellation in the window: everything within a day, the unused days after that."""
    cycle = sold.cycle(on)
    rest = cycle if in_full else cycle.since(on)
    desk.bill_licence(
        sold,
        Event(
            charge_type="cancelImmediate",
            on=on,
            span=rest,
            seats=seats,
            share=(rest.days, cycle.days),
            is_credit=True,
        ),
    )


def trial_started(desk: Desk, sold: Subscription, on: date, charge_type: str = "new") -> Subscription:
    """The free line of a trial; returns the subscription as a trial."""
    trial = replace(sold, is_trial=True, price=Decimal(0))
    charged(desk, trial, on, TRIAL_SEATS, charge_type)
    return trial


def trial_converted(desk: Desk, trial: Subscription, paid: Subscription, on: date) -> None:
    """The free line that ends a trial and the first charge of the paid subscription."""
    reference = desk.reference()
    span = Span(on, trial.span.last)
    free = Event(charge_type="convert", on=on, span=span, seats=TRIAL_SEATS, is_credit=True, reference=reference)
    desk.bill_licence(trial, free)
    desk.bill_licence(
        paid,
        Event(charge_type="convert", on=on, span=paid.cycle(on), seats=TRIAL_SEATS, reference=reference),
    )


def upgraded(desk: Desk, old: Subscription, new: Subscription, on: date, seats: int) -> None:
    """The pair of lines of a full upgrade: same subscription and cycle, another product for the rest of it."""
    cycle = old.cycle(on)
    rest = cycle.since(on)
    away = Event(
        charge_type="convert",
        on=on,
        span=rest,
        seats=seats,
        share=(rest.days, cycle.days),
        is_credit=True,
        reference=desk.reference(),
    )
    desk.bill_licence(old, away)
    desk.bill_licence(new, replace(away, is_credit=False))


def coterminated(desk: Desk, sold: Subscription, on: date, seats: int, month_days: int) -> None:
    """The first short cycle of a subscription aligned to the end of the calendar month."""
    short = Span(on, desk.month.span.last)
    desk.bill_licence(sold, Event(charge_type="new", on=on, span=short, seats=seats, share=(short.days, month_days)))
