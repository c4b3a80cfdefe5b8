"""The story of an own service: when what was so, which cycles run, and when it ends, from the events alone.

Events of one day (of one second, where seconds are counted) are one moment: only what is so after all of them counts,
so that a change undone on the same day leaves nothing. A moment makes at most one ``Change``. What an event announces
for later (a plan from the next cycle on, a renewed price) waits until its tick and is told in order.

Invariants: changes and runs are in the order of the ticks from which they count; a run ends where the next one begins.

Not here: what an event means (``telling``), amounts, lines.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from shared.domain.expected.own_services.cycles import Cycle, Grid
from shared.domain.expected.own_services.rates import State
from shared.domain.issues import Issue
from shared.domain.subscriptions.events import Event


class Change(NamedTuple):
    """From tick *at* on, *state* is so. *moment* is the tick of the event that said it."""

    at: int
    moment: int
    event: Event
    state: State


class End(NamedTuple):
    """From *moment* on it is known that the service ends at tick *at* (None: never)."""

    moment: int
    at: int | None
    event: Event | None = None
    is_cancellation: bool = False


class Run(NamedTuple):
    """Cycles from tick *start* on: those of *grid*, or just the one *cycle*. *moment* is when that was known.

    A cycle that *is_bought* is paid by what was left of the plan before.
    """

    start: int
    moment: int
    event: Event | None
    grid: Grid | None = None
    cycle: Cycle | None = None
    is_bought: bool = False

    def cycle_at(self, tick: int) -> Cycle:
        """Return the cycle of the run that *tick* lies in.

        Raises:
            PeriodError: it lies outside the calendar.
        """
        if self.grid is None:
            return self.cycle  # type: ignore[return-value]  # a run has a grid or a cycle
        return self.grid.cycle_at(tick)


class Move(NamedTuple):
    """At *moment* the end of the running cycle was moved to tick *end*."""

    moment: int
    end: int
    event: Event


class Grant(NamedTuple):
    """At *moment* an amount was given back."""

    moment: int
    event: Event


@dataclass(slots=True)
class Story:
    """What is known of one service. *start* is its first tick; charges begin at the start of the first run."""

    start: int
    per_day: int
    changes: list[Change] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)

    @property
    def ends_at(self) -> int | None:
        """The tick on which the service ends as far as is known; None: never."""
        return self.ends[-1].at if self.ends else None

    def state_at(self, tick: int) -> State:
        """Return what is so at *tick*, which is not before the start."""
        found = self.changes[0]
        for change in self.changes:
            if change.at > tick:
                break
            found = change
        return found.state

    def run_at(self, tick: int) -> Run | None:
        """Return the run that *tick* lies in; None before charges begin."""
        return next((run for run in reversed(self.runs) if run.start <= tick), None)

    def replace_runs(self, *runs: Run) -> None:
        """Let *runs* take over where the first of them starts."""
        start = runs[0].start
        self.runs[:] = [run for run in self.runs if run.start < start]
        self.runs.extend(runs)

    def add_change(self, change: Change) -> None:
        """Add what is so from a tick on; nothing where it was so already. Changes come in order of their ticks."""
        if self.changes and self.changes[-1].at == change.at:
            self.changes.pop()
        if not self.changes or self.changes[-1].state != change.state:
            self.changes.append(change)

    def cycle_at(self, tick: int) -> Cycle | None:
        """Return the running cycle, its end moved where it was; None before charges begin."""
        run = self.run_at(tick)
        if run is None:
            return None
        cycle = run.cycle_at(tick)
        following = next((later for later in self.runs if later.start > run.start), None)
        if following is not None and following.start < cycle.end:
            return cycle._replace(end=following.start)
        return cycle
