"""A shop: a connected function app, the simulator behind it, and one customer with one subscription."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from local import webhook_commands
from local.free_ports import free_port
from local.partner_center import changing
from local.partner_center.customers_making import create_customer
from local.partner_center.entities import Customer, Subscription
from local.partner_center.faults import Fault, FaultKind
from local.partner_center.opening import open_world, serve
from local.partner_center.pointing import pointed_at
from local.partner_center.server import Simulator
from local.partner_center.subscribing import Purchase, place_order
from local.screen import Screen
from local.serving import Machine, open_machine
from shared.bootstrap import services_for
from shared.partner_center.gateway import PartnerCenter
from shared.settings import Settings

DRAIN_S = 60


@dataclass
class Shop:
    """A connected function app, the simulator behind it, and one customer with one subscription."""

    machine: Machine
    simulator: Simulator
    customer: Customer
    subscription: Subscription

    def get(self, path: str) -> Any:
        """Return the JSON of an answer."""
        answer = requests.get(f"{self.machine.host.base_url}/api/{path}", timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def drain(self) -> None:
        """Wait until the queues are empty."""
        self.machine.host.drain(DRAIN_S)

    def seats(self, quantity: int) -> None:
        """Change the seats in Partner Center, which tells its webhooks."""
        with self.simulator.world.lock:
            changing.change_quantity(self.simulator.world, self.subscription, quantity, actor="ada@reseller.example")

    def delivered(self, *, with_late: bool = False) -> int:
        """Let Microsoft send what waits, work it off, and return how many notifications were taken."""
        taken = self.simulator.deliver_webhooks(with_late=with_late)
        self.drain()
        return taken

    def fault(self, kind: FaultKind, **more: Any) -> None:
        """Let the next notification go wrong."""
        self.simulator.fault(Fault(kind=kind, **more))

    def known_seats(self) -> int:
        """Return the quantity that our own record shows."""
        customer = self.get(f"customers/{self.customer.id}")
        return int(customer["subscriptions"][0]["quantity"])

    def events(self) -> list[str]:
        """Return the subscription's timeline in short."""
        return [entry["text"] for entry in self.get(f"customers/{self.customer.id}/timeline")]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop whose webhooks are registered and whose first sync is done."""
    world = open_world()
    with serve(world) as simulator:
        trust = tmp_path / "roots.pem"
        trust.write_bytes(simulator.trust_pem)
        port = free_port()
        own = Settings(embedded_root=tmp_path / "store", base_url=f"http://127.0.0.1:{port}", webhook_trust_file=trust)
        settings = pointed_at(simulator, own)
        customer = create_customer(world, name="Adatum", domain="adatum.onmicrosoft.com")
        order = place_order(
            world, customer, [Purchase(product_id="CFQ7TTC0LH18", sku_id="0001", quantity=10, term="P1Y")]
        )
        subscription = next(each for each in customer.subscriptions.values() if each.order_id == order.id)
        machine = open_machine(settings, port=port, has_timers=False)
        with machine.host as host:
            shop = Shop(machine, simulator, customer, subscription)
            connect(f"{host.base_url}/api")
            microsoft = services_for(Settings()).microsoft()
            assert isinstance(microsoft, PartnerCenter)
            address = f"{host.base_url}/api/webhooks/partner-center"
            webhook_commands.register(microsoft.webhooks, address, [], Screen(is_json=True))
            assert requests.post(f"{host.base_url}/api/sync", timeout=30).status_code == 202
            shop.drain()
            shop.delivered(with_late=True)
            yield shop


def connect(api: str) -> None:
    """Consent as a person with a browser does."""
    browser = requests.Session()
    answer = browser.get(f"{api}/connection/login", timeout=30)
    assert answer.status_code == 200, answer.text
    assert requests.get(f"{api}/connection", timeout=30).json()["state"] == "connected"
