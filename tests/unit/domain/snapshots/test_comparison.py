"""What two snapshots say happened, and what the audit feed adds to that."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared.domain.snapshots.changes import Change, ChangeKind
from shared.domain.snapshots.comparison import undecided
from shared.domain.snapshots.values import Refundable

Story = Any  # what the conftest's fixtures give
DAY = timedelta(days=1)


def test_a_purchase_is_dated_by_its_creation_date(story: Story) -> None:
    """Not by the night in which it was first seen."""
    (created,) = story.changes()

    assert (ChangeKind.CREATED, datetime(2026, 3, 10, 8, 30, tzinfo=UTC)) == (created.kind, created.at)
    assert ("snapshot", story.at(0), None) == (created.source, created.observed_at, created.observed_after)
    assert ("5", "P1Y/monthly", "CFQ7TTC0LH18:0001") == (
        created.after["quantity"],
        created.after["plan"],
        created.after["product"],
    )


def test_a_purchase_without_a_date_is_dated_by_its_first_sight(untold: Callable[[], Story]) -> None:
    """There is nothing better."""
    story = untold().see(0, created_at=None)

    assert [story.at(0)] == [change.at for change in story.changes()]


def test_a_change_happened_between_two_looks(story: Story) -> None:
    """It is dated by the later one, and the span is kept; a look that found nothing narrows it."""
    (change,) = story.see(9, after=8, quantity=4).changes()[1:]

    assert (story.at(9), story.at(8), story.at(9)) == (change.at, change.observed_after, change.observed_at)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"quantity": 4}, ("quantity-changed", {"quantity": "4"})),
        ({"status": "suspended"}, ("suspended", {"status": "suspended"})),
        ({"status": "deleted"}, ("cancelled", {"status": "deleted"})),
        ({"status": "disabled"}, ("expired", {"status": "disabled"})),
        ({"status": "under-review"}, ("status-changed", {"status": "under-review"})),
        ({"auto_renews": False}, ("auto-renew-changed", {"auto_renew": "false"})),
        ({"auto_renews": None}, ("auto-renew-changed", {"auto_renew": ""})),
        ({"promotion_id": "39NF"}, ("promotion-began", {"promotion": "39NF"})),
        ({"scheduled": '{"quantity":3}'}, ("scheduled", {"scheduled": '{"quantity":3}'})),
        ({"friendly_name": "Sales"}, ("renamed", {"name": "Sales"})),
        ({"ends_on": date(2026, 12, 31)}, ("end-date-changed", {"ends_on": "2026-12-31"})),
        ({"cycle": "annual"}, ("plan-changed", {"plan": "P1Y/annual"})),
        (
            {"term": "P3Y", "ends_on": date(2029, 3, 11)},
            ("plan-changed", {"plan": "P3Y/monthly", "ends_on": "2029-03-11"}),
        ),
        (
            {"offer_id": "CFQ7TTC0LDPB:0001:X", "quantity": 6},
            ("upgraded", {"product": "CFQ7TTC0LDPB:0001", "quantity": "6"}),
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "+".join(value),
)
def test_each_difference_is_an_event_of_its_kind(story: Story, changed: dict[str, Any], expected: Any) -> None:
    """One difference, one event; what belongs together is one."""
    ((kind, at, after),) = story.see(3, **changed).later()

    assert expected == (kind, after)
    assert "2026-03-14 08:00" == at


def test_another_availability_of_the_same_product_is_no_change(story: Story) -> None:
    """Availabilities rotate by themselves."""
    assert [] == story.see(3, offer_id="CFQ7TTC0LH18:0001:CFQ7TTC0ABCD", etag="2").later()


def test_a_promotion_ends_where_it_is_named_no_more(story: Story) -> None:
    """The event still says which one it was."""
    (_, _, ended) = story.see(1, promotion_id="39NF").see(2, promotion_id="").changes()

    assert (ChangeKind.PROMOTION_ENDED, "39NF") == (ended.kind, ended.event.note)


def test_seats_that_came_are_dated_by_their_window(story: Story) -> None:
    """Seven days before they may no longer be given back; three batches are three events."""
    batches = tuple(Refundable(story.at(7 + night), quantity) for night, quantity in ((1, 2), (2, 3), (3, 1)))
    story.see(4, quantity=11, refundable=batches)

    assert [
        ("quantity-changed", "2026-03-12 08:00", {"quantity": "7"}),
        ("quantity-changed", "2026-03-13 08:00", {"quantity": "10"}),
        ("quantity-changed", "2026-03-14 08:00", {"quantity": "11"}),
    ] == story.later()


def test_seats_without_a_window_came_in_the_span(story: Story) -> None:
    """What batches do not explain is dated by the look that showed it."""
    story.see(4, quantity=11, refundable=(Refundable(story.at(8), 2), Refundable(story.at(9), 0)))

    assert [("quantity-changed", "2026-03-15 08:00", {"quantity": "11"})] == story.later()


def test_a_window_of_seats_and_others_without_one(story: Story) -> None:
    """The dated seats come first, and the end is what was seen."""
    story.see(4, quantity=11, refundable=(Refundable(story.at(8), 2),))

    assert [
        ("quantity-changed", "2026-03-12 08:00", {"quantity": "7"}),
        ("quantity-changed", "2026-03-15 08:00", {"quantity": "11"}),
    ] == story.later()


def test_a_renewal_stands_at_the_first_instant_of_its_term(story: Story) -> None:
    """With another quantity, plan and product it is one event."""
    story.see(370, ends_on=date(2028, 3, 9), quantity=3, cycle="annual", offer_id="CFQ7TTC0LDPB:0001:X")

    assert [
        (
            "renewed",
            "2027-03-10 00:00",
            {"ends_on": "2028-03-09", "quantity": "3", "plan": "P1Y/annual", "product": "CFQ7TTC0LDPB:0001"},
        )
    ] == story.later()


def test_seats_that_came_after_a_renewal_are_events_of_their_own(story: Story) -> None:
    """The window of the renewal itself is that of all other seats."""
    renewed, added = datetime(2027, 3, 10, 2, tzinfo=UTC), datetime(2027, 3, 12, 9, tzinfo=UTC)
    windows = (Refundable(renewed + 7 * DAY, 5), Refundable(added + 7 * DAY, 2))
    story.see(370, ends_on=date(2028, 3, 9), quantity=7, refundable=windows)

    assert [
        ("renewed", "2027-03-10 00:00", {"ends_on": "2028-03-09"}),
        ("quantity-changed", "2027-03-12 09:00", {"quantity": "7"}),
    ] == story.later()


def test_the_last_of_several_terms_is_the_one_that_was_renewed(untold: Callable[[], Story]) -> None:
    """Where nobody looked for months, a monthly term is dated by its own start."""
    story = untold().see(0, term="P1M", ends_on=date(2026, 4, 9)).see(100, ends_on=date(2026, 7, 9))

    assert [("renewed", "2026-06-10 00:00", {"ends_on": "2026-07-09"})] == story.later()


def test_an_expired_subscription_that_renewed_late_was_only_renewed(story: Story) -> None:
    """Being active again is part of it; coming back from a suspension is not."""
    story.see(366, status="expired").see(368, status="active", ends_on=date(2028, 3, 9))

    assert ["expired", "renewed"] == [kind for kind, _, _ in story.later()]
    assert "2027-03-10 00:00" == story.later()[0][1]


def test_a_suspended_one_that_renewed_was_reactivated_as_well(story: Story) -> None:
    """Two things happened."""
    story.see(300, status="suspended").see(370, status="active", ends_on=date(2028, 3, 9))

    assert ["suspended", "renewed", "reactivated"] == [kind for kind, _, _ in story.later()]


def test_a_trial_that_is_paid_now_was_converted(untold: Callable[[], Story]) -> None:
    """Term, plan and quantity of what follows belong to it; a trial's end that moves is an extension."""
    story = untold().see(0, is_trial=True, term="P1M", ends_on=date(2026, 4, 9))
    story.see(5, ends_on=date(2026, 5, 9)).see(20, is_trial=False, term="P1Y", ends_on=date(2027, 3, 30), quantity=9)

    assert [
        ("term-extended", {"ends_on": "2026-05-09"}),
        ("converted", {"trial": "false", "quantity": "9", "plan": "P1Y/monthly", "ends_on": "2027-03-30"}),
    ] == [(kind, after) for kind, _, after in story.later()]


