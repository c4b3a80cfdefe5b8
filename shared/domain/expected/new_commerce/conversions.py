"""Another product, a paid subscription after a trial, or a longer term: the old is given up, the new charged, at once.

An upgrade of all seats keeps the subscription, its cycle and its windows; a longer term and the end of a trial begin a
new term on that day, with a full cycle. A shorter term waits for the end of the running one.

Not here: seats that go to another subscription (``moves``).
"""

from decimal import Decimal

from shared.domain.expected.conventions import LineFamily
from shared.domain.expected.new_commerce import rules
from shared.domain.expected.new_commerce.charging import Entry, charge, refund
from shared.domain.expected.new_commerce.cycles import cycle_from, cycle_months_of, months_of, natural_term
from shared.domain.expected.new_commerce.pricing import lock_price
from shared.domain.expected.new_commerce.purchase import begin_term
from shared.domain.expected.new_commerce.renewals import add_seats, extended_entry, is_plan_only
from shared.domain.expected.new_commerce.state import Walk
from shared.domain.expected.rules import Rule
from shared.domain.subscriptions.events import Event, Quantity
from shared.domain.subscriptions.kinds import term_months

_CONVERSION = LineFamily.CONVERSION
_TRIAL_BECOMES = "P1Y"
_NO_PROMOTION = Decimal(0)


def converted(walk: Walk, event: Event) -> None:
    """Turn a trial into a paid subscription."""
    if not walk.is_trial:
        walk.ignore(event, "the subscription is no trial", "Record an upgrade or a change of plan instead.")
        return
    quantity = walk.quantity if event.quantity is None else event.quantity
    if quantity <= 0:
        walk.ignore(event, "a conversion needs seats", "Give the number of seats, or cancel the trial.")
        return
    _give_up(walk, event, rules.TRIAL_CONVERTED)
    before, walk.quantity, walk.is_trial = walk.quantity, quantity, False
    walk.product = event.product or walk.product
    name = event.term or walk.term_name
    walk.term_name = name if event.term or (name and term_months(name) > 1) else _TRIAL_BECOMES
    walk.plan = event.plan or walk.plan
    _begin(walk, event, rules.CONVERSION_CHARGED, before)


def upgraded(walk: Walk, event: Event) -> None:
    """Take all seats to another product; the subscription stays the same."""
    if walk.is_trial:
        converted(walk, event)
        return
    quantity = walk.quantity if event.quantity is None else event.quantity
    if not event.product or quantity < walk.quantity or not quantity:
        walk.ignore(
            event,
            "an upgrade of all seats needs a product and no fewer seats",
            "Record an upgrade of some seats instead.",
        )
        return
    _give_up(walk, event, rules.UPGRADE_REFUNDED)
    before = walk.quantity
    if quantity > before:
        walk.batches.append((quantity - before, event.at))
    walk.quantity, walk.product = quantity, event.product
    walk.drop_scheduled(event)
    walk.pending = None
    if event.term and months_of(event.term, walk.plan) > walk.term.months:
        _longer(walk, event, rules.UPGRADE_CHARGED, before)
        return
    entry = Entry(rules.UPGRADE_CHARGED, rules.CONVERT, event, _CONVERSION, (before, quantity))
    if walk.is_extended and event.unit_price is None:
        entry = extended_entry(walk, event.on, entry)
    else:
        lock_price(walk, event, event.on, percent=_NO_PROMOTION if event.percent is None else None)
    charge(walk, event.on, entry)


def plan_changed(walk: Walk, event: Event) -> None:
    """Move to a longer term now, or note the plan or the shorter term for the end of the cycle or the term."""
    if walk.is_trial or walk.is_extended:
        walk.ignore(event, "there is no commitment whose plan could change", "Convert or renew the subscription first.")
        return
    months = months_of(event.term, walk.plan) if event.term else walk.term.months
    if months > walk.term.months:
        before = walk.quantity
        _give_up(walk, event, rules.TERM_REFUNDED)
        walk.drop_scheduled(event)
        walk.pending = None
        add_seats(walk, event)
        _longer(walk, event, rules.TERM_CHARGED, before)
    elif months < walk.term.months or is_plan_only(walk, event):
        walk.pending, walk.is_for_renewal = event, months < walk.term.months
    else:
        walk.ignore(event, "it names no other plan and no other term", "Name the new plan, or drop the event.")


def _give_up(walk: Walk, event: Event, rule: Rule) -> None:
    refund(walk, event.on, walk.quantity, Entry(rule, rules.CONVERT, event, _CONVERSION, (walk.quantity, 0)))


def _begin(walk: Walk, event: Event, rule: Rule, before: Quantity) -> None:
    """Begin the paid term of what was a trial."""
    months = months_of(walk.term_name, walk.plan)
    term = natural_term(event.on, months, cycle_months_of(months, walk.plan), walk.conventions.month_end)
    begin_term(walk, term, event)
    lock_price(walk, event, event.on, percent=_NO_PROMOTION)
    change = (before, walk.quantity)
    charge(walk, event.on, Entry(rule, rules.CONVERT, event, _CONVERSION, change))


def _longer(walk: Walk, event: Event, rule: Rule, before: Quantity) -> None:
    """Begin the longer term; seats keep the windows they had."""
    walk.term_name, walk.plan, walk.is_extended = event.term, event.plan or walk.plan, False
    months = months_of(walk.term_name, walk.plan)
    walk.term = natural_term(event.on, months, cycle_months_of(months, walk.plan), walk.conventions.month_end)
    walk.cycle = cycle_from(event.on, walk.term, walk.conventions.month_end, walk.conventions.first_short_cycle)
    lock_price(walk, event, event.on)
    change = (before, walk.quantity)
    charge(walk, event.on, Entry(rule, rules.CONVERT, event, _CONVERSION, change))
