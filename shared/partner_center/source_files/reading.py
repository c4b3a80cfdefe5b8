"""Reading one of Microsoft's files: the only path, from a stream to lines, folds, sums and issues.

A file is read in one pass and in bounded memory: blocks of a megabyte, typed rows for daily usage (added up as they
come), whole rows for the other families. It counts whole or not at all: what ends in ``SourceFileError`` leaves
nothing. A row that cannot be read becomes an issue and the rest is read; if the row's customer is known, the issue
blocks that customer, otherwise everybody.

Invariants: no digit passes through a float; rows that look equal are all kept; columns and charge types that nobody
knows are reported.

Not here: several files together (``shared/domain/source_files``), prices.
"""

import hashlib
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

from shared.domain.errors import SourceFileError
from shared.domain.source_files import FileRead, Opened
from shared.partner_center.source_files.columns import recognise
from shared.partner_center.source_files.containers import TextBlocks, ahead, first_chunk, line_chunks, open_contents
from shared.partner_center.source_files.csv_rows import csv_rows
from shared.partner_center.source_files.daily_usage import DailyUsage
from shared.partner_center.source_files.json_rows import json_values
from shared.partner_center.source_files.row_sink import Reading, RowSink

PLAIN = Reading()


def read_file(
    source: Opened, terms: Reading = PLAIN, progress: Callable[[int], None] = lambda _: None
) -> list[FileRead]:
    """Return what the file holds: one result, or one for each data file in a zip.

    *terms* keeps days apart on which the price of a usage line changes; *progress* is told the bytes read.

    Raises:
        SourceFileError: the file as a whole cannot be read: damaged, cut off, or none of Microsoft's.
    """
    reads = []
    with source.open() as raw:
        counted = _Counted(raw, progress)
        for name, content in open_contents(cast("BinaryIO", io.BufferedReader(counted, 1 << 20)), source.name):
            reads.append(_read_content(name, content, terms))
    for read in reads:
        read.content_hash = counted.hexdigest() if len(reads) == 1 else f"{counted.hexdigest()}/{read.name}"
    return reads


def _read_content(name: str, content: BinaryIO, terms: Reading) -> FileRead:
    chunks = line_chunks(content, name)
    if terms.reads_ahead:
        chunks = ahead(chunks)
    first, begins_on = first_chunk(chunks)
    if first.startswith(b"{"):
        return _read_json_lines(name, first, chunks, terms, begins_on)
    if first.startswith((b"<", b"[")):
        what = "a web page or XML" if first.startswith(b"<") else "one JSON document"
        raise SourceFileError(
            f"{name}: is {what}, neither CSV nor JSON lines. Give the file exactly as Microsoft delivers it."
        )
    return _read_csv(name, _chain(first, chunks), terms, begins_on)


def _read_json_lines(name: str, first: bytes, chunks: Iterator[bytes], terms: Reading, begins_on: int) -> FileRead:
    headers = list(json_values(first.split(b"\n", 1)[0], name, begins_on))
    columns = recognise(headers, name)
    sink = RowSink(name, columns, headers, terms)
    if sink.is_folded:
        DailyUsage(sink, headers).read_json(first, chunks, begins_on)
        return sink.finish()
    line = begins_on - 1
    for chunk in _chain(first, chunks):
        for row in chunk.splitlines():
            line += 1
            if row.strip():
                _add_json_row(sink, row, line)
    return sink.finish()


def _add_json_row(sink: RowSink, row: bytes, line: int) -> None:
    try:
        values = json_values(row, sink.file, line)
    except SourceFileError as error:
        sink.unreadable(line, row[:80].decode("utf-8", "replace"), str(error))
        return
    if sink.extracts is not None:
        sink.extracts.json_row(values.get(sink.fields["customer_id"]), row, line)
    sink.headers_seen(values.keys())
    sink.add(values, line)


def _read_csv(name: str, chunks: Iterator[bytes], terms: Reading, begins_on: int) -> FileRead:
    raw = TextBlocks(chunks)
    headers, rows = csv_rows(name, raw, begins_on)
    sink = RowSink(name, recognise(headers, name), headers, terms)
    add = DailyUsage(sink, headers).add_values if sink.is_folded else sink.add
    extracts, customer_at = sink.extracts, headers.index(sink.fields["customer_id"])
    if extracts is not None:
        extracts.begin_csv(headers)
    for line, row in rows:
        if len(row) == len(headers):
            if extracts is not None:
                extracts.csv_row(row[customer_at], row, line)
            add(dict(zip(headers, row, strict=True)), line)
        elif any(row):
            sink.wrong_width(line, row, len(headers))
    if not raw.ends_with_line_break:
        sink.no_final_line_break()
    return sink.finish()


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


class _Counted(io.RawIOBase):
    """A stream that hashes what passes and tells how much it was."""

    def __init__(self, raw: BinaryIO, progress: Callable[[int], None]) -> None:
        super().__init__()
        self._raw, self._progress = raw, progress
        self._hash = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the interpreter always passes a view
        block = self._raw.read(len(buffer))
        buffer[: len(block)] = block
        self._hash.update(block)
        self._progress(len(block))
        return len(block)

    def hexdigest(self) -> str:
        return self._hash.hexdigest()
