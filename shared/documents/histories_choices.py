"""The models of the choices in a history file: conventions where pages disagree, and arithmetics.

Invariants: every convention of the domain can be chosen under its own name, because the model is made from it.

Not here: what a choice does (``shared/domain/expected/conventions``).
"""

from dataclasses import fields
from typing import Annotated, Any, get_type_hints

from pydantic import BeforeValidator, Field, create_model

from shared.documents.histories_part import Part
from shared.documents.histories_values import Convention, OneOf
from shared.domain.expected.conventions import Conventions, LineFamily
from shared.domain.expected.rounding import MODES

EVERYTHING = "all"
ModeName = Annotated[str, OneOf(tuple(sorted(MODES)))]
FamilyName = Annotated[str, OneOf((EVERYTHING, *(family.value for family in LineFamily)))]


def _rounding(value: object) -> object:
    """A name alone is for everything."""
    return {EVERYTHING: value} if isinstance(value, str) else value


Rounding = Annotated[
    dict[FamilyName, ModeName],
    BeforeValidator(_rounding, json_schema_input_type=dict[FamilyName, ModeName] | ModeName),
]


def _optional_fields() -> dict[str, Any]:
    hints = get_type_hints(Conventions)
    kinds = {each.name: hints[each.name] for each in fields(Conventions) if each.name != "modes"}
    return {
        name: (Annotated[kind, Convention()] | None, Field(None, description=kind.__doc__))
        for name, kind in kinds.items()
    }


_Choices: type[Part] = create_model("_Choices", __base__=Part, **_optional_fields())


class ConventionsPart(_Choices):  # type: ignore[misc,valid-type]  # made of the domain's fields
    """One choice for each disagreement of the vendor's pages; what is left out has the domain's default."""
