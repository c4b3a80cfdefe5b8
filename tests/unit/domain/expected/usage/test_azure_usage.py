"""Azure usage: lines by day and by month, tiers, partner earned credit, exchange rates and what is left out."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from shared.domain.expected.conventions import CreditedUsage, OpenMonth, UsageDetail
from shared.domain.expected.usage.azure import monthly_loss_max, open_month_price
from shared.domain.expected.usage.expected import read_together
from shared.domain.issues import IssueCode
from shared.domain.money import Money
from shared.domain.subscriptions.kinds import Plan
from shared.domain.subscriptions.subscription import Tiering

TIERS = ((1, "1"), (101, "0.80"), (100001, "0.50"))
MONTH = ("2026-10-01", "2026-10-31")


def _plan(told: Any, **fields: Any) -> Any:
    return told.subscription("azure-usage", told.event("created", "2026-09-01"), **fields)


def test_units_over_two_tiers_cost_the_price_of_their_own_tier(told: Any) -> None:
    """101 units at 1.00 up to 100 and 0.80 above cost 100.80."""
    made = told.billed(_plan(told, tiers=told.tiers(*TIERS)), usage=(told.usage("2026-10-05", "101"),))

    assert [("usage", *MONTH, "101", "100.80")] == told.shown(made)
    assert [(Decimal(100), Decimal(1)), (Decimal(1), Decimal("0.80"))] == [tuple(each) for each in made.lines[0].pieces]


def test_a_tier_may_begin_inside_a_day(told: Any) -> None:
    """The units of the month are counted in the order of their days, parts of units included."""
    usage = (told.usage("2026-10-06", "40.5"), told.usage("2026-10-05", "60.5"))
    plan = _plan(told, tiers=told.tiers(*TIERS))
    made = told.billed(plan, usage=usage, usage_detail=UsageDetail.DAILY)

    assert [
        ("usage", "2026-10-05", "2026-10-05", "60.5", "60.50"),
        ("usage", "2026-10-06", "2026-10-06", "40.5", "40.30"),
    ] == told.shown(made)


def test_tiers_begin_again_every_month(told: Any) -> None:
    """The first unit of a month is in the lowest tier."""
    usage = (told.usage("2026-10-31", "100"), told.usage("2026-11-01", "100"))
    made = told.billed(_plan(told, tiers=told.tiers((0, "1"), (101, "0.80"))), usage=usage)

    assert ["100.00", "100.00"] == [str(line.amount) for line in made.lines]


def test_a_meters_own_tiers_go_before_those_of_any_meter(told: Any) -> None:
    """Tiers may name their meter."""
    tiers = (*told.tiers((1, "1")), *told.tiers((1, "3"), meter="gpu"))
    usage = (told.usage("2026-10-05", "2", meter="gpu"), told.usage("2026-10-05", "2", meter="disk"))
    made = told.billed(_plan(told, tiers=tiers), usage=usage)

    assert [("disk", "2.00"), ("gpu", "6.00")] == [(line.inputs[0][1], str(line.amount)) for line in made.lines]


def test_volume_tiers_price_all_units_at_the_last_ones_tier(told: Any) -> None:
    """101 units by volume all cost 0.80."""
    plan = _plan(told, tiers=told.tiers(*TIERS), tiering=Tiering.VOLUME)
    made = told.billed(plan, usage=(told.usage("2026-10-05", "60"), told.usage("2026-10-06", "41")))

    assert ["80.80"] == [str(line.amount) for line in made.lines]


def test_tiers_that_overlap_are_an_issue(told: Any) -> None:
    """Which price holds cannot be told, so nothing is billed."""
    plan = _plan(told, tiers=told.tiers((1, "1"), (1, "2")))
    made = told.billed(plan, usage=(told.usage("2026-10-05", "1", meter="gpu"),))

    assert ((), [IssueCode.PRICE_MISSING]) == (made.lines, [issue.code for issue in made.issues])


def test_a_rows_own_price_goes_before_tiers_and_off_their_scale(told: Any) -> None:
    """What was rated already keeps its price and takes no units of a tier."""
    usage = (told.usage("2026-10-05", "100", unit_price="2"), told.usage("2026-10-06", "100"))
    made = told.billed(_plan(told, tiers=told.tiers(*TIERS)), usage=usage)

    assert ["300.00"] == [str(line.amount) for line in made.lines]


def test_partner_earned_credit_takes_fifteen_percent_off_the_price(told: Any) -> None:
    """A storage meter at 0.045 has the effective price 0.03825; the list price stays on the line."""
    usage = told.usage("2026-10-05", "1000", is_credited=True, meter="LRS")
    line = told.billed(_plan(told, price="0.045"), usage=(usage,)).lines[0]

    assert Decimal("0.03825") == line.effective_unit_price
    assert (Decimal("0.045"), Decimal(15), Decimal("38.25")) == (line.price.listed, line.price.percent_off, line.amount)


def test_a_promotion_and_credit_are_taken_off_one_after_the_other(told: Any) -> None:
    """Half the price with credit is 0.425 of it."""
    plan = told.subscription(
        "azure-usage",
        told.event("created", "2026-09-01"),
        told.event("promotion-began", "2026-10-01", percent="50"),
        told.event("promotion-ended", "2026-10-06"),
        price="1",
    )
    usage = tuple(told.usage(day, "1", is_credited=True) for day in ("2026-09-30", "2026-10-05", "2026-10-06"))
    lines = told.billed(plan, usage=usage, usage_detail=UsageDetail.DAILY).lines

    assert ["0.85", "0.425", "0.85"] == [f"{line.price.amount.normalize()}" for line in lines]
    assert Decimal("57.5") == lines[1].price.percent_off


def test_days_without_credit_make_a_line_of_their_own(told: Any) -> None:
    """A month with both states has two lines a meter, the credited one first."""
    usage = (
        told.usage("2026-10-01", "10", is_credited=True),
        told.usage("2026-10-02", "10", is_credited=False),
        told.usage("2026-10-03", "10", is_credited=True),
    )
    made = told.billed(_plan(told, price="1"), usage=usage)

    assert [("usage", *MONTH, "20", "17.00"), ("usage", *MONTH, "10", "10.00")] == told.shown(made)
    assert CreditedUsage.TWO_LINES.value in made.variants


def test_days_without_credit_may_be_blended_into_one_line(told: Any) -> None:
    """By convention one line has the average effective price."""
    usage = (told.usage("2026-10-01", "10", is_credited=True), told.usage("2026-10-02", "10", is_credited=False))
    made = told.billed(_plan(told, price="1"), usage=usage, credited_usage=CreditedUsage.BLENDED)

    assert [("usage", *MONTH, "20", "18.50")] == told.shown(made)
    assert Decimal("0.925") == made.lines[0].price.amount
    assert CreditedUsage.BLENDED.value in made.variants


def test_credit_of_tiered_usage_is_taken_off_each_tier(told: Any) -> None:
    """100 units at 0.85 and 1 at 0.68."""
    usage = (told.usage("2026-10-05", "101", is_credited=True),)
    line = told.billed(_plan(told, tiers=told.tiers(*TIERS)), usage=usage).lines[0]

    assert (Decimal("85.68"), Decimal(15)) == (line.amount, line.price.percent_off)


@pytest.mark.parametrize("usage_class", ["spot", "telco", "marketplace", "reservation", "savings-plan"])
def test_some_usage_earns_no_credit(told: Any, usage_class: str) -> None:
    """Spot, telco, other publishers' products and benefits are without it whatever the row says."""
    usage = told.usage("2026-10-05", "100", is_credited=True, attributes={"class": usage_class})
    made = told.billed(_plan(told, price="1"), usage=(usage,))

    assert ["100.00"] == [str(line.amount) for line in made.lines]