def test_what_is_listed_no_more_disappeared_and_may_come_back(story: Story) -> None:
    """Seen again is no purchase; missing again and again is missing once."""
    story.miss(2).miss(3).see(5)

    assert [("disappeared", "gone"), ("reappeared", "active")] == [
        (kind, after["status"]) for kind, _, after in story.later()
    ]


def test_what_was_never_seen_cannot_be_missed(untold: Callable[[], Story]) -> None:
    """Only the feed spoke of it."""
    assert () == untold().miss(1).changes()


def test_the_end_of_an_ended_subscription_is_no_second_end(story: Story) -> None:
    """Expired, disabled, deleted: it ended once."""
    story.see(366, status="expired").see(400, status="disabled").see(480, status="deleted")

    assert ["expired", "status-changed", "status-changed"] == [kind for kind, _, _ in story.later()]


@pytest.mark.parametrize(
    ("status", "kind"), [("suspended", "suspended"), ("deleted", "cancelled"), ("expired", "expired")]
)
def test_what_is_first_seen_ended_was_active_before(untold: Callable[[], Story], status: str, kind: str) -> None:
    """It was bought active, and ended some time between its purchase and the first look."""
    story = untold().see(0, status=status)
    created, ended = story.changes()

    assert ("active", kind) == (created.after["status"], ended.kind.value)
    assert created.at == ended.observed_after


