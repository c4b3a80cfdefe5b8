"""Microsoft's documented calls, each replayed at the simulator: status, headers, names and types of what is answered.

``docs/simulator-conformance.md`` is written from the same replay and must say what it found; run with
``PRORATA_WRITE=conformance`` to write it anew.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
FIXTURE = ROOT / "tests" / "fixtures" / "partner_center" / "documented_calls.json"
REPORT = ROOT / "docs" / "simulator-conformance.md"


@cache
def documented_calls() -> list[dict[str, Any]]:
    """Return the facts about every documented call."""
    calls: list[dict[str, Any]] = json.loads(FIXTURE.read_text("utf-8"))["calls"]
    return calls


def simulated() -> list[dict[str, Any]]:
    """Return the calls that are simulated."""
    return [call for call in documented_calls() if "not_simulated" not in call]


@dataclass(slots=True)
class Outcome:
    """What one replay brought; *wrong* is empty where the answer is as documented."""

    status: int
    wrong: list[str] = field(default_factory=list)
    matched: int = 0
    excused: dict[str, str] = field(default_factory=dict)


def leaves(shape: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every documented key with its type, as a path."""
    if isinstance(shape, dict):
        if path:
            yield path, "object"
        for name, inner in shape.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(shape, list):
        yield path or "[]", "array"
        for inner in shape[:1]:
            yield from leaves(inner, f"{path}[]")
    else:
        yield path, shape


def found_types(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every key of an answer with its type, in lower case."""
    if isinstance(value, dict):
        if path:
            yield path, "object"
        for name, inner in value.items():
            yield from found_types(inner, f"{path}.{name.lower()}" if path else name.lower())
    elif isinstance(value, list):
        yield path or "[]", "array"
        for inner in value:
            yield from found_types(inner, f"{path}[]")
    else:
        kind = {bool: "boolean", str: "string", type(None): "null"}.get(type(value), "number")
        yield path, kind


def judged(call: Mapping[str, Any], answer: Any, body: Any) -> Outcome:
    """Compare an answer with what is documented."""
    outcome = Outcome(answer.status_code)
    if answer.status_code != call["status"]:
        outcome.wrong.append(f"status {answer.status_code} instead of {call['status']}: {answer.text[:200]}")
        return outcome
    for name in call.get("headers", []):
        if name not in {header.lower() for header in answer.headers} and not (name == "content-type" and not answer.content):
            outcome.wrong.append(f"header {name} is missing")
    found: dict[str, set[str]] = {}
    for path, kind in found_types(body):
        found.setdefault(path, set()).add(kind)
    lacks = {path.lower(): reason for path, reason in call.get("lacks", {}).items()}
    for path, kind in leaves(call.get("keys", {})):
        judge_key(outcome, found, lacks, path, kind)
    return outcome


def judge_key(
    outcome: Outcome, found: Mapping[str, set[str]], lacks: Mapping[str, str], path: str, kind: str
) -> None:
    """Add to *outcome* what is to be said of one documented key."""
    lower = path.lower()
    excuse = next((reason for known, reason in lacks.items() if lower == known or lower.startswith((f"{known}.", f"{known}["))), "")
    if lower in found and (kind == "null" or found[lower] & set(kind.split("|"))):
        outcome.matched += 1
    elif excuse:
        outcome.excused[path] = excuse
    elif kind == "null":
        outcome.matched += 1
    elif lower not in found:
        outcome.wrong.append(f"{path} is missing")
    else:
        outcome.wrong.append(f"{path} is {'/'.join(sorted(found[lower]))} and not {kind}")


def sent(documented: Any, call: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of the request."""
    more: dict[str, Any] = {"headers": documented.filled(call.get("request_headers", {}))}
    if call.get("query"):
        more["params"] = [tuple(each) for each in documented.filled(call["query"])]
    if call.get("form") == "attachment":
        metadata = json.dumps([{"fileName": "PO.pdf", "attachmentType": "POAttachment"}])
        more["files"] = {"metadata": (None, metadata, "application/json"), "pofiles": ("PO.pdf", b"%PDF-1.4", "application/pdf")}
    elif "form" in call:
        more["data"] = documented.filled(call["form"])
    if "send" in call:
        more["json"] = documented.filled(call["send"])
    return more


def prepare(documented: Any, call: Mapping[str, Any], preparations: Mapping[str, Callable[[Any], None]]) -> None:
    """Bring about what the call needs: what ``before`` names, and names that are made on demand."""
    text = json.dumps({key: call.get(key) for key in ("path", "query", "send", "form")})
    needed = [name for name in preparations if re.search(rf"[${{]{re.escape(name)}\b", text)]
    for name in dict.fromkeys([*needed, *([call["before"]] if "before" in call else [])]):
        if name not in documented.names or name == call.get("before"):
            preparations[name](documented)


_OUTCOMES: dict[str, Outcome] = {}


def replay(documented: Any, call: Mapping[str, Any], preparations: Mapping[str, Callable[[Any], None]]) -> Outcome:
    """Replay one call and remember what came of it."""
    prepare(documented, call, preparations)
    answer = documented.ask(call["method"], call["path"], **sent(documented, call))
    text = answer.content.decode("utf-8-sig", "replace")
    body = json.loads(text) if text.strip() and "json" in answer.headers.get("Content-Type", "") else None
    _OUTCOMES[call["id"]] = judged(call, answer, body)
    return _OUTCOMES[call["id"]]


def _worlds() -> list[Any]:
    return [
        pytest.param(call.get("world", "production"), call, id=call["id"])
        for call in simulated()
    ]


@pytest.mark.parametrize(("documented", "call"), _worlds(), indirect=["documented"])
def test_a_documented_call_is_answered_as_documented(
    documented: Any, call: dict[str, Any], preparations: Mapping[str, Callable[[Any], None]]
) -> None:
    """Status, headers, and every documented key with its type are in the answer, except where the fixture says why."""
    outcome = replay(documented, call, preparations)

    assert [] == outcome.wrong