def test_usage_that_a_benefit_covers_costs_nothing(told: Any) -> None:
    """A covered row is a line at no charge that names the benefit; it needs no price."""
    usage = (
        told.usage("2026-10-05", "24", benefit="reservation-1", is_credited=True),
        told.usage("2026-10-05", "24", unit_price="2"),
    )
    made = told.billed(_plan(told), usage=usage)

    assert [("usage", *MONTH, "24", "48.00"), ("usage", *MONTH, "24", "0.00")] == told.shown(made)
    assert (("benefit", "reservation-1"),) == made.lines[1].inputs
    assert "usage.covered" == made.lines[1].rule.key


def test_a_month_is_cut_twice_where_it_is_converted(told: Any) -> None:
    """ROUNDDOWN(ROUNDDOWN(price x quantity, 2) x rate, 2), with the rate frozen on the line."""
    rate = told.rate("0.9173", "2026-09-28", source="Reuters")
    usage = (told.usage("2026-10-05", "33.337"),)
    line = told.billed(_plan(told, price="0.333"), usage=usage, currency="EUR", exchanges=(rate,)).lines[0]

    assert (Decimal("10.18"), "EUR", rate) == (line.amount, line.currency, line.exchange)


def test_a_tiered_month_is_cut_twice_as_well(told: Any) -> None:
    """The sum of the tiers is cut before it is converted."""
    rate = told.rate("0.5", "2026-09-28")
    usage = (told.usage("2026-10-05", "2.5"),)
    plan = _plan(told, tiers=told.tiers((1, "0.333"), (2, "0.111")))
    line = told.billed(plan, usage=usage, currency="EUR", exchanges=(rate,)).lines[0]

    assert Decimal("0.24") == line.amount


