"""The local host agrees with Microsoft's own engine about what an app is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.functions_host import Index, index_app
from shared.domain.errors import InvalidError
from shared.settings import Settings

Engine = Callable[..., dict[str, Any]]
AppFolder = Callable[[str], Path]
ROOT = Path(__file__).parents[2]

QUEUE = '@app.queue_trigger(arg_name="msg", queue_name="work-items", connection="S")\n'
OUT = QUEUE + '@app.queue_output(arg_name="out", queue_name="next", connection="S")\n'
ROUTE = '@app.route(route="a", methods=["GET"])\n'
GOOD = (
    '@app.route(route="a/{x}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)\n'
    '@app.queue_output(arg_name="out", queue_name="next", connection="S")\n'
    "def a(req: func.HttpRequest, out: func.Out[typing.List[str]]) -> func.HttpResponse:\n"
    '    out.set(["one", "two"])\n'
    '    return func.HttpResponse(req.route_params["x"] + req.get_json()["y"], status_code=201)\n'
    "@app.route()\n"
    "def broken(req: func.HttpRequest) -> str:\n"
    '    raise RuntimeError("no")\n'
    + QUEUE
    + "async def work(msg: func.QueueMessage, context: func.Context) -> None:\n"
    '    assert (msg.get_body(), msg.dequeue_count, context.function_name) == (b"hi", 2, "work")\n'
    + QUEUE.replace("work-items", "other-items")
    + "def talkative(msg: str):\n"
    "    return msg\n"
    '@app.timer_trigger(arg_name="timer", schedule="0 30 3 * * *", run_on_startup=False)\n'
    "def nightly(timer: func.TimerRequest) -> None:\n"
    '    assert (timer.past_due, timer.schedule_status["Next"]) == (True, "soon")\n'
)
ACCEPTED = {
    "everything": GOOD,
    "text": QUEUE + "def q(msg: str) -> None: ...",
    "bytes": QUEUE + "def q(msg: bytes) -> None: ...",
    "no annotation": QUEUE + "def q(msg): ...",
    "a context": QUEUE + "def q(msg: str, context: func.Context) -> None: ...",
    "a resolvable string annotation": QUEUE + 'def q(msg: "func.QueueMessage") -> "None": ...',
    "Out of str": OUT + "def q(msg: str, out: func.Out[str]) -> None: ...",
    "Out of typing.List": OUT + "def q(msg: str, out: func.Out[typing.List[str]]) -> None: ...",
    "Out without annotation": OUT + "def q(msg: str, out) -> None: ...",
    "a text response": ROUTE + "def a(req: func.HttpRequest) -> str: ...",
    "an unannotated response": ROUTE + "def a(req: func.HttpRequest): ...",
    "a returned message": QUEUE + '@app.queue_output(arg_name="$return", queue_name="next", connection="S")\n'
    "def q(msg: str) -> str: ...",
    "an int return without $return": QUEUE + "def q(msg: str) -> int: ...",
}
REFUSED = {
    "an extra parameter": QUEUE + "def q(msg: str, extra: int = 1) -> None: ...",
    "another name": QUEUE + "def q(message: str) -> None: ...",
    "a missing parameter": QUEUE + "def q() -> None: ...",
    "an unknown name": QUEUE + 'def q(msg: "Missing") -> None: ...',
    "X or None": QUEUE + "def q(msg: func.QueueMessage | None) -> None: ...",
    "Optional": QUEUE + "def q(msg: typing.Optional[str]) -> None: ...",
    "a dict": QUEUE + "def q(msg: dict) -> None: ...",
    "dict of": QUEUE + "def q(msg: dict[str, str]) -> None: ...",
    "Any": QUEUE + "def q(msg: typing.Any) -> None: ...",
    "Out of list[str]": OUT + "def q(msg: str, out: func.Out[list[str]]) -> None: ...",
    "Out of dict": OUT + "def q(msg: str, out: func.Out[dict]) -> None: ...",
    "an output without Out": OUT + "def q(msg: str, out: str) -> None: ...",
    "an input with Out": QUEUE + "def q(msg: func.Out[str]) -> None: ...",
    "a wrong context": QUEUE + "def q(msg: str, context: str) -> None: ...",
    "a dict response": ROUTE + "def a(req: func.HttpRequest) -> dict: ...",
    "no response": ROUTE + "def a(req: func.HttpRequest) -> None: ...",
    "a union response": ROUTE + "def a(req: func.HttpRequest) -> str | None: ...",
    "one bad among good": GOOD + QUEUE + "def q(msg: dict) -> None: ...",
    "equal names": QUEUE + "def q(msg: str) -> None: ...\n" + ROUTE + "def q(req: func.HttpRequest): ...",
    "no trigger": '@app.function_name("x")\ndef x() -> None: ...',
    "two names for the app": "application = app\n" + QUEUE + "def q(msg: str) -> None: ...",
    "no app": "del app",
    "an import that fails": "import there_is_no_such_module",
}


def listed(index: Index) -> list[dict[str, Any]]:
    """Return the local index in the engine's words."""
    return [{"name": one.name, "bindings": [dict(binding) for binding in one.bindings]} for one in index.functions]


