"""The values of a history file: exact numbers, days, instants and named choices, each with a message that cures.

Invariants: a number is text or a JSON number and never a float; a day is ``2026-10-31``; an instant names its zone;
a choice is matched without regard to case, hyphens and underscores, and a near miss is met with "did you mean".

Not here: which field takes which value (``histories_model``).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, PlainValidator, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from shared.domain.subscriptions.events import Quantity
from shared.domain.subscriptions.kinds import Plan, term_months

DIGITS_BEFORE_MAX, DIGITS_AFTER_MAX = 15, 30
FIRST_YEAR, LAST_YEAR = 1990, 2100
TEXT_CHARACTERS_MAX = 200
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,2})?", re.ASCII)
_AS_IT_IS: Mapping[str, str] = {}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TERM = re.compile(r"P[1-9]\d?[MY]", re.ASCII)


def refusal(says: str) -> PydanticCustomError:
    """Return the error that a value is refused with; *says* is shown after the value."""
    return PydanticCustomError("refused", "{says}", {"says": says})


def closest(word: str, known: Iterable[str]) -> str:
    """Return ": did you mean X?" for the name nearest to *word*, or a list of all names if none is near."""
    names = list(known)
    near = get_close_matches(plain(word), [plain(name) for name in names], n=1, cutoff=0.6)
    if near:
        return f": did you mean {next(name for name in names if plain(name) == near[0])}?"
    return f": use one of {', '.join(names)}" if names else ""


def plain(word: str) -> str:
    """Return *word* as it is compared: lower case, words joined by single hyphens, licence as in British."""
    return re.sub(r"[\s_-]+", "-", word.strip()).casefold().replace("license", "licence")


def exact_number(value: object) -> Decimal:
    """Return a finite number exactly as it was written."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise refusal("is no number: write it as text, such as '10.08'")
    text = str(value).strip()
    if not _NUMBER.fullmatch(text):
        raise refusal("is no number: write digits and a point, such as '10.08', without thousands separators")
    number = Decimal(text)
    if number and number.adjusted() >= DIGITS_BEFORE_MAX:
        raise refusal(f"is too large: at most {DIGITS_BEFORE_MAX} digits stand before the point")
    if -int(number.as_tuple().exponent) > DIGITS_AFTER_MAX:
        raise refusal(f"is too fine: at most {DIGITS_AFTER_MAX} digits stand after the point")
    return number


def amount(value: object) -> Decimal:
    """Return a number that is not negative."""
    number = exact_number(value)
    if number < 0:
        raise refusal("is negative: write the amount without a sign")
    return number


def counted(value: object) -> Quantity:
    """Return a quantity: a whole number as int, else the exact Decimal."""
    number = amount(value)
    return int(number) if number == number.to_integral_value() else number


def difference(value: object) -> Quantity:
    """Return a signed change of a quantity, such as ``+2`` or ``-4``."""
    number = exact_number(value)
    return int(number) if number == number.to_integral_value() else number


def percentage(value: object) -> Decimal:
    """Return a percentage from 0 to 100; a percent sign may follow."""
    number = amount(value.strip().removesuffix("%").strip() if isinstance(value, str) else value)
    if number > 100:
        raise refusal("is more than 100 percent")
    return number


def day(value: object) -> date:
    """Return a day of the years 1990 to 2100."""
    if isinstance(value, str) and _DAY.fullmatch(value.strip()):
        try:
            made = date.fromisoformat(value.strip())
        except ValueError as error:
            raise refusal("is not in the calendar: write a day that exists, such as '2026-02-28'") from error
        return _known_year(made)
    raise refusal("is no day: write year, month and day, such as '2026-10-31'")


def instant(value: object) -> datetime:
    """Return an instant in UTC; a day alone is its midnight."""
    if isinstance(value, str) and _DAY.fullmatch(value.strip()):
        return datetime.combine(day(value), time.min, UTC)
    try:
        made = datetime.fromisoformat(value.strip() if isinstance(value, str) else "")
    except ValueError as error:
        raise refusal("is no instant: write a day, or a time with its zone, such as '2026-10-31T09:30:00Z'") from error
    if made.tzinfo is None:
        raise refusal("has no time zone: add Z for UTC, or an offset such as +01:00")
    _known_year(made.date())
    return made.astimezone(UTC)


def _known_year(made: date) -> date:
    if FIRST_YEAR <= made.year <= LAST_YEAR:
        return made
    raise refusal(f"is outside the years {FIRST_YEAR} to {LAST_YEAR}: correct the year")


