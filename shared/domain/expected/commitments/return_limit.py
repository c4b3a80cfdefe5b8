"""Return limit: what a customer may return of his reservations within a rolling year, over all of them.

Returns are taken in the order in which they happened. One that would cross the limit is refused: nothing is given
back, the reservation runs on, and an issue says so. Exchanges do not count. The limit is an amount of one currency;
reservations priced in another are not measured against it.

Source: Microsoft Azure documentation, "Self-service exchanges and refunds for reservations".

Not here: what a return gives back (``reservations``).
"""

from datetime import date
from fractions import Fraction

from shared.domain.errors import PeriodError
from shared.domain.expected.commitments.reservations import ReservationLife, Return
from shared.domain.expected.history import History
from shared.domain.expected.lines import Expected
from shared.domain.expected.vendor_tables import RESERVATION_RETURN_LIMITS, ReturnLimit
from shared.domain.issues import Issue, IssueCode, Severity
from shared.domain.periods import add_months
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.subscription import Subscription

_RETURNS = frozenset({EventKind.CANCELLED, EventKind.QUANTITY_CHANGED})


def expected_reservation(subscription: Subscription, history: History) -> Expected:
    """Return the charges of a reservation, and what is given back of it."""
    refused = _refused(subscription, history)
    own = frozenset(event for owner, event in refused if owner == subscription.id)
    made = ReservationLife(subscription, history, own).expected()
    issues = tuple(_limit_exceeded(subscription, event) for event in subscription.events if event in own)
    return Expected(made.lines, (*made.issues, *issues))


def _refused(subscription: Subscription, history: History) -> set[tuple[str, Event]]:
    """Return the returns that cross the limit, one by one: a refused one changes what the next is worth."""
    lives = [each for each in history.subscriptions if _is_counted(each, subscription)]
    refused: set[tuple[str, Event]] = set()
    while (found := _first_over(lives, history, refused)) is not None:
        refused.add(found)
    return refused


def _is_counted(each: Subscription, subscription: Subscription) -> bool:
    is_one = each.kind is ServiceKind.RESERVATION and each.customer_id == subscription.customer_id
    return is_one and any(event.kind in _RETURNS for event in each.events)


def _first_over(
    subscriptions: list[Subscription], history: History, refused: set[tuple[str, Event]]
) -> tuple[str, Event] | None:
    returns: list[tuple[Subscription, Return]] = []
    for each in subscriptions:
        life = ReservationLife(each, history, frozenset(event for owner, event in refused if owner == each.id))
        life.expected()
        returns.extend((each, made) for made in life.returns if (each.id, made.event) not in refused)
    returns.sort(key=lambda pair: (pair[1].event.at, pair[0].id))
    for place, (owner, made) in enumerate(returns):
        limit = _limit(owner, made.event.on)
        if limit is not None and _sum_until(returns[: place + 1], made.event.on, limit) > limit.amount:
            return owner.id, made.event
    return None


def _limit(subscription: Subscription, on: date) -> ReturnLimit | None:
    rows = [row.value for row in RESERVATION_RETURN_LIMITS if row.holds_on(on)]
    return next((limit for limit in rows if limit.currency == subscription.currency), None)


def _sum_until(returns: list[tuple[Subscription, Return]], on: date, limit: ReturnLimit) -> Fraction:
    try:
        since = add_months(on, -limit.months)
    except PeriodError:  # the window begins before the calendar does
        since = date.min
    counted = [made for owner, made in returns if owner.currency == limit.currency and made.event.on > since]
    return sum((made.worth for made in counted), Fraction(0))


def _limit_exceeded(subscription: Subscription, event: Event) -> Issue:
    limit = _limit(subscription, event.on)
    allowed = f"{limit.amount} {limit.currency} within {limit.months} months" if limit else "the limit"
    return Issue(
        code=IssueCode.RETURN_LIMIT_EXCEEDED,
        severity=Severity.WARNING,
        message=f"The return of {event.on} is left out: with it, more than {allowed} would have been returned.",
        cure="The reservation runs on. Return it when earlier returns are a year old, or exchange it.",
        customer_id=subscription.customer_id,
        subject=subscription.id,
    )
