"""Legacy usage: cycles in arrears, a line for each tier, half up, and the effective rate as it is printed."""

from decimal import Decimal
from typing import Any

import pytest

from shared.domain.expected.usage.legacy import effective_rate
from shared.domain.issues import IssueCode
from shared.domain.periods import Period
from shared.domain.subscriptions.subscription import Tiering

CYCLE, CANCEL = "Assess usage fee for current cycle", "Assess usage fee when cancel"


def _legacy(told: Any, *events: Any, **fields: Any) -> Any:
    return told.subscription("legacy-usage", told.event("created", "2019-08-02"), *events, **fields)


def test_a_documented_line_is_half_up_and_its_rate_is_cut(told: Any) -> None:
    """0.085 x 745 is 63.33, its effective rate 0.08500671 before and 0.09351677 after tax."""
    usage = told.usage("2019-08-02", "745")
    usage = told.usage("2019-08-02", "745", span=Period(usage.on, usage.on.replace(month=9)))
    made = told.billed(_legacy(told, price="0.085"), usage=(usage,))

    assert [(CYCLE, "2019-08-02", "2019-09-01", "745", "63.33")] == told.shown(made)
    assert ("pretax effective rate", "0.08500671") in made.lines[0].inputs
    assert Decimal("0.09351677") == effective_rate(Decimal("63.33") + Decimal("6.34"), Decimal(745))


def test_a_documented_line_below_half_a_cent_is_nothing(told: Any) -> None:
    """0.0383 x 0.000882 is 0.00."""
    made = told.billed(_legacy(told, price="0.0383"), usage=(told.usage("2019-08-02", "0.000882"),))

    assert [(CYCLE, "2019-08-02", "2019-09-01", "0.000882", "0.00")] == told.shown(made)


def test_only_the_overage_is_charged(told: Any) -> None:
    """Included units are free in every cycle; within them a line says so."""
    usage = (told.usage("2019-08-02", "30"), told.usage("2019-09-01", "90"), told.usage("2019-09-02", "90"))
    made = told.billed(_legacy(told, price="1", included_units=100), usage=usage)

    assert [(CYCLE, "2019-08-02", "2019-09-01", "20", "20.00")] == told.shown(made)[:1]
    assert (("consumed", "120"), ("included", "100"), ("overage", "20")) == made.lines[0].inputs[:3]
    assert Decimal(0) == effective_rate(Decimal(0), Decimal(0))


def test_each_tier_has_a_line_of_its_own(told: Any) -> None:
    """Graduated by default, by volume where the subscription says so."""
    usage = (told.usage("2019-08-20", "7", meter="m", unit="GB"), told.usage("2019-08-10", "6", meter="m", unit="GB"))
    tiers = told.tiers((1, "2"), (11, "1"))
    graduated = told.billed(_legacy(told, tiers=tiers), usage=usage)
    volume = told.billed(_legacy(told, tiers=tiers, tiering=Tiering.VOLUME), usage=usage)

    assert [["10", "3"], ["13"]] == [[f"{line.quantity}" for line in made.lines] for made in (graduated, volume)]
    assert ["20.00", "3.00", "13.00"] == [str(line.amount) for made in (graduated, volume) for line in made.lines]
    assert (("meter", "m"), ("unit", "GB")) == graduated.lines[1].inputs[:2]


def test_cycles_may_begin_on_the_partners_billing_day(told: Any) -> None:
    """The first one begins with the purchase."""
    usage = (told.usage("2019-08-14", "1"), told.usage("2019-08-15", "2"))
    made = told.billed(_legacy(told, price="1", partner_billing_day=15), usage=usage)

    assert [
        (CYCLE, "2019-08-02", "2019-08-14", "1", "1.00"),
        (CYCLE, "2019-08-15", "2019-09-14", "2", "2.00"),
    ] == told.shown(made)


def test_the_price_of_the_first_day_counts_for_the_cycle(told: Any) -> None:
    """A price that changes inside a cycle counts from the next."""
    prices = (told.price("1"), told.price("5", since="2019-08-10"))
    usage = (told.usage("2019-08-20", "1"), told.usage("2019-09-20", "1"))
    made = told.billed(_legacy(told, prices=prices), usage=usage)

    assert ["1.00", "5.00"] == [str(line.amount) for line in made.lines]


def test_a_cancelled_cycle_ends_on_that_day(told: Any) -> None:
    """Its usage has a charge type of its own, and arises on the day of the cancellation."""
    cancelled = told.event("cancelled", "2019-08-20")
    subscription = _legacy(told, cancelled, price="1")
    usage = (told.usage("2019-08-20", "4"),)

    assert [(CANCEL, "2019-08-02", "2019-08-20", "4", "4.00")] == told.shown(
        told.billed(subscription, usage=usage, through="2019-08-20")
    )


def test_a_cycle_is_charged_after_it(told: Any) -> None:
    """Nothing arises before the first day after the cycle."""
    subscription, usage = _legacy(told, price="1"), (told.usage("2019-08-20", "4"),)

    assert [0, 1] == [
        len(told.billed(subscription, usage=usage, through=day).lines) for day in ("2019-09-01", "2019-09-02")
    ]


def test_usage_taken_back_is_a_credit(told: Any) -> None:
    """Late corrections are negative."""
    made = told.billed(_legacy(told, price="1"), usage=(told.usage("2019-08-20", "-4"),))

    assert [("4", "-4.00", -1)] == [(f"{line.quantity}", str(line.amount), line.sign) for line in made.lines]


@pytest.mark.parametrize("fields", [{}, {"tiers": ((1, "1"), (1, "2"))}])
def test_what_has_no_price_is_an_issue(told: Any, fields: dict[str, Any]) -> None:
    """Neither a missing price nor contradicting tiers are guessed."""
    given = {"tiers": told.tiers(*fields["tiers"])} if fields else {}
    made = told.billed(_legacy(told, **given), usage=(told.usage("2019-08-20", "4"),))

    assert ((), [IssueCode.PRICE_MISSING]) == (made.lines, [issue.code for issue in made.issues])


def test_events_that_legacy_usage_does_not_know_are_issues(told: Any) -> None:
    """They change nothing; those after the last day are not looked at."""
    events = told.event("renewed", "2019-08-20"), told.event("renewed", "2019-08-22")
    made = told.billed(_legacy(told, *events, price="1"), through="2019-08-21")

    assert [IssueCode.EVENT_IGNORED] == [issue.code for issue in made.issues]
