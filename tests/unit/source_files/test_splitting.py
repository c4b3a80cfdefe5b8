"""Splitting: a customer's extract reads back to exactly that customer's lines, in memory that does not grow."""

import gzip
import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import pytest

from shared.domain.errors import IntegrityError, SourceFileError
from shared.domain.source_files import FileRead
from shared.partner_center.source_files import splitting
from shared.partner_center.source_files.reading import read_file
from shared.partner_center.source_files.row_sink import Reading
from shared.partner_center.source_files.splitting import Extracts, lay_out_file, split_file

Make = Callable[..., Any]


def _extracts(source: Any) -> dict[str, bytes]:
    found = {}
    with split_file(source) as extracts:
        for customer_id in extracts.customers():
            target = io.BytesIO()
            extracts.write(customer_id, target)
            found[customer_id] = target.getvalue()
    return found


def _rows_of(extract: bytes) -> list[int]:
    return [int(json.loads(row)["Quantity"]) for row in gzip.decompress(extract).splitlines()]


def _facts(read: FileRead) -> tuple[Any, ...]:
    folded = sorted(
        (str(line.quantity), str(line.cost), str(line.charge), line.meter_id) for line in read.folds.lines()
    )
    blocked = [(issue.code, issue.line, issue.column, issue.value) for issue in read.issues if issue.is_blocking]
    return read.lines, folded, read.row_count, read.documents, blocked


@pytest.mark.parametrize("kind", ["csv", "semicolon", "json", "zip"])
def test_extracts_read_back_to_the_lines_of_the_file(
    recon: Make, as_csv: Make, as_json: Make, file: Make, kind: str
) -> None:
    """Same lines, origins and sums, and the same bad values at the same lines of the original file."""
    customers = ["C-1", "c-2", "c-1", "c-3", "C-2", "c-1"]
    rows = [
        recon(CustomerId=customer, SkuId=f"{number:04d}", CustomerName='A "quoted", name\nof two lines')
        for number, customer in enumerate(customers)
    ]
    rows.insert(2, recon(CustomerId="c-1", Subtotal="x"))
    content: bytes = as_json(rows) if kind == "json" else as_csv(rows, ";" if kind == "semicolon" else ",")
    if kind == "zip":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("a.csv", content)
        content = packed.getvalue()
    (whole,) = read_file(file(content))
    extracts = _extracts(file(content))

    assert ["c-1", "c-2", "c-3"] == sorted(extracts)
    for customer_id, extract in extracts.items():
        (part,) = read_file(file(extract, whole.name))
        own = [line for line in whole.lines if line.customer_id.casefold() == customer_id]
        blocking = [issue for issue in whole.issues if issue.customer_id.casefold() == customer_id]

        assert own == part.lines
        assert [(issue.line, issue.column) for issue in blocking] == [(i.line, i.column) for i in part.issues]


def test_extracts_of_daily_usage_have_the_same_sums(daily: Make, as_json: Make, file: Make) -> None:
    """JSON lines are passed on byte for byte, with the line's number in front; a bad day is named where it stands."""
    rows = [daily(CustomerId=f"c-{number % 3}", Quantity=f"{number}.0000000000000000000001") for number in range(9)]
    rows[5]["UsageDate"] = "x"
    content = as_json(rows)
    extracts = _extracts(file(content))
    (whole,) = read_file(file(content))
    parts = [read_file(file(extract))[0] for extract in extracts.values()]
    first = gzip.decompress(extracts["c-0"]).split(b"\n")[0]

    assert json.loads(first) == {"ProrataLine": "1"} | rows[0]
    assert _facts(whole)[1] == sorted(fact for part in parts for fact in _facts(part)[1])
    assert [6] == [issue.line for part in parts for issue in part.issues]
    assert whole.row_count == sum(part.row_count for part in parts)


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_rows_of_daily_usage_are_told_apart_however_they_stand(
    daily: Make, as_json: Make, file: Make, line_break: str
) -> None:
    """Blanks in front, ids in other letters, nobody's rows, no line break at the end: each row is in its extract."""
    customers = ["c-1", "C-1", " ", "c-2", "c-1"]
    rows = [daily(CustomerId=customer, Quantity=str(number + 1)) for number, customer in enumerate(customers)]
    plain = as_json(rows).decode().split("\n")
    for blank in ("", "  "):
        content = line_break.join([plain[0], blank + plain[1], *plain[2:5]]).encode()
        extracts = _extracts(file(content))
        found = {
            customer_id: [line.quantity for line in read_file(file(extract))[0].folds.lines()]
            for customer_id, extract in extracts.items()
        }

        assert {"c-1": [1, 2, 5], "c-2": [4]} == {each: sorted(_rows_of(extracts[each])) for each in found}
        assert 8 == sum(found["c-1"])


