"""Laying out: one of Microsoft's files is read once and becomes an extract for each customer on the way.

An extract has the file's own format and every column as delivered, byte for byte in JSON lines, plus the number of
the line that each row had in the file. It is a gzip of many members, read by the same reader as the file itself.

Invariants: memory is bounded whatever the size of the file and the number of customers: rows wait in small buffers
and are spilled, compressed, to one temporary file (by another thread, while the next rows are read); a row without a
customer is left out (reading reports it).

Not here: where extracts are kept (``shared/storage/repositories``), reading itself (``reading``).
"""

import csv
import io
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import BinaryIO, Self, cast

from isal import isal_zlib

from shared.domain.errors import SourceFileError
from shared.domain.source_files import FileRead, Opened
from shared.partner_center.source_files.columns import ORIGIN_LINE
from shared.partner_center.source_files.reading import read_file
from shared.partner_center.source_files.row_sink import Reading

BUFFERED_BYTES_MAX = 16 << 20
"""As much again may be on its way to the temporary file."""
SPILL_FROM_BYTES = 2 << 10
_NAME = ORIGIN_LINE.encode()
_GZIP, _FASTEST = 31, 0


@dataclass(slots=True)
class _Pending:
    """One customer's rows: those that wait, in pieces, and where those that were spilled lie.

    The list of rows is always the same one, so that it can be found by each spelling of the customer's id.
    """

    rows: list[bytes | memoryview] = field(default_factory=list)
    spilled: list[tuple[int, int]] = field(default_factory=list)


class Extracts:
    """The extracts of one file, by customer id in lower case; usable inside its ``with`` only."""

    def __init__(self, spill: BinaryIO) -> None:
        self._spill = spill
        self._customers: dict[str, _Pending] = {}
        self._delivered: dict[str, list[bytes | memoryview]] = {}
        self._nobody = _Pending()
        self._buffered = 0
        self._prefix = b""
        self._thread = ThreadPoolExecutor(1, "extracts")
        self._spilling: Future[None] | None = None

    def __enter__(self) -> Self:
        """Return the extracts themselves."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Let the other thread end."""
        self._thread.shutdown()

    def begin(self, prefix: bytes) -> None:
        """Start the rows of one content: each extract begins with *prefix* (the header of a CSV)."""
        self._prefix = prefix

    def begin_csv(self, headers: Sequence[str]) -> None:
        """Start the rows of a CSV with these headers."""
        self.begin(_csv_line([*headers, ORIGIN_LINE]))

    def csv_row(self, customer_id: str, row: Sequence[str], line: int) -> None:
        """Append a row of a CSV, unless it names no customer."""
        if customer_id.strip():
            self.add(customer_id.strip().casefold(), _csv_line([*row, str(line)]))

    def json_row(self, customer_id: object, row: bytes, line: int) -> None:
        """Append a row of a JSON lines file, unless it names no customer."""
        if isinstance(customer_id, str) and customer_id.strip():
            values = row[row.index(b"{") + 1 :].rstrip()
            self.add(customer_id.strip().casefold(), b'{"%b":"%d",%b\n' % (_NAME, line, values))

    def json_rows(self, customer_ids: Sequence[str], chunk: bytes, starts: Sequence[int], line: int) -> None:
        """Append the rows of a chunk that begin at *starts* (the end of the last behind them), one for each customer.

        The first stands on that *line*. This runs for every row of a month of Azure: each step but the last is one call
        for the whole chunk, and rows are not copied before they are spilled: the chunk waits with them.
        """
        firsts = bytes(map(chunk.__getitem__, starts[: len(customer_ids)]))
        if firsts.strip(b"{") or not chunk.endswith(b"\n"):
            for number, customer_id in enumerate(customer_ids):
                self.json_row(customer_id, chunk[starts[number] : starts[number + 1]], line + number)
            return
        for customer_id in set(customer_ids) - self._delivered.keys():
            self._delivered[customer_id] = self._pending(customer_id.strip().casefold()).rows
        targets = map(self._delivered.__getitem__, customer_ids)
        origins = [b'{"%b":"%d",' % (_NAME, number) for number in range(line, line + len(customer_ids))]
        rows = map(memoryview(chunk).__getitem__, map(slice, [start + 1 for start in starts], islice(starts, 1, None)))
        for target, origin, row in zip(targets, origins, rows, strict=False):
            target.append(origin)
            target.append(row)
        self._has_more(len(chunk))  # the numbers of lines are a hundredth of it

    def _pending(self, customer_id: str) -> _Pending:
        """Return where a customer's rows go; those of nobody are forgotten when others are spilled."""
        if not customer_id:
            return self._nobody
        pending = self._customers.get(customer_id)
        if pending is None:
            pending = self._customers[customer_id] = _Pending([self._prefix] if self._prefix else [])
            self._buffered += len(self._prefix)
        return pending

    def _has_more(self, size: int) -> None:
        self._buffered += size
        if self._buffered > BUFFERED_BYTES_MAX:
            self._flush(SPILL_FROM_BYTES)

    def add(self, customer_id: str, row: bytes) -> None:
        """Append a row, line break included."""
        self._pending(customer_id).rows.append(row)
        self._has_more(len(row))

    def customers(self) -> list[str]:
        """Return the customers that have rows, in order."""
        return sorted(self._customers)

    def write(self, customer_id: str, target: BinaryIO) -> None:
        """Write the customer's extract: a gzip of one or several members."""
        self._settle()
        pending = self._customers[customer_id]
        for offset, length in pending.spilled:
            self._spill.seek(offset)
            target.write(self._spill.read(length))
        if pending.rows:
            target.write(_zipped(pending.rows))

    def bundle(self) -> tuple[BinaryIO, dict[str, tuple[int, int]]]:
        """Return all extracts one behind the other, and at which offset and how long each customer's is."""
        self._flush(0)
        self._settle()
        ranges: dict[str, tuple[int, int]] = {}
        pieces: list[tuple[int, int]] = []
        offset = 0
        for customer_id in self.customers():
            spilled = self._customers[customer_id].spilled
            length = sum(size for _, size in spilled)
            ranges[customer_id] = offset, length
            pieces.extend(spilled)
            offset += length
        return cast("BinaryIO", io.BufferedReader(_Pieces(self._spill, pieces), 1 << 20)), ranges

    def _flush(self, from_bytes: int) -> None:
        """Spill the larger buffers; if that frees too little, all of them."""
        self._settle()
        self._nobody.rows.clear()
        waiting = [(each, sum(map(len, each.rows))) for each in self._customers.values() if each.rows]
        leaving = [(each, size) for each, size in waiting if size >= from_bytes]
        if sum(size for _, size in leaving) < self._buffered // 2:
            leaving = waiting
        batch = [(each, each.rows.copy()) for each, _ in leaving]
        for each, _ in leaving:
            each.rows.clear()
        for each, _ in waiting:
            each.rows[:] = [b"".join(each.rows)] if each.rows else []  # else a few rows would keep a whole chunk
        self._buffered = sum(size for _, size in waiting) - sum(size for _, size in leaving)
        self._spilling = self._thread.submit(_spill, self._spill, batch)

    def _settle(self) -> None:
        """Wait until what was handed over is in the temporary file."""
        if self._spilling is not None:
            self._spilling.result()
            self._spilling = None


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A file that was read, and its extracts."""

    read: FileRead
    extracts: Extracts

    def bundle(self) -> tuple[BinaryIO, dict[str, tuple[int, int]]]:
        """Return the customers' extracts one behind the other, and offset and length of each."""
        return self.extracts.bundle()


