"""One day of a legacy subscription: what its events lead to, and the one consequence that the day has.

Not here: what each event means (``happenings``), the lines of the consequence.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from shared.domain.expected.legacy import rules
from shared.domain.expected.legacy.advance import buy
from shared.domain.expected.legacy.changes import change_quantity
from shared.domain.expected.legacy.charges import invoice_from
from shared.domain.expected.legacy.conversion import convert
from shared.domain.expected.legacy.ending import expire, resume, stop
from shared.domain.expected.legacy.running import Running
from shared.domain.expected.lines import ExpectedLine, UnitPrice
from shared.domain.subscriptions.events import Event, EventKind, Quantity
from shared.domain.subscriptions.kinds import Plan
from shared.domain.subscriptions.subscription_state import Status

TERM_EVENTS = frozenset({EventKind.PLAN_CHANGED, EventKind.UPGRADED})
"""Events that restart the term."""
_ACTIVE, _SUSPENDED = Status.ACTIVE, Status.SUSPENDED


@dataclass(slots=True)
class Day:
    """What is so at the end of a day as far as its events have been read, and the event behind each difference."""

    on: date
    status: Status
    quantity: Quantity
    product: str
    term_name: str
    plan: Plan
    bought: Event | None = None
    changed: Event | None = None
    converted: Event | None = None
    status_event: Event | None = None
    credits: list[Event] = field(default_factory=list)


def open_day(run: Running, on: date) -> Day:
    """Return the day before anything has happened on it."""
    return Day(on, run.status, run.quantity, run.product, run.term_name, run.plan)


def close_day(run: Running, day: Day) -> None:
    """Make what the day led to."""
    before = run.status
    if day.bought is not None:
        _take_over(run, day)
        run.quantity = day.quantity
        buy(run, day.bought, day.on)
        before = _ACTIVE
    if before is _ACTIVE and day.status is _ACTIVE:
        _go_on(run, day)
    elif before is _ACTIVE and day.status_event is not None:
        _end(run, day, day.status_event)
    elif before is _SUSPENDED:
        _stay_or_return(run, day)
    for event in day.credits:
        _credit(run, event)


def _go_on(run: Running, day: Day) -> None:
    if day.changed is not None and day.changed is not day.converted:
        change_quantity(run, day.changed, day.on, day.quantity)
    if day.converted is not None and _is_other(run, day):
        _take_over(run, day)
        convert(run, day.converted, day.quantity)


def _end(run: Running, day: Day, event: Event) -> None:
    if event.kind is EventKind.EXPIRED:
        expire(run, event)
    else:
        stop(run, event, is_migration=bool(event.target))
        run.quantity = day.quantity


def _stay_or_return(run: Running, day: Day) -> None:
    before, run.quantity = run.quantity, day.quantity
    if day.converted is not None and _is_other(run, day):
        _take_over(run, day)
        convert(run, day.converted, day.quantity)
    if day.status is _ACTIVE and day.status_event is not None:
        resume(run, day.status_event, before)
    else:
        run.status = day.status


def _is_other(run: Running, day: Day) -> bool:
    return (day.product, day.term_name, day.plan) != (run.product, run.term_name, run.plan)


def _take_over(run: Running, day: Day) -> None:
    run.product, run.term_name, run.plan = day.product, day.term_name, day.plan


def _credit(run: Running, event: Event) -> None:
    amount = event.amount or Decimal(0)
    price = UnitPrice(amount, amount)
    mode = run.arithmetic.listed
    given = mode.amount(amount, 1, 1, 1, currency=run.subscription.currency)
    run.lines.append(
        ExpectedLine(
            rules.GIVEN_BACK,
            rules.OFFSET,
            run.subscription,
            event,
            None,
            None,
            None,
            1,
            1,
            1,
            -1,
            price,
            -given,
            run.subscription.currency,
            mode,
            invoice_from(run, event.on),
            counted="times",
        )
    )