def test_a_missing_rate_is_an_issue_said_once_a_month(told: Any) -> None:
    """No rate is guessed; what has a rate is billed."""
    usage = tuple(told.usage(f"2026-{month}-05", "1", meter=meter) for month in ("10", "11") for meter in "ab")
    rates = (told.rate("0.9", "2026-09-28"), told.rate("9", "2026-09-28", "SEK"))
    made = told.billed(_plan(told, price="1"), usage=usage, currency="EUR", exchanges=rates)

    assert ["0.90", "0.90"] == [str(line.amount) for line in made.lines]
    assert [IssueCode.RATE_MISSING] == [issue.code for issue in made.issues]


def test_days_and_months_differ_by_less_than_the_cuts(told: Any) -> None:
    """The days cost at least what the lines of the month say, and less than the bound more."""
    rate = told.rate("0.9173", "2026-09-28")
    usage = tuple(
        told.usage(f"2026-10-{day:02}", "1.23456789", meter=meter, is_credited=day % 2 == 0)
        for day in range(1, 32)
        for meter in "abc"
    )
    asked: dict[str, Any] = {"usage": usage, "currency": "EUR", "exchanges": (rate,)}
    monthly = told.billed(_plan(told, price="0.07"), **asked).lines
    daily = told.billed(_plan(told, price="0.07"), **asked, usage_detail=UsageDetail.DAILY).lines
    lost = sum(Fraction(line.unrounded) for line in daily) - sum(Fraction(line.amount) for line in monthly)

    assert 0 <= lost < monthly_loss_max(monthly)
    assert 93 == len(daily)


def test_a_day_is_not_rounded(told: Any) -> None:
    """A day's amount keeps its digits."""
    usage = (told.usage("2026-10-05", "0.123456789", resource="vm-1", unit="1 Hour"),)
    line = told.billed(_plan(told, price="0.0123"), usage=usage, usage_detail=UsageDetail.DAILY).lines[0]

    assert Decimal("0.0015185185047") == line.amount
    assert (("resource", "vm-1"), ("unit", "1 Hour")) == line.inputs


def test_usage_taken_back_is_a_credit(told: Any) -> None:
    """A row with a negative quantity has a negative amount, and prices that do not begin with a sign."""
    made = told.billed(_plan(told, price="2"), usage=(told.usage("2026-10-05", "-3"),))

    assert [("usage", *MONTH, "3", "-6.00")] == told.shown(made)


def test_usage_that_balances_costs_nothing(told: Any) -> None:
    """What is used and taken back in one month is nothing."""
    usage = (told.usage("2026-10-05", "3"), told.usage("2026-10-06", "-3"))
    made = told.billed(_plan(told, price="2"), usage=usage)

    assert [("usage", *MONTH, "0", "0.00")] == told.shown(made)


def test_a_month_that_is_not_over_makes_no_line(told: Any) -> None:
    """A monthly line arises on the first day after its month; usage after the last day looked at is not seen."""
    usage = (told.usage("2026-10-05", "1"), told.usage("2026-11-05", "1"))
    plan = _plan(told, price="1")

    assert [[], ["2026-10-01"], ["2026-10-01", "2026-11-01"]] == [
        [str(line.start) for line in told.billed(plan, usage=usage, through=day).lines]
        for day in ("2026-10-31", "2026-11-01", "2026-12-01")
    ]


def test_an_open_month_may_be_estimated(told: Any) -> None:
    """By convention the usage so far makes a line, with the unit price as printed while the month is open."""
    usage = (told.usage("2026-10-05", "7"), told.usage("2026-10-20", "7"))
    made = told.billed(_plan(told, price="0.333"), usage=usage, through="2026-10-19", open_month=OpenMonth.ESTIMATED)

    assert [("usage", *MONTH, "7", "2.33")] == told.shown(made)
    assert (("estimated unit price", "0.332857142857142857"),) == made.lines[0].inputs
    assert OpenMonth.ESTIMATED.value in made.variants


def test_the_price_of_an_open_month_is_the_cut_cost_by_the_units() -> None:
    """Nothing used has no price."""
    prices = [open_month_price(Decimal("0.999"), Decimal(units)) for units in ("2", "0")]

    assert [Decimal("0.495"), Decimal(0)] == prices


