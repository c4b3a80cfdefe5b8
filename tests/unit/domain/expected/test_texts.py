"""Message catalogues: every language says everything, with the same fields."""

from datetime import date
from decimal import Decimal
from string import Formatter

import pytest

from shared.domain.errors import InvalidError
from shared.domain.subscriptions.events import EventKind
from shared.domain.texts import LANGUAGES, texts_in


def _fields(message: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(message) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_keys_of_english(language: str) -> None:
    """A text that is missing, or left over, would show up as a key error in front of a customer."""
    expected = set(LANGUAGES["en"].messages)

    assert expected == set(LANGUAGES[language].messages)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_has_the_fields_of_english(language: str) -> None:
    """A translation that drops a field would drop a figure."""
    english = {key: _fields(message) for key, message in LANGUAGES["en"].messages.items()}

    assert english == {key: _fields(message) for key, message in LANGUAGES[language].messages.items()}


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_of_event_is_a_reason(kind: EventKind) -> None:
    """A line can name the event behind it in words, whatever it was."""
    assert texts_in("en").has(f"reason.{kind.value}")


def test_numbers_and_dates_are_written_as_the_language_writes_them() -> None:
    """A German reader sees a decimal comma and the day first."""
    german = texts_in("DE")

    assert "1234,50" == german.number(Decimal("1234.50"))
    assert "12" == german.number(12)
    assert "05.03.2022" == german.day(date(2022, 3, 5))


def test_a_language_without_texts_is_refused_with_those_there_are() -> None:
    """The message says what can be asked for."""
    with pytest.raises(InvalidError, match="'fr' has no texts yet: use one of en, de, sv"):
        texts_in("fr")
