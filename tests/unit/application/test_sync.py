"""The sync's use cases beside a Microsoft in memory: what is shown, and what happens where something is odd."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest

from shared.application.messages import SyncMessage
from shared.application.services import Services
from shared.application.sync import AUDIT, NO_CHUNK, TENANTS, ask_for_tenant, start_due_sync, start_sync, sync_chunk
from shared.application.sync_audit import sync_audit
from shared.application.sync_tenant import keep_news, news_of, sync_tenant
from shared.application.sync_views import customer_view, customers_view, drift_view, sync_view, timeline_view
from shared.application.terms import keep_terms
from shared.domain.errors import (
    ChangedError,
    InvalidError,
    MicrosoftBusyError,
    MicrosoftRefusedError,
    NotConnectedError,
    NotFoundError,
    StorageUnavailableError,
    ThrottledError,
)
from shared.domain.periods import BillingPeriod
from shared.domain.snapshots.changes import Change, ChangeKind
from shared.domain.snapshots.values import AuditRecord, LicenceCount, SubscriptionSnapshot, Tenant, TenantProfile, User
from shared.storage.names import SYNC_QUEUE
from shared.storage.repositories.synced_subscriptions import KeptSubscription
from shared.storage.repositories.terms import TermsKind

NOW = datetime(2026, 11, 9, 9, tzinfo=UTC)
TODAY = date(2026, 11, 9)
Failure = Callable[[], Exception]


@dataclass(slots=True)
class Directory:
    """Microsoft's side: two customers with a subscription each. *fails* raises at the calls it names."""

    fails: dict[str, Exception] = field(default_factory=dict)
    quantity: int = 5
    records: list[AuditRecord] = field(default_factory=list)

    def _call(self, name: str, tenant_id: str = "") -> None:
        for key in (name, f"{name} {tenant_id}"):
            if key in self.fails:
                raise self.fails[key]

    def tenants(self) -> Iterator[Tenant]:
        """Yield both."""
        self._call("tenants")
        yield from (Tenant(id=name, name=name.title(), domain=f"{name}.example") for name in ("contoso", "adatum"))

    def tenant(self, tenant_id: str) -> TenantProfile:
        """Return who is behind one."""
        self._call("tenant", tenant_id)
        return TenantProfile(tenant=Tenant(id=tenant_id, name=tenant_id.title(), domain="d"), city="Utrecht")

    def subscriptions(self, tenant_id: str) -> list[SubscriptionSnapshot]:
        """Return its one subscription."""
        self._call("subscriptions", tenant_id)
        return [
            SubscriptionSnapshot(
                id=f"{tenant_id}-1",
                tenant_id=tenant_id,
                offer_id="CFQ7TTC0LH18:0001:X",
                name="Microsoft 365 Business Basic",
                quantity=self.quantity,
                status="active",
                term="P1Y",
                cycle="monthly",
                created_at=NOW - timedelta(days=40),
                ends_on=date(2027, 9, 29),
                auto_renews=True,
            )
        ]

    def licence_counts(self, tenant_id: str) -> list[LicenceCount]:
        """Return its one SKU."""
        self._call("licence_counts", tenant_id)
        return [LicenceCount(sku_id="k", name="Microsoft 365 Business Basic", total=5, consumed=3, available=2)]

    def users(self, tenant_id: str) -> list[User]:
        """Return its one user."""
        self._call("users", tenant_id)
        return [User(id="u", principal_name=f"u@{tenant_id}")]

    def audit_records(self, on: date) -> Iterator[AuditRecord]:
        """Yield what happened on a day."""
        self._call("audit_records")
        if isinstance(self.records, _Asked):
            self.records.asked.append(on)
        return (record for record in self.records if record.at.date() == on)


class _Asked(list[AuditRecord]):
    """No entries, and the days that were asked for."""

    def __init__(self, asked: list[date]) -> None:
        super().__init__()
        self.asked = asked


@pytest.fixture
def directory() -> Directory:
    """Microsoft's side."""
    return Directory()


