"""Deliveries over HTTP on an installation that nobody connected yet."""

from typing import Any

from shared.domain.periods import BillingPeriod

Office = Any  # what the conftest's fixture gives


def test_looking_for_deliveries_without_a_connection_leaves_nothing_behind(office: Office) -> None:
    """The request is taken, the worker says in the log why nothing came, and no message is left over."""
    answer = office.send("POST", "deliveries")
    office.drain()
    current = BillingPeriod.of(office.services().clock().date())
    shown_at = [f"/api/deliveries/{month}" for month in (current.previous, current)]

    assert (answer.status_code, answer.json()) == (202, {"status": shown_at})
    assert office.get(f"deliveries/{office.period}") == []
    assert office.get("microsoft-invoices") == []
    assert office.services().queues.depth("deliveries-poison") == 0
    assert office.send("GET", "deliveries/soon").status_code == 400
