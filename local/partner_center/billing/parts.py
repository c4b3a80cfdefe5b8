"""Exports as files: gzip JSON lines in parts, written once for each state of the data, kept in a folder of their own.

Rows go to disk as they are made, so a large world costs disk and time, not memory.

Invariants: the ETag is that of the rows; it changes when, and only when, they do. The folder goes with the world.

Not here: which rows (``books``), how parts are offered (``calls.exports``).
"""

import gzip
import hashlib
import shutil
import tempfile
import weakref
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from local.partner_center.billing.books import Books
from local.partner_center.billing.printing import Row, json_line
from local.partner_center.billing.recurring_rows import BASIC_LEAVES_OUT

ROWS_PER_PART = 20_000
_GZIP_LEVEL = 1
_BLOCK_ROWS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is exported: *kind* such as ``usage/billed``; by invoice, or by currency and span ("current", "last")."""

    kind: str
    invoice_id: str = ""
    currency: str = ""
    span: str = ""
    attribute_set: str = "full"

    @property
    def is_usage(self) -> bool:
        """Whether daily rated usage is asked for."""
        return self.kind.startswith("usage")


@dataclass(frozen=True, slots=True)
class Delivery:
    """The files of one state of an export."""

    etag: str
    paths: tuple[Path, ...]


class Parts:
    """The exports of one world; *preset* offers files from elsewhere by kind and invoice, such as very large ones."""

    def __init__(self, books: Books, *, rows_per_part: int = ROWS_PER_PART) -> None:
        self.books = books
        self.rows_per_part = rows_per_part
        self.preset: dict[tuple[str, str], list[Path]] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="partner-center-"))
        self._made: dict[tuple[Wanted, object], Delivery] = {}
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def delivery(self, wanted: Wanted) -> Delivery:
        """Return the files of the export as the data are now."""
        files = self.preset.get((wanted.kind, wanted.invoice_id))
        if files is not None:
            names = "/".join(f"{path.name}:{path.stat().st_size}" for path in files)
            return Delivery(_etag(hashlib.sha256(names.encode())), tuple(files))
        state = None if wanted.invoice_id else self._state()
        if (wanted, state) not in self._made:
            self._made[wanted, state] = self._write(wanted)
        return self._made[wanted, state]

    def _state(self) -> object:
        """Something that changes whenever unbilled data could."""
        world = self.books.world
        events = sum(len(sold.log) for each in world.customers.values() for sold in each.subscriptions.values())
        return world.clock.now().date(), events, len(self.books.invoices)

    def _lines(self, wanted: Wanted) -> Iterator[str]:
        is_basic = wanted.attribute_set == "basic"
        if wanted.invoice_id:
            invoice = self.books.invoices[wanted.invoice_id]
            if wanted.is_usage:
                return self.books.usage_lines(invoice, is_basic=is_basic)
            return map(_writer(is_basic=is_basic), self.books.rows(invoice))
        month = self.books.open_month(wanted.span)
        if month is None:
            return iter(())
        if wanted.is_usage:
            return self.books.unbilled_usage_lines(wanted.currency, month, is_basic=is_basic)
        return map(_writer(is_basic=is_basic), self.books.unbilled_rows(wanted.currency, month))

    def _write(self, wanted: Wanted) -> Delivery:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        digest, lines, paths = hashlib.sha256(), self._lines(wanted), list[Path]()
        while first := next(lines, ""):
            path = folder / f"{len(paths):05d}.json.gz"
            _write_part(path, first, islice(lines, self.rows_per_part - 1), digest)
            paths.append(path)
        return Delivery(_etag(digest), tuple(paths))


def _writer(*, is_basic: bool) -> Callable[[Row], str]:
    if not is_basic:
        return json_line
    return lambda row: json_line({name: value for name, value in row.items() if name not in BASIC_LEAVES_OUT})


def _write_part(path: Path, first: str, lines: Iterator[str], digest: "hashlib._Hash") -> None:
    with ExitStack() as stack:
        raw = stack.enter_context(path.open("wb"))
        file = stack.enter_context(gzip.GzipFile("", "wb", _GZIP_LEVEL, raw, mtime=0))
        block = first + "".join(islice(lines, _BLOCK_ROWS))
        while block:
            content = block.encode()
            digest.update(content)
            file.write(content)
            block = "".join(islice(lines, _BLOCK_ROWS))


def _etag(digest: "hashlib._Hash") -> str:
    return urlsafe_b64encode(digest.digest())[:17].decode()


def open_parts(books: Books) -> Parts:
    """Return the exports of the books' world, opened at the first call."""
    found: Parts = books.world.room("billing parts", lambda: Parts(books))
    return found
