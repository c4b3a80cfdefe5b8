"""Events that change no seats: suspension, automatic renewal, credits, longer trials, chosen ends.

A suspended subscription is billed as before and does not renew by itself; that has to be switched on again.

Not here: anything that refunds or charges seats.
"""

from shared.domain.expected.conventions import LineFamily
from shared.domain.expected.lines import ExpectedLine, UnitPrice
from shared.domain.expected.new_commerce import rules
from shared.domain.expected.new_commerce.charging import Entry, charge, invoice_of
from shared.domain.expected.new_commerce.cycles import Cycle
from shared.domain.expected.new_commerce.state import Walk
from shared.domain.money import exact_sum
from shared.domain.periods import Period
from shared.domain.subscriptions.events import Event


def suspended(walk: Walk, event: Event) -> None:
    """Go on billing, but do not renew."""
    if walk.is_suspended:
        walk.ignore(event, "it is suspended already", "Drop the event.")
        return
    walk.is_suspended, walk.auto_renews = True, False
    walk.drop_scheduled(event)


def reactivated(walk: Walk, event: Event) -> None:
    """Lift the suspension; automatic renewal stays off."""
    if not walk.is_suspended:
        walk.ignore(event, "it is not suspended", "Drop the event.")
        return
    walk.is_suspended = False


def auto_renew_changed(walk: Walk, event: Event) -> None:
    """Take over the setting."""
    if event.is_on is None:
        walk.ignore(event, "it does not say whether renewal is on", "Say so.")
        return
    walk.auto_renews = event.is_on
    if event.is_on:
        walk.is_given_up = False
    else:
        walk.drop_scheduled(event)


def end_date_changed(walk: Walk, event: Event) -> None:
    """Keep the chosen end for the next term: a running term's end cannot change."""
    if event.ends_on is None:
        walk.ignore(event, "no end is given", "Give the first day after the new term.")
        return
    walk.next_end = event


def term_extended(walk: Walk, event: Event) -> None:
    """Let a trial run longer."""
    if not walk.is_trial or event.ends_on is None or event.ends_on <= walk.term.end:
        walk.ignore(event, "only a trial can run longer, and only to a later day", "Give a later end of a trial.")
        return
    start, whole = walk.term.end, Period(walk.term.start, event.ends_on)
    walk.term = walk.term._replace(end=whole.end, anchor=whole.end)
    walk.cycle = Cycle(whole.start, whole.end, whole, whole.days, whole.days, 1, whole.days)
    charge(walk, start, Entry(rules.TRIAL_EXTENDED, rules.EXTEND_TERM, event), on=event.on)


def credited(walk: Walk, event: Event) -> None:
    """Give an amount back; never more than was charged."""
    amount = event.amount
    left = exact_sum(line.amount for line in walk.lines)
    if amount is None or amount <= 0 or amount > left:
        walk.ignore(event, f"{amount} cannot be given back of {left} charged", "Give an amount that was charged.")
        return
    mode = walk.mode(LineFamily.SEATS)
    currency = walk.currency
    walk.lines.append(
        ExpectedLine(
            rules.CREDITED, rules.CUSTOMER_CREDIT, walk.subscription, event, None, None, None, 1, 1, 1, -1,
            UnitPrice(amount, amount, origin=event.note), mode.amount(amount, -1, 1, 1, currency=currency), currency,
            mode, invoice_of(event.at.year, event.at.month), counted="times",
        )
    )  # fmt: skip