def test_what_is_first_seen_in_a_later_term_was_renewed_into_it(untold: Callable[[], Story]) -> None:
    """The purchase does not name that term's end; automatic renewal was on until then."""
    story = untold().see(0, created_at=datetime(2023, 3, 10, tzinfo=UTC), auto_renews=False)
    created, renewed, switched = story.changes()

    assert ("true", None) == (created.after["auto_renew"], created.after.get("ends_on"))
    assert (ChangeKind.RENEWED, datetime(2026, 3, 10, tzinfo=UTC)) == (renewed.kind, renewed.at)
    assert (ChangeKind.AUTO_RENEW_CHANGED, renewed.at) == (switched.kind, switched.observed_after)


def test_what_is_first_seen_in_a_later_term_may_still_renew(untold: Callable[[], Story]) -> None:
    """Then there is no switch to tell of."""
    story = untold().see(0, created_at=datetime(2023, 3, 10, tzinfo=UTC))

    assert ["created", "renewed"] == [change.kind.value for change in story.changes()]


def test_seats_added_before_the_first_look_are_dated_too(untold: Callable[[], Story]) -> None:
    """The purchase was of fewer seats; its own window says nothing more."""
    bought, added = datetime(2026, 3, 10, 8, 30, tzinfo=UTC), datetime(2026, 3, 12, 9, tzinfo=UTC)
    story = untold().see(3, quantity=8, refundable=(Refundable(bought + 7 * DAY, 5), Refundable(added + 7 * DAY, 3)))
    created, more = story.changes()

    assert ("5", "8", added) == (created.after["quantity"], more.after["quantity"], more.at)


def test_the_feeds_word_takes_the_place_of_the_guess(story: Story) -> None:
    """Whichever came first: one event, at the feed's instant, with who did it."""
    at = story.at(1) + timedelta(hours=3)
    story.see(2, quantity=8).tell(at, "quantity", "5", "8")
    (change,) = story.changes()[1:]

    assert ("audit", at, "ada", "r") == (change.source, change.at, change.actor, change.id)
    assert (None, None) == (change.observed_after, change.observed_at)
    assert [change] == list(story.see(3).changes()[1:])


def test_what_the_feed_leaves_out_stays_a_guess(story: Story) -> None:
    """Before the feed's change, and after it."""
    story.tell(story.at(1), "quantity", "6", "8").see(2, quantity=9)

    found = [(each.source, each.after["quantity"], each.at > story.at(1)) for each in story.changes()[1:]]
    assert [("snapshot", "6", False), ("audit", "8", False), ("snapshot", "9", True)] == found


