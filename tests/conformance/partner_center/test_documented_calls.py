"""Microsoft's documented calls, each replayed at the simulator: status, headers, names and types of what is answered.

``docs/simulator-conformance.md`` is written from the same replay and must say what it found; run with
``PRORATA_WRITE=conformance`` to write it anew.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
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
        if name not in {header.lower() for header in answer.headers} and not (
            name == "content-type" and not answer.content
        ):
            outcome.wrong.append(f"header {name} is missing")
    found: dict[str, set[str]] = {}
    for path, kind in found_types(body):
        found.setdefault(path, set()).add(kind)
    lacks = {path.lower(): reason for path, reason in call.get("lacks", {}).items()}
    for path, kind in leaves(call.get("keys", {})):
        judge_key(outcome, found, lacks, path, kind)
    return outcome


def judge_key(outcome: Outcome, found: Mapping[str, set[str]], lacks: Mapping[str, str], path: str, kind: str) -> None:
    """Add to *outcome* what is to be said of one documented key."""
    lower = path.lower()
    excuse = next(
        (reason for known, reason in lacks.items() if lower == known or lower.startswith((f"{known}.", f"{known}["))),
        "",
    )
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
        more["files"] = {
            "metadata": (None, metadata, "application/json"),
            "pofiles": ("PO.pdf", b"%PDF-1.4", "application/pdf"),
        }
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
    return [pytest.param(call.get("world", "production"), call, id=call["id"]) for call in simulated()]


@pytest.mark.parametrize(("documented", "call"), _worlds(), indirect=["documented"])
def test_a_documented_call_is_answered_as_documented(
    documented: Any, call: dict[str, Any], preparations: Mapping[str, Callable[[Any], None]]
) -> None:
    """Status, headers, and every documented key with its type are in the answer, except where the fixture says why."""
    outcome = replay(documented, call, preparations)

    assert [] == outcome.wrong


def test_every_documented_call_is_either_replayed_or_left_out_with_a_reason() -> None:
    """The fixture knows no third kind of call, and each call has an id of its own."""
    calls = documented_calls()

    assert len(calls) == len({call["id"] for call in calls})
    assert all(call.get("not_simulated") or call["status"] for call in calls)
    assert len(simulated()) > 120


INTRODUCTION = """# Conformance of the simulator

Every request that Microsoft's Partner Center developer documentation shows (pages of March 2021 and October 2023), the
Partner billing pages of Graph, and two recorded answers, replayed at the simulator over HTTP in a world in which
everything they name exists. Compared are the status, the names of the headers, and every documented key with its JSON
type. The facts are in `tests/fixtures/partner_center/documented_calls.json`; this page is written by
`tests/conformance/partner_center` and a test holds it current (`PRORATA_WRITE=conformance` writes it anew).

Keys are compared without regard to the case of letters. Microsoft's pages are wrong or out of date in places; where an
answer lacks a documented key on purpose, the reason is below. Values are not compared. A status that the page does not
show is marked so.
"""


def report(calls: list[dict[str, Any]], outcomes: Mapping[str, Outcome]) -> str:
    """Return the report as Markdown."""
    replayed = [call for call in calls if "not_simulated" not in call]
    left_out = [call for call in calls if "not_simulated" in call]
    good = sum(not outcomes[call["id"]].wrong for call in replayed)
    keys = sum(outcomes[call["id"]].matched for call in replayed)
    excused = sum(len(outcomes[call["id"]].excused) for call in replayed)
    counts = [
        f"- {len(calls)} documented requests, {len(replayed)} of them replayed, {good} answered as documented.",
        f"- {keys} documented keys found with their type, {excused} lacking for a reason that is given.",
        f"- {len(left_out)} requests not simulated.",
    ]
    parts = [INTRODUCTION, *counts, "", "## Replayed", "", _table(replayed, outcomes), ""]
    parts += ["## Documented keys that an answer lacks", "", _excuses(replayed, outcomes), ""]
    parts += ["## Not simulated", "", _left_out(left_out), ""]
    return "\n".join(parts)


def _table(calls: list[dict[str, Any]], outcomes: Mapping[str, Outcome]) -> str:
    rows = ["| Page | Dated | Call | Status | Keys | Result |", "|---|---|---|---|---|---|"]
    for call in calls:
        outcome = outcomes[call["id"]]
        total = outcome.matched + len(outcome.excused) + len(outcome.wrong)
        result = "; ".join(outcome.wrong) or ("as documented" if not outcome.excused else "as documented, see below")
        keys = f"{outcome.matched}/{total}" if total else ""
        name = f"`{call['method']} {call['path']}`"
        status = f"{outcome.status}{' (not shown)' if 'status_from' in call else ''}"
        rows.append(f"| {call['id']} | {', '.join(call['dated'])} | {name} | {status} | {keys} | {result} |")
    return "\n".join(rows)


def _excuses(calls: list[dict[str, Any]], outcomes: Mapping[str, Outcome]) -> str:
    rows = ["| Page | Keys | Why |", "|---|---|---|"]
    for call in calls:
        by_reason: dict[str, list[str]] = {}
        for path, reason in outcomes[call["id"]].excused.items():
            by_reason.setdefault(reason, []).append(path)
        rows += [f"| {call['id']} | {_shortened(paths)} | {reason} |" for reason, paths in by_reason.items()]
    return "\n".join(rows)


def _shortened(paths: list[str]) -> str:
    """Return the outermost of some paths."""
    outer = [path for path in paths if not any(path != other and path.startswith(f"{other}.") for other in paths)]
    outer = [path for path in outer if not any(path != other and path.startswith(f"{other}[") for other in outer)]
    return ", ".join(f"`{path}`" for path in outer)


def _left_out(calls: list[dict[str, Any]]) -> str:
    rows = ["| Page | Call | Why |", "|---|---|---|"]
    rows += [f"| {call['id']} | `{call['method']} {call['path']}` | {call['not_simulated']} |" for call in calls]
    return "\n".join(rows)


def _replay_the_rest(
    made: Callable[[str], AbstractContextManager[Any]], preparations: Mapping[str, Callable[[Any], None]]
) -> None:
    for call in simulated():
        if call["id"] not in _OUTCOMES:
            with made(call.get("world", "production")) as documented:
                replay(documented, call, preparations)


def test_the_report_says_what_the_replay_found(
    documented_worlds: Callable[[str], AbstractContextManager[Any]], preparations: Mapping[str, Callable[[Any], None]]
) -> None:
    """``docs/simulator-conformance.md`` is what a replay of all calls writes today."""
    _replay_the_rest(documented_worlds, preparations)
    written = report(documented_calls(), _OUTCOMES)
    if "conformance" in os.environ.get("PRORATA_WRITE", "").split(","):
        REPORT.write_text(written, "utf-8")

    assert written == REPORT.read_text("utf-8"), "write it anew with PRORATA_WRITE=conformance"


def test_the_comparison_notices_what_differs() -> None:
    """A missing key, a wrong type and an excused key are told apart; letters and order are nothing."""
    found: dict[str, set[str]] = {}
    for path, kind in found_types({"ID": "1", "items": [{"count": "3"}, {"name": None}]}):
        found.setdefault(path, set()).add(kind)
    shape = {"id": "string", "items": [{"count": "number", "name": "string|null", "size": "number"}], "links": {}}
    outcome = Outcome(200)
    for path, kind in leaves(shape):
        judge_key(outcome, found, {"links": "not here"}, path, kind)

    assert ["items[].count is string and not number", "items[].size is missing"] == outcome.wrong
    assert {"links": "not here"} == outcome.excused
    assert 4 == outcome.matched
