"""The exports as a client sees them: asked for, asked after, read in parts; and everything that can go wrong."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from azure.storage.blob import BlobClient
from billing_logs import lived_in

from local.partner_center.answers import Host
from local.partner_center.billing.books import open_books
from local.partner_center.billing.parts import open_parts
from local.partner_center.calls.exports import SHAPES
from local.partner_center.faults import Fault, FaultKind
from local.partner_center.lifecycle import change_quantity
from local.partner_center.opening import serve
from local.partner_center.server import Simulator

BILLED = "/v1.0/reports/partners/billing/reconciliation/billed/export"
UNBILLED = "/v1.0/reports/partners/billing/usage/unbilled/export"
TIMEOUT_S = 10
Json = dict[str, Any]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A simulator of a world on 9 November 2026."""
    with serve(lived_in()) as running:
        yield running


class Client:
    """A client of Graph."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.headers = {"Authorization": f"Bearer {simulator.access_token(Host.GRAPH)}"}

    def invoice(self, kind: str = "G") -> str:
        """Return the id of the last euro invoice of a kind."""
        invoices = open_books(self.simulator.world).invoices.values()
        return [each.id for each in invoices if each.currency == "EUR" and each.id.startswith(kind)][-1]

    def post(self, path: str, body: Any) -> requests.Response:
        """Ask for an export."""
        url = self.simulator.base_url + path
        return requests.post(url, json=body, headers=self.headers, timeout=TIMEOUT_S)

    def get(self, url: str) -> requests.Response:
        """Ask with the token."""
        return requests.get(url, headers=self.headers, timeout=TIMEOUT_S)

    def finished(self, location: str) -> Json:
        """Ask until it does not run any more."""
        while True:
            answer: Json = self.get(location).json()
            if answer["status"] != "running":
                return answer

    def manifest(self, path: str, body: Json) -> Json:
        """Return the manifest of an export, whatever the shape in which it is told."""
        done = self.finished(self.post(path, body).headers["Location"])
        told = done.get("resourceLocation") or done["resourceLocation@odata.navigationLink"]
        manifest: Json = self.get(told).json() if isinstance(told, str) else told
        return manifest

    def part(self, manifest: Json, place: int = 0) -> requests.Response:
        """Read a part: without a token, by its signed address."""
        name = manifest["blobs"][place]["name"]
        return requests.get(f"{manifest['rootDirectory']}/{name}?{manifest['sasToken']}", timeout=TIMEOUT_S)


@pytest.fixture
def client(simulator: Simulator) -> Client:
    """A client of that simulator."""
    return Client(simulator)


def test_an_export_is_accepted_runs_and_succeeds(client: Client) -> None:
    """202 with an address and nothing else; two or three times running with Retry-After; then it succeeded."""
    accepted = client.post(BILLED, {"invoiceId": client.invoice(), "attributeSet": "full"})
    location = accepted.headers["Location"]
    answers = [client.get(location) for _ in range(4)]
    told = [answer.json()["status"] for answer in answers]

    assert (202, b"") == (accepted.status_code, accepted.content)
    assert location.startswith(f"{client.simulator.base_url}/v1.0/reports/partners/billing/operations/")
    assert told[:2] == ["running", "running"]
    assert told[-1] == "succeeded"
    assert answers[0].headers["Retry-After"].isdigit()
    assert "#microsoft.graph.partners.billing.exportSuccessOperation" == answers[-1].json()["@odata.type"]


def test_the_manifest_comes_by_link_and_as_it_is(client: Client) -> None:
    """Either kind of client finds it; the link leads to the same manifest."""
    done = client.finished(client.post(BILLED, {"invoiceId": client.invoice()}).headers["Location"])
    linked = client.get(done["resourceLocation@odata.navigationLink"]).json()

    assert done["resourceLocation"]["blobCount"] == 1
    assert done["resourceLocation"]["rootDirectory"] == linked["rootDirectory"]


def test_the_manifest_comes_in_other_shapes_when_switched(client: Client) -> None:
    """A link, an object, and a text take turns; one can be switched on for all."""
    wanted = {"invoiceId": client.invoice()}
    client.simulator.switches.export_shape = "turns"
    found = [client.finished(client.post(BILLED, wanted).headers["Location"]) for _ in SHAPES]
    client.simulator.switches.export_shape = "text"
    text = client.finished(client.post(BILLED, wanted).headers["Location"])

    assert [{"resourceLocation@odata.navigationLink"}, {"resourceLocation"}, {"resourceLocation"}] == [
        {key for key in each if key.startswith("resource")} for each in found
    ]
    assert found[1]["resourceLocation"]["blobCount"] == 1
    assert isinstance(found[2]["resourceLocation"], str)
    assert isinstance(text["resourceLocation"], str)


def test_parts_are_gzip_json_lines_with_the_invoices_rows(client: Client) -> None:
    """Absolute address on this server, no token needed, every row once over all parts."""
    open_parts(open_books(client.simulator.world)).rows_per_part = 5
    invoice_id = client.invoice()
    manifest = client.manifest(BILLED, {"invoiceId": invoice_id})
    contents = [gzip.decompress(client.part(manifest, place).content) for place in range(manifest["blobCount"])]
    rows = [json.loads(line) for content in contents for line in content.splitlines()]
    books = open_books(client.simulator.world)

    assert manifest["blobCount"] > 1
    assert manifest["rootDirectory"].startswith(f"{client.simulator.base_url}/blobs/")
    assert f"InvoiceId={invoice_id}" in manifest["rootDirectory"]
    assert [row["ReferenceId"] for row in books.rows(books.invoices[invoice_id])] == [
        row["ReferenceId"] for row in rows
    ]


def test_the_documented_long_form_works_too(client: Client) -> None:
    """The name that Microsoft's own libraries send."""
    path = BILLED.replace("/export", "/microsoft.graph.partners.billing.export")

    assert client.manifest(path, {"InvoiceId": client.invoice()})["dataFormat"] == "compressedJSON"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (BILLED, None, 400),
        (BILLED, {}, 400),
        (BILLED, {"invoiceId": "G1"}, 404),
        (BILLED, {"invoiceId": "", "attributeSet": "full"}, 400),
        (UNBILLED, {"billingPeriod": "current"}, 400),
        (UNBILLED, {"currencyCode": "JPY", "billingPeriod": "current"}, 400),
        (UNBILLED, {"currencyCode": "EUR", "billingPeriod": "next"}, 400),
        (UNBILLED, {"currencyCode": "EUR", "billingPeriod": "current", "attributeSet": "all"}, 400),
        (BILLED.replace("billed", "paid"), {"invoiceId": "G1"}, 404),
    ],
)
def test_what_makes_no_sense_is_refused(client: Client, path: str, body: Any, status: int) -> None:
    """400 for a bad request, 404 for an unknown invoice, in Graph's shape."""
    answer = client.post(path, body)

    assert status == answer.status_code
    assert answer.json()["error"]["message"]


