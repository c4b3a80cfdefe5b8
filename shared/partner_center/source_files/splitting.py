"""Splitting: one of Microsoft's files becomes an extract for each customer, so that customers can be billed one by one.

An extract has the file's own format and every column as delivered, byte for byte in JSON lines, plus the number of
the line that each row had in the file. It is a gzip of many members, read by the same reader as the file itself.

Invariants: memory is bounded whatever the size of the file and the number of customers: rows wait in small buffers
and are spilled, compressed, to one temporary file; a row without a customer is left out (reading has reported it).

Not here: where extracts are kept (``shared/storage/repositories``).
"""

import csv
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

import msgspec
from isal import igzip

from shared.domain.errors import SourceFileError
from shared.domain.source_files import Opened
from shared.partner_center.source_files.columns import ORIGIN_LINE, recognise
from shared.partner_center.source_files.containers import TextBlocks, first_chunk, line_chunks, open_contents
from shared.partner_center.source_files.csv_rows import csv_rows
from shared.partner_center.source_files.json_rows import json_values

BUFFERED_BYTES_MAX = 32 << 20
SPILL_FROM_BYTES = 2 << 10


@dataclass(slots=True)
class _Pending:
    """One customer's rows: those that wait, and where those that were spilled lie."""

    rows: bytearray = field(default_factory=bytearray)
    spilled: list[tuple[int, int]] = field(default_factory=list)


class Extracts:
    """The extracts of one file, by customer id in lower case; valid inside ``split_file`` only."""

    def __init__(self, spill: BinaryIO) -> None:
        self._spill = spill
        self._customers: dict[str, _Pending] = {}
        self._buffered = 0
        self._prefix = b""

    def begin(self, prefix: bytes) -> None:
        """Start the rows of one content: each extract begins with *prefix* (the header of a CSV)."""
        self._prefix = prefix

    def add(self, customer_id: str, row: bytes) -> None:
        """Append a row, line break included."""
        pending = self._customers.get(customer_id)
        if pending is None:
            pending = self._customers[customer_id] = _Pending(bytearray(self._prefix))
            self._buffered += len(self._prefix)
        pending.rows += row
        self._buffered += len(row)
        if self._buffered > BUFFERED_BYTES_MAX:
            self._flush(SPILL_FROM_BYTES)

    def customers(self) -> list[str]:
        """Return the customers that have rows, in order."""
        return sorted(self._customers)

    def write(self, customer_id: str, target: BinaryIO) -> None:
        """Write the customer's extract: a gzip of one or several members."""
        pending = self._customers[customer_id]
        for offset, length in pending.spilled:
            self._spill.seek(offset)
            target.write(self._spill.read(length))
        if pending.rows:
            target.write(_zipped(pending.rows))

    def _flush(self, from_bytes: int) -> None:
        """Spill the larger buffers; if that frees too little, all of them."""
        self._spill.seek(0, io.SEEK_END)
        for pending in self._customers.values():
            if len(pending.rows) >= from_bytes:
                member = _zipped(pending.rows)
                pending.spilled.append((self._spill.tell(), len(member)))
                self._spill.write(member)
                self._buffered -= len(pending.rows)
                pending.rows = bytearray()
        if self._buffered > BUFFERED_BYTES_MAX // 2 and from_bytes:
            self._flush(0)


@contextmanager
def split_file(source: Opened) -> Iterator[Extracts]:
    """Yield the extracts of a file that was read without error before.

    Raises:
        SourceFileError: the file cannot be read, or a zip holds files of two families.
    """
    with tempfile.TemporaryFile() as spill, source.open() as raw:
        extracts = Extracts(cast("BinaryIO", spill))
        buffered = cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", raw), 1 << 20))
        for index, (name, content) in enumerate(open_contents(buffered, source.name)):
            if index:
                raise SourceFileError(f"{source.name}: holds several files. Upload them one by one.")
            _split(extracts, name, content)
        yield extracts


def _split(extracts: Extracts, name: str, content: BinaryIO) -> None:
    chunks = line_chunks(content, name)
    first, begins_on = first_chunk(chunks)
    if first.startswith(b"{"):
        _split_json(extracts, name, first, chunks, begins_on)
    else:
        _split_csv(extracts, name, _chain(first, chunks), begins_on)


def _split_json(extracts: Extracts, name: str, first: bytes, chunks: Iterator[bytes], begins_on: int) -> None:
    headers = list(json_values(first.split(b"\n", 1)[0], name, begins_on))
    customer_of = _customer_decoder(recognise(headers, name).fields(headers)["customer_id"])
    extracts.begin(b"")
    line, chunk = begins_on - 1, first
    while chunk:
        for row in chunk.splitlines():
            line += 1
            customer_id = _customer(customer_of, row)
            if customer_id:
                start = row.index(b"{") + 1
                extracts.add(customer_id, b'{"%s":"%d",%s\n' % (ORIGIN_LINE.encode(), line, row[start:].rstrip()))
        chunk = next(chunks, b"")


def _split_csv(extracts: Extracts, name: str, chunks: Iterator[bytes], begins_on: int) -> None:
    headers, rows = csv_rows(name, TextBlocks(chunks), begins_on)
    column = headers.index(recognise(headers, name).fields(headers)["customer_id"])
    extracts.begin(_csv_line([*headers, ORIGIN_LINE]))
    for line, row in rows:
        if len(row) == len(headers) and row[column].strip():
            extracts.add(row[column].strip().casefold(), _csv_line([*row, str(line)]))


def _csv_line(values: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(values)
    return text.getvalue().encode()


def _customer(decoder: msgspec.json.Decoder[Any], row: bytes) -> str:
    try:
        return cast("str", decoder.decode(row).customer_id).strip().casefold() if row.strip() else ""
    except msgspec.DecodeError:
        return ""


def _customer_decoder(column: str) -> msgspec.json.Decoder[Any]:
    fields: list[tuple[str, Any]] = [("customer_id", str)]
    return msgspec.json.Decoder(msgspec.defstruct("Customer", fields, rename={"customer_id": column}))


def _zipped(rows: bytearray) -> bytes:
    return igzip.compress(bytes(rows), 1, mtime=0)


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
