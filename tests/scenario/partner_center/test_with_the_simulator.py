"""The client and the simulator, over HTTP: a small reseller's September, and every fault on the way."""

import csv
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

import pytest

from local.partner_center import changing
from local.partner_center.commerce import PriceChange, commerce
from local.partner_center.customers_making import create_customer
from local.partner_center.entities import User
from local.partner_center.faults import Fault, FaultKind
from local.partner_center.opening import open_world, serve
from local.partner_center.server import Simulator
from local.partner_center.standing_by import client_at
from local.partner_center.subscribing import Purchase, place_order
from local.partner_center.switches import EXPORT_SHAPES, switches
from shared.domain.errors import (
    MicrosoftUnavailableError,
    NotConnectedError,
    NotFoundError,
    ThrottledError,
)
from shared.domain.snapshots.deliveries import ExportFailed, ExportKind, ExportRequest, ExportRunning, Manifest
from shared.partner_center.gateway import PartnerCenter
from shared.partner_center.request import Request

BASIC = "CFQ7TTC0LH18"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A reseller with two customers who bought in September 2026; every answer has a byte order mark."""
    world = open_world(start=datetime(2026, 9, 3, 8, tzinfo=UTC))
    switches(world).bom_share = 1
    for name in ("Contoso", "Fabrikam"):
        customer = create_customer(world, name=name, domain=f"{name.lower()}.onmicrosoft.com")
        place_order(world, customer, [Purchase(product_id=BASIC, sku_id="0001", quantity=10, term="P1Y")], actor="ada")
    with serve(world) as serving:
        yield serving


@pytest.fixture
def client(simulator: Simulator, pace: Any) -> PartnerCenter:
    """The client, at the simulator."""
    return client_at(simulator, pace=pace)


def tenant_of(client: PartnerCenter, name: str = "Contoso") -> str:
    """Return the id of a customer's tenant."""
    return next(tenant.id for tenant in client.tenants() if tenant.name == name)


def finished(client: PartnerCenter, simulator: Simulator, request: ExportRequest) -> Manifest | ExportFailed:
    """Return what became of an export."""
    operation = client.request_export(request)
    for _ in range(10):
        state = client.export_state(operation)
        if not isinstance(state, ExportRunning):
            return state
        simulator.advance(seconds=state.retry_after_s)
    raise AssertionError("the export never ends")


def billed_september(client: PartnerCenter, simulator: Simulator) -> ExportRequest:
    """Go to the tenth of October and return the export of September's invoice."""
    simulator.advance_to(datetime(2026, 10, 10, tzinfo=UTC))
    (invoice,) = client.invoices()
    return ExportRequest(kind=ExportKind.BILLED_RECONCILIATION, invoice_id=invoice.id)


def test_customers_and_what_they_have_are_read(client: PartnerCenter, simulator: Simulator) -> None:
    """Tenants, profile, subscription, licences."""
    tenant = tenant_of(client)
    (subscription,) = client.subscriptions(tenant)
    (licence,) = client.licence_counts(tenant)

    assert ["Contoso", "Fabrikam"] == sorted(found.name for found in client.tenants())
    assert ("contoso.onmicrosoft.com", "reseller") == (
        client.tenant(tenant).tenant.domain,
        client.tenant(tenant).tenant.relationship,
    )
    assert (10, "active", BASIC, "P1Y", date(2027, 9, 2)) == (
        subscription.quantity,
        subscription.status,
        subscription.product_id,
        subscription.term,
        subscription.ends_on,
    )
    assert subscription == client.subscription(tenant, subscription.id)
    assert 10 == licence.total
    assert [10] == [refundable.quantity for refundable in subscription.refundable]


def test_users_are_read_with_their_licences(client: PartnerCenter, simulator: Simulator) -> None:
    """From Graph where it is open, by page and with the customer's token."""
    tenant = tenant_of(client)
    with simulator.world.lock:
        users = simulator.world.customers[tenant].users
        for number in range(3):
            user = User(id=simulator.world.guid(), principal_name=f"u{number}@contoso.onmicrosoft.com")
            users[user.id] = user

    assert sorted(users) == [user.id for user in client.users(tenant)]


