"""The plain names of the embedded blobs, and what is left on the disk."""

import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.storage.embedded.blobs import EmbeddedBlobs
from shared.storage.embedded.database import Database
from shared.storage.embedded.tables import EmbeddedTables


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of the store."""
    return tmp_path / "store"


@pytest.fixture
def database(root: Path) -> Iterator[Database]:
    """An empty store."""
    database = Database(root)
    yield database
    database.close()


@pytest.fixture
def blobs(database: Database) -> EmbeddedBlobs:
    """Its blobs."""
    return EmbeddedBlobs(database)


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_person_can_open_a_blob_under_its_name(blobs: EmbeddedBlobs, root: Path) -> None:
    """Slashes are folders; the file holds what was put last and is read-only."""
    blobs.put("invoices", "2026-11/A 1.csv", b"old")
    blobs.put("invoices", "2026-11/A 1.csv", b"new")
    path = root / "blobs" / "invoices" / "2026-11" / "A 1.csv"

    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o444


def test_replacing_and_deleting_leave_nothing_behind(blobs: EmbeddedBlobs, root: Path) -> None:
    """Old content, plain names and empty folders go with the blob."""
    for content in (b"1", b"2", b"3"):
        blobs.put("data", "a/b/n", content)
    blobs.put("data", "a/m", b"")
    assert _files(root / "blobs") == ["data/a/b/n", "data/a/m"]
    assert len(_files(root / "content")) == 2
    blobs.delete("data", "a/b/n")

    assert _files(root / "blobs") == ["data/a/m"]
    assert not (root / "blobs" / "data" / "a" / "b").exists()
    assert len(_files(root / "content")) == 1


def test_a_refused_put_leaves_nothing_behind(blobs: EmbeddedBlobs, root: Path) -> None:
    """Content that did not become a blob is removed."""
    blobs.put("data", "n", b"1")
    with pytest.raises(Exception, match="already"):
        blobs.put("data", "n", b"2", if_absent=True)

    assert len(_files(root / "content")) == 1


def test_losing_the_plain_names_loses_no_blob(blobs: EmbeddedBlobs, root: Path) -> None:
    """Somebody tidied up: the store never reads plain names."""
    blobs.put("data", "n", b"1")
    (root / "blobs" / "data" / "n").unlink()
    with blobs.open("data", "n") as stream:
        content = stream.read()
    blobs.delete("data", "n")

    assert content == b"1"
    assert blobs.info("data", "n") is None


def test_a_name_the_file_system_cannot_hold_costs_a_warning(
    blobs: EmbeddedBlobs, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A blob beside a folder of its name exists without a plain name."""
    with caplog.at_level(logging.WARNING):
        blobs.put("data", "a/b", b"1")
        blobs.put("data", "a", b"2")

    assert _files(root / "blobs") == ["data/a/b"]
    assert len(_files(root / "content")) == 2
    assert "blob a in data has no plain name" in caplog.text
    blobs.delete("data", "a")
    assert _files(root / "blobs") == ["data/a/b"]


def test_no_plain_name_leads_out_of_the_folder(blobs: EmbeddedBlobs, root: Path, tmp_path: Path) -> None:
    """A symbolic link that somebody put into the tree is not followed."""
    blobs.put("data", "first", b"1")
    (tmp_path / "elsewhere").mkdir()
    (root / "blobs" / "data" / "out").symlink_to(tmp_path / "elsewhere")
    blobs.put("data", "out/n", b"2")
    blobs.delete("data", "out/n")
    (tmp_path / "elsewhere" / "n").write_bytes(b"theirs")
    blobs.put("data", "out/n", b"3")
    blobs.delete("data", "out/n")

    assert (tmp_path / "elsewhere" / "n").read_bytes() == b"theirs"


def test_a_reader_keeps_the_content_it_opened(blobs: EmbeddedBlobs) -> None:
    """Replacing and deleting do not touch a stream that is open."""
    blobs.put("data", "n", b"old")
    with blobs.open("data", "n") as stream:
        blobs.put("data", "n", b"new")
        blobs.delete("data", "n")
        content = stream.read()

    assert content == b"old"


def test_threads_and_a_fork_each_have_their_own_connection(database: Database) -> None:
    """A connection is never shared: not by threads, and not by a child process."""
    tables = EmbeddedTables(database)
    tables.insert("rows", "p", "parent", {})
    with database.read() as mine:
        ours = [mine]

    def write() -> None:
        tables.insert("rows", "p", "thread", {})
        with database.read() as theirs:
            ours.append(theirs)

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    with database.read() as again:
        ours.append(again)

    assert ours[0] is ours[2]
    assert ours[0] is not ours[1]
    assert sorted(found.row for found in tables.query("rows", "p")) == ["parent", "thread"]


@pytest.mark.skipif(not hasattr(os, "link"), reason="no hard links here")
def test_plain_name_and_content_are_one_file(blobs: EmbeddedBlobs, root: Path) -> None:
    """The plain name costs no space."""
    info = blobs.put("data", "n", b"1")

    assert (root / "blobs" / "data" / "n").samefile(root / "content" / info.etag[:2] / info.etag)
