"""Synced customers over the API: shown with their history in words, drift, and how far the sync is."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from shared.domain.snapshots.changes import Change, ChangeKind
from shared.domain.snapshots.values import SubscriptionSnapshot, Tenant
from shared.storage.repositories.synced_subscriptions import KeptSubscription

Office = Any  # what the conftest's fixtures give
TENANT = "1c39d6d5-c70d-4c55-bc02-f620844f3fd1"
NOW = datetime(2026, 10, 1, 7, tzinfo=UTC)


def found(office: Office) -> None:
    """Let a sync have found a customer whose subscription grew, after a request of ours for yet another quantity."""
    synced = office.services().synced
    synced.keep_tenants([Tenant(id=TENANT, name="Adatum", domain="adatum.example")], NOW)
    five = SubscriptionSnapshot(
        id="s1",
        tenant_id=TENANT,
        offer_id="CFQ7TTC0LH18:0001:X",
        name="Basic",
        quantity=5,
        status="active",
        term="P1Y",
        cycle="monthly",
        created_at=NOW - timedelta(days=2),
        ends_on=date(2027, 9, 28),
        auto_renews=True,
    )
    eight = replace(five, quantity=8)
    track = KeptSubscription(id="s1").track.seen(five, NOW).seen(eight, NOW + timedelta(days=1))
    synced.subscriptions.keep(
        TENANT, [KeptSubscription(id="s1", snapshot=eight, track=track, observed_at=NOW + timedelta(days=1))]
    )
    request = Change(
        subscription_id="s1",
        kind=ChangeKind.QUANTITY_CHANGED,
        at=NOW + timedelta(days=2),
        before={"quantity": "8"},
        after={"quantity": "9"},
        source="request",
        id="q1",
    )
    synced.subscriptions.tell(TENANT, request)


def test_a_customer_and_its_history_are_shown(office: Office) -> None:
    """The list, the customer, its timeline and that of one subscription in German."""
    found(office)
    timeline = office.get(f"customers/{TENANT}/timeline")
    german = office.get(f"customers/{TENANT}/subscriptions/s1/timeline?language=de")

    assert [(TENANT, "Adatum")] == [(each["id"], each["name"]) for each in office.get("customers")]
    assert [("s1", 8)] == [
        (each["id"], each["quantity"]) for each in office.get(f"customers/{TENANT}")["subscriptions"]
    ]
    assert [("request", "8", "9"), ("snapshot", "5", "8")] == [
        (each["source"], each["before"]["quantity"], each["after"]["quantity"]) for each in timeline[:2]
    ]
    assert ["Menge geändert: Menge von 8 auf 9.", "Menge geändert: Menge von 5 auf 8."] == [
        each["text"] for each in german[:2]
    ]
    assert "eigener Auftrag" == german[0]["told_by"]


def test_drift_names_both_sides(office: Office) -> None:
    """What we asked for, and what Microsoft shows."""
    found(office)
    (drift,) = office.get(f"drift?customer={TENANT}")

    assert ("quantity", "9", "8", "2026-10-03T07:00:00+00:00") == (
        drift["field"],
        drift["ours"],
        drift["microsofts"],
        drift["since"],
    )


def test_a_sync_without_a_connection_says_what_to_do(office: Office) -> None:
    """The request is refused, and the day's state says why until somebody connects."""
    answer = office.send("POST", "sync")
    shown = office.get("sync")

    assert 409 == answer.status_code
    assert "stopped" == shown["day"]["state"]
    assert shown["day"]["reason"]
    assert 404 == office.send("POST", "sync", json={"tenant": TENANT}).status_code
    assert 404 == office.send("GET", "customers/nobody").status_code


def test_one_customer_is_asked_for_by_its_id(office: Office) -> None:
    """The answer says where it will be shown."""
    found(office)
    answer = office.send("POST", "sync", json={"tenant": TENANT})

    by_address = office.send("POST", f"sync?customer={TENANT}")

    assert (202, f"/api/customers/{TENANT}") == (answer.status_code, answer.json()["status"])
    assert (202, answer.json()) == (by_address.status_code, by_address.json())
    assert 404 == office.send("POST", "sync?customer=nobody").status_code
