"""Undoing: which event takes a proposal back, and in which window.

An order is taken back by its cancellation, added seats by the quantity that was there before. Everything else has no
window of its own: what is given up is bought anew.

Not here: what comes back (``asking`` has the engine work it out), the windows' lengths (``vendor_tables``).
"""

from dataclasses import replace
from datetime import datetime

from shared.domain.expected.cancellation_windows import full_refund_ends_at, window_in_force, window_kind
from shared.domain.expected.conventions import Conventions
from shared.domain.quotes.proposals import Proposal
from shared.domain.subscriptions.events import Event, EventKind, Quantity
from shared.domain.subscriptions.kinds import term_months
from shared.domain.subscriptions.states import state_at
from shared.domain.subscriptions.subscription import Subscription

UndoWindow = tuple[datetime | None, datetime | None]
"""Until when it can be taken back (None: at any time), and until when in full (None: never)."""


def undo_event(event: Event, held: Quantity) -> Event | None:
    """Return what takes *event* back; *held* is the quantity before it. None where nothing does."""
    if event.kind is EventKind.CREATED:
        return Event(kind=EventKind.CANCELLED, at=event.at)
    if event.kind is EventKind.QUANTITY_CHANGED and event.quantity is not None and event.quantity > held:
        return replace(event, quantity=held)
    return None


def undo_window(subscription: Subscription, proposal: Proposal, conventions: Conventions) -> UndoWindow | None:
    """Return the window of what was added by the proposal, which *subscription* has among its events."""
    state = state_at(subscription, proposal.at, conventions)
    if not state.batches or state.batches[-1].added_at != proposal.at:
        return None
    until = state.batches[-1].until
    if proposal.order is None:
        return until, None
    name, months = subscription.product_name or state.product, term_months(state.term) if state.term else 1
    kind = window_kind(subscription.kind, is_trial=state.is_trial, months=months, name=name)
    if kind is None:
        return until, None
    window = window_in_force(kind, proposal.on, conventions.early_cancel_window).value
    full_until = full_refund_ends_at(window, proposal.at, conventions.cancel_window)
    return until, full_until if full_until > proposal.at else None
