"""Transitions: what each kind of event does to the state of a subscription, and when it does nothing.

An event that makes no sense where it stands is refused with a reason; nothing raises for it. Seats of a new-commerce
licence go only while their batch's window is open; renewals may change the quantity freely.

Not here: events in their order (``states``), terms that end by themselves (``terms``), lines and issues (``expected``).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from shared.domain.expected.conventions import Conventions
from shared.domain.periods import Period
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.seat_batches import returnable, without
from shared.domain.subscriptions.subscription import Subscription
from shared.domain.subscriptions.subscription_state import Status, SubscriptionState
from shared.domain.subscriptions.terms import LATE_DAYS, batch_of, begun, ended, paid_term

_After = Callable[[Subscription, SubscriptionState, Event, Conventions], SubscriptionState]
_Refusal = Callable[[Subscription, SubscriptionState, Event], str]

_OF_PRICES = {EventKind.PRICE_CHANGED, EventKind.PROMOTION_BEGAN, EventKind.PROMOTION_ENDED}
"""These may come before the purchase: they tell what it will cost."""


def refusal(subscription: Subscription, state: SubscriptionState, event: Event) -> str:
    """Return why *event* cannot happen in *state*, in words for a person; "" if it can."""
    if event.quantity is not None and event.quantity < 0:
        return f"a quantity of {event.quantity} does not exist"
    if event.kind is EventKind.CREATED:
        return "" if state.status is Status.NOT_STARTED else "it exists already"
    if event.kind not in _OF_PRICES:
        if state.status is Status.NOT_STARTED:
            return "it does not exist yet"
        if not state.is_running and not _can_follow_the_end(subscription, state, event):
            return f"it is {state.status}"
    special = _REFUSALS.get(event.kind)
    return special(subscription, state, event) if special else ""


def after(
    subscription: Subscription, state: SubscriptionState, event: Event, conventions: Conventions
) -> SubscriptionState:
    """Return the state after *event*, which ``refusal`` let pass; kinds that only tell amounts leave it as it is."""
    effect = _AFTER.get(event.kind)
    return effect(subscription, state, event, conventions) if effect else state


def _can_follow_the_end(subscription: Subscription, state: SubscriptionState, event: Event) -> bool:
    """A credit may come late, a term be renewed late, and a legacy licence that was cancelled be reactivated."""
    if event.kind is EventKind.CREDITED:
        return True
    if state.status is Status.EXPIRED:
        return event.kind is EventKind.RENEWED
    return event.kind is EventKind.REACTIVATED and subscription.kind is ServiceKind.LEGACY_LICENCE


def _quantity_refused(subscription: Subscription, state: SubscriptionState, event: Event) -> str:
    if event.quantity is None:
        return "it names no quantity"
    if state.is_trial and event.quantity != state.quantity:
        return "the quantity of a trial cannot change"
    gone = state.quantity - event.quantity
    if subscription.kind is ServiceKind.LICENCE and gone > returnable(state.batches, event.at):
        return f"{gone} seats cannot be removed: the window of some of them is over"
    return ""


def _transfer_refused(_: Subscription, state: SubscriptionState, event: Event) -> str:
    if not event.quantity:
        return "it names no quantity"
    return f"{event.quantity} of {state.quantity} seats cannot go" if event.quantity > state.quantity else ""


def _upgrade_refused(_: Subscription, __: SubscriptionState, event: Event) -> str:
    return "" if event.product else "it names no product"


def _conversion_refused(_: Subscription, state: SubscriptionState, __: Event) -> str:
    return "" if state.is_trial else "it is no trial"


def _reactivation_refused(_: Subscription, state: SubscriptionState, __: Event) -> str:
    return "" if state.status in {Status.SUSPENDED, Status.CANCELLED} else "it is not suspended"


def _suspension_refused(_: Subscription, state: SubscriptionState, __: Event) -> str:
    return "it is suspended already" if state.status is Status.SUSPENDED else ""


def _plan_refused(_: Subscription, __: SubscriptionState, event: Event) -> str:
    return "" if event.plan or event.term or event.product or event.unit_price is not None else "it names no plan"


def _end_refused(_: Subscription, state: SubscriptionState, event: Event) -> str:
    if event.ends_on is None:
        return "it names no end"
    if state.term_period is None:
        return "it has no term"
    return "" if event.ends_on > max(state.term_period.start, event.on) else f"the end {event.ends_on} is over"


def _extension_refused(subscription: Subscription, state: SubscriptionState, event: Event) -> str:
    if not state.is_trial:
        return "it is no trial"
    return _end_refused(subscription, state, event)


def _expiry_refused(_: Subscription, state: SubscriptionState, __: Event) -> str:
    return f"it is {state.status} already" if state.status is Status.EXPIRED else ""


def _setting_refused(_: Subscription, __: SubscriptionState, event: Event) -> str:
    return "it names no setting" if event.is_on is None else ""


def _percent_refused(_: Subscription, __: SubscriptionState, event: Event) -> str:
    return "" if event.percent is not None and 0 <= event.percent <= 100 else "it names no percentage from 0 to 100"


_REFUSALS: Mapping[EventKind, _Refusal] = {
    EventKind.QUANTITY_CHANGED: _quantity_refused,
    EventKind.SEATS_UPGRADED: _transfer_refused,
    EventKind.SEATS_MOVED: _transfer_refused,
    EventKind.UPGRADED: _upgrade_refused,
    EventKind.CONVERTED: _conversion_refused,
    EventKind.REACTIVATED: _reactivation_refused,
    EventKind.SUSPENDED: _suspension_refused,
    EventKind.PLAN_CHANGED: _plan_refused,
    EventKind.END_DATE_CHANGED: _end_refused,
    EventKind.TERM_EXTENDED: _extension_refused,
    EventKind.AUTO_RENEW_CHANGED: _setting_refused,
    EventKind.PROMOTION_BEGAN: _percent_refused,
    EventKind.EXPIRED: _expiry_refused,
}


def _named(state: SubscriptionState, event: Event) -> SubscriptionState:
    """The state with whatever the event names in its place."""
    return replace(
        state,
        quantity=state.quantity if event.quantity is None else event.quantity,
        product=event.product or state.product,
        term=event.term or state.term,
        plan=event.plan or state.plan,
    )


def _created(
    subscription: Subscription, state: SubscriptionState, event: Event, conventions: Conventions
) -> SubscriptionState:
    started = replace(
        _named(state, event), created_on=event.on, status=Status.TRIAL if state.is_trial else Status.ACTIVE
    )
    ends_on = event.ends_on or subscription.ends_on
    return begun(subscription, started, event.on, event.at, conventions, ends_on=ends_on)


def _renewed(
    subscription: Subscription, state: SubscriptionState, event: Event, conventions: Conventions
) -> SubscriptionState:
    renewed = replace(_named(state, event), is_extended=False, is_trial=False)
    if state.status in {Status.EXPIRED, Status.TRIAL}:
        renewed = replace(renewed, status=Status.ACTIVE)
    starts_on = _renewal_start(state, event)
    return begun(subscription, renewed, starts_on, event.at, conventions, ends_on=event.ends_on)


def _renewal_start(state: SubscriptionState, event: Event) -> date:
    """The day of the renewal, or the end of the term that it follows, where it was processed a day late."""
    term = state.term_period
    if term is None:
        return event.on
    follows = (term.end, term.start) if term.start != state.created_on else (term.end,)
    return next((day for day in follows if 0 <= (event.on - day).days <= LATE_DAYS), event.on)


def _converted(
    subscription: Subscription, state: SubscriptionState, event: Event, conventions: Conventions
) -> SubscriptionState:
    paid = replace(state, is_trial=False, status=Status.ACTIVE, term=paid_term(subscription, state))
    return begun(subscription, _named(paid, event), event.on, event.at, conventions, ends_on=event.ends_on)


def _plan_changed(
    subscription: Subscription, state: SubscriptionState, event: Event, conventions: Conventions
) -> SubscriptionState:
    """A plan of the same term leaves the term's dates; another term, or a legacy plan, begins a term at once."""
    changed = _quantity_changed(subscription, state, event, conventions)
    if changed.term == state.term and subscription.kind is not ServiceKind.LEGACY_LICENCE:
        return changed
    return replace(begun(subscription, changed, event.on, event.at, conventions), batches=changed.batches)