def test_included_units_of_a_licence_and_its_overage_are_read_together(told: Any) -> None:
    """Ten a month with 100 units included and 150 used: 10.00 and 50 x 0.10."""
    licence = told.subscription(
        "licence", told.event("created", "2026-10-01", quantity=1), price="10", term="P1M", included_units=100
    )
    made = told.billed(licence, usage=(told.usage("2026-10-09", "150", unit_price="0.10"),))
    lines, total = read_together(made, licence, "USD")

    assert [("new", *MONTH, "1", "10.00"), ("usage", *MONTH, "50", "5.00")] == told.shown(made)
    assert (2, Money(Decimal("15.00"), "USD")) == (len(lines), total)
    assert (("consumed", "150"),) == made.lines[1].inputs


def test_usage_may_name_the_licence_with_the_included_units_as_its_parent(told: Any) -> None:
    """Usage billed by a subscription of its own has the included units of its parent, if that is known."""
    licence = told.subscription(
        "licence", told.event("created", "2026-10-01", quantity=1), id="l", price="10", term="P1M", included_units=100
    )
    child, orphan = (_plan(told, price="0.10", parent_id=parent) for parent in ("l", "gone"))
    usage = (told.usage("2026-10-09", "150"),)
    made = told.billed(licence, child, usage=usage)

    assert ["10.00", "5.00"] == [str(line.amount) for line in made.lines]
    assert 2 == len(read_together(made, licence, "USD")[0])
    assert ["15.00"] == [str(line.amount) for line in told.billed(orphan, usage=usage).lines]


def test_usage_within_the_included_units_is_a_line_of_nothing(told: Any) -> None:
    """What was used is told even where it costs nothing."""
    made = told.billed(_plan(told, price="1", included_units=100), usage=(told.usage("2026-10-05", "60"),))

    assert [("usage", *MONTH, "0", "0.00")] == told.shown(made)
    assert (("consumed", "60"),) == made.lines[0].inputs


def test_tiered_usage_within_the_included_units_has_no_price(told: Any) -> None:
    """Free units take no tier."""
    plan = _plan(told, tiers=told.tiers(*TIERS), included_units=100)
    made = told.billed(plan, usage=(told.usage("2026-10-05", "60"),))

    assert [("usage", *MONTH, "0", "0.00")] == told.shown(made)


def test_prices_of_usage_are_dated_and_may_name_the_meter(told: Any) -> None:
    """The row of the meter goes first; a price that an event told holds until a row begins later."""
    plan = told.subscription(
        "azure-usage",
        told.event("created", "2026-09-01"),
        told.event("price-changed", "2026-10-03", unit_price="7"),
        prices=(
            told.price("1"),
            told.price("3", product="gpu"),
            told.price("9", product="gpu", since="2026-10-05"),
        ),
    )
    usage = tuple(told.usage(f"2026-10-0{day}", "1", meter="gpu") for day in (1, 4, 6))
    lines = told.billed(plan, usage=usage, usage_detail=UsageDetail.DAILY).lines

    assert ["3.00", "7.00", "9.00"] == [str(line.amount) for line in lines]


def test_a_month_with_two_prices_has_the_average(told: Any) -> None:
    """Units of each price are pieces of one line."""
    usage = (told.usage("2026-10-01", "1", unit_price="1"), told.usage("2026-10-02", "1", unit_price="2"))
    line = told.billed(_plan(told), usage=usage).lines[0]

    assert (Decimal("3.00"), Decimal("1.5"), 2) == (line.amount, line.price.amount, len(line.pieces))


def test_usage_without_a_price_is_an_issue(told: Any) -> None:
    """Nothing is billed at zero because a price is missing."""
    made = told.billed(_plan(told), usage=(told.usage("2026-10-05", "1"),))

    assert ((), [IssueCode.PRICE_MISSING]) == (made.lines, [issue.code for issue in made.issues])


def test_usage_beside_seats_has_no_price_of_the_seats(told: Any) -> None:
    """The price of a licence is not that of its meters; a dated price of the meter is."""
    prices = (told.price("10"), told.price("0.5", product="minutes"))
    licence = told.subscription("licence", told.event("created", "2026-10-01", quantity=1), prices=prices, term="P1M")
    usage = (told.usage("2026-10-05", "4", meter="minutes"), told.usage("2026-10-05", "4"))
    made = told.billed(licence, usage=usage)

    assert ["10.00", "2.00"] == [str(line.amount) for line in made.lines]
    assert [IssueCode.PRICE_MISSING] == [issue.code for issue in made.issues]


