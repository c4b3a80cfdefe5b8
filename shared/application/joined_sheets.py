"""Price sheets of several countries as one: checked as a whole before anybody is billed by it.

Invariants: a sheet of tens of megabytes passes block by block.

Not here: which sheets, and for which month (``sales_sync``, ``past_sales``).
"""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, cast

from shared.application.services import Services
from shared.domain.errors import InvalidError
from shared.storage.repositories.sales import SalesDocument

_MARK = b"\xef\xbb\xbf"


@contextmanager
def joined(services: Services, sheets: Sequence[SalesDocument], name: str) -> Iterator[BinaryIO]:
    """Yield all sheets as one CSV called *name*, every row of which was checked, at its beginning.

    Raises:
        InvalidError: a sheet cannot be read, or none holds a price.
    """
    with tempfile.TemporaryFile() as together:
        target = cast("BinaryIO", together)
        _join(sheets, target)
        target.seek(0)
        if not sum(1 for _ in services.formats.read_price_sheet(target, name)):  # each row is checked, none is kept
            raise InvalidError(f"{name}: holds no price, so the sheet before stays in force; it is asked for again")
        target.seek(0)
        yield target


def _join(sheets: Sequence[SalesDocument], target: BinaryIO) -> None:
    """Write all sheets as one, under the header of the first."""
    first_header = b""
    for sheet in sheets:
        with sheet.file.open() as stream:
            header = stream.readline().removeprefix(_MARK)
            if not first_header:
                first_header = header
                target.write(header)
            elif _names(header) != _names(first_header):
                _write_by_name(_names(first_header), _names(header), stream, target)
                continue
            last = b""
            while block := stream.read(1 << 20):
                target.write(block)
                last = block
            if last and not last.endswith(b"\n"):
                target.write(b"\r\n")


def _names(header: bytes) -> list[str]:
    return next(csv.reader([header.decode("utf-8", "replace").strip()]), [])


def _write_by_name(wanted: list[str], given: list[str], stream: BinaryIO, target: BinaryIO) -> None:
    """Write rows whose columns stand in another order."""
    text = io.TextIOWrapper(target, encoding="utf-8", newline="", write_through=True)
    delivered = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    try:
        rows: Iterable[dict[str, str]] = csv.DictReader(delivered, given)
        csv.DictWriter(text, wanted, extrasaction="ignore", restval="").writerows(rows)
    finally:
        delivered.detach()
        text.detach()
