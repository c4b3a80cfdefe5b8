"""Cancellation: in full, prorated, or too late.

Shortly after purchase or renewal everything is refunded; then, inside the window, the days from the cancellation on
(by convention the unused blocks of 24 hours). After the window nothing is refunded: the term is billed to its end and
does not renew. A trial is cancelled at no cost, the extended service term at any time by days. Add-ons are cancelled
with their base subscription, each in its own window.

Not here: giving back single seats (``seats``).
"""

from datetime import date, timedelta

from shared.domain.expected.conventions import CancelWindow, LineFamily, SoftwareRefund
from shared.domain.expected.new_commerce import rules
from shared.domain.expected.new_commerce.charging import Entry, refund_all_from
from shared.domain.expected.new_commerce.state import Walk
from shared.domain.expected.new_commerce.windows import ends_at, is_full, is_open, window_of
from shared.domain.subscriptions.events import Event
from shared.domain.subscriptions.kinds import ServiceKind

_FAMILY = LineFamily.CANCELLATION
_BLOCK = timedelta(hours=24)


def cancelled(walk: Walk, event: Event) -> None:
    """End the subscription now if its window is open, else let the term run out."""
    if walk.is_trial:
        refund_all_from(walk, event.on, Entry(rules.TRIAL_CANCELLED, rules.CANCEL_IMMEDIATE, event, _FAMILY), event.on)
    elif is_open(walk, walk.since, event.at):
        _refund(walk, event)
    else:
        _too_late(walk, event)
        return
    walk.quantity = 0
    walk.is_ended = True
    for add_on in walk.group.values():
        if add_on.subscription.parent_id == walk.subscription.id and add_on is not walk and add_on.is_running:
            cancelled(add_on, event)


def _refund(walk: Walk, event: Event) -> None:
    _, variants = window_of(walk, walk.since)
    is_software = walk.subscription.kind is ServiceKind.SOFTWARE_SUBSCRIPTION
    if is_software:
        variants = (*variants, walk.conventions.software_refund.value)
    if is_full(walk, walk.since, event.at) or (is_software and walk.conventions.software_refund is SoftwareRefund.FULL):
        rule, first_day = rules.CANCELLED_IN_FULL, min(walk.term.start, walk.since.date())
    else:
        rule, first_day = rules.CANCELLED_PRORATED, _first_day(walk, event)
    entry = Entry(rule, rules.CANCEL_IMMEDIATE, event, _FAMILY, variants=variants)
    refund_all_from(walk, first_day, entry, event.on)


def _first_day(walk: Walk, event: Event) -> date:
    """The first day that is given back: that of the cancellation, or the first of the first unused block."""
    if walk.is_extended or walk.conventions.cancel_window is CancelWindow.CALENDAR_DAYS:
        return event.on
    return walk.since.date() + timedelta(days=(event.at - walk.since) // _BLOCK)


def _too_late(walk: Walk, event: Event) -> None:
    walk.auto_renews, walk.is_given_up = False, True
    until = ends_at(walk, walk.since)
    said = f"the window was open until {until:%Y-%m-%d %H:%M}; nothing is refunded, the term is billed to its end"
    cure = f"It ends on {walk.term.end} without renewal. Seats added lately can be given back in their own window."
    walk.note_refused(event, said, cure)
