"""Reading on several cores gives what reading on one does, and never counts a file twice."""

import gzip
import json
import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from local.demo.usage import write_usage_parts
from local.parallel_reading import PARALLEL_FROM_BYTES, read_files
from shared.domain.errors import SourceFileError
from shared.domain.issues import IssueCode
from shared.domain.source_files import SourceFiles
from shared.domain.source_lines import SourceLine


def _mid_month(_: SourceLine) -> Sequence[date]:
    return (date(2026, 10, 15),)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four parts that are large enough together to be read by two processes."""
    paths = write_usage_parts(tmp_path_factory.mktemp("parts"), lines=36_000, parts=4, customers=200, seed=3)
    assert sum(path.stat().st_size for path in paths) > PARALLEL_FROM_BYTES
    return paths


def _told(files: SourceFiles) -> tuple[object, ...]:
    reads = [(read.name, read.content_hash, read.row_count, read.documents, read.fingerprints) for read in files.reads]
    return reads, files.issues, sorted(map(repr, files.folds.lines()))


def test_two_processes_read_what_one_reads(parts: list[Path]) -> None:
    """Lines, where they stand, sums, fingerprints and issues do not depend on how files were dealt out."""
    one, two = (read_files(parts, _mid_month, workers=workers) for workers in (1, 2))

    assert _told(one) == _told(two)


def test_progress_ends_at_the_bytes_of_all_files(parts: list[Path]) -> None:
    """What other processes read is told too."""
    told = [0]
    read_files(parts, _mid_month, told.append, workers=2)

    assert sum(path.stat().st_size for path in parts) == told[-1]
    assert sorted(told) == told


def test_a_file_that_another_process_read_counts_once(parts: list[Path], tmp_path: Path) -> None:
    """A copy at the end of the list is left out, whichever process reads it."""
    again = Path(shutil.copy(parts[0], tmp_path / "again.json.gz"))
    files = read_files([*parts, again], _mid_month, workers=2)

    assert [path.name for path in parts] == [read.name for read in files.reads]
    assert ["again.json.gz"] == [issue.file for issue in files.issues]


def test_files_that_share_a_few_rows_are_told_of_whichever_process_read_them(parts: list[Path], tmp_path: Path) -> None:
    """All their rows count, and a person is warned."""
    rows = gzip.decompress(parts[0].read_bytes()).splitlines(keepends=True)
    resource = json.loads(rows[0])["entitlementId"].encode()
    last = tmp_path / parts[3].name
    last.write_bytes(parts[3].read_bytes() + gzip.compress(b"".join(row for row in rows if resource in row)))
    one, two = (read_files([*parts[:3], last], _mid_month, workers=workers) for workers in (1, 2))

    assert [IssueCode.FILE_OVERLAPS] == [issue.code for issue in one.issues]
    assert _told(one) == _told(two)


def test_every_file_that_cannot_be_read_is_named(parts: list[Path], tmp_path: Path) -> None:
    """Whichever process met it: nobody wants to learn of the next one by trying again."""
    cut = []
    for place in (0, 3):
        cut.append(tmp_path / f"cut-{place}.json.gz")
        cut[-1].write_bytes(parts[place].read_bytes()[:2_000_000])
    with pytest.raises(SourceFileError) as refused:
        read_files([cut[0], *parts, cut[1]], _mid_month, workers=2)

    assert [path.name for path in cut] == [line.split(":")[0] for line in str(refused.value).splitlines()]
