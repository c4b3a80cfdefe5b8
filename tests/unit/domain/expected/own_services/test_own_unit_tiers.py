"""Recurring services whose units have prices by tiers: 10 each for the first four, 8 from the fifth on."""

from decimal import Decimal
from typing import Any

import pytest

from shared.domain.expected.wording import sentence
from shared.domain.subscriptions.own_billing import Correction, Tiering, Timing
from shared.domain.subscriptions.subscription import Tier, Usage

TIERS = (Tier(first=5, unit_price=Decimal(8)), Tier(first=1, unit_price=Decimal(10)))
FREE = (Tier(first=3, unit_price=Decimal(5)),)
VOLUME = {"tiering": Tiering.VOLUME}

Charged = list[tuple[str, str]]


def charged(own: Any, *events: Any, through: str = "2024-04-30", **fields: Any) -> Charged:
    """Return quantity and amount of every line of a service from 1 April on."""
    quantity = fields.pop("quantity", 3)
    fields = {"tiers": TIERS, **fields}
    created = own.event("created", "2024-04-01", quantity=quantity)
    expected = own.billed(own.service(created, *events, **fields), through)
    assert not expected.issues
    return [(str(line.quantity), str(line.amount)) for line in expected.lines]


@pytest.mark.parametrize(
    ("policy", "quantity", "expected"),
    [
        ({}, 4, [("4", "40.00")]),
        ({}, 6, [("4", "40.00"), ("2", "16.00")]),
        ({}, Decimal("5.5"), [("4", "40.00"), ("1.5", "12.00")]),
        ({}, 0, []),
        (VOLUME, 4, [("4", "40.00")]),
        (VOLUME, 6, [("6", "48.00")]),
        (VOLUME, 0, []),
    ],
)
def test_units_cost_the_price_of_their_tier(own: Any, policy: dict[str, Any], quantity: Any, expected: Charged) -> None:
    """Graduated: a line for each tier. Volume: all at the price of the last."""
    assert expected == charged(own, quantity=quantity, policy=policy)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({}, [("3", "30.00"), ("3", "-15.00"), ("4", "20.00"), ("2", "8.00")]),
        ({"correction": Correction.NET}, [("3", "30.00"), ("1", "5.00"), ("2", "8.00")]),
        (VOLUME, [("3", "30.00"), ("3", "-15.00"), ("6", "24.00")]),
        ({**VOLUME, "correction": Correction.NET}, [("3", "30.00"), ("1", "9.00")]),
        ({"timing": Timing.ARREARS}, [("3", "15.00"), ("4", "20.00"), ("2", "8.00")]),
    ],
)
def test_a_change_may_reach_another_tier(own: Any, policy: dict[str, Any], expected: Charged) -> None:
    """Three units become six in the middle of April."""
    changed = own.event("quantity-changed", "2024-04-16", quantity=6)
    through = "2024-05-01" if policy.get("timing") else "2024-04-30"

    assert expected == charged(own, changed, policy=policy, through=through)


@pytest.mark.parametrize(("policy", "expected"), [({}, [("2", "10.00")]), (VOLUME, [("4", "20.00")])])
def test_units_before_the_first_tier_are_free(own: Any, policy: dict[str, Any], expected: Charged) -> None:
    """The tiers begin with the third unit; by volume the fourth one counts for all."""
    assert expected == charged(own, quantity=4, tiers=FREE, policy=policy)
    assert [("2", "0.00")] == charged(own, quantity=2, tiers=FREE, policy=VOLUME)
    assert [] == charged(own, quantity=2, tiers=FREE)


@pytest.mark.parametrize("policy", [{}, VOLUME])
def test_a_price_that_was_told_is_for_all_units(own: Any, policy: dict[str, Any]) -> None:
    """Half of April by the tiers, half at 5 each."""
    told = own.event("price-changed", "2024-04-16", unit_price="5")
    lines = charged(own, told, quantity=6, policy=policy)

    assert ("6", "15.00") in lines
    assert (Decimal(48 if policy else 56) / 2 + 15) == sum(Decimal(amount) for _, amount in lines)


def test_a_granted_amount_is_given_once(own: Any) -> None:
    """Out of what the first tier was charged."""
    granted = own.event("credited", "2024-04-10", amount="12")

    assert [("4", "40.00"), ("2", "16.00"), ("1", "-12.00")] == charged(own, granted, quantity=6)


def test_tiers_of_a_service_with_a_price_are_for_its_consumption(own: Any) -> None:
    """Units cost their price; the tiers count what was measured."""
    usage = Usage(subscription_id="own", on=own.day("2024-04-05"), quantity=Decimal(6))
    service = own.service(own.event("created", "2024-04-01", quantity=6), price="10", tiers=TIERS)
    lines = own.billed(service, "2024-05-01", (usage,)).lines

    assert ["60.00", "60.00", "56.00"] == [str(line.amount) for line in lines]


def test_a_tier_that_is_full_is_left_alone(own: Any) -> None:
    """From six units to eight only the second tier has something to correct."""
    changed = own.event("quantity-changed", "2024-04-16", quantity=8)

    assert [("4", "40.00"), ("2", "16.00"), ("2", "-8.00"), ("4", "16.00")] == charged(own, changed, quantity=6)


def test_a_line_of_a_tier_does_not_tell_quantities_that_are_not_the_service_s(own: Any) -> None:
    """Nobody went from no seat to two; by volume the quantities are those of the service."""
    events = own.event("created", "2024-04-01", quantity=3), own.event("quantity-changed", "2024-04-16", quantity=6)
    net = {"correction": Correction.NET}
    tiers = own.billed(own.service(*events, tiers=TIERS, policy=net)).lines
    volume = own.billed(own.service(*events, tiers=TIERS, policy={**net, **VOLUME})).lines

    assert "Quantity changed on 2024-04-16: 2 x 8 EUR, 15 of 30 days, 2024-04-16 to 2024-04-30." == sentence(tiers[-1])
    assert (3, 6) == (volume[-1].quantity_before, volume[-1].quantity_after)