def test_old_invoices_and_empty_ones_fail_with_5000(client: Client) -> None:
    """A failed operation, not an error of HTTP."""
    failed = client.finished(client.post(BILLED, {"invoiceId": client.invoice("D")}).headers["Location"])

    assert ("failed", "5000") == (failed["status"], failed["error"]["code"])
    assert "#microsoft.graph.partners.billing.failedOperation" == failed["@odata.type"]


def test_nothing_unbilled_is_a_manifest_without_parts(client: Client) -> None:
    """October is billed, so nothing of the last month is open."""
    manifest = client.manifest(UNBILLED, {"currencyCode": "EUR", "billingPeriod": "last"})

    assert (0, []) == (manifest["blobCount"], manifest["blobs"])


def test_the_basic_set_leaves_columns_out(client: Client) -> None:
    """31 attributes of usage."""
    wanted = {"currencyCode": "EUR", "billingPeriod": "current", "attributeSet": "basic"}
    row = json.loads(gzip.decompress(client.part(client.manifest(UNBILLED, wanted)).content).splitlines()[0])

    assert len(row) == 31


def test_the_etag_changes_with_the_data_and_only_then(client: Client) -> None:
    """Twice the same; other usage a day later; another line after a change of seats."""
    usage, lines = {"currencyCode": "EUR", "billingPeriod": "current"}, UNBILLED.replace("usage", "reconciliation")
    world = client.simulator.world
    first, again = client.manifest(UNBILLED, usage)["eTag"], client.manifest(UNBILLED, usage)["eTag"]
    before = client.manifest(lines, usage)["eTag"]
    change_quantity(world, next(iter(next(iter(world.customers.values())).subscriptions.values())), 20)
    after = client.manifest(lines, usage)["eTag"]
    same = client.manifest(UNBILLED, usage)["eTag"]
    client.simulator.advance(days=1)

    assert first == again == same
    assert before != after
    assert first != client.manifest(UNBILLED, usage)["eTag"]


