"""A host starts, is interrupted and comes back without losing or repeating what it should not."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local.functions_host import FunctionsHost, HostOptions, index_app
from local.functions_host.config import HostConfig
from local.functions_host.host import _listen
from local.functions_host.statuses import FileStatuses
from shared.domain.errors import OperationalError, StateError
from shared.storage.embedded.database import Database
from shared.storage.embedded.queues import EmbeddedQueues

Start = Callable[..., Any]
ROOT = Path(__file__).parents[3]
APP = """
    import pathlib, time
    import azure.functions as func
    app = func.FunctionApp()
    notes = pathlib.Path(__file__).with_name("notes")

    def note(text):
        with notes.open("a") as stream:
            stream.write(text + "\\n")

    @app.queue_trigger(arg_name="msg", queue_name="work-items", connection="S")
    def work(msg: func.QueueMessage) -> None:
        note(f"begin {msg.dequeue_count}")
        time.sleep(float(msg.get_body()))
        note("end")

    @app.timer_trigger(arg_name="timer", schedule="*/1 * * * * *")
    def tick(timer: func.TimerRequest) -> None:
        note("tick")
"""
RUNNER = """
    import logging, sys
    from pathlib import Path
    from local.functions_host import FileStatuses, HostOptions, open_host, serve
    from shared.storage.embedded.database import Database
    from shared.storage.embedded.queues import EmbeddedQueues

    logging.basicConfig(level=logging.INFO)
    folder, lock_s, grace_s = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    queues = EmbeddedQueues(Database(folder / "store"))
    options = HostOptions(lock_s=lock_s, grace_s=grace_s)
    sys.exit(serve(open_host(folder, queues, FileStatuses(folder / "statuses"), options)))
