"""The embedded store under kill -9, full disks, races between processes and forks."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.domain.errors import IntegrityError, StateError, StorageUnavailableError
from shared.storage.embedded.blobs import EmbeddedBlobs
from shared.storage.embedded.database import DATABASE_NAME, Database
from shared.storage.embedded.queues import EmbeddedQueues
from shared.storage.embedded.tables import EmbeddedTables

SCRIPT = Path(__file__).with_name("embedded_process.py")
PROJECT = Path(__file__).parents[2]


def _start(step: str, root: Path, number: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), step, str(root), str(number)],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _finish(process: subprocess.Popen[str]) -> list[str]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out.splitlines()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty store."""
    database = Database(tmp_path / "store")
    yield database
    database.close()


def test_a_writer_killed_at_any_line_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    """Blob, transaction and message: the store is whole after a kill -9 at every line of a write."""
    done = [line.split() for line in _finish(_start("crash", tmp_path))]

    assert [step for step, _ in done] == ["put", "transact", "work"]
    assert all(int(count) > 50 for _, count in done)


def test_two_processes_lose_no_update(database: Database) -> None:
    """Guarded by ETags, 1,500 increments from each of two processes are 3,000."""
    tables = EmbeddedTables(database)
    tables.insert("counter", "p", "r", {"n": 0})
    for process in [_start("increment", database.root, 1500) for _ in range(2)]:
        _finish(process)
    found = tables.get("counter", "p", "r")

    assert found is not None
    assert found.values == {"n": 3000}


def test_two_processes_never_complete_the_same_message(database: Database) -> None:
    """Every message is worked off by one of two receivers, and by one only."""
    queues = EmbeddedQueues(database)
    for number in range(400):
        queues.send("work", f"{number}")
    receivers = [_start("consume", database.root, limit) for limit in (1, 5)]
    bodies = [body for process in receivers for body in _finish(process)]

    assert sorted(bodies, key=int) == [str(number) for number in range(400)]
    assert queues.depth("work") == 0


def test_processes_that_start_together_share_one_new_store(tmp_path: Path) -> None:
    """Of several first processes one makes the tables and the link key, and all go on."""
    root = tmp_path / "new"
    signatures = {tuple(_finish(process)) for process in [_start("first", root, n) for n in range(4)]}
    database = Database(root)

    assert len(signatures) == 1
    assert len(list(EmbeddedTables(database).query("first", "p"))) == 4
    assert len(list(EmbeddedBlobs(database).list("first"))) == 4
    assert [path.name for path in root.glob("link.key*")] == ["link.key"]
    database.close()


def test_a_fork_leaves_the_parents_connection_alone(tmp_path: Path) -> None:
    """Children forked in the middle open connections of their own; parent and children all write."""
    (rows,) = _finish(_start("fork", tmp_path, 3))

    assert rows == "['before', 'child 0', 'child 1', 'child 2', 'parent', 'zafter']"


