"""Containers: from a file as it was downloaded to streams of text rows, in bounded memory.

Plain, gzip (of several members, as Microsoft's exports are) and zip files are told apart by their first bytes, not
their names. Content is read in blocks; a file that ends early, inflates beyond reason or is no text raises
``SourceFileError`` with the cure.

Not here: columns and rows (see ``reading``).
"""

import io
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO, BinaryIO, cast

from isal import igzip

from shared.domain.errors import SourceFileError

BLOCK_BYTES = 1 << 20
"""Larger blocks are slower: a megabyte stays in the processor's cache."""
LINE_BYTES_MAX = 8 << 20
UNPACKED_BYTES_MAX = 64 << 30
UNPACKED_RATIO_MAX = 500
RATIO_CHECKED_FROM_BYTES = 8 << 20
ZIP_MEMBERS_MAX = 1000

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_BOM = b"\xef\xbb\xbf"
_DAMAGED = (OSError, EOFError, zlib.error, zipfile.BadZipFile, igzip.BadGzipFile)


def open_contents(stream: BinaryIO, file: str) -> Iterator[tuple[str, BinaryIO]]:
    """Yield the name and content of every data file in *stream*: one, or the members of a zip.

    Raises:
        SourceFileError: the container is damaged, encrypted, empty or suspiciously large.
    """
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", stream))
    magic = _magic(buffered, file)
    if magic.startswith(_ZIP):
        yield from _zip_members(buffered, file)
    elif magic.startswith(_GZIP):
        yield file, cast("BinaryIO", _Unzipped(buffered, file))
    elif not magic:
        raise SourceFileError(f"{file}: the file is empty. Download it again.")
    else:
        yield file, cast("BinaryIO", buffered)


def blocks(stream: BinaryIO, file: str) -> Iterator[bytes]:
    """Yield the content block by block, without a byte order mark.

    Raises:
        SourceFileError: the content is cut off, damaged, or inflates beyond ``UNPACKED_BYTES_MAX``.
    """
    total, first = 0, True
    while block := _read(stream, file):
        total += len(block)
        if total > UNPACKED_BYTES_MAX:
            raise SourceFileError(f"{file}: unpacks to over {UNPACKED_BYTES_MAX >> 30} GiB; that is no billing file.")
        if first:
            block = _without_mark(block, file)
            first = False
        yield block


def line_chunks(stream: BinaryIO, file: str) -> Iterator[bytes]:
    """Yield runs of whole lines of about a megabyte each; the last may lack its line break.

    Raises:
        SourceFileError: as ``blocks``, or a line longer than ``LINE_BYTES_MAX``.
    """
    rest = b""
    for block in blocks(stream, file):
        cut = block.rfind(b"\n") + 1
        if not cut:
            rest += block
            if len(rest) > LINE_BYTES_MAX:
                raise SourceFileError(
                    f"{file}: has a line of over {LINE_BYTES_MAX >> 20} MiB; that is no billing file."
                )
            continue
        yield rest + block[:cut]
        rest = block[cut:]
    if rest:
        yield rest