def test_the_audit_feed_tells_what_happened_on_a_day(client: PartnerCenter, simulator: Simulator) -> None:
    """And nothing of the day before."""
    tenant = tenant_of(client)
    simulator.advance(days=1)
    with simulator.world.lock:
        customer = simulator.world.customers[tenant]
        changing.change_quantity(simulator.world, next(iter(customer.subscriptions.values())), 12, actor="ada")
    records = list(client.audit_records(date(2026, 9, 4)))

    assert [(tenant, "subscription")] == [(record.tenant_id, record.resource) for record in records]
    assert json.loads(records[0].after)


def test_the_catalogue_the_price_sheet_and_the_rates_are_read(client: PartnerCenter) -> None:
    """Each product with SKUs; the sheet out of its zip."""
    products = client.products("NL", "OnlineServices")
    sheet, rates = client.price_sheet("NL", "updatedlicensebased"), client.exchange_rates("202609")
    assert sheet is not None
    assert rates is not None
    with sheet, rates:
        first, currencies = sheet.readline(), rates.readline()

    assert all(product["skus"] for product in products)
    assert first.startswith(b"ProductTitle,ProductId,SkuId")
    assert b"CurrencyCode" in currencies


def test_a_past_months_price_sheet_is_read(client: PartnerCenter, simulator: Simulator) -> None:
    """With the prices of that month; before Microsoft's first there is none."""
    with simulator.world.lock:
        commerce(simulator.world).price_changes.append(PriceChange(from_on=date(2026, 9, 1), factor=Decimal(2)))
    august, september = (client.price_sheet("NL", "updatedlicensebased", month) for month in ("202608", "202609"))
    assert august is not None
    assert september is not None
    with august, september:
        before, after = prices_in(august), prices_in(september)

    assert client.price_sheet("NL", "updatedlicensebased", "201501") is None
    assert before
    assert [] == [key for key, price in before.items() if after[key] <= price and price]


def prices_in(sheet: BinaryIO) -> dict[tuple[str, ...], Decimal]:
    """Return the prices of a sheet by what they are for."""
    names = ("ProductId", "SkuId", "TermDuration", "BillingPlan", "Segment")
    rows = csv.DictReader(sheet.read().decode("utf-8-sig").splitlines())
    return {tuple(row[name] for name in names): Decimal(row["UnitPrice"]) for row in rows}


def test_an_invoice_and_its_export_agree(client: PartnerCenter, simulator: Simulator) -> None:
    """All parts of the export, unpacked, add up to the invoice's total."""
    request = billed_september(client, simulator)
    (invoice,) = client.invoices()
    manifest = finished(client, simulator, request)
    assert isinstance(manifest, Manifest)
    lines = []
    for part in manifest.parts:
        with client.open_part(manifest, part) as stream:
            lines += gzip.decompress(stream.read()).splitlines()
    totals = [json.loads(line, parse_float=Decimal)["Total"] for line in lines]

    assert 2 <= len(lines)
    assert invoice.total == sum(Decimal(str(total)) for total in totals)


def test_a_manifest_is_found_in_all_its_shapes(client: PartnerCenter, simulator: Simulator) -> None:
    """A link and the manifest, either alone, or its address as a text: what is inside is the same."""
    request, found = billed_september(client, simulator), []
    for shape in EXPORT_SHAPES:
        simulator.switches.export_shape = shape
        found.append(finished(client, simulator, request))

    assert [Manifest] * len(EXPORT_SHAPES) == [type(each) for each in found]
    assert 1 == len({manifest.etag for manifest in found if isinstance(manifest, Manifest)})


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.TIMEOUT_AFTER_COMMIT,
        FaultKind.TIMEOUT_BEFORE_COMMIT,
        FaultKind.SERVER_ERROR,
        FaultKind.THROTTLED,
        FaultKind.HTML_ANSWER,
        FaultKind.ACCESS_TOKEN_REFUSED,
    ],
)
def test_a_fault_that_passes_is_not_noticed(client: PartnerCenter, simulator: Simulator, kind: FaultKind) -> None:
    """But for one call more."""
    expected = list(client.tenants())
    simulator.fault(Fault(kind=kind, path="/v1/customers"))

    assert expected == list(client.tenants())


