"""Clients that know Microsoft's documentation and nothing of this project: its libraries as they are, and plain HTTP.

Everything goes over HTTPS with the simulator's root trusted; the clock stands still, as ``prorata simulate`` leaves it.

Not here: each documented call by itself (``test_documented_calls``), the token service in detail.
"""

import asyncio
import gzip
import importlib
import json
import os
import ssl
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import msal
import pytest
import requests
from azure.identity import ClientSecretCredential

from local.partner_center.customers_making import create_customer, create_user
from local.partner_center.delegation import establish
from local.partner_center.opening import open_world, serve
from local.partner_center.server import Simulator
from local.partner_center.subscribing import Purchase, buy

PARTNER_CENTER, GRAPH = "https://api.partnercenter.microsoft.com", "https://graph.microsoft.com"
RELATIONSHIPS = "/v1.0/tenantRelationships/delegatedAdminRelationships"
EXPORT = "/v1.0/reports/partners/billing/reconciliation/billed/export"
USER_ADMINISTRATOR = "fe930be7-5e62-47db-91af-98c3a49a38b1"
_STARTED, _NOW = datetime(2026, 8, 3, 9, tzinfo=UTC), datetime(2026, 11, 9, 8, tzinfo=UTC)
_TIMEOUT_S = 30
_LOOKS_MAX = 10


