"""Queue functions get messages as they do in Azure: at least once, with retries, then poison."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from local.functions_host import HostOptions
from local.functions_host.config import QueueConfig
from shared.domain.errors import BusyError

Start = Callable[..., Any]
TRIGGER = '@app.queue_trigger(arg_name="msg", queue_name="work-items", connection="S")'
WORK = f"""
    {TRIGGER}
    def work(msg: func.QueueMessage) -> None:
        seen.append((msg.get_body().decode(), msg.dequeue_count))
        if msg.get_body() == b"bad":
            raise RuntimeError("no")
"""


def test_each_message_is_worked_off_once(start: Start) -> None:
    """What succeeded is gone."""
    running = start(WORK)
    for number in range(20):
        running.queues.send("work-items", f"m{number}")

    running.host.drain(20)

    assert sorted((f"m{number}", 1) for number in range(20)) == sorted(running.seen)


def test_a_failing_message_is_retried_and_then_poison(start: Start) -> None:
    """After maxDequeueCount tries a message stands in NAME-poison, unchanged."""
    running = start(WORK)
    running.queues.send("work-items", "bad")

    running.host.drain(20)

    assert running.seen == [("bad", 1), ("bad", 2), ("bad", 3)]
    assert [message.body for message in running.queues.receive("work-items-poison", limit=9)] == [b"bad"]


def test_a_failure_waits_for_the_visibility_timeout(start: Start) -> None:
    """The delay between tries is host.json's."""
    running = start(WORK, queues=QueueConfig(4, 2, 3, visibility_timeout_s=600, polling_interval_max_s=0.1))
    running.queues.send("work-items", "bad")

    with pytest.raises(BusyError, match="1 in work-items"):
        running.host.drain(1)

    assert running.seen == [("bad", 1)]


def test_the_last_try_is_followed_by_poison_at_once(start: Start) -> None:
    """Nobody waits for the visibility timeout of a message that is given up."""
    running = start(WORK, queues=QueueConfig(4, 2, 1, visibility_timeout_s=600, polling_interval_max_s=0.1))
    running.queues.send("work-items", "bad")

    running.host.drain(20)

    assert running.queues.depth("work-items-poison") == 1


def test_an_undecodable_message_goes_to_poison_untried(start: Start) -> None:
    """What is no text cannot be handed to a function, and trying again would not help."""
    running = start(WORK)
    running.queues.send("work-items", b"\xff\xfe\x00")

    running.host.drain(20)

    assert running.seen == []
    assert [message.body for message in running.queues.receive("work-items-poison")] == [b"\xff\xfe\x00"]


def test_a_binary_binding_takes_any_bytes(start: Start) -> None:
    """Data type binary asks for the body as it is."""
    running = start(
        """
        @app.queue_trigger(arg_name="msg", queue_name="work-items", connection="S", data_type=func.DataType.BINARY)
        def work(msg: bytes) -> None:
            seen.append(msg)
        """
    )
    running.queues.send("work-items", b"\xff\xfe")

    running.host.drain(20)

    assert running.seen == [b"\xff\xfe"]


def test_a_returned_value_fails_the_invocation(start: Start) -> None:
    """A queue function without a $return binding has to return None."""
    running = start(f"{TRIGGER}\ndef work(msg: str):\n    seen.append(msg)\n    return msg\n")
    running.queues.send("work-items", "m")

    running.host.drain(20)

    assert running.seen == ["m"] * 3
    assert running.queues.depth("work-items-poison") == 1


def test_a_poison_queue_can_be_read_and_has_no_poison_queue_itself(start: Start) -> None:
    """A failing message of a poison queue stays there until its lock ends."""
    running = start(
        """
        @app.queue_trigger(arg_name="msg", queue_name="work-items-poison", connection="S")
        def rescue(msg: str) -> None:
            seen.append(msg)
            raise RuntimeError("no")
        """
    )
    running.queues.send("work-items-poison", "m")

    with pytest.raises(BusyError, match="1 in work-items-poison"):
        running.host.drain(0.5)

    assert running.seen == ["m"]
    assert running.queues.depth("work-items-poison-poison") == 0