def _quantity_changed(
    subscription: Subscription, state: SubscriptionState, event: Event, conventions: Conventions
) -> SubscriptionState:
    """Whatever the event names is so; seats that came are a batch, those that went were the youngest."""
    changed = _named(state, event)
    added = changed.quantity - state.quantity
    if added > 0:
        batches = (*state.batches, batch_of(subscription, state, added, event.at, conventions))
    else:
        batches = without(state.batches, -added)
    return replace(changed, batches=batches)


def _seats_gone(_: Subscription, state: SubscriptionState, event: Event, __: Conventions) -> SubscriptionState:
    """Seats that go to another subscription need no window; with the last of them this one ends."""
    gone = event.quantity or 0
    left = state.quantity - gone
    status = state.status if left else Status.CANCELLED
    return replace(state, quantity=left, status=status, batches=without(state.batches, gone))


def _upgraded(
    subscription: Subscription, state: SubscriptionState, event: Event, conventions: Conventions
) -> SubscriptionState:
    """Seats keep the windows they had: an upgrade opens none. The dates stay unless the event names another term."""
    changed = replace(_quantity_changed(subscription, state, event, conventions), price_fixed_on=event.on)
    if changed.term != state.term:
        return replace(begun(subscription, changed, event.on, event.at, conventions), batches=changed.batches)
    return changed