@dataclass
class Stranger:
    """A client of its own: one session, tokens by the forms of the documentation, addresses relative as in links."""

    simulator: Simulator
    root: Path
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(self.root)
        self.refresh = self.simulator.refresh_token()

    @property
    def form(self) -> dict[str, str]:
        """How the application proves itself."""
        partner = self.simulator.world.partner
        return {"client_id": partner.client_id, "client_secret": partner.client_secret}

    def token(self, audience: str, tenant: str = "") -> str:
        """Return an access token for an API, by the old endpoint and ``resource``, as scripts still do."""
        tenant = tenant or self.simulator.world.partner.tenant_id
        if (audience, tenant) not in self.tokens:
            form = {**self.form, "grant_type": "refresh_token", "refresh_token": self.refresh, "resource": audience}
            url = f"{self.simulator.base_url}/{tenant}/oauth2/token"
            answer = self.session.post(url, data=form, timeout=_TIMEOUT_S)
            self.tokens[audience, tenant] = answer.json()["access_token"]
        return self.tokens[audience, tenant]

    def ask(self, method: str, path: str, body: Any = None, *, tenant: str = "", **headers: str) -> requests.Response:
        """Make a call; *path* may be absolute, as in a Location."""
        where = path.removeprefix(self.simulator.base_url)
        audience = GRAPH if where.startswith("/v1.0/") else PARTNER_CENTER
        sent = {"Authorization": f"Bearer {self.token(audience, tenant)}", **headers}
        url = self.simulator.base_url + where
        return self.session.request(method, url, json=body, headers=sent, timeout=_TIMEOUT_S)

    def told(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Return the JSON of a call that succeeds, amounts exact; a byte order mark is taken off."""
        answer = self.ask(method, path, body, **more)
        assert answer.ok, answer.text
        return json.loads(answer.content.decode("utf-8-sig"), parse_float=Decimal)

    def items(self, path: str) -> Iterator[Any]:
        """Yield all items of a collection, page by page, by the links alone."""
        page = self.told("GET", f"/v1{path}")
        yield from page["items"]
        while following := page["links"].get("next"):
            headers = {each["key"]: each["value"] for each in following["headers"]}
            page = self.told(following["method"], f"/v1{following['uri']}", **headers)
            yield from page["items"]

    def looked_at(self, path: str, status: str) -> Any:
        """Return what *path* answers once its status is that one."""
        for _ in range(_LOOKS_MAX):
            found = self.told("GET", path)
            if found["status"] == status:
                return found
        pytest.fail(f"{path} is not {status} after {_LOOKS_MAX} looks but {found['status']}")


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """Four customers with three months of past, over HTTPS."""
    world = open_world(start=_STARTED)
    for number in range(4):
        customer = create_customer(world, name=f"Customer {number}", domain=f"customer{number}.onmicrosoft.com")
        buy(world, customer, Purchase(product_id="CFQ7TTC0LH18", sku_id="0001", quantity=10 + number))
        buy(world, customer, Purchase(product_id="DZH318Z0BPS6", sku_id="0001", term="", cycle="monthly"))
        create_user(world, customer, principal_name=f"noor@{customer.domain}", usage_location="NL")
        customer.consents[world.partner.client_id] = {"applicationId": world.partner.client_id}
        if number:
            establish(world, customer, at=world.clock.now())
    world.clock.advance_to(_NOW)
    with serve(world, tls=tmp_path_factory.mktemp("tls")) as running:
        yield running


@pytest.fixture(scope="module")
def root(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root that a client has to trust."""
    return next(tmp_path_factory.getbasetemp().glob("tls*/ca.pem"))


@pytest.fixture
def stranger(simulator: Simulator, root: Path) -> Iterator[Stranger]:
    """A client."""
    made = Stranger(simulator, root)
    yield made
    made.session.close()


def _invoice(stranger: Stranger) -> Any:
    return [
        each for each in stranger.items("/invoices?size=50") if each["id"].startswith("G") and each["totalCharges"]
    ][-1]


def _availability(stranger: Stranger, customer_id: str) -> str:
    path = f"/customers/{customer_id}/products/CFQ7TTC0LH18/skus/0001/availabilities"
    return str(next(stranger.items(path))["catalogItemId"])


def test_msal_as_it_is_opens_every_api(simulator: Simulator, stranger: Stranger) -> None:
    """One refresh token, a token for each audience, and each works there and nowhere else."""
    partner = simulator.world.partner
    authority = f"{simulator.base_url}/{partner.tenant_id}"
    app = msal.ConfidentialClientApplication(
        partner.client_id,
        partner.client_secret,
        authority=authority,
        instance_discovery=False,
        http_client=stranger.session,
    )
    given = [
        app.acquire_token_by_refresh_token(stranger.refresh, scopes=[f"{audience}/{name}"])
        for audience, name in ((PARTNER_CENTER, "user_impersonation"), (GRAPH, "PartnerBilling.Read.All"))
    ]
    application = app.acquire_token_for_client(scopes=[f"{PARTNER_CENTER}/.default"])
    tokens = [each["access_token"] for each in (*given, application)]
    seen = [
        stranger.ask("GET", path, Authorization=f"Bearer {token}").status_code
        for token in tokens
        for path in ("/v1/customers", "/v1.0/me", "/v1/invoices/summary")
    ]

    assert stranger.refresh not in [each["refresh_token"] for each in given]
    assert f"{GRAPH}/PartnerBilling.Read.All" in given[1]["scope"].split()
    assert [200, 401, 200, 401, 200, 401, 200, 401, 403] == seen


def test_azure_identity_reads_the_billing_export(simulator: Simulator, root: Path, stranger: Stranger) -> None:
    """An application token is enough; link and manifest agree; the rows add up to the invoice."""
    partner, wanted = simulator.world.partner, _invoice(stranger)
    options = {"authority": simulator.base_url, "disable_instance_discovery": True, "connection_verify": str(root)}
    with ClientSecretCredential(partner.tenant_id, partner.client_id, partner.client_secret, **options) as credential:
        bearer = f"Bearer {credential.get_token(f'{GRAPH}/.default').token}"
    begun = stranger.ask("POST", EXPORT, {"invoiceId": wanted["id"], "attributeSet": "full"}, Authorization=bearer)
    done = stranger.looked_at(begun.headers["Location"], "succeeded")
    manifest = done["resourceLocation"]
    linked = stranger.told("GET", done["resourceLocation@odata.navigationLink"])
    parts = [
        stranger.session.get(f"{manifest['rootDirectory']}/{blob['name']}?{manifest['sasToken']}", timeout=_TIMEOUT_S)
        for blob in manifest["blobs"]
    ]
    lines = [line for part in parts for line in gzip.decompress(part.content).splitlines()]
    rows = [json.loads(line, parse_float=Decimal) for line in lines]

    assert (202, b"") == (begun.status_code, begun.content)
    assert {name: manifest[name] for name in ("id", "eTag", "blobs")} == {
        name: linked[name] for name in ("id", "eTag", "blobs")
    }
    assert wanted["totalCharges"] == sum(row["Total"] for row in rows)


def test_lines_of_the_old_api_add_up_page_by_page(stranger: Stranger) -> None:
    """The documented address, pages of two by their links; the statement is a PDF, with or without an Accept."""
    wanted = _invoice(stranger)
    path = f"/invoices/{wanted['id']}/lineitems?provider=onetime&invoicelineitemtype=billinglineitems&size=2"
    lines = list(stranger.items(path))
    statement = stranger.ask("GET", f"/v1{wanted['pdfDownloadLink']}")

    assert len(lines) > 2
    assert wanted["totalCharges"] == sum(each["totalForCustomer"] for each in lines)
    assert {"one_time"} == {each["billingProvider"] for each in lines}
    assert ("application/pdf", b"%PDF-") == (statement.headers["Content-Type"], statement.content[:5])


def test_pascal_case_and_every_header_order_and_change(stranger: Stranger) -> None:
    """The .NET library's manner: all headers, Pascal case, the whole resource sent back, links without a version."""
    customer_id = next(stranger.items("/customers?size=1"))["id"]
    names = ("MS-RequestId", "MS-CorrelationId")
    headers = {name: str(uuid.uuid4()) for name in names} | {"MS-Contract-Version": "v1", "X-Locale": "en-US"}
    headers |= {"MS-SdkVersion": "PartnerSdk-3.4.0", "MS-PartnerCenter-Application": "Somebody's", "If-Match": ""}
    line = {"Id": 0, "CatalogItemId": _availability(stranger, customer_id), "Quantity": 5}
    sent = {"LineItems": [{**line, "TermDuration": "P1Y", "BillingCycle": "Monthly"}], "Attributes": None}
    cart = stranger.ask("POST", f"/v1/customers/{customer_id}/carts", sent, **headers)
    path = f"/v1/customers/{customer_id}/carts/{json.loads(cart.content.decode('utf-8-sig'))['id']}/checkout"
    order = stranger.told("POST", path)["orders"][0]
    link = order["lineItems"][0]["links"]["subscription"]
    held = stranger.told(link["method"], f"/v1{link['uri']}")
    pascal = {key[0].upper() + key[1:]: value for key, value in held.items() if not isinstance(value, Decimal)}
    changed = stranger.told("PATCH", f"/v1{link['uri']}", {**pascal, "Quantity": 7, "FriendlyName": "Ours"})

    assert [headers[name] for name in names] == [cart.headers[name] for name in names]
    assert (7, "Ours", held["commitmentEndDate"]) == (
        changed["quantity"],
        changed["friendlyName"],
        changed["commitmentEndDate"],
    )
    assert "completed" == stranger.told("GET", f"/v1{order['links']['self']['uri']}")["status"]


def test_no_optional_header_is_needed(stranger: Stranger) -> None:
    """An order posted directly, compression offered, a slash too many, another case: all as usual."""
    customer_id = list(stranger.items("/customers"))[1]["id"]
    line = {"lineItemNumber": 0, "offerId": _availability(stranger, customer_id), "quantity": 1, "termDuration": "P1M"}
    sent = {"referenceCustomerId": customer_id, "billingCycle": "monthly", "currencyCode": "EUR", "lineItems": [line]}
    made = stranger.ask(
        "POST", f"//v1/Customers/{customer_id}/orders/", sent, **{"Accept-Encoding": "gzip, deflate, br"}
    )

    assert 201 == made.status_code
    assert "Content-Encoding" not in made.headers
    assert [404, 200] == [
        stranger.ask("HEAD", f"/v1/domains/{name}.onmicrosoft.com").status_code for name in ("free-name", "customer1")
    ]


def _new_customer(stranger: Stranger, domain: str) -> str:
    """Create a customer, twice with one request id, as after an answer that was lost; return its id."""
    address = {"addressLine1": "Keizersgracht 1", "city": "Amsterdam", "postalCode": "1015 CN", "country": "NL"}
    names = {"firstName": "Noor", "lastName": "Jansen"}
    billing = {"culture": "nl-NL", "language": "nl", "email": "noor@example.com", "companyName": domain}
    sent = {
        "companyProfile": {"domain": f"{domain}.onmicrosoft.com"},
        "billingProfile": {**billing, "defaultAddress": {**address, **names}},
    }
    headers = {"MS-RequestId": str(uuid.uuid4())}
    made = [stranger.told("POST", "/v1/customers", sent, **headers) for _ in range(2)]
    assert made[0] == made[1]
    return str(made[0]["id"])


def _accept_by_attestation(stranger: Stranger, customer_id: str) -> None:
    form = {**stranger.form, "grant_type": "client_credentials", "resource": PARTNER_CENTER}
    url = f"{stranger.simulator.base_url}/{stranger.simulator.world.partner.tenant_id}/oauth2/token"
    token = stranger.session.post(url, data=form, timeout=_TIMEOUT_S).json()["access_token"]
    sent = {"country": "NL", "language": "nl-NL", "companyName": "A", "signatoryFirstName": "Noor"}
    sent |= {"signatoryLastName": "Jansen", "signatoryEmail": "noor@example.com"}
    made = stranger.told("POST", "/v1/attestations/enhanced", sent, Authorization=f"Bearer {token}")
    page = stranger.session.get(made["acceptanceUri"], timeout=_TIMEOUT_S)
    stranger.session.post(f"{made['acceptanceUri']}/accept", timeout=_TIMEOUT_S)
    agreement = {"attestationId": made["attestationId"], "type": "MicrosoftCustomerAgreement"}
    stranger.told("POST", f"/v1/customers/{customer_id}/agreements", agreement)
    assert "text/html; charset=utf-8" == page.headers["Content-Type"]


def _accept_directly(stranger: Stranger, customer_id: str) -> None:
    stranger.told("POST", "/simulator/happen", {"do": "sign-agreement", "customer": customer_id})
    path = f"/v1/customers/{customer_id}/directSignedMicrosoftCustomerAgreementStatus"
    assert stranger.told("GET", path) == {"isSigned": True}


@pytest.mark.parametrize(("domain", "accept"), [("attested", _accept_by_attestation), ("direct", _accept_directly)])
def test_a_new_customer_orders_once_the_agreement_is_accepted(
    stranger: Stranger, domain: str, accept: Callable[[Stranger, str], None]
) -> None:
    """Refused with 13605 before, and the same cart goes through after."""
    customer_id = _new_customer(stranger, domain)
    line = {"id": 0, "catalogItemId": _availability(stranger, customer_id), "quantity": 1, "termDuration": "P1M"}
    sent = {"lineItems": [{**line, "billingCycle": "monthly"}]}
    cart = stranger.told("POST", f"/v1/customers/{customer_id}/carts", sent)
    path = f"/v1/customers/{customer_id}/carts/{cart['id']}/checkout"
    refused = stranger.ask("POST", path)
    accept(stranger, customer_id)

    assert (403, 13605) == (refused.status_code, json.loads(refused.content.decode("utf-8-sig"))["code"])
    assert 1 == len(stranger.told("POST", path)["orders"])


def test_delegated_administration_comes_alive_for_who_polls(stranger: Stranger) -> None:
    """Created, locked, approved by the customer's tenant, active, assigned: no clock is moved."""
    listed = stranger.told("GET", "/v1.0/tenantRelationships/delegatedAdminCustomers")["value"]
    customers = {each["companyProfile"]["companyName"]: each["id"] for each in stranger.items("/customers")}
    tenant = customers["Customer 0"]
    access = {"unifiedRoles": [{"roleDefinitionId": USER_ADMINISTRATOR}]}
    sent = {"displayName": str(uuid.uuid4()), "duration": "P90D", "customer": {"tenantId": tenant}}
    made = stranger.told("POST", RELATIONSHIPS, {**sent, "accessDetails": access})
    path = f"{RELATIONSHIPS}/{made['id']}"
    answers = [
        stranger.ask("POST", f"{path}/requests", {"action": action}, tenant=who).status_code
        for action, who in (("lockForApproval", ""), ("approve", ""), ("approve", tenant))
    ]
    active = stranger.looked_at(path, "active")
    group = {"accessContainerId": str(uuid.uuid4()), "accessContainerType": "securityGroup"}
    assigned = stranger.told("POST", f"{path}/accessAssignments", {"accessContainer": group, "accessDetails": access})
    stranger.looked_at(f"{path}/accessAssignments/{assigned['id']}", "active")

    assert {customers[f"Customer {number}"] for number in (1, 2, 3)} == {each["tenantId"] for each in listed}
    assert made["activatedDateTime"] is None
    assert [201, 403, 201] == answers
    assert active["activatedDateTime"]


def test_a_customers_directory_opens_with_the_same_refresh_token(stranger: Stranger) -> None:
    """Tokens of the customer's tenant; paging by the absolute next link; nulls are there, as Graph writes them."""
    tenant = next(stranger.items("/customers"))["id"]
    page = stranger.told("GET", "/v1.0/users?$top=1", tenant=tenant)
    following = stranger.told("GET", page["@odata.nextLink"], tenant=tenant)

    assert page["@odata.nextLink"].startswith(stranger.simulator.base_url)
    assert page["value"][0]["id"] != following["value"][0]["id"]
    assert page["value"][0]["jobTitle"] is None


def test_the_price_sheet_is_a_zip_whatever_is_accepted(stranger: Stranger) -> None:
    """``deflate`` is the documentation's word for it; no library may unpack it on the way."""
    bearer = f"Bearer {stranger.token('https://api.partner.microsoft.com')}"
    path = "/v1.0/sales/pricesheets(Market='NL',PricesheetView='updatedlicensebased')/$value"
    answer = stranger.ask("GET", path, Authorization=bearer, **{"Accept-Encoding": "deflate"})
    with zipfile.ZipFile(BytesIO(answer.content)) as archive:
        head = archive.read(archive.namelist()[0]).decode("utf-8-sig").splitlines()[0]

    assert head.startswith("ProductTitle,ProductId,SkuId,SkuTitle,")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"attributes": "x"}, "/profiles/billing"),
        ([], "/qualification"),
        ({"licensesToAssign": "x"}, "/users/{user}/licenseupdates"),
        ({"licensesToAssign": [1]}, "/users/{user}/licenseupdates"),
    ],
)
def test_wrong_types_are_the_callers_fault(stranger: Stranger, body: object, path: str) -> None:
    """400 with a code, not 500."""
    customer_id = next(stranger.items("/customers"))["id"]
    user = next(stranger.items(f"/customers/{customer_id}/users"))["id"]
    method = "POST" if "users" in path else "PUT"
    answer = stranger.ask(method, f"/v1/customers/{customer_id}{path.format(user=user)}", body)

    assert 400 == answer.status_code
    assert 800002 == json.loads(answer.content.decode("utf-8-sig"))["code"]