def test_a_message_returns_when_its_lock_ends(start: Start) -> None:
    """At least once: nobody renews a lock, so a slow function gets its message a second time."""
    running = start(
        f"""
        {TRIGGER}
        def work(msg: func.QueueMessage) -> None:
            seen.append(msg.dequeue_count)
            if msg.dequeue_count == 1:
                time.sleep(2)
        """,
        HostOptions(lock_s=1),
    )
    running.queues.send("work-items", "slow")

    running.host.drain(20)

    assert running.seen == [1, 2]


def test_no_more_than_batch_size_and_threshold_run_at_once(start: Start) -> None:
    """Four fetched, two more when two are left: six at most, whatever waits."""
    running = start(
        f"""
        lock, now, most = threading.Lock(), [0], [0]

        {TRIGGER}
        async def work(msg: str) -> None:
            now[0] += 1
            most[0] = max(most[0], now[0])
            await asyncio.sleep(0.05)
            now[0] -= 1
        """
    )
    for number in range(30):
        running.queues.send("work-items", f"m{number}")

    running.host.drain(20)

    assert 4 <= running.module["most"][0] <= 6


def test_outputs_are_sent_after_success_only(start: Start) -> None:
    """Single messages, lists, return values; nothing from a function that failed."""
    output = '@app.queue_output(arg_name="{}", queue_name="{}", connection="S")'
    running = start(
        f"""
        @app.route(route="order", auth_level=func.AuthLevel.ANONYMOUS)
        {output.format("out", "work-items")}
        {output.format("many", "many-items")}
        def order(req: func.HttpRequest, out: func.Out[str], many: func.Out[typing.List[str]]) -> str:
            out.set("one")
            many.set(["two", "three"])
            if req.params.get("fail"):
                raise RuntimeError("no")
            return "accepted"

        {TRIGGER}
        {output.format("$return", "many-items")}
        def work(msg: func.QueueMessage) -> str:
            return msg.get_body().decode() + " passed on"

        @app.queue_trigger(arg_name="msg", queue_name="many-items", connection="S")
        def note(msg: func.QueueMessage) -> None:
            seen.append(msg.get_body().decode())
        """
    )

    statuses = [running.call("POST", path).status_code for path in ("/api/order?fail=1", "/api/order")]
    running.host.drain(20)

    assert statuses == [500, 200]
    assert sorted(running.seen) == ["one passed on", "three", "two"]


def test_a_timeout_of_the_functions_own_is_a_failure_like_any_other(start: Start) -> None:
    """A socket that timed out is retried at once, unlike the host's time limit."""
    running = start(f"{TRIGGER}\ndef work(msg: str) -> None:\n    seen.append(msg)\n    raise TimeoutError\n")
    running.queues.send("work-items", "m")

    running.host.drain(20)

    assert running.seen == ["m"] * 3


def test_a_time_limit_leaves_the_message_to_its_lock(start: Start) -> None:
    """As in Azure, where the worker restarts: the message comes back when its lock ends, not earlier."""
    running = start(
        f"""
        {TRIGGER}
        async def work(msg: func.QueueMessage) -> None:
            seen.append((msg.dequeue_count, time.monotonic()))
            if msg.dequeue_count == 1:
                await asyncio.sleep(30)
        """,
        HostOptions(lock_s=2),
        function_timeout_s=0.2,
    )
    running.queues.send("work-items", "m")

    running.host.drain(20)

    (first, began), (second, again) = running.seen
    assert (first, second) == (1, 2)
    assert again - began > 1.5


def test_a_store_that_is_away_for_a_while_stops_nothing(start: Start, caplog: Any) -> None:
    """Polling goes on and logs what went wrong."""
    running = start(WORK)
    running.queues.is_away = True
    deadline = time.monotonic() + 20
    while "cannot be read" not in caplog.text and time.monotonic() < deadline:
        time.sleep(0.02)
    running.queues.is_away = False
    running.queues.send("work-items", "after")
    running.host.drain(20)

    assert running.seen == [("after", 1)]
    assert "queue work-items cannot be read" in caplog.text