def test_a_file_that_is_laid_out_says_of_its_rows_what_reading_it_says(
    daily: Make, as_json: Make, as_csv: Make, file: Make
) -> None:
    """Sums, counts, days, fingerprints and every issue; only lines are made of it later, from its extracts."""
    rows = [daily(CustomerId=f"c-{number % 3}", MeterId=f"m-{number}", Quantity=f"{number}.5") for number in range(12)]
    bad = {
        "CustomerId": " ",
        "Quantity": "x",
        "BillingCurrency": "?",
        "PCToBCExchangeRateDate": "soon",
        "UnitPrice": "NaN",
    }
    rows += [daily(MeterId=f"bad {column}") | {column: value} for column, value in bad.items()]
    for content in (as_json(rows), as_csv(rows)):
        (whole,) = read_file(file(content), Reading(keeps_lines=False))
        with lay_out_file(file(content)) as laid_out:
            read = laid_out.read

        assert whole.issues
        assert whole.issues == read.issues
        assert (whole.documents, whole.days, whole.row_count) == (read.documents, read.days, read.row_count)
        assert (whole.fingerprints, whole.content_hash) == (read.fingerprints, read.content_hash)
        with pytest.raises(IntegrityError, match="were counted only"):
            next(read.folds.lines())


def test_a_file_that_is_cut_off_is_not_laid_out(daily: Make, as_json: Make, file: Make) -> None:
    """Unpacking in a thread of its own tells the same."""
    packed = gzip.compress(as_json([daily(Tags=str(number)) for number in range(3000)]))

    with pytest.raises(SourceFileError, match="cut off in the middle"):
        _extracts(file(packed[: len(packed) // 2]))


def test_a_row_without_a_customer_is_in_no_extract(recon: Make, as_csv: Make, as_json: Make, file: Make) -> None:
    """Reading has reported it; neither is one that is no row at all."""
    rows = [recon(), recon(CustomerId=" ")]

    assert ["c-1"] == list(_extracts(file(as_csv(rows) + b"cut,off\r\n")))
    assert ["c-1"] == list(_extracts(file(as_json(rows) + b"\n{oops\n")))


def test_a_zip_of_several_files_is_not_split(recon: Make, as_csv: Make, file: Make) -> None:
    """They are uploaded one by one."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("a.csv", "b.csv"):
            archive.writestr(name, as_csv([recon()]))

    with pytest.raises(SourceFileError, match=r"holds 2 files\. Upload them one by one"):
        _extracts(file(packed.getvalue()))


@pytest.mark.parametrize("row_bytes", [100, 5000])
def test_rows_that_do_not_fit_into_memory_are_spilled_and_lose_nothing(row_bytes: int) -> None:
    """Many customers with little each, and few with much: every row comes back, in order, under its header."""
    spill = io.BytesIO()
    extracts = Extracts(spill)
    extracts.begin(b"header\n")
    total = splitting.BUFFERED_BYTES_MAX * 5 // 2 // row_bytes
    customer_count = 20_000 if row_bytes == 100 else 40
    for number in range(total):
        extracts.add(f"c-{number % customer_count:05d}", (b"%020d" % number).ljust(row_bytes - 1, b".") + b"\n")

    assert any(pending.spilled for pending in extracts._customers.values())
    assert customer_count == len(extracts.customers())
    for position in (0, 7, customer_count - 1):
        target = io.BytesIO()
        extracts.write(f"c-{position:05d}", target)
        header, *rows = gzip.decompress(target.getvalue()).splitlines()

        assert b"header" == header
        assert list(range(position, total, customer_count)) == [int(row[:20]) for row in rows]


def test_a_customer_whose_rows_are_all_spilled_is_written_whole() -> None:
    """Nothing waits, nothing is missing."""
    extracts, target = Extracts(io.BytesIO()), io.BytesIO()
    extracts.begin(b"header\n")
    extracts.add("c-1", b"row\n")
    extracts._flush(0)
    extracts.write("c-1", target)

    assert b"header\nrow\n" == gzip.decompress(target.getvalue())


def test_a_bundle_holds_every_extract_at_its_place() -> None:
    """In customer order, spilled members and waiting rows alike; each range is a gzip of its own."""
    with Extracts(io.BytesIO()) as extracts:
        extracts.begin(b"header\n")
        for number in range(300):
            extracts.add(f"c-{number % 3}", b"%d\n" % number)
            if number == 100:
                extracts._flush(0)
        stream, ranges = extracts.bundle()
        content = stream.read()

    assert ["c-0", "c-1", "c-2"] == list(ranges)
    assert len(content) == sum(length for _, length in ranges.values())
    for position, (offset, length) in enumerate(ranges.values()):
        rows = gzip.decompress(content[offset : offset + length]).split()

        assert [b"header", *(b"%d" % number for number in range(position, 300, 3))] == rows


class _Made:
    """A JSON lines file that is written while it is read, so that only the reader's own memory counts."""

    name = "made.json"

    def __init__(self, row: dict[str, Any], count: int) -> None:
        self._row, self._count = row, count

    def open(self) -> BinaryIO:
        """Return a stream of the file's bytes."""
        return io.BufferedReader(_Stream(self._blocks()))

    def _blocks(self) -> Iterator[bytes]:
        for number in range(0, self._count, 10):
            rows = [
                self._row
                | {"CustomerId": f"c-{each % 7}", "UsageDate": f"2026-10-{each % 28 + 1:02d}", "Tags": f"t{each}"}
                for each in range(number, number + 10)
            ]
            yield b"".join(json.dumps(row).encode() + b"\n" for row in rows)


class _Stream(io.RawIOBase):
    """A raw stream over an iterator of blocks."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        super().__init__()
        self._blocks, self._rest = blocks, b""

    def readable(self) -> bool:
        """Whether this can be read: always."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the interpreter always passes a view
        """Fill *buffer* with what comes next."""
        self._rest = self._rest or next(self._blocks, b"")
        taken = min(len(buffer), len(self._rest))
        buffer[:taken], self._rest = self._rest[:taken], self._rest[taken:]
        return taken


def _peak_bytes(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_rows_of_daily_usage(daily: Make) -> None:
    """Four times the rows of the same customers and meters: about the same peak."""
    small, large = (_Made(daily(AdditionalInfo="x" * 500), count) for count in (10_000, 40_000))

    assert _peak_bytes(lambda: read_file(large)) < 1.3 * _peak_bytes(lambda: read_file(small))


def test_splitting_holds_no_more_than_its_buffers(daily: Make) -> None:
    """As much again is on its way out; a file of four times that is laid out, and bytearrays grow in steps."""
    large = _Made(daily(AdditionalInfo="x" * 1500), 40_000)

    assert _peak_bytes(lambda: _extracts(large)) < 2.5 * splitting.BUFFERED_BYTES_MAX


def test_a_made_file_is_read_whole(daily: Make) -> None:
    """The file that measures memory is a file like any other."""
    (result,) = read_file(_Made(daily(), 1000))

    assert (1000, 7, []) == (result.row_count, len(result.folds), result.issues)
