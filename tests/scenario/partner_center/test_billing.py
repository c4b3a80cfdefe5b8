"""Invoices, exports and their parts, in every shape that Microsoft documents."""

import gzip
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.errors import (
    ForgedError,
    MicrosoftRefusedError,
    MicrosoftUnavailableError,
    NotFoundError,
    SourceFileError,
)
from shared.domain.snapshots.deliveries import ExportFailed, ExportKind, ExportRequest, ExportRunning, Manifest
from shared.domain.snapshots.values import MicrosoftInvoice
from shared.partner_center.gateway import PartnerCenter

OPERATION = "/v1.0/reports/partners/billing/operations/9ab9cb54"
MANIFEST = "/v1.0/reports/partners/billing/manifests/8fe347d7"
PART = gzip.compress(b'{"CustomerId":"c1"}\n' * 50)


def manifest(script: Any, **changes: Any) -> dict[str, Any]:
    """Return a manifest as Graph writes it."""
    return {
        "id": "8fe347d7",
        "schemaVersion": "1",
        "dataFormat": "compressedJSON",
        "createdDateTime": "2026-10-08T06:34:34.87Z",
        "eTag": "WYjLro78HdMg6vUWR",
        "rootDirectory": f"{script.base_url}/billed/InvoiceId=G1/Fragment=full",
        "sasToken": "sv=2021&sig=a%2Bb",
        "partitionType": "Default",
        "blobCount": 2,
        "blobs": [{"name": "part-0.c000.json.gz", "partitionValue": "default"}, {"name": "part-1.c000.json.gz"}],
        **changes,
    }


def operation(status: str, **more: Any) -> dict[str, Any]:
    """Return an export's operation as Graph writes it."""
    return {"id": "9ab9cb54", "status": status, "createdDateTime": "2026-10-08T08:12:53", **more}


def ready(microsoft: PartnerCenter, script: Any, **changes: Any) -> Manifest:
    """Return the manifest of a finished export."""
    script.replies.clear()
    script.then(200, operation("succeeded", resourceLocation=manifest(script, **changes)))
    found = microsoft.export_state(OPERATION)
    script.replies.clear()
    assert isinstance(found, Manifest)
    return found


def test_invoices_are_read_with_the_notes_that_amend_them(microsoft: Any, script: Any) -> None:
    """Amounts exactly, each document once, by date."""
    body = """{"items": [
      {"id": "G2", "invoiceDate": "2026-10-08T00:00:00Z", "billingPeriodStartDate": "2026-09-01T00:00:00Z",
       "billingPeriodEndDate": "2026-09-30T23:59:59.9999999Z", "totalCharges": 1234.560, "paidAmount": "0.10",
       "currencyCode": "eur", "documentType": "Invoice", "invoiceType": "Recurring",
       "invoiceDetails": [{"invoiceLineItemType": "usage_line_items", "billingProvider": "one_time"},
                          {"invoiceLineItemType": "Billing_Line_Items", "billingProvider": "one_time"}],
       "amendments": [{"id": "G3", "invoiceDate": "2026-10-09T00:00:00Z", "totalCharges": -3, "currencyCode": "EUR",
                       "documentType": "void_note"}]},
      {"id": "D1", "invoiceDate": "2026-09-08T00:00:00Z", "totalCharges": 0.1, "currencyCode": "EUR"},
      {"id": "G3", "invoiceDate": "2026-10-09T00:00:00Z", "totalCharges": -3, "currencyCode": "EUR"}]}"""
    script.then(200, body.encode())
    legacy, invoice, note = microsoft.invoices()

    assert ("D1", True, Decimal("0.1")) == (legacy.id, legacy.is_legacy, legacy.total)
    assert (
        MicrosoftInvoice(
            id="G2",
            invoice_on=date(2026, 10, 8),
            starts_on=date(2026, 9, 1),
            ends_on=date(2026, 9, 30),
            total=Decimal("1234.560"),
            currency="EUR",
            paid=Decimal("0.10"),
            invoice_type="recurring",
            contents=("one_time/billing_line_items", "one_time/usage_line_items"),
        )
        == invoice
    )
    assert ("G3", "void_note", "G2", Decimal(-3)) == (note.id, note.document_type, note.amends, note.total)


@pytest.mark.parametrize("changed", [{"totalCharges": "much"}, {"invoiceDate": None}, {"currencyCode": ""}])
def test_an_invoice_that_cannot_be_read_is_an_error(microsoft: Any, script: Any, changed: dict[str, Any]) -> None:
    """A total that is taken for nothing would look like a free month."""
    invoice = {"id": "G1", "invoiceDate": "2026-10-08", "totalCharges": 1, "currencyCode": "EUR", **changed}
    script.then(200, {"items": [invoice]})

    with pytest.raises(MicrosoftUnavailableError):
        microsoft.invoices()