@contextmanager
def lay_out_file(source: Opened) -> Iterator[LaidOut]:
    """Read a file once: checked, counted and fingerprinted, and split by customer.

    Raises:
        SourceFileError: the file cannot be read, or a zip holds several.
    """
    with tempfile.TemporaryFile() as spill, Extracts(cast("BinaryIO", spill)) as extracts:
        reads = read_file(source, Reading(keeps_lines=False, extracts=extracts, reads_ahead=True))
        if len(reads) != 1:
            raise SourceFileError(f"{source.name}: holds {len(reads)} files. Upload them one by one.")
        yield LaidOut(reads[0], extracts)


@contextmanager
def split_file(source: Opened) -> Iterator[Extracts]:
    """Yield the extracts of a file.

    Raises:
        SourceFileError: as ``lay_out_file``.
    """
    with lay_out_file(source) as laid_out:
        yield laid_out.extracts


class _Pieces(io.RawIOBase):
    """Pieces of a file, one behind the other, as a stream."""

    def __init__(self, stream: BinaryIO, pieces: list[tuple[int, int]]) -> None:
        super().__init__()
        self._stream, self._pieces, self._rest = stream, iter(pieces), memoryview(b"")

    def readable(self) -> bool:
        """Whether this can be read: always."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the interpreter always passes a view
        """Fill *buffer* with what comes next and return how much that was."""
        filled = 0
        while filled < len(buffer):
            if not self._rest:
                piece = next(self._pieces, None)
                if piece is None:
                    break
                self._stream.seek(piece[0])
                self._rest = memoryview(self._stream.read(piece[1]))
            taken = min(len(buffer) - filled, len(self._rest))
            buffer[filled : filled + taken] = self._rest[:taken]
            self._rest = self._rest[taken:]
            filled += taken
        return filled


def _spill(target: BinaryIO, batch: list[tuple[_Pending, list[bytes | memoryview]]]) -> None:
    target.seek(0, io.SEEK_END)
    at = target.tell()
    for pending, rows in batch:
        member = _zipped(rows)
        pending.spilled.append((at, len(member)))
        target.write(member)
        at += len(member)
        rows.clear()
    target.flush()


def _csv_line(values: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(values)
    return text.getvalue().encode()


def _zipped(rows: list[bytes | memoryview]) -> bytes:
    return isal_zlib.compress(b"".join(rows), _FASTEST, _GZIP)
