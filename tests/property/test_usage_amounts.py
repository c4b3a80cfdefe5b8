"""Usage under generated days, tiers and rates: splits add up, order is nothing, and slow oracles agree."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.expected.conventions import Conventions, CreditedUsage, UsageDetail
from shared.domain.expected.engine import expected_lines
from shared.domain.expected.history import History
from shared.domain.expected.lines import Exchange, ExpectedLine
from shared.domain.expected.usage.azure import monthly_loss_max
from shared.domain.subscriptions.events import Event, EventKind
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.subscription import DatedPrice, Subscription, Tier, Tiering, Usage

BEGINS = datetime(2026, 10, 1, tzinfo=UTC)
DAILY = Conventions(usage_detail=UsageDetail.DAILY)
RAW = Fraction(1, 10**18)

quantities = st.decimals("0.001", "400", places=3)
prices = st.decimals("0.0001", "9", places=4)
october = st.dates(date(2026, 10, 1), date(2026, 10, 31))
tiers = st.lists(st.tuples(st.integers(2, 300), prices), max_size=3, unique_by=lambda pair: pair[0]).flatmap(
    lambda rest: prices.map(
        lambda first: tuple(Tier(first=unit, unit_price=price) for unit, price in [(1, first), *sorted(rest)])
    )
)
usages = st.lists(
    st.builds(
        lambda on, quantity, meter, resource, credit: Usage(
            subscription_id="s", on=on, quantity=quantity, meter=meter, resource=resource, is_credited=credit
        ),
        october,
        quantities,
        st.sampled_from("ab"),
        st.sampled_from("xy"),
        st.sampled_from([None, True, False]),
    ),
    max_size=12,
)


def _plan(**fields: object) -> Subscription:
    usual: dict[str, object] = {"id": "s", "kind": ServiceKind.AZURE_USAGE, "currency": "USD"}
    created = Event(kind=EventKind.CREATED, at=BEGINS)
    return Subscription(**{**usual, "events": (created,), **fields})  # type: ignore[arg-type]  # fields by name


def _lines(plan: Subscription, usage: Sequence[Usage], **fields: object) -> tuple[ExpectedLine, ...]:
    return expected_lines(History(subscriptions=(plan,), usage=tuple(usage), **fields)).lines  # type: ignore[arg-type]  # as above


def _tier_price(own: Sequence[Tier], unit: Fraction) -> Fraction:
    return next(Fraction(tier.unit_price) for tier in reversed(own) if Fraction(tier.first) - 1 < unit)


def _graduated(own: Sequence[Tier], units: Fraction) -> Fraction:
    """What so many units cost, piece by piece between the tiers' boundaries."""
    starts = {Fraction(tier.first) - 1 for tier in own}
    marks = sorted({units, *(start for start in starts if start < units)})
    return sum(((high - low) * _tier_price(own, high) for low, high in pairwise(marks)), Fraction(0))


@given(own=tiers, parts=st.lists(st.tuples(october, quantities), min_size=1, max_size=10))
def test_tiers_split_over_any_days_cost_what_they_cost_together(
    own: tuple[Tier, ...], parts: list[tuple[date, Decimal]]
) -> None:
    """The sum of the days is the graduated price of the sum."""
    usage = [Usage(subscription_id="s", on=on, quantity=quantity) for on, quantity in parts]
    lines = _lines(_plan(tiers=own), usage, conventions=DAILY)

    assert _graduated(own, sum((Fraction(quantity) for _, quantity in parts), Fraction(0))) == sum(
        line.unrounded for line in lines
    )


@given(own=tiers, parts=st.lists(st.tuples(october, quantities), min_size=1, max_size=10))
def test_volume_tiers_cost_the_last_units_price_for_all(
    own: tuple[Tier, ...], parts: list[tuple[date, Decimal]]
) -> None:
    """Every day's units cost the price of the tier that the month's last unit lies in."""
    usage = [Usage(subscription_id="s", on=on, quantity=quantity) for on, quantity in parts]
    total = sum((Fraction(quantity) for _, quantity in parts), Fraction(0))
    lines = _lines(_plan(tiers=own, tiering=Tiering.VOLUME), usage, conventions=DAILY)

    assert total * _tier_price(own, total) == sum(line.unrounded for line in lines)


