"""A notification is a hint: it makes us look again, once, and says nothing that we believe."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.application.hints import Followers, HintInbox, accept_hint, follow_hint
from shared.application.messages import HintMessage
from shared.domain.errors import ForgedError, InvalidError
from shared.storage.embedded.database import Database
from shared.storage.embedded.queues import EmbeddedQueues
from shared.storage.embedded.tables import EmbeddedTables
from shared.storage.names import HINTS_QUEUE

TENANT = "0c39d6d5-c70d-4c55-bc02-f620844f3fd1"
HOST = "https://api.partnercenter.microsoft.com"


def trusting(headers: Mapping[str, str], body: bytes) -> None:
    """Take any sender for Microsoft."""


def notification(event: str = "subscription-updated", resource: str = "", **others: object) -> bytes:
    """Return a notification's body."""
    resource = resource or f"{HOST}/webhooks/v1/customers/{TENANT}/subscriptions/488745b5-2086-4912-802c-6abb9f7c3638"
    fields = {"EventName": event, "ResourceUri": resource, "ResourceName": "subscription", "AuditUri": None}
    return json.dumps({**fields, "ResourceChangeUtcDate": "2026-10-14T16:19:06.3520276+00:00", **others}).encode()


@pytest.fixture
def inbox(tmp_path: Path) -> HintInbox:
    """Return an inbox on an embedded store that trusts its senders."""
    database = Database(tmp_path)
    return HintInbox(EmbeddedTables(database), EmbeddedQueues(database), trusting, ("api.partnercenter.microsoft.com",))


def waiting(inbox: HintInbox) -> list[HintMessage]:
    """Return the hints on the queue."""
    return [HintMessage.parse(each.body) for each in inbox.queues.receive(HINTS_QUEUE, limit=32)]


def test_a_changed_subscription_asks_for_its_customer(inbox: HintInbox) -> None:
    """The message names the tenant; the notification's own words are not carried along."""
    assert accept_hint(inbox, {}, notification())

    assert [HintMessage("subscription-updated", TENANT, "", "2026-10-14T16:19:06.3520276+00:00")] == waiting(inbox)


def test_the_same_notification_again_is_seen_before(inbox: HintInbox) -> None:
    """Event, resource and instant are its identity; the other fields may differ."""
    accept_hint(inbox, {}, notification())

    assert not accept_hint(inbox, {}, notification(AuditUri="https://elsewhere.test/audit"))
    assert 1 == len(waiting(inbox))


def test_a_later_change_of_the_same_subscription_is_new(inbox: HintInbox) -> None:
    """Another instant is another change."""
    accept_hint(inbox, {}, notification())

    assert accept_hint(inbox, {}, notification(ResourceChangeUtcDate="2026-10-14T16:19:07+00:00"))


def test_an_invoice_that_is_ready_asks_for_the_invoices(inbox: HintInbox) -> None:
    """The invoice's number is taken out of the address."""
    accept_hint(inbox, {}, notification("invoice-ready", f"{HOST}/v1/invoices/G016907411"))

    assert ["G016907411"] == [each.invoice_id for each in waiting(inbox)]


def test_names_in_any_case_and_a_byte_order_mark_are_understood(inbox: HintInbox) -> None:
    """Microsoft writes Pascal case here and camel case there."""
    body = b"\xef\xbb\xbf" + notification().replace(b"EventName", b"eventName").replace(b"ResourceUri", b"resourceUri")

    assert accept_hint(inbox, {}, body)


def test_a_resource_on_another_host_is_refused(inbox: HintInbox) -> None:
    """Even a signed notification cannot point us elsewhere."""
    with pytest.raises(ForgedError, match="another host"):
        accept_hint(inbox, {}, notification(resource=f"https://evil.test/v1/customers/{TENANT}"))

    assert [] == waiting(inbox)


def test_what_concerns_nothing_of_ours_is_kept_and_followed_to_nothing(inbox: HintInbox) -> None:
    """Referrals and test events are accepted, so that Microsoft stops sending them."""
    assert accept_hint(inbox, {}, notification("test-created", f"{HOST}/webhooks/v1/registration/validationEvents/1"))

    followers = Followers(pytest.fail, lambda: pytest.fail("nothing to look at"))
    assert "nothing" == follow_hint(followers, waiting(inbox)[0])


def test_a_hint_is_followed_by_looking_again() -> None:
    """A tenant is looked at by its id, invoices all together."""
    looked: list[str] = []
    followers = Followers(looked.append, lambda: looked.append("invoices"))

    assert "tenant" == follow_hint(followers, HintMessage("subscription-updated", TENANT, "", ""))
    assert "invoices" == follow_hint(followers, HintMessage("invoice-ready", "", "", ""))
    assert [TENANT, "invoices"] == looked


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[1]", "no JSON object"),
        (b"[" * 100_000, "no JSON"),
        (notification(EventName=3), "EventName"),
        (notification(ResourceUri="x" * 3000), "ResourceUri"),
        (b"{}", "EventName"),
        (notification(resource="https://[::1/v1"), "ResourceUri"),
    ],
)
def test_a_body_that_is_no_notification_is_refused_whole(inbox: HintInbox, body: bytes, says: str) -> None:
    """Nothing is queued or kept of it."""
    with pytest.raises(InvalidError, match=says):
        accept_hint(inbox, {}, body)

    assert [] == waiting(inbox)


def test_a_forged_notification_leaves_no_trace(inbox: HintInbox) -> None:
    """The sender is proven before anything is read."""

    def refuse(headers: Mapping[str, str], body: bytes) -> None:
        raise ForgedError("the signature does not fit the body")

    forged = HintInbox(inbox.tables, inbox.queues, refuse, inbox.hosts)
    with pytest.raises(ForgedError):
        accept_hint(forged, {}, notification())

    assert [] == waiting(inbox)
    assert [] == list(inbox.tables.query("inboundwebhooks", "partner-center"))


def test_two_workers_with_the_same_notification_keep_it_once(inbox: HintInbox) -> None:
    """Whoever comes second between the look and the row is told that it was seen."""

    class Twice(EmbeddedQueues):
        """While the first worker sends, the second comes through whole."""

        def send(self, queue: str, body: str | bytes, *, delay_s: int = 0) -> None:
            inbox.queues.send(queue, body, delay_s=delay_s)
            accept_hint(inbox, {}, notification())

    first = HintInbox(inbox.tables, Twice.__new__(Twice), trusting, inbox.hosts)

    assert not accept_hint(first, {}, notification())


def test_an_instant_of_the_future_or_the_past_changes_nothing(inbox: HintInbox) -> None:
    """Two days late or ahead: it is looked at now in any case."""
    for at in ("2026-10-12T00:00:00Z", datetime(2030, 1, 1, tzinfo=UTC).isoformat()):
        assert accept_hint(inbox, {}, notification(ResourceChangeUtcDate=at))