"""


class Folder:
    """An app folder whose host runs as a process of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "function_app.py").write_text(textwrap.dedent(APP), encoding="utf-8")
        (path / "run.py").write_text(textwrap.dedent(RUNNER), encoding="utf-8")
        document = {"version": "2.0", "extensions": {"queues": {"maxPollingInterval": "00:00:01"}}}
        (path / "host.json").write_text(json.dumps(document), encoding="utf-8")
        self.database = Database(path / "store")
        self.queues = EmbeddedQueues(self.database)

    @contextmanager
    def process(self, *, lock_s: int = 600, grace_s: float = 20) -> Iterator[subprocess.Popen[bytes]]:
        """Run the host; whatever is left of it is killed at the end."""
        command = [sys.executable, "run.py", str(self.path), str(lock_s), str(grace_s)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with (self.path / "log").open("ab") as log:
            process = subprocess.Popen(command, cwd=self.path, env=environment, stderr=log)
            try:
                yield process
            finally:
                process.kill()
                process.wait()

    def notes(self) -> list[str]:
        """Return what the app noted, ticks left out."""
        path = self.path / "notes"
        lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
        return [line for line in lines if line and line != "tick"]

    def wait_for(self, text: str) -> None:
        """Wait until the app noted *text*."""
        deadline = time.monotonic() + 30
        while text not in (self.path / "notes").read_text(encoding="utf-8") if (self.path / "notes").exists() else True:
            assert time.monotonic() < deadline, (self.path / "log").read_text(encoding="utf-8")
            time.sleep(0.02)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """An app folder."""
    folder = Folder(tmp_path)
    yield folder
    folder.database.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_running_work_finish_and_exits_with_0(folder: Folder, number: signal.Signals) -> None:
    """No new work is taken, what runs ends, and its message is gone."""
    folder.queues.send("work-items", "1.5")

    with folder.process() as process:
        folder.wait_for("begin 1")
        process.send_signal(number)
        folder.queues.send("work-items", "0")
        status = process.wait(20)

    assert (status, folder.notes()) == (0, ["begin 1", "end"])
    assert folder.queues.depth("work-items") == 1


def test_work_that_outlasts_the_grace_period_is_cut_off_and_comes_back(folder: Folder) -> None:
    """The process ends with 1, and the message returns when its lock ends."""
    folder.queues.send("work-items", "4")

    with folder.process(lock_s=2, grace_s=0.2) as process:
        folder.wait_for("begin 1")
        process.send_signal(signal.SIGTERM)
        status = process.wait(20)
    with folder.process():
        folder.wait_for("begin 2")

    assert (status, folder.notes()) == (1, ["begin 1", "begin 2"])


def test_a_crash_returns_a_message_only_when_its_lock_ends(folder: Folder) -> None:
    """At least once: the next host gets it again, with a higher count."""
    folder.queues.send("work-items", "3")

    with folder.process(lock_s=2) as process:
        folder.wait_for("begin 1")
        process.kill()
    assert len(folder.queues.receive("work-items")) == 0
    with folder.process():
        folder.wait_for("end")

    assert folder.notes() == ["begin 1", "begin 2", "end"]


def test_a_timer_fires_at_its_slots(start: Start) -> None:
    """Real time, every second; stopping ends it."""
    running = start(
        """
        @app.timer_trigger(arg_name="timer", schedule="*/1 * * * * *")
        async def tick(timer: func.TimerRequest) -> None:
            seen.append(timer.past_due)
        """
    )
    deadline = time.monotonic() + 20
    while len(running.seen) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    is_clean = running.host.stop()
    count = len(running.seen)
    time.sleep(1.1)

    assert is_clean
    assert running.seen[:2] == [False, False]
    assert count == len(running.seen)


def test_timers_can_be_left_to_the_admin_api(start: Start) -> None:
    """A demo month decides itself when the night comes."""
    running = start(
        """
        @app.timer_trigger(arg_name="timer", schedule="*/1 * * * * *", run_on_startup=True)
        def tick(timer: func.TimerRequest) -> None:
            seen.append(1)
        """,
        HostOptions(has_timers=False),
    )
    time.sleep(1.2)
    running.call("POST", "/admin/functions/tick", json={})
    running.host.drain(10)

    assert running.seen == [1]


def test_a_drain_right_after_the_start_waits_for_runs_on_startup(start: Start) -> None:
    """What begins with the host is work like any other."""
    running = start(
        """
        @app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
        def tick(timer: func.TimerRequest) -> None:
            time.sleep(0.2)
            seen.append(timer.past_due)
        """
    )
    running.host.drain(10)

    assert running.seen == [False]


def test_stopping_waits_for_requests_and_for_runs_by_hand(start: Start) -> None:
    """Whatever began is finished, whoever began it."""
    running = start(
        """
        began = threading.Barrier(3)

        @app.route(route="slow", auth_level=func.AuthLevel.ANONYMOUS)
        def slow(req: func.HttpRequest) -> str:
            began.wait(10)
            time.sleep(0.5)
            return "finished"

        @app.queue_trigger(arg_name="msg", queue_name="work-items", connection="S")
        def work(msg: str) -> None:
            began.wait(10)
            time.sleep(1)
            seen.append(msg)
        """
    )
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(running.call, "GET", "/api/slow")
        running.call("POST", "/admin/functions/work", json={"input": "by hand"})
        running.module["began"].wait(10)
        is_clean = running.host.stop()

        assert (answer.result().text, is_clean, running.seen) == ("finished", True, ["by hand"])


def test_a_host_starts_once(start: Start) -> None:
    """A stopped host is not started again; another one is made."""
    running = start(APP)
    running.host.stop()

    with pytest.raises(StateError, match="make another one"):
        running.host.start()


def test_answers_are_not_held_back_by_nagles_algorithm() -> None:
    """Asyncio switches the delay off only for sockets that name their protocol."""
    with _listen("127.0.0.1", 0) as listener:
        protocol = listener.proto

    assert protocol == socket.IPPROTO_TCP


def test_a_port_that_is_taken_is_named(start: Start, tmp_path: Path) -> None:
    """The second host says so instead of answering for the first."""
    running = start(APP)
    host = FunctionsHost(
        index_app(tmp_path),
        HostConfig(),
        running.queues,
        FileStatuses(tmp_path),
        HostOptions(port=running.host.port),
    )

    with pytest.raises(OperationalError, match=f"port {running.host.port} on 127.0.0.1 is taken"):
        host.start()