@given(own=st.one_of(st.just(()), tiers), usage=usages, detail=st.sampled_from(UsageDetail), data=st.data())
def test_the_order_of_records_does_not_matter(
    own: tuple[Tier, ...], usage: list[Usage], detail: UsageDetail, data: st.DataObject
) -> None:
    """The same usage makes the same lines in the same order, however it arrives."""
    plan = _plan(tiers=own, prices=(DatedPrice(amount=Decimal("0.1")),))
    shuffled = data.draw(st.permutations(usage))
    asked = Conventions(usage_detail=detail)

    assert _lines(plan, usage, conventions=asked) == _lines(plan, shuffled, conventions=asked)


@given(usage=usages, price=prices, included=st.decimals(0, 300, places=2), rate=st.decimals("0.5", "12", places=4))
def test_days_and_months_agree_with_an_oracle_by_day(
    usage: list[Usage], price: Decimal, included: Decimal, rate: Decimal
) -> None:
    """Days are exact to the last digit kept; months lose less than their bound, whichever lines the credit makes."""
    exchange = Exchange(rate, date(2026, 9, 28), "test", "USD", "EUR")
    plan = _plan(prices=(DatedPrice(amount=price),), included_units=included)
    truth = Fraction(0)
    for meter in "ab":
        free = Fraction(included)
        for row in sorted((u for u in usage if u.meter == meter), key=lambda u: (u.on, u.resource, str(u.is_credited))):
            charged = max(Fraction(row.quantity) - free, Fraction(0))
            free = max(free - Fraction(row.quantity), Fraction(0))
            truth += charged * Fraction(price) * Fraction(rate) * (Fraction(85, 100) if row.is_credited else 1)
    asked: dict[str, object] = {"exchanges": (exchange,), "currency": "EUR"}
    days = _lines(plan, usage, conventions=DAILY, **asked)

    assert 0 <= truth - sum(Fraction(line.amount) for line in days) <= RAW * max(len(days), 1)
    for convention in CreditedUsage:
        months = _lines(plan, usage, conventions=Conventions(credited_usage=convention), **asked)
        assert 0 <= truth - sum(Fraction(line.amount) for line in months) <= Fraction(monthly_loss_max(months))


hourly = st.lists(
    st.tuples(st.sampled_from([None, 0, 7, 23]), st.sampled_from("ab"), st.decimals("0.1", "40", places=1)),
    max_size=6,
    unique_by=lambda row: row[:2],
)


@settings(max_examples=60)
@given(rows=hourly, commitment=st.decimals("0.01", "5", places=2), rates=st.tuples(prices, prices))
def test_a_savings_plan_agrees_with_an_oracle_by_hour(
    rows: list[tuple[int | None, str, Decimal]], commitment: Decimal, rates: tuple[Decimal, Decimal]
) -> None:
    """In every hour the commitment covers what saves most, and nothing of it is carried on."""
    usual = Fraction(10)
    rate = {"a": Fraction(rates[0]), "b": Fraction(rates[1])}
    paid = Fraction(0)
    for hour in range(24):
        left = Fraction(commitment)
        for meter in sorted("ab", key=lambda name: (rate[name], name)):
            own = [(at, Fraction(units)) for at, name, units in rows if name == meter]
            wanted = sum((units / 24 for at, units in own if at is None), Fraction(0))
            wanted += sum((units for at, units in own if at == hour), Fraction(0))
            covered = min(wanted, left / rate[meter])
            left -= covered * rate[meter]
            paid += (wanted - covered) * usual
    usage = tuple(
        Usage(
            subscription_id="s",
            on=date(2026, 10, 5),
            quantity=units,
            meter=meter,
            attributes={} if at is None else {"hour": str(at)},
        )
        for at, meter, units in rows
    )
    plan = Subscription(
        id="p",
        kind=ServiceKind.SAVINGS_PLAN,
        currency="USD",
        events=(Event(kind=EventKind.CREATED, at=BEGINS),),
        term="P1Y",
        plan=Plan.ONE_TIME,
        prices=(
            DatedPrice(amount=commitment, per="hour"),
            DatedPrice(amount=rates[0], per="hour", product="a"),
            DatedPrice(amount=rates[1], per="hour", product="b"),
        ),
    )
    azure = replace(_plan(), prices=(DatedPrice(amount=Decimal(10)),))
    made = expected_lines(History(subscriptions=(plan, azure), usage=usage, conventions=DAILY))
    lines = [line for line in made.lines if line.subscription.id == "s"]

    assert abs(paid - sum(line.unrounded for line in lines)) <= 20 * RAW * len(rows)
    assert sum(Fraction(units) for _, _, units in rows) == sum(Fraction(line.quantity) for line in lines)
