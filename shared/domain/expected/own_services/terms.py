"""Terms: the first cycles of a service, and those of a renewed term.

A service whose whole term is one cycle needs an end, or a term that tells its length. A renewal to another end costs by
its days what the term before cost by its own; a renewal of the term's own length, or with a price of its own, costs the
whole price.

Sources: IBM Emptoris, "Cotermination calculations".

Not here: when a renewal counts (``telling``), uplifts (``rates``).
"""

from datetime import date

from shared.domain.expected.own_services import complaints
from shared.domain.expected.own_services.cycles import Cycle, Grid, day_of, grid_from
from shared.domain.expected.own_services.story import Run, Story
from shared.domain.periods import add_months
from shared.domain.subscriptions.events import Event
from shared.domain.subscriptions.kinds import term_months
from shared.domain.subscriptions.own_billing import Span
from shared.domain.subscriptions.subscription import Subscription


def run_from(subscription: Subscription, story: Story, start: int, every: int, event: Event) -> Run | None:
    """Return the cycles from tick *start* on; None (and an issue) where a term has no end.

    Raises:
        InvalidError: the term is not understood.
        PeriodError: a cycle would leave the calendar.
    """
    billing, per_day, ends_at = subscription.billing, story.per_day, story.ends_at
    if billing.span is not Span.TERM:
        return Run(start, start, event, grid_from(billing, start, subscription.aligned_to, every))
    first = day_of(start, per_day)
    if ends_at is not None and ends_at > start:
        return Run(start, start, event, cycle=Cycle(start, ends_at, start, ends_at, None, first.day, per_day))
    if subscription.term:
        months = term_months(subscription.term)
        grid = Grid(first, first.day, months, is_months=True, per_day=per_day, past_midnight_s=start % per_day)
        return Run(start, start, event, grid)
    cure = "Give the subscription a term (P1Y) or a day on which it ends."
    story.issues.append(complaints.not_billed(subscription, "its term has no end", cure))
    return None


def renewed_until(subscription: Subscription, story: Story, begins: int, ends_on: date | None) -> int | None:
    """Return the end of a term renewed at tick *begins*; None where the service then runs on without one.

    Raises:
        InvalidError: the term is not understood.
        PeriodError: the end would leave the calendar.
    """
    per_day = story.per_day
    if ends_on is not None and ends_on.toordinal() * per_day > begins:
        return ends_on.toordinal() * per_day
    if story.ends_at is None or not subscription.term:
        return None
    until = add_months(day_of(begins, per_day), term_months(subscription.term))
    return until.toordinal() * per_day + begins % per_day


def renewed_run(subscription: Subscription, story: Story, begins: int, every: int, event: Event) -> Run | None:
    """Return the cycle of a renewed term; None where the running cycles go on.

    Raises:
        InvalidError: the term is not understood.
        PeriodError: a cycle would leave the calendar.
    """
    before, ends_at = story.run_at(begins - 1), story.ends_at
    if subscription.billing.span is not Span.TERM or before is None:
        return None
    if ends_at is None and before.grid is not None:
        return None
    if ends_at is None or event.ends_on is None or event.unit_price is not None:
        return run_from(subscription, story, begins, every, event)
    old = before.cycle_at(begins - 1)
    day, length = day_of(begins, story.per_day).day, old.base_end - old.base_start
    return Run(begins, begins, event, cycle=Cycle(begins, ends_at, begins, begins + length, None, day, story.per_day))
