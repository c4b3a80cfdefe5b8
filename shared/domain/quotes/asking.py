"""Asking: the engine with and without the change, on the day of the change; the difference is the quote.

Invariants: nothing is changed; the lines are exactly those that the engine makes once the change has happened, with
the same sales; what the vendor refuses is said, with its dates and amounts, and makes no line.

Not here: the values (``values``), the monthly amounts (``recurring``), windows (``undoing``).
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import replace
from datetime import timedelta

from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.expected.lines import Expected, ExpectedLine
from shared.domain.expected_sales import SaleTerms, expected_sales
from shared.domain.issues import Issue
from shared.domain.prices.price_locks import PriceLockPolicy
from shared.domain.quotes.notes import notes
from shared.domain.quotes.proposals import Proposal, subscription_of
from shared.domain.quotes.recurring import recurring
from shared.domain.quotes.undoing import undo_event, undo_window
from shared.domain.quotes.values import Commitment, Possible, Quote, Undo, net_of
from shared.domain.subscriptions.events import EventKind, Quantity
from shared.domain.subscriptions.seat_batches import returnable
from shared.domain.subscriptions.states import state_at
from shared.domain.subscriptions.subscription_state import Status

_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)
_ENDED = frozenset({Status.CANCELLED, Status.EXPIRED})


def quote(history: History, proposal: Proposal, terms: SaleTerms) -> Quote:
    """Return what *proposal* will cost on its day, by the month, and until when it can be undone.

    Raises:
        InvalidError: the history has no such subscription (or has the order's already), or a term is not understood.
        PeriodError: a term would leave the calendar.
    """
    changed = proposal.applied(history)
    asked = _asked(history, changed, proposal, terms)
    ids = _affected(changed, proposal, asked)
    before = recurring(history, ids, proposal.on, terms)
    after = recurring(changed, ids, proposal.on, terms)
    commitment = _commitment(changed, ids, proposal, terms)
    issues = tuple(dict.fromkeys((*asked.issues, *after.issues)))
    asked = replace(asked, before=before.recurring, after=after.recurring, commitment=commitment, issues=issues)
    if asked.is_refused:
        asked = replace(asked, possible=_possible(history, proposal, terms))
    else:
        asked = replace(asked, undo=_undo(history, changed, asked, terms))
    return replace(asked, notes=notes(subscription_of(changed, proposal.subscription_id), asked))


def _asked(history: History, changed: History, proposal: Proposal, terms: SaleTerms) -> Quote:
    """Return the lines and the issues only."""
    as_is, as_asked = replace(history, through=proposal.on), replace(changed, through=proposal.on)
    without, with_it = expected_lines(as_is), expected_lines(as_asked)
    added = _beyond(with_it.lines, without.lines)
    sales = expected_sales(with_it.lines, as_asked, terms)
    made = tuple(sales[index] for index in added)
    gone = _beyond(without.lines, with_it.lines)
    former = expected_sales(without.lines, as_is, terms) if gone or terms.special else ()
    others = [sale for index, sale in enumerate(sales) if index not in set(added)] if former else []
    were = [sale for index, sale in enumerate(former) if index not in set(gone)]
    issues = (*_new_issues(without, with_it), *(issue for sale in made for issue in sale.issues))
    return Quote(
        proposal=proposal,
        sales=made,
        withdrawn=tuple(former[index] for index in gone),
        elsewhere=tuple(money for money in net_of(others, were) if not money.is_zero),
        before=(),
        after=(),
        commitment=None,
        undo=None,
        possible=None,
        notes=(),
        issues=issues,
    )


def _beyond(lines: Sequence[ExpectedLine], known: Sequence[ExpectedLine]) -> list[int]:
    """Return the places of *lines* that are not among *known*, each of which stands for one."""
    left = Counter(map(_content, known))
    found = []
    for index, line in enumerate(lines):
        content = _content(line)
        if left[content]:
            left[content] -= 1
        else:
            found.append(index)
    return found


def _content(line: ExpectedLine) -> Hashable:
    """Everything that a line says; its subscription by its id, because that has other events afterwards."""
    corrects = None if line.corrects is None else _content(line.corrects)
    own = [value for name, value in zip(line._fields, line, strict=True) if name not in {"subscription", "corrects"}]
    return line.subscription.id, corrects, *own


def _new_issues(without: Expected, with_it: Expected) -> list[Issue]:
    left = Counter(without.issues)
    left.subtract(with_it.issues)
    return [issue for issue in dict.fromkeys(with_it.issues) if left[issue] < 0]


def _affected(changed: History, proposal: Proposal, asked: Quote) -> list[str]:
    """Return the subscriptions whose charges may change: those that hang together, and those with a new line."""
    linked = changed.linked.get(proposal.subscription_id, ())
    ids = [proposal.subscription_id, *(each.id for each in linked)]
    return list(dict.fromkeys([*ids, *(sale.line.subscription.id for sale in asked.sales)]))


def _commitment(changed: History, ids: Sequence[str], proposal: Proposal, terms: SaleTerms) -> Commitment | None:
    subscription, on = subscription_of(changed, proposal.subscription_id), proposal.on
    state = state_at(subscription, proposal.at, changed.conventions)
    term = state.term_period
    if term is None:
        return None
    last = max(term.end - _DAY, on)
    ahead = replace(changed, through=last)
    now = Counter(_content(line) for line in expected_lines(replace(changed, through=on)).lines)
    lines = expected_lines(ahead).lines
    sales = expected_sales(lines, ahead, terms)
    later = [sale for sale in sales if sale.line.subscription.id in ids and not now[_content(sale.line)]]
    remaining = net_of(later)
    if state.status in _ENDED and not remaining:
        return None
    policy = terms.special.locks.policy(subscription.customer_id) if terms.special else PriceLockPolicy.AT_ONCE
    return Commitment(
        term=term,
        renews_on=state.renews_on,
        remaining=remaining,
        sale_locked_until=term.end if policy is PriceLockPolicy.FROM_NEXT_RENEWAL else None,
    )


def _possible(history: History, proposal: Proposal, terms: SaleTerms) -> Possible | None:
    """Return the smallest quantity that is possible where a smaller one was refused, and what that gives back."""
    event = proposal.event
    if event.kind is not EventKind.QUANTITY_CHANGED or event.quantity is None:
        return None
    state = state_at(subscription_of(history, proposal.subscription_id), proposal.at, history.conventions)
    seats = returnable(state.batches, proposal.at)
    if not 0 < seats < state.quantity - event.quantity:
        return None
    smaller = proposal.followed_by(replace(event, quantity=state.quantity - seats))
    total = _asked(history, smaller.applied(history), smaller, terms).total_now
    return Possible(quantity=state.quantity - seats, back=tuple(-money for money in total))


def _undo(history: History, changed: History, asked: Quote, terms: SaleTerms) -> Undo | None:
    """Return how it can be taken back, with what the engine gives back for that."""
    proposal = asked.proposal
    subscription = subscription_of(changed, proposal.subscription_id)
    held: Quantity = 0
    if proposal.order is None:
        former = subscription_of(history, proposal.subscription_id)
        held = state_at(former, proposal.at, history.conventions).quantity
    event = undo_event(proposal.event, held)
    window = undo_window(subscription, proposal, history.conventions)
    if event is None or window is None:
        return None
    until, full_until = window
    first = proposal.at + _SECOND
    last = first if until is None else until - _SECOND
    at_once, at_last = (
        _asked(changed, again.applied(changed), again, terms).total_now
        for again in (proposal.followed_by(replace(event, at=at)) for at in (first, last))
    )
    return Undo(
        by=event.kind.value,
        until=until,
        full_until=full_until,
        back_at_once=tuple(-money for money in at_once),
        back_at_last=() if until is None else tuple(-money for money in at_last),
    )
