"""Graph's billing exports: asked for, asked after until they are done, and downloaded in parts with a signed address.

How a success names its manifest is not fixed by the documentation: it does by a link and by the manifest itself, unless
switched to one of them, to a text, or to all three in turns. The address of the parts is on this server; its token is
good for twelve hours of the world's clock.

Source: Microsoft Graph documentation, "Partner billing reconciliation and usage".

Not here: rows and files (``billing``).
"""

import base64
import hashlib
import hmac
import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from local.partner_center.answers import Answer, Asked, Call, Host, RefusedError, instant
from local.partner_center.billing.books import Books, open_books
from local.partner_center.billing.parts import Delivery, Parts, Wanted, open_parts
from local.partner_center.entities import Json
from local.partner_center.exchange import http_date
from local.partner_center.faults import FaultKind
from local.partner_center.switches import switches
from local.partner_center.world import World

BASE = "/v1.0/reports/partners/billing"
SHAPES = ("link", "object", "text")
_TYPE = "#microsoft.graph.partners.billing."
_KINDS = {"reconciliation/billed", "reconciliation/unbilled", "usage/billed", "usage/unbilled"}
_NO_DATA = "5000"
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass(slots=True, kw_only=True)
class Operation:
    """One export under way; *polls* more answers say that it still runs."""

    id: str
    wanted: Wanted
    at: datetime
    polls: int
    number: int
    failure: str = ""
    manifest_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A manifest; *directory* is where its parts are, below this server's address."""

    id: str
    at: datetime
    etag: str
    directory: str
    names: tuple[str, ...]
    sas: str


@dataclass(slots=True, kw_only=True)
class Exports:
    """All exports of a world. *polls* are the answers before one is done; *keeps_h* and *sas_h* are of its clock."""

    parts: Parts
    polls: int = 2
    retry_after_s: int = 1
    keeps_h: float = 24
    sas_h: float = 12
    operations: dict[str, Operation] = field(default_factory=dict)
    manifests: dict[str, Offered] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)

    @property
    def books(self) -> Books:
        """The books behind the exports."""
        return self.parts.books


def exports(world: World) -> Exports:
    """Return the exports of the world."""
    found: Exports = world.room("exports", lambda: Exports(parts=open_parts(open_books(world))))
    return found


def _request(asked: Asked) -> Answer:
    kind = f"{asked.path['area'].lower()}/{asked.path['state'].lower()}"
    if kind not in _KINDS:
        raise RefusedError(404, "ResourceNotFound", f"Resource not found for the segment '{asked.path['area']}'.")
    room, body = exports(asked.world), asked.body if isinstance(asked.body, dict) else {}
    wanted = _billed(room, kind, body) if kind.endswith("/billed") else _unbilled(asked.world, kind, body)
    number = len(room.operations)
    operation = Operation(
        id=asked.world.guid(),
        wanted=wanted,
        at=asked.now,
        polls=room.polls + number % 2,
        number=number,
    )
    room.operations[operation.id] = operation
    location = f"{asked.base_url}{BASE}/operations/{operation.id}"
    return Answer(status=202, headers={"Location": location, "Retry-After": str(room.retry_after_s)})


def _billed(room: Exports, kind: str, body: Json) -> Wanted:
    invoice_id = body.get("invoiceId")
    if not isinstance(invoice_id, str) or not invoice_id:
        raise _invalid("The property 'invoiceId' is required.")
    invoice_id = invoice_id.upper()
    if invoice_id not in room.books.invoices and (kind, invoice_id) not in room.parts.preset:
        raise RefusedError(404, "NotFound", f"The invoice {invoice_id} was not found.")
    return Wanted(kind=kind, invoice_id=invoice_id, attribute_set=_attribute_set(body))


def _unbilled(world: World, kind: str, body: Json) -> Wanted:
    currency, span = str(body.get("currencyCode") or "").upper(), str(body.get("billingPeriod") or "").lower()
    if currency not in world.partner.currencies:
        raise _invalid(f"The value '{currency}' of 'currencyCode' is no billing currency of the partner.")
    if span not in {"current", "last"}:
        raise _invalid("The property 'billingPeriod' has to be 'current' or 'last'.")
    return Wanted(kind=kind, currency=currency, span=span, attribute_set=_attribute_set(body))


def _attribute_set(body: Json) -> str:
    name = str(body.get("attributeSet") or "full").lower()
    if name not in {"full", "basic"}:
        raise _invalid("The property 'attributeSet' has to be 'full' or 'basic'.")
    return name


def _invalid(message: str) -> RefusedError:
    return RefusedError(400, "BadRequest", message)


