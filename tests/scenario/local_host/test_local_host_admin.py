"""The admin API runs timers and queue functions by hand and tells what there is."""

from collections.abc import Callable
from typing import Any

import pytest

Start = Callable[..., Any]
APP = """
    @app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
    def yearly(timer: func.TimerRequest) -> None:
        seen.append(timer.past_due)

    @app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
    def talkative(timer: func.TimerRequest):
        seen.append("ran")
        return "a value"

    @app.queue_trigger(arg_name="msg", queue_name="work-items", connection="S")
    def work(msg: func.QueueMessage) -> None:
        seen.append(msg.get_body().decode())

    @app.route(route="hello/{name?}", methods=["GET"])
    def hello(req: func.HttpRequest) -> str:
        return "hello"
"""


def test_a_timer_and_a_queue_function_run_by_hand(start: Start) -> None:
    """202 at once; an input that is no text arrives as JSON."""
    running = start(APP)

    statuses = [
        running.call("POST", "/admin/functions/Yearly", json={}).status_code,
        running.call("POST", "/admin/functions/work", json={"input": "text"}).status_code,
        running.call("POST", "/admin/functions/work", json={"input": {"a": 1}}).status_code,
    ]
    running.host.drain(20)

    assert statuses == [202, 202, 202]
    assert sorted(["text", '{"a": 1}', "False"]) == sorted(str(one) for one in running.seen)


def test_a_timer_that_returns_a_value_has_failed(start: Start, caplog: Any) -> None:
    """It ran, but its invocation is a failure in the log, and it is not run again."""
    running = start(APP)

    running.call("POST", "/admin/functions/talkative", json={})
    running.host.drain(20)

    assert running.seen == ["ran"]
    assert "talkative returned a value" in caplog.text


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [("nobody", b"{}", 404), ("hello", b"{}", 400), ("work", b"{", 400), ("work", b"[]", 400)],
)
def test_what_cannot_be_run_is_refused(start: Start, name: str, body: bytes, status: int) -> None:
    """The name, the kind and the body are checked before anything is accepted."""
    running = start(APP)

    assert status == running.call("POST", f"/admin/functions/{name}", data=body).status_code


def test_the_host_lists_its_functions_and_says_that_it_runs(start: Start) -> None:
    """As Azure's admin API, for scripts and people."""
    running = start(APP)

    functions = running.call("GET", "/admin/functions").json()
    status = running.call("GET", "/admin/host/status").json()

    assert [function["name"] for function in functions] == ["yearly", "talkative", "work", "hello"]
    assert functions[3]["invokeUrlTemplate"] == "/api/hello/{name?}"
    assert {"type": "queueTrigger", "queueName": "work-items"}.items() <= functions[2]["config"]["bindings"][0].items()
    assert (status["functionCount"], status["state"]) == (4, "Running")
