"""Fires timer functions as Azure does: in UTC, one at a time, remembered across restarts.

Invariants: the status is written after a run, whether it succeeded or not (a failure is not retried); a run that was
cut off leaves the old status, so that it is past due at the next start; however many slots were missed, there is ONE
run to make up for them; a timer never overlaps itself, and the next slot is counted from the end of a run.

Not here: Azure's lease that keeps a timer to one instance; one machine has one host.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from azure.functions.meta import Datum

from local.functions_host.functions import Function, TimerTrigger
from local.functions_host.invoke import Invoker
from local.functions_host.statuses import Statuses
from shared.domain.errors import OperationalError

logger = logging.getLogger(__name__)
_LATE = timedelta(minutes=1)  # a machine that slept wakes up late; less than this is ordinary delay
_NAP_S = 30.0  # look at the clock again this often, for it may jump
_MONITORED_GAP = timedelta(minutes=1)


class TimerWorker:
    """Drives one timer function."""

    def __init__(
        self, function: Function, statuses: Statuses, invoker: Invoker, *, now: Callable[[], datetime]
    ) -> None:
        if not isinstance(function.trigger, TimerTrigger):
            raise TypeError(f"{function.name} has no timer trigger")
        self._function = function
        self._trigger = function.trigger
        self._statuses = statuses
        self._invoker = invoker
        self._now = now
        self._status_name = f"timer-{function.name}"
        self._one_at_a_time = asyncio.Lock()
        self._last_at: datetime | None = None
        self.next_at = function.trigger.schedule.next_after(now())

    async def start(self) -> None:
        """Pick up the remembered status, and run once if a slot was missed or the app asks for a run on startup."""
        with self._invoker.counted():
            is_past_due = await asyncio.to_thread(self._recall)
            if is_past_due or self._trigger.runs_on_startup:
                await self.fire(is_past_due=is_past_due)

    async def run(self, stopping: asyncio.Event) -> None:
        """Start, then fire at each slot until *stopping* is set."""
        await self.start()
        while not stopping.is_set():
            await self.fire_if_due()
            remaining_s = (self.next_at - self._now()).total_seconds()
            try:
                await asyncio.wait_for(stopping.wait(), max(0.0, min(remaining_s, _NAP_S)))
            except TimeoutError:
                continue

    async def fire_if_due(self) -> bool:
        """Fire when the next slot has come; return whether it had."""
        late = self._now() - self.next_at
        if late < timedelta(0):
            return False
        await self.fire(is_past_due=late > _LATE)
        return True

    async def fire(self, *, is_past_due: bool = False) -> None:
        """Run the function now, after a run of it that is under way, and remember it."""
        with self._invoker.counted():
            async with self._one_at_a_time:
                started_at = self._now()
                datum = Datum(json.dumps(self._request(is_past_due=is_past_due)), "json")
                await self._invoker.invoke(self._function, datum, {})
                self._last_at = started_at
                self.next_at = self._trigger.schedule.next_after(self._now())
                await asyncio.to_thread(self._remember)

    def _recall(self) -> bool:
        """Take over the remembered status; return whether a slot was missed."""
        remembered = self._remembered() if self._is_monitored() else None
        now = self._now()
        try:
            if remembered is None or remembered["Schedule"] != self._trigger.schedule.text:
                raise KeyError(self._status_name)  # noqa: TRY301 - a new schedule is read like a missing status
            self.next_at = datetime.fromisoformat(remembered["Next"])
            self._last_at = datetime.fromisoformat(remembered["Last"]) if remembered["Last"] else None
        except (KeyError, ValueError, TypeError):
            self.next_at = self._trigger.schedule.next_after(now)
            self._remember()
        return now > self.next_at

    def _remembered(self) -> dict[str, Any] | None:
        try:
            return self._statuses.get(self._status_name)
        except OperationalError as error:
            logger.warning("timer %s: its status cannot be read, a missed run stays so: %s", self._function.name, error)
            return None

    def _remember(self) -> None:
        if not self._is_monitored():
            return
        try:
            self._statuses.set(self._status_name, self._status())
        except OperationalError as error:
            logger.warning("timer %s: its status is not kept and a run may repeat: %s", self._function.name, error)

    def _is_monitored(self) -> bool:
        """Azure keeps no status for a timer that fires more often than once a minute."""
        if self._trigger.is_monitored is False:
            return False
        return self._trigger.schedule.gap_after(self._now()) >= _MONITORED_GAP

    def _status(self) -> dict[str, Any]:
        return {
            "Last": self._last_at.isoformat() if self._last_at else None,
            "Next": self.next_at.isoformat(),
            "LastUpdated": self._now().isoformat(),
            "Schedule": self._trigger.schedule.text,
        }

    def _request(self, *, is_past_due: bool) -> dict[str, Any]:
        status = {name: value for name, value in self._status().items() if name != "Schedule"}
        return {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": is_past_due}