def told(functions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the engine's index without what was not set."""
    return [
        {
            "name": one["name"],
            "bindings": [
                {name: value for name, value in binding.items() if value is not None} for binding in one["bindings"]
            ],
        }
        for one in functions
    ]


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_the_engine_accepts_is_indexed_alike(engine: Engine, app_folder: AppFolder, case: str) -> None:
    """Same functions, same bindings."""
    folder = app_folder(ACCEPTED[case])

    assert told(engine(folder)["functions"]) == listed(index_app(folder))


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_engine_refuses_is_refused(engine: Engine, app_folder: AppFolder, case: str) -> None:
    """No trap is left for the first deployment."""
    folder = app_folder(REFUSED[case])

    assert "error" in engine(folder)
    with pytest.raises(InvalidError):
        index_app(folder)


def test_the_engine_runs_what_it_indexed(engine: Engine, app_folder: AppFolder) -> None:
    """Values in, results and outputs out; an exception and an unwanted return value fail the invocation."""
    request = {
        "method": {"type": "string", "value": "POST"},
        "url": {"type": "string", "value": "http://localhost/api/a/7"},
        "headers": {},
        "query": {},
        "params": {"x": "7"},
        "body": {"type": "bytes", "value": '{"y": "8"}'},
    }
    timer = json.dumps({"IsPastDue": True, "ScheduleStatus": {"Next": "soon"}})
    text = {"type": "string", "value": "hi"}
    http = {"type": "http", "value": request}
    answer = engine(
        app_folder(GOOD),
        [
            {"function": "a", "trigger": "req", "value": http},
            {"function": "broken", "trigger": "req", "value": http},
            {
                "function": "work",
                "trigger": "msg",
                "value": text,
                "metadata": {"DequeueCount": {"type": "int", "value": 2}},
            },
            {"function": "talkative", "trigger": "msg", "value": text},
            {"function": "nightly", "trigger": "timer", "value": {"type": "json", "value": timer}},
        ],
    )

    assert [result["ok"] for result in answer["results"]] == [True, False, True, False, True]
    first = answer["results"][0]
    assert (first["returned"]["status_code"], first["returned"]["body"]) == ("201", "78")
    assert json.loads(first["outputs"]["out"]) == ["one", "two"]


def test_proratas_own_app_is_one_app_for_both(engine: Engine) -> None:
    """What runs on one machine is what Azure will find; the schedules are settings that the host resolves."""
    settings = [f"PRORATA_{name.upper()}" for name in Settings.model_fields]
    schedules = dict.fromkeys((name for name in settings if name.endswith("_SCHEDULE")), "0 0 6 9 * *")
    answer = engine(ROOT)

    assert "error" not in answer, answer["error"]
    assert told(answer["functions"]) == listed(index_app(ROOT, schedules))