def _suspended(subscription: Subscription, state: SubscriptionState, _: Event, __: Conventions) -> SubscriptionState:
    """New commerce switches automatic renewal off, and leaves it off."""
    auto_renews = state.auto_renews and subscription.kind is not ServiceKind.LICENCE
    return replace(state, status=Status.SUSPENDED, auto_renews=auto_renews)


def _reactivated(
    subscription: Subscription, state: SubscriptionState, event: Event, conventions: Conventions
) -> SubscriptionState:
    back = replace(state, status=Status.TRIAL if state.is_trial else Status.ACTIVE)
    return _quantity_changed(subscription, back, event, conventions)


def _cancelled(_: Subscription, state: SubscriptionState, __: Event, ___: Conventions) -> SubscriptionState:
    return replace(state, status=Status.CANCELLED, is_extended=False)


def _expired(
    subscription: Subscription, state: SubscriptionState, event: Event, conventions: Conventions
) -> SubscriptionState:
    term = state.term_period
    return ended(subscription, state, min(term.end, event.on) if term else event.on, conventions)


def _end_moved(_: Subscription, state: SubscriptionState, event: Event, __: Conventions) -> SubscriptionState:
    term = state.term_period
    return replace(state, term_period=Period(term.start, event.ends_on) if term and event.ends_on else term)


def _setting_changed(_: Subscription, state: SubscriptionState, event: Event, __: Conventions) -> SubscriptionState:
    return replace(state, auto_renews=bool(event.is_on))


def _promotion_began(_: Subscription, state: SubscriptionState, event: Event, __: Conventions) -> SubscriptionState:
    return replace(state, promotion_percent=event.percent or Decimal(0))


def _promotion_ended(_: Subscription, state: SubscriptionState, __: Event, ___: Conventions) -> SubscriptionState:
    return replace(state, promotion_percent=Decimal(0))


_AFTER: Mapping[EventKind, _After] = {
    EventKind.CREATED: _created,
    EventKind.PROMOTION_BEGAN: _promotion_began,
    EventKind.PROMOTION_ENDED: _promotion_ended,
    EventKind.RENEWED: _renewed,
    EventKind.REACTIVATED: _reactivated,
    EventKind.CONVERTED: _converted,
    EventKind.PLAN_CHANGED: _plan_changed,
    EventKind.END_DATE_CHANGED: _end_moved,
    EventKind.TERM_EXTENDED: _end_moved,
    EventKind.AUTO_RENEW_CHANGED: _setting_changed,
    EventKind.QUANTITY_CHANGED: _quantity_changed,
    EventKind.UPGRADED: _upgraded,
    EventKind.SEATS_UPGRADED: _seats_gone,
    EventKind.SEATS_MOVED: _seats_gone,
    EventKind.SUSPENDED: _suspended,
    EventKind.CANCELLED: _cancelled,
    EventKind.EXPIRED: _expired,
}
