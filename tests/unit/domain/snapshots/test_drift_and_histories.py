"""Where our record and Microsoft's differ, and a stored history as the engine's input."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from shared.domain.snapshots.changes import Change, ChangeKind
from shared.domain.snapshots.drift import drifts, unlisted
from shared.domain.snapshots.histories import history_of, service_kind
from shared.domain.snapshots.values import SubscriptionSnapshot
from shared.domain.subscriptions.events import EventKind
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.states import Status, state_at

Story = Any  # what the conftest's fixtures give


def own(at: datetime, **after: str) -> Change:
    """Return a request of ours."""
    return Change(subscription_id="s", kind=ChangeKind.QUANTITY_CHANGED, at=at, after=after, source="request")


def test_what_agrees_is_no_drift(story: Story) -> None:
    """The latest of ours counts; what nobody of ours said is not compared."""
    ours = [own(story.at(2), quantity="5"), own(story.at(1), quantity="9", unknown="x")]

    assert [] == list(drifts(story.now, [*story.changes(), *ours]))
    assert [] == list(drifts(story.now, story.changes()))


def test_what_never_came_to_be_drifts_since_we_said_it(story: Story) -> None:
    """Our request says eight, Microsoft shows five."""
    (drift,) = drifts(story.now, [*story.changes(), own(story.at(1), quantity="8")])

    assert ("quantity", "8", "5", story.at(1)) == (drift.field, drift.ours, drift.microsofts, drift.since)


def test_what_somebody_changed_elsewhere_drifts_since_then(story: Story) -> None:
    """The first change of Microsoft's after ours."""
    story.own.append(own(story.at(1), quantity="8"))
    story.see(2, quantity=8).see(4, quantity=9).see(5, quantity=10)
    (drift,) = drifts(story.now, [*story.changes(), *story.own])

    assert ("8", "10", story.at(4)) == (drift.ours, drift.microsofts, drift.since)


def test_what_microsoft_lists_no_more_is_gone(story: Story) -> None:
    """Whatever it showed last."""
    ours = [own(story.at(1), status="active", quantity="5")]
    (drift,) = drifts(story.now, ours, is_gone=True)

    assert [] == list(drifts(story.now, ours))
    assert ("status", "active", "gone") == (drift.field, drift.ours, drift.microsofts)


def test_what_microsoft_never_listed_drifts_as_a_whole(story: Story) -> None:
    """A purchase of ours that it knows nothing of."""
    found = list(unlisted([own(story.at(1), quantity="5", promotion=""), own(story.at(2), quantity="6")]))

    assert [("s", "quantity", "6", "", story.at(2))] == [
        (each.subscription_id, each.field, each.ours, each.microsofts, each.since) for each in found
    ]


def test_a_friendly_name_of_ours_is_compared(story: Story) -> None:
    """With the name that Microsoft shows; since that was given, where it is known."""
    (unknown,) = drifts(story.now, story.changes(), "Sales")
    story.see(1, friendly_name="Support")
    (known,) = drifts(story.now, story.changes(), "Sales")

    assert ("name", "Sales", "", None) == (unknown.field, unknown.ours, unknown.microsofts, unknown.since)
    assert ("Support", story.at(1)) == (known.microsofts, known.since)
    assert [] == list(drifts(story.now, story.changes(), "Support"))


@pytest.mark.parametrize(
    ("product_type", "sku", "billing", "kind"),
    [
        ("OnlineServicesNCE", "0001", "license", ServiceKind.LICENCE),
        ("Azure", "0001", "usage", ServiceKind.AZURE_USAGE),
        ("SaaS", "0001", "license", ServiceKind.MARKETPLACE),
        ("SomethingNew", "0001", "license", ServiceKind.LICENCE),
        ("SomethingNew", "0001", "usage", ServiceKind.AZURE_USAGE),
        ("OnlineServices", "", "license", ServiceKind.LEGACY_LICENCE),
        ("", "", "usage", ServiceKind.LEGACY_USAGE),
    ],
)
def test_the_product_type_tells_the_rules(product_type: str, sku: str, billing: str, kind: ServiceKind) -> None:
    """One that nobody knows is told by its ids and its billing."""
    snapshot = SubscriptionSnapshot(
        id="s", tenant_id="t", offer_id="x", product_type=product_type, sku_id=sku, billing_type=billing
    )

    assert kind is service_kind(snapshot)


