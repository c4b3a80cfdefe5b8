"""What both stores promise of blobs: whole content, guards, listings and streams with bounded memory."""

import contextlib
import io
import random
import threading
from collections.abc import Iterator

import pytest

from shared.domain.errors import AlreadyExistsError, BusyError, ChangedError, LimitError, NotFoundError
from shared.storage.ports import Blobs

MEBIBYTE = 1024 * 1024


class Trickle(io.RawIOBase):
    """A stream that cannot seek, gives what it likes, and may break."""

    def __init__(self, size: int, *, breaks_at: int | None = None) -> None:
        super().__init__()
        self._rest = size
        self._given = 0
        self._breaks_at = breaks_at
        self._random = random.Random(7)  # noqa: S311 - not for secrets
        self.largest_read = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Give less than was asked for."""
        self.largest_read = max(self.largest_read, self._rest if size < 0 else size)
        if self._breaks_at is not None and self._given >= self._breaks_at:
            raise ConnectionResetError("the source broke off")
        count = min(self._rest, max(1, size // 3))
        self._rest -= count
        self._given += count
        return self._random.randbytes(count)


def _read(blobs: Blobs, container: str, name: str) -> bytes:
    with blobs.open(container, name) as stream:
        return stream.read()


def test_a_blob_comes_back_as_it_was_put(blobs: Blobs, bucket: str) -> None:
    """Content, type, metadata, size and ETag are told alike by put, info and list."""
    put = blobs.put(
        bucket, "a/b.csv", b"x;y\r\n\x00\xff", content_type="text/csv; charset=utf-8", metadata={"run_id": "7 b"}
    )

    assert _read(blobs, bucket, "a/b.csv") == b"x;y\r\n\x00\xff"
    assert (put.name, put.size, put.content_type, put.metadata) == (
        "a/b.csv",
        7,
        "text/csv; charset=utf-8",
        {"run_id": "7 b"},
    )
    assert blobs.info(bucket, "a/b.csv") == put
    assert list(blobs.list(bucket)) == [put]


@pytest.mark.parametrize("size", [0, 1, MEBIBYTE, MEBIBYTE + 1, 4 * MEBIBYTE, 9 * MEBIBYTE + 5])
def test_content_of_any_size_survives(blobs: Blobs, bucket: str, size: int) -> None:
    """Sizes around the block sizes come back whole, whether put as bytes or as a stream."""
    content = random.Random(size).randbytes(size)  # noqa: S311 - not for secrets
    from_bytes = blobs.put(bucket, "bytes", content)
    from_stream = blobs.put(bucket, "stream", io.BytesIO(content))

    assert (from_bytes.size, from_stream.size) == (size, size)
    assert _read(blobs, bucket, "bytes") == content
    assert _read(blobs, bucket, "stream") == content


def test_a_stream_is_read_in_blocks(blobs: Blobs, bucket: str) -> None:
    """A source that gives little at a time and cannot seek is never asked for more than one block."""
    source = Trickle(10 * MEBIBYTE)
    info = blobs.put(bucket, "s", source)  # type: ignore[arg-type]  # a raw stream is all that put may need

    assert info.size == 10 * MEBIBYTE
    assert source.largest_read <= 4 * MEBIBYTE


def test_a_source_that_breaks_off_leaves_the_old_blob(blobs: Blobs, bucket: str) -> None:
    """The caller sees its own error; the blob keeps its old content, and a new name stays free."""
    blobs.put(bucket, "old", b"old")
    for name in ("old", "new"):
        broken = Trickle(10 * MEBIBYTE, breaks_at=6 * MEBIBYTE)
        with pytest.raises(ConnectionResetError):
            blobs.put(bucket, name, broken)  # type: ignore[arg-type]  # a raw stream is all that put may need

    assert _read(blobs, bucket, "old") == b"old"
    assert [info.name for info in blobs.list(bucket)] == ["old"]


def test_a_second_put_replaces_the_blob_whole(blobs: Blobs, bucket: str) -> None:
    """Content, type and metadata are the second's; the ETag is new."""
    first = blobs.put(bucket, "n", b"first, longer", content_type="text/plain", metadata={"a": "1"})
    second = blobs.put(bucket, "n", b"second")

    assert first.etag != second.etag
    assert blobs.info(bucket, "n") == second
    assert second.metadata == {}
    assert _read(blobs, bucket, "n") == b"second"


@pytest.mark.parametrize("size", [3, 5 * MEBIBYTE])
def test_put_if_absent_happens_once(blobs: Blobs, bucket: str, size: int) -> None:
    """The first content stays; the second writer is told."""
    blobs.put(bucket, "n", b"1" * size, if_absent=True)
    for content in (b"2" * size, io.BytesIO(b"3" * size)):
        with pytest.raises(AlreadyExistsError):
            blobs.put(bucket, "n", content, if_absent=True)

    assert _read(blobs, bucket, "n") == b"1" * size