def _operation(asked: Asked) -> Answer:
    room = exports(asked.world)
    operation = room.operations.get(asked.path["operation_id"].lower())
    if operation is None:
        raise RefusedError(404, "NotFound", "The operation was not found.")
    _refuse_expired(asked, room, operation.at)
    if asked.world.faults.strike(FaultKind.EXPORT_FAILED, asked.url_path, asked.method):
        operation.failure = _no_data(operation.wanted)
    if operation.polls > 0 and not operation.failure:
        operation.polls -= 1
        running = _operation_json(operation, "runningOperation", "running", asked.now)
        return Answer(json=running, headers={"Retry-After": str(room.retry_after_s)})
    _finish(room, operation, asked)
    if operation.failure:
        failed = _operation_json(operation, "failedOperation", "failed", asked.now)
        return Answer(json=failed | {"error": {"message": operation.failure, "code": _NO_DATA}})
    done = _operation_json(operation, "exportSuccessOperation", "succeeded", asked.now)
    return Answer(json=done | _location(asked, room, operation))


def _finish(room: Exports, operation: Operation, asked: Asked) -> None:
    """Make the manifest, once."""
    if operation.failure or operation.manifest_id:
        return
    invoice = room.books.invoices.get(operation.wanted.invoice_id)
    if invoice is not None and invoice.is_legacy:
        operation.failure = _no_data(operation.wanted)
        return
    delivery = room.parts.delivery(operation.wanted)
    if not delivery.paths and operation.wanted.invoice_id:
        operation.failure = _no_data(operation.wanted)
        return
    operation.manifest_id = str(uuid.uuid5(uuid.UUID(operation.id), delivery.etag))
    room.manifests[operation.manifest_id] = _offered(room, operation, delivery, asked)


def _no_data(wanted: Wanted) -> str:
    what = "usage" if wanted.is_usage else "reconciliation"
    whose = f"Invoice {wanted.invoice_id}" if wanted.invoice_id else f"currency {wanted.currency}"
    return f"No {what} data available currently for {whose}."


def _offered(room: Exports, operation: Operation, delivery: Delivery, asked: Asked) -> Offered:
    wanted, partner = operation.wanted, asked.world.partner
    invoice = room.books.invoices.get(wanted.invoice_id)
    month = invoice.month if invoice else room.books.open_month(wanted.span) or room.books.open_month("current")
    whose = wanted.invoice_id or f"{wanted.currency}-{wanted.span}"
    directory = (
        f"blobs/{wanted.kind.replace('/', '')}/v1/PartnerTenantId={partner.tenant_id}"
        f"/BillingMonth={str(month).replace('-', '')}/InvoiceId={whose}"
        f"/InvoiceVersion={delivery.etag}/Fragment={wanted.attribute_set}/PartitionType=default"
    )
    part_id = uuid.uuid5(uuid.UUID(partner.tenant_id), delivery.etag)
    names = tuple(f"part-{place:05d}-{part_id}.c000.json.gz" for place in range(len(delivery.paths)))
    for name, path in zip(names, delivery.paths, strict=True):
        room.files[f"{directory}/{name}"] = path
    return Offered(
        id=operation.manifest_id,
        at=asked.now,
        etag=delivery.etag,
        directory=directory,
        names=names,
        sas=_sas(asked.world, directory, asked.now + timedelta(hours=room.sas_h)),
    )


def _location(asked: Asked, room: Exports, operation: Operation) -> Json:
    address = f"{asked.base_url}{BASE}/manifests/{operation.manifest_id}"
    shape = switches(asked.world).export_shape
    if shape == "turns":
        shape = SHAPES[operation.number % len(SHAPES)]
    if shape == "text":
        return {"resourceLocation": address}
    linked = {"resourceLocation@odata.navigationLink": address}
    if shape == "link":
        return linked
    inline = {"resourceLocation": _manifest_json(asked, room.manifests[operation.manifest_id])}
    return inline if shape == "object" else linked | inline


def _operation_json(operation: Operation, kind: str, status: str, now: datetime) -> Json:
    return {
        "@odata.type": f"{_TYPE}{kind}",
        "id": operation.id,
        "status": status,
        "createdDateTime": instant(operation.at),
        "lastActionDateTime": instant(now),
    }


def _manifest(asked: Asked) -> Answer:
    room = exports(asked.world)
    offered = room.manifests.get(asked.path["manifest_id"].lower())
    if offered is None:
        raise RefusedError(404, "NotFound", "The manifest was not found.")
    _refuse_expired(asked, room, offered.at)
    context = {"@odata.context": f"{asked.base_url}/v1.0/$metadata#reports/partners/billing/manifests/$entity"}
    return Answer(json=context | _manifest_json(asked, offered))