@pytest.mark.parametrize(
    ("request_", "path", "body"),
    [
        (
            ExportRequest(kind=ExportKind.BILLED_RECONCILIATION, invoice_id="G1"),
            "/v1.0/reports/partners/billing/reconciliation/billed/export",
            b'{"invoiceId":"G1","attributeSet":"full"}',
        ),
        (
            ExportRequest(kind=ExportKind.UNBILLED_USAGE, currency="EUR", span="last"),
            "/v1.0/reports/partners/billing/usage/unbilled/export",
            b'{"currencyCode":"EUR","billingPeriod":"last","attributeSet":"full"}',
        ),
    ],
)
@pytest.mark.parametrize("base", ["BASE", ""])
def test_an_export_is_asked_for(
    microsoft: Any, script: Any, request_: ExportRequest, path: str, body: bytes, base: str
) -> None:
    """And the address to ask after is whole, so that it can be kept."""
    script.then(202, headers={"Location": base.replace("BASE", script.base_url) + OPERATION})

    assert script.base_url + OPERATION == microsoft.request_export(request_)
    assert ("POST", path, body) == (script.asked[0].method, script.asked[0].path, script.asked[0].body)
    assert "client-request-id" in script.asked[0].headers
    assert "Bearer SECRET-user-GRAPH-1" == script.asked[0].headers["authorization"]


ANY_EXPORT = ExportRequest(kind=ExportKind.BILLED_USAGE, invoice_id="G1")


def test_an_export_that_leads_elsewhere_is_forged(microsoft: Any, script: Any) -> None:
    """The next call would carry a token there."""
    script.then(202, headers={"Location": f"https://graph.microsoft.com.evil.example{OPERATION}"})

    with pytest.raises(ForgedError):
        microsoft.request_export(ANY_EXPORT)


def test_an_export_without_an_address_is_an_error(microsoft: Any, script: Any) -> None:
    """There would be nothing to ask after."""
    script.then(202)

    with pytest.raises(MicrosoftUnavailableError, match="no address"):
        microsoft.request_export(ANY_EXPORT)


def test_an_operation_elsewhere_is_not_asked(microsoft: Any, script: Any) -> None:
    """It was kept meanwhile; who knows where."""
    with pytest.raises(ForgedError):
        microsoft.export_state("https://evil.example/v1.0/reports")
    assert [] == script.asked


@pytest.mark.parametrize(
    ("body", "headers", "seconds"),
    [
        (operation("running"), {"Retry-After": "17"}, 17),
        (operation("notStarted"), {}, 10),
        (operation("ThinkingAboutIt"), {"Retry-After": "0"}, 1),
        ({"@odata.type": "#microsoft.graph.partners.billing.runningOperation"}, {"Retry-After": "99999"}, 900),
    ],
)
def test_a_running_export_says_when_to_ask_again(
    microsoft: Any, script: Any, body: dict[str, Any], headers: dict[str, str], seconds: int
) -> None:
    """Within reason; an unknown state is one that is not over."""
    script.then(200, body, headers)

    assert ExportRunning(seconds) == microsoft.export_state(OPERATION)


@pytest.mark.parametrize(
    "error", [{"code": "5000", "message": "No data available"}, {"message": "5000 No data available"}, {"code": 5000}]
)
def test_a_failed_export_says_why(microsoft: Any, script: Any, error: dict[str, Any]) -> None:
    """Code 5000 means that there is nothing to read."""
    script.then(200, operation("failed", error=error))
    found = microsoft.export_state(OPERATION)

    assert isinstance(found, ExportFailed)
    assert found.is_empty


