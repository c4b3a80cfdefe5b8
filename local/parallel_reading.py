"""Reading many files on all cores of one machine: each process adds up its own files, then all are put together.

Invariants: the result does not depend on how files were dealt out; a file that repeats another counts once, whichever
process read it; a file that cannot be read stops everything, and all such files are named at once.

Not here: reading one file (``shared/partner_center/source_files``).
"""

import gc
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any, BinaryIO

from shared.domain.errors import SourceFileError
from shared.domain.source_files import SourceFiles
from shared.domain.source_lines import SourceLine
from shared.domain.usage_folding import UsageFolds
from shared.partner_center.source_files.mapping import Texts
from shared.partner_center.source_files.reading import read_file
from shared.partner_center.source_files.row_sink import Reading

PARALLEL_FROM_BYTES = 8 << 20
"""Below this, starting processes costs more than they save."""

PIECE_FOLDS = 2_000
"""How many folds, about, cross from one process to another in one piece."""

Boundaries = Callable[[SourceLine], Sequence[date]]
_bytes_read: Any = None


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file on this machine."""

    path: Path

    @property
    def name(self) -> str:
        """The file's name without folders."""
        return self.path.name

    def open(self) -> BinaryIO:
        """Return the content from its start."""
        return self.path.open("rb")


@dataclass(slots=True)
class _Part:
    """What one process made of its files; *pieces* are its folds where they come from another process."""

    files: SourceFiles = field(default_factory=SourceFiles)
    pieces: list[bytes] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_files(
    paths: Sequence[Path],
    boundaries: Boundaries,
    progress: Callable[[int], None] = lambda _: None,
    workers: int | None = None,
) -> SourceFiles:
    """Return all files put together; *progress* is told how many bytes were read so far.

    Raises:
        SourceFileError: a file cannot be read; the message names every such file. Nothing counts then.
    """
    sizes = {path: path.stat().st_size for path in paths}
    count = min(workers or os.cpu_count() or 1, len(paths))
    with _nothing_collected():
        if count < 2 or sum(sizes.values()) < PARALLEL_FROM_BYTES:
            return _checked([_read_some(paths, boundaries, _Total(progress))])
        return _read_dealt(paths, boundaries, progress, _dealt(sizes, count))


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Keep the garbage collector from looking, again and again, through what is read: it all stays."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def _read_dealt(
    paths: Sequence[Path], boundaries: Boundaries, progress: Callable[[int], None], hands: list[list[Path]]
) -> SourceFiles:
    """Read the first hand here and each of the others in a process of its own."""
    context = get_context("spawn")
    counter = context.Value("q", 0)
    own = _Total(lambda count: progress(count + counter.value))
    with ProcessPoolExecutor(len(hands) - 1, context, _start, (counter,)) as pool:
        futures = [pool.submit(_read_counted, hand, boundaries) for hand in hands[1:]]
        parts = [_read_some(hands[0], boundaries, own)]
        for future in futures:
            while True:
                try:
                    parts.append(future.result(timeout=0.1))
                    break
                except TimeoutError:
                    own(0)
    own(0)
    if _repeat_each_other(parts):
        return _checked([_read_some(paths, boundaries, lambda _: None)])  # one after the other: the first counts
    return _checked(parts)


def _dealt(sizes: dict[Path, int], count: int) -> list[list[Path]]:
    """Cut the files, in the order given, into *count* runs of about the same weight.

    Runs, because what is put together in that order is what one process would have made of all files.
    """
    hands: list[list[Path]] = [[] for _ in range(count)]
    total, before = sum(sizes.values()), 0
    for path, size in sizes.items():
        middle = before + size / 2
        hands[min(int(middle * count / total), count - 1)].append(path)
        before += size
    return [hand for hand in hands if hand]


def _repeat_each_other(parts: Sequence[_Part]) -> bool:
    """Whether a file repeats one that another process read."""
    seen = SourceFiles()
    for part in parts:
        if any(seen.repeated(read) for read in part.files.reads):
            return True
        seen.reads.extend(part.files.reads)
    return False


def _checked(parts: Sequence[_Part]) -> SourceFiles:
    problems = [problem for part in parts for problem in part.problems]
    if problems:
        raise SourceFileError("\n".join(problems))
    whole = parts[0].files
    for part in parts[1:]:
        whole.merge(part.files)
        while part.pieces:
            whole.folds.merge(pickle.loads(part.pieces.pop(0)))  # noqa: S301 - made by a process of ours
    return whole


def _read_some(paths: Sequence[Path], boundaries: Boundaries, progress: Callable[[int], None]) -> _Part:
    part, texts = _Part(), Texts()
    for path in paths:
        try:
            for read in read_file(LocalFile(path), Reading(boundaries, part.files.folds, texts), progress):
                part.files.take(read)
        except SourceFileError as error:
            part.problems.append(str(error))
        except OSError as error:
            part.problems.append(f"{path.name}: cannot be opened ({error.strerror}). Check the path and its rights.")
    return part


class _Total:
    """Turns steps into a running total."""

    def __init__(self, progress: Callable[[int], None]) -> None:
        self._progress, self._bytes = progress, 0

    def __call__(self, count: int) -> None:
        self._bytes += count
        self._progress(self._bytes)


def _packed(part: _Part) -> _Part:
    """Pack the folds: a process that sent or received them all at once would need their memory twice."""
    folds, part.files.folds = part.files.folds, UsageFolds()
    part.pieces = [pickle.dumps(piece, pickle.HIGHEST_PROTOCOL) for piece in folds.pieces(PIECE_FOLDS)]
    return part


def _start(counter: Any) -> None:
    global _bytes_read  # noqa: PLW0603 - a pool hands shared memory to its processes in no other way
    gc.disable()  # what is read stays until it is sent, so there is nothing to collect
    _bytes_read = counter


def _read_counted(paths: Sequence[Path], boundaries: Boundaries) -> _Part:
    def count(step: int) -> None:
        with _bytes_read.get_lock():
            _bytes_read.value += step

    return _packed(_read_some(paths, boundaries, count))
