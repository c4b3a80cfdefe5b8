"""However observations and the audit feed arrive, the same happened, each thing once, and it ends at what was seen.

The truth is a list of changes of one subscription. Snapshots see it at some instants, the feed tells some of it, late,
doubled and in any order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.snapshots.aspects import EXISTS, GONE, Aspect, values_of
from shared.domain.snapshots.changes import Change
from shared.domain.snapshots.comparison import compared
from shared.domain.snapshots.tracks import Fact, Look, Track
from shared.domain.snapshots.values import SubscriptionSnapshot

CREATED_AT = datetime(2026, 9, 30, 12, tzinfo=UTC)
BOUGHT = SubscriptionSnapshot(
    id="s",
    tenant_id="t",
    offer_id="CFQ7TTC0LH18:0001:X",
    quantity=5,
    status="active",
    term="P1Y",
    cycle="monthly",
    created_at=CREATED_AT,
    ends_on=date(2027, 9, 29),
    auto_renews=True,
)
CHOICES: dict[str, Sequence[Any]] = {
    "quantity": (3, 5, 7, 9),
    "status": ("active", "suspended", "deleted", "pending"),
    "auto_renews": (True, False),
    "friendly_name": ("", "Sales", "Support"),
    "cycle": ("monthly", "annual"),
    "promotion_id": ("", "39NFJQT1"),
    "offer_id": ("CFQ7TTC0LH18:0001:X", "CFQ7TTC0LDPB:0001:Y"),
    "is_trial": (False,),
    "ends_on": (date(2027, 9, 29), date(2027, 12, 31), date(2026, 12, 31)),
}


@dataclass(frozen=True)
class Truth:
    """What was so from which instant on, the first state first."""

    states: tuple[tuple[datetime, SubscriptionSnapshot], ...]

    def at(self, instant: datetime) -> SubscriptionSnapshot:
        """Return the state at an instant."""
        return [state for since, state in self.states if since <= instant][-1]

    def between(self, since: datetime, until: datetime) -> list[SubscriptionSnapshot]:
        """Return the states there were in a span."""
        return [self.at(since), *(state for at, state in self.states if since < at <= until)]

    def facts(self) -> list[Fact]:
        """Return all that the feed can tell."""
        order = [Fact(id="0", at=CREATED_AT, aspect=EXISTS, after="true", actor="ada")]
        first = values_of(self.states[0][1])
        order += [
            Fact(id="0", at=CREATED_AT, aspect=aspect, after=value, actor="ada") for aspect, value in first.items()
        ]
        for number, ((_, before), (at, after)) in enumerate(zip(self.states, self.states[1:], strict=False), 1):
            was, came = values_of(before), values_of(after)
            order += [
                Fact(id=f"{number}", at=at, aspect=aspect, before=was[aspect], after=came[aspect], actor="bob")
                for aspect in Aspect
                if was[aspect] != came[aspect]
            ]
        return order


@st.composite
def truths(draw: st.DrawFn) -> Truth:
    """A subscription and up to eight changes of one thing each, at least a minute apart."""
    states, at = [(CREATED_AT, replace(BOUGHT, is_trial=draw(st.booleans())))], CREATED_AT
    for _ in range(draw(st.integers(0, 8))):
        at += timedelta(minutes=draw(st.integers(1, 2000)))
        name = draw(st.sampled_from(sorted(CHOICES)))
        values = [value for value in CHOICES[name] if value != getattr(states[-1][1], name)]
        if values:
            states.append((at, replace(states[-1][1], **{name: draw(st.sampled_from(values))})))
    return Truth(tuple(states))


News = tuple[str, Any]


def told(news: Sequence[News], truth: Truth, within: timedelta = timedelta()) -> Track:
    """Return the track after news in that order: instants at which somebody looked, and facts.

    *within* is how much earlier and later than each look its sync began and ended.
    """
    track, looks = Track(), list[Look]()
    for kind, what in news:
        if kind == "told":
            track = track.told([what], looks)
            continue
        after = looks[-1].begun_at if looks else None
        track = track.seen(truth.at(what), what, after) if kind == "seen" else track.missed(what, after)
        looks.append(Look(what - within, what + within))
    return track


def withins() -> st.SearchStrategy[timedelta]:
    """How far from the looks of a night its sync may begin and end."""
    return st.integers(0, 600).map(lambda minutes: timedelta(minutes=minutes))


def looks(draw: st.DrawFn, truth: Truth) -> list[News]:
    """Draw when somebody looked, in order; the last time after everything had happened."""
    end = truth.states[-1][0] + timedelta(days=1)
    minutes = draw(st.sets(st.integers(1, int((end - CREATED_AT).total_seconds()) // 60), max_size=5))
    return [("seen", CREATED_AT + timedelta(minutes=each)) for each in sorted(minutes)] + [("seen", end)]


def mixed(draw: st.DrawFn, seen: list[News], facts: list[Fact]) -> list[News]:
    """Draw an order of arrival: looks in their order, facts anywhere, some twice."""
    late = draw(st.permutations([*facts, *facts[: draw(st.integers(0, 2))]]))
    places = draw(st.lists(st.integers(0, len(seen)), min_size=len(late), max_size=len(late)))
    news: list[News] = []
    for number in range(len(seen) + 1):
        news += [("told", fact) for fact, place in zip(late, places, strict=True) if place == number]
        news += seen[number : number + 1]
    return news


def end_of(changes: Sequence[Change]) -> dict[str, str]:
    """Return the values after the last change."""
    values = dict.fromkeys(map(str, Aspect), "")
    for change in changes:
        values.update({str(aspect): value for aspect, value in change.after.items()})
    return values


@given(st.data())
def test_a_feed_that_told_everything_leaves_no_guess(data: st.DataObject) -> None:
    """Whenever somebody looked, and however late the feed was: exactly what happened, at its instant, by its actor."""
    truth = data.draw(truths())
    seen, facts = looks(data.draw, truth), truth.facts()
    expected = compared("s", Track().told(facts).seen(truth.states[-1][1], seen[-1][1]))

    assert expected == compared("s", told(mixed(data.draw, seen, facts), truth, data.draw(withins())))
    assert {"audit"} == {change.source for change in expected}
    assert len(truth.states) == len(expected)


@given(st.data())
def test_the_order_of_arrival_never_matters(data: st.DataObject) -> None:
    """The same looks and the same facts make the same history, whatever came first."""
    truth = data.draw(truths())
    seen = looks(data.draw, truth)
    facts = [fact for fact in truth.facts() if data.draw(st.booleans())]

    expected = compared("s", told([*seen, *(("told", fact) for fact in facts)], truth))
    assert expected == compared("s", told(mixed(data.draw, seen, facts), truth))


@given(st.data())
def test_a_history_ends_at_what_was_seen_last(data: st.DataObject) -> None:
    """Whatever the feed left out, the changes lead from the purchase to the last snapshot."""
    truth = data.draw(truths())
    seen = looks(data.draw, truth)
    facts = [fact for fact in truth.facts() if data.draw(st.booleans())]
    track = told(mixed(data.draw, seen, facts), truth, data.draw(withins()))
    changes = compared("s", track)

    assert {str(key): value for key, value in values_of(truth.states[-1][1]).items()} == end_of(changes)
    assert track is track.seen(truth.states[-1][1], seen[-1][1] + timedelta(days=1))
    assert changes == compared("s", track, changes)


@given(st.data())
def test_nothing_is_made_up(data: st.DataObject) -> None:
    """Whatever the feed left out: each value that is told was really there, at the instant or within the span.

    Some looks show a list without the subscription; then nothing else of it is known.
    """
    truth = data.draw(truths())
    seen = [(data.draw(st.sampled_from(("seen", "seen", "missed"))), at) for _, at in looks(data.draw, truth)]
    facts = [fact for fact in truth.facts() if data.draw(st.booleans())]
    track = told(mixed(data.draw, seen, facts), truth, data.draw(withins()))

    for change in compared("s", track)[1:]:  # before the first look the first values stand for those at the purchase
        since, until = change.observed_after or CREATED_AT, change.observed_at
        states = truth.between(since, until) if until else [truth.at(change.at)]
        for aspect, after in change.after.items():
            assert after in {GONE, *(values_of(each)[aspect] for each in states)}, change
