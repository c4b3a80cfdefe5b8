"""News that come late: what a look that found nothing says about them, and how looks and feed make one happening."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from shared.domain.snapshots.tracks import Fact, Look

Story = Any  # what the conftest's fixtures give


def test_the_feed_may_tell_late_what_a_look_already_contradicts(story: Story) -> None:
    """A look that found nothing new counts where the feed says that there was something."""
    story.see(2).see(3)
    story.track = story.track.told(
        [Fact(id="r", at=story.at(1), aspect="quantity", before="5", after="8")], [_look(story, 2), _look(story, 3)]
    )

    (_, told, back) = story.changes()
    assert ("audit", "8", "snapshot", "5") == (told.source, told.after["quantity"], back.source, back.after["quantity"])
    assert (story.at(1), story.at(2)) == (back.observed_after, back.observed_at)


def test_a_look_that_found_the_news_itself_contradicts_nothing(story: Story) -> None:
    """A night's sync begins before it reads a subscription: what it began with is not what it saw."""
    story.see(2, quantity=8)
    look = Look(story.at(2) - timedelta(hours=1), story.at(2) + timedelta(minutes=1))
    story.track = story.track.told([Fact(id="r", at=story.at(1), aspect="quantity", before="5", after="8")], [look])

    assert ["audit"] == [each.source for each in story.changes()[1:]]


def test_a_look_says_nothing_of_what_changed_while_it_went_on(story: Story) -> None:
    """It may have read the subscription before or after that."""
    look = Look(story.at(2), story.at(2) + timedelta(hours=1))
    there = Fact(id="r", at=story.at(1), aspect="quantity", before="5", after="8")
    back = Fact(id="q", at=story.at(2) + timedelta(minutes=30), aspect="quantity", before="8", after="5")
    story.track = story.track.told([there, back], [look])

    assert [("audit", "8"), ("audit", "5")] == [(each.source, each.after["quantity"]) for each in story.changes()[1:]]


def test_the_end_of_a_trial_has_the_feeds_word_for_the_new_product(untold: Callable[[], Story]) -> None:
    """The feed says what was bought, and the next look that it is a trial no more: that is one conversion."""
    trial = untold().see(0, is_trial=True, offer_id="CFQ7TTC0LCHC:000F")
    at = trial.at(1) + timedelta(hours=3)
    trial.tell(at, "product", "CFQ7TTC0LCHC:000F", "CFQ7TTC0LCHC:0002", id="a")
    trial.tell(at, "quantity", "5", "9", id="a").see(2, is_trial=False, offer_id="CFQ7TTC0LCHC:0002", quantity=9)

    (converted,) = trial.changes()[1:]
    assert ("converted", at, "audit") == (converted.kind.value, converted.at, converted.source)
    assert {"trial": "false", "product": "CFQ7TTC0LCHC:0002", "quantity": "9"} == dict(converted.after)


def test_the_end_of_a_trial_may_be_told_itself(untold: Callable[[], Story]) -> None:
    """Then the look adds nothing."""
    trial = untold().see(0, is_trial=True, offer_id="CFQ7TTC0LCHC:000F")
    at = trial.at(1) + timedelta(hours=3)
    trial.tell(at, "trial", "true", "false", id="a").tell(
        at, "product", "CFQ7TTC0LCHC:000F", "CFQ7TTC0LCHC:0002", id="a"
    )
    trial.see(2, is_trial=False, offer_id="CFQ7TTC0LCHC:0002")

    assert [("converted", "audit")] == [(each.kind.value, each.source) for each in trial.changes()[1:]]


def test_the_end_of_a_trial_has_nothing_to_do_with_an_older_product(untold: Callable[[], Story]) -> None:
    """A product that changed before the last look explains nothing that came after it."""
    trial = untold().see(0, is_trial=True)
    trial.tell(trial.at(0) + timedelta(hours=1), "product", "CFQ7TTC0LH18:0001", "CFQ7TTC0LCHC:0002", id="a")
    trial.see(1, offer_id="CFQ7TTC0LCHC:0002").see(2, is_trial=False)

    assert ["audit", "snapshot"] == [each.source for each in trial.changes()[1:]]


def test_a_list_without_the_subscription_says_nothing_else_of_it(story: Story) -> None:
    """What changed while it was missing happened since it was last shown."""
    story.miss(2).miss(3)
    story.track = story.track.told([Fact(id="r", at=story.at(1), aspect="quantity", before="5", after="8")])
    story.see(4, quantity=8, auto_renews=False)

    kinds = [(each.kind.value, each.source, each.observed_after) for each in story.changes()[1:]]
    assert [
        ("quantity-changed", "audit", None),
        ("disappeared", "snapshot", story.at(0)),
        ("auto-renew-changed", "snapshot", story.at(0)),
        ("reappeared", "snapshot", story.at(2)),
    ] == kinds


def test_what_was_missing_at_last_is_settled_from_where_it_was_shown(story: Story) -> None:
    """Four months later what was last shown stands, and what the feed told since."""
    story.see(10, quantity=6).miss(20).tell(story.at(15), "quantity", "6", "7")
    story.see(150, quantity=7)

    assert story.at(10) == story.track.settled_until
    assert [("7", "audit")] == [
        (each.after["quantity"], each.source) for each in story.changes() if "quantity" in each.after
    ]


def _look(story: Story, night: int) -> Look:
    return Look(story.at(night), story.at(night))
