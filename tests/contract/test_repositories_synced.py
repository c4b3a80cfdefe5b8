"""What syncs keep, on each store: written once, read back equal, and nothing written where nothing is news."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.domain.errors import AlreadyExistsError, ChangedError
from shared.domain.snapshots.changes import Change, ChangeKind
from shared.domain.snapshots.tracks import Fact
from shared.domain.snapshots.values import LicenceCount, SubscriptionSnapshot, Tenant, TenantProfile, User
from shared.storage.ports import Blobs, Tables
from shared.storage.repositories.sync_days import DayState
from shared.storage.repositories.synced import Synced, Trouble, TroubleKind
from shared.storage.repositories.synced_subscriptions import KeptSubscription

AT = datetime(2026, 10, 1, 7, tzinfo=UTC)
DAY = timedelta(days=1)
CUSTOMER = "9A1E2B3C-0000-4000-8000-000000000001"
SNAPSHOT = SubscriptionSnapshot(
    id="s1",
    tenant_id=CUSTOMER.lower(),
    offer_id="CFQ7TTC0LH18:0001:X",
    quantity=5,
    status="active",
    term="P1Y",
    cycle="monthly",
    created_at=AT - DAY,
    ends_on=date(2027, 9, 29),
    auto_renews=True,
)


@pytest.fixture
def synced(own_tables: Tables, own_blobs: Blobs) -> Synced:
    """The repository on each store in turn, empty."""
    return Synced(own_tables, own_blobs)


def tenants(*names: str) -> list[Tenant]:
    """Return tenants of those names."""
    return [Tenant(id=name, name=name.title(), domain=f"{name}.example") for name in names]


def seen(synced: Synced, snapshot: SubscriptionSnapshot, at: datetime) -> int:
    """Keep what was seen of a subscription; return how many changes that wrote."""
    kept = synced.subscriptions.get(CUSTOMER, snapshot.id) or KeptSubscription(id=snapshot.id)
    newer = replace(kept, snapshot=snapshot, track=kept.track.seen(snapshot, at), observed_at=at)
    return synced.subscriptions.keep(CUSTOMER, [newer])


def test_tenants_come_go_and_come_back(synced: Synced) -> None:
    """One that is listed no more is marked, not forgotten; only news is written."""
    assert 2 == synced.keep_tenants(tenants("adatum", "contoso"), AT)
    assert 0 == synced.keep_tenants(tenants("contoso", "adatum"), AT + DAY)
    assert 1 == synced.keep_tenants(tenants("adatum"), AT + DAY)
    assert 0 == synced.keep_tenants(tenants("adatum"), AT + 2 * DAY)
    assert ["adatum"] == [tenant.id for tenant in synced.tenants()]
    assert AT + DAY == synced.known_tenants()["contoso"].gone_since
    synced.keep_tenants(tenants("adatum", "contoso"), AT + 3 * DAY)

    back = synced.tenant("CONTOSO")
    assert back is not None
    assert (None, AT + 3 * DAY) == (back.gone_since, back.back_at)


def test_a_tenant_that_was_found_alone_is_added_once(synced: Synced) -> None:
    """A notification may name one that no list showed yet."""
    for tenant in tenants("adatum", "adatum"):
        synced.keep_tenant(tenant)

    assert synced.tenant("nobody") is None
    assert tenants("adatum") == synced.tenants()


def test_many_tenants_are_written_in_parts(synced: Synced) -> None:
    """A store takes a hundred rows at once."""
    many = tenants(*(f"t{number:03d}" for number in range(201)))

    assert 201 == synced.keep_tenants(many, AT)
    assert many == synced.tenants()


def test_a_profile_is_read_again_where_the_list_changed(synced: Synced) -> None:
    """Another name or domain asks for it, nothing else does."""
    (tenant,) = tenants("adatum")
    assert synced.needs_profile(tenant)
    assert synced.profile("adatum") is None
    profile = TenantProfile(tenant=tenant, city="Utrecht")
    synced.keep_profile(tenant, profile)

    assert profile == synced.profile("ADATUM")
    assert not synced.needs_profile(tenant)
    assert synced.needs_profile(replace(tenant, name="Adatum B.V."))


def test_a_trouble_keeps_when_it_began(synced: Synced) -> None:
    """The same trouble is written once; another one of the same place takes its place; it ends once."""
    first = Trouble(tenant_id="adatum", kind=TroubleKind.USERS, code="403", reason="no", cure="ask", since=AT)
    synced.keep_trouble(first, [])
    synced.keep_trouble(replace(first, reason="no, again", since=AT + DAY), synced.troubles())
    assert [first] == synced.troubles()
    synced.keep_trouble(replace(first, code="401", since=AT + DAY), synced.troubles(["adatum", "contoso"]))
    assert [replace(first, code="401")] == synced.troubles(["ADATUM"])
    assert [] == synced.troubles(["contoso"])
    assert [] == synced.troubles([])
    synced.end_trouble("adatum", TroubleKind.PARKED, synced.troubles())
    assert synced.troubles()
    synced.end_trouble("Adatum", TroubleKind.USERS, synced.troubles())

    assert [] == synced.troubles()


def test_a_subscription_and_its_history_are_kept_together(synced: Synced) -> None:
    """Read back equal; the history follows the track."""
    assert 1 == seen(synced, SNAPSHOT, AT)
    assert 1 == seen(synced, replace(SNAPSHOT, quantity=8), AT + DAY)

    (kept,) = synced.subscriptions.of_customer(CUSTOMER.upper()).values()
    assert (replace(SNAPSHOT, quantity=8), AT + DAY) == (kept.snapshot, kept.observed_at)
    assert not kept.is_gone
    kinds = [change.kind.value for change in synced.subscriptions.changes(CUSTOMER, "s1")]
    assert ["created", "quantity-changed"] == kinds
    both = synced.subscriptions.with_changes(CUSTOMER)
    assert {"s1": (kept, synced.subscriptions.changes(CUSTOMER))} == both
    assert [] == synced.subscriptions.changes(CUSTOMER, "s")


def test_a_better_source_takes_the_place_of_a_guess(synced: Synced) -> None:
    """The row of the guess is gone, that of the feed is there; our own word is never touched."""
    seen(synced, SNAPSHOT, AT)
    seen(synced, replace(SNAPSHOT, quantity=8, friendly_name="Sales"), AT + DAY)
    ours = Change(
        subscription_id="s1",
        kind=ChangeKind.RENAMED,
        at=AT + timedelta(hours=1),
        before={"name": ""},
        after={"name": "Sales"},
        source="request",
        id="q",
    )
    synced.subscriptions.tell(CUSTOMER, ours)
    synced.subscriptions.tell(CUSTOMER, ours)
    (kept,) = synced.subscriptions.of_customer(CUSTOMER).values()
    fact = Fact(id="r1", at=AT + timedelta(hours=2), aspect="quantity", before="5", after="8", actor="ada")
    told = replace(kept, track=kept.track.told([fact]))
    assert 3 == synced.subscriptions.keep(CUSTOMER, [told])

    found = [(each.source, each.kind.value) for each in synced.subscriptions.changes(CUSTOMER)]
    assert [("snapshot", "created"), ("request", "renamed"), ("audit", "quantity-changed")] == found


def test_what_the_feed_tells_of_an_unseen_subscription_is_kept(synced: Synced) -> None:
    """Without a snapshot, until one comes."""
    fact = Fact(id="r1", at=AT, aspect="exists", after="true")
    kept = KeptSubscription(id="s9")
    synced.subscriptions.keep(CUSTOMER, [replace(kept, track=kept.track.told([fact]))])

    (read,) = synced.subscriptions.of_customer(CUSTOMER).values()
    assert (None, None, False) == (read.snapshot, read.observed_at, read.is_gone)
    assert ["created"] == [each.kind.value for each in synced.subscriptions.changes(CUSTOMER)]


def test_the_slower_of_two_writers_is_told(synced: Synced) -> None:
    """Nothing of its own is written: neither the subscription nor its history."""
    first = KeptSubscription(id="s1", snapshot=SNAPSHOT, track=KeptSubscription(id="s1").track.seen(SNAPSHOT, AT))
    first = replace(first, observed_at=AT)
    synced.subscriptions.keep(CUSTOMER, [first])
    with pytest.raises(AlreadyExistsError):
        synced.subscriptions.keep(CUSTOMER, [first])
    (kept,) = synced.subscriptions.of_customer(CUSTOMER).values()
    seen(synced, replace(SNAPSHOT, quantity=8), AT + DAY)
    late = replace(SNAPSHOT, quantity=3)
    with pytest.raises(ChangedError):
        synced.subscriptions.keep(
            CUSTOMER, [replace(kept, snapshot=late, track=kept.track.seen(late, AT + DAY), observed_at=AT + DAY)]
        )

    assert ["5", "8"] == [each.after["quantity"] for each in synced.subscriptions.changes(CUSTOMER)]
    assert 0 == synced.subscriptions.keep(CUSTOMER, [])


def test_a_history_longer_than_a_transaction_is_kept_whole(synced: Synced) -> None:
    """Many subscriptions, and one with very many changes."""
    facts = [
        Fact(
            id=f"r{number}",
            at=AT + timedelta(minutes=number),
            aspect="quantity",
            before=f"{number}",
            after=f"{number + 1}",
        )
        for number in range(230)
    ]
    busy = KeptSubscription(id="busy")
    many = [KeptSubscription(id=f"s{number}") for number in range(90)]
    kept = [
        replace(each, snapshot=replace(SNAPSHOT, id=each.id), track=each.track.seen(SNAPSHOT, AT), observed_at=AT)
        for each in many
    ]
    count = synced.subscriptions.keep(CUSTOMER, [replace(busy, track=busy.track.told(facts)), *kept])

    assert 230 + 90 == count
    assert 230 == len(synced.subscriptions.changes(CUSTOMER, "busy"))
    assert 91 == len(synced.subscriptions.of_customer(CUSTOMER))


def test_counts_are_kept_on_days_on_which_they_differ(synced: Synced) -> None:
    """What holds on a day is the last row up to it; a SKU that is gone counts nothing."""
    basic, standard = LicenceCount(sku_id="b", name="Basic", total=5), LicenceCount(sku_id="s", total=3)
    day = date(2026, 10, 1)
    assert [] == synced.licences.counts(CUSTOMER)
    assert 2 == synced.licences.keep_counts(CUSTOMER, [standard, basic], day)
    assert 0 == synced.licences.keep_counts(CUSTOMER, [basic, standard], day + DAY)
    assert 1 == synced.licences.keep_counts(CUSTOMER, [replace(basic, consumed=2), standard], day + 2 * DAY)
    assert 1 == synced.licences.keep_counts(CUSTOMER, [replace(basic, consumed=2)], day + 3 * DAY)

    assert [replace(basic, consumed=2)] == synced.licences.counts(CUSTOMER)
    assert [("b", 1, 0), ("b", 3, 2), ("s", 1, 0), ("s", 4, 0)] == [
        (each.count.sku_id, each.on.day, each.count.consumed) for each in synced.licences.history(CUSTOMER)
    ]
    assert 0 == synced.licences.history(CUSTOMER)[-1].count.total


def test_a_tenant_without_licences_is_known_to_have_none(synced: Synced) -> None:
    """And many SKUs are more than one transaction."""
    assert 0 == synced.licences.keep_counts(CUSTOMER, [], date(2026, 10, 1))
    many = [LicenceCount(sku_id=f"k{number:03d}") for number in range(150)]

    assert 150 == synced.licences.keep_counts(CUSTOMER, many, date(2026, 10, 2))
    assert many == synced.licences.counts(CUSTOMER)


def test_users_are_written_where_something_about_them_is_news(synced: Synced) -> None:
    """Their order says nothing."""
    ada, bob = User(id="a", principal_name="ada@x"), User(id="b", principal_name="bob@x", licences=("k",))
    assert [] == synced.licences.users(CUSTOMER)
    assert synced.licences.keep_users(CUSTOMER, [bob, ada], AT)
    assert not synced.licences.keep_users(CUSTOMER, [ada, bob], AT + DAY)
    assert synced.licences.keep_users(CUSTOMER, [ada], AT + DAY)

    assert [ada] == synced.licences.users(CUSTOMER.lower())


def test_a_day_is_begun_once_and_moves_on(synced: Synced) -> None:
    """The row that is inserted for the day is the guard; the same state is not written twice."""
    days, on = synced.days, date(2026, 10, 1)
    first = days.begin(on, AT)
    again = days.begin(on, AT + DAY)
    assert (first, first.etag) == (again, again.etag)
    moved = days.move(replace(first, state=DayState.READING, chunk_count=2, tenant_count=30))
    assert moved.etag == days.move(moved).etag
    with pytest.raises(ChangedError):
        days.move(replace(first, state=DayState.STOPPED))
    for chunk in ("000000", "000000", "000001"):
        days.mark_chunk(on, chunk)

    assert 2 == days.done_chunk_count(on)
    assert (moved, None) == (days.get(on), days.get(on + DAY))
    days.begin(on + DAY, AT + DAY)
    assert [on + DAY, on] == [day.on for day in days.before(on + DAY)]
    assert [on] == [day.on for day in days.before(on)]
