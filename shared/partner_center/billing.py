"""Microsoft's invoices, the exports of what is on them, and the lines of legacy ones: the port ``Billing``.

Invariants: an export's address is asked at Graph only, its parts on allowed hosts only; a manifest agrees with itself
before a part of it is read.

Not here: what a line says (``source_files``), what is kept (the application).
"""

import logging
from collections.abc import Iterator
from typing import BinaryIO, Final
from urllib.parse import quote

from shared.domain.snapshots.deliveries import ExportRequest, ExportRunning, ExportState, Manifest
from shared.domain.snapshots.values import MicrosoftInvoice
from shared.partner_center import part_stream
from shared.partner_center.addresses import own_path, part_address
from shared.partner_center.answers import Answer, unreadable
from shared.partner_center.hosts import Audience
from shared.partner_center.paging import decoded, pages_by_offset, read_items, with_query
from shared.partner_center.request import Request
from shared.partner_center.retry_after import retry_after_s
from shared.partner_center.transport import Operation, Transport
from shared.partner_center.wire import invoices as wire
from shared.partner_center.wire.scalars import text

INVOICES_SIZE: Final = 200
LINES_SIZE: Final = 2000
EXPORT_POLL_S: Final = 10
EXPORT_POLL_S_MAX: Final = 900
_logger = logging.getLogger(__name__)


class PartnerBilling:
    """The port ``Billing``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def invoices(self) -> list[MicrosoftInvoice]:
        """Return all invoices, by date and id, amendments among them.

        Raises:
            MicrosoftUnavailableError: an invoice cannot be read; none is left out.
        """
        request = Request(method="GET", path="/v1/invoices", takes_app_only=True)
        found = pages_by_offset(self._transport.operation(), request, size=INVOICES_SIZE)
        by_id: dict[str, MicrosoftInvoice] = {}
        for group in read_items(found, request, lambda item: list(wire.invoices(wire.invoice_of(item)))):
            for invoice in group:
                by_id.setdefault(invoice.id, invoice)
        return sorted(by_id.values(), key=lambda invoice: (invoice.invoice_on, invoice.id))

    def request_export(self, request: ExportRequest) -> str:
        """Ask for an export and return the address at which it can be asked after.

        Raises:
            MicrosoftRefusedError: the invoice, currency or period is none.
            ForgedError: the address leads away from Graph.
        """
        wanted = {"invoiceId": request.invoice_id, "currencyCode": request.currency, "billingPeriod": request.span}
        call = Request(
            method="POST",
            path=f"/v1.0/reports/partners/billing/{request.kind}/export",
            audience=Audience.GRAPH,
            body={**{name: value for name, value in wanted.items() if value}, "attributeSet": "full"},
            may_repeat=True,  # a second export of the same costs nothing
        )
        answer = self._transport.operation().ask(call)
        location = answer.headers.get("location", "")
        if not location:
            raise unreadable(answer, call.step, "no address to ask after")
        return self._transport.hosts.graph + own_path(self._transport.hosts, Audience.GRAPH, location)

    def export_state(self, operation: str) -> ExportState:
        """Return how far the export is.

        Raises:
            NotFoundError: it expired (410). Ask for the export again.
            ForgedError: *operation* or the manifest leads where nothing may be asked.
            SourceFileError: the manifest contradicts itself or is of a format that is not read.
        """
        calls = self._transport.operation()
        request = Request(
            method="GET", path=own_path(self._transport.hosts, Audience.GRAPH, operation), audience=Audience.GRAPH
        )
        answer = calls.ask(request)
        found = decoded(answer, request, wire.export_operation_of)
        if found.state == "failed":
            return wire.export_failed(found)
        if found.state == "succeeded":
            return self._manifest(calls, answer, request, found)
        if not found.state:
            _logger.warning("%s: unknown status %r, taken for running", request.step.name, found.status)
        told = retry_after_s(answer.headers, now=self._transport.pace.now())
        return ExportRunning(EXPORT_POLL_S if told is None else max(1, min(told, EXPORT_POLL_S_MAX)))

    def open_part(self, manifest: Manifest, part: str) -> BinaryIO:
        """Return the part as it is (gzip), block by block; its length is checked at the end of the stream.

        Raises:
            NotFoundError: the address expired (403, 410). Ask for the export again.
            ForgedError: the manifest names a host that is not allowed.
        """
        return part_stream.open_part(self._transport, manifest, part)

    def legacy_lines(self, invoice_id: str, content: str) -> Iterator[bytes]:
        """Yield the lines of a legacy invoice as JSON objects; *content* is one of the invoice's contents.

        Raises:
            NotFoundError: there is no such invoice.
        """
        provider, _, kind = content.partition("/")
        query = (("provider", provider.replace("_", "")), ("invoicelineitemtype", kind.replace("_", "")))
        path = with_query(f"/v1/invoices/{quote(invoice_id, safe='')}/lineitems", *query)
        request = Request(method="GET", path=path, takes_app_only=True)
        found = pages_by_offset(self._transport.operation(), request, size=LINES_SIZE)
        return read_items(found, request, bytes)

    def _manifest(self, calls: Operation, answer: Answer, request: Request, found: wire.ExportOperation) -> Manifest:
        location = found.resource_location
        if not isinstance(location, wire.WireManifest):
            address = location or text(found.navigation_link)
            if not address:
                raise unreadable(answer, request.step, "no manifest")
            path = own_path(self._transport.hosts, Audience.GRAPH, address)
            request = Request(method="GET", path=path, audience=Audience.GRAPH)
            location = decoded(calls.ask(request), request, wire.manifest_of)
        manifest = wire.manifest(location)
        if manifest.parts:
            part_address(self._transport.hosts, manifest.root, manifest.parts[0], manifest.token)  # checks the host
        return manifest
