"""``docs/history-format.md`` says what is so: its examples run, its tables name everything, the schema is current."""

import re
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import BaseModel

from shared.application.explain import explain
from shared.documents.expected_lines_json import answer_values
from shared.documents.expected_lines_table import answer_table
from shared.documents.histories import history_schema, read_history
from shared.documents.histories_asked import SalePart, TaxPart, VendorLinePart
from shared.documents.histories_billing import BillingPart
from shared.documents.histories_choices import ConventionsPart
from shared.documents.histories_events import EventPart
from shared.documents.histories_model import ExchangePart, HistoryFile, UsagePart
from shared.documents.histories_subscription import PricePart, PromotionPart, SubscriptionPart, TierPart
from shared.domain.expected.conventions import Conventions, LineFamily
from shared.domain.expected.rounding import MODES
from shared.domain.prices import PriceMethod
from shared.domain.subscriptions.events import EventKind
from shared.domain.subscriptions.kinds import Plan, ServiceKind
from shared.domain.subscriptions.own_billing import OwnBilling

DOCS = Path(__file__).parents[3] / "docs"
TEXT = (DOCS / "history-format.md").read_text("utf-8")
EXAMPLES = re.findall(r"```json\n(.*?)```\n\n```text\n(.*?)```", TEXT, re.DOTALL)
PARTS = (
    HistoryFile,
    SubscriptionPart,
    PricePart,
    TierPart,
    PromotionPart,
    EventPart,
    BillingPart,
    UsagePart,
    ExchangePart,
    ConventionsPart,
    TaxPart,
    VendorLinePart,
    SalePart,
)


def policies() -> list[type[StrEnum]]:
    """The enumerations of the reseller's own policy that are chosen by word."""
    hints = get_type_hints(OwnBilling)
    kinds = [hints[each.name] for each in fields(OwnBilling) if each.name not in {"span", "alignment"}]
    found = [next((each for each in get_args(kind) if each is not type(None)), kind) for kind in kinds]
    return [kind for kind in found if issubclass(kind, StrEnum)]


def conventions() -> list[type[StrEnum]]:
    """The enumerations of the choices between pages that disagree."""
    return [get_type_hints(Conventions)[each.name] for each in fields(Conventions) if each.name != "modes"]


@pytest.mark.parametrize(("history", "result"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_example_has_the_result_that_stands_under_it(history: str, result: str) -> None:
    """To the letter."""
    assert result == answer_table(explain(read_history(history.encode(), "example")))


def test_every_example_has_a_result_and_every_kind_an_example() -> None:
    """A dozen at least."""
    assert len(EXAMPLES) == TEXT.count("```json")
    assert len(EXAMPLES) >= 12
    assert set() == {kind.value for kind in ServiceKind if not any(f'"{kind.value}"' in told for told, _ in EXAMPLES)}


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_every_field_is_described(part: type[BaseModel]) -> None:
    """Under its own name."""
    assert set() == {name for name in part.model_fields if f"`{name}`" not in TEXT and f'"{name}"' not in TEXT}


@pytest.mark.parametrize(
    "words",
    [
        [kind.value for kind in ServiceKind],
        [plan.value for plan in Plan],
        [kind.value for kind in EventKind],
        [family.value for family in LineFamily],
        [method.value for method in PriceMethod],
        list(MODES),
        [member.value for kind in policies() for member in kind],
        [member.value.rpartition(": ")[2] for kind in conventions() for member in kind],
    ],
    ids=["kinds", "plans", "events", "families", "methods", "modes", "policies", "conventions"],
)
def test_every_word_is_described(words: list[str]) -> None:
    """A word that nobody can find is no choice."""
    assert set() == {word for word in words if f"`{word}`" not in TEXT}


def test_every_field_of_an_answer_is_described() -> None:
    """And of its lines."""
    answer: dict[str, Any] = answer_values(explain(read_history(EXAMPLES[0][0].encode(), "example")))
    names = {*answer, *answer["lines"][0]} - {"title", "through", "language", "lines"}

    assert set() == {name for name in names if f"`{name}`" not in TEXT}


def test_the_schema_is_current() -> None:
    """``prorata explain --schema > docs/history.schema.json`` makes it so."""
    assert history_schema() == (DOCS / "history.schema.json").read_text("utf-8")
