"""Changes of plan: which of two plans is dearer, and what a change does to the running cycle.

The cycle stays (its rest is corrected), or a full new one begins, or what is left of the old plan buys days of the new
one, rounded up, after which a full new cycle begins. Where nothing is left to buy from (nothing was paid, or the new
plan is free), a full new cycle begins.

Sources: Samsung in-app purchase, "Subscription plan change examples" (days bought are rounded up); Lago, "Upgrades and
downgrades".

Not here: the credits and charges themselves (``advance``).
"""

from decimal import Decimal
from fractions import Fraction
from math import ceil

from shared.domain.expected.own_services.cycles import Cycle, Grid, day_of
from shared.domain.expected.own_services.rates import State, rate_of
from shared.domain.expected.own_services.shares import part_of
from shared.domain.expected.own_services.story import Change, Run, Story
from shared.domain.subscriptions.events import Event
from shared.domain.subscriptions.kinds import PLAN_MONTHS, Plan
from shared.domain.subscriptions.own_billing import FirstCycle, OwnBilling, PlanChange, Share, Span, Timing
from shared.domain.subscriptions.subscription import Subscription


def other_plan(state: State, event: Event, span: Span, since: int) -> State:
    """Return the state with another plan. A price told for the plan before does not hold for another one."""
    plan, every = event.plan or state.plan, state.every
    if event.plan is not None and event.plan is not Plan.ONE_TIME and span is Span.MONTHS:
        every = PLAN_MONTHS[event.plan]
    every = event.every or every
    product = event.product or state.product
    is_same = (product, plan, every) == (state.product, state.plan, state.every)
    told = state.told if is_same and event.unit_price is None else event.unit_price
    uplift = state.uplift if told is None else Decimal(1)
    return state._replace(product=product, plan=plan, every=every, told=told, uplift=uplift, since=since)


def same_plan(one: State, other: State) -> bool:
    """Return whether the two are the same plan at the same price."""
    return (one.product, one.plan, one.every, one.told) == (other.product, other.plan, other.every, other.told)


def is_dearer(subscription: Subscription, before: State, after: State, cycle: Cycle) -> bool:
    """Return whether the plan *after* costs more for the same time; a plan without a price is not cheaper."""
    old, new = _unit_cost(subscription, before, cycle), _unit_cost(subscription, after, cycle)
    return old is None or new is None or new / after.every >= old / before.every


def changed_cycles(subscription: Subscription, story: Story, change: Change, before: State) -> tuple[Run, ...]:
    """Return the runs that a change of plan in a running cycle begins; none where the cycle just goes on."""
    how = _how(subscription.billing, change)
    if subscription.billing.span is Span.TERM:
        return ()
    run = story.run_at(change.at)
    if how is PlanChange.KEEPS_CYCLE:
        if run is None or run.grid is None or run.grid.every == change.state.every:
            return ()
        return (Run(change.at, change.moment, change.event, run.grid._replace(every=change.state.every)),)
    fresh = _fresh(subscription.billing, change, change.at, story.per_day)
    if how is PlanChange.EXTENDS:
        bought = _bought(subscription, story, change, before)
        if bought is not None:
            return bought
    return (fresh,)


def _how(billing: OwnBilling, change: Change) -> PlanChange:
    if billing.plan_change is PlanChange.KEEPS_CYCLE and not change.event.keeps_cycle:
        return PlanChange.RESTARTS
    return billing.plan_change


def _fresh(billing: OwnBilling, change: Change, at: int, per_day: int) -> Run:
    day = day_of(at, per_day)
    grid = Grid(day, day.day, change.state.every, billing.span is Span.MONTHS, per_day, at % per_day)
    return Run(at, change.moment, change.event, grid)


def _bought(subscription: Subscription, story: Story, change: Change, before: State) -> tuple[Run, ...] | None:
    billing, at = subscription.billing, change.at
    left = _worth_left(subscription, story, before, at)
    fresh = _fresh(billing, change, at, story.per_day).cycle_at(at)
    cost = _unit_cost(subscription, change.state, fresh)
    if change.event.share_left is not None:
        left *= min(Fraction(change.event.share_left), Fraction(1))
    if not left > 0 or not cost or not change.state.billed_quantity:
        return None
    days = ceil(left / (cost * Fraction(change.state.billed_quantity)) * _length_days(billing, fresh))
    end = at + days * story.per_day
    cycle = Cycle(at, end, at, fresh.end, None, fresh.anchor_day, story.per_day)
    return (
        Run(at, change.moment, change.event, cycle=cycle, is_bought=True),
        _fresh(billing, change, end, story.per_day),
    )


def _worth_left(subscription: Subscription, story: Story, before: State, at: int) -> Fraction:
    """Return what was paid for the rest of the running cycle: nothing in arrears, or in a free first cycle."""
    billing, cycle = subscription.billing, story.cycle_at(at)
    if cycle is None or billing.timing is Timing.ARREARS or billing.share is Share.NONE:
        return Fraction(0)
    is_first = cycle.start <= story.runs[0].start
    if is_first and billing.first_cycle in {FirstCycle.FREE, FirstCycle.BILLING_DAY_ONLY}:
        return Fraction(0)
    cost = _unit_cost(subscription, before, cycle) or Fraction(0)
    return cost * Fraction(before.billed_quantity) * part_of(billing, cycle, at, cycle.end).exact


def _unit_cost(subscription: Subscription, state: State, cycle: Cycle) -> Fraction | None:
    on = day_of(max(cycle.start, state.since), cycle.per_day)
    rate = rate_of(subscription, state, cycle, on)
    return None if rate is None else rate.exact


def _length_days(billing: OwnBilling, cycle: Cycle) -> Fraction:
    months = cycle.months
    if months is not None and billing.share is Share.FIXED_DAYS:
        return Fraction(billing.days_in_month) * months
    if months is not None and billing.share is Share.THIRTY_360:
        return Fraction(Decimal(30)) * months
    return Fraction(cycle.end - cycle.start, cycle.per_day)