def _graph_library() -> Any:
    """Return Microsoft's Graph library, or skip aloud."""
    try:
        return importlib.import_module("msgraph")
    except ImportError:
        if "msgraph" in os.environ.get("PRORATA_REQUIRE", "").split(","):
            pytest.fail("msgraph-sdk is required (PRORATA_REQUIRE) but not installed")
        pytest.skip("msgraph-sdk is not installed")


def _graph_client(simulator: Simulator, credential: ClientSecretCredential, http: Any) -> Any:
    """Return a client of Graph made of Microsoft's own parts, pointed at the simulator."""
    identity = importlib.import_module("kiota_authentication_azure.azure_identity_authentication_provider")
    adapter_of = importlib.import_module("msgraph.graph_request_adapter").GraphRequestAdapter
    hosts = [simulator.base_url.partition("://")[2], "127.0.0.1"]
    provider = identity.AzureIdentityAuthenticationProvider(
        credential, scopes=[f"{GRAPH}/.default"], allowed_hosts=hosts
    )
    adapter = adapter_of(provider, client=http)
    adapter.base_url = f"{simulator.base_url}/v1.0"
    return _graph_library().GraphServiceClient(request_adapter=adapter)


async def _walk(client: Any, operation_id: str) -> tuple[int, Any]:
    """Return how many customers have a relationship, and the manifest of an export that is under way."""
    customers = await client.tenant_relationships.delegated_admin_customers.get()
    for _ in range(_LOOKS_MAX):
        found = await client.reports.partners.billing.operations.by_operation_id(operation_id).get()
        if type(found).__name__ == "ExportSuccessOperation":
            return len(customers.value), found.resource_location
    pytest.fail("the export does not end")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the library's own parts warn of each other
def test_microsofts_graph_library_finds_customers_and_the_manifest(
    simulator: Simulator, root: Path, stranger: Stranger
) -> None:
    """Its own types come out: customers with a relationship, a finished export, the manifest within it."""
    _graph_library()
    httpx, partner = importlib.import_module("httpx"), simulator.world.partner
    begun = stranger.ask("POST", EXPORT, {"invoiceId": _invoice(stranger)["id"]})
    operation_id = begun.headers["Location"].rpartition("/")[2]
    options = {"authority": simulator.base_url, "disable_instance_discovery": True, "connection_verify": str(root)}

    async def use() -> tuple[int, Any]:
        trusted = ssl.create_default_context(cafile=str(root))
        async with httpx.AsyncClient(verify=trusted, trust_env=False) as http:
            return await _walk(_graph_client(simulator, credential, http), operation_id)

    with ClientSecretCredential(partner.tenant_id, partner.client_id, partner.client_secret, **options) as credential:
        count, manifest = asyncio.run(use())

    assert count >= 3
    assert manifest.blob_count == len(manifest.blobs) > 0
    assert manifest.sas_token