def test_an_address_is_refused_when_its_signature_is_wrong_or_old(client: Client) -> None:
    """403: another directory, another end, twelve hours later by the world's clock."""
    manifest = client.manifest(BILLED, {"invoiceId": client.invoice()})
    forged = {**manifest, "sasToken": manifest["sasToken"].replace("se=2026", "se=2036")}
    elsewhere = {**manifest, "rootDirectory": manifest["rootDirectory"].replace("full", "basic")}
    bare = {**manifest, "sasToken": ""}
    good = client.part(manifest).status_code
    client.simulator.advance(hours=12, seconds=1)

    assert 200 == good
    assert {403} == {client.part(each).status_code for each in (forged, elsewhere, bare, manifest)}
    assert "AuthenticationFailed" in client.part(bare).text


def test_an_old_operation_and_manifest_are_gone(client: Client) -> None:
    """410 a day later; a new export can be had."""
    location = client.post(BILLED, {"invoiceId": client.invoice()}).headers["Location"]
    manifest = client.manifest(BILLED, {"invoiceId": client.invoice()})
    address = f"{client.simulator.base_url}/v1.0/reports/partners/billing/manifests/{manifest['id']}"
    client.simulator.advance(hours=25)
    client.headers = Client(client.simulator).headers

    assert [410, 410] == [client.get(location).status_code, client.get(address).status_code]
    assert 202 == client.post(BILLED, {"invoiceId": client.invoice()}).status_code


def test_a_part_is_read_by_the_storage_library(client: Client) -> None:
    """It asks for ranges and for properties; a range beyond the end is refused."""
    manifest = client.manifest(BILLED, {"invoiceId": client.invoice()})
    whole = client.part(manifest).content
    address = f"{manifest['rootDirectory']}/{manifest['blobs'][0]['name']}?{manifest['sasToken']}"
    with BlobClient.from_blob_url(address) as blob:
        read, size = blob.download_blob().readall(), blob.get_blob_properties().size
    beyond = requests.get(address, headers={"Range": f"bytes={len(whole)}-"}, timeout=TIMEOUT_S)
    middle = requests.get(address, headers={"Range": "bytes=2-4"}, timeout=TIMEOUT_S)

    assert (whole, len(whole)) == (read, size)
    assert (206, whole[2:5]) == (middle.status_code, middle.content)
    assert (416, "InvalidRange") == (beyond.status_code, beyond.headers["x-ms-error-code"])


def test_a_truncated_part_ends_early(client: Client) -> None:
    """The length promised is not delivered, once; then the part is whole."""
    manifest = client.manifest(BILLED, {"invoiceId": client.invoice()})
    client.simulator.fault(Fault(kind=FaultKind.PART_TRUNCATED, path="/blobs/"))

    with pytest.raises(requests.RequestException):
        client.part(manifest)
    assert gzip.decompress(client.part(manifest).content)


def test_switched_faults_strike_once(client: Client) -> None:
    """A refused address, a failed and an expired export."""
    simulator = client.simulator
    manifest = client.manifest(BILLED, {"invoiceId": client.invoice()})
    locations = [client.post(BILLED, {"invoiceId": client.invoice()}).headers["Location"] for _ in range(2)]
    for kind in (FaultKind.SAS_REFUSED, FaultKind.EXPORT_FAILED):
        simulator.fault(Fault(kind=kind))
    refused, failed = client.part(manifest).status_code, client.get(locations[0]).json()
    simulator.fault(Fault(kind=FaultKind.EXPORT_EXPIRED))

    assert (403, 200) == (refused, client.part(manifest).status_code)
    assert ("failed", "5000") == (failed["status"], failed["error"]["code"])
    assert [410, 200] == [client.get(locations[1]).status_code for _ in range(2)]


def test_files_from_elsewhere_can_be_offered(client: Client, tmp_path: Any) -> None:
    """For measurements: very large parts that were written before."""
    path = tmp_path / "usage.json.gz"
    path.write_bytes(gzip.compress(b'{"a":1}\n'))
    open_parts(open_books(client.simulator.world)).preset["usage/billed", "G000000001"] = [path]
    manifest = client.manifest(BILLED.replace("reconciliation", "usage"), {"invoiceId": "G000000001"})
    content = client.part(manifest).content

    assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(content).digest()