@pytest.fixture
def services(office: Any, directory: Directory) -> Services:
    """The services on the office's store, with that Microsoft."""
    office.services = replace(
        office.services, microsoft=lambda: cast("Any", directory), clock=lambda: NOW, chunk_customers=10
    )
    return cast("Services", office.services)


def run(services: Services) -> None:
    """Start a sync and work off what is visible now."""
    start_sync(services)
    while messages := services.queues.receive(SYNC_QUEUE, limit=32):
        for message in messages:
            sync_chunk(services, SyncMessage.parse(message.body))
            services.queues.complete(message)


def chunk(tenants: str = "adatum,contoso", *, number: int = 0, attempt: int = 0, what: str = TENANTS) -> SyncMessage:
    """Return a message of today."""
    return SyncMessage(TODAY.isoformat(), what, number, tenants, attempt)


def troubles(services: Services) -> set[tuple[str, str]]:
    """Return what is wrong with whom."""
    return {(each.tenant_id, each.kind.value) for each in services.synced.troubles()}


def test_customers_are_shown_by_name_with_their_troubles(services: Services, directory: Directory) -> None:
    """And one customer with profile, subscriptions and licences."""
    directory.fails["users adatum"] = MicrosoftRefusedError("no role", status=403, code="900316")
    run(services)
    adatum, contoso = customers_view(services)
    shown = customer_view(services, "ADATUM")

    assert (["users"], []) == ([each["kind"] for each in adatum["troubles"]], contoso["troubles"])
    assert ({"city": "Utrecht"}, 0) == (shown["profile"], shown["user_count"])
    (subscription,) = shown["subscriptions"]
    assert ("CFQ7TTC0LH18:0001:X", 5, 3) == (
        subscription["offer_id"],
        subscription["quantity"],
        subscription["consumed"],
    )
    assert ("2027-09-30", "2027-09-29") == (subscription["renews_on"], subscription["price_locked_through"])
    assert [("k", 3)] == [(each["sku_id"], each["consumed"]) for each in shown["licences"]]


def test_customers_are_shown_in_parts(services: Services) -> None:
    """Each part begins after the last of the one before."""
    run(services)

    assert ["adatum"] == [each["id"] for each in customers_view(services, limit="1")]
    assert ["contoso"] == [each["id"] for each in customers_view(services, after="ADATUM", limit="5000")]
    assert [] == customers_view(services, after="contoso")


@pytest.mark.parametrize("limit", ["0", "5001", "-1", "ten", "1e3", "٣", "00001"])
def test_a_limit_is_a_number_of_customers(services: Services, limit: str) -> None:
    """The message says which numbers there are."""
    with pytest.raises(InvalidError, match=r"limit: .* is no number from 1 to 5000"):
        customers_view(services, limit=limit)


def test_a_chunk_that_takes_long_goes_back_before_its_function_ends(services: Services) -> None:
    """What was read stays; the rest is a message of its own, and comes at once."""
    minutes = iter(range(1000))
    slow = replace(services, clock=lambda: NOW + timedelta(minutes=2 * next(minutes)))
    start_sync(services)
    (first, *_) = services.queues.receive(SYNC_QUEUE, limit=32)
    sync_chunk(slow, SyncMessage.parse(first.body))
    services.queues.complete(first)
    (rest,) = services.queues.receive(SYNC_QUEUE, limit=32)

    assert replace(SyncMessage.parse(first.body), tenants="contoso") == SyncMessage.parse(rest.body)
    assert [1, 0] == [len(services.synced.subscriptions.of_customer(name)) for name in ("adatum", "contoso")]


@pytest.mark.parametrize(
    "ask",
    [
        lambda services: customers_view(services, after="nobody"),
        lambda services: customer_view(services, "nobody"),
        lambda services: timeline_view(services, "nobody"),
        lambda services: timeline_view(services, "adatum", "nothing"),
        lambda services: drift_view(services, "nobody"),
        lambda services: ask_for_tenant(services, "nobody"),
    ],
)
def test_what_no_sync_found_is_not_there(services: Services, ask: Callable[[Services], object]) -> None:
    """The message says what was looked for."""
    run(services)

    with pytest.raises(NotFoundError, match=r"nobody|nothing"):
        ask(services)


