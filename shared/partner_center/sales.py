"""The catalogue, price sheets and exchange rates: the port ``Sales`` on Microsoft's APIs.

A price sheet comes as a zip with one CSV where ``Accept-Encoding: deflate`` is sent, which is no HTTP encoding, and as
plain CSV elsewhere; the first bytes tell. It goes through temporary files, never through memory.

Not here: what a row of a price sheet says (``shared/documents/price_sheets``).
"""

import io
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, BinaryIO, Final, cast
from urllib.parse import quote

import msgspec

from shared.domain.errors import LimitError, MicrosoftNotFoundError, MicrosoftUnavailableError, SourceFileError
from shared.partner_center.hosts import Audience
from shared.partner_center.paging import pages, read_items, with_query
from shared.partner_center.request import Request
from shared.partner_center.source_files.containers import line_chunks, open_contents
from shared.partner_center.transport import Operation, Transport

PACKED_BYTES_MAX: Final = 512 << 20
SHEET_BYTES_MAX: Final = 2 << 30
_JSON: Final = msgspec.json.Decoder(dict[str, Any], float_hook=str)


class PartnerSales:
    """The port ``Sales``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def products(self, country: str, view: str) -> list[dict[str, object]]:
        """Return products with their SKUs (under "skus"), as Microsoft's JSON, by product id; fractions are text.

        Raises:
            MicrosoftRefusedError: the country or view is none that may be asked for.
        """
        operation = self._transport.operation()
        path = with_query("/v1/products", ("country", country), ("targetView", view))
        found = {str(each["id"]): each for each in _objects(operation, path)}
        for product_id, product in found.items():
            skus = with_query(f"/v1/products/{quote(product_id, safe='')}/skus", ("country", country))
            product["skus"] = _skus(operation, skus)
        return [found[product_id] for product_id in sorted(found)]

    def price_sheet(self, country: str, view: str, month: str = "") -> BinaryIO | None:
        """Return the CSV of the price sheet in force, or of a past month (``YYYYMM``), unpacked; None for none.

        Raises:
            SourceFileError: what came is no CSV and no zip with one.
        """
        sheet = f"Market='{_literal(country)}',PricesheetView='{_literal(view)}'"
        timeline = f"timeline=history&month={_literal(month)}" if month else "timeline=current"
        name = f"price sheet {country} {view} {month}".rstrip()
        return self._csv(f"/v1.0/sales/pricesheets({sheet})/$value?{timeline}", name)

    def exchange_rates(self, month: str) -> BinaryIO | None:
        """Return the CSV of the month's (``YYYYMM``) exchange rates, or None where there are none (yet).

        Raises:
            SourceFileError: what came is no CSV and no zip with one.
        """
        return self._csv(f"/v1.0/sales/fxrates(Month='{_literal(month)}')/$value", f"exchange rates {month}")

    def _csv(self, path: str, name: str) -> BinaryIO | None:
        with tempfile.TemporaryFile() as packed:
            request = Request(
                method="GET",
                path=path,
                audience=Audience.PARTNER_API,
                headers={"Accept": "*/*", "Accept-Encoding": "deflate"},
                into=cast("BinaryIO", packed),
                bytes_max=PACKED_BYTES_MAX,
            )
            try:
                answer = self._transport.operation().ask(request)
            except MicrosoftNotFoundError:
                return None
            if answer.status == 204:
                return None
            with io.BufferedReader(cast("io.RawIOBase", packed)) as source:
                return _unpacked(cast("BinaryIO", source), name)


def _objects(operation: Operation, path: str) -> Iterator[dict[str, Any]]:
    request = Request(method="GET", path=path, takes_app_only=True)

    def read(item: msgspec.Raw) -> dict[str, Any]:
        found = _JSON.decode(item)
        if found.get("id"):
            return found
        raise ValueError("it has no id")

    yield from read_items(pages(operation, request), request, read)


def _skus(operation: Operation, path: str) -> list[dict[str, Any]]:
    """Return the SKUs of a product; none where it went off the catalogue meanwhile."""
    try:
        return sorted(_objects(operation, path), key=lambda sku: str(sku["id"]))
    except MicrosoftNotFoundError:
        return []


def _literal(value: str) -> str:
    """Return a value as it stands between the quotes of an OData address."""
    return quote(value.replace("'", "''"), safe="'")


def _unpacked(packed: BinaryIO, name: str) -> BinaryIO:
    """Return the one CSV in *packed*, without a byte order mark, at its beginning.

    Raises:
        SourceFileError: it is damaged, several files, inflates beyond reason, or has a line of megabytes.
        MicrosoftUnavailableError: it is a gateway's page.
    """
    with ExitStack() as stack:
        target = stack.enter_context(tempfile.TemporaryFile())
        count = 0
        for count, (member, content) in enumerate(open_contents(packed, name), 1):
            if count > 1:
                raise SourceFileError(f"{name}: holds several files; one CSV is expected. Ask for it again")
            _copy(content, cast("BinaryIO", target), member)
        target.seek(0)
        stack.pop_all()
        return cast("BinaryIO", target)


def _copy(content: BinaryIO, target: BinaryIO, name: str) -> None:
    size = 0
    for block in line_chunks(content, name):
        if size == 0 and block.lstrip()[:1] == b"<":
            raise MicrosoftUnavailableError(f"{name}: Microsoft sent a page of HTML instead of a CSV. Try again later")
        size += len(block)
        if size > SHEET_BYTES_MAX:
            raise LimitError(f"{name}: unpacks to over {SHEET_BYTES_MAX >> 20} MiB, which no price sheet does")
        target.write(block)
