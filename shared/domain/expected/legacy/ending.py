"""Suspensions, cancellations, reactivations, and moves to new commerce.

Within 30 days of the purchase everything is given back, days used or not; later the unused days, the day of the
ending included. After a change of quantity in the same cycle its pieces are made first. Nothing is charged while
suspended; a reactivation, for up to 90 days, is charged from its day to the unchanged end. A move to new commerce
counts the day of the move as a legacy day and gives the days after it back however old the purchase is; the next cycle,
which was charged ahead, is charged and given back.

Sources: Microsoft Partner Center documentation, "Common billing scenarios" (monthly, annual, one-time and recurring;
edition of 2016), "FAQ about new billing features" and "Request credit".

Not here: terms that end without renewal (``advance``).
"""

from datetime import date, datetime, timedelta

from shared.domain.expected.cancellation_windows import full_refund_ends_at, window_in_force
from shared.domain.expected.legacy import free_period, rules
from shared.domain.expected.legacy.changes import settle_changes
from shared.domain.expected.legacy.charges import charge, give_back, invoice_from
from shared.domain.expected.legacy.running import Kind, Running, Span
from shared.domain.expected.vendor_tables import WindowKind
from shared.domain.subscriptions.events import Event, EventKind, Quantity
from shared.domain.subscriptions.subscription_state import Status

REACTIVATION_DAYS = 90
"""For so many days a suspended subscription can be reactivated."""


def stop(run: Running, event: Event, *, is_migration: bool = False) -> None:
    """Give back what the days from *event* on cost, or everything within the window, and charge no more."""
    day = event.on
    run.suspended_on = day
    run.status = Status.SUSPENDED if event.kind is EventKind.SUSPENDED else Status.CANCELLED
    run.free_since = []
    had_changes = bool(run.changes)
    settle_changes(run, day)
    if is_migration:
        _give_back_ahead(run, event)
    until = full_refund_until(run)
    is_refunded = not is_migration and until is not None and event.at < until
    kind = _kind(run, is_migration=is_migration, is_refunded=is_refunded, had_changes=had_changes)
    since = date.min if is_refunded else day + timedelta(days=is_migration)
    standing, run.standing = run.standing, []
    cause, invoice = (event, day, run.quantity, 0), invoice_from(run, day)
    for each in standing:
        give_back(run, each, since, kind, cause, invoice)


def expire(run: Running, event: Event) -> None:
    """End without giving anything back."""
    settle_changes(run, event.on)
    free_period.end(run, event.on)
    run.status = Status.EXPIRED


def resume(run: Running, event: Event, before: Quantity) -> None:
    """Charge from the day of reactivation to the end of the running cycle; too late, it changes nothing."""
    day = event.on
    if run.suspended_on is not None and (day - run.suspended_on).days > REACTIVATION_DAYS:
        run.ignore(event, f"it came more than {REACTIVATION_DAYS} days after the suspension", "Check the date.")
        run.quantity = run.quantity if event.quantity is None else before
        return
    run.status = Status.ACTIVE
    if free_period.begins_again(run, (event, day, before, run.quantity)):
        return
    cycle = run.term.cycle(run.next_number - 1)
    end = day if cycle is None else min(cycle.end, run.term.end)
    if cycle is None or end <= day:
        return
    span = Span(max(day, cycle.start), end, cycle, run.quantity, run.prices_now())
    cause = (event, day, before, run.quantity)
    charge(run, span, Kind(rules.REACTIVATED, rules.PURCHASE), cause, invoice_from(run, day))


def full_refund_until(run: Running) -> datetime | None:
    """Return the instant at which an ending begins to give back less than everything; None without a purchase."""
    if run.bought_at is None:
        return None
    window = window_in_force(WindowKind.LEGACY_LICENCE, run.bought_at.date()).value
    return full_refund_ends_at(window, run.bought_at, run.conventions.cancel_window)


def _kind(run: Running, *, is_migration: bool, is_refunded: bool, had_changes: bool) -> Kind:
    if is_migration:
        return Kind(rules.MIGRATED, rules.CANCEL_FEE)
    charge_type = rules.CANCEL_INSTANCE_PRORATE if had_changes else rules.CANCEL_FEE
    if is_refunded:
        return Kind(rules.FULL_REFUND, charge_type, (run.conventions.cancel_window.value,))
    return Kind(rules.UNUSED_AFTER_CHANGE if had_changes else rules.UNUSED_DAYS, charge_type)


def _give_back_ahead(run: Running, event: Event) -> None:
    """Charge the next cycle of the term and give it back, once its day has come."""
    cycle = run.term.cycle(run.next_number)
    if cycle is None or cycle.start > run.last_day:
        return
    span = Span(cycle.start, min(cycle.end, run.term.end), cycle, run.quantity, run.prices_now())
    cause, invoice = (event, cycle.start, run.quantity, run.quantity), invoice_from(run, cycle.start)
    charge(run, span, Kind(rules.MIGRATED, rules.PURCHASE), cause, invoice)
    give_back(run, run.standing.pop(), cycle.start, Kind(rules.MIGRATED, rules.CANCEL_FEE), cause, invoice)
