"""Changes that stand alone in a cycle, and those that do not."""

from typing import Any

from shared.domain.subscriptions.own_billing import ChangeDay


def test_another_plan_at_the_same_price_makes_no_line(own: Any) -> None:
    """Nothing is given back and charged again where the quantity and the price stay."""
    made = own.lines(
        own.event("created", "2024-04-01", quantity=2),
        own.event("plan-changed", "2024-04-11", product="other"),
        own.event("quantity-changed", "2024-04-21", quantity=3),
        price="30.00",
    )

    assert [
        ("2024-04-01", "2024-04-30", "60.00"),
        ("2024-04-21", "2024-04-30", "-20.00"),
        ("2024-04-21", "2024-04-30", "30.00"),
    ] == made


def test_a_change_on_the_first_day_counts_from_the_second_where_its_day_is_the_olds(own: Any) -> None:
    """It is learned on the day of the charge, and corrects the charge all the same."""
    made = own.lines(
        own.event("created", "2024-04-01", quantity=1),
        own.event("quantity-changed", "2024-04-01T12:00", quantity=2),
        price="30.00",
        policy={"change_day": ChangeDay.OLD},
    )

    assert [
        ("2024-04-01", "2024-04-30", "30.00"),
        ("2024-04-02", "2024-04-30", "-29.00"),
        ("2024-04-02", "2024-04-30", "58.00"),
    ] == made


def test_a_change_on_the_first_day_is_behind_its_lines(own: Any) -> None:
    """The lines of the change name the change, not what created the service."""
    changed = own.event("quantity-changed", "2024-04-01T12:00", quantity=2)
    service = own.service(
        own.event("created", "2024-04-01", quantity=1), changed, price="30.00", policy={"change_day": ChangeDay.OLD}
    )
    made = own.billed(service).lines

    assert [None, changed, changed] == [line.event for line in made]
