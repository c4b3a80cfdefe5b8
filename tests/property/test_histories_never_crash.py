"""Whatever a history file holds, it is answered or refused with a message; nothing else is raised."""

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.application.explain import explain
from shared.documents.expected_lines_json import answer_json
from shared.documents.expected_lines_table import answer_table
from shared.documents.histories import read_history
from shared.domain.errors import ProrataError

RECORDS = sorted((Path(__file__).parents[1] / "fixtures" / "worked_examples").glob("WE-*.json"))
HISTORIES: list[dict[str, Any]] = [
    case["history"] for path in RECORDS for case in json.loads(path.read_text("utf-8"))["cases"]
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-100, 400),
    st.text(max_size=8),
    st.dates().map(str),
    st.sampled_from(
        ["10.08", "-1", "0", "2021-06-20", "2021-06-20T10:00:00Z", "P1M", "P3Y", "monthly", "annual", "EUR"]
    ),
    st.sampled_from(["licence", "legacy-licence", "own-recurring", "own-metered", "marketplace", "reservation"]),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a history where something stands."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, each in inner for place in places(each, (*path, name)))]


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    """The history with something else at one place."""
    if not path:
        return by
    made = dict(value) if isinstance(value, dict) else list(value)
    made[path[0]] = replaced(value[path[0]], path[1:], by)
    return made


def is_answered_or_refused(content: bytes) -> bool:
    """Whether the file is answered; raises whatever is not meant to be raised."""
    try:
        answer = explain(read_history(content, "h.json"))
    except ProrataError:
        return False
    json.loads(answer_json(answer))
    assert answer_table(answer)
    return True


@given(VALUES)
def test_any_json_is_answered_or_refused(value: Any) -> None:
    """Even if it has nothing to do with a history."""
    is_answered_or_refused(json.dumps(value).encode())


@given(st.binary(max_size=40))
def test_any_bytes_are_answered_or_refused(content: bytes) -> None:
    """Even if they are no text."""
    assert not is_answered_or_refused(content)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data(), st.sampled_from(HISTORIES), SCALARS)
def test_a_history_with_a_slip_is_answered_or_refused(data: st.DataObject, history: dict[str, Any], slip: Any) -> None:
    """Any value at any place of a good history."""
    place = data.draw(st.sampled_from(places(history)))

    is_answered_or_refused(json.dumps(replaced(history, place, slip)).encode())
