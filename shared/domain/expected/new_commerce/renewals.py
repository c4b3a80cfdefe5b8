"""The end of a cycle and of a term: the next cycle, another billing plan, renewal, the extended service term, the end.

A renewal takes the price list of its day, may carry a scheduled change (quantity, product, term, plan, end date) and
is anchored on its own start. A term that neither renews nor was cancelled runs on by the month once the extended
service term exists.

Not here: changes inside a cycle (``seats``, ``conversions``), the walk itself (``terms``).
"""

from datetime import date

from shared.domain.expected.conventions import LineFamily
from shared.domain.expected.lines import UnitPrice
from shared.domain.expected.new_commerce import rules
from shared.domain.expected.new_commerce.charging import Entry, charge
from shared.domain.expected.new_commerce.cycles import (
    cycle_from,
    cycle_months_of,
    cycle_of_other_plan,
    months_of,
    natural_term,
)
from shared.domain.expected.new_commerce.pricing import list_price, lock_price
from shared.domain.expected.new_commerce.purchase import chosen_end
from shared.domain.expected.new_commerce.state import Walk, midnight
from shared.domain.expected.vendor_tables import (
    EXTENDED_SERVICE_TERMS,
    EXTENDED_TERMS_BEGUN_SINCE,
    ExtendedTermFactors,
    Row,
    in_force,
)
from shared.domain.money import exact_product, minor_digits, quotient_half_up
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.kinds import Plan, ServiceKind, term_months

_TRIAL_BECOMES = "P1Y"
_MONTH = "P1M"
_YEAR = 12
_NEXT = Entry(rules.CYCLE, rules.CYCLE_CHARGE, None, LineFamily.CYCLES)


def next_cycle(walk: Walk) -> None:
    """Go on from the end of the running cycle."""
    on = walk.cycle.end
    if on == walk.term.end:
        _next_term(walk, on)
        return
    changed = _plan_change(walk, on)
    if changed is not None:
        _next_cycle_of_other_plan(walk, changed, on)
        return
    walk.cycle = cycle_from(on, walk.term, walk.conventions.month_end, walk.conventions.first_short_cycle)
    charge(walk, on, _NEXT)


def is_plan_only(walk: Walk, changed: Event) -> bool:
    """Whether the event changes how often the running term is paid, and nothing else."""
    is_same_term = not changed.term or months_of(changed.term, walk.plan) == walk.term.months
    return is_same_term and changed.plan is not None and changed.plan is not walk.plan


def add_seats(walk: Walk, changed: Event) -> None:
    """Take over the higher quantity of another plan or a longer term; neither gives seats back."""
    quantity = walk.quantity if changed.quantity is None else changed.quantity
    if quantity < walk.quantity:
        why = f"seats are not given back with it, and their number stays {walk.quantity}."
        walk.note_unusual(changed, why, "Give them back in their window, or at the renewal.")
    elif quantity > walk.quantity:
        walk.batches.append((quantity - walk.quantity, changed.at))
        walk.quantity = quantity


def _plan_change(walk: Walk, on: date) -> Event | None:
    """The change of plan that begins with this cycle: one of the day, else one that waited for the cycle's end."""
    for event in walk.scheduled.get(on, ()):
        if event.kind is EventKind.PLAN_CHANGED and is_plan_only(walk, event):
            walk.consumed.add(event)
            return event
    return walk.pending if walk.pending is not None and is_plan_only(walk, walk.pending) else None


def _next_cycle_of_other_plan(walk: Walk, changed: Event, on: date) -> None:
    walk.pending = None
    walk.plan = changed.plan or walk.plan
    walk.term = walk.term._replace(cycle_months=cycle_months_of(walk.term.months, walk.plan))
    walk.cycle = cycle_of_other_plan(on, walk.term, walk.conventions)
    if walk.term.months <= _YEAR or walk.term.cycle_months == walk.term.months:
        why = "inside a term, Microsoft changes the billing plan of three years only, and never to one payment"
        walk.note_unusual(changed, f"{why}; it is billed as it was told.", "Check it against the invoice.")
    add_seats(walk, changed)
    lock_price(walk, changed, on, listed_on=walk.term.start, percent=walk.percent)
    charge(walk, on, Entry(rules.PLAN_CHANGED, rules.CHANGE_BILLING_PLAN, changed, LineFamily.PLAN_CHANGE))


def _next_term(walk: Walk, on: date) -> None:
    renewed = _found(walk, on, EventKind.RENEWED)
    if renewed is None and walk.is_trial:  # a trial that became paid with its end
        renewed = _found(walk, on, EventKind.CONVERTED)
    expired = _found(walk, on, EventKind.EXPIRED)
    changed = _found(walk, on, EventKind.PLAN_CHANGED) or walk.pending
    chosen = _found(walk, on, EventKind.END_DATE_CHANGED)
    if _base_has_ended(walk, on):
        walk.is_ended = True
        return
    if chosen is not None:
        walk.next_end = chosen
    if renewed is not None or (walk.auto_renews and expired is None):
        _renew(walk, on, renewed, changed)
        return
    row = None if expired is not None or walk.is_given_up else _extended(walk, on)
    if row is None:
        walk.is_ended = True
    else:
        _extend(walk, on, row)


def _base_has_ended(walk: Walk, on: date) -> bool:
    """Whether the base subscription of an add-on runs no more on that day."""
    base = _base_of(walk)
    if base is None:
        return False
    while base.is_running and base.cycle.end <= on:
        next_cycle(base)
    return base.is_ended


def _base_of(walk: Walk) -> Walk | None:
    """The base subscription of an add-on; None where a subscription is its own base, directly or not."""
    base = above = walk.group.get(walk.subscription.parent_id)
    seen = {walk.subscription.id}
    while above is not None:
        if above.subscription.id in seen:
            return None
        seen.add(above.subscription.id)
        above = above.group.get(above.subscription.parent_id)
    return base


