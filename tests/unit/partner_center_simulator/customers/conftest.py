"""A served world with one customer that has licences, and a way to call it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from local.partner_center.answers import Host
from local.partner_center.customers_making import create_customer, create_user
from local.partner_center.entities import Customer, User
from local.partner_center.opening import open_world, serve
from local.partner_center.server import Simulator
from local.partner_center.subscribing import Purchase, buy
from local.partner_center.world import Partner, World


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, headers in lower case, and JSON of an answer."""

    status: int
    headers: dict[str, str]
    json: Any


@dataclass(frozen=True, slots=True)
class Desk:
    """The simulator, and who calls it."""

    simulator: Simulator
    customer: Customer

    @property
    def world(self) -> World:
        """The world behind the simulator."""
        return self.simulator.world

    def call(self, method: str, path: str, body: Any = None, *, is_app_only: bool = False, **headers: str) -> Reply:
        """Call Partner Center."""
        return self._call(method, path, body, self.simulator.access_token(is_app_only=is_app_only), headers)

    def graph(self, method: str, path: str, body: Any = None, *, tenant_id: str = "", **headers: str) -> Reply:
        """Call Graph, in the partner's own tenant unless another is named."""
        return self._call(method, path, body, self.simulator.access_token(Host.GRAPH, tenant_id=tenant_id), headers)

    def _call(self, method: str, path: str, body: Any, token: str, headers: dict[str, str]) -> Reply:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["Authorization"] = f"Bearer {token}"
        url = path if path.startswith("http") else f"{self.simulator.base_url}{path}"
        answer = requests.request(method, url, headers=sent, json=body, timeout=30)
        text = answer.content.decode("utf-8-sig")
        found = json.loads(text) if text.strip() else None
        return Reply(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, found)

    def user(self, name: str = "anna", location: str = "NL") -> User:
        """Make a user of the customer."""
        principal_name = f"{name}@{self.customer.domain}"
        return create_user(self.world, self.customer, principal_name=principal_name, usage_location=location)


def _opened(*, is_sandbox: bool) -> World:
    world = open_world(partner=Partner(is_sandbox=is_sandbox))
    create_customer(world, name="Bakkerij de Korenaar", domain="korenaar.onmicrosoft.com")
    return world


@pytest.fixture
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A customer with two licences of Business Basic; the parameter ``sandbox`` makes it the integration sandbox."""
    world = _opened(is_sandbox=getattr(request, "param", "") == "sandbox")
    customer = next(iter(world.customers.values()))
    buy(world, customer, Purchase(product_id="CFQ7TTC0LH18", sku_id="0001", quantity=2))
    with serve(world) as simulator:
        yield Desk(simulator, customer)
