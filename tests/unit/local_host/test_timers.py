"""A timer remembers, makes up once, and never overlaps itself."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.functions_host.index import index_app
from local.functions_host.invoke import Invoker
from local.functions_host.statuses import FileStatuses
from local.functions_host.timers import TimerWorker
from shared.storage.embedded.database import Database
from shared.storage.embedded.queues import EmbeddedQueues

HOURLY = """
    import threading
    seen, running, most = [], [0], [0]

    @app.timer_trigger(arg_name="timer", schedule="{schedule}", run_on_startup={startup}, use_monitor={monitor})
    def tick(timer: func.TimerRequest) -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        threading.Event().wait(0.05)
        running[0] -= 1
        seen.append((timer.past_due, timer.schedule_status["Next"]))
        {end}
"""
START = datetime(2026, 2, 10, 12, 30, tzinfo=UTC)


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now_at = START

    def __call__(self) -> datetime:
        """Return the present instant."""
        return self.now_at

    def turn(self, **span: float) -> None:
        """Let time pass."""
        self.now_at += timedelta(**span)


class Bench:
    """A timer worker of a sample app, made anew for each start of the host."""

    def __init__(self, app_file: Callable[[str], Path], folder: Path) -> None:
        self._app_file = app_file
        self.folder = folder
        self.clock = Clock()
        self.module: dict[str, Any] = {}

    def worker(
        self, *, schedule: str = "0 0 * * * *", startup: bool = False, monitor: bool | None = None, end: str = "pass"
    ) -> TimerWorker:
        """Return the worker a freshly started host would have; call inside a loop."""
        path = self._app_file(HOURLY.format(schedule=schedule, startup=startup, monitor=monitor, end=end))
        function = index_app(path).functions[0]
        self.module = function.call.__globals__
        invoker = Invoker(EmbeddedQueues(Database(self.folder)), timeout_s=None)
        return TimerWorker(function, FileStatuses(self.folder / "timers"), invoker, now=self.clock)


@pytest.fixture
def bench(app_file: Callable[[str], Path], tmp_path: Path) -> Bench:
    """A place for one timer and its status."""
    return Bench(app_file, tmp_path)


def test_a_new_timer_waits_for_its_first_slot(bench: Bench) -> None:
    """Nothing is past due that was never due."""

    async def story() -> list[bool]:
        worker = bench.worker()
        await worker.start()
        early = await worker.fire_if_due()
        bench.clock.turn(minutes=30)
        return [early, await worker.fire_if_due(), await worker.fire_if_due()]

    assert asyncio.run(story()) == [False, True, False]
    assert bench.module["seen"] == [(False, "2026-02-10T13:00:00+00:00")]


def test_many_missed_slots_make_one_past_due_run(bench: Bench) -> None:
    """After a weekend off there is one run, not sixty."""

    async def story() -> bool:
        await bench.worker().start()
        bench.clock.turn(days=2)
        worker = bench.worker()
        await worker.start()
        return await worker.fire_if_due()

    assert asyncio.run(story()) is False
    assert bench.module["seen"] == [(True, "2026-02-10T13:00:00+00:00")]


def test_what_was_made_up_is_not_made_up_again(bench: Bench) -> None:
    """The status moves on with the run."""

    async def story() -> None:
        await bench.worker().start()
        bench.clock.turn(days=2)
        await bench.worker().start()
        bench.clock.turn(minutes=5)
        await bench.worker().start()

    asyncio.run(story())

    assert bench.module["seen"] == []


def test_a_failure_is_not_retried_and_counts_as_run(bench: Bench) -> None:
    """The next run is at the next slot, also after a restart."""

    async def story() -> bool:
        worker = bench.worker(end="raise RuntimeError('no')")
        await worker.start()
        bench.clock.turn(hours=1)
        await worker.fire_if_due()
        again = await worker.fire_if_due()
        await bench.worker(end="raise RuntimeError('no')").start()
        return again

    assert asyncio.run(story()) is False
    assert bench.module["seen"] == []


def test_a_changed_schedule_starts_afresh(bench: Bench) -> None:
    """A new expression does not make yesterday's slot past due."""

    async def story() -> datetime:
        await bench.worker().start()
        bench.clock.turn(days=2)
        worker = bench.worker(schedule="0 15 * * * *")
        await worker.start()
        return worker.next_at

    assert datetime(2026, 2, 12, 13, 15, tzinfo=UTC) == asyncio.run(story())
    assert bench.module["seen"] == []


def test_a_run_on_startup_and_a_missed_slot_are_one_run(bench: Bench) -> None:
    """Both wishes are met by the same run."""

    async def story() -> None:
        await bench.worker(startup=True).start()
        bench.clock.turn(days=1)
        await bench.worker(startup=True).start()

    asyncio.run(story())

    assert [past_due for past_due, _ in bench.module["seen"]] == [True]


@pytest.mark.parametrize(("schedule", "monitor"), [("*/30 * * * * *", None), ("0 0 * * * *", False)])
def test_an_unmonitored_timer_makes_up_nothing(bench: Bench, *, schedule: str, monitor: bool | None) -> None:
    """Azure keeps no status below a minute, nor when the app declines."""

    async def story() -> None:
        await bench.worker(schedule=schedule, monitor=monitor).start()
        bench.clock.turn(days=1)
        await bench.worker(schedule=schedule, monitor=monitor).start()

    asyncio.run(story())

    assert bench.module["seen"] == []


def test_a_timer_never_overlaps_itself(bench: Bench) -> None:
    """A run by hand waits for the one under way."""

    async def story() -> None:
        worker = bench.worker()
        await asyncio.gather(*(worker.fire() for _ in range(3)))

    asyncio.run(story())

    assert (len(bench.module["seen"]), bench.module["most"][0]) == (3, 1)


def test_a_damaged_status_starts_afresh(bench: Bench) -> None:
    """A file cut off by a crash stops no timer."""

    async def story() -> datetime:
        await bench.worker().start()
        (status,) = (bench.folder / "timers").iterdir()
        status.write_text('{"Next": ', encoding="utf-8")
        bench.clock.turn(days=1)
        worker = bench.worker()
        await worker.start()
        return worker.next_at

    assert datetime(2026, 2, 11, 13, 0, tzinfo=UTC) == asyncio.run(story())