def test_a_timeline_is_told_in_a_language_the_latest_first(services: Services, directory: Directory) -> None:
    """With the subscription's name, and in a language there is."""
    run(services)
    directory.quantity = 8
    later = replace(services, clock=lambda: NOW + timedelta(days=1))
    run(later)

    shown = timeline_view(services, "adatum", language="de")
    assert ["Menge geändert: Menge von 5 auf 8."] == [each["text"] for each in shown][:1]
    assert {"Microsoft 365 Business Basic"} == {each["subscription"] for each in shown}
    assert "zwischen 09.11.2026 09:00 und 10.11.2026 09:00 (UTC)" == shown[0]["when"]
    with pytest.raises(InvalidError, match="language 'nl' has no texts yet"):
        timeline_view(services, "adatum", language="nl")


def test_drift_is_shown_and_nothing_is_overwritten(services: Services) -> None:
    """A request that never came to be, and a friendly name that Microsoft does not know."""
    run(services)
    services.synced.subscriptions.tell(
        "adatum",
        Change(
            subscription_id="adatum-1",
            kind=ChangeKind.QUANTITY_CHANGED,
            at=NOW,
            before={"quantity": "5"},
            after={"quantity": "7"},
            source="request",
            id="q",
        ),
    )
    names = b"subscription_id,friendly_name\ncontoso-1,Sales\n"
    keep_terms(services, TermsKind.SUBSCRIPTION_DETAILS, BillingPeriod(2026, 11), "details.csv", names)

    expected = [("adatum", "quantity", "7", "5"), ("contoso", "name", "Sales", "")]
    found = [(each["customer_id"], each["field"], each["ours"], each["microsofts"]) for each in drift_view(services)]
    assert expected == found
    assert expected[:1] == found[: len(drift_view(services, "adatum"))]
    run(services)
    assert expected == found


def test_a_sync_that_was_never_begun_is_shown_as_none(services: Services) -> None:
    """Nothing is parked either."""
    assert {"day": None, "parked": [], "issues": []} == sync_view(services, TODAY)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MicrosoftRefusedError("no such customer of ours", status=403), "no such customer of ours"),
        (NotFoundError("customer adatum is gone"), "customer adatum is gone"),
        (KeyError("secret"), "a fault in Prorata (KeyError), see the log"),
    ],
    ids=["refused", "gone", "a fault of ours"],
)
def test_a_customer_that_cannot_be_read_is_parked_alone(
    services: Services, directory: Directory, error: Exception, reason: str
) -> None:
    """With reason, cure and since; the same again is written once, and its next success ends it."""
    directory.fails["subscriptions adatum"] = error
    run(services)
    (parked,) = sync_view(services, TODAY)["parked"]
    assert ("adatum", reason, NOW.isoformat()) == (parked["customer_id"], parked["reason"], parked["since"])
    assert "done" == sync_view(services, TODAY)["day"]["state"]
    run(replace(services, clock=lambda: NOW + timedelta(days=1)))
    assert [NOW] == [each.since for each in services.synced.troubles()]
    directory.fails.clear()
    run(services)

    assert set() == troubles(services)


def test_each_part_that_is_refused_is_an_issue(services: Services, directory: Directory) -> None:
    """Profile, licences, users and the feed; the subscriptions are read, and all of it ends by itself."""
    refused = MicrosoftRefusedError("no", status=403, code="900308")
    directory.fails.update(dict.fromkeys(("tenant adatum", "licence_counts adatum", "users adatum"), refused))
    directory.fails["audit_records"] = refused
    run(services)

    expected = {("adatum", "profile"), ("adatum", "licences"), ("adatum", "users"), ("", "audit")}
    assert expected == troubles(services)
    assert services.synced.subscriptions.of_customer("adatum")
    assert 4 == len(sync_view(services, TODAY)["issues"])
    directory.fails.clear()
    run(services)
    assert set() == troubles(services)


