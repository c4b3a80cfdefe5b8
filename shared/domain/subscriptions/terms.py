"""Terms: when one begins, ends, and begins again by itself.

A renewed term is anchored on its own start. A trial that renews by itself becomes a year, billed by the month; a
licence that does not renew runs on month by month once the extended service term exists.

Sources: Microsoft Partner Center documentation, "Create a new subscription", "Common billing scenarios: one-time and
recurring"; extended service term: vendors' notes of 2026.

Not here: the calendar (``expected/charge_cycles``), lines.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from shared.domain.expected.cancellation_windows import window_ends_at, window_in_force, window_kind
from shared.domain.expected.charge_cycles import term_period
from shared.domain.expected.conventions import Conventions
from shared.domain.expected.vendor_tables import (
    EXTENDED_SERVICE_TERMS,
    EXTENDED_TERMS_BEGUN_SINCE,
    TRIAL_MONTHS,
    WindowKind,
    in_force,
)
from shared.domain.periods import Period
from shared.domain.subscriptions.events import EventKind, Quantity
from shared.domain.subscriptions.kinds import Plan, ServiceKind, term_months
from shared.domain.subscriptions.seat_batches import SeatBatch
from shared.domain.subscriptions.subscription import Subscription
from shared.domain.subscriptions.subscription_state import RUNNING, Status, SubscriptionState

_TRIAL_BECOMES = "P1Y"
LATE_DAYS = 1
"""A renewal is processed the day after the term's end and may take a day."""

_TELL_HOW_A_TERM_ENDS = {EventKind.RENEWED, EventKind.CONVERTED, EventKind.EXPIRED}


def begun(
    subscription: Subscription,
    state: SubscriptionState,
    starts_on: date,
    at: datetime,
    conventions: Conventions,
    *,
    ends_on: date | None = None,
) -> SubscriptionState:
    """Return *state* at the start of a term on *starts_on*: its period, its price's day, and one batch of all seats.

    *at* is when it happened: windows count from it. *ends_on* is a chosen end (exclusive); one that is not after the
    start does not count.

    Raises:
        InvalidError: the term is not understood.
        PeriodError: the term would leave the calendar.
    """
    period = _period(state, starts_on, conventions)
    if ends_on is not None and ends_on > starts_on:
        period = Period(starts_on, ends_on)
    batch = batch_of(subscription, state, state.quantity, at, conventions)
    return replace(state, term_period=period, price_fixed_on=starts_on, batches=(batch,) if state.quantity > 0 else ())


def batch_of(
    subscription: Subscription, state: SubscriptionState, quantity: Quantity, at: datetime, conventions: Conventions
) -> SeatBatch:
    """Return a batch of seats that were added at that instant, with its window."""
    months = term_months(state.term) if state.term else 1
    kind = window_kind(
        subscription.kind, is_trial=state.is_trial, months=months, name=subscription.product_name or state.product
    )
    if state.is_extended:
        kind = WindowKind.EXTENDED_SERVICE_TERM
    if kind is None:
        return SeatBatch(quantity, at, None)
    window = window_in_force(kind, at.date(), conventions.early_cancel_window).value
    return SeatBatch(quantity, at, window_ends_at(window, at, conventions.cancel_window))


def rolled_to(
    subscription: Subscription,
    state: SubscriptionState,
    day: date,
    conventions: Conventions,
    *,
    awaits: EventKind | None = None,
) -> SubscriptionState:
    """Return *state* on *day*: terms that ended until then began again by themselves, or the subscription expired.

    *awaits* is the kind of the event that is about to be applied: one that tells how a term ends, on the day of the
    end or the day after, is waited for.

    Raises:
        PeriodError: a term would leave the calendar.
    """
    if awaits in _TELL_HOW_A_TERM_ENDS:
        day -= timedelta(days=min(1 + LATE_DAYS, (day - date.min).days))
    while state.term_period is not None and state.term_period.end <= day and state.is_running:
        state = _at_the_end(subscription, state, state.term_period.end, conventions)
    return state


def _at_the_end(
    subscription: Subscription, state: SubscriptionState, ended_on: date, conventions: Conventions
) -> SubscriptionState:
    at = datetime.combine(ended_on, time(), UTC)
    if state.is_extended or (state.auto_renews and state.status in RUNNING):
        if state.is_trial:
            state = replace(state, is_trial=False, status=Status.ACTIVE, term=paid_term(subscription, state))
        return begun(subscription, state, ended_on, at, conventions)
    return ended(subscription, state, ended_on, conventions)


def ended(
    subscription: Subscription, state: SubscriptionState, ended_on: date, conventions: Conventions
) -> SubscriptionState:
    """Return *state* after a term ended without renewal: expired, and running on by the month where the rules say so.

    Raises:
        PeriodError: a term would leave the calendar.
    """
    expired = replace(state, status=Status.EXPIRED)
    if not runs_on(subscription, state, ended_on, conventions):
        return expired
    extended = replace(expired, is_extended=True, term="P1M", plan=Plan.MONTHLY)
    return begun(subscription, extended, ended_on, datetime.combine(ended_on, time(), UTC), conventions)


def paid_term(subscription: Subscription, state: SubscriptionState) -> str:
    """Return the term that follows a trial: the one ordered, but of a licence never less than a year."""
    is_month = not state.term or term_months(state.term) == 1
    return _TRIAL_BECOMES if is_month and subscription.kind is not ServiceKind.MARKETPLACE else state.term


def runs_on(subscription: Subscription, state: SubscriptionState, ended_on: date, conventions: Conventions) -> bool:
    """Whether a term that ended without renewal is followed by the extended service term."""
    if subscription.kind is not ServiceKind.LICENCE or state.is_trial or state.term_period is None:
        return False
    if state.status is Status.SUSPENDED or state.term_period.start < EXTENDED_TERMS_BEGUN_SINCE:
        return False
    return in_force(EXTENDED_SERVICE_TERMS[conventions.extended_service_term], ended_on) is not None


def _period(state: SubscriptionState, starts_on: date, conventions: Conventions) -> Period | None:
    if state.is_trial:
        months = next(row.value for row in TRIAL_MONTHS if row.holds_on(starts_on))
        return term_period(starts_on, months, conventions.month_end)
    return term_period(starts_on, term_months(state.term), conventions.month_end) if state.term else None
