"""Usage and commitments under any sequence of events: nothing is raised, and credits never exceed charges."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.expected.conventions import (
    Conventions,
    CreditedUsage,
    EarlyReturnFee,
    MonthEnd,
    OpenMonth,
    SameDay,
    SavingsPlanInstalment,
    UsageDetail,
)
from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.expected.lines import Exchange
from shared.domain.subscriptions.events import Event, EventKind, ordered
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.subscription import DatedPrice, Subscription, Tier, Usage

KINDS = (
    ServiceKind.AZURE_USAGE,
    ServiceKind.LEGACY_USAGE,
    ServiceKind.RESERVATION,
    ServiceKind.SAVINGS_PLAN,
    ServiceKind.MARKETPLACE,
    ServiceKind.PERPETUAL_SOFTWARE,
)
BEGINS = datetime(2026, 1, 29, tzinfo=UTC)

days = st.dates(date(2026, 1, 20), date(2027, 8, 1))
instants = st.integers(0, 24 * 500).map(lambda hours: BEGINS + timedelta(hours=hours))
numbers = st.decimals("-5", "500", places=2)
terms = st.sampled_from(["", "P1M", "P1Y", "P3Y", "P6M", "soon"])
products = st.sampled_from(["", "a", "b"])
events = st.builds(
    Event,
    kind=st.sampled_from(EventKind),
    at=instants,
    quantity=st.none() | st.integers(-2, 9) | st.decimals("0.1", "9", places=1),
    unit_price=st.none() | st.decimals("0", "500", places=2),
    plan=st.none() | st.sampled_from(Plan),
    term=terms,
    product=products,
    target=products,
    ends_on=st.none() | days,
    percent=st.none() | st.decimals(0, 100, places=1),
    amount=st.none() | numbers,
    is_on=st.none() | st.booleans(),
)
per = st.sampled_from(["cycle", "month", "year", "term", "hour"])
rows = st.lists(
    st.builds(
        DatedPrice, amount=st.decimals("0", "500", places=3), per=per, product=products, valid_from=st.none() | days
    ),
    max_size=3,
)
usages = st.lists(
    st.builds(
        Usage,
        subscription_id=st.sampled_from(["s", "p", "q"]),
        on=days,
        quantity=st.decimals("-50", "500", places=3),
        meter=products,
        unit_price=st.none() | st.decimals("0", "9", places=3),
        is_credited=st.none() | st.booleans(),
        benefit=st.sampled_from(["", "p"]),
        attributes=st.sampled_from([{}, {"hour": "3"}, {"class": "spot"}]),
    ),
    max_size=5,
)
conventions = st.builds(
    Conventions,
    month_end=st.sampled_from(MonthEnd),
    same_day=st.sampled_from(SameDay),
    early_return_fee=st.sampled_from(EarlyReturnFee),
    usage_detail=st.sampled_from(UsageDetail),
    credited_usage=st.sampled_from(CreditedUsage),
    open_month=st.sampled_from(OpenMonth),
    savings_plan_instalment=st.sampled_from(SavingsPlanInstalment),
)
CREATED = Event(kind=EventKind.CREATED, at=BEGINS, quantity=3)
RATES = tuple(
    Exchange(Decimal("0.9"), date(2026, month, day), "", "USD", "EUR") for month in range(1, 13) for day in (1, 15)
)


@st.composite
def subscriptions(draw: st.DrawFn, name: str) -> Subscription:
    """Draw a subscription of any of the kinds, most of them created."""
    begins = draw(st.sampled_from([(CREATED,), (CREATED,), ()]))
    return Subscription(
        id=name,
        kind=draw(st.sampled_from(KINDS)),
        currency=draw(st.sampled_from(["USD", "EUR"])),
        events=ordered([*begins, *draw(st.lists(events, max_size=6))]),
        product=draw(products),
        term=draw(terms),
        plan=draw(st.sampled_from(Plan)),
        prices=tuple(draw(rows)),
        ends_on=draw(st.none() | days),
        partner_billing_day=draw(st.none() | st.integers(1, 31)),
        is_trial=draw(st.booleans()),
        auto_renews=draw(st.booleans()),
        tiers=draw(st.sampled_from([(), (Tier(first=1, unit_price=Decimal(1)), Tier(first=9, unit_price=Decimal(0)))])),
        included_units=draw(st.sampled_from([0, 7])),
        parent_id=draw(st.sampled_from(["", "p"])),
    )


@settings(max_examples=300)
@given(
    first=subscriptions("s"),
    second=subscriptions("p"),
    usage=usages,
    asked=conventions,
    through=st.none() | days,
    currency=st.sampled_from(["", "EUR"]),
)
def test_nothing_is_raised_and_what_is_given_back_was_charged(
    first: Subscription,
    second: Subscription,
    usage: list[Usage],
    asked: Conventions,
    through: date | None,
    currency: str,
) -> None:
    """Every history has an outcome; a credit is never higher than the line it corrects, nor than all of its charges."""
    history = History(
        subscriptions=(first, second),
        usage=tuple(usage),
        conventions=asked,
        through=through,
        currency=currency,
        exchanges=RATES,
    )
    made = expected_lines(history)

    for line in made.lines:
        assert line.amount * line.sign >= 0
        assert line.quantity >= 0
        if line.corrects is not None:
            assert -line.amount <= line.corrects.amount
    for subscription in (first, second):
        own = [line.amount for line in made.lines if line.subscription is subscription and line.charge_type != "usage"]
        if subscription.kind not in {ServiceKind.AZURE_USAGE, ServiceKind.LEGACY_USAGE}:
            assert sum(own) >= 0


COMMITMENTS = KINDS[2:]


@given(subscription=subscriptions("s").filter(lambda each: each.kind in COMMITMENTS), days=st.tuples(days, days))
def test_what_arose_by_a_day_does_not_change_later(subscription: Subscription, days: tuple[date, date]) -> None:
    """Looking further only adds lines at the end."""
    shorter, longer = (
        expected_lines(History(subscriptions=(subscription,), through=day)).lines for day in sorted(days)
    )

    assert shorter == longer[: len(shorter)]


@given(
    day=st.integers(0, 364),
    amount=st.decimals("1", "9999", places=2),
    quantity=st.integers(1, 50),
    plan=st.sampled_from([Plan.MONTHLY, Plan.ONE_TIME]),
)
def test_a_returned_reservation_costs_the_days_before_the_return(
    day: int, amount: Decimal, quantity: int, plan: Plan
) -> None:
    """An oracle that adds up day after day agrees to the cents that are cut from each line."""
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
    created = Event(kind=EventKind.CREATED, at=datetime(2026, 1, 1, tzinfo=UTC), quantity=quantity)
    returned = Event(kind=EventKind.CANCELLED, at=at)
    reservation = Subscription(
        id="r",
        kind=ServiceKind.RESERVATION,
        currency="SEK",
        events=(created, returned),
        term="P1Y",
        plan=plan,
        prices=(DatedPrice(amount=amount, per="term"),),
    )
    used = Fraction(0)
    for number in range(day if day >= 5 else 0):
        on = date(2026, 1, 1) + timedelta(days=number)
        month_days = ((on.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day
        used += Fraction(1, 12 * month_days) if plan is Plan.MONTHLY else Fraction(1, 365)
    lines = expected_lines(History(subscriptions=(reservation,))).lines

    assert abs(used * Fraction(amount) * quantity - sum(Fraction(line.amount) for line in lines)) < Fraction(
        len(lines), 100
    )
