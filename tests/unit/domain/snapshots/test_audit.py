"""What entries of the audit feed say of subscriptions."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.domain.snapshots.audit import facts_of
from shared.domain.snapshots.values import AuditRecord

RECORD = AuditRecord(
    id="r1",
    at=datetime(2026, 10, 1, 15, tzinfo=UTC),
    tenant_id="t",
    resource="subscription",
    operation="update_subscription",
    status="succeeded",
    actor="ada@reseller.example",
)
SHOWN = {
    "Id": "S1",
    "Quantity": 5,
    "Status": "Active",
    "AutoRenewEnabled": True,
    "OfferId": "CFQ7TTC0LH18:0001:CFQ7TTC0K971",
    "TermDuration": "P1Y",
    "BillingCycle": "Monthly",
    "CommitmentEndDate": "2027-09-30T00:00:00Z",
    "IsTrial": False,
    "FriendlyName": "Sales",
}


def told(record: AuditRecord = RECORD, *, before: Any = None, after: Any = None) -> dict[str, dict[str, Any]]:
    """Return what the record says: before and after by subscription and aspect."""
    texts = {"before": json.dumps(before) if before else "", "after": json.dumps(after) if after else ""}
    found = facts_of(replace(record, **texts))
    return {key: {fact.aspect: (fact.before, fact.after) for fact in facts} for key, facts in found.items()}


def test_only_what_differs_is_a_fact() -> None:
    """With the instant and the actor of the record."""
    after = {**SHOWN, "Quantity": 8, "AutoRenewEnabled": False}
    (fact, _) = facts_of(replace(RECORD, before=json.dumps(SHOWN), after=json.dumps(after)))["s1"]

    assert {"s1": {"quantity": ("5", "8"), "auto_renew": ("true", "false")}} == told(before=SHOWN, after=after)
    assert ("r1", RECORD.at, RECORD.actor, "audit") == (fact.id, fact.at, fact.actor, fact.source)


def test_a_conversion_ends_a_trial_that_the_resource_does_not_name() -> None:
    """The operation says it."""
    plain = {key: value for key, value in SHOWN.items() if key != "IsTrial"}
    record = replace(RECORD, operation="convert_trial_subscription")

    assert {"s1": {"trial": ("true", "false")}} == told(record, before=plain, after=plain)
    assert {"s1": {}} == told(record, before=SHOWN, after=SHOWN)
    assert {"s1": {}} == told(before=plain, after=plain)


def test_the_year_9999_is_no_end() -> None:
    """Microsoft's way of writing never; snapshots show none either."""
    after = {**SHOWN, "CommitmentEndDate": "9999-12-30T00:00:00Z"}

    assert {"s1": {"ends_on": ("2027-09-30", "")}} == told(before=SHOWN, after=after)


def test_keys_may_be_camel_case_too() -> None:
    """Microsoft writes both."""
    camel = {key[0].lower() + key[1:]: value for key, value in SHOWN.items()}

    assert {"s1": {"status": ("active", "suspended")}} == told(before=SHOWN, after={**camel, "status": "Suspended"})


def test_what_was_not_told_before_is_only_a_statement() -> None:
    """Without the old resource nobody knows whether it changed."""
    assert {"s1": {"quantity": (None, "5")}} == told(after={"Id": "s1", "Quantity": 5})
    assert {"s1": {"name": (None, "Sales")}} == told(before={"Id": "s1"}, after={"Id": "s1", "FriendlyName": "Sales"})


def test_a_promotion_that_was_not_told_before_was_none() -> None:
    """Microsoft leaves it out where there is none."""
    assert {"s1": {"promotion": ("", "39NF")}} == told(before=SHOWN, after={**SHOWN, "PromotionId": "39NF"})


def test_what_is_created_exists() -> None:
    """A subscription may come without an order of ours."""
    found = told(replace(RECORD, operation="create_subscription"), after={"Id": "s1", "Quantity": 5})

    assert {"s1": {"exists": (None, "true"), "quantity": (None, "5")}} == found


def test_an_order_tells_what_was_bought() -> None:
    """Each line that names its subscription; the billing cycle stands on the order."""
    line = {"SubscriptionId": "S1", "OfferId": "CFQ7TTC0LH18:0001:X", "Quantity": 5, "TermDuration": "P1Y"}
    order = {"Id": "o", "BillingCycle": "Monthly", "LineItems": [line, {"Quantity": 1}, "no line"]}
    found = told(replace(RECORD, resource="order", operation="create_order"), after=order)

    assert {"s1": {"exists", "quantity", "product", "plan"}} == {key: set(facts) for key, facts in found.items()}
    assert (None, "P1Y/monthly") == found["s1"]["plan"]


def test_an_order_that_changed_tells_nothing() -> None:
    """Its subscriptions do."""
    assert {} == told(replace(RECORD, resource="order"), before={"Id": "o"}, after={"Id": "o", "LineItems": []})
    assert {} == told(replace(RECORD, resource="order"), after={"Id": "o", "LineItems": None})


@pytest.mark.parametrize("status", ["failed", "progress"])
def test_what_did_not_succeed_tells_nothing(status: str) -> None:
    """Nothing happened yet, or ever."""
    assert {} == told(replace(RECORD, status=status), before=SHOWN, after={**SHOWN, "Quantity": 8})


@pytest.mark.parametrize("after", ["", "no JSON", "[1]", "[" * 100_000, '{"Quantity": 5}'])
def test_what_cannot_be_read_tells_nothing(after: str) -> None:
    """The feed is believed, not trusted."""
    assert {} == facts_of(replace(RECORD, after=after))


@pytest.mark.parametrize(
    "odd",
    [
        {"Quantity": "8"},
        {"Quantity": True},
        {"Status": 3},
        {"OfferId": ""},
        {"TermDuration": None},
        {"CommitmentEndDate": "soon"},
        {"AutoRenewEnabled": "yes"},
        {"FriendlyName": {}},
    ],
    ids=str,
)
def test_a_value_of_another_type_is_left_out(odd: dict[str, Any]) -> None:
    """The rest still counts."""
    found = told(before=SHOWN, after={**SHOWN, "IsTrial": True, **odd})

    assert {"trial": ("false", "true")} == found["s1"]


def test_another_resource_is_no_subscription() -> None:
    """Licences and users have a history of their own."""
    assert {} == told(replace(RECORD, resource="license"), after=SHOWN)
