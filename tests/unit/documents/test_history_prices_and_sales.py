"""Cycles, prices, tiers and sales of a history file: what is left out, said twice or otherwise, and rests on what."""

import json
from typing import Any

import pytest

from shared.application.explain import explain
from shared.documents.expected_lines_json import answer_values
from shared.documents.histories import read_history
from shared.domain.errors import InvalidError

CONSUMED = {
    "kind": "own-metered",
    "purchased": "2024-04-01",
    "tiers": [{"first": 1, "unit_price": "1"}, {"first": 101, "unit_price": "0.80"}],
    "billing": {"aligned_to": "calendar"},
}


def answered(**file: Any) -> dict[str, Any]:
    """What is answered to a file in euros."""
    return answer_values(explain(read_history(json.dumps({"currency": "EUR", **file}).encode(), "h.json")))


def amounts(subscription: dict[str, Any], **file: Any) -> list[str]:
    """The amounts of the lines of one subscription."""
    return [line["amount"] for line in answered(subscription=subscription, **file)["lines"]]


def refusal(**file: Any) -> str:
    """What is said of a file that cannot be used."""
    with pytest.raises(InvalidError) as caught:
        answered(**file)
    return str(caught.value).splitlines()[1].strip()


@pytest.mark.parametrize(
    ("every", "last_day"),
    [
        ("monthly", "2024-04-30"),
        ("Quarterly", "2024-06-30"),
        ("6 Months", "2024-09-30"),
        ("half year", "2024-09-30"),
        ("semi-annually", "2024-09-30"),
        ("ANNUALLY", "2025-03-31"),
        ("2_weeks", "2024-04-14"),
        ("30days", "2024-04-30"),
    ],
)
def test_the_length_of_a_cycle_is_a_word_like_any_other(every: str, last_day: str) -> None:
    """Compared without case; hyphens, underscores and spaces are the same; adverbs are understood."""
    own = {"kind": "own-recurring", "purchased": "2024-04-01", "unit_price": "1", "billing": {"every": every}}
    (line,) = answered(subscription=own)["lines"]

    assert last_day == line["end"]


@pytest.mark.parametrize("anchor", [15, "15", "2024-03-15"])
def test_a_day_of_the_month_may_be_text(anchor: object) -> None:
    """As any number may."""
    own = {"kind": "own-recurring", "purchased": "2024-04-01", "unit_price": "1", "billing": {"aligned_to": anchor}}
    (line,) = answered(subscription=own)["lines"]

    assert "2024-04-14" == line["end"]


def test_an_alignment_is_a_word_like_any_other() -> None:
    """Compared without case."""
    own = {"kind": "own-recurring", "purchased": "2024-04-15", "unit_price": "1", "billing": {"aligned_to": "Calendar"}}
    (line,) = answered(subscription=own)["lines"]

    assert "2024-04-30" == line["end"]


def test_a_price_for_a_week_or_a_day_is_multiplied_by_the_term() -> None:
    """Seventy-six days at 12.01 a week, the count of weeks rounded to two decimals: 12.01 x 10.86."""
    term = {"kind": "own-recurring", "purchased": "2025-01-01", "last_day": "2025-03-17"}
    weekly = {**term, "prices": {"week": "12.01"}, "billing": {"every": "term", "part_digits": 2}}
    daily = {**term, "prices": {"day": "0.50"}, "billing": {"every": "term"}}

    assert ["130.43"] == amounts(weekly)
    assert ["38.00"] == amounts(daily)


def test_a_price_for_days_is_refused_where_a_vendor_knows_months_only() -> None:
    """In the subscription's own rows and in those of the file; an own service beside it may have them."""
    licence = {"kind": "licence", "term": "P1M", "purchased": "2025-01-01"}
    own = {"kind": "own-recurring", "purchased": "2025-01-01"}
    cure = "is for own services, and licence is none: write month, year, term or cycle"

    assert f"subscription.prices[0].per: 'week' {cure}." == refusal(subscription={**licence, "prices": {"week": "5"}})
    assert f"prices[0].per: 'day' {cure}." == refusal(subscription=licence, prices={"day": "5"})
    assert ["155.00"] == amounts(own, prices={"day": "5"})


