"""Advance fees: the purchase, every further cycle, and the renewal of the term.

A cycle is charged on its first day at the quantity of the day before: a change on that very day reverses the fee. The
list price of the day a term begins is locked for the term. A suspended subscription keeps its cycles without a charge.

Sources: Microsoft Partner Center documentation, "Common billing scenarios" (monthly, annual) and "FAQ about new billing
features"; AppXite, "Prorated charges for license-based subscriptions" (a change on the first day of a cycle).

Not here: changes inside a cycle (``changes``), the free first period (``free_period``).
"""

from datetime import date

from shared.domain.expected.conventions import LegacyAdvanceAfterChange, LegacyFirstCharge
from shared.domain.expected.legacy import free_period, rules
from shared.domain.expected.legacy.changes import settle_changes
from shared.domain.expected.legacy.charges import charge, invoice_from
from shared.domain.expected.legacy.ending import full_refund_until
from shared.domain.expected.legacy.part_prices import PartPrices, prices_on
from shared.domain.expected.legacy.running import Cause, Kind, Running, Span
from shared.domain.expected.legacy.terms import LegacyTerm, entry_on, months_of
from shared.domain.issues import IssueCode
from shared.domain.periods import Period
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.subscription_state import Status

_ACTIVE, _RENEWED = Status.ACTIVE, EventKind.RENEWED
_RENEWAL = Kind(rules.RENEWED, rules.RENEWAL)
_CHARGE_TYPES = {LegacyFirstCharge.PURCHASE: rules.PURCHASE, LegacyFirstCharge.CYCLE_FEE: rules.CYCLE_FEE}
_FIRST = {
    (is_stub, named): Kind(rules.ADD_ON_STUB if is_stub else rules.PURCHASED, charge_type, (named.value,))
    for named, charge_type in _CHARGE_TYPES.items()
    for is_stub in (False, True)
}
"""What the first charge is: cut short to end with its parent's cycle or not, under each name for it."""

_OPEN = frozenset({Status.ACTIVE, Status.SUSPENDED})
_made = tuple.__new__


def buy(run: Running, event: Event, day: date) -> None:
    """Charge a new subscription from *day*, that of *event*, to the end of its first cycle."""
    run.status = _ACTIVE
    months, cycle_months = months_of(run.term_name, run.plan)
    lock_prices(run, day)
    is_renewed = event.kind is _RENEWED
    if not is_renewed:
        run.bought_at = event.at
        if free_period.begins(run, event, months, cycle_months):
            return
    anchor = day if is_renewed or run.anchor is None else run.anchor
    run.term, cycle, run.next_number, run.next_on = entry_on(day, anchor, months, cycle_months)
    kind = _RENEWAL if is_renewed else _first_kind(run, day, cycle)
    _charge_cycle(run, cycle, day, kind, (event, day, None, run.quantity))


def advance_to(run: Running, day: date, *, is_charged: bool = True, renewal: Event | None = None) -> None:
    """Charge every cycle that begins up to *day* (on it only if *is_charged*), and settle the changes before it.

    *renewal* is the event that renews the term on that day, with what it changes.
    """
    while run.status in _OPEN:
        starts_on = run.next_on
        if run.changes and run.changes_due_on <= day:
            settle_changes(run, run.changes_due_on)
        elif starts_on > day or (starts_on == day and not is_charged):
            return
        else:
            _begin_cycle(run, starts_on, renewal if renewal is not None and renewal.on == starts_on else None)


def lock_prices(run: Running, day: date, otherwise: PartPrices = ()) -> None:
    """Lock the price of that day, else *otherwise*; note it where there is none at all."""
    found = prices_on(run.priced, day, run.product, run.term_name, run.plan, run.arithmetic)
    run.prices = found or otherwise
    if not run.prices:
        run.note(
            IssueCode.PRICE_MISSING,
            f"No list price for {run.product or 'the product'} on {day}, {run.plan}.",
            "Give a dated price for the term and plan.",
        )


def begin_term(run: Running, term: LegacyTerm, cause: Event, kind: Kind) -> None:
    """Charge the first cycle of a term that starts on the day of *cause*; the cycle only passes while suspended."""
    run.aim(term, 1)
    cycle = term.cycle(0)
    if cycle is not None and run.status is _ACTIVE:
        _charge_cycle(run, cycle, cycle.start, kind, (cause, cause.on, run.quantity, run.quantity))


def _begin_cycle(run: Running, day: date, renewal: Event | None) -> None:
    free_period.end(run, day)
    kind = _cycle_kind(run, day)
    if run.term.cycle(run.next_number) is None:
        if renewal is None and not run.auto_renews:
            run.status = Status.EXPIRED
            return
        _renew(run, day, renewal)
        kind = _RENEWAL
    cycle = run.term.cycle(run.next_number) or Period(day, run.term.end)
    run.aim(run.term, run.next_number + 1)
    _forget_what_ended(run, day)
    if run.status is _ACTIVE:
        _charge_cycle(run, cycle, day, kind, (renewal, day, run.quantity, run.quantity))


def _renew(run: Running, day: date, renewal: Event | None) -> None:
    if renewal is not None:
        run.plan = renewal.plan or run.plan
        run.term_name = renewal.term or run.term_name
        run.product = renewal.product or run.product
        run.quantity = run.quantity if renewal.quantity is None else renewal.quantity
    months, cycle_months = months_of(run.term_name, run.plan)
    run.aim(LegacyTerm(run.term.anchor, run.term.offset + run.term.months, months, cycle_months), 0)
    lock_prices(run, day, run.prices)


def _charge_cycle(run: Running, cycle: Period, day: date, kind: Kind, cause: Cause) -> None:
    prices = run.prices_now()
    if run.free_cycle_from == day:
        run.standing.append(free_period.charge_extended(run, cycle, prices, cause))
        return
    span = _made(Span, (max(day, cycle.start), min(cycle.end, run.term.end), cycle, run.quantity, prices, 0, ()))
    charge(run, span, kind, cause, invoice_from(run, day))


def _first_kind(run: Running, day: date, cycle: Period) -> Kind:
    kind = _FIRST[day > cycle.start, run.conventions.legacy_first_charge]
    rests_on = free_period.variants(run, day)
    return Kind(kind.rule, kind.charge_type, kind.variants + rests_on) if rests_on else kind


def _cycle_kind(run: Running, day: date) -> Kind:
    if run.changed_until == day:
        convention = run.conventions.legacy_advance_after_change
        is_prorate = convention is LegacyAdvanceAfterChange.INSTANCE_PRORATE
        return Kind(rules.ADVANCE, rules.INSTANCE_PRORATE if is_prorate else rules.CYCLE_FEE, (convention.value,))
    is_early = run.term.is_charged_early and run.next_number > 0
    return Kind(rules.ADVANCE_EARLY if is_early else rules.ADVANCE, rules.CYCLE_FEE)


def _forget_what_ended(run: Running, day: date) -> None:
    until = full_refund_until(run)
    if until is None or day >= until.date():
        run.standing = [span for span in run.standing if span.end > day]
