"""What another process does to an embedded store: a script that the tests run, crash and race.

Usage: ``python embedded_process.py STEP ROOT [NUMBER]``. It prints what it did and ends with 0.
"""

import itertools
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from shared.domain.errors import ChangedError, StorageUnavailableError
from shared.storage.embedded.blobs import EmbeddedBlobs
from shared.storage.embedded.database import Database
from shared.storage.embedded.links import signing_key
from shared.storage.embedded.queues import EmbeddedQueues
from shared.storage.embedded.tables import EmbeddedTables
from shared.storage.ports import Operation

CODE = os.path.join("shared", "storage", "embedded")  # noqa: PTH118 - compared with the file names of frames


def increment(root: Path, count: int) -> None:
    """Add 1 to a row *count* times, guarded by its ETag."""
    tables = EmbeddedTables(Database(root))
    for _ in range(count):
        while not _incremented(tables):
            pass


def _incremented(tables: EmbeddedTables) -> bool:
    found = tables.get("counter", "p", "r")
    assert found is not None
    try:
        tables.replace("counter", "p", "r", {"n": int(str(found.values["n"])) + 1}, found.etag)
    except ChangedError:
        return False
    return True


def consume(root: Path, limit: int) -> None:
    """Take and complete messages until none is left, and print each body."""
    queues = EmbeddedQueues(Database(root))
    while messages := queues.receive("work", limit=limit):
        for message in messages:
            print(message.body.decode())  # noqa: T201 - the result of this script
            queues.complete(message)


def first(root: Path, number: int) -> None:
    """Be one of several processes that use a new store first."""
    database = Database(root)
    EmbeddedTables(database).insert("first", "p", str(number), {})
    EmbeddedBlobs(database).put("first", str(number), b"")
    print(signing_key(root).hex())  # noqa: T201 - the result of this script


def overflow(root: Path, size: int) -> None:
    """Write a blob and rows with every file limited to *size* bytes, and print how it was refused."""
    database = Database(root)
    tables, blobs = EmbeddedTables(database), EmbeddedBlobs(database)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        blobs.put("data", "n", b"x" * (size + 1))
    except StorageUnavailableError as error:
        print(error)  # noqa: T201 - the result of this script
    try:
        for number in itertools.count():
            tables.transact("rows", f"{number:04}", [Operation("insert", row, {"x": "x" * 9000}) for row in "ab"])
    except StorageUnavailableError as error:
        print(error)  # noqa: T201 - the result of this script


def fork(root: Path, count: int) -> None:
    """Write from a parent and *count* children that were forked with its connection open, and print the rows."""
    tables = EmbeddedTables(Database(root))
    tables.insert("rows", "p", "before", {})
    children = [
        _forked(lambda number=number: tables.insert("rows", "p", f"child {number}", {})) for number in range(count)
    ]
    tables.insert("rows", "p", "parent", {})
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * count
    tables.insert("rows", "p", "zafter", {})
    print([found.row for found in tables.query("rows", "p")])  # noqa: T201 - the result of this script


def _forked(step: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        step()
        sys.exit(0)
    return child


def crash(root: Path, _: int) -> None:
    """Die at every line that a write executes, in turn, and check after each death that the store is whole."""
    for step, check in ((put, check_put), (transact, check_transact), (work, check_work)):
        step(root, 0)
        for line in itertools.count(1):
            survived = _dies_at(line, root, step)
            check(root, line)
            if survived:
                break
        assert line > 10
        print(f"{step.__name__} {line}")  # noqa: T201 - the result of this script


def put(root: Path, line: int) -> None:
    """Replace a blob."""
    EmbeddedBlobs(Database(root)).put("data", "folder/n", _content(line), metadata={"line": str(line)})


def check_put(root: Path, line: int) -> None:
    """The blob is the old or the new one in every respect, and the next process heals the plain name."""
    database = Database(root)
    blobs = EmbeddedBlobs(database)
    (info,) = blobs.list("data")
    with blobs.open("data", info.name) as stream:
        content = stream.read()
    assert info == blobs.info("data", "folder/n")
    assert (content, len(content)) == (_content(int(info.metadata["line"])), info.size)
    assert int(info.metadata["line"]) in (line, line - 1)
    blobs.put("other", "n", b"")
    assert (root / "blobs" / "data" / "folder" / "n").read_bytes() == content
    put(root, line)
    database.close()


def _content(line: int) -> bytes:
    return b"%06d" % line * (line % 7 + 1)


def transact(root: Path, line: int) -> None:
    """Replace two rows together."""
    EmbeddedTables(Database(root)).transact("rows", "p", [Operation("upsert", row, {"line": line}) for row in "ab"])


def check_transact(root: Path, line: int) -> None:
    """Both rows are old, or both are new."""
    database = Database(root)
    lines = [found.values["line"] for found in EmbeddedTables(database).query("rows", "p")]
    database.close()
    assert lines in ([line] * 2, [line - 1] * 2)
    transact(root, line)


def work(root: Path, line: int) -> None:
    """Send a message, take it, write its result, complete it."""
    database = Database(root)
    queues = EmbeddedQueues(database)
    queues.send("work", f"{line}")
    for message in queues.receive("work", limit=32):
        EmbeddedTables(database).upsert("done", "p", message.body.decode(), {})
        queues.complete(message)


def check_work(root: Path, line: int) -> None:
    """A message sent is there, held or waiting, until its result is written."""
    database = Database(root)
    with database.read() as connection:
        waiting = {body.decode() for (body,) in connection.execute("SELECT body FROM messages").fetchall()}
    done = {found.row for found in EmbeddedTables(database).query("done", "p")}
    database.close()
    with (root / "seen").open("a+") as file:
        file.seek(0)
        seen = set(file.read().split()) | waiting
        file.write("".join(f"{body}\n" for body in waiting))
    assert seen <= waiting | done, line


def _dies_at(line: int, root: Path, step: Callable[[Path, int], None]) -> bool:
    """Run *step* in a fork that is killed at its *line*-th executed line; return whether it ended before."""
    child = os.fork()
    if child == 0:
        remaining = itertools.count(line - 1, -1)

        def trace(frame: FrameType, event: str, _: Any) -> Any:
            if CODE not in frame.f_code.co_filename:
                return None
            if event == "line" and next(remaining) <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        step(root, line)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return not os.WIFSIGNALED(status)


if __name__ == "__main__":
    name, folder, *rest = sys.argv[1:]
    steps = {
        "increment": increment,
        "consume": consume,
        "first": first,
        "overflow": overflow,
        "crash": crash,
        "fork": fork,
    }
    steps[name](Path(folder), int(rest[0]) if rest else 0)
