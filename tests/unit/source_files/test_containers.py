"""Containers: plain, gzip and zip, told apart by their first bytes; what is damaged says so, with the cure."""

import gzip
import io
import random
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from shared.domain.errors import SourceFileError
from shared.domain.source_files import FileRead
from shared.partner_center.source_files import containers
from shared.partner_center.source_files.containers import TextBlocks, blocks, line_chunks, open_contents
from shared.partner_center.source_files.reading import read_file

Make = Callable[..., Any]


def _zip(members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.fixture
def plain(recon: Make, as_csv: Make) -> bytes:
    """A file of three rows."""
    content: bytes = as_csv([recon(), recon(SkuId="0003"), recon(SkuId="0004")])
    return content


def test_a_file_reads_the_same_in_every_container(plain: bytes, read: Callable[..., FileRead]) -> None:
    """Plain, with a byte order mark, gzip of one or many members, and zip around either."""
    middle = len(plain) // 2
    members = gzip.compress(plain[:middle]) + gzip.compress(b"") + gzip.compress(plain[middle:])
    expected = read(plain)

    for content in (b"\xef\xbb\xbf" + plain, gzip.compress(plain), members):
        assert expected.lines == read(content).lines
    for content in (_zip({"a.csv": plain}), _zip({"a.csv": plain}, zipfile.ZIP_STORED), _zip({"a.gz": members})):
        inner = read(content)

        assert 3 == inner.row_count
        assert "file/a." in inner.name
        assert {line.sku_id for line in expected.lines} == {line.sku_id for line in inner.lines}


def test_a_zip_of_several_files_gives_one_result_each(plain: bytes, file: Make) -> None:
    """Named, and with distinct content hashes; folders and what operating systems add are not data."""
    content = _zip({"a.csv": plain, "sub/": b"", "sub/b.csv": plain, "__MACOSX/a.csv": b"x", "sub/.DS_Store": b"x"})
    first, second = read_file(file(content))

    assert ["file/a.csv", "file/sub/b.csv"] == [first.name, second.name]
    assert first.content_hash != second.content_hash
    assert first.content_hash.split("/")[0] == second.content_hash.split("/")[0]


def _flipped(content: bytes, position: int) -> bytes:
    return content[:position] + bytes([content[position] ^ 0xFF]) + content[position + 1 :]


def _broken() -> dict[str, tuple[Callable[[bytes], bytes], str]]:
    def compressed(plain: bytes) -> bytes:
        return gzip.compress(random.Random(7).randbytes(100_000).hex().encode() + plain)  # noqa: S311 - repeatable noise

    return {
        "empty": (lambda _: b"", r"the file is empty\. Download it again"),
        "cut gzip": (lambda plain: gzip.compress(plain)[:-9], "cut off in the middle"),
        "cut large gzip": (lambda plain: compressed(plain)[:50_000], "cut off in the middle"),
        "damaged gzip": (lambda plain: _flipped(compressed(plain), 50_000), "is damaged|cut off|cannot be read"),
        "wrong checksum": (lambda plain: _flipped(gzip.compress(plain), -6), "the file is damaged"),
        "cut zip": (lambda plain: _zip({"a.csv": plain})[:-30], "zip file is damaged or cut off"),
        "empty zip": (lambda _: _zip({"x/": b""}), "zip file is damaged or cut off|holds 0 files"),
        "folders only": (lambda _: _zip({"__MACOSX/a": b"1", ".a": b"2"}), "holds 0 files; 1 to 1000 are expected"),
        "crowded zip": (lambda _: _zip({f"{n}.csv": b"" for n in range(1001)}), "holds 1001 files"),
        "encrypted": (lambda plain: _zip_flags(plain, 6, 8, 1), r"a\.csv is encrypted\. Unpack it first"),
        "unsupported": (lambda plain: _zip_flags(plain, 8, 10, 9), "is packed in a way that is not supported"),
        "zip checksum": (lambda plain: _zip_flags(plain, 14, 16, plain[0]), "file/a.csv: the file is damaged"),
        "member header": (lambda plain: _flipped(_zip({"a.csv": plain}), 31), "file/a.csv: the file is damaged"),
        "utf-16": (lambda plain: plain.decode().encode("utf-16"), "is UTF-16 text, as Excel saves it"),
        "utf-16 big": (lambda plain: b"\xfe\xff" + plain, "is UTF-16 text"),
        "binary": (lambda _: b"\x00\x01\x02\x03" * 10, "is a binary file, not text"),
        "latin-1": (lambda plain: plain.replace(b"Contoso", b"Caf\xe9"), "is not UTF-8 text"),
        "latin-1 below": (lambda plain: plain + plain.split(b"\r\n")[1] * 99 + b"\xe9", "is not UTF-8 text"),
        "latin-1 header": (lambda plain: plain.replace(b"PartnerId", b"Caf\xe9"), "is not UTF-8 text"),
        "html": (lambda _: b"<!doctype html><title>Sign in</title>", "is a web page or XML"),
        "json document": (lambda _: b'[{"a": 1}]', "is one JSON document"),
        "broken json": (lambda _: b'{"CustomerId": "c-1", ', "line 1 is no JSON object"),
    }


def _zip_flags(plain: bytes, local: int, central: int, value: int) -> bytes:
    """Return a zip whose entry says something else about itself, in both of its headers."""
    packed = bytearray(_zip({"a.csv": plain}))
    packed[local] = value
    packed[packed.find(b"PK\x01\x02") + central] = value
    return bytes(packed)


@pytest.mark.parametrize("kind", list(_broken()))
def test_what_is_damaged_is_refused_with_the_cure(plain: bytes, read: Callable[..., FileRead], kind: str) -> None:
    """As a whole: no part of a file that is cut off or damaged counts."""
    make, message = _broken()[kind]

    with pytest.raises(SourceFileError, match=message):
        read(make(plain))


def test_a_zip_that_inflates_beyond_reason_is_not_read(read: Callable[..., FileRead]) -> None:
    """Seventy million zeros in seventy kilobytes."""
    bomb = _zip({"a.csv": bytes(70 << 20)})

    assert len(bomb) < 100_000
    with pytest.raises(SourceFileError, match="inflates over 500 times; not read"):
        read(bomb)


def test_a_line_without_an_end_is_refused(read: Callable[..., FileRead]) -> None:
    """Nine million characters without a line break are held in memory by nobody; compressed they are a bomb."""
    endless = b"a" * (9 << 20)

    for content in (endless, gzip.compress(endless, 1)):
        with pytest.raises(SourceFileError, match="has a line of over 8 MiB"):
            read(content)


class _Endless(io.RawIOBase):
    """A gigabyte at each read, without holding one."""

    def read(self, size: int = -1) -> bytes:
        """Return something that claims to be huge."""
        return _Huge(b"a\n")


class _Huge(bytes):
    """Bytes that are said to be a gigabyte long."""

    __slots__ = ()

    def __len__(self) -> int:
        return 1 << 30


def test_content_that_never_ends_is_given_up() -> None:
    """At the limit of what unpacks."""
    with pytest.raises(SourceFileError, match="unpacks to over 64 GiB"):
        list(blocks(_Endless(), "f"))  # type: ignore[arg-type]  # as much of a stream as is looked at


def test_chunks_are_whole_lines_and_lose_nothing() -> None:
    """Whatever the length of lines, and with or without a last line break."""
    for text in (b"a\nb\n", b"a\nb", b"x" * 3_000_000 + b"\ny\n" + b"z" * 2_000_000, b"\n\n", b""):
        chunks = list(line_chunks(io.BytesIO(text), "f"))

        assert text == b"".join(chunks)
        assert all(chunk.endswith(b"\n") for chunk in chunks[:-1])


def test_a_stream_of_blocks_knows_how_it_ended() -> None:
    """Read in any portions, it gives the same bytes and says whether the last line was finished."""
    stream = TextBlocks(iter([b"abc\n", b"de", b""]))

    assert stream.readable()
    assert b"abc\nde" == io.BufferedReader(stream, 3).read()
    assert not stream.ends_with_line_break


def test_a_zip_is_read_from_a_stream_that_can_seek() -> None:
    """Then nothing is copied aside."""
    stream = io.BufferedReader(io.BytesIO(_zip({"a.csv": b"x"})))  # type: ignore[arg-type]  # a raw stream by duty
    contents = [(name, content.read()) for name, content in open_contents(stream, "f")]

    assert [("f/a.csv", b"x")] == contents
    assert containers.ZIP_MEMBERS_MAX == 1000


def test_a_gzip_file_that_inflates_beyond_reason_is_not_read(plain: bytes, file: Make) -> None:
    """Checked while it streams: a gigabyte of line breaks never arrives."""
    bomb = gzip.compress(plain + b"\n" * (20 << 20), 9)

    with pytest.raises(SourceFileError, match="inflates over 500 times"):
        read_file(file(bomb))
