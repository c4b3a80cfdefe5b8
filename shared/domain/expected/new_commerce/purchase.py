"""The first line: a purchase, a trial, or an add-on that ends with its base.

A first term may end with something else: on a chosen day, with the base of an add-on, or on an aligned day of the
month. It is then cut short; later terms run their full length.

Not here: subscriptions that begin with seats of another one (``moves``).
"""

from datetime import date

from shared.domain.expected.co_termination import end_refusal
from shared.domain.expected.conventions import LineFamily
from shared.domain.expected.new_commerce import rules
from shared.domain.expected.new_commerce.charging import Entry, charge
from shared.domain.expected.new_commerce.cycles import (
    Term,
    aligned_term,
    chosen_term,
    co_terminous_end,
    cycle_from,
    cycle_months_of,
    months_of,
    natural_term,
)
from shared.domain.expected.new_commerce.pricing import FREE, lock_price
from shared.domain.expected.new_commerce.state import Walk
from shared.domain.expected.vendor_tables import TRIAL_MONTHS, TRIAL_SEATS
from shared.domain.subscriptions.events import Event


def created(walk: Walk, event: Event) -> None:
    """Begin the subscription."""
    if walk.is_inherited:
        return
    if walk.is_begun:
        walk.ignore(event, "the subscription exists already", "Give it another id, or drop the event.")
        return
    subscription, on = walk.subscription, event.on
    quantity = TRIAL_SEATS if event.quantity is None and subscription.is_trial else event.quantity
    if quantity is None or quantity <= 0:
        walk.ignore(event, "no seats are bought", "Give the number of seats.")
        return
    walk.quantity = quantity
    walk.product = event.product or walk.product
    walk.term_name = event.term or walk.term_name
    walk.plan = event.plan or walk.plan
    walk.is_trial = subscription.is_trial
    if walk.is_trial:
        months = next(row.value for row in TRIAL_MONTHS if row.holds_on(on))
        natural = natural_term(on, months, months, walk.conventions.month_end)
        walk.lock(FREE)
    else:
        months = months_of(walk.term_name, walk.plan)
        natural = natural_term(on, months, cycle_months_of(months, walk.plan), walk.conventions.month_end)
        lock_price(walk, event, on)
    begin_term(walk, _first_term(walk, event, natural), event)
    rule = rules.PURCHASED_SHORT if walk.cycle.is_short else rules.PURCHASED
    if walk.is_trial:
        rule = rules.TRIAL_STARTED
    charge(walk, on, Entry(rule, rules.NEW, event, LineFamily.CYCLES, (0, quantity)))


def begin_term(walk: Walk, term: Term, event: Event) -> None:
    """Begin *term* with the seats there are: one batch, and windows that count from the event."""
    walk.is_begun = True
    walk.term = term
    walk.cycle = cycle_from(term.start, term, walk.conventions.month_end, walk.conventions.first_short_cycle)
    walk.since = event.at
    walk.batches = [(walk.quantity, event.at)]
    walk.term_lines = len(walk.lines)


def _first_term(walk: Walk, event: Event, natural: Term) -> Term:
    subscription = walk.subscription
    ends_on = event.ends_on or subscription.ends_on
    if ends_on is not None:
        return chosen_end(walk, event, natural, ends_on)
    if walk.is_trial:
        return natural
    base = walk.group.get(subscription.parent_id) if subscription.parent_id else None
    if base is not None and base is not walk and base.is_running and not base.is_trial:
        ends_on = co_terminous_end(natural, base.term)
        return natural if ends_on is None else chosen_term(natural, ends_on)
    return natural if subscription.aligned_to is None else aligned_term(natural, subscription.aligned_to)


def chosen_end(walk: Walk, event: Event, natural: Term, ends_on: date) -> Term:
    """Return the term with that end, or the natural one with an issue where the end does not lie within it."""
    if natural.start < ends_on <= natural.end:
        _note_disallowed(walk, event, natural, ends_on)
        return chosen_term(natural, ends_on)
    why = f"the chosen end {ends_on} does not lie within the term, {natural.start} to {natural.end} (exclusive)"
    walk.note_refused(event, f"{why}; the term runs its full length", "Choose a day within the term.")
    return natural


def _note_disallowed(walk: Walk, event: Event, natural: Term, ends_on: date) -> None:
    """Say so where Microsoft does not offer that end; it is billed as it was told."""
    refusal = end_refusal(natural.months, ends_on) if ends_on != natural.end else ""
    if refusal:
        walk.note_unusual(event, f"{refusal}; it is billed as it was told.", "Check the end against the invoice.")