def test_a_file_over_the_limit_is_refused_and_nothing_is_half_written(database: Database) -> None:
    """Where files may not grow, blob and rows are refused with a cure; what was there stays readable and alone."""
    blobs, tables = EmbeddedBlobs(database), EmbeddedTables(database)
    blobs.put("data", "n", b"old")
    messages = _finish(_start("overflow", database.root, 2 * 1024 * 1024))
    partitions = [f"{number:04}" for number in range(1000)]
    rows = [len(list(tables.query("rows", partition))) for partition in partitions]

    assert len(messages) == 2
    assert "size limit" in messages[0]
    assert DATABASE_NAME in messages[1]
    with blobs.open("data", "n") as stream:
        assert stream.read() == b"old"
    assert len([path for path in (database.root / "content").rglob("*") if path.is_file()]) == 1
    assert set(rows) == {0, 2}
    assert rows == sorted(rows, reverse=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or not _runs("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)):
        pytest.skip("a small file system needs the right to mount; the file size limit is tested instead")
    yield folder
    assert _runs("umount", "--lazy", str(folder))


def _runs(program: str, *arguments: str) -> bool:
    found = shutil.which(program)
    if found is None:
        return False
    return subprocess.run([found, *arguments], check=False, capture_output=True).returncode == 0


def test_a_full_disk_is_told_and_what_was_written_stays(small_disk: Path) -> None:
    """The disk fills: the refused blob and rows are gone without a trace, all others read back whole."""
    database = Database(small_disk / "store")
    blobs, tables = EmbeddedBlobs(database), EmbeddedTables(database)
    (small_disk / "reserve").write_bytes(b"0" * 300_000)
    contents = {f"{number:02}": bytes([number]) * 500_000 for number in range(9)}
    blobs_told, blobs_kept = _until_full(lambda key: blobs.put("data", f"{key:02}", contents[f"{key:02}"]))
    rows_told, rows_kept = _until_full(lambda key: tables.insert("rows", "p", f"{key:04}", {"x": "x" * 9000}))
    (small_disk / "reserve").unlink()
    read = {info.name: _read(blobs, info.name) for info in blobs.list("data")}

    assert "disk is full" in blobs_told
    assert "disk is full" in rows_told
    assert read == {name: contents[name] for name in list(contents)[:blobs_kept]}
    assert len(list(tables.query("rows", "p"))) == rows_kept
    blobs.delete("data", "00")
    blobs.put("data", "again", b"room again")
    assert _read(blobs, "again") == b"room again"
    database.close()


def _until_full(write: Callable[[int], object]) -> tuple[str, int]:
    """Write until the disk is full; return what was told and how many writes were accepted."""
    for number in range(1000):
        try:
            write(number)
        except StorageUnavailableError as error:
            return str(error), number
    pytest.fail("the disk never filled")


def _read(blobs: EmbeddedBlobs, name: str) -> bytes:
    with blobs.open("data", name) as stream:
        return stream.read()


def test_a_store_locked_too_long_says_so(tmp_path: Path) -> None:
    """A writer that waits longer than the busy timeout is told to try again; reading goes on meanwhile."""
    database = Database(tmp_path, busy_timeout_s=0.05)
    tables = EmbeddedTables(database)
    tables.insert("rows", "p", "r", {"n": 1})
    refused: list[Exception] = []

    def write() -> None:
        try:
            tables.upsert("rows", "p", "r", {"n": 2})
        except StorageUnavailableError as error:
            refused.append(error)

    with database.write():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
        found = tables.get("rows", "p", "r")

    assert found is not None
    assert found.values == {"n": 1}
    assert "write lock" in str(refused[0])
    database.close()


def test_a_damaged_file_stops_the_work(tmp_path: Path) -> None:
    """A file that is no database is never written to."""
    (tmp_path / DATABASE_NAME).write_bytes(b"this is no database" * 1000)
    with pytest.raises(IntegrityError, match="backup"):
        EmbeddedTables(Database(tmp_path)).upsert("rows", "p", "r", {})

    assert (tmp_path / DATABASE_NAME).read_bytes() == b"this is no database" * 1000


def test_a_store_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    """A layout this program does not know is refused with the cure."""
    database = Database(tmp_path)
    with database.write() as connection:
        connection.execute("PRAGMA user_version=99")
    database.close()
    with pytest.raises(StateError, match="layout 99"):
        EmbeddedTables(Database(tmp_path)).upsert("rows", "p", "r", {})


def test_a_root_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    """A root below a file: the message names the path."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageUnavailableError, match="file/store"):
        EmbeddedTables(Database(tmp_path / "file" / "store")).get("rows", "p", "r")


def test_content_that_was_taken_away_is_told(database: Database) -> None:
    """A row whose content somebody removed is no missing blob: a person must look."""
    blobs = EmbeddedBlobs(database)
    info = blobs.put("data", "n", b"1")
    (database.root / "content" / info.etag[:2] / info.etag).unlink()
    with pytest.raises(StorageUnavailableError, match="missing"):
        blobs.open("data", "n")
