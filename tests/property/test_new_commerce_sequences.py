"""New commerce under any sequence of events, and against a slow oracle that walks day by day."""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from shared.domain.expected.conventions import CancelWindow, Conventions, FirstShortCycle, MonthEnd, SameDay
from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.expected.lines import Expected, ExpectedLine
from shared.domain.subscriptions.events import Event, EventKind, ordered
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.subscription import DatedPrice, Subscription

FIRST = datetime(2023, 12, 28, tzinfo=UTC)
IDS = ("S", "T", "U")
DAY = timedelta(days=1)
_SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def _maybe(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | values


INSTANTS = st.one_of(
    st.integers(0, 24 * 20), st.integers(0, 24 * 900), st.sampled_from([24 * 31, 24 * 366, 24 * 367, 24 * 860])
).map(lambda hours: FIRST + timedelta(hours=hours))
DAYS = INSTANTS.map(datetime.date)
PRICES = st.decimals(0, 400, places=2)
EVENTS = st.builds(
    Event,
    kind=st.sampled_from(EventKind),
    at=INSTANTS,
    quantity=_maybe(st.integers(-1, 40) | st.just(Decimal("2.5"))),
    unit_price=_maybe(PRICES),
    plan=_maybe(st.sampled_from(Plan)),
    term=st.sampled_from(["", "", "", "P1M", "P1Y", "P3Y"]),
    product=st.sampled_from(["", "", "A", "B", "C"]),
    target=st.sampled_from(["", *IDS, "X"]),
    ends_on=_maybe(DAYS),
    percent=_maybe(st.decimals(-1, 101, places=1)),
    amount=_maybe(st.decimals(-1, 500, places=3)),
    is_on=_maybe(st.booleans()),
    source=st.sampled_from(["", "request", "Partner Center"]),
)
ROWS = st.lists(
    st.builds(
        DatedPrice,
        amount=PRICES,
        per=st.sampled_from(["cycle", "month", "year", "term"]),
        valid_from=_maybe(DAYS),
        product=st.sampled_from(["", "A", "B"]),
        term=st.sampled_from(["", "P1M", "P1Y"]),
        plan=_maybe(st.sampled_from(Plan)),
    ),
    max_size=3,
).map(tuple)
CONVENTIONS = st.builds(
    Conventions,
    month_end=st.sampled_from(MonthEnd),
    cancel_window=st.sampled_from(CancelWindow),
    same_day=st.sampled_from(SameDay),
    first_short_cycle=st.sampled_from(FirstShortCycle),
)


@st.composite
def _histories(draw: st.DrawFn) -> tuple[History, History]:
    """One history, and the same with its events in the order in which they might arrive."""
    told, arrived = [], []
    for name in draw(st.sampled_from([IDS[:1], IDS[:2], IDS])):
        created = Event(kind=EventKind.CREATED, at=draw(INSTANTS), quantity=draw(st.integers(1, 40)))
        events = [*draw(st.lists(st.just(created), max_size=1)), *draw(st.lists(EVENTS, min_size=1, max_size=8))]
        facts = {
            "id": name,
            "kind": draw(st.sampled_from([ServiceKind.LICENCE] * 4 + [ServiceKind.SOFTWARE_SUBSCRIPTION])),
            "currency": draw(st.sampled_from(["EUR", "JPY"])),
            "product": "A",
            "term": draw(st.sampled_from(["", "P1M", "P1Y", "P3Y"])),
            "plan": draw(st.sampled_from(Plan)),
            "prices": draw(ROWS),
            "ends_on": draw(_maybe(DAYS)),
            "aligned_to": draw(_maybe(DAYS)),
            "parent_id": draw(st.sampled_from(["", "", *IDS])),
            "is_trial": draw(st.sampled_from([False, False, True])),
            "auto_renews": draw(st.booleans()),
        }
        told.append(Subscription(events=ordered(events), **facts))  # type: ignore[arg-type]  # drawn by name
        shuffled = ordered(draw(st.permutations(events)))
        arrived.append(Subscription(events=shuffled, **facts))  # type: ignore[arg-type]  # drawn by name
    through = draw(_maybe(DAYS))
    conventions = draw(CONVENTIONS)
    one, other = (
        History(subscriptions=tuple(each), through=through, conventions=conventions)  # type: ignore[arg-type]  # as above
        for each in (told, arrived)
    )
    return one, other


@_SLOW
@given(_histories())
def test_any_sequence_is_billed_and_arrival_does_not_matter(histories: tuple[History, History]) -> None:
    """No sequence raises; the events in another order of arrival make the same lines and issues."""
    one, other = (expected_lines(history) for history in histories)

    assert (one.lines, one.issues) == (other.lines, other.issues)


@_SLOW
@given(_histories())
def test_no_charge_is_refunded_beyond_its_amount(histories: tuple[History, History]) -> None:
    """What corrects a charge never adds up to more, and no subscription ever owes less than nothing."""
    expected = expected_lines(histories[0])
    left: dict[int, Decimal] = {}
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for line in expected.lines:
        paid[line.subscription.id] += line.amount
        if line.corrects is not None:
            left[id(line.corrects)] = left.get(id(line.corrects), line.corrects.amount) + line.amount

        assert paid[line.subscription.id] >= 0

    assert all(amount >= 0 for amount in left.values())


@_SLOW
@given(_histories())
def test_lines_keep_their_promises(histories: tuple[History, History]) -> None:
    """Signs, whole days, shares of at most a cycle, and amounts that follow from the line alone."""
    for line in expected_lines(histories[0]).lines:
        recomputed = line.mode.amount(
            line.price.amount, line.sign * line.quantity, line.part, line.whole, currency=line.currency
        )

        assert line.amount == recomputed
        assert line.quantity > 0
        assert line.price.amount >= 0
        assert line.sign * line.amount >= 0
        if line.start is not None and line.end is not None:
            assert line.start < line.end
            assert 0 < line.part <= line.whole or line.price.amount == 0


@st.composite
def _simple(draw: st.DrawFn) -> tuple[Subscription, date]:
    """A paid licence whose seats change in any way that somebody attests, and a last day."""
    at = draw(INSTANTS)
    events = [Event(kind=EventKind.CREATED, at=at, quantity=draw(st.integers(1, 40)))]
    for _ in range(draw(st.integers(0, 6))):
        at += timedelta(hours=draw(st.integers(1, 24 * 60)))
        events.append(Event(kind=EventKind.QUANTITY_CHANGED, at=at, quantity=draw(st.integers(0, 40)), source="report"))
    first = DatedPrice(amount=draw(PRICES))
    later = DatedPrice(amount=draw(PRICES), valid_from=draw(DAYS))
    term, plan = draw(
        st.sampled_from([("P1M", Plan.MONTHLY), ("P1Y", Plan.MONTHLY), ("P1Y", Plan.ANNUAL), ("P3Y", Plan.ANNUAL)])
    )
    sold = Subscription(
        id="S", kind=ServiceKind.LICENCE, currency="EUR", product="A", term=term, plan=plan, prices=(first, later),
        events=ordered(events),
    )  # fmt: skip
    return sold, at.date() + timedelta(days=draw(st.integers(0, 400)))


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _cycles(sold: Subscription, through: date) -> list[tuple[date, date, Fraction]]:
    """First day, end and price of each cycle that begins until *through*, counted one term after the other."""
    term = {"P1M": 1, "P1Y": 12, "P3Y": 36}[sold.term]
    step = 1 if sold.plan is Plan.MONTHLY else 12
    start, cycles = sold.events[0].on, []
    while start <= through:
        price = sold.prices[0]
        if sold.prices[1].valid_from is not None and sold.prices[1].valid_from <= start:
            price = sold.prices[1]
        for index in range(0, term, step):
            first = _months_later(start, index)
            if first <= through:
                cycles.append((first, _months_later(start, index + step), Fraction(price.amount)))
        start = _months_later(start, term)
    return cycles


def _by_days(sold: Subscription, through: date) -> Fraction:
    """What the seats of each day cost, for all days of the cycles that began until *through*."""
    seats = {event.on: int(event.quantity or 0) for event in sold.events}
    total, now = Fraction(0), 0
    for first, end, price in _cycles(sold, through):
        length = (end - first).days
        for day in (first + DAY * index for index in range(length)):
            now = seats.get(day, now) if day <= through else now
            total += now * price / length
    return total


@_SLOW
@given(_simple(), st.sampled_from(SameDay))
def test_lines_add_up_to_the_days(drawn: tuple[Subscription, date], same_day: SameDay) -> None:
    """Unrounded, all lines together are the sum over days of seats x price / days of the cycle."""
    sold, through = drawn
    history = History(subscriptions=(sold,), through=through, conventions=Conventions(same_day=same_day))

    expected = expected_lines(history)

    assert _by_days(sold, through) == sum((line.unrounded for line in expected.lines), Fraction(0))


def _plain(lines: Sequence[ExpectedLine]) -> list[tuple[object, ...]]:
    return [(line.charge_type, line.start, line.end, line.quantity, line.amount) for line in lines]


def _billed(sold: Subscription, events: Sequence[Event], through: date) -> Expected:
    facts = {name: getattr(sold, name) for name in ("id", "kind", "currency", "product", "term", "plan", "prices")}
    return expected_lines(History(subscriptions=(Subscription(events=ordered(events), **facts),), through=through))


@_SLOW
@given(_simple(), INSTANTS, st.integers(0, 40))
def test_a_change_undone_on_the_same_day_leaves_nothing(
    drawn: tuple[Subscription, date], at: datetime, seats: int
) -> None:
    """Seats that change and change back within a day make no line."""
    sold, through = drawn
    day = at.replace(hour=0)
    assume(day.date() > sold.events[0].on and all(event.on != day.date() for event in sold.events))
    before = next(event.quantity for event in reversed(sold.events) if event.at < day)
    there, back = (
        Event(kind=EventKind.QUANTITY_CHANGED, at=day + timedelta(hours=hour), quantity=quantity, source="report")
        for hour, quantity in ((3, seats), (5, before))
    )

    undone = _billed(sold, [*sold.events, there, back], through)

    assert _plain(_billed(sold, sold.events, through).lines) == _plain(undone.lines)