def _found(walk: Walk, on: date, kind: EventKind) -> Event | None:
    """The event of that kind that says how the term ends; it is then done with."""
    for event in walk.scheduled.get(on, ()):
        if event.kind is kind and event not in walk.consumed:
            walk.consumed.add(event)
            return event
    return None


def _renew(walk: Walk, on: date, renewed: Event | None, changed: Event | None) -> None:
    before, walk.pending = walk.quantity, None
    if walk.is_trial:
        name = walk.term_name
        walk.term_name = name if name and term_months(name) > 1 else _TRIAL_BECOMES
        walk.is_trial = False
    elif walk.is_extended:
        walk.term_name, walk.plan = walk.before_extension
        walk.is_extended = False
    for event in (changed, renewed):
        if event is not None:
            walk.product = event.product or walk.product
            walk.term_name = event.term or walk.term_name
            walk.plan = event.plan or walk.plan
            _renew_seats(walk, event)
    months = months_of(walk.term_name, walk.plan)
    walk.term = natural_term(on, months, cycle_months_of(months, walk.plan), walk.conventions.month_end)
    cause = renewed or changed
    _choose_end(walk, renewed)
    _begin(walk, on, renewed)
    lock_price(walk, cause, on)
    change = (None, None) if walk.quantity == before else (before, walk.quantity)
    charge(walk, on, Entry(rules.RENEWED, rules.RENEW, cause, LineFamily.CYCLES, change))


def _renew_seats(walk: Walk, event: Event) -> None:
    if event.quantity is not None and event.quantity > 0:
        walk.quantity = event.quantity
    elif event.quantity is not None:
        walk.ignore(event, "a renewal needs seats; the quantity stays", "Let the term end instead.")


def _choose_end(walk: Walk, renewed: Event | None) -> None:
    chosen, walk.next_end = walk.next_end, None
    if renewed is not None and renewed.ends_on is not None:
        chosen = renewed
    if chosen is not None and chosen.ends_on is not None:
        walk.term = chosen_end(walk, chosen, walk.term, chosen.ends_on)


def _begin(walk: Walk, on: date, renewed: Event | None) -> None:
    walk.cycle = cycle_from(on, walk.term, walk.conventions.month_end, walk.conventions.first_short_cycle)
    walk.since = renewed.at if renewed is not None else midnight(on)
    walk.batches = [(walk.quantity, walk.since)]
    walk.term_lines = len(walk.lines)


def _extended(walk: Walk, on: date) -> Row[ExtendedTermFactors] | None:
    """The factors of the extended service term, if this subscription goes on in it."""
    if walk.is_trial or walk.is_suspended or walk.subscription.kind is not ServiceKind.LICENCE:
        return None
    if walk.term.start < EXTENDED_TERMS_BEGUN_SINCE:
        return None
    return in_force(EXTENDED_SERVICE_TERMS[walk.conventions.extended_service_term], on)


def _extend(walk: Walk, on: date, row: Row[ExtendedTermFactors]) -> None:
    if not walk.is_extended:
        walk.before_extension = (walk.term_name, walk.plan)
    inputs = _lock_extended(walk, on, row.value)
    walk.is_extended, walk.term_name, walk.plan = True, _MONTH, Plan.MONTHLY
    walk.pending = None
    walk.term = natural_term(on, 1, 1, walk.conventions.month_end)
    _begin(walk, on, None)
    variants = (walk.conventions.extended_service_term.value,)
    charge(
        walk, on, Entry(rules.EXTENDED_SERVICE, rules.RENEW, None, LineFamily.CYCLES, variants=variants, inputs=inputs)
    )


def extended_entry(walk: Walk, on: date, entry: Entry) -> Entry:
    """Lock what the product costs in the extended service term on that day, and return *entry* with what says so."""
    row = in_force(EXTENDED_SERVICE_TERMS[walk.conventions.extended_service_term], walk.term.start)
    inputs = () if row is None else _lock_extended(walk, on, row.value)
    return entry._replace(variants=(walk.conventions.extended_service_term.value,), inputs=inputs)


def _lock_extended(walk: Walk, on: date, factors: ExtendedTermFactors) -> tuple[tuple[str, str], ...]:
    price, inputs = _extended_price(walk, on, factors)
    walk.lock(price)
    if price is None:
        walk.misses_price(on)
    return inputs


def _extended_price(
    walk: Walk, on: date, factors: ExtendedTermFactors
) -> tuple[UnitPrice | None, tuple[tuple[str, str], ...]]:
    """The monthly term's price with its surcharge; without one, a month of the year's price with a higher surcharge."""
    term, plan = walk.before_extension
    rows = [row for row in walk.subscription.prices if row.product in {"", walk.product}]
    is_monthly = months_of(term, plan) == 1
    if is_monthly or any(row.term == _MONTH for row in rows):
        base, over = list_price(walk, on, term if is_monthly else _MONTH, Plan.MONTHLY), 1
        times, name = factors.over_monthly_term, "price of the monthly term"
    else:
        plan = Plan.ANNUAL if any(row.plan is Plan.ANNUAL or row.per == "year" for row in rows) else plan
        base, over = list_price(walk, on, term, plan), cycle_months_of(months_of(term, plan), plan)
        times, name = factors.over_annual, f"price of {over} months"
    if base is None:
        return None, ()
    amount = quotient_half_up(exact_product(base.amount, times), over, minor_digits(walk.subscription.currency))
    origin = f"{base.origin}; extended service term: {base.amount} x {times} / {over}, half up"
    return UnitPrice(amount, amount, origin=origin), ((name, str(base.amount)), ("factor", str(times)))