def test_a_history_brings_the_engine_to_what_was_seen(story: Story) -> None:
    """Quantity, term and status of the engine's own state are those of the last snapshot."""
    story.see(2, quantity=9, product_type="OnlineServicesNCE").see(4, auto_renews=False, promotion_id="39NF")
    story.see(370, ends_on=date(2028, 3, 9), quantity=3).see(380, status="suspended")
    history = history_of(story.now, story.changes(), currency="EUR")
    state = state_at(history, story.at(381))

    assert (ServiceKind.LICENCE, "EUR", "P1Y", Plan.MONTHLY) == (
        history.kind,
        history.currency,
        history.term,
        history.plan,
    )
    assert (Status.SUSPENDED, 3, date(2028, 3, 10)) == (state.status, state.quantity, state.term_period.end)


def test_a_first_sight_in_a_later_term_brings_the_engine_there(untold: Any) -> None:
    """Terms that nobody saw roll on by themselves; the renewal into the running one is told."""
    story = untold().see(0, created_at=datetime(2023, 3, 10, tzinfo=UTC), auto_renews=False)
    story.now = replace(story.now, product_type="OnlineServicesNCE")
    state = state_at(history_of(story.now, story.changes()), story.at(1))

    assert (Status.ACTIVE, False, date(2027, 3, 10)) == (state.status, state.auto_renews, state.term_period.end)


def test_promotions_are_left_out(story: Story) -> None:
    """Microsoft names them without their percentage."""
    story.see(1, promotion_id="39NF").see(2, promotion_id="", scheduled="{}")

    assert [EventKind.CREATED] == [event.kind for event in history_of(story.now, story.changes()).events]


def test_what_ran_and_is_listed_no_more_was_cancelled(story: Story) -> None:
    """Unless it came back, or had ended before."""
    gone = history_of(story.now, story.miss(2).changes())
    back = history_of(story.now, story.see(3).changes())
    ended = history_of(story.now, story.see(4, status="deleted").miss(5).changes())

    assert [EventKind.CREATED, EventKind.CANCELLED] == [event.kind for event in gone.events]
    assert [EventKind.CREATED] == [event.kind for event in back.events]
    assert [EventKind.CREATED, EventKind.CANCELLED] == [event.kind for event in ended.events]
    assert story.at(4) == ended.events[1].at


def test_a_history_without_a_purchase_begins_at_the_creation_date(story: Story) -> None:
    """So does one whose purchase nobody told; without any date it has no beginning."""
    bare = history_of(story.now, ())

    assert [(EventKind.CREATED, 5)] == [(event.kind, event.quantity) for event in bare.events]
    assert () == history_of(replace(story.now, created_at=None, auto_renews=None, cycle="weekly"), ()).events


def test_a_month_that_followed_without_renewal_is_no_renewal(untold: Any) -> None:
    """The extended service term: the engine lets it run on; with another quantity somebody renewed it."""
    story = untold().see(0, product_type="OnlineServicesNCE", auto_renews=False)
    story.see(370, term="P1M", cycle="monthly", ends_on=date(2027, 4, 9))
    plain = history_of(story.now, story.changes())
    story.see(401, ends_on=date(2027, 5, 9), quantity=3)
    renewed = history_of(story.now, story.changes())
    old = history_of(replace(story.now, product_type="OnlineServices"), story.changes())

    assert EventKind.RENEWED not in {event.kind for event in plain.events}
    assert [3] == [event.quantity for event in renewed.events if event.kind is EventKind.RENEWED]
    assert 2 == sum(event.kind is EventKind.RENEWED for event in old.events)