def test_a_change_whose_answer_is_lost_is_done_once(client: PartnerCenter, simulator: Simulator) -> None:
    """The repeat carries the same id, and Microsoft answers it from what it kept."""
    address = {"addressLine1": "Damrak 1", "city": "Amsterdam", "postalCode": "1012 LG", "country": "NL"}
    person = {"firstName": "Anna", "lastName": "Bakker", "phoneNumber": "0201234567"}
    body = {
        "companyProfile": {"domain": "tailspin.onmicrosoft.com"},
        "billingProfile": {
            "culture": "nl-NL",
            "language": "nl",
            "email": "anna@tailspin.example",
            "companyName": "Tailspin",
            "defaultAddress": {**address, **person},
        },
    }
    simulator.fault(Fault(kind=FaultKind.TIMEOUT_AFTER_COMMIT, path="/v1/customers", method="POST"))
    made = client.transport.operation().ask(Request(method="POST", path="/v1/customers", body=body))

    assert 201 == made.status
    assert 2 == len([call for call in simulator.log if call.method == "POST"])
    assert ["Contoso", "Fabrikam", "Tailspin"] == sorted(tenant.name for tenant in client.tenants())


def test_a_throttle_that_lasts_says_so(client: PartnerCenter, simulator: Simulator) -> None:
    """Whoever asked asks again, so many seconds later."""
    simulator.fault(Fault(kind=FaultKind.THROTTLED, value=240, times=None))

    with pytest.raises(ThrottledError) as raised:
        list(client.tenants())
    assert 240 == raised.value.retry_after_s


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failure_that_lasts_says_so(client: PartnerCenter, simulator: Simulator, status: int) -> None:
    """After a few tries."""
    simulator.fault(Fault(kind=FaultKind.SERVER_ERROR, value=status, times=None))

    with pytest.raises(MicrosoftUnavailableError):
        list(client.tenants())


def test_a_missing_second_factor_is_named(client: PartnerCenter, simulator: Simulator) -> None:
    """It concerns calls with a person's token; those of the app alone go on."""
    tenant = tenant_of(client)
    simulator.fault(Fault(kind=FaultKind.MFA_REQUIRED, times=None))

    with pytest.raises(NotConnectedError) as raised:
        client.tenant(tenant)
    assert "mfa-required" == raised.value.state
    assert client.subscriptions(tenant)


def test_a_status_that_nobody_knows_is_kept(client: PartnerCenter, simulator: Simulator) -> None:
    """In lower case, as all of them."""
    tenant = tenant_of(client)
    simulator.fault(Fault(kind=FaultKind.UNKNOWN_ENUM, times=None))
    (found,) = client.subscriptions(tenant)

    assert found.status not in {"active", ""}
    assert found.status == found.status.lower()


def test_a_customer_that_ended_the_relationship_is_not_there(client: PartnerCenter, simulator: Simulator) -> None:
    """Nor one that never was."""
    tenant = tenant_of(client)
    with simulator.world.lock:
        simulator.world.customers[tenant].relationship = "none"

    for gone in (tenant, "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(NotFoundError):
            client.subscriptions(gone)


def test_faults_of_exports_are_told_apart(client: PartnerCenter, simulator: Simulator) -> None:
    """Nothing to read, expired, refused at the storage, cut off: each its own way on."""
    request = billed_september(client, simulator)
    manifest = finished(client, simulator, request)
    assert isinstance(manifest, Manifest)
    simulator.fault(Fault(kind=FaultKind.EXPORT_FAILED))
    failed = finished(client, simulator, request)
    simulator.fault(Fault(kind=FaultKind.SAS_REFUSED))
    with pytest.raises(NotFoundError):
        client.open_part(manifest, manifest.parts[0])
    simulator.fault(Fault(kind=FaultKind.PART_TRUNCATED))
    with client.open_part(manifest, manifest.parts[0]) as part, pytest.raises(MicrosoftUnavailableError):
        part.read()
    simulator.fault(Fault(kind=FaultKind.EXPORT_EXPIRED))

    assert isinstance(failed, ExportFailed)
    assert failed.is_empty
    with pytest.raises(NotFoundError):
        finished(client, simulator, request)


def test_the_parts_of_an_old_manifest_expire(client: PartnerCenter, simulator: Simulator) -> None:
    """After twelve hours the address is no longer good, and the export is asked for again."""
    request = billed_september(client, simulator)
    manifest = finished(client, simulator, request)
    assert isinstance(manifest, Manifest)
    simulator.advance(seconds=timedelta(hours=13).total_seconds())

    with pytest.raises(NotFoundError):
        client.open_part(manifest, manifest.parts[0])
