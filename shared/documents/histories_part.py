"""What all models of a history file share: an unknown name is refused and met with "did you mean".

Invariants: one bad field never hides another: names that are not known and values that are refused come together; null
is the same as leaving a field out.

Not here: the fields (``histories_model``), the text of all problems (``histories_problems``).
"""

from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from shared.documents.histories_values import closest, refusal


class Part(BaseModel):
    """One object of a history file. *SAID_OTHERWISE* maps names that people try to the name that is meant."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    SAID_OTHERWISE: ClassVar[dict[str, str]] = {}

    @model_validator(mode="wrap")
    @classmethod
    def _known_names_only(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(given, dict):
            return handler(given)
        problems = [
            InitErrorDetails(type=cls._unknown(name), loc=(name,), input=given[name])
            for name in given
            if name not in cls.model_fields
        ]
        try:
            made = handler(
                {name: value for name, value in given.items() if name in cls.model_fields and value is not None}
            )
        except ValidationError as error:
            problems.extend(_details(error))
        else:
            if not problems:
                return made
        raise ValidationError.from_exception_data(cls.__name__, problems)

    @classmethod
    def _unknown(cls, name: str) -> PydanticCustomError:
        meant = cls.SAID_OTHERWISE.get(name)
        return refusal(f"is no field here{f': did you mean {meant}?' if meant else closest(name, cls.model_fields)}")


def _details(error: ValidationError) -> list[InitErrorDetails]:
    return [
        InitErrorDetails(
            type=refusal(each["ctx"]["says"]) if "says" in each.get("ctx", {}) else each["type"],
            loc=each["loc"],
            input=each["input"],
            ctx=each.get("ctx", {}),
        )
        for each in error.errors(include_url=False)
    ]
