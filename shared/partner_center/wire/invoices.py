"""Microsoft's invoices and exports as JSON, and as values.

Not here: the rows of an export or invoice (``source_files``).
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from shared.domain.errors import SourceFileError
from shared.domain.snapshots.deliveries import ExportFailed, Manifest
from shared.domain.snapshots.values import MicrosoftInvoice
from shared.partner_center.addresses import check_part_name
from shared.partner_center.answers import scrubbed
from shared.partner_center.wire.scalars import Scalar, amount, day, instant, text, whole, word

PARTS_MAX: Final = 100_000
CODE_CHARACTERS_MAX: Final = 40
NAME_CHARACTERS_MAX: Final = 200
_NOTHING: Final = msgspec.Raw(b"null")
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")


class InvoiceDetail(msgspec.Struct, gc=False, frozen=True, rename="camel"):
    """One content of an invoice."""

    invoice_line_item_type: Scalar = None
    billing_provider: Scalar = None


class Invoice(msgspec.Struct, frozen=True, rename="camel"):
    """An invoice."""

    id: Scalar = None
    invoice_date: Scalar = None
    billing_period_start_date: Scalar = None
    billing_period_end_date: Scalar = None
    total_charges: msgspec.Raw = _NOTHING
    paid_amount: msgspec.Raw = _NOTHING
    currency_code: Scalar = None
    document_type: Scalar = None
    amends_of: Scalar = None
    invoice_type: Scalar = None
    invoice_details: list[InvoiceDetail] | None = None
    amendments: list["Invoice"] | None = None


class Blob(msgspec.Struct, gc=False, frozen=True):
    """A part of an export."""

    name: str = ""


class WireManifest(msgspec.Struct, frozen=True, rename="camel"):
    """The manifest of an export."""

    id: Scalar = None
    schema_version: Scalar = None
    data_format: Scalar = None
    created_date_time: Scalar = None
    e_tag: Scalar = None
    root_directory: str | None = None
    sas_token: str | None = None
    blob_count: Scalar = None
    blobs: list[Blob] | None = None


class OperationError(msgspec.Struct, gc=False, frozen=True):
    """Why an export failed."""

    code: Scalar = None
    message: Scalar = None


class ExportOperation(msgspec.Struct, frozen=True, rename="camel"):
    """How far an export is; its manifest is inline, a link, or an address."""

    id: Scalar = None
    status: Scalar = None
    kind: Scalar = msgspec.field(default=None, name="@odata.type")
    error: OperationError | None = None
    resource_location: WireManifest | str | None = None
    navigation_link: Scalar = msgspec.field(default=None, name="resourceLocation@odata.navigationLink")

    @property
    def state(self) -> str:
        """Running, succeeded or failed, from the status or else from the type; "" for what nobody knows."""
        status, kind = word(self.status), word(self.kind)
        for state, words in (("succeeded", ("success",)), ("failed", ("failed",)), ("running", ("running",))):
            if status == state or (not status and any(each in kind for each in words)):
                return state
        return "running" if status == "notstarted" else ""


invoice_of: Final = msgspec.json.Decoder(Invoice).decode
export_operation_of: Final = msgspec.json.Decoder(ExportOperation).decode
manifest_of: Final = msgspec.json.Decoder(WireManifest).decode


def invoices(wire: Invoice, amends: str = "") -> Iterator[MicrosoftInvoice]:
    """Yield an invoice and the notes that amend it.

    Raises:
        ValueError: it lacks its id, date or currency, or an amount is none.
    """
    on, invoice_id, currency = day(wire.invoice_date), text(wire.id), text(wire.currency_code).upper()
    if on is None or not _ID.fullmatch(invoice_id) or not _CURRENCY.fullmatch(currency):
        raise ValueError(f"invoice {invoice_id[:40]!r} lacks its id, date or currency")
    yield MicrosoftInvoice(
        id=invoice_id,
        invoice_on=on,
        starts_on=day(wire.billing_period_start_date) or on,
        ends_on=day(wire.billing_period_end_date) or on,
        total=amount(wire.total_charges),
        paid=amount(wire.paid_amount),
        currency=currency,
        document_type=word(wire.document_type) or "invoice",
        amends=text(wire.amends_of) or amends,
        invoice_type=word(wire.invoice_type),
        contents=_contents(wire.invoice_details or []),
    )
    for amendment in wire.amendments or ():
        yield from invoices(amendment, invoice_id)


def export_failed(wire: ExportOperation) -> ExportFailed:
    """Return why an export failed; a code in front of the message counts where there is none of its own."""
    error = wire.error or OperationError()
    code, message = text(error.code), text(error.message)
    if not code and message[:4].isdigit():
        code, message = message[:4], message[4:].strip()
    return ExportFailed(scrubbed(code)[:CODE_CHARACTERS_MAX], scrubbed(message))


def manifest(wire: WireManifest) -> Manifest:
    """Return a manifest that agrees with itself.

    Raises:
        SourceFileError: it is of another format, or names another number of parts than it counts.
        ForgedError: a part's name is no name.
    """
    name = f"manifest {_word(wire.id)}"
    names = tuple(blob.name for blob in wire.blobs or ())
    count = len(names) if wire.blob_count is None else whole(wire.blob_count)
    _check_format(wire, name)
    if count != len(names) or len(set(names)) != len(names) or count > PARTS_MAX:
        raise SourceFileError(
            f"{name}: counts {count} parts and names {len(set(names))}. Ask for the export again; if it stays so, tell "
            "Microsoft's support"
        )
    for part in names:
        check_part_name(part)
    return Manifest(
        id=_word(wire.id),
        etag=_word(wire.e_tag).strip('"') or _word(wire.id),
        data_format=text(wire.data_format),
        created_at=_created_at(wire, name),
        parts=names,
        part_count=count,
        root=wire.root_directory or "",
        token=(wire.sas_token or "").removeprefix("?"),
    )


def _word(value: Scalar) -> str:
    """Return what names a thing, for it goes into keys and logs.

    Raises:
        SourceFileError: it is no name.
    """
    found = text(value)
    if len(found) > NAME_CHARACTERS_MAX or not found.isprintable():
        raise SourceFileError(f"the manifest is named {found[:40]!r}, which is no name. Ask for the export again")
    return found


def _check_format(wire: WireManifest, name: str) -> None:
    version, data_format = text(wire.schema_version), text(wire.data_format)
    if data_format.lower() != "compressedjson" or version.partition(".")[0] not in {"", "1"}:
        raise SourceFileError(
            f"{name}: is of format {data_format[:40]!r} in version {version[:20]!r}; compressedJSON in version 1 is "
            "read. Update Prorata"
        )


def _created_at(wire: WireManifest, name: str) -> Any:
    at = instant(wire.created_date_time)
    if at is None:
        raise SourceFileError(f"{name}: does not say when it was made. Ask for the export again")
    return at


def _contents(details: list[InvoiceDetail]) -> tuple[str, ...]:
    pairs = {(word(each.billing_provider), word(each.invoice_line_item_type)) for each in details}
    return tuple(sorted(f"{provider}/{kind}" for provider, kind in pairs if provider and kind))