@pytest.mark.parametrize("size", [1000, 5 * MEBIBYTE])
def test_of_many_writers_if_absent_one_wins(blobs: Blobs, bucket: str, size: int) -> None:
    """Writers at the same moment: one succeeds, the others are told, the content is the winner's."""
    winners: list[bytes] = []

    def write(content: bytes) -> None:
        try:
            blobs.put(bucket, "n", content, if_absent=True)
        except AlreadyExistsError:
            return
        winners.append(content)

    threads = [threading.Thread(target=write, args=(bytes([n]) * size,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(winners) == 1
    assert _read(blobs, bucket, "n") == winners[0]


def test_missing_blobs_are_told_as_missing(blobs: Blobs, bucket: str) -> None:
    """Open raises, info is None, list is empty, delete is silent: with and without the container."""
    for _ in range(2):
        with pytest.raises(NotFoundError):
            blobs.open(bucket, "n")
        assert blobs.info(bucket, "n") is None
        assert list(blobs.list(bucket, "n")) == []
        blobs.delete(bucket, "n")
        blobs.put(bucket, "other", b"")


def test_a_deleted_blob_is_gone_and_may_come_back(blobs: Blobs, bucket: str) -> None:
    """Delete frees the name, also for put_if_absent."""
    blobs.put(bucket, "a/b", b"1")
    blobs.delete(bucket, "a/b")
    assert blobs.info(bucket, "a/b") is None
    blobs.put(bucket, "a/b", b"2", if_absent=True)

    assert _read(blobs, bucket, "a/b") == b"2"


NAMES = [
    "a",
    "a/b",
    "a/b/c.txt",
    "Ä ö/ß.csv",
    "it's 50% & more+#?.csv",
    "x:y|z*",
    "𝄞",
    ".hidden/file",
    "-rf",
    "con/aux",
    "s" * 200,
]


def test_any_allowed_name_works(blobs: Blobs, bucket: str) -> None:
    """Names with blanks, signs, other scripts, and a name that is also the folder of another, stand side by side."""
    for name in NAMES:
        blobs.put(bucket, name, name.encode())

    assert {info.name for info in blobs.list(bucket)} == set(NAMES)
    assert [_read(blobs, bucket, name).decode() for name in NAMES] == NAMES
    for name in NAMES:
        blobs.delete(bucket, name)
    assert list(blobs.list(bucket)) == []


def test_a_listing_is_ordered_and_limited_to_its_prefix(blobs: Blobs, bucket: str) -> None:
    """A prefix is plain text: neither ``%`` nor ``_`` means anything, and ``/`` is a character."""
    names = ["a", "a%", "a/1", "a/10", "a/2", "a_", "ab", "b"]
    for name in reversed(names):
        blobs.put(bucket, name, b"")

    assert [info.name for info in blobs.list(bucket)] == names
    assert [info.name for info in blobs.list(bucket, "a/")] == ["a/1", "a/10", "a/2"]
    assert [info.name for info in blobs.list(bucket, "a_")] == ["a_"]
    assert [info.name for info in blobs.list(bucket, "c")] == []


def test_a_listing_continues_over_its_pages(blobs: Blobs, bucket: str) -> None:
    """Over 1,000 blobs come all, once and in order."""
    names = [f"{number:04}" for number in range(1_050)]
    for name in names:
        blobs.put(bucket, name, b"")

    assert [info.name for info in blobs.list(bucket)] == names


def test_a_reader_never_sees_a_mix(blobs: Blobs, bucket: str) -> None:
    """Read while two writers replace: every reading is one writer's content, or ends with ChangedError.

    A writer that lost to the other is told to try again.
    """
    contents = [bytes([number]) * (5 * MEBIBYTE) for number in (1, 2)]
    blobs.put(bucket, "n", contents[0])
    stop = threading.Event()

    def write(content: bytes) -> None:
        while not stop.is_set():
            with contextlib.suppress(BusyError):
                blobs.put(bucket, "n", content)

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    try:
        read = [content for _ in range(12) for content in _tried(blobs, bucket)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()

    assert set(read) <= set(contents)


def _tried(blobs: Blobs, bucket: str) -> Iterator[bytes]:
    try:
        yield _read(blobs, bucket, "n")
    except ChangedError:
        return


def test_a_stream_can_be_read_in_small_steps_and_by_line(blobs: Blobs, bucket: str) -> None:
    """What open returns is an ordinary binary stream, as csv and gzip readers need it."""
    blobs.put(bucket, "n", b"one\ntwo\n" * 200_000)
    with blobs.open(bucket, "n") as stream:
        first = (stream.read(2), stream.readline(), stream.readline())
        rest = sum(1 for _ in stream)

    assert first == (b"on", b"e\n", b"two\n")
    assert rest == 399_998
    assert isinstance(stream, io.IOBase)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "..",
        "../a",
        "a/../b",
        ".",
        "./a",
        "a.",
        "a /b",
        "a\\b",
        "a\x00b",
        "a\n",
        "\ud800",
        "s" * 201,
        "s/" * 600 + "s",
    ],
)
def test_a_name_that_is_no_path_is_refused(blobs: Blobs, bucket: str, name: str) -> None:
    """Nothing leads out of the container, and what a file system cannot hold is refused by both stores."""
    for step in (
        lambda: blobs.put(bucket, name, b""),
        lambda: blobs.open(bucket, name),
        lambda: blobs.info(bucket, name),
        lambda: blobs.delete(bucket, name),
    ):
        with pytest.raises(LimitError):
            step()


@pytest.mark.parametrize(
    ("content_type", "metadata"),
    [
        ("", {}),
        ("text/ä", {}),
        ("a/b\r\nX: y", {}),
        ("a/b", {"A": "1"}),
        ("a/b", {"a-b": "1"}),
        ("a/b", {"a": ""}),
        ("a/b", {"a": "ä"}),
        ("a/b", {"a": " x"}),
        ("a/b", {"a": "1\n2"}),
        ("a/b", {"a": "x" * 9000}),
    ],
)
def test_headers_that_cannot_travel_are_refused(
    blobs: Blobs, bucket: str, content_type: str, metadata: dict[str, str]
) -> None:
    """Type and metadata become HTTP headers: what they cannot hold is refused, and nothing is written."""
    with pytest.raises(LimitError):
        blobs.put(bucket, "n", b"", content_type=content_type, metadata=metadata)

    assert list(blobs.list(bucket)) == []