def test_seats_that_the_feed_told_are_not_dated_by_their_window(story: Story) -> None:
    """Others that came in the same span are."""
    first, second = story.at(1), story.at(1) + timedelta(hours=5)
    windows = (Refundable(first + 7 * DAY + timedelta(seconds=2), 2), Refundable(second + 7 * DAY, 2))
    story.see(2, quantity=9, refundable=windows).tell(first, "quantity", "5", "7").tell(first, "quantity", None, "7")

    assert [("audit", first), ("snapshot", second)] == [(each.source, each.at) for each in story.changes()[1:]]


def test_a_snapshot_may_lag_behind_the_feed(story: Story) -> None:
    """Minutes after the change the old value is still shown: that is no second change."""
    story.tell(story.at(2) - timedelta(minutes=5), "quantity", "5", "8").see(2, name="x").see(3, quantity=8)

    assert ["audit"] == [each.source for each in story.changes()[1:]]


def test_a_snapshot_may_be_ahead_of_the_feeds_clock(story: Story) -> None:
    """The change is told seconds after it was seen: that is no second change."""
    story.see(2, quantity=8).tell(story.at(2) + timedelta(seconds=20), "quantity", "5", "8").see(3, friendly_name="A")

    assert ["audit", "snapshot"] == [each.source for each in story.changes()[1:]]


def test_a_snapshot_may_lag_behind_the_last_of_several_changes(story: Story) -> None:
    """Within minutes the feed told two changes; the look shows what was before the first of them, or something else."""
    first, second = story.at(2) - timedelta(minutes=9), story.at(2) - timedelta(minutes=5)
    story.tell(first, "quantity", "5", "6", id="a").tell(second, "quantity", "6", "8", id="b")
    lagging = story.see(2, friendly_name="A").changes()
    assert ["6", "8"] == [each.after["quantity"] for each in lagging if "quantity" in each.after][1:]
    story.see(3, quantity=9)

    assert ["6", "8", "9"] == [each.after["quantity"] for each in story.changes() if "quantity" in each.after][1:]


def test_what_is_told_after_a_look_explains_only_what_it_showed(story: Story) -> None:
    """Two changes within seconds of the look; it shows neither's value, or the second's."""
    soon = story.at(2) + timedelta(seconds=10)
    story.tell(soon, "quantity", "5", "6", id="a").tell(soon + timedelta(seconds=1), "quantity", "6", "8", id="b")

    assert {"audit"} == {each.source for each in story.see(2, quantity=8).changes()[1:]}
    assert "snapshot" in {each.source for each in story.see(3, quantity=7).changes()[1:]}


def test_a_look_between_other_values_than_the_feeds_is_a_change_of_its_own(story: Story) -> None:
    """Minutes before and seconds after it the feed tells values that it does not show."""
    story.tell(story.at(2) - timedelta(minutes=5), "quantity", "6", "8", id="a")
    story.tell(story.at(2) + timedelta(seconds=5), "quantity", "9", "10", id="b").see(2, quantity=9)

    assert "10" == story.changes()[-1].after["quantity"]
    assert ["6", "8", "9", "10"] == [each.after["quantity"] for each in story.changes()[1:]]


def test_no_snapshot_lags_by_an_hour(story: Story) -> None:
    """What is seen otherwise that long after the feed's change was changed back, and later again."""
    story.tell(story.at(2) - timedelta(hours=1), "quantity", "5", "8").see(2).see(3, quantity=8)

    assert [("audit", "8"), ("snapshot", "5"), ("snapshot", "8")] == [
        (each.source, each.after["quantity"]) for each in story.changes()[1:]
    ]


def test_what_was_seen_before_the_feed_says_it_is_not_said_again(story: Story) -> None:
    """An hour later is no second change, where nothing was changed back in between."""
    story.see(2, quantity=8).tell(story.at(2) + timedelta(hours=1), "quantity", "5", "8")

    assert ["snapshot"] == [each.source for each in story.changes()[1:]]


def test_entries_of_one_instant_are_read_as_a_chain(story: Story) -> None:
    """Their ids say nothing about their order."""
    at = story.at(1)
    story.tell(at, "quantity", "7", "9", id="a").tell(at, "quantity", "5", "7", id="b").see(2, quantity=9)

    assert {"7", "9"} == {each.after["quantity"] for each in story.changes()[1:]}
    assert {"audit"} == {each.source for each in story.changes()[1:]}


