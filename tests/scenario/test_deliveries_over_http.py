"""Deliveries over HTTP on an installation that nobody connected yet."""

from typing import Any

from shared.storage.names import DELIVERIES_QUEUE

Office = Any  # what the conftest's fixture gives


def test_looking_for_deliveries_without_a_connection_is_refused_with_the_cure(office: Office) -> None:
    """As a sync is: the answer has the connection's state and what to do, and nothing was asked for."""
    answer, of_sync = office.send("POST", "deliveries"), office.send("POST", "sync")
    told = answer.json()

    assert 409 == answer.status_code
    assert (of_sync.status_code, of_sync.json()) == (answer.status_code, told)
    assert office.get("connection")["state"] == told["connection"]
    assert told["detail"]
    assert 0 == office.services().queues.depth(DELIVERIES_QUEUE)
    assert [] == office.get(f"deliveries/{office.period}")
    assert [] == office.get("microsoft-invoices")
    assert 400 == office.send("GET", "deliveries/soon").status_code
