"""What both stores promise of queues: visibility, receipts, counts and bodies."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from shared.domain.errors import LimitError
from shared.storage.ports import Message, Queues

Later = Callable[[int], None]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (json.dumps({"first": 1}), b'{"first": 1}'),
        ("Ärger <&> 𝄞", "Ärger <&> 𝄞".encode()),
        (b"\x00\xff raw", b"\x00\xff raw"),
        (" ", b" "),
        ("x" * 48 * 1024, b"x" * 48 * 1024),
        ("ä" * 24 * 1024, "ä".encode() * 24 * 1024),
    ],
)
def test_a_body_comes_back_as_bytes(queues: Queues, bucket: str, body: str | bytes, expected: bytes) -> None:
    """Text and bytes up to 48 KiB arrive unchanged; text as UTF-8."""
    queues.send(bucket, body)
    (message,) = queues.receive(bucket)

    assert (message.body, message.dequeue_count, message.queue) == (expected, 1, bucket)
    assert message.inserted_at.tzinfo is not None
    assert message.inserted_at <= datetime(2100, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("body", ["", b"", "x" * (48 * 1024 + 1), "ä" * (24 * 1024 + 1), "\udc00"])
def test_a_body_over_the_limit_is_refused(queues: Queues, bucket: str, body: str | bytes) -> None:
    """Empty or over 48 KiB: nothing is sent."""
    with pytest.raises(LimitError):
        queues.send(bucket, body)

    assert queues.depth(bucket) == 0


def test_an_empty_queue_gives_nothing(queues: Queues, bucket: str) -> None:
    """A queue need not be made before it is looked at."""
    assert list(queues.receive(bucket, limit=32)) == []
    assert queues.depth(bucket) == 0


def test_a_held_message_is_hidden_and_comes_again(queues: Queues, bucket: str, later: Later) -> None:
    """While the lock lasts nobody else gets it; afterwards it returns with a higher count and a new receipt."""
    queues.send(bucket, "m")
    (first,) = queues.receive(bucket, lock_s=1)
    assert list(queues.receive(bucket)) == []
    later(1)
    (second,) = queues.receive(bucket, lock_s=60)

    assert (first.id, first.dequeue_count) == (second.id, 1)
    assert second.dequeue_count == 2
    assert first.receipt != second.receipt


def test_a_completed_message_is_gone(queues: Queues, bucket: str, later: Later) -> None:
    """Complete ends it for good; a second complete is no error."""
    queues.send(bucket, "m")
    (message,) = queues.receive(bucket, lock_s=1)
    queues.complete(message)
    queues.complete(message)
    later(1)

    assert list(queues.receive(bucket)) == []
    assert queues.depth(bucket) == 0


def test_a_lost_lock_neither_completes_nor_releases(queues: Queues, bucket: str, later: Later) -> None:
    """Whoever lost the lock cannot end or free what another holds now, and is not troubled with an error."""
    queues.send(bucket, "m")
    (lost,) = queues.receive(bucket, lock_s=1)
    later(1)
    (held,) = queues.receive(bucket, lock_s=60)
    queues.complete(lost)
    queues.release(lost)

    assert list(queues.receive(bucket)) == []
    assert queues.depth(bucket) == 1
    queues.complete(held)
    assert queues.depth(bucket) == 0


def test_a_released_message_comes_at_once_and_keeps_its_body(queues: Queues, bucket: str) -> None:
    """Release gives it back before the lock ends; the count goes on, which is what makes a message poison."""
    queues.send(bucket, "body")
    counts = []
    for _ in range(6):
        (message,) = queues.receive(bucket, lock_s=600)
        counts.append((message.dequeue_count, message.body))
        queues.release(message)

    assert counts == [(count, b"body") for count in range(1, 7)]


def test_a_released_message_may_wait(queues: Queues, bucket: str, later: Later) -> None:
    """Release with a delay hides it for that long."""
    queues.send(bucket, "m")
    (message,) = queues.receive(bucket)
    queues.release(message, delay_s=1)
    assert list(queues.receive(bucket)) == []
    later(1)

    assert [found.dequeue_count for found in queues.receive(bucket)] == [2]


def test_releasing_a_completed_message_is_no_error(queues: Queues, bucket: str) -> None:
    """What is finished stays finished."""
    queues.send(bucket, "m")
    (message,) = queues.receive(bucket)
    queues.complete(message)
    queues.release(message)

    assert queues.depth(bucket) == 0


def test_a_delayed_message_waits(queues: Queues, bucket: str, later: Later) -> None:
    """Send with a delay counts in the depth but is not given out before its time."""
    queues.send(bucket, "m", delay_s=1)
    assert list(queues.receive(bucket)) == []
    assert queues.depth(bucket) == 1
    later(1)

    assert [message.body for message in queues.receive(bucket)] == [b"m"]


def test_receive_takes_up_to_its_limit(queues: Queues, bucket: str) -> None:
    """Thirty-two at most, then the rest; each message once."""
    for number in range(40):
        queues.send(bucket, f"{number}")
    first, second = queues.receive(bucket, limit=32), queues.receive(bucket, limit=32)

    assert (len(first), len(second)) == (32, 8)
    assert {int(message.body) for message in (*first, *second)} == set(range(40))
    assert queues.depth(bucket) == 40


def test_receivers_side_by_side_never_share_a_message(queues: Queues, bucket: str) -> None:
    """While the locks last every message has one holder."""
    for number in range(60):
        queues.send(bucket, f"{number}")
    taken: list[Message] = []

    def work() -> None:
        while messages := queues.receive(bucket, limit=3):
            taken.extend(messages)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(int(message.body) for message in taken) == list(range(60))


@pytest.mark.parametrize(
    "step",
    [
        lambda queues, name: queues.receive(name, limit=0),
        lambda queues, name: queues.receive(name, limit=33),
        lambda queues, name: queues.receive(name, lock_s=0),
        lambda queues, name: queues.receive(name, lock_s=7 * 86_400 + 1),
        lambda queues, name: queues.send(name, "m", delay_s=-1),
        lambda queues, name: queues.send(name, "m", delay_s=7 * 86_400 + 1),
        lambda queues, _: queues.send("Upper", "m"),
        lambda queues, _: queues.send("a--b", "m"),
        lambda queues, _: queues.receive("-a"),
        lambda queues, _: queues.depth("ab"),
    ],
)
def test_what_azure_would_refuse_is_refused(queues: Queues, bucket: str, step: Callable[[Queues, str], object]) -> None:
    """Counts, times and names outside Azure's are refused by both stores."""
    with pytest.raises(LimitError):
        step(queues, bucket)
