"""Recurring services: which cycles a service has, and what was known of each of them at which moment.

Each cycle is billed by itself, in advance or in arrears. Both see the cycle through ``Known``: its pieces as they were
known at a moment. What is known at the moment of the charge: every change that counts by then, and every end but a
cancellation of that very day, which is a credit of its own.

Not here: the charges and corrections (``advance``, ``arrears``), what events mean (``telling``).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.domain.expected.own_services import complaints
from shared.domain.expected.own_services.cycles import Cycle, day_of
from shared.domain.expected.own_services.rates import Rate, State, rate_of
from shared.domain.expected.own_services.story import Change, End, Move, Run, Story
from shared.domain.expected.own_services.timeline import Piece, shaped
from shared.domain.subscriptions.events import Event
from shared.domain.subscriptions.own_billing import (
    AddedDays,
    Correction,
    CorrectionDue,
    Denominator,
    FirstCycle,
    MovedCycle,
    OwnBilling,
    Share,
    Timing,
)
from shared.domain.subscriptions.subscription import Subscription

_made_of = tuple.__new__
"""Makes a piece of a tuple that has all its fields: twice as fast as naming them."""
_BY_PIECE = frozenset({Correction.PAIR, Correction.NET})
_WHOLE = frozenset({Share.NONE, Share.WHOLE_MONTHS, Share.NEXT_PERIOD})


@dataclass(slots=True)
class Window:
    """One cycle as far as one run of cycles reaches: charged from tick *start*; *following* begins the next run.

    *charged* is the tick on which it is charged in advance: its start, or that of a cycle before it. *priced* is the
    cycle that prices are for, where *cycle* is only as long as a first one is charged for.
    """

    cycle: Cycle
    priced: Cycle
    start: int
    run: Run
    following: Run | None
    is_first: bool
    charged: int


class Known:
    """What is known of the cycles of one service, at which moment."""

    def __init__(self, subscription: Subscription, story: Story) -> None:
        self.subscription = subscription
        self.story = story
        self._ticks = [change.at for change in story.changes]
        self._missing: set[tuple[str, str]] = set()
        self._rated: tuple[State, Cycle, int] | None = None
        self._rate: Rate | None = None

    def windows(self, last: int, ahead: int = 0) -> Iterator[Window]:
        """Yield the cycles that are charged by tick *last*, *ahead* cycles before their own, in order."""
        runs = self.story.runs
        for index, run in enumerate(runs):
            following = runs[index + 1] if index + 1 < len(runs) else None
            yield from self._of_run(run, following, last, ahead, is_first=index == 0)

    def is_free(self, window: Window) -> bool:
        """Return whether the cycle is the first one and costs nothing."""
        first = self.subscription.billing.first_cycle
        begins_inside = window.start > window.cycle.start
        is_free = first is FirstCycle.FREE or (first is FirstCycle.BILLING_DAY_ONLY and begins_inside)
        return window.is_first and is_free

    def moments(self, window: Window) -> list[int]:
        """Return the moments after the charge at which something was learned about the cycle, in order."""
        start, end, charged = window.start, self._last_tick(window), window.charged
        found = {max(change.moment, charged) for change in self.changes_between(start, end)}
        if charged < start:
            found |= {change.moment for change in self._so_by(start) if change.moment > charged}
        found |= {known.moment for known in self.story.ends if self._is_later(known, window) and known.moment < end}
        found |= {grant.moment for grant in self.story.grants if start <= grant.moment < end}
        found |= {move.moment for move in self.moves(window)}
        following = window.following
        if following is not None and following.start < end and max(following.start, following.moment) > charged:
            found.add(max(following.moment, charged))
        return sorted(found)

    def moves(self, window: Window) -> list[Move]:
        """Return the moves of the end of this cycle."""
        end = self._last_tick(window)
        return [move for move in self.story.moves if window.start <= move.moment < end]

    def cycle_at(self, window: Window, moment: int) -> Cycle:
        """Return the cycle as it was known at *moment*: its end may have been moved."""
        cycle = window.cycle
        for move in self.moves(window):
            if move.moment <= moment:
                cycle = self._moved(cycle, move, window)
        return cycle

    def last_cycle(self, window: Window) -> Cycle:
        """Return the cycle with all its moves."""
        return self.cycle_at(window, self._last_tick(window))

    def at_charge(self, window: Window) -> list[Piece]:
        """Return the pieces as they are known when the cycle is charged in advance."""
        ends = [end for end in self.story.ends if not self._is_later(end, window)]
        changes = self._so_at(window.start, window.charged)
        return self._pieces(window, window.cycle, changes, ends[-1].at if ends else None)

    def at(self, window: Window, moment: int) -> list[Piece]:
        """Return the pieces as they are known at *moment*, after the charge."""
        cycle = self.cycle_at(window, moment)
        ends = [end for end in self.story.ends if end.moment <= moment and self._counts(end, window)]
        end = ends[-1].at if ends else None
        cut = self.cut_at(window, moment)
        if cut is not None:
            end = cut if end is None else min(end, cut)
        known = [change for change in self.changes_between(window.start, cycle.end) if change.moment <= moment]
        return self._pieces(window, cycle, [*self._so_at(window.start, moment), *known], end)

    def changes_between(self, start: int, end: int) -> Sequence[Change]:
        """Return the changes that count from a tick between *start* and *end*, both left out."""
        return self.story.changes[bisect_right(self._ticks, start) : bisect_left(self._ticks, end)]

    def changes_alone(self, window: Window) -> Sequence[Change]:
        """Return the changes inside the cycle where nothing else was learned about it, each by itself; else none.

        Then each change is the only difference between what was known before it and after it, from its tick to the end
        of the cycle: versions need not be compared.
        """
        billing, story, start, end = self.subscription.billing, self.story, window.start, window.cycle.end
        if billing.correction not in _BY_PIECE or billing.share in _WHOLE or story.grants or story.moves:
            return ()
        if window.charged < start or billing.correction_due is not CorrectionDue.AT_ONCE:
            return ()
        if window.following is not None and window.following.moment < end:
            return ()
        if any(start < known.moment < end or (known.at is not None and known.at < end) for known in story.ends):
            return ()
        changes, before = self.changes_between(start, end), start
        for change in changes:
            if change.moment <= before:
                return ()
            before = change.moment
        return changes

    def piece(self, window: Window, change: Change, end: int) -> Piece | None:
        """Return what a change makes of the cycle up to tick *end*; None where nothing is billed then."""
        at, _, event, state = change
        start, quantity = window.start, state.billed_quantity
        if quantity <= 0:
            return None
        rate = self.rate(state, window.priced, start)
        if rate is None:
            return None
        fields = (at, end, quantity, rate, event) if at > start else (start, end, quantity, rate, None)
        return _made_of(Piece, fields)

    def cut_at(self, window: Window, moment: int) -> int | None:
        """Return where the next run of cycles begins, if that was known at *moment*."""
        following = window.following
        return following.start if following is not None and following.moment <= moment else None

    def event_at(self, window: Window, moment: int, *, is_end: bool) -> Event | None:
        """Return the event of *moment* that changed the cycle: the one that ended it where *is_end*, if there is."""
        first = bisect_right(self._ticks, window.start) if window.charged == window.start else 0
        changes = [change.event for change in self.story.changes[first:] if change.moment == moment]
        ends = [end.event for end in self.story.ends if end.moment == moment]
        ends += [move.event for move in self.story.moves if move.moment == moment]
        if window.following is not None and window.following.moment == moment:
            ends.append(window.following.event)
        found = [*ends, *changes] if is_end else [*changes, *ends]
        return next((event for event in found if event is not None), None)

    def end_at(self, window: Window) -> int:
        """Return the tick on which the service in this cycle ended, or the cycle."""
        end = self.last_cycle(window).end
        ends = [known for known in self.story.ends if known.moment <= end and self._counts(known, window)]
        if ends and ends[-1].at is not None:
            end = min(end, ends[-1].at)
        end = end if window.following is None else min(end, window.following.start)
        return max(end, window.start)

    def rate(self, state: State, cycle: Cycle, start: int) -> Rate | None:
        """Return the rate of *state* in *cycle*; a missing one is said once."""
        if self._is_rated(state, cycle, start):
            return self._rate
        on = day_of(max(start, min(state.since, cycle.end - 1)), cycle.per_day)
        self._rated = state, cycle, start
        self._rate = rate = rate_of(self.subscription, state, cycle, on)
        if rate is None and (key := (state.product, state.plan)) not in self._missing:
            self._missing.add(key)
            what = (
                f"{state.product or self.subscription.product_name or f'subscription {self.subscription.id}'} on {on}"
            )
            self.story.issues.append(complaints.price_missing(self.subscription, what))
        return rate

    def _is_rated(self, state: State, cycle: Cycle, start: int) -> bool:
        """Whether the last rate is that of *state* too: only its quantity is another."""
        if self._rated is None:
            return False
        rated, of_cycle, of_start = self._rated
        return (
            of_cycle is cycle
            and of_start == start
            and rated.told is state.told  # the same number may be written with other digits
            and rated.percent_off is state.percent_off
            and rated.uplift is state.uplift
            and (rated.product, rated.plan, rated.since) == (state.product, state.plan, state.since)
        )

    def _so_by(self, tick: int) -> Sequence[Change]:
        """Return the changes that count by *tick*."""
        return self.story.changes[: bisect_right(self._ticks, tick)]

    def _so_at(self, tick: int, moment: int) -> Sequence[Change]:
        """Return the one change that made what is so at *tick*, as far as it was known at *moment*."""
        index = bisect_right(self._ticks, tick)
        changes = self.story.changes
        while index > 1 and changes[index - 1].moment > moment:
            index -= 1
        return changes[index - 1 : index]

    def _of_run(self, run: Run, following: Run | None, last: int, ahead: int, *, is_first: bool) -> Iterator[Window]:
        start, starts = run.start, [min(run.start, run.moment)] * ahead
        charged = starts[0] if ahead else start
        while charged <= last and (following is None or start < following.start or _is_kept(start, charged, following)):
            cycle = run.cycle_at(start)
            window = Window(cycle, cycle, start, run, following, is_first, charged)
            if self._is_over(start, charged):
                return
            yield self._as_first(window) if is_first else window
            is_first = False
            starts.append(start)
            start = self.last_cycle(window).end if self.story.moves else cycle.end
            charged = starts[-ahead] if ahead else start
            if run.grid is None:
                return

    def _as_first(self, window: Window) -> Window:
        """A first cycle that costs the whole price is as long as it is charged for."""
        if self.subscription.billing.first_cycle is FirstCycle.FULL:
            window.cycle = window.cycle._replace(start=window.start, base_start=window.start, months=None)
        return window

    def _is_over(self, start: int, charged: int) -> bool:
        ends = [end for end in self.story.ends if end.moment <= charged]
        return bool(ends) and ends[-1].at is not None and ends[-1].at <= start

    def _last_tick(self, window: Window) -> int:
        """Return the end of the cycle, or where its end was moved to."""
        end = window.cycle.end
        for move in self.story.moves:
            if window.start <= move.moment < end:
                end = move.end
        return end

    def _is_later(self, end: End, window: Window) -> bool:
        """Whether an end is learned only after the charge: a cancellation of that day is, unless nothing is left."""
        if end.moment != window.charged:
            return end.moment > window.charged
        return end.is_cancellation and (end.at is None or end.at > window.start)

    def _counts(self, end: End, window: Window) -> bool:
        """Whether an end that was learned in the cycle shortens it."""
        billing = self.subscription.billing
        if not self._is_later(end, window):
            return True
        if billing.share is Share.NEXT_PERIOD:
            return False
        is_kept = billing.timing is Timing.ADVANCE and not billing.cancellation_is_credited
        return not (is_kept and end.is_cancellation)

    def _moved(self, cycle: Cycle, move: Move, window: Window) -> Cycle:
        billing = self.subscription.billing
        if billing.moved_cycle is MovedCycle.PRORATED:
            if window.run.grid is None or move.end <= window.cycle.end:
                return cycle._replace(end=move.end)
            start = window.cycle.end
            return cycle._replace(end=move.end, tail_start=start, tail_end=start + _fresh_length(billing, window, move))
        if billing.denominator is Denominator.PLAN_PERIOD:
            return cycle._replace(end=move.end)
        return cycle._replace(end=move.end, base_end=move.end)

    def _pieces(self, window: Window, cycle: Cycle, changes: Sequence[Change], end: int | None) -> list[Piece]:
        until = cycle.end if end is None else min(cycle.end, end)
        if self.subscription.billing.share is Share.NEXT_PERIOD:
            changes = changes[:1]
        made = []
        for index, change in enumerate(changes):
            stop = min(changes[index + 1].at, until) if index + 1 < len(changes) else until
            if max(change.at, window.start) < stop:
                piece = self.piece(window, change, stop)
                made.extend([] if piece is None else [piece])
        return shaped(self.subscription.billing, cycle, made)


def _fresh_length(billing: OwnBilling, window: Window, move: Move) -> int:
    """Return the length of the fresh cycle that days added to the running one are parts of."""
    if billing.added_days is AddedDays.NEXT_CYCLE or window.run.grid is None:
        fresh = window.run.cycle_at(window.cycle.end)
    else:
        day = day_of(move.moment, window.cycle.per_day)
        fresh = window.run.grid._replace(anchor=day, anchor_day=day.day).cycle(0)
    return fresh.end - fresh.start


def _is_kept(start: int, charged: int, following: Run) -> bool:
    """Whether a cycle was charged ahead before it was known that another run takes over."""
    return charged < min(following.moment, start)