def test_a_throttled_chunk_gives_back_what_is_left(services: Services, directory: Directory) -> None:
    """As a new message with the delay that Microsoft asks for; nothing is parked, nothing counts as failed."""
    run(services)
    directory.fails["subscriptions contoso"] = ThrottledError("wait", retry_after_s=0)
    sync_chunk(services, chunk())

    assert 1 == services.queues.depth(SYNC_QUEUE)
    assert set() == troubles(services)


def test_two_that_get_no_answer_in_a_row_give_all_back(services: Services, directory: Directory) -> None:
    """Then Microsoft is not there, and the third is not even asked."""
    directory.fails["subscriptions"] = MicrosoftBusyError("busy")
    sync_chunk(services, chunk("a,b,c"))

    assert 1 == services.queues.depth(SYNC_QUEUE)
    assert services.synced.tenant("c") is None


def test_the_last_attempt_parks_who_got_no_answer(services: Services, directory: Directory) -> None:
    """So that the day can end."""
    directory.fails["subscriptions"] = MicrosoftBusyError("busy")
    sync_chunk(services, chunk("adatum,contoso", attempt=12))

    assert {("adatum", "parked"), ("contoso", "parked")} == troubles(services)
    assert 0 == services.queues.depth(SYNC_QUEUE)


@pytest.mark.parametrize(
    ("error", "attempt", "left"),
    [
        (ThrottledError("wait", retry_after_s=9), 0, 1),
        (MicrosoftBusyError("busy"), 0, 1),
        (MicrosoftBusyError("busy"), 12, 0),
    ],
    ids=["throttled", "no answer", "never an answer"],
)
def test_the_feed_waits_too(
    services: Services, directory: Directory, error: Exception, attempt: int, left: int
) -> None:
    """It comes again later; after the last attempt the day ends without it."""
    directory.fails["audit_records"] = error
    sync_chunk(services, chunk("2026-11-09/3", what=AUDIT, number=1, attempt=attempt))

    assert left == services.queues.depth(SYNC_QUEUE)


def test_a_store_that_is_away_is_nobodys_fault(services: Services, directory: Directory) -> None:
    """The message comes again by itself."""
    directory.fails["subscriptions"] = StorageUnavailableError("away")

    with pytest.raises(StorageUnavailableError):
        sync_chunk(services, chunk())
    assert set() == troubles(services)


def test_one_customer_may_stop_the_sync_as_well(services: Services, directory: Directory) -> None:
    """Where Microsoft does not know us; whoever is refused alone does not keep the timer from going on."""
    run(services)
    directory.fails["users"] = NotConnectedError("connect anew", state="revoked")
    sync_chunk(services, chunk("adatum", number=NO_CHUNK))
    day = sync_view(services, TODAY)["day"]
    assert ("stopped", "revoked", "connect anew") == (day["state"], day["connection"], day["reason"])
    sync_chunk(services, chunk())
    sync_chunk(services, chunk("adatum", number=NO_CHUNK))
    directory.fails["tenant adatum"] = NotFoundError("gone")
    assert start_due_sync(services)
    directory.fails.clear()
    run(services)

    assert "done" == sync_view(services, TODAY)["day"]["state"]


def test_what_a_night_asks_for_beside_the_customers_survives_a_crash(services: Services) -> None:
    """The process ends before billing data was asked for: the next timer asks, also once all customers were read."""
    asked: list[str] = []

    def crash(_: Services) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        start_due_sync(services, crash)
    while messages := services.queues.receive(SYNC_QUEUE, limit=32):
        for message in messages:
            sync_chunk(services, SyncMessage.parse(message.body))
            services.queues.complete(message)

    assert start_due_sync(services, lambda _: asked.append("billing"))
    assert ["billing"] == asked


