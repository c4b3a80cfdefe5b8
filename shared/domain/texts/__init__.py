"""Message catalogues: one module for a language, one key for a text. A new language is a new module in ``LANGUAGES``.

Every catalogue has the same keys with the same fields (a test holds them to it). Texts are data: no text is put
together from words outside its catalogue. Numbers and dates are written as the language writes them.

Not here: what is said about a line (``expected/wording`` for expected lines, ``explanations`` for charge lines).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.domain.errors import InvalidError
from shared.domain.texts import english, german, swedish

DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Texts:
    """One language: its messages by key, its decimal separator and its way of writing dates (``strftime``)."""

    messages: Mapping[str, str]
    decimal_separator: str
    date_format: str

    def say(self, key: str, **values: str) -> str:
        """Return the message of that key with its fields filled in."""
        return self.messages[key].format(**values)

    def has(self, key: str) -> bool:
        """Whether there is a message of that key."""
        return key in self.messages

    def number(self, number: Decimal | int) -> str:
        """Return the number in ordinary digits, as many as it has."""
        return f"{number:f}".replace(".", self.decimal_separator) if isinstance(number, Decimal) else str(number)

    def day(self, day: date) -> str:
        """Return the date as people write it."""
        return day.strftime(self.date_format)


LANGUAGES: Mapping[str, Texts] = {
    "en": Texts(english.MESSAGES, ".", "%Y-%m-%d"),
    "de": Texts(german.MESSAGES, ",", "%d.%m.%Y"),
    "sv": Texts(swedish.MESSAGES, ",", "%Y-%m-%d"),
}


def texts_in(language: str) -> Texts:
    """Return the catalogue of a language (``en``, ``de``, ``sv``).

    Raises:
        InvalidError: there is none; the message lists those there are.
    """
    texts = LANGUAGES.get(language.casefold())
    if texts is None:
        raise InvalidError(f"language {language!r} has no texts yet: use one of {', '.join(LANGUAGES)}")
    return texts
