"""Exports made in memory: the ports ``Billing`` and ``Sales`` over rows that a test or a measurement hands in.

For everything that is about taking deliveries in rather than about HTTP; it keeps what it was asked, and can be told to
fail: to forget an export, to cut a part off, to raise what a client raises.

Not here: the simulator, which answers over HTTP (``local/partner_center``).
"""

import csv
import gzip
import io
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, cast

from local.demo.small_month import INVOICE_NUMBER, Licence, invoice_csv
from shared.domain.errors import MicrosoftUnavailableError, NotFoundError
from shared.domain.snapshots.deliveries import (
    ExportFailed,
    ExportKind,
    ExportRequest,
    ExportRunning,
    ExportState,
    Manifest,
)
from shared.domain.snapshots.values import MicrosoftInvoice

NO_DATA = ExportFailed("5000", "No data available")
Open = Callable[[], BinaryIO]


def json_lines(rows: Iterable[Mapping[str, object]]) -> bytes:
    """Return rows as one part of an export: gzipped JSON lines."""
    return gzip.compress("".join(json.dumps(row, default=str) + "\n" for row in rows).encode(), 1, mtime=0)


def rows_of(csv_content: bytes) -> list[dict[str, str]]:
    """Return the rows of a CSV file by column."""
    return list(csv.DictReader(io.StringIO(csv_content.decode("utf-8-sig"))))


def licence_part(period: str, *licences: Licence, number: str = INVOICE_NUMBER) -> bytes:
    """Return a part of a reconciliation export: one line for each licence; *number* "" is unbilled."""
    return json_lines(rows_of(invoice_csv(period, licences, number=number)))


@dataclass(frozen=True, slots=True)
class Made:
    """One version of an export: its parts, each to be opened, and the ETag that stands for them."""

    parts: tuple[Open, ...]
    etag: str
    part_count: int = -1
    """What the manifest says it has; -1 for the truth."""


@dataclass(slots=True)
class MadeExports:
    """What Microsoft has, and what it was asked. *polls* is how often an export is said to be running first."""

    clock: Callable[[], datetime]
    polls: int = 1
    offered: dict[tuple[str, str, str], Made | ExportFailed] = field(default_factory=dict)
    listed: list[MicrosoftInvoice] = field(default_factory=list)
    legacy: dict[tuple[str, str], list[bytes]] = field(default_factory=dict)
    sheets: dict[tuple[str, str], bytes] = field(default_factory=dict)
    past_sheets: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    rates: dict[str, bytes] = field(default_factory=dict)
    catalogue: list[dict[str, object]] = field(default_factory=list)
    raises: dict[str, list[Exception]] = field(default_factory=lambda: defaultdict(list))
    cut_off: Counter[str] = field(default_factory=Counter)
    asked: list[str] = field(default_factory=list)
    _operations: dict[str, tuple[ExportRequest, Made | ExportFailed, datetime]] = field(default_factory=dict)
    _polled: Counter[str] = field(default_factory=Counter)

    def offer(self, kind: ExportKind, of: str, *parts: bytes, etag: str, span: str = "") -> None:
        """Have an export of an invoice, or of a currency and span, with these parts (packed) from now on."""
        opened = tuple(cast("Open", lambda part=part: io.BytesIO(part)) for part in parts)
        self.offered[kind, of, span] = Made(opened, etag)

    def forget(self) -> None:
        """Let every export that was asked for be gone (410)."""
        self._operations.clear()

    def invoices(self) -> list[MicrosoftInvoice]:
        """Return all invoices, by date and id."""
        self._asked("invoices")
        return sorted(self.listed, key=lambda each: (each.invoice_on, each.id))

    def request_export(self, request: ExportRequest) -> str:
        """Ask for an export and return the address at which it can be asked after."""
        self._asked("request_export", str(request))
        operation = f"https://graph.example/operations/{len(self.asked)}"
        found = self.offered.get((request.kind, request.invoice_id or request.currency, request.span), NO_DATA)
        self._operations[operation] = request, found, self.clock()
        return operation

    def export_state(self, operation: str) -> ExportState:
        """Return how far the export is."""
        self._asked("export_state")
        if operation not in self._operations:
            raise NotFoundError("the export expired (410)")
        _, found, at = self._operations[operation]
        self._polled[operation] += 1
        if self._polled[operation] <= self.polls:
            return ExportRunning(10)
        if isinstance(found, ExportFailed):
            return found
        names = tuple(f"part-{number:05d}.c000.json.gz" for number in range(len(found.parts)))
        count = len(names) if found.part_count < 0 else found.part_count
        return Manifest(
            id=operation.rpartition("/")[2],
            etag=found.etag,
            data_format="compressedJSON",
            created_at=at,
            parts=names,
            part_count=count,
            root=operation,
            token="sig=secret",  # noqa: S106 - stands for one, so that a test can look for it
        )

    def open_part(self, manifest: Manifest, part: str) -> BinaryIO:
        """Return the part as it is."""
        self._asked("open_part", part)
        if manifest.root not in self._operations:
            raise NotFoundError("the address expired (403)")
        made = cast("Made", self._operations[manifest.root][1])
        stream = made.parts[manifest.parts.index(part)]()
        if self.cut_off[part] <= 0:
            return stream
        self.cut_off[part] -= 1
        with stream:
            return cast("BinaryIO", io.BufferedReader(_CutOff(stream.read())))

    def legacy_lines(self, invoice_id: str, content: str) -> Iterator[bytes]:
        """Yield the lines of a legacy invoice as JSON objects."""
        self._asked("legacy_lines", content)
        yield from self.legacy.get((invoice_id, content), [])

    def products(self, country: str, view: str) -> list[dict[str, object]]:
        """Return products with their SKUs."""
        self._asked("products", country, view)
        return self.catalogue

    def price_sheet(self, country: str, view: str, month: str = "") -> BinaryIO | None:
        """Return the CSV of a price sheet, of now or of a month."""
        self._asked("price_sheet", country, view, *filter(None, [month]))
        content = self.past_sheets.get((country, view, month)) if month else self.sheets.get((country, view))
        return None if content is None else io.BytesIO(content)

    def exchange_rates(self, month: str) -> BinaryIO | None:
        """Return the CSV of the month's exchange rates."""
        self._asked("exchange_rates", month)
        content = self.rates.get(month)
        return None if content is None else io.BytesIO(content)

    def _asked(self, call: str, *about: str) -> None:
        self.asked.append(" ".join((call, *about)))
        if self.raises[call]:
            raise self.raises[call].pop(0)


class _CutOff(io.RawIOBase):
    """A stream that breaks off in the middle, as a client reports it."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self._content = io.BytesIO(content[: len(content) // 2])

    def readable(self) -> bool:
        """Whether this can be read: always."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Give the first half; then say that it broke off."""
        count = self._content.readinto(buffer)
        if not count:
            raise MicrosoftUnavailableError("the part broke off")
        return count
