"""Tiers of a recurring service: the price of a unit depends on how many there are.

Tiers are for the units where the service has no other price; else they are for its consumption (``metered``).

Graduated: each tier is billed like a service of its own, with the units that fall into it, so that every line has one
price. Volume: all units have the price of the tier that the last one reaches, and a change may change that of them all.
A price that an event told goes before the tiers: it is for all units.

Invariants: the units of all tiers add up to those of the service, but for units before the first tier, which are free;
amounts granted are taken from the first tier.

Not here: tiers of consumption (``metered``), how the units are billed (``recurring``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from shared.domain.expected.own_services.rates import State
from shared.domain.expected.own_services.story import Change, Story
from shared.domain.money import exact_sum
from shared.domain.subscriptions.events import Quantity
from shared.domain.subscriptions.own_billing import Tiering
from shared.domain.subscriptions.subscription import DatedPrice, Subscription, Tier


def has_unit_tiers(subscription: Subscription) -> bool:
    """Return whether the tiers are prices of the units of a recurring service."""
    return bool(subscription.tiers) and not subscription.prices


def by_tiers(subscription: Subscription, story: Story) -> Iterator[tuple[Subscription, Story]]:
    """Yield what is billed by itself: the service at the prices that its units reach, or each tier with its units."""
    tiers = sorted(subscription.tiers, key=lambda tier: tier.first)
    if subscription.billing.tiering is Tiering.VOLUME:
        yield (
            subscription,
            replace(story, changes=_mapped(story.changes, [_reached(tiers, each) for each in story.changes])),
        )
        return
    for index, tier in enumerate(tiers):
        last = tiers[index + 1].first if index + 1 < len(tiers) else None
        states = [_inside(each.state, tier.first, last, is_first=index == 0) for each in story.changes]
        price = DatedPrice(amount=tier.unit_price, origin=f"the tier from unit {tier.first} on")
        part = replace(story, changes=_mapped(story.changes, states), grants=[] if index else story.grants)
        yield replace(subscription, prices=(price,)), part


def _reached(tiers: Sequence[Tier], change: Change) -> State:
    """Return the state at the price of the tier that its last unit reaches."""
    state = change.state
    if state.told is not None:
        return state
    reached = [tier.unit_price for tier in tiers if tier.first <= state.quantity]
    return state._replace(told=reached[-1] if reached else Decimal(0))


def _inside(state: State, first: Quantity, following: Quantity | None, *, is_first: bool) -> State:
    """Return the state with the units from number *first* on that come before number *following*."""
    if state.told is not None:
        return state if is_first else state._replace(quantity=0)
    units = _from(state.quantity, first)
    return state._replace(quantity=units if following is None else _less(units, _from(state.quantity, following)))


def _from(quantity: Quantity, first: Quantity) -> Quantity:
    """Return how many units have the number *first* or a later one."""
    return max(_less(quantity, _less(first, 1)), 0)


def _less(one: Quantity, other: Quantity) -> Quantity:
    if isinstance(one, int) and isinstance(other, int):
        return one - other
    less = exact_sum((Decimal(one), Decimal(other).copy_negate()))
    return less if less % 1 else int(less)


def _mapped(changes: Sequence[Change], states: Sequence[State]) -> list[Change]:
    """Return the changes with other states; one that changes nothing any more is left out."""
    made: list[Change] = []
    for change, state in zip(changes, states, strict=True):
        if not made or made[-1].state != state:
            made.append(change._replace(state=state))
    return made
