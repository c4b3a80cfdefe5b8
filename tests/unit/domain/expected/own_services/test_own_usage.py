"""Measured consumption: how readings become units, what is included, and what they cost."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.errors import InvalidError
from shared.domain.issues import IssueCode
from shared.domain.periods import Period
from shared.domain.subscriptions.kinds import ServiceKind
from shared.domain.subscriptions.own_billing import Aggregation, Alignment, FirstCycle, OwnBilling, Share, Tiering
from shared.domain.subscriptions.subscription import DatedPrice, Tier, Usage

CALENDAR = {"alignment": Alignment.CALENDAR}
METERED = {"kind": ServiceKind.OWN_METERED}
TIERS = (Tier(first=1, unit_price=Decimal(2)), Tier(first=11, unit_price=Decimal(1)))


def used(day: str, quantity: str, **fields: Any) -> Usage:
    """Return a reading."""
    return Usage(subscription_id="own", on=date.fromisoformat(day), quantity=Decimal(quantity), **fields)


def april(own: Any, *usage: Usage, start: str = "2024-04-01", **fields: Any) -> Any:
    """Return what a service is billed for April, and what is said."""
    return own.billed(own.service(own.event("created", start), **{**METERED, **fields}), "2024-05-01", usage)


@pytest.mark.parametrize(
    ("how", "amount"), [(Aggregation.SUM, "36.00"), (Aggregation.MAXIMUM, "20.00"), (Aggregation.LAST, "6.00")]
)
def test_readings_become_units(own: Any, how: Aggregation, amount: str) -> None:
    """Their sum, the highest, or the last."""
    made = april(
        own,
        used("2024-04-20", "3"),
        used("2024-04-02", "5"),
        used("2024-04-10", "10"),
        price="2",
        policy={"aggregation": how},
    )

    assert [Decimal(amount)] == [line.amount for line in made.lines]
    assert ("2024-04-01", "2024-04-30") == (str(made.lines[0].start), str(made.lines[0].last_day))


def test_levels_are_weighted_by_their_time(own: Any) -> None:
    """WE-054: 20 for one day and 30 for fifteen of the 31 days of a month."""
    usage = (
        used("2024-03-01", "20", span=Period(date(2024, 3, 1), date(2024, 3, 2))),
        used("2024-03-02", "30", span=Period(date(2024, 3, 2), date(2024, 3, 17))),
    )
    service = own.service(
        own.event("created", "2024-03-01"), price="1", policy={"aggregation": Aggregation.TIME_WEIGHTED}, **METERED
    )
    line = own.billed(service, "2024-04-01", usage).lines[0]

    assert ("used", "15.1612903226") in line.inputs
    assert (470, 1, 31, Decimal("15.16")) == (line.quantity, line.part, line.whole, line.amount)


def test_a_level_lasts_until_the_next_reading(own: Any) -> None:
    """10 from 16 April on, 20 from 1 May: half of 10, then 20."""
    service = own.service(
        own.event("created", "2024-04-01"), price="1", policy={"aggregation": Aggregation.TIME_WEIGHTED}, **METERED
    )
    usage = (used("2024-04-16", "10"), used("2024-05-01", "20"))
    made = own.billed(service, "2024-07-01", usage)

    assert [Decimal("5.00"), Decimal("20.00"), Decimal("20.00")] == [line.amount for line in made.lines]


def test_included_units_shrink_with_the_plan(own: Any) -> None:
    """WE-077: half of February includes 10 of 20 units; 12 were used, so 2 at 2.50; 200 are due for March."""
    service = own.service(
        own.event("created", "2015-02-15"),
        price="200",
        policy={**CALENDAR, "rounding": "ratio_4dp"},
        included_units=20,
        tiers=(Tier(first=1, unit_price=Decimal("2.5")),),
    )
    made = own.billed(service, "2015-03-01", (used("2015-02-20", "12"),))

    assert [Decimal("100.00"), Decimal("200.00"), Decimal("5.00")] == [line.amount for line in made.lines]
    assert Decimal("205.00") == made.lines[1].amount + made.lines[2].amount


@pytest.mark.parametrize(("shrink", "amount", "units"), [(True, "23.33", (70, 3)), (False, "20.00", (20, 1))])
def test_included_units_that_have_no_end(own: Any, shrink: bool, amount: str, units: tuple[int, int]) -> None:  # noqa: FBT001 - a column
    """20 of 30 days include 6.666 of 10 units: 23.333 are billed, as 70 thirds; shares are not rounded before."""
    policy = {**CALENDAR, "included_units_shrink": shrink, "rounding": "day_rate_2dp"}
    made = april(own, used("2024-04-20", "30"), start="2024-04-11", price="1", policy=policy, included_units=10)
    line = made.lines[0]

    assert (Decimal(amount), "half_up") == (line.amount, line.mode.name)
    assert units == (line.quantity, line.whole)


def test_usage_of_a_trial_month_is_charged_in_full(own: Any) -> None:
    """WE-078: 10 units at 2.50."""
    made = april(own, used("2024-04-20", "10"), price="2.5", policy=CALENDAR)

    assert [Decimal("25.00")] == [line.amount for line in made.lines]


def test_a_licence_with_included_units(own: Any) -> None:
    """10 a month with 100 units included: 150 used are 50 more at 0.10."""
    service = own.service(
        own.event("created", "2024-04-01"),
        price="10",
        included_units=100,
        tiers=(Tier(first=1, unit_price=Decimal("0.10")),),
    )
    made = own.billed(service, "2024-04-30", (used("2024-04-10", "150"),))
    later = own.billed(service, "2024-05-01", (used("2024-04-10", "150"),))

    assert [Decimal("10.00")] == [line.amount for line in made.lines]
    assert Decimal("5.00") == later.lines[-1].amount


@pytest.mark.parametrize(
    ("tiering", "units", "amount"),
    [
        (Tiering.GRADUATED, "15", "25.00"),
        (Tiering.GRADUATED, "10", "20.00"),
        (Tiering.GRADUATED, "10.5", "20.50"),
        (Tiering.VOLUME, "15", "15.00"),
        (Tiering.VOLUME, "10", "20.00"),
    ],
)
def test_tiers(own: Any, tiering: Tiering, units: str, amount: str) -> None:
    """Ten units at 2, further ones at 1; or all at the price of the last."""
    made = april(own, used("2024-04-10", units), tiers=TIERS, policy={"tiering": tiering})

    assert [Decimal(amount)] == [line.amount for line in made.lines]
    assert made.lines[0].amount == made.lines[0].unrounded


def test_units_before_the_first_tier_are_free(own: Any) -> None:
    """Graduated or by volume, five units are below the first tier of six."""
    for tiering in Tiering:
        made = april(
            own,
            used("2024-04-10", "5"),
            tiers=(Tier(first=6, unit_price=Decimal(2)),),
            policy={"tiering": tiering},
        )

        assert [Decimal("0.00")] == [line.amount for line in made.lines]


def test_meters_are_charged_by_themselves(own: Any) -> None:
    """Included units are used up in the order of the meters; a price of a reading goes first."""
    made = april(
        own,
        used("2024-04-10", "5", meter="b", unit_price=Decimal(3)),
        used("2024-04-10", "5", meter="a"),
        price="1",
        included_units=7,
    )

    assert [Decimal("0.00"), Decimal("9.00")] == [line.amount for line in made.lines]
    assert [("meter", "a"), ("meter", "b")] == [line.inputs[2] for line in made.lines]


def test_a_minimum_is_owed_without_consumption(own: Any) -> None:
    """A metered service costs its minimum; the line says so."""
    made = april(own, price="1", policy={"minimum": Decimal(15)})

    assert [("own.minimum", Decimal("15.00"))] == [(line.rule.key, line.amount) for line in made.lines]


def test_amounts_are_given_back_after_the_charge(own: Any) -> None:
    """As for any service in arrears."""
    service = own.service(
        own.event("created", "2024-04-01"), own.event("credited", "2024-04-20", amount="4"), price="1", **METERED
    )
    made = own.billed(service, "2024-05-01", (used("2024-04-10", "5"),))

    assert [Decimal("5.00"), Decimal("-4.00")] == [line.amount for line in made.lines]


def test_a_free_first_cycle_is_free_of_consumption(own: Any) -> None:
    """Nothing is charged in it."""
    made = april(own, used("2024-04-10", "5"), price="1", policy={"first_cycle": FirstCycle.FREE})

    assert () == made.lines


def test_readings_outside_the_service_are_said(own: Any) -> None:
    """Before it began and after it ended."""
    service = own.service(
        own.event("created", "2024-04-01"), own.event("cancelled", "2024-04-20"), price="1", **METERED
    )
    usage = (used("2024-03-31", "1"), used("2024-04-20", "2"), used("2024-04-21", "4"))
    made = own.billed(service, "2024-05-01", usage)

    assert [IssueCode.USAGE_IGNORED] == [issue.code for issue in made.issues]
    assert "2 readings" in made.issues[0].message
    assert [Decimal("2.00")] == [line.amount for line in made.lines]


@pytest.mark.parametrize("kind", [ServiceKind.OWN_METERED, ServiceKind.OWN_RECURRING])
def test_a_missing_price_of_consumption_is_said(own: Any, kind: ServiceKind) -> None:
    """A price of the subscription is none for its consumption."""
    prices = (DatedPrice(amount=Decimal(1)),) if kind is ServiceKind.OWN_RECURRING else ()
    made = april(own, used("2024-04-10", "5", meter="calls"), kind=kind, prices=prices)

    assert [IssueCode.PRICE_MISSING] == [issue.code for issue in made.issues]


def test_consumption_is_counted_by_days_where_seconds_are_counted(own: Any) -> None:
    """The cycle begins at noon; a level of 30 from its first day lasts for all of it."""
    service = own.service(
        own.event("created", "2024-04-01T12:00:00"),
        price="1",
        policy={"share": Share.SECONDS, "aggregation": Aggregation.SUM},
        **METERED,
    )
    made = own.billed(service, "2024-05-01", (used("2024-04-01", "3"),))

    assert [Decimal("3.00")] == [line.amount for line in made.lines]


def test_a_price_of_consumption_is_that_of_the_first_day_of_the_cycle(own: Any) -> None:
    """A price told in April counts for May."""
    service = own.service(
        own.event("created", "2024-04-01", unit_price="1"),
        own.event("price-changed", "2024-04-10", unit_price="2"),
        **METERED,
    )
    made = own.billed(service, "2024-06-01", (used("2024-04-20", "3"), used("2024-05-20", "3")))

    assert [Decimal("3.00"), Decimal("6.00")] == [line.amount for line in made.lines]


@pytest.mark.parametrize(
    ("quantity", "included", "blocks"), [("350", 0, 4), ("400", 0, 4), ("400.5", 0, 5), ("350", 100, 3), ("90", 100, 0)]
)
def test_units_are_sold_in_blocks(own: Any, quantity: str, included: int, blocks: int) -> None:
    """Blocks of a hundred at 5 each, one begun as a whole one; included units are taken off before."""
    policy = {"block_units": Decimal(100)}
    (line,) = april(own, used("2024-04-03", quantity), price="5", policy=policy, included_units=included).lines

    assert (blocks, Decimal(5 * blocks)) == (line.quantity, line.amount)
    assert ("used", f"{Decimal(quantity):.2f}") in line.inputs


def test_tiers_count_blocks(own: Any) -> None:
    """Twelve blocks and a bit are thirteen: ten at 2, three at 1."""
    (line,) = april(own, used("2024-04-03", "121"), tiers=TIERS, policy={"block_units": Decimal(10)}).lines

    assert (13, Decimal(23)) == (line.quantity, line.amount)


@pytest.mark.parametrize("units", [Decimal(0), Decimal(-1)])
def test_a_block_has_units(units: Decimal) -> None:
    """Refused with its value."""
    with pytest.raises(InvalidError, match=f"block_units is {units}"):
        OwnBilling(block_units=units)


@pytest.mark.parametrize("tiering", Tiering)
def test_a_promotion_holds_for_prices_by_tiers(own: Any, tiering: Tiering) -> None:
    """Ten percent off every tier; a price that a reading brings along stays as it is."""
    service = own.service(
        own.event("created", "2024-04-01"),
        own.event("promotion-began", "2024-04-01", percent="10"),
        tiers=TIERS,
        policy={"tiering": tiering},
        **METERED,
    )
    usage = used("2024-04-03", "12"), used("2024-04-04", "1", unit_price=Decimal(7))
    lines = own.billed(service, "2024-05-01", usage).lines

    assert {Decimal("7.00"), Decimal("19.80" if tiering is Tiering.GRADUATED else "10.80")} == {
        line.amount for line in lines
    }