def test_entries_of_one_instant_that_go_in_a_circle_end_somewhere(story: Story) -> None:
    """Nothing better is known than their ids."""
    at = story.at(1)
    story.tell(at, "quantity", "7", "5", id="a").tell(at, "quantity", "5", "7", id="b").see(2, quantity=5)

    assert "5" == [each for each in story.changes() if "quantity" in each.after][-1].after["quantity"]


def test_what_a_request_of_ours_says_is_said_once(story: Story) -> None:
    """Neither the feed's word nor the snapshot repeats it."""
    at = story.at(1)
    story.own.append(
        Change(
            subscription_id="s",
            kind=ChangeKind.QUANTITY_CHANGED,
            at=at,
            before={"quantity": "5"},
            after={"quantity": "8"},
            source="request",
            id="q1",
        )
    )
    story.see(2, quantity=8).tell(at + timedelta(seconds=4), "quantity", "5", "8")

    assert [] == story.later()
    assert ["9"] == [after["quantity"] for _, _, after in story.see(3, quantity=9).later()]


def test_what_was_kept_of_microsofts_word_is_nobodys_request(story: Story) -> None:
    """Kept changes come in with those of ours, and are derived anew."""
    before = story.see(2, quantity=8).changes()
    story.own.extend(before)

    assert before == story.changes()


def test_a_request_that_nobody_repeats_stays_ours(story: Story) -> None:
    """The feed tells another value: that is another change."""
    own = {"subscription_id": "s", "kind": ChangeKind.QUANTITY_CHANGED, "source": "request"}
    story.own.append(Change(at=story.at(1), before={"quantity": "5"}, after={"quantity": "8"}, id="q", **own))
    story.see(2, quantity=9).tell(story.at(1) + timedelta(minutes=1), "quantity", "8", "9")

    assert [("audit", "9")] == [(each.source, each.after["quantity"]) for each in story.changes()[1:]]


def test_a_purchase_that_was_imported_is_not_bought_again(story: Story) -> None:
    """The import stands; what Microsoft shows otherwise follows it."""
    imported = Change(
        subscription_id="s",
        kind=ChangeKind.CREATED,
        at=datetime(2026, 3, 10, tzinfo=UTC),
        after={"quantity": "4"},
        source="import",
    )
    story.own.append(imported)

    assert [("quantity-changed", "5")] == [(each.kind.value, each.after["quantity"]) for each in story.changes()]


def test_a_purchase_that_only_the_feed_knows_is_told(untold: Callable[[], Story]) -> None:
    """An order names the subscription before any list shows it."""
    at = datetime(2026, 3, 10, 8, 31, tzinfo=UTC)
    story = untold().tell(at, "exists", None, "true").tell(at, "quantity", None, "5")
    (created,) = story.changes()
    (seen,) = story.see(0).changes()

    assert ("audit", at, None) == (created.source, created.at, created.observed_at)
    assert ("audit", datetime(2026, 3, 10, 8, 30, tzinfo=UTC)) == (seen.source, seen.at)


def test_an_older_look_that_comes_late_changes_nothing(story: Story) -> None:
    """The newer observation stands."""
    track = story.see(5, quantity=8).track

    assert track is story.see(4, quantity=2).track


def test_what_is_old_is_settled(story: Story) -> None:
    """After four months facts about it change nothing any more, and what follows is as it was."""
    story.see(10, quantity=6).see(20, quantity=7)
    before = story.changes()
    story.see(150, quantity=8)
    late = story.track.told([])

    assert story.track is late
    assert story.track is story.tell(story.at(5), "quantity", "5", "6").track
    assert story.at(20) == story.track.settled_until
    assert ["8"] == [each.after["quantity"] for each in story.changes()]
    assert [] == list(undecided(before, story.track))
    assert story.changes() == tuple(undecided(story.changes(), story.track))
    assert ["renamed"] == [each.kind.value for each in story.see(151, friendly_name="A").changes()[1:]]


def test_facts_alone_are_never_settled(untold: Callable[[], Story]) -> None:
    """Without a look there is nothing to stand on."""
    story = untold().tell(datetime(2026, 3, 1, tzinfo=UTC), "quantity", "5", "6")

    assert [("quantity-changed", "6")] == [(each.kind.value, each.after["quantity"]) for each in story.changes()]