def _manifest_json(asked: Asked, offered: Offered) -> Json:
    return {
        "id": offered.id,
        "schemaVersion": "1",
        "dataFormat": "compressedJSON",
        "createdDateTime": instant(offered.at),
        "eTag": offered.etag,
        "partnerTenantId": asked.world.partner.tenant_id,
        "rootDirectory": f"{asked.base_url}/{offered.directory}",
        "sasToken": offered.sas,
        "partitionType": "Default",
        "blobCount": len(offered.names),
        "blobs": [{"name": name, "partitionValue": "default"} for name in offered.names],
    }


def _refuse_expired(asked: Asked, room: Exports, at: datetime) -> None:
    struck = asked.world.faults.strike(FaultKind.EXPORT_EXPIRED, asked.url_path, asked.method)
    if struck or asked.now - at > timedelta(hours=room.keeps_h):
        raise RefusedError(410, "Gone", "The export has expired. Ask for it again.")


def _blob(asked: Asked) -> Answer:
    directory, _, name = f"blobs/{asked.path['rest']}".rpartition("/")
    struck = asked.world.faults.strike(FaultKind.SAS_REFUSED, asked.url_path, asked.method)
    if struck or not _is_signed(asked, directory):
        return _storage_refusal(403, "AuthenticationFailed", "Server failed to authenticate the request.")
    path = exports(asked.world).files.get(f"{directory}/{name}")
    if path is None or not path.exists():
        return _storage_refusal(404, "BlobNotFound", "The specified blob does not exist.")
    answer = _blob_answer(path.read_bytes(), asked.headers.get("x-ms-range") or asked.headers.get("range", ""))
    answer.headers |= {"Last-Modified": http_date(asked.now), "x-ms-blob-type": "BlockBlob", "Accept-Ranges": "bytes"}
    if asked.method == "HEAD":
        answer.content = b""
    elif asked.world.faults.strike(FaultKind.PART_TRUNCATED, asked.url_path, asked.method):
        answer.content = (answer.content or b"")[: len(answer.content or b"") // 2]
    return answer


def _blob_answer(content: bytes, wanted: str) -> Answer:
    """Answer a blob, or the range that storage libraries ask for."""
    kind = "application/octet-stream"
    etag = {"ETag": f'"{hashlib.sha256(content).hexdigest()[:16]}"'}
    span = _RANGE.fullmatch(wanted)
    if span is None:
        return Answer(content=content, content_type=kind, headers={**etag, "Content-Length": str(len(content))})
    first, last = int(span[1]), min(int(span[2] or len(content)), len(content) - 1)
    if first > last:
        return _storage_refusal(416, "InvalidRange", "The range specified is invalid for the current size.")
    part = content[first : last + 1]
    where = {"Content-Length": str(len(part)), "Content-Range": f"bytes {first}-{last}/{len(content)}"}
    return Answer(status=206, content=part, content_type=kind, headers={**etag, **where})


def _storage_refusal(status: int, code: str, message: str) -> Answer:
    text = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Answer(
        status=status, content=text.encode(), content_type="application/xml", headers={"x-ms-error-code": code}
    )


def _sas(world: World, directory: str, until: datetime) -> str:
    """Return the token that opens a directory until an instant; without a leading question mark."""
    end = f"{until:%Y-%m-%dT%H:%M:%SZ}"
    return f"sv=2021-10-04&se={quote(end, safe='')}&sr=d&sp=rl&sig={quote(_signature(world, directory, end), safe='')}"


def _signature(world: World, directory: str, end: str) -> str:
    key = f"storage account of seed {world.seed}".encode()
    return base64.b64encode(hmac.digest(key, f"{directory}\n{end}".encode(), "sha256")).decode()


def _is_signed(asked: Asked, directory: str) -> bool:
    end = asked.first("se")
    if not hmac.compare_digest(_signature(asked.world, directory, end).encode(), asked.first("sig").encode()):
        return False
    return datetime.strptime(end, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) > asked.now


CALLS = (
    Call(method="POST", path=f"{BASE}/{{area}}/{{state}}/export", handler=_request, host=Host.GRAPH),
    Call(
        method="POST",
        path=f"{BASE}/{{area}}/{{state}}/microsoft.graph.partners.billing.export",
        handler=_request,
        host=Host.GRAPH,
    ),
    Call(method="GET", path=f"{BASE}/operations/{{operation_id}}", handler=_operation, host=Host.GRAPH),
    Call(method="GET", path=f"{BASE}/manifests/{{manifest_id}}", handler=_manifest, host=Host.GRAPH),
    Call(method="GET", path="/blobs/{rest:path}", handler=_blob, host=Host.OPEN),
    Call(method="HEAD", path="/blobs/{rest:path}", handler=_blob, host=Host.OPEN),
)
