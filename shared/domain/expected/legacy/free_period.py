"""The free first period: what was bought before 21 February 2018 cost nothing until the partner's billing day.

Such a subscription's cycles begin on that billing day, and its term is twelve months longer than the free days. Who was
inside the free period on 21 February 2018 got one more month free for the quantity held before it; seats added in that
month were charged. Microsoft's scenario pages show purchases of January 2018 without a free period, so this is a named
choice (``LegacyAlignment``), and off by default.

Sources: Microsoft Partner Center documentation, "FAQ about new billing features" (2019) and "Get invoice line items".

Not here: the purchase itself (``advance``), changes in the month that was added (``changes``).
"""

from datetime import date, timedelta

from shared.domain.expected.conventions import LegacyAlignment
from shared.domain.expected.legacy import rules
from shared.domain.expected.legacy.charges import charge, invoice_from
from shared.domain.expected.legacy.part_prices import PartPrices, free
from shared.domain.expected.legacy.running import Cause, Kind, Running, Span
from shared.domain.expected.legacy.terms import LegacyTerm
from shared.domain.expected.legacy_dates import FREE_DAYS_ENDED_ON, first_year
from shared.domain.periods import Period
from shared.domain.subscriptions.events import Event
from shared.domain.subscriptions.kinds import Plan

_FROM_PURCHASE = LegacyAlignment.PURCHASE


def begins(run: Running, event: Event, months: int, cycle_months: int) -> bool:
    """Begin a free period if the purchase has one; say whether it has."""
    billing_day = run.subscription.partner_billing_day
    if not variants(run, event.on) or run.conventions.legacy_alignment is _FROM_PURCHASE or billing_day is None:
        return False
    year = first_year(event.on, billing_day)
    if year.free is None:
        return False
    run.aim(LegacyTerm(year.paid.start, 0, months, cycle_months), 0)
    run.has_free_period = True
    run.free_cycle_from = year.extended_free.start if year.extended_free else None
    run.free_since = [(event, event.on, 0, run.quantity)]
    return True


def variants(run: Running, day: date) -> tuple[str, ...]:
    """Return the choice that a purchase of that day rests on, if it rests on one."""
    if day >= FREE_DAYS_ENDED_ON or run.plan is not Plan.MONTHLY or run.anchor is not None:
        return ()
    return _variant(run)


def begins_again(run: Running, change: Cause) -> bool:
    """Go on with the free period after a suspension; say whether it still runs."""
    if run.has_free_period and run.next_number == 0:
        run.free_since = [change]
        return True
    return False


def end(run: Running, day: date) -> None:
    """Add a line without price for each quantity of the free period, which ends before *day*."""
    changes, run.free_since = run.free_since, []
    if not changes:
        return
    starts = [on for _, on, _, _ in changes]
    cycle = Period(starts[0], max(day, starts[0] + timedelta(days=1)))
    for change, until in zip(changes, [*starts[1:], day], strict=True):
        _, on, _, quantity = change
        span = Span(on, until, cycle, quantity, free(run.prices, run.arithmetic))
        _charge_nothing(run, span, Kind(rules.FREE_PERIOD, rules.FREE, _variant(run)), change)


def charge_extended(run: Running, cycle: Period, prices: PartPrices, cause: Cause) -> Span:
    """Add the line without price of the month that was added; what stands is free for the quantity held."""
    span = Span(cycle.start, cycle.end, cycle, run.quantity, free(prices, run.arithmetic))
    _charge_nothing(run, span, Kind(rules.EXTENDED_FREE_PERIOD, rules.FREE, _variant(run)), cause)
    return span._replace(prices=prices, free=run.quantity)


def _charge_nothing(run: Running, span: Span, kind: Kind, cause: Cause) -> None:
    charge(run, span, kind, cause, invoice_from(run, cause[1]))
    run.standing.pop()


def _variant(run: Running) -> tuple[str, ...]:
    return (run.conventions.legacy_alignment.value,)
