"""Feeds queue functions: polling, batches, retries and poison messages as Azure's queue listener has them.

Invariants: a message is removed only after its function succeeded, or after it was copied to ``NAME-poison``; the lock
taken on receipt is never renewed, so a crash (or a time limit) returns the message when the lock ends; no more than
``batchSize + newBatchThreshold`` messages run at once.

Not here: the base64 of the wire, which is the queue adapter's. What it could not decode, and a body that is no UTF-8
text for a function that takes text, goes straight to poison.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import timedelta
from typing import TypeVar

from azure.functions.meta import Datum

from local.functions_host.config import QueueConfig
from local.functions_host.functions import Function, QueueTrigger
from local.functions_host.invoke import Invoker, Result
from shared.storage.ports import MESSAGE_BYTES_MAX, Message, Queues

logger = logging.getLogger(__name__)
POISON = "-poison"
_RECEIVE_MAX = 32
_PAUSE_MIN_S = 0.05
_LIFETIME = timedelta(days=7)
T = TypeVar("T")


class QueueWorker:
    """Drives one queue function; *executor* runs the calls to the queue port, which block."""

    def __init__(
        self,
        function: Function,
        queues: Queues,
        invoker: Invoker,
        config: QueueConfig,
        *,
        lock_s: int,
        executor: Executor,
    ) -> None:
        if not isinstance(function.trigger, QueueTrigger):
            raise TypeError(f"{function.name} has no queue trigger")
        self._function = function
        self._trigger = function.trigger
        self._queues = queues
        self._invoker = invoker
        self._config = config
        self._under_way: set[asyncio.Task[None]] = set()
        self._look_again = asyncio.Event()
        self._lock_s = lock_s
        self._executor = executor

    def look_again(self) -> None:
        """Poll soon: something just ran and may have sent a message."""
        self._look_again.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Poll until *stopping* is set; what is under way then goes on."""
        pause_s = _PAUSE_MIN_S
        while not stopping.is_set():
            if len(self._under_way) > self._config.new_batch_threshold:
                await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
                continue
            messages = await self._receive()
            for message in messages:
                self._begin(message, is_stopping=stopping.is_set())
            pause_s = _PAUSE_MIN_S if messages else min(pause_s * 2, self._config.polling_interval_max_s)
            if not messages and await self._pause(pause_s, stopping):
                pause_s = _PAUSE_MIN_S

    async def _receive(self) -> Sequence[Message]:
        limit = min(self._config.batch_size, _RECEIVE_MAX)
        try:
            return await self._blocking(
                lambda: self._queues.receive(self._trigger.queue, limit=limit, lock_s=self._lock_s)
            )
        except Exception:  # the entry point: polling outlives whatever a store throws
            logger.exception("queue %s cannot be read; looking again later", self._trigger.queue)
            return ()

    async def _pause(self, pause_s: float, stopping: asyncio.Event) -> bool:
        """Wait, at most *pause_s* seconds; return whether something called for another look."""
        waits = [asyncio.ensure_future(event.wait()) for event in (self._look_again, stopping)]
        await asyncio.wait(waits, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        is_called = self._look_again.is_set()
        self._look_again.clear()
        if is_called and not stopping.is_set():
            await asyncio.sleep(_PAUSE_MIN_S)  # many calls in a burst make one look
        return is_called

    def _begin(self, message: Message, *, is_stopping: bool) -> None:
        task = asyncio.create_task(self._give_back(message, 0) if is_stopping else self._handle(message))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def settle(self) -> None:
        """Wait until no message is under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def _handle(self, message: Message) -> None:
        with self._invoker.counted():
            datum = self._datum(message)
            if datum is None or message.dequeue_count > self._config.dequeue_count_max:
                await self._end_badly(message, is_hopeless=datum is None)
                return
            outcome = await self._invoker.invoke(self._function, datum, _metadata(message))
            if outcome.result is Result.SUCCEEDED:
                await self._guarded(message, lambda: self._queues.complete(message))
            elif outcome.result is Result.FAILED and not self._is_poison_queue():
                is_last = message.dequeue_count >= self._config.dequeue_count_max
                await (self._end_badly(message) if is_last else self._retry_later(message))

    def _datum(self, message: Message) -> Datum | None:
        if not message.is_decoded:
            return None
        if self._trigger.is_binary:
            return Datum(message.body, "bytes")
        try:
            return Datum(message.body.decode("utf-8"), "string")
        except UnicodeDecodeError:
            return None

    def _is_poison_queue(self) -> bool:
        """A poison queue has none of its own: as in Azure, what fails there stays, hidden until its lock ends."""
        return self._trigger.queue.endswith(POISON)

    async def _retry_later(self, message: Message) -> None:
        await self._give_back(message, round(self._config.visibility_timeout_s))

    async def _give_back(self, message: Message, delay_s: int) -> None:
        await self._guarded(message, lambda: self._queues.release(message, delay_s=delay_s))

    async def _end_badly(self, message: Message, *, is_hopeless: bool = False) -> None:
        """Move the message to the poison queue."""
        if self._is_poison_queue():
            return
        reason = "cannot be decoded" if is_hopeless else f"failed {self._config.dequeue_count_max} times"
        poison = self._trigger.queue + POISON
        logger.error("message %s of queue %s %s; moved to %s", message.id, self._trigger.queue, reason, poison)

        def move() -> None:
            self._queues.send(poison, message.body[:MESSAGE_BYTES_MAX])  # plain text may be longer than base64 takes
            self._queues.complete(message)

        await self._guarded(message, move)

    async def _guarded(self, message: Message, call: Callable[[], None]) -> None:
        try:
            await self._blocking(call)
        except Exception:  # the entry point: the lock brings the message back, whatever went wrong
            logger.exception("message %s of queue %s comes back when its lock ends", message.id, message.queue)

    async def _blocking(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, call)


def _metadata(message: Message) -> dict[str, Datum]:
    return {
        "Id": Datum(message.id, "string"),
        "DequeueCount": Datum(message.dequeue_count, "int"),
        "PopReceipt": Datum(message.receipt, "string"),
        "InsertionTime": Datum(message.inserted_at.isoformat(), "string"),
        "ExpirationTime": Datum((message.inserted_at + _LIFETIME).isoformat(), "string"),
    }