def test_days_of_usage_stand_among_the_cycles_as_they_arise(told: Any) -> None:
    """What a subscription costs by itself and its metered charges come in one order."""
    product = told.subscription(
        "marketplace", told.event("created", "2026-10-01", quantity=1), price="10", term="P1M", plan=Plan.MONTHLY
    )
    usage = (told.usage("2026-10-05", "1", unit_price="1"), told.usage("2026-11-05", "1", unit_price="1"))
    made = told.billed(product, usage=usage, usage_detail=UsageDetail.DAILY, through="2026-11-30")

    assert ["new", "usage", "renew", "usage"] == [line.charge_type for line in made.lines]


def test_usage_outside_the_life_of_the_plan_is_an_issue(told: Any) -> None:
    """Usage before the first and after the last day is not billed; that of the last day is."""
    plan = told.subscription(
        "azure-usage", told.event("created", "2026-10-02"), told.event("cancelled", "2026-10-10"), price="1"
    )
    usage = tuple(told.usage(f"2026-10-{day}", "1") for day in ("01", "02", "10", "11"))
    made = told.billed(plan, usage=usage)

    assert ["2.00"] == [str(line.amount) for line in made.lines]
    assert [IssueCode.USAGE_IGNORED] * 2 == [issue.code for issue in made.issues]


def test_usage_after_a_plan_that_runs_on_is_not_late(told: Any) -> None:
    """Only what lies before the first day is left out."""
    made = told.billed(_plan(told, price="1"), usage=(told.usage("2026-08-01", "1"),))

    assert "runs from 2026-09-01." in made.issues[0].message


def test_a_credit_is_a_line_of_its_own(told: Any) -> None:
    """An amount given back stands on the day it was granted."""
    plan = told.subscription(
        "azure-usage",
        told.event("created", "2026-10-01"),
        told.event("credited", "2026-10-15", amount="3.50"),
        told.event("credited", "2026-10-16"),
        told.event("credited", "2026-10-17", amount="-1"),
        price="1",
    )
    made = told.billed(plan, usage=(told.usage("2026-10-05", "10"),))

    assert [
        ("customerCredit", "2026-10-15", "2026-10-15", "1", "-3.50"),
        ("usage", *MONTH, "10", "10.00"),
    ] == told.shown(made)
    assert 2 == len(made.issues)


def test_events_that_usage_does_not_know_are_issues(told: Any) -> None:
    """A quantity or a second purchase means nothing for usage; events after the last day are not looked at."""
    plan = told.subscription(
        "azure-usage",
        told.event("created", "2026-10-01"),
        told.event("created", "2026-10-02"),
        told.event("quantity-changed", "2026-10-03", quantity=3),
        told.event("renewed", "2026-10-04"),
    )
    made = told.billed(plan, through="2026-10-03")

    assert ((), [IssueCode.EVENT_IGNORED] * 2) == (made.lines, [issue.code for issue in made.issues])


@pytest.mark.parametrize("kind", ["azure-usage", "legacy-usage"])
def test_usage_of_what_was_never_created_is_not_billed(told: Any, kind: str) -> None:
    """A history begins with the purchase, or nothing of it is billed."""
    usage = (told.usage("2026-10-05", "1"),)
    cancelled = told.subscription(kind, told.event("cancelled", "2026-10-01"), price="1")
    made = [told.billed(each, usage=usage) for each in (told.subscription(kind), cancelled)]

    assert [((), [IssueCode.EVENT_IGNORED])] * 2 == [(each.lines, [i.code for i in each.issues]) for each in made]


def test_usage_beside_seats_without_events_is_not_billed(told: Any) -> None:
    """What has no events has no usage either."""
    made = told.billed(told.subscription("marketplace"), usage=(told.usage("2026-10-05", "1", unit_price="1"),))

    assert () == made.lines


@pytest.mark.parametrize(
    ("units", "cost", "price"),
    [
        ("29", "21.39", "0.737586206896552"),
        ("210.950039", "155.63", "0.737757626107858"),
        ("555.950039", "410.17", "0.737782122900436"),
    ],
)
def test_while_a_month_is_open_the_effective_price_is_the_cost_so_far_by_the_units(
    told: Any, units: str, cost: str, price: str
) -> None:
    """Microsoft's sample of a meter at 0.868 with partner earned credit, on three days of a month."""
    usage = (told.usage("2026-10-03", units, meter="m", is_credited=True),)

    (line,) = told.billed(
        _plan(told, price="0.868"), usage=usage, through="2026-10-25", open_month=OpenMonth.ESTIMATED
    ).lines

    assert (Decimal(cost), Decimal(price)) == (line.amount, round(line.effective_unit_price, 15))
