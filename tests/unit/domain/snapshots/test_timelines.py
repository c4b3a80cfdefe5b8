"""Changes in words: what, before and after, who told it, and how exactly the instant is known."""

from datetime import UTC, datetime

import pytest

from shared.domain.snapshots.changes import Change, ChangeKind
from shared.domain.snapshots.timelines import entry_of, timeline_of
from shared.domain.texts import LANGUAGES, texts_in

AT = datetime(2026, 10, 2, 8, 30, tzinfo=UTC)
MORE = Change(
    subscription_id="s",
    kind=ChangeKind.QUANTITY_CHANGED,
    at=AT,
    before={"quantity": "5"},
    after={"quantity": "8"},
    observed_after=datetime(2026, 10, 1, 8, tzinfo=UTC),
    observed_at=AT,
)


@pytest.mark.parametrize(
    ("language", "text", "when"),
    [
        ("en", "Quantity changed: quantity 5 to 8.", "between 2026-10-01 08:00 and 2026-10-02 08:30 (UTC)"),
        ("de", "Menge geändert: Menge von 5 auf 8.", "zwischen 01.10.2026 08:00 und 02.10.2026 08:30 (UTC)"),
        ("sv", "Antalet ändrades: antal 5 till 8.", "mellan 2026-10-01 08:00 och 2026-10-02 08:30 (UTC)"),
    ],
)
def test_a_change_is_told_in_each_language(language: str, text: str, when: str) -> None:
    """With dates as the language writes them."""
    entry = entry_of(MORE, texts_in(language))

    assert (text, when) == (entry.text, entry.when)


@pytest.mark.parametrize("kind", ChangeKind)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_words(kind: ChangeKind, language: str) -> None:
    """In every language; without details the sentence is short."""
    entry = entry_of(Change(subscription_id="s", kind=kind, at=AT), texts_in(language))

    assert entry.text.endswith(".")
    assert "{" not in entry.text


def test_switches_days_and_nothing_are_said_in_words() -> None:
    """On, off, none, and a date."""
    values = {"auto_renew": "true", "ends_on": "2027-09-30", "promotion": "P", "name": "Sales"}
    after = {"auto_renew": "false", "ends_on": "2027-12-31", "promotion": "", "name": "none of ours"}
    entry = entry_of(
        Change(subscription_id="s", kind=ChangeKind.RENEWED, at=AT, before=values, after=after), texts_in("de")
    )

    assert (
        "Verlängert: automatische Verlängerung von ein auf aus, letzter Tag der Laufzeit von 30.09.2027 auf "
        "31.12.2027, Aktion von P auf keine, Name von Sales auf none of ours." == entry.text
    )


def test_what_is_new_is_told_without_what_was() -> None:
    """A purchase says what was bought; settings that every purchase has are not listed."""
    after = {"quantity": "5", "plan": "P1Y/monthly", "auto_renew": "true", "trial": "false", "status": "active"}
    entry = entry_of(Change(subscription_id="s", kind=ChangeKind.CREATED, at=AT, after=after), texts_in("sv"))

    assert "Köpt: antal 5, plan P1Y/monthly." == entry.text


def test_a_plan_for_the_terms_end_is_not_told_in_json() -> None:
    """That something is planned says the kind."""
    change = Change(
        subscription_id="s", kind=ChangeKind.SCHEDULED, at=AT, before={"scheduled": ""}, after={"scheduled": "{}"}
    )

    assert "Change planned for the end of the term." == entry_of(change, texts_in("en")).text


@pytest.mark.parametrize(
    ("change", "told_by", "when"),
    [
        (
            Change(subscription_id="s", kind=ChangeKind.CREATED, at=AT, source="audit", actor="ada"),
            "ada (Microsoft's audit feed)",
            "exactly then",
        ),
        (
            Change(subscription_id="s", kind=ChangeKind.RENEWED, at=AT, observed_at=datetime(2026, 10, 3, tzinfo=UTC)),
            "seen at Microsoft",
            "exactly then",
        ),
        (
            Change(subscription_id="s", kind=ChangeKind.SUSPENDED, at=AT, observed_at=AT, source="ticket"),
            "ticket",
            "not later than 2026-10-02 08:30 (UTC)",
        ),
    ],
    ids=["the feed", "a date of Microsoft's", "a source without words"],
)
def test_who_told_it_and_how_exactly(change: Change, told_by: str, when: str) -> None:
    """An instant is exact where it is not that of the look itself."""
    entry = entry_of(change, texts_in("en"))

    assert (told_by, when) == (entry.told_by, entry.when)


def test_a_timeline_is_in_order() -> None:
    """By instant, and what happened at once by its kind."""
    bought = Change(subscription_id="s", kind=ChangeKind.CREATED, at=AT)

    assert ["created", "quantity-changed"] == [
        entry.change.kind.value for entry in timeline_of([MORE, bought], texts_in("en"))
    ]