@pytest.mark.parametrize("where", ["the subscription", "its billing"])
def test_volume_tiers_may_be_said_in_either_place(where: str) -> None:
    """All 1500 units cost the price of the last one; without the word every unit has its own tier's."""
    told = {"tiering": "volume"} if where == "the subscription" else {"billing": {"aligned_to": 1, "tiering": "volume"}}
    usage = [{"on": "2024-04-03", "quantity": "1500"}]

    assert ["1200.00"] == amounts({**CONSUMED, **told}, usage=usage, through="2024-05-01")
    assert ["1220.00"] == amounts(CONSUMED, usage=usage, through="2024-05-01")


def test_two_ways_to_use_tiers_are_refused() -> None:
    """One of the two places has to give way; twice the same is fine."""
    billing = {"tiering": "graduated"}

    assert "subscription.tiering: 'volume' is not the graduated of billing: keep one of them." == refusal(
        subscription={**CONSUMED, "tiering": "volume", "billing": billing}
    )
    assert [] == amounts({**CONSUMED, "tiering": "graduated", "billing": billing})


@pytest.mark.parametrize(
    ("sale", "amount"),
    [
        ({"method": "retail", "cost": "85", "earned_credit": "15"}, "100.00"),
        ({"method": "retail", "cost": "85", "earned_credit": "15", "value": "95"}, "95.00"),
        ({"method": "percent_of_erp", "erp": "12.60"}, "12.60"),
        ({"method": "discount_off_erp", "erp": "12.60"}, "12.60"),
        ({"method": "markup_on_cost", "cost": "10"}, "10.00"),
        ({"method": "fixed", "value": "0"}, "0.00"),
    ],
)
def test_a_sale_without_a_percentage_is_at_the_whole_price(sale: dict[str, str], amount: str) -> None:
    """A hundred percent of ERP or of the rebuilt retail amount; nothing on top of the cost, nothing off."""
    (answer,) = answered(sales=[sale])["sales"]

    assert amount == answer["amount"]


@pytest.mark.parametrize(
    ("sale", "missing"),
    [
        ({"method": "fixed"}, "value: give the price of a unit"),
        ({"method": "markup_on_cost", "value": "20"}, "cost: markup_on_cost rests on it"),
        ({"method": "volume", "quantity": 5}, "tiers: volume rests on them"),
    ],
)
def test_a_sale_that_rests_on_nothing_is_refused(sale: dict[str, Any], missing: str) -> None:
    """It would be sold for nothing."""
    assert f"has no {missing}." in refusal(sales=[sale])


def test_units_of_a_recurring_service_may_have_tiers() -> None:
    """A line for each tier; with a price of their own, or for the whole file, the tiers are for consumption."""
    own = {"kind": "own-recurring", "purchased": "2024-04-01", "quantity": 150, "tiers": CONSUMED["tiers"]}

    assert ["100.00", "40.00"] == amounts(own)
    assert ["120.00"] == amounts({**own, "tiering": "volume"})
    assert ["750.00"] == amounts({**own, "unit_price": "5"})
    assert ["750.00"] == amounts(own, prices={"month": "5"})


@pytest.mark.parametrize(("field", "value"), [("minimum", "100"), ("quantity_basis", "maximum")])
def test_what_is_one_for_all_units_is_refused_for_graduated_tiers(field: str, value: str) -> None:
    """Each tier is billed by itself; all units at one price may have it."""
    own = {"kind": "own-recurring", "purchased": "2024-04-01", "quantity": 150, "tiers": CONSUMED["tiers"]}
    billing = {"timing": "arrears", field: value}
    said = f"subscription.billing.{field}: '{value}' does not go with graduated tiers of units: leave one of them out."

    assert said == refusal(subscription={**own, "billing": billing})
    assert said == refusal(subscription={**own, "billing": {**billing, "tiering": "graduated"}})
    assert [] == amounts({**own, "billing": {**billing, "tiering": "volume"}})
    assert [] == amounts({**own, "unit_price": "5", "billing": billing})
    assert [] == amounts({**own, "billing": {"timing": "arrears", "quantity_basis": "segments"}})
