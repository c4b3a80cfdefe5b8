"""The model of a reseller's own billing policy, as a history file writes it.

Invariants: every field of ``OwnBilling`` can be written under its own name, because the model is made from it; only the
cycle is said in a friendlier way: ``every`` takes a length, ``aligned_to`` an anchor. What is left out is usual.

Not here: what a policy does (``shared/domain/expected/own_services``).
"""

import re
from dataclasses import fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self, get_args, get_type_hints

from pydantic import Field, PlainValidator, StrictBool, StrictInt, WithJsonSchema, create_model, model_validator

from shared.documents.histories_part import Part
from shared.documents.histories_values import Chosen, Number, OneOf, day, plain, refusal
from shared.domain.errors import InvalidError
from shared.domain.expected.rounding import MODES
from shared.domain.subscriptions.own_billing import Alignment, OwnBilling, Span

SPANS_MAX = 1200
SAID_BY_THE_CYCLE = {"every", "span", "alignment", "billing_day"}
_EVERY = re.compile(r"(?:(\d{1,4})-?)?(day|week|month|quarter|half-year|year)s?", re.ASCII)
_ADVERBS = {
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    "half-yearly": "half-year",
    "semi-annual": "half-year",
    "semi-annually": "half-year",
    "yearly": "year",
    "annual": "year",
    "annually": "year",
}
_MONTHS = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}
_DAYS = {"day": 1, "week": 7}

EveryValue = tuple[int, Span]
Anchor = str | int | date


def every(value: object) -> EveryValue:
    """Return the length of a cycle: ``1 month``, ``3 months``, ``quarter``, ``30 days``, ``term``."""
    word = plain(value) if isinstance(value, str) else ""
    if word == "term":
        return 1, Span.TERM
    found = _EVERY.fullmatch(_ADVERBS.get(word, word))
    if found is None:
        raise refusal("is no length of a cycle: write such as '1 month', '3 months', 'quarter', 'year' or '30 days'")
    count, unit = int(found[1] or 1), found[2]
    length = count * (_DAYS.get(unit) or _MONTHS[unit])
    if not 1 <= length <= SPANS_MAX:
        raise refusal(f"is no length of a cycle: from 1 to {SPANS_MAX} days or months")
    return length, Span.DAYS if unit in _DAYS else Span.MONTHS


def anchor(value: object) -> Anchor:
    """Return where cycles are anchored: ``start``, ``calendar``, a day of the month, or a day."""
    if isinstance(value, str) and plain(value) in {"start", "calendar"}:
        return plain(value)
    if isinstance(value, str) and re.fullmatch(r"\d{1,2}", value, re.ASCII):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 31:
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-.*", value):
        return day(value)
    raise refusal("is no anchor: write 'start', 'calendar', a day of the month from 1 to 31, or a day '2026-01-01'")


_ANCHOR_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"enum": ["start", "calendar"]},
        {"type": "integer", "minimum": 1, "maximum": 31},
        {"type": "string", "format": "date"},
    ]
}
Every = Annotated[
    EveryValue,
    PlainValidator(every),
    WithJsonSchema({"type": "string", "examples": ["1 month", "quarter", "30 days", "term"]}),
]
_TYPES: dict[Any, Any] = {
    Decimal: Number,
    bool: StrictBool,
    int: StrictInt,
    str: Annotated[str, OneOf(tuple(sorted(MODES)))],
}


def _type_of(annotation: Any) -> Any:
    plain_type = next((each for each in get_args(annotation) if each is not type(None)), annotation)
    if isinstance(plain_type, type) and issubclass(plain_type, StrEnum):
        return Annotated[plain_type, Chosen()]
    return _TYPES[plain_type]


def _said(default: object) -> str:
    if isinstance(default, bool):
        return "without: true" if default else "without: false"
    return f"without: {default}" if default not in {None, ""} else "without: none"


def _optional_fields() -> dict[str, Any]:
    types = get_type_hints(OwnBilling)
    return {
        each.name: (_type_of(types[each.name]) | None, Field(None, description=_said(each.default)))
        for each in fields(OwnBilling)
        if each.name not in SAID_BY_THE_CYCLE
    }


_Policies: type[Part] = create_model("_Policies", __base__=Part, **_optional_fields())


class BillingPart(_Policies):  # type: ignore[misc,valid-type]  # made of the domain's fields
    """How the reseller bills a service of his own; each field is one decision."""

    every: Every = Field((1, Span.MONTHS), description="the length of a charge cycle; without: 1 month")
    aligned_to: Annotated[Anchor, PlainValidator(anchor), WithJsonSchema(_ANCHOR_SCHEMA)] = Field(
        "start", description="'start', 'calendar', a day of the month, or a day that anchors the cycles"
    )

    SAID_OTHERWISE: ClassVar[dict[str, str]] = {
        "cycle": "every",
        "interval": "every",
        "frequency": "every",
        "in": "timing",
        "alignment": "aligned_to",
        "billing_day": "aligned_to",
        "span": "every",
        "proration": "share",
    }

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        try:
            self.policy()
        except InvalidError as error:
            raise refusal(f"is not possible: {error}") from error
        return self

    def policy(self) -> OwnBilling:
        """Return the policy.

        Raises:
            InvalidError: a number is outside its range.
        """
        given = {name: value for name in _Policies.model_fields if (value := getattr(self, name)) is not None}
        count, span = self.every
        return OwnBilling(every=count, span=span, **_alignment(self.aligned_to), **given)

    @property
    def anchored_on(self) -> date | None:
        """The day that anchors the cycles, if a day was given."""
        return self.aligned_to if isinstance(self.aligned_to, date) else None


def _alignment(where: Anchor) -> dict[str, Any]:
    if isinstance(where, str):
        return {"alignment": Alignment(where)}
    return {"alignment": Alignment.DAY, "billing_day": where if isinstance(where, int) else 0}