def ahead(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the same chunks, each unpacked by another thread while the one before is looked at."""
    with ThreadPoolExecutor(1, "unpack") as thread:
        coming = thread.submit(next, chunks, b"")
        while chunk := coming.result():
            coming = thread.submit(next, chunks, b"")
            yield chunk


def first_chunk(chunks: Iterator[bytes]) -> tuple[bytes, int]:
    """Return the first of *chunks* without blank lines above it, and the number of the line that it begins on."""
    chunk = next(chunks, b"")
    first = chunk.lstrip()
    return first, 1 + chunk[: len(chunk) - len(first)].count(b"\n")


class TextBlocks(io.RawIOBase):
    """The blocks of a content as a raw stream, so that text decoders can sit on top of the checks of ``blocks``."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        super().__init__()
        self._parts = parts
        self._rest = b""
        self.ends_with_line_break = True

    def readable(self) -> bool:
        """Whether this can be read: always."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the interpreter always passes a view
        """Fill *buffer* with what comes next and return how much that was."""
        if not self._rest:
            self._rest = next(self._parts, b"")
            if self._rest:
                self.ends_with_line_break = self._rest.endswith((b"\n", b"\r"))
        taken = min(len(buffer), len(self._rest))
        buffer[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken


def _magic(stream: io.BufferedReader, file: str) -> bytes:
    try:
        return stream.peek(4)[:4]
    except _DAMAGED as error:  # the member of a zip: peeking inflates it
        raise _damaged(file, error) from error


def _damaged(file: str, error: Exception) -> SourceFileError:
    return SourceFileError(f"{file}: the file is damaged ({error}). Download it again.")


class _Packed(io.RawIOBase):
    """The packed bytes of a gzip file, counted as they are read."""

    def __init__(self, stream: io.BufferedReader) -> None:
        super().__init__()
        self._stream, self.count = stream, 0

    def readable(self) -> bool:
        """Whether this can be read: always."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the interpreter always passes a view
        """Fill *buffer* with the next packed bytes and return how many there were."""
        count = self._stream.readinto(buffer)
        self.count += count
        return count


class _Unzipped:
    """What a gzip file unpacks to, as long as that stays within reason of what it was packed in."""

    def __init__(self, stream: io.BufferedReader, file: str) -> None:
        self._packed, self._file, self._count = _Packed(stream), file, 0
        self._unzip = igzip.IGzipFile(fileobj=self._packed, mode="rb")  # type: ignore[no-untyped-call]  # isal has none

    def read(self, size: int) -> bytes:
        """Return the next block.

        Raises:
            SourceFileError: the file inflates beyond ``UNPACKED_RATIO_MAX``.
        """
        block: bytes = self._unzip.read(size)
        self._count += len(block)
        if self._count > RATIO_CHECKED_FROM_BYTES and self._count > UNPACKED_RATIO_MAX * self._packed.count:
            raise SourceFileError(f"{self._file}: inflates over {UNPACKED_RATIO_MAX} times; that is no billing file.")
        return block


def _read(stream: BinaryIO, file: str) -> bytes:
    try:
        return stream.read(BLOCK_BYTES)
    except EOFError as error:
        raise SourceFileError(f"{file}: the file is cut off in the middle. Download it again.") from error
    except _DAMAGED as error:
        raise _damaged(file, error) from error


def _without_mark(block: bytes, file: str) -> bytes:
    if block.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SourceFileError(f"{file}: is UTF-16 text, as Excel saves it. Save as 'CSV UTF-8', or download it again.")
    if b"\0" in block[:1024]:
        raise SourceFileError(f"{file}: is a binary file, not text. Give the CSV or JSON lines file of Microsoft's.")
    return block.removeprefix(_BOM)


def _zip_members(stream: BinaryIO, file: str) -> Iterator[tuple[str, BinaryIO]]:
    with tempfile.TemporaryFile() as spooled:
        seekable = stream if stream.seekable() else _spool(stream, cast("BinaryIO", spooled))
        try:
            archive = zipfile.ZipFile(seekable)
        except zipfile.BadZipFile as error:
            raise SourceFileError(f"{file}: the zip file is damaged or cut off. Download it again.") from error
        with archive:
            for member in _data_members(archive, file):
                with _opened_member(archive, member, file) as content:
                    yield from open_contents(cast("BinaryIO", content), f"{file}/{member.filename}")


def _opened_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, file: str) -> IO[bytes]:
    try:
        return archive.open(member)
    except zipfile.BadZipFile as error:
        raise _damaged(f"{file}/{member.filename}", error) from error
    except NotImplementedError as error:
        raise SourceFileError(
            f"{file}: {member.filename} is packed in a way that is not supported. Unpack it and give the file itself."
        ) from error


def _data_members(archive: zipfile.ZipFile, file: str) -> list[zipfile.ZipInfo]:
    members = [member for member in archive.infolist() if not member.is_dir() and not _is_clutter(member.filename)]
    if not members or len(members) > ZIP_MEMBERS_MAX:
        raise SourceFileError(f"{file}: holds {len(members)} files; 1 to {ZIP_MEMBERS_MAX} are expected.")
    for member in members:
        if member.flag_bits & 1:
            raise SourceFileError(f"{file}: {member.filename} is encrypted. Unpack it first and give the file itself.")
        inflated = member.file_size > RATIO_CHECKED_FROM_BYTES
        if inflated and member.file_size > UNPACKED_RATIO_MAX * max(member.compress_size, 1):
            raise SourceFileError(f"{file}: {member.filename} inflates over {UNPACKED_RATIO_MAX} times; not read.")
    return members


def _is_clutter(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rsplit("/", maxsplit=1)[-1].startswith(".")


def _spool(stream: BinaryIO, target: BinaryIO) -> BinaryIO:
    shutil.copyfileobj(stream, target, BLOCK_BYTES)
    target.seek(0)
    return target