def test_a_finished_export_has_its_manifest_in_one_of_three_places(microsoft: Any, script: Any) -> None:
    """Inside, behind a link, or behind an address."""
    inline = operation("succeeded", resourceLocation=manifest(script))
    linked = operation("succeeded", **{"resourceLocation@odata.navigationLink": script.base_url + MANIFEST})
    addressed = {"@odata.type": "#x.exportSuccessOperation", "resourceLocation": script.base_url + MANIFEST}
    script.then(200, inline).then(200, linked).then(200, manifest(script)).then(200, addressed)
    script.then(200, manifest(script))
    found = [microsoft.export_state(OPERATION) for _ in range(3)]

    assert found[0] == found[1] == found[2]
    assert ("WYjLro78HdMg6vUWR", 2, ("part-0.c000.json.gz", "part-1.c000.json.gz")) == (
        found[0].etag,
        found[0].part_count,
        found[0].parts,
    )
    assert datetime(2026, 10, 8, 6, 34, 34, 870000, UTC) == found[0].created_at


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"blobCount": 3}, SourceFileError),
        ({"blobs": [{"name": "a"}, {"name": "a"}]}, SourceFileError),
        ({"dataFormat": "parquet"}, SourceFileError),
        ({"schemaVersion": "2"}, SourceFileError),
        ({"createdDateTime": "soon"}, SourceFileError),
        ({"blobs": [{"name": "../a"}, {"name": "b"}]}, ForgedError),
        ({"blobs": [{"name": "a?x=1"}, {"name": "b"}]}, ForgedError),
        ({"blobs": [{"name": "/a"}, {"name": "https://evil/b"}]}, ForgedError),
        ({"rootDirectory": "https://evil.example/x"}, ForgedError),
        ({"rootDirectory": "https://a.blob.core.windows.net.evil.example/x"}, ForgedError),
        ({"rootDirectory": "http://169.254.169.254/metadata"}, ForgedError),
        ({"rootDirectory": "https://user@127.0.0.1/x"}, ForgedError),
        ({"rootDirectory": None}, ForgedError),
    ],
)
def test_a_manifest_that_cannot_be_right_is_refused(
    microsoft: Any, script: Any, changes: dict[str, Any], error: type[Exception]
) -> None:
    """Before any part of it is asked for."""
    script.then(200, operation("succeeded", resourceLocation=manifest(script, **changes)))

    with pytest.raises(error):
        microsoft.export_state(OPERATION)
    assert 1 == len(script.asked)


def test_an_export_that_is_finished_without_a_manifest_is_an_error(microsoft: Any, script: Any) -> None:
    """There would be nothing to read, which is not the same as no rows."""
    script.then(200, operation("succeeded"))

    with pytest.raises(MicrosoftUnavailableError, match="no manifest"):
        microsoft.export_state(OPERATION)


def test_an_export_without_rows_has_no_parts(microsoft: Any, script: Any) -> None:
    """Which is no mistake."""
    assert () == ready(microsoft, script, blobCount=0, blobs=[]).parts


@pytest.mark.parametrize("status", [404, 410])
def test_an_expired_export_is_not_there(microsoft: Any, script: Any, status: int) -> None:
    """It has to be asked for again."""
    script.then(status, {"error": {"code": "Gone", "message": "expired"}})

    with pytest.raises(NotFoundError):
        microsoft.export_state(OPERATION)


def test_a_part_is_handed_out_as_it_is(microsoft: Any, script: Any) -> None:
    """Packed, from the root with its signature, and without a token."""
    found = ready(microsoft, script)
    script.then(200, PART, {"Content-Encoding": "gzip"})
    with microsoft.open_part(found, "part-0.c000.json.gz") as part:
        content = part.read()
    sent = script.asked[-1]

    assert PART == content
    assert "/billed/InvoiceId=G1/Fragment=full/part-0.c000.json.gz?sv=2021&sig=a%2Bb" == sent.path
    assert not {"authorization", "ms-requestid", "cookie"} & set(sent.headers)


def test_a_part_that_is_cut_off_is_noticed_at_its_end(microsoft: Any, script: Any) -> None:
    """Its length was promised."""
    found = ready(microsoft, script)
    script.then(200, PART, fate="cut")
    part = microsoft.open_part(found, "part-0.c000.json.gz")

    with pytest.raises(MicrosoftUnavailableError, match=f"broke off after .* of {len(PART)} bytes"):
        part.read()


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_parts_address_expires(microsoft: Any, script: Any, status: int) -> None:
    """The export has to be asked for again."""
    found = ready(microsoft, script)
    script.then(status, b"<?xml version='1.0'?><Error/>")

    with pytest.raises(NotFoundError, match="Ask for the export again"):
        microsoft.open_part(found, "part-0.c000.json.gz")


def test_a_part_is_asked_for_again_where_the_storage_fails(microsoft: Any, script: Any, pace: Any) -> None:
    """A few times, with pauses."""
    found = ready(microsoft, script)
    script.then(503).then(fate="hang up").then(200, PART)

    assert PART == microsoft.open_part(found, "part-0.c000.json.gz").read()
    assert [0.5, 1.0] == pace.slept


def test_a_storage_that_points_elsewhere_is_not_followed(microsoft: Any, script: Any) -> None:
    """The allowed host vouches for itself only."""
    found = ready(microsoft, script)
    script.then(302, headers={"Location": f"{script.base_url}/elsewhere"})

    with pytest.raises(MicrosoftRefusedError):
        microsoft.open_part(found, "part-0.c000.json.gz")
    assert "/elsewhere" != script.asked[-1].path