def term(value: object) -> str:
    """Return a term as ISO 8601; ``1 year`` and ``6 months`` are understood."""
    text = value.strip().upper() if isinstance(value, str) else ""
    words = re.fullmatch(r"([1-9]\d?)\s*(MONTH|YEAR)S?", text, re.ASCII)
    if words:
        text = f"P{words[1]}{words[2][0]}"
    if text and not _TERM.fullmatch(text):
        text = ""
    if not text:
        raise refusal("is no term: write P1M, P1Y or P3Y")
    term_months(text)
    return text


def currency(value: object) -> str:
    """Return an ISO 4217 code in capitals."""
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z]{3}", value.strip()):
        return value.strip().upper()
    raise refusal("is no currency: write an ISO 4217 code, such as EUR")


@dataclass(frozen=True)
class Chosen:
    """Marks an enumeration whose members are written as words, compared without case, hyphens and underscores.

    *said_otherwise* has what people write instead, as (their word, what is meant); they are refused with that cure.
    """

    said_otherwise: tuple[tuple[str, str], ...] = ()

    def __get_pydantic_core_schema__(self, source: type[StrEnum], _: GetCoreSchemaHandler) -> CoreSchema:
        words = {member.value: member for member in source}
        meant = {plain(word): cure for word, cure in self.said_otherwise}
        return _one_of(words, {plain(word): member for word, member in words.items()}, meant)


@dataclass(frozen=True)
class Convention:
    """Marks a convention, which is written as what stands after the colon of its value, or as its member's name."""

    def __get_pydantic_core_schema__(self, source: type[StrEnum], _: GetCoreSchemaHandler) -> CoreSchema:
        words = {member.value.rpartition(": ")[2]: member for member in source}
        known = {plain(word): member for word, member in words.items()}
        known |= {plain(member.value): member for member in source} | {plain(each.name): each for each in source}
        return _one_of(words, known)


@dataclass(frozen=True)
class OneOf:
    """Marks text that is one of some names, compared like the words of an enumeration."""

    names: tuple[str, ...]

    def __get_pydantic_core_schema__(self, _: object, __: GetCoreSchemaHandler) -> CoreSchema:
        return _one_of(dict.fromkeys(self.names), {plain(name): name for name in self.names})


def _one_of(words: Iterable[str], known: Mapping[str, object], meant: Mapping[str, str] = _AS_IT_IS) -> CoreSchema:
    shown = list(words)

    def chosen(value: object) -> object:
        if isinstance(value, str) and plain(value) in known:
            return known[plain(value)]
        cure = meant.get(plain(str(value)))
        raise refusal(f"is not known{f': did you mean {cure}?' if cure else closest(str(value), shown)}")

    return core_schema.no_info_plain_validator_function(
        chosen, json_schema_input_schema=core_schema.literal_schema(list(shown))
    )


_TEXT_OR_NUMBER: list[dict[str, Any]] = [
    {"type": "string", "pattern": r"^[+-]?\d+(\.\d+)?([eE][+-]?\d{1,2})?$"},
    {"type": "number"},
]
_DAY_SCHEMA = {"type": "string", "format": "date", "examples": ["2026-10-31"]}

Number = Annotated[Decimal, PlainValidator(exact_number), WithJsonSchema({"anyOf": _TEXT_OR_NUMBER})]
Amount = Annotated[Decimal, PlainValidator(amount), WithJsonSchema({"anyOf": _TEXT_OR_NUMBER, "minimum": 0})]
Count = Annotated[int | Decimal, PlainValidator(counted), WithJsonSchema({"anyOf": _TEXT_OR_NUMBER, "minimum": 0})]
Change = Annotated[int | Decimal, PlainValidator(difference), WithJsonSchema({"anyOf": _TEXT_OR_NUMBER})]
Percent = Annotated[
    Decimal,
    PlainValidator(percentage),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}], "minimum": 0, "maximum": 100}),
]
Day = Annotated[date, PlainValidator(day), WithJsonSchema(_DAY_SCHEMA)]
Instant = Annotated[
    datetime,
    PlainValidator(instant),
    WithJsonSchema({"type": "string", "examples": ["2026-10-31", "2026-10-31T09:30:00Z"]}),
]
Term = Annotated[str, PlainValidator(term), WithJsonSchema({"type": "string", "pattern": "^P[1-9][0-9]?[MY]$"})]
Currency = Annotated[str, PlainValidator(currency), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$"})]
Text = Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)]
PlanName = Annotated[
    Plan,
    Chosen(
        (
            ("yearly", "annual"),
            ("year", "annual"),
            ("month", "monthly"),
            ("three-yearly", "triennial"),
            ("upfront", "one-time, or the plan that is as long as the term"),
        )
    ),
]
