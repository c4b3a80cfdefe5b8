"""The world in which Microsoft's documented calls are replayed: everything they name exists, by a short name.

Not here: the calls and what they must answer (``fixtures/partner_center``).
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from local.partner_center.answers import Host
from local.partner_center.billing.books import keep_books, open_books
from local.partner_center.catalogue_items import item_of
from local.partner_center.commerce import current_availability
from local.partner_center.customer_json import billing_etag
from local.partner_center.customers_making import assign, create_customer, create_user
from local.partner_center.directory import ADMINISTRATOR_ROLE
from local.partner_center.entities import Customer, Subscription
from local.partner_center.faults import Fault, FaultKind
from local.partner_center.opening import open_world, serve
from local.partner_center.order_json import order_etag
from local.partner_center.server import Simulator
from local.partner_center.subscribing import Purchase, buy
from local.partner_center.subscription_json import etag_of as subscription_etag
from local.partner_center.tenant_licences import licences_of
from local.partner_center.world import Partner, World

FIXTURES = Path(__file__).parents[2] / "fixtures" / "partner_center"
LEGACY, LEGACY_2 = "91FD106F-4B2C-4938-95AC-F54F74E9A239", "DB2E705F-B82A-4024-A3D5-D88E12F2DB35"
ADDON, ADDON_2 = "C94271D8-B431-4A25-A3C5-A57737A1C909", "43FCE491-76D1-4BCC-B709-8A288786DBAE"
TRIAL, TRIAL_TARGET = "C0BD2E08-11AC-4836-BDC7-3712E744922F", "031C9E47-4802-4248-838E-778FB1D2CC05"
_OPENED = datetime(2026, 8, 1, 8, tzinfo=UTC)
_NOW = datetime(2026, 10, 4, 8, tzinfo=UTC)


@dataclass(slots=True)
class Documented:
    """The simulator and what the names in documented calls mean."""

    simulator: Simulator
    names: dict[str, str]

    @property
    def world(self) -> World:
        """The world behind the simulator."""
        return self.simulator.world

    def filled(self, value: Any) -> Any:
        """Return *value* with every ``$name`` and ``{name}`` in it replaced, at every level."""
        if isinstance(value, str):
            for name, meant in sorted(self.names.items(), key=lambda each: -len(each[0])):
                value = value.replace(f"${name}", meant).replace(f"{{{name}}}", meant)
            return value
        if isinstance(value, Mapping):
            return {key: self.filled(each) for key, each in value.items()}
        return [self.filled(each) for each in value] if isinstance(value, list) else value

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """Make a call with a token for the host the path belongs to."""
        address = self.filled(path)
        headers = {"Authorization": f"Bearer {self._token(address)}", **more.pop("headers", {})}
        url = f"{self.simulator.base_url}{address}"
        return requests.request(method, url, headers=headers, timeout=30, **more)

    def _token(self, path: str) -> str:
        if path.startswith(("/v1.0/sales", "/v1.0/engagements")):
            return self.simulator.access_token(Host.PARTNER_API)
        if path.startswith("/v1.0/"):
            return self.simulator.access_token(Host.GRAPH)
        is_app_only = "attestations" in path
        return self.simulator.access_token(is_app_only=is_app_only)


def body_of(answer: requests.Response) -> Any:
    """Return the JSON of an answer, with or without a byte order mark; None where there is none."""
    text = answer.content.decode("utf-8-sig")
    return json.loads(text) if text.strip() else None


def _make_world(*, is_sandbox: bool) -> World:
    return open_world(start=_OPENED, partner=Partner(is_sandbox=is_sandbox, country="US", currencies=("USD", "EUR")))


def _purchases() -> dict[str, Purchase]:
    return {
        "azure_plan": Purchase(product_id="DZH318Z0BPS6", sku_id="0001", term="", cycle="monthly"),
        "legacy_azure": Purchase(product_id="MS-AZR-0145P"),
        "legacy": Purchase(product_id=LEGACY, quantity=5),
        "legacy_trial": Purchase(product_id=TRIAL, quantity=25),
        "legacy_second": Purchase(product_id=LEGACY_2, quantity=2),
        "legacy_third": Purchase(product_id=LEGACY_2, quantity=3),
        "target": Purchase(product_id="CFQ7TTC0LCHC", sku_id="0002", quantity=10),
        "upgraded": Purchase(product_id="CFQ7TTC0LH18", sku_id="0001", quantity=3),
    }


def _late_purchases() -> dict[str, Purchase]:
    return {
        "subscription": Purchase(product_id="CFQ7TTC0LH18", sku_id="0001", quantity=10),
        "reservation": Purchase(product_id="DZH318Z08RES", sku_id="00D4", term="P1Y", cycle="one_time"),
        "marketplace": Purchase(product_id="DZH318Z0NMA7", sku_id="0004", term="P1M"),
        "software": Purchase(product_id="DG7GMGF0FKZV", sku_id="0003", term="P1Y", cycle="annual"),
        "perpetual": Purchase(product_id="DG7GMGF0PWHF", sku_id="0009", term="", cycle="one_time"),
        "trial": Purchase(product_id="CFQ7TTC0LCHC", sku_id="000F", term="P1M", cycle="none", quantity=10),
    }


def _populate(world: World) -> dict[str, str]:
    reseller = "484e548c-f5f3-4528-93a9-c16c6373cb59"
    keep_books(world)
    customer = create_customer(
        world, name="Contoso", domain="contoso.onmicrosoft.com", country="US", associated_partner_id=reseller
    )
    empty = create_customer(world, name="Empty", domain="empty.onmicrosoft.com", country="US")
    bought = {name: buy(world, customer, each) for name, each in _purchases().items()}
    world.clock.advance_to(_NOW)
    bought |= {name: buy(world, customer, each) for name, each in _late_purchases().items()}
    names = {name: each.id for name, each in bought.items()}
    names |= {f"{name}_order": each.order_id for name, each in bought.items()}
    names |= {f"{name}_item": each.catalogue_item for name, each in bought.items()}
    names["target_item"] = _today(world, "CFQ7TTC0LCHC", "0002")
    names["target_availability"] = names["target_item"].rpartition(":")[2]
    names |= {"customer": customer.id, "empty_customer": empty.id, "domain": customer.domain, "reseller": reseller}
    old = create_customer(world, name="Old Azure", domain="old.onmicrosoft.com", country="US")
    buy(world, old, Purchase(product_id="MS-AZR-0145P"))
    names["legacy_azure_customer"] = old.id
    return names | _people(world, customer) | _offers(world) | _tags(world, customer, bought)


def _today(world: World, product_id: str, sku_id: str) -> str:
    item = item_of(product_id, sku_id)
    assert item is not None
    return f"{item.key}:{current_availability(world, item, 'commercial')}"


def _people(world: World, customer: Customer) -> dict[str, str]:
    user = create_user(
        world,
        customer,
        principal_name=f"daniel@{customer.domain}",
        display_name="Daniel Tsai",
        first_name="Daniel",
        last_name="Tsai",
        usage_location="US",
    )
    gone = create_user(
        world, customer, principal_name=f"gone@{customer.domain}", first_name="G", last_name="F", usage_location="US"
    )
    gone.is_active, gone.deleted_at = False, world.clock.now() - timedelta(days=1)
    assign(world, customer, user, licences_of(customer)[0].sku_id)
    administrator = next(each for each in customer.users.values() if ADMINISTRATOR_ROLE in each.roles)
    names = {"user": user.id, "user_name": user.principal_name, "deleted_user": gone.id, "admin": administrator.id}
    return {**names, "role": ADMINISTRATOR_ROLE, "licence": licences_of(customer)[1].sku_id}


def _offers(world: World) -> dict[str, str]:
    partner = world.partner
    return {
        "legacy_offer": LEGACY,
        "legacy_offer_2": LEGACY_2,
        "legacy_addon_offer": ADDON,
        "legacy_addon_offer_2": ADDON_2,
        "legacy_trial_offer": TRIAL,
        "legacy_trial_target": TRIAL_TARGET,
        "product": "CFQ7TTC0LH18",
        "sku": "0001",
        "partner": partner.tenant_id,
        "partner_mpn": partner.mpn_id,
        "reseller_mpn": "4847383",
        "currency": partner.currencies[0],
        "client": partner.client_id,
        "secret": partner.client_secret,
        "callback": "https://localhost:44395/",
        "line": "0",
    }


def _tags(world: World, customer: Customer, bought: Mapping[str, Subscription]) -> dict[str, str]:
    legacy_order = customer.orders[bought["legacy"].order_id]
    return {
        "order": bought["subscription"].order_id,
        "availability": bought["subscription"].availability_id,
        "legacy_etag": subscription_etag(bought["legacy"]),
        "legacy_order_etag": order_etag(legacy_order),
        "billing_etag": billing_etag(customer),
        "billing_profile": customer.extra["billing_profile_id"],
        "azure_subscription": bought["azure_plan"].entitlements[0]["id"],
    }


def _invoices(documented: Documented) -> None:
    for each in body_of(documented.ask("GET", "/v1/invoices?size=200"))["items"]:
        is_legacy = each["id"].startswith("D")
        if float(each["totalCharges"]) and each["currencyCode"] == documented.names["currency"]:
            documented.names["legacy_invoice" if is_legacy else "invoice"] = each["id"]


@contextmanager
def documented_world(kind: str) -> Iterator[Documented]:
    """Serve a world for documented calls; *kind* ``sandbox`` is one of the integration sandbox."""
    world = _make_world(is_sandbox=kind == "sandbox")
    names = _populate(world)
    with serve(world) as simulator:
        made = Documented(simulator, names)
        made.names["refresh"] = simulator.refresh_token()
        _invoices(made)
        yield made


@pytest.fixture
def documented(request: pytest.FixtureRequest) -> Iterator[Documented]:
    """A world for documented calls, of the kind the parameter names."""
    with documented_world(getattr(request, "param", "production")) as made:
        yield made


@pytest.fixture
def documented_worlds() -> Callable[[str], AbstractContextManager[Documented]]:
    """Makes worlds for documented calls, one after the other."""
    return documented_world


def _first_cart(documented: Documented) -> None:
    line = {"catalogItemId": "$subscription_item", "quantity": 1, "termDuration": "P1Y", "billingCycle": "monthly"}
    sent = documented.filled({"lineItems": [{"id": 0, **line}]})
    cart = body_of(documented.ask("POST", "/v1/customers/{customer}/carts", json=sent))
    documented.names["cart"] = cart["id"]


def _fraud(documented: Documented) -> None:
    found = body_of(documented.ask("GET", "/v1/fraudEvents?EventStatus=None"))
    if found:
        documented.names |= {"fraud_event": found[0]["eventId"], "azure_subscription": found[0]["subscriptionId"]}


def _policy(documented: Documented) -> None:
    sent = documented.filled({"selfServeEntity": {"tenantID": "$customer"}, "permissions": []})
    made = body_of(documented.ask("POST", "/v1/SelfServePolicy", json=sent))
    documented.names |= {"policy": made["id"], "policy_etag": made["attributes"]["etag"]}


def _service_request(documented: Documented) -> None:
    sent = {"title": "A", "description": "B", "severity": "critical", "supportTopicId": "32444671"}
    documented.names["service_request"] = body_of(documented.ask("POST", "/v1/servicerequests", json=sent))["id"]


def _customer_request(documented: Documented) -> None:
    sent = {"title": "A", "description": "B", "severity": "critical", "supportTopicId": "32444671"}
    documented.ask("POST", "/v1/customers/{customer}/servicerequests", json=sent)


def _qualification(documented: Documented) -> None:
    sent = {"qualification": "Education", "educationSegment": "K12"}
    documented.ask("POST", "/v1/customers/{customer}/qualifications", json=sent)


def _suspended(documented: Documented) -> None:
    path = "/v1/customers/{customer}/subscriptions/{legacy}"
    found = body_of(documented.ask("GET", path))
    changed = body_of(documented.ask("PATCH", path, json={**found, "status": "suspended"}))
    documented.names["legacy_etag"] = changed["attributes"]["etag"]


def _registration(documented: Documented) -> None:
    sent = documented.filled({"WebhookUrl": "$callback", "WebhookEvents": ["subscription-updated", "test-created"]})
    documented.ask("POST", "/webhooks/v1/registration", json=sent)


def _validation(documented: Documented) -> None:
    _registration(documented)
    made = body_of(documented.ask("POST", "/webhooks/v1/registration/validationEvents"))
    documented.names["validation"] = made["correlationId"]
    for _ in range(100):
        told = body_of(documented.ask("GET", "/webhooks/v1/registration/validationEvents/{validation}"))
        if told["results"]:
            return
        time.sleep(0.05)


_BILLING = "/v1.0/reports/partners/billing"


def _export(documented: Documented) -> None:
    sent = documented.filled({"invoiceId": "$invoice", "attributeSet": "full"})
    answer = documented.ask("POST", f"{_BILLING}/reconciliation/billed/export", json=sent)
    documented.names["operation"] = answer.headers["Location"].rpartition("/")[2]


def _exported(documented: Documented) -> None:
    _export(documented)
    for _ in range(10):
        body = body_of(documented.ask("GET", f"{_BILLING}/operations/{{operation}}"))
        if body["status"] == "succeeded":
            break
        documented.simulator.advance(minutes=5)
    found = body.get("resourceLocation@odata.navigationLink") or body["resourceLocation"]["id"]
    documented.names["manifest"] = found.rpartition("/")[2]


def _failed_export(documented: Documented) -> None:
    documented.simulator.fault(Fault(kind=FaultKind.EXPORT_FAILED, times=None))
    _export(documented)
    documented.simulator.advance(minutes=30)


def _code(documented: Documented) -> None:
    query = {
        "client_id": documented.names["client"],
        "response_type": "code",
        "redirect_uri": documented.names["callback"],
        "resource": "https://api.partnercenter.microsoft.com",
        "scope": "openid",
        "response_mode": "query",
        "state": "1",
        "prompt": "none",
    }
    address = f"{documented.simulator.base_url}/{documented.names['partner']}/oauth2/authorize"
    answer = requests.get(address, params=query, allow_redirects=False, timeout=30)
    told = answer.headers.get("Location", "")
    documented.names["code"] = told.partition("code=")[2].partition("&")[0]


def _cloud_agreement(documented: Documented) -> None:
    contact = {"firstName": "Tania", "lastName": "Carr", "email": "tania@contoso.example", "phoneNumber": "1234567890"}
    kind = {"templateId": "998b88de-aa99-4388-a42c-1b3517d49490", "type": "MicrosoftCloudAgreement"}
    sent = {"primaryContact": contact, "dateAgreed": "2026-09-01T00:00:00Z", **kind}
    documented.ask("POST", "/v1/customers/{customer}/agreements", json=sent)


def _overage(documented: Documented) -> None:
    told = {"azureEntitlementId": "$azure_subscription", "partnerId": "$partner_mpn"}
    sent = documented.filled({**told, "type": "PhoneServices", "overageEnabled": True})
    documented.ask("PUT", "/v1/customers/{customer}/subscriptions/overage", json=sent)


def _amendment(documented: Documented) -> None:
    """Let Microsoft credit a part of the invoice."""
    with documented.world.lock:
        books = open_books(documented.world)
        invoice = books.invoices[documented.names["invoice"]]
        books.amend(invoice, list(books.rows(invoice))[:1])


def _addon(documented: Documented) -> None:
    line = {"lineItemNumber": 0, "offerId": ADDON, "parentSubscriptionId": "$legacy", "quantity": 2}
    sent = documented.filled({"lineItems": [line]})
    documented.ask("PATCH", "/v1/customers/{customer}/orders/{legacy_order}", json=sent)


def _budget(documented: Documented) -> None:
    sent = {"Amount": 100, "Attributes": {"ObjectType": "SpendingBudget"}}
    documented.ask("PATCH", "/v1/customers/{customer}/usagebudget", json=sent)


def _upgrade(documented: Documented) -> None:
    sent = documented.filled({"customerId": "$legacy_azure_customer", "productFamily": "Azure"})
    answer = documented.ask("POST", "/v1/productupgrades", json=sent)
    documented.names["upgrade"] = answer.headers["Location"].rpartition("/")[2]


def _upgraded(documented: Documented) -> None:
    sent = {
        "fromCatalogItemId": "$upgraded_item",
        "fromSubscriptionId": "$upgraded",
        "toCatalogItemId": "$target_item",
        "quantity": 3,
        "termDuration": "P1Y",
        "billingCycle": "Monthly",
        "transitionType": "transition_only",
    }
    path = "/v1/customers/{customer}/subscriptions/{upgraded}/transitions"
    documented.ask("POST", path, json=documented.filled(sent))


PREPARATIONS: dict[str, Callable[[Documented], None]] = {
    "cart": _first_cart,
    "fraud_event": _fraud,
    "azure_subscription": _fraud,
    "policy": _policy,
    "service_request": _service_request,
    "customer service request": _customer_request,
    "qualification": _qualification,
    "suspended": _suspended,
    "registration": _registration,
    "validation": _validation,
    "export": _export,
    "exported": _exported,
    "failed export": _failed_export,
    "code": _code,
    "upgraded": _upgraded,
    "upgrade": _upgrade,
    "cloud agreement": _cloud_agreement,
    "overage": _overage,
    "budget": _budget,
    "legacy add-on": _addon,
    "amendment": _amendment,
}


@pytest.fixture
def preparations() -> Mapping[str, Callable[[Documented], None]]:
    """What must have happened before some calls, by name."""
    return PREPARATIONS