def test_a_customer_that_only_microsoft_named_is_read_and_added(services: Services) -> None:
    """A notification comes before the next list does."""
    news = sync_tenant(services, "fabrikam")

    assert (1, 1, 1, True) == (news.subscription_count, news.change_count, news.licence_count, news.has_new_users)
    assert ["fabrikam"] == [tenant.id for tenant in services.synced.tenants()]


def test_the_feed_of_strangers_is_left_out(services: Services, directory: Directory) -> None:
    """Only customers that the list shows have a history here; late entries of the days before are found."""
    run(services)
    at = NOW - timedelta(days=3)
    for tenant in ("adatum", "stranger"):
        after = f'{{"Id": "{tenant}-1", "Quantity": 5}}'
        before = f'{{"Id": "{tenant}-1", "Quantity": 4}}'
        directory.records.append(
            AuditRecord(
                id=tenant,
                at=at,
                tenant_id=tenant.upper(),
                resource="subscription",
                operation="update_subscription",
                status="succeeded",
                before=before,
                after=after,
            )
        )

    assert 3 == sync_audit(services, TODAY)  # the feed's change, and the purchase told anew with what it was before
    assert 0 == sync_audit(services, TODAY)
    assert ["4", "5"] == [each.after["quantity"] for each in services.synced.subscriptions.changes("adatum")]
    assert [] == services.synced.subscriptions.changes("stranger")


def test_the_first_sync_reads_the_feed_as_far_as_it_goes_back(services: Services, directory: Directory) -> None:
    """Ninety days, ten at a time, each day once; the next one goes back to the days before the last that was done."""
    asked: list[date] = []
    directory.records = _Asked(asked)
    run(services)
    assert [TODAY - timedelta(days=back) for back in range(90)] == sorted(asked, reverse=True)
    asked.clear()
    run(replace(services, clock=lambda: NOW + timedelta(days=9)))

    assert [TODAY + timedelta(days=ahead) for ahead in range(9, -4, -1)] == sorted(asked, reverse=True)


def test_a_writer_that_is_always_slower_gives_up(services: Services, directory: Directory) -> None:
    """After some attempts; the message comes again later."""
    run(services)
    snapshot = directory.subscriptions("adatum")[0]

    def news(known: Any) -> list[KeptSubscription]:
        other = news_of(known, [replace(snapshot, quantity=99)], NOW + timedelta(hours=len(known)))
        services.synced.subscriptions.keep("adatum", other)
        return [replace(each, track=each.track.seen(snapshot, NOW + timedelta(days=9))) for each in known.values()]

    attempts = []

    def counted(known: Any) -> list[KeptSubscription]:
        attempts.append(1)
        stale = [replace(each, etag="stale") for each in news(known)]
        return stale

    with pytest.raises(ChangedError):
        keep_news(services, "adatum", counted)
    assert 5 == len(attempts)


def test_an_older_list_is_no_news(services: Services, directory: Directory) -> None:
    """Neither what it shows nor what it does not; the feed's own subscriptions cannot be missing in it."""
    run(services)
    known = services.synced.subscriptions.of_customer("adatum")
    feed_only = {"x": KeptSubscription(id="x")}
    directory.quantity = 9

    assert [] == news_of({**known, **feed_only}, directory.subscriptions("adatum"), NOW)
    assert [] == news_of({**known, **feed_only}, [], NOW)
    assert ["adatum-1"] == [each.id for each in news_of({**known, **feed_only}, [], NOW + timedelta(days=1))]


def test_a_message_without_a_day_can_never_be_worked_off(services: Services) -> None:
    """It goes to the poison queue."""
    with pytest.raises(InvalidError, match="day: 'today' is no date"):
        sync_chunk(services, SyncMessage("today", TENANTS, 0, "adatum", 0))
    with pytest.raises(InvalidError, match="tenants: '2026-11-09/all' is no span"):
        sync_chunk(services, chunk("2026-11-09/all", what=AUDIT))
